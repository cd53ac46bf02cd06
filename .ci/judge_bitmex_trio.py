"""bitmex-trio-websocket 0.16.1: the last form of the client that one of the founding documents describes.

It knows the addresses of BitMEX only, so the one that it opens is changed underneath it.
"""

from __future__ import annotations

import json
import time
from typing import Any

import bitmex_trio_websocket.websocket as client
import requests
import trio
from bitmex_trio_websocket import open_bitmex_websocket
from bitmex_trio_websocket.auth import generate_signature
from bitmex_trio_websocket.exceptions import BitMEXWebsocketApiError
from judging import PATIENCE_S, called_with, judge, say
from slurry_websocket import Websocket

urls, key, secret = called_with()
SYMBOL, OTHER = "XBTUSD", "XBTUSDT"

client.Websocket = lambda _url, extra_headers=None: Websocket(urls["stream"], extra_headers=extra_headers)


def ask(verb: str, path: str, **body: Any) -> Any:
    sent, expires = json.dumps(body) if body else "", int(time.time()) + 60
    headers = {
        "api-key": key,
        "api-expires": str(expires),
        "api-signature": generate_signature(secret, verb, f"/api/v1{path}", expires, sent),
        "content-type": "application/json",
    }
    answer = requests.request(verb, f"{urls['rest']}/api/v1{path}", data=sent, headers=headers, timeout=PATIENCE_S)
    assert answer.ok, answer.text
    return answer.json()


async def first(listener: Any, wanted: Any) -> Any:
    """The first item that is wanted."""
    with trio.fail_after(PATIENCE_S):
        async for item in listener:
            if wanted(item):
                return item
    raise AssertionError("the listener ended")


async def public_tables() -> None:
    async with open_bitmex_websocket("mainnet") as stream:
        trade = await first(stream.listen("trade", SYMBOL), lambda row: row["size"] > 0)
        assert trade["symbol"] == SYMBOL
        quote = await first(stream.listen("quote", SYMBOL, OTHER), lambda row: row["symbol"] == OTHER)
        assert quote["bidPrice"] < quote["askPrice"]
        instrument = await first(stream.listen("instrument", OTHER), lambda _row: True)
        assert (instrument["lotSize"], instrument["settlCurrency"]) == (100, "USDt")
        seen = 0
        with trio.fail_after(PATIENCE_S):
            async for _ in stream.listen("orderBookL2", SYMBOL):
                sides = stream.storage.data["orderBookL2"][SYMBOL]
                bids, asks = ([row["price"] for row in sides[side].values()] for side in ("Buy", "Sell"))
                assert len(bids) > 50 < len(asks)
                seen += 1
                if seen == 200:
                    break
    say("trades, quotes of two symbols, instrument, 200 changes of a book")


async def private_tables() -> None:
    async with open_bitmex_websocket("mainnet", key, secret, dead_mans_switch=True) as stream:
        margin = await first(stream.listen("margin"), lambda row: row["currency"] == "XBt")
        assert margin["availableMargin"] > 0
        listener = stream.listen("order")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(place_soon)
            order = await first(listener, lambda row: row["clOrdID"] == "judge-trio")
        assert (order["ordStatus"], order["leavesQty"]) == ("New", 100)
        # Whoever begins to listen after the cancellation may have missed it.
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_soon)
            ended = await first(listener, lambda row: row["clOrdID"] == "judge-trio" and row["leavesQty"] == 0)
        assert ended["ordStatus"] == "Canceled"
    say("margin, an order that comes and goes, the dead man's switch armed")


async def place_soon() -> None:
    await trio.sleep(0.2)
    await trio.to_thread.run_sync(lambda: ask("POST", "/order", symbol=SYMBOL, orderQty=100, price=5000, clOrdID="judge-trio"))


async def cancel_soon() -> None:
    await trio.sleep(0.2)
    await trio.to_thread.run_sync(lambda: ask("DELETE", "/order/all", symbol=SYMBOL))


async def refusals() -> None:
    for topic, status in (("nonsense", 400), ("order", 401)):
        try:
            async with open_bitmex_websocket("mainnet") as stream:
                await first(stream.listen(topic), lambda _row: True)
        except BitMEXWebsocketApiError as error:
            heard = error.status
        else:
            raise AssertionError(f"{topic} was not refused")
        assert heard == status, heard
    say("an unknown table and one without a login are refused as the client knows it")


judge(*(lambda part=part: trio.run(part) for part in (public_tables, private_tables, refusals)))
