"""What is Binance's alone of the common vocabulary; the rest is the conformance suite's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests_mock

from exchangeclient.binance.client import Client
from exchangeclient.desk import Market, desk_of
from exchangeclient.exceptions import UnsupportedException

ORDER = {
    "symbol": "BTCUSDT", "orderId": 1, "clientOrderId": "mine", "side": "BUY", "type": "LIMIT", "status": "FILLED", "price": "10.0",
    "origQty": "2.0", "executedQty": "2.0", "cummulativeQuoteQty": "-1.0", "time": 1499827319559, "updateTime": 1499827319559000,
}  # fmt: skip


@pytest.fixture
def venue() -> Any:
    client = Client("key", "secret", environment="https://binance.invalid")
    with requests_mock.Mocker(session=client.session) as mock:
        mock.get("/api/v3/time", json={"serverTime": 1499827319559})
        mock.desk = desk_of(client)
        yield mock


def test_an_order_of_long_ago_has_no_average_price(venue: Any) -> None:
    venue.get("/api/v3/order", json=ORDER)
    order = venue.desk.order("BTCUSDT", "1")
    assert (order.average_price, order.filled, order.update_time_ms) == (None, Decimal(2), 1499827319559)


def test_history_is_read_page_by_page_from_a_moment_on(venue: Any) -> None:
    rows = [{**ORDER, "orderId": number, "status": "NEW" if number % 2 else "FILLED"} for number in range(1500)]

    def answer(request: Any, _: Any) -> Any:
        first = int(request.qs.get("orderid", ["0"])[0])
        return [row for row in rows if row["orderId"] >= first][: int(request.qs["limit"][0])]

    venue.get("/api/v3/allOrders", json=answer)
    found = venue.desk.history("BTCUSDT", since_ms=1499827319000, limit=600)
    assert [order.order_id for order in found] == [str(number) for number in range(0, 1200, 2)]


@pytest.mark.parametrize("wrong", ["12x", "", "-1", "１"])
def test_an_order_number_is_digits(venue: Any, wrong: str) -> None:
    with pytest.raises(ValueError, match="order_id"):
        venue.desk.order("BTCUSDT", wrong)


def test_a_call_by_its_path_is_signed_as_it_is_declared(venue: Any) -> None:
    for path in ("/api/v3/account", "/sapi/v1/unheard-of", "/api/v3/avgPrice"):
        venue.get(path, json={"of": path})
        assert venue.desk.ask("GET", path, {"symbol": "BTCUSDT"}) == {"of": path}
        assert ("signature=" in venue.last_request.url) is (path != "/api/v3/avgPrice")
    venue.post("/sapi/v1/unheard-of", json={"done": True})
    assert venue.desk.ask("POST", "/sapi/v1/unheard-of", {"a": "1"}) == {"done": True}
    assert "signature=" in venue.last_request.text
    with pytest.raises(UnsupportedException, match="body"):
        venue.desk.ask("POST", "/api/v3/order", {}, body="{}")


def test_there_is_nothing_but_spot(venue: Any) -> None:
    with pytest.raises(UnsupportedException):
        venue.desk.instrument_of(Market("BTC", "USDT", "swap"))
    with pytest.raises(UnsupportedException):
        venue.desk.place("BTCUSDT", "BUY", quantity=1, price=1, closes=True)
