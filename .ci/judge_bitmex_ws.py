"""bitmex-ws 1.5: BitMEX's own connector. It logs in with the handshake, subscribes by its URL and keeps the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from bitmex_websocket import BitMEXWebsocket
from judging import PATIENCE_S, called_with, eventually, judge, say
from judging import ask as command
from util.api_key import generate_nonce, generate_signature

urls, key, secret = called_with()
SYMBOL = "XBTUSD"

stream = BitMEXWebsocket(urls["stream"], SYMBOL, api_key=key, api_secret=secret)


def ask(verb: str, path: str, **body: Any) -> Any:
    """A REST request, signed as the connector signs."""
    sent, expires = json.dumps(body) if body else "", generate_nonce()
    headers = {
        "api-key": key,
        "api-expires": str(expires),
        "api-signature": generate_signature(secret, verb, f"/api/v1{path}", expires, sent),
        "content-type": "application/json",
    }
    answer = requests.request(verb, f"{urls['rest']}/api/v1{path}", data=sent, headers=headers, timeout=PATIENCE_S)
    assert answer.ok, answer.text
    return answer.json()


def book() -> dict[tuple[str, float], int]:
    """The connector's book. Its socket's thread changes it meanwhile."""
    return {(row["side"], row["price"]): row["size"] for row in list(stream.market_depth())}


def judge_tables() -> None:
    instrument = stream.get_instrument()
    assert (instrument["symbol"], instrument["lotSize"], instrument["multiplier"]) == (SYMBOL, 100, -100_000_000)
    ticker = eventually("trades and quotes", lambda: stream.data["trade"] and stream.get_ticker())
    assert ticker["buy"] <= ticker["sell"]  # it rounds to no decimals, which log10 makes of a tick of 0.5
    assert all(quote["bidPrice"] < quote["askPrice"] for quote in list(stream.data["quote"]))
    assert stream.funds()["walletBalance"] > 0
    assert not stream.open_orders("")
    assert stream.keys["orderBookL2"] == ["symbol", "id", "side"]
    say("instrument, ticker, funds, keys")


@contextmanager
def stopped() -> Iterator[None]:
    """Stop all trading for a while."""
    command(f"{urls['rest']}/sandbox/symbols", {"symbol": SYMBOL, "status": "HALT"})
    try:
        yield
    finally:
        command(f"{urls['rest']}/sandbox/symbols", {"symbol": SYMBOL, "status": "TRADING"})


def judge_book() -> None:
    def is_sound() -> bool:
        kept = book()
        bids, asks = ([price for side, price in kept if side == wanted] for wanted in ("Buy", "Sell"))
        return len(bids) > 50 and len(asks) > 50 and max(bids) < min(asks)

    for nth in range(5):
        eventually(f"book {nth + 1} is not crossed", is_sound)
        with stopped():
            rows = ask("GET", f"/orderBook/L2?symbol={SYMBOL}&depth=0")
            whole = {(row["side"], row["price"]): row["size"] for row in rows}
            eventually(f"book {nth + 1} is the exchange's", lambda wanted=whole: book() == wanted)
        eventually("the book changes", lambda before=whole: book() != before)
    say("five times the book that the exchange has")


def judge_orders() -> None:
    placed = ask("POST", "/order", symbol=SYMBOL, side="Buy", orderQty=100, price=5000, clOrdID="judge-1")
    eventually("the order comes", lambda: [each["orderID"] for each in stream.open_orders("judge")] == [placed["orderID"]])
    amended = ask("PUT", "/order", orderID=placed["orderID"], price=5000.5, orderQty=200)
    assert amended["orderQty"] == 200
    eventually("it is amended", lambda: [each["price"] for each in stream.open_orders("judge")] == [5000.5])
    (cancelled,) = ask("DELETE", "/order", orderID=placed["orderID"])
    assert cancelled["ordStatus"] == "Canceled"
    eventually("it goes", lambda: not stream.open_orders("judge"))
    say("an order that comes, is amended and goes")

    before = stream.funds()["walletBalance"]
    ask("POST", "/order", symbol=SYMBOL, side="Buy", orderQty=1000)
    eventually("the position comes", lambda: [each["currentQty"] for each in stream.positions()] == [1000])
    eventually("the fee is paid", lambda: stream.funds()["walletBalance"] < before)
    fills = [row for row in stream.data["execution"] if row["execType"] == "Trade"]
    assert sum(row["lastQty"] for row in fills) == 1000
    assert sum(row["execCost"] for row in fills) == stream.positions()[0]["posCost"]
    ask("POST", "/order", symbol=SYMBOL, execInst="Close")
    eventually("the position is closed", lambda: [each["currentQty"] for each in stream.positions()] == [0])
    say("a position that is opened and closed, its executions and what it cost")


judge(judge_tables, judge_book, judge_orders, stream.exit)
