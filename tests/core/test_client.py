"""What the clients of all venues have in common: their arguments, what they show, and that they stay in their process."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.client import BaseClient, check_clock, check_figures, check_flags, check_paths, page_of, standing_at
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.okx.client import Client
from exchangeclient.okx.limits import DOCUMENTED

KEY = Credentials.from_secret("key", "secret")


@pytest.mark.parametrize(
    ("check", "error", "named"),
    [
        (lambda: check_flags(demo=1), TypeError, "demo"),
        (lambda: check_figures(1.0, 1), TypeError, "body_limit"),
        (lambda: check_figures(True, 1), TypeError, "body_limit"),
        (lambda: check_figures(0, 1), ValueError, "body_limit"),
        (lambda: check_figures(1, "1"), TypeError, "settle_timeout"),
        (lambda: check_figures(1, -0.1), ValueError, "settle_timeout"),
        (lambda: check_figures(1, float("inf")), ValueError, "settle_timeout"),
        (lambda: check_figures(1, float("nan")), ValueError, "settle_timeout"),
        (lambda: check_paths(ledger=3), TypeError, "ledger"),
        (lambda: check_paths(journal="a\0b"), ValueError, "journal"),
        (lambda: check_clock(object()), TypeError, "clock"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused_by_its_name(check: Any, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        check()


def test_arguments_that_can_be_meant_pass() -> None:
    check_flags(demo=True, ping=False)
    check_figures(1, 0)
    check_paths(ledger=None, journal=Path("orders"), other="ledger")
    check_clock(None)
    check_clock(FakeClock(0))


def test_budgets_are_shared_by_a_host_but_not_with_a_clock_that_is_moved_by_hand() -> None:
    def at(base: str, clock: Any = None) -> Any:
        return standing_at(base, clock, DOCUMENTED)

    assert at("https://one.invalid") is at("https://one.invalid/api")
    assert at("https://one.invalid") is not at("https://two.invalid")
    for clock in (FakeClock(0), VenueClock(FakeClock(0))):
        assert at("https://one.invalid", clock) is not at("https://one.invalid", clock)


def test_a_page_of_a_journal_is_of_one_key_at_one_host_and_shows_neither() -> None:
    pages = {page_of(KEY, "https://a"), page_of(KEY, "https://b"), page_of(None, "https://a")}
    assert len(pages) == 3
    assert page_of(KEY, "https://a") in pages
    assert not any("key" in page for page in pages)


def test_limits_are_those_of_the_address_and_of_the_account() -> None:
    def shown(*key: str) -> Any:
        with Client(*key, environment="https://okx.invalid", clock=FakeClock(0)) as client:
            assert isinstance(client, BaseClient)
            return client.limits()

    keyless, keyed = shown(), shown("key", "secret", "passphrase")
    assert keyless["banned_for_s"] == keyed["banned_for_s"] == 0.0
    assert keyless["limits"].keys() < keyed["limits"].keys()


def test_a_client_is_neither_copied_nor_pickled_and_asks_for_a_text_as_an_address() -> None:
    with Client(environment="https://okx.invalid") as client:
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="neither pickled nor copied"):
                attempt(client)
        with pytest.raises(TypeError, match="url"):
            client.route(3)  # type: ignore[arg-type]
        assert client.response is None
        assert client.undecided_orders() == []
