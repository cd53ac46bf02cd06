"""OKX's endpoints that place, amend and cancel orders: each answers a row per order, whatever became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from exchangeclient.sandbox.dialects.okx import errors, ids
from exchangeclient.sandbox.dialects.okx.call import Call
from exchangeclient.sandbox.dialects.okx.errors import VenueError
from exchangeclient.sandbox.dialects.okx.instrument_shapes import Shape, price_limits
from exchangeclient.sandbox.dialects.okx.limits import buckets
from exchangeclient.sandbox.dialects.okx.notes import Note
from exchangeclient.sandbox.dialects.okx.order_form import CROSS, ISOLATED, LEGS, MARKET, checked_price, checked_size, place
from exchangeclient.sandbox.dialects.okx.order_shapes import CANCELED, FILLED, state
from exchangeclient.sandbox.dialects.okx.params import Params
from exchangeclient.sandbox.dialects.okx.words import ms, plain
from exchangeclient.sandbox.engine.commands import Cancel, Place, Reprice
from exchangeclient.sandbox.engine.events import Order, OrderAccepted
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import OrderType, Side

MOST_ROWS = 20
_ALL_FAILED, _SOME_FAILED = ("1", "All operations failed"), ("2", "Bulk operation partially failed")
_SHORTEST_TIMER_S, _LONGEST_TIMER_S = 10, 120

Verb = Callable[[Call, Params], Shape]


class Answer(Struct, frozen=True):
    """What an answer to orders says beside its rows."""

    code: str
    text: str
    rows: list[Shape]


def _answered(call: Call, verb: Verb, name: str, most: int, *, single: bool, counts: bool) -> Answer:
    """Carry out each row, and count all of them first.

    :param most: rows of one instrument that an account may send in two seconds
    :param counts: whether they are new or amended orders
    """
    if not 0 < len(call.rows) <= MOST_ROWS:
        raise errors.BAD("args" if call.by_code else "body")
    names = [str(row.text("instIdCode" if call.by_code else "instId")) for row in call.rows]
    for bucket, amount in buckets(name, call.account, names).items():
        call.venue.limits.charge(bucket, most, call.now_us, amount)
    if counts:
        call.venue.limits.charge_orders(call.account, len(call.rows), call.now_us)
    rows = []
    for row in call.rows:
        try:
            if call.is_late and counts:
                raise errors.ORDER_LATE()
            rows.append({**verb(call, row), "sCode": "0", "sMsg": ""})
        except VenueError as error:
            if single and error.code == errors.EMPTY.code:
                raise
            rows.append({**_echo(call, row), "sCode": error.code, "sMsg": error.text})
    failed = sum(row["sCode"] != "0" for row in rows)
    code, text = ("0", "") if not failed else _ALL_FAILED if failed == len(rows) else _SOME_FAILED
    return Answer(code, text, rows)


def _echo(call: Call, row: Params) -> Shape:
    """What a refused row is told by."""
    shown = {name: row.text(name) or "" if _is_text(row, name) else "" for name in ("ordId", "clOrdId", "tag")}
    return {**shown, "ts": ms(call.shown_us)}


def _is_text(row: Params, name: str) -> bool:
    try:
        row.text(name)
    except VenueError:
        return False
    return True


# ---- placing -----------------------------------------------------------------------------------------------------


def place_order(call: Call) -> Answer:
    return _answered(call, _place, "order", 60, single=True, counts=True)


def place_orders(call: Call) -> Answer:
    """A batch of one counts as the single call."""
    single = len(call.rows) == 1
    return _answered(call, _place, "order" if single else "batch-orders", 60 if single else 300, single=False, counts=True)


def _place(call: Call, row: Params) -> Shape:
    wish = place(call, row)
    instrument = call.exchange.instruments[wish.symbol]
    try:
        events = call.venue.live.execute(wish)
    except Refused as refused:
        raise _refusal(call, instrument, wish, refused.rule) from refused
    accepted = next(event for event in events if isinstance(event, OrderAccepted))
    note = Note.read(wish.note)
    return {
        "ordId": ids.order_id(instrument, accepted.order.id),
        "clOrdId": note.client_id,
        "tag": note.tag,
        "ts": ms(call.shown_us),
    }


def _refusal(call: Call, instrument: Instrument, wish: Place, rule: Rule) -> VenueError:
    if rule is Rule.INSUFFICIENT_BALANCE:
        is_of_quote = instrument.swap is not None or wish.side is Side.BUY
        return errors.INSUFFICIENT(instrument.quote if is_of_quote else instrument.base)
    if rule is Rule.PERCENT_PRICE_BY_SIDE:
        buy, sell = price_limits(instrument, call.exchange.band_price(instrument.symbol))
        return errors.PRICE_LIMIT(plain(buy), plain(sell))
    if rule is Rule.NOTIONAL and wish.type is OrderType.MARKET:
        return errors.MARKET_TOO_LARGE()
    return errors.refusal(rule)


# ---- cancelling --------------------------------------------------------------------------------------------------


def cancel_order(call: Call) -> Answer:
    return _answered(call, _cancel, "cancel-order", 60, single=True, counts=False)


def cancel_orders(call: Call) -> Answer:
    single = len(call.rows) == 1
    return _answered(call, _cancel, "cancel-order" if single else "cancel-batch", 60 if single else 300, single=False, counts=False)


def _cancel(call: Call, row: Params) -> Shape:
    instrument, found = call.ordered(row), _wanted(call, row)
    if found is None:
        raise errors.CANCEL_UNKNOWN()
    if state(found) == CANCELED:
        raise errors.CANCEL_CANCELED()
    if state(found) == FILLED:
        raise errors.CANCEL_FILLED()
    try:
        call.venue.live.execute(Cancel(call.account, instrument.symbol, found.id))
    except Refused as refused:
        raise errors.refusal(refused.rule) from refused
    return {**_ids(instrument, found), "ts": ms(call.shown_us)}


def _wanted(call: Call, row: Params) -> Order | None:
    """The account's order that a row names: by the venue's id, which has the last word, or by its own."""
    instrument = call.ordered(row)
    return find(call, instrument, row)


def find(call: Call, instrument: Instrument, row: Params) -> Order | None:
    """One order of the account, None when there is none."""
    named = row.text("ordId")
    client_id = row.text("clOrdId")
    if named is None and client_id is None:
        raise errors.EITHER("ordId", "clOrdId")
    number = None if named is None else ids.engine_id(instrument, named)
    if named is not None and number is None:
        return None
    try:
        if number is not None:
            return call.exchange.find_order(call.account, instrument.symbol, order_id=number)
        return call.exchange.find_order(call.account, instrument.symbol, client_order_id=client_id or "")
    except Refused:
        return None


def _ids(instrument: Instrument, order: Order) -> Shape:
    return {"ordId": ids.order_id_of(instrument, order), "clOrdId": Note.read(order.note).client_id}


# ---- amending ----------------------------------------------------------------------------------------------------


def amend_order(call: Call) -> Answer:
    return _answered(call, _amend, "amend-order", 60, single=True, counts=True)


def amend_orders(call: Call) -> Answer:
    single = len(call.rows) == 1
    return _answered(call, _amend, "amend-order" if single else "amend-batch", 60 if single else 300, single=False, counts=True)


def _amend(call: Call, row: Params) -> Shape:
    """Give an order another size (what is filled included) or price; with ``cxlOnFail`` it is cancelled when that is refused."""
    instrument, found = call.ordered(row), _wanted(call, row)
    size, price = row.amount("newSz"), row.amount("newPx")
    request_id = row.client_id("reqId")
    if size is None and price is None:
        raise errors.AMEND_NOTHING()
    if found is None:
        raise errors.AMEND_UNKNOWN()
    if state(found) == CANCELED:
        raise errors.AMEND_CANCELED()
    if state(found) == FILLED:
        raise errors.AMEND_FILLED()
    try:
        quantity = 0 if size is None else checked_size(instrument, size, at_market=False)
        wish = Reprice(
            call.account,
            instrument.symbol,
            found.id,
            0 if price is None else checked_price(instrument, price),
            quantity,
        )
        with call.venue.users.asked_for(request_id):
            call.venue.live.execute(wish)
    except (Refused, VenueError) as error:
        if row.flag("cxlOnFail"):
            call.venue.live.execute(Cancel(call.account, instrument.symbol, found.id))
        if isinstance(error, VenueError):
            raise
        raise _amend_refusal(call, instrument, found, error.rule) from error
    return {**_ids(instrument, found), "reqId": request_id, "ts": ms(call.shown_us)}


def _amend_refusal(call: Call, instrument: Instrument, order: Order, rule: Rule) -> VenueError:
    if rule is Rule.INSUFFICIENT_BALANCE:
        return errors.AMEND_INSUFFICIENT()
    if rule is Rule.WOULD_MATCH:
        return errors.AMEND_WOULD_TAKE()
    if rule is Rule.AMEND_NOT_ALLOWED:
        return errors.AMEND_UNAVAILABLE()
    return _refusal(call, instrument, Place(order.account, order.symbol, order.side, order.type), rule)


# ---- all at once -------------------------------------------------------------------------------------------------


def cancel_all_after(call: Call) -> list[Any]:
    """Have all orders cancelled in so many seconds, unless this is asked again before; 0 stops it. A tag means the orders that have it."""
    seconds = call.params.whole("timeOut")
    if seconds is None:
        raise errors.EMPTY("timeOut")
    if seconds and not _SHORTEST_TIMER_S <= seconds <= _LONGEST_TIMER_S:
        raise errors.BAD("timeOut")
    account, tag, live, timers = call.account, call.params.tag(), call.venue.live, call.venue.timers
    timers.pop((account, tag), None)

    def cancel_all() -> None:
        for order in live.exchange.open_orders(account):
            if tag in ("", Note.read(order.note).tag):
                live.execute(Cancel(account, order.symbol, order.id))

    due_us = call.now_us + seconds * 1_000_000
    if seconds:
        timers[account, tag] = (due_us, cancel_all)
    return [{"triggerTime": ms(due_us + call.venue.skew_us) if seconds else "0", "tag": tag, "ts": ms(call.shown_us)}]


def close_position(call: Call) -> list[Any]:
    """Sell what is held of a swap at market, or buy it back."""
    instrument = call.swap()
    mode = call.params.chosen("mgnMode", (CROSS, ISOLATED))
    leg = LEGS[call.params.choice("posSide", LEGS) or "net"]
    position = call.exchange.positions(call.account, instrument.symbol)[leg]
    if mode != CROSS or not position.quantity:  # none has a margin of its own
        raise errors.NO_POSITION()
    if call.params.flag("autoCxl"):
        for order in call.exchange.open_orders(call.account, instrument.symbol):
            call.venue.live.execute(Cancel(call.account, order.symbol, order.id))
    side = Side.SELL if position.quantity > 0 else Side.BUY
    wish = Place(
        call.account,
        instrument.symbol,
        side,
        OrderType.MARKET,
        abs(position.quantity),
        client_order_id=call.params.client_id(),
        reduce_only=True,
        any_total=True,
        note=Note(MARKET, CROSS, "", call.params.tag(), call.params.client_id()).written(),
        leg=leg,
    )
    try:
        call.venue.live.execute(wish)
    except Refused as refused:
        raise _refusal(call, instrument, wish, refused.rule) from refused
    return [
        {
            "instId": ids.inst_id(instrument),
            "posSide": leg.value,
            "clOrdId": call.params.client_id(),
            "tag": call.params.tag(),
        }
    ]
