"""Which waiting orders a trade sets off: as if each of them were looked at."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.events import Order
from exchangeclient.sandbox.engine.orders import LiveOrder
from exchangeclient.sandbox.engine.triggers import Triggers
from exchangeclient.sandbox.engine.words import OrderStatus, OrderType, Side, TimeInForce

STOPS = (OrderType.STOP_LOSS, OrderType.TAKE_PROFIT)


def waiting(order_id: int, side: Side, kind: OrderType, *, stop: int = 0, delta: int = 0) -> LiveOrder:
    state = Order(
        account="anna",
        symbol="X",
        id=order_id,
        client_order_id=f"c{order_id}",
        side=side,
        type=kind,
        time_in_force=TimeInForce.GTC,
        price=0,
        quantity=1,
        quote_quantity=0,
        executed=0,
        executed_quote=0,
        status=OrderStatus.NEW,
        created_us=1,
        updated_us=1,
        working_us=-1,
        on_book=False,
        stop_price=stop,
        trailing_delta=delta,
    )
    return LiveOrder(state, 1, 1, 0, 0)


@dataclass
class Watched:
    """The same order, looked at with every price."""

    order: LiveOrder
    extreme: int | None = None

    def fires(self, price: int) -> bool:
        state = self.order.state
        above = (state.side is Side.BUY) == (state.type is OrderType.STOP_LOSS)
        reached = not state.stop_price or (price >= state.stop_price if above else price <= state.stop_price)
        if not state.trailing_delta:
            return reached
        if self.extreme is None:
            self.extreme = price if reached else None
            return False
        if state.side is Side.BUY:
            self.extreme = min(self.extreme, price)
            return price * 10_000 >= self.extreme * (10_000 + state.trailing_delta)
        self.extreme = max(self.extreme, price)
        return price * 10_000 <= self.extreme * (10_000 - state.trailing_delta)


PRICES = st.integers(80, 120)
ADD = st.tuples(st.sampled_from(list(Side)), st.sampled_from(STOPS), PRICES | st.just(0), st.sampled_from([0, 100, 300, 1000]))
STEPS = st.lists(PRICES | ADD | st.just("discard"), max_size=60)


@given(STEPS)
def test_a_trade_sets_off_exactly_those_that_looking_at_each_would_find(steps: list) -> None:
    triggers, watched = Triggers(), {}
    for number, step in enumerate(steps, 1):
        if isinstance(step, int):
            expected = [order_id for order_id, each in watched.items() if each.fires(step)]
            assert [order.state.id for order in triggers.passed(step, number)] == sorted(expected)
            for order_id in expected:
                triggers.discard(watched.pop(order_id).order)
        elif step == "discard":
            if watched:
                triggers.discard(watched.pop(sorted(watched)[len(watched) // 2]).order)
        else:
            side, kind, stop, delta = step
            order = waiting(number, side, kind, stop=stop or (0 if delta else 100), delta=delta)
            watched[number] = Watched(order)
            triggers.add(order)
        assert set(triggers.waiting) == set(watched)
        for each in watched.values():
            assert each.order.waiting
            assert (each.order.state.trailing_us >= 0) == (each.extreme is not None)


def test_an_order_that_was_set_off_waits_until_it_is_discarded_and_is_set_off_once() -> None:
    triggers = Triggers()
    order = waiting(1, Side.BUY, OrderType.STOP_LOSS, stop=100)
    triggers.add(order)
    assert triggers.passed(100, 5) == [order]
    assert order.waiting
    assert not triggers.waiting
    assert triggers.passed(120, 6) == []
    triggers.discard(order)
    triggers.discard(order)
    assert not order.waiting


def test_a_trail_tells_since_when_it_is_followed() -> None:
    triggers = Triggers()
    order = waiting(1, Side.SELL, OrderType.TAKE_PROFIT, stop=110, delta=100)
    triggers.add(order)
    triggers.passed(109, 7)
    assert order.state.trailing_us == -1
    triggers.passed(111, 8)
    assert order.state.trailing_us == 8
