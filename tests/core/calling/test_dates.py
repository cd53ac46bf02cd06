from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.core.calling.dates import milliseconds

NOW = datetime(2018, 3, 31, 12, 0, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
NEW_YEAR_2018_MS = 1514764800000
MONTHS = ["Jan", "February", "Mar", "April", "May", "June", "July", "Aug", "Sept", "October", "Nov", "December"]  # not the locale's


def read(when: Any) -> datetime:
    return datetime.fromtimestamp(milliseconds(when, NOW_MS) / 1000, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2018-01-01",
        "2018-01-01 UTC",
        "20180101",
        "2018-01-01T00:00:00Z",
        "2018-01-01 01:00+01:00",
        "1 Jan, 2018",
        "1 Jan 2018",
        "Jan 1, 2018",
        "January 01, 2018",
        "1 January, 2018 00:00:00 UTC",
        "jan. 1st, 2018",
        "1514764800",
        "1514764800000",
        "1514764800000000",
        1514764800,
        1514764800000,
        1514764800000000,
        1514764800.0,
        date(2018, 1, 1),
        datetime(2018, 1, 1),  # noqa: DTZ001 - a naive datetime is UTC
        datetime(2018, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_one_moment_in_many_words(text: Any) -> None:
    assert milliseconds(text, NOW_MS) == NEW_YEAR_2018_MS


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("now UTC", NOW),
        ("1 day ago UTC", NOW - timedelta(days=1)),
        ("a day ago", NOW - timedelta(days=1)),
        ("2 hours ago UTC", NOW - timedelta(hours=2)),
        ("2h ago", NOW - timedelta(hours=2)),
        ("90 mins ago", NOW - timedelta(minutes=90)),
        ("1 day and 2 hours ago", NOW - timedelta(days=1, hours=2)),
        ("1 day, 2 hours, 3 minutes ago UTC", NOW - timedelta(days=1, hours=2, minutes=3)),
        ("30 seconds ago", NOW - timedelta(seconds=30)),
        ("3 weeks ago", NOW - timedelta(weeks=3)),
        ("1 month ago", datetime(2018, 2, 28, 12, tzinfo=UTC)),
        ("4 months ago UTC", datetime(2017, 11, 30, 12, tzinfo=UTC)),
        ("2 years ago", datetime(2016, 3, 31, 12, tzinfo=UTC)),
        ("31 Jan, 2018 13:14:15", datetime(2018, 1, 31, 13, 14, 15, tzinfo=UTC)),
        ("2018-01-31 13:14:15.25", datetime(2018, 1, 31, 13, 14, 15, 250_000, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_dates_as_people_write_them(text: Any, moment: datetime) -> None:
    assert read(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "ago",
        "day ago",
        "1 ago",
        "1 fortnight ago",
        "x days ago",
        "32 Jan, 2018",
        "1 Janissary, 2018",
        "1 Foo, 2018",
        "2018-13-01",
        "99999999999 days ago",
        "999999999 years ago",
        "12",
        "1st of",
        "١ Jan, 2018",
    ],
)
def test_text_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="start_str cannot be read as a date"):
        milliseconds(text, NOW_MS, "start_str")


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), 10**21])
def test_figures_that_are_no_epoch_are_named(figure: float) -> None:
    with pytest.raises(ValueError, match="date cannot be read"):
        milliseconds(figure, NOW_MS)


@pytest.mark.parametrize("moment", ["1 Jan, 1969", -1, "100 years ago"])
def test_moments_before_1970_are_refused(moment: Any) -> None:
    with pytest.raises(ValueError, match="date must not be before 1970"):
        milliseconds(moment, NOW_MS)


@pytest.mark.parametrize("thing", [None, True, b"now", ["now"]])
def test_other_types_are_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="date must be text, a number or a date"):
        milliseconds(thing, NOW_MS)


@given(st.datetimes(min_value=datetime(1973, 4, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_every_form_of_a_moment_reads_the_same(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert milliseconds(moment, 0) == expected
    assert milliseconds(moment.isoformat(), 0) == expected
    written = f"{moment.day} {MONTHS[moment.month - 1]}, {moment.year} {moment:%H:%M:%S.%f}"
    assert milliseconds(written, 0) == expected
    assert milliseconds(expected, 0) == expected
    assert milliseconds(expected * 1000, 0) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="TZ is not read on Windows")
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Apia"])
def test_the_machines_zone_changes_nothing(zone: str) -> None:
    questions = [("1 Jan, 2018", 0), ("2018-03-25 02:30", 0), ("1 month ago", 1522497600000)]
    code = f"from exchangeclient.core.calling.dates import milliseconds; print(*[milliseconds(*q) for q in {questions}])"
    environment = {**os.environ, "TZ": zone}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert run.stdout.split() == [str(milliseconds(*question)) for question in questions]
