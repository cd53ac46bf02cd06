"""ccxt 4.5.39, the last with BitMEX: the blocking bitmex class with its defaults, but for the pauses that it would make."""

from __future__ import annotations

from itertools import pairwise

import ccxt
from judging import called_with, judge, say

urls, key, secret = called_with()

exchange = ccxt.bitmex({"apiKey": key, "secret": secret, "enableRateLimit": True, "rateLimit": 300})
exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], urls["rest"])

INVERSE, LINEAR = "BTC/USD:BTC", "BTC/USDT:USDT"


def refused(error: type[Exception], call, *args, **params) -> None:
    """Assert that ccxt takes the exchange's refusal for what it is."""
    try:
        answer = call(*args, **params)
    except error:
        return
    raise AssertionError(f"not refused: {answer}")


def judge_markets() -> None:
    markets = exchange.load_markets()
    inverse, linear = markets[INVERSE], markets[LINEAR]
    assert (inverse["id"], inverse["inverse"], inverse["settle"], inverse["precision"]["price"]) == ("XBTUSD", True, "BTC", 0.5)
    assert (linear["id"], linear["linear"], linear["contractSize"], linear["precision"]["amount"]) == ("XBTUSDT", True, 1e-6, 100)
    assert {"BTC", "USDT"} <= set(exchange.fetch_currencies())
    say("markets and currencies")


def judge_market_data() -> None:
    for symbol in (INVERSE, LINEAR):
        book = exchange.fetch_order_book(symbol, limit=20)
        assert len(book["bids"]) == len(book["asks"]) == 20
        assert book["bids"][0][0] < book["asks"][0][0]
        candles = exchange.fetch_ohlcv(symbol, "1h", limit=24)
        assert all(later[0] - earlier[0] == 3_600_000 for earlier, later in pairwise(candles))
        assert all(low <= min(first, last) <= max(first, last) <= high for _, first, high, low, last, _ in candles)
        since = exchange.milliseconds() // 3_600_000 * 3_600_000 - 48 * 3_600_000
        old = exchange.fetch_ohlcv(symbol, "1h", since=since, limit=10)
        assert [each[0] for each in old] == [since + hour * 3_600_000 for hour in range(10)]
        trades = exchange.fetch_trades(symbol, limit=20)
        assert all(later["timestamp"] >= earlier["timestamp"] for earlier, later in pairwise(trades))
        assert exchange.fetch_ticker(symbol)["last"] > 0
    assert exchange.fetch_funding_rates([INVERSE])[INVERSE]["fundingRate"] is not None
    say("books, candles, trades, tickers, funding rate; inverse and linear")


def judge_orders() -> None:
    assert exchange.fetch_balance()["BTC"]["free"] > 0
    resting = exchange.create_order(INVERSE, "limit", "buy", 100, 5000, {"clientOrderId": "judge-ccxt"})
    assert resting["status"] == "open"
    assert exchange.fetch_order(resting["id"], INVERSE)["clientOrderId"] == "judge-ccxt"
    edited = exchange.edit_order(resting["id"], INVERSE, "limit", "buy", 200, 5000.5)
    assert (edited["cost"], edited["price"]) == (200, 5000.5)  # of inverse contracts ccxt takes the quantity for money
    assert [order["id"] for order in exchange.fetch_open_orders(INVERSE)] == [resting["id"]]
    assert exchange.cancel_order(resting["id"], INVERSE)["status"] == "canceled"
    refused(ccxt.InvalidOrder, exchange.create_order, INVERSE, "limit", "buy", 100, 5000, {"clientOrderId": "judge-ccxt"})
    refused(ccxt.OrderNotFound, exchange.cancel_order, resting["id"], INVERSE)
    say("orders: placed, looked up, edited, cancelled, refused")

    stop = exchange.create_order(INVERSE, "stop", "sell", 100, None, {"triggerPrice": 4000})
    assert stop["status"] == "open"
    assert exchange.cancel_all_orders(INVERSE)[0]["status"] == "canceled"
    say("a stop, and all cancelled at once")


def judge_positions() -> None:
    filled = exchange.create_order(INVERSE, "market", "buy", 1000)
    assert (filled["status"], int(filled["info"]["cumQty"])) == ("closed", 1000)
    mine = exchange.fetch_my_trades(INVERSE)
    assert sum(int(trade["info"]["lastQty"]) for trade in mine) == 1000
    exchange.set_leverage(10, INVERSE)
    (position,) = exchange.fetch_positions([INVERSE])
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", 1000, 10)
    exchange.set_margin_mode("cross", INVERSE)
    closed = exchange.create_order(INVERSE, "market", "sell", 1000, None, {"execInst": "ReduceOnly"})
    assert int(closed["info"]["cumQty"]) == 1000
    bought = exchange.create_order(LINEAR, "market", "buy", 1000)
    assert (bought["status"], bought["filled"]) == ("closed", 1000)
    assert not [each for each in exchange.fetch_positions([INVERSE]) if each["contracts"]]
    assert exchange.fetch_balance()["BTC"]["total"] > 0
    say("a position: opened, leverage, margin mode, closed")


judge(judge_markets, judge_market_data, judge_orders, judge_positions)
