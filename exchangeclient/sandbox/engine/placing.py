"""How an order comes in: checked whole before anything changes, then accepted; it works at once, or waits for its trigger."""

from __future__ import annotations

from .binding import bind
from .checks import check_counts, check_position
from .commands import Place
from .events import Order, OrderAccepted, Special
from .hall import Hall
from .market import Party
from .orders import LiveOrder
from .refusals import Refused, Rule
from .terms import Terms, agree, check_start
from .words import OrderStatus, OrderType, Side
from .working import work

_BUY = Side.BUY
_LIMIT, _MARKET = OrderType.LIMIT, OrderType.MARKET
_NEW, _PENDING = OrderStatus.NEW, OrderStatus.PENDING_NEW


def place(hall: Hall, wish: Place) -> None:
    """Take a single order in.

    :raises Refused: naming the rule; nothing has changed
    """
    market = hall.markets.get(wish.symbol) or hall.market(wish.symbol)
    party = market.parties.get(wish.account) or hall.party(market, wish.account)
    terms = agree(hall, party, wish)
    algo, icebergs = 1 if wish.stop_price or wish.trailing_delta else 0, 1 if wish.iceberg_quantity else 0
    if wish.client_order_id and wish.client_order_id in party.open:
        raise Refused(Rule.DUPLICATE_CLIENT_ORDER_ID)
    if party.account.ruled:
        check_counts(party, hall.rules, 1, algo, icebergs, 0)
        if market.instrument.max_position is not None and wish.side is _BUY:
            check_position(party, market.instrument, terms.quantity)
    if (party.quote if wish.side is _BUY else party.base).free < terms.bound:
        raise Refused(Rule.INSUFFICIENT_BALANCE)
    if wish.type is not _LIMIT:
        check_start(market, wish, terms.price)
    if wish.check_only:
        return
    order = enter(hall, party, wish, terms, -1)
    hall.events.append(OrderAccepted(order.state, hall.now_us))
    if algo:
        market.triggers.add(order)
    else:
        work(hall, party, order)


def check_filters(hall: Hall, wish: Place) -> None:
    """Refuse what can be told without looking at the account: the symbol, its status, what it offers, its rules.

    :raises Refused: naming the rule
    """
    market = hall.market(wish.symbol)
    agree(hall, hall.party(market, wish.account), wish)


def enter(hall: Hall, party: Party, wish: Place, terms: Terms, list_id: int) -> LiveOrder:
    """Give an order its number, note it as open and bind what it needs."""
    account, market, now_us = party.account, party.market, hall.now_us
    if account.name not in market.parties:
        hall.admit(party)
    market.last_order_id += 1
    works = terms.begins and not (wish.stop_price or wish.trailing_delta)
    state = Order(
        account.name,
        market.instrument.symbol,
        market.last_order_id,
        wish.client_order_id or hall.made_id(),
        wish.side,
        wish.type,
        wish.time_in_force,
        wish.price,
        terms.quantity,
        wish.quote_quantity,
        0,
        0,
        _NEW if terms.begins else _PENDING,
        now_us,
        now_us,
        now_us if works else -1,
        works and wish.type is not _MARKET,
        list_id,
        wish.stop_price,
        wish.trailing_delta,
        wish.iceberg_quantity,
        wish.routed,
        wish.self_trade or market.instrument.self_trade,
        account.group,
        _special(party, wish, terms),
    )
    order = LiveOrder(state, terms.quantity, 0, terms.price, terms.bound, False, terms.short)
    party.opened(order)
    bind(hall, party.quote if wish.side is _BUY else party.base, terms.bound)
    return order


def _special(party: Party, wish: Place, terms: Terms) -> Special | None:
    """What few orders come in with."""
    is_tagged = wish.strategy_id is not None or wish.strategy_type is not None or wish.note
    if not (is_tagged or wish.peg is not None or wish.routed or wish.any_total or party.legs):
        return None
    return Special(
        strategy_id=wish.strategy_id,
        strategy_type=wish.strategy_type,
        peg=wish.peg,
        pegged_price=terms.pegged,
        floor="SOR" if wish.routed else "",
        reduce_only=wish.reduce_only,
        any_total=wish.any_total,
        note=wish.note,
        leg=wish.leg,
    )
