"""The topics of one manager: which of them have a connection to themselves and which share, and what hands their messages on.

The names under which users start them are :class:`~exchangeclient.bitmex.sockets.SocketManager`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final, Literal

from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.messages import error_event, event_in, routed
from exchangeclient.bitmex.socket_way import check_open, way_to
from exchangeclient.bitmex.stream_names import is_shared
from exchangeclient.bitmex.streams import STREAMS_PER_CONNECTION, StreamSession
from exchangeclient.core.callbacks import MARKET_LIMIT, CallbackThread, EventLine, check_callback
from exchangeclient.core.conversation import Dialer
from exchangeclient.core.groups import SocketGroup, Source
from exchangeclient.core.iteration import seconds
from exchangeclient.core.notices import SocketNotice
from exchangeclient.core.session import Answers, SocketSession, Wishes
from exchangeclient.core.sharing import Pool, Seat
from exchangeclient.core.sockets import Delivery, Listener

Callback = Callable[[Any], Any]
Key = str | Literal[False]

STRUGGLING_TEXT: Final = "no connection has come about for five times; it goes on trying"
_STALE_S: Final = 30.0


class StreamGroup(SocketGroup):
    """Topics by their names, each with its callback.

    The venue took few connections in an hour, so that topics share them, books among them.

    :param quiet_s: see :class:`~exchangeclient.bitmex.sockets.SocketManager`
    :raises SocketException: for a client of the historic venue
    """

    def __init__(
        self, client: Client, *, keep_alive: bool, on_event: Callable[[SocketNotice], Any] | None, quiet_s: float | None, dialer: Dialer
    ) -> None:
        check_client(client)
        if on_event is not None:
            check_callback(on_event, "on_event")
        way = way_to(client.hosts.stream, client, stale_s=_STALE_S)
        options = way if quiet_s is None else replace(way, quiet_s=seconds("quiet_s", quiet_s))
        super().__init__("exchangeclient", keep_alive=keep_alive, options=options, on_notice=on_event, dialer=dialer)
        self._client = client
        self._pool: Pool | None = None

    def renew(self) -> None:
        """In a process that was forked off, nothing runs: forget all, without touching what belongs to the other process."""
        super().renew()
        self._pool = None

    def start(self) -> None:
        """See :meth:`SocketGroup.start`.

        :raises SocketException: for a client of the historic venue
        """
        check_open(self._client.hosts.stream)
        super().start()

    def _shared(self) -> Pool:
        """The connections that are everybody's."""
        if self._pool is None:
            address = self._client.hosts.stream

            def session(wishes: Wishes, answers: Answers) -> StreamSession:
                return StreamSession(address, wishes, answers)

            self._pool = Pool(session, self._socket_maker(), tell=self.notifier(), route=routed, most=STREAMS_PER_CONNECTION)
        return self._pool

    def _source(self, session: SocketSession, listener: Listener) -> Source:
        if isinstance(session, StreamSession) and not session.is_private and all(map(is_shared, session.names)):
            return self._shared().seat(session.names, listener)
        return super()._source(session, listener)

    def _sources(self, names: Iterable[str], listener: Listener) -> list[Source]:
        """Topics for one listener, over a shared connection as far as that goes."""
        own = [name for name in names if not is_shared(name)]
        sources: list[Source] = [super(StreamGroup, self)._source(self._session([name]), listener) for name in own]
        shared = [name for name in names if name not in own]
        return [*sources, *([self._shared().seat(shared, listener)] if shared else [])]

    def _session(self, names: Iterable[str]) -> StreamSession:
        return StreamSession(self._client.hosts.stream, Wishes(names))

    def _multiplex(self, conn_key: str) -> Seat:
        """Several topics that were started for one callback.

        :raises ValueError: when there are none under this key
        """
        feed = self._holdings.feeds.get(conn_key)
        source = None if feed is None else feed.sources[0]
        if not (isinstance(source, Seat) and source.wrapped):
            raise ValueError(f"conn_key must be what start_multiplex_socket() returned, of a socket that is open, not {conn_key!r}")
        return source

    def _start(self, name: str, callback: Callback, kind: str = "") -> Key:
        check_callback(callback)
        return self._attach(kind + name, partial(self._sources, [name]), self._delivery(name, callback))

    def _delivery(self, name: str, callback: Callback, *, limit: int | None = MARKET_LIMIT) -> Callable[[CallbackThread], Delivery]:
        """Makes what hands the messages of a topic to a callback."""

        def make(callbacks: CallbackThread) -> Delivery:
            return Delivery(EventLine(callbacks, callback, event_in, name=name, limit=limit), error_event, struggling=STRUGGLING_TEXT)

        return make


def check_client(client: object) -> None:
    """Refuse what is no client, by name.

    :raises TypeError: naming the argument
    """
    if not isinstance(client, Client):
        raise TypeError(f"client must be a Client of BitMEX, not {type(client).__name__}")
