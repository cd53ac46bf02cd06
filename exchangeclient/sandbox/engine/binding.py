"""How much of its owner's funds an order binds. What it binds is noted on it; the owner's purse holds the sum of all as locked.

On a swap both sides bind margin for what may open a position (:mod:`.positions`). Elsewhere a buyer's limit order binds its total, every
seller's order its quantity. A buyer's order at market binds what the book costs; while it waits for its trigger, its total at the stop
price, or at the last price when it only trails. Of a pair of which only one order can have its way, the larger need is bound once: the
second order binds only what it needs beyond the first.
"""

from __future__ import annotations

from .accounts import Purse
from .commands import Place
from .events import Order
from .hall import Hall
from .instruments import UNIT
from .market import Party
from .orders import LiveOrder
from .words import Side

_BUY = Side.BUY


def purse_of(party: Party, side: Side) -> Purse:
    """What an order of this side pays from."""
    return party.quote if side is _BUY else party.base


def need(side: Side, price: int, quantity: int) -> int:
    """What a quantity binds at a price."""
    return price * quantity // UNIT if side is _BUY else quantity


def pledge(party: Party, wish: Place | Order, price: int, quantity: int) -> int:
    """What a new order of a party binds at a price: on a swap, margin for what may open a position."""
    swap = party.market.instrument.swap
    if swap is None:
        return need(wish.side, price, quantity)
    best = party.market.book.best_price(Side.SELL if wish.side is _BUY else _BUY)
    return margin(party, wish, quantity, swap.value(swap.dearest(wish.side, price, best), quantity))


def margin(party: Party, wish: Place | Order, quantity: int, value: int) -> int:
    """What an order on a swap binds, beside the party's others."""
    side, position, others = wish.side, party.legs[wish.leg], 0
    if position.closable(side) > 0:
        others = sum(each.remaining for each in party.open.values() if each.state.side is side and each.state.leg is wish.leg)
    return position.need(side, quantity, abs(value), others)


def shrunk(party: Party, order: LiveOrder, remaining: int) -> int:
    """What an order binds when only ``remaining`` is left of it."""
    if party.legs or (order.state.side is _BUY and not order.price):
        return order.bound * remaining // order.remaining
    return need(order.state.side, order.price, remaining)


def rebind(hall: Hall, party: Party, order: LiveOrder, bound: int) -> None:
    """Bind more or less than before; the caller has checked that it suffices."""
    more, order.bound = bound - order.bound, bound
    bind(hall, party.quote if order.state.side is _BUY else party.base, more)


def bind(hall: Hall, purse: Purse, more: int) -> None:
    """Lock so much more of a purse's funds, less when it is negative."""
    if more:
        purse.free -= more
        purse.locked += more
        hall.accounts.touched[purse] = None
