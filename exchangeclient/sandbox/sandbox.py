"""The embedded exchange as a user meets it: ``with Sandbox(seed=7) as exchange:``.

It puts engine and dialects together, owns the clock, and serves them on ports of this machine or to a requests session of
this process. What an order does is decided in :mod:`.engine`, how a venue says it in :mod:`.dialects`.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance_app import BinanceApp
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.events import Deposit
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.inputs import CandleKey, load_history, parse_candles
from exchangeclient.serving.app import App, Connection, SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from exchangeclient.serving.host import Host

DEFAULT_ACCOUNT = Account("key", "secret")
IN_PROCESS_URL = "http://sandbox.localhost"

_TICK_S = 0.1
_LAST_PORT = 65_535
# Play money: so much of each asset for every account, and of the cheap ones more.
_FUNDS = 1_000
_MORE_FUNDS = {"USDT": 10_000_000, "XRP": 1_000_000}


class Session(Protocol):
    """The part of ``requests.Session`` that :meth:`Sandbox.mount` uses."""

    def mount(self, prefix: str, adapter: Any) -> None:
        """Send what begins with ``prefix`` to ``adapter``."""


class Sandbox:
    """An exchange with other traders on it, for as long as the ``with`` block lasts; restartable.

    Its state lives as long as the object: a stopped and started sandbox goes on with the same orders and balances.

    :param seed: the same seed, commands and times make the same market
    :param host: the loopback address to listen on
    :param port: the first venue's port, further ones count up; 0 picks free ones
    :param candles: real history, ``{("ETHBTC", "5m"): path}`` or ``["ETHBTC:5m=path"]``; ``.csv``, ``.csv.gz``, or the ``.zip`` of
        Binance's public dumps. Trading then goes on from the last close
    :param accounts: who may sign in, with play funds each; ``Account("key", "secret")`` when left out
    :param clock: microseconds since the epoch; the machine's own when left out
    :raises SandboxException: naming what is wrong with the arguments or the files
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        host: str = "127.0.0.1",
        port: int = 0,
        candles: Mapping[CandleKey, str | Path] | Iterable[str] = (),
        accounts: Sequence[Account] | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        _check_loopback(host)
        if not 0 <= port <= _LAST_PORT:
            raise SandboxException(f"the port must be from 0 to {_LAST_PORT}, not {port}")
        self._host_name = host
        self._first_port = port
        self._clock = clock or _machine_us
        accounts = _checked_accounts(accounts)
        history = load_history(candles if isinstance(candles, Mapping) else dict(map(parse_candles, candles)))
        try:
            exchange = Exchange(seed=seed, start_us=self._clock(), history=history)
        except ValueError as error:
            raise SandboxException(str(error)) from error
        _fund(exchange, accounts)
        live = LiveExchange(exchange, self._clock)
        lock = threading.RLock()
        self._apps: dict[str, _Guarded] = {"binance": _Guarded(BinanceApp(live, accounts), live, lock)}
        self._hosts: dict[str, Host] = {}

    # ---- on ports ----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on the ports; returns when they answer. Does nothing when started.

        :raises SandboxException: naming the port, when it is in use or may not be opened
        """
        if self._hosts:
            return
        from exchangeclient.serving.host import Host

        try:
            for number, (venue, app) in enumerate(self._apps.items()):
                host = Host(app, host=self._host_name, port=self._first_port + number if self._first_port else 0)
                host.start()
                self._hosts[venue] = host
        except OSError as error:
            self.stop()
            raise SandboxException(f"the sandbox could not start: {error.strerror or error}") from error
        app = next(iter(self._apps.values()))
        next(iter(self._hosts.values())).call_every(_TICK_S, app.advance)  # all venues share one exchange

    def stop(self) -> None:
        """Close the ports and every connection, within a second. Does nothing when stopped."""
        hosts, self._hosts = self._hosts, {}
        for host in hosts.values():
            host.stop()

    @property
    def urls(self) -> dict[str, dict[str, str]]:
        """Where each venue is served, in the form that ``Client(environment=...)`` takes.

        :raises SandboxException: when the sandbox is not started
        """
        if not self._hosts:
            raise SandboxException("the sandbox is not started, so it has no addresses")
        return {venue: _urls(self._host_name, host.port) for venue, host in self._hosts.items()}

    # ---- in this process ---------------------------------------------------------------------------------------------

    def mount(self, session: Session) -> dict[str, dict[str, str]]:
        """Serve a requests session of this process without a port; its addresses, in the form of :attr:`urls` (REST only).

        Works whether the sandbox is started or not, from any number of threads.
        """
        from exchangeclient.serving.inprocess import InProcessAdapter

        session.mount(IN_PROCESS_URL, InProcessAdapter(self._apps["binance"]))
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


def _check_loopback(host: str) -> None:
    try:
        inside = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise SandboxException(f"the sandbox listens on a loopback address such as 127.0.0.1 only, not on {host!r}: its keys are play keys")


def _checked_accounts(accounts: Sequence[Account] | None) -> Sequence[Account]:
    accounts = (DEFAULT_ACCOUNT,) if accounts is None else accounts
    keys = [account.key for account in accounts]
    for key in keys:
        if keys.count(key) > 1:
            raise SandboxException(f"two accounts have the key {key!r}")
    return accounts


def _fund(exchange: Exchange, accounts: Iterable[Account]) -> None:
    assets = sorted({asset for each in exchange.instruments.values() for asset in (each.base, each.quote)})
    for account in accounts:
        if exchange.has_account(account.key):
            raise SandboxException(f"the key {account.key!r} is the name of one of the exchange's own traders")
        for asset in assets:
            exchange.execute(Deposit(account.key, asset, _MORE_FUNDS.get(asset, _FUNDS) * UNIT), exchange.now_us)
