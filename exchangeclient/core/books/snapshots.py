"""Fetches the snapshots of a book, one at a time, on threads that may block."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal, Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from exchangeclient.core.books.editions import Editions
from exchangeclient.core.process.workers import Workers
from exchangeclient.market.booksync import Diff, SequenceRule, Snapshot

Purpose = Literal["start", "refresh", "silence"]
"""What a snapshot is for: to begin with (again), to check and renew a live book, or to find out why the stream is silent."""


# However many books of a client start over at once, no more snapshots than this are asked for at a time.
_AT_A_TIME: Final = 4
_workers: WeakKeyDictionary[object, Workers] = WeakKeyDictionary()
_workers_lock = threading.Lock()


def workers_of(client: object) -> Workers:
    """Who fetches the snapshots of a client's books, and of no other's: another one's host may hang."""
    with _workers_lock:
        return _workers.setdefault(client, Workers("exchangeclient-snapshots", _AT_A_TIME))


def fetch_by(client: object, workers: Workers) -> None:
    """Have the snapshots of a client's books fetched by these."""
    with _workers_lock:
        _workers[client] = workers


class NotTradedError(Exception):
    """The venue has the symbol no more, or does not trade it now: there is no stream to expect."""


class StreamOnlyError(Exception):
    """What the venue shows cannot be joined to its stream: the stream itself has to begin anew, with a snapshot of its own."""


class BookSource(Protocol):
    """What a venue brings to keep a book."""

    @property
    def rule(self) -> SequenceRule:
        """The rule of its sequence numbers."""

    def diff(self, payload: bytes) -> Diff | Snapshot | None:
        """The changes in a message of the stream, or the whole book of one that brings that; None when it holds neither.

        :raises ValueError: when it cannot be read
        """

    def fetch(self, purpose: Purpose) -> Snapshot:
        """A snapshot. Called on a thread that may block.

        :raises NotTradedError: when the purpose is ``silence`` and the symbol is not traded
        :raises StreamOnlyError: when it could not be joined to the stream
        :raises RateLimitException: when there is no budget for it now; it is asked for again when there is
        :raises Exception: when there is none; unless the venue refuses it for good, it is asked for again
        """


@runtime_checkable
class SelfStarting(Protocol):
    """A source whose stream begins with a snapshot of its own."""

    @property
    def patience_s(self) -> float:
        """How long that is waited for before another is fetched."""


@runtime_checkable
class Remembering(Protocol):
    """A source that remembers what the stream has said."""

    def begin(self) -> None:
        """The stream begins anew: what it says does not follow on anything. Called on the reactor's thread."""


class Snapshots:
    """The fetching of one book's snapshots. All but the fetching itself happens within a change of the book.

    :param editions: of the book
    :param begin: is called before each try
    :param done: is called with what came of it
    """

    def __init__(
        self,
        source: BookSource,
        workers: Workers,
        loop: Any,
        editions: Editions,
        *,
        begin: Callable[[], None],
        done: Callable[[Purpose, Snapshot | Exception], None],
    ) -> None:
        self._source = source
        self._workers = workers
        self._loop = loop
        self._editions = editions
        self._begin = begin
        self._done = done
        self._errand: object | None = None

    @property
    def wanted(self) -> bool:
        """True from :meth:`ask` until one has come, or the try has failed."""
        return self._errand is not None

    def ask(self, purpose: Purpose, delay_s: float = 0.0) -> None:
        """Fetch one, after a while; whatever was asked for before is not wanted any more."""
        self._errand = errand = object()
        job = partial(self._fetch, errand, purpose)
        if delay_s:
            self._loop.callFromThread(self._loop.callLater, delay_s, self._workers.submit, job)
        else:
            self._workers.submit(job)

    def drop(self) -> None:
        """Want none any more."""
        self._errand = None

    def _fetch(self, errand: object, purpose: Purpose) -> None:
        with self._editions:
            if self._errand is not errand:
                return
            self._begin()
        came: Snapshot | Exception
        try:
            came = self._source.fetch(purpose)
        except Exception as error:  # noqa: BLE001 - whatever it was, the book says why, and the next try comes
            came = error
        with self._editions:
            if self._errand is errand:
                self._errand = None
                self._done(purpose, came)
