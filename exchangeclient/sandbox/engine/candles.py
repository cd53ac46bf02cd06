"""Candles: the values, the grid of each interval, adding up, and reading rows of Binance's kline layout.

Pure arithmetic on milliseconds and scaled integers. Opening files is left to the sandbox's host, choosing which candles a
question is answered with to :mod:`.chart`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from .events import Traded
from .instruments import scaled, shown

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

_FIXED = {
    "1s": SECOND_MS,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": WEEK_MS,
}
INTERVALS = (*_FIXED, "1M")
"""Every interval, the shortest first."""

_MONDAY_MS = 4 * DAY_MS  # 1970-01-05, the first Monday of the epoch
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def opens_at(interval: str, time_ms: int, offset_ms: int = 0) -> int:
    """When the candle that contains this time opens: on the epoch's grid, on a Monday for weeks, on the first for months.

    :param offset_ms: how far the clocks that the grid follows are ahead of UTC
    """
    local_ms = time_ms + offset_ms
    if interval == "1M":
        day = date.fromordinal(_EPOCH_DAY + local_ms // DAY_MS)
        return (day.replace(day=1).toordinal() - _EPOCH_DAY) * DAY_MS - offset_ms
    width = _FIXED[interval]
    shift = (_MONDAY_MS if width == WEEK_MS else 0) - offset_ms
    return (time_ms - shift) // width * width + shift


def next_open(interval: str, open_ms: int, offset_ms: int = 0) -> int:
    """When the candle after the one that opens here opens."""
    if interval == "1M":
        return opens_at(interval, open_ms + 31 * DAY_MS, offset_ms)
    return open_ms + _FIXED[interval]


def same_grid(interval: str, offset_ms: int) -> bool:
    """True when candles of clocks that are ahead by this much open at the same times as those of UTC."""
    return offset_ms == 0 or (interval in _FIXED and offset_ms % _FIXED[interval] == 0)


def divides(part: str, whole: str, offset_ms: int = 0) -> bool:
    """True when candles of ``whole``, on clocks that are ahead by this much, can be added up from UTC's candles of ``part``."""
    if not same_grid(part, offset_ms):
        return False
    if part == whole:
        return True
    if part not in _FIXED:
        return False
    return (DAY_MS if whole in ("1w", "1M") else _FIXED[whole]) % _FIXED[part] == 0


@dataclass(frozen=True, slots=True)
class Candle:
    """A candle as it is shown: times in milliseconds, figures as the text of the wire."""

    open_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_ms: int
    quote_volume: str
    trades: int
    taker_base: str
    taker_quote: str
    first_id: int = -1
    last_id: int = -1


@dataclass(slots=True)
class Bar:
    """A candle to reckon with: scaled integers, and it can grow.

    The ids are those of the first and the last trade that was made here; -1 when there is none, as in all of the past.
    """

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    quote_volume: int = 0
    trades: int = 0
    taker_base: int = 0
    taker_quote: int = 0
    first_id: int = -1
    last_id: int = -1

    def add(self, trade: Traded) -> None:
        """Count a trade in."""
        price = trade.price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += trade.quantity
        self.quote_volume += trade.quote
        self.trades += 1
        if not trade.buyer_is_maker:
            self.taker_base += trade.quantity
            self.taker_quote += trade.quote
        if self.first_id < 0:
            self.first_id = trade.trade_id
        self.last_id = trade.trade_id

    def shown(self, interval: str, offset_ms: int = 0) -> Candle:
        """The candle as it is shown."""
        return Candle(
            self.open_ms,
            shown(self.open),
            shown(self.high),
            shown(self.low),
            shown(self.close),
            shown(self.volume),
            next_open(interval, self.open_ms, offset_ms) - 1,
            shown(self.quote_volume),
            self.trades,
            shown(self.taker_base),
            shown(self.taker_quote),
            self.first_id,
            self.last_id,
        )


def flat(open_ms: int, price: int) -> Bar:
    """A candle without a trade."""
    return Bar(open_ms, price, price, price, price)


def joined(bars: Sequence[Bar], open_ms: int) -> Bar:
    """One candle out of several, oldest first."""
    return Bar(
        open_ms,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
        sum(bar.quote_volume for bar in bars),
        sum(bar.trades for bar in bars),
        sum(bar.taker_base for bar in bars),
        sum(bar.taker_quote for bar in bars),
        next((bar.first_id for bar in bars if bar.first_id >= 0), -1),
        next((bar.last_id for bar in reversed(bars) if bar.last_id >= 0), -1),
    )


def added_up(bars: Iterable[Bar], interval: str, offset_ms: int = 0) -> list[Bar]:
    """Candles of a longer interval; one in which no bar opens is left out."""
    groups: dict[int, list[Bar]] = {}
    for bar in bars:
        groups.setdefault(opens_at(interval, bar.open_ms, offset_ms), []).append(bar)
    return [joined(group, open_ms) for open_ms, group in groups.items()]


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """Candles of the past, oldest first: as they are shown, and the same to reckon with."""

    symbol: str
    interval: str
    candles: tuple[Candle, ...]
    bars: tuple[Bar, ...]


# ---- reading -----------------------------------------------------------------------------------------------------

_HEADERS = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_buy_base,taker_buy_quote",
    # The public dumps (data.binance.vision), in those files that have a header at all.
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore",
)
_EMPTY = shown(0)
_TIME_COLUMNS = (0, 6)
_MICROSECOND_DIGITS = 16  # since 2025 the dumps' times are in microseconds; milliseconds have thirteen digits


def parse_rows(lines: Iterable[str], *, source: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file in Binance's kline row layout, each with the number of its line: texts, without a header.

    Times are turned into milliseconds, where they are microseconds as in the newer dumps; all other columns stay as they are.

    :param lines: with their line breaks, by which a whole last line is told from one that was cut off
    :param source: what to call the file in an error
    :raises ValueError: naming source and line
    """
    width = blank = 0
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n")
        columns = line.split(",")
        try:
            if line == raw:
                raise ValueError(
                    "the file breaks off (no line break at its end); get it again, or end the line if you know that it is whole"
                )
            if not line:
                blank = blank or number
                continue
            if blank:
                raise ValueError(f"the file goes on after line {blank}, which is blank")
            if number == 1 and not columns[0].isdigit():
                if line not in _HEADERS:
                    raise ValueError(f"foreign header {line[:80]!r}")
                width = len(columns)
                continue
            width = width or len(columns)
            if len(columns) != width or width not in (11, 12):
                raise ValueError(f"{len(columns)} columns instead of {width if width in (11, 12) else '11 or 12'}")
        except ValueError as error:
            raise ValueError(f"{source}, line {number}: {error}") from error
        for each in _TIME_COLUMNS:
            if len(columns[each]) == _MICROSECOND_DIGITS:
                columns[each] = columns[each][:-3]
        yield number, columns


def parse_candles(lines: Iterable[str], *, symbol: str, interval: str, source: str) -> CandleSeries:
    """The candles of a file as :func:`parse_rows` reads it; figures stay text for text, an empty column is shown as zero.

    :param source: what to call the file in an error
    :raises ValueError: naming source and line, when the file cannot be trusted
    """
    if interval not in INTERVALS:
        raise ValueError(f"{source}: unknown interval {interval!r}")
    candles: list[Candle] = []
    bars: list[Bar] = []
    for number, columns in parse_rows(lines, source=source):
        try:
            candle, bar = _row(columns, interval)
            if bars and bar.open_ms <= bars[-1].open_ms:
                raise ValueError(f"open time {bar.open_ms} does not come after {bars[-1].open_ms}")
        except ValueError as error:
            raise ValueError(f"{source}, line {number}: {error}") from error
        candles.append(candle)
        bars.append(bar)
    if not bars:
        raise ValueError(f"{source}: the file holds no candle")
    return CandleSeries(symbol, interval, tuple(candles), tuple(bars))


def _row(columns: Sequence[str], interval: str) -> tuple[Candle, Bar]:
    open_ms, close_ms = _count(columns[0], "open time"), _count(columns[6], "close time")
    if opens_at(interval, open_ms) != open_ms:
        raise ValueError(f"open time {open_ms} is not on the grid of {interval}")
    if close_ms != next_open(interval, open_ms) - 1:
        raise ValueError(f"close time {close_ms} does not end the {interval} candle of {open_ms}")
    price_open, high, low, close = (scaled(text) for text in columns[1:5])
    if not 0 < low <= min(price_open, close) <= max(price_open, close) <= high:
        raise ValueError(f"prices {','.join(columns[1:5])} are no open, high, low, close")
    quote_text, taker_base_text, taker_quote_text = (columns[i] or _EMPTY for i in (7, 9, 10))
    trades = _count(columns[8] or "0", "trades")
    bar = Bar(
        open_ms,
        price_open,
        high,
        low,
        close,
        scaled(columns[5]),
        scaled(quote_text),
        trades,
        scaled(taker_base_text),
        scaled(taker_quote_text),
    )
    candle = Candle(
        open_ms,
        columns[1],
        columns[2],
        columns[3],
        columns[4],
        columns[5],
        close_ms,
        quote_text,
        trades,
        taker_base_text,
        taker_quote_text,
    )
    return candle, bar


def _count(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MICROSECOND_DIGITS):
        raise ValueError(f"{name} must be a whole number, not {text[:40]!r}")
    return int(text)
