"""What the venue lists, as far as orders need it: the rules of each symbol, fetched for the first order on it, and reference prices.

Rules come from exchangeInfo, whoever asked for it. A figure that the market moves is never asked for on an order's behalf: it is at hand
when the user has asked for it a moment ago.
"""

from __future__ import annotations

import functools
import logging
import math
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.core import forks, jsonio
from exchangeclient.core.call import Errand
from exchangeclient.core.clock import Clock
from exchangeclient.core.endpoint import declaration
from exchangeclient.core.request import Request, Response
from exchangeclient.core.retry import is_ambiguous
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderUnknownSymbolException,
    UnknownSymbolException,
)
from exchangeclient.market.rules import OrderRules

log = logging.getLogger(__name__)

_EXCHANGE_INFO: Final = declaration(SpotMarket.get_exchange_info)
_REFERENCE_PRICE: Final = "/api/v3/referencePrice"
_AVERAGE_PRICE: Final = "/api/v3/avgPrice"

USED_FOR_S: Final = 3600.0
"""Older rules are fetched anew before an order is held to them."""

REFUSING_FOR_S: Final = 60.0
"""Older rules are fetched anew before they refuse an order."""

_PRICE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_FRESH_FOR_S: Final = 10.0  # the venue works a reference price out anew every second or so


@dataclass(frozen=True)
class _Listing:
    """What exchangeInfo said of a symbol, and when; its rules are made when an order needs them."""

    symbol: str
    entry: Mapping[str, Any]
    at_s: float

    @functools.cached_property
    def rules(self) -> OrderRules:
        try:
            return order_rules(self.entry)
        except ValueError as error:
            raise ExchangeRequestException(f"the venue's rules of {self.symbol} cannot be read: {error}", sent="no") from error


@dataclass(frozen=True, slots=True)
class _Figure:
    """A price that the venue told.

    :ivar minutes: over how many it is an average; None for the reference price itself
    """

    price: Decimal
    minutes: int | None
    at_s: float


class Listings:
    """The rules of one venue's symbols; safe to be used by many threads.

    The lock of all is never held over the network. Each symbol has a lock besides, so that its rules are fetched by one thread at a time,
    while the others that need them wait for it no longer than their own calls may last.

    :param clock: what the age of rules is measured by
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}
        self._listed: dict[str, _Listing] = {}
        self._unread: tuple[bytes, float] | None = None
        self._figures: dict[str, _Figure] = {}
        self._failed_s: dict[str, float] = {}
        forks.follow(self)

    def renew(self) -> None:
        """Go on in a process that was forked off: nobody fetches anything here."""
        self._lock = threading.Lock()
        self._fetching = {}

    def rules(self, symbol: str, errand: Errand, oldest_s: float = USED_FOR_S) -> OrderRules:
        """The rules of a symbol, fetched when they are not known or older than ``oldest_s``.

        :raises OrderUnknownSymbolException: when the venue does not list it
        """
        listing = self._known(symbol, oldest_s)
        if listing is None:
            with self._lock:
                fetching = self._fetching.setdefault(symbol, threading.Lock())
            _acquire(fetching, symbol, errand)
            try:
                listing = self._known(symbol, oldest_s) or self._refreshed(symbol, errand)
            finally:
                fetching.release()
        return listing.rules

    def reference(self, rules: OrderRules) -> Decimal | None:
        """The price by which the venue measures orders on a symbol, when it was told a moment ago; else None."""
        figure = self._figures.get(rules.symbol)
        if figure is None or self._clock.monotonic_s() - figure.at_s > _FRESH_FOR_S:
            return None
        return figure.price if figure.minutes in (None, rules.average_minutes) else None

    def learn(self, request: Request, response: Response) -> None:
        """Take rules and reference prices from an answer; the list of products, when it is read, has the rules fetched anew."""
        if request.path == _EXCHANGE_INFO.path:
            self._learn_rules(request, response.body)
        elif request.path in (_REFERENCE_PRICE, _AVERAGE_PRICE):
            self._learn_figure(request.params.get("symbol", ""), jsonio.decode(response.body))
        elif request.host == "website":
            with self._lock:
                self._listed.clear()
                self._unread = None

    def forget(self, symbol: str) -> None:
        """Have the rules of a symbol fetched anew."""
        with self._lock:
            self._read()
            self._listed.pop(symbol, None)

    def _learn_rules(self, request: Request, body: bytes) -> None:
        now_s = self._clock.monotonic_s()
        with self._lock:
            if request.params:
                self._read()
                self._note(body, now_s)
            else:
                # The whole exchange is megabytes: it is read when an order needs it. Kept as bytes, because the decoded answer is the
                # user's to change.
                self._listed.clear()
                self._unread = (body, now_s)

    def _learn_figure(self, symbol: str, answer: Any) -> None:
        if not isinstance(answer, dict):
            return
        known = self._figures.get(symbol)
        price, minutes = answer.get("referencePrice"), None
        if "referencePrice" not in answer:
            if known is not None and known.minutes is None:
                return  # of a symbol that has a reference price the average does not count
            price, minutes = answer.get("price"), answer.get("mins")
        if isinstance(price, str) and _PRICE.fullmatch(price) and Decimal(price) > 0:
            self._figures[symbol] = _Figure(Decimal(price), minutes, self._clock.monotonic_s())
        else:
            self._figures.pop(symbol, None)

    def _known(self, symbol: str, oldest_s: float) -> _Listing | None:
        with self._lock:
            self._read()
            listing = self._listed.get(symbol)
        return listing if listing is not None and self._clock.monotonic_s() - listing.at_s <= oldest_s else None

    def _read(self) -> None:
        unread, self._unread = self._unread, None
        if unread is not None:
            self._note(*unread)

    def _note(self, body: bytes, at_s: float) -> None:
        self._listed.update({listing.symbol: listing for listing in _listings(jsonio.decode(body), at_s)})

    def _refreshed(self, symbol: str, errand: Errand) -> _Listing:
        """What the venue says now, or what it said before while it cannot be asked: after a failure that is used for a minute."""
        known, now_s = self._known(symbol, math.inf), self._clock.monotonic_s()
        if known is not None and now_s - self._failed_s.get(symbol, -math.inf) < REFUSING_FOR_S:
            return known
        try:
            return self._fetched(symbol, errand)
        except (ExchangeRequestException, ExchangeAPIException) as error:
            if known is None:
                raise
            self._failed_s[symbol] = now_s
            log.warning("the rules of %s are %.0f s old and could not be fetched anew: %s", symbol, now_s - known.at_s, error)
            return known

    def _fetched(self, symbol: str, errand: Errand) -> _Listing:
        """What the venue says now. A failure must not read as if the order itself might have arrived."""
        try:
            answer = errand.ask(_EXCHANGE_INFO.request((), {"symbol": symbol}))
        except UnknownSymbolException as error:
            self.forget(symbol)
            raise _unknown(symbol) from error
        except (ExchangeRequestException, ExchangeAPIException) as error:
            if isinstance(error, ExchangeAPIException) and error.status_code < 500 and not is_ambiguous(error):
                raise
            raise ExchangeRequestException(f"the order was not sent: its rules could not be fetched ({error})", sent="no") from error
        for listing in _listings(answer, self._clock.monotonic_s()):
            if listing.symbol == symbol:
                return listing
        self.forget(symbol)
        raise _unknown(symbol)


def _acquire(fetching: threading.Lock, symbol: str, errand: Errand) -> None:
    try:
        acquired = fetching.acquire(timeout=min(errand.left_s(), threading.TIMEOUT_MAX))
    except TimeoutError:
        acquired = False
    if not acquired:
        raise ExchangeRequestException(
            f"the order was not sent: the rules of {symbol}, which another thread is fetching, did not come before its deadline", sent="no"
        )


def _listings(answer: Any, at_s: float) -> Iterator[_Listing]:
    symbols = answer.get("symbols") if isinstance(answer, dict) else None
    for entry in symbols if isinstance(symbols, list) else ():
        if isinstance(entry, dict) and isinstance(name := entry.get("symbol"), str):
            yield _Listing(name, entry, at_s)


def _unknown(symbol: str) -> OrderUnknownSymbolException:
    return OrderUnknownSymbolException(f"{symbol} is not listed by the venue", symbol=symbol, rule="symbol", value=symbol)
