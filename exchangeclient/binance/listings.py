"""What the venue lists, as far as orders need it: order rules out of exchangeInfo, whoever asked for it, and reference prices.

A figure that the market moves is never asked for on an order's behalf: it is at hand when the user has asked for it a moment ago.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Request, Response
from exchangeclient.core.orders import listings
from exchangeclient.core.orders.listings import Entry
from exchangeclient.core.process.clock import Clock
from exchangeclient.market.rules import OrderRules

_EXCHANGE_INFO: Final = declaration(SpotMarket.get_exchange_info)
_REFERENCE_PRICE: Final = "/api/v3/referencePrice"
_AVERAGE_PRICE: Final = "/api/v3/avgPrice"

_PRICE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_FRESH_FOR_S: Final = 10.0  # the venue works a reference price out anew every second or so


@dataclass(frozen=True, slots=True)
class _Figure:
    """A price that the venue told.

    :ivar minutes: over how many it is an average; None for the reference price itself
    """

    price: Decimal
    minutes: int | None
    at_s: float


class Listings(listings.Listings):
    """The rules of the spot exchange's symbols and their reference prices; safe to be used by many threads.

    :param clock: what the age of both is measured by
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, order_rules)
        self._unread: tuple[bytes, float] | None = None
        self._figures: dict[str, _Figure] = {}

    def question(self, symbol: str) -> Request:
        """ExchangeInfo of one symbol."""
        return _EXCHANGE_INFO.request((), {"symbol": symbol})

    def entries(self, answer: Any) -> Iterator[tuple[str, Entry]]:
        """The symbols of exchangeInfo."""
        symbols = answer.get("symbols") if isinstance(answer, dict) else None
        for entry in symbols if isinstance(symbols, list) else ():
            if isinstance(entry, dict) and isinstance(name := entry.get("symbol"), str):
                yield name, entry

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

    def _learn_rules(self, request: Request, body: bytes) -> None:
        if request.params:
            self.note(jsonio.decode(body))
            return
        now_s = self._clock.monotonic_s()
        with self._lock:
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

    def _read(self) -> None:
        unread, self._unread = self._unread, None
        if unread is not None:
            self._note(jsonio.decode(unread[0]), unread[1])
