"""The streams of one manager: which of them have a connection to themselves and which share, and what hands their messages on.

The names under which users start them are :class:`~exchangeclient.okx.sockets.SocketManager`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from exchangeclient.core.feeds import stream_group
from exchangeclient.core.feeds.callbacks import check_callback
from exchangeclient.core.feeds.groups import Source
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sharing import Pool, Seat
from exchangeclient.core.feeds.sockets import Listener, Socket
from exchangeclient.core.feeds.stream_group import Callback, Forms, Key
from exchangeclient.core.protocol.conversation import Dialer
from exchangeclient.core.protocol.session import Answers, SocketSession, Wishes
from exchangeclient.core.wire.dialing import dial
from exchangeclient.okx.client import Client
from exchangeclient.okx.messages import error_event, event_in, routed
from exchangeclient.okx.socket_way import way_to
from exchangeclient.okx.stream_names import Door, door_of_all, stream_list
from exchangeclient.okx.streams import STREAMS_PER_CONNECTION, StreamSession

OWN_CONNECTIONS: Final = 4
"""So many books of a manager have a connection to themselves; those that come after share one with the other streams.

The venue takes three connections a second, so that streams share them, unlike where they may have one each.
"""

STRUGGLING_TEXT: Final = "no connection has come about for five times; it goes on trying"
_STALE_S: Final = 30.0


class StreamGroup(stream_group.StreamGroup):
    """Streams by their names, each with its callback; for the parameters see :class:`~exchangeclient.okx.sockets.SocketManager`."""

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
        self._pools: dict[Door, Pool] = {}

    def renew(self) -> None:
        """In a process that was forked off, nothing runs: forget all, without touching what belongs to the other process."""
        super().renew()
        self._pools = {}

    def _shared(self, door: Door) -> Pool:
        """The connections to one of the venue's addresses that are everybody's."""
        if door not in self._pools:
            self._pools[door] = self._pool(door)
        return self._pools[door]

    def _pool(self, door: Door) -> Pool:
        address = self._client.hosts.stream

        def session(wishes: Wishes, answers: Answers) -> StreamSession:
            return StreamSession(address, door, wishes, answers)

        return Pool(session, self._socket_maker(), tell=self.notifier(), route=routed, most=STREAMS_PER_CONNECTION)

    def _source(self, session: SocketSession, listener: Listener) -> Source:
        if isinstance(session, StreamSession) and not session.is_private and not self._has_own_connections_left():
            return self._shared(session.door).seat(session.names, listener)
        return super()._source(session, listener)

    def _seats(self, names: Iterable[str], listener: Listener, *, wrapped: bool = False) -> list[Seat]:
        """Streams for one listener, over as many shared connections as it takes."""
        return [self._shared(door_of_all(names)).seat(names, listener, wrapped=wrapped)]

    def _has_own_connections_left(self) -> bool:
        sources = [source for feed in self._holdings.feeds.values() for source in feed.sources]
        return sum(isinstance(source, Socket) for source in sources) < OWN_CONNECTIONS

    def _start(self, name: str, callback: Callback) -> Key:
        check_callback(callback)
        return self._attach(name, partial(self._seats, [name]), self._delivery(name, callback))


def check_client(client: object) -> None:
    """Refuse what is no client, by name.

    :raises TypeError: naming the argument
    """
    if not isinstance(client, Client):
        raise TypeError(f"client must be a Client of OKX, not {type(client).__name__}")
