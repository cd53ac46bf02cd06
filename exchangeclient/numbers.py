"""Exact decimals to wire text and back: never an exponent, never float noise.

Venues take numbers as plain digits. ``str(0.00001)`` is ``'1e-05'`` in Python, which a venue refuses, and ``0.1 + 0.2``
carries noise; so every number leaves through :func:`plain` and every comparison is made on :class:`~decimal.Decimal`.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import SupportsIndex

Number = Decimal | str | int | float
"""What a caller may give for a price or a quantity."""

# Plain digits as a venue takes them; an exponent is accepted from a caller and written out.
_NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_SHORT = 32
_ZERO = Decimal(0)
_LONGEST = 64  # no price or quantity of any venue comes near; keeps '1e999' from filling memory

EXACT = Context(prec=4 * _LONGEST)
"""Wide enough that products and remainders of two numbers of this module are never rounded."""


def exact(value: object, name: str) -> Decimal:
    """The exact decimal that a caller's number stands for; a float is taken as Python shows it (0.1 is 0.1).

    :param name: the argument's name, for the error text
    :raises TypeError: when it is no number (bool and None are none)
    :raises ValueError: when it is NaN, infinite, empty text, text that is no plain number, or longer than 64 digits
    """
    if type(value) is str and len(value) <= _SHORT and value.isascii() and value.replace(".", "", 1).isdigit():
        return Decimal(value)  # nearly every number that there is, several times as fast as below
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, str):
        if not _NUMERAL.fullmatch(value):
            raise ValueError(f"{name} must be a plain number, not {value[:40]!r}")
        number = Decimal(value)
    elif isinstance(value, float):
        # Not str(): a subclass (numpy's float64) may show itself in other words.
        number = Decimal(float.__repr__(value).removesuffix(".0"))
    elif isinstance(value, SupportsIndex) and not isinstance(value, bool):
        number = Decimal(value.__index__())
    else:
        raise TypeError(f"{name} must be a Decimal, a number or its text, not {type(value).__name__}")
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{name} must be a finite number, not {number}")
    if len(digits) + abs(exponent) > _LONGEST:
        raise ValueError(f"{name} must be a number of at most {_LONGEST} digits")
    return number


def unsigned(value: object, name: str) -> Decimal:
    """The same of a number from zero up.

    :raises TypeError: see :func:`exact`
    :raises ValueError: see :func:`exact`, and when it is negative
    """
    number = exact(value, name)
    if number < _ZERO:
        raise ValueError(f"{name} must not be negative: {number:f}")
    return number


def plain(value: object, name: str) -> str:
    """A number as the wire takes it: ``0.00001`` for the float 1e-05, ``100`` for 100 and 1e2, ``'0.50'`` unchanged.

    :raises TypeError: see :func:`exact`
    :raises ValueError: see :func:`exact`
    """
    text = format(exact(value, name), "f")
    return text.removeprefix("-") if text.strip("-0.") == "" else text


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """True when ``value`` is a whole number of steps."""
    return EXACT.remainder(value, step) == 0


def floored(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``value`` (for values from zero up), in the step's own precision."""
    return EXACT.multiply(EXACT.divide_int(value, step), step)


def trimmed(value: Decimal) -> Decimal:
    """The same number without zeros behind its last digit, as a rule's figure is shown: ``0.01`` for ``0.01000000``."""
    short = value.normalize(EXACT)
    return short.quantize(Decimal(1), context=EXACT) if short == short.to_integral_value() else short
