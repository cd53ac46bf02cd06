from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.numbers import exact, floored, is_multiple, plain, trimmed, unsigned


class LoudFloat(float):
    """Shows itself in other words, as numpy's float64 does."""

    def __repr__(self) -> str:
        return f"np.float64({float.__repr__(self)})"


class Whole:
    """A foreign integer, such as numpy's int64."""

    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00001, "0.00001"),
        (1e-8, "0.00000001"),
        (0.1, "0.1"),
        (1e22, "10000000000000000000000"),
        (100, "100"),
        (100.0, "100"),
        ("1e2", "100"),
        ("100.0", "100.0"),
        (Decimal("1E-5"), "0.00001"),
        (Decimal("1E+3"), "1000"),
        ("0.50", "0.50"),
        ("1e-05", "0.00001"),
        (".5", "0.5"),
        ("-0.0", "0.0"),
        (-0.0, "0"),
        (LoudFloat(0.25), "0.25"),
        (LoudFloat(25), "25"),
        (Whole(), "7"),
    ],
)
def test_a_number_leaves_as_plain_digits(value: object, text: str) -> None:
    assert plain(value, "price") == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")])
def test_what_is_not_finite_is_refused_naming_the_argument(value: object) -> None:
    with pytest.raises(ValueError, match="price must be a finite number"):
        plain(value, "price")


@pytest.mark.parametrize("value", ["", " ", " 1", "1 ", "1,5", "0x10", "NaN", "inf", "1_000", "１", "abc", "--1", "1e99999"])
def test_text_that_is_no_plain_number_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="quantity must be a plain number"):
        exact(value, "quantity")


@pytest.mark.parametrize("value", [None, True, False, b"1", [1], Fraction(1, 3), object()])
def test_what_is_no_number_is_refused_by_type(value: object) -> None:
    with pytest.raises(TypeError, match="quantity must be a Decimal, a number or its text"):
        exact(value, "quantity")


@pytest.mark.parametrize("value", [10**400, 10**5000, "1e999", Decimal("1E-999"), "9" * 65], ids=range(5))
def test_endless_numbers_are_refused_without_being_written_out(value: object) -> None:
    with pytest.raises(ValueError, match="price must be a number of at most 64 digits"):
        plain(value, "price")


@pytest.mark.parametrize("value", ["-1", -0.5, Decimal("-1E-8")])
def test_what_is_below_zero_is_refused_where_nothing_is(value: object) -> None:
    with pytest.raises(ValueError, match="price must not be negative: -"):
        unsigned(value, "price")
    assert (unsigned("0", "price"), unsigned(-0.0, "price"), unsigned("1.50", "price")) == (0, 0, Decimal("1.50"))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=18))
def test_the_text_of_a_number_is_the_number(value: Decimal) -> None:
    text = plain(value, "price")
    assert Decimal(text) == value
    assert re.fullmatch(r"-?\d+(\.\d+)?", text)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e18, max_value=1e18).filter(lambda x: x == 0 or abs(x) > 1e-18))
def test_the_text_of_a_float_reads_back_as_that_float(value: float) -> None:
    text = plain(value, "price")
    assert float(text) == value
    assert "e" not in text


@given(
    st.decimals(min_value=0, max_value=10**30, places=20),
    st.decimals(min_value=Decimal("1e-20"), max_value=10**6, places=20),
)
def test_floored_is_the_largest_multiple_that_is_not_above(value: Decimal, step: Decimal) -> None:
    cut = floored(value, step)
    assert is_multiple(cut, step)
    assert 0 <= value - cut < step


def test_remainders_are_exact_where_floats_and_short_contexts_fail() -> None:
    assert is_multiple(Decimal("0.3"), Decimal("0.1"))
    assert is_multiple(Decimal("12345678901234567890.00000003"), Decimal("0.00000001"))
    assert not is_multiple(Decimal("12345678901234567890.000000035"), Decimal("0.00000001"))


@pytest.mark.parametrize(
    ("text", "shown"), [("0.01000000", "0.01"), ("9000000.00000000", "9000000"), ("9E+6", "9000000"), ("0.00000000", "0"), ("1.5", "1.5")]
)
def test_a_rules_figure_is_shown_as_people_write_it(text: str, shown: str) -> None:
    assert str(trimmed(Decimal(text))) == shown
