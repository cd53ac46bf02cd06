"""The OKX client: composes the declared endpoints with hosts, credentials, order guard and transport.

Making one makes no network call. It can be shared by threads, since it keeps nothing of a call but each thread's own last answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from exchangeclient.core.calling.call import Venue
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.client import BaseClient, check_flags, check_paths
from exchangeclient.core.feeds.socket_transport import SocketTransport
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Request
from exchangeclient.core.http.transport import BODY_LIMIT
from exchangeclient.core.process.clock import Clock
from exchangeclient.core.protocol.questions import Questions
from exchangeclient.core.protocol.session import Wishes
from exchangeclient.market.rules import Rounding
from exchangeclient.okx import envelope, errors, hosts, limits, signing, wsapi
from exchangeclient.okx.doubts import Doubts
from exchangeclient.okx.history import History
from exchangeclient.okx.orders import OrderGuard, OrderHelpers
from exchangeclient.okx.rest import Account, AlgoOrders, Funding, PublicData, SubAccounts
from exchangeclient.okx.wscalls import WsCalls

if TYPE_CHECKING:
    from exchangeclient.core.feeds.iteration import EventStream
    from exchangeclient.core.wire.dialing import SocketOptions

_DEMO: Final = {"x-simulated-trading": "1"}


def _server_time(answer: Any) -> int:
    match answer:
        case {"ts": str(time)} if time.isascii() and time.isdigit() and len(time) == 13:
            return int(time)
    raise ValueError("the answer of the venue tells no time")


def _sign(guard: OrderGuard, request: Request, base: str, credentials: Credentials | None) -> Message:
    if request.host == wsapi.HOST:
        return wsapi.message(request, base, guard.code_of)
    return signing.sign(request, base, credentials)


VENUE: Final = Venue(
    "okx",
    stamp=signing.stamp,
    sign=signing.sign,
    refusal=errors.refusal,
    time=declaration(PublicData.get_server_time).request((), {}),
    read_time=_server_time,
    unwrap=envelope.unwrap,
)


class Client(BaseClient, History, OrderHelpers, WsCalls, AlgoOrders, Account, Funding, SubAccounts, PublicData):
    """Blocking access to OKX.

    A call answers with ``data`` of the venue's envelope: a list of rows, or the row itself where there is never more than one.

    :param api_key: needed for orders and the account; market data needs no key
    :param api_secret: its secret
    :param passphrase: its passphrase
    :param requests_params: ``timeout`` (seconds for a whole call, 10 when left out, or a tuple of connect and read), ``proxies``,
        ``verify`` (path of a CA bundle), ``cert``, ``headers``; also a keyword of every call
    :param environment: ``"live"``, ``"eea"``, ``"us"`` (the region where the key was made), ``"aws"``, ``"demo"``, ``"eea-demo"``,
        ``"us-demo"``, a base URL, or ``{"rest": ..., "stream": ...}``, such as a sandbox's ``urls["okx"]``
    :param demo: True for demo trading there; its keys are others
    :param ping: True asks for the venue's time at once
    :param verbose: True prints a line for each call, without key and signature, or logs it where the program logs
    :param clock: what calls are stamped with; when left out the venue's time, as far as it is known from here
    :param body_limit: bytes of an answer past which it is refused
    :param settle_timeout: seconds for which the venue is asked after an order whose answer was lost
    :param ledger: path of a file by which processes of this machine keep to one budget, see :meth:`limits`; to share it they all name it
    :param journal: path of a file in which orders are noted until their fate is known, see :meth:`undecided_orders`
    :raises TypeError: for an argument of a wrong type, naming it
    :raises ValueError: for a wrong value, naming the argument

    :ivar venue: ``"okx"``
    :ivar hosts: the addresses in use (:class:`~exchangeclient.okx.hosts.Hosts`); socket managers connect to the same
    :ivar credentials: the key, able to sign and unable to show its secret; None without a key
    :ivar clock: see the parameter
    :ivar verbose: see the parameter
    :ivar logger: where the line for each call goes; the same for every client of the process
    """

    venue: ClassVar[str] = "okx"

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        passphrase: str | None = None,
        requests_params: Mapping[str, Any] | None = None,
        *,
        environment: str | Mapping[str, str] | None = None,
        demo: bool = False,
        ping: bool = False,
        verbose: bool = False,
        clock: Clock | None = None,
        body_limit: int = BODY_LIMIT,
        settle_timeout: float = 30.0,
        ledger: str | Path | None = None,
        journal: str | Path | None = None,
    ) -> None:
        check_flags(demo=demo, ping=ping, verbose=verbose)
        check_paths(ledger=ledger, journal=journal)
        self.hosts = hosts.choose(environment, demo=demo)
        super().__init__(
            self.hosts.rest,
            counted_at=hosts.counted_at(self.hosts.rest),
            limits=limits.DOCUMENTED,
            credentials=_credentials(api_key, api_secret, passphrase),
            options=Options().having({"headers": _DEMO} if self.hosts.demo else None).having(requests_params),
            clock=clock,
            body_limit=body_limit,
            settle_timeout=settle_timeout,
            ledger=ledger,
            verbose=verbose,
        )
        self._guard: OrderGuard = OrderGuard(self.clock, self._noted(Doubts, journal))
        self._orders_socket = SocketTransport(self._orders_session, way=self._orders_way, read=wsapi.response, clock=self.clock)
        self._caller = self._calling(
            replace(VENUE, sign=partial(_sign, self._guard)),
            self._guard,
            {"rest": self.hosts.rest, wsapi.HOST: self.hosts.stream},
            {wsapi.HOST: self._orders_socket},
        )
        if ping:
            self.ping()

    def _orders_session(self, questions: Questions) -> wsapi.OrderSession:
        credentials, clock = self.credentials, self.clock
        assert credentials is not None  # noqa: S101 - without a key no order comes so far
        return wsapi.OrderSession(self.hosts.stream, questions, lambda: signing.login(credentials, clock.now_ms()))

    def _orders_way(self) -> SocketOptions:
        from exchangeclient.okx.socket_way import way_to

        return self._carrying(way_to(self.hosts.stream, self))

    def ping(self) -> None:
        """Do nothing when the venue can be reached; it is asked for its time.

        :raises ExchangeRequestException: when there was no usable answer
        """
        self.get_server_time()

    def quantize_order(self, *, rounding: Rounding = "passive", **order: Any) -> dict[str, Any]:
        """An order with its figures brought to the nearest that the instrument's rules allow: ready for :meth:`create_order`.

        A quantity is cut down to the lot and to the maximum, never raised. A price is moved to the tick away from the market, down to
        buy and up to sell, so that the order never becomes dearer than it was meant.
        Asks the venue for the rules only when none are at hand that are younger than a minute.

        :param rounding: ``"aggressive"`` moves the price towards the market
        :param order: the keywords of :meth:`create_order`; a limit order without ``ordType``
        :raises OrderException: when the order breaks a rule even so; ``.nearest`` says what would not
        :raises TypeError: when something that its type needs is missing
        :raises ValueError: for a ``rounding`` that there is not, or a figure that is no number
        """
        return self._guard.quantize(order, rounding, self._caller.errand(order.get("requests_params")))

    def stream(self, streams: str | Iterable[str], *, timeout: float | None = None) -> EventStream:
        """The messages of market streams, to iterate over: ``for message in client.stream("trades:BTC-USDT", timeout=5)``.

        The connection is this iteration's own, made when the first message is waited for, and read on the thread that iterates: no
        other thread and no reactor takes part. When it breaks another one is made. ``with client.stream(...) as messages:`` closes it.

        :param streams: the name of one or a list of names, all of ``public`` or all of ``business`` channels
        :param timeout: seconds to wait for each message; None: as long as it takes
        :raises SocketTimeoutException: when none comes in time; the stream goes on, and the next one can be waited for
        :raises SocketException: when the venue refuses it
        """
        from exchangeclient.core.feeds.blocking import BlockingStream
        from exchangeclient.okx import stream_names
        from exchangeclient.okx.socket_way import ITERATED_ATTEMPTS, way_to
        from exchangeclient.okx.streams import StreamSession

        names = stream_names.stream_list([streams] if isinstance(streams, str) else streams)
        session = StreamSession(self.hosts.stream, stream_names.door_of_all(names), Wishes(names))
        return BlockingStream(session, options=way_to(self.hosts.stream, self, attempts=ITERATED_ATTEMPTS), timeout=timeout)

    def close(self) -> None:
        """Close the connections that are kept open. The client can still be used; it opens new ones."""
        super().close()
        self._orders_socket.close()

    def __repr__(self) -> str:
        key = "no key" if self.credentials is None else repr(self.credentials)
        return f"<Client {self.hosts.rest}{' demo' if self.hosts.demo else ''} {key}>"


def _credentials(api_key: str | None, api_secret: str | None, passphrase: str | None) -> Credentials | None:
    if not api_key:
        if api_secret or passphrase:
            raise ValueError("api_key is missing: a secret alone signs nothing")
        return None
    if not api_secret:
        raise ValueError("api_secret is missing")
    if not passphrase:
        raise ValueError("passphrase is missing: it was chosen when the key was made")
    return Credentials.from_secret(api_key, api_secret, passphrase)
