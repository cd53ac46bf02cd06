"""What the dialects of all venues share: one exchange that moves with a clock, and those who watch what happens on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exchangeclient.sandbox.engine.events import Command, Event
from exchangeclient.sandbox.engine.exchange import Exchange

Clock = Callable[[], int]
"""Microseconds since the epoch."""

Watcher = Callable[[Sequence[Event], int], None]
"""Called with the events of one step and the time, in microseconds."""


class LiveExchange:
    """An exchange with a clock: commands are carried out at its time, and every watcher hears of every event."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self.exchange = exchange
        self._clock = clock
        self._watchers: list[Watcher] = []

    @property
    def now_us(self) -> int:
        """The exchange's time, which never goes back."""
        return max(self._clock(), self.exchange.now_us)

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` of all that happens from here on."""
        self._watchers.append(watcher)

    def execute(self, command: Command) -> Sequence[Event]:
        """Carry out one command now.

        :raises Refused: nothing has changed
        """
        now_us = self.now_us
        events = self.exchange.execute(command, now_us)
        self._tell(events, now_us)
        return events

    def advance(self) -> None:
        """Let the other traders catch up with the clock. Watchers are told also when nothing happened: time has passed."""
        now_us = self.now_us
        self._tell(self.exchange.advance(now_us), now_us)

    def _tell(self, events: Sequence[Event], now_us: int) -> None:
        for watcher in self._watchers:
            watcher(events, now_us)
