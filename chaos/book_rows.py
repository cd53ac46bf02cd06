"""Plays a market to a book as a venue would that tells rows by their ids, and numbers nothing.

The messages go through the package's own reader. What is shown is compared with the venue's table after each of them, unless one was lost
or doubled while the connection lived and nothing has contradicted it yet: no book could know that. The first message that does contradict
is found by a table of this module's own, and has to end the book.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from book_market import Market, State
from book_schedules import WrongError

from exchangeclient.bitmex.bookrows import BookReader, sorted_book
from exchangeclient.market.booksync import BookSync, SequenceRule, Snapshot, Step

SYMBOL = "XBTUSD"
# Of the messages; the others arrive as they should.
LOST, DOUBLED, BROKEN, AGAIN, REFRESHED = 0.02, 0.02, 0.03, 0.03, 0.05
_SIDES = ("Buy", "Sell")

Table = dict[tuple[str, int], tuple[int, float]]
"""Price and size by side and id. An id is of a price, on either side."""


class RowSchedule:
    """One run.

    :ivar callbacks: how often a user would have been called
    :ivar audits: how often a live book was compared with itself, and was the same
    """

    def __init__(self, market: Market, rule: SequenceRule, random: Random) -> None:
        self._market = market
        self._random = random
        self._priced = random.random() < 0.5  # whether every row has its price, as from 2023 on
        self.sync = BookSync(rule)
        self._reader = BookReader(SYMBOL)
        self.callbacks = self.audits = 0
        self._venue: Table = _table(market.states[0])
        self._heard: Table | None = None  # what was told since the partial, by our own reckoning
        self._tainted = False
        self._partial_due: int | None = 0
        self._kept: tuple[int, Snapshot] | None = None

    def run(self) -> None:
        """Play all events; then the venue and the way are well."""
        at = 0
        for event in self._market.diffs:
            if event.last_id > at:
                at = event.last_id
                for action, rows in _changes(self._venue, _table(self._market.states[at])):
                    self._happen(action, rows)
        self._break()
        self._tell("partial", list(self._venue))
        if not self.sync.live:
            raise WrongError(f"not live in the end: {self.sync.trouble}")

    def _happen(self, action: str, rows: Table) -> None:
        """A message leaves the venue, and arrives or not."""
        if self._partial_due == 0:
            self._partial_due = None
            self._tell("partial", list(self._venue))
        elif self._partial_due is not None:
            self._partial_due -= 1
        _apply(self._venue, action, rows)
        chance = self._random.random()
        if chance < LOST:
            self._tainted = True
        elif chance < LOST + DOUBLED:
            self._tell(action, list(rows), rows)
            self._tainted = True
            self._tell(action, list(rows), rows)
        else:
            self._tell(action, list(rows), rows)
        chance = self._random.random()
        if chance < BROKEN:
            self._break()
        elif chance < BROKEN + AGAIN:
            self._tell("partial", list(self._venue))
        elif chance < BROKEN + AGAIN + REFRESHED:
            self._refresh()
        self._show_kept()

    def _break(self) -> None:
        """The connection is lost; over another one changes may come before the partial."""
        self.sync.lose()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._reader.begin()
        self._heard = self._kept = None
        self._partial_due = self._random.choice((0, 0, 1, 2, 4))

    def _tell(self, action: str, keys: list[tuple[str, int]], rows: Table | None = None) -> None:
        if action == "partial":
            self._tainted = False
        found = self._venue if rows is None else rows
        text = json.dumps({"table": "orderBookL2", "action": action, "data": [self._row(action, key, *found[key]) for key in keys]})
        contradicts = self._contradicts(action, found, keys)
        said = self._reader.read(text.encode())
        if isinstance(said, Snapshot):
            self.sync.begin()
            step = self.sync.snapshot(said)
        else:
            step = Step.WAIT if said is None else self.sync.diff(said)
        if contradicts and self.sync.live:
            raise WrongError(f"live after {text}, which does not follow on what was told")
        if step is Step.APPLY:
            self._called()
        elif step is Step.RESYNC:
            if not contradicts and not self._tainted:
                raise WrongError(f"made anew though nothing was wrong: {self.sync.trouble}")
            self._begin_anew()

    def _row(self, action: str, key: tuple[str, int], price: int, size: float) -> dict[str, Any]:
        side, row_id = key
        row: dict[str, Any] = {"symbol": SYMBOL, "id": row_id, "side": side}
        if action != "delete":
            row["size"] = size
        if self._priced or action in ("partial", "insert"):
            row["price"] = price
        return row

    def _contradicts(self, action: str, rows: Table, keys: list[tuple[str, int]]) -> bool:
        """Keep our own table of what was told; True when a message cannot follow on it."""
        if action == "partial":
            self._heard = dict(rows)
            return False
        if self._heard is None:
            return False
        if any((key in self._heard) == (action == "insert") for key in keys):
            return True
        _apply(self._heard, action, rows)
        return False

    def _refresh(self) -> None:
        """What was read is held against itself, some messages later."""
        rows = self._reader.rows()
        if self.sync.live and rows is not None and self._kept is None:
            number, table = rows
            self.sync.begin()
            self._kept = self._random.randint(0, 3), Snapshot(number, sorted_book((side, row) for (side, _), row in table.items()))

    def _show_kept(self) -> None:
        if self._kept is None:
            return
        left, snapshot = self._kept
        self._kept = left - 1, snapshot
        if left == 0:
            self._kept = None
            before = self.sync.proof.audits_passed
            if self.sync.live and self.sync.snapshot(snapshot) is Step.APPLY:
                self._called()
            if self.sync.proof.audits_failed:
                raise WrongError(f"an audit failed though the book was its own: {self.sync.trouble}")
            self.audits += self.sync.proof.audits_passed - before

    def _called(self) -> None:
        self.callbacks += 1
        if not self.sync.live or self.sync.book is None:
            raise WrongError("a callback while the book is not live")
        if self._tainted:
            return
        shown = self.sync.book.top()
        held = tuple(tuple(_levels(self._venue, side)) for side in _SIDES)
        if tuple(tuple((float(price), float(size)) for price, size in side) for side in shown) != held:
            raise WrongError(f"it shows {shown}, and the venue had {held}")


def _table(state: State) -> Table:
    table: Table = {}
    for side, levels in zip(_SIDES, state, strict=True):
        table.update({(side, 1_000_000 - int(price)): (int(price), float(size)) for price, size in levels})
    return table


def _levels(table: Table, side: str) -> list[tuple[float, float]]:
    rows = [(float(price), size) for (of, _), (price, size) in table.items() if of == side]
    return sorted(rows, reverse=side == "Buy")


def _changes(before: Table, after: Table) -> list[tuple[str, Table]]:
    """The messages that lead from one to the other; no book is crossed between them."""
    gone = {key: before[key] for key in before.keys() - after.keys()}
    other = {key: after[key] for key in before.keys() & after.keys() if before[key] != after[key]}
    new = {key: after[key] for key in after.keys() - before.keys()}
    return [(action, dict(sorted(rows.items()))) for action, rows in (("delete", gone), ("update", other), ("insert", new)) if rows]


def _apply(table: Table, action: str, rows: Table) -> None:
    for key, row in rows.items():
        if action == "delete":
            table.pop(key, None)
        else:
            table[key] = row
