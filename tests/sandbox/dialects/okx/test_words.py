"""Figures as OKX writes them, and what it takes for one."""

from __future__ import annotations

import pytest

from exchangeclient.sandbox.dialects.okx import words
from exchangeclient.sandbox.engine.instruments import DEFAULTS, SWAPS


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (5_000_000, "0.05"), (100_000_000, "1"), (1_000_000_000, "10"), (1, "0.00000001"), (-5_000_000, "-0.05")]
)
def test_figures_have_no_trailing_zeros(number: int, text: str) -> None:
    assert words.plain(number) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.05", 5_000_000),
        ("1", 100_000_000),
        ("1.000000000000", 100_000_000),
        ("1.", 100_000_000),
        ("1e-3", None),
        ("-1", None),
        ("0.000000001", None),
        ("", None),
        (".5", None),
        ("1,5", None),
    ],
)
def test_only_plain_digits_are_figures(text: str, number: int | None) -> None:
    assert words.read(text) == number


def test_sizes_are_coins_on_spot_and_contracts_on_swaps() -> None:
    spot, swap = DEFAULTS[0], SWAPS[0]
    assert words.size(spot, 1_000_000) == "0.01"
    assert words.size(swap, 1_000_000) == "1"
    assert words.quantity(swap, 100_000_000) == 1_000_000
    assert words.quantity(spot, 100_000_000) == 100_000_000


def test_fees_that_are_paid_are_negative() -> None:
    assert (words.fee(1_000_000), words.fee(0)) == ("-0.01", "0")
