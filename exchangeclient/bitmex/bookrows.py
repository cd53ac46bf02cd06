"""Reads the books of BitMEX: ``orderBookL2``, whose rows are known by their side and id. No I/O.

Source: https://www.bitmex.com/app/wsAPI#OrderBookL2
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Raw, Struct

from exchangeclient.bitmex.messages import milliseconds
from exchangeclient.core.http import jsonio
from exchangeclient.market.book import Level, OrderBook, levels
from exchangeclient.market.booksync import Diff, Snapshot

log = logging.getLogger(__name__)


class _Row(Struct):
    """A row of ``orderBookL2``; its figures as the venue writes them."""

    id: int
    side: str
    symbol: str = ""
    price: Raw = Raw(b"null")
    size: Raw = Raw(b"null")
    timestamp: str | None = None


class _Frame(Struct):
    """A message of a table, of the rows of which nothing is known."""

    action: str
    data: list[_Row]
    table: str = ""


_NOTHING: Final = b"null"
_GONE: Final = "0"
_SIDES: Final = ("Buy", "Sell")
_ACTIONS: Final = ("insert", "update", "delete")
RowKey = tuple[str, int]
"""A row's side and id."""

BookRow = tuple[str, str, int]
"""A level of the book: its price, its size, and the number of the message that said so."""


class BookReader:
    """Reads the messages of one symbol's ``orderBookL2``: the partial that it begins with, then rows by their ids.

    The venue numbers nothing: the messages are counted here, and what cannot follow on what is known (a row that there is not is
    changed, one that there is is inserted, a price is another one) counts as one message that is missing. Then nothing is read until the
    next partial. Until 2023 a row's price came with its partial or insert alone; it is remembered by its id.
    """

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._decode = jsonio.typed(_Frame)
        self._refusals = jsonio.refusals()
        self._count = 0
        self._whole = False
        self._rows: dict[RowKey, BookRow] = {}
        self._taken: dict[tuple[str, str], int] = {}
        self.trouble = ""

    def begin(self) -> None:
        """The stream begins anew: nothing it says before its partial belongs to anything."""
        self._whole = False

    def rows(self) -> tuple[int, dict[RowKey, BookRow]] | None:
        """The number of the last message, and the rows by side and id as they were then; None when that is not known."""
        return (self._count, self._rows.copy()) if self._whole else None

    def read(self, payload: bytes) -> Diff | Snapshot | None:
        """The book or the changes in a message; None when it is of another kind, or of no use.

        :raises ValueError: when it cannot be read
        """
        try:
            frame = self._decode(payload)
        except self._refusals as error:
            raise ValueError(f"a message of a book has an action and rows, but this one is {payload[:200]!r}: {error}") from error
        rows = [row for row in frame.data if row.symbol == self._symbol]
        try:
            return self._start(rows) if frame.action == "partial" else self._follow(frame.action, rows)
        except ValueError:
            self._whole = False
            raise

    def _follow(self, action: str, rows: Sequence[_Row]) -> Diff | None:
        if not self._whole or not rows or action not in _ACTIONS:
            return None
        self._count += 1
        bids: list[Level] = []
        asks: list[Level] = []
        for row in rows:
            level = self._change(action, row)
            if level is None:
                return self._stop(f"{action} of {row.side} {row.id} at {_text(row.price)} does not follow on what is known")
            (bids if row.side == "Buy" else asks).append(level)
        return Diff(self._count - 1, self._count, bids, asks, milliseconds(rows[-1].timestamp))

    def _start(self, rows: Sequence[_Row]) -> Diff | Snapshot | None:
        """A whole book: the first one, or one that takes the place of what is there."""
        sides: dict[str, list[tuple[str, int, str]]] = {"Buy": [], "Sell": []}
        self._count += 1
        for row in rows:
            price, size = _text(row.price), _text(row.size)
            if row.side not in sides or price is None or size is None:
                raise ValueError(f"a level has a side, a price and a size, but one of id {row.id} has {row.side}, {price} and {size}")
            sides[row.side].append((price, row.id, size))
        before, was_whole = self._rows, self._whole
        held, taken = dict[RowKey, BookRow](), dict[tuple[str, str], int]()
        plain: dict[str, list[Level]] = {}
        for side, found in sides.items():
            plain[side] = levels([(price, size) for price, _, size in found])
            for (_, row_id, _), (price, size) in zip(found, plain[side], strict=True):
                held[side, row_id] = price, size, self._count
                taken[side, price] = row_id
        if len(held) != len(rows) or len(taken) != len(rows):
            raise ValueError(f"a partial of {self._symbol} has a level twice")
        self._rows, self._taken, self._whole = held, taken, True
        if not was_whole:
            return Snapshot(self._count, sorted_book((side, row) for (side, _), row in held.items()))
        changes: dict[str, list[Level]] = {"Buy": [], "Sell": []}
        known = {(side, price): size for (side, _), (price, size, _) in before.items()}
        for side, price in known.keys() - taken.keys():
            changes[side].append((price, _GONE))
        for side, found_levels in plain.items():
            changes[side] += [level for level in found_levels if known.get((side, level[0])) != level[1]]
        return Diff(self._count - 1, self._count, changes["Buy"], changes["Sell"], None)

    def _change(self, action: str, row: _Row) -> Level | None:
        """A row's change as one of a level; None when it does not follow on what is known."""
        known = self._rows.get((row.side, row.id))
        if action == "insert":
            return self._insert(row) if known is None else None
        price, size = _text(row.price), _text(row.size)
        if known is None or (price is not None and _plain(price) != known[0]):
            return None
        price = known[0]
        if action == "delete":
            del self._rows[row.side, row.id], self._taken[row.side, price]
            return price, _GONE
        size = known[1] if size is None else _plain(size)
        self._rows[row.side, row.id] = price, size, self._count
        return price, size

    def _insert(self, row: _Row) -> Level | None:
        price, size = _text(row.price), _text(row.size)
        if row.side not in _SIDES or price is None or size is None:
            return None
        price, size = _plain(price), _plain(size)
        if (row.side, price) in self._taken:
            return None
        self._rows[row.side, row.id] = price, size, self._count
        self._taken[row.side, price] = row.id
        return price, size

    def _stop(self, trouble: str) -> Diff:
        """Something before this has not come: the next partial is waited for."""
        self.trouble = trouble
        log.warning("%s: %s", self._symbol, trouble)
        self._whole = False
        self._count += 1
        return Diff(self._count - 1, self._count, [], [], None)


def _text(raw: Raw) -> str | None:
    """A figure as the venue writes it; None where there is none."""
    text = bytes(raw)
    return None if text == _NOTHING else text.decode()


def _plain(text: str) -> str:
    """A figure as books write it: plain digits."""
    return levels([(text, _GONE)])[0][0]


def sorted_book(rows: Iterable[tuple[str, BookRow]]) -> OrderBook:
    """The book of rows with their sides."""
    sides: dict[str, list[Level]] = {"Buy": [], "Sell": []}
    for side, (price, size, _) in rows:
        sides[side].append((price, size))
    for found in sides.values():
        found.sort(key=_price)
    return OrderBook(sides["Buy"][::-1], sides["Sell"])


def _price(level: Level) -> float:
    return float(level[0])
