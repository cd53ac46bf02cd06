from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.archive.names import file_name, interval_name, interval_of, series_name
from exchangeclient.archive.series import Series


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("BTC-USD-SWAP", "BTC-USD-SWAP"),
        ("btcusdt", "%62%74%63%75%73%64%74"),
        ("../x", "%2E%2E%2F%78"),
        ("a/b", "%61%2F%62"),
        ("..", "%2E%2E"),
        ("CON", "%43ON"),
        ("NUL.TXT", "%4EUL.TXT"),
        ("A.", "A%2E"),
        ("\\", "%5C"),
    ],
)
def test_K15_a_symbol_stays_inside_its_folder(symbol: str, name: str, tmp_path: Path) -> None:
    assert file_name(symbol) == name
    assert (tmp_path / file_name(symbol)).resolve().parent == tmp_path.resolve()


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_K15_no_two_symbols_have_one_name_even_where_capitals_do_not_count(one: str, other: str) -> None:
    names = {file_name(each).casefold() for each in (one, other, one.swapcase())}
    assert len(names) == len({one, other, one.swapcase()})
    for name in names:
        assert name.isascii()
        assert len(name) <= 100
        assert not set(name) & set('/\\:*?"<>|\0')


def test_K15_minutes_and_months_have_names_of_their_own() -> None:
    assert series_name(Series("v", "S", "1m")).casefold() != series_name(Series("v", "S", "1M")).casefold()
    assert interval_name("1M") == "1mo"
    assert [interval_of(interval_name(each)) for each in ("1m", "1M", "3d")] == ["1m", "1M", "3d"]
