"""How a list of orders comes in, all of it or nothing, and how its waiting orders follow once the working one is filled.

Orders that follow are checked once more, against the funds and the book as they are then; of a pair both are refused when one is.
"""

from __future__ import annotations

from msgspec import structs

from .binding import need, purse_of, rebind
from .checks import check_counts, check_list_kind, check_list_shape, check_position, check_rules
from .closing import expire, reject
from .commands import Place, PlaceList
from .events import ListChanged, Order, OrderAccepted, OrderList
from .hall import Hall
from .instruments import Instrument
from .lists import finish, is_filled
from .market import Market, Party
from .orders import LiveList, LiveOrder
from .placing import enter
from .refusals import Refused, Rule
from .terms import Terms, agree_in_full, check_start, working_need, working_price
from .words import ExpiryReason, ListKind, OrderStatus, OrderType, Side
from .working import work

_PENDING = OrderStatus.PENDING_NEW


def place_list(hall: Hall, wish: PlaceList) -> None:
    """Take a list in.

    :raises Refused: naming the rule; nothing has changed
    """
    check_list_shape(wish)
    first = wish.orders[0]
    market = hall.market(first.symbol)
    party = hall.party(market, first.account)
    check_list_kind(wish, market.instrument)
    agreed = [_agreed(hall, party, wish, each) for each in wish.orders]
    _check_ids(party, wish)
    algo, icebergs = sum(map(_waits, wish.orders)), sum(each.iceberg_quantity > 0 for each in wish.orders)
    check_counts(party, hall.rules, len(wish.orders), algo, icebergs, 1)
    beginning = [*zip(wish.orders, agreed, strict=True)][: 2 if wish.kind is ListKind.OCO else 1]
    check_position(party, market.instrument, max(terms.quantity if each.side is Side.BUY else 0 for each, terms in beginning))
    if purse_of(party, first.side).free < max(terms.bound for _, terms in beginning):
        raise Refused(Rule.INSUFFICIENT_BALANCE)
    pair = wish.orders if wish.kind is ListKind.OCO else wish.orders[1:]
    if len(pair) == 2:
        _check_relation(pair, agreed[-2:], market.tape.last_price if wish.kind is ListKind.OCO else None)
    for each, terms in beginning:
        check_start(market, each, terms.price)
    _accept(hall, party, wish, agreed, len(beginning))


def _agreed(hall: Hall, party: Party, wish: PlaceList, each: Place) -> Terms:
    waits = wish.kind is not ListKind.OCO and each is not wish.orders[0]
    return agree_in_full(hall, party, each, begins=not waits, sized=not waits or wish.kind not in (ListKind.OPO, ListKind.OPOCO))


def _check_ids(party: Party, wish: PlaceList) -> None:
    if wish.client_id in party.account.open_lists:
        raise Refused(Rule.DUPLICATE_LIST_ID)
    given = [each.client_order_id for each in wish.orders if each.client_order_id]
    if len(set(given)) != len(given) or any(client_id in party.open for client_id in given):
        raise Refused(Rule.DUPLICATE_CLIENT_ORDER_ID)


def _check_relation(pair: tuple[Place, ...], agreed: list[Terms], last: int | None) -> None:
    """Refuse a pair whose orders are on the wrong side of the last price, or of each other while they wait."""
    # 0 for one that only trails: its limit is not where it is triggered.
    above, below = (each.stop_price if _waits(each) else terms.price for each, terms in zip(pair, agreed, strict=True))
    if (above and below and above <= below) or (last is not None and ((above and above <= last) or (below and below >= last))):
        raise Refused(Rule.LIST_PRICES)


def _accept(hall: Hall, party: Party, wish: PlaceList, agreed: list[Terms], begin: int) -> None:
    hall.last_list_id += 1
    list_id, now_us = hall.last_list_id, hall.now_us
    bounds = [terms.bound for terms in agreed[:begin]]
    for terms in agreed:
        terms.bound = 0  # only what they need together is bound, by those that begin
    orders = tuple(enter(hall, party, each, terms, list_id) for each, terms in zip(wish.orders, agreed, strict=True))
    ids = tuple(order.state.id for order in orders)
    account, client_id = party.account, wish.client_id or hall.made_id()
    live = LiveList(OrderList(account.name, wish.orders[0].symbol, list_id, client_id, wish.kind, ids, False, now_us, now_us), orders)
    hall.lists[list_id] = account.open_lists[client_id] = live
    party.lists += 1
    if account.kept:
        account.lists.append(live)
    _bind(hall, party, orders[:begin], bounds)
    hall.events += [OrderAccepted(order.state, now_us) for order in orders]
    hall.events.append(ListChanged(live.state, False, now_us))
    _start(hall, party, orders[:begin])


def _bind(hall: Hall, party: Party, orders: tuple[LiveOrder, ...], bounds: list[int]) -> None:
    """Bind the larger need of orders of which only one can have its way."""
    bound = 0
    for order, needed in zip(orders, bounds, strict=False):
        rebind(hall, party, order, max(0, needed - bound))
        bound = max(bound, needed)


def _start(hall: Hall, party: Party, orders: tuple[LiveOrder, ...]) -> None:
    for order in orders:
        if _waits(order.state):
            party.market.triggers.add(order)
        else:
            work(hall, party, order)


def _waits(order: Place | Order) -> bool:
    return bool(order.stop_price or order.trailing_delta)


# ---- when an order of a list has ended ---------------------------------------------------------------------------


def review(hall: Hall, live: LiveList) -> None:
    """Do what follows from the end of one of a list's orders."""
    if live.state.id not in hall.lists:
        return
    party = hall.markets[live.state.symbol].parties[live.state.account]
    working = live.working
    if working is not None and not working.open:
        waiting = tuple(order for order in live.pending if order.state.status is _PENDING)
        if waiting and is_filled(working):
            _follow(hall, party, live, waiting)
        else:
            for order in waiting:
                expire(hall, party, order, ExpiryReason.OTO_PHASE_ONE_EXPIRED)
    if not any(order.open for order in live.orders):
        finish(hall, party, live)


def _follow(hall: Hall, party: Party, live: LiveList, orders: tuple[LiveOrder, ...]) -> None:
    """Let the orders begin that waited for the working one."""
    market = party.market
    if live.sells_proceeds:
        _size(market.instrument, orders)
    try:
        prices = [_price_now(hall, market, live, order) for order in orders]
        bounds = [_need_now(hall, market, order, price) for order, (price, _) in zip(orders, prices, strict=True)]
        if purse_of(party, orders[0].state.side).free + sum(order.bound for order in orders) < max(bounds):
            raise Refused(Rule.INSUFFICIENT_BALANCE)
    except Refused as refused:
        for order in orders:
            reject(hall, party, order, refused.rule)
        return
    now_us = hall.now_us
    for order, (price, pegged) in zip(orders, prices, strict=True):
        order.price = price
        waits = _waits(order.state)
        order.state = structs.replace(
            order.state,
            status=OrderStatus.NEW,
            updated_us=now_us,
            working_us=-1 if waits else now_us,
            on_book=not waits and order.state.type is not OrderType.MARKET,
            special=order.state.special if not pegged else order.state.specially(pegged_price=pegged),
        )
        hall.events.append(OrderAccepted(order.state, now_us))
    _bind(hall, party, orders, bounds)
    _start(hall, party, orders)


def _size(instrument: Instrument, orders: tuple[LiveOrder, ...]) -> None:
    """Let orders sell what was bought, as far as the lot rules allow."""
    quantity = min(orders[0].bound, instrument.max_quantity)
    if any(order.state.type is OrderType.MARKET for order in orders):
        quantity = min(quantity, instrument.max_market_quantity)
    quantity -= quantity % instrument.step
    for order in orders:
        order.state = structs.replace(order.state, quantity=quantity)
        order.remaining = quantity


def _price_now(hall: Hall, market: Market, live: LiveList, order: LiveOrder) -> tuple[int, int]:
    """At which price an order begins, and which one a peg took over."""
    state = order.state
    price, pegged = (order.price, 0) if _waits(order.state) else working_price(hall, market, state)
    if live.sells_proceeds:
        check_rules(state, market.instrument, market.band_price(hall.now_us), pegged=pegged)
    check_start(market, state, price)
    return price, pegged


def _need_now(hall: Hall, market: Market, order: LiveOrder, price: int) -> int:
    state = order.state
    if _waits(order.state):
        return need(state.side, price or state.stop_price or market.tape.last_price, order.remaining)
    return working_need(hall, market, order, price)
