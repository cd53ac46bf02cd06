"""Asking a venue what became of a call whose answer was lost, until it is certain or there is no more time.

What is asked is the venue's; when a look that finds nothing is evidence, :mod:`exchangeclient.market.settlement` decides.
"""

from __future__ import annotations

from collections.abc import Callable

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Request
from exchangeclient.core.http.retry import is_ambiguous
from exchangeclient.exceptions import (
    ClockSkewException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    LedgerException,
    RateLimitException,
)
from exchangeclient.market.settlement import Case

Lost = (ExchangeRequestException, ExchangeAPIException, LedgerException)
"""How a question can fail."""


class Inquiry:
    """The questions about one lost call, and what they have shown.

    :param case: what is to be decided
    :param ahead_ms: by how much a time of ours may be ahead of the venue's and still pass
    :ivar why: what the last question came to, in words
    """

    def __init__(self, case: Case, errand: Errand, *, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms
        self._case = case
        self._errand = errand
        self._stamp_ms: int | None = None
        self._clock_is_wrong = False
        self.why = ""

    def goes_on(self) -> bool:
        """True when it is time for the next question, for which it waits; False when the errand has no time for it."""
        if self._case.looks:
            pause_s = self._case.pause_s(self._errand.now_ms() - self._ahead_ms)
            try:
                if self._errand.left_s() <= pause_s:
                    return False
            except TimeoutError:
                return False
            self._errand.wait(pause_s)
        return True

    def stamp_ms(self) -> int | None:
        """The time that a question has to carry; None when the venue has just found ours wrong: then the call puts the clock right."""
        self._stamp_ms = None if self._clock_is_wrong else self._errand.now_ms()
        return self._stamp_ms

    def missed(self, why: str) -> None:
        """The venue shows nothing of it."""
        self.why = why
        if self._stamp_ms is None:
            self._case = self._case.failed()
        else:
            # It answered, so its own clock was no more than that behind the stamp, whatever ours is worth.
            self._case = self._case.missed(self._stamp_ms - self._ahead_ms)
        self._clock_is_wrong = False

    def failed(self, error: ExchangeException) -> None:
        """The venue could not be asked."""
        self.why = str(error)
        self._case = self._case.failed()
        self._clock_is_wrong = isinstance(error, ClockSkewException) and self._stamp_ms is not None

    @property
    def never_happened(self) -> bool:
        """True when it is certain that the call was not carried out and will not be."""
        return self._case.never_happened


def is_refusal(error: ExchangeException, leaves_doubt: Callable[[ExchangeException], bool] = is_ambiguous) -> bool:
    """True for an answer that would be the same the next time."""
    passing = RateLimitException | ClockSkewException
    return isinstance(error, ExchangeAPIException) and not isinstance(error, passing) and not leaves_doubt(error)


def as_call(asked: Request) -> str:
    """A question as a user would write it."""
    arguments = ", ".join(f"{name}={text!r}" for name, text in asked.params.items() if name != "timestamp")
    return f"{asked.name}({arguments})"
