"""The socket manager: ``start_depth_socket``, ``start_kline_socket``, ``start_user_socket`` ... and their stop calls.

What brings the streams is :class:`~exchangeclient.binance.stream_group.StreamGroup`'s business, connections and threads are
:mod:`exchangeclient.core.feeds.sockets`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from exchangeclient.binance import stream_names
from exchangeclient.binance.client import Client
from exchangeclient.binance.signing import sign_wsapi
from exchangeclient.binance.stream_group import STRUGGLING_TEXT, StreamGroup
from exchangeclient.binance.tickers import TickerBoard
from exchangeclient.binance.trade_ids import AGGREGATE_TRADES, TRADES
from exchangeclient.binance.userdata import Brake, UserDataSession
from exchangeclient.binance.userfeed import UserFeed
from exchangeclient.binance.wsapi import address, logs_on
from exchangeclient.core.feeds.callbacks import MARKET_LIMIT, CallbackThread, check_callback
from exchangeclient.core.feeds.iteration import EventStream
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.stream_group import USER_KEY, Callback, Key
from exchangeclient.core.process import reactor
from exchangeclient.core.protocol.conversation import Dialer

# The streams of these names are retired; what they sent lives on under their keys.
TICKER_KEY = "!ticker@arr"
BOOK_TICKER_KEY = "!bookTicker"


class SocketManager(StreamGroup):
    """Streams to callbacks. Attach sockets before or after :meth:`start`; :meth:`close` ends and forgets all of them.

    Callbacks run one at a time, in order, on a thread of the manager; a coroutine function is run to its end there. An exception in
    one is logged and the feed goes on. Lost connections are made again for as long as it takes. Each ``start_...`` returns a key for
    :meth:`stop_socket`, or False when that stream is open already. If the venue refuses a stream for good, or if no connection comes
    about for five times, its callback gets ``{'e': 'error', 'type': ..., 'm': ...}``.

    May be started and closed any number of times, from any thread. Between the two the program stays alive, also when its script has
    come to its end, until Ctrl-C or another exception that nobody catches in the main thread. A program that catches Ctrl-C itself, or
    ends by ``sys.exit()``, calls :meth:`close` before it ends, which leaving a ``with`` block does too; otherwise it goes on. (One that
    runs Twisted's reactor itself ends with that.)

    Symbols may be written in any case: the names of streams have them in lower case. The first 16 sockets have a connection each, those
    after them share connections, of up to 1024 streams; to their callbacks it makes no difference.

    :param client: hosts, keys, proxies and TLS settings are taken from it
    :param user_timeout: accepted for scripts of the python-binance line; nothing has to be kept alive any more
    :param keep_alive: False lets the program end although there are open sockets
    :param on_event: ``on_event(notice)`` is called with each :class:`~exchangeclient.core.feeds.notices.SocketNotice`: a stream is
        connected, lost, recovered ...; on the thread of the callbacks, between them
    :param quiet_s: when a connection brings nothing for so many seconds its streams are taken for dead, and connected anew; when left
        out that holds for those alone which the venue sends every second or two. The user socket is no market: it may be silent
    :param max_queue_size: how many messages of one market stream may wait for its callback; then, or when they are more than about 128 MiB,
        the oldest are dropped, and counted
    :param spare_collector: True has Python's garbage collector look less often, in the whole program and for good, which more than halves
        the cost of large messages; see :func:`~exchangeclient.core.process.collector.spare_collector`
    :param dialer: makes the connections, such as a recorder's ``dial``; None: as the client has it, over the network
    :raises TypeError: for an argument of a wrong type, naming it
    """

    def __init__(
        self,
        client: Client,
        user_timeout: float | None = None,  # noqa: ARG002 - see above
        *,
        keep_alive: bool = True,
        on_event: Callable[[SocketNotice], Any] | None = None,
        quiet_s: float | None = None,
        max_queue_size: int = MARKET_LIMIT,
        spare_collector: bool = False,
        dialer: Dialer | None = None,
    ) -> None:
        super().__init__(
            client,
            keep_alive=keep_alive,
            on_event=on_event,
            quiet_s=quiet_s,
            max_queue_size=max_queue_size,
            spare_collector=spare_collector,
            dialer=dialer,
        )

    # Names of the thread that a manager is in the python-binance line.

    def run(self) -> None:
        """Start, and wait until it is closed."""
        self.start()
        self.join()

    @property
    def name(self) -> str:
        """What its threads are named after."""
        return self._name

    @property
    def daemon(self) -> bool:
        """True when the program may end although there are open sockets. What is set counts from the next :meth:`start` on."""
        return not self._keep_alive

    @daemon.setter
    def daemon(self, daemonic: bool) -> None:
        self._keep_alive = not daemonic

    def setDaemon(self, daemonic: bool) -> None:  # noqa: N802 - a name of threading.Thread
        """Set :attr:`daemon`."""
        self.daemon = daemonic

    # Streams of one symbol.

    def start_depth_socket(self, symbol: str, callback: Callback, depth: int | str | None = None, interval: int | None = None) -> Key:
        """The changes of a symbol's order book, ``<symbol>@depth``; a :class:`DepthCacheManager` makes a book of them.

        :param depth: 5, 10 or 20: instead of changes, the best levels
        :param interval: milliseconds between two messages, 1000 (also when left out) or 100
        """
        return self._start(stream_names.depth_name(symbol, depth, interval), callback)

    def start_kline_socket(self, symbol: str, callback: Callback, interval: str = "1m", *, time_zone: str | None = None) -> Key:
        """The current candle of a symbol every second or two, ``<symbol>@kline_<interval>``; ``k.x`` is True in its last message.

        :param interval: ``1s``, ``1m``, ``3m``, ``5m``, ``15m``, ``30m``, ``1h``, ``2h``, ``4h``, ``6h``, ``8h``, ``12h``, ``1d``, ``3d``,
            ``1w`` or ``1M``
        :param time_zone: ``"+08:00"`` for candles that begin by the clock of that zone instead of UTC's
        """
        return self._start(stream_names.kline_name(symbol, interval, time_zone), callback)

    def start_trade_socket(self, symbol: str, callback: Callback, *, exactly_once: bool = False) -> Key:
        """Every trade of a symbol by itself, ``<symbol>@trade``.

        :param exactly_once: from the first trade on have each one once and in order, whatever happens to the connection: those that
            it missed are fetched over REST (weight 25 for 1000) and carry ``'catch_up': True``; the callback waits for them
        """
        return self._start_trades(stream_names.trade_name(symbol), callback, TRADES, exactly_once=exactly_once)

    def start_aggtrade_socket(self, symbol: str, callback: Callback, *, exactly_once: bool = False) -> Key:
        """The trades of a symbol, those of one order at one price together, ``<symbol>@aggTrade``.

        :param exactly_once: as in :meth:`start_trade_socket` (weight 4 for 1000)
        """
        return self._start_trades(stream_names.aggtrade_name(symbol), callback, AGGREGATE_TRADES, exactly_once=exactly_once)

    def start_block_trade_socket(self, symbol: str, callback: Callback) -> Key:
        """The trades of a symbol that were arranged outside the book, ``<symbol>@blockTrade``."""
        return self._start(stream_names.block_trade_name(symbol), callback)

    def start_symbol_ticker_socket(self, symbol: str, callback: Callback) -> Key:
        """The 24-hour figures of one symbol, ``<symbol>@ticker``, about once a second when they change."""
        return self._start(stream_names.ticker_name(symbol), callback)

    def start_symbol_miniticker_socket(self, symbol: str, callback: Callback) -> Key:
        """The most important of those figures, ``<symbol>@miniTicker``."""
        return self._start(stream_names.mini_ticker_name(symbol), callback)

    def start_symbol_window_ticker_socket(self, symbol: str, callback: Callback, window: str = "1h") -> Key:
        """The figures of the last hours of one symbol, ``<symbol>@ticker_<window>``, about once a second when they change.

        :param window: ``1h``, ``4h`` or ``1d``
        """
        return self._start(stream_names.window_ticker_name(symbol, window), callback)

    def start_symbol_book_ticker_socket(self, symbol: str, callback: Callback) -> Key:
        """The best bid and ask of one symbol whenever they change, ``<symbol>@bookTicker``."""
        return self._start(stream_names.book_ticker_name(symbol), callback)

    def start_avg_price_socket(self, symbol: str, callback: Callback) -> Key:
        """The average price of the last minutes, once a second, ``<symbol>@avgPrice``."""
        return self._start(stream_names.avg_price_name(symbol), callback)

    def start_reference_price_socket(self, symbol: str, callback: Callback) -> Key:
        """The price by which a symbol's orders are bounded, once a second, ``<symbol>@referencePrice``; silent where there is none."""
        return self._start(stream_names.reference_price_name(symbol), callback)

    # Streams of all symbols.

    def start_miniticker_socket(self, callback: Callback, update_time: int = 1000) -> Key:
        """The most important 24-hour figures of all symbols, ``!miniTicker@arr``: once a second a list of those that changed.

        :param update_time: 1000 (milliseconds), the only speed that the venue has left
        """
        if update_time != 1000:
            raise ValueError(f"update_time must be 1000 (milliseconds): the venue sends at no other speed any more, not {update_time!r}")
        return self._start(stream_names.ALL_MINI_TICKERS, callback)

    def start_window_ticker_socket(self, callback: Callback, window: str = "1h") -> Key:
        """The figures of the last hours of all symbols, ``!ticker_<window>@arr``: once a second a list of those that changed.

        :param window: ``1h``, ``4h`` or ``1d``
        """
        return self._start(stream_names.window_ticker_name(None, window), callback)

    def start_ticker_socket(self, callback: Callback, symbols: Iterable[str] | None = None) -> Key:
        """The 24-hour figures of all symbols: about once a second one *list* with the tickers of those that changed.

        The venue retired its stream of all tickers on 2026-03-26. This is composed from ``<symbol>@ticker`` of the trading symbols,
        over as many connections as the venue's limit of streams asks for, and counts as one socket. Each ticker is in one of the lists;
        but of several of one symbol that arrive at once, or while the callback is busy, the newest alone. Errors come as a list too:
        ``[{'e': 'error', 'type': ..., 'm': ...}]``.

        :param symbols: these only; otherwise all that are trading now, which is asked of the venue (so it blocks for one call)
        """
        check_callback(callback)
        if self.is_open(TICKER_KEY):
            return False
        names = self._names_of_all(stream_names.ticker_name, symbols, "start_ticker_socket")
        return self._attach(TICKER_KEY, partial(self._seats, names), partial(TickerBoard, callback=callback, struggling=STRUGGLING_TEXT))

    def start_book_ticker_socket(self, callback: Callback, symbols: Iterable[str] | None = None) -> Key:
        """The best bid and ask of all symbols, one message for each change.

        The venue retired its stream of them. This is composed from ``<symbol>@bookTicker`` as :meth:`start_ticker_socket` is from
        ``<symbol>@ticker``, and counts as one socket.

        :param symbols: these only; otherwise all that are trading now, which is asked of the venue (so it blocks for one call)
        """
        check_callback(callback)
        if self.is_open(BOOK_TICKER_KEY):
            return False
        names = self._names_of_all(stream_names.book_ticker_name, symbols, "start_book_ticker_socket")
        return self._attach(BOOK_TICKER_KEY, partial(self._seats, names), self._delivery(BOOK_TICKER_KEY, callback))

    # Several streams for one callback.

    def start_multiplex_socket(self, streams: Iterable[str], callback: Callback) -> Key:
        """Any streams, by their names: the callback gets ``{'stream': ..., 'data': ...}``.

        More of them than a connection carries are spread over several. What it is subscribed to can be changed:
        :meth:`subscribe`, :meth:`unsubscribe`.

        :param streams: such as ``['bnbbtc@trade', 'ethbtc@kline_1m']``
        :raises TypeError: when it is no list of texts
        :raises ValueError: for what is no stream's name, or one that is spelled in another way
        """
        check_callback(callback)
        names = stream_names.stream_list(streams)
        key = f"streams={'/'.join(names)}"
        return self._attach(key, partial(self._seats, names, wrapped=True), self._delivery(names[0], callback))

    def subscribe(self, conn_key: str, streams: Iterable[str]) -> None:
        """Have a multiplex socket bring these streams too. :meth:`wait_ready` waits until they flow.

        :raises ValueError: when ``conn_key`` is not that of a multiplex socket that is open
        """
        self._multiplex(conn_key).want(stream_names.stream_list(streams))

    def stream(self, streams: str | Iterable[str], *, timeout: float | None = None) -> EventStream:
        """The events of one or several streams, to iterate over: ``for event in manager.stream('bnbbtc@trade', timeout=5)``.

        The manager is started if need be, and its connections are used. Iteration ends when the stream or the manager is closed.

        :param streams: the name of one, whose bare events come, or a list of names, for ``{'stream': ..., 'data': ...}``
        :param timeout: seconds to wait for each event; None: as long as it takes
        :raises SocketTimeoutException: when an event does not come in time; the stream goes on, and the next one can be waited for
        :raises SocketException: when the venue refuses it
        """
        names = stream_names.stream_list([streams] if isinstance(streams, str) else streams)
        if not isinstance(streams, str):
            return self._iteration(names, partial(self._seats, names, wrapped=True), timeout)
        session = self._session(names[0])
        return self._iteration(names, lambda listener: [self._source(session, listener)], timeout)

    # The account.

    def start_user_socket(self, callback: Callback, *, catch_up: bool = True) -> Key:
        """The account's own events, as they are documented for the user data stream.

        Account update: ``e`` is ``outboundAccountPosition``. Order update: ``executionReport``. Trade update: ``executionReport``
        with ``x`` = ``TRADE``. None of them is dropped, and none told twice. When the connection was lost, what it would have brought
        is asked over REST, and told before what the next one brings; such an event has ``"catch_up": True``.

        :param catch_up: False tells no more than the stream does, and asks nothing over REST
        :raises ValueError: when the client has no key to sign with
        """
        check_callback(callback)
        client, credentials = self._client, self._client.credentials
        if credentials is None:
            raise ValueError("client must have an API key and its secret for the user socket")
        brake = Brake()
        session = UserDataSession(
            address(client.hosts.ws_api, client.time_unit),
            lambda now_ms: sign_wsapi({"timestamp": now_ms}, credentials),
            client.clock,
            by_logon=logs_on(credentials),
            brake=brake,
            heed=client._standing.keep_still,
        )
        if not catch_up:
            return self.attach(USER_KEY, [session], self._delivery(session.name, callback, session.decode, is_lossless=True))
        tell = self.notifier()

        def feed(callbacks: CallbackThread) -> UserFeed:
            return UserFeed(callbacks, client, callback, session.decode, brake=brake, tell=tell, struggling=STRUGGLING_TEXT)

        return self.attach(USER_KEY, [session], feed)

    def stop_depth_socket(self, symbol: str) -> bool:
        """End the depth sockets of a symbol; True when there was one."""
        return self._stop_streams(symbol, "depth")

    def stop_kline_socket(self, symbol: str) -> bool:
        """End the kline sockets of a symbol, whatever their intervals; True when there was one."""
        return self._stop_streams(symbol, "kline_")

    def stop_trade_socket(self, symbol: str) -> bool:
        """End the trade socket of a symbol; True when there was one."""
        return self.stop_socket(stream_names.trade_name(symbol))

    def stop_aggtrade_socket(self, symbol: str) -> bool:
        """End the aggregated trade socket of a symbol; True when there was one."""
        return self.stop_socket(stream_names.aggtrade_name(symbol))

    def stop_symbol_ticker_socket(self, symbol: str) -> bool:
        """End the ticker socket of one symbol; True when there was one."""
        return self.stop_socket(stream_names.ticker_name(symbol))

    def stop_ticker_socket(self) -> bool:
        """End the socket of all tickers; True when there was one."""
        return self.stop_socket(TICKER_KEY)

    def _names_of_all(self, name_of: Callable[[str], str], symbols: Iterable[str] | None, what: str) -> list[str]:
        """The streams of these symbols; of all that are trading when None."""
        if symbols is None:
            reactor.forbid_blocking(f"{what}() without symbols")
            listed = self._client.get_exchange_info()["symbols"]
            symbols = [entry["symbol"] for entry in listed if entry["status"] == "TRADING"]
        return list(dict.fromkeys(map(name_of, stream_names.listed("symbols", symbols))))

    def _stop_streams(self, symbol: str, kind: str) -> bool:
        prefix = f"{stream_names.symbol_part(symbol)}@{kind}"
        return self._stop_matching(lambda key: key.startswith(prefix))
