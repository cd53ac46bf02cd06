"""The Binance client: composes the declared endpoints with hosts, credentials, order guard and transport.

Making one makes no network call. It can be shared by threads, since it keeps nothing of a call but each thread's own last answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Never, overload

from exchangeclient.binance import envelope, errors, hosts, limits, signing, wsapi
from exchangeclient.binance.doubts import Doubts
from exchangeclient.binance.former_names import FormerNames
from exchangeclient.binance.history import History
from exchangeclient.binance.orderform import refuse_incomplete
from exchangeclient.binance.orders import OrderGuard, OrderHelpers
from exchangeclient.binance.readings import milliseconds
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.binance.rest.us_staking import UsStaking
from exchangeclient.binance.rest.website import Website
from exchangeclient.binance.words import Words
from exchangeclient.binance.wscalls import WsCalls
from exchangeclient.core.calling.call import Venue
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.client import BaseClient, check_flags, check_paths
from exchangeclient.core.feeds.socket_transport import SocketTransport
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Request
from exchangeclient.core.http.transport import BODY_LIMIT
from exchangeclient.core.process.clock import Clock
from exchangeclient.core.protocol.questions import Questions
from exchangeclient.core.protocol.session import SocketSession, Wishes
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderUnknownSymbolException,
    UnknownSymbolException,
)
from exchangeclient.market.rules import Rounding

if TYPE_CHECKING:
    from exchangeclient.core.feeds.iteration import EventStream
    from exchangeclient.core.protocol.conversation import Dialer
    from exchangeclient.core.wire.dialing import SocketOptions
    from exchangeclient.market.preview import OrderPreview

_UNSETTABLE = "{} cannot be set; Client(environment=...) takes the address to use"
_EXCHANGE_INFO = declaration(SpotMarket.get_exchange_info)
_CREATE_ORDER = declaration(SpotTrade.create_order)
_NO_REFERENCE_PRICE, _NOT_FOUND = -2043, 404
_TIME_UNITS = ("MILLISECOND", "MICROSECOND")
_EARLIEST_MS, _LATEST_US = 10**11, 10**17  # of 1973 and 5138: what lies outside is no time in milliseconds or microseconds


def _server_time(answer: Any) -> int:
    match answer:
        case {"serverTime": int(time)} if _EARLIEST_MS <= time < _LATEST_US:
            return milliseconds(time)
    raise ValueError("the answer of the venue tells no time")


def _sign(request: Request, base: str, credentials: Credentials | None) -> Message:
    made = wsapi.message if request.host == wsapi.HOST else signing.sign
    return made(request, base, credentials)


VENUE = Venue(
    "binance",
    stamp=signing.stamp,
    sign=_sign,
    refusal=errors.refusal,
    time=declaration(SpotMarket.get_server_time).request((), {}),
    read_time=_server_time,
    limits=limits.told,
)


class Client(BaseClient, History, OrderHelpers, WsCalls, FormerNames, UsStaking, Website, Words):
    """Blocking access to Binance.

    :param api_key: needed for orders and the account; market data needs no key
    :param api_secret: its secret; or give ``private_key``
    :param requests_params: ``timeout`` (seconds for a whole call, 10 when left out, or a tuple of connect and read), ``proxies``,
        ``verify`` (path of a CA bundle), ``cert``, ``headers``; also a keyword of every call
    :param tld: the ending of the live site's name, ``"com"`` or ``"us"``
    :param base_endpoint: ``""``, ``"1"`` to ``"4"`` (further live hosts), or a base URL
    :param testnet: True for the spot test network
    :param demo: True for demo mode
    :param environment: ``"live"``, ``"testnet"``, ``"demo"``, ``"us"``, a base URL, or ``{"rest": ..., "stream": ..., "ws_api": ...}``,
        such as a sandbox's ``urls["binance"]``
    :param private_key: PEM text, or the path of a PEM file, of an RSA or Ed25519 key; it signs even when there is an ``api_secret``
    :param private_key_pass: its passphrase
    :param time_unit: ``"MICROSECOND"`` has the venue write times in microseconds; ``"MILLISECOND"`` is what it does anyway
    :param ping: True calls :meth:`ping` at once
    :param verbose: True prints a line for each call, without key and signature, or logs it where the program logs
    :param clock: what calls are stamped with; when left out the venue's time, as far as it is known from here
    :param body_limit: bytes of an answer past which it is refused
    :param settle_timeout: seconds for which the venue is asked after an order whose answer was lost
    :param ledger: path of a file by which processes of this machine keep to one budget, see :meth:`limits`; to share it they all name it
    :param journal: path of a file in which orders are noted until their fate is known, see :meth:`undecided_orders`
    :raises TypeError: for an argument of a wrong type, naming it
    :raises ValueError: for a wrong value, naming the argument

    :ivar venue: ``"binance"``
    :ivar hosts: the addresses in use (:class:`~exchangeclient.binance.hosts.Hosts`); socket managers connect to the same
    :ivar credentials: the key, able to sign and unable to show its secret; None without a key
    :ivar time_unit: see the parameter
    :ivar clock: see the parameter
    :ivar verbose: see the parameter
    :ivar logger: where the line for each call goes; the same for every client of the process
    """

    venue: ClassVar[str] = "binance"
    PUBLIC_API_VERSION = "v3"
    PRIVATE_API_VERSION = "v3"

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        requests_params: Mapping[str, Any] | None = None,
        tld: str = "com",
        *,
        base_endpoint: str = "",
        testnet: bool = False,
        demo: bool = False,
        environment: str | Mapping[str, str] | None = None,
        private_key: str | bytes | Path | None = None,
        private_key_pass: str | None = None,
        time_unit: str | None = None,
        ping: bool = False,
        verbose: bool = False,
        clock: Clock | None = None,
        body_limit: int = BODY_LIMIT,
        settle_timeout: float = 30.0,
        ledger: str | Path | None = None,
        journal: str | Path | None = None,
    ) -> None:
        _refuse_own_addresses(type(self))
        check_flags(testnet=testnet, demo=demo, ping=ping, verbose=verbose)
        check_paths(ledger=ledger, journal=journal)
        options = Options().having(_with_time_unit(time_unit)).having(requests_params)
        self.time_unit = "MILLISECOND" if time_unit is None else time_unit.upper()
        self.hosts = hosts.choose(environment, tld=tld, base_endpoint=base_endpoint, testnet=testnet, demo=demo)
        super().__init__(
            self.hosts.rest,
            counted_at=hosts.counted_at(self.hosts.rest),
            limits=limits.DOCUMENTED,
            credentials=_credentials(api_key, api_secret, private_key, private_key_pass),
            options=options,
            clock=clock,
            body_limit=body_limit,
            settle_timeout=settle_timeout,
            ledger=ledger,
            verbose=verbose,
        )
        self._guard: OrderGuard = OrderGuard(self.clock, self._noted(Doubts, journal))
        self._calls_socket = SocketTransport(self._calls_session, way=self._calls_way, read=envelope.response, clock=self.clock)
        self._caller = self._calling(
            VENUE,
            self._guard,
            {"rest": self.hosts.rest, "website": self.hosts.website, wsapi.HOST: self.hosts.ws_api},
            {wsapi.HOST: self._calls_socket},
        )
        if ping:
            self.ping()

    def _calls_session(self, questions: Questions) -> wsapi.WsApiSession:
        return wsapi.WsApiSession(wsapi.address(self.hosts.ws_api, self.time_unit), questions, self.credentials, self.clock.now_ms)

    def _calls_way(self) -> SocketOptions:
        from exchangeclient.binance.socket_way import way_to

        return self._carrying(way_to(self.hosts.ws_api, self))

    def _dialer_for(self, manager: Any) -> Dialer:  # noqa: ARG002 - one that is no client of the network knows its managers
        """What the socket managers of this client make their connections with."""
        from exchangeclient.core.wire.dialing import dial

        return dial

    def _options(self, requests_params: Mapping[str, Any] | None) -> Options:
        return self._transport.terms(requests_params).options

    def quantize_order(self, *, rounding: Rounding = "passive", **order: Any) -> dict[str, Any]:
        """An order with its figures brought to the nearest that the symbol's rules allow: ready for :meth:`create_order`.

        A quantity is cut down to the step and to the maximum, never raised. A price is moved to the tick away from the market, down to
        buy and up to sell, so that the order never becomes dearer than it was meant; a stop so that it is reached no sooner.
        Asks the venue for the rules only when none are at hand that are younger than a minute.

        :param rounding: ``"aggressive"`` moves the price towards the market
        :param order: the keywords of :meth:`create_order`; a limit order without ``type``
        :raises OrderException: when the order breaks a rule even so; ``.nearest`` says what would not
        :raises TypeError: when something that its type needs is missing
        :raises ValueError: for a ``rounding`` that there is not, or a figure that is no number
        """
        return self._guard.quantize(order, rounding, self._caller.errand(order.get("requests_params")))

    def preview_order(
        self, *, rounding: Rounding | None = None, requests_params: Mapping[str, Any] | None = None, **order: Any
    ) -> OrderPreview:
        """What would become of an order if it were sent now: the rules that it breaks, what the book would fill of it at once and at which
        price, the fees, and whether the account has what it takes. Nothing is sent but questions.

        Weight 74, with a key 114: the rules, the book to 1000 levels, the reference price or the average; with a key the account's rates
        and balances.

        :param rounding: ``"passive"`` or ``"aggressive"`` brings the figures onto the steps first, as :meth:`quantize_order` does
        :param order: the keywords of :meth:`create_order`
        :raises OrderUnknownSymbolException: when the venue does not list the symbol
        :raises TypeError: when something that its type needs is missing
        :raises ValueError: for a figure that is no number
        """
        from exchangeclient.binance.previewing import LEVELS, Market, preview

        request = _CREATE_ORDER.request((), order)
        refuse_incomplete("preview_order", request.path, request.params)
        symbol = request.params["symbol"]
        listing = self.get_symbol_info(symbol)
        if listing is None:
            raise OrderUnknownSymbolException(f"{symbol} is not listed by the venue", symbol=symbol, rule="symbol", value=symbol)
        asked: dict[str, Any] = {"requests_params": requests_params}
        commission = balances = None
        if self.credentials is not None:
            commission, balances = self.get_account_commission(symbol=symbol, **asked), self.get_asset_balance(**asked)
        reference = self._told_reference(symbol, asked)
        market = Market(listing, self.get_order_book(symbol=symbol, limit=LEVELS, **asked), reference, commission, balances)
        with as_documented("preview_order"):
            return preview(request.params, market, rounding)

    def _told_reference(self, symbol: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The reference price; the average for a symbol that has none, and at hosts that know of none."""
        try:
            told = self.get_reference_price(symbol=symbol, **asked)
        except ExchangeAPIException as error:
            if error.code != _NO_REFERENCE_PRICE and error.status_code != _NOT_FOUND:
                raise
        else:
            if told.get("referencePrice") is not None:
                return told
        return self.get_avg_price(symbol=symbol, **asked)

    def stream(self, streams: str | Iterable[str], *, timeout: float | None = None) -> EventStream:
        """The events of one or several market streams, to iterate over: ``for event in client.stream("btcusdt@trade", timeout=5)``.

        The connection is this iteration's own, made when the first event is waited for, and read on the thread that iterates: no
        other thread and no reactor takes part. When it breaks another one is made. ``with client.stream(...) as events:`` closes it.

        :param streams: the name of one, whose bare events come, or a list of names (1024 at most), for ``{'stream': ..., 'data': ...}``
        :param timeout: seconds to wait for each event; None: as long as it takes
        :raises SocketTimeoutException: when an event does not come in time; the stream goes on, and the next one can be waited for
        :raises SocketException: when the venue refuses it
        """
        from exchangeclient.binance import stream_names
        from exchangeclient.binance.socket_way import ITERATED_ATTEMPTS, way_to
        from exchangeclient.binance.streams import CombinedSession, StreamSession
        from exchangeclient.core.feeds.blocking import BlockingStream

        in_microseconds = self.time_unit == "MICROSECOND"
        session: SocketSession
        if isinstance(streams, str):
            session = StreamSession(self.hosts.stream, stream_names.stream_name(streams), in_microseconds=in_microseconds)
        else:
            wishes = Wishes(stream_names.stream_list(streams))
            session = CombinedSession(self.hosts.stream, wishes, in_microseconds=in_microseconds)
        return BlockingStream(session, options=way_to(self.hosts.stream, self, attempts=ITERATED_ATTEMPTS), timeout=timeout)

    @property
    def API_KEY(self) -> str | None:  # noqa: N802 - the name of the python-binance line
        """The public API key."""
        return None if self.credentials is None else self.credentials.key

    @property
    def API_SECRET(self) -> Never:  # noqa: N802 - the name of the python-binance line
        """Not to be had: ``client.credentials`` signs and shows no secret.

        :raises AttributeError: always, because a stand-in would make signatures that are silently wrong
        """
        raise AttributeError("API_SECRET cannot be read back; client.credentials signs with it")

    @property
    def API_URL(self) -> str:  # noqa: N802 - the name of the python-binance line
        """The REST address in use. It cannot be set: ``environment=`` chooses it.

        :raises AttributeError: when it is set
        """
        return f"{self.hosts.rest}/api"

    @API_URL.setter
    def API_URL(self, url: Never) -> None:  # noqa: ARG002, N802 - as above; whatever the address is
        raise AttributeError(_UNSETTABLE.format("API_URL"))

    @property
    def WEBSITE_URL(self) -> str:  # noqa: N802 - the name of the python-binance line
        """The web site's address. It cannot be set either."""
        return self.hosts.website

    @WEBSITE_URL.setter
    def WEBSITE_URL(self, url: Never) -> None:  # noqa: ARG002, N802 - as above
        raise AttributeError(_UNSETTABLE.format("WEBSITE_URL"))

    def close(self) -> None:
        """Close the connections that are kept open. The client can still be used; it opens new ones."""
        super().close()
        self._calls_socket.close()

    def __repr__(self) -> str:
        key = "no key" if self.credentials is None else repr(self.credentials)
        return f"<Client {self.hosts.rest} {key}>"

    def get_symbol_info(self, symbol: str) -> dict[str, Any] | None:
        """What exchangeInfo says of one symbol, its order rules included; None when the venue does not list it.

        ``GET /api/v3/exchangeInfo``, weight 20.
        """
        symbol = _EXCHANGE_INFO.text("symbol", symbol)
        try:
            answer = self.get_exchange_info(symbol=symbol)
        except UnknownSymbolException:
            return None
        with as_documented(_EXCHANGE_INFO.name):
            return next((entry for entry in answer["symbols"] if entry["symbol"] == symbol), None)

    @overload
    def get_asset_balance(self, asset: str, **params: Any) -> dict[str, Any] | None: ...

    @overload
    def get_asset_balance(self, asset: None = None, **params: Any) -> list[dict[str, Any]]: ...

    def get_asset_balance(self, asset: str | None = None, **params: Any) -> dict[str, Any] | list[dict[str, Any]] | None:
        """What the account holds of one asset, as ``{"asset": ..., "free": ..., "locked": ...}``; None when it is not listed.

        ``GET /api/v3/account``, weight 20.

        :param asset: such as ``"BTC"``; when left out, all that the account lists come
        """
        if not isinstance(asset, str | None):
            raise TypeError(f"asset must be a str, not {type(asset).__name__}")
        if asset == "":
            raise ValueError("asset must not be empty")
        account = self.get_account(**params)
        with as_documented("get_account"):
            balances: list[dict[str, Any]] = account["balances"]
            return balances if asset is None else next((balance for balance in balances if balance["asset"] == asset), None)

    def stream_get_listen_key(self) -> Never:
        """Retired by the venue on 2026-02-20: ``SocketManager.start_user_socket`` needs no listen key.

        :raises ExchangeRequestException: always; nothing is sent
        """
        _retired("stream_get_listen_key")

    def stream_keepalive(self, listenKey: str = "") -> Never:  # noqa: ARG002 - taken, so that old calls reach the explanation
        """Retired by the venue on 2026-02-20: ``SocketManager.start_user_socket`` keeps itself alive.

        :raises ExchangeRequestException: always; nothing is sent
        """
        _retired("stream_keepalive")

    def stream_close(self, listenKey: str = "") -> Never:  # noqa: ARG002 - taken, so that old calls reach the explanation
        """Retired by the venue on 2026-02-20: ``SocketManager.stop_user_socket`` ends the stream.

        :raises ExchangeRequestException: always; nothing is sent
        """
        _retired("stream_close")


_ADDRESSES = {name: vars(Client)[name] for name in ("API_URL", "WEBSITE_URL")}


def _refuse_own_addresses(cls: type[Client]) -> None:
    """Refuse a class whose addresses were replaced: they would be shown and not used."""
    for name, own in _ADDRESSES.items():
        if getattr(cls, name) is not own:
            raise TypeError(_UNSETTABLE.format(name))


def _retired(name: str) -> Never:
    raise ExchangeRequestException(
        f"{name}() was retired by the venue on 2026-02-20; SocketManager.start_user_socket() follows the account without a listen key",
        sent="no",
    )


def _with_time_unit(unit: str | None) -> dict[str, Any]:
    if unit is None:
        return {}
    if not isinstance(unit, str):
        raise TypeError(f"time_unit must be a str, not {type(unit).__name__}")
    if unit.upper() not in _TIME_UNITS:
        raise ValueError(f"time_unit must be one of {', '.join(_TIME_UNITS)}; not {unit[:40]!r}")
    return {"headers": {"X-MBX-TIME-UNIT": unit.upper()}}


def _credentials(
    api_key: str | None, api_secret: str | None, private_key: str | bytes | Path | None, private_key_pass: str | None
) -> Credentials | None:
    if not api_key:
        if api_secret or private_key:
            raise ValueError("api_key is missing: a secret alone signs nothing")
        return None
    if private_key:
        return Credentials.from_private_key(api_key, private_key, private_key_pass)
    if not api_secret:
        raise ValueError("api_secret is missing (or give private_key)")
    return Credentials.from_secret(api_key, api_secret)
