"""One account at an exchange that ccxt speaks to, or nobody's: its calls, one at a time and at the pace that ccxt knows of the exchange."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from decimal import localcontext
from importlib import import_module
from types import TracebackType
from typing import Any, Final, Never, Self
from urllib.parse import urlsplit, urlunsplit

from exchangeclient.ccxt.errors import translated
from exchangeclient.ccxt.exchanges import EXCHANGES as PECULIAR
from exchangeclient.ccxt.pace import Turns, pace_of
from exchangeclient.core.http.options import Options
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import ExchangeException, ExchangeRequestException, Sent, UnsupportedException
from exchangeclient.numbers import EXACT

EXCHANGES: Final = tuple(PECULIAR)
"""The exchanges, by ccxt's ids."""

# Contracts are not listed: two of the exchanges would be asked for each kind of them.
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "htx": {"fetchMarkets": {"types": {"spot": True, "linear": False, "inverse": False}}},
    "gate": {"fetchMarkets": {"types": ["spot"]}},
    "bitfinex": {"fetchOrderBook": {"precision": "P0"}},  # levels; R0 has every order by itself
}
_EXTRA: Final = "pip install 'exchangeclient[ccxt]'"
_OLDEST: Final = (4, 5, 90)  # Bithumb's second API; what is set right here was read in this one
_REMEMBERED: Final = 1_000
_UNCONNECTED: Final = ("ConnectTimeout", "NewConnectionError")
_clock = SystemClock()
# ccxt writes whole requests, with their keys, to its log of what is debugged.
_SILENT: Final = logging.Logger("exchangeclient.ccxt.silent", logging.CRITICAL + 1)


class _WithoutQueries(logging.Filter):
    """Keeps urllib3's own lines, which print whole paths, from showing queries that are signed: HTX has key and signature there."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) and "Signature=" in arg else arg for arg in record.args)
        return True


_without_queries = _WithoutQueries()


class Client:
    """A client of one exchange, through ccxt. For spot only; from any thread.

    Its calls go one after the other, those that change something before those that read. All clients of an exchange in a process keep one
    pace.

    :param exchange: one of :data:`EXCHANGES`
    :param environment: where the exchange is instead, such as ``http://127.0.0.1:8000``; paths stay
    :param requests_params: ``timeout`` in seconds, ``proxies``; as other clients take them. What changes something is not sent when it has
        waited so long for its turn; the answer to it may take as long once more
    :param settle_timeout: how long the exchange may be asked after an order whose answer was lost, in seconds
    :raises ImportError: without the extra
    """

    venue: Final = "ccxt"

    def __init__(
        self,
        exchange: str,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        environment: Mapping[str, str] | str | None = None,
        requests_params: Mapping[str, Any] | None = None,
        settle_timeout: float = 10.0,
    ) -> None:
        if exchange not in EXCHANGES:
            raise ValueError(f"exchange must be one of {', '.join(EXCHANGES)}; not {str(exchange)[:40]!r}")
        unknown = sorted(set(requests_params or ()) - {"timeout", "proxies"})
        if unknown:
            raise TypeError(f"requests_params takes timeout and proxies through ccxt; not {str(unknown[0])[:40]}")
        options = Options().having(requests_params)
        try:
            library = import_module("ccxt")
        except ImportError:
            raise ImportError(f"{exchange} is spoken to through ccxt: {_EXTRA}", name="ccxt") from None
        if tuple(map(int, re.findall(r"\d+", library.__version__)[:3])) < _OLDEST:
            raise ImportError(f"ccxt {library.__version__} speaks to exchanges that have changed since: {_EXTRA}", name="ccxt")
        self.exchange: Final = exchange
        self.settle_timeout: Final = settle_timeout
        self._turns = Turns()
        self._api: Any = getattr(library, exchange)(
            {
                "apiKey": api_key or "",
                "secret": api_secret or "",
                "enableRateLimit": True,
                "timeout": int(1_000 * options.total_s),
                "number": str,  # figures as the exchange writes them, not as floating point numbers
                "requests_trust_env": True,
                "proxies": dict(options.proxies) or None,
                "options": {"defaultType": "spot", **_OPTIONS.get(exchange, {})},
            }
        )
        self._api.logger = _SILENT
        if exchange == "poloniex":
            self._api.fetch_swap_markets = lambda params=None: []  # noqa: ARG005 - a host of its own, which listings would wait for
        if self._api.session is not None:
            self._api.session.max_redirects = 0  # no order is sent anew to another address
        logging.getLogger("urllib3.connectionpool").addFilter(_without_queries)  # twice is once
        for section, names in PECULIAR[exchange].exceptions.items():
            table = self._api.exceptions[section] if section else self._api.exceptions
            table.update({word: getattr(library, name) for word, name in names.items()})
        where = environment if isinstance(environment, str | None) else environment.get("rest")
        if where:
            self._api.urls["api"] = _moved(self._api.urls["api"], self._api.hostname or "", where)
        self._status = 0
        self._sent: Sent = "no"
        self._patience_s = options.total_s
        self._until_s: float | None = None
        self._pace = pace_of(exchange, where or "")
        self._listen()
        self._markets: Mapping[str, Any] | None = None
        self._lock = threading.Lock()
        self._placed: dict[tuple[str, str], None] = {}

    def _listen(self) -> None:
        """Have it told whether something was sent and answered, which ccxt's errors do not say; and keep it to the pace of all clients."""
        answered, fetch = self._api.on_rest_response, self._api.fetch

        def note(code: int, *rest: Any) -> Any:
            self._status = code
            return answered(code, *rest)

        def noted(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            self._status = 0
            if method != "GET":
                if self._sent == "no" and self._until_s is not None and _clock.monotonic_s() > self._until_s:
                    raise self._late()
                self._sent = "maybe"
            answer = fetch(url, method, headers, body)
            if method != "GET":
                self._sent = "yes"  # and it was not refused: whatever goes wrong from here on is the reading of the answer
            return answer

        self._api.on_rest_response, self._api.fetch = note, noted
        self._api.throttle = self._throttled

    def _throttled(self, cost: float | None = None) -> None:
        """Wait for the pace; what would leave late is refused at once, unless a part of it has left."""
        try:
            self._pace.wait(self._api.rateLimit * (1 if cost is None else cost) / 1_000, self._until_s if self._sent == "no" else None)
        except TimeoutError:
            raise self._late() from None

    def __repr__(self) -> str:
        return f"<ccxt.Client {self.exchange}>"

    @property
    def timeframes(self) -> Mapping[str, str]:
        """The lengths of candles that the exchange has."""
        return dict(self._api.timeframes or {})

    @property
    def precision_mode(self) -> int:
        """ccxt's way to state a precision."""
        return int(self._api.precisionMode)

    def has(self, method: str) -> bool:
        """Whether the exchange has something for a method, by ccxt's own word for it: ``fetchTickers``."""
        return bool(self._api.has.get(method))

    def call(self, method: str, *args: Any, **params: Any) -> Any:
        """A method of ccxt's that reads, such as ``fetch_ticker``, when it is its turn.

        :raises ExchangeException: whatever ccxt raises, in this package's words
        """
        return self._in_turn(lambda: self._loaded() and getattr(self._api, method)(*args, **params))

    def send(self, method: str, *args: Any, **params: Any) -> Any:
        """A method of ccxt's that changes something, such as ``create_order``, or that has to be asked for that: before those that only
        read. It is never repeated.

        :raises ExchangeException: whatever ccxt raises, in this package's words
        """
        return self._in_turn(lambda: self._loaded() and getattr(self._api, method)(*args, **params), hurry=True)

    def markets(self, *, again: bool = False) -> Mapping[str, Any]:
        """What the exchange lists, by ccxt's symbols; asked once, or ``again``."""
        if self._markets is None or again:
            self._markets = self._in_turn(lambda: self._api.load_markets(again))
        return self._markets

    def _loaded(self) -> bool:
        if self._markets is None:
            self._markets = self._api.load_markets()
        return True

    def _in_turn(self, ask: Callable[[], Any], *, hurry: bool = False) -> Any:
        until_s = _clock.monotonic_s() + self._patience_s
        try:
            # ccxt changes the rounding of its caller's decimals.
            with self._turns.turn(hurry=hurry, patience_s=self._patience_s), localcontext(EXACT):
                self._status, self._sent, self._until_s = 0, "no", until_s if hurry else None
                try:
                    return ask()
                except Exception as error:  # noqa: BLE001 - ccxt lets whatever it stumbles over out
                    raise self._told(error) from None  # its text may hold what was signed
        except TimeoutError:
            raise self._late() from None

    def _late(self) -> ExchangeRequestException:
        return ExchangeRequestException(
            f"{self.exchange} was busy with other calls for too long; nothing was sent", sent="no", transient=True
        )

    def rounded(self, symbol: str, *, price: str | None = None, amount: str | None = None) -> str | None:
        """A price or an amount as ccxt would send it: cut to what the exchange takes. None when nothing of it is left."""
        self.markets()
        with localcontext(EXACT):
            try:
                cut, figure = (self._api.amount_to_precision, amount) if price is None else (self._api.price_to_precision, price)
                text: str = cut(symbol, figure)
            except Exception:  # noqa: BLE001 - ccxt refuses here what is below one step, by classes that differ
                return None
            return text

    def placed(self, name: str, number: str) -> None:
        """Remember an order until :meth:`newly_placed` is asked."""
        with self._lock:
            self._placed[name, number] = None
            if len(self._placed) > _REMEMBERED:
                del self._placed[next(iter(self._placed))]

    def newly_placed(self) -> list[tuple[str, str]]:
        """Instrument and number of the orders that were placed since this was asked last."""
        with self._lock:
            found, self._placed = list(self._placed), {}
            return found

    def close(self) -> None:
        """Close its connections."""
        session = getattr(self._api, "session", None)
        if session is not None:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> Never:
        raise TypeError("a client is neither pickled nor copied; make one in each process (threads can share one)")

    def _told(self, error: Exception) -> ExchangeException:
        if isinstance(error, ExchangeException):
            return error
        return translated(error, self.exchange, self._status, "no" if _never_left(error) else self._sent)

    def needs(self, method: str) -> None:
        """Say so at once when the exchange has nothing for a method.

        :raises UnsupportedException: then
        """
        if not self.has(method):
            raise UnsupportedException(f"{self.exchange} has nothing for this ({method})", venue=self.exchange, what=method)


def _never_left(error: Exception) -> bool:
    """Whether there was no connection that it could have gone over; by the names of what requests and urllib3 say."""
    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return any(kind.__name__ in _UNCONNECTED for each in (cause, reason) for kind in type(each).__mro__)


def _moved(urls: Any, hostname: str, where: str) -> Any:
    """The same addresses elsewhere: their paths behind ``where``."""
    if isinstance(urls, dict):
        return {name: _moved(each, hostname, where) for name, each in urls.items()}
    there, path = urlsplit(where), urlsplit(urls.replace("{hostname}", hostname)).path
    return urlunsplit((there.scheme, there.netloc, there.path.rstrip("/") + path, "", ""))
