"""The table of the twelve exchanges that BTP and OTS named is true, line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.ccxt.client import EXCHANGES, Client
from exchangeclient.ccxt.exchanges import EXCHANGES as PECULIAR
from exchangeclient.desk import desk_of
from exchangeclient.gateway.onetoken import names
from exchangeclient.gateway.onetoken.errors import ServiceError

PAGE = Path(__file__).resolve().parents[2] / "docs/guides/onetoken_gateway.rst"
THEN = ("bitmex", "okex", "bithumb", "huobi pro", "bitfinex", "bitflyer", "bitstar", "bittrex", "poloniex", "gate", "exx", "coinegg")


def rows() -> dict[str, tuple[list[str], str]]:
    """Codes and remarks, by what an exchange was called then."""
    text = PAGE.read_text(encoding="utf-8")
    _, _, text = text.partition("\nThen ")
    lines = text.partition("\n\n")[0].splitlines()[2:-1]
    found = [re.split(r" {2,}", line, maxsplit=2) for line in lines]
    return {then: (re.findall(r"``(\w+)``", codes), how) for then, codes, how in found}


def test_all_twelve_are_named() -> None:
    assert tuple(rows()) == THEN


@pytest.mark.parametrize("then", THEN)
def test_a_line_of_the_table(then: str) -> None:
    codes, how = rows()[then]
    known = [
        code
        for code, each in names.EXCHANGES.items()
        if each.venue in {names.EXCHANGES[code].venue for code in codes} and each.kind == "spot"
    ]
    assert codes == known if then != "bitmex" else codes == ["bitmex"]
    if not codes:
        for ask in (
            lambda: names.exchange(then),
            lambda: names.contract(f"{then}/btc.usdt"),
            lambda: names.contract(f"btc.usdt:xtc.{then}"),
        ):
            with pytest.raises(ServiceError, match=r"gone|closed in 2023") as told:
                ask()
            assert told.value.code == "contract-not-exist"
        assert how == ("closed in 2023" if then == "bittrex" else "gone")
        return
    venue = names.EXCHANGES[codes[0]].venue
    assert how.startswith("through ccxt") is (venue in EXCHANGES)
    if venue in EXCHANGES:
        _check_remarks(venue, how)


def _check_remarks(venue: str, how: str) -> None:
    client = Client(venue)
    desk: Any = desk_of(client)
    assert ("no candles" in how) is ("klines" not in desk.capabilities)
    assert ("no tickers of all" in how) is ("tickers" not in desk.capabilities)
    assert ("no list of own trades" in how) is not client.has("fetchMyTrades")
    assert ("candles of at most four hours" in how) is (bool(client.timeframes) and "1d" not in client.timeframes)
    told = PECULIAR[venue].own_id("a" * 32)
    assert ("keeps no" in how) is (told is None)
    assert ("a number for" in how) is isinstance(told, int)
    assert ("a shorter one" in how) is (isinstance(told, str) and len(told) < 32)
    assert ("no post only" in how) is ("LIMIT_MAKER" not in PECULIAR[venue].words)
    client.close()
