"""Where the records of an archive come from: what any venue has to offer, and the questions of a plan put to it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

from exchangeclient.archive import plan
from exchangeclient.archive.series import Row, Series

T = TypeVar("T")


class Unread(Protocol):
    """Records as they came, which pickle: reading them costs more than having them sent.

    :ivar count: how many they seem to be
    """

    @property
    def count(self) -> int: ...

    def read(self) -> list[Row]:
        """Read them, figures as the texts that they are: digits and at most a dot.

        :raises ExchangeRequestException: when they are of another form than the venue says
        """


class Source(Protocol):
    """A venue, asked. Its methods may be called from any thread, and raise the errors of its client.

    :ivar venue: its name in the archive
    :ivar page_size: how many records it gives at a time
    """

    @property
    def venue(self) -> str: ...

    @property
    def page_size(self) -> int: ...

    def now_ms(self) -> int:
        """The venue's time."""

    def end(self, series: Series, now_ms: int) -> int:
        """The mark from which on nothing is final yet: of the candle that is open now, or after the newest trade."""

    def mark_at(self, series: Series, time_ms: int) -> int | None:
        """The first mark at a moment or later; None when there is none yet."""

    def rows(self, series: Series, first: int, last: int) -> Unread:
        """The first records of a range, oldest first, as many as the venue gives."""

    def first(self, series: Series, first: int, last: int) -> int | None:
        """The mark of a record of a range, the first one if the venue gives that; None when there is none."""

    def has_ended(self, series: Series) -> bool:
        """True when the symbol is no longer traded."""


def asked(source: Source, series: Series, questions: Generator[Any, Any, T], first: Unread | None = None) -> T:
    """What a plan comes to when its questions are put to a venue.

    :param first: the answer to the first question, which was put already
    """
    answer: Any = None
    while True:
        try:
            question = questions.send(answer)
        except StopIteration as ending:
            result: T = ending.value
            return result
        match question:
            case plan.Rows():
                answer = (first or source.rows(series, question.first, question.last)).read()
                first = None
            case plan.First():
                answer = source.first(series, question.first, question.last)
            case _:
                answer = source.has_ended(series)


Came = Unread | plan.Found


def fetched(source: Source, page: plan.Page) -> Came:
    """A page, and whatever has to be asked to know what it proves. One that came whole is left unread, for whoever writes it."""
    came = source.rows(page.series, page.first, page.last)
    if came.count == page.series.count(page.first, page.last):
        return came
    return asked(source, page.series, plan.reading(page), came)


def read(source: Source, page: plan.Page, came: Came) -> plan.Found:
    """What :func:`fetched` found."""
    return came if isinstance(came, plan.Found) else asked(source, page.series, plan.reading(page), came)


Making = Callable[[], Source]
"""Makes a source where it is needed: a function at the top of a module, or a partial of one, so that it can be sent to other processes."""
