from __future__ import annotations

from decimal import Decimal

from exchangeclient.archive.contracts import Sizes


class Venue:
    """A contract whose size was another one until a moment."""

    def __init__(self, changed_ms: int = 0) -> None:
        self.changed_ms = changed_ms
        self.asked: list[int] = []

    def size(self, time_ms: int) -> Decimal:
        self.asked.append(time_ms)
        return Decimal("0.01") if time_ms >= self.changed_ms else Decimal("0.0001")


def test_a_size_that_never_changed_is_asked_for_once() -> None:
    venue = Venue()
    sizes = Sizes((1_000, Decimal("0.01")), venue.size)
    assert sizes.of([]) == []
    assert sizes.of([100, 200, 300]) == [Decimal("0.01")] * 3
    assert sizes.of([301, 999]) == [Decimal("0.01")] * 2
    assert sizes.at(1_001) == Decimal("0.01"), "the newest trade is a little later than the clock was read"
    assert venue.asked == [100]


def test_a_size_that_was_another_is_found_at_the_trade_where_it_changed() -> None:
    venue = Venue(changed_ms=500)
    sizes = Sizes((1_000, Decimal("0.01")), venue.size)
    assert sizes.of([100, 200]) == [Decimal("0.0001")] * 2
    assert sizes.of([400, 499, 500, 600]) == [Decimal("0.0001")] * 2 + [Decimal("0.01")] * 2
    venue.asked.clear()
    assert sizes.of([501, 600]) == [Decimal("0.01")] * 2
    assert venue.asked == [], "what lies between equal sizes is known"
