"""What the dialects of all venues share: one exchange that moves with a clock, and those who watch what happens on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exchangeclient.sandbox.engine.commands import Command
from exchangeclient.sandbox.engine.events import Event
from exchangeclient.sandbox.engine.exchange import Exchange

_STRETCH_US = 1_000_000

Clock = Callable[[], int]
"""Microseconds since the epoch."""

Watcher = Callable[[Sequence[Event], int], None]
"""Called with the events of one step and the time, in microseconds."""

TICK_US = 100_000
"""The finest pace at which a watcher has something to do when nothing happens; its own times are multiples of this."""


class LiveExchange:
    """An exchange with a clock: commands are carried out at its time, and every watcher hears of every event."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self.exchange = exchange
        self._clock = clock
        self._watchers: list[Watcher] = []
        self._told_tick = -1

    @property
    def now_us(self) -> int:
        """The exchange's time, which never goes back."""
        clock_us, reached_us = self._clock(), self.exchange.now_us
        return clock_us if clock_us > reached_us else reached_us

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
        """Let the other traders catch up with the clock. Watchers are told also when nothing happened, once in each tick of time.

        Of a long time they hear second by second, so that what is due in it comes in its turn and nothing piles up.
        """
        now_us = self.now_us
        if self.exchange.passes_quietly(now_us):
            self._tell_of_time([], now_us)
            return
        for end_us, events in self.exchange.stretches(now_us, _STRETCH_US):
            self._tell_of_time(events, end_us)

    def _tell_of_time(self, events: Sequence[Event], now_us: int) -> None:
        tick = now_us // TICK_US
        if events or tick != self._told_tick:
            self._told_tick = tick
            self._tell(events, now_us)

    def _tell(self, events: Sequence[Event], now_us: int) -> None:
        for watcher in self._watchers:
            watcher(events, now_us)
