"""Sees to it that longs and shorts of a swap pay each other when it is due, on a grid of time."""

from __future__ import annotations

from .commands import PayFunding
from .crowd import Floor
from .events import Event
from .instruments import Instrument, Swap


class Fundings:
    """The funding of one swap. What is due in a pause is all made up for."""

    def __init__(self, floor: Floor, instrument: Instrument, swap: Swap, *, start_us: int) -> None:
        self._floor = floor
        self._symbol = instrument.symbol
        self._width_us = swap.funding_us
        self._next_us = (start_us // swap.funding_us + 1) * swap.funding_us

    @property
    def next_us(self) -> int:
        """When it is due next."""
        return self._next_us

    def skip(self, now_us: int) -> None:
        """Skip nothing."""

    def act(self, events: list[Event]) -> None:
        """Have it paid."""
        now_us = self._next_us
        self._next_us += self._width_us
        if self._symbol in self._floor.instruments:
            events += self._floor.execute(PayFunding(self._symbol), now_us)
