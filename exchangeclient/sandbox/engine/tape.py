"""What was traded of one symbol here: the public trades, the average price, and the bars that charts and tickers add up."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby

from .candles import MINUTE_MS, SECOND_MS, Bar, flat, joined
from .events import Traded
from .instruments import UNIT, total

TRADES_KEPT = 10_000
QUARTER_MS = 15 * MINUTE_MS
MINUTES_KEPT = (7 * 24 + 1) * 60  # a week and some: no window of a ticker is longer
QUARTERS_KEPT = 366 * 24 * 4


class BarLog:
    """Bars of one width, only those with a trade; the last ``keep`` of them at least."""

    def __init__(self, width_ms: int, *, opening_price: int, keep: int) -> None:
        self.whole_from_ms: int | None = None  # what was before it was dropped
        self._width = width_ms
        self._keep = keep
        self._opening_price = opening_price
        self._opens: list[int] = []
        self._bars: list[Bar] = []

    def add(self, trade: Traded) -> bool:
        """Count a trade in; True when a bar begins with it."""
        time_ms = trade.time_us // 1000
        open_ms = time_ms - time_ms % self._width
        begins = not self._opens or self._opens[-1] != open_ms
        if begins:
            self._begin(flat(open_ms, trade.price))
        self._bars[-1].add(trade)
        return begins

    def add_up(self, finer: BarLog) -> None:
        """Take over what a log of narrower bars holds since this one's last bar began."""
        since_ms = self._opens[-1] if self._opens else 0
        for open_ms, bars in groupby(finer.since(since_ms), lambda bar: bar.open_ms - bar.open_ms % self._width):
            bar = joined(list(bars), open_ms)
            if self._opens and self._opens[-1] == open_ms:
                self._bars[-1] = bar
            else:
                self._begin(bar)

    def since(self, start_ms: int) -> Sequence[Bar]:
        """The bars that open from this time on."""
        return self._bars[bisect_left(self._opens, start_ms) :]

    def between(self, start_ms: int, end_ms: int) -> Sequence[Bar]:
        """The bars that open in this time, the end excluded."""
        return self._bars[bisect_left(self._opens, start_ms) : bisect_left(self._opens, end_ms)]

    def close_before(self, time_ms: int) -> int:
        """The last price before this time."""
        index = bisect_left(self._opens, time_ms)
        return self._bars[index - 1].close if index else self._opening_price

    def _begin(self, bar: Bar) -> None:
        self._opens.append(bar.open_ms)
        self._bars.append(bar)
        if len(self._opens) > self._keep + self._keep // 10:  # dropping them in bulk costs next to nothing per bar
            self._drop(len(self._opens) - self._keep)

    def _drop(self, count: int) -> None:
        self._opening_price = self._bars[count - 1].close
        del self._opens[:count], self._bars[:count]
        self.whole_from_ms = self._opens[0]


class _Window:
    """The volume weighted price of the last minutes, at a constant cost per trade."""

    def __init__(self, minutes: int) -> None:
        self._span_us = minutes * MINUTE_MS * 1000
        self._trades: deque[tuple[int, int, int]] = deque()
        self._quantity = 0
        self._quote = 0

    def add(self, trades: Iterable[Traded]) -> None:
        for trade in trades:
            paid = total(trade.price, trade.quantity)  # which an inverse swap's total is not
            self._trades.append((trade.time_us, trade.quantity, paid))
            self._quantity += trade.quantity
            self._quote += paid
        if self._trades:
            self.forget(self._trades[-1][0])

    def forget(self, now_us: int) -> None:
        oldest = now_us - self._span_us
        while self._trades and self._trades[0][0] < oldest:
            _, quantity, quote = self._trades.popleft()
            self._quantity -= quantity
            self._quote -= quote

    def price(self) -> int | None:
        return self._quote * UNIT // self._quantity if self._quote else None


class Tape:
    """Everything that the trades of a symbol tell. They are added up when somebody asks what they come to, not one by one."""

    def __init__(self, *, opening_price: int, minutes: int = 5) -> None:
        """Begin without a trade.

        :param minutes: of the average price that will be asked for most
        """
        self.last_price = self._opening_price = opening_price
        self.trades: list[Traded] = []
        self._added = 0  # how many of the trades are in what follows
        self._minutes = BarLog(MINUTE_MS, opening_price=opening_price, keep=MINUTES_KEPT)
        self._quarters = BarLog(QUARTER_MS, opening_price=opening_price, keep=QUARTERS_KEPT)
        self._windows = {minutes: _Window(minutes)} if minutes else {}

    def next_id(self) -> int:
        """The id that the next trade gets; they are dense from 1."""
        return self.trades[-1].trade_id + 1 if self.trades else 1

    def print(self, trade: Traded) -> None:
        """Put a trade on the tape."""
        trades = self.trades
        trades.append(trade)
        self.last_price = trade.price
        if len(trades) > TRADES_KEPT + TRADES_KEPT // 10:  # dropping them in bulk costs next to nothing per trade
            self.add_up()
            del trades[: len(trades) - TRADES_KEPT]
            self._added = TRADES_KEPT

    def add_up(self) -> None:
        """Count in what was traded since the last time."""
        new = self.trades[self._added :]
        for trade in new:
            if self._minutes.add(trade):
                self._quarters.add_up(self._minutes)  # before minutes are dropped
        for window in self._windows.values():
            window.add(new)
        self._added = len(self.trades)

    @property
    def minutes(self) -> BarLog:
        """The bars of a minute."""
        self.add_up()
        return self._minutes

    @property
    def quarters(self) -> BarLog:
        """The bars of a quarter of an hour."""
        self._quarters.add_up(self.minutes)
        return self._quarters

    def average_price(self, minutes: int, now_us: int) -> int:
        """The volume weighted price of the last minutes, the last price when nothing was traded in them, or of no minutes."""
        if not minutes:
            return self.last_price
        if self._added != len(self.trades):
            self.add_up()
        window = self._windows.get(minutes)
        if window is None:
            window = self._windows[minutes] = _Window(minutes)
            window.add(self.trades)
        window.forget(now_us)
        price = window.price()
        return self.last_price if price is None else price

    def seconds(self, start_ms: int) -> BarLog:
        """One-second bars from this time on, out of the trades that are kept."""
        first = bisect_left(self.trades, start_ms * 1000, key=_time_us)
        log = BarLog(SECOND_MS, opening_price=self.trades[first - 1].price if first else self._opening_price, keep=len(self.trades))
        if self.trades and self.trades[0].trade_id > 1:  # part of its second may have been dropped
            log.whole_from_ms = self.trades[0].time_us // 1000 // SECOND_MS * SECOND_MS + SECOND_MS
        for trade in self.trades[first:]:
            log.add(trade)
        return log

    def between(self, start_ms: int, end_ms: int) -> Sequence[Bar]:
        """The trades of this time in as few bars as there can be, from full minute to full minute, the end excluded."""
        first, last = -(-start_ms // QUARTER_MS) * QUARTER_MS, end_ms // QUARTER_MS * QUARTER_MS
        if first >= last:
            return self.minutes.between(start_ms, end_ms)
        return [*self.minutes.between(start_ms, first), *self.quarters.between(first, last), *self.minutes.between(last, end_ms)]


def _time_us(trade: Traded) -> int:
    return trade.time_us
