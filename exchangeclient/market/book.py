"""The two sorted sides of an order book: apply changes, read the best levels. Texts stay as the venue wrote them.

Whether a change may be applied at all is :mod:`~exchangeclient.market.booksync`'s question. Threads are
:mod:`exchangeclient.core.books.keptbook`'s.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from operator import itemgetter
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
_MOST_KEPT: Final = 100
_copy = list[float].copy
_FROM_BEST: Final = slice(None, None, -1)


def levels(rows: Iterable[Sequence[Any]]) -> list[Level]:
    """Rows of any origin as levels: numbers are written out plainly (``0E-8``, a float), texts that are plain stay as they are.

    :raises TypeError: when a row holds something that is no number
    :raises ValueError: when it is negative, NaN, infinite or no number's text, or the row has not two fields
    """
    return [_level(price, quantity) for price, quantity in rows]


class Side:
    """One side of a book.

    ``_levels`` has them by the prices' texts, so that the usual change, another quantity at a known price, needs neither arithmetic
    nor a search. ``_prices`` are the texts in order, and ``_keys`` runs beside them with the prices as floats to bisect in (asks negated,
    so that both sides ascend). The best one is at the end, where most come and go, so that little is moved. Levels are tuples, and
    never change.

    What has been read will be read again: the ``_head`` of as many levels as were asked for, and the ``_rows`` of floats, are kept ready
    from the next change on. Whoever changes the side does that; a reader only leaves a wish.

    :ivar known_to: the price to which the side is known, None when it is known whole: there may be more levels beyond it
    :ivar bound: the key of that price
    :ivar half: half as many levels as were known in the beginning, 0 when all are
    """

    __slots__ = (
        *("_head", "_head_of", "_head_size", "_head_wanted"),
        *("_keys", "_levels", "_prices", "_row_at", "_rows", "_rows_wanted", "_sign"),
        *("bound", "half", "known_to"),
    )

    def __init__(self, sign: Literal[1, -1], rows: Sequence[Level] = (), depth: int | None = None) -> None:
        self._sign = sign
        self._keys: list[float] = []
        self._prices: list[str] = []
        self._levels: dict[str, Level] = {}
        self._head_wanted = self._head_size = 0
        self._head: tuple[Level, ...] = ()
        self._head_of = _at(())
        self._rows_wanted = False
        self._rows: list[list[float]] = []
        self._row_at: dict[str, list[float]] = {}  # empty while rows are not kept
        self.bound = _NOWHERE
        self.half = 0
        self.known_to: str | None = None
        self.apply(reversed(rows))
        if depth is not None and rows and len(rows) >= depth:
            self.known_to, self.half = rows[-1][0], depth // 2
            self.bound = sign * float(self.known_to)

    def __len__(self) -> int:
        return len(self._keys)

    def top(self, n: int | None = None) -> tuple[Level, ...]:
        """The ``n`` best levels, best first; all of them when ``n`` is None.

        :raises TypeError: when ``n`` is no whole number
        :raises ValueError: when it is negative
        """
        first = _first(n)
        if n is not None and n <= _MOST_KEPT:
            if n <= self._head_size:
                return self._head[:n]
            self._head_wanted = max(n, self._head_wanted)
        return _at(self._prices[first])(self._levels)

    def rows(self, n: int | None = None) -> Iterable[list[float]]:
        """The ``n`` best levels, best first, as new lists of a price and a quantity, which are floats; to be gone through at once.

        :raises TypeError: see :meth:`top`
        :raises ValueError: see :meth:`top`
        """
        first = _first(n)
        if self._row_at:
            return map(_copy, self._rows[first])
        self._rows_wanted = True
        return map(_row, _at(self._prices[first])(self._levels))

    def best(self) -> Level | None:
        """The best level, or None when the side is empty."""
        return self._levels[self._prices[-1]] if self._prices else None

    def certain(self) -> int:
        """How many levels, from the best on, there is certainly none missing between: those up to :attr:`known_to`."""
        return len(self._keys) - bisect_left(self._keys, self.bound)

    def down_to(self, bound: float) -> tuple[Level, ...]:
        """The levels up to a :attr:`bound`, best last."""
        return _at(self._prices[bisect_left(self._keys, bound) :])(self._levels)

    def apply(self, changes: Iterable[Level]) -> bool:  # noqa: PLR0912 - a call for each level would be a good part of the time
        """Set the quantity at each price; zero removes the level.

        :param changes: prices as plain digits (what is not is written so), and quantities as Python reads a float, kept as they are
        :returns: False when the prices are the same as before
        :raises ValueError: when one is no number of zero or more; what came before it is applied, so that the side is of no use any more
        """
        if self._rows_wanted:
            self._keep_rows()
        levels, row_at, endless = self._levels, self._row_at, _ENDLESS
        is_reordered = False
        for level in changes:
            price, quantity = level
            try:
                amount = float(quantity)
            except ValueError:
                amount = _NOWHERE
            if price in levels and 0.0 < amount < endless:
                levels[price] = level
                if row_at:
                    row_at[price][1] = amount
                continue
            if not 0.0 <= amount < endless:  # NaN is neither
                raise ValueError(f"quantity must be a number of zero or more, but is {quantity[:40]!r}")
            is_known = price in levels
            if not is_known and not price.replace(".", "", 1).isdecimal():
                level = _plain(price, "price"), quantity  # noqa: PLW2901 - the same one, written plainly
                price = level[0]
            is_reordered = True
            keys, prices = self._keys, self._prices
            key = self._sign * float(price)
            index = bisect_left(keys, key)
            if is_known:
                while prices[index] != price:  # prices of many digits may share a float
                    index += 1
                del keys[index], prices[index], levels[price]
                if row_at:
                    del self._rows[index], row_at[price]
                continue
            if index < len(keys) and keys[index] == key:
                index = self._meet_like(level, amount, index)
            if amount and index >= 0:  # else it was below what the snapshot showed: normal
                keys.insert(index, key)
                prices.insert(index, price)
                levels[price] = level
                if row_at:
                    row_at[price] = row = [self._sign * key, amount]
                    self._rows.insert(index, row)
        size = self._head_wanted
        if size:
            if is_reordered or size != self._head_size:
                first = self._prices[: -size - 1 : -1]
                self._head_size, self._head_of = size, itemgetter(*first) if len(first) > 1 else _at(first)
            self._head = self._head_of(levels)
        return is_reordered

    def _meet_like(self, level: Level, amount: float, index: int) -> int:
        """Apply one whose float is there already, if it is the same price in another spelling.

        :returns: where else it is to stand, since with many digits prices may be only nearly the same; -1 when it was applied
        """
        price, quantity = level
        key, number = self._keys[index], Decimal(price)
        while index < len(self._keys) and self._keys[index] == key:
            known = self._prices[index]
            if Decimal(known) == number:
                if amount:
                    self._levels[known] = known, quantity
                    if self._row_at:
                        self._row_at[known][1] = amount
                else:
                    del self._keys[index], self._prices[index], self._levels[known]
                    if self._row_at:
                        del self._rows[index], self._row_at[known]
                return -1
            if (number < Decimal(known)) == (self._sign > 0):
                break
            index += 1
        return index

    def _keep_rows(self) -> None:
        """From now on there are rows, too."""
        self._rows_wanted = False
        self._rows = [_row(self._levels[price]) for price in self._prices]
        self._row_at = dict(zip(self._prices, self._rows, strict=True))

    def copy(self) -> Side:
        """The same levels, independent of this side."""
        twin = Side(self._sign)
        twin._keys, twin._prices, twin._levels = self._keys.copy(), self._prices.copy(), self._levels.copy()
        twin._head_wanted, twin._head_size, twin._head, twin._head_of = self._head_wanted, self._head_size, self._head, self._head_of
        twin._rows_wanted = self._rows_wanted
        if self._row_at:
            twin._rows = list(map(_copy, self._rows))
            twin._row_at = dict(zip(twin._prices, twin._rows, strict=True))
        twin.bound, twin.known_to, twin.half = self.bound, self.known_to, self.half
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

    def apply(self, bids: Sequence[Level], asks: Sequence[Level]) -> bool:
        """Set the quantity of each price; zero removes the level.

        :returns: False when the prices are the same as before, so that the book is as :attr:`sound` as it was
        :raises ValueError: when a text is no number of zero or more. Part of it may be applied then: the book is of no use any more
        """
        is_reordered = False
        if bids:
            is_reordered = self.bids.apply(bids)
        if asks:
            is_reordered |= self.asks.apply(asks)
        return is_reordered

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
        bids, asks = self.bids, self.asks
        if bids._keys and asks._keys:
            bid, ask = bids._keys[-1], asks._keys[-1]
            if bid + ask < 0 and bid >= bids.bound and ask >= asks.bound:  # as ever, and told by the keys alone
                return True
        return not (self.crossed or self.outgrown)

    def top(self, n: int | None = None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """The ``n`` best bids and the ``n`` best asks, best first."""
        bids, asks = self.bids, self.asks
        if type(n) is int and n == bids._head_size == asks._head_size:  # as ever
            return bids._head, asks._head
        return bids.top(n), asks.top(n)

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


def _at(prices: Sequence[str]) -> Callable[[Mapping[str, Level]], tuple[Level, ...]]:
    """What takes the levels at these prices, by one call for all of them."""
    if len(prices) > 1:
        return itemgetter(*prices)
    return lambda levels: tuple([levels[price] for price in prices])


def _row(level: Level) -> list[float]:
    return [float(level[0]), float(level[1])]
