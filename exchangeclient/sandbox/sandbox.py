"""The embedded exchange as a user meets it: ``with Sandbox(seed=7) as exchange:``.

It speaks Binance's protocols, OKX's and those of BitMEX (closed since 2026-09-23), each on a port of its own: ``exchange.urls["okx"]`` is
``{"rest": "http://127.0.0.1:port", "stream": "ws://127.0.0.1:port"}``, bare of any path; the stream of BitMEX ends in ``/realtime``. All
are doors to the same markets. In front of them is a gateway that speaks the protocol of the historic 1Token service,
``exchange.urls["onetoken"]``, with the account ``mock-1token``. Where nothing
else is said there is one account, with the key ``key``, the secret ``secret`` and the passphrase ``passphrase``; at each venue it has funds
of its own.

It puts engine and dialects together, owns the clock, and serves them on ports of this machine or to a requests session of
this process. What an order does is decided in :mod:`.engine`, how a venue says it in :mod:`.dialects`; the same commands over HTTP
are :mod:`.control`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox import arguments
from exchangeclient.sandbox.clocks import elapsed_us
from exchangeclient.sandbox.commands import Commands
from exchangeclient.sandbox.control import Control
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.app import BinanceApp
from exchangeclient.sandbox.dialects.binance.trouble import BinanceWords
from exchangeclient.sandbox.dialects.bitmex.app import BitmexApp
from exchangeclient.sandbox.dialects.bitmex.limits import Limits as BitmexLimits
from exchangeclient.sandbox.dialects.bitmex.trouble import BitmexWords
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.dialects.okx.app import OkxApp
from exchangeclient.sandbox.dialects.okx.limits import Limits as OkxLimits
from exchangeclient.sandbox.dialects.okx.trouble import OkxWords
from exchangeclient.sandbox.door import Door
from exchangeclient.sandbox.faults import Fault, Faults
from exchangeclient.sandbox.faults.app import TroubledApp
from exchangeclient.sandbox.inputs import CandleFiles
from exchangeclient.sandbox.onetoken import OnetokenEntrance
from exchangeclient.sandbox.opening import opened
from exchangeclient.sandbox.turns import InTurns
from exchangeclient.serving.app import HostedApp, SlowApp

if TYPE_CHECKING:
    from exchangeclient.serving.host import Host
    from exchangeclient.serving.inprocess import InProcessAdapter

IN_PROCESS_URL = "http://sandbox.localhost"
IN_PROCESS_URLS = {
    "binance": IN_PROCESS_URL,
    "okx": "http://okx.sandbox.localhost",
    "bitmex": "http://bitmex.sandbox.localhost",
}

_TICK_S = 0.1
_LOOK_S = 1.0
# Every 2 s instead of 20, of which an answer may take 6 instead of 60.
_FASTEST_PINGS = 10


class Session(Protocol):
    """The part of ``requests.Session`` that :meth:`Sandbox.mount` uses."""

    def mount(self, prefix: str, adapter: Any) -> None:
        """Send what begins with ``prefix`` to ``adapter``."""

    @property
    def adapters(self) -> Mapping[str, Any]:
        """What was mounted, by its prefix."""


class Sandbox(Commands):
    """An exchange with other traders on it, for as long as the ``with`` block lasts; restartable.

    Its state lives as long as the object: a stopped and started sandbox goes on with the same orders and balances. Every method may
    be called from any thread.

    :param seed: the same seed, commands and times make the same market; with ``state``, whose market goes on by its own, it is only for
        the chances of faults
    :param host: the address to listen on: of loopback, or with a ``token`` any other of this machine
    :param port: the first venue's port, further ones count up; 0 picks free ones
    :param candles: real history, ``{("ETHBTC", "5m"): path}`` or ``["ETHBTC:5m=path"]``; ``.csv``, ``.csv.gz``, or the ``.zip`` of
        Binance's public dumps. Several files of one symbol and interval (a list of paths, or several texts) are joined in order of
        time; they must not overlap. Trading then goes on from the last close, on the nearest tick
    :param accounts: who may sign in, with play funds each; ``Account("key", "secret")`` when left out
    :param clock: microseconds since the epoch, as you say. The other traders then act at every step that it passes over, however
        many those are. With the machine's own clock, which is used when neither this nor ``start`` nor ``speed`` is given, a pause of
        more than a minute is not made up for
    :param legacy: serve also what the venue has retired: listen keys, ``/api/v1`` and the like
    :param limits: ``"enforced"``: who asks too much is refused with 429 and banned with 418, as at the venue; ``"counted"``: nobody
        is; or limits of your own, ``{"weight": 100, "orders_10s": 5}``, by the names in
        :data:`~exchangeclient.sandbox.dialects.binance.limits.LIMITS`, the venue's for the rest
    :param token: what every path has to begin with; needed to listen beyond this machine
    :param start: when it opens, on a clock of its own: a date as text (ISO 8601, UTC unless it says otherwise), a ``datetime`` or
        milliseconds. Now when only ``speed`` is given
    :param speed: how many times as fast that clock runs; 0 stands still until :meth:`advance` moves it. Sockets are pinged as many times
        as often, up to ten times
    :param step: how often the other traders act, in seconds: 0.1, and at a high speed as much coarser as a machine can keep up with. A
        virtual day in steps of 5 s takes some seconds, in steps of 0.1 s some minutes
    :param recordings: files of recorded streams (``.jsonl``, ``.jsonl.gz``, ``.zip``) that drive the books of their symbols instead of
        the other traders
    :param state: a file that :meth:`save` made: the exchange goes on from there, at the time at which it was saved if it had a clock of
        its own. Its accounts and their keys are given again
    :param okx: how OKX's order book channels behave, ``{"snapshot": False}`` (they begin with no snapshot, which has to be asked of REST)
        or ``{"checksum": True}`` (they carry real ones, where the venue has sent 0 since 2026-06-23)
    :param bitmex: how BitMEX behaves, ``{"wire": "2021"}`` (the tables of the older generation; ``"2023"`` when left out) or
        ``{"strict": True}`` (parameters that it does not know are refused, which the venue ignored)
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
        legacy: bool = False,
        limits: str | Mapping[str, int] = "enforced",
        token: str | None = None,
        start: str | datetime | int | None = None,
        speed: float | None = None,
        step: float | None = None,
        recordings: Iterable[str | Path] = (),
        state: str | Path | None = None,
        okx: Mapping[str, bool] | None = None,
        bitmex: Mapping[str, Any] | None = None,
    ) -> None:
        arguments.whole("seed", seed)
        self._token = arguments.checked_token(token)
        self._host_name = arguments.checked_host(host, behind_token=token is not None)
        self._first_port = arguments.checked_port(port)
        legacy = arguments.checked_flag("legacy", legacy)
        counters = arguments.checked_limits(limits)
        accounts = arguments.checked_accounts(accounts)
        market = opened(seed=seed, candles=candles, recordings=recordings, clock=clock, start=start, speed=speed, step=step, state=state)
        books, manners = arguments.checked_okx(okx), arguments.checked_bitmex(bitmex)
        live = LiveExchange(market.exchange, market.clock)
        faults = Faults(seed=seed, now=lambda: elapsed_us() / 1e6)  # troubles of the wire go by the machine's time
        binance = BinanceApp(live, accounts, limits=counters, legacy=legacy, memory=market.binance)
        other = OkxApp(live, binance.venue.gate, limits=OkxLimits(enforced=limits != "counted"), books=books)
        connects = 720 if manners.wire == "2023" else 40
        counted = BitmexLimits(enforced=limits != "counted", connects=connects)
        historic = BitmexApp(live, binance.venue.gate, limits=counted, manners=manners, memory=market.bitmex)
        super().__init__(live, binance.venue, other.venue, historic.venue, clock=market.clock, step_us=market.step_us, faults=faults)
        self.skew_ms = market.skew_ms
        self._fund(accounts)
        self._apps: dict[str, SlowApp] = {
            "binance": TroubledApp(InTurns(binance, self._turns), faults, BinanceWords(binance.venue, self._turns)),
            "okx": TroubledApp(InTurns(other, self._turns), faults, OkxWords(other.venue, self._turns)),
            "bitmex": TroubledApp(InTurns(historic, self._turns), faults, BitmexWords(historic.venue, self._turns)),
        }
        self._onetoken = OnetokenEntrance(accounts, token, lambda: self._addresses)
        self._changing = threading.RLock()  # held by whoever starts or stops it
        self._hosts: list[Host] = []
        self._mounted: dict[str, InProcessAdapter] = {}
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
        with self._changing, ExitStack() as failure:
            if self._hosts:
                return
            failure.callback(self.stop)
            addresses = {}
            for number, (venue, app) in enumerate(self._apps.items()):
                host = self._listening(self._entrance(app), number)
                addresses[venue] = _urls(venue, self._host_name, host.port, self._token)
            self._hosts[0].call_every(_TICK_S, self._turns.pass_by)  # all venues share one exchange
            self._addresses = dict(addresses)
            self._addresses["onetoken"] = self._start_onetoken(len(addresses))
            failure.pop_all()

    def _listening(self, app: HostedApp, number: int) -> Host:
        """A host that is started, on the port whose turn it is."""
        from exchangeclient.serving.host import Host

        port = self._first_port + number if self._first_port else 0
        host = Host(app, host=self._host_name, port=port, pace=self._pace)
        try:
            host.start()
        except OSError as error:
            raise SandboxException(f"the sandbox could not start: {error.strerror or error}") from error
        self._hosts.append(host)
        return host

    def _entrance(self, app: SlowApp) -> SlowApp:
        """What a port leads to: the venue and the sandbox's own endpoints, behind the token if there is one."""
        if self._token is None:
            return Control(self, app)
        return Door(Control(self, app, behind_token=True), self._token)

    def _start_onetoken(self, number: int) -> dict[str, str]:
        """Have the gateway's port open; where its REST part and its sockets begin."""
        host = self._listening(self._onetoken, number)
        host.call_every(_LOOK_S, self._onetoken.look)
        self._onetoken.start()
        bare = _urls("onetoken", self._host_name, host.port, self._token)
        return {"rest": f"{bare['rest']}/api/v1", "stream": f"{bare['stream']}/api/v1/ws"}

    def _pace(self) -> float:
        """How many times as often as at the venue its sockets are pinged. Who answers lives by the machine's time, which bounds it."""
        return min(max(self.speed or 1, 1), _FASTEST_PINGS)

    def stop(self) -> None:
        """Close the ports and every connection, within a second. Does nothing when stopped. From any thread."""
        with self._changing:
            self._onetoken.stop()
            self._addresses = {}
            while self._hosts:
                self._hosts.pop().stop()

    @property
    def urls(self) -> dict[str, dict[str, str]]:
        """Where each venue is served, in the form that ``Client(environment=...)`` takes; with the token, if there is one.

        :raises SandboxException: when the sandbox is not started
        """
        addresses = self._addresses
        if not addresses:
            raise SandboxException("the sandbox is not started, so it has no addresses")
        return {venue: dict(urls) for venue, urls in addresses.items()}

    def fault(self, kind: str, /, **options: Any) -> Fault:
        """Make trouble on purpose, as :meth:`Commands.fault`; open sockets are in it when this returns."""
        fault = super().fault(kind, **options)
        for host in list(self._hosts):
            host.settle()
        return fault

    # ---- in this process ---------------------------------------------------------------------------------------------

    def mount(self, session: Session) -> dict[str, dict[str, str]]:
        """Serve a requests session of this process without a port; its addresses, in the form of :attr:`urls` (REST only).

        Works whether the sandbox is started or not, from any number of threads. A session serves one sandbox: there is one address for
        each venue.

        :raises SandboxException: when another sandbox was mounted on the session
        """
        from exchangeclient.serving.inprocess import InProcessAdapter

        present = session.adapters.get(IN_PROCESS_URL)
        if present is not None and present not in self._mounted.values():
            raise SandboxException(f"another sandbox is mounted on this session at {IN_PROCESS_URL}; give each a session of its own")
        for venue, app in self._apps.items():
            adapter = self._mounted.setdefault(venue, InProcessAdapter(Control(self, app)))
            session.mount(IN_PROCESS_URLS[venue], adapter)
        return {venue: {"rest": url} for venue, url in IN_PROCESS_URLS.items()}


def _urls(venue: str, host: str, port: int, token: str | None) -> dict[str, str]:
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - whoever listens everywhere is reached here too
    address = f"[{near}]:{port}" if ":" in near else f"{near}:{port}"
    path = "" if token is None else f"/{token}"
    urls = {"rest": f"http://{address}{path}", "stream": f"ws://{address}{path}"}
    if venue == "bitmex":
        return {**urls, "stream": f"{urls['stream']}/realtime"}
    return {**urls, "ws_api": f"{urls['stream']}/ws-api/v3"} if venue == "binance" else urls
