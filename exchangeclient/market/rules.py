"""What an order must keep to, in words that every venue shares, checked on exact decimals.

A venue's ``filters.py`` makes :class:`OrderRules` of what the venue publishes. A rule that needs a figure from elsewhere (an
average price, the number of open orders) has no place here: the venue checks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from exchangeclient.exceptions import (
    OrderException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
)
from exchangeclient.numbers import EXACT, floored, is_multiple


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lowest, highest and step of a price or a quantity; None where there is no limit.

    :ivar rule: the venue's name of it
    :ivar step_name: what its step is called
    """

    rule: str
    low: Decimal | None = None
    high: Decimal | None = None
    step: Decimal | None = None
    step_name: str = "step"

    def allows(self, value: Decimal) -> bool:
        """True when ``value`` keeps to every part."""
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.step is None or is_multiple(value, self.step))
        )

    def nearest(self, value: Decimal) -> Decimal | None:
        """The legal value that is nearest to ``value``, the lower of two as near; None when no value is legal."""
        if self.low is not None:
            value = max(value, self.low)
        if self.high is not None:
            value = min(value, self.high)
        if self.step is None:
            return value
        below = floored(value, self.step)
        legal = [candidate for candidate in (below, below + self.step) if self.allows(candidate)]
        return min(legal, key=lambda candidate: abs(candidate - value), default=None)

    def broken_by(self, value: Decimal) -> str:
        """How ``value`` breaks the rule, in words; empty when it does not."""
        if self.low is not None and value < self.low:
            return f"is below the minimum {self.low:f}"
        if self.high is not None and value > self.high:
            return f"is above the maximum {self.high:f}"
        if self.step is not None and not is_multiple(value, self.step):
            return f"is not a multiple of the {self.step_name} {self.step:f}"
        return ""


_UNBOUND = Bounds("above zero")


@dataclass(frozen=True, slots=True)
class OrderRules:
    """The rules of one symbol.

    :ivar status: the venue's word for whether it is trading
    :ivar quantity: for every order
    :ivar market_quantity: for market orders, besides ``quantity``
    :ivar totals: for price times quantity
    :ivar market_totals: for the total that a market order names itself
    """

    symbol: str
    trading: bool = True
    status: str = ""
    price: Bounds | None = None
    quantity: Bounds | None = None
    market_quantity: Bounds | None = None
    totals: tuple[Bounds, ...] = ()
    market_totals: tuple[Bounds, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderFigures:
    """The figures of one order, by the names that its user knows them by.

    :ivar prices: each is held to the price rule
    :ivar quantities: each is held to the quantity rule
    :ivar total: what a market order may spend or earn
    """

    prices: Mapping[str, Decimal] = field(default_factory=dict)
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    total: Decimal | None = None
    market: bool = False


def check(rules: OrderRules, order: OrderFigures) -> None:
    """Do nothing when the order keeps to the rules.

    :raises OrderException: see :func:`breach`
    """
    broken = breach(rules, order)
    if broken is not None:
        raise broken


def breach(rules: OrderRules, order: OrderFigures) -> OrderException | None:
    """The first rule that the order breaks, as the error for it, with ``.rule``, ``.value`` and ``.nearest``; None when it keeps to all."""
    return next(_breaches(rules, order), None)


def _breaches(rules: OrderRules, order: OrderFigures) -> Iterator[OrderException]:
    symbol = rules.symbol
    if not rules.trading:
        yield OrderInactiveSymbolException(
            f"{symbol} is not trading (status {rules.status})", symbol=symbol, rule="status", value=rules.status
        )
    for name, value in order.prices.items():
        yield from _held(OrderMinPriceException, rules.price, name, value, symbol)
    for name, value in order.quantities.items():
        yield from _held(OrderMinAmountException, rules.quantity, name, value, symbol)
    if order.market and "quantity" in order.quantities:
        yield from _held(OrderMinAmountException, rules.market_quantity, "quantity", order.quantities["quantity"], symbol)
    if "price" in order.prices and "quantity" in order.quantities:
        price, quantity = order.prices["price"], order.quantities["quantity"]
        total = EXACT.multiply(price, quantity)
        for bounds in rules.totals:
            yield from _held(OrderMinTotalException, bounds, f"price {price:f} times quantity {quantity:f} =", total, symbol)
    if order.total is not None:
        for bounds in rules.market_totals or (_UNBOUND,):
            yield from _held(OrderMinTotalException, bounds, "the total", order.total, symbol)


def _held(error: type[OrderException], bounds: Bounds | None, name: str, value: Decimal, symbol: str) -> Iterator[OrderException]:
    bounds = bounds or _UNBOUND
    broken = bounds.broken_by(value)
    if not broken and value <= 0:
        broken = "is not above zero"  # whatever a venue's figures leave open
    if broken:
        nearest = bounds.nearest(value) or bounds.step
        yield error(f"{name} {value:f} {broken} for {symbol}", symbol=symbol, rule=bounds.rule, value=value, nearest=nearest)
