"""Aggregate trades keep their ids when the oldest ones are dropped."""

from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.sandbox.dialects.binance import aggregates as aggregates_module
from exchangeclient.sandbox.dialects.binance.aggregates import Aggregates
from exchangeclient.sandbox.engine.events import Traded


def test_the_oldest_are_dropped_in_bulk_and_ids_go_on(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregates_module, "KEPT", 20)
    aggregates = Aggregates(bench.exchange)
    for number in range(1, 101):
        aggregates.observe([Traded("ETHBTC", number, 5, 7, 0, False, number, 1_000 * number)])
    newest = aggregates.page("ETHBTC", limit=1_000)
    assert 20 <= len(newest) <= 23
    assert [each.id for each in newest] == list(range(101 - len(newest), 101))
    assert [each.id for each in aggregates.page("ETHBTC", first_id=95, limit=3)] == [95, 96, 97]
    assert aggregates.page("ETHBTC", first_id=1, limit=2) == newest[:2]
    assert [each.id for each in aggregates.page("ETHBTC", start_us=90_000, end_us=92_000, limit=10)] == [90, 91, 92]


def test_trades_from_before_are_known(bench: Any) -> None:
    bench.pass_time(60)
    known = Aggregates(bench.exchange).page("ETHBTC", limit=1_000)
    assert known[-1].last_id == bench.exchange.trades("ETHBTC")[-1].trade_id
    assert sum(each.quantity for each in known) == sum(trade.quantity for trade in bench.exchange.trades("ETHBTC"))
