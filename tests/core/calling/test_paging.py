"""Records come once and in their order, whatever is missing, however the venue cuts its pages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.calling.paging import IN_FLIGHT, Page, Records, read
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeRequestException, RateLimitException

SOON_S = 10.0


class Venue:
    """Numbers, of which it gives the next so many from one on."""

    def __init__(self, numbers: list[int], most: int) -> None:
        self.numbers = sorted(numbers)
        self.most = most
        self.asked: list[int] = []
        self.decoded = 0

    def page(self, first: int) -> Callable[[], Page]:
        self.asked.append(first)
        page = [number for number in self.numbers if number >= first][: self.most]

        def decode() -> Page:
            self.decoded += 1
            return page

        return decode

    def records(self, *, size: int, first: int | None = 0, newest: int = 0, last: int | None = None) -> Records:
        return Records(
            name="get_numbers",
            first=lambda: first,
            page=self.page,
            size=size,
            marks=list,
            after=lambda mark: mark + 1,
            later=lambda mark, count: mark + count,
            newest=lambda: newest,
            last=last,
        )


@settings(deadline=None)
@given(
    numbers=st.sets(st.integers(0, 300)),
    size=st.integers(1, 20),
    most=st.integers(1, 20),
    first=st.integers(0, 320),
    last=st.none() | st.integers(0, 320),
    bold=st.booleans(),
)
def test_each_record_comes_once_and_in_order(numbers: set[int], size: int, most: int, first: int, last: int | None, bold: bool) -> None:
    venue = Venue(list(numbers), min(most, size))
    got = list(chain.from_iterable(read(venue.records(size=size, first=first, newest=300, last=last), FakeClock(), bold=bold)))
    wanted = [number for number in sorted(numbers) if number >= first]
    assert got == wanted[: len(got)]
    assert [number for number in got if last is None or number <= last] == [number for number in wanted if last is None or number <= last]


@given(count=st.integers(1, 500), most=st.integers(1, 600))
@settings(deadline=None, max_examples=40)
def test_no_page_is_asked_for_that_is_not_wanted(count: int, most: int) -> None:
    venue = Venue(list(range(count)), 10)
    got = list(chain.from_iterable(read(venue.records(size=10, newest=count - 1), FakeClock(), bold=True, most=most)))
    assert got[:most] == list(range(min(count, most)))
    assert len(venue.asked) <= min(-(-most // 10), -(-count // 10) + 1)


def test_pages_are_under_way_side_by_side() -> None:
    together = threading.Barrier(IN_FLIGHT)

    class Slow(Venue):
        def page(self, first: int) -> Callable[[], Page]:
            together.wait(SOON_S)
            return super().page(first)

    pages = read(
        Slow(list(range(100 * IN_FLIGHT)), 100).records(size=100, newest=100 * IN_FLIGHT - 1, last=100 * IN_FLIGHT - 1),
        FakeClock(),
        bold=True,
    )
    assert list(chain.from_iterable(pages)) == list(range(100 * IN_FLIGHT))


def test_pages_wait_as_they_came_and_no_more_than_a_few() -> None:
    venue = Venue(list(range(10_000)), 10)
    pages = read(venue.records(size=10, newest=9_999), FakeClock(), bold=True)
    for taken in range(1, 100):
        next(pages)
        assert venue.decoded == taken
        assert len(venue.asked) <= taken + 2 * IN_FLIGHT
    pages.close()


def test_where_there_is_nothing_to_begin_with_nothing_is_asked() -> None:
    venue = Venue([1, 2, 3], 10)
    assert list(read(venue.records(size=10, first=None), FakeClock())) == []
    assert venue.asked == []


@pytest.mark.parametrize("page", [{}, [3, 2], [-1], ["x"]])
def test_a_page_of_another_form_is_an_error_that_names_the_call(page: Any) -> None:
    class Odd(Venue):
        def page(self, first: int) -> Callable[[], Page]:
            return lambda: page

    with pytest.raises(ExchangeRequestException, match=r"get_numbers\(\)"):
        list(read(Odd([], 10).records(size=10, newest=100), FakeClock()))


def test_without_patience_a_page_for_which_there_is_no_budget_fails() -> None:
    class Poor(Venue):
        def page(self, first: int) -> Callable[[], Page]:
            if first >= 50:
                raise RateLimitException("too much", retry_after=5.0)
            return super().page(first)

    clock = FakeClock()
    pages = read(Poor(list(range(100)), 10).records(size=10, newest=99), clock, bold=True, waits=False)
    assert [next(pages)[0] for _ in range(5)] == [0, 10, 20, 30, 40]
    with pytest.raises(RateLimitException):
        next(pages)
    assert clock.monotonic_s() == 0
