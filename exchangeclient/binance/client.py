"""The Binance client: composes the declared endpoints with hosts, credentials, order guard and transport.

Making one makes no network call. It can be shared by threads, since it keeps nothing of a call but each thread's own last answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Never, Self

from exchangeclient.binance import errors, hosts, signing
from exchangeclient.binance.history import History
from exchangeclient.binance.orders import OrderGuard, OrderHelpers
from exchangeclient.binance.rest.account import Account
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.binance.rest.website import Website
from exchangeclient.binance.words import Words
from exchangeclient.core.call import Caller, Venue
from exchangeclient.core.clock import Clock, SystemClock
from exchangeclient.core.credentials import Credentials
from exchangeclient.core.endpoint import declaration
from exchangeclient.core.options import Options
from exchangeclient.core.request import Request
from exchangeclient.core.transport import BODY_LIMIT, Route, Transport
from exchangeclient.exceptions import ExchangeRequestException, UnknownSymbolException

if TYPE_CHECKING:
    import requests

_UNSETTABLE = "{} cannot be set; Client(environment=...) takes the address to use"
_EXCHANGE_INFO = declaration(SpotMarket.get_exchange_info)
VENUE = Venue("binance", stamp=signing.stamp, sign=signing.sign, refusal=errors.refusal)


class Client(History, OrderHelpers, Account, Website, Words):
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
    :param private_key: PEM text, or the path of a PEM file, of an RSA or Ed25519 key
    :param private_key_pass: its passphrase
    :param ping: True calls :meth:`ping` at once
    :param clock: what calls are stamped with; the machine's when left out
    :param body_limit: bytes of an answer past which it is refused
    :raises TypeError: for an argument of a wrong type, naming it
    :raises ValueError: for a wrong value, naming the argument

    :ivar hosts: the addresses in use (:class:`~exchangeclient.binance.hosts.Hosts`); socket managers connect to the same
    :ivar credentials: the key, able to sign and unable to show its secret; None without a key
    :ivar clock: see the parameter
    """

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
        ping: bool = False,
        clock: Clock | None = None,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        _refuse_own_addresses(type(self))
        for name, value in {"testnet": testnet, "demo": demo, "ping": ping}.items():
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be a bool, not {type(value).__name__}")
        if clock is not None and not isinstance(clock, Clock):
            raise TypeError(f"clock must have now_ms() and monotonic_s(), which {type(clock).__name__} has not")
        if isinstance(body_limit, bool) or not isinstance(body_limit, int):
            raise TypeError(f"body_limit must be an int, not {type(body_limit).__name__}")
        if body_limit <= 0:
            raise ValueError(f"body_limit must be above zero, not {body_limit}")
        self.hosts = hosts.choose(environment, tld=tld, base_endpoint=base_endpoint, testnet=testnet, demo=demo)
        self.credentials = _credentials(api_key, api_secret, private_key, private_key_pass)
        self.clock: Clock = SystemClock() if clock is None else clock
        self._transport = Transport(
            clock=self.clock, key_hosts=[self.hosts.rest], options=Options().having(requests_params), body_limit=body_limit
        )
        self._caller = Caller(
            VENUE,
            guard=OrderGuard(self.clock),
            clock=self.clock,
            credentials=self.credentials,
            transport=self._transport,
            bases={"rest": self.hosts.rest, "website": self.hosts.website},
        )
        if ping:
            self.ping()

    def _call(self, request: Request) -> Any:
        return self._caller.call(request)

    @property
    def session(self) -> requests.Session:
        """The session that carries the calls; adapters may be mounted on it and headers set."""
        return self._transport.session

    @property
    def response(self) -> requests.Response | None:
        """The calling thread's last answer, None before its first. Its request shows neither key nor signature."""
        return self._transport.latest()

    def route(self, url: str) -> Route:
        """How ``url`` is reached by the client's settings: through which proxy, trusting whom. Socket managers go the same way."""
        return self._transport.route(url)

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
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        key = "no key" if self.credentials is None else repr(self.credentials)
        return f"<Client {self.hosts.rest} {key}>"

    def __reduce__(self) -> Never:
        raise TypeError("a client is neither pickled nor copied; make one in each process (threads can share one)")

    def get_symbol_info(self, symbol: str) -> dict[str, Any] | None:
        """What exchangeInfo says of one symbol, its order rules included; None when the venue does not list it.

        ``GET /api/v3/exchangeInfo``, weight 20.
        """
        symbol = _EXCHANGE_INFO.text("symbol", symbol)
        try:
            listed = self.get_exchange_info(symbol=symbol).get("symbols", [])
        except UnknownSymbolException:
            return None
        return next((entry for entry in listed if entry.get("symbol") == symbol), None)

    def get_asset_balance(self, asset: str, **params: Any) -> dict[str, Any] | None:
        """What the account holds of one asset, as ``{"asset": ..., "free": ..., "locked": ...}``; None when it is not listed.

        ``GET /api/v3/account``, weight 20.

        :param asset: such as ``"BTC"``
        """
        if not isinstance(asset, str):
            raise TypeError(f"asset must be a str, not {type(asset).__name__}")
        if not asset:
            raise ValueError("asset must not be empty")
        balances = self.get_account(**params).get("balances", [])
        return next((balance for balance in balances if balance.get("asset") == asset), None)

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


def _credentials(
    api_key: str | None, api_secret: str | None, private_key: str | bytes | Path | None, private_key_pass: str | None
) -> Credentials | None:
    if api_secret and private_key:
        raise ValueError("api_secret and private_key both sign; give one")
    if not api_key:
        if api_secret or private_key:
            raise ValueError("api_key is missing: a secret alone signs nothing")
        return None
    if private_key:
        return Credentials.from_private_key(api_key, private_key, private_key_pass)
    if not api_secret:
        raise ValueError("api_secret is missing (or give private_key)")
    return Credentials.from_secret(api_key, api_secret)
