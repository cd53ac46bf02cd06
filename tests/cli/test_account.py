from __future__ import annotations

import json

import pytest

from .conftest import Run


def test_what_the_account_has(run: Run, there: list[str]) -> None:
    done = run("account", *there)
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()][:3] == ["asset", "BNB", "BTC"]


def test_one_asset_also_when_there_is_nothing_of_it(run: Run, there: list[str]) -> None:
    rows = run("account", "usdt", *there).out.splitlines()
    assert [row.split()[0] for row in rows] == ["asset", "USDT"]


def test_json_has_the_venues_own_fields(run: Run, there: list[str]) -> None:
    told = json.loads(run("account", "--json", *there).out)
    assert told["canTrade"] is True
    assert {"asset", "free", "locked"} <= told["balances"][0].keys()


def test_a_key_that_the_venue_does_not_take(run: Run, there: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_SECRET", "wrong")
    done = run("account", *there)
    assert (done.code, done.out) == (8, "")
    assert "wrong" not in done.err
