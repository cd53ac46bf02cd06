"""The embedded exchange as a user meets it: ``with Sandbox(seed=7) as exchange:``.

It puts engine and dialects together, owns the clock, and serves them on ports of this machine or to a requests session of
this process. What an order does is decided in :mod:`.engine`, how a venue says it in :mod:`.dialects`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.arguments import checked_accounts, checked_clock, checked_host, checked_port, whole
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance_app import BinanceApp
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.events import Deposit
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.inputs import CandleFiles, load_history
from exchangeclient.serving.app import App, Connection, SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from exchangeclient.serving.host import Host

IN_PROCESS_URL = "http://sandbox.localhost"

_TICK_S = 0.1
_LONGEST_CATCH_UP_US = 60_000_000  # of the machine's own clock, as after a night in which the machine slept
# Play money: so much of each asset for every account, and of the cheap ones more.
_FUNDS = 1_000
_MORE_FUNDS = {"USDT": 10_000_000, "XRP": 1_000_000}


class Session(Protocol):
    """The part of ``requests.Session`` that :meth:`Sandbox.mount` uses."""

    def mount(self, prefix: str, adapter: Any) -> None:
        """Send what begins with ``prefix`` to ``adapter``."""

    @property
    def adapters(self) -> Mapping[str, Any]:
        """What was mounted, by its prefix."""


class Sandbox:
    """An exchange with other traders on it, for as long as the ``with`` block lasts; restartable.

    Its state lives as long as the object: a stopped and started sandbox goes on with the same orders and balances.

    :param seed: the same seed, commands and times make the same market
    :param host: the loopback address to listen on
    :param port: the first venue's port, further ones count up; 0 picks free ones
    :param candles: real history, ``{("ETHBTC", "5m"): path}`` or ``["ETHBTC:5m=path"]``; ``.csv``, ``.csv.gz``, or the ``.zip`` of
        Binance's public dumps. Several files of one symbol and interval (a list of paths, or several texts) are joined in order of
        time; they must not overlap. Trading then goes on from the last close, on the nearest tick
    :param accounts: who may sign in, with play funds each; ``Account("key", "secret")`` when left out
    :param clock: microseconds since the epoch. The other traders then act at every tenth of a second that it passes over, however
        many those are: about fifteen seconds of work for an hour. With the machine's own clock, which is used when this is left
        out, a pause of more than a minute is not made up for
    :raises TypeError: naming the argument that is of a wrong type
    :raises SandboxException: naming what is wrong with the arguments or the files
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        host: str = "127.0.0.1",
        port: int = 0,
        candles: CandleFiles = (),
        accounts: Iterable[Account] | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        whole("seed", seed)
        self._host_name = checked_host(host)
        self._first_port = checked_port(port)
        accounts = checked_accounts(accounts)
        read_us = _machine_us if clock is None else checked_clock(clock)
        history = load_history(candles)
        try:
            exchange = Exchange(
                seed=seed, start_us=read_us(), history=history, longest_catch_up_us=_LONGEST_CATCH_UP_US if clock is None else None
            )
        except ValueError as error:
            raise SandboxException(str(error)) from error
        _fund(exchange, accounts)
        live = LiveExchange(exchange, read_us)
        lock = threading.RLock()
        self._apps: dict[str, _Guarded] = {"binance": _Guarded(BinanceApp(live, accounts), live, lock)}
        self._changing = threading.RLock()  # held by whoever starts or stops it
        self._hosts: list[Host] = []
        self._addresses: dict[str, dict[str, str]] = {}

    # ---- on ports ----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on the ports; returns when they answer. Does nothing when started. From any thread.

        :raises SandboxException: naming the port, when it is in use or may not be opened
        """
        from exchangeclient.serving.host import Host

        with self._changing, ExitStack() as failure:
            if self._hosts:
                return
            failure.callback(self.stop)
            addresses = {}
            for number, (venue, app) in enumerate(self._apps.items()):
                host = Host(app, host=self._host_name, port=self._first_port + number if self._first_port else 0)
                try:
                    host.start()
                except OSError as error:
                    raise SandboxException(f"the sandbox could not start: {error.strerror or error}") from error
                self._hosts.append(host)
                addresses[venue] = _urls(self._host_name, host.port)
            app = next(iter(self._apps.values()))
            self._hosts[0].call_every(_TICK_S, app.advance)  # all venues share one exchange
            self._addresses = addresses
            failure.pop_all()

    def stop(self) -> None:
        """Close the ports and every connection, within a second. Does nothing when stopped. From any thread."""
        with self._changing:
            self._addresses = {}
            while self._hosts:
                self._hosts.pop().stop()

    @property
    def urls(self) -> dict[str, dict[str, str]]:
        """Where each venue is served, in the form that ``Client(environment=...)`` takes.

        :raises SandboxException: when the sandbox is not started
        """
        addresses = self._addresses
        if not addresses:
            raise SandboxException("the sandbox is not started, so it has no addresses")
        return {venue: dict(urls) for venue, urls in addresses.items()}

    # ---- in this process ---------------------------------------------------------------------------------------------

    def mount(self, session: Session) -> dict[str, dict[str, str]]:
        """Serve a requests session of this process without a port; its addresses, in the form of :attr:`urls` (REST only).

        Works whether the sandbox is started or not, from any number of threads. A session serves one sandbox: there is one address.

        :raises SandboxException: when another sandbox was mounted on the session
        """
        from exchangeclient.serving.inprocess import InProcessAdapter

        app = self._apps["binance"]
        present = session.adapters.get(IN_PROCESS_URL)
        if isinstance(present, InProcessAdapter) and present.app is not app:
            raise SandboxException(f"another sandbox is mounted on this session at {IN_PROCESS_URL}; give each a session of its own")
        session.mount(IN_PROCESS_URL, InProcessAdapter(app))
        return {"binance": {"rest": IN_PROCESS_URL}}


class _Guarded:
    """An app that may be called from any thread, on an exchange that has caught up with the clock."""

    def __init__(self, app: App, live: LiveExchange, lock: threading.RLock) -> None:
        self._app = app
        self._live = live
        self._lock = lock

    def advance(self) -> None:
        with self._lock:
            self._live.advance()

    def http(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            self._live.advance()
            return self._app.http(request)

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        with self._lock:
            outcome = self._app.websocket(request)
        return outcome if isinstance(outcome, HttpResponse) else _GuardedSocket(outcome, self._live, self._lock)


class _GuardedSocket:
    """The same for one websocket."""

    def __init__(self, handler: SocketHandler, live: LiveExchange, lock: threading.RLock) -> None:
        self._handler = handler
        self._live = live
        self._lock = lock

    def opened(self, connection: Connection) -> None:
        with self._lock:
            self._handler.opened(connection)

    def received(self, payload: str | bytes) -> None:
        with self._lock:
            self._live.advance()
            self._handler.received(payload)

    def closed(self) -> None:
        with self._lock:
            self._handler.closed()


def _machine_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251 - this host owns the clock


def _urls(host: str, port: int) -> dict[str, str]:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return {"rest": f"http://{address}", "stream": f"ws://{address}", "ws_api": f"ws://{address}/ws-api/v3"}


def _fund(exchange: Exchange, accounts: Iterable[Account]) -> None:
    assets = sorted({asset for each in exchange.instruments.values() for asset in (each.base, each.quote)})
    for account in accounts:
        for asset in assets:
            exchange.execute(Deposit(account.key, asset, _MORE_FUNDS.get(asset, _FUNDS) * UNIT), exchange.now_us)
