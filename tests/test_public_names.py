"""The names of the python-binance line keep working: all of 0.1.6, and those of 0.7 and 1.0 for the spot exchange and the wallet."""

from __future__ import annotations

import inspect

import pytest

from exchangeclient import client, depthcache, enums, exceptions, validation, websockets

# 0.1.6, the founding version: all of it.
CLIENT = """get_products ping get_server_time get_all_tickers get_orderbook_tickers get_order_book get_aggregate_trades get_klines
    get_ticker create_order create_test_order get_order get_all_orders cancel_order get_open_orders get_account get_my_trades
    stream_get_listen_key stream_keepalive stream_close""".split()
# 0.7: the spot exchange, its helpers and the wallet.
CLIENT_07 = """get_exchange_info get_symbol_info get_recent_trades get_historical_trades get_avg_price get_symbol_ticker
    get_orderbook_ticker aggregate_trade_iter get_historical_klines get_historical_klines_generator
    create_oco_order order_limit order_limit_buy order_limit_sell
    order_market order_market_buy order_market_sell order_oco_buy order_oco_sell get_asset_balance
    get_system_status get_account_status get_dust_log get_trade_fee get_asset_details withdraw get_deposit_history
    get_withdraw_history get_deposit_address transfer_dust get_asset_dividend_history""".split()
# 1.0: the same products.
CLIENT_10 = """get_ui_klines get_symbol_ticker_window cancel_all_open_orders cancel_replace_order get_open_oco_orders
    get_current_order_count get_prevented_matches get_allocations
    v3_get_order_list v3_get_all_order_list v3_delete_order_list v3_post_order_list_oto v3_post_order_list_otoco
    v3_post_sor_order v3_post_sor_order_test v3_post_cancel_replace v3_get_account_commission v3_get_ticker_trading_day
    get_all_coins_info get_account_api_permissions get_account_api_trading_status get_account_snapshot get_user_asset funding_wallet
    get_dust_assets get_withdraw_history_id make_universal_transfer universal_transfer query_universal_transfer_history
    new_transfer_history toggle_bnb_burn_spot_margin get_bnb_burn_spot_margin
    margin_v1_get_account_info margin_v1_get_asset_wallet_balance""".split()
ENUMS = {
    "SYMBOL_TYPE_SPOT": "SPOT",
    **{f"ORDER_STATUS_{word}": word for word in "NEW PARTIALLY_FILLED FILLED CANCELED PENDING_CANCEL REJECTED EXPIRED".split()},
    **{f"KLINE_INTERVAL_{count}MINUTE": f"{count}m" for count in (1, 3, 5, 15, 30)},
    **{f"KLINE_INTERVAL_{count}HOUR": f"{count}h" for count in (1, 2, 4, 6, 8, 12)},
    "KLINE_INTERVAL_1DAY": "1d",
    "KLINE_INTERVAL_3DAY": "3d",
    "KLINE_INTERVAL_1WEEK": "1w",
    "KLINE_INTERVAL_1MONTH": "1M",
    "KLINE_INTERVAL_2MINUTE": "3m",  # the misprint
    "SIDE_BUY": "BUY",
    "SIDE_SELL": "SELL",
    **{f"ORDER_TYPE_{word}": word for word in "LIMIT MARKET STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT LIMIT_MAKER".split()},
    **{f"TIME_IN_FORCE_{word}": word for word in "GTC IOC FOK".split()},
    **{f"ORDER_RESP_TYPE_{word}": word for word in "ACK RESULT FULL".split()},
    **{f"WEBSOCKET_DEPTH_{levels}": str(levels) for levels in (5, 10, 20)},
    **dict(zip("AGG_ID AGG_PRICE AGG_QUANTITY AGG_TIME AGG_BUYER_MAKES AGG_BEST_MATCH".split(), "apqTmM", strict=True)),
    "AGG_FIRST_TRADE_ID": "f",
    "AGG_LAST_TRADE_ID": "l",
    "KLINE_INTERVAL_1SECOND": "1s",
    "SPOT_TO_USDT_FUTURE": "MAIN_UMFUTURE",
    "USDT_FUTURE_TO_SPOT": "UMFUTURE_MAIN",
}


@pytest.mark.parametrize("name", CLIENT + CLIENT_07 + CLIENT_10)
def test_the_client_has_the_method(name: str) -> None:
    method = getattr(client.Client, name)
    assert callable(method)
    assert (inspect.getdoc(method) or "").strip(), "each public method says what it gives"


@pytest.mark.parametrize(("name", "value"), ENUMS.items())
def test_the_enums_are_in_the_module_and_on_the_client(name: str, value: str) -> None:
    assert getattr(enums, name) == value
    assert getattr(client.Client, name) == value


def test_the_client_has_the_numbers_of_the_further_hosts() -> None:
    assert [getattr(client.Client, f"BASE_ENDPOINT_{word}") for word in ("DEFAULT", "1", "2", "3", "4")] == ["", "1", "2", "3", "4"]


def test_the_names_with_the_venues_prefix_are_the_same_objects() -> None:
    assert exceptions.BinanceAPIException is exceptions.ExchangeAPIException
    assert exceptions.BinanceRequestException is exceptions.ExchangeRequestException
    assert exceptions.BinanceWithdrawException is exceptions.ExchangeAPIException
    assert exceptions.BinanceOrderException is exceptions.OrderException
    for word in ("MinAmount", "MinPrice", "MinTotal", "UnknownSymbol", "InactiveSymbol"):
        assert getattr(exceptions, f"BinanceOrder{word}Exception") is getattr(exceptions, f"Order{word}Exception")
    assert exceptions.BinanceOrderTotalPriceException is exceptions.OrderMinTotalException
    assert websockets.BinanceSocketManager is websockets.SocketManager


def _leading(name: str, count: int) -> list[str]:
    return list(inspect.signature(getattr(websockets.SocketManager, name)).parameters)[1 : count + 1]


def test_sockets_have_the_names_of_0_7_in_their_places() -> None:
    for stream in ("depth", "kline", "trade", "aggtrade", "symbol_ticker", "symbol_book_ticker"):
        assert _leading(f"start_{stream}_socket", 2) == ["symbol", "callback"]
    for stream in ("miniticker", "ticker", "book_ticker", "user"):
        assert _leading(f"start_{stream}_socket", 1) == ["callback"]
    assert _leading("start_multiplex_socket", 2) == ["streams", "callback"]
    assert _leading("start_depth_socket", 4)[2:] == ["depth", "interval"]
    assert _leading("start_kline_socket", 3)[2:] == ["interval"]
    assert _leading("start_miniticker_socket", 2)[1:] == ["update_time"]
    for name in ("BinanceClientProtocol", "BinanceReconnectingClientFactory", "BinanceClientFactory"):
        assert callable(getattr(websockets, name))


def test_sockets_have_the_names_of_1_0_for_the_spot_exchange() -> None:
    streams = "depth kline miniticker trade aggtrade symbol_miniticker symbol_ticker ticker symbol_book_ticker book_ticker multiplex user"
    for stream in streams.split():
        assert {"callback"} <= inspect.signature(getattr(websockets.ThreadedWebsocketManager, f"start_{stream}_socket")).parameters.keys()
    for name in ("start", "stop", "join", "stop_socket"):
        assert callable(getattr(websockets.ThreadedWebsocketManager, name))


def test_sockets_and_depth_cache_have_the_founding_names() -> None:
    for stream in ("depth", "kline", "trade", "ticker", "user"):
        assert callable(getattr(websockets.BinanceSocketManager, f"start_{stream}_socket"))
        assert callable(getattr(websockets.BinanceSocketManager, f"stop_{stream}_socket"))
    for name in ("start", "close", "stop_socket", "join", "is_alive"):
        assert callable(getattr(websockets.BinanceSocketManager, name))
    assert callable(websockets.BinanceClientProtol)
    for name in ("add_bid", "add_ask", "get_bids", "get_asks", "sort_depth"):
        assert callable(getattr(depthcache.DepthCache, name))
    assert callable(depthcache.DepthCacheManager.get_depth_cache)
    assert callable(validation.validate_order)
    assert set(validation.NOTIONAL_LIMITS) == {"BTC", "ETH", "USDT"}
