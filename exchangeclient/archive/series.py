"""What an archive is made of: series of candles or of trades, each of one venue and one symbol. Pure.

What tells the records of a series apart, and orders them, is their *mark*: the open time of a candle in milliseconds, the number of an
aggregated trade. Where ranges of marks are given, the first one belongs to them and the last one does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.market import klines

TRADES: Final = "aggTrades"
"""What stands in the place of an interval for aggregated trades; the name that the venue's public dumps have for them."""

CANDLE_COLUMNS: Final = (
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trades", "taker_buy_base", "taker_buy_quote",
)  # fmt: skip
"""Of the venue's kline row and of its public dumps; figures are text as the venue wrote them, None where a venue tells nothing."""

TRADE_COLUMNS: Final = ("id", "price", "quantity", "first_id", "last_id", "time", "buyer_maker", "best_match")

Row = tuple[Any, ...]
"""A candle or a trade, in the order of its columns."""

Range = tuple[int, int]
"""Marks from the first one on, up to but not including the second."""

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """The address of a series.

    :ivar venue: whose records they are; a test network is another venue than the live one
    :ivar symbol: as the venue spells it
    :ivar interval: of the candles, or :data:`TRADES`

    :raises TypeError: for what is no text
    :raises ValueError: for an empty, blank or overlong name, or what is no interval
    """

    venue: str
    symbol: str
    interval: str

    def __post_init__(self) -> None:
        for name in ("venue", "symbol"):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a str, not {type(value).__name__}")
            if not value.isprintable() or value.split() != [value] or len(value) > _LONGEST:
                raise ValueError(f"{name} must be a name without blanks, of {_LONGEST} characters at most; not {value[:40]!r}")
        if self.interval != TRADES:
            klines.duration_ms(self.interval)

    def __str__(self) -> str:
        return f"{self.venue} {self.symbol} {self.interval}"

    @property
    def is_trades(self) -> bool:
        """True for trades, False for candles."""
        return self.interval == TRADES

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what a row has."""
        return TRADE_COLUMNS if self.is_trades else CANDLE_COLUMNS

    def ceiling(self, mark: int) -> int:
        """The first mark that a record can have, from this one on."""
        return mark if self.is_trades else klines.next_open(self.interval, mark - 1)

    def floor(self, mark: int) -> int:
        """The last mark that a record can have, up to this one."""
        return mark if self.is_trades else klines.floor_open(self.interval, mark)

    def after(self, mark: int) -> int:
        """The mark that follows."""
        return mark + 1 if self.is_trades else klines.next_open(self.interval, mark)

    def later(self, mark: int, count: int) -> int:
        """The mark so many after this one."""
        return mark + count if self.is_trades else klines.open_after(self.interval, mark, count)

    def count(self, first: int, last: int) -> int:
        """How many marks a range has."""
        return max(0, last - first) if self.is_trades else klines.count_opens(self.interval, first, last)

    def is_gapless(self, marks: list[int]) -> bool:
        """True when marks follow each other; False also for calendar months, which nobody has many of."""
        step = 1 if self.is_trades else klines.duration_ms(self.interval)
        return step is not None and marks == list(range(marks[0], marks[0] + step * len(marks), step))

    def holes(self, marks: Iterable[int], first: int, last: int) -> Iterator[Range]:
        """The ranges of a range in which there is no record, given the marks of those that there are, in order."""
        return _number_holes(marks, first, last) if self.is_trades else klines.holes(self.interval, marks, first, last)


def _number_holes(marks: Iterable[int], first: int, last: int) -> Iterator[Range]:
    expected = first
    for mark in marks:
        if expected <= mark < last:
            if mark > expected:
                yield expected, mark
            expected = mark + 1
    if expected < last:
        yield expected, last


def without(wanted: Range, covered: list[Range]) -> list[Range]:
    """What of a range lies in none of those, which are in order and apart."""
    left: list[Range] = []
    first, last = wanted
    for start, end in covered:
        if end <= first:
            continue
        if start >= last:
            break
        if start > first:
            left.append((first, start))
        first = end
    if first < last:
        left.append((first, last))
    return left
