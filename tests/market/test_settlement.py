from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.market.settlement import MISSES, Case

SENT_MS = 1_700_000_000_000
DECIDABLE_MS = SENT_MS + 15_000


def case() -> Case:
    return Case.opened(timestamp_ms=SENT_MS, window_ms=5_000, engine_ms=10_000)


def test_it_is_decidable_when_the_venue_would_refuse_it_and_its_engine_has_had_its_time() -> None:
    assert case().decidable_at_ms == DECIDABLE_MS


looks = st.lists(st.one_of(st.none(), st.integers(SENT_MS - 60_000, SENT_MS + 60_000)))


@given(looks)
def test_only_two_misses_past_that_time_are_certainty(asked: list[int | None]) -> None:
    """None is a look that failed, a number one that found nothing, by the time at which it was asked."""
    one, late = case(), 0
    for at_ms in asked:
        one = one.failed() if at_ms is None else one.missed(at_ms)
        late += at_ms is not None and at_ms > DECIDABLE_MS
        assert one.never_happened is (late >= MISSES)
    assert one.looks == len(asked)


@given(st.integers(1, 200), st.integers(SENT_MS, SENT_MS + 60_000))
def test_a_pause_is_short_above_zero_and_ends_at_the_moment_that_decides(many: int, now_ms: int) -> None:
    one = case()
    for _ in range(many):
        one = one.failed()
    pause_s = one.pause_s(now_ms)
    assert 0 < pause_s <= 2
    if now_ms < DECIDABLE_MS:
        assert now_ms + pause_s * 1000 <= DECIDABLE_MS + 1 + 1e-6


def test_looks_become_rarer() -> None:
    one, pauses = case(), []
    for _ in range(6):
        one = one.failed()
        pauses.append(one.pause_s(SENT_MS))
    assert pauses == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
