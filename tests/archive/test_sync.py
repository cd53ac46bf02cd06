from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchangeclient.archive import plan
from exchangeclient.archive.series import TRADES, Row, Series
from exchangeclient.archive.store import Store
from exchangeclient.archive.sync import Progress, lock_of
from exchangeclient.archive.verify import gaps, verified
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import (
    AlreadyRunningException,
    ExchangeAPIException,
    ExchangeRequestException,
    RateLimitException,
    UnknownSymbolException,
)

from .conftest import MINUTE_MS, SERIES, START, Came, Venue, brought, candle, minutes, stored, trade


def at(minute: int) -> int:
    return START + minute * MINUTE_MS


def venue(rows: list[Row], now: int, **more: Any) -> Venue:
    return Venue({SERIES: rows}, at(now) + 1, **more)


def test_closed_candles_are_stored_and_nothing_is_missing(store: Store) -> None:
    (outcome,) = brought(store, venue(minutes(35), 34))
    assert stored(store) == minutes(34)
    assert (outcome.rows, outcome.empty, outcome.missing, outcome.error) == (34, 0, 0, None)
    assert list(verified(store, store.kept()[0])) == []


@pytest.mark.parametrize("now", [0, 1, 34])
def test_K06_K10_the_candle_that_is_open_by_the_venues_clock_is_never_stored(store: Store, now: int) -> None:
    # The machine's own clock does not matter: it is years off (FakeClock), and the venue has candles of what is to come.
    brought(store, venue(minutes(60), now))
    assert stored(store) == minutes(now)


def test_K07_a_gap_of_the_venue_is_marked_and_one_of_a_failed_page_is_refilled(store: Store) -> None:
    def trouble(what: str, series: Series, first: int, last: int) -> None:
        if what == "rows" and first == at(10):
            raise ExchangeAPIException("no", status_code=500, code=0)

    there = minutes(40, without=range(22, 25))
    (outcome,) = brought(store, venue(there, 40, trouble=trouble))
    assert isinstance(outcome.error, ExchangeAPIException)
    found = [(each.kind, each.first, each.last, each.count) for each in gaps(store, store.kept()[0])]
    assert found == [("missing", at(10), at(20), 10), ("venue-empty", at(22), at(25), 3)]
    (outcome,) = brought(store, venue(there, 40))
    assert (outcome.rows, outcome.missing) == (10, 0)
    assert stored(store) == there
    assert [each.kind for each in gaps(store, store.kept()[0])] == ["venue-empty"]


@pytest.mark.parametrize("page", range(4))
def test_K07_K13_one_empty_answer_is_no_hole(store: Store, page: int) -> None:
    class Glitch(Venue):
        def rows(self, series: Series, first: int, last: int) -> Came:
            came, before = super().rows(series, first, last), [each for each in self.asked if each[0] == "rows"]
            return Came([]) if len(before) == page + 1 else came

    (outcome,) = brought(store, Glitch({SERIES: minutes(40)}, at(40) + 1))
    assert (outcome.rows, outcome.empty, outcome.missing, outcome.error) == (40, 0, 0, None)
    assert stored(store) == minutes(40)


def test_K07_a_venue_in_trouble_that_gives_nothing_is_told_when_later_records_came(store: Store) -> None:
    class Trouble(Venue):
        def rows(self, series: Series, first: int, last: int) -> Came:
            return Came([]) if first == at(10) else super().rows(series, first, last)

        def first(self, series: Series, first: int, last: int) -> int | None:
            return None if first == at(10) else super().first(series, first, last)

    (outcome,) = brought(store, Trouble({SERIES: minutes(40)}, at(40) + 1))
    assert outcome.missing == 10
    assert isinstance(outcome.error, ExchangeRequestException)
    assert f"nothing from {at(10)} on" in str(outcome.error)
    (outcome,) = brought(store, venue(minutes(40), 40))
    assert (outcome.missing, outcome.error) == (0, None)
    assert stored(store) == minutes(40)


def test_one_empty_answer_does_not_make_a_new_series_one_without_records(store: Store) -> None:
    class Glitch(Venue):
        def first(self, series: Series, first: int, last: int) -> int | None:
            found = super().first(series, first, last)
            return None if len(self.asked) == 1 else found

    (outcome,) = brought(store, Glitch({SERIES: minutes(5)}, at(5) + 1))
    assert outcome.rows == 5


def test_K10_a_venue_whose_clock_was_ahead_once_leaves_nothing_open_behind(store: Store) -> None:
    brought(store, venue(minutes(10), 10))
    brought(store, venue(minutes(10), 5000))  # nothing of what is to come is there yet
    (outcome,) = brought(store, venue(minutes(60), 12))
    assert stored(store) == minutes(12)
    assert (outcome.missing, [each.kind for each in gaps(store, store.kept()[0])]) == (0, [])


def test_K10_a_venue_whose_clock_was_behind_once_forgets_nothing(store: Store) -> None:
    brought(store, venue(minutes(20), 20))
    (outcome,) = brought(store, venue(minutes(20), 15))
    assert (outcome.rows, outcome.missing, store.kept()[0].end) == (0, 0, at(20))


@pytest.mark.parametrize("wrong", ["unsorted", "twice", "elsewhere", "the same page for ever", "off the grid"])
def test_K08_pages_that_make_no_sense_end_with_an_error_and_store_nothing_of_it(store: Store, wrong: str) -> None:
    class Odd(Venue):
        def rows(self, series: Series, first: int, last: int) -> Came:
            self._ask("rows", series, first, last)
            if first < at(20):
                return Came(self._within(series, first, last)[: self.page_size])
            rows = self._within(series, first, last)
            return Came(
                {
                    "unsorted": rows[::-1],
                    "twice": rows[:1] + rows,
                    "elsewhere": minutes(3),
                    "the same page for ever": self._within(series, at(20), at(25)) if first > at(20) else rows[:5],
                    "off the grid": [(rows[0][0] + 1, *rows[0][1:])],
                }[wrong]
            )

    source = Odd({SERIES: minutes(30)}, at(30) + 1)
    (outcome,) = brought(store, source)
    assert isinstance(outcome.error, ExchangeRequestException)
    assert stored(store) == minutes(20)
    assert len(source.asked) < 30


def test_a_row_that_cannot_be_is_refused_with_its_page(store: Store) -> None:
    rows = minutes(30)
    rows[15] = (*rows[15][:2], "0.5", *rows[15][3:])
    (outcome,) = brought(store, venue(rows, 30))
    assert "makes no sense" in str(outcome.error)
    assert stored(store) == [*minutes(30)[:10], *minutes(30)[20:]]


def test_K09_the_newest_candles_are_read_again_and_changes_are_reported(store: Store) -> None:
    brought(store, venue(minutes(12), 12))
    changed = [*minutes(11), candle(at(11), close="1.70000000"), candle(at(12))]
    (outcome,) = brought(store, venue(changed, 13))
    assert [(each.mark, each.became, each.taken) for each in outcome.revisions] == [(at(11), changed[11], False)]
    assert stored(store) == [*minutes(12), changed[12]]
    (outcome,) = brought(store, venue([*changed, candle(at(13))], 14), policy="take")
    assert stored(store)[11] == changed[11]


def test_K12_a_new_listing_is_found_and_what_comes_before_it_is_empty(store: Store) -> None:
    source = venue([candle(at(each)) for each in range(5000, 5020)], 5020)
    (outcome,) = brought(store, source, start_ms=at(0))
    assert (outcome.rows, outcome.empty, outcome.missing) == (20, 5000, 0)
    assert len(source.asked) <= 6


@pytest.mark.parametrize("newest_first", [False, True])
def test_K12_without_a_start_the_first_record_is_looked_for(store: Store, newest_first: bool) -> None:
    (outcome,) = brought(store, venue([candle(at(each)) for each in range(700, 725)], 725, newest_first=newest_first))
    assert (outcome.rows, outcome.empty, outcome.missing) == (25, 0, 0)
    assert store.kept()[0].begin == at(700)


def test_K12_a_delisted_symbol_ends_cleanly(store: Store) -> None:
    source = venue(minutes(15), 95, ended=True)
    (outcome,) = brought(store, source, in_flight=2)
    assert (outcome.rows, outcome.empty, outcome.missing, outcome.error) == (15, 80, 0, None)
    assert len(source.asked) < 20, "it is not asked page by page for what is no more"
    source.time_ms = at(200)
    (outcome,) = brought(store, source)
    assert (outcome.missing, outcome.error) == (0, None)


def test_K12_a_symbol_that_is_listed_again_goes_on_after_its_gap(store: Store) -> None:
    brought(store, venue(minutes(15), 95, ended=True))
    again = [*minutes(15), *(candle(at(each)) for each in range(150, 200))]
    (outcome,) = brought(store, venue(again, 200))
    assert (outcome.rows, outcome.missing, outcome.error) == (50, 0, None)
    assert stored(store) == again
    assert store.kept()[0].empty == 135


def test_K12_a_symbol_that_the_venue_does_not_know_any_more_ends_cleanly_and_one_that_it_never_knew_does_not(store: Store) -> None:
    def unknown(what: str, series: Series, first: int, last: int) -> None:
        if what != "ended":
            raise UnknownSymbolException("no such symbol", status_code=400, code=-1121)

    brought(store, venue(minutes(15), 15))
    other = Series("fake", "TYPO", "1m")
    gone = venue([], 95, ended=True, trouble=unknown)
    outcomes = brought(store, gone, SERIES, other)
    assert (outcomes[0].missing, outcomes[0].error) == (0, None)
    assert isinstance(outcomes[1].error, UnknownSymbolException)
    assert stored(store) == minutes(15)
    gone.ended, gone.time_ms = False, at(200)  # one endpoint alone is not believed
    (outcome,) = brought(store, gone)
    assert isinstance(outcome.error, UnknownSymbolException)
    assert outcome.missing == 105


@pytest.mark.parametrize("is_busy", [True, False])
def test_what_another_run_found_to_be_empty_is_not_told_as_what_this_one_found(store: Store, is_busy: bool) -> None:
    there = minutes(40, without=range(12, 15))
    with contextlib.ExitStack() as other:

        class Slow(Venue):
            """While it tells its time, another run ends, or is where it has still the lock."""

            def now_ms(self) -> int:
                brought(store, venue(there, 40))
                if is_busy:
                    other.enter_context(only_run(lock_of(store.path, SERIES)))
                return super().now_ms()

        (outcome,) = brought(store, Slow({SERIES: there}, at(40) + 1))
    assert isinstance(outcome.error, AlreadyRunningException) is is_busy
    assert store.kept()[0].empty == 3
    assert (outcome.rows, outcome.empty) == (0, 0)


def test_what_the_venue_is_late_with_stays_missing_until_it_comes(store: Store) -> None:
    (outcome,) = brought(store, venue(minutes(29), 30))
    assert (outcome.rows, outcome.empty, outcome.missing) == (29, 0, 1)
    (outcome,) = brought(store, venue(minutes(30), 30))
    assert (outcome.rows, outcome.missing) == (1, 0)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_K13_a_venue_whose_pages_are_smaller_than_it_says_is_read_on(store: Store, size: int) -> None:
    class Smaller(Venue):
        def rows(self, series: Series, first: int, last: int) -> Came:
            return Came(super().rows(series, first, last).rows[:size])

    (outcome,) = brought(store, Smaller({SERIES: minutes(43, without=range(5, 26))}, at(43) + 1))
    assert (outcome.rows, outcome.empty, outcome.missing) == (22, 21, 0)


@pytest.mark.parametrize("asked", ["first", "rows"])
def test_K17_what_the_budget_is_short_for_waits_for_it_whatever_is_asked(store: Store, asked: str) -> None:
    """The client's own refusals, which have sent nothing; the clock is one that stands still, so that the wait is none here."""
    refused = []

    def trouble(what: str, series: Series, first: int, last: int) -> None:
        if what == asked and len(refused) < 3:
            refused.append((first, last))
            raise RateLimitException("not sent: the budget is used up", status_code=0, code=0, retry_after=2.0)

    (outcome,) = brought(store, venue(minutes(35), 34, trouble=trouble))
    assert (outcome.error, outcome.missing, len(refused)) == (None, 0, 3)
    assert stored(store) == minutes(34)


def test_K17_a_ban_ends_the_sync_and_what_was_written_stays(store: Store) -> None:
    def trouble(what: str, series: Series, first: int, last: int) -> None:
        if first >= at(20):
            raise RateLimitException("banned", status_code=418, code=-1003, retry_after=86_400.0)

    with pytest.raises(RateLimitException):
        brought(store, venue(minutes(60), 60, trouble=trouble), in_flight=1)
    assert stored(store) == minutes(20)
    (outcome,) = brought(store, venue(minutes(60), 60))
    assert (outcome.rows, outcome.missing) == (40, 0)


def test_K19_a_machine_that_slept_catches_up_without_a_gap(store: Store) -> None:
    brought(store, venue(minutes(20), 20))
    (outcome,) = brought(store, venue(minutes(20 + 3 * 1440), 20 + 3 * 1440, page_size=1000))
    assert (outcome.rows, outcome.empty, outcome.missing) == (3 * 1440, 0, 0)


def test_a_second_run_asks_for_nothing_that_is_known(store: Store) -> None:
    source = venue(minutes(35, without=[3, 33]), 35)
    brought(store, source)
    source.asked.clear()
    brought(store, source)
    assert source.asked == []


def test_an_earlier_start_extends_a_series_backwards(store: Store) -> None:
    brought(store, venue(minutes(40), 40), start_ms=at(25))
    assert stored(store) == minutes(40)[25:]
    (outcome,) = brought(store, venue(minutes(40), 40), start_ms=at(12) - 1)
    assert (outcome.rows, outcome.missing) == (13, 0)
    assert stored(store) == minutes(40)[12:]


def test_a_venue_that_has_nothing_at_all_costs_a_few_questions(store: Store) -> None:
    source = venue([], 100_000, page_size=1000)
    (outcome,) = brought(store, source)
    assert (outcome.rows, outcome.missing, outcome.error) == (0, 0, None)
    assert len(source.asked) < 5
    (outcome,) = brought(store, source, start_ms=at(0), in_flight=2)
    assert (outcome.rows, outcome.missing) == (0, 100_000)
    assert len(source.asked) < 20


def test_trades_are_archived_by_number(store: Store) -> None:
    trades = Series("fake", "ETHBTC", TRADES)
    rows = [trade(each) for each in range(7, 45)]
    source = Venue({trades: rows}, at(9))
    (outcome,) = brought(store, source, trades)
    assert (outcome.rows, outcome.missing, stored(store, trades)) == (38, 0, rows)
    source.rows_of[trades] = [*rows, trade(45), trade(47)]
    (outcome,) = brought(store, source, trades)
    assert (outcome.rows, outcome.empty, outcome.missing) == (2, 1, 0)
    late = Series("fake", "LATE", TRADES)
    source.rows_of[late] = rows
    (outcome,) = brought(store, source, late, start_ms=START + 30)
    assert stored(store, late) == rows[23:]


def test_several_series_get_on_together_and_one_that_fails_does_not_hold_up_the_others(store: Store) -> None:
    hours = Series("fake", "ETHBTC", "1h")
    bad = Series("fake", "BAD", "1m")

    def trouble(what: str, series: Series, first: int, last: int) -> None:
        if series == bad:
            raise ExchangeAPIException("no", status_code=400, code=-1)

    rows = [candle(hours.ceiling(START) + each * 3_600_000, "1h") for each in range(20)]
    source = Venue({SERIES: minutes(25), hours: rows}, at(25) + 1, trouble=trouble)
    outcomes = brought(store, source, SERIES, bad, hours)
    assert [(each.rows, each.missing, each.error is None) for each in outcomes] == [(25, 0, True), (0, 0, False), (0, 0, True)]
    source.time_ms = rows[-1][0] + 3_600_000
    outcomes = brought(store, source, SERIES, hours)
    assert outcomes[1].rows == 20


def test_a_series_is_given_up_after_three_failed_pages(store: Store) -> None:
    def trouble(what: str, series: Series, first: int, last: int) -> None:
        if what == "rows" and first >= at(10):
            raise ExchangeAPIException("no", status_code=500, code=0)

    source = venue(minutes(500), 500, trouble=trouble)
    (outcome,) = brought(store, source, in_flight=2)
    assert 3 <= outcome.failed <= 4  # one may be under way
    assert len([each for each in source.asked if each[0] == "rows"]) < 8
    assert stored(store) == minutes(10)


def test_K04_a_series_that_another_run_has_is_left_to_it(store: Store) -> None:
    other = Series("fake", "OTHER", "1m")
    source = Venue({SERIES: minutes(12), other: minutes(12)}, at(12) + 1)
    with only_run(lock_of(store.path, SERIES)):
        outcomes = brought(store, source, SERIES, other)
        assert isinstance(outcomes[0].error, AlreadyRunningException)
        assert (outcomes[1].rows, outcomes[1].error) == (12, None)
    assert stored(store) == []
    (outcome,) = brought(store, source)
    assert outcome.rows == 12


def test_progress_is_told_page_by_page(store: Store) -> None:
    seen: list[Progress] = []
    brought(store, venue(minutes(35), 35), watch=seen.append)
    assert [(each.rows, each.pages) for each in seen] == [(10, (1, 4)), (20, (2, 4)), (30, (3, 4)), (35, (4, 4))]


def served(rows: list[Row]) -> Venue:
    return venue(rows, len(rows))


def test_an_executor_reads_and_this_process_writes(store: Store) -> None:
    with ThreadPoolExecutor(2) as executor:
        (outcome,) = brought(store, served(minutes(95)), executor=executor, making=partial(served, minutes(95)))
    assert (outcome.rows, outcome.missing) == (95, 0)
    assert stored(store) == minutes(95)


def test_an_executor_needs_to_be_told_how_a_source_is_made(store: Store) -> None:
    with ThreadPoolExecutor(1) as executor, pytest.raises(TypeError, match="making"):
        brought(store, served(minutes(5)), executor=executor)


# ---- whatever happens ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    gone=st.sets(st.integers(0, 79), max_size=70),
    runs=st.lists(st.tuples(st.integers(0, 80), st.sets(st.integers(0, 60), max_size=12), st.integers(1, 9)), max_size=5),
    start=st.none() | st.integers(0, 60),
    page_size=st.integers(1, 15),
)
def test_after_any_troubles_every_interval_is_in_one_state_and_the_last_run_completes(
    tmp_path_factory: pytest.TempPathFactory,
    gone: set[int],
    runs: list[tuple[int, set[int], int]],
    start: int | None,
    page_size: int,
) -> None:
    there = minutes(81, without=gone - {80})
    store = Store(tmp_path_factory.mktemp("archive") / "a.db")
    start_ms = None if start is None else at(start)
    for now, failing, in_flight in [*sorted(runs, key=lambda run: run[0]), (81, set[int](), 4)]:
        count = 0

        def trouble(what: str, series: Series, first: int, last: int, failing: set[int] = failing) -> None:
            nonlocal count
            count += 1
            if count in failing:
                raise ExchangeRequestException("cut", sent="maybe", transient=count % 2 == 0)

        source = venue([row for row in there if row[0] <= at(now)], now, page_size=page_size, trouble=trouble)
        with contextlib.suppress(ExchangeRequestException):
            brought(store, source, start_ms=start_ms, in_flight=in_flight)
        kept = store.of(SERIES)
        if kept is None or kept.begin is None:
            continue
        rows = [row[0] for row in stored(store)]
        assert all(row < at(now) for row in rows)
        covered = {mark for first, last in kept.known for mark in range(first, last, MINUTE_MS)}
        assert set(rows) <= covered
        assert not {row[0] for row in there if row[0] < at(now)} & (covered - set(rows)), "nothing that there is, is called empty"
        assert [each for each in verified(store, kept) if each.kind not in ("missing", "venue-empty")] == []
    kept = store.of(SERIES)
    assert kept is not None
    assert kept.missing() == []
    begin = kept.begin
    assert begin is not None
    assert stored(store) == [row for row in there if begin <= row[0] < at(81)]
    assert begin == (there[0][0] if start_ms is None else start_ms) or runs
    store.close()


def test_pages_are_tasks_that_pickle() -> None:
    import pickle

    page = plan.Page(SERIES, at(0), at(10), at(100))
    assert pickle.loads(pickle.dumps(page)) == page
    assert replace(page, last=at(5)) != page


def test_the_lock_of_a_series_lies_beside_the_archive(tmp_path: Path) -> None:
    lock = lock_of(tmp_path / "a.db", Series("binance", "../x", "1M"))
    assert lock.parent == tmp_path / "a.db.locks"
    assert lock.name.endswith("_1mo.lock")
