"""ccxt 4.5.90: the blocking okx class with its defaults, as far as a venue with spot and one swap can serve them."""

from __future__ import annotations

from itertools import pairwise

import ccxt
from judging import called_with, judge, say

urls, key, secret = called_with()

exchange = ccxt.okx({"apiKey": key, "secret": secret, "password": "passphrase", "enableRateLimit": True})
exchange.urls["api"]["rest"] = urls["rest"]

SPOT, SWAP = "ETH/BTC", "BTC/USDT:USDT"


def refused(error: type[Exception], call, *args, **params) -> None:
    """Assert that ccxt takes the exchange's refusal for what it is."""
    try:
        answer = call(*args, **params)
    except error:
        return
    raise AssertionError(f"not refused: {answer}")


def judge_markets() -> None:
    markets = exchange.load_markets()
    assert markets[SPOT]["spot"]
    assert markets[SPOT]["active"]
    assert markets[SPOT]["precision"]["price"] == 1e-8
    assert markets["BTC/USDT"]["precision"]["price"] == 0.01
    swap = markets[SWAP]
    assert swap["swap"]
    assert swap["linear"]
    assert (swap["contractSize"], swap["settle"], swap["precision"]["amount"]) == (0.01, "USDT", 0.01)
    assert {"BTC", "ETH", "USDT"} <= set(exchange.fetch_currencies())
    assert exchange.fetch_status()["status"] == "ok"
    assert abs(exchange.fetch_time() - exchange.milliseconds()) < 5_000
    say("markets, currencies, status, time")


def judge_market_data() -> None:
    for symbol in (SPOT, SWAP):
        candles = exchange.fetch_ohlcv(symbol, "1h", limit=24)
        assert len(candles) == 24
        assert all(later[0] - earlier[0] == 3_600_000 for earlier, later in pairwise(candles))
        assert all(low <= min(first, last) <= max(first, last) <= high for _, first, high, low, last, _ in candles)
        book = exchange.fetch_order_book(symbol, limit=20)
        assert len(book["bids"]) == len(book["asks"]) == 20
        assert book["bids"][0][0] < book["asks"][0][0]
        trades = exchange.fetch_trades(symbol, limit=50)
        assert all(later["timestamp"] >= earlier["timestamp"] for earlier, later in pairwise(trades))
        assert exchange.fetch_ticker(symbol)["last"] > 0
    old = exchange.fetch_ohlcv(SPOT, "1h", since=exchange.milliseconds() - 20 * 86_400_000, limit=50)
    assert len(old) == 50
    assert all(later[0] - earlier[0] == 3_600_000 for earlier, later in pairwise(old))
    say("candles of today and of weeks ago, books, trades, ticker; spot and swap")

    tickers = exchange.fetch_tickers(params={"instType": "SPOT"})
    assert all(ticker["bid"] < ticker["ask"] for ticker in tickers.values())
    rate = exchange.fetch_funding_rate(SWAP)
    assert rate["fundingTimestamp"] > exchange.milliseconds()
    assert exchange.fetch_mark_price(SWAP)["markPrice"] > 0
    assert exchange.fetch_open_interest(SWAP)["openInterestAmount"] >= 0
    fee = exchange.fetch_trading_fee(SPOT)
    assert (fee["maker"], fee["taker"]) == (0.0008, 0.001)
    say("tickers, funding rate, mark price, open interest, fee")


def judge_spot_orders() -> None:
    before = exchange.fetch_balance()
    filled = exchange.create_order(SPOT, "market", "sell", 1)
    done = exchange.fetch_order(filled["id"], SPOT)
    assert (done["status"], done["filled"]) == ("closed", 1)
    after = exchange.fetch_balance()
    assert abs(before["ETH"]["total"] - after["ETH"]["total"] - 1) < 1e-9
    mine = exchange.fetch_my_trades(SPOT)
    assert abs(sum(trade["amount"] for trade in mine) - 1) < 1e-9
    came_in = sum(trade["cost"] - trade["fee"]["cost"] for trade in mine)
    # ccxt multiplies what the exchange has cut to eight decimals, trade by trade.
    assert abs(came_in - (after["BTC"]["total"] - before["BTC"]["total"])) < 2e-8 * len(mine)
    assert {trade["id"] for trade in exchange.fetch_order_trades(filled["id"], SPOT)} == {trade["id"] for trade in mine}
    by_amount = exchange.create_order(SPOT, "market", "buy", 0.5)
    assert exchange.fetch_order(by_amount["id"], SPOT)["filled"] == 0.5
    by_cost = exchange.create_market_buy_order_with_cost(SPOT, 0.5)
    assert 0.49 < exchange.fetch_order(by_cost["id"], SPOT)["cost"] <= 0.5
    say("market orders by amount and by cost, balance, my trades with fees")

    book = exchange.fetch_order_book(SPOT, limit=5)
    low, high = (exchange.price_to_precision(SPOT, price) for price in (book["bids"][0][0] * 0.9, book["asks"][0][0] * 1.1))
    placed = exchange.create_order(SPOT, "limit", "sell", 2, high)
    found = exchange.fetch_order(placed["id"], SPOT)
    assert (found["status"], found["amount"], found["price"]) == ("open", 2.0, float(high))
    exchange.edit_order(placed["id"], SPOT, "limit", "sell", 1.5, float(high) * 1.01)
    edited = exchange.fetch_order(placed["id"], SPOT)
    assert (edited["status"], edited["amount"]) == ("open", 1.5)
    assert edited["price"] > float(high)
    assert [order["id"] for order in exchange.fetch_open_orders(SPOT)] == [placed["id"]]
    exchange.cancel_order(placed["id"], SPOT)
    assert exchange.fetch_order(placed["id"], SPOT)["status"] == "canceled"
    assert placed["id"] in {order["id"] for order in exchange.fetch_canceled_orders(SPOT)}
    assert {filled["id"], by_amount["id"], by_cost["id"]} <= {order["id"] for order in exchange.fetch_closed_orders(SPOT)}
    say("limit order, query, edit, cancel; cancelled and closed orders")

    batch = exchange.create_orders(
        [{"symbol": SPOT, "type": "limit", "side": "buy", "amount": amount, "price": float(low)} for amount in (1, 2, 3)]
    )
    assert len(batch) == 3
    maker = exchange.create_order(SPOT, "limit", "buy", 1, low, {"postOnly": True, "clientOrderId": "judge1"})
    assert exchange.fetch_order(None, SPOT, {"clOrdId": "judge1"})["id"] == maker["id"]
    taker = exchange.create_order(SPOT, "limit", "buy", 1, high, {"postOnly": True})
    assert exchange.fetch_order(taker["id"], SPOT)["status"] == "canceled"
    ioc = exchange.create_order(SPOT, "limit", "buy", 1, low, {"timeInForce": "IOC"})
    assert exchange.fetch_order(ioc["id"], SPOT)["status"] == "canceled"
    exchange.cancel_orders([order["id"] for order in batch], SPOT)
    exchange.cancel_order(maker["id"], SPOT)
    assert exchange.fetch_open_orders() == []
    say("batches, post only, immediate or cancel, client ids")

    refused(ccxt.InsufficientFunds, exchange.create_order, SPOT, "limit", "buy", 90_000, high)
    refused(ccxt.InvalidOrder, exchange.create_order, SPOT, "limit", "buy", 0.001, low, {"tdMode": "cash", "sz": "0.0001"})
    refused(ccxt.OrderNotFound, exchange.fetch_order, "1000400000000999999", SPOT)
    refused(ccxt.BadSymbol, exchange.public_get_market_ticker, {"instId": "NO-SUCH"})
    say("refusals, each for what it is")


def judge_swap() -> None:
    exchange.set_leverage(10, SWAP, {"mgnMode": "cross"})
    bought = exchange.create_order(SWAP, "market", "buy", 5)
    assert exchange.fetch_order(bought["id"], SWAP)["filled"] == 5
    (position,) = exchange.fetch_positions([SWAP])
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", 5, 10)
    assert abs(position["notional"] - 5 * 0.01 * position["markPrice"]) < 0.01
    closing = exchange.create_order(SWAP, "market", "sell", 2, params={"reduceOnly": True})
    assert exchange.fetch_order(closing["id"], SWAP)["reduceOnly"]
    assert exchange.fetch_position(SWAP)["contracts"] == 3
    exchange.close_position(SWAP, params={"marginMode": "cross"})
    assert exchange.fetch_positions([SWAP]) == []
    assert sum(trade["amount"] if trade["side"] == "buy" else -trade["amount"] for trade in exchange.fetch_my_trades(SWAP)) == 0
    assert exchange.fetch_funding_rate_history(SWAP) == []
    say("swap: leverage, position, reduce only, close")


judge(judge_markets, judge_market_data, judge_spot_orders, judge_swap)
