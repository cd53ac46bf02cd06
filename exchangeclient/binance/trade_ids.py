"""The ids of trades, by which it is known that each has come once and in its turn. Pure.

:class:`Chain` puts in order what a stream brings and what is fetched for what it has missed; :mod:`~exchangeclient.binance.backfill` does
the fetching. Source: Binance Spot API documentation, "Trade Streams", "Aggregate Trade Streams".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchangeclient.core.http.jsonio import object_in

_EARLY = 200
_STRETCHES = 1000
_TIME = re.compile(rb'"T":([0-9]+)')


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the events of a kind are numbered, and what they are over REST.

    :ivar key: of the id in an event
    :ivar row_key: of the id in a row that REST gives
    :ivar event: makes the event of a row, given the symbol
    """

    key: str
    row_key: str
    event: Callable[[str, Mapping[str, Any]], dict[str, Any]]
    pattern: re.Pattern[bytes]

    def id_of(self, payload: bytes) -> int | None:
        """The id of an event, None when it is another kind of message."""
        found = self.pattern.search(payload, 0, _EARLY)
        if found is not None:
            return int(found[1])
        message = object_in(payload)
        number = None if message is None else message.get(self.key)
        return number if isinstance(number, int) else None

    def begins_anew(self, payload: bytes, before: bytes) -> bool:
        """True when an event that has no higher id than the one before it was traded later all the same.

        That is no event that comes twice or late: the venue, a test network that was wiped, counts from the beginning again.
        """
        time, time_before = _TIME.search(payload), _TIME.search(before)
        return time is not None and time_before is not None and int(time[1]) > int(time_before[1])


def _trade(symbol: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "e": "trade",
        "E": row["time"],
        "s": symbol,
        "t": row["id"],
        "p": row["price"],
        "q": row["qty"],
        "T": row["time"],
        "m": row["isBuyerMaker"],
        "M": row["isBestMatch"],
        "catch_up": True,
    }


def _aggregate(symbol: str, row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: row[key] for key in ("a", "p", "q", "f", "l", "T", "m", "M")}
    return {"e": "aggTrade", "E": row["T"], "s": symbol, **fields, "catch_up": True}


# What stands before the id in an event holds no key of that name.
TRADES = Numbering("t", "id", _trade, re.compile(rb'"t":([0-9]+)'))
AGGREGATE_TRADES = Numbering("a", "a", _aggregate, re.compile(rb'"a":([0-9]+)'))


class Missing:
    """Ids that have not come. Of those in many stretches the oldest are forgotten."""

    def __init__(self) -> None:
        self._stretches: list[tuple[int, int]] = []

    def add(self, first: int, last: int) -> None:
        """These have not."""
        self._stretches.append((first, last))
        del self._stretches[:-_STRETCHES]

    def take(self, number: int) -> bool:
        """True for one that had not come; from here on it has."""
        for place, (first, last) in enumerate(self._stretches):
            if first <= number <= last:
                rest = (first, number - 1), (number + 1, last)
                self._stretches[place : place + 1] = [stretch for stretch in rest if stretch[0] <= stretch[1]]
                del self._stretches[:-_STRETCHES]
                return True
        return False


class Chain:
    """Events in the order of their ids, each once: what comes twice is dropped, what comes too early is held back.

    From the first event on that it has seen. A message without an id goes through.

    :ivar last: the id that was handed on last, None before the first
    :ivar begin: the first id that is missing, None when none is; while there is one everything is held back
    :ivar end: the last id that is missing, None when nobody knows
    :ivar begun: how often the venue has begun to count anew
    :ivar unknown: stretches of ids that were missing among what was fetched
    """

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._id_of = numbering.id_of
        self._held: list[bytes] = []
        self._newest = b""
        self.begun = 0
        self.unknown: list[tuple[int, int]] = []
        self.last: int | None = None
        self.begin: int | None = None
        self.end: int | None = None

    @property
    def held(self) -> int:
        """How many events are held back."""
        return len(self._held)

    def take(self, payloads: Sequence[bytes]) -> list[bytes]:
        """What is to be handed on, now that the stream has brought these."""
        if self.begin is not None:
            self._held += payloads
            return []
        due: list[bytes] = []
        for place, payload in enumerate(payloads):
            number = self._id_of(payload)
            if number is None:
                due.append(payload)
            elif self.last is None or number == self.last + 1:
                due.append(payload)
                self.last, self._newest = number, payload
            elif number > self.last:
                self.begin, self.end = self.last + 1, number - 1
                self._held += payloads[place:]
                break
            elif self._numbering.begins_anew(payload, self._newest):
                due.append(payload)
                self.last, self._newest = number, payload
                self.begun += 1
        return due

    def suspect(self) -> None:
        """The stream broke: events may be missing, of which nobody knows how many."""
        if self.last is not None:
            self.begin, self.end = self.last + 1, None

    def fill(self, rows: Iterable[tuple[int, bytes]]) -> list[bytes]:
        """What is to be handed on of events that were fetched."""
        due: list[bytes] = []
        for number, payload in sorted(rows):
            if self.last is None or number > self.last:
                if self.last is not None and number > self.last + 1:
                    self.unknown.append((self.last + 1, number - 1))
                due.append(payload)
                self.last, self._newest = number, payload
        if self.last is not None and self.begin is not None:
            self.begin = self.last + 1
        return due

    def resume(self) -> list[bytes]:
        """What is to be handed on, now that everything was fetched that there is; there may be another gap behind it."""
        held, self._held = self._held, []
        self.begin = self.end = None
        return self.take(held)

    def skip(self) -> list[bytes]:
        """What is to be handed on when the missing events are given up."""
        held, self._held = self._held, []
        self.begin = self.end = None
        first = next((number for number in map(self._id_of, held) if number is not None and number > (self.last or 0)), None)
        if first is not None:
            self.last = first - 1
        return self.take(held)
