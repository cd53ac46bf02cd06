"""ccxt 4.5.90: the blocking binance class with its defaults, as far as a spot venue can serve them."""

from __future__ import annotations

from itertools import pairwise

import ccxt
from judging import called_with, judge, say

urls, key, secret = called_with()

exchange = ccxt.binance({"apiKey": key, "secret": secret, "options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}})
for name, path in (("public", "api/v3"), ("private", "api/v3"), ("sapi", "sapi/v1")):
    exchange.urls["api"][name] = f"{urls['rest']}/{path}"


def refused(error: type[Exception], call, *args) -> None:
    """Assert that ccxt takes the exchange's refusal for what it is."""
    try:
        answer = call(*args)
    except error:
        return
    raise AssertionError(f"not refused: {answer}")


def judge_markets() -> None:
    markets = exchange.load_markets()
    assert markets["ETH/BTC"]["active"]
    assert markets["ETH/BTC"]["precision"]["price"] == 1e-8
    assert {"BTC", "ETH", "USDT"} <= set(exchange.currencies)
    assert exchange.fetch_currencies()["BTC"]["id"] == "BTC"
    assert exchange.fetch_status()["status"] == "ok"
    assert abs(exchange.fetch_time() - exchange.milliseconds()) < 5_000
    say("markets, currencies, status, time")


def judge_market_data() -> None:
    candles = exchange.fetch_ohlcv("ETH/BTC", "1h", limit=24)
    assert len(candles) == 24
    assert all(later[0] - earlier[0] == 3_600_000 for earlier, later in pairwise(candles))
    assert all(low <= min(first, last) <= max(first, last) <= high for _, first, high, low, last, _ in candles)
    book = exchange.fetch_order_book("ETH/BTC", limit=20)
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert book["bids"][0][0] < book["asks"][0][0]
    trades = exchange.fetch_trades("ETH/BTC", limit=50)
    assert all(later["timestamp"] >= earlier["timestamp"] for earlier, later in pairwise(trades))
    say("candles, book, trades")

    spot = set(exchange.markets)
    assert exchange.fetch_ticker("ETH/BTC")["last"] > 0
    assert set(exchange.fetch_tickers()) == set(exchange.fetch_bids_asks()) == set(exchange.fetch_last_prices()) == spot
    assert all(ticker["bid"] < ticker["ask"] for ticker in exchange.fetch_bids_asks().values())
    fees = exchange.fetch_trading_fees()
    assert fees["ETH/BTC"]["maker"] == exchange.fetch_trading_fee("ETH/BTC")["maker"]
    say("ticker, tickers, bids and asks, last prices, fees")


def judge_orders() -> None:
    before = exchange.fetch_balance()
    filled = exchange.create_order("ETH/BTC", "market", "sell", 1)
    assert filled["status"] == "closed"
    after = exchange.fetch_balance()
    assert abs(before["ETH"]["total"] - after["ETH"]["total"] - 1) < 1e-9
    mine = exchange.fetch_my_trades("ETH/BTC")
    assert abs(sum(trade["amount"] for trade in mine) - 1) < 1e-9
    assert abs(sum(trade["cost"] - trade["fee"]["cost"] for trade in mine) - (after["BTC"]["total"] - before["BTC"]["total"])) < 1e-9
    assert [trade["id"] for trade in exchange.fetch_order_trades(filled["id"], "ETH/BTC")] == [trade["id"] for trade in mine]
    by_cost = exchange.create_market_buy_order_with_cost("ETH/BTC", 0.5)
    assert 0.49 < by_cost["cost"] <= 0.5
    say("market orders by amount and by cost, balance, my trades with fees")

    book = exchange.fetch_order_book("ETH/BTC", limit=5)
    low, high = (exchange.price_to_precision("ETH/BTC", price) for price in (book["bids"][0][0] * 0.9, book["asks"][0][0] * 1.1))
    placed = exchange.create_order("ETH/BTC", "limit", "sell", 2, high)
    assert placed["status"] == "open"
    found = exchange.fetch_order(placed["id"], "ETH/BTC")
    assert (found["status"], found["amount"], found["price"]) == ("open", 2.0, float(high))
    edited = exchange.edit_order(placed["id"], "ETH/BTC", "limit", "sell", 1.5, high)
    assert (edited["status"], edited["amount"]) == ("open", 1.5)
    assert [order["id"] for order in exchange.fetch_open_orders("ETH/BTC")] == [edited["id"]]
    exchange.cancel_order(edited["id"], "ETH/BTC")
    assert exchange.fetch_order(edited["id"], "ETH/BTC")["status"] == "canceled"
    assert {placed["id"], edited["id"]} <= {order["id"] for order in exchange.fetch_canceled_orders("ETH/BTC")}
    say("limit order, query, edit, cancel, cancelled orders")

    wanted = (
        ("limit", 1, high, {"postOnly": True}, "LIMIT_MAKER"),
        ("limit", 1, high, {"icebergQty": "0.5"}, "LIMIT"),
        ("limit", 1, low, {"stopLossPrice": low}, "STOP_LOSS_LIMIT"),
        ("market", 1, None, {"stopLossPrice": low}, "STOP_LOSS"),
        ("limit", 1, high, {"takeProfitPrice": high}, "TAKE_PROFIT_LIMIT"),
        ("market", 1, None, {"takeProfitPrice": high}, "TAKE_PROFIT"),
        ("limit", 1, low, {"triggerPrice": low}, "STOP_LOSS_LIMIT"),
    )
    for kind, amount, price, params, venue_type in wanted[:-1]:
        order = exchange.create_order("ETH/BTC", kind, "sell", amount, price, params)
        assert exchange.fetch_order(order["id"], "ETH/BTC")["info"]["type"] == venue_type, params
    assert len(exchange.fetch_open_orders("ETH/BTC")) == len(wanted) - 1
    assert len(exchange.cancel_all_orders("ETH/BTC")) == len(wanted) - 1
    kind, amount, price, params, venue_type = wanted[-1]
    order = exchange.create_order("ETH/BTC", kind, "sell", amount, price, params)
    assert exchange.fetch_order(order["id"], "ETH/BTC")["info"]["type"] == venue_type
    exchange.cancel_all_orders("ETH/BTC")
    killed = exchange.create_order("ETH/BTC", "limit", "buy", 1, low, {"timeInForce": "FOK"})
    assert (killed["status"], killed["filled"]) == ("expired", 0)
    assert exchange.create_order("ETH/BTC", "limit", "buy", 1, low, {"timeInForce": "IOC"})["status"] == "expired"
    exchange.create_order("ETH/BTC", "market", "buy", 1, None, {"test": True})
    assert exchange.fetch_open_orders("ETH/BTC") == []
    say("post only, iceberg, stop loss, take profit, trigger, IOC, FOK, test order, cancel all")

    pair = exchange.private_post_orderlist_oco(
        {"symbol": "ETHBTC", "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER", "abovePrice": high,
         "belowType": "STOP_LOSS", "belowStopPrice": low}
    )  # fmt: skip
    assert [order["info"]["orderListId"] for order in exchange.fetch_open_orders("ETH/BTC")] == [pair["orderListId"]] * 2
    exchange.private_delete_orderlist({"symbol": "ETHBTC", "orderListId": pair["orderListId"]})
    assert exchange.fetch_open_orders("ETH/BTC") == []
    say("OCO through the implicit methods")

    refused(ccxt.InsufficientFunds, exchange.create_order, "ETH/BTC", "limit", "buy", 50_000, high)
    refused(ccxt.OrderNotFound, exchange.fetch_order, "1", "ETH/BTC")
    refused(ccxt.InvalidOrder, exchange.create_order, "ETH/BTC", "limit", "buy", 0.0001, low)
    refused(ccxt.AuthenticationError, ccxt.binance({**settings(), "secret": "?"}).fetch_balance)
    say("refusals in its own tree of errors")


def settings() -> dict:
    """What another exchange object needs to be pointed at the same place."""
    return {"apiKey": key, "secret": secret, "options": exchange.options, "urls": {"api": exchange.urls["api"]}}


judge(judge_markets, judge_market_data, judge_orders)
