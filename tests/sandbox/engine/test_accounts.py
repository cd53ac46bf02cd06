"""Funds move between accounts and never come from nowhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.accounts import HOUSE, Accounts, Balance, commission

AMOUNTS = st.integers(min_value=0, max_value=10**20)


@given(AMOUNTS)
def test_commission_is_a_thousandth_and_never_rounded_up(received: int) -> None:
    assert 0 <= received - commission(received) * 1000 < 1000


@given(AMOUNTS, st.data())
def test_locking_moves_free_funds_and_unlocking_moves_them_back(amount: int, data: st.DataObject) -> None:
    accounts = Accounts()
    accounts.deposit("anna", "BTC", amount)
    part = data.draw(st.integers(0, amount))
    accounts.lock("anna", "BTC", part)
    assert accounts.balance("anna", "BTC") == Balance(amount - part, part)
    accounts.unlock("anna", "BTC", part)
    assert accounts.balance("anna", "BTC") == Balance(amount, 0)


@given(AMOUNTS)
def test_what_one_receives_and_the_house_keeps_is_what_the_other_paid(amount: int) -> None:
    accounts = Accounts()
    accounts.deposit("anna", "BTC", amount)
    accounts.pay("anna", "BTC", amount, 0)
    charge = accounts.receive("bert", "BTC", amount)
    assert accounts.free("anna", "BTC") == 0
    assert accounts.free("bert", "BTC") + accounts.free(HOUSE, "BTC") == amount
    assert accounts.free(HOUSE, "BTC") == charge


def test_paying_less_than_was_locked_returns_the_surplus() -> None:
    accounts = Accounts()
    accounts.deposit("anna", "BTC", 100)
    accounts.lock("anna", "BTC", 80)
    accounts.pay("anna", "BTC", 30, released=50)
    assert accounts.balance("anna", "BTC") == Balance(100 - 80 + 50 - 30, 80 - 50)


def test_changes_tell_each_touched_balance_once_and_only_once() -> None:
    accounts = Accounts()
    accounts.deposit("anna", "BTC", 5)
    accounts.deposit("anna", "BTC", 6)
    accounts.deposit("bert", "ETH", 7)
    changes = accounts.changes(9)
    assert [(each.account, each.asset, each.free, each.time_us) for each in changes] == [("anna", "BTC", 11, 9), ("bert", "ETH", 7, 9)]
    assert accounts.changes(10) == []
