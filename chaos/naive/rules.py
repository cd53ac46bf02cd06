"""What may be placed on the naive exchange, in the order in which the venue's rules are named; of several broken ones the first tells.

First what a symbol allows, then its filters, then what depends on the account and the book.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

from msgspec.structs import replace as changed

from exchangeclient.sandbox.engine.commands import Amend, Place, PlaceList
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument, total
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import ListKind, OrderType, PegKind, SelfTrade, Side, Status

from .orders import AT_MARKET, CONDITIONAL, PROCEEDS, NaiveList, NaiveOrder, other, owned_together, reached, rises_to

if TYPE_CHECKING:
    from .exchange import NaiveExchange

ABOVE_ALL = 10**30


def require(kept: bool, rule: Rule) -> None:
    """Refuse when a rule is broken."""
    if not kept:
        raise Refused(rule)


def check_order(exchange: NaiveExchange, place: Place) -> None:
    """Whether an order of its own may come in."""
    check_allowed(exchange, place)
    check_filters(exchange, place)
    if place.quote_quantity:
        quantity, short = quantity_for_quote(exchange, place)
        require(quantity >= exchange.markets[place.symbol].instrument.min_quantity or not short, Rule.NO_LIQUIDITY)
        check_lot(exchange.markets[place.symbol].instrument, quantity, at_market=True)
    check_counts(exchange, [place])
    check_position(exchange, [place])
    check_funds(exchange, [place])
    check_price_now(exchange, place)


def check_allowed(exchange: NaiveExchange, place: Place) -> None:
    """Whether the symbol is open, and for such an order."""
    market = exchange.market(place.symbol)
    instrument = market.instrument
    require(market.status is Status.TRADING, Rule.NOT_TRADING)
    require(place.type in instrument.types, Rule.TYPE_NOT_ALLOWED)
    require(instrument.iceberg or not place.iceberg_quantity, Rule.ICEBERG_NOT_ALLOWED)
    require(instrument.trailing is not None or not place.trailing_delta, Rule.TRAILING_NOT_ALLOWED)
    require(instrument.peg or place.peg is None, Rule.PEG_NOT_ALLOWED)
    require(instrument.quote_quantity or not place.quote_quantity, Rule.QUOTE_QUANTITY_NOT_ALLOWED)
    require(place.self_trade is None or place.self_trade in instrument.self_trades, Rule.SELF_TRADE_MODE_NOT_ALLOWED)
    require(not place.routed or place.symbol in exchange.routes.get(instrument.base, ()), Rule.ROUTING_NOT_ALLOWED)


def check_filters(exchange: NaiveExchange, place: Place, *, begins: bool = True, sized: bool = True, triggered: bool = False) -> None:
    """PRICE_FILTER, LOT_SIZE, ICEBERG_PARTS, MARKET_LOT_SIZE, TRAILING_DELTA, PERCENT_PRICE_BY_SIDE, NOTIONAL, in this order."""
    instrument = exchange.markets[place.symbol].instrument
    peg = pegged(exchange, place) if triggered or (begins and place.type not in CONDITIONAL) else 0
    prices = [price for price in (place.price, peg) if price]
    if place.peg is None and place.type not in AT_MARKET:
        prices = [place.price]
    for price in (*prices, *([place.stop_price] if place.stop_price else [])):
        require(instrument.min_price <= price <= instrument.max_price and price % instrument.tick == 0, Rule.PRICE_FILTER)
    if sized and not place.quote_quantity:
        require(place.iceberg_quantity <= place.quantity, Rule.ICEBERG_EXCEEDS_QUANTITY)
        check_lot(instrument, place.quantity, at_market=False)
        if place.iceberg_quantity:
            check_lot(instrument, place.iceberg_quantity, at_market=False)
            require(-(-place.quantity // place.iceberg_quantity) <= instrument.max_iceberg_parts, Rule.ICEBERG_PARTS)
        check_lot(instrument, place.quantity, at_market=place.type is OrderType.MARKET)
    if place.trailing_delta and instrument.trailing is not None:
        trailing = instrument.trailing
        above = trailing.min_above <= place.trailing_delta <= trailing.max_above
        below = trailing.min_below <= place.trailing_delta <= trailing.max_below
        require(above if rises_to(place) else below, Rule.TRAILING_DELTA)
    reference = exchange.markets[place.symbol].reference_or_average(exchange.now_us)
    up, down = (instrument.bid_up, instrument.bid_down) if place.side is Side.BUY else (instrument.ask_up, instrument.ask_down)
    for price in prices:
        require(reference * down <= price * UNIT <= reference * up, Rule.PERCENT_PRICE_BY_SIDE)
    if not sized:
        return
    # A price that will be taken from the book when its time comes is taken to be the stop price, or else the reference.
    values = [total(price, place.quantity) for price in prices or [place.stop_price or reference]]
    if place.type in AT_MARKET:
        values = [place.quote_quantity or total(reference, place.quantity)]
    check_total(instrument, values, at_market=place.type in AT_MARKET)
    require(all(values), Rule.ZERO_TOTAL)


def check_total(instrument: Instrument, values: list[int], *, at_market: bool) -> None:
    """NOTIONAL, either end of which may leave orders at market alone."""
    if instrument.min_notional_at_market or not at_market:
        require(min(values) >= instrument.min_notional, Rule.NOTIONAL)
    if instrument.max_notional_at_market or not at_market:
        require(max(values) <= instrument.max_notional, Rule.NOTIONAL)


def check_lot(instrument: Instrument, quantity: int, *, at_market: bool) -> None:
    """LOT_SIZE and MARKET_LOT_SIZE."""
    require(instrument.min_quantity <= quantity <= instrument.max_quantity and quantity % instrument.step == 0, Rule.LOT_SIZE)
    require(not at_market or quantity <= instrument.max_market_quantity, Rule.MARKET_LOT_SIZE)


def check_counts(exchange: NaiveExchange, places: Sequence[Place], *, lists: int = 0) -> None:
    """Unique client ids, and how many orders may be open: on the symbol, then on the whole exchange."""
    account, symbol = places[0].account, places[0].symbol
    everywhere = [order for order in exchange.open if order.place.account == account]
    here = [order for order in everywhere if order.place.symbol == symbol]
    names = [order.client_id for order in here] + [place.client_order_id for place in places if place.client_order_id]
    require(len(names) == len(set(names)), Rule.DUPLICATE_CLIENT_ORDER_ID)
    open_lists = [each for each in exchange.lists if each.account == account and not each.done]
    lists_here = [each for each in open_lists if each.instrument.symbol == symbol]
    here_most, most = exchange.markets[symbol].instrument, exchange.rules
    algo = sum(place.type in CONDITIONAL for place in places)
    icebergs = sum(place.iceberg_quantity > 0 for place in places)
    for open_, new, limit, rule in (
        (len(here), len(places), here_most.max_orders, Rule.MAX_NUM_ORDERS),
        (algos(here), algo, here_most.max_algo_orders, Rule.MAX_NUM_ALGO_ORDERS),
        (with_iceberg(here), icebergs, here_most.max_iceberg_orders, Rule.MAX_NUM_ICEBERG_ORDERS),
        (len(lists_here), lists, here_most.max_lists, Rule.MAX_NUM_ORDER_LISTS),
        (len(everywhere), len(places), most.max_orders, Rule.EXCHANGE_MAX_NUM_ORDERS),
        (algos(everywhere), algo, most.max_algo_orders, Rule.EXCHANGE_MAX_NUM_ALGO_ORDERS),
        (with_iceberg(everywhere), icebergs, most.max_iceberg_orders, Rule.EXCHANGE_MAX_NUM_ICEBERG_ORDERS),
        (len(open_lists), lists, most.max_lists, Rule.EXCHANGE_MAX_NUM_ORDER_LISTS),
    ):
        require(not new or open_ + new <= limit, rule)


def algos(orders: list[NaiveOrder]) -> int:
    """How many have a condition."""
    return sum(order.place.type in CONDITIONAL for order in orders)


def with_iceberg(orders: list[NaiveOrder]) -> int:
    """How many hide a part."""
    return sum(order.place.iceberg_quantity > 0 for order in orders)


def check_position(exchange: NaiveExchange, places: Sequence[Place]) -> None:
    """What is owned and what open orders would buy, with the new one or the greater one of a pair: MAX_POSITION."""
    account, symbol = places[0].account, places[0].symbol
    instrument = exchange.markets[symbol].instrument
    buying = [place.quantity or quantity_for_quote(exchange, place)[0] for place in places if place.side is Side.BUY]
    if instrument.max_position is None or not buying:
        return
    open_ = sum(
        order.left
        for order in exchange.open
        if order.place.account == account and order.place.symbol == symbol and order.place.side is Side.BUY
    )
    require(exchange.owned.get((account, instrument.base), 0) + open_ + max(buying) <= instrument.max_position, Rule.MAX_POSITION)


def check_funds(exchange: NaiveExchange, places: Sequence[Place]) -> None:
    """Whether the account can pay for the order, or for the greater one of a pair."""
    instrument = exchange.markets[places[0].symbol].instrument
    asset = instrument.base if places[0].side is Side.SELL else instrument.quote
    require(exchange.free(places[0].account, asset) >= max(needed(exchange, place) for place in places), Rule.INSUFFICIENT_BALANCE)


def needed(exchange: NaiveExchange, place: Place) -> int:
    """What the order takes at most."""
    if place.side is Side.SELL:
        return place.quantity or quantity_for_quote(exchange, place)[0]
    if place.type is OrderType.MARKET:
        return place.quote_quantity or cost_at_market(exchange, trial(exchange, place))
    if place.type in CONDITIONAL:
        return estimate(exchange, place, place.quantity) or total(place.price, place.quantity)
    return total(pegged(exchange, place) or place.price, place.quantity)


def estimate(exchange: NaiveExchange, place: Place, quantity: int) -> int:
    """What a waiting order to buy at an unknown price binds: as much as it would cost at its stop price, or else the last price."""
    return 0 if place.price and place.peg is None else total(place.stop_price or exchange.markets[place.symbol].last_price, quantity)


def reestimate(exchange: NaiveExchange, orders: list[NaiveOrder], quantity: int) -> None:
    """The same for an amended order, in proportion; for a pair anew, but no more than before."""
    before = max(order.estimate or total(order.price, order.left) for order in orders)
    for order in orders:
        if order.estimate and len(orders) == 1:
            order.estimate = order.estimate * (quantity - order.prevented) // order.left
        elif order.estimate:
            order.estimate = min(before, estimate(exchange, order.place, quantity))


def cost_at_market(exchange: NaiveExchange, order: NaiveOrder) -> int:
    """What the book asks for the whole order, as if self-trade prevention only ever ended it, or its makers."""
    return sum(total(price, quantity) for (price, _), quantity in exchange.rehearsal(unshrinking(order)).items())


def unshrinking(order: NaiveOrder) -> NaiveOrder:
    """The order, if self-trade prevention only ever ended it, or its makers."""
    order = copy(order)
    if order.self_trade in (SelfTrade.DECREMENT, SelfTrade.TRANSFER):
        order.self_trade = SelfTrade.NONE
    return order


def check_price_now(exchange: NaiveExchange, place: Place) -> None:
    """A condition must not be satisfied yet, and a LIMIT_MAKER must not meet anybody."""
    if place.type in CONDITIONAL:
        # With a trailing delta, a satisfied stop price only lets the trail begin.
        satisfied = not place.trailing_delta and reached(place, exchange.markets[place.symbol].last_price)
        require(not satisfied, Rule.WOULD_TRIGGER)
    elif place.type is OrderType.LIMIT_MAKER:
        order = trial(exchange, place)
        others = exchange.queue(place.symbol, other(place.side))
        buys = place.side is Side.BUY
        require(not any(each.price <= order.price if buys else each.price >= order.price for each in others), Rule.WOULD_MATCH)


def trial(exchange: NaiveExchange, place: Place) -> NaiveOrder:
    """An order that exists nowhere, to see what would become of it."""
    instrument = exchange.markets[place.symbol].instrument
    price = pegged(exchange, place) or place.price
    mode, group = place.self_trade or instrument.self_trade, exchange.groups.get(place.account, -1)
    return NaiveOrder(0, place, instrument, "", price, place.quantity, mode, group, shown=place.quantity)


def quantity_for_quote(exchange: NaiveExchange, place: Place) -> tuple[int, bool]:
    """The most that a quote amount reaches for, in whole steps, level by level; and whether the book ends before it is used up."""
    step = exchange.markets[place.symbol].instrument.step
    there: dict[int, int] = {}
    taker = trial(exchange, place)
    for order in exchange.queue(place.symbol, other(place.side)):
        if taker.self_trade is SelfTrade.EXPIRE_MAKER and owned_together(taker, order):
            continue
        there[order.price] = there.get(order.price, 0) + order.left
    amount, got = place.quote_quantity, 0
    for price, quantity in there.items():
        steps = 0
        while steps * step < quantity and total(price, (steps + 1) * step) <= amount:
            steps += 1
        got += steps * step
        amount -= total(price, steps * step)
        if steps * step < quantity:
            return got, False
    return got, amount > 0


def pegged(exchange: NaiveExchange, place: Place) -> int:
    """The price of an existing level that the order takes over; 0 for an order that is not pegged."""
    if place.peg is None:
        return 0
    levels = exchange.levels(place.symbol, place.side if place.peg.kind is PegKind.PRIMARY else other(place.side))
    require(place.peg.levels < len(levels), Rule.NO_LIQUIDITY_FOR_PEG)
    return levels[place.peg.levels][0]


# ---- lists -----------------------------------------------------------------------------------------------------------


def check_list(exchange: NaiveExchange, command: PlaceList) -> None:
    """Whether all orders of a list may come in; the pending ones are looked at again when their time comes."""
    first = command.orders[0]
    market = exchange.market(first.symbol)
    require(market.status is Status.TRADING, Rule.NOT_TRADING)
    require(command.kind in market.instrument.lists, Rule.LIST_NOT_ALLOWED)
    at_once, pair = (command.orders, command.orders) if command.kind is ListKind.OCO else ((first,), command.orders[1:])
    for place in command.orders:
        check_allowed(exchange, place)
        check_filters(exchange, place, begins=place in at_once, sized=place in at_once or command.kind not in PROCEEDS)
    names = [each.client_id for each in exchange.lists if not each.done and each.account == first.account]
    require(command.client_id not in names, Rule.DUPLICATE_LIST_ID)
    check_counts(exchange, command.orders, lists=1)
    check_position(exchange, at_once)
    check_funds(exchange, at_once)
    if len(pair) == 2:
        require(apart(exchange, *pair, pending=command.kind is not ListKind.OCO), Rule.LIST_PRICES)
    for place in at_once:
        check_price_now(exchange, place)


def apart(exchange: NaiveExchange, above: Place, below: Place, *, pending: bool) -> bool:
    """The upper one above the lower one and, unless they are pending, the last price between them; one that only trails is nowhere."""
    upper, lower = above.stop_price or above.price, below.stop_price or below.price
    if above.trailing_delta and not above.stop_price:
        upper = ABOVE_ALL
    if below.trailing_delta and not below.stop_price:
        lower = 0
    last = exchange.markets[above.symbol].last_price
    return upper > lower and (pending or upper > last > lower)


def check_pending(exchange: NaiveExchange, listed: NaiveList) -> Rule | None:
    """Why the pending orders of a list cannot come in now that their time has come; None when they can."""
    try:
        for order in listed.pair:
            if listed.kind in PROCEEDS:
                check_filters(exchange, order.place)
            check_price_now(exchange, order.place)
        check_funds(exchange, [order.place for order in listed.pair])
    except Refused as refusal:
        return refusal.rule
    return None


def check_triggered(exchange: NaiveExchange, order: NaiveOrder) -> Rule | None:
    """Why an order cannot work although its condition is met; None when it can."""
    account, asset = order.place.account, order.instrument.quote
    place = changed(order.place, quantity=order.quantity, iceberg_quantity=min(order.place.iceberg_quantity, order.quantity))
    try:
        if place.peg is not None:
            check_filters(exchange, place, triggered=True)
        if place.side is Side.BUY:
            tried = trial(exchange, place)
            cost = cost_at_market(exchange, tried) if place.type in AT_MARKET else total(tried.price, order.quantity)
            require(
                exchange.free(account, asset) + (order.estimate or total(order.price, order.quantity)) >= cost, Rule.INSUFFICIENT_BALANCE
            )
    except Refused as refusal:
        return refusal.rule
    return None


def trimmed(listed: NaiveList) -> int:
    """What the pending orders sell: of what was received, the whole steps, and no more than one order may have."""
    instrument = listed.instrument
    at_market = any(order.place.type is OrderType.MARKET for order in listed.pair)
    most = instrument.max_market_quantity if at_market else instrument.max_quantity
    return min(listed.received, most, instrument.max_quantity) // instrument.step * instrument.step


# ---- amending --------------------------------------------------------------------------------------------------------


def amended(exchange: NaiveExchange, order: NaiveOrder, amend: Amend) -> list[NaiveOrder]:
    """The orders that an amendment makes smaller: both of a pair."""
    instrument, listed = order.instrument, order.list
    require(instrument.amend, Rule.AMEND_NOT_ALLOWED)
    require(order.stage != "pending" or listed is None or listed.kind not in PROCEEDS, Rule.AMEND_PENDING)
    require(amend.quantity != order.quantity, Rule.AMEND_CHANGES_NOTHING)
    require(amend.quantity < order.quantity, Rule.AMEND_INCREASES)
    others = [each for each in exchange.open if each is not order and each.instrument is instrument]
    taken = [each.client_id for each in others if each.place.account == amend.account]
    require(amend.new_client_order_id not in taken, Rule.DUPLICATE_CLIENT_ORDER_ID)
    require(order.amends < instrument.max_amends, Rule.MAX_NUM_ORDER_AMENDS)
    affected = [order]
    if listed is not None and order is not listed.working:
        affected = [each for each in listed.pair if each.stage != "done"]
    if amend.quantity > order.executed + order.prevented:
        check_lot(instrument, amend.quantity, at_market=False)
        for each in affected:
            price = each.price or each.place.stop_price or exchange.markets[amend.symbol].reference_or_average(exchange.now_us)
            check_total(instrument, [total(price, amend.quantity)], at_market=each.place.type in AT_MARKET)
    return affected
