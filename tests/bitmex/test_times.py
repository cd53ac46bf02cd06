from __future__ import annotations

import pytest

from exchangeclient.bitmex.times import iso, milliseconds


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("2024-11-25T10:30:00.123Z", 1732530600123),
        ("2024-02-29T23:59:59.999Z", 1709251199999),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_moments_are_told_both_ways(text: str, ms: int) -> None:
    assert milliseconds(text) == ms
    assert iso(ms) == text


@pytest.mark.parametrize("odd", ["", "yesterday", "2024-11-25T10:30:00.123", "2024-13-01T00:00:00Z"])
def test_what_is_no_moment_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        milliseconds(odd)
