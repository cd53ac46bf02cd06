"""A small exchange of one pair on a port of this machine; each of its neighbours here speaks one venue's REST before it.

It has the rules of its venue, checks every signature, and answers what the venue's documentation shows: an unknown path is an error.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "a-key", "a-secret"
MINUTE_MS = 60_000
DROP = object()
"""In place of an answer: the connection ends without one."""


@dataclass
class Held:
    """An order."""

    number: int
    own: str
    side: str
    kind: str
    price: Decimal
    quantity: Decimal
    total: Decimal | None
    time_in_force: str
    time_ms: int
    filled: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    state: str = "open"
    why: str = ""
    post: bool = False

    @property
    def left(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def average(self) -> Decimal:
        return self.paid / self.filled if self.filled else Decimal(0)


@dataclass
class Deal:
    """A trade of the account's."""

    number: int
    held: Held
    quantity: Decimal
    price: Decimal
    time_ms: int


class Refused(Exception):
    """The venue says no.

    :ivar word: ``funds``, ``key``, ``signature``, ``unknown`` (order), ``done``, ``rule``, ``path``, ``symbol``
    """

    def __init__(self, word: str, text: str = "") -> None:
        super().__init__(text or word)
        self.word = word


@dataclass
class Asked:
    """A call as it came."""

    verb: str
    path: str
    raw_query: str
    text: str
    headers: Any
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.query = dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def body(self) -> Any:
        return json.loads(self.text) if self.text else {}


class Venue:
    """What is the same of all six; the numbers are each one's own.

    :ivar fault: asked with every call that places an order; what it gives besides None is answered in its place, before or after
    """

    name = ""
    symbol = "BTC/USDT"
    base, quote = "BTC", "USDT"
    bids: tuple[tuple[str, str], ...] = (("64000", "1"), ("63999.5", "2.25"))
    asks: tuple[tuple[str, str], ...] = (("64000.2", "1.5"), ("64000.9", "2"))
    resting = "63000"
    quantity = "0.01"
    total = "700.5"
    bad_price: str | None = "63000.055"
    least = Decimal("0.0001")
    least_total = Decimal(5)
    tick: Decimal | None = Decimal("0.01")
    step: Decimal | None = Decimal("0.000001")
    hundreds = 100
    """How many open orders are shown at a time."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.asked: list[Asked] = []
        self.orders: dict[int, Held] = {}
        self.deals: list[Deal] = []
        self.free = {self.base: Decimal("12.345678901234567891"), self.quote: Decimal("100000000.123456789012345678")}
        self.locked = {self.base: Decimal(0), self.quote: Decimal(0)}
        self.now_ms = int(time.time() * 1_000)
        self.trades = [(7, self.now_ms - 5_000, "63999.9", "0.25", "sell"), (8, self.now_ms - 3_000, "64000.1", "0.5", "buy")]
        self.next_number = 1_001
        self.before: Callable[[Asked], Any] | None = None
        self.after: Callable[[Asked], Any] | None = None
        start = self.now_ms // MINUTE_MS * MINUTE_MS
        self.candle_starts = [start - nth * MINUTE_MS for nth in (603, 602, 601, 600, 4, 3, 2, 1, 0)]  # nothing was traded in ten hours

    # ---- what happens ------------------------------------------------------------------------------------------------

    def place(
        self, side: str, kind: str, price: Any, quantity: Any, *, total: Any = None, own: str = "", tif: str = "gtc", post: bool = False
    ) -> Held:
        """Take an order: ``side`` buy or sell, ``kind`` limit or market."""
        at = Decimal(str(price)) if kind == "limit" else Decimal(0)
        size = Decimal(str(quantity)) if quantity is not None else Decimal(0)
        whole = Decimal(str(total)) if total is not None else None
        self._hold(kind, at, size, whole)
        best = Decimal(self.asks[0][0] if side == "buy" else self.bids[0][0])
        crosses = kind == "market" or (at >= best if side == "buy" else at <= best)
        if whole is not None:
            size = (whole / best).quantize(Decimal("0.00000001"))
        coin, needed = (self.quote, whole or size * (best if kind == "market" else at)) if side == "buy" else (self.base, size)
        if needed > self.free[coin]:
            raise Refused("funds")
        with self.lock:
            held = Held(self.next_number, own, side, kind, at, size, whole, tif, int(time.time() * 1_000), post=post)
            self.next_number += 1
            self.orders[held.number] = held
            if post and crosses:
                held.state, held.why = "cancelled", "post"
            elif crosses:
                self.free[coin] -= needed
                self.locked[coin] += needed
                self.fill(held, size, best)
            elif tif in ("ioc", "fok"):
                held.state, held.why = "cancelled", tif
            else:
                self.free[coin] -= needed
                self.locked[coin] += needed
        return held

    def fill(self, held: Held, quantity: Any, price: Decimal | None = None) -> None:
        """Fill some of an order that is open."""
        size, at = Decimal(str(quantity)), price if price is not None else held.price
        held.filled += size
        held.paid += size * at
        self.deals.append(Deal(5_736_713 + len(self.deals), held, size, at, int(time.time() * 1_000)))
        coin = self.quote if held.side == "buy" else self.base
        self.locked[coin] -= size * at if held.side == "buy" else size
        self.free[self.base if held.side == "buy" else self.quote] += size if held.side == "buy" else size * at
        if not held.left:
            held.state = "filled"

    def cancel(self, number: Any) -> Held:
        """Cancel an order that is open."""
        held = self.order(number)
        if held.state != "open":
            raise Refused("done")
        held.state = "cancelled"
        coin = self.quote if held.side == "buy" else self.base
        back = held.left * held.price if held.side == "buy" else held.left
        self.locked[coin] -= back
        self.free[coin] += back
        return held

    def order(self, number: Any) -> Held:
        """One by its number."""
        held = self.orders.get(int(number)) if str(number).isdecimal() else None
        if held is None:
            raise Refused("unknown")
        return held

    def by_own(self, own: str) -> Held:
        """One by its caller's id."""
        for held in self.orders.values():
            if held.own == own:
                return held
        raise Refused("unknown")

    def shown(self, *states: str) -> list[Held]:
        """Those of some states, newest first."""
        return [held for held in reversed(self.orders.values()) if held.state in states]

    def _hold(self, kind: str, price: Decimal, size: Decimal, whole: Decimal | None) -> None:
        if whole is None and (size < self.least or (self.step is not None and size % self.step)):
            raise Refused("rule", "quantity")
        if kind == "limit" and (price <= 0 or (self.tick is not None and price % self.tick)):
            raise Refused("rule", "price")
        if (whole if whole is not None else size * price if kind == "limit" else self.least_total) < self.least_total:
            raise Refused("rule", "total")

    # ---- what it says ------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Status and content."""
        raise NotImplementedError

    def refusal(self, refused: Refused) -> tuple[int, Any]:
        """The venue's own words of a refusal."""
        raise NotImplementedError

    def places(self, asked: Asked) -> bool:
        """Whether a call is one that places an order."""
        raise NotImplementedError

    def busy(self) -> tuple[int, Any]:
        """What comes when it is overloaded: by whoever is before the venue."""
        return 503, "<html><body>503 Service Unavailable</body></html>"

    def too_often(self) -> tuple[int, Any]:
        """What comes when it was asked too often."""
        raise NotImplementedError

    def told(self, asked: Asked) -> Any:
        """Status and content, or :data:`DROP`."""
        with self.lock:
            self.asked.append(asked)
            placing = self.places(asked)
            if placing and self.before is not None and (instead := self.before(asked)) is not None:
                return instead
            try:
                answer = self.answer(asked)
            except Refused as refused:
                answer = self.refusal(refused)
            if placing and self.after is not None and (instead := self.after(asked)) is not None:
                return instead
            return answer

    def sent_orders(self) -> list[Asked]:
        """The calls that placed an order, or should have."""
        return [asked for asked in self.asked if self.places(asked)]


def plain(figure: Decimal) -> str:
    """Without an exponent and without zeros at its end."""
    text = f"{figure:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@contextmanager
def served(venue: Venue) -> Iterator[str]:
    """The address of a venue."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm, wbufsize = True, -1  # an answer leaves whole, and at once

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            told = venue.told(Asked(self.command, parts.path, parts.query, text, self.headers))
            if told is DROP:
                self.close_connection = True
                return
            status, content = told
            body = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 307:  # the content says where
                self.send_header("Location", body.decode().strip("<>"))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
