"""Permission sets: one out of each."""

from __future__ import annotations

import pytest

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.permissions import permits


@pytest.mark.parametrize(
    ("permissions", "permitted"),
    [(("A", "C"), True), (("B", "C", "D"), True), (("A", "B"), False), (("C",), False), ((), False)],
)
def test_one_of_each_set_is_needed(permissions: tuple[str, ...], permitted: bool) -> None:
    assert permits(permissions, (("A", "B"), ("C",))) is permitted


def test_an_account_as_it_comes_may_trade_everything() -> None:
    assert permits(Account("key", "secret").permissions)
