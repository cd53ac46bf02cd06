from __future__ import annotations

import json

from .conftest import Run


def test_symbols_are_shown_in_plain_columns(run: Run, there: list[str]) -> None:
    done = run("ticker", "ethbtc", "BTCUSDT", *there)
    assert (done.code, done.err) == (0, "")
    heading, *rows = done.out.splitlines()
    assert heading.split("  ")[0] == "symbol"
    assert {row.split()[0] for row in rows} == {"ETHBTC", "BTCUSDT"}


def test_without_a_symbol_those_that_are_traded_most_often(run: Run, there: list[str]) -> None:
    rows = json.loads(run("ticker", "--top", "3", "--json", *there).out)
    assert len(rows) == 3
    assert [row["count"] for row in rows] == sorted((row["count"] for row in rows), reverse=True)


def test_a_symbol_that_there_is_not(run: Run, there: list[str]) -> None:
    done = run("ticker", "NOSUCH", *there)
    assert (done.code, done.out) == (7, "")
    assert "Invalid symbol" in done.err


def test_a_venue_that_is_not_there(run: Run) -> None:
    assert run("ticker", "--environment", "http://127.0.0.1:9").code == 5


def test_two_places_to_go_to_are_refused(run: Run, there: list[str]) -> None:
    assert run("ticker", "--sandbox", *there).code == 2
    assert run("ticker", "--environment", "nowhere").code == 2


def test_an_embedded_exchange_is_there_for_the_command(run: Run) -> None:
    assert run("ticker", "ETHBTC", "--sandbox").out.splitlines()[1].startswith("ETHBTC")
