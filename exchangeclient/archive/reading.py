"""What an archive has, read: series, rows, candles small and large, arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from exchangeclient.archive import arguments, frames
from exchangeclient.archive.plan import merged
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.archive.store import Kept, Revision, Store
from exchangeclient.core.calling.dates import When, milliseconds
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.exceptions import ArchiveException
from exchangeclient.market import klines

State = Literal["stored", "venue-empty", "open", "missing"]

_clock: Final = SystemClock()
_FAR: Final = 2**62


class Reading:
    """The part of :class:`~exchangeclient.archive.Archive` that changes nothing. Parameters as there."""

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.path = arguments.path("path", path)
        arguments.kind("create", create, bool)
        if not create and not (self.path.exists() and (self.path.is_dir() or self.path.stat().st_size)):
            raise ArchiveException(f"there is no archive {self.path}")
        self._store = Store(self.path)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    # ---- what there is -----------------------------------------------------------------------------------------------

    def series(self) -> list[Kept]:
        """Every series, with what is known of it."""
        return self._store.kept()

    def find(self, symbol: str, interval: str, venue: str | None = None) -> Kept:
        """One series.

        :param venue: needed when several venues have the symbol
        :raises ArchiveException: when it is not there
        """
        arguments.kind("symbol", symbol, str)
        arguments.kind("interval", interval, str)
        arguments.names(venue=venue)
        found = [
            kept
            for kept in self._store.kept()
            if (kept.series.symbol, kept.series.interval) == (symbol, interval) and venue in (None, kept.series.venue)
        ]
        if not found:
            raise ArchiveException(f"the archive {self.path} has no {interval} of {symbol}{'' if venue is None else f' of {venue}'}")
        if len(found) > 1:
            raise ArchiveException(f"several venues have {symbol} {interval}; venue says which: {[each.series.venue for each in found]}")
        return found[0]

    def rows(
        self, symbol: str, interval: str, start: When | None = None, end: When | None = None, *, venue: str | None = None
    ) -> Iterator[Row]:
        """The stored records from ``start`` on and before ``end``, in order, as they were at one moment.

        Tuples of :data:`~exchangeclient.archive.CANDLE_COLUMNS`, or :data:`~exchangeclient.archive.TRADE_COLUMNS`.
        """
        kept = self.find(symbol, interval, venue)
        return self._store.rows(kept, *self._range(kept, start, end))

    def _all_rows(self, kept: Kept) -> Iterator[Row]:
        return self._store.rows(kept, -_FAR, _FAR)

    def _range(self, kept: Kept, start: When | None, end: When | None) -> tuple[int, int]:
        now_ms = _clock.now_ms()
        first = None if start is None else milliseconds(start, now_ms, "start")
        last = None if end is None else milliseconds(end, now_ms, "end")
        if not kept.series.is_trades:
            return -_FAR if first is None else first, _FAR if last is None else last
        near = [None if each is None else self._store.near(kept, each) for each in (first, last)]
        return -_FAR if first is None else _FAR if near[0] is None else near[0], _FAR if near[1] is None else near[1]

    def state(self, symbol: str, interval: str, at: When, *, venue: str | None = None) -> State:
        """In which state the interval is that holds a moment. What was not final when the venue was asked last counts as open."""
        kept = self.find(symbol, interval, venue)
        if kept.series.is_trades:
            raise ValueError("trades have no intervals")
        mark = kept.series.floor(milliseconds(at, _clock.now_ms(), "at"))
        for first, last in kept.known:
            if first <= mark < last:
                return "stored" if self._store.counted(kept, mark, mark + 1) else "venue-empty"
        return "open" if kept.end is not None and mark >= kept.end else "missing"

    def revisions(self, symbol: str | None = None, interval: str | None = None, *, venue: str | None = None) -> list[Revision]:
        """Which records the venue has changed."""
        return [each for kept in self._chosen(symbol, interval, venue) for each in self._store.revisions(kept)]

    def _chosen(self, symbol: str | None, interval: str | None, venue: str | None) -> list[Kept]:
        arguments.names(symbol=symbol, interval=interval, venue=venue)
        chosen = [
            kept
            for kept in self._store.kept()
            if symbol in (None, kept.series.symbol) and interval in (None, kept.series.interval) and venue in (None, kept.series.venue)
        ]
        if not chosen and (symbol, interval, venue) != (None, None, None):
            raise ArchiveException(f"the archive {self.path} has no such series: {symbol or ''} {interval or ''} {venue or ''}".rstrip())
        return chosen

    # ---- candles, small and large ------------------------------------------------------------------------------------

    def candles(
        self,
        symbol: str,
        interval: str,
        start: When | None = None,
        end: When | None = None,
        *,
        venue: str | None = None,
        target: str | None = None,
    ) -> tuple[Series, Iterator[Sequence[Any]]]:
        """Stored candles, or larger ones made of them, and of which series they are.

        :param target: larger candles, as :meth:`resample` makes them; of trades, there are no others
        :raises ValueError: for trades without a ``target``
        """
        kept = self.find(symbol, interval, venue)
        if target is not None:
            arguments.interval("target", target)
            larger = Series(kept.series.venue, symbol, target)
            return larger, self.resample(symbol, interval, target, start, end, venue=venue)
        if kept.series.is_trades:
            raise ValueError("trades are no candles; target says which to make of them")
        return kept.series, self._store.rows(kept, *self._range(kept, start, end))

    def resample(
        self, symbol: str, interval: str, target: str, start: When | None = None, end: When | None = None, *, venue: str | None = None
    ) -> Iterator[list[Any]]:
        """Larger candles out of the stored ones, or out of trades, exact; those of which something is missing are left out.

        :param interval: of what is stored; ``"aggTrades"`` makes them of trades
        :param target: any interval that ``interval`` divides: ``"7m"``, ``"1d"``, ``"1M"``
        :raises ValueError: when it does not
        """
        arguments.interval("target", target)
        if interval == TRADES:
            yield from self._of_trades(self.find(symbol, interval, venue), target, start, end)
            return
        arguments.interval("interval", interval)
        if not klines.divides(interval, target):
            raise ValueError(f"{target} candles cannot be made of {interval} candles")
        kept = self.find(symbol, interval, venue)
        first, last = self._range(kept, start, end)
        known = merged((max(from_ms, first), min(to_ms, last)) for from_ms, to_ms in kept.known)
        for from_ms, to_ms in known:
            whole = klines.next_open(target, from_ms - 1), klines.floor_open(target, to_ms)
            if whole[0] < whole[1]:
                yield from klines.resampled(self._store.rows(kept, *whole), target)

    def _of_trades(self, kept: Kept, target: str, start: When | None, end: When | None) -> Iterator[list[Any]]:
        first, last = (
            None if each is None else milliseconds(each, _clock.now_ms(), name) for each, name in ((start, "start"), (end, "end"))
        )
        for oldest, newest in self._store.times(kept):
            # The first and the last trade of a span may have others of their candle before and after them.
            opens = klines.next_open(target, oldest) if first is None else klines.next_open(target, max(first, oldest + 1) - 1)
            closes = klines.floor_open(target, newest if last is None else min(last, newest))
            near = [self._store.near(kept, each) for each in (opens, closes)]
            if opens < closes and near[0] is not None and near[1] is not None:
                yield from klines.of_trades(self._store.rows(kept, near[0], near[1]), target)

    # ---- for other libraries -----------------------------------------------------------------------------------------

    def arrays(
        self, symbol: str, interval: str, start: When | None = None, end: When | None = None, *, venue: str | None = None
    ) -> dict[str, Any]:
        """The stored records as numpy arrays, one for each column: times, and floating point numbers.

        :raises ArchiveException: when numpy is not installed
        """
        kept = self.find(symbol, interval, venue)
        return frames.arrays(kept.series, self._store.rows(kept, *self._range(kept, start, end)))

    def frame(self, symbol: str, interval: str, start: When | None = None, end: When | None = None, *, venue: str | None = None) -> Any:
        """The stored records as a pandas ``DataFrame``, indexed by the open time in UTC, or the number of the trade.

        :raises ArchiveException: when pandas is not installed
        """
        kept = self.find(symbol, interval, venue)
        return frames.frame(kept.series, self._store.rows(kept, *self._range(kept, start, end)))
