from __future__ import annotations

import itertools
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.archive import plan
from exchangeclient.archive.plan import Ended, First, Found, Page, Rows
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.exceptions import ExchangeRequestException

TEN = Series("v", "S", TRADES)


def row(mark: int) -> Row:
    return (mark,)


def told(page: Page, *answers: tuple[Any, Any]) -> Found:
    """What a reading comes to, given what it has to ask and the answers."""
    reading: Generator[Any, Any, Found] = plan.reading(page)
    answer: Any = None
    for question, following in answers:
        assert reading.send(answer) == question
        answer = following
    with pytest.raises(StopIteration) as ending:
        reading.send(answer)
    found: Found = ending.value.value
    return found


def test_a_whole_page_takes_one_question() -> None:
    page = Page(TEN, 0, 3, 100)
    assert told(page, (Rows(0, 3), [row(0), row(1), row(2)])) == Found(page, [row(0), row(1), row(2)], [(0, 3)])


def test_a_short_page_is_asked_on_from_where_it_ended() -> None:
    page = Page(TEN, 0, 5, 100)
    found = told(page, (Rows(0, 5), [row(0), row(1)]), (Rows(2, 5), [row(2), row(4)]))
    assert found == Found(page, [row(0), row(1), row(2), row(4)], [(0, 5)])


def test_nothing_is_empty_only_when_something_comes_later() -> None:
    page = Page(TEN, 0, 5, 100)
    assert told(page, (Rows(0, 5), [row(1)]), (Rows(2, 5), []), (First(2, 100), 40)).known == [(0, 40)]
    late = told(page, (Rows(0, 5), [row(1)]), (Rows(2, 5), []), (First(2, 100), None), (Ended(), False))
    assert (late.known, late.is_last) == ([(0, 2)], True)
    assert told(page, (Rows(0, 5), []), (First(0, 100), None), (Ended(), True)).known == [(0, 100)]


def test_nothing_in_the_newest_page_is_not_believed_alone() -> None:
    page = Page(TEN, 0, 5, 5)
    assert told(page, (Rows(0, 5), []), (First(0, 5), None), (Ended(), False)).known == []
    rows = [row(mark) for mark in range(5)]
    assert told(page, (Rows(0, 5), []), (First(0, 5), 0), (Rows(0, 5), rows)) == Found(page, rows, [(0, 5)])


def test_K07_an_empty_answer_that_the_next_one_belies_is_asked_for_once_more() -> None:
    page, rows = Page(TEN, 0, 5, 100), [row(3), row(4)]
    assert told(page, (Rows(0, 5), []), (First(0, 100), 3), (Rows(0, 5), rows)) == Found(page, rows, [(0, 5)])


def test_K07_a_venue_that_goes_on_to_belie_itself_proves_nothing() -> None:
    reading = plan.reading(Page(TEN, 0, 5, 100))
    for answer in (None, [], 3, []):
        reading.send(answer)
    with pytest.raises(ExchangeRequestException, match="nothing from 0 on, and then a record"):
        reading.send(3)


@pytest.mark.parametrize(
    ("marks", "named"), [([2, 1], "at 1"), ([1, 1], "at 1"), ([0, 5], "at 5"), ([-1, 0], "at -1"), ([0, 1, 2, 9], "at 9")]
)
def test_rows_that_nobody_asked_for_are_refused(marks: list[int], named: str) -> None:
    with pytest.raises(ExchangeRequestException, match=named):
        plan.check(TEN, [row(mark) for mark in marks], 0, 5)


def test_a_candle_between_two_intervals_is_refused() -> None:
    with pytest.raises(ExchangeRequestException, match="between two intervals"):
        plan.check(Series("v", "S", "1m"), [row(0), row(60_001)], 0, 240_000)


def test_a_later_record_that_was_not_asked_for_is_refused() -> None:
    reading = plan.reading(Page(TEN, 0, 5, 100))
    reading.send(None)
    reading.send([])
    with pytest.raises(ExchangeRequestException, match="gave 100"):
        reading.send(100)


def test_pages_begin_where_something_is_missing_and_overlap_where_there_is_room() -> None:
    found = plan.pages(TEN, [(10, 23), (40, 43)], 100, 10, known=[(0, 10), (39, 40)], overlap=2)
    assert [(page.first, page.last) for page in found] == [(10, 20), (20, 23), (39, 43)]
    assert [(page.first, page.last) for page in plan.pages(TEN, [(10, 13)], 100, 10, known=[(0, 10)], overlap=2)] == [(8, 13)]


def test_pages_of_several_series_come_in_turn() -> None:
    other = Series("v", "T", TRADES)
    pages = plan.in_turn([plan.pages(TEN, [(0, 3)], 9, 1), plan.pages(other, [(0, 1)], 9, 1)])
    assert [(page.series.symbol, page.first) for page in pages] == [("S", 0), ("T", 0), ("S", 1), ("S", 2)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_merged_ranges_are_in_order_apart_and_cover_the_same(ranges: list[tuple[int, int]]) -> None:
    merged = plan.merged(ranges)
    assert {each for first, last in merged for each in range(first, last)} == {
        each for first, last in ranges for each in range(first, last)
    }
    assert all(first < last for first, last in merged)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(merged))


@given(marks=st.sets(st.integers(0, 200)), first=st.integers(0, 100), oldest_first=st.booleans())
def test_the_listing_is_found_whatever_record_the_venue_gives(marks: set[int], first: int, oldest_first: bool) -> None:
    search, answer, asked = plan.listing(first, 200), None, 0
    while True:
        try:
            question = search.send(answer)
        except StopIteration as ending:
            found = ending.value
            break
        asked += 1
        within = sorted(mark for mark in marks if question.first <= mark < question.last)
        answer = within[0 if oldest_first else -1] if within else None
    assert found == min((mark for mark in marks if first <= mark < 200), default=None)
    assert asked <= (2 if oldest_first else 10)
