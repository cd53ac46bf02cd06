"""What an order must keep to, in words that every venue shares, checked on exact decimals.

A venue's ``filters.py`` makes :class:`OrderRules` of what the venue publishes. A rule that is measured by the market (a price band, the
total of a market order) is checked when its caller has a reference price at hand; what needs a figure of the account (its open orders, its
position) has no place here: the venue checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, NamedTuple, get_args

from exchangeclient.exceptions import (
    OrderException,
    OrderIcebergException,
    OrderInactiveSymbolException,
    OrderMarketAmountException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderPriceBandException,
    OrderTrailingDeltaException,
)
from exchangeclient.numbers import EXACT, floored, is_multiple

Rounding = Literal["passive", "aggressive"]
"""Where a price goes that lies between two legal ones: away from the market, or towards it."""

_ZERO: Final = Decimal(0)
_LEAST: Final = Decimal((0, (1,), -400))  # nothing that can be given is less and above zero
multiply, remainder = EXACT.multiply, EXACT.remainder


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lowest, highest and step of a price or a quantity, all above zero; None where there is no limit.

    :ivar rule: the venue's name of it
    :ivar step_name: what its step is called
    """

    rule: str
    low: Decimal | None = None
    high: Decimal | None = None
    step: Decimal | None = None
    step_name: str = "step"

    def allows(self, value: Decimal) -> bool:
        """True when ``value`` is above zero and keeps to every part."""
        low, high, step = self.low, self.high, self.step
        return (
            value >= (_LEAST if low is None else low) and (high is None or value <= high) and (step is None or not remainder(value, step))
        )

    def nearest(self, value: Decimal) -> Decimal | None:
        """The legal value that is nearest to ``value``, the lower of two as near; None when no value is legal."""
        legal = [candidate for candidate in (self.at_most(value), self.at_least(value)) if candidate is not None]
        return min(legal, key=lambda candidate: abs(candidate - value), default=None)

    def at_most(self, value: Decimal) -> Decimal | None:
        """The largest legal value that is not above ``value``; None when there is none."""
        if self.high is not None:
            value = min(value, self.high)
        if self.step is not None:
            value = floored(value, self.step)
        return value if self.allows(value) else None

    def at_least(self, value: Decimal) -> Decimal | None:
        """The smallest legal value that is not below ``value``; None when there is none."""
        value = max(value, self.low or self.step or _ZERO)
        if self.step is not None and not is_multiple(value, self.step):
            value = EXACT.add(floored(value, self.step), self.step)
        return value if self.allows(value) else None

    def broken_by(self, value: Decimal) -> tuple[str, Decimal | None]:
        """How ``value`` breaks the rule, in words that are empty when it does not, and the limit that it breaks."""
        if self.low is not None and value < self.low:
            return f"is below the minimum {self.low:f}", self.low
        if self.high is not None and value > self.high:
            return f"is above the maximum {self.high:f}", self.high
        if value <= 0:  # whatever a venue's figures leave open
            return "is not above zero", _ZERO
        if self.step is not None and not is_multiple(value, self.step):
            return f"is not a multiple of the {self.step_name} {self.step:f}", self.step
        return "", None

    def allows_of(self, factor: Decimal, value: Decimal) -> bool:
        """True when ``value`` is within these bounds, which are multiples of ``factor``."""
        low, high = self.low, self.high
        return (low is None or value >= multiply(low, factor)) and (high is None or value <= multiply(high, factor))

    def times(self, factor: Decimal, step: Decimal | None) -> Bounds:
        """These bounds, which are multiples of ``factor``, as figures of which only multiples of ``step`` are legal."""
        low, high = (None if part is None else multiply(part, factor) for part in (self.low, self.high))
        return Bounds(self.rule, low, high, step)


UNBOUND: Final = Bounds("above zero")


@dataclass(frozen=True, slots=True)
class OrderRules:
    """The rules of one symbol.

    :ivar status: the venue's word for whether it is trading
    :ivar price: for every price
    :ivar quantity: for every quantity
    :ivar market_quantity: for the quantity of market orders, besides ``quantity``
    :ivar most_parts: into how many parts an iceberg may be cut
    :ivar trailing: for the distance of a trailing stop, ``"above"`` and ``"below"`` the market
    :ivar bands: for the price of an order, by its side, in multiples of the reference price
    :ivar totals: for price times quantity
    :ivar market_totals: for what a market order spends or earns
    :ivar average_minutes: over how many the reference price is an average, where the venue has no better one
    """

    symbol: str
    trading: bool = True
    status: str = ""
    price: Bounds = UNBOUND
    quantity: Bounds = UNBOUND
    market_quantity: Bounds = UNBOUND
    most_parts: Bounds = UNBOUND
    trailing: Mapping[str, Bounds] = field(default_factory=dict)
    bands: Mapping[str, Bounds] = field(default_factory=dict)
    totals: tuple[Bounds, ...] = ()
    market_totals: tuple[Bounds, ...] = ()
    average_minutes: int | None = None


class Names(NamedTuple):
    """What an order's figures are called by whoever gave them."""

    price: str = "price"
    stop_price: str = "stop price"
    quantity: str = "quantity"
    iceberg: str = "iceberg quantity"
    total: str = "the total"
    trailing: str = "trailing distance"


class OrderFigures(NamedTuple):
    """The figures of one order; None for what it does not name.

    :ivar side: by which the price bands are told apart; empty when the order does not go to the market at once
    :ivar total: what a market order may spend or earn
    :ivar trailing: the distance of a trailing stop
    :ivar trails: on which side of the market it does, ``"above"`` or ``"below"``
    :ivar names: what the figures are called in errors
    """

    side: str = ""
    price: Decimal | None = None
    stop_price: Decimal | None = None
    quantity: Decimal | None = None
    iceberg: Decimal | None = None
    total: Decimal | None = None
    trailing: Decimal | None = None
    trails: str = ""
    market: bool = False
    names: Names = Names()


def check(rules: OrderRules, order: OrderFigures, reference: Decimal | None = None) -> None:
    """Do nothing when the order keeps to the rules.

    :raises OrderException: see :func:`breach`
    """
    broken = breach(rules, order, reference)
    if broken is not None:
        raise broken


def breach(  # noqa: PLR0911, PLR0912 - one pass over all rules, without a call for each: every order goes through it
    rules: OrderRules, order: OrderFigures, reference: Decimal | None = None
) -> OrderException | None:
    """The first rule that the order breaks, as the error for it, with ``.rule``, ``.limit``, ``.value`` and ``.nearest``; None when it
    keeps to all.

    :param reference: the venue's reference price, when a fresh one is at hand; without it nothing is said of what is measured by it
    """
    if not rules.trading:
        return OrderInactiveSymbolException(
            f"{rules.symbol} is not trading (status {rules.status})", symbol=rules.symbol, rule="status", value=rules.status
        )
    side, price, stop_price, quantity, iceberg, total, trailing, trails, market, names = order
    if price is not None and not rules.price.allows(price):
        return _error(OrderMinPriceException, rules, rules.price, names.price, price)
    if stop_price is not None and not rules.price.allows(stop_price):
        return _error(OrderMinPriceException, rules, rules.price, names.stop_price, stop_price)
    if quantity is not None and not rules.quantity.allows(quantity):
        return _error(OrderMinAmountException, rules, rules.quantity, names.quantity, quantity)
    if iceberg is not None and (broken := _iceberg_breach(rules, iceberg, quantity, names)) is not None:
        return broken
    if market and quantity is not None and not rules.market_quantity.allows(quantity):
        return _error(OrderMarketAmountException, rules, rules.market_quantity, names.quantity, quantity)
    if trailing is not None and not (bounds := rules.trailing.get(trails, UNBOUND)).allows(trailing):
        return _error(OrderTrailingDeltaException, rules, bounds, names.trailing, trailing)
    if price is not None and quantity is not None:
        if reference is not None and (band := rules.bands.get(side)) is not None and not band.allows_of(reference, price):
            return _error(OrderPriceBandException, rules, band.times(reference, rules.price.step), names.price, price)
        spent = multiply(price, quantity)
        for bounds in rules.totals:
            if not bounds.allows(spent):
                called = f"{names.price} {price:f} times {names.quantity} {quantity:f} ="
                return _error(OrderMinTotalException, rules, bounds, called, spent)
    elif total is not None:
        return _market_breach(rules, total, names.total)
    elif market and quantity is not None and reference is not None:
        called = f"the reference price {reference:f} times {names.quantity} {quantity:f} ="
        return _market_breach(rules, multiply(reference, quantity), called)
    return None


def _iceberg_breach(rules: OrderRules, iceberg: Decimal, quantity: Decimal | None, names: Names) -> OrderException | None:
    if not rules.quantity.allows(iceberg):
        return _error(OrderMinAmountException, rules, rules.quantity, names.iceberg, iceberg)
    most = rules.most_parts.high
    if most is None or quantity is None or multiply(iceberg, most) >= quantity:
        return None
    return OrderIcebergException(
        f"{names.iceberg} {iceberg:f} cuts {names.quantity} {quantity:f} into more than {most:f} parts for {rules.symbol}",
        symbol=rules.symbol,
        rule=rules.most_parts.rule,
        value=iceberg,
        limit=most,
        nearest=rules.quantity.at_least(EXACT.divide(quantity, most)),
    )


def _market_breach(rules: OrderRules, total: Decimal, called: str) -> OrderException | None:
    for bounds in rules.market_totals or (UNBOUND,):
        if not bounds.allows(total):
            return _error(OrderMinTotalException, rules, bounds, called, total)
    return None


def _error(error: type[OrderException], rules: OrderRules, bounds: Bounds, name: str, value: Decimal) -> OrderException:
    words, limit = bounds.broken_by(value)
    return error(
        f"{name} {value:f} {words} for {rules.symbol}",
        symbol=rules.symbol,
        rule=bounds.rule,
        value=value,
        limit=limit,
        nearest=bounds.nearest(value),
    )


def check_rounding(rounding: object) -> None:
    """Refuse what is no :data:`Rounding`.

    :raises TypeError: when it is no text
    :raises ValueError: for another text
    """
    if not isinstance(rounding, str):
        raise TypeError(f"rounding must be a str, not {type(rounding).__name__}")
    if rounding not in get_args(Rounding):
        raise ValueError(f"rounding must be one of {', '.join(get_args(Rounding))}; not {rounding[:40]!r}")


def quantized(rules: OrderRules, order: OrderFigures, rounding: Rounding = "passive", *, stops_fall: bool = False) -> OrderFigures:
    """The order with its figures brought onto the steps and within the limits of the rules; it may still break one.

    A quantity goes down, never up. A price goes away from the market (down to buy, up to sell), so that the order never becomes dearer than
    it was, or towards it when ``rounding`` says so. A figure for which there is no legal one on that side stays as it is.

    :param stops_fall: whether the stop is reached when the price falls; it moves so that it is reached no sooner
    """
    down = (order.side == "BUY") is (rounding == "passive")
    quantity = _moved(rules.quantity, order.quantity, down=True)
    if order.market:
        quantity = _moved(rules.market_quantity, quantity, down=True)
    return order._replace(
        price=_moved(rules.price, order.price, down=down),
        stop_price=_moved(rules.price, order.stop_price, down=stops_fall),
        quantity=quantity,
        iceberg=_moved(rules.quantity, order.iceberg, down=True),
    )


def _moved(bounds: Bounds, value: Decimal | None, *, down: bool) -> Decimal | None:
    if value is None or bounds.allows(value):
        return value
    legal = bounds.at_most(value) if down else bounds.at_least(value)
    return legal or value
