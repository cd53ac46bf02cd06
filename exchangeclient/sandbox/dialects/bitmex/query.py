"""What all of BitMEX's tables can be asked by: ``filter``, ``columns``, ``count``, ``start``, ``reverse``, ``startTime``, ``endTime``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exchangeclient.sandbox.dialects.bitmex import errors, words
from exchangeclient.sandbox.dialects.bitmex.params import Params
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Row

SHARED = ("symbol", "filter", "columns", "count", "start", "reverse", "startTime", "endTime")
_USUAL, _MOST = 100, 500
_MOST_OF_TRADES = 1000
_ENDED = ("Canceled", "Filled", "Rejected", "Expired")

_SPECIAL: Mapping[str, Callable[[Row], bool]] = {
    "open": lambda row: bool(row.get("isOpen", row.get("ordStatus") not in _ENDED)),
    "ordStatus.isTerminated": lambda row: row.get("ordStatus") in _ENDED,
}


class Page:
    """Which rows are asked for: so many from this one on, of a time."""

    def __init__(self, params: Params, table: str) -> None:
        most = _MOST_OF_TRADES if table.startswith("trade") else _MOST
        count, start = params.whole("count"), params.whole("start")
        if (count is not None and count < 0) or (start or 0) < 0:
            raise errors.BAD("count" if count is not None and count < 0 else "start")
        self.count = min(_USUAL if count is None else count, most)
        self.start = start or 0
        self.reverse = params.flag("reverse")
        self.start_us = params.time_us("startTime")
        self.end_us = params.time_us("endTime")
        self.columns = params.texts("columns")
        self.filter = dict(params.table("filter"))
        self._table = TABLES[table]
        for name in [name for name in self.filter if name in ("startTime", "endTime")]:
            found = words.instant(str(self.filter.pop(name)))
            if found is None:
                raise errors.BAD("filter")
            if name == "startTime":
                self.start_us = found
            else:
                self.end_us = found
        for name in (*self.filter, *self.columns):
            if name not in self._table.types and name not in _SPECIAL:
                raise errors.BAD("filter" if name in self.filter else "columns")

    @property
    def is_filtered(self) -> bool:
        return bool(self.filter)

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The page of rows that are the oldest first."""
        found = [row for row in rows if self._is_in_time(row) and self.holds(row)]
        if self.reverse:
            found.reverse()
        return [self.shown(row) for row in found[self.start : self.start + self.count]]

    def shown(self, row: Row) -> Row:
        """A row with the columns that are asked for; its keys are always among them."""
        if not self.columns:
            return row
        wanted = {*self.columns, *self._table.keys}
        return {name: value for name, value in row.items() if name in wanted}

    def _is_in_time(self, row: Row) -> bool:
        if self.start_us is None and self.end_us is None:
            return True
        time_us = words.instant(str(row.get("timestamp") or ""))
        if time_us is None:
            return True
        return (self.start_us is None or time_us >= self.start_us) and (self.end_us is None or time_us <= self.end_us)

    def holds(self, row: Row) -> bool:
        """Whether the filter keeps a row."""
        return all(_matches(row, name, wanted) for name, wanted in self.filter.items())


def _matches(row: Row, name: str, wanted: Any) -> bool:
    special = _SPECIAL.get(name)
    value = row.get(name) if special is None else special(row)
    return value in wanted if isinstance(wanted, list) else value == wanted


def as_csv(rows: Sequence[Row]) -> bytes:
    """The rows as comma separated values, a line of names first."""
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    return text.getvalue().encode()
