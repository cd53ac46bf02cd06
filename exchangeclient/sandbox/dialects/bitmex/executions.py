"""All that happens to orders and positions, written down as BitMEX's executions: to be asked for, and to be told as it happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchangeclient.sandbox.dialects.bitmex import order_shapes
from exchangeclient.sandbox.dialects.bitmex.entries import Entry
from exchangeclient.sandbox.dialects.bitmex.tables import Row
from exchangeclient.sandbox.dialects.bitmex.words import guid
from exchangeclient.sandbox.engine.events import Fill

_EXECUTION = 2


class Journal:
    """What happened to one account in one step: new rows of ``execution``, new and changed ones of ``order``."""

    def __init__(self) -> None:
        self.executions: list[Row] = []
        self.orders: list[tuple[str, Row]] = []


class Executions:
    """Those of all accounts.

    :ivar rows: by account, the oldest first
    :ivar last: the number of the last one
    :ivar skew_us: how far the venue's clock is ahead
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.last = 0
        self.skew_us = 0
        self._journals: dict[str, Journal] = {}

    def of(self, account: str) -> Sequence[Row]:
        """An account's, the oldest first."""
        return self.rows.get(account, ())

    def next_id(self) -> str:
        """The id of the next one."""
        self.last += 1
        return guid(_EXECUTION, 0, self.last)

    def note(self, entry: Entry, kind: str, fill: Fill | None = None) -> None:
        """Write down what happened to an order, and how it stands now."""
        row = entry.row(self.skew_us)
        execution = order_shapes.execution(self.next_id(), kind, row)
        if fill is not None:
            execution = order_shapes.filled(entry.product, execution, fill)
        self.add(entry.account, execution)
        orders = self._journal(entry.account).orders
        if entry.told:
            changed = {name: value for name, value in row.items() if value != entry.told[name]}
            kept = {name: row[name] for name in ("orderID", "clOrdID", "account", "symbol")}
            orders.append(("update", {**kept, **changed, "timestamp": row["timestamp"]}))
        else:
            orders.append(("insert", row))
        entry.told = row

    def add(self, account: str, execution: Row) -> None:
        """Write down what happened to an account."""
        self.rows.setdefault(account, []).append(execution)
        self._journal(account).executions.append(execution)

    def _journal(self, account: str) -> Journal:
        return self._journals.setdefault(account, Journal())

    @property
    def are_new(self) -> bool:
        """Whether there are any since :meth:`taken` was asked last."""
        return bool(self._journals)

    def taken(self) -> Mapping[str, Journal]:
        """What happened since this was asked last, by account."""
        journals, self._journals = self._journals, {}
        return journals
