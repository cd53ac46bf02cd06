"""unicorn-binance-websocket-api: market streams, user data, calls over the WebSocket API, each on a stream of its manager."""

from __future__ import annotations

import logging
from decimal import Decimal
from itertools import pairwise

from judging import PATIENCE_S, Heard, await_user_data, called_with, judge, say
from unicorn_binance_websocket_api import BinanceWebSocketApiManager

urls, key, secret = called_with()
logging.getLogger("unicorn_binance_websocket_api").setLevel(logging.CRITICAL)  # else it tells every five seconds how busy the machine is
manager = BinanceWebSocketApiManager(
    exchange="binance.com",
    output_default="dict",
    warn_on_update=False,
    websocket_base_uri=urls["stream"] + "/",
    websocket_api_base_uri=urls["ws_api"],
)


def judge_streams() -> None:
    heard = Heard()
    channels = ["trade", "aggTrade", "kline_1m", "miniTicker", "ticker", "bookTicker", "depth5", "depth@100ms"]
    stream = manager.create_stream(channels, ["btcusdt", "ethbtc"], process_stream_data=heard)
    for channel in channels:
        for market in ("btcusdt", "ethbtc"):
            heard.await_one(f"{market}@{channel}", lambda message, name=f"{market}@{channel}": message.get("stream") == name)
    diffs = [message["data"] for message in heard.all() if message.get("stream") == "btcusdt@depth@100ms"]
    assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(diffs)), "no gap in ids"
    manager.subscribe_to_stream(stream, markets=["ethusdt"])
    heard.await_one("a market subscribed to later", lambda message: message.get("stream") == "ethusdt@trade")
    manager.unsubscribe_from_stream(stream, markets=["ethusdt"])
    manager.stop_stream(stream)
    say("streams: eight channels of two markets on one connection, a market added and taken away")

    every = Heard()
    stream = manager.create_stream(["arr"], ["!miniTicker"], process_stream_data=every)
    every.await_one("!miniTicker@arr", lambda message: message[0]["e"] == "24hrMiniTicker")
    manager.stop_stream(stream)
    say("streams: !miniTicker@arr")


def judge_websocket_api() -> None:
    events = Heard()
    manager.create_stream(["arr"], ["!userData"], api_key=key, api_secret=secret, process_stream_data=events)
    await_user_data(urls, key, events)
    replies = Heard()
    stream = manager.create_stream(api=True, api_key=key, api_secret=secret, process_stream_data=replies)
    assert manager.wait_till_stream_has_started(stream, timeout=PATIENCE_S)
    spot = manager.api.spot

    def answer(call, **params):
        """The result of a call that was carried out. Its own waiting for a reply begins after it has sent, too late for a quick server."""
        name = f"{call.__name__}-{len(replies.all())}"
        call(request_id=name, stream_id=stream, **params)
        reply = replies.await_one(name, lambda message: message.get("id") == name)
        assert reply["status"] == 200, reply
        return reply["result"]

    assert answer(spot.ping) == {}
    assert answer(spot.get_server_time)["serverTime"] > 0
    assert len(answer(spot.get_order_book, symbol="ETHBTC", limit=5)["bids"]) == 5
    assert answer(spot.get_klines, symbol="ETHBTC", interval="1h")
    assert answer(spot.get_recent_trades, symbol="ETHBTC")
    assert answer(spot.get_aggregate_trades, symbol="ETHBTC")
    price = Decimal(answer(spot.get_current_average_price, symbol="ETHBTC")["price"])
    assert answer(spot.get_exchange_info, symbols=["ETHBTC"])["symbols"][0]["symbol"] == "ETHBTC"
    say("WebSocket API: ping, time, market data")

    low = float(round(price * Decimal("0.9"), 5))
    placed = answer(spot.create_order, symbol="ETHBTC", side="BUY", order_type="LIMIT", quantity=1.0, price=low, time_in_force="GTC")
    assert answer(spot.get_order, symbol="ETHBTC", order_id=placed["orderId"])["status"] == "NEW"
    assert [order["orderId"] for order in answer(spot.get_open_orders, symbol="ETHBTC")] == [placed["orderId"]]
    assert answer(spot.cancel_order, symbol="ETHBTC", order_id=placed["orderId"])["status"] == "CANCELED"
    sold = answer(spot.create_order, symbol="ETHBTC", side="SELL", order_type="MARKET", quantity=1.0)
    assert sold["status"] == "FILLED"
    answer(spot.create_test_order, symbol="ETHBTC", side="SELL", order_type="MARKET", quantity=1.0)
    assert answer(spot.get_account_status)["accountType"] == "SPOT"
    say("WebSocket API: place, status, open orders, cancel, market order, test, account")

    def report(order_id: int, status: str):
        return lambda message: (one := message.get("event", message)).get("i") == order_id and one.get("X") == status

    events.await_one("the cancel", report(placed["orderId"], "CANCELED"))
    events.await_one("the fill", report(sold["orderId"], "FILLED"))
    events.await_one("the position", lambda message: message.get("event", message).get("e") == "outboundAccountPosition")
    say("user data by signature: reports of a cancel and a fill, the account position")


judge(judge_streams, judge_websocket_api)
