"""Every exchange through ccxt, from its listing to an order whose answer is lost, on a stub that speaks its own REST."""

from __future__ import annotations

import decimal
import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.ccxt import exchanges
from exchangeclient.ccxt.client import EXCHANGES, Client
from exchangeclient.desk import Desk, Market, desk_of
from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    InsufficientFundsException,
    OrderMinPriceException,
    OrderNotFoundException,
    OrderStatusUnknownException,
    RateLimitException,
    UnsupportedException,
)
from tests.ccxt.venues import VENUES
from tests.ccxt.venues.bitfinex import Bitfinex
from tests.ccxt.venues.bitflyer import Bitflyer
from tests.ccxt.venues.core import DROP, KEY, MINUTE_MS, SECRET, Venue, served
from tests.ccxt.venues.poloniex import Poloniex

KEEPS_IDS = tuple(name for name in VENUES if name != "bitflyer")
SPENDS = ("bithumb", "htx", "poloniex", "gate")


@dataclass
class Room:
    """An exchange and a desk at it."""

    venue: Venue
    desk: Desk
    client: Client
    address: str

    @property
    def name(self) -> str:
        return self.venue.symbol

    def place(self, **other: Any) -> Any:
        """A limit order that stays on the book."""
        form = {"quantity": self.venue.quantity, "price": self.venue.resting, **other}
        return self.desk.place(self.name, other.pop("side", "BUY"), **{name: value for name, value in form.items() if name != "side"})


def hurried(client: Client) -> Client:
    client._api.rateLimit = 0  # the pace has tests of its own
    return client


@pytest.fixture
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    name = request.node.callspec.params["exchange"]
    venue = VENUES[name]()
    with served(venue) as address:
        client = hurried(Client(name, KEY, SECRET, environment=address, requests_params={"timeout": 60}, settle_timeout=0.5))
        yield Room(venue, desk_of(client), client, address)
        client.close()


everywhere = pytest.mark.parametrize("exchange", VENUES)
where_ids_are_kept = pytest.mark.parametrize("exchange", KEEPS_IDS)


def test_there_is_a_stub_of_each() -> None:
    assert tuple(sorted(VENUES)) == tuple(sorted(EXCHANGES))


# ---- what anybody may know -------------------------------------------------------------------------------------------


@everywhere
def test_listing_book_and_tickers(room: Room, exchange: str) -> None:
    venue, desk = room.venue, room.desk
    listed = {each.name: each for each in desk.instruments()}[room.name]
    assert (listed.market, listed.trading) == (Market(venue.base, venue.quote), True)
    known = exchange not in ("bithumb", "bitfinex", "bitflyer")  # the others show no steps
    assert (listed.tick, listed.step) == ((venue.tick, venue.step) if known else (None, None))
    book = desk.book(room.name, 50)
    assert book.bids == tuple((Decimal(price), Decimal(size)) for price, size in venue.bids)
    assert book.asks == tuple((Decimal(price), Decimal(size)) for price, size in venue.asks)
    assert book.time_ms == (None if exchange in ("bitfinex", "bitflyer") else venue.now_ms - 4 * (exchange == "gate")) or exchange == "gate"
    ticker = desk.ticker(room.name)
    assert (ticker.last, ticker.volume) == (Decimal("64000.1"), Decimal("1219.053"))
    assert ("tickers" in desk.capabilities) is (exchange != "bitflyer")
    if exchange != "bitflyer":
        assert desk.tickers()[0].last == Decimal("64000.1")


@everywhere
def test_as_many_levels_and_trades_as_the_exchange_shows(room: Room, exchange: str) -> None:
    venue = room.venue
    if exchange != "bithumb":  # thirty, always
        venue.bids = tuple((str(60_000 - nth), "1") for nth in range(60))
        assert len(room.desk.book(room.name, 50).bids) == 50
    venue.trades = [(nth + 1, venue.now_ms - 1_000 + nth, "64000", "0.5", "buy") for nth in range(300)]
    trades = room.desk.trades(room.name, 250)
    assert len(trades) == 250
    assert 0 <= trades[-1].time_ms - (venue.now_ms - 701) <= 20
    assert (trades[-1].price, trades[-1].quantity, trades[-1].side) == (64000, Decimal("0.5"), "BUY")
    assert len({trade.id for trade in trades}) == 250


@everywhere
def test_candles(room: Room, exchange: str) -> None:
    desk, starts = room.desk, room.venue.candle_starts
    if exchange == "bitflyer":
        with pytest.raises(UnsupportedException):
            desk.klines(room.name, "1m")
        return
    newest = desk.klines(room.name, "1m", limit=3)
    assert [row.open_time_ms for row in newest] == starts[-3:]
    assert (newest[0].open, newest[0].high, newest[0].low, newest[0].close) == (64000, 64010, 63990, Decimal("64000.1"))
    assert newest[0].volume == Decimal("0.1")
    from_then = desk.klines(room.name, "1m", start_ms=starts[1], limit=500)
    assert [row.open_time_ms for row in from_then] == starts[1:]  # over ten hours without trades
    assert [row.open_time_ms for row in desk.klines(room.name, "1m", start_ms=starts[1], limit=2)] == starts[1:3]
    until = desk.klines(room.name, "1m", start_ms=starts[0], end_ms=starts[5])
    assert [row.open_time_ms for row in until] == starts[:6]
    assert [row.open_time_ms for row in desk.klines(room.name, "1m", end_ms=starts[3], limit=2)] == starts[2:4]
    room.venue.candle_starts = [starts[-1] - nth * MINUTE_MS for nth in reversed(range(700))]
    newest = desk.klines(room.name, "1m", limit=450)
    assert [row.open_time_ms for row in newest] == room.venue.candle_starts[-450:]
    earlier = desk.klines(room.name, "1m", end_ms=room.venue.candle_starts[-200], limit=450)
    assert [row.open_time_ms for row in earlier] == room.venue.candle_starts[-649:-199]
    whole = desk.klines(room.name, "1m", start_ms=room.venue.candle_starts[0], limit=1_000)
    assert [row.open_time_ms for row in whole] == room.venue.candle_starts
    room.venue.candle_starts = starts
    with pytest.raises(ValueError, match="too early"):
        desk.klines(room.name, "1m", start_ms=starts[0] - 20_000 * MINUTE_MS)


# ---- orders ----------------------------------------------------------------------------------------------------------


@everywhere
def test_balances_are_exact(room: Room, exchange: str) -> None:
    held = {row.currency: row for row in room.desk.balances()}
    base, quote = room.venue.base, room.venue.quote
    assert held.keys() == {base, quote}
    if exchange in ("bitfinex", "bitflyer"):  # numbers of JSON, which have fifteen digits
        assert [held[coin].free for coin in (base, quote)] == [Decimal(repr(float(room.venue.free[coin]))) for coin in (base, quote)]
    else:
        assert (held[base].free, held[quote].free) == (room.venue.free[base], room.venue.free[quote])
    room.place()
    locked = next(row.locked for row in room.desk.balances() if row.currency == quote)
    assert abs(locked - Decimal(room.venue.resting) * Decimal(room.venue.quantity)) < Decimal("0.00001")


@everywhere
def test_an_order_from_its_placing_to_its_cancellation(room: Room, exchange: str) -> None:
    venue, desk = room.venue, room.desk
    ack = room.place()
    (held,) = venue.orders.values()
    assert (held.side, held.kind, held.price, held.quantity) == ("buy", "limit", Decimal(venue.resting), Decimal(venue.quantity))
    seen = desk.order(room.name, ack.order_id)
    assert (seen.order_id, seen.instrument, seen.side, seen.type, seen.status) == (ack.order_id, room.name, "BUY", "LIMIT", "NEW")
    assert (seen.price, seen.quantity, seen.filled, seen.average_price) == (Decimal(venue.resting), Decimal(venue.quantity), 0, None)
    assert abs(seen.time_ms - held.time_ms) < 1_000
    assert [order.order_id for order in desk.open_orders()] == [order.order_id for order in desk.open_orders(room.name)] == [ack.order_id]
    venue.fill(held, "0.005")
    seen = desk.order(room.name, ack.order_id)
    assert (seen.status, seen.filled, seen.average_price) == ("PARTIALLY_FILLED", Decimal("0.005"), Decimal(venue.resting))
    assert desk.open_orders()[0].filled == Decimal("0.005")
    assert desk.cancel(room.name, ack.order_id).order_id == ack.order_id
    assert held.state == "cancelled"
    seen = desk.order(room.name, ack.order_id)
    assert (seen.status, seen.filled, seen.open) == ("CANCELED", Decimal("0.005"), False)
    assert desk.open_orders() == []
    assert [(order.order_id, order.status) for order in desk.history(room.name)] == [(ack.order_id, "CANCELED")]
    assert [order.order_id for order in desk.history(room.name, since_ms=held.time_ms - 86_400_000 * 9)] == [ack.order_id]


@everywhere
def test_an_order_that_is_filled(room: Room, exchange: str) -> None:
    venue, desk = room.venue, room.desk
    ack = room.place()
    (held,) = venue.orders.values()
    venue.fill(held, held.quantity)
    seen = desk.order(room.name, ack.order_id)
    assert (seen.status, seen.filled, seen.open) == ("FILLED", Decimal(venue.quantity), False)
    with pytest.raises(OrderNotFoundException):
        desk.cancel(room.name, ack.order_id)
    assert [(order.order_id, order.status) for order in desk.history(room.name)] == [(ack.order_id, "FILLED")]


@everywhere
def test_orders_that_are_not_there(room: Room, exchange: str) -> None:
    for number in ("999999", "none-such", "JRF20150707-084552-999999", "C0101000003000999999"):
        with pytest.raises(OrderNotFoundException):
            room.desk.order(room.name, number)
        with pytest.raises(OrderNotFoundException):
            room.desk.cancel(room.name, number)
    told = UnsupportedException if exchange == "bitflyer" else OrderNotFoundException
    for ask in (room.desk.order, room.desk.cancel):
        with pytest.raises(told):
            ask(room.name, client_order_id="neverplaced")


@everywhere
def test_an_id_that_can_be_nobodys_is_not_sent(room: Room, exchange: str) -> None:
    """At Gate and Poloniex a cancellation of no order is one of all."""
    room.place()
    calls = len(room.venue.asked)
    for number in ("", ".", "../x", "1?x=1", "cid:mine", "1/2", " ", "1\n", 17):
        for ask in (room.desk.order, room.desk.cancel):
            with pytest.raises(OrderNotFoundException):
                ask(room.name, number)  # type: ignore[arg-type]
    assert len(room.venue.asked) == calls
    assert len(room.venue.shown("open")) == 1


@everywhere
def test_market_orders(room: Room, exchange: str) -> None:
    venue, desk = room.venue, room.desk
    ack = desk.place(room.name, "SELL", type="MARKET", quantity=venue.quantity)
    sold = desk.order(room.name, ack.order_id)
    assert (sold.side, sold.type, sold.status, sold.price, sold.total) == ("SELL", "MARKET", "FILLED", None, None)
    assert (sold.quantity, sold.filled) == (Decimal(venue.quantity), Decimal(venue.quantity))
    if exchange in SPENDS:
        with pytest.raises(UnsupportedException, match="names what it spends"):
            desk.place(room.name, "BUY", type="MARKET", quantity=venue.quantity)
        ack = desk.place(room.name, "BUY", type="MARKET", total=venue.total)
        bought = desk.order(room.name, ack.order_id)
        assert venue.orders[max(venue.orders)].total == Decimal(venue.total)  # to the last digit
        assert (bought.side, bought.type, bought.status, bought.price) == ("BUY", "MARKET", "FILLED", None)
        assert (bought.quantity, bought.total, bought.filled) == (None, Decimal(venue.total), venue.orders[max(venue.orders)].filled)
    else:
        with pytest.raises(UnsupportedException, match="total"):
            desk.place(room.name, "BUY", type="MARKET", total=venue.total)
        ack = desk.place(room.name, "BUY", type="MARKET", quantity=venue.quantity)
        assert desk.order(room.name, ack.order_id).filled == Decimal(venue.quantity)
    assert len(venue.orders) == 2


@everywhere
@pytest.mark.parametrize("word", ["IOC", "FOK"])
def test_orders_that_do_not_stay(room: Room, exchange: str, word: Any) -> None:
    ack = room.place(time_in_force=word)
    seen = room.desk.order(room.name, ack.order_id)
    assert seen.status == ("EXPIRED" if exchange == "bitflyer" else "CANCELED")
    assert (seen.type, seen.filled) == ("LIMIT", 0)
    (held,) = room.venue.orders.values()
    assert held.time_in_force == word.lower()


@everywhere
def test_orders_that_only_make(room: Room, exchange: str) -> None:
    if exchange == "bitflyer":
        with pytest.raises(UnsupportedException):
            room.place(type="LIMIT_MAKER")
        assert room.venue.sent_orders() == []
        return
    ack = room.place(type="LIMIT_MAKER")
    assert room.venue.orders[max(room.venue.orders)].post
    seen = room.desk.order(room.name, ack.order_id)
    assert (seen.type, seen.status) == ("LIMIT_MAKER", "NEW")
    taking = room.place(type="LIMIT_MAKER", price=room.venue.asks[0][0])
    assert room.desk.order(room.name, taking.order_id).status == "CANCELED"


@everywhere
def test_figures_leave_whole(room: Room, exchange: str) -> None:
    """Through floating point numbers the seventh place of this would be another."""
    quantity, price = ("123456789.12345678", "1000") if exchange in ("bithumb", "bitfinex", "bitflyer") else ("987654321.1234", "100.1")
    room.venue.free[room.venue.quote] = Decimal(10) ** 15
    if exchange in ("htx", "bitfinex"):
        with pytest.raises(ExchangeException, match="above the maximum"):
            room.place(quantity=quantity, price=price)
        return
    room.place(quantity=quantity, price=price)
    (held,) = room.venue.orders.values()
    assert (held.quantity, held.price) == (Decimal(quantity), Decimal(price))


@everywhere
def test_a_price_that_is_none_is_not_sent(room: Room, exchange: str) -> None:
    if room.venue.bad_price is None:  # the exchange shows no rules: it refuses by itself
        with pytest.raises(ExchangeAPIException) as told:
            room.place(quantity="0.00000000001")
        assert not told.value.outcome_unknown
    else:
        with pytest.raises(OrderMinPriceException):
            room.place(price=room.venue.bad_price)
        assert room.venue.sent_orders() == []
    assert room.venue.orders == {}


@everywhere
def test_every_open_order_is_listed(room: Room, exchange: str) -> None:
    """More than the exchange shows at a time."""
    venue = room.venue
    count = venue.hundreds + 20 if venue.hundreds < 1_000 else 150
    venue.free[venue.quote] = Decimal(10) ** 12
    for _ in range(count):
        venue.place("buy", "limit", venue.resting, venue.quantity, own="")
    assert len(room.desk.open_orders()) == len(room.desk.open_orders(room.name)) == count


@everywhere
def test_the_first_orders_from_a_time_on(room: Room, exchange: str) -> None:
    """Of more than the exchange shows at a time, which are the newest."""
    venue, desk = room.venue, room.desk
    venue.free[venue.quote] = Decimal(10) ** 12
    for nth in range(230):
        held = venue.place("buy", "limit", venue.resting, venue.quantity)
        held.time_ms = venue.now_ms - (230 - nth) * (20 if nth >= 100 else 3_600_000)  # most in three seconds
        if nth % 2:
            venue.cancel(held.number)
        else:
            venue.fill(held, held.quantity)
    since_ms = venue.orders[1_001 + 20].time_ms // 1_000 * 1_000
    found = desk.history(room.name, since_ms=since_ms, limit=500)
    assert len(found) == 210
    assert found == sorted(found, key=lambda order: (order.time_ms, order.order_id))
    assert [order.order_id for order in desk.history(room.name, since_ms=since_ms, limit=5)] == [order.order_id for order in found[:5]]
    newest = desk.history(room.name, limit=40)
    assert [order.order_id for order in newest] == [order.order_id for order in found[-40:]]
    assert desk.history(room.name, since_ms=venue.now_ms + 1_000_000) == []


@everywhere
def test_no_fewer_orders_pass_for_the_newest(room: Room, exchange: str) -> None:
    """The newest hundred are not the newest five hundred."""
    if exchange == "bitfinex":
        assert room.desk.history(room.name, limit=2_500) == []
        return
    with pytest.raises(ValueError, match=r"limit must be at most 100 without since_ms.*is 101"):
        room.desk.history(room.name, limit=101)


@pytest.mark.parametrize("exchange", ["gate"])
def test_pages_without_end_are_told(room: Room, exchange: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of more than five thousand open orders: those that were shown are not all."""
    monkeypatch.setattr(exchanges, "_MOST_PAGES", 2)
    room.venue.free[room.venue.quote] = Decimal(10) ** 12
    for _ in range(250):
        room.venue.place("buy", "limit", room.venue.resting, room.venue.quantity, own="")
    with pytest.raises(ExchangeRequestException, match="without end: 200 on 2 pages"):
        room.desk.open_orders(room.name)


def test_orders_of_which_nothing_is_known_here_are_listed_at_bitflyer() -> None:
    """It has to be asked for each instrument; those are meant of which a coin is locked, and only such as the account can have."""
    venue = Bitflyer()
    with served(venue) as address:
        client = hurried(Client("bitflyer", KEY, SECRET, environment=address))
        desk = desk_of(client)
        assert desk.open_orders() == []
        assert not [asked for asked in venue.asked if asked.path.endswith("getchildorders")]
        venue.place("sell", "limit", "9900000", "0.01")
        assert len(desk.open_orders()) == 1
        codes = {asked.query["product_code"] for asked in venue.asked if asked.path.endswith("getchildorders")}
        assert codes == {"BTC_JPY", "ETH_BTC"}
        client.close()


def test_an_order_that_is_being_cancelled_is_open_at_poloniex() -> None:
    """It may be filled yet."""
    venue = Poloniex()
    with served(venue) as address:
        client = hurried(Client("poloniex", KEY, SECRET, environment=address))
        desk = desk_of(client)
        ack = desk.place(venue.symbol, "BUY", quantity=venue.quantity, price=venue.resting)
        venue.cancels_late = True
        desk.cancel(venue.symbol, ack.order_id)
        seen = desk.order(venue.symbol, ack.order_id)
        assert (seen.status, seen.open) == ("PENDING_CANCEL", True)
        venue.cancel(ack.order_id)
        assert desk.order(venue.symbol, ack.order_id).status == "CANCELED"
        client.close()


def test_what_is_not_known_to_be_free_counts_as_locked_at_bitfinex() -> None:
    venue = Bitfinex()
    venue.knows_free = False
    with served(venue) as address:
        client = hurried(Client("bitfinex", KEY, SECRET, environment=address))
        held = {row.currency: row for row in desk_of(client).balances()}
        assert (held["BTC"].free, held["BTC"].locked) == (0, Decimal(repr(float(venue.free["BTC"]))))
        client.close()


# ---- callers' ids ----------------------------------------------------------------------------------------------------

IDS = ("tide", "o1234567890", "a" * 32, "b" * 31 + "1", "b" * 31 + "2", "with.dots/and:more", "7", "0123")


@where_ids_are_kept
def test_callers_ids(room: Room, exchange: str) -> None:
    acks = {own: room.place(client_order_id=own) for own in IDS}
    assert len({held.own for held in room.venue.orders.values()}) == len(IDS)
    for own, ack in acks.items():
        assert ack.client_order_id == own
        assert room.desk.order(room.name, ack.order_id).client_order_id == own
    assert {order.client_order_id for order in room.desk.open_orders()} == set(IDS)
    room.place()
    assert sum(order.client_order_id in IDS for order in room.desk.open_orders()) == len(IDS)
    later = desk_of(room.client)  # one that has placed none of them
    assert exchange == "bitfinex" or {"tide", "o1234567890", "7", "0123"} < {order.client_order_id for order in later.open_orders()}
    for own, ack in acks.items():
        seen = later.order(room.name, client_order_id=own)
        assert (seen.order_id, seen.client_order_id) == (ack.order_id, own)
    assert later.cancel(room.name, client_order_id="tide").order_id == acks["tide"].order_id
    with pytest.raises(OrderNotFoundException):
        later.order(room.name, client_order_id="tides")


@everywhere
def test_an_id_is_used_once(room: Room, exchange: str) -> None:
    ack = room.place(client_order_id="mine")
    again = room.place(client_order_id="mine")
    assert (again.order_id, again.client_order_id) == (ack.order_id, "mine")
    with pytest.raises(DuplicateOrderException):
        room.place(client_order_id="mine", side="SELL")
    assert room.desk.order(room.name, client_order_id="mine").order_id == ack.order_id
    assert len(room.venue.sent_orders()) == 1


# ---- refusals --------------------------------------------------------------------------------------------------------


@everywhere
def test_refusals(room: Room, exchange: str) -> None:
    room.venue.free = {coin: Decimal(0) for coin in room.venue.free}
    with pytest.raises(InsufficientFundsException) as told:
        room.place(client_order_id="poor")
    assert (told.value.outcome_unknown, told.value.venue) == (False, exchange)
    room.venue.free[room.venue.quote] = Decimal(10) ** 9
    assert room.place(client_order_id="poor").order_id  # the id is free again
    bad = hurried(Client(exchange, KEY, "another", environment=room.address))
    with pytest.raises(AuthenticationException) as refused:
        desk_of(bad).balances()
    assert SECRET not in str(refused.value)
    bad.close()
    bad = hurried(Client(exchange, "another", SECRET, environment=room.address))
    with pytest.raises(AuthenticationException):
        desk_of(bad).balances()
    bad.close()


@everywhere
def test_a_rule_that_only_the_exchange_knows(room: Room, exchange: str) -> None:
    room.venue.least_total = Decimal(10) ** 9
    with pytest.raises(ExchangeAPIException) as told:
        room.place()
    assert type(told.value) is ExchangeAPIException
    assert not told.value.outcome_unknown
    assert len(room.venue.sent_orders()) == 1


@everywhere
def test_too_many_calls(room: Room, exchange: str) -> None:
    room.venue.before = lambda asked: room.venue.too_often()
    with pytest.raises(RateLimitException) as told:
        room.place(client_order_id="mine")
    assert not told.value.outcome_unknown
    assert len(room.venue.sent_orders()) == 1


@pytest.mark.parametrize(
    ("exchange", "status", "content"),
    [
        ("gate", 400, {"label": "REQUEST_EXPIRED", "message": "gap between request Timestamp and server time exceeds 60"}),
        ("bithumb", 401, {"error": {"name": "expired_jwt", "message": "만료된 JWT"}}),
        ("bitfinex", 500, ["error", 10114, "nonce: small"]),
    ],
)
def test_a_clock_that_is_wrong(room: Room, exchange: str, status: int, content: Any) -> None:
    room.venue.before = lambda asked: (status, content)
    with pytest.raises(ClockSkewException) as told:
        room.place()
    assert not told.value.outcome_unknown


@pytest.mark.parametrize(
    ("exchange", "status", "content"),
    [
        ("bitflyer", 500, {"status": -2, "error_message": "Under maintenance", "data": None}),
        ("bitfinex", 500, ["error", 20060, "maintenance"]),
        ("htx", 200, {"status": "error", "err-code": "gateway-internal-error", "err-msg": "Failed to load data. Try again later."}),
        ("htx", 200, {"status": "error", "err-code": "timeout", "err-msg": "Request Timeout"}),
        ("gate", 500, {"label": "INTERNAL", "message": "Internal server error"}),
        ("poloniex", 500, {"code": 500, "message": "Internal system error"}),
    ],
)
def test_an_exchange_that_does_not_know_itself(room: Room, exchange: str, status: int, content: Any) -> None:
    """It says that something went wrong, and has the order all the same."""
    room.venue.after = lambda asked: (status, content)
    if exchange == "bitflyer":
        with pytest.raises(OrderStatusUnknownException):
            room.place(client_order_id="mine")
    else:
        assert room.place(client_order_id="mine").order_id
    assert len(room.venue.orders) == 1


# ---- answers that are lost -------------------------------------------------------------------------------------------


@everywhere
@pytest.mark.parametrize("how", ["dropped", "busy", "unreadable", "empty"])
def test_a_lost_answer(room: Room, exchange: str, how: str) -> None:
    venue = room.venue
    instead = {"dropped": DROP, "busy": venue.busy(), "unreadable": (200, "{[<"), "empty": (200, "")}[how]
    venue.after = lambda asked: instead
    if exchange in KEEPS_IDS:
        ack = room.place(client_order_id="mine")
        assert room.desk.order(room.name, ack.order_id).client_order_id == "mine"
        assert room.place(client_order_id="mine").order_id == ack.order_id
        assert room.desk.cancel(room.name, client_order_id="mine").order_id == ack.order_id
    else:
        for _ in range(2):  # the same id is not sent anew
            with pytest.raises(OrderStatusUnknownException) as told:
                room.place(client_order_id="mine")
            assert told.value.client_order_id == "mine"
        assert len(room.desk.open_orders(room.name)) == 1
    assert len(venue.orders) == len(venue.sent_orders()) == 1


@everywhere
def test_a_lost_answer_to_an_order_without_an_id(room: Room, exchange: str) -> None:
    room.venue.after = lambda asked: DROP
    with pytest.raises(OrderStatusUnknownException):
        room.place()
    assert len(room.venue.orders) == len(room.venue.sent_orders()) == 1


@everywhere
def test_an_order_that_got_lost_on_its_way(room: Room, exchange: str) -> None:
    venue = room.venue
    venue.before = lambda asked: DROP
    with pytest.raises(OrderStatusUnknownException) as told:
        room.place(client_order_id="mine")
    assert (len(venue.orders), len(venue.sent_orders())) == (0, 1)
    with pytest.raises(OrderStatusUnknownException):
        told.value.resolve()
    if exchange in KEEPS_IDS:  # it was late
        venue.before = None
        with served(venue) as elsewhere:
            other = hurried(Client(exchange, KEY, SECRET, environment=elsewhere))
            number = desk_of(other).place(room.name, "BUY", quantity=venue.quantity, price=venue.resting, client_order_id="mine").order_id
            other.close()
        assert told.value.resolve().order_id == number
        assert [(order.order_id, order.client_order_id) for order in room.desk.open_orders()] == [(number, "mine")]


@where_ids_are_kept
def test_an_order_that_is_shown_late_is_found(room: Room, exchange: str) -> None:
    venue, looks = room.venue, []
    room.client.settle_timeout = 60.0  # type: ignore[misc]
    venue.after = lambda asked: DROP
    shown, by_own = venue.shown, venue.by_own
    venue.shown = lambda *states: [] if len(looks) < 2 else shown(*states)  # type: ignore[method-assign]

    def late(own: str) -> Any:
        looks.append(own)
        return by_own(own if len(looks) > 2 else "none such")

    venue.by_own = late  # type: ignore[method-assign]
    if exchange == "bitfinex":  # looked for in lists
        venue.shown = lambda *states: looks.append(states) or ([] if len(looks) < 4 else shown(*states))  # type: ignore[method-assign,func-returns-value]
    assert room.place(client_order_id="mine").order_id
    assert len(venue.sent_orders()) == 1


@everywhere
def test_without_a_connection_nothing_was_sent(exchange: str) -> None:
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        venue = VENUES[exchange]()
        with served(venue) as address:
            client = hurried(Client(exchange, KEY, SECRET, environment=address))
            desk = desk_of(client)
            desk.balances()
            client._api.urls["api"] = json.loads(
                re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{taken.getsockname()[1]}", json.dumps(client._api.urls["api"]))
            )
            with pytest.raises(ExchangeRequestException) as told:
                desk.place(venue.symbol, "BUY", quantity=venue.quantity, price=venue.resting, client_order_id="mine")
            assert type(told.value) is ExchangeRequestException
            assert told.value.sent == "no"
            client.close()


# ---- manners ---------------------------------------------------------------------------------------------------------


@everywhere
def test_the_callers_decimals_are_left_alone(room: Room, exchange: str) -> None:
    with decimal.localcontext(decimal.Context(prec=7, rounding=decimal.ROUND_DOWN)) as own:
        before = own.copy()
        room.place()
        room.desk.balances()
        assert (own.prec, own.rounding, own.traps) == (before.prec, before.rounding, before.traps)


@everywhere
def test_nothing_is_logged_that_is_secret(
    room: Room, exchange: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("DEBUG"):
        room.place(client_order_id="mine")
        room.venue.after = lambda asked: DROP
        with pytest.raises(OrderStatusUnknownException) as told:
            room.place()
    shown = caplog.text + "".join(capfd.readouterr()) + str(told.value) + repr(told.value.__cause__)
    assert caplog.text
    assert SECRET not in shown
    assert KEY not in shown


@everywhere
def test_many_threads(room: Room, exchange: str) -> None:
    """Nonces that have to rise do, and nothing is mixed up."""
    failed = list[BaseException]()

    def trade() -> None:
        try:
            for _ in range(3):
                ack = room.place()
                assert room.desk.order(room.name, ack.order_id).status == "NEW"
                room.desk.cancel(room.name, ack.order_id)
        except (ExchangeException, AssertionError) as error:
            failed.append(error)

    threads = [threading.Thread(target=trade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    assert len(room.venue.orders) == 12
    assert room.desk.open_orders() == []
