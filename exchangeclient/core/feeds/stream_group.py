"""What the socket managers of all venues have in common: streams by their names, for callbacks or to iterate over.

Which streams have a connection to themselves and which share, each venue's own ``stream_group`` says; under which names users start them,
its ``sockets``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, ClassVar, Final, Literal

from exchangeclient.core.feeds.callbacks import MARKET_LIMIT, CallbackThread, EventLine, check_callback
from exchangeclient.core.feeds.groups import SocketGroup, Source
from exchangeclient.core.feeds.iteration import EventStream, QueuedStream, seconds
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sharing import Seat
from exchangeclient.core.feeds.sockets import Delivery, Listener
from exchangeclient.core.process import collector
from exchangeclient.core.protocol.conversation import Dialer
from exchangeclient.core.wire import dialing
from exchangeclient.core.wire.dialing import SocketOptions

Callback = Callable[[Any], Any]
Key = str | Literal[False]
MakeListener = Callable[[CallbackThread], Listener]

USER_KEY: Final = "user"
"""The key of an account's own socket."""

_iterated = count(1)


@dataclass(frozen=True, slots=True)
class Forms:
    """How a venue names its streams, and what its messages are to a callback.

    :ivar names: the names in a list that a user gave
    :ivar event_in: what a callback gets of a payload
    :ivar error_event: what it gets when its stream is refused for good, or no connection comes about
    :ivar struggling: the text of the latter
    """

    names: Callable[[Iterable[str]], list[str]]
    event_in: Callable[[bytes], Any]
    error_event: Callable[[str], Any]
    struggling: str


class StreamGroup(SocketGroup):
    """Streams by their names, each with its callback.

    :param options: of its connections
    :param keep_alive: False lets the program end although there are open sockets
    :param on_event: is called with each :class:`~exchangeclient.core.feeds.notices.SocketNotice`
    :param quiet_s: a stream that sends nothing for so many seconds is taken for dead; None: as ``options`` say
    :param limit: how many messages of one stream may wait for its callback
    :param spare_collector: True has Python's garbage collector look less often, see
        :func:`~exchangeclient.core.process.collector.spare_collector`
    :param dialer: makes the connections
    """

    forms: ClassVar[Forms]

    def __init__(
        self,
        options: SocketOptions,
        *,
        keep_alive: bool,
        on_event: Callable[[SocketNotice], Any] | None,
        quiet_s: float | None,
        limit: int = MARKET_LIMIT,
        spare_collector: bool,
        dialer: Dialer = dialing.dial,
    ) -> None:
        if not isinstance(spare_collector, bool):
            raise TypeError(f"spare_collector must be a bool, not {type(spare_collector).__name__}")
        if on_event is not None:
            check_callback(on_event, "on_event")
        if quiet_s is not None:
            options = replace(options, quiet_s=seconds("quiet_s", quiet_s))
        super().__init__("exchangeclient", keep_alive=keep_alive, options=options, on_notice=on_event, dialer=dialer)
        self._limit = limit
        if spare_collector:
            dialing.load()  # so that it is not looked through either
            collector.spare_collector()

    # Several streams for one callback.

    def unsubscribe(self, conn_key: str, streams: Iterable[str]) -> None:
        """Have a multiplex socket bring these streams no more; it stays open, also without any.

        :raises ValueError: when ``conn_key`` is not that of a multiplex socket that is open
        """
        self._multiplex(conn_key).unwant(self.forms.names(streams))

    def subscriptions(self, conn_key: str) -> list[str]:
        """The streams that a multiplex socket is to bring.

        :raises ValueError: when ``conn_key`` is not that of a multiplex socket that is open
        """
        return list(self._multiplex(conn_key).wishes.names)

    def _multiplex(self, conn_key: str) -> Seat:
        """Several streams that were started for one callback.

        :raises ValueError: when there are none under this key
        """
        feed = self._holdings.feeds.get(conn_key)
        source = None if feed is None else feed.sources[0]
        if feed is None or feed.failed or not (isinstance(source, Seat) and source.wrapped):
            raise ValueError(f"conn_key must be what start_multiplex_socket() returned, of a socket that is open, not {conn_key!r}")
        return source

    # The account.

    def stop_user_socket(self) -> bool:
        """End the user socket; True when there was one."""
        return self.stop_socket(USER_KEY)

    # What hands the messages on.

    def _delivery(
        self, name: str, callback: Callback, decode: Callable[[bytes], Any] | None = None, *, is_lossless: bool = False
    ) -> MakeListener:
        """Makes what hands the messages of a stream to a callback.

        :param decode: what the callback gets of a payload, where that is another than for other streams
        """
        forms, limit = self.forms, None if is_lossless else self._limit

        def make(callbacks: CallbackThread) -> Delivery:
            line = EventLine(callbacks, callback, decode or forms.event_in, name=name, limit=limit)
            return Delivery(line, forms.error_event, struggling=forms.struggling)

        return make

    def _iteration(self, names: Sequence[str], make_sources: Callable[[Listener], Sequence[Source]], timeout: float | None) -> EventStream:
        """The messages of streams to iterate over; the manager is started if need be.

        :param make_sources: what brings them to a listener
        """
        opened = QueuedStream(self.forms.event_in, names[0], timeout=timeout, limit=self._limit)
        key = f"iteration {next(_iterated)} of {names[0]}"
        self._attach(key, make_sources, opened.listener)
        self.start()
        opened.ends_with(self, key)
        return opened
