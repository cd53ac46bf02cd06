"""The rule of messages that are counted as they come."""

from __future__ import annotations

from exchangeclient.bitmex.sequence import CountRule
from exchangeclient.market.booksync import Diff, Place


def counted(first_id: int, last_id: int) -> Diff:
    return Diff(first_id, last_id, [], [], 0)


def test_b15_a_change_follows_on_the_number_that_it_begins_with() -> None:
    rule = CountRule()
    for place in (rule.place, rule.joins):
        assert place(counted(7, 8), 7) is Place.NEXT
        assert place(counted(6, 7), 7) is Place.OLD
        assert place(counted(8, 9), 7) is Place.GAP
        assert place(counted(6, 8), 7) is Place.GAP


def test_a_snapshot_fits_from_the_first_collected_change_on() -> None:
    rule = CountRule()
    assert rule.reaches(7, counted(7, 8))
    assert rule.reaches(9, counted(7, 8))
    assert not rule.reaches(6, counted(7, 8))
