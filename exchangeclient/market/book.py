"""The two sorted sides of an order book: apply changes, read the best levels. Texts stay as the venue wrote them.

Whether a change may be applied at all is :mod:`~exchangeclient.market.booksync`'s question. Threads are
:mod:`exchangeclient.core.keptbook`'s.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import zip_longest
from operator import neg
from typing import Any, Final, Literal
from zlib import crc32

from exchangeclient.numbers import exact, plain

Level = tuple[str, str]
"""A price and its quantity, as the venue wrote them. How long a text may be is the concern of whoever reads the message."""

# What is longer is looked at by `exact`, which knows how long a number may be.
_is_plain = re.compile(r"[0-9]{1,32}(?:\.[0-9]{1,32})?").fullmatch
_NOWHERE: Final = float("-inf")
_ENDLESS: Final = float("inf")
_ZERO: Final = Decimal(0)
_FROM_BEST: Final = slice(None, None, -1)


def levels(rows: Iterable[Sequence[Any]]) -> list[Level]:
    """Rows of any origin as levels: numbers are written out plainly (``0E-8``, a float), texts that are plain stay as they are.

    :raises TypeError: when a row holds something that is no number
    :raises ValueError: when it is negative, NaN, infinite or no number's text, or the row has not two fields
    """
    return [_level(price, quantity) for price, quantity in rows]


class Side:
    """One side of a book.

    The best level is at the end, where most changes happen, so that little is moved. ``_keys`` runs beside ``_levels`` with the
    prices as floats to bisect in (asks negated, so that both sides ascend), and ``_amounts`` with the quantities as floats, which tell
    zero however it is written; ``_key_of`` has the keys by the prices' texts, so that the usual change, another quantity at a known
    price, needs no arithmetic. A read is a slice: levels are tuples, and never change.

    :ivar known_to: the price to which the side is known, None when it is known whole: there may be more levels beyond it
    :ivar bound: the key of that price
    :ivar half: half as many levels as were known in the beginning, 0 when all are
    """

    __slots__ = ("_amounts", "_key_of", "_keys", "_levels", "_shared", "_sign", "bound", "half", "known_to")

    def __init__(self, sign: Literal[1, -1], rows: Sequence[Level] = (), depth: int | None = None) -> None:
        self._sign = sign
        self._keys: list[float] = []
        self._levels: list[Level] = []
        self._amounts: list[float] = []
        self._key_of: dict[str, float] = {}
        self._shared = False  # whether prices of many digits share one float
        self.bound = _NOWHERE
        self.half = 0
        self.known_to: str | None = None
        self.apply(reversed(rows))
        if depth is not None and rows and len(rows) >= depth:
            self.known_to, self.half = rows[-1][0], depth // 2
            self.bound = sign * float(self.known_to)

    def __len__(self) -> int:
        return len(self._levels)

    def top(self, n: int | None = None) -> tuple[Level, ...]:
        """The ``n`` best levels, best first; all of them when ``n`` is None.

        :raises TypeError: when ``n`` is no whole number
        :raises ValueError: when it is negative
        """
        return tuple(self._levels[_first(n)])

    def floats(self, n: int | None = None) -> tuple[list[float], list[float]]:
        """The prices and the quantities of the ``n`` best levels, best first, as floats, which it has anyway."""
        first = _first(n)
        keys = self._keys[first]
        return keys if self._sign > 0 else list(map(neg, keys)), self._amounts[first]

    def best(self) -> Level | None:
        """The best level, or None when the side is empty."""
        return self._levels[-1] if self._levels else None

    def certain(self) -> int:
        """How many levels, from the best on, there is certainly none missing between: those up to :attr:`known_to`."""
        return len(self._keys) - bisect_left(self._keys, self.bound)

    def down_to(self, bound: float) -> list[Level]:
        """The levels up to a :attr:`bound`, best last."""
        return self._levels[bisect_left(self._keys, bound) :]

    def apply(self, changes: Iterable[Level]) -> None:
        """Set the quantity at each price; zero removes the level.

        :param changes: prices as plain digits (what is not is written so), and quantities as Python reads a float, kept as they are
        :raises ValueError: when one is no number of zero or more; what came before it is applied, so that the side is of no use any more
        """
        keys, mine, amounts, key_of, find = self._keys, self._levels, self._amounts, self._key_of, self._key_of.get
        exactly = self._shared
        for level in changes:
            price, quantity = level
            try:
                amount = float(quantity)
            except ValueError:
                amount = _NOWHERE
            if not 0.0 <= amount < _ENDLESS:  # NaN is neither
                raise ValueError(f"quantity must be a number of zero or more, but is {quantity[:40]!r}")
            key = find(price)
            if key is not None and not exactly:
                index = bisect_left(keys, key)
                if amount:
                    mine[index] = level
                    amounts[index] = amount
                else:
                    del keys[index], mine[index], amounts[index], key_of[price]
                continue
            if not price.replace(".", "", 1).isdecimal():
                level = _plain(price, "price"), quantity  # noqa: PLW2901 - the same one, written plainly
            key = self._sign * float(price)
            index = bisect_left(keys, key)
            if index < len(keys) and keys[index] == key:
                self._meet_like(level, amount, index)
                exactly = self._shared
            elif amount:  # else it was below what the snapshot showed: normal
                self._insert(index, key, level, amount)

    def _insert(self, index: int, key: float, level: Level, amount: float) -> None:
        self._keys.insert(index, key)
        self._levels.insert(index, level)
        self._amounts.insert(index, amount)
        self._key_of[level[0]] = key

    def _meet_like(self, level: Level, amount: float, index: int) -> None:
        """Apply one whose float is there already: the same price in another spelling, or, with many digits, nearly the same."""
        price, quantity = level
        key, number = self._keys[index], Decimal(price)
        while index < len(self._keys) and self._keys[index] == key:
            known = self._levels[index][0]
            if Decimal(known) == number:
                if amount:
                    self._levels[index], self._amounts[index] = (known, quantity), amount
                else:
                    del self._keys[index], self._levels[index], self._amounts[index], self._key_of[known]
                return
            if (number < Decimal(known)) == (self._sign > 0):
                break
            index += 1
        if amount:
            self._shared = True
            self._insert(index, key, level, amount)

    def copy(self) -> Side:
        """The same levels, independent of this side."""
        twin = Side(self._sign)
        twin._keys, twin._levels, twin._amounts = self._keys.copy(), self._levels.copy(), self._amounts.copy()
        twin._key_of = self._key_of.copy()
        twin._shared, twin.bound, twin.known_to, twin.half = self._shared, self.bound, self.known_to, self.half
        return twin


class OrderBook:
    """A book of price levels. Numerically equal prices are one level, however they are spelled.

    :param bids: rows of price and quantity, of any origin, best first
    :param depth: how many levels the rows of a side hold at most; where there are as many, there may be more that are not known
    :raises TypeError: see :func:`levels`
    :raises ValueError: see :func:`levels`
    """

    __slots__ = ("asks", "bids")

    def __init__(self, bids: Sequence[Sequence[Any]] = (), asks: Sequence[Sequence[Any]] = (), depth: int | None = None) -> None:
        self.bids = Side(1, levels(bids), depth)
        self.asks = Side(-1, levels(asks), depth)

    def apply(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Set the quantity of each price; zero removes the level.

        :raises ValueError: when a text is no number of zero or more. Part of it may be applied then: the book is of no use any more
        """
        if bids:
            self.bids.apply(bids)
        if asks:
            self.asks.apply(asks)

    @property
    def crossed(self) -> bool:
        """True when the best bid is not below the best ask, which no venue's book is at rest."""
        bid, ask = self.bids.best(), self.asks.best()
        return bid is not None and ask is not None and Decimal(bid[0]) >= Decimal(ask[0])

    @property
    def outgrown(self) -> bool:
        """True when the levels that the snapshot showed of a side are all gone, so that its best one may be unknown."""
        return any(side.known_to is not None and side.certain() == 0 for side in (self.bids, self.asks))

    @property
    def is_short(self) -> bool:
        """True when of the levels that the snapshot showed of a side less than half are left."""
        return any(side.certain() < side.half for side in (self.bids, self.asks))

    @property
    def sound(self) -> bool:
        """True when it is neither :attr:`crossed` nor :attr:`outgrown`."""
        bids, asks = self.bids._keys, self.asks._keys
        bid, ask = bids[-1] if bids else _NOWHERE, asks[-1] if asks else _NOWHERE
        if bid + ask < 0 and bid >= self.bids.bound and ask >= self.asks.bound:  # as ever, and told by the keys alone
            return True
        return not (self.crossed or self.outgrown)

    def top(self, n: int | None = None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """The ``n`` best bids and the ``n`` best asks, best first."""
        first = slice(None, -n - 1, -1) if type(n) is int and n >= 0 else _first(n)
        return tuple(self.bids._levels[first]), tuple(self.asks._levels[first])

    def checksum(self, n: int = 25) -> int:
        """CRC-32, with a sign, of the ``n`` best levels: a bid and an ask in turn, ``price:quantity``, in the venue's own texts."""
        bids, asks = self.top(n)
        texts = [f"{price}:{quantity}" for pair in zip_longest(bids, asks) for price, quantity in filter(None, pair)]
        crc = crc32(":".join(texts).encode())
        return crc - (1 << 32) if crc >= 1 << 31 else crc

    def copy(self) -> OrderBook:
        """The same book, independent of this one."""
        twin = OrderBook()
        twin.bids, twin.asks = self.bids.copy(), self.asks.copy()
        return twin


def difference(book: OrderBook, other: OrderBook) -> str | None:
    """The best level in which two books differ, of those that both know; None when there is none."""
    for name, side, others in (("bid", book.bids, other.bids), ("ask", book.asks, other.asks)):
        bound = max(side.bound, others.bound)
        levels_here, levels_there = side.down_to(bound), others.down_to(bound)
        if levels_here == levels_there:
            continue
        here, there = _numbers(levels_here), _numbers(levels_there)
        for price in sorted(here.keys() | there.keys(), reverse=side is book.bids):
            if here.get(price) != there.get(price):
                return f"{name} {price:f} is {here.get(price, _ZERO):f} in one and {there.get(price, _ZERO):f} in the other"
    return None


def _numbers(shown: Iterable[Level]) -> dict[Decimal, Decimal]:
    return {Decimal(price): Decimal(quantity) for price, quantity in shown}


def _first(n: int | None) -> slice:
    if n is None:
        return _FROM_BEST
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"n must be an int or None, not {type(n).__name__}")
    if n < 0:
        raise ValueError(f"n must not be negative, but is {n}")
    return slice(None, -int(n) - 1, -1)


def _level(price: object, quantity: object) -> Level:
    return _plain(price, "price"), _plain(quantity, "quantity")


def _plain(value: object, name: str) -> str:
    if type(value) is str and _is_plain(value):
        return value
    if exact(value, name) < 0:
        raise ValueError(f"{name} must not be negative, but is {value}")
    return plain(value, name)
