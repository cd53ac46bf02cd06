"""Whether an order keeps its symbol's rules, in the order in which the rules are named. What needs the book or the account's
funds is checked by :mod:`.placing`.
"""

from __future__ import annotations

from .commands import Place, PlaceList
from .events import Order
from .instruments import UNIT, ExchangeRules, Instrument
from .market import Market, Party
from .orders import AT_MARKET, CONDITIONAL, rises
from .refusals import Refused, Rule
from .words import Leg, ListKind, OrderType, Side, Status, TimeInForce

_BUY = Side.BUY
_LIMIT, _LIMIT_MAKER, _MARKET = OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET
_STOP_LOSS, _TAKE_PROFIT = OrderType.STOP_LOSS, OrderType.TAKE_PROFIT
_TRADING, _CANCEL_ONLY = Status.TRADING, Status.CANCEL_ONLY
_GTX, _NET = TimeInForce.GTX, Leg.NET
_EVERY_TYPE = len(OrderType)

_SIZES = {ListKind.OCO: 2, ListKind.OTO: 2, ListKind.OPO: 2, ListKind.OTOCO: 3, ListKind.OPOCO: 3}
_STOP_LEGS = frozenset((OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT))
_PROFIT_LEGS = frozenset((OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT))


def passes_at_a_glance(place: Place, value: int, market: Market, now_us: int) -> bool:
    """True for an order with a limit and nothing else that keeps every rule of its symbol, as nearly all are; it is spared the checks of
    what it does not use. False says nothing: the checks below are to be asked, one after the other.

    :param value: its price times its quantity
    """
    instrument, price, quantity = market.instrument, place.price, place.quantity
    if (
        (place.type is not _LIMIT and place.type is not _LIMIT_MAKER)
        or place.peg is not None
        or place.self_trade is not None
        or (place.stop_price or place.trailing_delta or place.iceberg_quantity or place.quote_quantity or place.routed)
        or place.reduce_only
        or place.leg is not _NET
        or instrument.status is not _TRADING
        or (len(instrument.types) != _EVERY_TYPE and place.type not in instrument.types)
        or not instrument.min_price <= price <= instrument.max_price
        or not instrument.min_quantity <= quantity <= instrument.max_quantity
        or not (instrument.min_notional <= value <= instrument.max_notional or (place.any_total and value <= instrument.max_notional))
        or value <= 0
        or not instrument.tick
        or price % instrument.tick
        or quantity % instrument.step
    ):
        return False
    reference = market.band_price(now_us)
    if place.side is _BUY:
        return reference * instrument.bid_down <= price * UNIT <= reference * instrument.bid_up
    return reference * instrument.ask_down <= price * UNIT <= reference * instrument.ask_up


# ---- commands that no dialect should have built ------------------------------------------------------------------


def check_shape(place: Place) -> None:
    """Refuse an order whose figures do not belong together.

    :raises ValueError: for what is the caller's mistake
    """
    kind = place.type
    figures = (place.quantity, place.quote_quantity, place.price, place.stop_price, place.trailing_delta, place.iceberg_quantity)
    if min(figures) < 0:
        raise ValueError(f"a negative figure in {place}")
    if (kind in CONDITIONAL) != bool(place.stop_price or place.trailing_delta):
        raise ValueError(f"a conditional order, and no other, has a stop price or a trailing delta, not {place}")
    if kind in AT_MARKET and (place.price or place.iceberg_quantity or place.peg is not None):
        raise ValueError(f"an order at market has no price, no peg and no iceberg quantity, not {place}")
    if place.quote_quantity and (kind is not _MARKET or place.quantity or place.routed):
        raise ValueError(f"a quote quantity stands for the quantity of a market order that is not routed, not {place}")
    if place.time_in_force is _GTX and (
        kind not in (_LIMIT, _LIMIT_MAKER) or place.routed or place.peg is not None or place.iceberg_quantity
    ):
        raise ValueError(f"only a plain limit order can be one that makes or expires, not {place}")
    if place.reduce_only and kind not in (_LIMIT, _MARKET, _LIMIT_MAKER):
        raise ValueError(f"an order that may only reduce a position waits for no trigger, not {place}")
    if place.leg is not _NET and (place.side is _BUY) == (place.leg is Leg.SHORT) and not place.reduce_only:
        raise ValueError(f"an order that closes a leg may only reduce it, not {place}")
    if place.routed and (place.peg is not None or kind not in (_LIMIT, _MARKET)):
        raise ValueError(f"only a plain limit or market order can be routed, not {place}")


def check_list_shape(wish: PlaceList) -> None:
    """Refuse a list whose orders do not belong together.

    :raises ValueError: for what is the caller's mistake
    """
    orders = wish.orders
    if len(orders) != _SIZES[wish.kind] or len({(each.account, each.symbol) for each in orders}) != 1:
        raise ValueError(f"a list of another size, or of different accounts or symbols: {wish}")
    if any(each.check_only or each.routed or each.reduce_only or each.time_in_force is _GTX for each in orders):
        raise ValueError(f"the orders of a list are neither routed nor for a check only, nor to make or reduce only: {wish}")
    pair, by_proceeds = orders, wish.kind in (ListKind.OPO, ListKind.OPOCO)
    if wish.kind is not ListKind.OCO:
        pair = orders[1:]
        if orders[0].type not in (_LIMIT, _LIMIT_MAKER) or any(each.quote_quantity for each in pair):
            raise ValueError(f"a working order has a limit, a pending one no quote quantity: {wish}")
    if by_proceeds and (orders[0].side is not _BUY or any(each.side is _BUY or each.quantity for each in pair)):
        raise ValueError(f"one buys, then sells what was bought, whatever that will be: {wish}")
    if len(pair) == 2 and not _is_pair(*pair):
        raise ValueError(f"a pair takes a profit on one side and stops a loss on the other: {wish}")


def _is_pair(above: Place, below: Place) -> bool:
    profit, stop = (above, below) if above.side is Side.SELL else (below, above)
    return above.side is below.side and above.quantity == below.quantity and profit.type in _PROFIT_LEGS and stop.type in _STOP_LEGS


# ---- rules of the symbol -----------------------------------------------------------------------------------------


def check_list_kind(wish: PlaceList, instrument: Instrument) -> None:
    """Refuse a kind of list that the symbol does not offer, or not now."""
    if instrument.status is not _TRADING:
        raise Refused(Rule.NOT_TRADING)
    if wish.kind not in instrument.lists:
        raise Refused(Rule.LIST_NOT_ALLOWED)


def check_cancelling(instrument: Instrument, party: Party | None) -> None:
    """Refuse to cancel and to amend while the symbol is closed."""
    if instrument.status is not _TRADING and instrument.status is not _CANCEL_ONLY and (party is None or party.account.ruled):
        raise Refused(Rule.NOT_TRADING)


def check_features(place: Place, instrument: Instrument) -> None:
    """Refuse what the symbol does not offer, or not now."""
    if instrument.status is not _TRADING:
        raise Refused(Rule.NOT_TRADING)
    if len(instrument.types) != _EVERY_TYPE and place.type not in instrument.types:
        raise Refused(Rule.TYPE_NOT_ALLOWED)
    if place.iceberg_quantity and not instrument.iceberg:
        raise Refused(Rule.ICEBERG_NOT_ALLOWED)
    if place.trailing_delta and instrument.trailing is None:
        raise Refused(Rule.TRAILING_NOT_ALLOWED)
    if place.peg is not None and not instrument.peg:
        raise Refused(Rule.PEG_NOT_ALLOWED)
    if place.quote_quantity and not instrument.quote_quantity:
        raise Refused(Rule.QUOTE_QUANTITY_NOT_ALLOWED)
    if place.self_trade is not None and place.self_trade not in instrument.self_trades:
        raise Refused(Rule.SELF_TRADE_MODE_NOT_ALLOWED)


def check_rules(place: Place | Order, instrument: Instrument, reference: int, *, pegged: int = 0, sized: bool = True) -> None:
    """Refuse an order that breaks a rule of its symbol; of several broken ones, the first in the venue's own sequence.

    :param reference: the price that the price band and the total of an order at market are measured by
    :param pegged: the price that a pegged order would take over, when that is known
    :param sized: False for an order whose quantity is not known yet
    :raises Refused: naming the rule
    """
    kind, price, quantity = place.type, place.price, place.quantity
    at_market = kind is _MARKET or kind is _STOP_LOSS or kind is _TAKE_PROFIT
    plain = place.peg is None
    if not at_market and (plain or price):
        _check_price(price, instrument)
    if pegged:
        _check_price(pegged, instrument)
    if place.stop_price:
        _check_price(place.stop_price, instrument)
    if sized and not place.quote_quantity:
        check_lot(quantity, instrument, market=False)
        if place.iceberg_quantity:
            _check_iceberg(place.iceberg_quantity, quantity, instrument)
        if kind is _MARKET and quantity > instrument.max_market_quantity:
            raise Refused(Rule.MARKET_LOT_SIZE)
    if place.trailing_delta:
        _check_trailing(place, instrument)
    worth = pegged or price
    if worth:
        _check_band(worth, place.side, instrument, reference)
        if pegged and price:
            _check_band(price, place.side, instrument, reference)
    elif not at_market:
        worth = place.stop_price or reference  # a price that will be taken from the book when the order is triggered
    if sized:
        value = place.quote_quantity or (reference if at_market else worth) * quantity // UNIT
        _check_total(value, instrument, at_market=at_market, any_total=place.any_total)
        if pegged and price:
            _check_total(price * quantity // UNIT, instrument)


def check_quantity(order: Order, quantity: int, price: int, instrument: Instrument) -> None:
    """Refuse another quantity for an order that was accepted."""
    check_lot(quantity, instrument, market=order.type is _MARKET)
    _check_total(price * quantity // UNIT, instrument, at_market=order.type in AT_MARKET)


def _check_price(price: int, instrument: Instrument) -> None:
    """Refuse a price that is too low, too high or off the tick; a part of the rule that is zero does not count."""
    low, high, tick = instrument.min_price, instrument.max_price, instrument.tick
    if price < low or not price or (high and price > high) or (tick and price % tick):
        raise Refused(Rule.PRICE_FILTER)


def check_lot(quantity: int, instrument: Instrument, *, market: bool) -> None:
    """Refuse a quantity that is too small, too large or off the step."""
    if not instrument.min_quantity <= quantity <= instrument.max_quantity or quantity % instrument.step:
        raise Refused(Rule.LOT_SIZE)
    if market and quantity > instrument.max_market_quantity:
        raise Refused(Rule.MARKET_LOT_SIZE)


def _check_total(value: int, instrument: Instrument, *, at_market: bool = False, any_total: bool = False) -> None:
    if value < instrument.min_notional and (instrument.min_notional_at_market or not at_market) and not any_total:
        raise Refused(Rule.NOTIONAL)
    if value > instrument.max_notional and (instrument.max_notional_at_market or not at_market):
        raise Refused(Rule.NOTIONAL)
    if value == 0:
        raise Refused(Rule.ZERO_TOTAL)


def _check_band(price: int, side: Side, instrument: Instrument, reference: int) -> None:
    up, down = (instrument.bid_up, instrument.bid_down) if side is _BUY else (instrument.ask_up, instrument.ask_down)
    if not reference * down <= price * UNIT <= reference * up:
        raise Refused(Rule.PERCENT_PRICE_BY_SIDE)


def _check_iceberg(visible: int, quantity: int, instrument: Instrument) -> None:
    if visible > quantity:
        raise Refused(Rule.ICEBERG_EXCEEDS_QUANTITY)
    check_lot(visible, instrument, market=False)
    if -(-quantity // visible) > instrument.max_iceberg_parts:
        raise Refused(Rule.ICEBERG_PARTS)


def _check_trailing(place: Place | Order, instrument: Instrument) -> None:
    rule = instrument.trailing
    if rule is None:
        raise Refused(Rule.TRAILING_NOT_ALLOWED)
    least, most = (rule.min_above, rule.max_above) if rises(place.side, place.type) else (rule.min_below, rule.max_below)
    if not least <= place.trailing_delta <= most:
        raise Refused(Rule.TRAILING_DELTA)


# ---- rules of the account ----------------------------------------------------------------------------------------


def check_counts(  # noqa: PLR0917 - asked for every order, where a call by keyword would cost a third more
    party: Party, rules: ExchangeRules, orders: int, algo: int, icebergs: int, lists: int
) -> None:
    """Refuse orders for which there is no room among those that the account has open: on the symbol, then on the exchange.

    :param algo: how many of the orders are conditional
    :param icebergs: how many of them are icebergs
    """
    account, instrument = party.account, party.market.instrument
    special = algo or icebergs or lists
    if len(party.open) + orders > instrument.max_orders:
        raise Refused(Rule.MAX_NUM_ORDERS)
    if special:
        if algo and party.algo_orders + algo > instrument.max_algo_orders:
            raise Refused(Rule.MAX_NUM_ALGO_ORDERS)
        if icebergs and party.iceberg_orders + icebergs > instrument.max_iceberg_orders:
            raise Refused(Rule.MAX_NUM_ICEBERG_ORDERS)
        if lists and party.lists + lists > instrument.max_lists:
            raise Refused(Rule.MAX_NUM_ORDER_LISTS)
    if account.open_orders + orders > rules.max_orders:
        raise Refused(Rule.EXCHANGE_MAX_NUM_ORDERS)
    if special:
        if algo and account.algo_orders + algo > rules.max_algo_orders:
            raise Refused(Rule.EXCHANGE_MAX_NUM_ALGO_ORDERS)
        if icebergs and account.iceberg_orders + icebergs > rules.max_iceberg_orders:
            raise Refused(Rule.EXCHANGE_MAX_NUM_ICEBERG_ORDERS)
        if lists and len(account.open_lists) + lists > rules.max_lists:
            raise Refused(Rule.EXCHANGE_MAX_NUM_ORDER_LISTS)


def check_position(party: Party, instrument: Instrument, bought: int) -> None:
    """Refuse a purchase after which the account could hold more of the base asset than is allowed; the engine's own may hold any."""
    if instrument.max_position is None or not bought or not party.account.kept:
        return
    coming = sum(order.remaining for order in party.open.values() if order.state.side is _BUY)
    if party.base.free + party.base.locked + coming + bought > instrument.max_position:
        raise Refused(Rule.MAX_POSITION)
