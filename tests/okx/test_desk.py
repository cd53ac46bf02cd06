"""What is OKX's alone of the common vocabulary; the rest is the conformance suite's."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests_mock

from exchangeclient.desk import Market, desk_of
from exchangeclient.exceptions import ExchangeAPIException, UnknownSymbolException, UnsupportedException
from exchangeclient.okx.client import Client

D = Decimal
SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "okx"
SWAP = {
    "instId": "BTC-USDT-SWAP", "instType": "SWAP", "state": "live", "tickSz": "0.1", "lotSz": "1", "minSz": "1", "ctVal": "0.01",
    "ctMult": "1", "ctValCcy": "BTC", "ctType": "linear", "settleCcy": "USDT", "uly": "BTC-USDT", "instFamily": "BTC-USDT",
}  # fmt: skip
FUTURE = {**SWAP, "instId": "BTC-USD-261225", "instType": "FUTURES", "uly": "BTC-USD", "alias": "quarter", "ctType": "inverse"}


def envelope(*rows: Any) -> dict[str, Any]:
    return {"code": "0", "msg": "", "data": list(rows)}


@pytest.fixture
def venue() -> Any:
    client = Client("key", "secret", "passphrase", environment="https://okx.invalid")
    with requests_mock.Mocker(session=client.session) as mock:
        mock.get("/api/v5/public/time", json=envelope({"ts": "1700000000000"}))
        mock.get("/api/v5/public/instruments?instType=SWAP", json=envelope(SWAP))
        mock.get("/api/v5/public/instruments?instType=FUTURES", json=envelope(FUTURE))
        mock.post("/api/v5/trade/order", json=envelope({"ordId": "1", "clOrdId": "x", "sCode": "0"}))
        mock.desk = desk_of(client)
        mock.placed = lambda: json.loads(next(sent.body for sent in reversed(mock.request_history) if sent.method == "POST"))
        yield mock


def test_futures_are_named_by_when_they_end(venue: Any) -> None:
    assert venue.desk.instrument_of(Market("btc", "usd", "quarter")) == "BTC-USD-261225"
    assert venue.desk.market_of("BTC-USD-261225") == Market("BTC", "USD", "quarter")
    assert venue.desk.market_of("BTC-USDT-SWAP") == Market("BTC", "USDT", "swap")
    with pytest.raises(UnknownSymbolException):
        venue.desk.instrument_of(Market("BTC", "USD", "next_week"))
    with pytest.raises(UnsupportedException):
        venue.desk.instrument_of(Market("BTC", "USD", "tomorrow"))
    with pytest.raises(UnknownSymbolException):
        venue.desk.market_of("BTCUSDT")


@pytest.mark.parametrize(
    ("mode", "side", "closes", "said"),
    [
        ("net_mode", "BUY", False, {}),
        ("net_mode", "SELL", True, {"reduceOnly": True}),
        ("long_short_mode", "BUY", False, {"posSide": "long"}),
        ("long_short_mode", "SELL", True, {"posSide": "long"}),
        ("long_short_mode", "SELL", False, {"posSide": "short"}),
        ("long_short_mode", "BUY", True, {"posSide": "short"}),
    ],
)
def test_an_order_says_which_position_it_is_about(venue: Any, mode: str, side: Any, closes: bool, said: dict[str, Any]) -> None:
    venue.get("/api/v5/account/config", json=envelope({"posMode": mode}))
    venue.desk.place("BTC-USDT-SWAP", side, type="MARKET", quantity=2, closes=closes)
    placed = venue.placed()
    assert {name: placed[name] for name in ("posSide", "reduceOnly") if name in placed} == said
    assert (placed["tdMode"], placed["sz"], "tgtCcy" in placed) == ("cross", "2", False)


def test_how_positions_are_kept_is_asked_again_when_an_order_was_refused(venue: Any) -> None:
    venue.get("/api/v5/account/config", [{"json": envelope({"posMode": mode})} for mode in ("net_mode", "long_short_mode")])
    venue.desk.place("BTC-USDT-SWAP", "BUY", type="MARKET", quantity=1)
    venue.post("/api/v5/trade/order", json=envelope({"ordId": "", "sCode": "51000", "sMsg": "Parameter posSide error"}))
    with pytest.raises(ExchangeAPIException):
        venue.desk.place("BTC-USDT-SWAP", "BUY", type="MARKET", quantity=1)
    venue.post("/api/v5/trade/order", json=envelope({"ordId": "1", "clOrdId": "x", "sCode": "0"}))
    venue.desk.place("BTC-USDT-SWAP", "BUY", type="MARKET", quantity=1)
    assert venue.placed()["posSide"] == "long"


@pytest.mark.parametrize(
    "order",
    [
        {"instrument": "BTC-USDT-SWAP", "total": "1", "type": "MARKET"}, {"instrument": "BTC-USDT", "total": "1", "price": "1"},
        {"instrument": "BTC-USDT", "quantity": "1", "price": "1", "closes": True},
        {"instrument": "BTC-USDT", "quantity": "1", "price": "1", "type": "STOP_LOSS"},
        {"instrument": "BTC-USDT", "quantity": "1", "type": "MARKET", "time_in_force": "IOC"},
        {"instrument": "BTC-USDT", "quantity": "1", "type": "MARKET", "price": "5000"},
    ],
)  # fmt: skip
def test_what_the_venue_has_nothing_for_is_not_sent(venue: Any, order: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedException):
        venue.desk.place(side="BUY", **order)
    assert all(sent.method == "GET" for sent in venue.request_history)


@pytest.mark.parametrize("side", ["buy", "Buy", "SHORT", "", None])
def test_a_side_that_is_none_is_refused_and_nothing_is_sold(venue: Any, side: Any) -> None:
    with pytest.raises(ValueError, match="side"):
        venue.desk.place("BTC-USDT", side, type="MARKET", quantity="1")
    assert all(sent.method == "GET" for sent in venue.request_history)


def test_candles_before_a_moment_are_looked_for_among_the_past_ones_too(venue: Any) -> None:
    row = ["1600000000000", "1", "2", "0.5", "1.5", "10", "15", "15", "1"]
    venue.get("/api/v5/market/candles", json=envelope())
    venue.get("/api/v5/market/history-candles", json=envelope(row))
    (kline,) = venue.desk.klines("BTC-USDT", "1m", end_ms=1600000000000, limit=1)
    assert kline.open_time_ms == 1600000000000


def test_balances_of_a_simple_account_are_what_is_available(venue: Any) -> None:
    rows = [
        {"ccy": "USDT", "availEq": "", "availBal": "5", "frozenBal": "2", "ordFrozen": "1"},
        {"ccy": "BTC", "availEq": "0", "availBal": "0", "frozenBal": "0"},
    ]
    venue.get("/api/v5/account/balance", json=envelope({"details": rows}))
    assert [(each.currency, each.free, each.locked) for each in venue.desk.balances()] == [("USDT", D(5), D(2))]


@pytest.mark.parametrize(
    ("row", "side", "quantity", "free"),
    [
        ({"posSide": "net", "pos": "-3", "availPos": "-1"}, "SHORT", D(3), D(1)),
        ({"posSide": "net", "pos": "3", "availPos": ""}, "LONG", D(3), D(3)),
        ({"posSide": "short", "pos": "3", "availPos": "2"}, "SHORT", D(3), D(2)),
        ({"posSide": "net", "pos": "3", "instType": "MARGIN", "instId": "BTC-USDT", "posCcy": "USDT"}, "SHORT", D(3), D(3)),
        ({"posSide": "net", "pos": "3", "instType": "MARGIN", "instId": "BTC-USDT", "posCcy": "BTC"}, "LONG", D(3), D(3)),
    ],
)
def test_positions_have_a_side_and_no_sign(venue: Any, row: dict[str, str], side: str, quantity: Decimal, free: Decimal) -> None:
    common = {"instId": "BTC-USDT-SWAP", "avgPx": "100", "upl": "1", "lever": "3", "margin": "", "imr": "7", "ccy": "USDT"}
    venue.get("/api/v5/account/positions", json=envelope({**common, **row}, {**common, "pos": "0", "posSide": "net"}))
    (position,) = venue.desk.positions()
    assert (position.side, position.quantity, position.free, position.margin) == (side, quantity, free, D(7))


def test_a_call_by_its_path_goes_as_it_is_and_answers_with_the_envelope(venue: Any) -> None:
    venue.get("/api/v5/account/bills", json=envelope({"billId": "1"}))
    assert venue.desk.ask("GET", "/api/v5/account/bills", {"ccy": "BTC ü"}) == envelope({"billId": "1"})
    sent = venue.last_request
    assert sent.path_url == "/api/v5/account/bills?ccy=BTC%20%C3%BC"
    assert "OK-ACCESS-SIGN" in sent.headers
    venue.post("/api/v5/trade/cancel-batch-orders", json=envelope())
    venue.desk.ask("POST", "/api/v5/trade/cancel-batch-orders", {}, body='[{"instId":"BTC-USDT"}]')
    assert venue.last_request.text == '[{"instId":"BTC-USDT"}]'
    venue.desk.ask("GET", "/api/v5/public/time", {})
    assert "OK-ACCESS-SIGN" not in venue.last_request.headers


@pytest.mark.skipif(not SAMPLES.exists(), reason=f"no samples in {SAMPLES}")
def test_the_samples_of_the_venues_documents_are_understood(venue: Any) -> None:
    def sample(name: str) -> Any:
        return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))

    venue.get("/api/v5/account/balance", json=sample("http_get_account_balance"))
    venue.get("/api/v5/account/positions", json=sample("http_get_positions"))
    venue.get("/api/v5/trade/orders-pending", json=sample("http_get_orders_pending"))
    venue.get("/api/v5/trade/orders-history", json=sample("http_get_orders_history"))
    venue.get("/api/v5/trade/orders-history-archive", json=envelope())
    venue.get("/api/v5/market/books", json=sample("http_get_order_book"))
    venue.get("/api/v5/market/trades", json=sample("http_get_trades"))
    assert venue.desk.balances()[0].currency == "USDT"
    assert venue.desk.positions()[0].quantity == D("0.5")
    assert venue.desk.open_orders()[0].status in ("NEW", "PARTIALLY_FILLED")
    (done,) = venue.desk.history("BTC-USDT-SWAP")
    assert (done.status, done.filled, done.average_price) == ("FILLED", D("0.03"), D("103698.9"))
    assert venue.desk.book("BTC-USDT", 3).asks[0] == (D("41006.8"), D("0.60038921"))
    assert [trade.side for trade in venue.desk.trades("BTC-USDT")] == ["BUY", "SELL"]
