"""What the desk does with words of the venue's own; what it has in common with others is the conformance suite's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests_mock

from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.desk import ClientDesk
from exchangeclient.desk import Market
from exchangeclient.exceptions import OrderNotFoundException, UnknownSymbolException, UnsupportedException

BASE = {"state": "Open", "tickSize": 0.5, "lotSize": 100, "maxOrderQty": 10_000_000, "maxPrice": 1_000_000, "isQuanto": False,
        "isInverse": False, "underlying": "XBT", "quoteCurrency": "USD", "settlCurrency": "XBt", "multiplier": 100_000_000}  # fmt: skip
LISTED = [
    {**BASE, "symbol": "XBTUSD", "typ": "FFWCSX", "isInverse": True, "multiplier": -100_000_000,
     "underlyingToSettleMultiplier": -100_000_000, "fundingRate": 0.0001, "fundingTimestamp": "2024-11-25T04:00:00.000Z",
     "fundingInterval": "2000-01-01T08:00:00.000Z"},
    {**BASE, "symbol": "XBTZ24", "typ": "FFCCSX", "isInverse": True, "expiry": "2024-12-27T12:00:00.000Z"},
    {**BASE, "symbol": "XBTH25", "typ": "FFCCSX", "isInverse": True, "expiry": "2025-03-28T12:00:00.000Z"},
    {**BASE, "symbol": "XBTM25", "typ": "FFCCSX", "isInverse": True, "expiry": "2025-06-27T12:00:00.000Z"},
    {**BASE, "symbol": "XBTX24", "typ": "FFCCSX", "isInverse": True, "expiry": "2024-11-29T12:00:00.000Z"},
    {**BASE, "symbol": "TRXU21", "typ": "FFCCSX", "underlying": "TRX", "quoteCurrency": "XBT", "tickSize": 1e-10, "lotSize": 1000,
     "expiry": "2025-09-26T12:00:00.000Z"},
    {**BASE, "symbol": "XBT_USDT", "typ": "IFXXXP", "quoteCurrency": "USDT", "settlCurrency": "USDt", "lotSize": 1000,
     "underlyingToPositionMultiplier": 100_000_000},
    {**BASE, "symbol": ".BXBT", "typ": "MRCXXX"},
    {**BASE, "symbol": "XBTU24", "typ": "FFCCSX", "state": "Settled", "expiry": "2024-09-27T12:00:00.000Z"},
]  # fmt: skip


@pytest.fixture
def wire() -> Any:
    client = Client("key", "secret", environment="https://bitmex.invalid")
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v1", json={"timestamp": 1_700_000_000_000})
        venue.get("/api/v1/instrument/active", json=LISTED)
        venue.desk = ClientDesk(client)
        yield venue


@pytest.mark.parametrize(
    ("name", "market"),
    [
        ("XBTUSD", Market("BTC", "USD", "swap")),
        ("XBTX24", Market("BTC", "USD", "this_month")),
        ("XBTZ24", Market("BTC", "USD", "quarter")),
        ("XBTH25", Market("BTC", "USD", "next_quarter")),
        ("TRXU21", Market("TRX", "BTC", "quarter")),
        ("XBT_USDT", Market("BTC", "USDT")),
    ],
)
def test_symbols_are_what_is_listed_and_a_bitcoin_is_called_as_elsewhere(wire: Any, name: str, market: Market) -> None:
    assert wire.desk.market_of(name.lower()) == market
    assert wire.desk.instrument_of(market) == name
    assert wire.desk.instrument_of(Market(market.base.replace("BTC", "XBT"), market.quote.lower(), market.contract)) == name


def test_what_is_closed_or_an_index_is_not_listed(wire: Any) -> None:
    names = {each.name for each in wire.desk.instruments()}
    assert names == {"XBTUSD", "XBTZ24", "XBTH25", "XBTM25", "XBTX24", "TRXU21", "XBT_USDT"}
    for unknown in ("XBTU24", ".BXBT", "NOSUCH"):
        with pytest.raises(UnknownSymbolException):
            wire.desk.market_of(unknown)
    with pytest.raises(UnsupportedException):
        wire.desk.instrument_of(Market("BTC", "USD", "option"))
    assert wire.desk.market_of("XBTM25").contract == "XBTM25", "there is no word for a third quarter"


def test_steps_are_exact_and_on_a_pair_of_coins_count_coins(wire: Any) -> None:
    listed = {each.name: each for each in wire.desk.instruments()}
    assert (listed["TRXU21"].tick, listed["TRXU21"].step) == (Decimal("1E-10"), Decimal(1000))
    spot = listed["XBT_USDT"]
    assert (spot.step, spot.min_quantity, spot.contract_value, spot.settle) == (Decimal("0.00001"), Decimal("0.00001"), None, "")
    assert (listed["XBTUSD"].contract_value, listed["XBTUSD"].contract_currency, listed["XBTUSD"].inverse) == (1, "USD", True)


def test_quantities_of_a_pair_of_coins_are_told_to_the_venue_in_its_smallest_unit(wire: Any) -> None:
    wire.get("/api/v1/instrument?symbol=XBT_USDT", json=[LISTED[6]])
    wire.post("/api/v1/order", json={"orderID": "1"})
    wire.desk.place("XBT_USDT", "BUY", quantity="0.0001", price=5000)
    assert wire.last_request.json()["orderQty"] == 10_000
    row = {"orderID": "1", "clOrdID": "x", "symbol": "XBT_USDT", "side": "Buy", "ordType": "Limit", "ordStatus": "PartiallyFilled",
           "orderQty": 10_000, "cumQty": 4_000, "price": 5000, "avgPx": 4999.5, "transactTime": "2024-11-25T10:30:00.000Z",
           "timestamp": "2024-11-25T10:30:00.123Z"}  # fmt: skip
    wire.get("/api/v1/order", json=[row])
    order = wire.desk.order("XBT_USDT", "1")
    assert (order.quantity, order.filled, order.average_price) == (Decimal("0.0001"), Decimal("0.00004"), Decimal("4999.5"))
    with pytest.raises(UnsupportedException):
        wire.desk.place("XBT_USDT", "SELL", quantity="0.0001", price=5000, closes=True)


def test_a_pair_of_coins_that_was_listed_a_moment_ago_is_told_in_its_smallest_unit_too(wire: Any) -> None:
    wire.get("/api/v1/instrument?symbol=XBT_USDT", json=[LISTED[6]])
    wire.post("/api/v1/order", json={"orderID": "1"})
    wire.get("/api/v1/instrument/active", json=LISTED[:6])
    assert "XBT_USDT" not in {each.name for each in wire.desk.instruments()}
    wire.get("/api/v1/instrument/active", json=LISTED)
    wire.desk.place("XBT_USDT", "BUY", quantity="0.0001", price=5000)
    assert wire.last_request.json()["orderQty"] == 10_000


def test_orders_of_one_moment_stay_in_their_order(wire: Any) -> None:
    row = {"symbol": "XBTUSD", "side": "Buy", "ordType": "Market", "ordStatus": "Filled", "orderQty": 100, "cumQty": 100, "avgPx": 5000,
           "transactTime": "2024-11-25T00:00:00.000Z", "timestamp": "2024-11-25T00:00:00.000Z"}  # fmt: skip
    wire.get("/api/v1/order", json=[{**row, "orderID": order_id, "clOrdID": ""} for order_id in "cba"])  # the venue's newest come first
    assert [order.order_id for order in wire.desk.history("XBTUSD")] == ["a", "b", "c"]


def test_an_order_on_another_instrument_is_none_of_this_one(wire: Any) -> None:
    row = {"orderID": "1", "clOrdID": "x", "symbol": "XBTZ24", "side": "Buy", "ordType": "Limit", "ordStatus": "New", "orderQty": 100,
           "price": 5000, "transactTime": "2024-11-25T10:30:00.000Z", "timestamp": "2024-11-25T10:30:00.123Z"}  # fmt: skip
    wire.get("/api/v1/order", json=[row])
    wire.delete("/api/v1/order", json=[row])
    assert wire.desk.order("xbtz24", "1").instrument == "XBTZ24"
    with pytest.raises(OrderNotFoundException, match="XBTZ24"):
        wire.desk.order("XBTUSD", "1")
    assert wire.desk.cancel("XBTUSD", "1").instrument == "XBTZ24", "the venue knows an order by its id"


def test_nothing_of_an_instrument_is_an_answer_when_there_is_one_settled_or_open(wire: Any) -> None:
    wire.get("/api/v1/order", json=[])
    assert wire.desk.open_orders("XBTUSD") == []
    settled = wire.get("/api/v1/instrument?symbol=XBTU24", json=[LISTED[8]])
    assert wire.desk.open_orders("XBTU24") == []
    assert settled.call_count == 1
    wire.get("/api/v1/instrument?symbol=XBTUDS", json=[])
    with pytest.raises(UnknownSymbolException, match="XBTUDS"):
        wire.desk.open_orders("XBTUDS")


def test_money_is_told_in_coins_by_the_scale_of_its_currency(wire: Any) -> None:
    rows = [
        {"currency": "XBt", "walletBalance": 150_000_000, "marginBalance": 160_000_000, "availableMargin": 100_000_000},
        {"currency": "NEWt", "walletBalance": 5, "marginBalance": 5, "availableMargin": 5},
        {"currency": "USDt", "walletBalance": 0, "marginBalance": 0, "availableMargin": 0},
    ]
    wire.get("/api/v1/user/margin?currency=all", json=rows)
    wire.get("/api/v1/wallet/assets", json=[{"asset": "NEW", "currency": "NEWt", "scale": 2}])
    held = {each.currency: (each.free, each.locked) for each in wire.desk.balances()}
    assert held == {"BTC": (1, Decimal("0.6")), "NEWT": (Decimal("0.05"), 0)}


def test_funding_and_its_period(wire: Any) -> None:
    (funding,) = wire.desk.funding()
    assert (funding.instrument, funding.rate, funding.period_ms) == ("XBTUSD", Decimal("0.0001"), 8 * 3_600_000)


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"side": "HOLD", "quantity": 100, "price": 1}, ValueError),
        ({"side": "BUY", "quantity": 100, "type": "STOP_LOSS"}, UnsupportedException),
        ({"side": "BUY", "quantity": 100, "price": 1, "time_in_force": "GTX"}, UnsupportedException),
        ({"side": "BUY", "quantity": 100, "price": 1, "type": "MARKET"}, UnsupportedException),
        ({"side": "BUY", "total": 100, "type": "MARKET"}, UnsupportedException),
        ({"side": "BUY", "price": 1}, TypeError),
    ],
)
def test_what_the_venue_lacks_is_refused_without_asking_anybody(wire: Any, order: dict[str, Any], error: type[Exception]) -> None:
    side = order.pop("side")
    with pytest.raises(error):
        wire.desk.place("XBTUSD", side, **order)
    assert wire.request_history == []


def test_any_call_goes_as_a_form_a_query_or_a_body(wire: Any) -> None:
    wire.post("/api/v1/order", json={"orderID": "1"})
    wire.delete("/api/v1/order/all", json=[])
    wire.desk.ask("POST", "/api/v1/order", {"symbol": "XBTUSD", "text": "a&b"})
    sent = wire.last_request
    assert (sent.headers["Content-Type"], sent.text) == ("application/x-www-form-urlencoded", "symbol=XBTUSD&text=a%26b")
    wire.desk.ask("DELETE", "/api/v1/order/all", {"symbol": "XBTUSD"})
    assert wire.last_request.query == "symbol=xbtusd"
    wire.desk.ask("POST", "/api/v1/order", {}, body='{"orderQty": 1}')
    assert wire.last_request.json() == {"orderQty": 1}
