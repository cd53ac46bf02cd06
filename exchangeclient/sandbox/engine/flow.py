"""Seeded traders who keep every market alive, on a fixed grid of time, from accounts that no key leads to.

What assets are worth is told by :mod:`.values`, what the traders of a symbol do about it by :mod:`.crowd`. Each draws from a
generator of its own: the same seed and the same commands make the same market everywhere.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from .commands import Deposit
from .crowd import ACCOUNTS, MAKERS, Crowd, Floor
from .events import Event
from .instruments import UNIT, Instrument
from .values import Values, activity, still
from .words import Side, Status

__all__ = ["ACCOUNTS", "MAKERS", "STEP_US", "Floor", "Flow"]

STEP_US = 100_000

_FUNDS = 10**10 * UNIT


class Flow:
    """All traders of the exchange."""

    def __init__(
        self,
        floor: Floor,
        instruments: Iterable[Instrument],
        *,
        seed: int,
        start_us: int,
        step_us: int = STEP_US,
        longest_catch_up_us: int | None = None,
        played: Container[str] = (),
    ) -> None:
        """Fund the traders and let them set up their books.

        :param step_us: how often they act. The market looks the same with any step, but with coarse ones there are fewer and
            larger trades
        :param longest_catch_up_us: of a longer pause only its end is played; None plays all of it
        :param played: symbols that others keep alive; the prices of those that share their assets follow them
        """
        if step_us <= 0:
            raise ValueError(f"the traders' step must be positive, not {step_us}")
        self._longest = None if longest_catch_up_us is None else max(1, longest_catch_up_us // step_us)
        instruments = list(instruments)
        self._floor = floor
        self._step_us = step_us
        self._next_us = start_us + step_us
        for account in sorted(ACCOUNTS):
            for asset in sorted({asset for each in instruments for asset in (each.base, each.quote)}):
                floor.execute(Deposit(account, asset, _FUNDS), start_us)
        self._values = Values(instruments, seed=seed, step_us=step_us)
        money = still(instruments)
        self._played = [each.symbol for each in instruments if each.symbol in played]
        self._crowds = {
            each.symbol: Crowd(floor, each, self._values, seed=seed, step_us=step_us, major=each.quote in money)
            for each in instruments
            if each.symbol not in played
        }
        for each in instruments:
            if each.symbol in self._crowds and each.status is Status.TRADING:
                self._crowds[each.symbol].set_up(start_us, [])

    @property
    def next_us(self) -> int:
        """When they act next."""
        return self._next_us

    def skip(self, now_us: int) -> None:
        """Leave out the beginning of a pause that was too long."""
        if self._longest is not None:
            self._next_us += max(0, (now_us - self._next_us) // self._step_us + 1 - self._longest) * self._step_us

    def act(self, events: list[Event]) -> None:
        """One step of the grid."""
        now_us, listed = self._next_us, self._floor.instruments
        self._next_us += self._step_us
        self._values.move(now_us)
        for symbol in self._played:
            bid, ask = (self._floor.best_price(symbol, side) if symbol in listed else None for side in Side)
            if bid is not None and ask is not None:
                self._values.push(symbol, (bid + ask) / 2 / self._values.fair(symbol))
        liveliness = activity(now_us)
        for symbol in [symbol for symbol in self._crowds if symbol not in listed]:
            del self._crowds[symbol]  # delisted
        for crowd in self._crowds.values():
            events += crowd.act(now_us, liveliness)
