"""What a venue lists, as far as orders need it: the rules of each symbol, fetched for the first order on it.

A venue says what to ask for the rules of a symbol, what is in the answer, and how an entry is read.
"""

from __future__ import annotations

import functools
import logging
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Request
from exchangeclient.core.http.retry import is_ambiguous
from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import Clock
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderException,
    OrderUnknownSymbolException,
    UnknownSymbolException,
)
from exchangeclient.market.rules import OrderRules

log = logging.getLogger(__name__)

USED_FOR_S: Final = 3600.0
"""Older rules are fetched anew before an order is held to them."""

REFUSING_FOR_S: Final = 60.0
"""Older rules are fetched anew before they refuse an order."""

Entry = Mapping[str, Any]
ReadRules = Callable[[Entry], OrderRules]


@dataclass(frozen=True)
class Listing:
    """What the venue said of a symbol, and when; its rules are made when an order needs them."""

    symbol: str
    entry: Entry
    at_s: float
    read: ReadRules

    @functools.cached_property
    def rules(self) -> OrderRules:
        """The rules of the symbol.

        :raises ExchangeRequestException: when they cannot be read
        """
        try:
            return self.read(self.entry)
        except ValueError as error:
            raise ExchangeRequestException(f"the venue's rules of {self.symbol} cannot be read: {error}", sent="no") from error


class Listings:
    """The rules of one venue's symbols; safe to be used by many threads.

    The lock of all is never held over the network. Each symbol has a lock besides, so that its rules are fetched by one thread at a time,
    while the others that need them wait for it no longer than their own calls may last.

    :param clock: what the age of rules is measured by
    :param read: the rules in an entry; ValueError when it has another form
    """

    def __init__(self, clock: Clock, read: ReadRules) -> None:
        self._clock = clock
        self._rules_of = read
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}
        self._listed: dict[str, Listing] = {}
        self._failed_s: dict[str, float] = {}
        forks.follow(self)

    def renew(self) -> None:
        """Go on in a process that was forked off: nobody fetches anything here."""
        self._lock = threading.Lock()
        self._fetching = {}

    def question(self, symbol: str) -> Request:
        """What the venue is asked for the rules of a symbol."""
        raise NotImplementedError

    def entries(self, answer: Any) -> Iterator[tuple[str, Entry]]:
        """The symbols in its answer, each with its entry."""
        raise NotImplementedError

    def rules(self, symbol: str, errand: Errand, oldest_s: float = USED_FOR_S) -> OrderRules:
        """The rules of a symbol, fetched when they are not known or older than ``oldest_s``.

        :raises OrderUnknownSymbolException: when the venue does not list it
        """
        return self.listing(symbol, errand, oldest_s).rules

    def listing(self, symbol: str, errand: Errand, oldest_s: float = USED_FOR_S) -> Listing:
        """What the venue says of a symbol, as :meth:`rules`."""
        listing = self._known(symbol, oldest_s)
        if listing is None:
            with self._lock:
                fetching = self._fetching.setdefault(symbol, threading.Lock())
            _acquire(fetching, symbol, errand)
            try:
                listing = self._known(symbol, oldest_s) or self._refreshed(symbol, errand)
            finally:
                fetching.release()
        return listing

    def forget(self, symbol: str) -> None:
        """Have the rules of a symbol fetched anew."""
        with self._lock:
            self._read()
            self._listed.pop(symbol, None)

    def note(self, answer: Any) -> None:
        """Take the rules in an answer."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._read()
            self._note(answer, now_s)

    def _read(self) -> None:
        """Take in what was put aside, with the lock held."""

    def _known(self, symbol: str, oldest_s: float) -> Listing | None:
        with self._lock:
            self._read()
            listing = self._listed.get(symbol)
        return listing if listing is not None and self._clock.monotonic_s() - listing.at_s <= oldest_s else None

    def _note(self, answer: Any, at_s: float) -> None:
        self._listed.update({listing.symbol: listing for listing in self._listings(answer, at_s)})

    def _listings(self, answer: Any, at_s: float) -> Iterator[Listing]:
        for symbol, entry in self.entries(answer):
            yield Listing(symbol, entry, at_s, self._rules_of)

    def _refreshed(self, symbol: str, errand: Errand) -> Listing:
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

    def _fetched(self, symbol: str, errand: Errand) -> Listing:
        """What the venue says now. A failure must not read as if the order itself might have arrived."""
        try:
            answer = errand.ask(self.question(symbol))
        except UnknownSymbolException as error:
            self.forget(symbol)
            raise _unknown(symbol) from error
        except (ExchangeRequestException, ExchangeAPIException) as error:
            if isinstance(error, ExchangeAPIException) and error.status_code < 500 and not is_ambiguous(error):
                raise
            raise ExchangeRequestException(f"the order was not sent: its rules could not be fetched ({error})", sent="no") from error
        for listing in self._listings(answer, self._clock.monotonic_s()):
            if listing.symbol == symbol:
                return listing
        self.forget(symbol)
        raise _unknown(symbol)


def hold(breach: Callable[[float], OrderException | None]) -> None:
    """Hold an order to its rules. It is refused by fresh ones alone: the venue may have changed them since those at hand were fetched.

    :param breach: the first rule that it breaks, of rules that are no older than so many seconds
    :raises OrderException: for that rule
    """
    if breach(USED_FOR_S) is not None and (broken := breach(REFUSING_FOR_S)) is not None:
        raise broken


def _acquire(fetching: threading.Lock, symbol: str, errand: Errand) -> None:
    try:
        acquired = fetching.acquire(timeout=min(errand.left_s(), threading.TIMEOUT_MAX))
    except TimeoutError:
        acquired = False
    if not acquired:
        raise ExchangeRequestException(
            f"the order was not sent: the rules of {symbol}, which another thread is fetching, did not come before its deadline", sent="no"
        )


def _unknown(symbol: str) -> OrderUnknownSymbolException:
    return OrderUnknownSymbolException(f"{symbol} is not listed by the venue", symbol=symbol, rule="symbol", value=symbol)
