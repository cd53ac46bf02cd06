"""What may be sent again, and after how long: an immutable value. Pure; randomness is handed in.

Only what reads is ever sent again. An order is not, not even when it is certain that it was not placed: its caller decides, at
today's price.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from exchangeclient.core.http.request import Kind
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OverloadException,
    RateLimitException,
)

_LONGEST_S = 3 * 86_400.0  # as long as a venue bans an address

Random = Callable[[], float]
"""Between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How reads are repeated.

    :ivar times: at most
    :ivar base_s: the longest pause before the first repeat; it doubles from one to the next
    :ivar cap_s: the longest pause of all
    """

    times: int = 2
    base_s: float = 0.25
    cap_s: float = 2.0

    def pause_s(self, kind: Kind, error: ExchangeException, repeats: int, random: Random) -> float | None:
        """How long to wait before the call is sent once more, None when it is not.

        The pause is drawn between nothing and its longest, so that clients that failed together do not come back together;
        it is no shorter than what the venue asks for.

        :param repeats: how often it was repeated already
        """
        if kind is not Kind.READ or repeats >= self.times or not _passes(error):
            return None
        if isinstance(error, RateLimitException):
            return error.retry_after or 0.0
        asked_for_s = (error.retry_after if isinstance(error, ExchangeAPIException) else None) or 0.0
        return max(asked_for_s, random() * min(self.cap_s, self.base_s * 2.0**repeats))


def _passes(error: ExchangeException) -> bool:
    """True for a failure that may be over the next time."""
    if isinstance(error, ExchangeRequestException):
        return error.transient
    if isinstance(error, RateLimitException):
        return error.status_code != 0  # the venue said it, not our own governor, which has waited as long as the call may
    return isinstance(error, OverloadException) or (isinstance(error, ExchangeAPIException) and error.status_code >= 500)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """What ``Retry-After`` says, in seconds or as a date beside the answer's own; None when it is missing or makes no sense.

    :param headers: by their names in small letters
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_S) or None
    until, said = date_of(text), date_of(headers.get("date", ""))
    if until is None or said is None or until < said:
        return None
    return min((until - said).total_seconds(), _LONGEST_S)


def asked_s(refused: RateLimitException, now_ms: int) -> float | None:
    """For how many seconds a refusal asks for rest, in whichever way it says so; None when it does not say.

    No longer than a venue bans an address: a moment that is further off is a misunderstanding.

    :param now_ms: the venue's time
    """
    until_s = 0.0 if refused.banned_until is None else (refused.banned_until - now_ms) / 1000
    return min(max(refused.retry_after or 0.0, until_s), _LONGEST_S) or None


def date_of(text: str) -> datetime | None:
    """The date in a header, None when it is none."""
    from email.utils import parsedate_to_datetime  # which takes sockets along, and is hardly ever needed

    try:
        date = parsedate_to_datetime(text)
        return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the latter for a year of twenty digits
        return None


def is_ambiguous(error: ExchangeException) -> bool:
    """True when the call may have been carried out all the same."""
    if isinstance(error, ExchangeRequestException):
        return error.sent != "no"
    return isinstance(error, ExchangeAPIException) and error.outcome_unknown
