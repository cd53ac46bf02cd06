"""OKX's REST endpoints: which handler answers, who may ask, and how often in two seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exchangeclient.sandbox.dialects.okx import account, funds, market, orders, trading
from exchangeclient.sandbox.dialects.okx.call import Call
from exchangeclient.sandbox.dialects.okx.trading import Answer

ROOT = "/api/v5"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    :ivar most: calls in two seconds, of an address or of an account; 0 where the orders in them are counted instead
    :ivar private: needs a signature
    :ivar trade: needs a key that may trade
    :ivar batch: its body is a list of orders
    """

    handler: Callable[[Call], list[Any] | Answer]
    most: int = 0
    private: bool = False
    trade: bool = False
    batch: bool = False


def _private(handler: Callable[[Call], list[Any]], most: int) -> Route:
    return Route(handler, most, private=True)


def _trading(handler: Callable[[Call], list[Any] | Answer], *, most: int = 0, batch: bool = False) -> Route:
    return Route(handler, most, private=True, trade=True, batch=batch)


_PUBLIC: Mapping[tuple[str, str], Route] = {
    ("GET", "/public/time"): Route(market.time, 10),
    ("GET", "/public/instruments"): Route(market.instruments, 20),
    ("GET", "/public/mark-price"): Route(market.mark_price, 10),
    ("GET", "/public/open-interest"): Route(market.open_interest, 20),
    ("GET", "/public/funding-rate"): Route(market.funding_rate, 10),
    ("GET", "/public/funding-rate-history"): Route(market.funding_rate_history, 10),
    ("GET", "/public/price-limit"): Route(market.price_limit, 20),
    ("GET", "/public/position-tiers"): Route(market.position_tiers, 10),
    ("GET", "/market/ticker"): Route(market.ticker, 20),
    ("GET", "/market/tickers"): Route(market.tickers, 20),
    ("GET", "/market/index-tickers"): Route(market.index_tickers, 20),
    ("GET", "/market/books"): Route(market.books, 40),
    ("GET", "/market/books-full"): Route(market.books_in_full, 10),
    ("GET", "/market/trades"): Route(market.trades, 100),
    ("GET", "/market/history-trades"): Route(market.history_trades, 10),
    ("GET", "/market/candles"): Route(market.candles, 40),
    ("GET", "/market/history-candles"): Route(market.history_candles, 20),
    ("GET", "/market/index-candles"): Route(market.index_candles, 20),
    ("GET", "/market/history-index-candles"): Route(market.history_index_candles, 10),
    ("GET", "/market/mark-price-candles"): Route(market.mark_price_candles, 20),
    ("GET", "/market/history-mark-price-candles"): Route(market.history_mark_price_candles, 10),
    ("GET", "/system/status"): Route(market.system_status, 10),
}

_TRADING: Mapping[tuple[str, str], Route] = {
    ("POST", "/trade/order"): _trading(trading.place_order),
    ("POST", "/trade/batch-orders"): _trading(trading.place_orders, batch=True),
    ("POST", "/trade/cancel-order"): _trading(trading.cancel_order),
    ("POST", "/trade/cancel-batch-orders"): _trading(trading.cancel_orders, batch=True),
    ("POST", "/trade/amend-order"): _trading(trading.amend_order),
    ("POST", "/trade/amend-batch-orders"): _trading(trading.amend_orders, batch=True),
    ("POST", "/trade/close-position"): _trading(trading.close_position, most=20),
    ("POST", "/trade/cancel-all-after"): _trading(trading.cancel_all_after, most=2),
    ("GET", "/trade/order"): _private(orders.query_order, 60),
    ("GET", "/trade/orders-pending"): _private(orders.pending, 60),
    ("GET", "/trade/orders-history"): _private(orders.history, 40),
    ("GET", "/trade/orders-history-archive"): _private(orders.archive, 20),
    ("GET", "/trade/fills"): _private(orders.fills, 60),
    ("GET", "/trade/fills-history"): _private(orders.fills_history, 10),
}

_ACCOUNT: Mapping[tuple[str, str], Route] = {
    ("GET", "/account/config"): _private(account.config, 5),
    ("GET", "/account/balance"): _private(account.balance, 10),
    ("GET", "/account/positions"): _private(account.positions, 10),
    ("GET", "/account/instruments"): _private(account.instruments, 20),
    ("GET", "/account/trade-fee"): _private(account.trade_fee, 5),
    ("GET", "/account/leverage-info"): _private(account.leverage_info, 20),
    ("POST", "/account/set-leverage"): _trading(account.set_leverage, most=20),
    ("POST", "/account/set-position-mode"): _trading(account.set_position_mode, most=5),
    ("GET", "/account/max-size"): _private(account.max_size, 20),
    ("GET", "/account/max-avail-size"): _private(account.max_avail_size, 20),
    ("GET", "/asset/balances"): _private(funds.balances, 12),
    ("GET", "/asset/currencies"): _private(funds.currencies, 12),
    ("GET", "/asset/asset-valuation"): _private(funds.valuation, 2),
    ("POST", "/asset/transfer"): _trading(funds.transfer, most=4),
    ("GET", "/users/subaccount/list"): _private(funds.subaccounts, 4),
    ("GET", "/account/subaccount/balances"): _private(funds.subaccount_balances, 6),
    ("GET", "/asset/subaccount/balances"): _private(funds.subaccount_balances, 6),
}

ROUTES: Mapping[tuple[str, str], Route] = {
    (method, ROOT + path): route for (method, path), route in {**_PUBLIC, **_TRADING, **_ACCOUNT}.items()
}
PATHS = frozenset(path for _, path in ROUTES)
