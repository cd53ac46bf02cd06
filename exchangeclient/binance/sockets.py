"""The socket manager: ``start_depth_socket``, ``start_kline_socket``, ``start_user_socket`` ... and their stop calls.

What the streams say is :mod:`~exchangeclient.binance.streams`'s, connections and threads are :mod:`exchangeclient.core.sockets`'s.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal

from exchangeclient.binance import streams
from exchangeclient.binance.client import Client
from exchangeclient.binance.signing import sign_wsapi
from exchangeclient.binance.streams import STREAMS_PER_CONNECTION, StreamSession, UserDataSession
from exchangeclient.core import reactor
from exchangeclient.core.callbacks import MARKET_LIMIT, CallbackThread, EventLine, SignalLine
from exchangeclient.core.session import SocketSession
from exchangeclient.core.sockets import Delivery, SocketGroup, SocketOptions
from exchangeclient.exceptions import SocketException

Callback = Callable[[Any], Any]
Key = str | Literal[False]

USER_KEY = "user"
TICKER_KEY = "!ticker@arr"  # the stream of this name is retired; what it sent lives on under its key
# The venue sends a symbol's ticker once a second at most. Those that come together make one list, and a list as good as a second.
_GATHER_S = 0.2
_SPACING_S = 0.8


class SocketManager(SocketGroup):
    """Streams to callbacks. Attach sockets before or after :meth:`start`; :meth:`close` ends and forgets all of them.

    Callbacks run one at a time, in order, on a thread of the manager; a coroutine function is run to its end there. An exception in
    one is logged and the feed goes on. Lost connections are made again for as long as it takes. Each ``start_...`` returns a key for
    :meth:`stop_socket`, or False when that stream is open already. If the venue refuses a stream for good, its callback gets
    ``{'e': 'error', 'm': ...}``.

    May be started and closed any number of times, from any thread. Between the two the program stays alive, also when its script has
    come to its end, until Ctrl-C. A program that catches Ctrl-C itself, or ends by ``sys.exit()``, calls :meth:`close` before it
    ends, which leaving a ``with`` block does too; otherwise it goes on. (One that runs Twisted's reactor itself ends with that.)

    Symbols may be written in any case: the names of streams have them in lower case.

    :param client: hosts, keys, proxies and TLS settings are taken from it
    :param user_timeout: accepted for scripts of the python-binance line; nothing has to be kept alive any more
    :param keep_alive: False lets the program end although there are open sockets
    """

    def __init__(self, client: Client, user_timeout: float | None = None, *, keep_alive: bool = True) -> None:  # noqa: ARG002 - see above
        check_client(client)
        super().__init__("exchangeclient", keep_alive=keep_alive, options=_route(client))
        self._client = client

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

    def start_depth_socket(self, symbol: str, callback: Callback, depth: int | str | None = None, interval: int | None = None) -> Key:
        """The changes of a symbol's order book, ``<symbol>@depth``; a :class:`DepthCacheManager` makes a book of them.

        :param depth: 5, 10 or 20: instead of changes, the best levels
        :param interval: milliseconds between two messages, 1000 (also when left out) or 100
        """
        return self._start(streams.depth_name(symbol, depth, interval), callback)

    def start_kline_socket(self, symbol: str, callback: Callback, interval: str = "1m") -> Key:
        """The current candle of a symbol whenever it changes, ``<symbol>@kline_<interval>``; ``k.x`` is True in its last message."""
        return self._start(streams.kline_name(symbol, interval), callback)

    def start_trade_socket(self, symbol: str, callback: Callback) -> Key:
        """Every trade of a symbol by itself, ``<symbol>@trade``."""
        return self._start(streams.trade_name(symbol), callback)

    def start_aggtrade_socket(self, symbol: str, callback: Callback) -> Key:
        """The trades of a symbol, those of one order at one price together, ``<symbol>@aggTrade``."""
        return self._start(streams.aggtrade_name(symbol), callback)

    def start_symbol_ticker_socket(self, symbol: str, callback: Callback) -> Key:
        """The 24-hour figures of one symbol, ``<symbol>@ticker``, about once a second when they change."""
        return self._start(streams.ticker_name(symbol), callback)

    def start_ticker_socket(self, callback: Callback, symbols: Iterable[str] | None = None) -> Key:
        """The 24-hour figures of all symbols: about once a second one *list* with the tickers of those that changed.

        The venue retired its stream of all tickers on 2026-03-26. This is composed from ``<symbol>@ticker`` of the trading symbols,
        over as many connections as the venue's limit of streams asks for, and counts as one socket. Each ticker is in one of the lists;
        but of several of one symbol that arrive at once, or while the callback is busy, the newest alone. A final refusal comes as a
        list too: ``[{'e': 'error', 'm': ...}]``.

        :param symbols: these only; otherwise all that are trading now, which is asked of the venue (so it blocks for one call)
        """
        _check_callback(callback)
        if self.is_open(TICKER_KEY):
            return False
        listed = self._trading_symbols() if symbols is None else _symbol_list(symbols)
        names = list(dict.fromkeys(map(streams.ticker_name, listed)))
        starts = range(0, len(names), STREAMS_PER_CONNECTION)
        sessions = [StreamSession(self._client.hosts.stream, names[start : start + STREAMS_PER_CONNECTION]) for start in starts]
        return self.attach(TICKER_KEY, sessions, lambda callbacks: TickerBoard(callbacks, callback))

    def start_user_socket(self, callback: Callback) -> Key:
        """The account's own events, as they are documented for the user data stream.

        Account update: ``e`` is ``outboundAccountPosition``. Order update: ``executionReport``. Trade update: ``executionReport``
        with ``x`` = ``TRADE``. None of them is ever dropped.

        :raises ValueError: when the client has no key to sign with
        """
        _check_callback(callback)
        client, credentials = self._client, self._client.credentials
        if credentials is None:
            raise ValueError("client must have an API key and its secret for the user socket")
        session = UserDataSession(client.hosts.ws_api, lambda: sign_wsapi({"timestamp": client.clock.now_ms()}, credentials))
        return self._deliver(USER_KEY, session, callback, limit=None)

    def stop_depth_socket(self, symbol: str) -> bool:
        """End the depth sockets of a symbol; True when there was one."""
        return self._stop_streams(symbol, "depth")

    def stop_kline_socket(self, symbol: str) -> bool:
        """End the kline sockets of a symbol, whatever their intervals; True when there was one."""
        return self._stop_streams(symbol, "kline_")

    def stop_trade_socket(self, symbol: str) -> bool:
        """End the trade socket of a symbol; True when there was one."""
        return self.stop_socket(streams.trade_name(symbol))

    def stop_aggtrade_socket(self, symbol: str) -> bool:
        """End the aggregated trade socket of a symbol; True when there was one."""
        return self.stop_socket(streams.aggtrade_name(symbol))

    def stop_symbol_ticker_socket(self, symbol: str) -> bool:
        """End the ticker socket of one symbol; True when there was one."""
        return self.stop_socket(streams.ticker_name(symbol))

    def stop_ticker_socket(self) -> bool:
        """End the socket of all tickers; True when there was one."""
        return self.stop_socket(TICKER_KEY)

    def stop_user_socket(self) -> bool:
        """End the user socket; True when there was one."""
        return self.stop_socket(USER_KEY)

    def _start(self, name: str, callback: Callback) -> Key:
        _check_callback(callback)
        return self._deliver(name, StreamSession(self._client.hosts.stream, [name]), callback, limit=MARKET_LIMIT)

    def _deliver(self, key: str, session: SocketSession, callback: Callback, *, limit: int | None) -> Key:
        def listener(callbacks: CallbackThread) -> Delivery:
            return Delivery(EventLine(callbacks, callback, session.decode, name=session.name, limit=limit), streams.error_event)

        return self.attach(key, [session], listener)

    def _stop_streams(self, symbol: str, kind: str) -> bool:
        prefix = f"{streams.symbol_part(symbol)}@{kind}"
        return self._stop_matching(lambda key: key.startswith(prefix))

    def _trading_symbols(self) -> list[str]:
        reactor.forbid_blocking("start_ticker_socket() without symbols")
        listed = self._client.get_exchange_info()["symbols"]
        return [entry["symbol"] for entry in listed if entry["status"] == "TRADING"]


class TickerBoard:
    """Gathers the tickers that come together, and hands them over as one list, about once a second.

    Should a symbol's next ticker come before, what was gathered goes first.
    """

    def __init__(self, callbacks: CallbackThread, callback: Callback) -> None:
        self._gathered: dict[str, dict[str, Any]] = {}  # touched by the reactor's thread alone
        self._timer: reactor.DelayedCall | None = None
        self._handed_over_at = float("-inf")
        self._lock = threading.Lock()
        self._due: dict[str, dict[str, Any]] = {}
        self._line = SignalLine(callbacks, partial(self._call, callbacks, callback))

    def connected(self) -> None:
        """Nothing to tell."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """Gather the tickers."""
        loop = reactor.running()
        for event in map(streams.ticker_event, payloads):
            if event is None:
                continue
            if event["s"] in self._gathered:
                self._hand_over()
            self._gathered[event["s"]] = event
        if self._gathered and self._timer is None:
            wait_s = max(_GATHER_S, self._handed_over_at + _SPACING_S - loop.seconds())
            self._timer = loop.callLater(wait_s, self._hand_over)

    def lost(self, reason: str) -> None:
        """Nothing to tell: it comes again, and the log says so."""

    def failed(self, error: SocketException) -> None:
        """Tell the callback, as one more entry of the list."""
        self._gathered[""] = streams.error_event(str(error))
        self._hand_over()

    def close(self) -> None:
        """Hand over nothing more."""
        self._line.close()

    def _hand_over(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self._handed_over_at = reactor.running().seconds()
        with self._lock:
            self._due.update(self._gathered)
        self._gathered = {}
        self._line.signal()

    def _call(self, callbacks: CallbackThread, callback: Callback) -> None:
        with self._lock:
            due, self._due = self._due, {}
        if due:
            callbacks.call(callback, list(due.values()))


def check_client(client: object) -> None:
    """Refuse what is no client, by name.

    :raises TypeError: naming the argument
    """
    if not isinstance(client, Client):
        raise TypeError(f"client must be a Client, not {type(client).__name__}")


def _check_callback(callback: object) -> None:
    if not callable(callback):
        raise TypeError(f"callback must be callable, but is {type(callback).__name__}")


def _symbol_list(symbols: Iterable[str]) -> list[str]:
    if isinstance(symbols, str) or not isinstance(symbols, Iterable):
        raise TypeError(f"symbols must be a list of symbols, not one {type(symbols).__name__}")
    listed = list(symbols)
    if not listed:
        raise ValueError("symbols must name at least one symbol")
    return listed


def _route(client: Client) -> SocketOptions:
    """The client's way to the venue: its proxy and its certificate authorities."""
    address = client.hosts.stream
    if not address.startswith("wss"):
        return SocketOptions()
    route = client.route(address.replace("wss", "https", 1))
    return SocketOptions(ca_bundle=route.ca_bundle, proxy=route.proxy, proxy_from=_where_from(client, route.proxy))


def _where_from(client: Client, proxy: str | None) -> str:
    """Who set the proxy, for a person who has to change it."""
    if proxy in client.session.proxies.values():
        return "client.session.proxies"
    named = (name for name, value in os.environ.items() if name.lower().endswith("_proxy") and value == proxy)
    variable = next(named, None)
    return "the client's requests_params or the system's settings" if variable is None else f"the environment variable {variable}"
