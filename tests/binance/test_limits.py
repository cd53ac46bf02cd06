from __future__ import annotations

import pytest

from exchangeclient.binance import limits


@pytest.mark.parametrize(
    ("rows", "weight"), [(1, 5), (100, 5), (101, 25), (500, 25), (501, 50), (1000, 50), (1001, 250), (5000, 250), (9999, 250)]
)
def test_depth_costs_by_its_rows(rows: int, weight: int) -> None:
    assert limits.DEPTH({"symbol": "BTCUSDT", "limit": str(rows)}) == weight


def test_depth_without_a_limit_costs_what_the_default_costs() -> None:
    assert limits.DEPTH({"symbol": "BTCUSDT"}) == 5


@pytest.mark.parametrize(
    ("params", "weight"),
    [
        ({"symbol": "A"}, 2),
        ({"symbols": '["A"]'}, 2),
        ({"symbols": str([f"S{n}" for n in range(20)]).replace("'", '"')}, 2),
        ({"symbols": str([f"S{n}" for n in range(21)]).replace("'", '"')}, 40),
        ({"symbols": str([f"S{n}" for n in range(101)]).replace("'", '"')}, 80),
        ({"symbols": "not json"}, 80),
        ({}, 80),
    ],
)
def test_day_tickers_cost_by_their_symbols(params: dict[str, str], weight: int) -> None:
    assert limits.DAY_TICKER(params) == weight


def test_other_tables() -> None:
    assert [limits.TICKER(params) for params in ({"symbol": "A"}, {"symbols": '["A","B"]'}, {})] == [2, 4, 4]
    assert [limits.OPEN_ORDERS(params) for params in ({"symbol": "A"}, {})] == [6, 80]
    assert [limits.MY_TRADES(params) for params in ({"symbol": "A", "orderId": "1"}, {"symbol": "A"})] == [5, 20]
    assert [limits.TEST_ORDER(params) for params in ({"computeCommissionRates": "true"}, {"computeCommissionRates": "false"}, {})] == [
        20,
        1,
        1,
    ]


def test_tables_say_their_rule() -> None:
    assert str(limits.DEPTH) == "5 up to limit 100, 25 up to limit 500, 50 up to limit 1000, 250 up to limit 5000"
    assert str(limits.TICKER) == "2 with symbol, else 4"
    assert str(limits.DAY_TICKER) == "2 with symbol, 2 up to 20 symbols, 40 up to 100 symbols, else 80"
    assert str(limits.MY_TRADES) == "5 with orderId, else 20"


def test_the_history_of_withdrawals_is_counted_by_the_second_and_nothing_else_of_the_wallet_is() -> None:
    rows = {row.counts: row for row in limits.DOCUMENTED.account if row.name.startswith("SAPI")}
    assert {counts: (row.length_ms, row.most) for counts, row in rows.items()} == {
        "sapi-uid": (60_000, 180_000),
        "sapi-uid-second": (1_000, 180_000),
    }
    assert rows["sapi-uid-second"].header == "x-sapi-used-uid-weight-1s"


def test_every_call_of_the_wallet_has_a_budget_of_its_own() -> None:
    rows = (*limits.DOCUMENTED.address, *limits.DOCUMENTED.account)
    assert {row.counts for row in rows if row.each} == {"sapi-ip", "sapi-uid", "sapi-uid-second"}
    assert all(row.each == row.name.startswith("SAPI") for row in rows)
