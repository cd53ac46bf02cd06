"""ccxt 4.5.90, ccxt.pro: what it watches, public and private, and orders over the WebSocket API."""

from __future__ import annotations

import asyncio

from ccxt import pro
from judging import PATIENCE_S, ask, called_with, judge, say, side

urls, key, secret = called_with()


def made() -> pro.binance:
    exchange = pro.binance({"apiKey": key, "secret": secret, "options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}})
    api = exchange.urls["api"]
    for name, path in (("public", "api/v3"), ("private", "api/v3"), ("sapi", "sapi/v1")):
        api[name] = f"{urls['rest']}/{path}"
    api["ws"]["spot"] = urls["stream"] + "/ws"
    api["ws"]["ws-api"]["spot"] = urls["ws_api"]
    return exchange


async def until(watch, held):
    """What *watch* gives, as soon as it is what is wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while not held(answer := await watch()):
            pass
    return answer


async def judge_public(exchange: pro.binance) -> None:
    assert (await until(lambda: exchange.watch_ticker("BTC/USDT"), bool))["symbol"] == "BTC/USDT"
    assert (await until(lambda: exchange.watch_tickers(["BTC/USDT", "ETH/BTC"]), bool)).keys() <= {"BTC/USDT", "ETH/BTC"}
    assert (await until(lambda: exchange.watch_bids_asks(["ETH/USDT"]), bool))["ETH/USDT"]["bid"] > 0
    trades = await until(lambda: exchange.watch_trades("BTC/USDT"), bool)
    assert all(trade["symbol"] == "BTC/USDT" for trade in trades)
    assert len((await until(lambda: exchange.watch_ohlcv("BTC/USDT", "1m"), bool))[-1]) == 6
    both = await until(lambda: exchange.watch_trades_for_symbols(["ETH/USDT", "LTC/USDT"]), bool)
    assert {trade["symbol"] for trade in both} <= {"ETH/USDT", "LTC/USDT"}
    say("watches ticker, tickers, bids and asks, trades, trades of several symbols, candles")


async def judge_book(exchange: pro.binance) -> None:
    equal = 0
    async with asyncio.timeout(PATIENCE_S):
        while equal < 3:
            book = await exchange.watch_order_book("BTC/USDT", 1000)
            kept = book["nonce"], side(book["bids"]), side(book["asks"])
            truth = await asyncio.to_thread(ask, f"{urls['rest']}/api/v3/depth?symbol=BTCUSDT&limit=100")
            if truth["lastUpdateId"] != kept[0]:
                continue
            assert kept[1][:100] == side(truth["bids"]), "bids at the same id"
            assert kept[2][:100] == side(truth["asks"]), "asks at the same id"
            equal += 1
    say("watches a book that is the sandbox's at the same id, three times")


async def judge_private(exchange: pro.binance) -> None:
    orders = asyncio.ensure_future(exchange.watch_orders("ETH/BTC"))
    balance = asyncio.ensure_future(exchange.watch_balance())
    mine = asyncio.ensure_future(exchange.watch_my_trades("ETH/BTC"))
    connection = exchange.client(urls["ws_api"])

    def subscribed(_: object) -> bool:
        return "spot" in connection.subscriptions and "authenticate:signature:spot" not in connection.futures

    await until(lambda: asyncio.sleep(0.05), subscribed)
    sold = await exchange.create_order("ETH/BTC", "market", "sell", 1)
    async with asyncio.timeout(PATIENCE_S):
        assert {order["id"] for order in await orders} == {sold["id"]}
        assert {trade["order"] for trade in await mine} == {sold["id"]}
        assert (await balance)["ETH"]["total"] > 0
    closed = await until(
        lambda: asyncio.sleep(0.05, exchange.orders),
        lambda cache: any(order["id"] == sold["id"] and order["status"] == "closed" for order in cache),
    )
    assert sum(order["filled"] for order in closed if order["id"] == sold["id"]) == 1
    real = await exchange.fetch_balance()
    await until(
        lambda: asyncio.sleep(0.05, exchange.balance["spot"]),
        lambda known: known["ETH"]["total"] == real["ETH"]["total"] and known["BTC"]["total"] == real["BTC"]["total"],
    )
    say("watches orders, my trades, balance: what they tell is what REST tells")


async def judge_orders(exchange: pro.binance) -> None:
    low = exchange.price_to_precision("ETH/BTC", (await exchange.fetch_trades_ws("ETH/BTC"))[-1]["price"] * 0.9)
    placed = await exchange.create_order_ws("ETH/BTC", "limit", "buy", 1, low)
    assert placed["status"] == "open"
    assert (await exchange.fetch_order_ws(placed["id"], "ETH/BTC"))["price"] == float(low)
    edited = await exchange.edit_order_ws(placed["id"], "ETH/BTC", "limit", "buy", 2, low)
    assert [order["id"] for order in await exchange.fetch_open_orders_ws("ETH/BTC")] == [edited["id"]]
    assert (await exchange.cancel_order_ws(edited["id"], "ETH/BTC"))["status"] == "canceled"
    # Of this answer ccxt gives the raw form only: it parses it without saying that it is a spot account's.
    assert {row["asset"]: float(row["locked"]) for row in (await exchange.fetch_balance_ws())["info"]["balances"]}["BTC"] == 0
    assert len(await exchange.fetch_ohlcv_ws("ETH/BTC", "1h", None, 24)) == 24
    assert len(await exchange.fetch_my_trades_ws("ETH/BTC")) >= 1
    say("orders, edits, queries, balance and market data over the WebSocket API")


async def all_parts() -> None:
    exchange = made()
    try:
        await exchange.load_markets()
        for part in (judge_public, judge_book, judge_private, judge_orders):
            await part(exchange)
    finally:
        await exchange.close()


judge(lambda: asyncio.run(all_parts()))
