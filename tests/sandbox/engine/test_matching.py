"""The book alone: levels, the order of counterparties, what is within reach."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.events import OrderStatus, OrderType, Side, TimeInForce
from exchangeclient.sandbox.engine.instruments import UNIT, total
from exchangeclient.sandbox.engine.matching import Book, Depth, LiveOrder, Reach


def resting(id: int, side: Side, price: int, quantity: int) -> LiveOrder:
    return LiveOrder("anna", "X", id, f"c{id}", side, OrderType.LIMIT, TimeInForce.GTC, price, quantity, 0, 1, 1)


def test_best_price_comes_first_then_the_longest_waiting() -> None:
    book = Book()
    for order in (resting(1, Side.SELL, 12, 5), resting(2, Side.SELL, 11, 5), resting(3, Side.SELL, 11, 5), resting(4, Side.SELL, 10, 5)):
        book.rest(order)
    met = []
    while (maker := book.counterparty(Side.BUY, 11)) is not None:
        met.append(maker.id)
        book.reduce(maker, maker.remaining)
    assert met == [4, 2, 3]
    assert book.depth(10).asks == [(12, 5)]


def test_a_part_taken_keeps_the_place_in_the_queue() -> None:
    book = Book()
    first, second = resting(1, Side.BUY, 10, 5), resting(2, Side.BUY, 10, 5)
    book.rest(first)
    book.rest(second)
    assert book.reduce(first, 2) == 8
    first.fill(2, 0, 1)
    assert book.counterparty(Side.SELL, None) is first


def test_each_change_of_a_level_takes_the_next_update_id() -> None:
    book = Book()
    order = resting(1, Side.BUY, 10, 5)
    ids = [book.last_update_id]
    book.rest(order)
    ids.append(book.last_update_id)
    book.reduce(order, 5)
    ids.append(book.last_update_id)
    assert ids == [0, 1, 2]
    assert book.depth(5) == Depth(2, [], [])


def test_depth_is_best_first_and_limited() -> None:
    book = Book()
    for n in range(1, 6):
        book.rest(resting(n, Side.BUY, n, n))
        book.rest(resting(10 + n, Side.SELL, 10 + n, n))
    depth = book.depth(2)
    assert depth.bids == [(5, 5), (4, 4)]
    assert depth.asks == [(11, 1), (12, 2)]
    assert book.depth(0).bids == []


def test_an_order_that_is_part_filled_on_entry_rests_with_what_remains() -> None:
    book = Book()
    order = resting(1, Side.BUY, 10, 5)
    order.fill(3, 0, 1)
    assert book.rest(order) == 2
    assert book.quantity_at(Side.BUY, 10) == 2
    assert book.quantity_at(Side.SELL, 10) == 0


def test_a_closed_order_shows_that_it_left_the_book() -> None:
    order = resting(1, Side.BUY, 10, 5)
    assert order.snapshot().on_book
    order.close(OrderStatus.CANCELED, 7)
    shown = order.snapshot()
    assert (shown.status, shown.updated_us, shown.on_book) == (OrderStatus.CANCELED, 7, False)


LEVELS = st.lists(st.tuples(st.integers(UNIT // 2, 2 * UNIT), st.integers(1, 20)), max_size=8)


@given(LEVELS, st.integers(0, 20 * UNIT), st.sampled_from(list(Side)))
def test_a_quote_amount_buys_as_much_as_whole_steps_allow_and_never_more(levels: list[tuple[int, int]], amount: int, side: Side) -> None:
    step = UNIT // 10
    book = Book()
    other = Side.SELL if side is Side.BUY else Side.BUY
    for n, (price, steps) in enumerate(levels):
        book.rest(resting(n, other, price, steps * step))
    reach = book.reach_for_quote(side, amount, step)
    assert reach.quantity % step == 0
    assert reach.quote <= amount
    assert reach == Reach(reach.quantity, book.reach(side, reach.quantity).quote, reach.exhausted)
    one_more = book.reach(side, reach.quantity + step)
    if reach.exhausted:
        assert one_more.exhausted
    elif not one_more.exhausted and side is Side.BUY:  # a seller could go on at a lower price, but the better level comes first
        assert one_more.quote > amount or amount == reach.quote


@given(LEVELS, st.integers(0, 200), st.integers(UNIT // 2, 2 * UNIT))
def test_reach_counts_what_a_limit_allows(levels: list[tuple[int, int]], quantity: int, limit: int) -> None:
    book = Book()
    for n, (price, steps) in enumerate(levels):
        book.rest(resting(n, Side.SELL, price, steps))
    allowed = sum(steps for price, steps in levels if price <= limit)
    reach = book.reach(Side.BUY, quantity, limit)
    assert reach.quantity == min(quantity, allowed)
    assert reach.exhausted == (quantity > allowed)
    assert reach.quote <= total(limit, reach.quantity)
