"""python-binance 1.0.37: the blocking client, its calls over the WebSocket API, threaded sockets and depth cache."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise

from binance import Client, ThreadedDepthCacheManager, ThreadedWebsocketManager
from binance.async_client import AsyncClient
from binance.exceptions import BinanceAPIException
from binance.ws.streams import BinanceSocketManager
from Crypto.PublicKey import ECC, RSA
from judging import Heard, ask, await_user_data, called_with, eventually, judge, same_book, say

urls, key, secret = called_with()

# Their constructors ping, so the addresses are set on the classes.
for family in (Client, AsyncClient):
    family.API_URL = urls["rest"] + "/api"
    family.MARGIN_API_URL = urls["rest"] + "/sapi"
    family.WEBSITE_URL = urls["rest"]
    family.WS_API_URL = urls["ws_api"]
BinanceSocketManager.STREAM_URL = urls["stream"] + "/"
client = Client(key, secret)


def refusal(call, *args, **params) -> int:
    """The code with which the exchange refuses a call."""
    try:
        answer = call(*args, **params)
    except BinanceAPIException as error:
        return error.code
    raise AssertionError(f"not refused: {answer}")


def balances() -> dict[str, Decimal]:
    return {row["asset"]: Decimal(row["free"]) for row in client.get_account()["balances"]}


def judge_market_data() -> None:
    assert client.ping() == {}
    assert abs(client.get_server_time()["serverTime"] - client.get_klines(symbol="ETHBTC", interval="1m", limit=1)[0][0]) < 61_000
    assert client.get_symbol_info("ETHBTC")["status"] == "TRADING"
    say("ping, time, exchange info")

    hourly = client.get_klines(symbol="ETHBTC", interval="1h", limit=48)
    assert len(hourly) == 48
    history = client.get_historical_klines("ETHBTC", "1h", start_str=hourly[0][0], end_str=hourly[-2][0])
    assert history == hourly[:-1], "paging gives the rows of one call"
    paged = list(client.get_historical_klines_generator("ETHBTC", "5m", start_str=hourly[-25][0], end_str=hourly[-2][0]))
    assert [row[0] for row in paged] == list(range(hourly[-25][0], hourly[-2][0] + 1, 300_000))
    assert [row[0] for row in client.get_ui_klines(symbol="ETHBTC", interval="1h", limit=5)] == [row[0] for row in hourly[-5:]]
    say("klines, paged history, uiKlines")

    trades = client.get_recent_trades(symbol="ETHBTC", limit=50)
    assert client.get_historical_trades(symbol="ETHBTC", fromId=trades[0]["id"], limit=len(trades)) == trades
    aggregates = list(client.aggregate_trade_iter("ETHBTC", last_id=client.get_aggregate_trades(symbol="ETHBTC", limit=20)[0]["a"]))
    assert [row["a"] for row in aggregates] == list(range(aggregates[0]["a"], aggregates[-1]["a"] + 1))
    say("trades, historical trades, aggregate trades")

    names = {row["symbol"] for row in client.get_exchange_info()["symbols"]}
    assert {row["symbol"] for row in client.get_all_tickers()} == names
    assert {row["symbol"] for row in client.get_orderbook_tickers()} == names
    assert {row["symbol"] for row in client.get_ticker()} == names
    assert Decimal(client.get_symbol_ticker_window(symbol="ETHBTC", windowSize="1h")["lastPrice"]) > 0
    assert Decimal(client.get_avg_price(symbol="ETHBTC")["price"]) > 0
    book = client.get_order_book(symbol="ETHBTC", limit=20)
    assert len(book["bids"]) == len(book["asks"]) == 20
    say("tickers, average price, book")


def judge_orders() -> None:
    before = balances()
    bought = client.order_market_buy(symbol="ETHBTC", quantity=2)
    assert bought["status"] == "FILLED"
    after = balances()
    assert after["ETH"] - before["ETH"] == sum(Decimal(fill["qty"]) - Decimal(fill["commission"]) for fill in bought["fills"])
    assert before["BTC"] - after["BTC"] == Decimal(bought["cummulativeQuoteQty"])
    mine = client.get_my_trades(symbol="ETHBTC")
    assert sum(Decimal(trade["qty"]) for trade in mine) == 2
    assert {trade["orderId"] for trade in mine} == {bought["orderId"]}
    say("market order, its fills, the money it moved, my trades")

    best = client.get_orderbook_ticker(symbol="ETHBTC")
    low, high = (format(Decimal(best[side]) * Decimal(by), ".8f") for side, by in (("bidPrice", "0.9"), ("askPrice", "1.1")))
    placed = client.order_limit_buy(symbol="ETHBTC", quantity="1.5", price=low)
    assert placed["status"] == "NEW"
    found = client.get_order(symbol="ETHBTC", orderId=placed["orderId"])
    assert (found["price"], found["origQty"], found["side"]) == (low, "1.50000000", "BUY")
    assert [order["orderId"] for order in client.get_open_orders(symbol="ETHBTC")] == [placed["orderId"]]
    replaced = client.cancel_replace_order(
        symbol="ETHBTC", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price=low,
        cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"],
    )  # fmt: skip
    assert (replaced["cancelResult"], replaced["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    second = replaced["newOrderResponse"]
    cancelled = client.cancel_order(symbol="ETHBTC", orderId=second["orderId"])
    assert (cancelled["status"], cancelled["origClientOrderId"]) == ("CANCELED", second["clientOrderId"])
    say("limit order, query, cancel-replace, cancel")

    assert client.create_test_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity=1) == {}
    stops = (
        {"type": "STOP_LOSS", "stopPrice": low},
        {"type": "STOP_LOSS_LIMIT", "stopPrice": low, "price": low, "timeInForce": "GTC"},
        {"type": "TAKE_PROFIT", "stopPrice": high},
        {"type": "TAKE_PROFIT_LIMIT", "stopPrice": high, "price": high, "timeInForce": "GTC"},
        {"type": "STOP_LOSS", "trailingDelta": 200},
    )
    for stop in stops:
        waiting = client.create_order(symbol="ETHBTC", side="SELL", quantity=1, **stop)
        assert client.get_order(symbol="ETHBTC", orderId=waiting["orderId"])["type"] == stop["type"]
    maker = client.create_order(symbol="ETHBTC", side="SELL", type="LIMIT_MAKER", quantity=1, price=high)
    assert len(client.cancel_all_open_orders(symbol="ETHBTC")) == len(stops) + 1
    assert client.get_order(symbol="ETHBTC", orderId=maker["orderId"])["status"] == "CANCELED"
    pair = client.create_oco_order(
        symbol="ETHBTC", side="SELL", quantity=1,
        aboveType="LIMIT_MAKER", abovePrice=high, belowType="STOP_LOSS_LIMIT", belowStopPrice=low, belowPrice=low, belowTimeInForce="GTC",
    )  # fmt: skip
    assert [row["orderListId"] for row in client.get_open_oco_orders()] == [pair["orderListId"]]
    client.cancel_order(symbol="ETHBTC", orderId=pair["orders"][0]["orderId"])
    assert client.get_open_oco_orders() == [], "a leg takes its list with it"
    assert client.get_open_orders(symbol="ETHBTC") == []
    assert len(client.get_all_orders(symbol="ETHBTC")) == 3 + len(stops) + 1 + 2
    say("test order, stops, take profits, trailing stop, maker only, OCO, cancel all, all orders")

    assert {row["interval"] for row in client.get_current_order_count()} == {"SECOND", "DAY"}
    assert client.get_prevented_matches(symbol="ETHBTC", orderId=bought["orderId"]) == []
    assert client.get_allocations(symbol="ETHBTC") == []
    assert client.get_asset_balance(asset="BTC")["locked"] == "0.00000000"
    assert client.get_trade_fee(symbol="ETHBTC")[0]["symbol"] == "ETHBTC"
    assert client.get_system_status()["status"] == 0
    say("order count, prevented matches, allocations, asset balance, trade fee, system status")

    assert refusal(client.order_limit_buy, symbol="ETHBTC", quantity="1", price="0.000000001") == -1111
    assert refusal(client.order_limit_buy, symbol="ETHBTC", quantity="100000", price=low) == -2010
    assert refusal(client.get_order, symbol="ETHBTC", orderId=1) == -2013
    assert refusal(client.get_klines, symbol="NOSUCH", interval="1h") == -1121
    assert refusal(Client(key, secret + "?").get_account) == -1022
    say("refusals by their codes")


def pem(made: RSA.RsaKey | ECC.EccKey) -> str:
    text = made.export_key(format="PEM")
    return text if isinstance(text, str) else text.decode()


def judge_keys_and_times() -> None:
    for kind, private in (("RSA", RSA.generate(2048)), ("Ed25519", ECC.generate(curve="Ed25519"))):
        name = f"{key}-{kind}"
        ask(f"{urls['rest']}/sandbox/accounts", {"key": name, "public_key": pem(private.public_key())})
        signer = Client(name, private_key=pem(private))
        assert signer.get_account()["canTrade"]
        assert signer.order_market_buy(symbol="ETHBTC", quantity=1)["status"] == "FILLED"
        assert signer.ws_get_account()["canTrade"]
    say("RSA and Ed25519 keys sign as well as HMAC")
    precise = Client(key, secret, time_unit="MICROSECOND")
    assert len(str(precise.get_server_time()["serverTime"])) == 16
    assert len(str(precise.get_my_trades(symbol="ETHBTC")[0]["time"])) == 16
    say("times in microseconds for whoever asks")


def judge_websocket_api() -> None:
    assert client.ws_ping() == {}
    book = client.ws_get_order_book(symbol="ETHBTC", limit=5)
    assert len(book["bids"]) == 5
    low = format(Decimal(book["bids"][0][0]) * Decimal("0.9"), ".8f")
    placed = client.ws_create_order(symbol="ETHBTC", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price=low)
    assert client.ws_get_order(symbol="ETHBTC", orderId=placed["orderId"])["status"] == "NEW"
    assert [row["orderId"] for row in client.ws_get_open_orders(symbol="ETHBTC")] == [placed["orderId"]]
    assert client.ws_cancel_order(symbol="ETHBTC", orderId=placed["orderId"])["status"] == "CANCELED"
    assert client.ws_create_test_order(symbol="ETHBTC", side="BUY", type="MARKET", quantity=1) == {}
    assert client.ws_get_account()["accountType"] == "SPOT"
    assert client.ws_get_commission_rates(symbol="ETHBTC")["symbol"] == "ETHBTC"
    assert refusal(client.ws_get_order, symbol="ETHBTC", orderId=1) == -2013
    say("WebSocket API: ping, depth, place, status, open orders, cancel, test, account, commission, a refusal")


def judge_sockets() -> None:
    sockets = ThreadedWebsocketManager(api_key=key, api_secret=secret)
    sockets.start()
    heard = {name: Heard() for name in ("depth", "partial", "trade", "aggTrade", "kline", "ticker", "multiplex", "user")}
    sockets.start_depth_socket(heard["depth"], symbol="BTCUSDT", interval=100)
    sockets.start_depth_socket(heard["partial"], symbol="BTCUSDT", depth="5")
    sockets.start_trade_socket(heard["trade"], symbol="BTCUSDT")
    sockets.start_aggtrade_socket(heard["aggTrade"], symbol="BTCUSDT")
    sockets.start_kline_socket(heard["kline"], symbol="BTCUSDT")
    sockets.start_symbol_ticker_socket(heard["ticker"], symbol="BTCUSDT")
    sockets.start_multiplex_socket(heard["multiplex"], streams=["btcusdt@trade", "ethusdt@miniTicker", "ethbtc@bookTicker"])
    user = sockets.start_user_socket(heard["user"])
    updates = heard["depth"].await_count("20 diffs of the book", 20)
    assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(updates)), "no gap in ids"
    assert len(heard["partial"].await_count("a partial book", 1)[0]["bids"]) == 5
    trades = heard["trade"].await_count("5 trades", 5)
    assert all(later["t"] == earlier["t"] + 1 for earlier, later in pairwise(trades))
    for name, event in (("aggTrade", "aggTrade"), ("kline", "kline"), ("ticker", "24hrTicker")):
        assert heard[name].await_count(name, 1)[0]["e"] == event
    for stream in ("btcusdt@trade", "ethusdt@miniTicker", "ethbtc@bookTicker"):
        heard["multiplex"].await_one(stream, lambda message, stream=stream: message.get("stream") == stream)
    say("sockets: diff and partial depth, trade, aggTrade, kline, ticker, multiplex")

    await_user_data(urls, key, heard["user"])
    sold = client.order_market_sell(symbol="ETHBTC", quantity="0.1")
    done = heard["user"].await_one("the report of the fill", lambda event: (event.get("i"), event.get("X")) == (sold["orderId"], "FILLED"))
    assert (done["Z"], done["z"]) == (sold["cummulativeQuoteQty"], sold["executedQty"])
    heard["user"].await_one("the position after it", lambda event: event["e"] == "outboundAccountPosition" and event["u"] == done["T"])
    # stop() would close the connection first and then want to unsubscribe on a new one, which no venue can do.
    sockets.stop_socket(user)
    eventually("the user socket ends", lambda: user not in sockets._socket_running)
    say("user socket: deposits, the report of a fill, the account position")


def judge_depth_cache() -> None:
    asyncio.set_event_loop(asyncio.new_event_loop())  # it takes the thread's loop, in which the manager before has run
    caches = ThreadedDepthCacheManager(api_key=key, api_secret=secret)
    caches.start()
    heard = Heard()
    caches.start_depth_cache(heard, symbol="ETHUSDT", limit=5000, conv_type=Decimal, ws_interval=100)
    cache = heard.await_count("the first book", 1)[0]
    same_book(urls, "ETHUSDT", lambda: (cache.get_bids(), cache.get_asks()))
    say("depth cache: its book is the sandbox's, three times")


judge(judge_market_data, judge_orders, judge_keys_and_times, judge_websocket_api, judge_sockets, judge_depth_cache)
