"""Exact decimals to wire text and back: never an exponent, never float noise.

Venues take numbers as plain digits. ``str(0.00001)`` is ``'1e-05'`` in Python, which a venue refuses, and ``0.1 + 0.2``
carries noise; so every number leaves through :func:`plain` and every comparison is made on :class:`~decimal.Decimal`.
"""

from __future__ import annotations

import re
from decimal import Decimal

Number = Decimal | str | int | float
"""What a caller may give for a price or a quantity."""

# Plain digits as a venue takes them; an exponent is accepted from a caller and written out.
_NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_LONGEST = 64  # no price or quantity of any venue comes near; keeps '1e999' from filling memory


def exact(value: object, name: str) -> Decimal:
    """The exact decimal that a caller's number stands for; a float is taken as Python shows it (0.1 is 0.1).

    :param name: the argument's name, for the error text
    :raises TypeError: when it is no number (bool and None are none)
    :raises ValueError: when it is NaN, infinite, empty text, or text that is no plain number
    """
    if isinstance(value, bool) or not isinstance(value, (Decimal, str, int, float)):
        raise TypeError(f"{name} must be a Decimal, a number or its text, not {type(value).__name__}")
    if isinstance(value, str):
        if not _NUMERAL.fullmatch(value):
            raise ValueError(f"{name} must be a plain number, not {value[:40]!r}")
        number = Decimal(value)
    else:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{name} must be a finite number, not {value}")
    digits = number.as_tuple()
    assert isinstance(digits.exponent, int)  # finite, see above
    if len(digits.digits) + abs(digits.exponent) > _LONGEST:
        raise ValueError(f"{name} must be a number of at most {_LONGEST} digits, not {str(value)[:40]}")
    return number


def plain(value: object, name: str) -> str:
    """A number as the wire takes it: ``0.00001`` for the float 1e-05, ``100`` for 100, ``'0.50'`` unchanged.

    :raises TypeError: see :func:`exact`
    :raises ValueError: see :func:`exact`
    """
    text = format(exact(value, name), "f")
    return "0" if text.strip("-0.") == "" and text.startswith("-") else text


def floored(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``value``, in the step's own precision."""
    return (value // step) * step
