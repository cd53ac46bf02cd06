"""A book through ccxt: looked at again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exchangeclient.ccxt.client import Client
from exchangeclient.ccxt.sockets import SocketManager
from exchangeclient.core.books.keptbook import BookState


class DepthCacheManager:
    """Tells ``callback`` a :class:`~exchangeclient.ccxt.sockets.PolledBook` whenever it has changed, until it is closed.

    :param bm: the manager that looks; one of its own when left out
    """

    def __init__(
        self,
        client: Client,
        symbol: str,
        callback: Callable[[Any], Any],
        *,
        bm: SocketManager | None = None,
        conv_type: Any = None,  # noqa: ARG002 - figures are exact decimals
    ) -> None:
        self._own = bm is None
        self._sockets = SocketManager(client) if bm is None else bm
        self._key = self._sockets.start_book_socket(symbol, callback)
        self._sockets.start()

    @property
    def state(self) -> BookState:
        """LIVE, or STALE while it cannot be looked at, or has not been for half a minute."""
        return BookState.STALE if self._sockets.is_failing(self._key) else BookState.LIVE

    def close(self) -> None:
        """Look no more."""
        self._sockets.stop_socket(self._key)
        if self._own:
            self._sockets.close()
