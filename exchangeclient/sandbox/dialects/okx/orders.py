"""OKX's endpoints that tell an account of its orders and fills, page by page, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from exchangeclient.sandbox.dialects.okx import errors, ids, order_shapes
from exchangeclient.sandbox.dialects.okx.account_shapes import leverage
from exchangeclient.sandbox.dialects.okx.call import TYPES, Call
from exchangeclient.sandbox.dialects.okx.instrument_shapes import Shape
from exchangeclient.sandbox.dialects.okx.notes import Note
from exchangeclient.sandbox.dialects.okx.order_shapes import CANCELED, LIVE, PARTLY, state
from exchangeclient.sandbox.dialects.okx.trading import find
from exchangeclient.sandbox.engine.candles import DAY_MS, HOUR_MS
from exchangeclient.sandbox.engine.events import Fill, Order
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.words import Side

_MOST = 100
_WEEK_MS, _QUARTER_MS = 7 * DAY_MS, 92 * DAY_MS
_UNFILLED_KEPT_MS = 2 * HOUR_MS  # of cancelled orders that were never filled
_FRESH_FILLS_MS = 3 * DAY_MS

T = TypeVar("T")
Found = tuple[Instrument, Order]


def query_order(call: Call) -> list[Any]:
    instrument = call.instrument()
    found = find(call, instrument, call.params)
    if found is None or _is_forgotten(found, call.now_us // 1000):
        raise errors.NO_SUCH_ORDER()
    return [shape(call, instrument, found)]


def shape(call: Call, instrument: Instrument, order: Order) -> Shape:
    """An order with all its fills."""
    fills = call.exchange.fills(order.account, order.symbol, order_id=order.id)
    return order_shapes.order(instrument, order, fills, leverage(call.exchange, call.account, instrument), call.venue.skew_us)


def pending(call: Call) -> list[Any]:
    wanted = call.params.choice("state", (LIVE, PARTLY))
    return _page(call, needed=False, keep=lambda order: state(order) in (LIVE, PARTLY) and wanted in (None, state(order)))


def history(call: Call) -> list[Any]:
    """The last week; what was cancelled without a fill is only kept for two hours."""
    return _ended(call, _WEEK_MS)


def archive(call: Call) -> list[Any]:
    """The last three months."""
    return _ended(call, _QUARTER_MS)


def _ended(call: Call, kept_ms: int) -> list[Any]:
    params, now_ms = call.params, call.now_us // 1000
    wanted = params.choice("state", ("canceled", "filled", "mmp_canceled"))
    begin, end = params.whole("begin"), params.whole("end")

    def keep(order: Order) -> bool:
        created_ms = order.created_us // 1000
        return (
            state(order) not in (LIVE, PARTLY)
            and wanted in (None, state(order))
            and order.updated_us // 1000 >= now_ms - kept_ms
            and not _is_forgotten(order, now_ms)
            and (begin is None or created_ms >= begin)
            and (end is None or created_ms <= end)
        )

    return _page(call, needed=True, keep=keep)


def _is_forgotten(order: Order, now_ms: int) -> bool:
    return state(order) == CANCELED and not order.executed and order.updated_us // 1000 < now_ms - _UNFILLED_KEPT_MS


def _page(call: Call, *, needed: bool, keep: Callable[[Order], bool]) -> list[Any]:
    params = call.params
    kind = params.choice("ordType", ("market", "limit", "post_only", "fok", "ioc", "optimal_limit_ioc"))
    found: list[Found] = [
        (each, order)
        for each in call.chosen(needed=needed)
        for order in call.exchange.orders(call.account, each.symbol)
        if keep(order) and kind in (None, Note.read(order.note).type)
    ]
    found.sort(key=lambda pair: (pair[1].created_us, pair[0].code, pair[1].id), reverse=True)
    rows = newest(found, lambda pair: ids.order_id_of(*pair), call)
    return [shape(call, *pair) for pair in rows]


def newest(found: Sequence[T], cursor: Callable[[T], str], call: Call) -> Sequence[T]:
    """A page of rows that are the newest first: ``after`` a cursor is older than it, ``before`` newer, both without it."""
    after, before, limit = call.params.text("after"), call.params.text("before"), call.params.limit(_MOST, _MOST)
    places = {cursor(each): place for place, each in enumerate(found)}
    start, end = 0, len(found)
    if after is not None:
        start = _place(places, after) + (after in places)
    if before is not None:
        end = _place(places, before)
    return found[start:end][:limit]


def _place(places: dict[str, int], cursor: str) -> int:
    """Where a cursor stands among rows that need not have it: ids of one instrument grow with time."""
    if cursor in places:
        return places[cursor]
    if not (cursor.isascii() and cursor.isdigit()):
        raise errors.BAD("after")
    return sum(int(each) > int(cursor) for each in places)


# ---- fills -------------------------------------------------------------------------------------------------------


def fills(call: Call) -> list[Any]:
    """Those of the last three days."""
    call.params.choice("instType", TYPES)
    return _fills(call, _FRESH_FILLS_MS, needed=False)


def fills_history(call: Call) -> list[Any]:
    """Those of the last three months."""
    return _fills(call, _QUARTER_MS, needed=True)


def _fills(call: Call, kept_ms: int, *, needed: bool) -> list[Any]:
    params, now_ms = call.params, call.now_us // 1000
    begin, end, of_order = params.whole("begin"), params.whole("end"), params.text("ordId")
    found: list[tuple[Instrument, Fill]] = []
    for instrument in call.chosen(needed=needed):
        number = None if of_order is None else ids.engine_id(instrument, of_order)
        if of_order is not None and number is None:
            continue
        start_ms = max(begin or 0, now_ms - kept_ms)
        known = call.exchange.fills(call.account, instrument.symbol, order_id=number)
        found += [(instrument, each) for each in known if start_ms <= each.time_us // 1000 <= (now_ms if end is None else end)]
    found.sort(key=lambda pair: (pair[1].time_us, pair[0].code, pair[1].trade_id, pair[1].side is Side.SELL), reverse=True)
    rows = newest(found, lambda pair: ids.bill_id(*pair), call)
    return [_fill(call, *pair) for pair in rows]


def _fill(call: Call, instrument: Instrument, fill: Fill) -> Shape:
    order = call.exchange.find_order(call.account, instrument.symbol, order_id=fill.order_id)
    return order_shapes.fill(instrument, fill, order, call.venue.skew_us)
