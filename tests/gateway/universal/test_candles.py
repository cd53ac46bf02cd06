from __future__ import annotations

from decimal import Decimal

import pytest

from exchangeclient.gateway.universal.candles import INTERVALS, joined, ways
from exchangeclient.market.vocabulary import Kline

MINUTE_MS = 60_000


def minute(number: int, price: int) -> Kline:
    one = Decimal(1)
    return Kline(number * MINUTE_MS, Decimal(price), price + one, price - one, price + one / 2, Decimal("0.1"), closed=True, raw=[number])


@pytest.mark.parametrize("minutes", INTERVALS)
def test_what_a_venue_may_have_itself_is_asked_for_first(minutes: int) -> None:
    assert next(iter(ways(minutes))) == (INTERVALS[minutes], 1)


@pytest.mark.parametrize(
    ("minutes", "best"),
    [
        (10, ("5m", 2)),
        (7, ("1m", 7)),
        (45, ("15m", 3)),
        (90, ("30m", 3)),
        (180, ("1h", 3)),
        (2880, ("1d", 2)),
        (20160, ("1d", 14)),
        (4321, ("1m", 4321)),
    ],
)
def test_other_candles_are_made_of_the_longest_that_fit(minutes: int, best: tuple[str, int]) -> None:
    assert next(iter(ways(minutes))) == best


def test_candles_are_joined_from_their_first_whole_one() -> None:
    made = joined([minute(number, 100 + number) for number in range(9, 16)], 5)
    assert [candle.open_time_ms for candle in made] == [10 * MINUTE_MS, 15 * MINUTE_MS]
    assert made[0] == Kline(
        10 * MINUTE_MS, Decimal(110), Decimal(115), Decimal(109), Decimal("114.5"), Decimal("0.5"), closed=None, raw=None
    )
    assert made[1].open == 115


def test_a_gap_takes_nothing_away_but_itself() -> None:
    made = joined([minute(10, 100), minute(17, 200), minute(18, 300)], 5)
    assert [(candle.open_time_ms // MINUTE_MS, candle.open, candle.close) for candle in made] == [
        (10, 100, Decimal("100.5")),
        (15, 200, Decimal("300.5")),
    ]
    assert joined([], 5) == []
