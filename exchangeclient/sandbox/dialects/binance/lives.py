"""How long a websocket lives: the venue ends each one a day after it was opened, by its own clock."""

from __future__ import annotations

from collections.abc import Collection

from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.serving.app import Connection, SocketHandler

LONGEST_US = 24 * 3600 * 1_000_000
_GOING_AWAY = 1001


class Lives:
    """The websockets that are open, and since when."""

    def __init__(self, live: LiveExchange) -> None:
        self._live = live
        self._opened: dict[MortalSocket, tuple[int, Connection]] = {}  # the oldest first

    def begin(self, socket: MortalSocket, connection: Connection) -> None:
        """A socket was opened."""
        self._opened[socket] = (self._live.now_us, connection)

    def end(self, socket: MortalSocket) -> None:
        """It is gone."""
        self._opened.pop(socket, None)

    def observe(self, now_us: int) -> None:
        """Close those whose time is over."""
        if not self._opened:
            return
        for socket, (opened_us, connection) in list(self._opened.items()):
            if now_us - opened_us < LONGEST_US:
                return
            del self._opened[socket]
            connection.close(_GOING_AWAY, "a connection lives 24 hours at most")


class MortalSocket:
    """A socket's handler, for as long as it may live."""

    def __init__(self, handler: SocketHandler, lives: Lives) -> None:
        self._handler = handler
        self._lives = lives
        self.received = handler.received
        self.control = handler.control

    @property
    def topics(self) -> Collection[str]:
        return self._handler.topics

    @property
    def account(self) -> str:
        return self._handler.account

    def opened(self, connection: Connection) -> None:
        self._lives.begin(self, connection)
        self._handler.opened(connection)

    def closed(self) -> None:
        self._lives.end(self)
        self._handler.closed()
