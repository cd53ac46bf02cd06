"""What was traded of one symbol: the public trades, the average price, 24 hours in figures, and the bars that charts add up."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .candles import DAY_MS, MINUTE_MS, SECOND_MS, Bar, flat, joined
from .events import Traded
from .instruments import UNIT

TRADES_KEPT = 10_000
SECONDS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Statistics:
    """The last 24 hours in figures, to the minute: the window opens on a full minute, so it is up to a minute longer.

    Only what was traded on this exchange is counted. Without a trade all prices are the last one and the trade ids -1.
    """

    open: int
    high: int
    low: int
    last: int
    volume: int
    quote_volume: int
    count: int
    first_id: int
    last_id: int
    weighted_average: int
    previous_close: int
    last_quantity: int
    open_time_ms: int
    close_time_ms: int


class BarLog:
    """Bars of one width, only those with a trade; the last ``keep`` of them at least, or all."""

    def __init__(self, width_ms: int, *, start_ms: int, opening_price: int, keep: int | None = None) -> None:
        self.complete_from_ms = start_ms // width_ms * width_ms
        self._width = width_ms
        self._keep = keep
        self._opening_price = opening_price
        self._opens: list[int] = []
        self._bars: list[Bar] = []

    def add(self, trade: Traded) -> None:
        """Count a trade in."""
        time_ms = trade.time_us // 1000
        open_ms = time_ms - time_ms % self._width
        if not self._opens or self._opens[-1] != open_ms:
            self._opens.append(open_ms)
            self._bars.append(flat(open_ms, trade.price))
            if self._keep is not None and len(self._opens) > self._keep + self._keep // 10:
                self._drop(len(self._opens) - self._keep)
        self._bars[-1].add(trade)

    def between(self, start_ms: int, end_ms: int) -> Sequence[Bar]:
        """The bars that open in this time, the end excluded."""
        return self._bars[bisect_left(self._opens, start_ms) : bisect_left(self._opens, end_ms)]

    def close_before(self, time_ms: int) -> int:
        """The last price before this time."""
        index = bisect_left(self._opens, time_ms)
        return self._bars[index - 1].close if index else self._opening_price

    def _drop(self, count: int) -> None:
        self._opening_price = self._bars[count - 1].close
        del self._opens[:count], self._bars[:count]
        self.complete_from_ms = self._opens[0]


class _Window:
    """The volume weighted price of the last minutes, kept up to date at a constant cost per trade."""

    def __init__(self, minutes: int) -> None:
        self._span_us = minutes * MINUTE_MS * 1000
        self._trades: deque[tuple[int, int, int]] = deque()
        self._quantity = 0
        self._quote = 0

    def add(self, trade: Traded) -> None:
        self._trades.append((trade.time_us, trade.quantity, trade.quote))
        self._quantity += trade.quantity
        self._quote += trade.quote
        self.forget(trade.time_us)

    def forget(self, now_us: int) -> None:
        oldest = now_us - self._span_us
        while self._trades and self._trades[0][0] < oldest:
            _, quantity, quote = self._trades.popleft()
            self._quantity -= quantity
            self._quote -= quote

    def price(self) -> int | None:
        return self._quote * UNIT // self._quantity if self._quote else None


class Tape:
    """Everything that the trades of a symbol tell."""

    def __init__(self, *, start_us: int, opening_price: int) -> None:
        self.last_price = opening_price
        self.trades: list[Traded] = []
        start_ms = start_us // 1000
        self.seconds = BarLog(SECOND_MS, start_ms=start_ms, opening_price=opening_price, keep=SECONDS_KEPT)
        self.minutes = BarLog(MINUTE_MS, start_ms=start_ms, opening_price=opening_price)
        self._windows: dict[int, _Window] = {}

    def next_id(self) -> int:
        """The id that the next trade gets; they are dense from 1."""
        return self.trades[-1].trade_id + 1 if self.trades else 1

    def print(self, trade: Traded) -> None:
        """Put a trade on the tape."""
        self.trades.append(trade)
        if len(self.trades) > TRADES_KEPT + TRADES_KEPT // 10:  # dropping them in bulk costs next to nothing per trade
            del self.trades[: len(self.trades) - TRADES_KEPT]
        self.last_price = trade.price
        for log in (self.seconds, self.minutes):
            log.add(trade)
        for window in self._windows.values():
            window.add(trade)

    def average_price(self, minutes: int, now_us: int) -> int:
        """The volume weighted price of the last minutes, the last price when nothing was traded in them."""
        window = self._windows.get(minutes)
        if window is None:
            window = self._windows[minutes] = _Window(minutes)
            for trade in self.trades:
                window.add(trade)
        window.forget(now_us)
        price = window.price()
        return self.last_price if price is None else price

    def statistics(self, now_us: int) -> Statistics:
        """The last 24 hours."""
        now_ms = now_us // 1000
        start_ms = (now_ms - DAY_MS) // MINUTE_MS * MINUTE_MS
        last_quantity = self.trades[-1].quantity if self.trades else 0
        previous_close = self.minutes.close_before(start_ms)
        bars = self.minutes.between(start_ms, now_ms + 1)
        if not bars:
            price = self.last_price
            return Statistics(price, price, price, price, 0, 0, 0, -1, -1, price, previous_close, last_quantity, start_ms, now_ms)
        day = joined(bars, start_ms)
        return Statistics(
            open=day.open,
            high=day.high,
            low=day.low,
            last=day.close,
            volume=day.volume,
            quote_volume=day.quote_volume,
            count=day.trades,
            first_id=day.first_id,
            last_id=day.last_id,
            weighted_average=day.quote_volume * UNIT // day.volume,
            previous_close=previous_close,
            last_quantity=last_quantity,
            open_time_ms=start_ms,
            close_time_ms=now_ms,
        )
