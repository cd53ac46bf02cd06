"""The socket manager: ``start_depth_socket``, ``start_kline_socket``, ``start_user_socket`` ... and their stop calls.

What brings the topics is :class:`~exchangeclient.bitmex.stream_group.StreamGroup`'s business, connections and threads are
:mod:`exchangeclient.core.feeds.sockets`'s. The venue closed on 2026-09-23; this is for the embedded exchange and for recordings.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from exchangeclient.bitmex import stream_names
from exchangeclient.bitmex.stream_group import StreamGroup
from exchangeclient.bitmex.streams import StreamSession
from exchangeclient.bitmex.userfeed import UserFeed
from exchangeclient.core.feeds.callbacks import check_callback
from exchangeclient.core.feeds.iteration import EventStream
from exchangeclient.core.feeds.stream_group import USER_KEY, Callback, Key
from exchangeclient.core.protocol.session import Wishes

USER_STREAMS: Final = stream_names.DEFAULT_ACCOUNT_TABLES
_LOGIN_S: Final = 60
# Sockets of the same topic as another.
_AGGREGATED: Final = "aggregated "
_MARK: Final = "mark price of "


class SocketManager(StreamGroup):
    """Topics to callbacks. Attach sockets before or after :meth:`start`; :meth:`close` ends and forgets all of them.

    A callback gets each message as the venue sends it, ``{"table": ..., "action": ..., "data": [...]}``: first a partial, then what
    changes; what changes alone, if another socket or a book of this manager has the topic already. Callbacks run one at a time, in order,
    on a thread of the manager; a coroutine function is run to its end there. An exception in one is logged and the feed goes on. Lost
    connections are made again for as long as it takes. Each ``start_...`` returns a key for :meth:`stop_socket`, or False when that topic
    is open already. If the venue refuses a topic for good, or if no connection comes about for five times, its callback gets
    ``{'error': ..., 'event': 'error'}``.

    May be started and closed any number of times, from any thread. Between the two the program stays alive, also when its script has
    come to its end, until Ctrl-C or another exception that nobody catches. A program that catches Ctrl-C itself, or ends by
    ``sys.exit()``, calls :meth:`close` before it ends, which leaving a ``with`` block does too; otherwise it goes on. (One that runs
    Twisted's reactor itself ends with that.)

    Topics share connections; the account's own have one, and so has each of all symbols (``trade``) and of a series
    (``quote:XBT:perpetual``). To have the tables themselves kept, iterate over a :class:`~exchangeclient.bitmex.websocket.BitMEXWebsocket`.

    :param client: hosts, keys, proxies and TLS settings are taken from it
    :param keep_alive: False lets the program end although there are open sockets
    :param on_event: ``on_event(notice)`` is called with each :class:`~exchangeclient.core.feeds.notices.SocketNotice`: a stream is
        connected, lost, recovered ...; on the thread of the callbacks, between them
    :param quiet_s: a stream that sends nothing for so many seconds is taken for dead, and connected anew; when left out the venue's
        answers to pings tell
    :param spare_collector: True has Python's garbage collector look less often, in the whole program and for good, which more than halves
        the cost of large messages; see :func:`~exchangeclient.core.process.collector.spare_collector`
    :param dialer: makes the connections, for programs that have them come from elsewhere than the network, such as a recording
    :raises TypeError: for an argument of a wrong type, naming it
    """

    # Topics of one symbol.

    def start_depth_socket(self, symbol: str, callback: Callback, depth: int | str | None = None) -> Key:
        """A symbol's order book: whole, then its changes; a :class:`~exchangeclient.bitmex.depth.DepthCacheManager` makes a book of them.

        :param depth: 25: of the best 25 levels of each side alone (``orderBookL2_25``); 10: instead of changes the best ten, each
            time whole (``orderBook10``)
        """
        return self._start(stream_names.depth_name(symbol, depth), callback)

    def start_kline_socket(self, symbol: str, callback: Callback, interval: str = "1m") -> Key:
        """The candles of a symbol, each when it has ended, ``tradeBin<bin>``; their ``timestamp`` is their end.

        :param interval: ``1m``, ``5m``, ``1h`` or ``1d``
        """
        return self._start(stream_names.kline_name(symbol, interval), callback)

    def start_trade_socket(self, symbol: str, callback: Callback) -> Key:
        """The trades of a symbol one by one, ``trade``."""
        return self._start(stream_names.topic("trade", symbol), callback)

    def start_aggtrade_socket(self, symbol: str, callback: Callback) -> Key:
        """The same trades as :meth:`start_trade_socket`'s, as a socket of its own: the venue put none together but in one message."""
        return self._start(stream_names.topic("trade", symbol), callback, _AGGREGATED)

    def start_symbol_ticker_socket(self, symbol: str, callback: Callback) -> Key:
        """All figures of a symbol, those of 24 hours among them, as they change, ``instrument``."""
        return self._start(stream_names.topic("instrument", symbol), callback)

    def start_symbol_book_ticker_socket(self, symbol: str, callback: Callback) -> Key:
        """The best bid and ask whenever they change, ``quote``."""
        return self._start(stream_names.topic("quote", symbol), callback)

    def start_mark_price_socket(self, symbol: str, callback: Callback) -> Key:
        """The price by which positions are valued, among the other figures of ``instrument``."""
        return self._start(stream_names.topic("instrument", symbol), callback, _MARK)

    def start_table_socket(self, table: str, callback: Callback, symbol: str | None = None) -> Key:
        """Any other public table, such as ``funding``, ``liquidation`` or ``insurance``.

        :param symbol: of one symbol alone
        """
        name = stream_names.topic(table, symbol)
        if stream_names.is_private(name):
            raise ValueError(f"table {table!r} is the account's own, which start_user_socket() brings")
        return self._start(name, callback)

    # Several topics for one callback.

    def start_multiplex_socket(self, streams: Iterable[str], callback: Callback) -> Key:
        """Any topics of single symbols, by their names; a message says which it is of.

        More of them than a connection carries are spread over several. What it is subscribed to can be changed:
        :meth:`subscribe`, :meth:`unsubscribe`.

        :param streams: such as ``['trade:XBTUSD', 'quote:ETHUSD']``
        :raises TypeError: when it is no list of texts
        :raises ValueError: for what is no topic, one of all symbols or of a series, or one of the account
        """
        check_callback(callback)
        names = _shareable(streams)
        key = f"streams={'/'.join(names)}"
        return self._attach(key, lambda listener: [self._shared().seat(names, listener, wrapped=True)], self._delivery(names[0], callback))

    def subscribe(self, conn_key: str, streams: Iterable[str]) -> None:
        """Have a multiplex socket bring these topics too. :meth:`wait_ready` waits until they flow.

        :raises ValueError: when ``conn_key`` is not that of a multiplex socket that is open, or for topics that it cannot bring
        """
        self._multiplex(conn_key).want(_shareable(streams))

    def stream(self, streams: str | Iterable[str], *, timeout: float | None = None) -> EventStream:
        """The messages of one or several topics, to iterate over: ``for message in manager.stream('trade:XBTUSD', timeout=5)``.

        The manager is started if need be, and its connections are used. Iteration ends when the stream or the manager is closed.

        :param streams: the name of one or a list of names
        :param timeout: seconds to wait for each message; None: as long as it takes
        :raises SocketTimeoutException: when none comes in time; the stream goes on, and the next one can be waited for
        :raises SocketException: when the venue refuses it
        """
        names = stream_names.stream_list([streams] if isinstance(streams, str) else streams)
        return self._iteration(names, partial(self._sources, names), timeout)

    # The account.

    def start_user_socket(self, callback: Callback, *, catch_up: bool = True) -> Key:
        """The account's own messages: of the tables ``margin``, ``position``, ``order`` and ``execution``.

        None of them is dropped. The venue sends margin, positions and open orders whole with each connection. Of orders that ended while
        the connection was lost, and of executions, it says nothing: those are asked over REST, and told before what the next connection
        brings; such a message has ``"catch_up": True``.

        :param catch_up: False tells no more than the stream does, and asks nothing over REST
        :raises ValueError: when the client has no key to sign with
        """
        check_callback(callback)
        client, credentials = self._client, self._client.credentials
        if credentials is None:
            raise ValueError("client must have an API key and its secret for the user socket")
        from exchangeclient.bitmex.signing import login

        def frame() -> dict[str, Any]:
            return {"op": "authKeyExpires", "args": list(login(credentials, client.clock.now_ms(), window_s=_LOGIN_S))}

        session = StreamSession(client.hosts.stream, Wishes(USER_STREAMS), login=frame)
        if not catch_up:
            return self.attach(USER_KEY, [session], self._delivery(session.name, callback, is_lossless=True))
        feed = partial(UserFeed, client=client, callback=callback, forms=self.forms, tell=self.notifier())
        return self.attach(USER_KEY, [session], feed)

    def stop_depth_socket(self, symbol: str) -> bool:
        """End the depth sockets of a symbol; True when there was one."""
        names = {stream_names.depth_name(symbol, depth) for depth in (None, 10, 25)}
        return self._stop_matching(lambda key: key in names)

    def stop_kline_socket(self, symbol: str) -> bool:
        """End the kline sockets of a symbol, whatever their intervals; True when there was one."""
        end = f":{stream_names.symbol_part(symbol)}"
        return self._stop_matching(lambda key: key.startswith("tradeBin") and key.endswith(end))

    def stop_trade_socket(self, symbol: str) -> bool:
        """End the trade socket of a symbol; True when there was one."""
        return self.stop_socket(stream_names.topic("trade", symbol))

    def stop_aggtrade_socket(self, symbol: str) -> bool:
        """End the aggregated trade socket of a symbol; True when there was one."""
        return self.stop_socket(_AGGREGATED + stream_names.topic("trade", symbol))

    def stop_symbol_ticker_socket(self, symbol: str) -> bool:
        """End the ticker socket of a symbol; True when there was one."""
        return self.stop_socket(stream_names.topic("instrument", symbol))


def _shareable(streams: Iterable[str]) -> list[str]:
    names = stream_names.stream_list(streams)
    for name in names:
        if stream_names.is_private(name):
            raise ValueError(f"streams: {name!r} is the account's own, which start_user_socket() brings")
        if not stream_names.is_shared(name):
            raise ValueError(f"streams: {name!r} has to have a connection to itself; start it alone")
    return names
