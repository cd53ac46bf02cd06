"""One account at an exchange that ccxt speaks to, or nobody's: its calls, one at a time and paced by ccxt's limiter."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from exchangeclient.ccxt.errors import translated
from exchangeclient.exceptions import ExchangeException, UnsupportedException

EXCHANGES: Final = ("bithumb", "htx", "bitfinex", "bitflyer", "poloniex", "gate")
"""The exchanges, by ccxt's ids."""

# Contracts are not listed: two of the exchanges would be asked for each kind of them.
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "htx": {"fetchMarkets": {"types": {"spot": True, "linear": False, "inverse": False}}},
    "gate": {"fetchMarkets": {"types": ["spot"]}},
}
_TIMEOUT_S: Final = 10.0
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

    :param exchange: one of :data:`EXCHANGES`
    :param environment: where the exchange is instead, such as ``http://127.0.0.1:8000``; paths stay
    :param requests_params: ``{"timeout": seconds}`` of one call
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
        try:
            library = import_module("ccxt")
        except ImportError:
            raise ImportError(f"{exchange} is spoken to through ccxt: pip install 'exchangeclient[ccxt]'", name="ccxt") from None
        self.exchange: Final = exchange
        self.settle_timeout: Final = settle_timeout
        self._lock = threading.Lock()
        self._api: Any = getattr(library, exchange)(
            {
                "apiKey": api_key or "",
                "secret": api_secret or "",
                "enableRateLimit": True,
                "timeout": int(1_000 * float((requests_params or {}).get("timeout", _TIMEOUT_S))),
                "options": {"defaultType": "spot", **_OPTIONS.get(exchange, {})},
            }
        )
        self._api.logger = _SILENT
        logging.getLogger("urllib3.connectionpool").addFilter(_without_queries)  # twice is once
        self._status = 0
        answered = self._api.on_rest_response

        def note(code: int, *rest: Any) -> Any:
            self._status = code
            return answered(code, *rest)

        self._api.on_rest_response = note  # ccxt's errors do not carry the status
        where = environment if isinstance(environment, str | None) else environment.get("rest")
        if where:
            self._api.urls["api"] = _moved(self._api.urls["api"], self._api.hostname or "", where)
        self._loaded = False

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

    @property
    def buys_for_a_total(self) -> bool:
        """Whether a market order that buys names what it spends."""
        return bool(self._api.options.get("createMarketBuyOrderRequiresPrice"))

    def has(self, method: str) -> bool:
        """Whether the exchange has something for a method, by ccxt's own word for it: ``fetchTickers``."""
        return bool(self._api.has.get(method))

    def call(self, method: str, *args: Any, **params: Any) -> Any:
        """A method of ccxt's, such as ``fetch_ticker``, when it is its turn.

        :raises ExchangeException: whatever ccxt raises, in this package's words
        """
        with self._lock:
            self._status = 0
            try:
                if not self._loaded:
                    self._api.load_markets()
                    self._loaded = True
                return getattr(self._api, method)(*args, **params)
            except Exception as error:  # noqa: BLE001 - ccxt lets whatever it stumbles over out
                raise self._told(error) from None  # its text may hold what was signed

    def markets(self, *, again: bool = False) -> Mapping[str, Any]:
        """What the exchange lists, by ccxt's symbols; asked once, or ``again``."""
        with self._lock:
            self._status = 0
            try:
                found: Mapping[str, Any] = self._api.load_markets(again)
            except Exception as error:  # noqa: BLE001 - ccxt lets whatever it stumbles over out
                raise self._told(error) from None  # its text may hold what was signed
            self._loaded = True
            return found

    def rounded(self, symbol: str, *, price: str | None = None, amount: str | None = None) -> str | None:
        """A price or an amount as ccxt would send it: cut to what the exchange takes. None when nothing of it is left."""
        self.markets()
        try:
            text: str = self._api.price_to_precision(symbol, price) if price is not None else self._api.amount_to_precision(symbol, amount)
        except Exception:  # noqa: BLE001 - ccxt refuses here what is below one step, by classes that differ
            return None
        return text

    def takes(self, symbol: str, word: str) -> bool:
        """Whether limit orders may be ``IOC``, ``FOK`` or ``PO`` (post only), as ccxt knows the exchange."""
        words = self._api.feature_value(symbol, "createOrder", "timeInForce")
        return bool(isinstance(words, dict) and words.get(word))

    def close(self) -> None:
        """Close its connections."""
        session = getattr(self._api, "session", None)
        if session is not None:
            session.close()

    def _told(self, error: Exception) -> ExchangeException:
        return error if isinstance(error, ExchangeException) else translated(error, self.exchange, self._status)

    def needs(self, method: str) -> None:
        """Say so at once when the exchange has nothing for a method.

        :raises UnsupportedException: then
        """
        if not self.has(method):
            raise UnsupportedException(f"{self.exchange} has nothing for this ({method})", venue=self.exchange, what=method)


def _moved(urls: Any, hostname: str, where: str) -> Any:
    """The same addresses elsewhere: their paths behind ``where``."""
    if isinstance(urls, dict):
        return {name: _moved(each, hostname, where) for name, each in urls.items()}
    there, path = urlsplit(where), urlsplit(urls.replace("{hostname}", hostname)).path
    return urlunsplit((there.scheme, there.netloc, there.path.rstrip("/") + path, "", ""))
