"""Snapshot and changes make the right book, or ask for a snapshot; never a guess."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from book_exhaustive import search
from book_market import ChainedMarket, Market
from book_schedules import Schedule, audits
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance.sequence import DepthRule
from exchangeclient.market.book import OrderBook
from exchangeclient.market.booksync import COLLECT_LIMIT, BookSync, Diff, SequenceRule, Snapshot, Step
from exchangeclient.okx.sequence import SeqRule

RULES = pytest.mark.parametrize(("rule", "market"), [(DepthRule(), Market), (SeqRule(), ChainedMarket)], ids=["U/u", "prevSeqId/seqId"])


def diff(first: int, last: int, *bids: tuple[str, str], asks: tuple[tuple[str, str], ...] = ()) -> Diff:
    return Diff(first, last, list(bids), list(asks), last * 10)


def snapshot(last_id: int, *bids: tuple[str, str]) -> Snapshot:
    return Snapshot(last_id, OrderBook(bids, [["100", "1"]]))


def synced(last_id: int = 100) -> BookSync:
    sync = BookSync(DepthRule())
    sync.begin()
    assert sync.snapshot(snapshot(last_id, ("1", "1"))) is Step.APPLY
    return sync


def bids(sync: BookSync) -> dict[str, str]:
    assert sync.book is not None
    return dict(sync.book.bids.top())


def test_buffered_changes_are_replayed_on_the_snapshot() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    assert sync.diff(diff(95, 99, ("1", "old"))) is Step.WAIT  # never looked into: the snapshot has it
    assert sync.diff(diff(100, 103, ("1", "5"))) is Step.WAIT
    assert sync.diff(diff(104, 104, ("2", "6"))) is Step.WAIT
    assert not sync.live
    assert sync.snapshot(snapshot(101, ("1", "1"), ("0.5", "2"))) is Step.APPLY
    assert sync.live
    assert (sync.last_id, sync.time_ms) == (104, 1040)
    assert bids(sync) == {"1": "5", "2": "6", "0.5": "2"}


def test_changes_that_follow_are_applied_and_old_ones_ignored() -> None:
    sync = synced(100)
    assert sync.diff(diff(99, 100, ("1", "7"))) is Step.WAIT
    assert sync.diff(diff(101, 105, ("1", "8"))) is Step.APPLY
    assert sync.diff(diff(101, 105, ("1", "9"))) is Step.WAIT
    assert bids(sync) == {"1": "8"}
    assert sync.last_id == 105


def test_gap_in_updates_asks_for_a_snapshot_and_keeps_the_last_right_book() -> None:
    sync = synced(100)
    assert sync.diff(diff(103, 104, ("3", "3"))) is Step.RESYNC
    assert not sync.live
    assert bids(sync) == {"1": "1"}
    assert sync.last_id == 100
    assert sync.diff(diff(105, 106, ("4", "4"))) is Step.WAIT
    assert sync.snapshot(snapshot(103, ("2", "2"))) is Step.APPLY
    assert bids(sync) == {"2": "2", "3": "3", "4": "4"}
    assert sync.last_id == 106


def test_b03_snapshot_older_than_the_first_buffered_change_is_asked_for_again() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    sync.diff(diff(101, 102, ("1", "5")))
    assert sync.snapshot(snapshot(99)) is Step.RESYNC
    assert not sync.live
    assert sync.snapshot(snapshot(100, ("9", "9"))) is Step.APPLY
    assert bids(sync) == {"1": "5", "9": "9"}


def test_b04_what_a_snapshot_much_newer_than_the_buffer_has_already_is_never_applied() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    sync.diff(diff(10, 20, ("1", "5")))
    sync.diff(diff(21, 30, ("2", "9")))
    assert sync.snapshot(snapshot(50, ("2", "2"))) is Step.APPLY
    assert (sync.last_id, bids(sync)) == (50, {"2": "2"})
    assert sync.diff(diff(31, 49, ("1", "5"))) is Step.WAIT
    assert sync.diff(diff(50, 50, ("2", "9"))) is Step.WAIT
    assert (sync.last_id, bids(sync), sync.proof.applied) == (50, {"2": "2"}, 0)
    assert sync.diff(diff(51, 51, ("3", "3"))) is Step.APPLY
    assert (sync.last_id, bids(sync)) == (51, {"2": "2", "3": "3"})


def test_b04_stream_that_goes_on_behind_a_much_newer_snapshot_has_a_gap() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    sync.diff(diff(10, 20, ("1", "5")))
    sync.snapshot(snapshot(50, ("2", "2")))
    sync.diff(diff(21, 30, ("1", "5")))
    assert sync.diff(diff(52, 52, ("3", "3"))) is Step.RESYNC
    assert (sync.live, sync.last_id, bids(sync), sync.proof.gaps) == (False, 50, {"2": "2"}, 1)


@pytest.mark.parametrize("snapshot_id", range(100, 104))
def test_b05_buffered_change_that_straddles_the_snapshot_is_applied_once(snapshot_id: int) -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    assert sync.diff(diff(100, 104, ("1", "5"), ("2", "0"), ("3", "3"))) is Step.WAIT
    # Some of the change is in the snapshot already: quantities are absolute, so that applying all of it does no harm.
    assert sync.snapshot(snapshot(snapshot_id, ("1", "5"), ("2", "2"), ("0.5", "1"))) is Step.APPLY
    assert (sync.live, sync.last_id, bids(sync)) == (True, 104, {"1": "5", "3": "3", "0.5": "1"})
    assert sync.diff(diff(105, 105, ("1", "7"))) is Step.APPLY
    assert sync.diff(diff(100, 104, ("1", "5"), ("2", "0"), ("3", "3"))) is Step.WAIT
    assert (sync.last_id, bids(sync), sync.proof.gaps) == (105, {"1": "7", "3": "3", "0.5": "1"}, 0)


@pytest.mark.parametrize("snapshot_id", range(100, 104))
def test_b05_first_change_behind_the_snapshot_that_straddles_it_is_applied_once(snapshot_id: int) -> None:
    sync = synced(snapshot_id)
    straddling = diff(100, 104, ("1", "0"), ("2", "2"))
    assert sync.diff(straddling) is Step.APPLY
    assert (sync.last_id, bids(sync)) == (104, {"2": "2"})
    assert sync.diff(straddling) is Step.WAIT
    assert (sync.proof.applied, sync.proof.gaps) == (1, 0)


def test_b06_gap_while_the_snapshot_is_on_its_way_restarts_the_buffer() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    sync.diff(diff(101, 102))
    sync.diff(diff(105, 106, ("5", "5")))
    assert sync.snapshot(snapshot(102)) is Step.RESYNC
    assert sync.snapshot(snapshot(105, ("1", "1"))) is Step.APPLY
    assert bids(sync) == {"1": "1", "5": "5"}


def test_levels_that_vanished_meanwhile_are_gone_after_a_resync() -> None:
    sync = synced(100)
    sync.lose()
    assert not sync.live
    sync.begin()
    sync.snapshot(snapshot(200, ("2", "2")))
    assert bids(sync) == {"2": "2"}


def test_refresh_swaps_beside_a_live_book_which_it_is_compared_with() -> None:
    sync = synced(100)
    old = sync.book
    sync.begin()
    assert sync.live
    assert sync.collecting
    assert sync.diff(diff(101, 101, ("2", "2"))) is Step.APPLY
    assert sync.diff(diff(102, 102, ("3", "3"))) is Step.APPLY
    assert sync.snapshot(snapshot(101, ("1", "1.0"), ("2", "2"))) is Step.APPLY
    assert sync.book is not old
    assert (sync.last_id, bids(sync)) == (102, {"1": "1.0", "2": "2", "3": "3"})
    assert not sync.collecting
    assert (sync.proof.audits_passed, sync.proof.audits_failed) == (1, 0)


@pytest.mark.parametrize("levels", [(("3", "3"),), (("1", "9"), ("2", "2")), (("1", "1"), ("2", "2"), ("0.5", "1")), ()])
def test_audit_that_finds_another_book_does_not_believe_either(levels: tuple[tuple[str, str], ...]) -> None:
    sync = synced(100)
    sync.begin()
    sync.diff(diff(101, 101, ("2", "2")))
    assert sync.snapshot(snapshot(101, *levels)) is Step.RESYNC
    assert not sync.live
    assert sync.book is None
    assert sync.collecting
    assert "the book was not the venue's at 101" in sync.trouble
    assert (sync.proof.audits_passed, sync.proof.audits_failed) == (0, 1)


def test_audit_waits_for_the_stream_to_reach_the_snapshot() -> None:
    sync = synced(100)
    sync.begin()
    assert sync.snapshot(snapshot(103, ("1", "1"), ("2", "2"))) is Step.WAIT
    assert sync.is_behind
    assert sync.diff(diff(101, 102, ("7", "7"))) is Step.APPLY
    assert (sync.last_id, bids(sync), sync.is_behind) == (102, {"1": "1", "7": "7"}, True)
    assert sync.diff(diff(103, 104, ("2", "2"), ("7", "0"), ("3", "3"))) is Step.APPLY
    assert (sync.last_id, bids(sync), sync.is_behind) == (104, {"1": "1", "2": "2", "3": "3"}, False)
    assert sync.proof.audits_passed == 1


def test_stream_that_is_silent_behind_an_equal_snapshot_is_that_of_a_quiet_market() -> None:
    sync = synced(100)
    sync.begin()
    assert sync.snapshot(snapshot(107, ("1.0", "1"))) is Step.WAIT
    assert sync.settle() is Step.APPLY
    assert (sync.live, sync.last_id, sync.is_behind, sync.collecting) == (True, 107, False, False)
    assert sync.diff(diff(105, 107)) is Step.WAIT
    assert sync.diff(diff(105, 109, ("2", "2"))) is Step.APPLY


def test_stream_that_is_silent_behind_another_snapshot_is_dead() -> None:
    sync = synced(100)
    sync.begin()
    assert sync.snapshot(snapshot(107, ("1", "2"))) is Step.WAIT
    assert sync.settle() is Step.RESYNC
    assert (sync.live, sync.is_behind, sync.collecting) == (False, False, False)
    assert sync.trouble == "the stream is silent at 100, while the venue is at 107: bid 1 is 1 in one and 2 in the other"
    assert sync.settle() is Step.WAIT


def test_gap_while_a_snapshot_waits_for_the_stream_asks_for_another() -> None:
    sync = synced(100)
    sync.begin()
    assert sync.snapshot(snapshot(103, ("2", "2"))) is Step.WAIT
    assert sync.diff(diff(105, 106, ("5", "5"))) is Step.RESYNC
    assert not sync.is_behind
    assert sync.snapshot(snapshot(106, ("5", "5"))) is Step.APPLY
    assert (sync.proof.gaps, sync.proof.audits_passed) == (1, 0)


def test_refresh_may_be_given_up() -> None:
    sync = synced(100)
    sync.begin()
    sync.stop()
    assert (sync.live, sync.collecting) == (True, False)
    assert sync.snapshot(snapshot(100, ("3", "3"))) is Step.WAIT
    assert bids(sync) == {"1": "1"}


def test_refresh_never_turns_a_live_book_back() -> None:
    sync = synced(100)
    sync.begin()
    assert sync.snapshot(snapshot(99, ("3", "3"))) is Step.RESYNC
    assert sync.live
    assert (sync.last_id, bids(sync)) == (100, {"1": "1"})


@pytest.mark.parametrize(
    "crossed", [Snapshot(101, OrderBook([["10", "1"]], [["9", "1"]])), Snapshot(102, OrderBook([["100", "1"]], [["100", "1"]]))]
)
def test_refresh_by_a_crossed_snapshot_leaves_the_live_book_as_it_is(crossed: Snapshot) -> None:
    sync = synced(100)
    sync.begin()
    sync.diff(diff(101, 101, ("2", "2")))
    assert sync.snapshot(crossed) is Step.RESYNC
    assert sync.live
    assert sync.collecting
    assert sync.diff(diff(102, 102, ("3", "3"))) is Step.APPLY
    assert (sync.last_id, bids(sync)) == (102, {"1": "1", "2": "2", "3": "3"})
    assert sync.snapshot(snapshot(101, ("1", "1"), ("2", "2"))) is Step.APPLY
    assert sync.proof.audits_passed == 1


def limited(last_id: int, *levels: tuple[str, str]) -> Snapshot:
    """A snapshot that shows as many bids as it may."""
    return Snapshot(last_id, OrderBook(levels, [["100", "1"]], len(levels)))


def test_b14_book_that_has_moved_beyond_its_snapshot_is_made_anew() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    assert sync.snapshot(limited(100, ("9", "1"), ("8", "1"))) is Step.APPLY
    assert sync.diff(diff(101, 101, ("9", "0"), ("5", "5"))) is Step.APPLY
    assert sync.diff(diff(102, 102, ("8", "0"))) is Step.RESYNC  # 6 and 7 may have been there all the time
    assert (sync.live, sync.book, sync.proof.outgrown) == (False, None, 1)
    assert sync.diff(diff(103, 103)) is Step.WAIT
    assert sync.snapshot(limited(103, ("7", "1"), ("5", "5"))) is Step.APPLY


def test_b14_audit_compares_what_both_books_know() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    sync.snapshot(limited(100, ("9", "1"), ("8", "1")))
    sync.diff(diff(101, 101, ("3", "3")))
    sync.begin()
    assert sync.snapshot(limited(101, ("9", "1"), ("8", "1"), ("7", "1"))) is Step.APPLY
    assert bids(sync) == {"9": "1", "8": "1", "7": "1"}
    sync.begin()
    assert sync.snapshot(limited(101, ("9", "1"), ("7", "1"))) is Step.RESYNC
    assert sync.proof.audits_failed == 1


def test_proof_counts_what_the_book_has_gone_through() -> None:
    sync = synced(100)
    sync.diff(diff(100, 100))
    sync.diff(diff(101, 101, ("2", "2")))
    sync.diff(diff(102, 102, ("3", "3")))
    sync.diff(diff(105, 105))
    sync.snapshot(snapshot(105, ("1", "1")))
    sync.diff(diff(106, 106, ("1", "x")))
    assert (sync.proof.applied, sync.proof.gaps, sync.proof.refused) == (2, 1, 1)


@pytest.mark.parametrize("last_id", [None, "100", 100.0, True])
def test_snapshot_without_a_number_is_refused(last_id: Any) -> None:
    with pytest.raises(TypeError, match="sequence number must be an int"):
        Snapshot(last_id, OrderBook())


def test_gap_during_a_refresh_keeps_one_collection() -> None:
    sync = synced(100)
    sync.begin()
    sync.diff(diff(101, 101))
    assert sync.diff(diff(110, 111, ("7", "7"))) is Step.RESYNC
    assert sync.snapshot(snapshot(101)) is Step.RESYNC
    assert sync.snapshot(snapshot(110, ("1", "1"))) is Step.APPLY
    assert bids(sync) == {"1": "1", "7": "7"}


@pytest.mark.parametrize("wrong", [("1", "NaN"), ("1", "-2"), ("", "2"), ("1.2.3", "1")])
def test_b13_unreadable_change_is_refused_and_the_book_is_made_anew(wrong: tuple[str, str]) -> None:
    sync = synced(100)
    assert sync.diff(diff(101, 102, ("5", "5"), wrong)) is Step.RESYNC
    assert (sync.live, sync.book, sync.proof.refused) == (False, None, 1)
    assert sync.diff(diff(103, 103, ("6", "6"))) is Step.WAIT
    assert sync.snapshot(snapshot(101)) is Step.RESYNC  # behind the refused change there is a new first one
    assert sync.snapshot(snapshot(102, ("2", "2"))) is Step.APPLY


def test_unreadable_change_in_the_buffer_is_not_replayed() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    sync.diff(diff(101, 101, ("1", "NaN")))
    assert sync.snapshot(snapshot(101)) is Step.APPLY  # it is older than the snapshot
    sync.begin()
    sync.lose()
    sync.begin()
    sync.diff(diff(102, 102, ("1", "NaN")))
    sync.diff(diff(103, 103, ("1", "NaN")))
    assert sync.snapshot(snapshot(102)) is Step.RESYNC
    assert not sync.live


def test_snapshot_that_reaches_but_leaves_a_gap_starts_the_collection_over() -> None:
    class AnySnapshot(DepthRule):
        def reaches(self, snapshot_id: int, first: Diff) -> bool:
            return True

    sync = BookSync(AnySnapshot())
    sync.begin()
    sync.diff(diff(105, 106))
    assert sync.snapshot(snapshot(100)) is Step.RESYNC
    assert not sync.live
    assert sync.snapshot(snapshot(100, ("2", "2"))) is Step.APPLY  # what led nowhere is forgotten
    assert sync.diff(diff(105, 106)) is Step.RESYNC


def test_b10_crossed_book_is_not_live_and_not_kept() -> None:
    sync = synced(100)
    assert sync.diff(diff(101, 101, ("100", "1"))) is Step.RESYNC
    assert not sync.live
    assert sync.book is None
    assert sync.snapshot(Snapshot(102, OrderBook([["2", "1"]], [["1", "1"]]))) is Step.RESYNC
    assert sync.snapshot(snapshot(102)) is Step.APPLY


def test_nothing_is_collected_before_begin_and_after_lose() -> None:
    sync = BookSync(DepthRule())
    assert sync.diff(diff(1, 2)) is Step.WAIT
    assert sync.snapshot(snapshot(5)) is Step.WAIT
    assert not sync.live
    sync.begin()
    sync.lose()
    assert sync.snapshot(snapshot(5)) is Step.WAIT


def test_buffer_is_bounded_and_its_oldest_changes_go_first() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    for number in range(1, COLLECT_LIMIT + 11):
        sync.diff(diff(number, number))
    assert sync.snapshot(snapshot(9)) is Step.RESYNC
    assert sync.snapshot(snapshot(10)) is Step.APPLY
    assert sync.last_id == COLLECT_LIMIT + 10


@dataclass
class Venue:
    """A venue's book as plain dicts, with what it was at each id and the changes that led there."""

    generator: random.Random
    states: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=lambda: [({}, {})])
    diffs: list[Diff] = field(default_factory=list)

    def move(self) -> None:
        """One event that covers a few ids."""
        first = len(self.states)
        sides: list[dict[str, str]] = [{}, {}]
        for _ in range(self.generator.randint(1, 3)):
            now = (self.states[-1][0].copy(), self.states[-1][1].copy())
            side = self.generator.randrange(2)
            price = f"{(1 if side == 0 else 2) + self.generator.randrange(8) / 10:.1f}"
            quantity = self.generator.choice(["0.00", "1.00", "2.50"])
            now[side][price] = quantity
            if quantity == "0.00":
                del now[side][price]
            sides[side][price] = quantity
            self.states.append(now)
        self.diffs.append(Diff(first, len(self.states) - 1, list(sides[0].items()), list(sides[1].items()), first))

    def snapshot(self, age: int) -> Snapshot:
        """The book as it was ``age`` ids ago."""
        last_id = max(0, len(self.states) - 1 - age)
        held = self.states[last_id]
        return Snapshot(last_id, OrderBook(list(held[0].items()), list(held[1].items())))


_steps = st.lists(
    st.sampled_from(
        [
            "deliver",
            "deliver",
            "deliver",
            "lose",
            "duplicate",
            "swap",
            "reorder",
            "snapshot",
            "stale",
            "crossed",
            "break",
            "refresh",
            "settle",
        ]
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(steps=_steps, seed=st.integers(0, 2**32))
def test_live_implies_the_venues_book_at_that_id_whatever_is_lost_doubled_or_late(steps: list[str], seed: int) -> None:
    venue = Venue(random.Random(seed))
    sync = BookSync(DepthRule())
    sync.begin()
    reported = 0
    for step in steps:
        was_live = sync.live
        if step in ("snapshot", "stale"):
            sync.snapshot(venue.snapshot(0 if step == "snapshot" else venue.generator.randint(1, 9)))
        elif step == "crossed":
            sync.snapshot(Snapshot(len(venue.states) - 1, OrderBook([["9", "1"]], [["8", "1"]])))
            assert sync.live is was_live
        elif step == "break":
            sync.lose()
            sync.begin()
        elif step == "refresh":
            sync.begin()
        elif step == "settle":
            sync.settle()
        else:
            venue.move()
            if step == "swap":
                venue.move()
            late = venue.diffs[-1 - venue.generator.randrange(min(4, len(venue.diffs)))]
            delivered = {
                "deliver": [venue.diffs[-1]],
                "lose": [],
                "duplicate": [venue.diffs[-1], venue.diffs[-1]],
                "swap": venue.diffs[-2:][::-1],
                "reorder": [late, venue.diffs[-1]],
            }[step]
            for one in delivered:
                sync.diff(one)
        if sync.live:
            assert sync.book is not None
            held = venue.states[sync.last_id]
            for shown, naive in zip(sync.book.top(), held, strict=True):
                assert {Decimal(price): Decimal(quantity) for price, quantity in shown} == {
                    Decimal(price): Decimal(quantity) for price, quantity in naive.items()
                }
            if was_live:
                assert sync.last_id >= reported
            reported = sync.last_id


@given(seed=st.integers(0, 2**32), lost=st.sets(st.integers(0, 30), max_size=10))
@settings(max_examples=100, deadline=None)
def test_live_again_with_one_fresh_snapshot_after_any_loss(seed: int, lost: set[int]) -> None:
    venue = Venue(random.Random(seed))
    sync = BookSync(DepthRule())
    sync.begin()
    sync.snapshot(venue.snapshot(0))
    for number in range(30):
        venue.move()
        if number not in lost:
            sync.diff(venue.diffs[-1])
    if not sync.live:
        assert sync.snapshot(venue.snapshot(0)) is Step.APPLY
    assert sync.proof.audits_failed == 0
    venue.move()
    if 29 in lost:
        assert sync.diff(venue.diffs[-1]) in (Step.RESYNC, Step.APPLY)
        assert sync.live or sync.snapshot(venue.snapshot(0)) is Step.APPLY
    else:
        assert sync.diff(venue.diffs[-1]) is Step.APPLY
    assert sync.last_id == len(venue.states) - 1


@RULES
def test_b20_no_order_in_which_few_things_can_be_delivered_makes_a_live_book_wrong(rule: SequenceRule, market: type[Market]) -> None:
    runs, states, live = search(rule, market(random.Random(1), 3), deliveries=4)
    assert runs > 100_000
    assert states > live > 50


@RULES
@pytest.mark.parametrize("seed", range(10))
def test_b01_to_b06_schedules_of_trouble_end_live_and_call_back_with_the_venues_book_only(
    seed: int, rule: SequenceRule, market: type[Market]
) -> None:
    venue = market(random.Random(seed), 60)
    for number in range(20):
        schedule = Schedule(venue, rule, random.Random(f"{seed}/{number}"))
        schedule.run()
        assert schedule.callbacks > 0
    assert audits(venue, rule, random.Random(seed)) == 2


def test_a_checksum_that_is_sent_is_held_to() -> None:
    sync = synced(100)
    assert sync.book is not None
    changed = sync.book.copy()
    changed.apply([("1", "7")], [])
    assert sync.diff(Diff(101, 101, [("1", "7")], [], 1, changed.checksum())) is Step.APPLY
    assert sync.diff(Diff(102, 102, [("1", "8")], [], 2)) is Step.APPLY, "none was sent"
    assert sync.diff(Diff(103, 103, [("1", "9")], [], 3, changed.checksum())) is Step.RESYNC
    assert (sync.live, sync.book, sync.proof.disproved) == (False, None, 1)
    assert "checksum" in sync.trouble
    assert sync.snapshot(snapshot(103)) is Step.APPLY


def test_a_replay_that_a_checksum_contradicts_is_none() -> None:
    sync = BookSync(DepthRule())
    sync.begin()
    sync.diff(Diff(101, 101, [("1", "7")], [], 1, 12345))
    assert sync.snapshot(snapshot(100)) is Step.RESYNC
    assert not sync.live
