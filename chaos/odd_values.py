"""What people and programs hand to a function by mistake, and what each of it can mean on the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction
from typing import Any, Never, SupportsIndex

from exchangeclient.client import Client

_PLAIN = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


class Whole:
    """A number as numpy's whole ones are: an index, and no int."""

    def __index__(self) -> int:
        return 7


class Mute:
    """An object that cannot be shown."""

    def __str__(self) -> Never:
        raise RuntimeError("this object cannot be shown")

    __repr__ = __str__


class Scalar(float):
    """A float that shows itself in other words, as numpy's do."""

    def __repr__(self) -> str:
        return f"scalar({float(self)})"

    __str__ = __repr__


class Word(Enum):
    """Members whose values are words and numbers of the venue."""

    BUY = "BUY"
    ODD = "1m "
    SEVEN = 7


def _closed_client() -> Client:
    client = Client("key", "secret", environment="http://venue.localhost")
    client.close()
    return client


# Functions, because some can be used up.
VALUES: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "NaN": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "-0.0": lambda: -0.0,
    "0.1+0.2": lambda: 0.1 + 0.2,
    "1e-8": lambda: 1e-8,
    "1e-7": lambda: 1e-7,
    "1e22": lambda: 1e22,
    "10**9": lambda: 10**9,
    "10**400": lambda: 10**400,
    "Decimal 1E-8": lambda: Decimal("1E-8"),
    "Decimal NaN": lambda: Decimal("NaN"),
    "Decimal sNaN": lambda: Decimal("sNaN"),
    "Decimal 1E+999999": lambda: Decimal("1E+999999"),
    "Fraction": lambda: Fraction(1, 3),
    "complex": lambda: 1j,
    "whole number of another kind": Whole,
    "float of another kind": lambda: Scalar(0.25),
    "empty": lambda: "",
    "space": lambda: " ",
    "text 10": lambda: "10",
    "text 1e999999999": lambda: "1e999999999",
    "a million digits": lambda: "9" * 10**6,
    "lower case": lambda: "btcusdt",
    "spaced": lambda: " BTCUSDT ",
    "slash": lambda: "BTC/USDT",
    "underline": lambda: "BTC_USDT",
    "dash": lambda: "BTC-USDT",
    "query": lambda: "BTC&side=SELL#+%41",
    "full width": lambda: "ＢＴＣＵＳＤＴ１",
    "combining": lambda: "BTCU\u0308SDT",
    "right to left": lambda: "\u202eBTCUSDT",
    "NUL": lambda: "BTC\0USDT",
    "newline": lambda: "BTC\r\nX-Evil: 1",
    "lone surrogate": lambda: "BTC\ud800",
    "bytes": lambda: b"BTCUSDT",
    "bytearray": lambda: bytearray(b"BTCUSDT"),
    "1 MB text": lambda: "B" * 2**20,
    "list": lambda: ["BTCUSDT", 5],
    "empty list": list,
    "list of lists": lambda: [["BTCUSDT"]],
    "list with NaN": lambda: [float("nan")],
    "dict": lambda: {"a": 1},
    "set": lambda: {"BTCUSDT"},
    "generator": lambda: (text for text in ("BTCUSDT",)),
    "mute object": Mute,
    "list with a mute object": lambda: [Mute()],
    "naive datetime": lambda: datetime(2026, 3, 29, 2, 30),  # noqa: DTZ001 - this is what it is about
    "aware datetime": lambda: datetime(2026, 3, 29, 2, 30, tzinfo=UTC),
    "date": lambda: date(2026, 2, 28),
    "before 1970": lambda: datetime(1901, 1, 1, tzinfo=UTC),
    "far future": lambda: datetime(9999, 12, 31, tzinfo=UTC),
    "-10**13": lambda: -(10**13),
    "10**18": lambda: 10**18,
    "member with a word": lambda: Word.BUY,
    "member with an odd word": lambda: Word.ODD,
    "member with a number": lambda: Word.SEVEN,
    "lambda": lambda: lambda: None,
    "class": lambda: Word,
    "closed client": _closed_client,
}


def can_mean(value: Any, text: str, *, in_capitals: bool = False) -> bool:
    """True when a text on the wire says exactly what the value is.

    :param in_capitals: whether its letters from a to z may be in capitals, without the spaces around it
    """
    value = value.value if isinstance(value, Enum) else value
    if in_capitals and isinstance(value, str):
        return text == "".join([letter.upper() if letter.isascii() else letter for letter in value.strip()])
    match value:
        case bool():
            return text == str(value).lower()
        case str():
            return text == value or _same_number(value, text)
        case list():
            return _same_list(value, text)
        case float():
            return _same_number(float.__repr__(value), text)
        case Decimal():
            return _same_number(str(value), text)
        case SupportsIndex():
            return text == str(value.__index__())
    return False


def _same_list(value: list[Any], text: str) -> bool:
    try:
        return bool(json.loads(text) == value)
    except ValueError:
        return False


def _same_number(value: str, text: str) -> bool:
    try:
        return _PLAIN.fullmatch(text) is not None and Decimal(value) == Decimal(text)
    except InvalidOperation:
        return False
