"""The BitMEX client: composes the declared endpoints with hosts, credentials, order guard and transport.

The venue closed on 2026-09-23; the client works at the embedded exchange, and at any address of yours. Making one makes no network call.
It can be shared by threads, since it keeps nothing of a call but each thread's own last answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from exchangeclient.bitmex import envelope, errors, hosts, limits, signing
from exchangeclient.bitmex.doubts import Doubts
from exchangeclient.bitmex.history import History
from exchangeclient.bitmex.orders import OrderGuard, OrderHelpers
from exchangeclient.bitmex.rest import Account, PublicData
from exchangeclient.core.calling.call import Venue
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.client import BaseClient, check_flags, check_paths
from exchangeclient.core.http.deadline import Attempt
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Kind, Message, Request, Response
from exchangeclient.core.http.transport import BODY_LIMIT, Parcel, Terms
from exchangeclient.core.process.clock import Clock
from exchangeclient.core.protocol.session import Wishes
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.market.rules import Rounding

if TYPE_CHECKING:
    from exchangeclient.core.feeds.iteration import EventStream


def _server_time(answer: Any) -> int:
    match answer:
        case {"timestamp": int(time)} if 10**12 <= time < 10**13:
            return time
    raise ValueError("the answer of the venue tells no time")


VENUE: Final = Venue(
    "bitmex",
    stamp=signing.stamp,
    sign=signing.sign,
    refusal=errors.refusal,
    time=declaration(PublicData.get_server_time).request((), {}),
    read_time=_server_time,
    unwrap=envelope.unwrap,
    keyed=signing.keyed,
)


class Client(BaseClient, History, OrderHelpers, Account):
    """Blocking access to BitMEX's API v1, which the embedded exchange speaks.

    A call answers with the venue's JSON: a list of rows or an object.

    :param api_key: needed for orders and the account; market data needs no key, but with one there are four times as many calls
    :param api_secret: its secret
    :param requests_params: ``timeout`` (seconds for a whole call, 10 when left out, or a tuple of connect and read), ``proxies``,
        ``verify`` (path of a CA bundle), ``cert``, ``headers``; also a keyword of every call
    :param environment: a sandbox's ``urls["bitmex"]``, ``"local"`` (``exchangeclient sandbox`` on this machine, at its usual port), a base
        URL, ``{"rest": ..., "stream": ...}``; ``"mainnet"``, which is meant when nothing is said, and ``"testnet"`` are historic: a call
        there ends with an error that says so, and nothing is sent
    :param ping: True asks for the venue's time at once
    :param verbose: True prints a line for each call, without key and signature, or logs it where the program logs
    :param clock: what calls are stamped with; when left out the venue's time, as far as it is known from here
    :param body_limit: bytes of an answer past which it is refused
    :param settle_timeout: seconds for which the venue is asked after an order whose answer was lost
    :param ledger: path of a file by which processes of this machine keep to one budget, see :meth:`limits`; to share it they all name it
    :param journal: path of a file in which orders are noted until their fate is known, see :meth:`undecided_orders`
    :param demo: True is ``environment="testnet"`` when no other is named
    :raises TypeError: for an argument of a wrong type, naming it
    :raises ValueError: for a wrong value, naming the argument

    :ivar venue: ``"bitmex"``
    :ivar hosts: the addresses in use (:class:`~exchangeclient.bitmex.hosts.Hosts`); socket managers connect to the same
    :ivar credentials: the key, able to sign and unable to show its secret; None without a key
    :ivar clock: see the parameter
    :ivar verbose: see the parameter
    :ivar logger: where the line for each call goes; the same for every client of the process
    """

    venue: ClassVar[str] = "bitmex"

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
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
            counted_at=self.hosts.rest,
            limits=limits.DOCUMENTED,
            credentials=_credentials(api_key, api_secret),
            options=Options().having(requests_params),
            clock=clock,
            body_limit=body_limit,
            settle_timeout=settle_timeout,
            ledger=ledger,
            verbose=verbose,
        )
        self._guard: OrderGuard = OrderGuard(self.clock, self._noted(Doubts, journal))
        closed = hosts.closure(self.hosts.rest)
        carriers = {"rest": _Closed(closed)} if closed else None
        self._caller = self._calling(VENUE, self._guard, {"rest": self.hosts.rest}, carriers)
        if ping:
            self.ping()

    def _call(self, request: Request) -> Any:
        """Carry a call. A cancellation waits for its budget, which is there again within a second, where an order would be refused."""
        if request.kind is Kind.CANCEL and isinstance(request.options, Mapping):
            request = replace(request, options={"when_limited": "wait", **request.options})
        return super()._call(request)

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
        """The messages of topics, to iterate over: ``for message in client.stream("trade:XBTUSD", timeout=5)``.

        The connection is this iteration's own, made when the first message is waited for, and read on the thread that iterates: no
        other thread and no reactor takes part. When it breaks another one is made. ``with client.stream(...) as messages:`` closes it.

        :param streams: the name of one or a list of names, of public topics
        :param timeout: seconds to wait for each message; None: as long as it takes
        :raises SocketTimeoutException: when none comes in time; the stream goes on, and the next one can be waited for
        :raises SocketException: when the venue refuses it, or is the historic one
        """
        from exchangeclient.bitmex import stream_names
        from exchangeclient.bitmex.socket_way import check_open, way_to
        from exchangeclient.bitmex.streams import StreamSession
        from exchangeclient.core.feeds.blocking import BlockingStream

        names = stream_names.stream_list([streams] if isinstance(streams, str) else streams)
        check_open(self.hosts.stream)
        session = StreamSession(self.hosts.stream, Wishes(names))
        return BlockingStream(session, options=way_to(self.hosts.stream, self), timeout=timeout)

    def __repr__(self) -> str:
        key = "no key" if self.credentials is None else repr(self.credentials)
        return f"<Client {self.hosts.rest} {key}>"


class _Closed:
    """What carries no call to a venue that is no more: no name is looked up, and no key leaves."""

    def __init__(self, why: str) -> None:
        self._why = why

    def reach(self, terms: Terms) -> None:  # noqa: ARG002
        """Refuse.

        :raises ExchangeRequestException: always
        """
        raise ExchangeRequestException(self._why, sent="no")

    def packed(self, message: Message, terms: Terms) -> Parcel:  # noqa: ARG002
        """The same."""
        raise ExchangeRequestException(self._why, sent="no")

    def send(self, parcel: Parcel, attempt: Attempt) -> Response:  # noqa: ARG002
        """The same."""
        raise ExchangeRequestException(self._why, sent="no")


def _credentials(api_key: str | None, api_secret: str | None) -> Credentials | None:
    if not api_key:
        if api_secret:
            raise ValueError("api_key is missing: a secret alone signs nothing")
        return None
    if not api_secret:
        raise ValueError("api_secret is missing")
    return Credentials.from_secret(api_key, api_secret)
