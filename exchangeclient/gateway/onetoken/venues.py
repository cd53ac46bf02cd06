"""The venues behind the gateway: a client without keys for what anybody may know, and one for each account.

Each is made when it is asked for first. Their methods block; from any thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Self

from exchangeclient.ccxt.client import EXCHANGES as THROUGH_CCXT
from exchangeclient.core.books.manager import BookManager
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.desk import Desk, desk_of
from exchangeclient.exceptions import ExchangeException
from exchangeclient.gateway.onetoken.errors import ServiceError, stopping
from exchangeclient.gateway.onetoken.keys import Credentials, KeyBook
from exchangeclient.gateway.onetoken.names import Account, Contract, Exchange, named, unknown_contract
from exchangeclient.gateway.onetoken.pushes import WORDS, Words
from exchangeclient.gateway.onetoken.settings import Settings
from exchangeclient.market.vocabulary import Instrument, Market, Ticker

log = logging.getLogger(__name__)

Environment = Mapping[str, str]
Environments = Mapping[str, Mapping[str, str] | str]
Playground = Callable[[], Mapping[str, Environment]]
"""The addresses of an embedded exchange, by venue; it may be started when they are asked for first."""

Play = Callable[[str], Credentials | None]
"""The account of an embedded exchange that is behind a ``mock-`` account, by its name."""

PLAY: Final = Credentials("key", "secret", "passphrase")
"""The account of an embedded exchange."""

_LISTED_FOR_S: Final = 60.0
_LIST_AGAIN_S: Final = 5.0
_VALUED_FOR_S: Final = 10.0
_AT_PAR: Final = ("usdt", "usdc", "usd")
_SWAP: Final = "swap"
_CLOSED: Final = {"bitmex": "BitMEX closed on 2026-09-23; the embedded exchange has it, for mock- accounts"}


class Venue:
    """One client of a venue, with its sockets and what it lists.

    :param credentials: None for what anybody may know
    """

    def __init__(self, name: str, environment: Environment | str | None, credentials: Credentials | None, settings: Settings) -> None:
        self.name = name
        self.words: Words = WORDS[_room(name)]
        self.client = _client(name, environment, credentials, settings)
        self.desk: Desk = desk_of(self.client)
        self._settings = settings
        self._clock: Clock = SystemClock()
        self._lock = threading.Lock()
        self._listing = threading.Lock()
        self._pricing = threading.Lock()  # not the same: orders do not wait for it
        self._sockets: Any = None
        self._closed = False
        self._list = _Listing({}, {}, {})
        self._listed_s = float("-inf")
        self._prices: Mapping[tuple[str, str], Decimal] = {}
        self._priced_s = float("-inf")

    def sockets(self, on_event: Callable[[Any], Any] | None = None) -> Any:
        """Its socket manager.

        :param on_event: is told of its connections; given by whoever asks first
        """
        with self._lock:
            if self._closed:
                raise stopping()
            if self._sockets is None:
                made = import_module(f"exchangeclient.{_room(self.name)}.sockets")
                self._sockets = made.SocketManager(self.client, keep_alive=False, on_event=on_event)
                self._sockets.start()
            return self._sockets

    def stop_socket(self, key: Any) -> None:
        """End a stream of the socket manager's, if that is not at its end itself."""
        with self._lock:
            sockets = self._sockets
        if sockets is not None:
            sockets.stop_socket(key)

    def flows(self, key: Any) -> bool:
        """False when the venue has refused a stream of the socket manager's for good."""
        with self._lock:
            sockets = self._sockets
        # What is looked at through ccxt is never given up.
        return not hasattr(sockets, "is_open") or bool(sockets.is_open(key))

    def book(self, instrument: str, callback: Callable[[Any], Any]) -> BookManager:
        """A depth cache that is kept right until it is closed."""
        made = import_module(f"exchangeclient.{_room(self.name)}.depth")
        often = {"ws_interval": 100} if self.name == "binance" else {}  # elsewhere there is one pace
        manager: BookManager = made.DepthCacheManager(self.client, instrument, callback, bm=self.sockets(), conv_type=str, **often)
        return manager

    def instruments(self) -> Mapping[Market, Instrument]:
        """What is traded at the venue, asked for once in a while. While that is under way, or fails, what was traded before does."""
        return self._listed().traded

    def _listed(self) -> _Listing:
        if self._is_old() and self._listing.acquire(blocking=not self._list.by_name):
            try:
                if self._is_old():
                    self._list = _Listing.of(self.desk.instruments())
                    self._listed_s = self._clock.monotonic_s()
            except ExchangeException as error:
                if not self._list.by_name:
                    raise
                log.warning("%s: what is listed could not be asked for: %s", self.name, type(error).__name__)
                self._listed_s = self._clock.monotonic_s() - _LISTED_FOR_S + _LIST_AGAIN_S
            finally:
                self._listing.release()
        return self._list

    def _is_old(self) -> bool:
        return self._clock.monotonic_s() - self._listed_s > _LISTED_FOR_S

    def instrument(self, contract: Contract) -> Instrument:
        """What a contract is at the venue.

        :raises ServiceError: when it is not traded there
        """
        found = self.instruments().get(contract.market)
        if found is None:
            raise unknown_contract(contract.symbol)
        return found

    def listed(self, contract: Contract) -> Instrument:
        """The same, also while its trade is halted: there may be orders and positions from before.

        :raises ServiceError: when the venue does not list it
        """
        return self._listed().halted.get(contract.market) or self.instrument(contract)

    def contract(self, instrument: str, exchange: Exchange) -> Contract | None:
        """The contract that a venue's name stands for, also while its trade is halted; None of what the exchange's code does not have."""
        listed = self._listed().by_name.get(instrument)
        return None if listed is None else named(listed, exchange)

    def values(self) -> Mapping[str, Decimal]:
        """What each coin is worth in the gateway's currency, by the venue's last prices, which are asked for once in a while."""
        prices = self._last_prices()
        worth = dict.fromkeys(_AT_PAR, Decimal(1))
        for (base, paid), last in prices.items():
            if base in _AT_PAR:  # what a dollar costs in won, say
                worth.setdefault(paid, 1 / last)
        for quote in ("usdt", "usdc", "usd", "btc", "eth", "krw", "jpy"):
            if quote in worth:
                for (base, paid), last in prices.items():
                    if paid == quote:
                        worth.setdefault(base, last * worth[quote])
        return {coin: value * self._settings.worth for coin, value in worth.items()}

    def _last_prices(self) -> Mapping[tuple[str, str], Decimal]:
        traded = {each.name: each.market for each in self.instruments().values()}
        with self._pricing:
            if self._clock.monotonic_s() - self._priced_s > _VALUED_FOR_S:
                tickers = self.desk.tickers() if "tickers" in self.desk.capabilities else []
                self._prices = dict(_prices(tickers, traded))
                self._priced_s = self._clock.monotonic_s()
            return self._prices

    def close(self) -> None:
        """End its sockets and its connections."""
        with self._lock:
            self._closed = True
            sockets, self._sockets = self._sockets, None
        if sockets is not None:
            sockets.close()
        self.client.close()


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a venue lists.

    :ivar traded: by what it is
    :ivar halted: the same of what is not traded at present
    :ivar by_name: both by the venue's names, but for those whose place another one has taken
    """

    traded: Mapping[Market, Instrument]
    halted: Mapping[Market, Instrument]
    by_name: Mapping[str, Instrument]

    @classmethod
    def of(cls, listed: Sequence[Instrument]) -> Self:
        """The first of several that are the same."""
        traded = {each.market: each for each in reversed(listed) if each.trading}
        halted = {each.market: each for each in reversed(listed) if each.market not in traded}
        return cls(traded, halted, {each.name: each for each in listed if each.trading or halted.get(each.market) is each})


class Venues:
    """All of them.

    :param environments: of venues that are elsewhere than usual, as clients take them
    :param playground: the embedded exchange; None where there is none
    :param play: its accounts
    """

    def __init__(
        self, environments: Environments, playground: Playground | None, play: Play | None, book: KeyBook, settings: Settings
    ) -> None:
        self._environments = environments
        self._playground = playground
        self._play_key = play
        self._book = book
        self._settings = settings
        self._lock = threading.Lock()
        self._made: dict[str, Venue] = {}
        self._closed = False

    def serves(self, exchange: Exchange) -> bool:
        """Whether a venue is at hand."""
        if exchange.venue in THROUGH_CCXT and find_spec("ccxt") is None:
            return False
        return exchange.venue not in _CLOSED or exchange.venue in self._environments or self._playground is not None

    def public(self, exchange: Exchange) -> Venue:
        """A venue for what anybody may know.

        :raises ServiceError: when it is no more
        """

        def make() -> Venue:
            environment = self._environments.get(exchange.venue)
            if environment is None and exchange.venue in _CLOSED:
                environment = self._play(exchange)
            return Venue(exchange.venue, environment, None, self._settings)

        return self._once(exchange.venue, make)

    def account(self, account: Account) -> Venue:
        """The venue of an account, with its keys.

        :raises ServiceError: when the gateway has no such account
        """

        def make() -> Venue:
            if account.is_mock:
                key = None if self._play_key is None else self._play_key(account.name)
                return Venue(account.exchange.venue, self._play(account.exchange), key, self._settings)
            credentials = self._book.accounts.get(account.symbol)
            if credentials is None:
                raise ServiceError("invalid-account-config", f"the gateway has no account {account.symbol}")
            return Venue(account.exchange.venue, self._environments.get(account.exchange.venue), credentials, self._settings)

        return self._once(account.symbol, make)

    def close(self) -> None:
        """Close every one."""
        with self._lock:
            self._closed = True
            made, self._made = list(self._made.values()), {}
        for venue in made:
            venue.close()

    def _once(self, name: str, make: Callable[[], Venue]) -> Venue:
        with self._lock:  # making one asks nobody, unless an embedded exchange has to be started
            if self._closed:
                raise stopping()
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]

    def _play(self, exchange: Exchange) -> Environment:
        addresses = {} if self._playground is None else self._playground()
        if exchange.venue not in addresses:
            without = f"the embedded exchange has no {exchange.code}" if addresses else "there is no embedded exchange behind this gateway"
            why = _CLOSED.get(exchange.venue, without)
            raise ServiceError("contract-not-exist", why, status=404)
        return addresses[exchange.venue]


def _prices(tickers: list[Ticker], traded: Mapping[str, Market]) -> Any:
    """Last prices by coins, those of pairs last: where there is no such pair a swap's will do, as at BitMEX."""
    told = [(traded[each.instrument], each.last) for each in tickers if each.instrument in traded and each.last]
    for contract in (_SWAP, ""):
        yield from (((market.base.lower(), market.quote.lower()), last) for market, last in told if market.contract == contract)


def _room(name: str) -> str:
    """Where a venue is in this package."""
    return "ccxt" if name in THROUGH_CCXT else name


def _client(name: str, environment: Environment | str | None, credentials: Credentials | None, settings: Settings) -> Any:
    made = import_module(f"exchangeclient.{_room(name)}.client")
    identity: tuple[str, ...] = (name,) if name in THROUGH_CCXT else ()
    if credentials is not None:
        identity = (*identity, credentials.key, credentials.secret, *([credentials.passphrase] if name == "okx" else []))
    try:
        return made.Client(
            *identity, environment=environment, requests_params={"timeout": settings.call_s}, settle_timeout=settings.settle_s
        )
    except ImportError as error:
        raise ServiceError("not-allowed", f"this gateway does not serve {name}: {error}", status=403) from error


def prepare() -> None:
    """Load what the first call to a venue needs, so that it does not wait for that."""
    for name in WORDS:
        for part in ("client", "desk", "sockets", "depth"):
            with suppress(ImportError):
                import_module(f"exchangeclient.{name}.{part}")
