"""The two sorted sides of an order book: apply changes, read the best levels. Texts stay as the venue wrote them.

Whether a change may be applied at all is :mod:`~exchangeclient.market.booksync`'s question. Threads are
:mod:`exchangeclient.core.books`'s.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

from exchangeclient.numbers import exact, plain

Level = tuple[str, str]
"""A price and its quantity, as the venue wrote them."""

# What is longer is looked at by `exact`, which knows how long a number may be.
_is_plain = re.compile(r"[0-9]{1,32}(?:\.[0-9]{1,32})?").fullmatch


class Side:
    """One side of a book.

    ``levels`` holds ``[price, quantity]`` texts with the best level at the end, where most changes happen, so that little is
    moved; ``keys`` runs beside it with the prices as floats to bisect in (asks negated, so that both sides ascend).
    ``by_price`` finds a level by its text: a change of quantity, the usual case, needs no arithmetic at all.
    """

    __slots__ = ("_by_price", "_keys", "_levels", "_sign")

    def __init__(self, sign: Literal[1, -1]) -> None:
        self._sign = sign
        self._by_price: dict[str, list[str]] = {}
        self._keys: list[float] = []
        self._levels: list[list[str]] = []

    def __len__(self) -> int:
        return len(self._levels)

    def top(self, n: int | None = None) -> tuple[Level, ...]:
        """The ``n`` best levels, best first; all of them when ``n`` is None.

        :raises TypeError: when ``n`` is no whole number
        :raises ValueError: when it is negative
        """
        if n is not None and (isinstance(n, bool) or not isinstance(n, int)):
            raise TypeError(f"n must be an int or None, not {type(n).__name__}")
        if n is not None and n < 0:
            raise ValueError(f"n must not be negative, but is {n}")
        return tuple([(price, quantity) for price, quantity in self._levels[: None if n is None else -n - 1 : -1]])

    def best(self) -> Level | None:
        """The best level, or None when the side is empty."""
        if not self._levels:
            return None
        price, quantity = self._levels[-1]
        return price, quantity

    def checked(self, levels: Sequence[Sequence[Any]]) -> Iterable[Sequence[str]]:
        """The levels with every number plain and not negative; one that is written otherwise (``0E-8``, a float) is rewritten.

        :raises TypeError: when a level holds something that is no number
        :raises ValueError: when it is negative, NaN, infinite or no number's text, or the level has not two fields
        """
        known = self._by_price
        for price, quantity in levels:
            if type(quantity) is not str or type(price) is not str or not (price in known or _is_plain(price)) or not _is_plain(quantity):
                return [(_rewritten(price, "price"), _rewritten(quantity, "quantity")) for price, quantity in levels]
        return levels

    def apply(self, levels: Iterable[Sequence[str]]) -> None:
        """Set the quantity at each price; zero removes the level. The texts are :meth:`checked`."""
        find = self._by_price.get
        for price, quantity in levels:
            level = find(price)
            # `strip` leaves nothing of 0, 0.0, 0.00000000
            if quantity[0] == "0" and not quantity.strip("0."):
                self._remove(price)
            elif level is not None:
                level[1] = quantity
            else:
                self._add(price, quantity)

    def _add(self, price: str, quantity: str) -> None:
        index, found = self._locate(price)
        if found:  # the same price in another spelling: 0.10 and 0.1 are one level
            self._levels[index][1] = quantity
            return
        level = [price, quantity]
        self._by_price[price] = level
        self._keys.insert(index, self._sign * float(price))
        self._levels.insert(index, level)

    def _remove(self, price: str) -> None:
        index, found = self._locate(price)
        if found:  # else it was below what the snapshot showed: normal
            del self._by_price[self._levels[index][0]]
            del self._keys[index], self._levels[index]

    def _locate(self, price: str) -> tuple[int, bool]:
        """The index of the level with this price and True, or the index where it belongs and False."""
        key = self._sign * float(price)
        index = bisect_left(self._keys, key)
        # Prices of many digits can share one float: those are told apart exactly.
        while index < len(self._keys) and self._keys[index] == key:
            here, there = Decimal(price), Decimal(self._levels[index][0])
            if here == there:
                return index, True
            if (here < there) == (self._sign > 0):
                break
            index += 1
        return index, False

    def copy(self) -> Side:
        """The same levels, independent of this side."""
        twin = Side(self._sign)
        twin._keys = self._keys.copy()
        twin._levels = [level.copy() for level in self._levels]
        twin._by_price = {level[0]: level for level in twin._levels}
        return twin


class OrderBook:
    """A book of price levels. Numerically equal prices are one level, however they are spelled."""

    __slots__ = ("asks", "bids")

    def __init__(self, bids: Sequence[Sequence[Any]] = (), asks: Sequence[Sequence[Any]] = ()) -> None:
        self.bids = Side(1)
        self.asks = Side(-1)
        self.apply(bids, asks)

    def apply(self, bids: Sequence[Sequence[Any]], asks: Sequence[Sequence[Any]]) -> None:
        """Set the quantity of each ``[price, quantity]``; zero removes the level. All of it is applied, or nothing.

        :raises TypeError: see :meth:`Side.checked`
        :raises ValueError: see :meth:`Side.checked`
        """
        checked_bids, checked_asks = self.bids.checked(bids), self.asks.checked(asks)
        self.bids.apply(checked_bids)
        self.asks.apply(checked_asks)

    @property
    def crossed(self) -> bool:
        """True when the best bid is not below the best ask, which no venue's book is at rest."""
        bid, ask = self.bids.best(), self.asks.best()
        return bid is not None and ask is not None and Decimal(bid[0]) >= Decimal(ask[0])

    def top(self, n: int | None = None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """The ``n`` best bids and the ``n`` best asks, best first."""
        return self.bids.top(n), self.asks.top(n)

    def copy(self) -> OrderBook:
        """The same book, independent of this one."""
        twin = OrderBook()
        twin.bids = self.bids.copy()
        twin.asks = self.asks.copy()
        return twin


def _rewritten(value: object, name: str) -> str:
    if exact(value, name) < 0:
        raise ValueError(f"{name} must not be negative, but is {value}")
    return plain(value, name)
