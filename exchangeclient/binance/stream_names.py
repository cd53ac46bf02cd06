"""The names of Binance's market streams: one function for each kind, which refuses what the venue would accept and never send.

Pure. Source: Binance Spot API documentation, "WebSocket Streams".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, get_args

from exchangeclient.enums import KlineInterval

WINDOWS: Final = ("1h", "4h", "1d")
ALL_MINI_TICKERS: Final = "!miniTicker@arr"

_LONGEST_SYMBOL = 40
_LEVELS = ("5", "10", "20")
# The candles of a day, a week or a month may begin at the midnight of this zone instead of UTC's; the venue offers no other.
_ZONE = "+08:00"
_KINDS: Final = (
    *("trade", "aggTrade", "blockTrade", "bookTicker", "miniTicker", "ticker", "avgPrice", "referencePrice"),
    *(f"ticker_{window}" for window in WINDOWS),
    *(f"depth{levels}{speed}" for levels in ("", *_LEVELS) for speed in ("", "@100ms", "@1000ms")),
    *(f"kline_{interval}{zone}" for interval in get_args(KlineInterval) for zone in ("", f"@{_ZONE}")),
)
_BY_SMALL_LETTERS: Final = {kind.lower(): kind for kind in _KINDS}
_FAMILIES: Final = ("kline_", "depth", "ticker_")
# What a kind may be of that the venue has introduced since: nothing that means anything in an address or a JSON text.
_NEW_KIND = re.compile(r"[A-Za-z0-9_@+:.-]{1,60}", re.ASCII)
# These come every second or two, whatever happens; the others only when something does.
_PACED = re.compile(r"[^@]+@(kline_.*|depth(5|10|20)(@.*)?|avgPrice)|!miniTicker@arr|!ticker_.*@arr")


def symbol_part(symbol: str) -> str:
    """A symbol as stream names spell it: lower case.

    :raises TypeError: when it is no text
    :raises ValueError: when it is not of letters (of any script) and digits, 40 at most: the venue would accept it and send nothing
    """
    if not isinstance(symbol, str):
        raise TypeError(f"symbol must be a str, not {type(symbol).__name__}")
    # Letters, marks and numbers: in some scripts a word is not of letters alone.
    if not 1 <= len(symbol) <= _LONGEST_SYMBOL or any(unicodedata.category(letter)[0] not in "LMN" for letter in symbol):
        raise ValueError(f"symbol must be a symbol such as 'BNBBTC', not {symbol[:_LONGEST_SYMBOL]!r}")
    return symbol.lower()


def depth_name(symbol: str, depth: int | str | None = None, interval: int | None = None) -> str:
    """``<symbol>@depth`` for changes, ``<symbol>@depth<5, 10 or 20>`` for the best levels.

    :param interval: milliseconds between two messages: 1000 (also when left out) or 100
    :raises ValueError: naming the argument
    """
    if depth is not None and str(depth) not in _LEVELS:
        raise ValueError(f"depth must be 5, 10, 20 or None for the changes of the whole book, not {depth!r}")
    if interval is not None and (type(interval) is not int or interval not in (100, 1000)):
        raise ValueError(f"interval must be 100 or 1000 (milliseconds) or None, not {interval!r}")
    return f"{symbol_part(symbol)}@depth{depth or ''}{'@100ms' if interval == 100 else ''}"


def kline_name(symbol: str, interval: str = "1m", time_zone: str | None = None) -> str:
    """``<symbol>@kline_<interval>``, or ``<symbol>@kline_<interval>@+08:00``.

    :param time_zone: ``"+08:00"`` for candles that begin by the clock of that zone; None for UTC
    :raises ValueError: naming the argument
    """
    if interval not in get_args(KlineInterval):
        raise ValueError(f"interval must be one of {', '.join(get_args(KlineInterval))}, not {interval!r}")
    if time_zone is not None and time_zone != _ZONE:
        raise ValueError(f"time_zone must be {_ZONE!r} or None for UTC, not {time_zone!r}")
    return f"{symbol_part(symbol)}@kline_{interval}{'' if time_zone is None else f'@{_ZONE}'}"


def trade_name(symbol: str) -> str:
    """``<symbol>@trade``: every trade by itself."""
    return f"{symbol_part(symbol)}@trade"


def aggtrade_name(symbol: str) -> str:
    """``<symbol>@aggTrade``: the trades of one order at one price together."""
    return f"{symbol_part(symbol)}@aggTrade"


def block_trade_name(symbol: str) -> str:
    """``<symbol>@blockTrade``: trades that were arranged outside the book."""
    return f"{symbol_part(symbol)}@blockTrade"


def ticker_name(symbol: str) -> str:
    """``<symbol>@ticker``: figures of the last 24 hours, about once a second when they change."""
    return f"{symbol_part(symbol)}@ticker"


def mini_ticker_name(symbol: str) -> str:
    """``<symbol>@miniTicker``: the most important figures of the last 24 hours, about once a second when they change."""
    return f"{symbol_part(symbol)}@miniTicker"


def window_ticker_name(symbol: str | None, window: str) -> str:
    """``<symbol>@ticker_<window>``, or ``!ticker_<window>@arr`` of all symbols.

    :raises ValueError: naming the argument
    """
    if window not in WINDOWS:
        raise ValueError(f"window must be one of {', '.join(WINDOWS)}, not {window!r}")
    return f"!ticker_{window}@arr" if symbol is None else f"{symbol_part(symbol)}@ticker_{window}"


def book_ticker_name(symbol: str) -> str:
    """``<symbol>@bookTicker``: the best bid and ask whenever they change."""
    return f"{symbol_part(symbol)}@bookTicker"


def avg_price_name(symbol: str) -> str:
    """``<symbol>@avgPrice``: the average price of the last minutes, once a second."""
    return f"{symbol_part(symbol)}@avgPrice"


def reference_price_name(symbol: str) -> str:
    """``<symbol>@referencePrice``: the price by which orders are bounded, once a second, for symbols that have one."""
    return f"{symbol_part(symbol)}@referencePrice"


def stream_name(name: str) -> str:
    """A stream's name as the venue spells it: the symbol in lower case, in whatever case it was given.

    A kind of stream that is not known here may be new at the venue, and is let through.

    :raises TypeError: when it is no text
    :raises ValueError: when it cannot be a stream's, or is a known one's but for its spelling: the venue would accept it and send nothing
    """
    if not isinstance(name, str):
        raise TypeError(f"stream must be a str, not {type(name).__name__}")
    symbol, _, kind = name.partition("@")
    of_all = symbol.startswith("!")
    if not _NEW_KIND.fullmatch(name[1:] if of_all else kind):
        raise ValueError(f"stream must be a name such as 'bnbbtc@trade', not {name[:_LONGEST_SYMBOL]!r}")
    if of_all:
        return name
    symbol = symbol_part(symbol)
    if kind not in _KINDS:
        meant = _BY_SMALL_LETTERS.get(kind.lower())
        if meant is not None:
            raise ValueError(f"stream {name!r} is spelled {f'{symbol}@{meant}'!r}")
        family = next((family for family in _FAMILIES if kind.startswith(family)), None)
        if family is not None:
            known = ", ".join(each for each in _KINDS if each.startswith(family))
            raise ValueError(f"stream {name[:_LONGEST_SYMBOL]!r} must be of one of the kinds {known}")
    return f"{symbol}@{kind}"


def stream_list(streams: Iterable[str]) -> list[str]:
    """Names of streams, as :func:`stream_name` has them, each once.

    :raises TypeError: when it is no list of texts
    :raises ValueError: when there is none, or for what is no stream's name
    """
    return list(dict.fromkeys(map(stream_name, listed("streams", streams))))


def listed(what: str, given: Iterable[str]) -> list[str]:
    """A list that a user has given.

    :raises TypeError: when it is none, or a single text
    :raises ValueError: when it is empty
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"{what} must be a list of {what}, not one {type(given).__name__}")
    each = list(given)
    if not each:
        raise ValueError(f"{what} must name at least one")
    return each


def is_paced(name: str) -> bool:
    """True for a stream that the venue sends at a pace of its own, even when nothing happens."""
    return _PACED.fullmatch(name) is not None
