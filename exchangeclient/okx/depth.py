"""The depth cache manager: an instrument's order book by the venue's prevSeqId/seqId rule, on :mod:`exchangeclient.core.books.manager`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from exchangeclient.core.books.depthcache import DepthCache
from exchangeclient.core.books.keptbook import OnStale
from exchangeclient.core.books.manager import BookManager
from exchangeclient.core.books.snapshots import NotTradedError, Purpose, StreamOnlyError
from exchangeclient.core.protocol.session import Wishes
from exchangeclient.exceptions import UnknownSymbolException
from exchangeclient.market.booksync import Diff, Snapshot
from exchangeclient.okx import stream_names
from exchangeclient.okx.client import Client
from exchangeclient.okx.sequence import SeqRule
from exchangeclient.okx.sockets import SocketManager
from exchangeclient.okx.stream_group import check_client
from exchangeclient.okx.streams import BookReader, StreamSession, snapshot_in

_LEVELS: Final = 400
# How long the stream's own snapshot is waited for; the venue has announced that there will be none some day.
_PATIENCE_S: Final = 2.0
# A book that has to be made goes before one that is right and is looked after. Where there is no budget the thread does not wait for it.
_PARAMS: Final[dict[Purpose, dict[str, str]]] = {
    "start": {"priority": "snapshot", "when_limited": "raise"},
    "refresh": {"priority": "archive", "when_limited": "raise"},
    "silence": {"priority": "archive", "when_limited": "raise"},
}


class DepthCacheManager(BookManager):
    """Keeps the order book of an instrument right by itself, from the moment it is made until :meth:`close`.

    :meth:`get_depth_cache` gives the book. While it is not known to be right (a lost connection, a missing change, a checksum that
    differs) reading it raises :class:`~exchangeclient.exceptions.OutOfSyncException` and the callback is not called; it comes right again
    by itself.

    With a callback the program stays alive until ``close()``, also when its script has come to its end, or until Ctrl-C or
    another exception that nobody catches. A program that catches Ctrl-C itself, or ends by ``sys.exit()``, calls ``close()`` before it
    ends (leaving a ``with`` block does); otherwise it goes on.

    The book holds the best 400 levels of each side, which is what the venue sends. It begins with the stream's own snapshot, or with one
    over REST when the stream brings none.

    :param callback: ``callback(depth_cache)`` after changes, the latest state only; ``callback(None)`` when the book cannot be kept
        at all (an unknown instrument)
    :param refresh_interval: seconds, 1 or more, after which a new book is made beside the old one, compared with it, and takes its
        place; 0 or None for never
    :param bm: a :class:`~exchangeclient.okx.sockets.SocketManager` to share; one of its own otherwise
    :param conv_type: what makes a number of a text: ``float``, ``Decimal``, ``str``
    :param timeout: how many seconds :meth:`get_depth_cache` waits for the first book
    :param quiet_interval: seconds, 1 or more, of silence after which a snapshot is to show whether nothing happens, nothing is traded,
        or the stream is dead; 0 or None for never. The venue says something at least once a minute
    :param stale: ``"return"``: reads give the last right book while there is no present one, and its ``age`` says how old it is
    """

    def __init__(
        self,
        client: Client,
        instId: str,
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
        stream = stream_names.depth_name(instId)
        name = stream_names.inst_part(instId)
        super().__init__(
            name,
            _BookSource(client, name),
            StreamSession(client.hosts.stream, stream_names.door_of(stream), Wishes([stream])),
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

    def __init__(self, client: Client, inst_id: str) -> None:
        self.rule = SeqRule()
        self._reader = BookReader()
        self._client = client
        self._inst_id = inst_id

    def diff(self, payload: bytes) -> Diff | Snapshot | None:
        """A message of ``books``."""
        return self._reader.read(payload)

    def fetch(self, purpose: Purpose) -> Snapshot:
        """``GET /api/v5/market/books``."""
        try:
            answer: Any = self._client.get_order_book(self._inst_id, sz=_LEVELS, requests_params=_PARAMS[purpose])
        except UnknownSymbolException as error:
            if purpose == "silence":
                raise NotTradedError(f"{self._inst_id} is not traded now: {error.message}") from error
            raise
        snapshot = snapshot_in(answer)
        if snapshot is None:
            raise StreamOnlyError(f"the venue's book of {self._inst_id} has no seqId; the stream has to begin anew")
        return snapshot
