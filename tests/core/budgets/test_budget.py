from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.core.budgets.budget import EDGE_MS, Limit, Moment, Window

MINUTE = 60_000
LIMIT = Limit("REQUEST_WEIGHT-1M", "weight", MINUTE, 100, "x-used")
START = 1_000 * MINUTE


def window(limit: Limit = LIMIT) -> Window:
    return Window(limit)


def at(ms: int, *, edge_ms: int = EDGE_MS, is_known: bool = True) -> Moment:
    return Moment(START + ms, edge_ms, is_known)


def test_what_is_spent_is_gone_until_the_next_window() -> None:
    one = window()
    stake = one.spend(60, at(1_000))
    one.settle(stake, at(1_100), None)
    assert one.left(at(30_000)) == 40
    assert one.left(at(MINUTE)) == 40, "ours begins a little after the venue's"
    assert one.left(at(MINUTE + EDGE_MS)) == 100
    assert one.opens_in_ms(at(30_000)) == 30_000 + EDGE_MS


def test_the_venues_own_count_is_the_truth() -> None:
    one = window()
    stake = one.spend(5, at(1_000))
    one.settle(stake, at(1_100), 70)  # another process has spent 65
    assert one.left(at(1_200)) == 30
    stake = one.spend(5, at(1_300))
    one.settle(stake, at(1_400), 71)  # an order cost less than was paid for it
    assert one.left(at(1_500)) == 29


def test_others_are_seen_as_soon_as_our_own_calls_do_not_explain_the_count() -> None:
    one = window()
    first, second = one.spend(5, at(1_000)), one.spend(20, at(1_001))
    one.settle(first, at(1_100), 25)
    assert one.left(at(1_200)) == 75, "it may be the second one"
    one.settle(second, at(1_300), 26)
    assert one.left(at(1_400)) == 69, "it was not, and five may be the first one or somebody else's"
    one.spend(30, at(1_500))
    one.settle(one.spend(1, at(1_501)), at(1_600), 30)
    assert one.left(at(1_700)) == 40, "from now on whatever is on its way comes on top"


def test_what_is_on_its_way_comes_on_top_of_the_venues_count() -> None:
    one = window()
    first = one.spend(5, at(1_000))
    one.spend(20, at(1_050))
    one.settle(first, at(1_100), 5)
    assert one.left(at(1_200)) == 75


def test_what_ended_while_an_answer_was_on_its_way_comes_on_top_of_it_too() -> None:
    one = window()
    slow, quick = one.spend(1, at(1_000)), one.spend(40, at(1_001))
    one.settle(quick, at(1_050), None)  # its answer did not say, and the venue had counted the other one first
    one.settle(slow, at(1_100), 1)
    assert one.left(at(1_200)) == 59


def test_an_older_count_does_not_replace_a_newer_one() -> None:
    one = window()
    older, newer = one.spend(1, at(1_000)), one.spend(1, at(1_001))
    one.settle(newer, at(1_050), 80)
    one.settle(older, at(1_100), 1)
    assert one.left(at(1_200)) <= 20


@pytest.mark.parametrize("ended_ms", [MINUTE - EDGE_MS, MINUTE, MINUTE + EDGE_MS - 1])
def test_a_call_that_ends_around_the_edge_is_counted_on_both_sides(ended_ms: int) -> None:
    one = window()
    one.settle(one.spend(60, at(50_000)), at(ended_ms), 60)
    assert one.left(at(MINUTE + EDGE_MS)) == 40
    assert one.left(at(2 * MINUTE + EDGE_MS)) == 100


def test_a_call_that_is_on_its_way_over_the_edge_is_counted_on_both_sides() -> None:
    one = window()
    stake = one.spend(60, at(30_000))
    assert one.left(at(MINUTE + EDGE_MS)) == 40
    one.settle(stake, at(MINUTE + 2_000), 999)  # of which window that count is, nobody knows
    assert one.left(at(MINUTE + 3_000)) == 40
    assert one.left(at(2 * MINUTE + EDGE_MS)) == 100


def test_a_call_that_was_not_sent_costs_nothing() -> None:
    one = window()
    one.refund(one.spend(60, at(1_000)), at(1_100))
    assert one.left(at(1_200)) == 100
    stake = one.spend(60, at(59_000))
    one.refund(stake, at(MINUTE + 5_000))
    assert one.left(at(MINUTE + 5_000)) == 100


def test_while_the_venues_time_is_unknown_two_windows_hold_what_one_may() -> None:
    one = window()
    one.settle(one.spend(60, at(59_000, is_known=False)), at(59_100, is_known=False), None)
    assert one.left(at(MINUTE + EDGE_MS, is_known=False)) == 40
    assert one.left(at(2 * MINUTE + EDGE_MS, is_known=False)) == 100
    assert not one.is_pressed(at(2 * MINUTE + EDGE_MS, is_known=False))


@pytest.mark.parametrize(("hasty", "from_here"), [(False, 25), (True, 90)])
def test_the_venues_time_is_worth_asking_from_a_part_of_the_budget_on(hasty: bool, from_here: int) -> None:
    one = window()
    one.spend(from_here - 1, at(1_000))
    assert not one.is_pressed(at(1_000), hasty=hasty)
    one.spend(1, at(1_000))
    assert one.is_pressed(at(1_000), hasty=hasty)


def test_what_was_counted_by_a_wrong_clock_stays_counted() -> None:
    one = window()
    one.settle(one.spend(30, at(10_000, is_known=False)), at(10_100, is_known=False), None)
    one.settle(one.spend(30, at(70_000, is_known=False)), at(70_100, is_known=False), None)
    one.unmoor()  # the venue is an hour behind of what was thought
    assert one.left(at(-60 * MINUTE + 5_000)) == 40
    assert one.left(at(-59 * MINUTE + EDGE_MS)) == 100


def test_an_answer_to_a_call_of_before_the_clock_was_put_right_tells_nothing() -> None:
    one = window()
    stake = one.spend(30, at(10_000))
    one.unmoor()
    one.settle(stake, at(20_000), 0)
    assert one.left(at(20_000)) == 70


def test_a_clock_that_is_put_right_by_a_little_does_not_turn_a_window_back() -> None:
    one = window()
    one.settle(one.spend(100, at(50_000)), at(50_100), None)
    assert one.left(at(MINUTE + EDGE_MS)) == 100
    assert one.left(at(MINUTE + EDGE_MS - 5)) == 100


def test_a_doubtful_clock_makes_the_edge_wider() -> None:
    one = window()
    assert one.opens_in_ms(at(30_000, edge_ms=900)) == 30_900
    second = window(Limit("X-1S", "weight", 1_000, 10))
    assert second.opens_in_ms(at(0, edge_ms=900)) <= 1_000


@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 60), st.integers(0, 5_000), st.booleans()), max_size=60))
def test_no_more_than_the_limit_is_ever_let_through(calls: list[tuple[int, int, int, bool]]) -> None:
    """One call after the other, however long each takes: the venue counts it when it arrives, which is somewhere between."""
    one, now, counted = window(), 0, dict[int, int]()
    for pause, amount, way, tells in calls:
        now += pause
        if amount > one.left(at(now)):
            continue
        stake = one.spend(amount, at(now))
        arrived = now + way // 2
        number = arrived // MINUTE
        counted[number] = counted.get(number, 0) + amount
        assert counted[number] <= LIMIT.most
        now += way
        one.settle(stake, at(now), counted[number] if tells else None)
