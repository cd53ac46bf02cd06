"""The answers and events of an account beside the venue's published samples: the same fields, and text where it sends text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import Deposit
from exchangeclient.sandbox.engine.instruments import UNIT

SAMPLES = Path(__file__).resolve().parents[4].parent / "shared/samples/binance"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason=f"{SAMPLES} is not at hand")


def kinds(value: Any) -> Any:
    """A shape with the kind of each value in its place; of a list, that of its first row."""
    if isinstance(value, dict):
        return {name: kinds(each) for name, each in value.items()}
    if isinstance(value, list):
        return [kinds(each) for each in value[:1]]
    return type(value).__name__


def sample(name: str) -> Any:
    return kinds(json.loads((SAMPLES / f"spot_{name}.json").read_text(encoding="utf-8")))


@pytest.fixture
def quiet(make_bench: Callable[..., Any]) -> Any:
    return make_bench(traders=False)


def test_orders_and_what_came_of_them(quiet: Any) -> None:
    resting = quiet.order("BUY", quantity=100, price="0.0001")
    of_it = {"symbol": "BNBBTC", "orderId": resting["orderId"]}
    assert kinds(quiet.signed("GET", "/api/v3/order", **of_it)) == sample("http_order_response")
    assert kinds(quiet.signed("DELETE", "/api/v3/order", **of_it)) == sample("http_cancel_order_response")
    quiet.order("SELL", account="other", quantity=100, price="0.0002")
    assert kinds(quiet.order("BUY", "MARKET", quantity=100)) == sample("http_new_order_full_response")
    assert kinds(quiet.signed("GET", "/api/v3/myTrades", symbol="BNBBTC")) == sample("http_account_trades_response")
    assert kinds(quiet.signed("GET", "/api/v3/account")) == sample("http_account_response")


def test_events(quiet: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(quiet, "/ws-api/v3")
    socket.subscribe_user()
    order = quiet.order("BUY", quantity=100, price="0.0002")
    quiet.order("SELL", "MARKET", account="other", quantity=40)
    quiet.signed("DELETE", "/api/v3/order", symbol="BNBBTC", orderId=order["orderId"])
    quiet.live.execute(Deposit("key", "BTC", UNIT))
    events = [each["event"] for each in socket.heard()]
    reports = {each["x"]: kinds(each) for each in events if each["e"] == "executionReport"}
    for kind, name in (("NEW", "new"), ("TRADE", "trade"), ("CANCELED", "canceled")):
        expected = sample(f"user_execution_report_{name}")
        assert {field: reports[kind][field] for field in expected} == expected
    others = {each["e"]: kinds(each) for each in events if each["e"] != "executionReport"}
    assert others == {"outboundAccountPosition": sample("user_account_position"), "balanceUpdate": sample("user_balance_update")}
