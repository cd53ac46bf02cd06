"""In place of streams, which are not had through ccxt: a thread that asks in turn, at ccxt's pace, and tells what is new.

The names are those of the other venues' socket managers. A trade may be missed where more happen between two looks than the exchange
shows, which is a ``gap`` notice; a book is as old as the look at it.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.ccxt.client import Client
from exchangeclient.ccxt.desk import ClientDesk
from exchangeclient.core.feeds.notices import NoticeKind, SocketNotice
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import ExchangeException, OrderNotFoundException
from exchangeclient.market.vocabulary import Book

log = logging.getLogger(__name__)

_ROUND_S: Final = 1.0
_LONGEST_S: Final = 30.0
_DEPTH: Final = 50
_TRADES: Final = 1_000
_REMEMBERED: Final = 10 * _TRADES  # some of an exchange's machines show what others have shown before
_clock = SystemClock()

Callback = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class PolledBook:
    """A book as it was looked at; the part of a depth cache that tells what it holds."""

    book: Book
    update_time: int | None

    def top(self, levels: int) -> tuple[Any, Any]:
        """The best levels of each side."""
        return self.book.bids[:levels], self.book.asks[:levels]


class _Poll:
    """One thing that is looked at again and again."""

    def __init__(self, stream: str, look: Callable[[], None]) -> None:
        self.stream = stream
        self.look = look
        self.due_s = 0.0
        self.failures = 0
        self.seen_s = float("-inf")


class SocketManager:
    """Looks at books, trades and the account, until it is closed.

    :param on_event: is told when the first look went well (``connected``), when looks fail (``lost``), when they go well again
        (``recovered``), and when trades may be missing (``gap``)
    :param round_s: how long from one look at a thing to the next, at least; ccxt's limiter makes it longer where it must
    """

    def __init__(
        self,
        client: Client,
        *,
        keep_alive: bool = False,  # noqa: ARG002 - there is nothing to keep alive
        on_event: Callable[[SocketNotice], Any] | None = None,
        round_s: float = _ROUND_S,
    ) -> None:
        self._client = client
        self._desk = ClientDesk(client)
        self._on_event = on_event
        self._round_s = round_s
        self._lock = threading.Lock()
        self._polls: dict[str, _Poll] = {}
        self._numbers = itertools.count(1)
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name=f"exchangeclient-ccxt-{self._desk.venue}", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Look no more. A look that is under way comes to its end."""
        with self._lock:
            self._closed = True
            self._polls.clear()
            thread = self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_LONGEST_S)

    def start_book_socket(self, instrument: str, callback: Callback) -> str:
        """A :class:`PolledBook` whenever it has changed."""
        seen: Any = None

        def look() -> None:
            nonlocal seen
            book = self._desk.book(instrument, _DEPTH)
            if (book.bids, book.asks) != seen:
                callback(PolledBook(book, book.time_ms))
                seen = book.bids, book.asks

        return self._add(f"{instrument} book", look)

    def start_trade_socket(self, instrument: str, callback: Callback) -> str:
        """``{"trades": [...]}``: those that are new since the looks before; the first look only marks where it begins."""
        stream, seen = f"{instrument} trades", dict[Any, None]()
        is_first = True

        def look() -> None:
            nonlocal is_first
            trades = self._desk.trades(instrument, _TRADES)
            marks = [trade.id or (trade.time_ms, trade.price, trade.quantity, trade.side) for trade in trades]
            fresh = [] if is_first else [trade for trade, mark in zip(trades, marks, strict=True) if mark not in seen]
            is_cut = bool(seen and fresh) and len(fresh) == len(trades)
            for mark in marks:  # the newest last
                seen.pop(mark, None)
                seen[mark] = None
            for mark in list(itertools.islice(seen, max(0, len(seen) - _REMEMBERED))):
                del seen[mark]
            is_first = False
            if is_cut:
                log.warning("%s: more %s may have happened between two looks than are shown", self._desk.venue, stream)
                self._tell("gap", stream, "none of the trades that are shown was shown before: there may have been others between")
            if fresh:
                callback({"trades": fresh})

        return self._add(stream, look)

    def start_user_socket(self, callback: Callback) -> str:
        """``{"orders": [(instrument, id)], "balances": changed}`` whenever an open order or a balance has changed.

        An order that was placed by the client and is not among the open ones has changed, too: it was done between two looks. One that
        is not shown at all, which may take a moment, is looked for again.
        """
        orders: Mapping[Any, Any] | None = None
        balances: Any = None
        placed = dict[tuple[str, str], float]()

        def look() -> None:
            nonlocal orders, balances
            placed.update(dict.fromkeys(self._client.newly_placed(), _clock.monotonic_s()))
            held = {row.currency: (row.free, row.locked) for row in self._desk.balances()}
            there = {(row.instrument, row.order_id): (row.status, row.filled, row.price, row.quantity) for row in self._desk.open_orders()}
            before = there if orders is None else orders
            other = balances is not None and held != balances
            changed = [mark for mark in {**before, **there} if before.get(mark) != there.get(mark)]
            changed += [mark for mark in placed if mark not in before and mark not in there and self._is_shown(*mark)]
            done = {*before, *there, *changed}
            for mark in [mark for mark, at_s in placed.items() if mark in done or _clock.monotonic_s() - at_s > _LONGEST_S]:
                del placed[mark]
            orders, balances = there, held
            if changed or other:
                callback({"orders": changed, "balances": other})

        return self._add("account", look)

    def stop_socket(self, key: str) -> None:
        """Look at a thing no more."""
        with self._lock:
            self._polls.pop(key, None)

    def is_failing(self, key: str) -> bool:
        """Whether the last look at a thing failed, or none has come to its end for half a minute."""
        with self._lock:
            poll = self._polls.get(key)
            return poll is None or poll.failures > 0 or _clock.monotonic_s() - poll.seen_s > _LONGEST_S

    def _is_shown(self, instrument: str, order_id: str) -> bool:
        try:
            self._desk.order(instrument, order_id)
        except OrderNotFoundException:
            return False
        return True

    def _add(self, stream: str, look: Callable[[], None]) -> str:
        key = f"{stream} {next(self._numbers)}"
        with self._lock:
            if self._closed:
                raise RuntimeError("the socket manager is closed")
            self._polls[key] = _Poll(stream, look)
        self._wake.set()
        return key

    def _run(self) -> None:
        while True:
            self._wake.clear()
            now_s = _clock.monotonic_s()
            with self._lock:
                if self._closed:  # looked at after the event was cleared, which close() may just have set
                    return
                due = [(key, poll) for key, poll in self._polls.items() if poll.due_s <= now_s]
                next_s = min((poll.due_s for poll in self._polls.values()), default=now_s + _LONGEST_S)
            if not due:
                self._wake.wait(max(0.0, next_s - now_s))
                continue
            for key, poll in due:
                with self._lock:
                    wanted = key in self._polls
                if wanted:
                    self._look(poll)

    def _look(self, poll: _Poll) -> None:
        try:
            poll.look()
        except ExchangeException as error:
            poll.failures += 1
            poll.due_s = _clock.monotonic_s() + min(_LONGEST_S, self._round_s * 2**poll.failures)
            log.warning("%s: a look at %s failed: %s", self._desk.venue, poll.stream, type(error).__name__)
            if poll.failures == 1:
                self._tell("lost", poll.stream, type(error).__name__, poll.failures)
        except BaseException:  # also sys.exit(): in a callback it must not end the looks at the others
            poll.due_s = _clock.monotonic_s() + self._round_s
            log.exception("%s: what was seen of %s could not be told", self._desk.venue, poll.stream)
        else:
            is_first = poll.seen_s == float("-inf")
            poll.seen_s = _clock.monotonic_s()
            poll.due_s = poll.seen_s + self._round_s
            if poll.failures:
                poll.failures = 0
                self._tell("recovered", poll.stream, "")
            elif is_first:
                self._tell("connected", poll.stream, "")

    def _tell(self, kind: NoticeKind, stream: str, reason: str, failures: int = 0) -> None:
        if self._on_event is None:
            return
        try:
            self._on_event(SocketNotice(kind, stream, reason, _clock.now_ms() / 1_000, failures))
        except BaseException:  # as above
            log.exception("%s: on_event failed; the looks go on", self._desk.venue)
