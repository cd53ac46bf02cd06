"""binance-connector: Binance's former client. Its REST class, its stream client and its WebSocket API client."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise

from binance.error import ClientError
from binance.spot import Spot
from binance.websocket.spot.websocket_api import SpotWebsocketAPIClient
from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient
from judging import Heard, called_with, judge, say

urls, key, secret = called_with()
spot = Spot(key, secret, base_url=urls["rest"], show_limit_usage=True)


def data(answer):
    """What an answer says, once it is seen that its headers tell what it weighed."""
    assert int(answer["limit_usage"]["x-mbx-used-weight"]) == int(answer["limit_usage"]["x-mbx-used-weight-1m"]) >= 0
    return answer["data"]


def refusal(call, *args, **params) -> int:
    """The code with which the exchange refuses a call."""
    try:
        answer = call(*args, **params)
    except ClientError as error:
        return error.error_code
    raise AssertionError(f"not refused: {answer}")


def judge_market_data() -> None:
    assert data(spot.ping()) == {}
    assert data(spot.time())["serverTime"] > 0
    names = {one["symbol"] for one in data(spot.exchange_info(permissions=["SPOT"]))["symbols"]}
    assert {one["symbol"] for one in data(spot.exchange_info(symbols=["ETHBTC", "BTCUSDT"]))["symbols"]} == {"ETHBTC", "BTCUSDT"}
    assert {one["symbol"] for one in data(spot.ticker_24hr())} == {one["symbol"] for one in data(spot.ticker_price())} == names
    assert {one["symbol"] for one in data(spot.book_ticker(symbols=["ETHBTC", "BTCUSDT"]))} == {"ETHBTC", "BTCUSDT"}
    assert data(spot.trading_day_ticker("ETHBTC"))["symbol"] == data(spot.rolling_window_ticker("ETHBTC"))["symbol"] == "ETHBTC"
    trades = data(spot.trades("ETHBTC", limit=20))
    assert data(spot.historical_trades("ETHBTC", fromId=trades[0]["id"], limit=len(trades))) == trades
    aggregates = data(spot.agg_trades("ETHBTC", limit=20))
    assert all(later["f"] == earlier["l"] + 1 for earlier, later in pairwise(aggregates)), "no trade is left out"
    assert len(data(spot.klines("ETHBTC", "1h", limit=20))) == len(data(spot.ui_klines("ETHBTC", "1h", limit=20))) == 20
    assert len(data(spot.depth("ETHBTC", limit=20))["asks"]) == 20
    assert Decimal(data(spot.avg_price("ETHBTC"))["price"]) > 0
    say("REST: every market data call, weights in the headers")


def prices() -> tuple[str, str]:
    """One far below the market and one far above."""
    price = Decimal(data(spot.avg_price("ETHBTC"))["price"])
    return tuple(format(price * Decimal(by), ".5f") for by in ("0.9", "1.1"))


def judge_orders() -> None:
    low, high = prices()
    assert data(spot.new_order_test("ETHBTC", "BUY", "MARKET", quantity=1)) == {}
    filled = data(spot.new_order("ETHBTC", "BUY", "MARKET", quantity=2))
    assert (filled["status"], sum(Decimal(fill["qty"]) for fill in filled["fills"])) == ("FILLED", 2)
    placed = data(spot.new_order("ETHBTC", "SELL", "LIMIT", quantity=1, price=high, timeInForce="GTC"))
    replaced = data(
        spot.cancel_and_replace(
            "ETHBTC", "SELL", "LIMIT", "STOP_ON_FAILURE", quantity=2, price=high, timeInForce="GTC", cancelOrderId=placed["orderId"]
        )
    )["newOrderResponse"]
    assert data(spot.get_order("ETHBTC", orderId=replaced["orderId"]))["origQty"] == "2.00000000"
    assert data(spot.cancel_order("ETHBTC", orderId=replaced["orderId"]))["status"] == "CANCELED"
    say("REST: orders placed, replaced, queried, cancelled")

    lists = (
        data(spot.new_oco_order("ETHBTC", "SELL", 1, "LIMIT_MAKER", "STOP_LOSS", abovePrice=high, belowStopPrice=low)),
        data(spot.new_oto_order("ETHBTC", "LIMIT", "BUY", low, 1, "MARKET", "SELL", 1, workingTimeInForce="GTC")),
        data(
            spot.new_otoco_order(
                "ETHBTC", "LIMIT", "BUY", low, 1, "SELL", 1, "LIMIT_MAKER",
                workingTimeInForce="GTC", pendingAbovePrice=high, pendingBelowType="STOP_LOSS", pendingBelowStopPrice=low,
            )
        ),
    )  # fmt: skip
    ids = [made["orderListId"] for made in lists]
    assert [made["orderListId"] for made in data(spot.get_oco_open_orders())] == ids
    assert data(spot.get_oco_order(orderListId=ids[0]))["contingencyType"] == "OCO"
    assert data(spot.cancel_oco_order("ETHBTC", orderListId=ids[0]))["listOrderStatus"] == "ALL_DONE"
    assert {made["orderListId"] for made in data(spot.cancel_open_orders("ETHBTC"))} == set(ids[1:])
    assert data(spot.get_open_orders("ETHBTC")) == data(spot.get_oco_open_orders()) == []
    assert len(data(spot.get_oco_orders())) == 3
    assert len(data(spot.get_orders("ETHBTC"))) == 3 + 2 + 2 + 3
    say("REST: OCO, OTO, OTOCO, cancelled one by one and all at once")

    assert {trade["orderId"] for trade in data(spot.my_trades("ETHBTC"))} == {filled["orderId"]}
    assert {row["asset"] for row in data(spot.account(omitZeroBalances="true"))["balances"]} >= {"BTC", "ETH"}
    assert data(spot.query_prevented_matches("ETHBTC", orderId=filled["orderId"])) == data(spot.query_allocations("ETHBTC")) == []
    assert data(spot.query_commission_rates("ETHBTC"))["symbol"] == "ETHBTC"
    assert len(data(spot.get_order_rate_limit())) == 2
    assert refusal(spot.get_order, "ETHBTC", orderId=1) == -2013
    assert refusal(spot.new_listen_key) == -1016, "listen keys are no more"
    say("REST: trades, account, prevented matches, allocations, commission, order count, refusals")


def judge_streams() -> None:
    heard = Heard()
    client = SpotWebsocketStreamClient(stream_url=urls["stream"], on_message=heard, is_combined=True)
    # Five messages a second are all that a connection may send, so it names the streams in one.
    names = ["btcusdt@trade", "btcusdt@aggTrade", "btcusdt@kline_1m", "btcusdt@miniTicker", "btcusdt@ticker", "btcusdt@bookTicker",
             "btcusdt@depth5@100ms", "btcusdt@depth@100ms", "btcusdt@ticker_1h", "!miniTicker@arr"]  # fmt: skip
    client.subscribe(names, id=1)
    heard.await_one("the answer to SUBSCRIBE", lambda text: json.loads(text) == {"result": None, "id": 1})
    for name in names:
        heard.await_one(name, lambda text, name=name: json.loads(text).get("stream") == name)
    client.list_subscribe(id=2)
    listed = json.loads(heard.await_one("the list of subscriptions", lambda text: json.loads(text).get("id") == 2))
    assert set(listed["result"]) == set(names)
    client.unsubscribe([name for name in names if name != "btcusdt@depth@100ms"], id=3)
    heard.await_one("the answer to UNSUBSCRIBE", lambda text: json.loads(text) == {"result": None, "id": 3})
    messages = [json.loads(text) for text in heard.all()]
    diffs = [message["data"] for message in messages if message.get("stream") == "btcusdt@depth@100ms"]
    assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(diffs)), "no gap in ids"
    client.ping()
    client.stop()
    say("streams: ten of them on one connection, SUBSCRIBE, LIST_SUBSCRIPTIONS, UNSUBSCRIBE")


def judge_websocket_api() -> None:
    heard = Heard()
    client = SpotWebsocketAPIClient(stream_url=urls["ws_api"], api_key=key, api_secret=secret, on_message=heard)

    def answer(call, *args, **params):
        """What comes back under the id of a request, and was carried out."""
        name = f"{call.__name__}-{len(heard.all())}"
        call(*args, **params, id=name)
        reply = json.loads(heard.await_one(name, lambda text: json.loads(text)["id"] == name))
        assert reply["status"] == 200, reply
        assert reply["rateLimits"]
        return reply["result"]

    assert answer(client.ping_connectivity) == {}
    assert answer(client.server_time)["serverTime"] > 0
    assert len(answer(client.order_book, "ETHBTC", limit=5)["bids"]) == 5
    assert answer(client.historical_trades, "ETHBTC", key)
    for call in (client.recent_trades, client.aggregate_trades, client.avg_price):
        assert answer(call, "ETHBTC")
    for call in (client.ticker_24hr, client.ticker, client.ticker_price, client.ticker_book):
        assert answer(call, symbol="ETHBTC")["symbol"] == "ETHBTC"
    assert answer(client.klines, "ETHBTC", "1h")
    assert answer(client.ui_klines, "ETHBTC", "1h")
    assert answer(client.exchange_info)["symbols"], "with a symbol it takes no id"
    low, high = prices()
    placed = answer(client.new_order, "ETHBTC", "BUY", "LIMIT", quantity="1", price=low, timeInForce="GTC")
    assert answer(client.get_order, "ETHBTC", orderId=placed["orderId"])["status"] == "NEW"
    answer(client.cancel_replace_order, "ETHBTC", "STOP_ON_FAILURE", "BUY", "LIMIT", cancelOrderId=placed["orderId"],
           quantity="2", price=low, timeInForce="GTC")  # fmt: skip
    pair = answer(
        client.new_oco_order, "ETHBTC", "SELL", "1", aboveType="LIMIT_MAKER", abovePrice=high, belowType="STOP_LOSS", belowStopPrice=low
    )
    assert answer(client.get_oco_order, orderListId=pair["orderListId"])["listOrderStatus"] == "EXECUTING"
    assert len(answer(client.get_open_orders)) == 3
    assert len(answer(client.cancel_open_orders, "ETHBTC")) == 2
    assert answer(client.get_open_oco_orders) == []
    assert answer(client.new_order_test, "ETHBTC", "BUY", "MARKET", quantity="1") == {}
    assert answer(client.account)["canTrade"]
    for call, params in (
        (client.order_history, {"symbol": "ETHBTC"}),
        (client.my_trades, {"symbol": "ETHBTC"}),
        (client.order_rate_limit, {}),
    ):
        assert answer(call, **params)
    client.stop()
    say("WebSocket API: market data, orders, a list, account")


judge(judge_market_data, judge_orders, judge_streams, judge_websocket_api)
