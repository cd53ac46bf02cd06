"""The topics of one manager: which of them have a connection to themselves and which share, and what hands their messages on.

The names under which users start them are :class:`~exchangeclient.bitmex.sockets.SocketManager`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.messages import error_event, event_in, routed
from exchangeclient.bitmex.socket_way import check_open, way_to
from exchangeclient.bitmex.stream_names import is_shared, stream_list
from exchangeclient.bitmex.streams import STREAMS_PER_CONNECTION, StreamSession
from exchangeclient.core.feeds import stream_group
from exchangeclient.core.feeds.callbacks import check_callback
from exchangeclient.core.feeds.groups import Source
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sharing import Pool
from exchangeclient.core.feeds.sockets import Listener
from exchangeclient.core.feeds.stream_group import Callback, Forms, Key
from exchangeclient.core.protocol.conversation import Dialer
from exchangeclient.core.protocol.session import Answers, SocketSession, Wishes
from exchangeclient.core.wire.dialing import dial

STRUGGLING_TEXT: Final = "no connection has come about for five times; it goes on trying"
_STALE_S: Final = 30.0


class StreamGroup(stream_group.StreamGroup):
    """Topics by their names, each with its callback; for the parameters see :class:`~exchangeclient.bitmex.sockets.SocketManager`.

    The venue took few connections in an hour, so that topics share them, books among them.

    :raises SocketException: for a client of the historic venue
    """

    forms = Forms(stream_list, event_in, error_event, STRUGGLING_TEXT)

    def __init__(
        self,
        client: Client,
        *,
        keep_alive: bool = True,
        on_event: Callable[[SocketNotice], Any] | None = None,
        quiet_s: float | None = None,
        spare_collector: bool = False,
        dialer: Dialer = dial,
    ) -> None:
        check_client(client)
        way = way_to(client.hosts.stream, client, stale_s=_STALE_S)
        super().__init__(way, keep_alive=keep_alive, on_event=on_event, quiet_s=quiet_s, spare_collector=spare_collector, dialer=dialer)
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

    def _start(self, name: str, callback: Callback, kind: str = "") -> Key:
        check_callback(callback)
        return self._attach(kind + name, partial(self._sources, [name]), self._delivery(name, callback))


def check_client(client: object) -> None:
    """Refuse what is no client, by name.

    :raises TypeError: naming the argument
    """
    if not isinstance(client, Client):
        raise TypeError(f"client must be a Client of BitMEX, not {type(client).__name__}")
