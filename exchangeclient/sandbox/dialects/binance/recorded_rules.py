"""The rules of a symbol as ``exchangeInfo`` tells them, in the engine's terms: those of today and those of years ago.

Numbers are bounded here, for the recordings of :mod:`.recorded` too: nobody has looked at these files before.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from exchangeclient.sandbox.engine.instruments import Instrument, Trailing, scaled
from exchangeclient.sandbox.engine.words import ListKind, OrderType, SelfTrade, Status

MOST = scaled("1000000000000000")  # of a price or a quantity: more than there is of anything
_TRAILING = Trailing()

Name = Annotated[str, Meta(min_length=1, max_length=40)]
Figure = Annotated[str, Meta(max_length=40)]
Count = Annotated[int, Meta(ge=0, le=1 << 53)]


class _Filter(Struct, rename="camel"):
    """A filter of any kind; 0 is no limit."""

    filter_type: str
    min_price: Figure = "0"
    max_price: Figure = "0"
    tick_size: Figure = "0"
    min_qty: Figure = "0"
    max_qty: Figure = "0"
    step_size: Figure = "0"
    min_notional: Figure = "0"
    max_notional: Figure = "0"
    apply_to_market: bool = True
    apply_min_to_market: bool = True
    apply_max_to_market: bool = True
    multiplier_up: Figure = "1000"
    multiplier_down: Figure = "0"
    bid_multiplier_up: Figure = "1000"
    bid_multiplier_down: Figure = "0"
    ask_multiplier_up: Figure = "1000"
    ask_multiplier_down: Figure = "0"
    avg_price_mins: Annotated[int, Meta(ge=0, le=1440)] = 5
    max_position: Figure = "0"
    limit: Count = 10
    max_num_orders: Count = 200
    max_num_algo_orders: Count = 5
    max_num_iceberg_orders: Count = 10
    max_num_order_lists: Count = 20
    max_num_order_amends: Count = 10
    min_trailing_above_delta: Count = _TRAILING.min_above
    max_trailing_above_delta: Count = _TRAILING.max_above
    min_trailing_below_delta: Count = _TRAILING.min_below
    max_trailing_below_delta: Count = _TRAILING.max_below


class _Symbol(Struct, rename="camel"):
    """A row of ``exchangeInfo``."""

    symbol: Name
    base_asset: Name
    quote_asset: Name
    order_types: frozenset[OrderType]
    filters: list[_Filter]
    status: Status = Status.TRADING
    iceberg_allowed: bool = False
    oco_allowed: bool = False
    oto_allowed: bool = False
    opo_allowed: bool = False
    quote_order_qty_market_allowed: bool = False
    allow_trailing_stop: bool = False
    amend_allowed: bool = False
    peg_instructions_allowed: bool = False
    default_self_trade_prevention_mode: SelfTrade = SelfTrade.EXPIRE_MAKER
    allowed_self_trade_prevention_modes: frozenset[SelfTrade] = frozenset(SelfTrade)


def read_rules(row: dict[str, Any], opening_price: int) -> Instrument:
    """A symbol of ``exchangeInfo``, of whatever year: what it does not say yet is not allowed, or limited as usual.

    :raises ValueError: naming the field that makes no sense
    """
    rules = msgspec.convert(row, _Symbol)
    filters = {each.filter_type: each for each in rules.filters}

    def of(*kinds: str) -> _Filter:
        """The filter of the first of these kinds that there is."""
        return next((filters[kind] for kind in kinds if kind in filters), _Filter(""))

    price, lot, total = of("PRICE_FILTER"), of("LOT_SIZE"), of("NOTIONAL", "MIN_NOTIONAL")
    tick, step = scaled(price.tick_size) or 1, scaled(lot.step_size) or 1
    most = scaled(lot.max_qty) or MOST
    band = of("PERCENT_PRICE_BY_SIDE", "PERCENT_PRICE", "NOTIONAL", "MIN_NOTIONAL")
    by_side = "PERCENT_PRICE_BY_SIDE" in filters
    lists = {
        ListKind.OCO: rules.oco_allowed,
        ListKind.OTO: rules.oto_allowed,
        ListKind.OTOCO: rules.oto_allowed,
        ListKind.OPO: rules.opo_allowed,
        ListKind.OPOCO: rules.opo_allowed,
    }
    return Instrument(
        symbol=rules.symbol,
        base=rules.base_asset,
        quote=rules.quote_asset,
        opening_price=opening_price,
        tick=tick,
        step=step,
        min_price=scaled(price.min_price) or tick,
        max_price=scaled(price.max_price) or MOST,
        min_quantity=scaled(lot.min_qty) or step,
        max_quantity=most,
        max_market_quantity=scaled(of("MARKET_LOT_SIZE").max_qty) or most,
        min_notional=scaled(total.min_notional),
        max_notional=scaled(total.max_notional) or MOST,
        bid_up=scaled(band.bid_multiplier_up if by_side else band.multiplier_up),
        bid_down=scaled(band.bid_multiplier_down if by_side else band.multiplier_down),
        ask_up=scaled(band.ask_multiplier_up if by_side else band.multiplier_up),
        ask_down=scaled(band.ask_multiplier_down if by_side else band.multiplier_down),
        band_minutes=band.avg_price_mins,
        min_notional_at_market=total.apply_to_market and total.apply_min_to_market,
        max_notional_at_market=total.apply_max_to_market,
        max_orders=of("MAX_NUM_ORDERS").max_num_orders,
        max_algo_orders=of("MAX_NUM_ALGO_ORDERS").max_num_algo_orders,
        max_iceberg_orders=of("MAX_NUM_ICEBERG_ORDERS").max_num_iceberg_orders,
        max_iceberg_parts=of("ICEBERG_PARTS").limit,
        max_lists=of("MAX_NUM_ORDER_LISTS").max_num_order_lists,
        max_amends=of("MAX_NUM_ORDER_AMENDS").max_num_order_amends,
        max_position=scaled(of("MAX_POSITION").max_position) or None,
        trailing=_trailing(of("TRAILING_DELTA")) if rules.allow_trailing_stop else None,
        types=rules.order_types,
        lists=frozenset(kind for kind, allowed in lists.items() if allowed),
        iceberg=rules.iceberg_allowed,
        quote_quantity=rules.quote_order_qty_market_allowed,
        amend=rules.amend_allowed,
        peg=rules.peg_instructions_allowed,
        self_trade=rules.default_self_trade_prevention_mode,
        self_trades=rules.allowed_self_trade_prevention_modes,
        status=rules.status,
    )


def _trailing(rule: _Filter) -> Trailing:
    return Trailing(
        rule.min_trailing_above_delta, rule.max_trailing_above_delta, rule.min_trailing_below_delta, rule.max_trailing_below_delta
    )
