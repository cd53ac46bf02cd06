"""The names of python-binance 0.1.6, and of 0.7 as far as they are here, keep working."""

from __future__ import annotations

import inspect

import pytest

from exchangeclient import client, depthcache, enums, exceptions, validation, websockets

# 0.1.6, the founding version: all of it.
CLIENT = """get_products ping get_server_time get_all_tickers get_orderbook_tickers get_order_book get_aggregate_trades get_klines
    get_ticker create_order create_test_order get_order get_all_orders cancel_order get_open_orders get_account get_my_trades
    stream_get_listen_key stream_keepalive stream_close""".split()
# 0.7: the calls and helpers that this version has.
CLIENT_07 = """get_exchange_info get_symbol_info get_recent_trades get_historical_trades get_avg_price get_symbol_ticker
    get_orderbook_ticker aggregate_trade_iter get_historical_klines get_historical_klines_generator
    order_limit order_limit_buy order_limit_sell
    order_market order_market_buy order_market_sell get_asset_balance""".split()
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
}


@pytest.mark.parametrize("name", CLIENT + CLIENT_07)
def test_the_client_has_the_method(name: str) -> None:
    method = getattr(client.Client, name)
    assert callable(method)
    assert (inspect.getdoc(method) or "").strip(), "each public method says what it gives"


@pytest.mark.parametrize(("name", "value"), ENUMS.items())
def test_the_enums_are_in_the_module_and_on_the_client(name: str, value: str) -> None:
    assert getattr(enums, name) == value
    assert getattr(client.Client, name) == value


def test_the_names_with_the_venues_prefix_are_the_same_objects() -> None:
    assert exceptions.BinanceAPIException is exceptions.ExchangeAPIException
    assert exceptions.BinanceRequestException is exceptions.ExchangeRequestException
    assert exceptions.BinanceOrderException is exceptions.OrderException
    for word in ("MinAmount", "MinPrice", "MinTotal", "UnknownSymbol", "InactiveSymbol"):
        assert getattr(exceptions, f"BinanceOrder{word}Exception") is getattr(exceptions, f"Order{word}Exception")
    assert exceptions.BinanceOrderTotalPriceException is exceptions.OrderMinTotalException
    assert websockets.BinanceSocketManager is websockets.SocketManager


def test_sockets_and_depth_cache_have_the_founding_names() -> None:
    for stream in ("depth", "kline", "trade", "ticker", "user"):
        assert callable(getattr(websockets.BinanceSocketManager, f"start_{stream}_socket"))
        assert callable(getattr(websockets.BinanceSocketManager, f"stop_{stream}_socket"))
    for name in ("start", "close", "stop_socket", "join", "is_alive"):
        assert callable(getattr(websockets.BinanceSocketManager, name))
    for name in ("add_bid", "add_ask", "get_bids", "get_asks", "sort_depth"):
        assert callable(getattr(depthcache.DepthCache, name))
    assert callable(depthcache.DepthCacheManager.get_depth_cache)
    assert callable(validation.validate_order)
    assert set(validation.NOTIONAL_LIMITS) == {"BTC", "ETH", "USDT"}
