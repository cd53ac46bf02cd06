"""Proves that a live book is the venue's, whatever its stream and its snapshots do.

``python chaos/chaos_book.py [--rule NAME] [--schedules N] [--exhaustive DIFFSxDELIVERIES] [--seed N] [--break NAME]`` prints one line and
exits with 0, or with 1 when a user would have been shown a wrong book, a book was not live in the end, or an audit was wrong. Each venue's
rule of sequence numbers is tried, unless one is named; of a venue that has none the rows are read besides. A schedule is a market of 60
changes, delivered with losses, doubles, late ones and broken connections, and with snapshots that fail, are old, are crossed, or show few
levels. Besides, every order is tried in which a few changes and snapshots can be delivered at all. A break spoils the book on purpose: each
rule has to find it.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import cpu_count
from random import Random
from time import monotonic
from traceback import format_exc
from typing import NamedTuple

import proof
from book_exhaustive import search
from book_market import ChainedMarket, Market
from book_rows import RowSchedule
from book_schedules import Schedule, audits

from exchangeclient.binance.sequence import DepthRule
from exchangeclient.bitmex.sequence import CountRule
from exchangeclient.market import booksync
from exchangeclient.market.book import OrderBook, Side
from exchangeclient.market.booksync import BookSync, Place, SequenceRule, Step
from exchangeclient.okx.sequence import SeqRule

EVENTS = 60
SCHEDULES_OF_A_MARKET = 20
MARKETS_AT_A_TIME = 20


class Count(NamedTuple):
    """What came of some schedules."""

    schedules: int = 0
    callbacks: int = 0
    resyncs: int = 0
    audits: int = 0
    trouble: str = ""


RULES: dict[str, tuple[type[SequenceRule], type[Market]]] = {
    "binance": (DepthRule, Market),
    "bitmex": (CountRule, ChainedMarket),
    "okx": (SeqRule, ChainedMarket),
}
"""By the name of a venue, and a market whose changes are numbered so."""

BY_ROWS = frozenset({"bitmex"})
"""Those that number nothing, and tell rows by their ids: every other schedule of theirs is one of messages."""


def _misplace(wrong: Place) -> None:
    """Take what stands so to a book for what comes next."""
    for kind, _ in RULES.values():
        for name in ("place", "joins"):
            place = vars(kind)[name]

            def misplaced(self: SequenceRule, diff: booksync.Diff, book_id: int, place: Callable[..., Place] = place) -> Place:
                found = place(self, diff, book_id)
                return Place.NEXT if found is wrong else found

            setattr(kind, name, misplaced)


def ignore_gaps() -> None:
    """A change is applied though something before it is missing."""
    _misplace(Place.GAP)


def sleep_through_gaps() -> None:
    """A change that does not follow is passed over, and the book of before goes on being shown."""
    BookSync._gap = lambda *_: Step.WAIT  # type: ignore[method-assign]


def apply_what_is_old() -> None:
    """A change that the book has already is applied once more."""
    _misplace(Place.OLD)


def replay_in_name_only() -> None:
    """The changes that were collected while the snapshot was on its way count as applied, and are not."""
    replay = BookSync._replay

    def idle(self: BookSync, snapshot: booksync.Snapshot, diffs: Iterable[booksync.Diff]) -> tuple[int, int | None] | None:
        return replay(self, booksync.Snapshot(snapshot.last_id, snapshot.book.copy()), diffs)

    BookSync._replay = idle  # type: ignore[method-assign]


def believe_any_snapshot() -> None:
    """A snapshot is taken though it fits nothing that was collected. (It takes both guards to be off: either finds it.)"""
    for kind, _ in RULES.values():
        kind.reaches = lambda *_: True  # type: ignore[method-assign, assignment]

    def fitting(self: BookSync, snapshot: booksync.Snapshot, diffs: Iterable[booksync.Diff]) -> tuple[int, int | None]:
        book_id = snapshot.last_id
        for diff in diffs:
            if diff.last_id > book_id:
                snapshot.book.apply(diff.bids, diff.asks)
                book_id = diff.last_id
        return book_id, self.time_ms

    BookSync._replay = fitting  # type: ignore[method-assign, assignment]


def stay_live_when_lost() -> None:
    """A broken connection is not minded."""
    BookSync.lose = BookSync.stop  # type: ignore[method-assign]


def keep_ghosts() -> None:
    """Levels of the old book live on in the new one."""
    swap = BookSync._swap

    def haunted(self: BookSync, snapshot: booksync.Snapshot, book_id: int, time_ms: int | None) -> Step:
        if self.book is not None:
            for old, new in ((self.book.bids, snapshot.book.bids), (self.book.asks, snapshot.book.asks)):
                known = dict(new.top())
                new.apply([level for level in old.top() if level[0] not in known])
        return swap(self, snapshot, book_id, time_ms)

    BookSync._swap = haunted  # type: ignore[method-assign]


def turn_back() -> None:
    """A refresh is taken though it is older than the book."""
    snapshot = BookSync.snapshot

    def hasty(self: BookSync, shown: booksync.Snapshot) -> Step:
        if self.live and self._collected is not None and shown.book.sound:
            return self._swap(shown, shown.last_id, self.time_ms)
        return snapshot(self, shown)

    BookSync.snapshot = hasty  # type: ignore[method-assign]


def apply_half() -> None:
    """Of a change that has both sides, only the bids are applied."""

    def halved(self: OrderBook, bids: list[booksync.Level], asks: list[booksync.Level]) -> bool:
        return self.bids.apply(bids) if bids else self.asks.apply(asks)

    OrderBook.apply = halved  # type: ignore[method-assign, assignment]


def show_an_old_head() -> None:
    """The levels that are kept ready for readers are those of before the change."""
    apply = Side.apply

    def late(self: Side, changes: Iterable[booksync.Level]) -> bool:
        size, head = self._head_size, self._head
        is_reordered = apply(self, changes)
        if size == self._head_size:
            self._head = head
        return is_reordered

    Side.apply = late  # type: ignore[method-assign]


def look_beyond_the_snapshot() -> None:
    """Levels that the snapshot did not show are taken for all that there are."""
    OrderBook.sound = property(lambda self: not self.crossed)  # type: ignore[method-assign, assignment]


def audit_blindly() -> None:
    """Every audit is passed."""
    booksync.difference = lambda *_: None  # type: ignore[assignment]


def never_come_back() -> None:
    """No snapshot fits any more once a gap was found."""
    gap = BookSync._gap

    def stuck(self: BookSync, diff: booksync.Diff) -> Step:
        self.snapshot = lambda _: Step.RESYNC  # type: ignore[method-assign]
        return gap(self, diff)

    BookSync._gap = stuck  # type: ignore[method-assign]


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        ignore_gaps,
        sleep_through_gaps,
        apply_what_is_old,
        replay_in_name_only,
        believe_any_snapshot,
        stay_live_when_lost,
        keep_ghosts,
        turn_back,
        apply_half,
        show_an_old_head,
        look_beyond_the_snapshot,
        audit_blindly,
        never_come_back,
    )
}


def play(name: str, seeds: list[str]) -> Count:
    """The schedules of some markets."""
    make_rule, make_market = RULES[name]
    schedules = callbacks = resyncs = audited = 0
    for seed in seeds:
        try:
            market, rule = make_market(Random(seed), EVENTS), make_rule()
            audited += audits(market, rule, Random(seed))
            for number in range(SCHEDULES_OF_A_MARKET):
                kind = RowSchedule if name in BY_ROWS and number % 2 else Schedule
                one = kind(market, rule, Random(f"{seed}/{number}"))
                one.run()
                schedules, callbacks = schedules + 1, callbacks + one.callbacks
                resyncs, audited = resyncs + one.sync.proof.gaps, audited + one.sync.proof.audits_passed
        except Exception:  # noqa: BLE001 - a wrong book, or whatever the book raises: both are told
            return Count(
                schedules, callbacks, resyncs, audited, f"market {seed!r}, schedule {schedules % SCHEDULES_OF_A_MARKET}\n{format_exc()}"
            )
    return Count(schedules, callbacks, resyncs, audited)


def spoil(name: str | None) -> None:
    """Break the book of this process, if that is wanted."""
    if name is not None:
        BREAKS[name]()


def played(name: str, seed: int, schedules: int, broken: str | None) -> Iterator[Count]:
    """All markets, on all cores, in their order."""
    markets = -(-schedules // SCHEDULES_OF_A_MARKET)
    seeds = [f"{seed}/{number}" for number in range(markets)]
    parts = [seeds[start : start + MARKETS_AT_A_TIME] for start in range(0, markets, MARKETS_AT_A_TIME)]
    with ProcessPoolExecutor(cpu_count(), initializer=spoil, initargs=(broken,)) as pool:
        try:
            yield from pool.map(partial(play, name), parts)
        finally:
            pool.shutdown(cancel_futures=True)


def tried(name: str, form: str, seed: int, broken: str | None) -> tuple[str, str]:
    """Every order of so many changes in so many deliveries: what to tell of it, and the trouble."""
    diffs, _, deliveries = form.partition("x")
    make_rule, make_market = RULES[name]
    try:
        with ProcessPoolExecutor(1, initializer=spoil, initargs=(broken,)) as pool:
            runs, states, live = pool.submit(search, make_rule(), make_market(Random(seed), int(diffs)), int(deliveries)).result()
    except Exception:  # noqa: BLE001 - as above
        return f"exhaustive {form}: a counterexample", format_exc()
    return f"exhaustive {form}: {runs} runs, {states} states, {live} of them live", "" if live else "no run makes the book live"


def main() -> int:
    """Play, try, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rule", choices=sorted(RULES), help="by one venue's rule alone")
    parser.add_argument("--schedules", type=int, default=1_000_000)
    parser.add_argument("--exhaustive", default="6x7", metavar="DIFFSxDELIVERIES")
    arguments = proof.arguments(parser, BREAKS, "book")
    began = monotonic()
    names = sorted(RULES) if arguments.rule is None else [arguments.rule]
    outcomes = [proved(name, arguments) for name in names]
    # A break has to be found by each rule; anything else by none.
    failed = (all if arguments.broken else any)(outcome.trouble for _, outcome in outcomes)
    told = "; ".join(
        f"{name}: {count.schedules} schedules of {EVENTS} changes, {count.callbacks} callbacks, {'some' if count.trouble else 0} wrong, "
        f"{count.resyncs} gaps, {count.audits} audits{exhaustive}"
        for name, (exhaustive, count) in zip(names, outcomes, strict=True)
    )
    print(f"chaos_book {'FAIL' if failed else 'ok'} {told}; {round(monotonic() - began)} seconds; seed {arguments.seed}")
    return 1 if failed else 0


def proved(name: str, arguments: Namespace) -> tuple[str, Count]:
    """What came of one rule: what to tell of the exhaustive part, and of the schedules. Trouble goes to standard error."""
    count, exhaustive = Count(), ""
    for each in played(name, arguments.seed, arguments.schedules, arguments.broken):
        count = Count(*(one + other for one, other in zip(count, each, strict=True)))
        if count.trouble:
            break
    if not count.trouble:
        exhaustive, counterexample = tried(name, arguments.exhaustive, arguments.seed, arguments.broken)
        exhaustive, count = f", {exhaustive}", count._replace(trouble=counterexample)
    if count.trouble:
        print(name, count.trouble, file=sys.stderr)
    return exhaustive, count


if __name__ == "__main__":
    sys.exit(main())
