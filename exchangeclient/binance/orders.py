"""What stands between a user and an order: the guard before it is sent, and the helpers that place the usual ones.

The guard lets through what is no order. Of an order it checks that nothing is missing, fixes the client order id, so that an order
whose answer is lost can be asked for, and holds its figures to the rules of its symbol. It fetches the rules of a symbol on behalf
of the first order on it.
"""

from __future__ import annotations

import functools
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.orderform import figures, refuse_incomplete
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.core import jsonio
from exchangeclient.core.call import Errand
from exchangeclient.core.clock import Clock
from exchangeclient.core.endpoint import declaration
from exchangeclient.core.request import Kind, Request, Response
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_GTC, TimeInForce
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderUnknownSymbolException,
    UnknownSymbolException,
)
from exchangeclient.market.rules import OrderFigures, OrderRules, breach

_EXCHANGE_INFO: Final = declaration(SpotMarket.get_exchange_info)
_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}", re.ASCII)
_INVALID_MESSAGE = -1013
_USED_FOR_S = 3600.0  # older rules are fetched anew before an order is held to them
_REFUSING_FOR_S = 60.0  # older rules are fetched anew before they refuse an order


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


class OrderGuard:
    """Checks the orders of one client; safe to be used by many threads.

    The guard's own lock is never held over the network. Each symbol has a lock besides, so that its rules are fetched by one thread at a
    time, while the others that need them wait for it no longer than their own calls may last.

    :param clock: what the age of rules is measured by
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}
        self._listed: dict[str, _Listing] = {}
        self._unread: tuple[bytes, float] | None = None

    def prepare(self, request: Request, errand: Errand) -> Request:
        """The order as it may be sent; any other call as it is.

        :raises TypeError: when something that the order's type needs is missing
        :raises ValueError: for a negative figure or a client order id that the venue refuses
        :raises OrderException: for the first rule that the order breaks
        """
        if request.kind not in (Kind.PLACE, Kind.TEST):
            return request
        refuse_incomplete(request.name, request.params)
        order = figures(request.params)
        prepared = _identified(request) if request.kind is Kind.PLACE else request
        if request.validate:
            self._hold(request.params["symbol"], order, errand)
        return prepared

    def _hold(self, symbol: str, order: OrderFigures, errand: Errand) -> None:
        broken = breach(self.rules(symbol, errand, _USED_FOR_S), order)
        if broken is not None:  # unless the venue has changed the rule since
            broken = breach(self.rules(symbol, errand, _REFUSING_FOR_S), order)
        if broken is not None:
            raise broken

    def rules(self, symbol: str, errand: Errand, oldest_s: float = _USED_FOR_S) -> OrderRules:
        """The rules of a symbol, fetched when they are not known or older than ``oldest_s``.

        :raises OrderUnknownSymbolException: when the venue does not list it
        """
        listing = self._known(symbol, oldest_s)
        if listing is None:
            with self._lock:
                fetching = self._fetching.setdefault(symbol, threading.Lock())
            _acquire(fetching, symbol, errand)
            try:
                listing = self._known(symbol, oldest_s) or self._fetched(symbol, errand)
            finally:
                fetching.release()
        return listing.rules

    def learn(self, request: Request, response: Response) -> None:
        """Take the rules from exchangeInfo, and drop them when the list of products was read."""
        if request.path == _EXCHANGE_INFO.path:
            now_s = self._clock.monotonic_s()
            with self._lock:
                if request.params:
                    self._read()
                    self._note(response.body, now_s)
                else:
                    # The whole exchange is megabytes: it is read when an order needs it. Kept as bytes, because the decoded answer is the
                    # user's to change.
                    self._listed.clear()
                    self._unread = (response.body, now_s)
        elif request.host == "website":
            with self._lock:
                self._listed.clear()
                self._unread = None

    def refused(self, request: Request, error: ExchangeAPIException) -> None:
        """Drop the rules of a symbol whose order the venue holds to be against them."""
        if error.code == _INVALID_MESSAGE or error.rule:
            self._forget(request.params.get("symbol", ""))

    def _known(self, symbol: str, oldest_s: float) -> _Listing | None:
        with self._lock:
            self._read()
            listing = self._listed.get(symbol)
        return listing if listing is not None and self._clock.monotonic_s() - listing.at_s <= oldest_s else None

    def _forget(self, symbol: str) -> None:
        with self._lock:
            self._read()
            self._listed.pop(symbol, None)

    def _read(self) -> None:
        unread, self._unread = self._unread, None
        if unread is not None:
            self._note(*unread)

    def _note(self, body: bytes, at_s: float) -> None:
        self._listed.update({listing.symbol: listing for listing in _listings(jsonio.decode(body), at_s)})

    def _fetched(self, symbol: str, errand: Errand) -> _Listing:
        """What the venue says now. A failure must not read as if the order itself might have arrived."""
        try:
            answer = errand.ask(_EXCHANGE_INFO.request((), {"symbol": symbol}))
        except UnknownSymbolException as error:
            self._forget(symbol)
            raise _unknown(symbol) from error
        except (ExchangeRequestException, ExchangeAPIException) as error:
            if isinstance(error, ExchangeAPIException) and error.status_code < 500:
                raise
            raise ExchangeRequestException(f"the order was not sent: its rules could not be fetched ({error})", sent="no") from error
        for listing in _listings(answer, self._clock.monotonic_s()):
            if listing.symbol == symbol:
                return listing
        self._forget(symbol)
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


def _identified(request: Request) -> Request:
    """The order with a client order id: the user's, else one of 32 random hex digits, without any sign of this package."""
    given = request.params.get("newClientOrderId")
    if given is None:
        return request.having(newClientOrderId=secrets.token_hex(16))
    if not _CLIENT_ORDER_ID.fullmatch(given):
        raise ValueError(f"newClientOrderId must be 1 to 36 letters, digits, '-' and '_'; not {given[:60]!r}")
    return request


class OrderHelpers(SpotTrade):
    """The usual orders by name. Each takes every keyword of :meth:`create_order` and raises what it raises."""

    def order_limit(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order; ``symbol``, ``side``, ``quantity`` and ``price`` are needed.

        :param timeInForce: ``GTC`` when left out
        """
        return self.create_order(type=ORDER_TYPE_LIMIT, timeInForce=timeInForce, **params)

    def order_limit_buy(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order to buy; ``symbol``, ``quantity`` and ``price`` are needed."""
        return self.order_limit(timeInForce=timeInForce, side=SIDE_BUY, **params)

    def order_limit_sell(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order to sell; ``symbol``, ``quantity`` and ``price`` are needed."""
        return self.order_limit(timeInForce=timeInForce, side=SIDE_SELL, **params)

    def order_market(self, **params: Any) -> dict[str, Any]:
        """Place a market order; ``symbol``, ``side``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.create_order(type=ORDER_TYPE_MARKET, **params)

    def order_market_buy(self, **params: Any) -> dict[str, Any]:
        """Place a market order to buy; ``symbol``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.order_market(side=SIDE_BUY, **params)

    def order_market_sell(self, **params: Any) -> dict[str, Any]:
        """Place a market order to sell; ``symbol``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.order_market(side=SIDE_SELL, **params)
