"""OKX's limits: windows of two seconds, by address, by account, by account and instrument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.okx.limits import Limits


@pytest.fixture
def strict(make_bench: Callable[..., Any]) -> Any:
    return make_bench(limits=Limits(), traders=False)


def test_public_calls_are_counted_by_address(strict: Any) -> None:
    for _ in range(20):
        strict.rows("market/ticker", instId="BTC-USDT")
    assert strict.get("market/ticker", instId="BTC-USDT")["code"] == "50011"
    assert strict.answer.status == 429
    assert strict.get("market/books", instId="BTC-USDT")["code"] == "0"
    assert strict.send("GET", "/api/v5/market/ticker?instId=BTC-USDT", peer="10.0.0.9")["code"] == "0"
    strict.pass_time(2)
    assert strict.get("market/ticker", instId="BTC-USDT")["code"] == "0"


def test_private_reads_are_counted_by_account(strict: Any) -> None:
    for _ in range(5):
        strict.ask("account/config")
    assert strict.signed("GET", "account/config")["code"] == "50011"
    assert strict.signed("GET", "account/config", account="other")["code"] == "0"


def test_orders_are_counted_by_account_and_instrument_each_verb_for_itself(strict: Any) -> None:
    numbers = [strict.order(strict.wish("buy", "0.01", "5000")) for _ in range(60)]
    assert strict.refused("trade/order", strict.wish("buy", "0.01", "5000")) == "50011"
    assert strict.answer.status == 429
    assert strict.order(strict.contract("buy", "1", "5000"))
    assert strict.order(strict.wish("buy", "0.01", "5000"), account="other")
    # A batch of one counts as the single call, one of more for itself.
    assert strict.refused("trade/batch-orders", [strict.wish("buy", "0.01", "5000")]) == "50011"
    assert len(strict.tell("trade/batch-orders", [strict.wish("buy", "0.01", "5000")] * 2)) == 2
    strict.tell("trade/cancel-order", {"instId": "BTC-USDT", "ordId": numbers[0]})
    strict.pass_time(2)
    assert strict.order(strict.wish("buy", "0.01", "5000"))


def test_all_orders_of_an_account_together_have_a_limit(strict: Any) -> None:
    limits = strict.app.venue.limits
    limits.charge_orders("okx:key", 1_000, strict.now_us)
    assert strict.refused("trade/order", strict.wish("buy", "0.01", "5000")) == "50061"
    assert strict.order(strict.wish("buy", "0.01", "5000"), account="other")


def test_connections_are_counted_by_address(strict: Any, make_wire: Callable[..., Any]) -> None:
    for _ in range(3):
        make_wire(strict, "public")
    from exchangeclient.serving.messages import HttpRequest

    assert strict.app.websocket(HttpRequest("GET", "/ws/v5/public")).status == 429
    strict.pass_time(1)
    make_wire(strict, "public")


def test_a_connection_may_ask_so_often_within_an_hour(strict: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(strict, "public")
    for _ in range(240):
        socket.say({"op": "subscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]})
        socket.say({"op": "unsubscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]})
    (refused,) = socket.subscribe({"channel": "trades", "instId": "BTC-USDT"})
    assert (refused["event"], refused["code"]) == ("error", "60014")
    strict.pass_time(3600)
    assert socket.subscribe({"channel": "trades", "instId": "BTC-USDT"})[0]["event"] == "subscribe"
