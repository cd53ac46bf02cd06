"""What the user was told of his account: nothing twice, nothing that is older than what he knows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.account_view import CATCH_UP, AccountView, Shown, told_by

Event = dict[str, Any]


def report(x: str, X: str, *, i: int = 1, T: int = 100, z: str = "0", t: int = -1, I: int = -1, **more: Any) -> Event:  # noqa: E741
    event = {
        "e": "executionReport",
        "E": T,
        "s": "BTCUSDT",
        "i": i,
        "x": x,
        "X": X,
        "q": "1",
        "z": z,
        "Z": z,
        "t": t,
        "I": I,
        "T": T,
        "w": True,
    }
    return {**event, **more}


def caught(x: str, X: str, **more: Any) -> Event:
    return {**report(x, X, **more), CATCH_UP: True}


def position(u: int, free: str = "1", **more: Any) -> Event:
    return {"e": "outboundAccountPosition", "E": u, "u": u, "B": [{"a": "BTC", "f": free, "l": "0"}], **more}


def shown(asked_ms: int = 50, account: Event | None = None, *orders: Event) -> Shown:
    return Shown(
        asked_ms, {"updateTime": 40, "balances": [{"asset": "BTC", "free": "1", "locked": "0"}]} if account is None else account, orders
    )


def order(**more: Any) -> Event:
    fields = {"symbol": "BTCUSDT", "orderId": 1, "status": "NEW", "origQty": "1", "executedQty": "0", "cummulativeQuoteQty": "0"}
    return {**fields, "updateTime": 90, "workingTime": 80, **more}


def all_told(*events: Any) -> list[bool]:
    view = AccountView()
    return [view.is_news(event) for event in events]


def test_o14_a_fill_is_told_once_by_its_trade() -> None:
    fill = report("TRADE", "PARTIALLY_FILLED", t=7, I=11, z="0.5")
    assert all_told(fill, fill, {**fill, "I": 12}, {**fill, CATCH_UP: True}) == [True, False, False, False]
    assert all_told(fill, {**fill, "t": 8}, {**fill, "s": "ETHBTC"}) == [True, True, True]


def test_other_executions_are_told_once_by_their_numbers() -> None:
    new = report("NEW", "NEW", I=11)
    assert all_told(new, new, report("CANCELED", "CANCELED", I=12)) == [True, False, True]


def test_a_fill_of_another_book_is_told_once_by_its_allocation() -> None:
    fill = report("TRADE", "FILLED", a=3, b="SOR")
    assert all_told(fill, fill, {**fill, "a": 4}) == [True, False, True]


def test_both_sides_of_a_trade_with_oneself_are_told() -> None:
    maker, taker = report("TRADE", "FILLED", i=1, t=7, I=11, z="1"), report("TRADE", "FILLED", i=2, t=7, I=12, z="1")
    assert all_told(maker, taker, maker, taker) == [True, True, False, False]


def test_a_fill_that_was_told_in_a_sum_is_no_news() -> None:
    view = AccountView()
    assert view.is_news(report("TRADE", "PARTIALLY_FILLED", T=50, t=5, z="0.2"))
    assert view.is_news(caught("TRADE", "PARTIALLY_FILLED", T=100, z="0.5"))
    assert not view.is_news(report("TRADE", "PARTIALLY_FILLED", T=90, t=6, z="0.3"))
    assert not view.is_news(report("TRADE", "PARTIALLY_FILLED", T=100, t=7, z="0.5"))
    assert view.is_news(report("TRADE", "FILLED", T=100, t=8, z="1"))


def test_a_sum_of_fills_that_the_stream_has_told_is_no_news() -> None:
    view = AccountView()
    assert view.is_news(report("TRADE", "FILLED", T=100, t=7, z="1"))
    assert not view.is_news(caught("TRADE", "FILLED", T=100, z="1"))


def test_events_that_have_no_number_are_never_held_for_the_same() -> None:
    update = {"e": "balanceUpdate", "E": 1, "a": "BTC", "d": "1", "T": 1}
    assert all_told(update, update, {"e": "somethingNew"}, {"e": "somethingNew"}) == [True] * 4


@pytest.mark.parametrize("odd", [None, [], {}, {"e": "executionReport"}, {"e": "executionReport", "s": 1, "i": "x"}, {"e": []}, "text", 7])
def test_an_odd_event_is_news(odd: Any) -> None:
    assert all_told(odd, odd) == [True, True]


def test_odd_figures_do_no_harm() -> None:
    assert all_told(report("NEW", "NEW", z=None, Z="x", q=None, T="soon"), position(1) | {"B": [None, {"a": 1}]}) == [True, True]  # type: ignore[arg-type]


def test_what_is_older_than_what_was_caught_up_is_no_news() -> None:
    view = AccountView()
    assert view.is_news(caught("NEW", "NEW", T=100))
    assert view.is_news(caught("TRADE", "PARTIALLY_FILLED", T=150, t=7, z="0.5"))
    assert view.is_news(caught("CANCELED", "CANCELED", T=200, z="0.5"))
    assert not view.is_news(report("NEW", "NEW", T=100, I=1))
    assert not view.is_news(report("TRADE", "PARTIALLY_FILLED", T=150, t=7, I=2, z="0.5"))
    assert not view.is_news(report("CANCELED", "CANCELED", T=200, I=3, z="0.5"))
    assert view.is_news(report("TRADE", "PARTIALLY_FILLED", T=120, t=6, I=4, z="0.2")), "a trade that was not told is"


def test_what_is_newer_than_what_was_caught_up_is_news() -> None:
    view = AccountView()
    assert view.is_news(caught("NEW", "NEW", T=100))
    assert view.is_news(report("REPLACED", "NEW", T=101, I=1))
    assert view.is_news(report("CANCELED", "CANCELED", T=102, I=2))


def test_in_the_same_millisecond_only_what_changes_something_is_news() -> None:
    view = AccountView()
    assert view.is_news(caught("TRADE", "PARTIALLY_FILLED", T=100, t=7, z="0.5"))
    assert not view.is_news(report("NEW", "NEW", T=100, I=1))
    assert not view.is_news(report("REPLACED", "PARTIALLY_FILLED", T=100, I=2, z="0.5", q="1.0"))
    assert view.is_news(report("REPLACED", "PARTIALLY_FILLED", T=100, I=3, z="0.5", q="0.9"))
    assert view.is_news(report("CANCELED", "CANCELED", T=100, I=4, z="0.5"))


def test_without_catching_up_the_venue_is_taken_at_its_word() -> None:
    """An order is as new again when its price is reached."""
    assert all_told(report("NEW", "NEW", I=1, w=False), report("NEW", "NEW", I=2), report("NEW", "NEW", T=1, I=3)) == [True] * 3


def test_what_is_caught_up_late_is_told_only_if_the_stream_did_not() -> None:
    view = AccountView()
    view.is_news(report("NEW", "NEW", I=1))
    assert not view.is_news(caught("NEW", "NEW"))
    assert not view.is_news(caught("REPLACED", "NEW", q="1.0"))
    assert view.is_news(caught("REPLACED", "NEW", q="0.5"))
    view.is_news(report("CANCELED", "CANCELED", I=2))
    assert not view.is_news(caught("CANCELED", "CANCELED"))
    view.is_news({"e": "listStatus", "E": 1, "g": 4, "l": "ALL_DONE", "L": "ALL_DONE"})
    assert not view.is_news({"e": "listStatus", "E": 1, "g": 4, "l": "ALL_DONE", "L": "ALL_DONE", CATCH_UP: True})


def test_an_order_that_is_set_to_work_is_caught_up() -> None:
    view = AccountView()
    view.is_news(report("NEW", "NEW", I=1, w=False))
    assert view.is_news(caught("NEW", "NEW"))


def test_an_order_never_goes_back() -> None:
    view = AccountView()
    view.is_news(report("TRADE", "FILLED", t=9, z="1"))
    view.is_news(report("TRADE", "PARTIALLY_FILLED", t=8, z="0.5"))
    told = view.of(("BTCUSDT", 1))
    assert told is not None
    assert (told.status, told.executed, told.is_open) == ("FILLED", Decimal(1), False)
    assert view.trades == {"BTCUSDT": 9}


def test_a_balance_that_is_older_than_what_was_caught_up_is_no_news() -> None:
    view = AccountView()
    assert view.is_news(position(10))
    view.caught_up(shown(account={"updateTime": 100}))
    assert not view.is_news(position(99, "5"))
    assert view.is_news(position(100))
    assert view.is_news(position(1_100_000_000_000_000, "7")), "in microseconds"
    assert view.balances == {"BTC": ("7", "0")}


def test_what_is_shown_at_the_beginning_is_known_and_nothing_of_it_told() -> None:
    view = AccountView()
    view.begin(shown(50, None, order(orderListId=3, executedQty="0.2")))
    assert (view.balances, view.lists, view.time_ms) == ({"BTC": ("1", "0")}, {3: ("EXEC_STARTED", "EXECUTING")}, 50)
    assert view.symbols == {"BTCUSDT"}
    assert view.is_news(report("NEW", "NEW", T=1, I=1))
    assert view.is_news(position(1))


def test_an_event_that_came_before_the_beginning_was_shown_knows_better() -> None:
    view = AccountView()
    view.is_news(report("CANCELED", "CANCELED", I=1))
    view.is_news(position(60, "9"))
    view.begin(shown(50, None, order()))
    assert view.open == {}
    assert view.balances == {"BTC": ("9", "0")}
    assert view.time_ms == 100


def test_the_time_is_that_of_the_last_event() -> None:
    view = AccountView()
    for time in (100, 300, 200, 250_000_000_000_000):
        view.is_news(report("NEW", "NEW", i=time, T=time))
    assert view.time_ms == 250_000_000_000


def test_a_copy_stays_as_it_is() -> None:
    view = AccountView()
    view.is_news(report("NEW", "NEW", I=1))
    copy = view.copy()
    view.is_news(report("CANCELED", "CANCELED", I=2))
    view.is_news(position(500))
    assert copy.open.keys() == {("BTCUSDT", 1)}
    assert (copy.ended, copy.balances, copy.time_ms) == ({}, {}, 100)


def test_of_what_has_ended_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchangeclient.binance.account_view._REMEMBERED", 3)
    view = AccountView()
    for number in range(10):
        view.is_news(report("NEW", "NEW", i=100 + number, I=number))
        view.is_news(report("CANCELED", "CANCELED", i=number, I=100 + number))
    assert [number for _, number in view.ended] == [7, 8, 9]
    assert len(view.open) == 10, "what is open is never forgotten"
    assert len(view._seen) == 6


def test_an_order_of_rest_works_unless_it_waits() -> None:
    assert told_by(order()).works
    assert not told_by(order(workingTime=-1)).works
    assert not told_by(order(status="PENDING_NEW")).works
