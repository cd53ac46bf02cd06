from __future__ import annotations

import gc
import threading
from typing import Any

import pytest

from exchangeclient.core.budgets.budget import EVERY_CALL, Limit, Limits
from exchangeclient.core.budgets.standing import Standing, forget
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import FakeClock

LIMITS = Limits((Limit("W", "weight", 60_000, 100),), (Limit("O", "orders", 10_000, 5),))


@pytest.mark.parametrize("lasts", [True, False])
def test_a_host_has_one_standing_whose_clients_may_come_and_go(lasts: bool) -> None:
    one = Standing.at("host", LIMITS, lasts=lasts)
    assert Standing.at("host", LIMITS) is one
    assert Standing.at("other", LIMITS) is not one
    one.governor.hold(EVERY_CALL, 60.0, one.clock)
    del one
    gc.collect()
    fresh = Standing.at("host", LIMITS)
    assert (fresh.governor.shown(fresh.clock)["banned_for_s"] > 0) == lasts


def test_a_standing_that_is_forgotten_is_not_shared_any_more() -> None:
    one = Standing.at("host", LIMITS)
    forget()
    assert Standing.at("host", LIMITS) is not one


def test_each_account_has_budgets_of_its_own_by_the_limits_told_last() -> None:
    clock = FakeClock()
    standing = Standing("host", clock, LIMITS)
    early = standing.account("early")
    assert standing.account("early") is early
    standing.set_limits(Limits((), (Limit("O", "orders", 10_000, 9),)))
    for governor in (early, standing.account("late")):
        assert governor.shown(clock)["limits"]["O"]["limit"] == 9
    assert standing.governor.shown(clock)["limits"]["W"]["limit"] == 100


def test_what_the_venue_does_not_tell_stays_as_it_was_documented_for_accounts_that_come_later() -> None:
    standing = Standing("host", FakeClock(), Limits((), (*LIMITS.account, Limit("S", "sapi", 60_000, 7))))
    standing.set_limits(Limits((), (Limit("O", "orders", 10_000, 9),)))
    shown = standing.account("late").shown(standing.clock)["limits"]
    assert {name: limit["limit"] for name, limit in shown.items()} == {"O": 9, "S": 7}
    standing.set_limits(Limits())
    assert standing.account("later").shown(standing.clock)["limits"].keys() == {"O", "S"}


def test_l02_what_a_socket_is_told_keeps_calls_away_and_never_holds_up_the_reactor(monkeypatch: pytest.MonkeyPatch) -> None:
    standing, done = Standing("host", FakeClock(), LIMITS), threading.Event()
    threads: list[bool] = []

    def noted(*args: Any) -> None:
        threads.append(reactor.is_reactor_thread())
        hold(*args)
        done.set()

    hold = standing.governor.hold
    monkeypatch.setattr(standing.governor, "hold", noted)
    standing.keep_still(30.0)
    assert standing.governor.shown(standing.clock)["banned_for_s"] == 30.0
    done.clear()
    reactor.wait(standing.keep_still, 60.0)
    assert done.wait(10.0)
    assert standing.governor.shown(standing.clock)["banned_for_s"] == 60.0
    assert threads == [False, False]


def test_of_very_many_accounts_those_that_are_in_use_stay() -> None:
    standing = Standing("host", FakeClock(), LIMITS)
    mine, idle = standing.account("mine"), standing.account("idle")
    for number in range(2_500):
        standing.account(f"stranger {number}")
        assert standing.account("mine") is mine
    assert standing.account("idle") is not idle
    assert len(standing._accounts) == 1_000
