"""What the methods of an archive are called with: a wrong argument is refused by its name before anything is asked or written. Pure."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final

from exchangeclient.archive.series import TRADES, Series
from exchangeclient.market import klines

_LONGEST_WAIT_S: Final = 10.0**9


def kind(name: str, value: Any, *kinds: type) -> None:
    """
    :raises TypeError: when a value is of none of these kinds; True and False are no numbers
    """
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{name} must be {' or '.join(each.__name__ for each in kinds)}, not {type(value).__name__}")


def names(**given: object) -> None:
    """See that each is a text, or None for one that is left out.

    :raises TypeError: naming the first that is none
    """
    for name, value in given.items():
        if value is not None:
            kind(name, value, str)


def one_of(name: str, value: Any, allowed: Collection[str]) -> None:
    """
    :raises TypeError: for what is no text
    :raises ValueError: for another text
    """
    kind(name, value, str)
    if value not in allowed:
        raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}, not {value[:40]!r}")


def interval(name: str, value: Any) -> None:
    """
    :raises TypeError: for what is no text
    :raises ValueError: for what is no interval of candles
    """
    kind(name, value, str)
    try:
        klines.duration_ms(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def listed(name: str, given: str | Iterable[str] | None) -> list[str]:
    """One text or several as a list, those of ``symbols`` or ``intervals``; none for None.

    :raises TypeError: for what is neither
    :raises ValueError: for what is no symbol, or no interval
    """
    if given is None:
        return []
    found = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else [given]
    for each in found:
        if not isinstance(each, str):
            raise TypeError(f"{name} must be a str or a list of them")
        if name == "intervals" and each != TRADES:
            interval(name, each)
        elif name == "symbols":
            try:
                Series("any", each, TRADES)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    return found


def path(name: str, value: Any) -> Path:
    """
    :raises TypeError: for what is no path
    :raises ValueError: for what no file can be called
    """
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise TypeError(f"{name} must be a path, not {type(value).__name__}")
    try:
        if b"\0" in os.fsencode(value) or not os.fspath(value):
            raise ValueError(f"{name} cannot be the name of a file: {os.fspath(value)[:40]!r}")
    except UnicodeError as error:
        raise ValueError(f"{name} cannot be the name of a file: {error}") from error
    return Path(value)


def seconds(name: str, value: Any) -> float:
    """
    :raises TypeError: for what is no number
    :raises ValueError: for less than none
    """
    kind(name, value, int, float)
    if not 0 <= value <= _LONGEST_WAIT_S:
        raise ValueError(f"{name} must be between 0 and {_LONGEST_WAIT_S:.0f} seconds")
    return float(value)


def function(name: str, value: Any) -> None:
    """
    :raises TypeError: for what cannot be called, and is not None
    """
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function, not {type(value).__name__}")
