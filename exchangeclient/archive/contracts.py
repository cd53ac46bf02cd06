"""How many coins a contract was at a time. Pure.

A venue may change that of a contract that goes on under its name, and OKX has
(https://www.okx.com/help/adjustment-of-face-value-for-usdt-margined-perpetual-swap-futures-trading); a trade does not tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal


class Sizes:
    """The size of one contract over time. Where it was what it is now, it was that ever since.

    :param now: the time, and the size
    :param ask: is asked for the size at a moment before

    :ivar until_ms: the time that was now; of what comes later nothing is known
    """

    def __init__(self, now: tuple[int, Decimal], ask: Callable[[int], Decimal]) -> None:
        (self.until_ms, self._size), self._ask = now, ask
        self._since_ms = self.until_ms

    def at(self, time_ms: int) -> Decimal:
        """That of one moment."""
        if time_ms >= self._since_ms:
            return self._size
        size = self._ask(time_ms)
        if size == self._size:
            self._since_ms = min(self._since_ms, time_ms)
        return size

    def of(self, times_ms: Sequence[int]) -> list[Decimal]:
        """Those of moments, the oldest first."""
        ends = {self.at(each) for each in (*times_ms[:1], *times_ms[-1:])}
        return [*ends] * len(times_ms) if len(ends) == 1 else [self.at(each) for each in times_ms]
