"""Long rows of a venue's records read page by page, several pages at a time, in their order and none twice.

Every page is asked from a mark on (a time, a number) with no end of its own, and the venue gives the oldest records from there. So where
records are missing a page reaches into the next one, a page from before the first record tells where that is, and an empty page says
that there is no more. Where pages are to begin is planned as if nothing were missing; what comes is compared with the plan.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final

from exchangeclient.core.calling.ahead import Ahead
from exchangeclient.core.http import jsonio
from exchangeclient.core.process.clock import Clock
from exchangeclient.exceptions import ExchangeRequestException

IN_FLIGHT: Final = 12
"""Pages that are asked for at a time: at a round trip of a quarter of a second they still use a budget of nearly 50 in a second."""

PLANNED: Final = 2 * IN_FLIGHT
"""The most pages that are asked for or wait, undecoded, for those before them."""

Page = list[Any]


@dataclass(frozen=True, slots=True)
class Records:
    """What is read.

    :ivar name: of the call that reads a page, for error texts
    :ivar first: the mark to begin from; None when there is nothing
    :ivar page: asks for the records from a mark on, oldest first; what it returns decodes them
    :ivar size: of a full page
    :ivar marks: of the records of a page
    :ivar after: the least mark that the record after one of this mark can have
    :ivar later: the mark of the record so many later than the first from a mark on, when none is missing
    :ivar newest: a mark past which nothing is expected, although the venue may have more by then
    :ivar last: the mark of the last record that is wanted; None for all
    """

    name: str
    first: Callable[[], int | None]
    page: Callable[[int], Callable[[], Page]]
    size: int
    marks: Callable[[Page], list[int]]
    after: Callable[[int], int]
    later: Callable[[int, int], int]
    newest: Callable[[], int]
    last: int | None = None


def check_limit(limit: object) -> None:
    """Refuse what is no number of records.

    :raises TypeError: when it is no whole number
    :raises ValueError: when it is below 1
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
        raise TypeError(f"limit must be an int, not {type(limit).__name__}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be above zero, not {limit}")


def read(records: Records, clock: Clock, *, bold: bool = False, waits: bool = True, most: int | None = None) -> Generator[Page, None, None]:
    """The pages, without what came with the page before.

    :param bold: whether records are expected right from the first mark; else one page is asked for alone at first
    :param waits: False has a page fail for which there is no budget
    :param most: how many records are wanted; the last page may hold more
    :raises ExchangeRequestException: for a page that is none, or that goes back
    """
    planned: deque[int] = deque()
    stride, given = records.size, 0
    width = PLANNED if bold else 1
    with Ahead[Callable[[], Page]]("history", IN_FLIGHT, clock, waits=waits) as ahead:
        first = ahead.now(records.first)
        if first is None:
            return
        position = upcoming = first
        while (records.last is None or position <= records.last) and (most is None or given < most):
            while not planned or (
                len(planned) < width and (most is None or given + len(planned) * stride < most) and upcoming <= ahead.now(records.newest)
            ):
                ahead.ask(functools.partial(records.page, upcoming))
                planned.append(upcoming)
                upcoming = records.later(upcoming, stride)
            asked = planned.popleft()
            rows = ahead.take()()
            marks, following = _told(records, asked, rows)
            if following is None:
                return
            if fresh := rows[bisect_left(marks, position) :]:
                given += len(fresh)
                yield fresh
            position, width = max(position, following), PLANNED
            if len(rows) < records.size and position > ahead.now(records.newest):
                return
            while planned and records.later(planned[0], stride) <= position:  # what they have has come already
                ahead.forget(1)
                planned.popleft()
            stride = max(stride, min(len(rows), records.size))
            if planned and planned[0] > position:  # the page ended too early: the venue's pages are smaller, or it has no more
                ahead.forget()
                planned.clear()
                stride, width = len(rows), 1
            if not planned:
                upcoming = position


def _told(records: Records, asked: int, rows: Page) -> tuple[list[int], int | None]:
    """The marks of a page, and the least mark that the record after it can have; None when it is empty."""
    with jsonio.as_documented(records.name):
        if not isinstance(rows, list):
            raise TypeError(f"no list but {str(rows)[:100]!r}")
        marks = records.marks(rows)
        following = records.after(marks[-1]) if marks else None
        in_order = marks == sorted(marks) and (not marks or asked <= marks[0])
    if not in_order:
        raise ExchangeRequestException(f"{records.name}() gave rows from {min(marks)} on, out of order or before {asked}", sent="yes")
    return marks, following
