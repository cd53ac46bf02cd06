"""Trouble on purpose, in the venue's words: what a client of its tables has to survive."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.bitmex.trouble import BitmexWords
from exchangeclient.sandbox.faults import Faults
from exchangeclient.sandbox.faults.app import TroubledApp
from exchangeclient.sandbox.turns import InTurns, Turns

BOOK = "orderBookL2:XBTUSD"


class Trouble:
    """The bench with faults before it."""

    def __init__(self, bench: Any) -> None:
        turns = Turns(bench.live)
        self.bench = bench
        self.faults = Faults(seed=1, now=lambda: bench.now_us / 1e6)
        bench.app = TroubledApp(InTurns(bench.app, turns), self.faults, BitmexWords(bench.venue, turns))


@pytest.fixture
def trouble(bench: Any) -> Trouble:
    return Trouble(bench)


@pytest.fixture
def book(trouble: Trouble, make_wire: Any) -> Any:
    """A socket that is told of a book of one level."""
    trouble.bench.order(orderQty=100, price=5000)
    socket = make_wire(trouble.bench)
    socket.heard()
    return socket


def actions(messages: list[Any]) -> list[str]:
    return [each["action"] for each in messages if "action" in each]


def test_a_delta_before_the_partial(trouble: Trouble, book: Any) -> None:
    with trouble.faults.add("reorder", stream=BOOK, times=1) as fault:
        assert actions(book.subscribe(BOOK)) == []
        trouble.bench.order(orderQty=100, price=5001)
        assert actions(book.heard()) == ["insert", "partial"]
        assert fault.hits == 1


def test_a_dropped_delta_of_one_action(trouble: Trouble, book: Any) -> None:
    book.subscribe(BOOK)
    with trouble.faults.add("skip", stream=f"{BOOK}/delete"):
        trouble.bench.order(orderQty=100, price=5001)
        trouble.bench.signed("DELETE", "/order/all", {"filter": {"price": 5001}})
        trouble.bench.order(orderQty=100, price=5002)
        assert actions(book.heard()) == ["insert", "insert"]


def test_a_duplicate_insert(trouble: Trouble, book: Any) -> None:
    with trouble.faults.add("duplicate", stream=f"{BOOK}/insert", times=1):
        assert actions(book.subscribe(BOOK)) == ["partial"]
        for price in (5001, 5002):
            trouble.bench.order(orderQty=100, price=price)
        assert actions(book.heard()) == ["insert", "insert", "insert"]


def test_a_silent_table(trouble: Trouble, book: Any) -> None:
    book.subscribe(BOOK, "quote:XBTUSD")
    with trouble.faults.add("stall", stream=BOOK):
        trouble.bench.order(orderQty=100, price=5001)
        assert {each["table"] for each in book.heard()} == {"quote"}


def test_what_belongs_to_an_account_is_struck_by_its_key(trouble: Trouble, make_wire: Any) -> None:
    sockets = [make_wire(trouble.bench) for _ in range(2)]
    for socket, key in zip(sockets, ("key", "other"), strict=True):
        socket.log_in(key)
        socket.subscribe("order")
    with trouble.faults.add("skip", stream="order@*", account="other", times=10):
        for key in ("key", "other"):
            trouble.bench.order(account=key, orderQty=100, price=5000)
    assert [len(socket.heard()) for socket in sockets] == [1, 0]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (503, "The system is currently overloaded. Please try again later."),
        (429, "Rate limit exceeded, retry in 1 seconds."),
        (500, "Internal"),
    ],
)
def test_errors_are_in_the_venues_envelope(trouble: Trouble, status: int, message: str) -> None:
    with trouble.faults.add("error", route="POST /api/v1/order", status=status, processed=True, times=1):
        answer = trouble.bench.signed("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100, "price": 5000, "clOrdID": "lost"})
    assert trouble.bench.answer.status == status
    assert answer["error"]["message"].startswith(message)
    (found,) = trouble.bench.ask("/order", filter=json.dumps({"clOrdID": "lost"}))
    assert found["ordStatus"] == "New"


def test_a_call_is_refused_as_on_the_socket(trouble: Trouble, book: Any) -> None:
    with trouble.faults.add("error", route="subscribe", status=429, retry_after=7, times=1):
        (answer,) = book.subscribe("trade:XBTUSD")
    assert (answer["status"], answer["meta"]) == (429, {"retryAfter": 7})
    assert answer["error"] == "Rate limit exceeded, retry in 7 seconds."
    assert answer["request"] == {"op": "subscribe", "args": ["trade:XBTUSD"]}


def test_a_clock_that_is_ahead_lets_requests_expire_and_is_shown(trouble: Trouble) -> None:
    with trouble.faults.add("clock", route="/api/v1/*", ms=120_000):
        assert trouble.bench.refused("GET", "/user")[0] == 401
        assert trouble.bench.get("/orderBook/L2", symbol="XBTUSD") == []
        assert trouble.bench.get("/instrument", symbol="XBTUSD")[0]["timestamp"] == "2023-11-14T22:15:20.123Z"
