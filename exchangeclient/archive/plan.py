"""What is to be asked, and what an answer proves. Pure: no venue, no file, no clock.

An archive asks for *pages*: so many marks of one series as the venue gives at a time. Each is a task of its own. A page is read by
:func:`reading`, which says what to ask next and gets the answers. What was asked for and did not come is *empty* only when something later
did come, or the symbol is no longer traded: a venue that is late, or has trouble, leaves nothing behind that looks final.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from exchangeclient.archive.series import Range, Row, Series
from exchangeclient.exceptions import ExchangeRequestException


@dataclass(frozen=True, slots=True)
class Page:
    """A task: marks of one series, few enough for the venue to give them at once.

    :ivar end: the mark from which on nothing is final yet; what lies before it is closed
    """

    series: Series
    first: int
    last: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a page.

    :ivar rows: the records
    :ivar known: the ranges of which everything is known now, in order and apart
    :ivar is_last: True when the venue has nothing that comes after it
    """

    page: Page
    rows: list[Row] = field(default_factory=list)
    known: list[Range] = field(default_factory=list)
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Asks for the first records of a range, as many as there are in it or as the venue gives."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class First:
    """Asks for the mark of the first record of a range; None when there is none."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Asks whether the symbol is no longer traded."""


Ask = Rows | First | Ended


def pages(
    series: Series, missing: Iterable[Range], end: int, size: int, *, known: Iterable[Range] = (), overlap: int = 0
) -> Iterator[Page]:
    """The pages for what is missing, oldest first.

    :param size: how many records the venue gives at a time
    :param known: ranges of which everything is known
    :param overlap: how many known records before a range are read again with it where the page has room, to see whether they are the same
    """
    starts = {last: first for first, last in known}
    for first, last in missing:
        at = series.ceiling(first)
        begin, oldest = at, starts.get(first, at)
        for _ in range(min(overlap, size - series.count(at, last))):
            begin = max(oldest, series.floor(begin - 1))
        while at < last:
            stop = min(last, series.later(at, size))
            yield Page(series, min(begin, at), stop, end)
            at = begin = stop


def in_turn(plans: Sequence[Iterator[Page]]) -> Iterator[Page]:
    """The pages of several series, one of each after the other, so that all of them get on."""
    waiting = list(plans)
    while waiting:
        for plan in list(waiting):
            page = next(plan, None)
            if page is None:
                waiting.remove(plan)
            else:
                yield page


def reading(page: Page) -> Generator[Ask, Any, Found]:
    """Reads a page: yields what to ask, is sent the answers, and returns what was found.

    :raises ExchangeRequestException: for rows that are out of order, twice there, or not of the page: nobody can know what they mean
    """
    series, first = page.series, page.first
    found: list[Row] = []
    known: list[Range] = []
    was_empty = False
    while first < page.last:
        rows: list[Row] = yield Rows(first, page.last)
        if not rows:
            empty = yield from _emptiness(series, first, page)
            if empty is None and not was_empty:
                was_empty = True  # an answer that another one belies is asked for once more
                continue
            if empty is None:
                raise ExchangeRequestException(f"{series}: the venue gave nothing from {first} on, and then a record of it", sent="yes")
            return Found(page, found, merged([*known, *empty]), is_last=not empty)
        check(series, rows, first, page.last)
        found += rows
        following = series.after(rows[-1][0])
        known.append((first, following))
        first = following
    return Found(page, found, merged(known))


def _emptiness(series: Series, first: int, page: Page) -> Generator[Ask, Any, list[Range] | None]:
    """The range in which it is certain that there is nothing, given that nothing came from ``first`` to the end of the page.

    None when there is something: an empty answer is also what a venue in trouble gives, so that it is never believed alone.
    """
    later: int | None = yield First(first, page.end)
    if later is None:
        ended: bool = yield Ended()
        return [(first, page.end)] if ended else []
    if not first <= later < page.end or series.floor(later) != later:
        raise ExchangeRequestException(f"{series}: asked for what comes from {first} on, the venue gave {later}", sent="yes")
    return None if later < page.last else [(first, later)]


def check(series: Series, rows: list[Row], first: int, last: int) -> None:
    """See that rows are of a range, in order, none twice, each at a mark that there is.

    :raises ExchangeRequestException: when they are not, naming the first that is wrong
    """
    marks = [row[0] for row in rows]
    if marks[0] == series.ceiling(first) and marks[-1] < last and series.is_gapless(marks):
        return
    expected = first
    for mark in marks:
        if mark < expected or mark >= last or series.floor(mark) != mark:
            what = "out of order or outside of the page" if mark < expected or mark >= last else "between two intervals"
            raise ExchangeRequestException(f"{series}: the venue gave a row at {mark}, which is {what} ({first} to {last})", sent="yes")
        expected = mark + 1


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Ranges put in order, with those in one that touch."""
    joined: list[Range] = []
    for first, last in sorted(ranges):
        if first >= last:
            continue
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def listing(first: int, last: int) -> Generator[First, int | None, int | None]:
    """Finds the first record of a range by halving it: yields what to ask, returns its mark, None when there is none.

    Where the venue gives the oldest record first, two questions do.
    """
    found = yield First(first, last)
    if found is None:
        found = yield First(first, last)  # a venue in trouble gives nothing, too
    if found is None:
        return None
    lowest, middle = first, found
    while lowest < found:
        earlier = yield First(lowest, middle)
        lowest, found = (middle, found) if earlier is None else (lowest, earlier)
        middle = (lowest + found + 1) // 2
    return found
