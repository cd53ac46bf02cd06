"""An order that works: it meets the book, and what is left of it rests there or expires, by its terms.

A conditional order works from the moment a trade sets it off. It is checked once more then, against the book and the funds as they are.
"""

from __future__ import annotations

from msgspec import structs

from . import lists
from .binding import purse_of, rebind
from .closing import end, expire, reject
from .crossing import cross
from .events import OrderTriggered
from .hall import Hall
from .market import Market, Party
from .matching import reach
from .orders import LiveOrder
from .prevention import offers
from .refusals import Refused, Rule
from .routing import cross_routed, routed_levels
from .terms import working_need, working_price
from .words import ExpiryReason, OrderType, Side, TimeInForce

_BUY = Side.BUY
_GTC, _GTX, _FOK = TimeInForce.GTC, TimeInForce.GTX, TimeInForce.FOK
_LIMIT_MAKER = OrderType.LIMIT_MAKER


def work(hall: Hall, party: Party, order: LiveOrder) -> None:
    """Let an order that is accepted meet the book."""
    state = order.state
    reason: ExpiryReason | None = None
    if state.time_in_force is _GTX and party.market.book.counterparty(state.side, order.price) is not None:
        reason = ExpiryReason.WOULD_TAKE
    elif state.type is not _LIMIT_MAKER and not (state.time_in_force is _FOK and order.price and _falls_short(hall, party.market, order)):
        reason = cross_routed(hall, party, order) if state.routed else cross(hall, party, order)
        state = order.state
    if not order.remaining and not order.short:
        end(hall, party, order)
    elif reason is None and order.price and (state.time_in_force is _GTC or state.type is _LIMIT_MAKER or state.time_in_force is _GTX):
        if state.iceberg_quantity:
            order.show()
        else:
            order.visible = order.remaining
        if state.routed:
            order.state = structs.replace(state, special=state.specially(floor="EXCHANGE"))
        hall.level(party.market, state.side, order.price, party.market.book.rest(order))
    else:
        expire(hall, party, order, reason or _unfilled(order))


def _falls_short(hall: Hall, market: Market, order: LiveOrder) -> bool:
    """True when an order cannot be filled whole right now."""
    state = order.state
    lowest, highest = market.bounds(state.side, hall.now_us)
    limit = min(order.price, highest) if state.side is _BUY else max(order.price, lowest)
    owner = state.self_trade, state.group
    levels = market.book.against(state.side).walk() if not state.routed else routed_levels(hall, market, state, order.remaining, owner)
    return reach(offers(levels, state, owner), state.side, order.remaining, limit).exhausted


def _unfilled(order: LiveOrder) -> ExpiryReason:
    if not order.price:
        return ExpiryReason.INSUFFICIENT_LIQUIDITY
    if order.state.time_in_force is _FOK:
        return ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED
    return ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED


def trigger(hall: Hall, market: Market, order: LiveOrder) -> None:
    """Let an order work that a trade has set off, unless something ended it meanwhile."""
    if not order.waiting:
        return
    market.triggers.discard(order)
    party = market.parties[order.state.account]
    if order.state.list_id != -1:
        lists.claim(hall, party, order)
    try:
        price, pegged = working_price(hall, market, order.state)
        bound = working_need(hall, market, order, price)
        if purse_of(party, order.state.side).free + order.bound < bound:
            raise Refused(Rule.INSUFFICIENT_BALANCE)
    except Refused as refused:
        reject(hall, party, order, refused.rule)
        return
    order.price = price
    rebind(hall, party, order, bound)
    now_us = hall.now_us
    special = order.state.special if not pegged else order.state.specially(pegged_price=pegged)
    order.state = structs.replace(order.state, working_us=now_us, updated_us=now_us, on_book=price != 0, special=special)
    hall.events.append(OrderTriggered(order.state, now_us))
    work(hall, party, order)
