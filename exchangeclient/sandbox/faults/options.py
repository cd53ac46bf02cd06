"""What may be said about a fault: each option knows what it takes, and names itself when that is something else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

LONGEST_S = 1e6
_LONGEST_TEXT = 1_000_000
_LONGEST_SHOWN = 80
_LARGEST = 10**18


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be said.

    :ivar what: what it takes, as the refusal puts it
    :ivar holds: whether a value is of that kind
    :ivar default: what holds when nothing is said; None: nothing
    :ivar is_text: whether it is a text, which a command line need not read
    :ivar made: what becomes of a value that is one
    """

    what: str
    holds: Callable[[Any], bool]
    default: Any = None
    is_text: bool = False
    made: Callable[[Any], Any] = lambda value: value

    def read(self, name: str, value: object) -> Any:
        """The value, if it is one.

        :raises ValueError: naming the option
        """
        if value is None and self.default is None:
            return None
        if not self.holds(value):
            raise ValueError(f"{name} must be {self.what}, not {shown(value)}")
        return self.made(value)


def shown(value: object) -> str:
    """A value in a refusal, however large it is."""
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than Python writes
        return "so large a number"
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def _is_number(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and math.isfinite(value))


def seconds(default: float | None = None) -> Option:
    return Option(f"a number of seconds from 0 to {LONGEST_S:.0f}", lambda value: _is_number(value) and 0 <= value <= LONGEST_S, default)


def whole(least: int, most: int, default: int | None = None) -> Option:
    def holds(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return Option(f"a whole number from {least} to {most}", holds, default)


def share(default: float) -> Option:
    return Option("a number above 0, up to 1", lambda value: _is_number(value) and 0 < value <= 1, default)


def milliseconds() -> Option:
    most = 10**12
    return Option(f"a number of milliseconds from -{most} to {most}", lambda value: _is_number(value) and abs(value) <= most, 0)


def text(default: str | None = None, most: int = _LONGEST_TEXT) -> Option:
    return Option(f"a text of at most {most} bytes", lambda value: isinstance(value, str) and _size(value) <= most, default, is_text=True)


def name(what: str) -> Option:
    return Option(what, lambda value: isinstance(value, str) and 0 < len(value) <= 1000, is_text=True)


def text_or_number() -> Option:
    """A text, for which a whole number may stand."""
    is_text = name("a text or a whole number")

    def holds(value: Any) -> bool:
        return is_text.holds(value) or (_is_number(value) and isinstance(value, int) and abs(value) < _LARGEST)

    return replace(is_text, holds=holds, made=str)


def one_of(*words: str) -> Option:
    """The first word holds when nothing is said."""
    return Option(" or ".join(words), lambda value: value in words, words[0], is_text=True)


def flag() -> Option:
    return Option("true or false", lambda value: isinstance(value, bool), default=False)


def header_lines() -> Option:
    """Names with values; null takes a header away."""

    def holds(value: Any) -> bool:
        return isinstance(value, Mapping) and all(
            isinstance(key, str) and key.isascii() and key and (line is None or (isinstance(line, str) and "\n" not in line))
            for key, line in value.items()
        )

    return Option("an object of header names with texts or null", holds, {})


def hexadecimal() -> Option:
    def holds(value: Any) -> bool:
        try:
            return isinstance(value, str) and 0 < len(bytes.fromhex(value)) <= _LONGEST_TEXT
        except ValueError:
            return False

    return Option("bytes in hexadecimal, such as 8100", holds, "", is_text=True)


def _size(value: str) -> int:
    return len(value.encode("utf-8", "surrogatepass"))
