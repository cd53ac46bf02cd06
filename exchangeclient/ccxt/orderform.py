"""What an order on one instrument is held to before it is sent, and what asks for its type. Pure.

What ccxt would cut off a price or an amount to make it fit is refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from exchangeclient.ccxt.exchanges import Exchange
from exchangeclient.ccxt.readings import Row, exact_of
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, ORDER_TYPE_MARKET, SIDE_BUY, Side
from exchangeclient.exceptions import OrderMinAmountException, OrderMinPriceException, OrderMinTotalException, UnsupportedException
from exchangeclient.numbers import EXACT, Number, exact


class OrderForm:
    """The rules of one instrument.

    :param row: what ccxt lists it as
    :param rounded: a price or an amount as ccxt would send it, see :meth:`~exchangeclient.ccxt.client.Client.rounded`
    """

    def __init__(self, venue: str, exchange: Exchange, row: Row, rounded: Callable[..., str | None]) -> None:
        self._venue = venue
        self._exchange = exchange
        self._name = row["symbol"]
        self._row = row
        self._rounded = rounded

    def params(self, kind: str, time_in_force: str | None) -> dict[str, Any]:
        """What asks for a type and a time in force."""
        if kind not in (ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, ORDER_TYPE_LIMIT_MAKER):
            raise UnsupportedException(f"the venue has no {kind} orders", venue=self._venue, what="type")
        if time_in_force is not None and kind != ORDER_TYPE_LIMIT:
            raise UnsupportedException(f"the venue has no {kind} orders that are {time_in_force}", venue=self._venue, what="time_in_force")
        word = kind if kind == ORDER_TYPE_LIMIT_MAKER else time_in_force
        if word in (None, "GTC"):
            return {}
        if word not in self._exchange.words:
            raise UnsupportedException(f"{self._venue} has no orders that are {word}", venue=self._venue, what="time_in_force")
        return dict(self._exchange.words[str(word)])

    def size(self, side: Side, kind: str, quantity: Number | None, total: Number | None) -> Decimal:
        """What is sent as an amount: a quantity, held to its rules, or a total."""
        if (quantity is None) is (total is None):
            raise TypeError("place() needs one of quantity and total")
        in_money = kind == ORDER_TYPE_MARKET and side == SIDE_BUY and self._exchange.total_at is not None
        if total is not None:
            if not in_money:
                raise UnsupportedException("a total is for market orders that buy, where there are such", venue=self._venue, what="total")
            spent = exact(total, "total")
            self._hold_total(spent)
            return spent
        if in_money:
            text = f"at {self._venue} a market order that buys names what it spends (total); one that names a quantity has a limit price"
            raise UnsupportedException(text, venue=self._venue, what="quantity")
        size = exact(quantity if quantity is not None else 0, "quantity")
        nearest = self._nearest(amount=size)
        if size <= 0 or nearest != size:
            raise OrderMinAmountException(
                f"quantity {size} is no amount of {self._name} at {self._venue}",
                symbol=self._name,
                rule="precision",
                value=size,
                nearest=nearest,
            )
        limits = self._row["limits"]["amount"]
        low, high = limits.get("min"), limits.get("max") if kind != ORDER_TYPE_MARKET else None
        if low is not None and size < exact_of(low):
            raise OrderMinAmountException(
                f"quantity {size} is below the minimum {exact_of(low)}", symbol=self._name, rule="min", value=size, limit=exact_of(low)
            )
        if high is not None and size > exact_of(high):
            raise OrderMinAmountException(
                f"quantity {size} is above the maximum {exact_of(high)}", symbol=self._name, rule="max", value=size, limit=exact_of(high)
            )
        return size

    def price(self, kind: str, size: Decimal, price: Number | None) -> Decimal | None:
        """That of a limit order, held to its rules and to those of its total."""
        if kind == ORDER_TYPE_MARKET:
            if price is not None:
                raise UnsupportedException("a market order has no price", venue=self._venue, what="price")
            return None
        if price is None:
            raise TypeError("place() needs price")
        at = exact(price, "price")
        nearest = self._nearest(price=at)
        if at <= 0 or nearest != at:
            raise OrderMinPriceException(
                f"price {at} is no price of {self._name} at {self._venue}", symbol=self._name, rule="precision", value=at, nearest=nearest
            )
        self._hold_total(EXACT.multiply(size, at))
        return at

    def _hold_total(self, whole: Decimal) -> None:
        low = self._row["limits"]["cost"].get("min")
        if whole <= 0 or (low is not None and whole < exact_of(low)):
            raise OrderMinTotalException(f"the total, {whole}, is below the minimum {exact_of(low or 0)}", symbol=self._name, rule="min")

    def _nearest(self, **figure: Decimal) -> Decimal | None:
        """What ccxt would send of a price or an amount; itself where the exchange is left to judge."""
        (kind, value), *_ = figure.items()
        if not self._exchange.holds_to_ccxt:
            return value
        text = self._rounded(**{kind: f"{value:f}"})
        return None if text is None else Decimal(text)
