"""Whether what was sent and not answered ever happened: a decision from what the venue was asked and said since. Pure.

An order that the venue shows was placed. One that it does not show may still be on its way: the venue takes it until its time window has
passed, and may need as long as its engine's limit to carry it out. Only past both, by the venue's own clock, and after two looks that
found nothing, it was not placed. Until then nobody knows. The same goes for an amendment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

MISSES: Final = 2
"""One could be a replica that lags behind."""

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 2.0
_DECIDING_PAUSE_S: Final = 1.0  # between the looks that count, so that a replica has time to catch up


@dataclass(frozen=True, slots=True)
class Case:
    """One lost answer.

    :ivar decidable_at_ms: the venue's time from which on a miss counts
    :ivar looks: how often the venue was asked, whether it answered or not
    :ivar misses: how often it had nothing to show, past that time
    """

    decidable_at_ms: float
    looks: int = 0
    misses: int = 0

    @classmethod
    def opened(cls, *, timestamp_ms: int, window_ms: float, engine_ms: float) -> Self:
        """The case of what was stamped at ``timestamp_ms``.

        :param window_ms: how long the venue accepts it from then on
        :param engine_ms: how long the venue may take to carry it out after that
        """
        return cls(timestamp_ms + window_ms + engine_ms)

    def missed(self, asked_at_ms: float) -> Self:
        """The venue shows nothing of it.

        :param asked_at_ms: a time, by the venue's clock, before which it was certainly not asked
        """
        return replace(self, looks=self.looks + 1, misses=self.misses + (asked_at_ms > self.decidable_at_ms))

    def failed(self) -> Self:
        """The venue could not be asked."""
        return replace(self, looks=self.looks + 1)

    @property
    def never_happened(self) -> bool:
        """True when it is certain."""
        return self.misses >= MISSES

    def pause_s(self, now_ms: float) -> float:
        """How long to wait before the venue is asked again: longer from look to look, but not past the moment that decides."""
        until_s = (self.decidable_at_ms - now_ms) / 1000
        if until_s <= 0:
            return _DECIDING_PAUSE_S
        return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(self.looks - 1, 10), until_s + 0.001)
