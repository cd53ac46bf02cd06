from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.market.book import OrderBook
from exchangeclient.market.booksync import BookSync, Diff, Place, Snapshot, Step
from exchangeclient.okx.sequence import SeqRule


def change(prev: int, seq: int, bids: tuple[tuple[str, str], ...] = ()) -> Diff:
    return Diff(prev, seq, bids, (), seq)


def book() -> OrderBook:
    return OrderBook([("9", "1")], [("11", "1")])


def test_a_change_follows_the_one_that_it_names() -> None:
    rule = SeqRule()
    assert rule.place(change(10, 15), 10) is Place.NEXT
    assert rule.place(change(15, 20), 10) is Place.GAP
    assert rule.place(change(5, 10), 10) is Place.OLD
    assert rule.place(change(5, 12), 10) is Place.GAP, "it reaches over ours, which a stream without gaps does not"


def test_B16_a_heartbeat_changes_nothing_and_a_reset_is_right() -> None:
    rule = SeqRule()
    assert rule.place(change(10, 10), 10) is Place.NEXT
    assert rule.place(change(10, 3), 10) is Place.NEXT


def test_the_first_change_behind_a_rest_snapshot_may_cover_its_number_and_later_ones_chain_strictly() -> None:
    rule = SeqRule()
    assert rule.joins(change(10, 15), 12) is Place.NEXT
    assert rule.joins(change(10, 12), 12) is Place.OLD
    assert rule.joins(change(13, 15), 12) is Place.GAP
    sync = BookSync(rule)
    sync.begin()
    assert sync.snapshot(Snapshot(12, book())) is Step.APPLY
    assert sync.diff(change(10, 15)) is Step.APPLY
    assert sync.diff(change(10, 20)) is Step.RESYNC


def test_a_snapshot_older_than_the_stream_is_fetched_again() -> None:
    rule = SeqRule()
    assert not rule.reaches(9, change(10, 15))
    assert rule.reaches(10, change(10, 15))


def test_B16_numbers_that_began_anew_while_a_snapshot_was_awaited_end_in_a_book_all_the_same() -> None:
    sync = BookSync(SeqRule())
    sync.begin()
    for each in (change(100, 110), change(110, 2), change(2, 5)):
        sync.diff(each)
    assert sync.snapshot(Snapshot(5, book())) is Step.RESYNC, "it may be one from before, of which something is missing"
    sync.diff(change(5, 8))
    assert sync.snapshot(Snapshot(8, book())) is Step.APPLY
    assert sync.diff(change(8, 9, (("9", "2"),))) is Step.APPLY


def test_B16_a_book_that_missed_the_reset_of_the_numbers_says_so() -> None:
    sync = BookSync(SeqRule())
    sync.begin()
    assert sync.snapshot(Snapshot(1000, book())) is Step.APPLY
    assert sync.diff(change(1000, 1010)) is Step.APPLY
    assert sync.diff(change(1010, 1010)) is Step.APPLY
    # 1010 -> 3 is missing
    assert sync.diff(change(3, 7, (("9", "2"),))) is Step.RESYNC
    assert not sync.live


@given(st.integers(0, 2**32))
def test_after_any_loss_or_duplication_the_book_is_right_or_says_that_it_is_not(seed: int) -> None:
    chance = random.Random(seed)
    truth: dict[str, str] = {"1": "1"}
    seq, reset_at = 10**6, chance.randrange(60)
    sync = BookSync(SeqRule())
    sync.begin()
    assert sync.snapshot(Snapshot(seq, OrderBook([("1", "1")]))) is Step.APPLY
    late: list[Diff] = []
    for step in range(60):
        price, quantity = str(chance.randint(1, 9)), str(chance.randint(0, 3))
        prev, seq = seq, 1 if step == reset_at else seq + chance.choice([0, chance.randint(1, 9)])
        if seq != prev:
            truth[price] = quantity
        diff = change(prev, seq, ((price, quantity),) if seq != prev else ())
        fate = chance.random()
        if fate < 0.1:
            continue  # lost
        came = [diff, *late] if fate < 0.3 else [diff]
        late = [diff] if fate > 0.9 else []
        for each in came:
            if sync.diff(each) is Step.RESYNC or not sync.live:
                if not sync.collecting:
                    sync.begin()
                sync.snapshot(Snapshot(seq, OrderBook(sorted(((p, q) for p, q in truth.items() if q != "0"), reverse=True))))
        if sync.live and sync.last_id == seq and sync.book is not None:
            assert dict(sync.book.bids.top()) == {p: q for p, q in truth.items() if q != "0"}, (seed, step)
