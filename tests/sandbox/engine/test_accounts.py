"""Funds belong to somebody, and every change of them is told once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.accounts import ENGINE, HOUSE, Account, Accounts, Balance, Purse
from exchangeclient.sandbox.engine.events import BalanceChanged, Event

AMOUNTS = st.integers(min_value=0, max_value=10**20)


def told(accounts: Accounts, now_us: int) -> list[Event]:
    events: list[Event] = []
    accounts.report(events, now_us)
    return events


@given(AMOUNTS, AMOUNTS)
def test_what_is_handed_over_leaves_one_purse_and_comes_into_the_other(held: int, more: int) -> None:
    accounts = Accounts()
    accounts.deposit("anna", "BTC", held + more)
    accounts.move(accounts.open("anna").purse("BTC"), accounts.open("bert").purse("BTC"), more)
    assert accounts.balance("anna", "BTC") == Balance(held, 0)
    assert accounts.balance("bert", "BTC") == Balance(more, 0)


def test_a_withdrawal_is_a_deposit_the_other_way_round() -> None:
    accounts = Accounts()
    accounts.deposit("anna", "BTC", 5)
    accounts.deposit("anna", "BTC", -3)
    assert accounts.balance("anna", "BTC") == Balance(2, 0)


def test_changes_tell_each_touched_balance_once_and_only_once() -> None:
    accounts = Accounts()
    accounts.deposit("anna", "BTC", 5)
    accounts.deposit("anna", "BTC", 6)
    accounts.deposit("bert", "ETH", 7)
    changes = [event for event in told(accounts, 9) if isinstance(event, BalanceChanged)]
    assert [(each.account, each.asset, each.free, each.time_us) for each in changes] == [("anna", "BTC", 11, 9), ("bert", "ETH", 7, 9)]
    assert told(accounts, 10) == []


def test_who_asks_for_a_balance_opens_no_account() -> None:
    accounts = Accounts()
    assert accounts.balance("anna", "BTC") == Balance(0, 0)
    assert accounts.get("anna") is None


def test_an_account_made_on_approval_is_taken_in_with_its_purses_and_never_replaces_one() -> None:
    accounts = Accounts()
    account, purse = Account("anna"), Purse("anna", "BTC")
    purse.free = 4
    accounts.adopt(account, [purse])
    accounts.adopt(Account("anna"), [])
    assert accounts.get("anna") is account
    assert accounts.balance("anna", "BTC") == Balance(4, 0)


def test_the_engines_own_accounts_are_told_by_their_name() -> None:
    assert HOUSE.startswith(ENGINE)
    assert [Account(name).kept for name in (HOUSE, f"{ENGINE}maker", "engineer", "anna")] == [False, False, True, True]
