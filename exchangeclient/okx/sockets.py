"""The socket manager: ``start_depth_socket``, ``start_kline_socket``, ``start_user_socket`` ... and their stop calls.

What brings the streams is :class:`~exchangeclient.okx.stream_group.StreamGroup`'s business, connections and threads are
:mod:`exchangeclient.core.feeds.sockets`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from exchangeclient.core.feeds.callbacks import check_callback
from exchangeclient.core.feeds.iteration import EventStream
from exchangeclient.core.feeds.stream_group import USER_KEY, Callback, Key
from exchangeclient.core.protocol.session import Wishes
from exchangeclient.okx import stream_names
from exchangeclient.okx.signing import login
from exchangeclient.okx.stream_group import StreamGroup
from exchangeclient.okx.streams import StreamSession
from exchangeclient.okx.userfeed import UserFeed

USER_STREAMS: Final = ("orders:ANY", "account", "positions:ANY")


class SocketManager(StreamGroup):
    """Streams to callbacks. Attach sockets before or after :meth:`start`; :meth:`close` ends and forgets all of them.

    A callback gets each message as the venue sends it, ``{"arg": {"channel": ..., "instId": ...}, "data": [...]}``. Callbacks run one at a
    time, in order, on a thread of the manager; a coroutine function is run to its end there. An exception in one is logged and the feed
    goes on. Lost connections are made again for as long as it takes, and before the venue ends one for an upgrade. Each ``start_...``
    returns a key for :meth:`stop_socket`, or False when that stream is open already. If the venue refuses a stream for good, or if no
    connection comes about for five times, its callback gets ``{'event': 'error', 'msg': ...}``.

    May be started and closed any number of times, from any thread. Between the two the program stays alive, also when its script has
    come to its end, until Ctrl-C or another exception that nobody catches. A program that catches Ctrl-C itself, or ends by
    ``sys.exit()``, calls :meth:`close` before it ends, which leaving a ``with`` block does too; otherwise it goes on. (One that runs
    Twisted's reactor itself ends with that.)

    Streams share connections, of which the venue takes few; the account's own and the first books have one each.

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

    # Streams of one instrument.

    def start_depth_socket(self, instId: str, callback: Callback, depth: int | str | None = None) -> Key:
        """An instrument's order book: a snapshot, then its changes; a :class:`DepthCacheManager` makes a book of them.

        :param depth: 1 or 5: instead of changes, the best levels, each time whole (``bbo-tbt``, ``books5``)
        """
        return self._start(stream_names.depth_name(instId, depth), callback)

    def start_kline_socket(self, instId: str, callback: Callback, interval: str = "1m") -> Key:
        """The current candle of an instrument, ``candle<bar>``; the last element of its last row is ``"1"``.

        :param interval: a ``KLINE_INTERVAL_*``, whose candles begin by UTC, or a bar of the venue's
        """
        return self._start(stream_names.kline_name(instId, interval), callback)

    def start_trade_socket(self, instId: str, callback: Callback) -> Key:
        """The trades of an instrument one by one, ``trades-all``."""
        return self._start(f"trades-all:{stream_names.inst_part(instId)}", callback)

    def start_aggtrade_socket(self, instId: str, callback: Callback) -> Key:
        """The trades of an instrument, those of one order at one price together, ``trades``."""
        return self._start(f"trades:{stream_names.inst_part(instId)}", callback)

    def start_symbol_ticker_socket(self, instId: str, callback: Callback) -> Key:
        """The figures of 24 hours and the best bid and ask, when they change, ``tickers``."""
        return self._start(f"tickers:{stream_names.inst_part(instId)}", callback)

    def start_symbol_book_ticker_socket(self, instId: str, callback: Callback) -> Key:
        """The best bid and ask whenever they change, ``bbo-tbt``."""
        return self.start_depth_socket(instId, callback, 1)

    def start_mark_price_socket(self, instId: str, callback: Callback) -> Key:
        """The price by which positions are valued, ``mark-price``."""
        return self._start(f"mark-price:{stream_names.inst_part(instId)}", callback)

    def start_funding_rate_socket(self, instId: str, callback: Callback) -> Key:
        """The funding rate of a swap, ``funding-rate``."""
        return self._start(f"funding-rate:{stream_names.inst_part(instId)}", callback)

    # Streams of many instruments.

    def start_instruments_socket(self, instType: str, callback: Callback) -> Key:
        """What is listed, changed or suspended among the instruments of a type, ``instruments``.

        :param instType: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES`` or ``OPTION``
        """
        return self._start(stream_names.type_name("instruments", instType), callback)

    # Several streams for one callback.

    def start_multiplex_socket(self, streams: Iterable[str], callback: Callback) -> Key:
        """Any streams, by their names; a message says in its ``arg`` which it is of.

        More of them than a connection carries are spread over several. What it is subscribed to can be changed:
        :meth:`subscribe`, :meth:`unsubscribe`.

        :param streams: such as ``['trades:BTC-USDT', 'tickers:ETH-USDT']``, all of ``public`` or all of ``business`` channels
        :raises TypeError: when it is no list of texts
        :raises ValueError: for what is no stream's name
        """
        check_callback(callback)
        names = stream_names.stream_list(streams)
        if stream_names.door_of_all(names) == "private":
            raise ValueError("streams: the account's own are start_user_socket()'s")
        key = f"streams={'/'.join(names)}"
        return self._attach(key, partial(self._seats, names, wrapped=True), self._delivery(names[0], callback))

    def subscribe(self, conn_key: str, streams: Iterable[str]) -> None:
        """Have a multiplex socket bring these streams too. :meth:`wait_ready` waits until they flow.

        :raises ValueError: when ``conn_key`` is not that of a multiplex socket that is open, or they do not come over its connection
        """
        seat, names = self._multiplex(conn_key), stream_names.stream_list(streams)
        stream_names.door_of_all([*seat.wishes.names, *names])
        seat.want(names)

    def stream(self, streams: str | Iterable[str], *, timeout: float | None = None) -> EventStream:
        """The messages of one or several streams, to iterate over: ``for message in manager.stream('trades:BTC-USDT', timeout=5)``.

        The manager is started if need be, and its connections are used. Iteration ends when the stream or the manager is closed.

        :param streams: the name of one or a list of names
        :param timeout: seconds to wait for each message; None: as long as it takes
        :raises SocketTimeoutException: when none comes in time; the stream goes on, and the next one can be waited for
        :raises SocketException: when the venue refuses it
        """
        names = stream_names.stream_list([streams] if isinstance(streams, str) else streams)
        return self._iteration(names, partial(self._seats, names), timeout)

    # The account.

    def start_user_socket(self, callback: Callback, *, catch_up: bool = True) -> Key:
        """The account's own messages: of its orders (channel ``orders``), balances (``account``) and positions (``positions``).

        None of them is dropped. The venue sends balances and positions whole with each connection. Orders it sends only when they change:
        when the connection was lost, those that changed meanwhile are asked over REST, and told before what the next connection brings;
        such a message has ``"catch_up": True``.

        :param catch_up: False tells no more than the stream does, and asks nothing over REST
        :raises ValueError: when the client has no key to sign with
        """
        check_callback(callback)
        client, credentials = self._client, self._client.credentials
        if credentials is None:
            raise ValueError("client must have an API key, its secret and its passphrase for the user socket")
        session = StreamSession(
            client.hosts.stream, "private", Wishes(USER_STREAMS), login=lambda: login(credentials, client.clock.now_ms())
        )
        if not catch_up:
            return self.attach(USER_KEY, [session], self._delivery(session.name, callback, is_lossless=True))
        feed = partial(UserFeed, client=client, callback=callback, forms=self.forms, tell=self.notifier())
        return self.attach(USER_KEY, [session], feed)

    def stop_depth_socket(self, instId: str) -> bool:
        """End the depth sockets of an instrument; True when there was one."""
        names = {stream_names.depth_name(instId, depth) for depth in (None, 1, 5, 50)}
        return self._stop_matching(lambda key: key in names)

    def stop_kline_socket(self, instId: str) -> bool:
        """End the kline sockets of an instrument, whatever their intervals; True when there was one."""
        end = f":{stream_names.inst_part(instId)}"
        return self._stop_matching(lambda key: key.startswith("candle") and key.endswith(end))

    def stop_trade_socket(self, instId: str) -> bool:
        """End the trade socket of an instrument; True when there was one."""
        return self.stop_socket(f"trades-all:{stream_names.inst_part(instId)}")

    def stop_aggtrade_socket(self, instId: str) -> bool:
        """End the aggregated trade socket of an instrument; True when there was one."""
        return self.stop_socket(f"trades:{stream_names.inst_part(instId)}")

    def stop_symbol_ticker_socket(self, instId: str) -> bool:
        """End the ticker socket of an instrument; True when there was one."""
        return self.stop_socket(f"tickers:{stream_names.inst_part(instId)}")
