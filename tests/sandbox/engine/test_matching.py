"""The book alone: levels, the order of counterparties, what is within reach."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.events import Order
from exchangeclient.sandbox.engine.instruments import UNIT, total
from exchangeclient.sandbox.engine.matching import Book, Depth, Reach, reach, reach_for_quote
from exchangeclient.sandbox.engine.orders import LiveOrder
from exchangeclient.sandbox.engine.words import OrderStatus, OrderType, Side, TimeInForce


def resting(order_id: int, side: Side, price: int, quantity: int, *, iceberg: int = 0) -> LiveOrder:
    state = Order(
        account="anna",
        symbol="X",
        id=order_id,
        client_order_id=f"c{order_id}",
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=price,
        quantity=quantity,
        quote_quantity=0,
        executed=0,
        executed_quote=0,
        status=OrderStatus.NEW,
        created_us=1,
        updated_us=1,
        working_us=1,
        on_book=True,
        iceberg_quantity=iceberg,
    )
    order = LiveOrder(state, quantity, 0, price, 0)
    order.show()
    return order


def test_best_price_comes_first_then_the_longest_waiting() -> None:
    book = Book()
    for order in (resting(1, Side.SELL, 12, 5), resting(2, Side.SELL, 11, 5), resting(3, Side.SELL, 11, 5), resting(4, Side.SELL, 10, 5)):
        book.rest(order)
    met = []
    while (maker := book.counterparty(Side.BUY, 11)) is not None:
        met.append(maker.state.id)
        book.take(maker, maker.remaining)
    assert met == [4, 2, 3]
    assert book.depth(10).asks == [(12, 5)]


def test_a_part_taken_keeps_the_place_in_the_queue() -> None:
    book = Book()
    first, second = resting(1, Side.BUY, 10, 5), resting(2, Side.BUY, 10, 5)
    book.rest(first)
    book.rest(second)
    assert book.take(first, 2) == 8
    assert book.counterparty(Side.SELL, None) is first


def test_each_change_of_a_level_takes_the_next_update_id() -> None:
    book = Book()
    order = resting(1, Side.BUY, 10, 5)
    ids = [book.last_update_id]
    book.rest(order)
    ids.append(book.last_update_id)
    book.remove(order)
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


def test_a_quantity_is_found_on_its_own_side_only() -> None:
    book = Book()
    assert book.rest(resting(1, Side.BUY, 10, 2)) == 2
    assert book.quantity_at(Side.BUY, 10) == 2
    assert book.quantity_at(Side.SELL, 10) == 0


def test_an_iceberg_shows_a_part_and_the_next_part_goes_behind_the_others() -> None:
    book = Book()
    iceberg, other = resting(1, Side.SELL, 10, 7, iceberg=3), resting(2, Side.SELL, 10, 4)
    assert book.rest(iceberg) == 3
    assert book.rest(other) == 7
    assert list(book.offers(Side.BUY)) == [(10, 11)]
    met = []
    while (maker := book.counterparty(Side.BUY, None)) is not None:
        met.append((maker.state.id, maker.visible, book.quantity_at(Side.SELL, 10)))
        book.take(maker, maker.visible)
    assert met == [(1, 3, 7), (2, 4, 7), (1, 3, 3), (1, 1, 1)]
    assert not iceberg.resting


def test_an_iceberg_that_shrinks_shows_as_much_as_before_while_there_is_enough() -> None:
    book = Book()
    order = resting(1, Side.BUY, 10, 9, iceberg=4)
    book.rest(order)
    assert book.shrink(order, 5) == 4
    assert list(book.offers(Side.SELL)) == [(10, 5)]
    assert book.shrink(order, 2) == 2
    assert book.remove(order) == 0
    assert list(book.offers(Side.SELL)) == []


def test_orders_that_are_gone_do_not_pile_up_behind_one_that_stays() -> None:
    book = Book()
    book.rest(resting(1, Side.BUY, 10, 5))
    book.rest(resting(2, Side.SELL, 11, 1000, iceberg=1))
    for order_id in range(3, 1000):
        order = resting(order_id, Side.BUY, 10, 1)
        book.rest(order)
        book.remove(order)
        maker = book.counterparty(Side.BUY, None)
        assert maker is not None
        book.take(maker, 1)
    for side, price in ((Side.BUY, 10), (Side.SELL, 11)):
        (level,) = (level for known, level in book.side(side).walk() if known == price)
        assert len(level.queue) < 30
        assert len(level.orders()) == 1


PLACES = st.lists(st.tuples(st.sampled_from(list(Side)), st.integers(1, 400), st.integers(1, 9), st.booleans()), max_size=400)


@given(PLACES)
def test_the_book_tells_what_rests_however_prices_come_and_go(places: list[tuple[Side, int, int, bool]]) -> None:
    """Levels that empty are kept for a while; nobody may see them."""
    book = Book()
    held: list[LiveOrder] = []
    for order_id, (side, price, quantity, stays) in enumerate(places, 1):
        order = resting(order_id, side, price, quantity)
        book.rest(order)
        held.append(order)
        if not stays:
            book.remove(held.pop(len(held) // 2))
    for side in Side:
        sums: dict[int, int] = {}
        for order in held:
            if order.state.side is side:
                sums[order.price] = sums.get(order.price, 0) + order.remaining
        levels = sorted(sums.items(), reverse=side is Side.BUY)
        depth = book.depth(1000)
        assert (depth.bids if side is Side.BUY else depth.asks) == levels
        assert book.side(side).empty == sum(not level.count for level in book.side(side).levels.values())
        assert book.best_price(side) == (levels[0][0] if levels else None)
        assert list(book.offers(Side.SELL if side is Side.BUY else Side.BUY)) == levels


LEVELS = st.lists(st.tuples(st.integers(UNIT // 2, 2 * UNIT), st.integers(1, 20)), max_size=8)


@given(LEVELS, st.integers(0, 20 * UNIT), st.sampled_from(list(Side)))
def test_a_quote_amount_buys_as_much_as_whole_steps_allow_and_never_more(levels: list[tuple[int, int]], amount: int, side: Side) -> None:
    step = UNIT // 10
    book = Book()
    other = Side.SELL if side is Side.BUY else Side.BUY
    for n, (price, steps) in enumerate(levels):
        book.rest(resting(n, other, price, steps * step))
    found = reach_for_quote(book.offers(side), amount, step)
    assert found.quantity % step == 0
    assert found.quote <= amount
    assert found == Reach(found.quantity, reach(book.offers(side), side, found.quantity).quote, found.exhausted)
    one_more = reach(book.offers(side), side, found.quantity + step)
    if found.exhausted:
        assert one_more.exhausted
    elif not one_more.exhausted and side is Side.BUY:  # a seller could go on at a lower price, but the better level comes first
        assert one_more.quote > amount


def test_a_quote_amount_that_is_a_cut_total_buys_all_that_it_pays_for() -> None:
    step, price = 1_000_003, 6_984_886
    amount = total(price, 12 * step)
    assert reach_for_quote([(price, 30 * step)], amount, step).quantity == 12 * step


@given(LEVELS, st.integers(0, 200), st.integers(UNIT // 2, 2 * UNIT))
def test_reach_counts_what_a_limit_allows(levels: list[tuple[int, int]], quantity: int, limit: int) -> None:
    book = Book()
    for n, (price, steps) in enumerate(levels):
        book.rest(resting(n, Side.SELL, price, steps))
    allowed = sum(steps for price, steps in levels if price <= limit)
    found = reach(book.offers(Side.BUY), Side.BUY, quantity, limit)
    assert found.quantity == min(quantity, allowed)
    assert found.exhausted == (quantity > allowed)
    assert found.quote <= total(limit, found.quantity)
