"""Orders that meet: an incoming one trades with the book, best price first, then longest waiting; and each side is settled.

Everybody receives what the trade brings less the commission, which the house keeps. What an order binds shrinks with it, so a buyer
who trades at a better price than his limit has the difference back at once.
"""

from __future__ import annotations

from msgspec import structs

from . import lists, positions
from .closing import end
from .events import Fill, OrderFilled, Traded
from .fees import discounted
from .hall import Hall
from .instruments import UNIT
from .market import ANY_PRICE, Party
from .orders import LiveOrder
from .prevention import one_owner, prevent
from .words import ExpiryReason, OrderStatus, SelfTrade, Side

_BUY = Side.BUY
_ANY = SelfTrade.NONE
_FILLED, _PARTIALLY_FILLED = OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED
_replaced = structs.replace


def cross(hall: Hall, party: Party, taker: LiveOrder) -> ExpiryReason | None:
    """Trade with the book while it has a counterparty; why what is left may not go on, None when it may."""
    state, market = taker.state, party.market
    buys, limit = state.side is _BUY, taker.price
    side = market.book.asks if buys else market.book.bids
    keys = side.keys
    bounds: tuple[int, int] | None = None
    while taker.remaining and keys:
        price = -keys[-1] if buys else keys[-1]
        if limit and (price > limit if buys else price < limit):
            break
        if bounds is None:
            bounds = market.bounds(state.side, hall.now_us) if party.account.ruled else ANY_PRICE
        if not bounds[0] <= price <= bounds[1]:
            return ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED
        maker = side.levels[price].first()
        if state.self_trade is not _ANY and one_owner(state, maker.state):
            prevent(hall, party, taker, market, maker)
            continue
        other = market.parties[maker.state.account]
        settle(hall, party, taker, meet(hall, other, maker, taker), maker=False)
        if not maker.remaining:
            end(hall, other, maker)
    return None


def meet(hall: Hall, party: Party, maker: LiveOrder, taker: LiveOrder) -> Traded:
    """Trade what both orders show, as far as the maker and the public are concerned, and note which orders this sets off."""
    if maker.state.list_id != -1:
        lists.claim(hall, party, maker)
    market = party.market
    makes, price = maker.state, maker.price
    tape, now_us = market.tape, hall.now_us
    quantity = maker.visible if maker.visible < taker.remaining else taker.remaining
    worth = market.instrument.worth(price, quantity)
    traded = Traded(makes.symbol, tape.next_id(), price, quantity, worth, makes.side is _BUY, taker.state.id, now_us)
    tape.print(traded)
    hall.events.append(traded)
    hall.level(market, makes.side, price, market.book.take(maker, quantity))
    if market.reference is not None:
        market.reference.add(price, now_us)
    if market.triggers.waiting:
        for order in market.triggers.passed(price, now_us):
            hall.due.append((market, order))
    taker.remaining -= quantity
    settle(hall, party, maker, traded, maker=True)
    return traded


def settle(hall: Hall, party: Party, order: LiveOrder, traded: Traded, *, maker: bool, allocation_id: int = -1) -> None:
    """Move one side's money and count the trade into its order."""
    state, account = order.state, party.account
    quantity, quote, remaining, profit = traded.quantity, traded.quote, order.remaining, 0
    if party.legs:
        paid_from, charge, profit = positions.settle(hall, party, order, traded, maker=maker)
    else:
        if state.side is _BUY:
            pays, gets, house = party.quote, party.base, party.market.house_base
            spent, received = quote, quantity
            bound = order.price * remaining // UNIT if order.price else order.bound - quote
        else:
            pays, gets, house = party.base, party.quote, party.market.house_quote
            spent, received = quantity, quote
            bound = order.bound - quantity
        released = order.bound - bound
        order.bound = bound
        pays.locked -= released
        pays.free += released - spent
        gets.free += received
        fees, paid_from = account.fees, gets
        charge = received * (fees.maker if maker else fees.taker) // UNIT
        if fees.discount:
            paid_from, charge = discounted(hall, account, gets, charge)
            house = hall.accounts.house.purse(paid_from.asset)
        paid_from.free -= charge
        house.free += charge
        touched = hall.accounts.touched
        touched[pays] = touched[gets] = touched[house] = touched[paid_from] = None
    filled = not remaining and not order.short
    order.state = state = _replaced(
        state,
        executed=state.executed + quantity,
        executed_quote=state.executed_quote + quote,
        status=_FILLED if filled else _PARTIALLY_FILLED,
        updated_us=hall.now_us,
        on_book=state.on_book and not filled,
    )
    fill = Fill(
        state.account,
        state.symbol,
        traded.trade_id if allocation_id == -1 else -1,
        state.id,
        state.side,
        traded.price,
        quantity,
        quote,
        charge,
        paid_from.asset,
        maker,
        hall.now_us,
        allocation_id,
        state.list_id,
        profit,
    )
    hall.events.append(OrderFilled(state, fill, hall.now_us))
    if allocation_id != -1:
        party.allocations.append(fill)
    elif account.kept:
        if order.first_fill == -1:
            order.first_fill = len(party.fills)
        party.fills.append(fill)
    if state.list_id != -1:
        lists.bind_proceeds(hall, party, order, fill)
