"""A venue's clock and engine as faults make them: ahead, behind, or slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Clocked(Protocol):
    """A venue, as far as its time goes."""

    @property
    def skew_us(self) -> int:
        """How far the clock by which it judges, and which it shows, is ahead of the exchange's."""

    @skew_us.setter
    def skew_us(self, skew_us: int) -> None: ...

    engine_delay_us: int


class Clocks:
    """What is done to a venue's time.

    :param turn: while it is open, nobody else is on the exchange
    """

    def __init__(self, clocked: Clocked, turn: AbstractContextManager[None]) -> None:
        self._clocked = clocked
        self._turn = turn

    @contextmanager
    def skewed(self, milliseconds: float) -> Iterator[None]:
        """See :meth:`exchangeclient.sandbox.faults.words.Words.skewed`."""
        by_us = round(milliseconds * 1000)
        with self._turn:
            self._clocked.skew_us += by_us
            try:
                yield
            finally:
                self._clocked.skew_us -= by_us

    @contextmanager
    def slow_engine(self, seconds: float) -> Iterator[None]:
        """See :meth:`exchangeclient.sandbox.faults.words.Words.slow_engine`."""
        by_us = round(seconds * 1_000_000)
        with self._turn:
            self._clocked.engine_delay_us += by_us
            try:
                yield
            finally:
                self._clocked.engine_delay_us -= by_us
