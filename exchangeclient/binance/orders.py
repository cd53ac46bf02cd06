"""What stands between a user and an order: the guard before it is sent, and the helpers that place the usual ones.

The guard lets through what is no order. Of an order it checks that nothing is missing, holds its figures to the rules of its
symbol, and fixes the client order id, so that an order whose answer is lost can be asked for. It fetches the rules of a symbol
before the first order on it.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.core import jsonio
from exchangeclient.core.request import Kind, Request, Response
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_GTC, TimeInForce
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderUnknownSymbolException,
    UnknownSymbolException,
)
from exchangeclient.market.rules import OrderFigures, OrderRules, check

EXCHANGE_INFO: Final = "/api/v3/exchangeInfo"
_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}", re.ASCII)
_PRICES = ("price", "stopPrice")
_QUANTITIES = ("quantity", "icebergQty")

# What each type needs; "or" within a group. https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints
_NEEDED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "LIMIT": (("timeInForce",), ("quantity",), ("price", "pegPriceType")),
    "MARKET": (("quantity", "quoteOrderQty"),),
    "LIMIT_MAKER": (("quantity",), ("price", "pegPriceType")),
    "STOP_LOSS": (("quantity",), ("stopPrice", "trailingDelta")),
    "STOP_LOSS_LIMIT": (("timeInForce",), ("quantity",), ("price", "pegPriceType"), ("stopPrice", "trailingDelta")),
    "TAKE_PROFIT": (("quantity",), ("stopPrice", "trailingDelta")),
    "TAKE_PROFIT_LIMIT": (("timeInForce",), ("quantity",), ("price", "pegPriceType"), ("stopPrice", "trailingDelta")),
}


class OrderGuard:
    """Checks the orders of one client; safe to be used by many threads.

    :param fetch: asks the venue for exchangeInfo of one symbol; its answer comes in by :meth:`learn`
    """

    def __init__(self, fetch: Callable[[str], object]) -> None:
        self._fetch = fetch
        self._lock = threading.RLock()  # fetch() comes back to learn() on the same thread
        self._unread = b""
        self._listed: dict[str, Any] = {}
        self._rules: dict[str, OrderRules] = {}

    def prepare(self, request: Request) -> Request:
        """The order as it may be sent; any other call as it is.

        :raises TypeError: when something that the order's type needs is missing
        :raises ValueError: for a negative figure or a client order id that the venue refuses
        :raises OrderException: for the first rule that the order breaks
        """
        if request.kind not in (Kind.PLACE, Kind.TEST):
            return request
        figures = _figures(request.params)
        if request.validate:
            _refuse_incomplete(request)
            check(self.rules(request.params["symbol"]), figures)
        return _identified(request) if request.kind is Kind.PLACE else request

    def rules(self, symbol: str) -> OrderRules:
        """The rules of a symbol, fetched when they are not known.

        :raises OrderUnknownSymbolException: when the venue does not list it
        """
        with self._lock:
            if symbol not in self._rules:
                self._rules[symbol] = self._compiled(symbol)
            return self._rules[symbol]

    def learn(self, request: Request, response: Response) -> None:
        """Take the rules from exchangeInfo, and drop them when the list of products was read."""
        if request.path == EXCHANGE_INFO:
            with self._lock:
                if request.params:
                    self._read()
                    self._note(response.body)
                else:
                    # The whole exchange is megabytes: it is read when an order needs it. Kept as bytes, because the decoded answer is the
                    # user's to change.
                    self._drop()
                    self._unread = response.body
        elif request.host == "website":
            with self._lock:
                self._drop()

    def _drop(self) -> None:
        self._unread = b""
        self._listed.clear()
        self._rules.clear()

    def _read(self) -> None:
        body, self._unread = self._unread, b""
        if body:
            self._note(body)

    def _note(self, body: bytes) -> None:
        answer = jsonio.decode(body)
        symbols = answer.get("symbols") if isinstance(answer, dict) else None
        for entry in symbols if isinstance(symbols, list) else ():
            if isinstance(entry, dict) and isinstance(name := entry.get("symbol"), str):
                self._listed[name] = entry
                self._rules.pop(name, None)

    def _compiled(self, symbol: str) -> OrderRules:
        self._read()
        if symbol not in self._listed:
            self._ask(symbol)
        if symbol not in self._listed:
            raise _unknown(symbol)
        try:
            return order_rules(self._listed[symbol])
        except ValueError as error:
            raise ExchangeRequestException(f"the venue's rules of {symbol} cannot be read: {error}", sent="no") from error

    def _ask(self, symbol: str) -> None:
        """Fetch the rules. A failure must not read as if the order itself might have arrived."""
        try:
            self._fetch(symbol)
        except UnknownSymbolException as error:
            raise _unknown(symbol) from error
        except (ExchangeRequestException, ExchangeAPIException) as error:
            if isinstance(error, ExchangeAPIException) and error.status_code < 500:
                raise
            raise ExchangeRequestException(f"the order was not sent: its rules could not be fetched ({error})", sent="no") from error


def _unknown(symbol: str) -> OrderUnknownSymbolException:
    return OrderUnknownSymbolException(f"{symbol} is not listed by the venue", symbol=symbol, rule="symbol", value=symbol)


def _refuse_incomplete(request: Request) -> None:
    needed = (("symbol",), ("side",), ("type",), *_NEEDED.get(request.params.get("type", ""), ()))
    for names in needed:
        if not any(name in request.params for name in names):
            kind = f" for a {request.params['type']} order" if "type" in request.params else ""
            raise TypeError(f"{request.name}() needs {' or '.join(names)}{kind}")


def _figures(params: Mapping[str, str]) -> OrderFigures:
    figures = {name: Decimal(params[name]) for name in (*_PRICES, *_QUANTITIES, "quoteOrderQty") if name in params}
    for name, value in figures.items():
        if value < 0:
            raise ValueError(f"{name} must not be negative: {value:f}")
    if not figures.get("icebergQty", 1):
        del figures["icebergQty"]  # zero: no iceberg
    return OrderFigures(
        prices={name: figures[name] for name in _PRICES if name in figures},
        quantities={name: figures[name] for name in _QUANTITIES if name in figures},
        total=figures.get("quoteOrderQty"),
        market=params.get("type") == ORDER_TYPE_MARKET,
    )


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
