"""ccxt 4.5.90, ccxt.pro's okx: what it watches, public and private, and orders over the websocket."""

from __future__ import annotations

import asyncio

from ccxt import pro
from judging import PATIENCE_S, ask, called_with, judge, say, side

urls, key, secret = called_with()
SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"


def made() -> pro.okx:
    exchange = pro.okx({"apiKey": key, "secret": secret, "password": "passphrase"})
    exchange.urls["api"]["rest"] = urls["rest"]
    exchange.urls["api"]["ws"] = urls["stream"] + "/ws/v5"
    return exchange


async def until(watch, held):
    """What *watch* gives, as soon as it is what is wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while not held(answer := await watch()):
            pass
    return answer


async def judge_public(exchange: pro.okx) -> None:
    assert (await until(lambda: exchange.watch_ticker(SPOT), bool))["symbol"] == SPOT
    assert (await until(lambda: exchange.watch_bids_asks(["ETH/USDT"]), bool))["ETH/USDT"]["bid"] > 0
    assert (await until(lambda: exchange.watch_mark_price(SWAP), bool))["markPrice"] > 0
    assert (await until(lambda: exchange.watch_funding_rate(SWAP), bool))["fundingRate"] is not None
    trades = await until(lambda: exchange.watch_trades(SPOT), bool)
    assert all(trade["symbol"] == SPOT for trade in trades)
    assert len((await until(lambda: exchange.watch_ohlcv(SPOT, "1m"), bool))[-1]) == 6
    say("watches ticker, bids and asks, mark price, funding rate, trades, candles")


async def judge_book(exchange: pro.okx) -> None:
    equal = 0
    async with asyncio.timeout(2 * PATIENCE_S):
        while equal < 3:
            book = await exchange.watch_order_book(SPOT)
            kept = book["nonce"], side(book["bids"]), side(book["asks"])
            answer = await asyncio.to_thread(ask, f"{urls['rest']}/api/v5/market/books?instId=BTC-USDT&sz=400")
            if answer["code"] == "50011":
                await asyncio.sleep(1)
                continue
            (truth,) = answer["data"]
            if truth["seqId"] != kept[0]:
                continue
            assert kept[1] == side(truth["bids"]), "bids at the same id"
            assert kept[2] == side(truth["asks"]), "asks at the same id"
            equal += 1
    say("watches a book that is the sandbox's at the same id, three times")


async def judge_private(exchange: pro.okx) -> None:
    orders = asyncio.ensure_future(exchange.watch_orders(SPOT))
    mine = asyncio.ensure_future(exchange.watch_my_trades(SPOT))
    await until(exchange.watch_balance, lambda balance: balance["BTC"]["total"] > 0)
    sold: set[str] = set()
    async with asyncio.timeout(PATIENCE_S):
        while not (orders.done() and mine.done()):  # of a subscription that has begun nothing else tells
            sold.add((await exchange.create_order(SPOT, "market", "sell", 0.1))["id"])
            await asyncio.wait({orders, mine}, timeout=1, return_when=asyncio.ALL_COMPLETED)
    assert {order["id"] for order in orders.result()} <= sold
    assert {trade["order"] for trade in mine.result()} <= sold
    last = (await exchange.create_order(SPOT, "market", "sell", 0.1))["id"]

    def is_closed(cache) -> bool:
        return any((order["id"], order["status"], order["filled"]) == (last, "closed", 0.1) for order in cache)

    await until(lambda: asyncio.sleep(0.05, exchange.orders), is_closed)
    real = await exchange.fetch_balance()
    await until(
        exchange.watch_balance,
        lambda known: known["BTC"]["total"] == real["BTC"]["total"] and known["USDT"]["total"] == real["USDT"]["total"],
    )
    say("watches orders, my trades, balance: what they tell is what REST tells")

    held = asyncio.ensure_future(until(lambda: exchange.watch_positions([SWAP]), lambda rows: any(row["contracts"] for row in rows)))
    await exchange.create_order(SWAP, "market", "buy", 2)
    (position,) = await held
    assert (position["contracts"], position["side"]) == (2, "long")
    await exchange.close_position(SWAP, params={"marginMode": "cross"})
    say("watches a position that is opened")


async def judge_orders(exchange: pro.okx) -> None:
    low = exchange.price_to_precision(SPOT, (await exchange.fetch_ticker(SPOT))["last"] * 0.9)
    placed = await exchange.create_order_ws(SPOT, "limit", "buy", 0.01, float(low))
    assert (await exchange.fetch_order(placed["id"], SPOT))["status"] == "open"
    await exchange.edit_order_ws(placed["id"], SPOT, "limit", "buy", 0.02, float(low))
    assert (await exchange.fetch_order(placed["id"], SPOT))["amount"] == 0.02
    await exchange.cancel_order_ws(placed["id"], SPOT)
    assert (await exchange.fetch_order(placed["id"], SPOT))["status"] == "canceled"
    say("orders placed, edited and cancelled over the websocket")


async def all_parts() -> None:
    exchange = made()
    try:
        await exchange.load_markets()
        for part in (judge_public, judge_book, judge_private, judge_orders):
            await part(exchange)
    finally:
        await exchange.close()


judge(lambda: asyncio.run(all_parts()))
