"""The depth cache manager: a symbol's order book from the rows of ``orderBookL2``, on :mod:`exchangeclient.core.books.manager`.

The venue closed on 2026-09-23; this is for the embedded exchange and for recordings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from exchangeclient.bitmex import stream_names
from exchangeclient.bitmex.bookrows import BookReader, BookRow, RowKey, sorted_book
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.sequence import CountRule
from exchangeclient.bitmex.socket_way import check_open
from exchangeclient.bitmex.sockets import SocketManager
from exchangeclient.bitmex.stream_group import check_client
from exchangeclient.bitmex.streams import StreamSession
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import OnStale
from exchangeclient.core.books.manager import BookManager
from exchangeclient.core.books.snapshots import NotTradedError, Purpose, StreamOnlyError
from exchangeclient.core.protocol.session import Wishes
from exchangeclient.exceptions import ExchangeRequestException, UnknownSymbolException
from exchangeclient.market.book import levels
from exchangeclient.market.booksync import Diff, Snapshot

# How long the stream's own snapshot is waited for, before the stream is asked for anew.
_PATIENCE_S: Final = 10.0
# What the stream and REST say may lie so far apart.
_APART_S: Final = 2.0
_PARAMS: Final[Mapping[Purpose, Mapping[str, str]]] = {
    "refresh": {"priority": "archive", "when_limited": "raise"},
    "silence": {"priority": "archive", "when_limited": "raise"},
}


class DepthCacheManager(BookManager):
    """Keeps the order book of a symbol right by itself, from the moment it is made until :meth:`close`.

    :meth:`get_depth_cache` gives the book. While it is not known to be right (a lost connection, a row that cannot follow on what is known)
    reading it raises :class:`~exchangeclient.exceptions.OutOfSyncException` and the callback is not called; it comes right again by
    itself.

    With a callback the program stays alive until ``close()``, also when its script has come to its end, or until Ctrl-C or
    another exception that nobody catches. A program that catches Ctrl-C itself, or ends by ``sys.exit()``, calls ``close()`` before it
    ends (leaving a ``with`` block does); otherwise it goes on.

    The book is whole. It begins with the stream's own partial. The venue numbers no messages: that one is missing is found out when a row
    is changed that is not there, or inserted that is, by a price that is another one, by a book that is crossed, and by a look at REST
    every ``refresh_interval``.

    :param callback: ``callback(depth_cache)`` after changes, the latest state only; ``callback(None)`` when the book cannot be kept
        at all (an unknown symbol)
    :param refresh_interval: seconds, 1 or more, after which the book is compared with the venue's over REST; 0 or None for never
    :param bm: a :class:`~exchangeclient.bitmex.sockets.SocketManager` to share; one of its own otherwise
    :param conv_type: what makes a number of a text: ``float``, ``Decimal``, ``str``
    :param timeout: how many seconds :meth:`get_depth_cache` waits for the first book
    :param quiet_interval: seconds, 1 or more, of silence after which REST is to show whether nothing happens or the stream is dead; 0 or
        None for never
    :param stale: ``"return"``: reads give the last right book while there is no present one, and its ``age`` says how old it is
    :raises SocketException: for a client of the historic venue
    """

    def __init__(
        self,
        client: Client,
        symbol: str,
        callback: Callable[[DepthCache | None], Any] | None = None,
        refresh_interval: float | None = 1800,
        bm: SocketManager | None = None,
        *,
        conv_type: Callable[[str], Any] = float,
        timeout: float = 10.0,
        stale: OnStale = "raise",
        quiet_interval: float | None = 90,
    ) -> None:
        check_client(client)
        name = stream_names.symbol_part(symbol)
        if ":" in name:
            raise ValueError(f"symbol must be that of one contract, not a series such as {name!r}")
        check_open(client.hosts.stream)
        super().__init__(
            name,
            _BookSource(client, name),
            StreamSession(client.hosts.stream, Wishes([stream_names.depth_name(name)])),
            client,
            SocketManager,
            bm=bm,
            callback=callback,
            refresh_interval=refresh_interval,
            quiet_interval=quiet_interval,
            timeout=timeout,
            conv_type=conv_type,
            stale=stale,
        )


class _BookSource:
    """What :mod:`exchangeclient.core.books.keptbook` needs of this venue."""

    patience_s = _PATIENCE_S

    def __init__(self, client: Client, symbol: str) -> None:
        self.rule = CountRule()
        self._reading = threading.Lock()  # the reactor's thread reads on while a worker looks
        self._reader = BookReader(symbol)
        self._client = client
        self._symbol = symbol

    def begin(self) -> None:
        """Nothing belongs to anything before the next partial."""
        with self._reading:
            self._reader.begin()

    def diff(self, payload: bytes) -> Diff | Snapshot | None:
        """A message of ``orderBookL2``."""
        with self._reading:
            return self._reader.read(payload)

    def fetch(self, purpose: Purpose) -> Snapshot:
        """Our own book, with whatever ``GET /api/v1/orderBook/L2`` shows otherwise beyond doubt; only the stream itself begins one.

        REST does not say after which message its book is. What it shows twice, some seconds apart, of a level that the stream has not
        touched meanwhile, and that is another here, is beyond doubt.
        """
        if purpose == "start":
            raise StreamOnlyError(self._reader.trouble or f"the stream has brought no book of {self._symbol}")
        before, first = self._rows(), self._shown(purpose)
        number, after = self._rows()
        doubtful = {key for key in first.keys() | after.keys() if _differs(key, first, before[1], after)}
        if doubtful:
            threading.Event().wait(_APART_S)
            second = self._shown(purpose)
            number, last = self._rows()
            proved = {key for key in doubtful if first.get(key) == second.get(key) and _differs(key, second, after, last)}
            after = {key: row for key, row in last.items() if key not in proved}
            after |= {key: (*second[key], number) for key in proved & second.keys()}
        return Snapshot(number, sorted_book((side, row) for (side, _), row in after.items()))

    def _rows(self) -> tuple[int, dict[RowKey, BookRow]]:
        with self._reading:
            rows = self._reader.rows()
        if rows is None:
            raise StreamOnlyError(self._reader.trouble or f"the stream has brought no book of {self._symbol}")
        return rows

    def _shown(self, purpose: Purpose) -> dict[RowKey, tuple[str, str]]:
        """REST's rows, as price and size by side and id."""
        try:
            answer: Any = self._client.get_order_book(self._symbol, depth=0, requests_params=_PARAMS[purpose])
        except UnknownSymbolException as error:
            if purpose == "silence":
                raise NotTradedError(f"{self._symbol} is not traded now: {error.message}") from error
            raise
        try:
            keys = [(row["side"], row["id"]) for row in answer]
            return dict(zip(keys, levels([(row["price"], row["size"]) for row in answer]), strict=True))
        except (LookupError, TypeError, ValueError) as error:
            raise ExchangeRequestException(f"the venue's answer is no order book: {str(answer)[:80]}", sent="yes") from error


def _differs(
    key: RowKey, shown: Mapping[RowKey, tuple[str, str]], before: Mapping[RowKey, BookRow], after: Mapping[RowKey, BookRow]
) -> bool:
    """True when the stream has left a level alone, and REST shows another."""
    row = after.get(key)
    return before.get(key) == row and (None if row is None else row[:2]) != shown.get(key)
