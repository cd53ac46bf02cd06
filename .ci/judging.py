"""What the judges share: who they are, what they heard, and the sandbox's own word on a book. Standard library only.

A judge is called with the sandbox's addresses (the JSON that it prints), a key and a secret.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

PATIENCE_S = 60  # for anything that has to happen at all, on a machine that has other things to do

Side = list[tuple[Decimal, Decimal]]


def called_with() -> tuple[dict[str, str], str, str]:
    """The sandbox's addresses, and the key and secret of the account that is this judge's own."""
    return json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]


def judge(*parts: Callable[[], object]) -> None:
    """Run the parts in turn and leave: with 0 when all that they assert held, else with 1, whatever threads a client keeps running."""
    code = 1
    try:
        for part in parts:
            part()
        code = 0
    except Exception:  # noqa: BLE001 - whatever a foreign client raises, its judge is not satisfied
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def say(text: str) -> None:
    """One line for one thing that was exercised and held."""
    print(f"  {text}", flush=True)


def eventually(what: str, probe: Callable[[], Any], patience_s: float = PATIENCE_S, every_s: float = 0.02) -> Any:
    """The first truthy answer of *probe*.

    :raises AssertionError: naming *what* did not happen in time
    """
    deadline = time.monotonic() + patience_s
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"did not happen within {patience_s} s: {what}"
        time.sleep(every_s)
    return answer


class Heard:
    """Messages as they came, from whatever thread calls it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Any] = []

    def __call__(self, *message: Any) -> None:
        """Keep a message; to be given to a client as its callback, of which the last argument is the message."""
        with self._lock:
            self._messages.append(message[-1])

    def all(self) -> list[Any]:
        """Everything heard so far."""
        with self._lock:
            return list(self._messages)

    def await_one(self, what: str, wanted: Callable[[Any], Any]) -> Any:
        """The first message that is *wanted*.

        :raises AssertionError: when none comes in time
        """
        try:
            return eventually(what, lambda: next(filter(wanted, self.all()), None))
        except AssertionError as error:
            raise AssertionError(f"{error}; heard instead: {self.all()[-3:]}") from None

    def await_count(self, what: str, count: int) -> list[Any]:
        """At least so many messages."""
        eventually(what, lambda: len(self.all()) >= count)
        return self.all()


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    """What the sandbox itself says, with no client between."""
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def await_user_data(urls: dict[str, str], key: str, heard: Heard) -> None:
    """Give the account a little money until that is heard: of a subscription made in another thread nothing else tells."""

    def told() -> list[Any]:
        ask(f"{urls['rest']}/sandbox/funds", {"account": key, "asset": "BNB", "deposit": "0.001"})
        return [message for message in heard.all() if "balanceUpdate" in str(message)]

    eventually("the account's events come", told)


def side(levels: list[Any]) -> Side:
    """Levels of a book as numbers that compare exactly, whether the client keeps text, Decimal or float."""
    return [(Decimal(str(level[0])), Decimal(str(level[1]))) for level in levels]


@contextmanager
def halted(urls: dict[str, str], symbol: str) -> Iterator[tuple[int, Side, Side]]:
    """Stop all trading in *symbol* for a while; the id and both sides of the book that stands still then."""
    ask(f"{urls['rest']}/sandbox/symbols", {"symbol": symbol, "status": "HALT"})
    try:
        book = ask(f"{urls['rest']}/api/v3/depth?symbol={symbol}&limit=5000")
        yield book["lastUpdateId"], side(book["bids"]), side(book["asks"])
    finally:
        ask(f"{urls['rest']}/sandbox/symbols", {"symbol": symbol, "status": "TRADING"})


def same_book(urls: dict[str, str], symbol: str, kept: Callable[[], tuple[list[Any], list[Any]]], times: int = 3) -> None:
    """Assert that the book a client keeps from the stream becomes the sandbox's own, again and again while trading goes on between."""
    for nth in range(times):
        with halted(urls, symbol) as (update_id, bids, asks):
            assert min(len(bids), len(asks)) > 10, f"{symbol} has hardly a book"

            def equal(bids: Side = bids, asks: Side = asks) -> bool:
                kept_bids, kept_asks = kept()
                return side(kept_bids) == bids and side(kept_asks) == asks

            eventually(f"book {nth + 1} of {symbol} equals the sandbox's at {update_id}", equal)
        changed = f"{urls['rest']}/api/v3/depth?symbol={symbol}&limit=1"
        eventually(f"{symbol} trades on", lambda since=update_id, url=changed: ask(url)["lastUpdateId"] > since + 20)
