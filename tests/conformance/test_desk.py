"""One vocabulary: the same words do the same at every venue."""

from __future__ import annotations

import inspect
import itertools
import time
from decimal import Decimal
from typing import Any

import pytest
from venue_cases import VENUES, VenueCase

from exchangeclient.desk import CAPABILITIES, Desk, Market, desk_of
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    InsufficientFundsException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderNotFoundException,
    OrderUnknownSymbolException,
    UnknownSymbolException,
    UnsupportedException,
)
from exchangeclient.market.klines import floor_open
from exchangeclient.sandbox import Sandbox


def resting(desk: Desk, venue: VenueCase) -> dict[str, Any]:
    """An order to buy that stays in the book."""
    last = desk.ticker(venue.instrument).last
    assert last is not None
    return {"quantity": venue.size, "price": (last * Decimal("0.9")).quantize(Decimal(venue.tick))}


def test_a_desk_has_every_method_of_the_vocabulary_in_the_same_words(venue: VenueCase, desk: Desk) -> None:
    for name in (*CAPABILITIES, "instrument_of", "market_of"):
        own, common = (inspect.signature(getattr(kind, name)) for kind in (type(desk), Desk))
        assert list(own.parameters) == list(common.parameters), name
        assert [each.default for each in own.parameters.values()] == [each.default for each in common.parameters.values()], name
        assert inspect.getdoc(getattr(type(desk), name)), name
    assert desk.venue == venue.name
    assert desk.capabilities <= set(CAPABILITIES)


def test_instruments_are_named_both_ways(venue: VenueCase, desk: Desk) -> None:
    known = Market("BTC", "USDT", venue.contract)
    assert desk.instrument_of(known) == desk.instrument_of(Market("btc", "usdt", venue.contract)) == venue.instrument
    assert desk.market_of(venue.instrument) == known
    with pytest.raises((UnknownSymbolException, UnsupportedException)):
        desk.market_of(desk.instrument_of(Market("BTC", "USDT", "next_quarter")))


def test_every_instrument_says_what_its_orders_have_to_keep_to(desk: Desk, venue: VenueCase) -> None:
    listed = {each.name: each for each in desk.instruments()}
    assert {each.market for each in listed.values()} >= {Market("BTC", "USDT", venue.contract)}
    assert len(listed) > 1
    btc = listed[venue.instrument]
    assert btc.trading
    assert btc.tick is not None
    assert btc.tick <= Decimal(venue.tick)
    assert btc.step is not None
    assert btc.min_quantity is not None
    assert btc.max_quantity is not None
    assert Decimal(venue.size) * (btc.contract_value or 1) == Decimal("0.01")
    for each in listed.values():
        assert desk.instrument_of(each.market) == each.name
        assert (each.contract_value is None) is (not each.market.contract)


def test_the_market_is_told_alike(desk: Desk, venue: VenueCase) -> None:
    ticker, book, trades = desk.ticker(venue.instrument), desk.book(venue.instrument, 5), desk.trades(venue.instrument, 20)
    assert ticker.instrument == venue.instrument
    assert ticker.low is not None
    assert ticker.high is not None
    assert ticker.last is not None
    assert ticker.low <= ticker.last <= ticker.high
    assert abs(int(ticker.time_ms or 0) - time.time() * 1000) < 600_000
    assert len(book.bids) == len(book.asks) == 5
    assert [price for price, _ in book.bids] == sorted((price for price, _ in book.bids), reverse=True)
    assert [price for price, _ in book.asks] == sorted(price for price, _ in book.asks)
    assert book.bids[0][0] < book.asks[0][0]
    assert [trade.time_ms for trade in trades] == sorted(trade.time_ms for trade in trades), "oldest first"
    assert {trade.side for trade in trades} <= {"BUY", "SELL"}
    assert venue.instrument in {each.instrument for each in desk.tickers()}


@pytest.mark.parametrize("interval", ["1h", "6h", "1d"])
def test_candles_begin_by_utc_oldest_first_the_running_one_last(desk: Desk, venue: VenueCase, interval: str) -> None:
    if interval not in venue.intervals:
        with pytest.raises(ValueError, match="interval"):
            desk.klines(venue.instrument, interval, limit=5)
        return
    rows = desk.klines(venue.instrument, interval, limit=5)
    assert len(rows) == 5
    for row, after in itertools.pairwise(rows):
        assert row.open_time_ms < after.open_time_ms
    for row in rows:
        assert row.open_time_ms == floor_open(interval, row.open_time_ms)
        assert row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high
    assert rows[-1].closed in (False, None)
    assert rows[0].closed in (True, None)
    since = rows[1].open_time_ms
    assert [row.open_time_ms for row in desk.klines(venue.instrument, interval, start_ms=since, limit=2)] == [
        row.open_time_ms for row in rows[1:3]
    ]
    assert [row.open_time_ms for row in desk.klines(venue.instrument, interval, end_ms=since, limit=2)] == [
        row.open_time_ms for row in rows[:2]
    ]
    many = desk.klines(venue.instrument, "1h", limit=350)
    assert len({row.open_time_ms for row in many}) == len(many) == 350
    with pytest.raises(ValueError, match="interval"):
        desk.klines(venue.instrument, "7h")


def test_an_order_lives_alike(desk: Desk, venue: VenueCase) -> None:
    began_ms = time.time() * 1000 - 60_000
    ack = desk.place(venue.instrument, "BUY", client_order_id="mineAlone", **resting(desk, venue))
    assert (ack.instrument, ack.client_order_id) == (venue.instrument, "mineAlone")
    shown = desk.order(venue.instrument, ack.order_id)
    assert shown == desk.order(venue.instrument, client_order_id="mineAlone")
    assert (shown.side, shown.type, shown.status, shown.open) == ("BUY", "LIMIT", "NEW", True)
    assert (shown.quantity, shown.filled, shown.average_price, shown.total) == (Decimal(venue.size), 0, None, None)
    assert shown.time_ms > began_ms
    assert [each.order_id for each in desk.open_orders(venue.instrument)] == [ack.order_id]
    assert ack.order_id in {each.order_id for each in desk.open_orders()}
    held = {each.currency: each for each in desk.balances()}
    assert held["USDT"].locked > 0
    assert held["USDT"].free > 0
    assert desk.cancel(venue.instrument, ack.order_id).order_id == ack.order_id
    done = desk.order(venue.instrument, ack.order_id)
    assert (done.status, done.open) == ("CANCELED", False)
    assert desk.open_orders(venue.instrument) == []
    assert ack.order_id in {each.order_id for each in desk.history(venue.instrument)}


def test_market_orders_count_in_coins_or_in_money(desk: Desk, venue: VenueCase) -> None:
    coins = desk.place(venue.instrument, "BUY", type="MARKET", quantity=venue.size)
    if venue.contract:
        with pytest.raises(UnsupportedException):
            desk.place(venue.instrument, "BUY", type="MARKET", total="100")
        money = desk.place(venue.instrument, "SELL", type="MARKET", quantity=venue.size)
    else:
        money = desk.place(venue.instrument, "BUY", type="MARKET", total="100")
        spent = desk.order(venue.instrument, money.order_id)
        assert (spent.status, spent.total) == ("FILLED", Decimal("100"))
        assert spent.average_price is not None
        assert Decimal("90") < spent.filled * spent.average_price <= Decimal("100")
    bought = desk.order(venue.instrument, coins.order_id)
    assert (bought.status, bought.type, bought.price, bought.filled) == ("FILLED", "MARKET", None, Decimal(venue.size))
    assert bought.average_price is not None
    history = [each.order_id for each in desk.history(venue.instrument)]
    assert history.index(coins.order_id) < history.index(money.order_id), "oldest first"
    assert desk.history(venue.instrument, limit=1)[0].order_id == history[-1]
    since = desk.history(venue.instrument, since_ms=bought.time_ms, limit=1)
    assert since[0].time_ms >= bought.time_ms


def test_a_position_is_told_and_closed(desk: Desk, venue: VenueCase) -> None:
    if not venue.contract:
        return
    desk.set_leverage(venue.instrument, 5)
    before = {each.instrument for each in desk.positions()}
    assert venue.instrument not in before
    desk.place(venue.instrument, "SELL", type="MARKET", quantity=venue.more)
    (position,) = desk.positions(venue.instrument)
    assert (position.side, position.quantity, position.currency) == ("SHORT", Decimal(venue.more), "USDT")
    assert position.price is not None
    closing = desk.place(venue.instrument, "BUY", type="MARKET", quantity=venue.more, closes=True)
    assert desk.order(venue.instrument, closing.order_id).closes
    assert desk.positions(venue.instrument) == []
    (funding,) = desk.funding(venue.instrument)
    assert funding.time_ms > time.time() * 1000 - 600_000
    assert funding.period_ms == 8 * 3_600_000


@pytest.mark.parametrize(("force", "status"), [("IOC", ("EXPIRED", "CANCELED")), ("FOK", ("EXPIRED", "CANCELED"))])
def test_orders_that_do_not_wait_are_done_at_once(desk: Desk, venue: VenueCase, force: Any, status: tuple[str, ...]) -> None:
    ack = desk.place(venue.instrument, "BUY", time_in_force=force, **resting(desk, venue))
    assert desk.order(venue.instrument, ack.order_id).status in status


def test_an_order_that_is_to_rest_does_not_take(desk: Desk, venue: VenueCase) -> None:
    ask = desk.book(venue.instrument, 1).asks[0][0]
    try:
        ack = desk.place(venue.instrument, "BUY", type="LIMIT_MAKER", quantity=venue.size, price=(ask * 2).quantize(Decimal(venue.tick)))
    except ExchangeAPIException:
        return  # a venue refuses it, or takes and cancels it
    assert desk.order(venue.instrument, ack.order_id).status == "CANCELED"


def test_what_breaks_a_rule_is_refused_here_by_the_same_classes(desk: Desk, venue: VenueCase) -> None:
    order = resting(desk, venue)
    for wrong, error in (
        ({**order, "quantity": "0.000000001"}, OrderMinAmountException),
        ({**order, "price": "5000.123456789"}, OrderMinPriceException),
    ):
        with pytest.raises(error) as caught:
            desk.place(venue.instrument, "BUY", **wrong)
        assert caught.value.nearest is not None
    with pytest.raises(OrderUnknownSymbolException):
        desk.place(venue.unknown, "BUY", **order)
    with pytest.raises((TypeError, ValueError)):
        desk.place(venue.instrument, "BUY", price="5000")


def test_refusals_of_the_venue_are_of_the_same_classes(desk: Desk, venue: VenueCase, exchange: Sandbox) -> None:
    with pytest.raises(UnknownSymbolException) as unknown:
        desk.ticker(venue.unknown)
    with pytest.raises(OrderNotFoundException):
        desk.order(venue.instrument, "999999999999")
    with pytest.raises(OrderNotFoundException):
        desk.cancel(venue.instrument, "999999999999")
    ask = desk.book(venue.instrument, 1).asks[0][0]
    if venue.contract:  # the margin is a small part of what is traded: the account is made a poor one
        spared = next(each.free for each in desk.balances() if each.currency == "USDT") - 1000
        exchange.withdraw("key", "USDT", spared, venue=venue.name)
    with pytest.raises(InsufficientFundsException):
        desk.place(venue.instrument, "SELL", quantity=venue.beyond, price=(ask + 10).quantize(Decimal(venue.tick)))
    if venue.contract:
        exchange.deposit("key", "USDT", spared, venue=venue.name)
    assert unknown.value.venue == venue.name
    assert unknown.value.explain().causes


@pytest.mark.parametrize("method", ["ticker", "book", "trades", "klines", "funding", "open_orders", "history", "positions"])
def test_what_is_no_instrument_is_refused_wherever_it_is_named(desk: Desk, venue: VenueCase, method: str) -> None:
    arguments = (venue.unknown, "1h") if method == "klines" else (venue.unknown,)
    lacking = method in CAPABILITIES and method not in desk.capabilities
    with pytest.raises(UnsupportedException if lacking else UnknownSymbolException):
        getattr(desk, method)(*arguments)


def test_the_same_id_is_the_same_order_or_another_one_is_refused(desk: Desk, venue: VenueCase) -> None:
    order = resting(desk, venue)
    first = desk.place(venue.instrument, "BUY", client_order_id="twice", **order)
    assert desk.place(venue.instrument, "BUY", client_order_id="twice", **order).order_id == first.order_id
    with pytest.raises(DuplicateOrderException):
        desk.place(venue.instrument, "BUY", client_order_id="twice", **{**order, "quantity": venue.more})


def test_what_a_venue_lacks_it_says_without_asking_anybody(desk: Desk, venue: VenueCase) -> None:
    calls: dict[Any, tuple[Any, ...]] = {"positions": (), "set_leverage": (venue.instrument, 3), "funding": ()}
    for name in set(CAPABILITIES) - desk.capabilities:
        with pytest.raises(UnsupportedException) as caught:
            getattr(desk, name)(*calls[name])
        assert (caught.value.venue, caught.value.what) == (venue.name, name)


def test_any_call_can_be_made_and_its_whole_answer_comes(desk: Desk, venue: VenueCase) -> None:
    assert desk.ask("GET", venue.public, {})
    answer = desk.ask("GET", venue.own, {})
    assert isinstance(answer, dict)
    if venue.name == "okx":
        assert set(answer) >= {"code", "msg", "data"}
    with pytest.raises(ExchangeAPIException):
        desk.ask("GET", venue.public.rsplit("/", 1)[0] + "/no-such-call", {})


def test_a_desk_is_that_of_a_client_and_of_nothing_else(client: Any) -> None:
    assert isinstance(desk_of(client).venue, str)
    for nothing in (None, "client", type(client), type("Stranger", (), {"venue": "elsewhere"})()):
        with pytest.raises(TypeError, match="client must be a client of a venue"):
            desk_of(nothing)


def test_the_venues_of_this_suite_are_all_that_there_are() -> None:
    import exchangeclient

    assert exchangeclient.__file__ is not None
    root = __import__("pathlib").Path(exchangeclient.__file__).parent
    others = {"core", "ccxt"}  # the second is no venue, but a way to some, which nobody here can ask
    assert {path.parent.name for path in root.glob("*/client.py")} - others == {venue.name for venue in VENUES}
