"""The depth cache manager: a symbol's order book by the venue's U/u rule, on :mod:`exchangeclient.core.books.manager`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from exchangeclient.binance import stream_names, streams
from exchangeclient.binance.client import Client
from exchangeclient.binance.readings import milliseconds
from exchangeclient.binance.sequence import DepthRule
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.binance.stream_group import check_client
from exchangeclient.binance.streams import StreamSession
from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import OnStale
from exchangeclient.core.books.manager import BookManager
from exchangeclient.core.books.snapshots import NotTradedError, Purpose
from exchangeclient.exceptions import ExchangeAPIException
from exchangeclient.market.book import OrderBook
from exchangeclient.market.booksync import Diff, Snapshot

_MOST_LEVELS = 5000
# A book that has to be made goes before one that is right and is looked after. Where there is no budget the thread does not wait for it.
_PARAMS: Final[dict[Purpose, dict[str, str]]] = {
    "start": {"priority": "snapshot", "when_limited": "raise"},
    "refresh": {"priority": "archive", "when_limited": "raise"},
    "silence": {"priority": "archive", "when_limited": "raise"},
}
_NOT_TRADED: Final = (-1121, -1220)  # no such symbol; its status is another than TRADING
_NO_SUCH_PARAMETER: Final = (-1101, -1104)  # at hosts that have fewer of them, such as binance.us


class DepthCacheManager(BookManager):
    """Keeps the order book of a symbol right by itself, from the moment it is made until :meth:`close`.

    :meth:`get_depth_cache` gives the book. While it is not known to be right (a lost connection, a missing change) reading it
    raises :class:`~exchangeclient.exceptions.OutOfSyncException` and the callback is not called; it comes right again by itself.

    With a callback the program stays alive until ``close()``, also when its script has come to its end, or until Ctrl-C or
    another exception that nobody catches. A program that catches Ctrl-C itself, or ends by ``sys.exit()``, calls ``close()`` before it
    ends (leaving a ``with`` block does); otherwise it goes on.

    A symbol may be written in any case: the venue is asked for it in upper case, and for its stream in lower case. The book holds the
    best ``limit`` levels of the snapshot and whatever has changed since; beyond those nothing is known.

    :param callback: ``callback(depth_cache)`` after changes, the latest state only; ``callback(None)`` when the book cannot be kept
        at all (an unknown symbol)
    :param refresh_interval: seconds, 1 or more, after which a new book is made beside the old one, compared with it, and takes its
        place; 0 or None for never
    :param bm: a :class:`~exchangeclient.binance.sockets.SocketManager` to share; one of its own otherwise
    :param limit: levels of each side in the snapshot, 5000 at most (weight 5 up to 100, 25 up to 500, 50 up to 1000, 250 above)
    :param conv_type: what makes a number of a text: ``float``, ``Decimal``, ``str``
    :param ws_interval: milliseconds between two updates: 1000 (also when left out, or 0) or 100
    :param timeout: how many seconds :meth:`get_depth_cache` waits for the first book
    :param quiet_interval: seconds, 1 or more, of silence after which a snapshot is to show whether nothing happens, nothing is traded,
        or the stream is dead; 0 or None for never. Where it was the market that is quiet, the next time comes later
    :param stale: ``"return"``: reads give the last right book while there is no present one, and its ``age`` says how old it is
    """

    def __init__(  # noqa: PLR0917 - the positions of the python-binance line
        self,
        client: Client,
        symbol: str,
        callback: Callable[[DepthCache | None], Any] | None = None,
        refresh_interval: float | None = 1800,
        bm: SocketManager | None = None,
        limit: int = 500,
        ws_interval: int | None = None,
        *,
        conv_type: Callable[[str], Any] = float,
        timeout: float = 10.0,
        stale: OnStale = "raise",
        quiet_interval: float | None = 60,
    ) -> None:
        check_client(client)
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST_LEVELS:
            raise ValueError(f"limit must be a whole number from 1 to {_MOST_LEVELS}, not {limit!r}")
        if ws_interval is not None and (type(ws_interval) is not int or ws_interval not in (0, 100, 1000)):
            raise ValueError(f"ws_interval must be 100 or 1000 (milliseconds) or None, not {ws_interval!r}")
        stream = stream_names.depth_name(symbol, interval=ws_interval or None)
        symbol = symbol.upper()
        super().__init__(
            symbol,
            _DepthSource(client, symbol, limit),
            StreamSession(client.hosts.stream, stream),
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


class _DepthSource:
    """What :mod:`exchangeclient.core.books.keptbook` needs of this venue."""

    def __init__(self, client: Client, symbol: str, limit: int) -> None:
        self.rule = DepthRule()
        self.diff = _diff_in_milliseconds if client.time_unit == "MICROSECOND" else streams.depth_diff
        self._client = client
        self._symbol = symbol
        self._limit = limit
        self._knows_status = True

    def fetch(self, purpose: Purpose) -> Snapshot:
        """``GET /api/v3/depth``."""
        asks_for_status = purpose == "silence" and self._knows_status
        try:
            answer: Any = self._client.get_order_book(
                symbol=self._symbol,
                limit=self._limit,
                symbolStatus="TRADING" if asks_for_status else None,
                requests_params=_PARAMS[purpose],
            )
        except ExchangeAPIException as error:
            if purpose == "silence" and error.code in _NOT_TRADED:
                raise NotTradedError(f"{self._symbol} is not traded now: {error.message}") from error
            if asks_for_status and error.code in _NO_SUCH_PARAMETER:
                self._knows_status = False
                return self.fetch(purpose)
            raise
        match answer:
            case {"lastUpdateId": int(update_id), "bids": list(bids), "asks": list(asks)}:
                return Snapshot(update_id, OrderBook(bids, asks, self._limit))
        raise ValueError(f"the venue's answer is no order book: {str(answer)[:80]}")


def _diff_in_milliseconds(payload: bytes) -> Diff | None:
    """The changes in a message, whichever of the two units its time is in, as that of a shared connection is."""
    diff = streams.depth_diff(payload)
    return None if diff is None else Diff(diff.first_id, diff.last_id, diff.bids, diff.asks, milliseconds(diff.time_ms or 0))
