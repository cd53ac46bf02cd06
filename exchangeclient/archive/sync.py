"""Brings series up to date: asks a venue for what is missing, several pages at a time, and writes each page as it comes.

What is asked and what answers prove is :mod:`.plan`'s, what is written :mod:`.store`'s. Pages do not depend on each other: an executor may
have them read anywhere, and the process that syncs writes them.
"""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from exchangeclient.archive import plan
from exchangeclient.archive.names import series_name
from exchangeclient.archive.plan import Found, Page
from exchangeclient.archive.series import Series, without
from exchangeclient.archive.source import Came, Making, Source, asked, fetched, read
from exchangeclient.archive.store import Kept, Policy, Revision, Store
from exchangeclient.core.calling.ahead import Ahead
from exchangeclient.core.process.clock import Clock
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import (
    AlreadyRunningException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OverloadException,
    RateLimitException,
    UnknownSymbolException,
)

IN_FLIGHT: Final = 12
"""Pages that are asked for at a time; see :data:`exchangeclient.core.calling.paging.IN_FLIGHT`."""

_GIVEN_UP: Final = 3  # pages that failed, after which the others of the series are left for another time
_OVERLAP: Final = 2  # candles before what is missing that are read again


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is.

    :ivar rows: records that were written so far
    :ivar pages: that were read so far, and in all as far as that can be known
    """

    series: Series
    rows: int
    pages: tuple[int, int]


@dataclass(slots=True)
class Outcome:
    """What a sync did for one series.

    :ivar rows: records that are new
    :ivar empty: how many marks turned out to be empty at the venue
    :ivar missing: how many are missing still
    :ivar pages: that were read and written
    :ivar failed: pages that were not
    :ivar revisions: what the venue has changed
    :ivar error: why it is not complete, None when nothing went wrong
    """

    series: Series
    rows: int = 0
    empty: int = 0
    missing: int = 0
    pages: int = 0
    failed: int = 0
    revisions: list[Revision] = field(default_factory=list)
    error: ExchangeException | None = None


class Watch(Protocol):
    """Who is told how far a sync is; called on the thread of the sync."""

    def __call__(self, progress: Progress, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How a sync is to be done.

    :ivar start_ms: from when on a series is wanted that is new, or reaches not so far back; the venue's first record when None
    :ivar policy: what to do with records that the venue has changed
    :ivar patience_s: how long to wait for another run that has a series
    :ivar in_flight: pages that are asked for at a time
    :ivar executor: who reads the pages; threads of this process when None
    :ivar making: makes a source where the executor reads them
    """

    start_ms: int | None = None
    policy: Policy = "keep"
    patience_s: float = 0.0
    in_flight: int = IN_FLIGHT
    watch: Watch | None = None
    executor: Executor | None = None
    making: Making | None = None


def sync(store: Store, source: Source, clock: Clock, wanted: Sequence[Series], terms: Terms) -> list[Outcome]:
    """Bring series up to date, and tell what became of each.

    What goes wrong with one series does not keep the others from getting on, unless it would go wrong with all of them: a ban, a venue
    that cannot be reached, a disk that is full. That is raised, and all that was written stays.
    """
    store.need_writing()
    with contextlib.ExitStack() as locks:
        with Ahead[None]("archive", 1, clock) as patient:  # what is asked before the pages waits for the budget like them
            run = _Run(store, source, terms, patient.now(source.now_ms), {series: Outcome(series) for series in wanted})
            for series in wanted:
                with run.noting(series):
                    locks.enter_context(only_run(lock_of(store.path, series), patience_s=terms.patience_s))
                    patient.now(functools.partial(run.plan, series))
        run.carry_out(clock)
        for series, outcome in run.outcomes.items():
            kept = store.of(series)
            if kept is not None:
                outcome.empty = kept.empty - run.empty.get(series, kept.empty)
                missing = kept.missing()
                outcome.missing = sum(series.count(first, last) for first, last in missing)
                if missing and kept.known and missing[0][0] < kept.known[-1][0] and not outcome.failed and outcome.error is None:
                    outcome.error = ExchangeRequestException(
                        f"{series}: the venue gave nothing from {missing[0][0]} on, and then later records; the next sync asks again",
                        sent="yes",
                    )
    return list(run.outcomes.values())


@dataclass(slots=True)
class _Plan:
    """What is still to be done for a series.

    :ivar known_to: the mark up to which pages that were planned need not be read: it is known that nothing comes there, or nothing yet
    """

    kept: Kept
    end: int
    pages: Iterator[Page]
    count: int
    known_to: int = 0


@dataclass(slots=True)
class _Run:
    """
    :ivar empty: how many marks of each series were empty at the venue before it was this run's
    """

    store: Store
    source: Source
    terms: Terms
    now_ms: int
    outcomes: dict[Series, Outcome]
    plans: dict[Series, _Plan] = field(default_factory=dict)
    empty: dict[Series, int] = field(default_factory=dict)

    # ---- before ------------------------------------------------------------------------------------------------------

    def plan(self, series: Series) -> None:
        """Find out what is missing of a series."""
        if series not in self.empty:  # it is planned again when the budget was short
            before = self.store.of(series)
            self.empty[series] = 0 if before is None else before.empty
        end = self.source.end(series, self.now_ms)
        kept = self.store.want(series, self._begin(series, end))
        if kept.begin is not None:
            kept = self._from_the_listing_on(kept, kept.begin, end)
        self.store.asked(kept, end, self.now_ms)
        missing, size = [] if kept.begin is None else without((kept.begin, end), kept.known), self.source.page_size
        count = sum(-(-series.count(first, last) // size) for first, last in missing)
        self.plans[series] = _Plan(kept, end, plan.pages(series, missing, end, size, known=kept.known, overlap=_OVERLAP), count)

    def _begin(self, series: Series, end: int) -> int | None:
        """From where on the series is wanted, None for a new one of which the venue has nothing yet."""
        if self.terms.start_ms is not None:
            begin = self.source.mark_at(series, self.terms.start_ms)
            return None if begin is None else min(begin, end)
        kept = self.store.of(series)
        if kept is not None and kept.begin is not None:
            return kept.begin
        return asked(self.source, series, plan.listing(0, end))

    def _from_the_listing_on(self, kept: Kept, begin: int, end: int) -> Kept:
        """The series, with what lies before the venue's first record known to be empty: that is not asked for page by page."""
        last = min([end, *(first for first, _ in kept.known)])
        if kept.series.count(begin, last) <= self.source.page_size:
            return kept
        listed = asked(self.source, kept.series, plan.listing(begin, end))
        if listed is None or listed <= begin:
            return kept
        self.store.commit(kept, [], [(begin, min(listed, last))], now_ms=self.now_ms)
        return self.store.of(kept.series) or kept

    # ---- the pages ---------------------------------------------------------------------------------------------------

    def carry_out(self, clock: Clock) -> None:
        """Have the pages of all series read, and write them."""
        total, done = sum(each.count for each in self.plans.values()), 0
        with contextlib.closing(_read(self.source, clock, self._open_pages(), self.terms)) as results:
            for page, result in results:
                done += 1
                outcome = self.outcomes[page.series]
                outcome.failed += 1  # until it is written
                with self.noting(page.series):
                    self._write(read(self.source, page, result()), outcome)
                    outcome.failed -= 1
                    if self.terms.watch is not None:
                        self.terms.watch(Progress(page.series, outcome.rows, (done, max(total, done))))

    def _open_pages(self) -> Iterator[Page]:
        """The pages of all series in turn, without those that an earlier one has shown to be empty, or that have no chance."""
        return plan.in_turn([self._open_ones(each, self.outcomes[series]) for series, each in self.plans.items()])

    def _open_ones(self, of: _Plan, outcome: Outcome) -> Iterator[Page]:
        for page in of.pages:
            if of.known_to >= of.end:
                return
            if page.last > of.known_to and outcome.failed < _GIVEN_UP:
                yield page

    def _write(self, found: Found, outcome: Outcome) -> None:
        page, plan_ = found.page, self.plans[outcome.series]
        try:
            new, revisions = self.store.commit(plan_.kept, found.rows, found.known, now_ms=self.now_ms, policy=self.terms.policy)
        except ValueError as error:
            raise ExchangeRequestException(f"{outcome.series}: the venue's rows cannot be: {error}", sent="yes") from error
        beyond = plan_.end if found.is_last else max((last for first, last in found.known if first <= page.last < last), default=0)
        plan_.known_to = max(plan_.known_to, beyond)
        outcome.rows += new
        outcome.pages += 1
        outcome.revisions += revisions

    # ---- what goes wrong ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def noting(self, series: Series) -> Iterator[None]:
        """Take note of what goes wrong with one series; what would go wrong with all is raised."""
        try:
            yield
        except ExchangeException as error:
            if _is_everybodys(error):
                raise
            outcome = self.outcomes[series]
            if isinstance(error, UnknownSymbolException) and self._is_gone(series):
                outcome.failed = _GIVEN_UP
            elif outcome.error is None:
                outcome.error = error

    def _is_gone(self, series: Series) -> bool:
        """True for a symbol that was there once, and of which two endpoints say that it is gone: nothing comes after what is known."""
        kept = self.store.of(series)
        if kept is None or not kept.rows or not self.source.has_ended(series):
            return False
        tail = [each for each in kept.missing() if each[0] >= kept.known[-1][1]]
        if tail:
            self.store.commit(kept, [], tail, now_ms=self.now_ms)
        return True


Result = tuple[Page, Callable[[], Came]]


def _read(source: Source, clock: Clock, pages: Iterator[Page], terms: Terms) -> Generator[Result, None, None]:
    """The pages as they come, each with what it is or raises; a few are under way at a time, in order."""
    if terms.executor is not None:
        if terms.making is None:
            raise TypeError("with an executor, making says how a source is made where it reads")
        yield from _read_elsewhere(terms.executor, terms.making, pages, terms.in_flight)
        return
    with Ahead[Came]("archive", terms.in_flight, clock) as ahead:
        waiting: deque[Page] = deque()
        while True:
            while len(waiting) < terms.in_flight and (page := next(pages, None)) is not None:
                ahead.ask(functools.partial(fetched, source, page))
                waiting.append(page)
            if not waiting:
                return
            yield waiting.popleft(), ahead.take


def _read_elsewhere(executor: Executor, making: Making, pages: Iterator[Page], in_flight: int) -> Generator[Result, None, None]:
    waiting: deque[tuple[Page, Future[Came]]] = deque()
    try:
        while True:
            while len(waiting) < in_flight and (page := next(pages, None)) is not None:
                waiting.append((page, executor.submit(_made_and_fetched, making, page)))
            if not waiting:
                return
            page, future = waiting.popleft()
            yield page, future.result
    finally:
        for _, future in waiting:
            future.cancel()


def _made_and_fetched(making: Making, page: Page) -> Came:
    return fetched(making(), page)


def _is_everybodys(error: ExchangeException) -> bool:
    """True for what would go wrong with every other page, too."""
    if isinstance(error, (RateLimitException, OverloadException)):
        return True
    if isinstance(error, ExchangeRequestException):
        return error.transient
    return not isinstance(error, (AlreadyRunningException, ExchangeAPIException))


def lock_of(path: Path, series: Series) -> Path:
    """The file that whoever changes a series has locked meanwhile."""
    folder = path.with_name(f"{path.name}.locks")
    folder.mkdir(exist_ok=True)
    return folder / f"{series_name(series)}.lock"
