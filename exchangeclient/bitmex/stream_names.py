"""The topics of BitMEX's realtime feed: ``trade:XBTUSD``, ``margin``; one function for each kind. Pure.

Source: https://www.bitmex.com/app/wsAPI#Subscriptions
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from exchangeclient.core.calling.endpoint import in_capitals
from exchangeclient.core.protocol.session import names_in

DEFAULT_TABLES: Final = ("instrument", "quote", "trade", "tradeBin1m")
"""What is subscribed to of each symbol when nothing else is said."""

DEFAULT_ACCOUNT_TABLES: Final = ("margin", "position", "order", "execution")
"""What is subscribed to besides when there is a key."""

# Those that no symbol stands behind, and those of an account.
_WHOLE: Final = frozenset(
    "account affiliate announcement connected chat funds insurance margin publicNotifications privateNotifications transact wallet".split()
)
_PRIVATE: Final = frozenset("account affiliate execution order margin position privateNotifications transact wallet".split())
_TOPIC = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,40}(:[A-Za-z0-9_.]{1,40}(:[a-z]{1,20})?)?", re.ASCII)
# Indices begin with a dot; a series is a root and a word: XBT:perpetual.
_SYMBOL = re.compile(r"\.?[A-Z0-9_]{2,40}(:[a-z]{1,20})?", re.ASCII)
_BINS: Final = ("1m", "5m", "1h", "1d")
_BOOKS: Final[Mapping[str, str]] = {"": "orderBookL2", "0": "orderBookL2", "10": "orderBook10", "25": "orderBookL2_25"}


def symbol_part(symbol: str, name: str = "symbol") -> str:
    """A symbol as topics spell it: in capitals, but for the word of a series.

    :raises TypeError: when it is no text
    :raises ValueError: when it is of another form
    """
    if not isinstance(symbol, str):
        raise TypeError(f"{name} must be a str, not {type(symbol).__name__}")
    root, colon, series = symbol.partition(":")
    spelled = in_capitals(root) + colon + series
    if not _SYMBOL.fullmatch(spelled):
        raise ValueError(f"{name} must be a symbol such as 'XBTUSD', not {symbol[:40]!r}")
    return spelled


def topic(table: str, symbol: str | None = None) -> str:
    """The topic of a table, of one symbol or of all.

    :raises TypeError: when it is no text
    :raises ValueError: when it is no table's name, or none that has symbols
    """
    if not isinstance(table, str):
        raise TypeError(f"table must be a str, not {type(table).__name__}")
    if ":" in table or not _TOPIC.fullmatch(table):
        raise ValueError(f"table must be a table's name such as 'trade', not {table[:40]!r}")
    if symbol is None:
        return table
    if table in _WHOLE:
        raise ValueError(f"table {table!r} has no symbols")
    return f"{table}:{symbol_part(symbol)}"


def depth_name(symbol: str, depth: int | str | None = None) -> str:
    """``orderBookL2`` for the whole book and its changes, ``orderBookL2_25`` for those of 25 levels, ``orderBook10`` for 10, whole.

    :raises ValueError: naming the argument
    """
    table = _BOOKS.get("" if depth is None else str(depth))
    if table is None:
        raise ValueError(f"depth must be 10, 25, or None for the changes of the whole book, not {depth!r}")
    return topic(table, symbol)


def kline_name(symbol: str, interval: str = "1m") -> str:
    """``tradeBin<bin>``.

    :raises ValueError: for an interval that the venue did not have
    """
    if interval not in _BINS:
        raise ValueError(f"interval must be one of {', '.join(_BINS)}, not {interval!r}")
    return topic(f"tradeBin{interval}", symbol)


def stream_list(streams: Iterable[str]) -> list[str]:
    """Topics as they were given, each once.

    :raises TypeError: when it is no list of texts
    :raises ValueError: for what is no topic, and for none at all
    """
    return names_in(streams, _check)


def _check(name: str) -> None:
    if not _TOPIC.fullmatch(name):
        raise ValueError(f"streams: {name[:60]!r} is no topic such as 'trade:XBTUSD'")


def has_symbols(table: str) -> bool:
    """False for a table whose topic no symbol may stand behind."""
    return table not in _WHOLE


def is_private(name: str) -> bool:
    """True for a topic of the account's, which asks for a key."""
    return name.partition(":")[0] in _PRIVATE


def is_shared(name: str) -> bool:
    """True when its messages tell by themselves that they are its own, so that others may come over the same connection.

    Those of all symbols together look like those of one, and those of a series carry the contract's symbol.
    """
    table, _, symbol = name.partition(":")
    return table in _WHOLE if not symbol else ":" not in symbol
