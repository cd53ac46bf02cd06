"""What an order comes in with: its quantity, its price and what it binds, as far as the book and the time decide."""

from __future__ import annotations

from itertools import islice

from msgspec import Struct

from .binding import margin, need, pledge
from .checks import check_features, check_lot, check_rules, check_shape, passes_at_a_glance
from .commands import Peg, Place
from .events import Order
from .hall import Hall
from .instruments import UNIT
from .market import Market, Party
from .matching import reach, reach_for_quote
from .orders import LiveOrder, rises
from .positions import check_leg, reducible
from .prevention import Owner, dearest_offers, offers
from .refusals import Refused, Rule
from .routing import check_routed, routed_levels
from .words import OrderType, PegKind, SelfTrade, Side

_BUY = Side.BUY
_MARKET, _LIMIT_MAKER = OrderType.MARKET, OrderType.LIMIT_MAKER
_NONE, _EXPIRE_MAKER = SelfTrade.NONE, SelfTrade.EXPIRE_MAKER


class Terms(Struct, gc=False):
    """The terms of one order."""

    quantity: int
    price: int  # at which it works; 0 at market, or while a pegged one waits
    bound: int
    short: bool = False
    pegged: int = 0
    begins: bool = True  # False for one that waits for another order; it binds nothing yet


def agree(hall: Hall, party: Party, wish: Place) -> Terms:
    """Check a single order against everything but the account and its other orders, and find its terms.

    :raises Refused: naming the rule
    :raises ValueError: for an order that makes no sense
    """
    price, quantity = wish.price, wish.quantity
    value = price * quantity // UNIT
    if passes_at_a_glance(wish, value, party.market, hall.now_us):
        if party.legs:
            check_leg(party, wish)
            return Terms(quantity, price, pledge(party, wish, price, quantity))
        return Terms(quantity, price, value if wish.side is _BUY else quantity)
    return agree_in_full(hall, party, wish)


def agree_in_full(hall: Hall, party: Party, wish: Place, *, begins: bool = True, sized: bool = True) -> Terms:
    """The same for any order, of a list too, with one check after the other.

    :param begins: False for one that waits for another order
    :param sized: False for one whose quantity is not known yet
    :raises Refused: naming the rule
    :raises ValueError: for an order that makes no sense
    """
    market = party.market
    instrument = market.instrument
    price, quantity = wish.price, wish.quantity
    check_shape(wish)
    if not party.account.ruled:
        return Terms(quantity, price, pledge(party, wish, price, quantity), begins=begins)
    check_features(wish, instrument)
    if party.legs:
        check_leg(party, wish)
    if wish.routed:
        check_routed(hall, instrument)
    pegged = 0
    if wish.peg is not None and begins and not (wish.stop_price or wish.trailing_delta):
        pegged = pegged_price(market, wish.side, wish.peg)
    check_rules(wish, instrument, market.band_price(hall.now_us), pegged=pegged, sized=sized)
    if wish.type is _MARKET and begins:
        return _market_terms(hall, party, wish)
    price = pegged or (wish.price if wish.peg is None else 0)
    if wish.reduce_only:
        quantity = min(quantity, reducible(party, wish.side, wish.leg))
    bound = pledge(party, wish, price or wish.stop_price or market.tape.last_price, quantity)
    return Terms(quantity, price, bound, False, pegged, begins)


def _market_terms(hall: Hall, party: Party, wish: Place) -> Terms:
    """How much an order at market gets, and what the book asks for it."""
    market, instrument = party.market, party.market.instrument
    mode, group = wish.self_trade or instrument.self_trade, party.account.group
    if party.legs:
        return _swap_terms(party, wish, (mode, group))
    if not wish.quote_quantity:
        return Terms(wish.quantity, 0, _market_need(hall, market, wish, wish.quantity, (mode, group)))
    met = offers(market.book.against(wish.side).walk(), wish, (mode if mode is _EXPIRE_MAKER else _NONE, group))
    found = reach_for_quote(met, wish.quote_quantity, instrument.step)
    if found.exhausted and found.quantity < instrument.min_quantity:
        raise Refused(Rule.NO_LIQUIDITY)
    check_lot(found.quantity, instrument, market=True)
    return Terms(found.quantity, 0, wish.quote_quantity if wish.side is _BUY else found.quantity, found.exhausted)


def _swap_terms(party: Party, wish: Place, owner: Owner) -> Terms:
    """The same on a swap, where both sides pledge margin."""
    quantity = min(wish.quantity, reducible(party, wish.side, wish.leg)) if wish.reduce_only else wish.quantity
    met = dearest_offers(party.market.book.against(wish.side).walk(), wish, owner)
    swap = party.market.instrument.swap
    assert swap is not None  # noqa: S101 - nobody else has legs
    value, left = 0, quantity
    for price, there in met:
        if not left:
            break
        taken = min(there, left)
        value, left = value + swap.value(price, taken), left - taken
    return Terms(quantity, 0, margin(party, wish, quantity, value))


def _market_need(hall: Hall, market: Market, order: Place | Order, quantity: int, owner: Owner) -> int:
    """What an order at market binds: all that it could cost."""
    if order.side is not _BUY:
        return quantity
    levels = market.book.against(order.side).walk() if not order.routed else routed_levels(hall, market, order, quantity, owner)
    return reach(dearest_offers(levels, order, owner), order.side, quantity, market.bounds(order.side, hall.now_us)[1]).quote


def pegged_price(market: Market, side: Side, peg: Peg) -> int:
    """The price that a peg takes over now.

    :raises Refused: when the book has no such level
    """
    book = market.book
    levels = book.side(side) if peg.kind is PegKind.PRIMARY else book.against(side)
    found = next(islice(levels.walk(), peg.levels, None), None)
    if found is None:
        raise Refused(Rule.NO_LIQUIDITY_FOR_PEG)
    return found[0]


def check_start(market: Market, wish: Place | Order, price: int) -> None:
    """Refuse an order that cannot begin as its type says: a maker that would take, a stop that is already reached."""
    if wish.type is _LIMIT_MAKER:
        if market.book.counterparty(wish.side, price) is not None:
            raise Refused(Rule.WOULD_MATCH)
    elif wish.stop_price and not wish.trailing_delta:
        last = market.tape.last_price
        if last >= wish.stop_price if rises(wish.side, wish.type) else last <= wish.stop_price:
            raise Refused(Rule.WOULD_TRIGGER)


def working_price(hall: Hall, market: Market, state: Order) -> tuple[int, int]:
    """At which price an order that waited works, and which one a peg took over, which must keep the symbol's rules too.

    :raises Refused: when it does not, or the book has no such level
    """
    if state.peg is None:
        return state.price, 0
    pegged = pegged_price(market, state.side, state.peg)
    check_rules(state, market.instrument, market.band_price(hall.now_us), pegged=pegged)
    return pegged, pegged


def working_need(hall: Hall, market: Market, order: LiveOrder, price: int) -> int:
    """What an order that waited binds when it works."""
    state = order.state
    if price:
        return need(state.side, price, order.remaining)
    return _market_need(hall, market, state, order.remaining, (state.self_trade, state.group))
