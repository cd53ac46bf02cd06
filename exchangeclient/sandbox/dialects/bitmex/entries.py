"""The orders of BitMEX's accounts as the venue's order desk keeps them, found by whoever owns them and by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from exchangeclient.sandbox.dialects.bitmex import order_shapes
from exchangeclient.sandbox.dialects.bitmex.names import Product
from exchangeclient.sandbox.dialects.bitmex.order_form import Form
from exchangeclient.sandbox.dialects.bitmex.order_shapes import OPEN, State
from exchangeclient.sandbox.dialects.bitmex.tables import Row
from exchangeclient.sandbox.engine.events import Fill


class Entry(Struct, eq=False):
    """One order.

    :ivar state: as it stands, the engine's fills included
    :ivar told: the row that was told last; empty before the first
    :ivar waits: for its stop price, see :mod:`.stops`
    :ivar extreme: the reference price that a trailing stop was measured from last
    """

    id: str
    account: str
    number: int
    product: Product
    form: Form
    state: State
    created_us: int
    ends_us: int = 0
    waits: bool = False
    extreme: int = 0
    fills: list[Fill] = []
    told: Row = {}

    @property
    def is_open(self) -> bool:
        return self.state.status in OPEN

    def row(self, skew_us: int) -> Row:
        """It as it is shown now, by a clock that is so far ahead."""
        return order_shapes.order(self.product, self.form, self.state, id=self.id, account=self.number, skew_us=skew_us)


class Kept(Struct, forbid_unknown_fields=True):
    """An :class:`Entry` as it is saved; its fills are with the engine."""

    id: str
    account: str
    number: int
    symbol: str
    form: Form
    state: State
    created_us: int
    ends_us: int
    waits: bool
    extreme: int
    told: Row


class Entries:
    """All orders, those that have ended too."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}
        self._by_account: dict[str, list[Entry]] = {}
        self._open: dict[str, dict[str, Entry]] = {}  # by account; those that have ended leave when somebody looks
        self._by_client: dict[tuple[str, str], Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, id: str) -> Entry | None:
        """By the venue's id, whosesoever it is."""
        return self._by_id.get(id)

    def get(self, account: str, id: str) -> Entry | None:
        """An account's by the venue's id."""
        found = self._by_id.get(id)
        return found if found is not None and found.account == account else None

    def by_client_id(self, account: str, client_id: str) -> Entry | None:
        """By the account's own."""
        return self._by_client.get((account, client_id))

    def of(self, account: str) -> Sequence[Entry]:
        """All of an account's, the oldest first."""
        return self._by_account.get(account, [])

    def open_of(self, account: str) -> Sequence[Entry]:
        """Those of an account that are open, the oldest first."""
        known = self._open.get(account, {})
        found = [each for each in known.values() if each.is_open]
        if len(found) < len(known):
            self._open[account] = {each.id: each for each in found}
        return found

    def add(self, entry: Entry) -> None:
        """Take one in."""
        self._by_id[entry.id] = entry
        self._by_account.setdefault(entry.account, []).append(entry)
        self._open.setdefault(entry.account, {})[entry.id] = entry
        if entry.form.client_id:
            self._by_client[entry.account, entry.form.client_id] = entry

    def remove(self, entry: Entry) -> None:
        """Forget one that the engine did not take."""
        del self._by_id[entry.id]
        self._by_account[entry.account].remove(entry)
        self._open[entry.account].pop(entry.id, None)
        self._by_client.pop((entry.account, entry.form.client_id), None)

    def renamed(self, entry: Entry, former: str) -> None:
        """Note that its account gave it another id than the former."""
        self._by_client.pop((entry.account, former), None)
        self._by_client[entry.account, entry.form.client_id] = entry
