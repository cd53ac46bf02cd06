"""What is done with orders, over a venue that is slow to do it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from exchangeclient.exceptions import (
    ExchangeRequestException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)
from exchangeclient.gateway.onetoken import Settings, names
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.store import Store
from exchangeclient.gateway.onetoken.trading import Trading, _is_certain
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
