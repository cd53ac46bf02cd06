from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.core.http.request import Kind
from exchangeclient.core.http.retry import Retry, asked_s, is_ambiguous, retry_after_s
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OverloadException,
    RateLimitException,
)

PASSING = [
    ExchangeRequestException("cut", transient=True),
    ExchangeAPIException("busy", status_code=502),
    OverloadException("busy", status_code=503),
    RateLimitException("too many", status_code=429),
]
LASTING = [
    ExchangeRequestException("no JSON"),
    ExchangeAPIException("no", status_code=400),
    AuthenticationException("no", status_code=401),
    RateLimitException("not sent"),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_a_read_is_repeated_twice_when_a_failure_may_pass(error: ExchangeException) -> None:
    pauses = [Retry().pause_s(Kind.READ, error, repeats, lambda: 1.0) for repeats in range(3)]
    assert None not in pauses[:2]
    assert pauses[2] is None


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_will_be_the_same_the_next_time_is_not_repeated(error: ExchangeException) -> None:
    assert Retry().pause_s(Kind.READ, error, 0, lambda: 1.0) is None


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.READ])
def test_only_what_reads_is_repeated(kind: Kind) -> None:
    assert all(Retry().pause_s(kind, error, 0, lambda: 1.0) is None for error in PASSING)


@given(st.integers(0, 9), st.floats(0, 1))
def test_pauses_are_drawn_from_a_span_that_doubles_up_to_its_cap(repeats: int, drawn: float) -> None:
    pause_s = Retry(times=10, base_s=0.25, cap_s=2.0).pause_s(Kind.READ, PASSING[0], repeats, lambda: drawn)
    assert pause_s == drawn * min(2.0, 0.25 * 2**repeats)


def test_after_too_many_requests_the_pause_is_the_venues() -> None:
    assert Retry().pause_s(Kind.READ, RateLimitException("too many", status_code=429, retry_after=7), 0, lambda: 1.0) == 7


@pytest.mark.parametrize(
    ("said", "date", "wait_s"),
    [
        ("7", "", 7.0),
        (" 7 ", "", 7.0),
        ("0", "", None),
        ("99999999999999999999", "", 3 * 86_400.0),
        ("Fri, 20 Nov 2026 10:01:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 60.0),
        ("Fri, 20 Nov 2027 10:01:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 3 * 86_400.0),
        ("Fri, 20 Nov 2026 09:59:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", None),
        ("Fri, 20 Nov 2026 10:01:00 GMT", "", None),
        ("\u0663", "", None),
        ("1.5", "", None),
        ("soon", "", None),
        ("", "", None),
    ],
)
def test_how_long_to_stay_away_is_said_in_seconds_or_by_a_date(said: str, date: str, wait_s: float | None) -> None:
    assert retry_after_s({"retry-after": said, "date": date}) == wait_s
    assert retry_after_s({}) is None


@pytest.mark.parametrize(
    ("error", "ambiguous"),
    [
        (ExchangeRequestException("refused", sent="no"), False),
        (ExchangeRequestException("cut", sent="maybe"), True),
        (ExchangeRequestException("no JSON", sent="yes"), True),
        (ExchangeAPIException("timeout", status_code=504, outcome_unknown=True), True),
        (ExchangeAPIException("no", status_code=400), False),
        (RateLimitException("not sent"), False),
    ],
)
def test_what_may_have_been_carried_out_is_known(error: ExchangeException, ambiguous: bool) -> None:
    assert is_ambiguous(error) is ambiguous


@pytest.mark.parametrize(
    ("retry_after", "banned_until", "rest_s"),
    [
        (None, None, None),
        (0.0, None, None),
        (7.0, None, 7.0),
        (None, 9_000, 8.0),
        (7.0, 9_000, 8.0),
        (9.0, 9_000, 9.0),
        (None, 500, None),
        (None, 253_402_300_799_000, 3 * 86_400.0),  # the year 9999: sockets would not come again while the program runs
    ],
)
def test_a_refusal_asks_for_rest_in_seconds_or_until_a_moment(
    retry_after: float | None, banned_until: int | None, rest_s: float | None
) -> None:
    refused = RateLimitException("too much", retry_after=retry_after)
    refused.banned_until = banned_until
    assert asked_s(refused, 1_000) == rest_s
