"""The U/u rule, case by case as the document tells it."""

from __future__ import annotations

import pytest

from exchangeclient.binance.sequence import DepthRule
from exchangeclient.market.booksync import Diff, Place


def event(first: int, last: int) -> Diff:
    return Diff(first, last, [], [], 0)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (90, 99, Place.OLD),
        (95, 100, Place.OLD),  # u == lastUpdateId is dropped
        (95, 101, Place.NEXT),  # U <= lastUpdateId + 1 <= u: straddles
        (101, 101, Place.NEXT),
        (101, 110, Place.NEXT),
        (102, 110, Place.GAP),  # U > id + 1
    ],
)
def test_place_of_an_event_to_a_book_at_id_100(first: int, last: int, expected: Place) -> None:
    assert DepthRule().place(event(first, last), 100) is expected


def test_snapshot_that_something_separates_from_the_first_buffered_event_is_fetched_again() -> None:
    rule = DepthRule()
    assert not rule.reaches(98, event(100, 105))
    assert rule.reaches(99, event(100, 105))
    assert rule.reaches(100, event(100, 105))
    assert rule.reaches(300, event(100, 105))
