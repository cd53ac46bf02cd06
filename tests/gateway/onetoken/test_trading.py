"""What is done with orders, over a venue that is slow to do it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from exchangeclient.exceptions import (
    ExchangeRequestException,
    OrderNotFoundException,
    RateLimitException,
    UnsupportedException,
)
from exchangeclient.gateway.onetoken import Settings, names
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.pushes import WORDS
from exchangeclient.gateway.onetoken.store import Store
from exchangeclient.gateway.onetoken.trading import Trading
from exchangeclient.gateway.onetoken.venues import Venue
from exchangeclient.market.vocabulary import Ack, Instrument, Market, Order

SEEN = Order(
    instrument="BTC/USDT", order_id="1", client_order_id="a", side="BUY", type="LIMIT", status="NEW", price=Decimal(10),
    quantity=Decimal(4), filled=Decimal(0), average_price=None, time_ms=1, update_time_ms=1, raw={},
)  # fmt: skip


class Slow:
    """A venue that only takes note of a cancellation: the order goes on dealing, and ends after some looks at it, or never."""

    name = "htx"
    client = None
    words = WORDS["ccxt"]

    def __init__(self, looks: int | None) -> None:
        self.desk = self
        self.looks = looks
        self.cancelled = False
        self.placed: list[Any] = []

    def listed(self, _contract: Any) -> Any:
        return Instrument("BTC/USDT", Market("BTC", "USDT"), tick=Decimal("0.1"))

    instrument = listed

    def order(self, _instrument: str, *_id: Any, **_more: Any) -> Order:
        if not self.cancelled:
            return SEEN
        if self.looks is None:
            return replace(SEEN, filled=Decimal(1), status="PARTIALLY_FILLED")
        self.looks -= 1
        return replace(SEEN, filled=Decimal(1) if self.looks else Decimal(3), status="PARTIALLY_FILLED" if self.looks else "CANCELED")

    def cancel(self, _instrument: str, *_id: Any) -> None:
        self.cancelled = True

    def place(self, instrument: str, _side: str, **form: Any) -> Ack:
        self.placed.append(form["quantity"])
        return Ack(instrument, "2", "", {})


def trading(venue: Any) -> Trading:
    return Trading(names.account("huobip/main"), venue, Store(), Settings(timeout_s=1, emulate=True))


def test_an_order_is_placed_anew_only_when_the_one_before_has_ended_and_for_what_it_left() -> None:
    venue = Slow(looks=3)
    trading(venue).amend("huobip/btc.usdt-1", {"price": 11}, by_client=False)
    assert venue.placed == [Decimal(1)]


def test_an_order_that_does_not_end_is_not_placed_anew() -> None:
    venue = Slow(looks=None)
    with pytest.raises(ServiceError, match="was not placed anew") as caught:
        trading(venue).amend("huobip/btc.usdt-1", {"price": 11}, by_client=False)
    assert caught.value.code == "exg-unknown-error"
    assert venue.placed == []


def test_an_order_is_not_cancelled_for_another_one_that_breaks_a_rule() -> None:
    venue = Slow(looks=1)
    with pytest.raises(ServiceError, match="is not a multiple of") as caught:
        trading(venue).amend("huobip/btc.usdt-1", {"price": "11.05"}, by_client=False)
    assert caught.value.code == "exg-place-order-error-price"
    assert not venue.cancelled


def test_an_order_of_a_contract_that_is_halted_is_not_cancelled_for_another_one_that_could_not_be_placed() -> None:
    settings = Settings(timeout_s=1, emulate=True)
    venue = Venue("binance", "http://127.0.0.1:1", None, settings)
    desk: Any = Halting()
    desk.order = lambda instrument, **_id: SEEN if desk.cancelled == [] else replace(SEEN, instrument=instrument, status="CANCELED")
    venue.desk = desk
    with pytest.raises(ServiceError) as caught:
        Trading(names.account("binance/a"), venue, Store(), settings).amend("binance/eth.usdt-1", {"price": 11}, by_client=False)
    assert (caught.value.code, desk.cancelled) == ("contract-not-exist", [])
    venue.close()


@pytest.mark.parametrize("kind", ["STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT", "STOP_LOSS"])
def test_an_order_that_waits_for_a_price_is_not_made_one_that_deals_at_once(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    venue = Slow(looks=1)
    monkeypatch.setattr(venue, "order", lambda *_, **_id: replace(SEEN, type=kind))
    with pytest.raises(ServiceError, match=kind) as caught:
        trading(venue).amend("huobip/btc.usdt-1", {"price": 11}, by_client=False)
    assert (caught.value.code, venue.cancelled, venue.placed) == ("not-allowed", False, [])


@pytest.mark.parametrize(("number", "is_alone"), [(7, False), (-1, True)])
def test_an_order_of_a_list_is_not_cancelled_with_the_others(monkeypatch: pytest.MonkeyPatch, number: int, is_alone: bool) -> None:
    """The stop of a pair would go with it, and only the one order come again."""
    venue = Slow(looks=1)
    look = venue.order
    monkeypatch.setattr(venue, "order", lambda *_, **_id: replace(look(*_, **_id), type="LIMIT_MAKER", raw={"orderListId": number}))
    with pytest.raises(ServiceError, match="meanwhile" if is_alone else "one of a list"):
        trading(venue).amend("huobip/btc.usdt-1", {"amount": 3}, by_client=False)
    assert venue.cancelled is is_alone


class Forgetful(Slow):
    """A venue that does not know some orders, nor any client's ids, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(looks=1)
        self.asked: list[str] = []

    def contract(self, _instrument: str, exchange: Any) -> Any:
        return names.Contract(exchange, "btc.usdt")

    def open_orders(self, _instrument: str) -> list[Order]:
        return []

    def order(self, _instrument: str, order_id: str | None = None, **more: Any) -> Order:
        self.asked.append(order_id or "")
        if order_id is None:
            raise UnsupportedException("no ids", venue="htx", what="client_order_id")
        if order_id == "1":
            raise OrderNotFoundException("gone")
        return replace(SEEN, order_id=order_id, status="FILLED", filled=Decimal(4))


def test_what_a_venue_does_not_know_keeps_nothing_else_from_the_store_and_is_not_asked_for_ever() -> None:
    venue, store = Forgetful(), Store()
    kept = Trading(names.account("huobip/main"), venue, store, Settings())  # type: ignore[arg-type]
    for number in ("0", "1", "2"):
        store.reserve("huobip/main", f"c{number}", "huobip/btc.usdt", {})
        if number != "0":
            store.placed("huobip/main", f"c{number}", f"huobip/btc.usdt-{number}")
    for _ in range(5):
        rows = kept.orders(None, "end", stored=True)
    assert [(row["client_oid"], row["status"]) for row in rows] == [("c2", "dealt")]
    assert {name: venue.asked.count(name) for name in ("", "1", "2")} == {"": 3, "1": 3, "2": 1}


class Busy:
    """A venue that lets some orders be cancelled, and then none for a while, or for ever."""

    name = "okx"
    words = WORDS["okx"]

    def __init__(self, count: int, refusals: int | None) -> None:
        self.desk = self
        self.there = [replace(SEEN, order_id=str(number)) for number in range(count)]
        self.refusals = refusals

    def contract(self, _instrument: str, exchange: Any) -> Any:
        return names.Contract(exchange, "btc.usdt")

    def open_orders(self, _instrument: str | None) -> list[Order]:
        return list(self.there)

    def cancel(self, _instrument: str, order_id: str) -> None:
        if len(self.there) == 1 and self.refusals != 0:
            if self.refusals is not None:
                self.refusals -= 1
            raise RateLimitException("not sent", status_code=0, retry_after=0.01)
        self.there = [each for each in self.there if each.order_id != order_id]


def cancelling(venue: Any) -> Trading:
    return Trading(names.account("okex/a"), venue, Store(), Settings(timeout_s=1))


def test_all_orders_are_cancelled_although_the_venue_takes_so_many_at_a_time() -> None:
    venue = Busy(3, refusals=2)
    assert cancelling(venue).cancel_all(None) == {"status": "success"}
    assert not venue.there


def test_when_not_all_orders_can_be_cancelled_it_says_how_many_are_left() -> None:
    venue = Busy(3, refusals=None)
    with pytest.raises(ServiceError, match="1 of 3 orders were not cancelled") as caught:
        cancelling(venue).cancel_all(None)
    assert caught.value.code == "exg-rate-limit-exceeded"
    assert [each.order_id for each in venue.there] == ["2"]


class Amending(Busy):
    """A venue whose orders are others once they were amended."""

    def __init__(self) -> None:
        super().__init__(1, None)
        self.client = self

    def listed(self, _contract: Any) -> Any:
        return SimpleNamespace(name="BTC-USDT")

    def order(self, _instrument: str, *_id: Any, **_more: Any) -> Order:
        return self.there[0]

    def amend_order(self, *, newPx: Decimal, **_more: Any) -> None:
        self.there = [replace(self.there[0], price=newPx)]


def test_what_is_kept_of_an_amended_order_is_not_what_it_was_before() -> None:
    trading = cancelling(Amending())
    trading.changed = trading.order  # as who listens looks at it
    trading.amend("okex/btc.usdt-0", {"price": 11}, by_client=False)
    (row,) = trading._store.rows("okex/a")
    assert (row["entrust_price"], row["version"]) == (11.0, 2)


def test_more_trades_than_the_venue_gives_at_a_time_are_refused() -> None:
    trading = Trading(names.account("okex/a"), SimpleNamespace(words=WORDS["okx"]), Store(), Settings())  # type: ignore[arg-type]
    with pytest.raises(ServiceError, match="at most 100 at okex"):
        trading.deals("okex/btc.usdt", 101)


class Halting:
    """A desk of a venue that has halted one of its pairs, with an order from before."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    def instruments(self) -> list[Instrument]:
        return [
            Instrument("BTCUSDT", Market("BTC", "USDT")),
            Instrument("ETHUSDT", Market("ETH", "USDT"), trading=False),
            Instrument("BTCUSDT_OLD", Market("BTC", "USDT"), trading=False),
        ]

    def open_orders(self, _instrument: str | None) -> list[Order]:
        return [replace(SEEN, instrument="ETHUSDT")]

    def cancel(self, instrument: str, order_id: str) -> Ack:
        self.cancelled.append(instrument)
        return Ack(instrument, order_id)


def test_the_orders_of_a_contract_that_is_halted_are_seen_and_cancelled_but_none_is_placed() -> None:
    settings = Settings(timeout_s=1)
    venue = Venue("binance", "http://127.0.0.1:1", None, settings)
    desk: Any = Halting()
    venue.desk = desk
    trading = Trading(names.account("binance/a"), venue, Store(), settings)
    assert [row["contract"] for row in trading.orders(None, "active")] == ["binance/eth.usdt"]
    assert trading.cancel(["binance/eth.usdt-1"], by_client=False)[0]["exchange_oid"] == "binance/eth.usdt-1"
    trading.cancel_all(None)
    trading.cancel_all("binance/eth.usdt")
    assert desk.cancelled == ["ETHUSDT"] * 3
    with pytest.raises(ServiceError) as told:
        trading.place({"contract": "binance/eth.usdt", "price": 1, "bs": "b", "amount": 1})
    assert told.value.code == "contract-not-exist"
    assert venue.contract("BTCUSDT_OLD", trading.account.exchange) is None  # its name is another's now
    venue.close()


def test_orders_are_cancelled_while_the_venue_does_not_say_what_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, listed = [100.0], list[float]()
    venue = Venue("binance", "http://127.0.0.1:1", None, Settings(timeout_s=1))
    desk: Any = Halting()
    answer = desk.instruments()

    def instruments() -> Any:
        listed.append(now_s[0])
        if len(listed) != 2:
            return answer
        raise ExchangeRequestException("no answer")

    desk.instruments, venue.desk = instruments, desk
    monkeypatch.setattr(venue, "_clock", SimpleNamespace(monotonic_s=lambda: now_s[0]))
    trading = Trading(names.account("binance/a"), venue, Store(), Settings(timeout_s=1))
    for _ in range(10):
        trading.cancel_all("binance/btc.usdt")
        now_s[0] += 10.0
    assert listed == [100.0, 170.0, 180.0]
    now_s[0] += 100.0
    with venue._listing:  # somebody else is asking
        trading.cancel_all("binance/btc.usdt")
    assert len(listed) == 3
    venue.close()


def test_a_venue_that_has_never_said_what_it_lists_is_told() -> None:
    venue = Venue("binance", "http://127.0.0.1:1", None, Settings(timeout_s=1))
    desk: Any = SimpleNamespace(instruments=lambda: (_ for _ in ()).throw(ExchangeRequestException("no answer")))
    venue.desk = desk
    with pytest.raises(ExchangeRequestException):
        venue.instruments()
    venue.close()
