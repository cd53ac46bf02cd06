"""The calls over the WebSocket API: each is the twin of a REST call, declared once, there.

A twin has its REST call's parameters, checks, weight, order rules, errors, and settlement of a lost answer; it only goes another way
(:mod:`.wsapi`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from exchangeclient.binance.rest.account import Account
from exchangeclient.binance.rest.order_lists import OrderLists
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.binance.wsapi import HOST, METHODS
from exchangeclient.core.calling.twins import Way
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_GTC, TimeInForce

P = ParamSpec("P")
T = TypeVar("T")

_WAY: Final = Way("the WebSocket API", HOST, METHODS, unsent=("id",))  # the python-binance line lets one number the request


def _twin(rest: Callable[P, T]) -> Callable[P, T]:
    return _WAY.twin(rest, __name__)


class WsCalls(SpotMarket, SpotTrade, OrderLists, Account):
    """``ws_`` and the name of a REST call is that call over the WebSocket API; a few have the name of the python-binance line as well."""

    ws_ping = _twin(SpotMarket.ping)
    ws_get_server_time = _twin(SpotMarket.get_server_time)
    ws_get_exchange_info = _twin(SpotMarket.get_exchange_info)
    ws_get_execution_rules = _twin(SpotMarket.get_execution_rules)
    ws_get_reference_price = _twin(SpotMarket.get_reference_price)
    ws_get_reference_price_calculation = _twin(SpotMarket.get_reference_price_calculation)
    ws_get_order_book = _twin(SpotMarket.get_order_book)
    ws_get_recent_trades = _twin(SpotMarket.get_recent_trades)
    ws_get_historical_trades = _twin(SpotMarket.get_historical_trades)
    ws_get_historical_block_trades = _twin(SpotMarket.get_historical_block_trades)
    ws_get_aggregate_trades = _twin(SpotMarket.get_aggregate_trades)
    ws_get_klines = _twin(SpotMarket.get_klines)
    ws_get_ui_klines = _twin(SpotMarket.get_ui_klines)
    ws_get_avg_price = _twin(SpotMarket.get_avg_price)
    ws_get_ticker = _twin(SpotMarket.get_ticker)
    ws_get_trading_day_ticker = _twin(SpotMarket.get_trading_day_ticker)
    ws_get_symbol_ticker_window = _twin(SpotMarket.get_symbol_ticker_window)
    ws_get_symbol_ticker = _twin(SpotMarket.get_symbol_ticker)
    ws_get_all_tickers = _twin(SpotMarket.get_all_tickers)
    ws_get_orderbook_ticker = _twin(SpotMarket.get_orderbook_ticker)
    ws_get_orderbook_tickers = _twin(SpotMarket.get_orderbook_tickers)

    ws_create_order = _twin(SpotTrade.create_order)
    ws_create_test_order = _twin(SpotTrade.create_test_order)
    ws_cancel_replace_order = _twin(SpotTrade.cancel_replace_order)
    ws_amend_order_keep_priority = _twin(SpotTrade.amend_order_keep_priority)
    ws_create_sor_order = _twin(SpotTrade.create_sor_order)
    ws_create_sor_test_order = _twin(SpotTrade.create_sor_test_order)
    ws_cancel_order = _twin(SpotTrade.cancel_order)
    ws_cancel_all_open_orders = _twin(SpotTrade.cancel_all_open_orders)

    ws_create_oco_order = _twin(OrderLists.create_oco_order)
    ws_create_old_oco_order = _twin(OrderLists.create_old_oco_order)
    ws_create_oto_order = _twin(OrderLists.create_oto_order)
    ws_create_otoco_order = _twin(OrderLists.create_otoco_order)
    ws_create_opo_order = _twin(OrderLists.create_opo_order)
    ws_create_opoco_order = _twin(OrderLists.create_opoco_order)
    ws_cancel_order_list = _twin(OrderLists.cancel_order_list)

    ws_get_order = _twin(Account.get_order)
    ws_get_order_list = _twin(Account.get_order_list)
    ws_get_open_orders = _twin(Account.get_open_orders)
    ws_get_open_order_lists = _twin(Account.get_open_order_lists)
    ws_get_all_orders = _twin(Account.get_all_orders)
    ws_get_all_order_lists = _twin(Account.get_all_order_lists)
    ws_get_account = _twin(Account.get_account)
    ws_get_account_commission = _twin(Account.get_account_commission)
    ws_get_current_order_count = _twin(Account.get_current_order_count)
    ws_get_my_trades = _twin(Account.get_my_trades)
    ws_get_prevented_matches = _twin(Account.get_prevented_matches)
    ws_get_allocations = _twin(Account.get_allocations)
    ws_get_order_amendments = _twin(Account.get_order_amendments)
    ws_get_my_filters = _twin(Account.get_my_filters)

    # Names of the python-binance line.
    ws_get_time = ws_get_server_time
    ws_get_uiKlines = ws_get_ui_klines  # noqa: N815 - spelled so there
    ws_create_test_sor_order = ws_create_sor_test_order
    ws_cancel_and_replace_order = ws_cancel_replace_order
    ws_get_oco_order = ws_get_order_list
    ws_cancel_oco_order = ws_cancel_order_list
    ws_get_oco_open_orders = ws_get_open_order_lists
    ws_get_account_rate_limits_orders = ws_get_current_order_count
    ws_get_commission_rates = ws_get_account_commission

    def ws_order_limit(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order over the WebSocket API; ``symbol``, ``side``, ``quantity`` and ``price`` are needed.

        :param timeInForce: ``GTC`` when left out
        """
        return self.ws_create_order(type=ORDER_TYPE_LIMIT, timeInForce=timeInForce, **params)

    def ws_order_limit_buy(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order to buy over the WebSocket API; ``symbol``, ``quantity`` and ``price`` are needed."""
        return self.ws_order_limit(timeInForce=timeInForce, side=SIDE_BUY, **params)

    def ws_order_limit_sell(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order to sell over the WebSocket API; ``symbol``, ``quantity`` and ``price`` are needed."""
        return self.ws_order_limit(timeInForce=timeInForce, side=SIDE_SELL, **params)

    def ws_order_market(self, **params: Any) -> dict[str, Any]:
        """Place a market order over the WebSocket API; ``symbol``, ``side``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.ws_create_order(type=ORDER_TYPE_MARKET, **params)

    def ws_order_market_buy(self, **params: Any) -> dict[str, Any]:
        """Place a market order to buy over the WebSocket API; ``symbol``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.ws_order_market(side=SIDE_BUY, **params)

    def ws_order_market_sell(self, **params: Any) -> dict[str, Any]:
        """Place a market order to sell over the WebSocket API; ``symbol``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.ws_order_market(side=SIDE_SELL, **params)
