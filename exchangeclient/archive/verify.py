"""Looks through an archive: is the file whole, does every row make sense, is every interval accounted for, do candles add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Final, Literal

from exchangeclient.archive import figures
from exchangeclient.archive.plan import merged
from exchangeclient.archive.series import CANDLE_COLUMNS, Range, Row, Series
from exchangeclient.archive.store import Kept, Store
from exchangeclient.market import klines

Kind = Literal["damaged", "lost", "nonsense", "misplaced", "differs", "missing", "revised", "venue-empty"]

IN_ORDER: Final[frozenset[Kind]] = frozenset({"revised", "venue-empty"})
"""What is worth knowing and nothing wrong with the archive."""

_AT_A_TIME: Final = 1000
_FAR: Final = 2**62
_COMPARED: Final = (1, 2, 3, 4, 5, 7, 8, 9, 10)  # all columns but the times


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was found.

    :ivar series: where; None for the whole file
    :ivar kind: ``damaged`` (SQLite cannot read the file), ``lost`` (rows are gone that were written), ``nonsense`` (a row that cannot be),
        ``misplaced`` (a row at no mark, or outside of all spans), ``differs`` (smaller candles do not add up to a larger one),
        ``missing`` (not asked yet, or not had), ``revised`` (the venue has changed a record), ``venue-empty`` (asked, there is none)
    :ivar first: from which mark on
    :ivar last: up to which, not included
    :ivar count: how many records it is about
    :ivar text: what there is to say about it
    """

    series: Series | None
    kind: Kind
    first: int
    last: int
    count: int
    text: str = ""

    @property
    def is_wrong(self) -> bool:
        """True when something has to be done about it."""
        return self.kind not in IN_ORDER


def gaps(store: Store, kept: Kept, end: int | None = None) -> Iterator[Remark]:
    """What is missing of a series and what is empty at the venue, in order.

    :param end: from where on nothing is final, when that is later than when the venue was asked last
    """
    found = [Remark(kept.series, "missing", first, last, kept.series.count(first, last)) for first, last in kept.missing(end)]
    for first, last, rows in kept.spans:
        if rows != kept.series.count(first, last):
            found += [
                Remark(kept.series, "venue-empty", start, stop, kept.series.count(start, stop))
                for start, stop in kept.series.holes(store.marks(kept, first, last), first, last)
            ]
    return iter(sorted(found, key=lambda each: each.first))


def verified(store: Store, kept: Kept, end: int | None = None) -> Iterator[Remark]:
    """All that is found in one series. Reads every row."""
    yield from _rows_in_order(store, kept)
    yield from gaps(store, kept, end)
    for each in store.revisions(kept):
        what = "the new one is stored" if each.taken else "the old one is stored"
        text = f"was {_shown(each.was)}, became {_shown(each.became)}; {what}"
        yield Remark(kept.series, "revised", each.mark, kept.series.after(each.mark), 1, text)


def _rows_in_order(store: Store, kept: Kept) -> Iterator[Remark]:
    series, places = kept.series, _Places(kept)
    rows = store.rows(kept, -_FAR, _FAR)
    while some := list(islice(rows, _AT_A_TIME)):
        if figures.wrong(series, some) is not None:
            for row in some:
                why = figures.wrong(series, [row])
                if why is not None:
                    yield Remark(series, "nonsense", row[0], row[0] + 1, 1, why)
        places.take([row[0] for row in some])
    for mark in places.strays:
        yield Remark(series, "misplaced", mark, mark + 1, 1, "a row where there can be none")
    for (first, last, written), count in zip(kept.spans, places.counts, strict=True):
        if count != written:
            yield Remark(series, "lost", first, last, written - count, f"{written} rows were written, {count} are there")


class _Places:
    """Counts the marks of a series, which come in order, in its spans.

    :ivar counts: how many are in each span
    :ivar strays: those that are in none, or at no mark
    """

    def __init__(self, kept: Kept) -> None:
        self._series, self._spans = kept.series, kept.spans
        self.counts = [0] * len(kept.spans)
        self.strays: list[int] = []
        self._place = 0

    def take(self, marks: list[int]) -> None:
        """Count some marks."""
        if self._holds(marks[0], marks[-1]) and self._series.is_gapless(marks):
            self.counts[self._place] += len(marks)
            return
        for mark in marks:
            if self._holds(mark, mark):
                self.counts[self._place] += 1
            else:
                self.strays.append(mark)

    def _holds(self, first: int, last: int) -> bool:
        """True when one span holds both, and the first is a mark."""
        while self._place < len(self._spans) and self._spans[self._place][1] <= first:
            self._place += 1
        if self._place == len(self._spans):
            return False
        start, end, _ = self._spans[self._place]
        return start <= first and last < end and self._series.floor(first) == first


def differences(parts: Iterable[Row], wholes: Iterable[Row], interval: str, known: Iterable[Range]) -> Iterator[tuple[Row, Row, str]]:
    """Larger candles that are not what the smaller ones add up to: the candle, the sum, and what differs. Pure.

    :param parts: smaller candles, in order
    :param wholes: larger ones of an interval that they divide, in order
    :param known: of the smaller ones; larger candles that are not within are passed over
    """
    ranges, larger = iter(merged(known)), iter(wholes)
    first, last = next(ranges, (0, 0))
    whole = next(larger, None)
    for opened, group in groupby(parts, key=lambda row: klines.floor_open(interval, row[0])):
        while whole is not None and whole[0] < opened:
            whole = next(larger, None)
        if whole is None:
            return
        closed = klines.next_open(interval, opened)
        while last < closed and (following := next(ranges, None)) is not None:
            first, last = following
        if whole[0] != opened or not first <= opened < closed <= last:
            continue
        (summed,) = klines.resampled(group, interval)
        wrong = [CANDLE_COLUMNS[column] for column in _COMPARED if not _equal(whole[column], summed[column])]
        if wrong:
            yield whole, tuple(summed), ", ".join(wrong)


def added_up(store: Store, smaller: Kept, wholes: Iterable[Row], interval: str, whose: str) -> Iterator[Remark]:
    """The larger candles to which a series does not add up.

    :param whose: words for where the larger ones are from
    """
    larger = iter(wholes)
    oldest = next(larger, None)
    if oldest is None:
        return
    parts = store.rows(smaller, oldest[0], _FAR)
    for whole, summed, columns in differences(parts, chain([oldest], larger), interval, smaller.known):
        places = {name: CANDLE_COLUMNS.index(name) for name in columns.split(", ")}
        values = ", ".join(f"{name} is {whole[place]}, the sum {summed[place]}" for name, place in places.items())
        text = f"the {interval} candle {whose} differs: {values}"
        last = klines.next_open(interval, whole[0])
        yield Remark(smaller.series, "differs", whole[0], last, smaller.series.count(whole[0], last), text)


def unmatched(store: Store, smaller: Kept, opens: Sequence[int], interval: str) -> Iterator[Remark]:
    """Where a venue gives no larger candle though it gave smaller ones: what was not compared is not in order.

    :param opens: of the larger candles, in order
    """
    for first, last in smaller.known:
        begin, end = klines.next_open(interval, first - 1), klines.floor_open(interval, last)
        for start, stop in klines.holes(interval, opens, begin, end):
            count = store.counted(smaller, start, stop)
            if count:
                yield Remark(smaller.series, "differs", start, stop, count, f"the venue gave no {interval} candle to compare with")


def cross_checks(kept: Iterable[Kept]) -> Iterator[tuple[Kept, Kept]]:
    """Each series of larger candles with the largest stored smaller ones that it can be added up from."""
    candles = [each for each in kept if not each.series.is_trades and each.rows]
    for larger in candles:
        smaller = [
            each
            for each in candles
            if (each.series.venue, each.series.symbol) == (larger.series.venue, larger.series.symbol)
            and each.series.interval != larger.series.interval
            and klines.divides(each.series.interval, larger.series.interval)
        ]
        if smaller:
            yield max(smaller, key=lambda each: klines.duration_ms(each.series.interval) or 0), larger


def _equal(one: object, other: object) -> bool:
    """True for equal figures, and where one of the two is not told."""
    from decimal import Decimal

    if one is None or other is None:
        return True
    return Decimal(str(one)) == Decimal(str(other))


def _shown(row: Row | None) -> str:
    return "no record" if row is None else ",".join("" if each is None else str(each) for each in row)
