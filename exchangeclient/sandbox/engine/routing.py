"""Smart order routing: an order meets the books of several symbols with the same base asset, whose quote assets count as equal.

The best price is met first, of equal ones that of the order's own symbol. The trader pays and receives the quote asset of his own
symbol and gets an allocation instead of a trade. At another book an account of the engine, :data:`ROUTER`, stands between: it pays there
in that book's quote asset and takes the same figure of the trader's, or the other way round, so that no asset
becomes more or less.
It has funds of its own for that; a book at which they might not suffice for the whole order is passed over. What is left of an order
rests on its own book.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from .accounts import Purse
from .closing import end
from .commands import Place
from .crossing import meet, settle
from .events import Order
from .hall import Hall
from .instruments import UNIT, Instrument
from .market import Market, Party
from .matching import Level, crosses, reach
from .orders import LiveOrder
from .prevention import Owner, dearest_offers, one_owner, prevent
from .refusals import Refused, Rule
from .words import ExpiryReason, SelfTrade, Side, Status

ROUTER = "engine:router"
FUNDS = 10**10 * UNIT  # of each quote asset

_BUY = Side.BUY


def check_routed(hall: Hall, instrument: Instrument) -> None:
    """Refuse to route orders of a symbol that no route leads over."""
    if instrument.symbol not in hall.routes.get(instrument.base, ()):
        raise Refused(Rule.ROUTING_NOT_ALLOWED)


def routed_levels(hall: Hall, home: Market, order: Place | Order, quantity: int, owner: Owner) -> Iterator[tuple[int, Level]]:
    """The price levels in the way of a routed order, of all books together: the best one first, of equal ones that of its own book."""
    sign = 1 if order.side is _BUY else -1
    walks = [market.book.against(order.side).walk() for market in _markets(hall, home, order, quantity, owner)]
    return merge(*walks, key=lambda found: found[0] * sign)


def cross_routed(hall: Hall, party: Party, taker: LiveOrder) -> ExpiryReason | None:
    """Trade with all books while one of them has a counterparty; why what is left may not go on, None when it may."""
    state, home = taker.state, party.market
    lowest, highest = home.bounds(state.side, hall.now_us)
    markets = _markets(hall, home, state, taker.remaining, (state.self_trade, state.group))
    while taker.remaining:
        found = _best(markets, taker)
        if found is None:
            break
        market, maker = found
        if not lowest <= maker.price <= highest:
            return ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED
        if state.self_trade is not SelfTrade.NONE and one_owner(state, maker.state):
            prevent(hall, party, taker, market, maker)
        else:
            _allocate(hall, party, taker, market, maker)
    return None


def _markets(hall: Hall, home: Market, order: Place | Order, quantity: int, owner: Owner) -> list[Market]:
    """Where the order trades, at its own symbol first."""
    side, found, pledged = order.side, [home], 0
    for symbol in hall.routes[home.instrument.base]:
        market = hall.markets.get(symbol)
        if market is None or market is home or market.instrument.status is not Status.TRADING:
            continue
        met = dearest_offers(market.book.against(side).walk(), order, owner)
        most = reach(met, side, quantity, order.price or None).quote
        if _payer(hall, market, home, side).free >= pledged + most:
            found.append(market)
            pledged += most
    return found


def _best(markets: list[Market], taker: LiveOrder) -> tuple[Market, LiveOrder] | None:
    side, limit = taker.state.side, taker.price or None
    best: tuple[Market, LiveOrder] | None = None
    for market in markets:
        maker = market.book.counterparty(side, limit)
        if maker is not None and (best is None or not crosses(side, maker.price, best[1].price)):
            best = market, maker
    return best


def _payer(hall: Hall, market: Market, home: Market, side: Side) -> Purse:
    """What the router pays from."""
    return hall.accounts.open(ROUTER).purse((market if side is _BUY else home).instrument.quote)


def _allocate(hall: Hall, party: Party, taker: LiveOrder, market: Market, maker: LiveOrder) -> None:
    home, other = party.market, market.parties[maker.state.account]
    traded = meet(hall, other, maker, taker)
    hall.last_allocation_id += 1
    settle(hall, party, taker, traded, maker=False, allocation_id=hall.last_allocation_id)
    if market is not home:
        side = taker.state.side
        payer, payee = _payer(hall, market, home, side), _payer(hall, home, market, side)
        hall.accounts.move(payer, payee, traded.quote)
    if not maker.remaining:
        end(hall, other, maker)
