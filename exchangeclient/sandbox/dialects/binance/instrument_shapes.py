"""How Binance writes down a symbol, what it allows, and the filters of symbols and of the exchange."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from exchangeclient.sandbox.dialects.binance import permissions
from exchangeclient.sandbox.dialects.binance.shapes import ZERO, Shape
from exchangeclient.sandbox.engine.instruments import ExchangeRules, Instrument, PriceRange, Trailing, shown
from exchangeclient.sandbox.engine.words import ListKind, SelfTrade


def instrument(each: Instrument, *, permission_sets: bool) -> Shape:
    """A symbol of exchangeInfo."""
    return {
        "symbol": each.symbol,
        "status": each.status.value,
        "baseAsset": each.base,
        "baseAssetPrecision": 8,
        "quoteAsset": each.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": sorted(kind.value for kind in each.types),
        "icebergAllowed": each.iceberg,
        "ocoAllowed": ListKind.OCO in each.lists,
        "otoAllowed": ListKind.OTO in each.lists,
        "opoAllowed": ListKind.OPO in each.lists,
        "quoteOrderQtyMarketAllowed": each.quote_quantity,
        "allowTrailingStop": each.trailing is not None,
        "cancelReplaceAllowed": True,
        "amendAllowed": each.amend,
        "pegInstructionsAllowed": each.peg,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": symbol_filters(each),
        "permissions": [],
        **({"permissionSets": permissions.SETS} if permission_sets else {}),
        "defaultSelfTradePreventionMode": each.self_trade.value,
        "allowedSelfTradePreventionModes": [mode.value for mode in SelfTrade if mode in each.self_trades],
    }


def symbol_filters(each: Instrument) -> list[Shape]:
    """Every filter that the symbol's orders have to pass, in the order in which the venue lists them."""
    return [
        _filter("PRICE_FILTER", minPrice=shown(each.min_price), maxPrice=shown(each.max_price), tickSize=shown(each.tick)),
        _filter("LOT_SIZE", minQty=shown(each.min_quantity), maxQty=shown(each.max_quantity), stepSize=shown(each.step)),
        *([_filter("ICEBERG_PARTS", limit=each.max_iceberg_parts)] if each.iceberg else []),
        # Only its upper end says something: zeros switch the other parts off.
        _filter("MARKET_LOT_SIZE", minQty=ZERO, maxQty=shown(each.max_market_quantity), stepSize=ZERO),
        *(_trailing(each.trailing) if each.trailing else []),
        _filter(
            "PERCENT_PRICE_BY_SIDE",
            bidMultiplierUp=shown(each.bid_up),
            bidMultiplierDown=shown(each.bid_down),
            askMultiplierUp=shown(each.ask_up),
            askMultiplierDown=shown(each.ask_down),
            avgPriceMins=each.band_minutes,
        ),
        _filter(
            "NOTIONAL",
            minNotional=shown(each.min_notional),
            applyMinToMarket=each.min_notional_at_market,
            maxNotional=shown(each.max_notional),
            applyMaxToMarket=each.max_notional_at_market,
            avgPriceMins=each.band_minutes,
        ),
        *([] if each.max_position is None else [_filter("MAX_POSITION", maxPosition=shown(each.max_position))]),
        _filter("MAX_NUM_ORDERS", maxNumOrders=each.max_orders),
        _filter("MAX_NUM_ORDER_LISTS", maxNumOrderLists=each.max_lists),
        _filter("MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders=each.max_algo_orders),
        *([_filter("MAX_NUM_ICEBERG_ORDERS", maxNumIcebergOrders=each.max_iceberg_orders)] if each.iceberg else []),
        _filter("MAX_NUM_ORDER_AMENDS", maxNumOrderAmends=each.max_amends),
    ]


def exchange_filters(rules: ExchangeRules) -> list[Shape]:
    """The filters over all symbols together."""
    return [
        _filter("EXCHANGE_MAX_NUM_ORDERS", maxNumOrders=rules.max_orders),
        _filter("EXCHANGE_MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders=rules.max_algo_orders),
        _filter("EXCHANGE_MAX_NUM_ICEBERG_ORDERS", maxNumIcebergOrders=rules.max_iceberg_orders),
        _filter("EXCHANGE_MAX_NUM_ORDER_LISTS", maxNumOrderLists=rules.max_lists),
    ]


def execution_rules(each: Instrument) -> Shape:
    """What limits a symbol's trading while it happens."""
    return {"symbol": each.symbol, "rules": [] if each.price_range is None else [_price_range(each.price_range)]}


def sors(routes: Mapping[str, Iterable[str]], listed: Container[str]) -> list[Shape]:
    """Which symbols a routed order may trade on, by base asset."""
    shapes = [{"baseAsset": base, "symbols": [symbol for symbol in symbols if symbol in listed]} for base, symbols in routes.items()]
    return [shape for shape in shapes if shape["symbols"]]


def _filter(kind: str, **figures: object) -> Shape:
    return {"filterType": kind, **figures}


def _trailing(each: Trailing) -> list[Shape]:
    return [
        _filter(
            "TRAILING_DELTA",
            minTrailingAboveDelta=each.min_above,
            maxTrailingAboveDelta=each.max_above,
            minTrailingBelowDelta=each.min_below,
            maxTrailingBelowDelta=each.max_below,
        )
    ]


def _price_range(each: PriceRange) -> Shape:
    """A factor that is left out leaves its direction free."""
    factors = {
        "bidLimitMultUp": each.bid_up,
        "bidLimitMultDown": each.bid_down,
        "askLimitMultUp": each.ask_up,
        "askLimitMultDown": each.ask_down,
    }
    return {"ruleType": "PRICE_RANGE", **{name: shown(factor) for name, factor in factors.items() if factor is not None}}
