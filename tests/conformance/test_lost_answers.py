"""An order is never sent twice, and its fate is told by the same classes at every venue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchangeclient.exceptions import OrderNotPlacedException, OrderStatusUnknownException


def order(alone: Any) -> dict[str, Any]:
    """One that stays in the book."""
    return {"quantity": alone.venue.size, "price": "5000"}


def test_a_lost_answer_to_an_order_that_was_taken_is_found(alone: Any) -> None:
    alone.exchange.fault("drop", route=alone.venue.place, when="after", ending="close", times=1)
    ack = alone.desk.place(alone.venue.instrument, "BUY", **order(alone))
    assert [each.order_id for each in alone.desk.open_orders(alone.venue.instrument)] == [ack.order_id]


def test_one_that_was_not_taken_is_said_not_to_be_there(alone: Any) -> None:
    alone.exchange.fault("drop", route=alone.venue.place, when="before", ending="close", times=1)
    with pytest.raises(OrderNotPlacedException):
        alone.desk.place(alone.venue.instrument, "BUY", **order(alone))
    assert alone.desk.open_orders(alone.venue.instrument) == []


def test_while_the_venue_cannot_be_asked_nobody_knows_and_a_journal_remembers(alone: Any, tmp_path: Path) -> None:
    from exchangeclient.desk import desk_of

    user = alone.another(journal=tmp_path / "orders", settle_timeout=0.0)
    trouble = alone.exchange.fault("error", route=alone.venue.ask, status=503)
    alone.exchange.fault("drop", route=alone.venue.place, when="after", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException) as caught:
        desk_of(user).place(alone.venue.instrument, "BUY", client_order_id="mine", **order(alone))
    assert caught.value.client_order_id == "mine"
    trouble.lift()
    (doubt,) = alone.another(journal=tmp_path / "orders").undecided_orders()
    assert doubt.resolve()
    assert alone.another(journal=tmp_path / "orders").undecided_orders() == []
    assert len(alone.desk.open_orders(alone.venue.instrument)) == 1


def test_a_page_that_is_not_found_does_not_mean_an_order_that_is_not_there(alone: Any) -> None:
    trouble = alone.exchange.fault("replace", route=alone.venue.ask, status=404, text="<html>Not Found</html>", type="text/html")
    alone.exchange.fault("drop", route=alone.venue.place, when="after", ending="close", times=1)
    with pytest.raises(OrderStatusUnknownException) as caught:
        alone.desk.place(alone.venue.instrument, "BUY", **order(alone))
    trouble.lift()
    assert caught.value.resolve()
    assert len(alone.desk.open_orders(alone.venue.instrument)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_cancellation_is_carried_out(alone: Any, when: str) -> None:
    ack = alone.desk.place(alone.venue.instrument, "BUY", **order(alone))
    alone.exchange.fault("drop", route=alone.venue.cancel, when=when, ending="close", times=1)
    assert alone.desk.cancel(alone.venue.instrument, ack.order_id).order_id == ack.order_id
    assert alone.desk.open_orders(alone.venue.instrument) == []


def test_reads_are_repeated_and_orders_are_not(alone: Any) -> None:
    alone.exchange.fault("error", status=503, route="GET *", times=1)
    assert alone.desk.ticker(alone.venue.instrument).last
