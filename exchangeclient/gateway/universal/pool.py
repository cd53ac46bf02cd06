"""The venues in use: one object for each robot's keys, so many at a time."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from exchangeclient.gateway.universal.legacy import Legacy
from exchangeclient.gateway.universal.protocol import BaseProtocol

MOST: Final = 128
_MOST_CHOICES: Final = 4_096


@dataclass(slots=True)
class Seat:
    """One robot at one venue.

    :ivar users: how many calls are in it now
    :ivar retired: whether it is closed when the last of them is over
    """

    protocol: BaseProtocol
    legacy: Legacy
    users: int = 0
    retired: bool = False


class Pool:
    """Seats by venue and keys; what was not used for longest makes room, closed and without its keys.

    What its robot has chosen with ``io`` stays: it would trade something else without.
    """

    def __init__(self, most: int = MOST) -> None:
        self._lock = threading.Lock()
        self._seats: OrderedDict[bytes, Seat] = OrderedDict()
        self._choices: OrderedDict[bytes, Legacy] = OrderedDict()
        self._most = most
        self._salt = os.urandom(16)

    def name(self, venue: str, access_key: str, secret_key: str) -> bytes:
        """What a seat is found by: a digest that means nothing outside of this object."""
        digest = hashlib.blake2b(key=self._salt)
        for part in (venue, access_key, secret_key):
            text = part.encode("utf-8", "surrogatepass")
            digest.update(len(text).to_bytes(4) + text)
        return digest.digest()

    @contextmanager
    def seat(self, name: bytes, make: Callable[[], BaseProtocol]) -> Iterator[Seat]:
        """The seat of a name, for one call; ``make`` makes what is not there."""
        seat = self._taken(name) or self._seated(name, make())  # made outside of the lock: a venue of somebody else's may take its time
        try:
            yield seat
        finally:
            self._leave(seat)

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            seats = list(self._seats.values())
            self._seats.clear()
        for seat in seats:
            self._retire(seat)

    def __len__(self) -> int:
        return len(self._seats)

    def _taken(self, name: bytes) -> Seat | None:
        with self._lock:
            seat = self._seats.get(name)
            if seat is not None:
                seat.users += 1
                self._seats.move_to_end(name)
        return seat

    def _seated(self, name: bytes, made: BaseProtocol) -> Seat:
        """A new seat; the one that is there, if another call was faster."""
        unseated: list[Seat] = []
        with self._lock:
            seat = self._seats.setdefault(name, Seat(made, self._choices.pop(name, Legacy())))
            seat.users += 1
            while len(self._seats) > self._most:
                left, old = self._seats.popitem(last=False)
                unseated.append(old)
                if old.users or old.legacy.chosen:
                    self._choices[left] = old.legacy
                if len(self._choices) > _MOST_CHOICES:
                    self._choices.popitem(last=False)
        for old in unseated:
            self._retire(old)
        if seat.protocol is not made:
            made.close()
        return seat

    def _leave(self, seat: Seat) -> None:
        with self._lock:
            seat.users -= 1
            last = seat.retired and not seat.users
        if last:
            seat.protocol.close()

    def _retire(self, seat: Seat) -> None:
        with self._lock:
            seat.retired = True
            idle = not seat.users
        if idle:
            seat.protocol.close()
