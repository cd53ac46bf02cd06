"""Everybody who acts by himself, each at his time: the traders of :mod:`.flow` and the recordings of :mod:`.replay`."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Protocol

from .events import Event

NEVER_US = 1 << 62


class Player(Protocol):
    """Somebody who acts at times of his own."""

    @property
    def next_us(self) -> int:
        """When he acts next."""

    def skip(self, now_us: int) -> None:
        """Leave out what is too long ago by now, if he may."""

    def act(self, events: list[Event]) -> None:
        """Do what is due at that time, and add what happened."""


_next_us = attrgetter("next_us")


class Company:
    """All players, in the order of their times; of those that act at the same time the earlier ones first."""

    def __init__(self, players: Iterable[Player]) -> None:
        self._players = list(players)

    @property
    def next_us(self) -> int:
        """When the next one of them acts; in the far future when there is nobody."""
        return min(map(_next_us, self._players), default=NEVER_US)

    def skip(self, now_us: int) -> None:
        """Leave out what is too long ago by now."""
        for player in self._players:
            player.skip(now_us)

    def advance(self, now_us: int) -> list[Event]:
        """Let them act up to now."""
        events: list[Event] = []
        while self.next_us <= now_us:
            min(self._players, key=_next_us).act(events)
        return events
