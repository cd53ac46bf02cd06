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
    OrderNotPlacedException,
    OrderStatusUnknownException,
    RateLimitException,
    UnsupportedException,
)
from exchangeclient.gateway.onetoken import Settings, names
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.pushes import WORDS
from exchangeclient.gateway.onetoken.store import Store
from exchangeclient.gateway.onetoken.trading import Trading, _form, _is_certain
from exchangeclient.market.vocabulary import Ack, Order

SEEN = Order(
    instrument="BTC/USDT", order_id="1", client_order_id="a", side="BUY", type="LIMIT", status="NEW", price=Decimal(10),
    quantity=Decimal(4), filled=Decimal(0), average_price=None, time_ms=1, update_time_ms=1, raw={},
)  # fmt: skip


class Slow:
    """A venue that only takes note of a cancellation: the order goes on dealing, and ends after some looks at it, or never."""

    name = "htx"
    client = None

    def __init__(self, looks: int | None) -> None:
        self.desk = self
        self.looks = looks
        self.cancelled = False
        self.placed: list[Any] = []

    def instrument(self, _contract: Any) -> Any:
        return SimpleNamespace(name="BTC/USDT")

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


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        (ExchangeRequestException("x", sent="no"), True),
        (ExchangeRequestException("x", sent="maybe"), False),
        (ExchangeRequestException("x", sent="yes"), False),
        (OrderNotPlacedException("x"), True),
        (OrderStatusUnknownException("x", sent="no"), False),
        (RuntimeError("closed meanwhile"), False),
        (KeyError("x"), False),
        (ValueError("price"), True),
    ],
)
def test_what_nobody_has_thought_of_leaves_an_order_undecided(error: Exception, certain: bool) -> None:
    assert _is_certain(error) is certain


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


def test_a_market_order_is_not_post_only() -> None:
    with pytest.raises(ServiceError, match="cannot be post_only"):
        _form({"amount": 1}, {"type": "market", "post_only": True})


class Amending(Busy):
    """A venue whose orders are others once they were amended."""

    def __init__(self) -> None:
        super().__init__(1, None)
        self.client = self

    def instrument(self, _contract: Any) -> Any:
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
