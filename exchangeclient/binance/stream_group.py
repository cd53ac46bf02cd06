"""The market streams of one manager: which of them have a connection to themselves and which share, and what hands their events on.

The names under which users start them are :class:`~exchangeclient.binance.sockets.SocketManager`'s.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from exchangeclient.binance.backfill import CompleteDelivery, Fetch, TradeDelivery
from exchangeclient.binance.client import Client
from exchangeclient.binance.messages import error_event, event_in
from exchangeclient.binance.socket_way import way_to
from exchangeclient.binance.stream_names import stream_list
from exchangeclient.binance.streams import STREAMS_PER_CONNECTION, CombinedSession, StreamSession, routed
from exchangeclient.binance.trade_ids import TRADES, Numbering
from exchangeclient.core.feeds import stream_group
from exchangeclient.core.feeds.callbacks import CallbackThread, EventLine, check_callback
from exchangeclient.core.feeds.groups import Source
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sharing import Pool, Seat
from exchangeclient.core.feeds.sockets import Delivery, Listener
from exchangeclient.core.feeds.stream_group import Callback, Forms, Key
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.conversation import Dialer
from exchangeclient.core.protocol.session import Answers, Backoff, SocketSession, Wishes

OWN_CONNECTIONS = 16
"""So many sockets of a manager have a connection to themselves, which is fastest; those that come after share."""

_STALE_S = 30.0
STRUGGLING_TEXT = "Max reconnect retries reached"
"""What the python-binance line says then, where it gives up; scripts know the text."""

_FILLERS = 2


class StreamGroup(stream_group.StreamGroup):
    """Market streams by their names, each with its callback; for the parameters see
    :class:`~exchangeclient.binance.sockets.SocketManager`.
    """

    forms = Forms(stream_list, event_in, error_event, STRUGGLING_TEXT)

    def __init__(
        self,
        client: Client,
        *,
        keep_alive: bool,
        on_event: Callable[[SocketNotice], Any] | None,
        quiet_s: float | None,
        max_queue_size: int,
        spare_collector: bool,
        dialer: Dialer | None,
    ) -> None:
        check_client(client)
        if isinstance(max_queue_size, bool) or not isinstance(max_queue_size, int):
            raise TypeError(f"max_queue_size must be an int, not {type(max_queue_size).__name__}")
        if max_queue_size < 1:
            raise ValueError(f"max_queue_size must be 1 or more, not {max_queue_size}")
        if dialer is not None and not callable(dialer):
            raise TypeError(f"dialer must be callable, such as a recorder's dial, not {type(dialer).__name__}")
        super().__init__(
            way_to(client.hosts.stream, client, stale_s=_STALE_S),
            keep_alive=keep_alive,
            on_event=on_event,
            quiet_s=quiet_s,
            limit=max_queue_size,
            spare_collector=spare_collector,
        )
        self._dialer = client._dialer_for(self) if dialer is None else dialer
        self._client = client
        self._begin()

    def renew(self) -> None:
        """In a process that was forked off, nothing runs: forget all, without touching what belongs to the other process."""
        super().renew()
        self._begin()

    def _begin(self) -> None:
        self._shared = self._pool()
        self._fillers = Workers("exchangeclient-backfill", _FILLERS)

    def _session(self, name: str) -> StreamSession:
        return StreamSession(self._client.hosts.stream, name, in_microseconds=self._client.time_unit == "MICROSECOND")

    def _pool(self) -> Pool:
        address, in_microseconds = self._client.hosts.stream, self._client.time_unit == "MICROSECOND"

        def session(wishes: Wishes, answers: Answers) -> CombinedSession:
            return CombinedSession(address, wishes, answers, in_microseconds=in_microseconds)

        return Pool(session, self._socket_maker(), tell=self.notifier(), route=routed, most=STREAMS_PER_CONNECTION)

    def _source(self, session: SocketSession, listener: Listener) -> Source:
        if not isinstance(session, StreamSession):  # the account's: it may be quiet for as long as nobody trades on it
            return self._socket_maker(replace(self._options, quiet_s=None))(session, listener)
        if not self._has_own_connections_left():
            return self._shared.seat([session.name], listener)
        return super()._source(session, listener)

    def _seats(self, names: Iterable[str], listener: Listener, *, wrapped: bool = False) -> list[Seat]:
        """Several streams for one listener, over as many connections as it takes."""
        pool = self._pool() if self._has_own_connections_left() else self._shared
        return [pool.seat(names, listener, wrapped=wrapped)]

    def _has_own_connections_left(self) -> bool:
        sources = [source for feed in self._holdings.feeds.values() for source in feed.sources]
        return sum(not (isinstance(source, Seat) and source.pool is self._shared) for source in sources) < OWN_CONNECTIONS

    def _start(self, name: str, callback: Callback) -> Key:
        check_callback(callback)
        return self.attach(name, [self._session(name)], self._delivery(name, callback))

    def _start_trades(self, name: str, callback: Callback, numbering: Numbering, *, exactly_once: bool) -> Key:
        check_callback(callback)
        if not isinstance(exactly_once, bool):
            raise TypeError(f"exactly_once must be a bool, not {type(exactly_once).__name__}")
        tell, symbol, limit = self.notifier(), name.partition("@")[0].upper(), self._limit

        def make(callbacks: CallbackThread) -> Delivery:
            line = EventLine(callbacks, callback, event_in, name=name, limit=limit)
            if not exactly_once:
                return TradeDelivery(line, stream=name, numbering=numbering, tell=tell, struggling=STRUGGLING_TEXT)
            return CompleteDelivery(
                line,
                stream=name,
                numbering=numbering,
                tell=tell,
                symbol=symbol,
                fetch=_fetching(self._client, numbering, symbol),
                workers=self._fillers,
                backoff=Backoff(random.Random(), first_s=0.5, cap_s=10.0),
                struggling=STRUGGLING_TEXT,
            )

        return self.attach(name, [self._session(name)], make)


def _fetching(client: Client, numbering: Numbering, symbol: str) -> Fetch:
    get = client.get_historical_trades if numbering is TRADES else client.get_aggregate_trades
    return lambda from_id: get(symbol=symbol, fromId=from_id, limit=1000, requests_params={"priority": "snapshot"})


def check_client(client: object) -> None:
    """Refuse what is no client, by name.

    :raises TypeError: naming the argument
    """
    if not isinstance(client, Client):
        raise TypeError(f"client must be a Client, not {type(client).__name__}")
