"""The path of a venue that closed, and that is alive behind another address."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.gateway.universal import Gateway
from exchangeclient.sandbox import Sandbox

SYMBOL = "BTC_USD.swap"


@pytest.fixture
def bitmex(gateway: Gateway, robot_at: Any) -> Any:
    return robot_at(gateway.url, "BitMEX")


def test_the_market_is_told_in_the_words_of_the_protocol(bitmex: Any) -> None:
    market = bitmex.ask("markets")[SYMBOL]
    assert (market["Symbol"], market["TickSize"], market["AmountSize"], market["CtVal"], market["CtValCcy"]) == (
        "XBTUSD",
        "0.5",
        "100",
        "1",
        "USD",
    )
    ticker = bitmex.ask("ticker", symbol=SYMBOL)
    assert ticker["symbol"] == SYMBOL
    depth = bitmex.ask("depth", symbol=SYMBOL, limit=3)
    assert float(depth["bids"][0][0]) < float(depth["asks"][0][0])
    assert isinstance(bitmex.ask("trades", symbol=SYMBOL), list)
    for minutes in (60, 120, 1440):
        times = [row[0] for row in bitmex.ask("records", symbol=SYMBOL, period=minutes, limit=5)]
        assert len(times) == 5
        assert times == list(range(times[0], times[0] + 5 * minutes * 60, minutes * 60))
        assert times[0] % (minutes * 60) == 0
    (funding,) = bitmex.ask("fundings", symbol=SYMBOL)
    assert funding["Period"] == 8 * 3600


def test_an_order_and_a_position_live(bitmex: Any) -> None:
    placed = bitmex.ask("trade", symbol=SYMBOL, type="buy", price="4000", amount="100")
    assert placed["id"].startswith("XBTUSD,")
    (order,) = bitmex.ask("orders", symbol=SYMBOL)
    assert (order["id"], order["status"], order["contract_type"]) == (placed["id"], "pending", "swap")
    assert bitmex.ask("cancel", **placed) is True
    assert bitmex.ask("order", **placed)["status"] == "canceled"
    assert bitmex.ask("marginlevel", symbol=SYMBOL, level="5") is True
    bitmex.ask("trade", symbol=SYMBOL, type="sell", price="-1", amount="200")
    (position,) = bitmex.ask("positions", symbol=SYMBOL)
    assert (position["Amount"], position["Type"]) == ("200", 1)
    closing = bitmex.ask("trade", symbol=SYMBOL, type="closesell", price="-1", amount="200")
    assert bitmex.ask("order", **closing)["offset"] == 1
    assert bitmex.ask("positions") == []
    assert {row["currency"] for row in bitmex.ask("accounts")} >= {"BTC", "USDT"}


def test_calls_of_the_venues_own_and_its_refusals(bitmex: Any) -> None:
    placed = bitmex.ask("__api_/api/v1/order", "POST", symbol="XBTUSD", side="Buy", orderQty="100", price="4000")
    (cancelled,) = bitmex.ask("__api_/api/v1/order", "DELETE", orderID=placed["orderID"])
    assert cancelled["ordStatus"] == "Canceled"
    placed = bitmex.ask("__api_/api/v1/order", "POST", __body='{"symbol":"XBTUSD","side":"Buy","orderQty":100,"price":4000}')
    assert bitmex.ask("cancel", id=f"XBTUSD,{placed['orderID']}") is True
    said = json.loads(bitmex.refused("__api_/api/v1/order", "POST", symbol="XBTUSD", side="Buy", orderQty="150", price="4000"))
    assert set(said["error"]) == {"message", "name"}
    assert bitmex.refused("cancel", id=f"XBTUSD,{placed['orderID']}").startswith("400 ")
    assert "not a multiple of the lot" in bitmex.refused("trade", symbol=SYMBOL, type="buy", price="4000", amount="150")


def test_without_another_address_every_call_says_that_it_closed(exchange: Sandbox, robot_at: Any) -> None:
    with Gateway(port=0, addresses={}) as gateway:
        for secret in (None, "a-secret-of-many-letters,,simulate"):
            robot = robot_at(gateway.url, "BitMEX", secret=secret)
            for method, params in (("ticker", {"symbol": SYMBOL}), ("accounts", {}), ("__api_/api/v1/order", {})):
                assert "closed on 2026-09-23" in robot.refused(method, "GET", **params)
