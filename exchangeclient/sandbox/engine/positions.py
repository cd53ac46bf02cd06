"""Positions of swaps: what a trade does to one, the margin behind it, and what longs and shorts pay each other.

A position is held in the base asset and paid for with nothing but its margin, locked in its owner's quote asset; of an inverse swap
the other way round, where a purchase is worth less than nothing (:meth:`.Swap.value`). Its cost is what
was paid for it, negative for what was received, so over all accounts the free and locked funds less the costs are always what came
in less what went out.
"""

from __future__ import annotations

from msgspec import structs

from .accounts import Purse
from .binding import bind
from .closing import expire
from .commands import PayFunding, Place, SetHedging, SetLeverage
from .events import OrderAmended, PositionChanged, Traded
from .hall import Hall
from .instruments import UNIT, Swap
from .market import Market, Party
from .orders import LiveOrder
from .refusals import Refused, Rule
from .stakes import Position
from .words import ExpiryReason, Leg, Side

_BUY = Side.BUY
# How far the premium may take the funding rate from its usual figure, as at the venues that pay every eight hours.
_FARTHEST = UNIT // 2_000


def settle(hall: Hall, party: Party, order: LiveOrder, traded: Traded, *, maker: bool) -> tuple[Purse, int, int]:
    """Count one side of a trade into its position: from which purse the commission was paid, how much, and the profit realised."""
    position, purse, swap = party.legs[order.state.leg], party.quote, _swap(party.market)
    bound = order.bound * order.remaining // (order.remaining + traded.quantity)
    released, order.bound = order.bound - bound, bound
    margin = position.margin
    value = swap.value(traded.price, traded.quantity)
    profit = position.trade(order.state.side, traded.quantity, value, hall.now_us)
    pledged = position.margin - margin
    charge = abs(value) * (swap.maker if maker else swap.taker) // UNIT
    position.fees += charge
    purse.locked += pledged - released
    purse.free += released - pledged + profit - charge
    house = party.market.house_quote
    house.free += charge
    hall.accounts.touched[purse] = hall.accounts.touched[house] = None
    if party.account.kept:
        tell(hall, party, position, traded.trade_id)
        if any(each.state.reduce_only for each in party.open.values()):
            hall.due.append(party)
    return purse, charge, profit


def tell(hall: Hall, party: Party, each: Position, trade_id: int = -1) -> None:
    """Tell how a position stands now."""
    hall.events.append(
        PositionChanged(
            party.account.name,
            party.market.instrument.symbol,
            each.leg,
            each.quantity,
            each.cost,
            each.margin,
            each.leverage,
            each.realised,
            trade_id,
            hall.now_us,
        )
    )


def review(hall: Hall, party: Party) -> None:
    """Let the orders that may only reduce have no more together than what is left to reduce; the oldest ones first."""
    given: dict[Leg, int] = {}
    for order in list(party.open.values()):
        former = order.state
        if not former.reduce_only or not order.open:
            continue
        room = party.legs[former.leg].closable(former.side) - given.get(former.leg, 0)
        if room <= 0:
            expire(hall, party, order, ExpiryReason.NOTHING_TO_REDUCE)
            continue
        if order.remaining > room:
            if order.resting:
                hall.level(party.market, former.side, order.price, party.market.book.shrink(order, room))
            order.remaining = room
            order.state = structs.replace(former, quantity=former.executed + former.prevented + room, updated_us=hall.now_us)
            hall.last_execution_id += 1
            hall.events.append(OrderAmended(order.state, hall.last_execution_id, former.client_order_id, former.quantity, hall.now_us))
        given[former.leg] = given.get(former.leg, 0) + order.remaining


def check_leg(party: Party, wish: Place) -> None:
    """Refuse an order that does not say, or says, which of two positions it is for, against what the account has chosen."""
    if (wish.leg is Leg.NET) is party.account.hedged:
        raise Refused(Rule.LEG)


def reducible(party: Party, side: Side, leg: Leg) -> int:
    """How much an order that may only reduce can have.

    :raises Refused: when there is nothing
    """
    room = room_to_reduce(party, side, leg)
    if room <= 0:
        raise Refused(Rule.NOTHING_TO_REDUCE)
    return room


def room_to_reduce(party: Party, side: Side, leg: Leg) -> int:
    """How much of a position no order that may only reduce has been given yet."""
    room = party.legs[leg].closable(side) if party.legs else 0
    for each in party.open.values():
        state = each.state
        if state.reduce_only and state.side is side and state.leg is leg:
            room -= each.remaining
    return room


def set_leverage(hall: Hall, wish: SetLeverage) -> None:
    """Bind another margin for what an account has open on a swap.

    :raises Refused: when the leverage is out of range or the funds do not suffice; nothing has changed
    """
    market = hall.market(wish.symbol)
    party = hall.party(market, wish.account)
    if not party.legs or not 1 <= wish.leverage <= _swap(market).max_leverage:
        raise Refused(Rule.LEVERAGE)
    former = party.legs[Leg.NET].leverage
    changed = {leg: structs.replace(each, leverage=wish.leverage) for leg, each in party.legs.items()}
    for each in changed.values():
        each.pledge()
    bounds = {order.state.id: -(-order.bound * former // wish.leverage) for order in party.open.values()}
    more = sum(changed[leg].margin - each.margin for leg, each in party.legs.items())
    more += sum(bounds[order.state.id] - order.bound for order in party.open.values())
    if more > party.quote.free:
        raise Refused(Rule.INSUFFICIENT_BALANCE)
    if party.account.name not in market.parties:
        hall.admit(party)
    party.legs = changed
    for order in party.open.values():
        order.bound = bounds[order.state.id]
    bind(hall, party.quote, more)
    for each in changed.values():
        if each.quantity:
            tell(hall, party, each)


def set_hedging(hall: Hall, wish: SetHedging) -> None:
    """Let an account net its positions or keep two of each swap.

    :raises Refused: when one or an order is open; nothing has changed
    """
    for market in hall.markets.values():
        party = market.parties.get(wish.account)
        if party is not None and party.legs and (party.open or any(each.quantity for each in party.legs.values())):
            raise Refused(Rule.MODE_IN_USE)
    hall.accounts.open(wish.account).hedged = wish.hedged


# ---- what time brings ------------------------------------------------------------------------------------------------


def mark_price(hall: Hall, market: Market) -> int:
    """By which positions are valued: the last price of the index symbol."""
    index = hall.markets.get(_swap(market).index)
    return market.tape.last_price if index is None else index.tape.last_price


def funding_rate(hall: Hall, market: Market) -> int:
    """What longs pay shorts next, as a part of a position's worth: the usual figure, moved by the premium of the swap over its index."""
    mark = mark_price(hall, market)
    usual = _swap(market).funding
    premium = (market.tape.last_price - mark) * UNIT // mark
    return premium + min(max(usual - premium, -_FARTHEST), _FARTHEST)


def pay_funding(hall: Hall, wish: PayFunding) -> None:
    """Let one side of the market pay the other; what rounding leaves is the house's."""
    market = hall.market(wish.symbol)
    rate, mark = funding_rate(hall, market), mark_price(hall, market)
    market.fundings.append((hall.now_us, rate))
    left = 0
    for party, position in _held(market):
        worth = position.quantity * UNIT**2 // mark if _swap(market).inverse else mark * position.quantity
        paid = -(-worth * rate // UNIT**2)  # rounded up, so that nobody gets more than another one pays
        position.funding -= paid
        party.quote.free -= paid
        left += paid
        hall.accounts.touched[party.quote] = None
        if party.account.kept:
            tell(hall, party, position)
    market.house_quote.free += left
    hall.accounts.touched[market.house_quote] = None


def close_all(hall: Hall, market: Market) -> None:
    """Settle every position at the mark price, as when a swap is delisted; what rounding leaves is the house's."""
    mark, left = mark_price(hall, market), 0
    for party, position in _held(market):
        quantity, margin = position.quantity, position.margin
        value = _swap(market).value(mark, abs(quantity))
        profit = position.trade(Side.SELL if quantity > 0 else _BUY, abs(quantity), value, hall.now_us)
        left -= value if quantity > 0 else -value
        party.quote.free += profit
        bind(hall, party.quote, position.margin - margin)
        hall.accounts.touched[party.quote] = None
        tell(hall, party, position)
    market.house_quote.free += left
    hall.accounts.touched[market.house_quote] = None


def _held(market: Market) -> list[tuple[Party, Position]]:
    """Every position that is not empty, and whose it is."""
    return [(party, each) for party in market.parties.values() for each in party.legs.values() if each.quantity]


def _swap(market: Market) -> Swap:
    swap = market.instrument.swap
    assert swap is not None  # noqa: S101 - nobody asks for it elsewhere
    return swap
