"""python-binance 0.7.5 on Twisted, against ``--legacy``: the REST client of its time, its socket manager and depth cache."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from binance.client import Client
from binance.depthcache import DepthCacheManager
from binance.exceptions import BinanceAPIException
from binance.websockets import BinanceSocketManager
from judging import Heard, called_with, eventually, judge, same_book, say

urls, key, secret = called_with()

Client.API_URL = urls["rest"] + "/api"
Client.WITHDRAW_API_URL = urls["rest"] + "/wapi"
Client.MARGIN_API_URL = urls["rest"] + "/sapi"
Client.WEBSITE_URL = urls["rest"]
BinanceSocketManager.STREAM_URL = urls["stream"] + "/"
client = Client(key, secret)
sockets = BinanceSocketManager(client)
names = ("diff", "partial", "kline", "trade", "aggTrade", "ticker", "tickers", "mini", "best", "bests", "mux", "user")
heard = {name: Heard() for name in names}


def judge_market_data() -> None:
    assert client.ping() == {}
    assert client.get_server_time()["serverTime"] > 0
    names = {row["symbol"] for row in client.get_exchange_info()["symbols"]}
    assert client.get_symbol_info("ETHBTC")["status"] == "TRADING"
    assert {row["symbol"] for row in client.get_all_tickers()} == {row["symbol"] for row in client.get_orderbook_tickers()} == names
    assert {row["symbol"] for row in client.get_products()["data"]} == names
    say("/api/v1: ping, time, exchange info, all prices, all book tickers; the web site's products")

    hourly = client.get_klines(symbol="ETHBTC", interval="1h", limit=48)
    assert client.get_historical_klines("ETHBTC", "1h", hourly[0][0], hourly[-2][0]) == hourly[:-1]
    trades = client.get_recent_trades(symbol="ETHBTC", limit=50)
    assert client.get_historical_trades(symbol="ETHBTC", fromId=trades[0]["id"], limit=len(trades)) == trades
    first = client.get_aggregate_trades(symbol="ETHBTC", limit=20)[0]["a"]
    ids = [row["a"] for row in client.aggregate_trade_iter("ETHBTC", last_id=first)]
    assert ids == list(range(first + 1, first + 1 + len(ids))), "it starts behind the last id that is known"
    assert len(client.get_order_book(symbol="ETHBTC", limit=20)["bids"]) == 20
    assert Decimal(client.get_ticker(symbol="ETHBTC")["lastPrice"]) > 0
    assert Decimal(client.get_avg_price(symbol="ETHBTC")["price"]) > 0
    assert Decimal(client.get_symbol_ticker(symbol="ETHBTC")["price"]) > 0
    say("/api/v1: klines, trades, aggregate trades, depth, 24 h ticker")


def judge_orders() -> None:
    bought = client.order_market_buy(symbol="ETHBTC", quantity=2)
    assert (bought["status"], bought["executedQty"]) == ("FILLED", "2.00000000")
    assert sum(Decimal(trade["qty"]) for trade in client.get_my_trades(symbol="ETHBTC")) == 2
    best = client.get_orderbook_ticker(symbol="ETHBTC")
    low, high = (format(Decimal(best[side]) * Decimal(by), ".8f") for side, by in (("bidPrice", "0.9"), ("askPrice", "1.1")))
    placed = client.order_limit_sell(symbol="ETHBTC", quantity=1, price=high)
    assert client.get_order(symbol="ETHBTC", orderId=placed["orderId"])["status"] == "NEW"
    assert [order["orderId"] for order in client.get_open_orders(symbol="ETHBTC")] == [placed["orderId"]]
    assert client.get_asset_balance(asset="ETH")["locked"] == "1.00000000"
    assert client.cancel_order(symbol="ETHBTC", orderId=placed["orderId"])["status"] == "CANCELED"
    pair = client.order_oco_sell(symbol="ETHBTC", quantity=1, price=high, stopPrice=low, stopLimitPrice=low, stopLimitTimeInForce="GTC")
    assert len(client.get_open_orders(symbol="ETHBTC")) == len(pair["orders"]) == 2
    client.cancel_order(symbol="ETHBTC", orderId=pair["orders"][0]["orderId"])
    assert client.get_open_orders(symbol="ETHBTC") == []
    assert len(client.get_all_orders(symbol="ETHBTC")) == 4
    assert client.create_test_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity=1) == {}
    refused: BinanceAPIException | None = None
    try:
        client.order_limit_buy(symbol="ETHBTC", quantity="100000", price=low)
    except BinanceAPIException as error:
        refused = error
    assert getattr(refused, "code", None) == -2010, f"an order beyond the balance: {refused}"
    say("orders: market, limit, query, cancel, OCO of old, test order, all orders, a refusal")

    assert client.get_system_status()["status"] == 0
    assert client.get_account_status()["success"]
    assert {row["symbol"] for row in client.get_trade_fee()["tradeFee"]} == {row["symbol"] for row in client.get_all_tickers()}
    assert "BTC" in client.get_asset_details()["assetDetail"]
    say("/wapi: system status, account status, trade fee, asset details")


def judge_listen_keys() -> None:
    listen_key = client.stream_get_listen_key()
    assert client.stream_get_listen_key() == listen_key, "the same key while it lives"
    assert client.stream_keepalive(listen_key) == {}
    assert client.stream_close(listen_key) == {}
    say("listen key: made, kept alive, closed")


def judge_sockets() -> None:
    """Every socket is opened before the manager runs: what is opened later is opened from a thread that is not the reactor's."""
    sockets.start_depth_socket("BTCUSDT", heard["diff"])
    sockets.start_depth_socket("BTCUSDT", heard["partial"], depth=BinanceSocketManager.WEBSOCKET_DEPTH_5)
    sockets.start_kline_socket("BTCUSDT", heard["kline"])
    sockets.start_trade_socket("BTCUSDT", heard["trade"])
    sockets.start_aggtrade_socket("BTCUSDT", heard["aggTrade"])
    sockets.start_symbol_ticker_socket("BTCUSDT", heard["ticker"])
    sockets.start_ticker_socket(heard["tickers"])
    sockets.start_miniticker_socket(heard["mini"])
    sockets.start_symbol_book_ticker_socket("BTCUSDT", heard["best"])
    sockets.start_book_ticker_socket(heard["bests"])
    sockets.start_multiplex_socket(["btcusdt@trade", "ethbtc@depth5"], heard["mux"])
    sockets.start_user_socket(heard["user"])
    cache = DepthCacheManager(client, "ETHUSDT", bm=sockets, limit=5000)  # it starts the manager

    updates = heard["diff"].await_count("3 diffs of the book", 3)
    assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(updates)), "no gap in ids"
    assert len(heard["partial"].await_count("a partial book", 1)[0]["asks"]) == 5
    for name, event in (("kline", "kline"), ("trade", "trade"), ("aggTrade", "aggTrade"), ("ticker", "24hrTicker")):
        assert heard[name].await_count(name, 1)[0]["e"] == event
    assert heard["tickers"].await_count("!ticker@arr", 1)[0][0]["e"] == "24hrTicker"
    assert heard["mini"].await_count("!miniTicker@arr", 1)[0][0]["e"] == "24hrMiniTicker"
    assert heard["best"].await_count("a best bid and offer", 1)[0]["s"] == "BTCUSDT"
    heard["bests"].await_one("!bookTicker of two symbols", lambda message: message["s"] != heard["bests"].all()[0]["s"])
    for stream in ("btcusdt@trade", "ethbtc@depth5"):
        heard["mux"].await_one(stream, lambda message, stream=stream: message["stream"] == stream)
    say("sockets: diff and partial depth, kline, trade, aggTrade, ticker, !ticker@arr, !miniTicker@arr, bookTicker, !bookTicker, multiplex")

    sold = client.order_market_sell(symbol="ETHBTC", quantity="0.1")
    done = heard["user"].await_one("the report of the fill", lambda event: (event.get("i"), event.get("X")) == (sold["orderId"], "FILLED"))
    assert (done["Z"], done["z"]) == (sold["cummulativeQuoteQty"], sold["executedQty"])
    heard["user"].await_one("the position after it", lambda event: event["e"] == "outboundAccountPosition")
    say("user socket by listen key: the report of a fill, the account position")

    book = eventually("the depth cache", cache.get_depth_cache)
    same_book(urls, "ETHUSDT", lambda: (book.get_bids(), book.get_asks()))
    say("depth cache: its book is the sandbox's, three times")


judge(judge_market_data, judge_orders, judge_listen_keys, judge_sockets)
