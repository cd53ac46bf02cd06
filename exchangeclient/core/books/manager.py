"""What the venues' depth cache managers share: a kept book, fed by a socket of a group, with its callback."""

from __future__ import annotations

import logging
import warnings
import weakref
from collections.abc import Callable
from functools import partial
from itertools import count
from types import TracebackType
from typing import Any, Never, Self

from exchangeclient.core.books.depthcache import DepthCache, check_conv_type
from exchangeclient.core.books.keptbook import BookState, KeptBook, OnStale
from exchangeclient.core.books.snapshots import BookSource, workers_of
from exchangeclient.core.feeds.callbacks import CallbackThread, SignalLine, check_callback
from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.core.feeds.iteration import seconds
from exchangeclient.core.feeds.notices import NoticeKind, SocketNotice
from exchangeclient.core.process import forks, reactor
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.protocol.session import SocketSession
from exchangeclient.exceptions import OutOfSyncException

log = logging.getLogger(__name__)

BookCallback = Callable[[DepthCache | None], Any]

_made = count(1)


class BookManager:
    """Keeps the book of one symbol from the moment it is made until :meth:`close`; the venues' depth cache managers are this, and say what
    the parameters are that a user gives.

    :param managers: the venue's socket managers: ``bm`` has to be one, or one is made, which ends with the book
    :raises TypeError: for an argument of a wrong type, naming it
    :raises ValueError: for a wrong value, naming it

    :ivar key: what the group knows it by
    """

    def __init__(
        self,
        symbol: str,
        source: BookSource,
        session: SocketSession,
        client: object,
        managers: type[Any],
        *,
        bm: SocketGroup | None,
        callback: BookCallback | None,
        refresh_interval: float | None,
        quiet_interval: float | None,
        timeout: float,
        conv_type: Callable[[str], Any],
        stale: OnStale,
    ) -> None:
        if callback is not None:
            check_callback(callback)
        if bm is not None and not isinstance(bm, managers):
            raise TypeError(f"bm must be a {managers.__name__} or None, but is {type(bm).__name__}")
        if stale not in ("raise", "return"):
            raise ValueError(f"stale must be 'raise' or 'return', not {stale!r}")
        check_conv_type(conv_type)
        refresh_s = seconds("refresh_interval", refresh_interval, least=1) if refresh_interval else None
        quiet_s = seconds("quiet_interval", quiet_interval, least=1) if quiet_interval else None
        self._timeout_s = seconds("timeout", timeout)
        group: SocketGroup = managers(client, keep_alive=callback is not None) if bm is None else bm
        self._group, self._owned = group, bm is None
        # Books are not counted by the rule of one socket per stream: any number may be kept of one symbol.
        self.key = f"book of {symbol} {next(_made)}"
        # Neither the book nor what calls back refers to the manager, unless the user's cache does: one that is dropped is ended.
        self._bell = _Bell()
        self._book = KeptBook(
            symbol,
            source,
            workers=workers_of(client),
            on_change=self._bell.ring,
            refresh_s=refresh_s,
            quiet_s=quiet_s,
            stale=stale,
            tell=partial(_notice, group.notifier(), f"book of {symbol}"),
            renew=group.restarter(self.key),
            on_close=self._bell.close,
        )
        self._cache = DepthCache(symbol, conv_type, kept=self._book, keeper=self)
        try:
            group.attach(self.key, [session], partial(_listener, self._book, self._cache, self._bell, callback))
            group.start()
        except BaseException:
            self.close()
            raise
        if callback is None and not self._owned:  # with a callback it is the group's as long as that lives; one of its own ends by itself
            finalizer = weakref.finalize(self, _abandoned, self._book, group, self.key, reactor.running())
            finalizer.atexit = False  # at the end of the program there is nothing to be warned of

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._group.hurry(kind)
        self.close()

    def __reduce__(self) -> Never:
        raise TypeError("a depth cache manager is neither pickled nor copied; make one in each process (threads can share one)")

    @property
    def symbol(self) -> str:
        """Whose book it is."""
        return self._book.symbol

    @property
    def state(self) -> BookState:
        """CONNECTING, SYNCING, LIVE, STALE or CLOSED."""
        return self._book.state

    def get_symbol(self) -> str:
        """Whose book it is, as in the python-binance line."""
        return self.symbol

    def stats(self) -> dict[str, int]:
        """What the book has gone through, see :meth:`DepthCache.stats`."""
        return self._book.stats()

    def get_depth_cache(self) -> DepthCache:
        """The cache. Waits until the book has been live once; later calls return at once, and reading says whether it is right.

        :raises OutOfSyncException: when it has not been live within the manager's ``timeout``
        """
        self._book.wait_live(self._timeout_s)
        return self._cache

    def close(self, close_socket: bool = False) -> None:
        """Keep the book no more. No callback begins after this returns.

        :param close_socket: also close a socket manager that was passed in as ``bm``
        """
        if self._owned or close_socket:
            self._group.close()  # and all that it feeds; a callback that does not return is waited for once
        else:
            self._group.stop_socket(self.key)
        self._book.close()


class _Bell:
    """Rings for the callback of a book, where there is one."""

    line: SignalLine | None = None

    def __init__(self) -> None:
        forks.follow(self)

    def renew(self) -> None:
        """In a process that was forked off nobody answers."""
        self.line = None

    def ring(self) -> None:
        """The book has changed."""
        if self.line is not None:
            self.line.signal()

    def close(self) -> None:
        """Ring no more: no call begins once this returns."""
        if self.line is not None:
            self.line.close()


def _abandoned(book: KeptBook, group: SocketGroup, key: str, loop: reactor.Reactor) -> None:
    """A manager is gone whose book nobody reads any more. This may be called at any moment, in the middle of anything."""
    if book.state is not BookState.CLOSED:
        loop.callFromThread(group.stop_socket, key)
        warnings.warn(f"the {key} was dropped without close(); it is kept no more", ResourceWarning, stacklevel=2)


def _listener(book: KeptBook, cache: DepthCache, bell: _Bell, callback: BookCallback | None, callbacks: CallbackThread) -> KeptBook:
    if callback is not None:
        bell.line = SignalLine(callbacks, partial(_tell, book, cache, callbacks, callback), name=f"book of {book.symbol}")
    return book


def _tell(book: KeptBook, cache: DepthCache, callbacks: CallbackThread, callback: BookCallback) -> None:
    if book.failure is not None:
        callbacks.call(callback, None)
        return
    try:
        with book.steady("raise"):
            callbacks.call(callback, cache)
    except OutOfSyncException:  # gone before its turn came; the next change of a right book has a turn of its own
        log.debug("%s: the book went out of sync before its callback", book.symbol)


def _notice(tell: Callable[[SocketNotice], None], stream: str, kind: NoticeKind, reason: str) -> None:
    tell(SocketNotice(kind, stream, reason, SystemClock().now_ms() / 1000))
