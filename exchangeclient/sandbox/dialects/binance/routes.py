"""Binance's endpoints as a table: what each is called, knows, needs and costs. How a call goes through it is :mod:`.perform`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exchangeclient.sandbox.dialects.binance import (
    account,
    cancel_replace,
    list_form,
    market,
    order_lists,
    tickers,
    trading,
    wallet,
)
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.security import SIGNED_NAMES

Weight = Callable[[Params], int]


def fixed(weight: int) -> Weight:
    return lambda _params: weight


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, market.MOST_LEVELS)
    return next(weight for most, weight in ((100, 5), (500, 25), (1000, 50), (market.MOST_LEVELS, 250)) if limit <= most)


def _ticker_weight(params: Params) -> int:
    count = len(params.names("symbols") or ())
    if "symbol" in params or 1 <= count <= 20:
        return 2
    return 40 if 21 <= count <= 100 else 80


def _window_ticker_weight(params: Params) -> int:
    """4 for each symbol, up to 200."""
    return min(4 * len(params.names("symbols") or ("",)), 200)


def _rules_weight(params: Params) -> int:
    """2 for each symbol, up to 40; as much for all of them."""
    if "symbol" in params:
        return 2
    names = params.names("symbols")
    return 40 if names is None else min(2 * len(names), 40)


def _if_given(name: str, weight: int, otherwise: int) -> Weight:
    return lambda params: weight if name in params else otherwise


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    :ivar names: the parameters that it knows
    :ivar signed: needs API key, timestamp and signature
    :ivar keyed: needs an API key and nothing else
    :ivar trade: needs an API key with the permission to trade
    :ivar free: costs its weight only when it fails, as placing and cancelling do; or tells by the answer
    :ivar weight_of_bad_symbol: what it costs when there is no such symbol, where that is something else
    :ivar counts_orders: its answers show the counters of unfilled orders
    :ivar known: all the parameters that it knows, those of signing included
    """

    handler: Callable[[Call], Any]
    weight: Weight
    names: tuple[str, ...] = ()
    signed: bool = False
    keyed: bool = False
    trade: bool = False
    free: bool | Callable[[Any], bool] = False
    weight_of_bad_symbol: int | None = None
    counts_orders: bool = False
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", frozenset((*self.names, *SIGNED_NAMES) if self.signed else self.names))

    def is_free(self, answer: Any) -> bool:
        """True if a call that was answered so costs nothing."""
        return self.free if isinstance(self.free, bool) else self.free(answer)


_IDS = ("symbol", "orderId", "origClientOrderId")
_TICKER = ("symbol", "symbols", "symbolStatus")
_KLINES = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")


def _placing(handler: Callable[[Call], Any], names: tuple[str, ...]) -> Route:
    return Route(handler, fixed(1), names, signed=True, trade=True, free=True, counts_orders=True)


def _trying(handler: Callable[[Call], Any], names: tuple[str, ...]) -> Route:
    return Route(handler, _if_given("computeCommissionRates", 20, 1), (*names, "computeCommissionRates"), signed=True, trade=True)


def _cancelling(handler: Callable[[Call], Any], names: tuple[str, ...]) -> Route:
    return Route(handler, fixed(1), names, signed=True, trade=True, free=True)


def _asking(handler: Callable[[Call], Any], weight: int | Weight, *names: str) -> Route:
    return Route(handler, fixed(weight) if isinstance(weight, int) else weight, names, signed=True)


_TRADING: Mapping[tuple[str, str], Route] = {
    ("POST", "/api/v3/order"): _placing(trading.place_order, trading.ORDER_NAMES),
    ("POST", "/api/v3/order/test"): _trying(trading.check_order, trading.ORDER_NAMES),
    ("DELETE", "/api/v3/order"): _cancelling(trading.cancel_order, (*_IDS, "newClientOrderId", "cancelRestrictions")),
    ("DELETE", "/api/v3/openOrders"): _cancelling(trading.cancel_open_orders, ("symbol",)),
    ("POST", "/api/v3/order/cancelReplace"): _placing(cancel_replace.replace_order, cancel_replace.NAMES),
    ("PUT", "/api/v3/order/amend/keepPriority"): Route(
        trading.amend_order, fixed(4), (*_IDS, "newQty", "newClientOrderId"), signed=True, trade=True, free=trading.amended_to_nothing
    ),
    ("POST", "/api/v3/order/oco"): _placing(order_lists.place_old_oco, list_form.OLD_OCO_NAMES),
    ("POST", "/api/v3/orderList/oco"): _placing(order_lists.place_oco, list_form.OCO.names),
    ("POST", "/api/v3/orderList/oto"): _placing(order_lists.place_oto, list_form.OTO.names),
    ("POST", "/api/v3/orderList/otoco"): _placing(order_lists.place_otoco, list_form.OTOCO.names),
    ("POST", "/api/v3/orderList/opo"): _placing(order_lists.place_opo, list_form.OPO.names),
    ("POST", "/api/v3/orderList/opoco"): _placing(order_lists.place_opoco, list_form.OPOCO.names),
    ("DELETE", "/api/v3/orderList"): _cancelling(
        order_lists.cancel_list, ("symbol", "orderListId", "listClientOrderId", "newClientOrderId")
    ),
    ("POST", "/api/v3/sor/order"): _placing(trading.place_routed, trading.ROUTED_NAMES),
    ("POST", "/api/v3/sor/order/test"): _trying(trading.check_routed, trading.ROUTED_NAMES),
}

_ACCOUNT: Mapping[tuple[str, str], Route] = {
    ("GET", "/api/v3/account"): _asking(account.account, 20, "omitZeroBalances"),
    ("GET", "/api/v3/account/commission"): _asking(account.commission, 20, "symbol"),
    ("GET", "/api/v3/rateLimit/order"): _asking(account.order_rate_limits, 40),
    ("GET", "/api/v3/myFilters"): _asking(account.filters, 40, "symbol"),
    ("GET", "/api/v3/order"): _asking(account.query_order, 4, *_IDS),
    ("GET", "/api/v3/openOrders"): _asking(account.open_orders, _if_given("symbol", 6, 80), "symbol"),
    ("GET", "/api/v3/allOrders"): _asking(account.all_orders, 20, "symbol", "orderId", "startTime", "endTime", "limit"),
    ("GET", "/api/v3/order/amendments"): _asking(account.amendments, 4, "symbol", "orderId", "fromExecutionId", "limit"),
    ("GET", "/api/v3/orderList"): _asking(order_lists.query_list, 4, "orderListId", "origClientOrderId"),
    ("GET", "/api/v3/allOrderList"): _asking(order_lists.all_lists, 20, "fromId", "startTime", "endTime", "limit"),
    ("GET", "/api/v3/openOrderList"): _asking(order_lists.open_lists, 6),
    ("GET", "/api/v3/myTrades"): _asking(
        account.my_trades, _if_given("orderId", 5, 20), "symbol", "orderId", "startTime", "endTime", "fromId", "limit"
    ),
    ("GET", "/api/v3/myAllocations"): _asking(
        account.allocations, 20, "symbol", "startTime", "endTime", "fromAllocationId", "limit", "orderId"
    ),
    ("GET", "/api/v3/myPreventedMatches"): Route(
        account.prevented_matches,
        _if_given("orderId", 20, 2),
        ("symbol", "preventedMatchId", "orderId", "fromPreventedMatchId", "limit"),
        signed=True,
        weight_of_bad_symbol=2,
    ),
}

ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/api/v3/ping"): Route(market.ping, fixed(1)),
    ("GET", "/api/v3/time"): Route(market.time, fixed(1)),
    ("GET", "/api/v3/exchangeInfo"): Route(
        market.exchange_info, fixed(20), ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")
    ),
    ("GET", "/api/v3/executionRules"): Route(market.execution_rules, _rules_weight, _TICKER),
    ("GET", "/api/v3/depth"): Route(market.depth, _depth_weight, ("symbol", "limit", "symbolStatus")),
    ("GET", "/api/v3/trades"): Route(market.trades, fixed(25), ("symbol", "limit")),
    ("GET", "/api/v3/historicalTrades"): Route(market.historical_trades, fixed(25), ("symbol", "limit", "fromId")),
    ("GET", "/api/v3/historicalBlockTrades"): Route(market.historical_block_trades, fixed(25), ("symbol", "fromId", "limit")),
    ("GET", "/api/v3/aggTrades"): Route(market.aggregate_trades, fixed(4), ("symbol", "fromId", "startTime", "endTime", "limit")),
    ("GET", "/api/v3/klines"): Route(market.klines, fixed(2), _KLINES),
    ("GET", "/api/v3/uiKlines"): Route(market.klines, fixed(2), _KLINES),
    ("GET", "/api/v3/avgPrice"): Route(market.average_price, fixed(2), ("symbol",)),
    ("GET", "/api/v3/ticker/24hr"): Route(tickers.ticker_24hr, _ticker_weight, (*_TICKER, "type")),
    ("GET", "/api/v3/ticker/tradingDay"): Route(tickers.ticker_trading_day, _window_ticker_weight, (*_TICKER, "timeZone", "type")),
    ("GET", "/api/v3/ticker"): Route(tickers.ticker_window, _window_ticker_weight, (*_TICKER, "windowSize", "type")),
    ("GET", "/api/v3/ticker/price"): Route(tickers.ticker_price, _if_given("symbol", 2, 4), _TICKER),
    ("GET", "/api/v3/ticker/bookTicker"): Route(tickers.ticker_book, _if_given("symbol", 2, 4), _TICKER),
    ("GET", "/api/v3/referencePrice"): Route(market.reference_price, fixed(2), ("symbol",)),
    ("GET", "/api/v3/referencePrice/calculation"): Route(market.reference_price_calculation, fixed(2), ("symbol", "symbolStatus")),
    **_TRADING,
    **_ACCOUNT,
    **{(method, "/api/v3/userDataStream"): Route(wallet.listen_key, fixed(2), ("listenKey",)) for method in ("POST", "PUT", "DELETE")},
    # Counted apart from the spot API at the venue, so they cost nothing here.
    ("GET", "/sapi/v1/system/status"): Route(wallet.system_status, fixed(0)),
    ("GET", "/sapi/v1/capital/config/getall"): Route(wallet.coins, fixed(0), signed=True),
    ("GET", "/sapi/v1/asset/tradeFee"): Route(wallet.trade_fees, fixed(0), ("symbol",), signed=True),
    ("GET", "/sapi/v1/margin/allPairs"): Route(wallet.margin_pairs, fixed(0), SIGNED_NAMES),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Route(wallet.margin_pairs, fixed(0), SIGNED_NAMES),
    # The website's, on a host of its own at the venue.
    ("GET", "/bapi/asset/v2/public/asset-service/product/get-products"): Route(market.products, fixed(0), ("includeEtf",)),
}
