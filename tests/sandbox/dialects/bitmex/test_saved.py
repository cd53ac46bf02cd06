"""A sandbox that is saved and taken up again goes on with BitMEX's orders, stops and settings."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import msgspec
import requests

from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.bitmex.venue import Memory

START_MS = 1_700_000_000_000


class Door:
    """A sandbox's BitMEX without a port."""

    def __init__(self, exchange: Sandbox) -> None:
        self._exchange = exchange
        self._session = requests.Session()
        self._url = exchange.mount(self._session)["bitmex"]["rest"]

    def ask(self, method: str, path: str, **body: object) -> Any:
        text, expires = json.dumps(body) if body else "", str(self._exchange.now_ms // 1000 + 60)
        sign = hmac.new(b"secret", f"{method}/api/v1{path}{expires}{text}".encode(), hashlib.sha256).hexdigest()
        headers = {"api-key": "key", "api-expires": expires, "api-signature": sign, "content-type": "application/json"}
        answer = self._session.request(method, f"{self._url}/api/v1{path}", data=text, headers=headers)
        assert answer.ok, answer.text
        return answer.json()


def test_orders_stops_executions_and_the_switch_go_on(tmp_path: Path) -> None:
    with Sandbox(start=START_MS, speed=0, limits="counted") as exchange:
        door = Door(exchange)
        door.ask("POST", "/order", symbol="XBTUSD", orderQty=300)
        rests = door.ask("POST", "/order", symbol="XBTUSD", orderQty=100, price=5000, clOrdID="rests")
        stop = door.ask("POST", "/order", symbol="XBTUSD", side="Sell", orderQty=100, stopPx=5000, clOrdID="stop")
        door.ask("POST", "/position/leverage", symbol="XBTUSD", leverage=7)
        door.ask("POST", "/order/cancelAllAfter", timeout=60_000)
        before = [door.ask("GET", path) for path in ("/order", "/execution", "/user/wallet", "/user/walletHistory")]
        exchange.save(tmp_path / "state")
    with Sandbox(state=tmp_path / "state", limits="counted") as exchange:
        door = Door(exchange)
        assert [door.ask("GET", path) for path in ("/order", "/execution", "/user/wallet", "/user/walletHistory")] == before
        (position,) = door.ask("GET", "/position")
        assert (position["currentQty"], position["leverage"], position["crossMargin"]) == (300, 7, False)
        amended = door.ask("PUT", "/order", origClOrdID="rests", price=5001)
        assert (amended["orderID"], amended["price"]) == (rests["orderID"], 5001)
        assert door.ask("PUT", "/order", origClOrdID="stop", stopPx=5002)["orderID"] == stop["orderID"]
        new = door.ask("POST", "/order", symbol="XBTUSD", orderQty=100, price=5000)
        assert new["orderID"] not in {row["orderID"] for row in before[0]}
        exchange.advance(seconds=61)
        states = {row["orderID"]: row["ordStatus"] for row in door.ask("GET", "/order")}
        assert {states[each["orderID"]] for each in (rests, stop, new)} == {"Canceled"}


def test_a_stop_still_waits_afterwards(bench: Any, make_bench: Any) -> None:
    bench.order(account="other", side="Buy", orderQty=100, price=5600)
    stop = bench.order(side="Sell", orderQty=100, stopPx=5700)
    day = bench.order(side="Sell", orderQty=100, price=7000, timeInForce="Day")
    memory = msgspec.json.decode(msgspec.json.encode(bench.venue.memory), type=Memory)
    other = make_bench()
    other.exchange.restore(bench.exchange.snapshot())
    other.venue.orders.recall(memory.desk)
    other.move_index(5700)
    assert other.found(stop["orderID"])["ordStatus"] == "Filled"
    other.pass_time(86_400)
    assert other.found(day["orderID"])["ordStatus"] == "Canceled"
