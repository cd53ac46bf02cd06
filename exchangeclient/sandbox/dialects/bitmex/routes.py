"""BitMEX's REST endpoints: which handler answers, who may ask, and what they know to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exchangeclient.sandbox.dialects.bitmex import account, market, trading
from exchangeclient.sandbox.dialects.bitmex.call import Call
from exchangeclient.sandbox.dialects.bitmex.order_form import NAMES
from exchangeclient.sandbox.dialects.bitmex.query import SHARED

ROOT = "/api/v1"
_ALWAYS = frozenset(("_format",))


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    :ivar names: the parameters that it knows
    :ivar private: needs a signature
    :ivar trade: needs a key that may trade
    :ivar paced: counts also among the orders of a second
    :ivar refuses: False where the limit of the minute never does
    """

    handler: Callable[[Call], Any]
    names: frozenset[str]
    private: bool = False
    trade: bool = False
    paced: bool = False
    refuses: bool = True


def _public(handler: Callable[[Call], Any], *names: str) -> Route:
    return Route(handler, _ALWAYS.union(names))


def _private(handler: Callable[[Call], Any], *names: str) -> Route:
    return Route(handler, _ALWAYS.union(names), private=True)


def _trading(handler: Callable[[Call], Any], *names: str, paced: bool = False, refuses: bool = True) -> Route:
    return Route(handler, _ALWAYS.union(names), private=True, trade=True, paced=paced, refuses=refuses)


_PUBLIC: Mapping[tuple[str, str], Route] = {
    ("GET", ""): _public(market.greeting),
    ("GET", "/instrument"): _public(market.instruments, *SHARED),
    ("GET", "/instrument/active"): _public(market.active),
    ("GET", "/instrument/indices"): _public(market.indices),
    ("GET", "/instrument/activeAndIndices"): _public(market.active_and_indices),
    ("GET", "/instrument/activeIntervals"): _public(market.active_intervals),
    ("GET", "/instrument/compositeIndex"): _public(market.composite_index, *SHARED),
    ("GET", "/instrument/usdVolume"): _public(market.usd_volume, "symbol", "columns"),
    ("GET", "/orderBook/L2"): _public(market.book, "symbol", "depth"),
    ("GET", "/trade"): _public(market.trades, *SHARED),
    ("GET", "/trade/bucketed"): _public(market.trade_bins, *SHARED, "binSize", "partial"),
    ("GET", "/quote"): _public(market.quotes, *SHARED),
    ("GET", "/quote/bucketed"): _public(market.quote_bins, *SHARED, "binSize", "partial"),
    ("GET", "/funding"): _public(market.fundings, *SHARED),
    **{("GET", f"/{table}"): _public(market.nothing(table), *SHARED) for table in ("settlement", "insurance", "liquidation")},
    ("GET", "/announcement"): _public(market.nothing("announcement"), "columns"),
    ("GET", "/announcement/urgent"): _public(market.nothing("announcement")),
    ("GET", "/chat"): _public(market.nothing("chat"), "count", "start", "reverse", "channelID"),
    ("GET", "/stats"): _public(market.stats),
    ("GET", "/stats/history"): _public(market.stats_history),
    ("GET", "/stats/historyUSD"): _public(market.stats_history_usd),
    ("GET", "/schema"): _public(market.schemas, "model"),
    ("GET", "/schema/websocketHelp"): _public(market.websocket_help),
    ("GET", "/wallet/assets"): _public(market.assets),
    ("GET", "/wallet/networks"): _public(market.networks),
}

_TRADING: Mapping[tuple[str, str], Route] = {
    ("POST", "/order"): _trading(trading.place, *NAMES, paced=True),
    ("PUT", "/order"): _trading(
        trading.amend,
        *("orderID", "origClOrdID", "clOrdID", "orderQty", "leavesQty", "price", "stopPx", "pegOffsetValue", "text"),
        paced=True,
    ),
    ("DELETE", "/order"): _trading(trading.cancel, "orderID", "clOrdID", "text", paced=True, refuses=False),
    ("DELETE", "/order/all"): _trading(trading.cancel_all, "symbol", "filter", "text", paced=True, refuses=False),
    ("POST", "/order/cancelAllAfter"): _trading(trading.cancel_all_after, "timeout"),
    ("POST", "/order/closePosition"): _trading(trading.close_position, "symbol", "price", "text"),
    ("POST", "/order/bulk"): _trading(trading.bulk, "orders"),
    ("PUT", "/order/bulk"): _trading(trading.bulk, "orders"),
    ("POST", "/position/leverage"): _trading(trading.leverage, "symbol", "leverage", paced=True),
    ("POST", "/position/isolate"): _trading(trading.isolate, "symbol", "enabled", paced=True),
    ("POST", "/position/riskLimit"): _trading(trading.set_risk_limit, "symbol", "riskLimit"),
    ("POST", "/position/transferMargin"): _trading(trading.transfer_margin, "symbol", "amount", paced=True),
}

_ACCOUNT: Mapping[tuple[str, str], Route] = {
    ("GET", "/order"): _private(account.orders, *SHARED),
    ("GET", "/execution"): _private(account.executions, *SHARED),
    ("GET", "/execution/tradeHistory"): _private(account.trade_history, *SHARED),
    ("GET", "/position"): _private(account.positions, "symbol", "filter", "columns", "count"),
    ("GET", "/user"): _private(account.user),
    ("GET", "/user/margin"): _private(account.margin, "currency"),
    ("GET", "/user/wallet"): _private(account.wallet, "currency"),
    ("GET", "/user/walletHistory"): _private(account.wallet_history, "currency", "count", "start"),
    ("GET", "/user/walletSummary"): _private(account.wallet_summary, "currency", "startTime", "endTime"),
    ("GET", "/user/commission"): _private(account.commission),
    ("GET", "/user/executionHistory"): _private(account.execution_history, "symbol", "timestamp"),
    ("GET", "/user/tradingVolume"): _private(account.trading_volume),
    ("GET", "/apiKey"): _private(account.api_keys, "reverse"),
}

ROUTES: Mapping[tuple[str, str], Route] = {
    (method, ROOT + path): route for (method, path), route in {**_PUBLIC, **_TRADING, **_ACCOUNT}.items()
}
