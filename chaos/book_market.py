"""A venue's order book as plain tuples, with what it was at every number, the changes that led there, and its snapshots."""

from __future__ import annotations

from random import Random

from exchangeclient.market.book import Level, OrderBook
from exchangeclient.market.booksync import Diff, Snapshot

State = tuple[tuple[Level, ...], tuple[Level, ...]]
"""Bids and asks, best first."""

_REACH = 7  # how many ticks from the middle there are orders
_FIRST = 50


class Market:
    """A random market of so many events.

    :ivar states: what the book was, by number
    :ivar diffs: the events; each covers one to three numbers
    """

    def __init__(self, random: Random, events: int) -> None:
        self._random = random
        self._middle = _FIRST
        self._sides: tuple[dict[int, str], dict[int, str]] = ({}, {})
        for _ in range(12):
            self._move({}, {})
        self.states: list[State] = [self._state()]
        self.diffs: list[Diff] = []
        for _ in range(events):
            self._happen()

    @property
    def last_id(self) -> int:
        """The number of the newest state."""
        return len(self.states) - 1

    def snapshot(self, at: int, depth: int | None) -> Snapshot:
        """What the venue says of itself at a number."""
        bids, asks = self.states[at]
        return Snapshot(at, OrderBook(bids[:depth], asks[:depth], depth))

    def numbered(self, first: int) -> tuple[int, int]:
        """The numbers by which the venue tells an event that begins with this one."""
        return first, self.last_id

    def _happen(self) -> None:
        first = len(self.states)
        changed: tuple[dict[int, str], dict[int, str]] = ({}, {})
        for _ in range(self._random.choice((1, 1, 2, 3))):
            self._move(*changed)
            self.states.append(self._state())
        bids, asks = ([(str(price), quantity) for price, quantity in side.items()] for side in changed)
        self.diffs.append(Diff(*self.numbered(first), bids, asks, first * 10))

    def _move(self, changed_bids: dict[int, str], changed_asks: dict[int, str]) -> None:
        """One order comes, goes or is another size; now and then the middle moves, and what is in its way is traded."""
        random, (bids, asks) = self._random, self._sides
        if random.random() < 0.3:
            self._middle += random.choice((-1, 1))
            for price in [price for price in bids if price >= self._middle]:
                del bids[price]
                changed_bids[price] = "0.00"
            for price in [price for price in asks if price <= self._middle]:
                del asks[price]
                changed_asks[price] = "0.00"
        away, quantity = random.randint(1, _REACH), random.choice(("0.00", "1.00", "2.50", "3.00"))
        side, changed, price = (
            (bids, changed_bids, self._middle - away) if random.random() < 0.5 else (asks, changed_asks, self._middle + away)
        )
        changed[price] = quantity
        if quantity == "0.00":
            side.pop(price, None)
        else:
            side[price] = quantity

    def _state(self) -> State:
        bids, asks = self._sides
        return (
            tuple([(str(price), bids[price]) for price in sorted(bids, reverse=True)]),
            tuple([(str(price), asks[price]) for price in sorted(asks)]),
        )


class ChainedMarket(Market):
    """One whose events name the number of the one before; now and then there is one that changes nothing."""

    def numbered(self, first: int) -> tuple[int, int]:
        """The number before, and its own."""
        return first - 1, self.last_id

    def _happen(self) -> None:
        super()._happen()
        if self._random.random() < 0.1:
            self.diffs.append(Diff(self.last_id, self.last_id, [], [], self.last_id * 10))
