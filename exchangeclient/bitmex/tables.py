"""The tables of BitMEX's realtime feed, kept from its partials, inserts, updates and deletes; pure.

A table with keys is a :class:`Table`, which looks like a flat list and finds a row by its keys at once; one without keys is a list.
What comes for a table before its partial is dropped, a partial replaces what it covers, and nothing that was handed out is changed later.
How frames come here is :mod:`~exchangeclient.bitmex.websocket`'s concern. The venue closed on 2026-09-23; its feed lives on in
recordings and on the embedded exchange.
Source: https://www.bitmex.com/app/wsAPI
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat
from operator import itemgetter
from typing import Any, ClassVar, Final, NamedTuple, overload

Row = dict[str, Any]
Told = tuple[Row, str | None, str, str]
"""``(item, symbol, table, action)``: a whole row, whose symbol it is if it is one's, its table, and what was done to it."""

_FALLBACK_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "orderBookL2": ("symbol", "id", "side"),
    "orderBookL2_25": ("symbol", "id", "side"),
    "orderBook10": ("symbol",),
    "instrument": ("symbol",),
    "funding": ("timestamp", "symbol"),
    "settlement": ("timestamp", "symbol"),
    "liquidation": ("orderID",),
    "insurance": ("currency", "timestamp"),
    "order": ("orderID",),
    "execution": ("execID",),
    "position": ("account", "symbol", "currency"),
    "margin": ("account", "currency"),
    "wallet": ("account", "currency"),
}
# What the venue keeps up to date row by row: nothing of it is ever dropped for want of room. The others only grow.
_STATES: Final = frozenset(
    "orderBookL2 orderBookL2_25 orderBook10 instrument liquidation order position margin wallet affiliate account".split()
)
# Orders are dropped by ourselves a while after they are done, so that an update of one that is gone says nothing.
_WHOLE: Final = _STATES - {"order"}
# An order that is done can be amended, and go on, for a minute.
_ORDER_LINGERS: Final = timedelta(seconds=60)


class Topic(NamedTuple):
    """What a partial covers.

    :ivar symbol: None for all of them, and where the table has none
    """

    table: str
    symbol: str | None

    @property
    def name(self) -> str:
        """As one subscribes to it: ``trade:XBTUSD``."""
        return self.table if self.symbol is None else f"{self.table}:{self.symbol}"


class Table(Sequence[Row]):
    """The rows of a table that has keys, in the order in which they came: to be read like a list, from any thread.

    :param keys: the columns by which a row is known
    :ivar rows: the rows by the values of those
    :ivar symbols: of which there may be rows; None among them where that is not known
    """

    __slots__ = ("_key", "keys", "rows", "symbols")

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = tuple(keys)
        self.rows: dict[Any, Row] = {}
        self.symbols: set[str | None] = set()
        self._key: Callable[[Row], Any] = itemgetter(*self.keys)

    def key(self, row: Mapping[str, Any]) -> Any:
        """What :attr:`rows` has a row by; a column that is left out is one that is null."""
        try:
            return self._key(row)  # type: ignore[arg-type]
        except KeyError:
            values = tuple(row.get(name) for name in self.keys)
            return values if len(values) > 1 else values[0]

    def by_key(self, rows: Sequence[Row]) -> dict[Any, Row]:
        """Rows as :attr:`rows` has them."""
        try:
            return dict(zip(map(self._key, rows), rows, strict=True))
        except KeyError:
            return {self.key(row): row for row in rows}

    def find(self, match: Mapping[str, Any]) -> Row | None:
        """The row with the keys of ``match``, or None."""
        return self.rows.get(self.key(match))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self.rows.values()))  # another thread may be changing it

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return list(self.rows.values())[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Table):
            return list(self) == list(other)
        return list(self) == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as a list

    def __repr__(self) -> str:
        return repr(list(self.rows.values()))


class _Whole(Collection[Told]):
    """What there is to tell of a partial of one symbol, made when it is asked for: a book has ten thousand rows."""

    __slots__ = ("_rows", "_symbol", "_table")

    def __init__(self, rows: Sequence[Row], symbol: str, table: str) -> None:
        self._rows, self._symbol, self._table = rows, symbol, table

    def __iter__(self) -> Iterator[Told]:
        return zip(self._rows, repeat(self._symbol), repeat(self._table), repeat("partial"))

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, told: object) -> bool:
        return any(told == each for each in self)


Rows = Table | list[Row]


def findItemByKeys(keys: Sequence[str], table: Iterable[Row], matchData: Mapping[str, Any]) -> Row | None:  # noqa: N802 - the seed's name
    """The first row of a table with the same values in those columns as ``matchData`` has, or None.

    Found at once when they are the table's own keys; else by looking through it.

    :param keys: such as ``storage.keys['instrument']``
    :param table: such as ``storage.data['instrument']``
    """
    if isinstance(table, Table) and tuple(keys) == table.keys:
        return table.find(matchData)
    wanted = {key: matchData.get(key) for key in keys}
    return next((row for row in table if all(row.get(key) == value for key, value in wanted.items())), None)


find_item_by_keys = findItemByKeys


class Storage:
    """The state of every table that was subscribed to.

    :param report_deletes: True tells of rows that were deleted too, as the later versions did; the first one did not
    :param table_keys: instead of :attr:`TABLE_KEYS`
    :param max_table_len: instead of :attr:`MAX_TABLE_LEN`
    :raises TypeError: for an argument of a wrong type, naming it
    :raises ValueError: for a length below 1
    :ivar data: the rows by the name of the table
    :ivar keys: the columns by which each table's rows are known; none where they only follow one another
    :ivar counts: how often what was odd: ``early`` rows before the partial, ``unknown`` rows that were changed or deleted and are not
        there, ``repeated`` rows that were inserted and were there
    """

    MAX_TABLE_LEN: ClassVar[int] = 200
    """When a table that only grows has more rows than this after an insert, the oldest are dropped down to half of it."""

    TABLE_KEYS: ClassVar[dict[str, Sequence[str]]] = {}
    """By table, other keys than the venue's: ``{'quote': ['symbol']}`` keeps the latest quote of each symbol alone."""

    def __init__(
        self,
        *,
        report_deletes: bool = False,
        table_keys: Mapping[str, Sequence[str]] | None = None,
        max_table_len: int | None = None,
    ) -> None:
        _check_table_keys(table_keys)
        if max_table_len is not None and (type(max_table_len) is not int or max_table_len < 1):
            kind = ValueError if type(max_table_len) is int else TypeError
            raise kind(f"max_table_len must be a whole number from 1 up, or None, not {max_table_len!r}")
        self.report_deletes = report_deletes
        self.data: dict[str, Rows] = {}
        self.keys: dict[str, list[str]] = {}
        self.counts: Counter[str] = Counter()
        self._table_keys = table_keys
        self._most = max_table_len
        # What the partials cover that came over the present connection.
        self._covered: dict[str, set[str | None]] = {}
        self._doubts: dict[Topic, None] = {}
        self._apply = {"insert": self._insert, "update": self._update, "delete": self._delete}

    def take(self, message: Mapping[str, Any]) -> Collection[Told]:
        """Keep what a message of a table says; what there is to tell of it, row by row.

        :raises ValueError: when it is no message of a table
        """
        try:
            table, action, rows = message["table"], message["action"], message["data"]
            if action == "partial":
                return self._replace(table, rows, message)
            covered = self._covered.get(table)
            if covered is None:
                self.counts["early"] += len(rows)
                return []
            if None not in covered:
                rows = self._of_those(table, rows, covered)
            return self._apply[action](table, self.data[table], rows)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"no message of a table: {str(message)[:200]}: {error!r}") from error

    def lose(self) -> None:
        """The connection broke: what there is is stale, and what comes is of no use, until there is a partial again."""
        self._covered.clear()
        self._doubts.clear()

    def forget(self, table: str, symbol: str | None = None) -> None:
        """What is known of a table, or what it has of a symbol, is not kept up to date any more. From any thread."""
        covered = self._covered.get(table)
        if covered is not None:
            covered.discard(symbol)
            if not covered:
                self._covered.pop(table, None)

    @property
    def in_doubt(self) -> bool:
        """True while there are :meth:`doubts` to be told."""
        return bool(self._doubts)

    def doubts(self) -> list[Topic]:
        """What was found to lack something, and is stale since: it has to be subscribed to anew. Each is told once."""
        if not self._doubts:
            return []
        doubts, self._doubts = list(self._doubts), {}
        return doubts

    def is_stale(self, table: str, symbol: str | None = None) -> bool:
        """True unless a table, or what it has of a symbol, is known to be the venue's."""
        covered = self._covered.get(table, ())
        return not (None in covered or (symbol is not None and symbol in covered) or (symbol is None and covered))

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Put rows into a table, whose keys are known by its partial, or by their names."""
        held = self._table(table, {})
        if isinstance(held, Table):
            held.rows.update(held.by_key(list(rows)))
            held.symbols.add(None)
        else:
            held.extend(rows)

    def make_key(self, table: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of a row in its table's keys.

        :raises KeyError: when the table is not known, or the row lacks one
        """
        return tuple(row[name] for name in self.keys[table])

    def findItemByKeys(  # noqa: N802 - the library's name
        self,
        keys: Sequence[str],
        table: str | Iterable[Row],
        matchData: Mapping[str, Any],
    ) -> Row | None:
        """As :func:`findItemByKeys`; ``table`` may also be a name."""
        return findItemByKeys(keys, self.data.get(table, ()) if isinstance(table, str) else table, matchData)

    def _table(self, table: str, message: Mapping[str, Any]) -> Rows:
        """The table, made if need be."""
        given = self.TABLE_KEYS if self._table_keys is None else self._table_keys
        keys = given[table] if table in given else message.get("keys")
        held = self.data.get(table)
        if keys is None:
            keys = self.keys[table] if table in self.keys else _FALLBACK_KEYS.get(table, ())
        if held is None or self.keys[table] != list(keys):
            self.keys[table] = list(keys)
            self.data[table] = held = Table(keys) if keys else []
        return held

    def _replace(self, table: str, rows: Sequence[Row], message: Mapping[str, Any]) -> Collection[Told]:
        """Rows of what a partial covers are gone, unless it brings them again."""
        held = self._table(table, message)
        only = (message.get("filter") or {}).get("symbol")
        symbols: set[str | None] = {only}
        if only is not None and rows and rows[0].get("symbol") == only:
            told: Collection[Told] = _Whole(rows, only, table)
        else:
            told = [(row, row.get("symbol"), table, "partial") for row in rows]
            if only is not None:  # a series, such as XBT:perpetual, is told by its name, and its rows by that of the contract
                symbols.update(symbol for _, symbol, _, _ in told)
        if isinstance(held, Table):
            new = held.by_key(rows)
            if only is None or held.symbols <= symbols:
                held.symbols = symbols
            else:
                new = {key: row for key, row in held.rows.items() if row.get("symbol") not in symbols} | new
                held.symbols |= symbols
            held.rows = new
        else:
            held[:] = [*(row for row in held if only is not None and row.get("symbol") not in symbols), *rows]
        self._covered.setdefault(table, set()).update(symbols)
        for topic in [topic for topic in self._doubts if topic.table == table and topic.symbol in symbols]:
            del self._doubts[topic]
        return told

    def _of_those(self, table: str, rows: Sequence[Row], covered: set[str | None]) -> Sequence[Row]:
        """The rows of the symbols of which there was a partial."""
        fit = [row for row in rows if row.get("symbol") in covered]
        if len(fit) == len(rows):
            return rows
        held = self.data[table]
        fit = []
        for row in rows:
            symbol = row.get("symbol")
            if symbol is None and isinstance(held, Table):
                symbol = (held.find(row) or row).get("symbol")
            if symbol in covered:
                fit.append(row)
        if len(fit) < len(rows):
            self.counts["early"] += len(rows) - len(fit)
        return fit

    def _insert(self, table: str, held: Rows, rows: Sequence[Row]) -> list[Told]:
        if isinstance(held, Table):
            own, before = held.rows, len(held.rows)
            for row in rows:
                own[held.key(row)] = row
            repeated = before + len(rows) - len(own)
            if repeated and table not in (self.TABLE_KEYS if self._table_keys is None else self._table_keys):
                self.counts["repeated"] += repeated
            if table == "order":
                self._forget_orders(held, rows)
        else:
            held += rows
        if table not in _STATES:
            most = self.MAX_TABLE_LEN if self._most is None else self._most
            if len(held) > most:
                self._drop_oldest(held, max(1, most // 2))
        return [(row, row.get("symbol"), table, "insert") for row in rows]

    def _update(self, table: str, held: Rows, rows: Sequence[Row]) -> list[Told]:
        told = []
        for change in rows:
            row = None
            if isinstance(held, Table):
                key = held.key(change)
                row = held.rows.get(key)
            if row is None:
                self._miss(table, change)
                continue
            held.rows[key] = item = {**row, **change}  # type: ignore[union-attr]  # one with keys, as there is a row
            told.append((item, item.get("symbol"), table, "update"))
        if table == "order" and isinstance(held, Table):
            self._forget_orders(held, rows)
        return told

    def _delete(self, table: str, held: Rows, rows: Sequence[Row]) -> list[Told]:
        told = []
        for gone in rows:
            row = held.rows.pop(held.key(gone), None) if isinstance(held, Table) else None
            if row is None:
                self._miss(table, gone)
            elif self.report_deletes:
                told.append((row, row.get("symbol"), table, "delete"))
        return told

    def _miss(self, table: str, row: Row) -> None:
        """A row is changed that there is not: something before that has not come."""
        self.counts["unknown"] += 1
        if table not in _WHOLE:
            return
        topic = Topic(table, None if None in self._covered.get(table, ()) else row.get("symbol"))
        self._doubts[topic] = None
        self.forget(*topic)

    def _forget_orders(self, held: Table, rows: Sequence[Row]) -> None:
        """Drop the orders that were done a minute before the newest of these, by the venue's time."""
        told_at = [time for row in rows if (time := _time(row)) is not None]
        if not told_at:
            return
        until = max(told_at) - _ORDER_LINGERS
        done = [key for key, row in held.rows.items() if _is_done(row) and (time := _time(row)) is not None and time < until]
        for key in done:
            del held.rows[key]

    @staticmethod
    def _drop_oldest(held: Rows, keep: int) -> None:
        if isinstance(held, Table):
            for key in list(held.rows)[: len(held) - keep]:
                del held.rows[key]
        else:
            del held[: len(held) - keep]


def _check_table_keys(table_keys: object) -> None:
    if table_keys is None:
        return
    if not isinstance(table_keys, Mapping):
        raise TypeError(f"table_keys must be a dict, not {type(table_keys).__name__}")
    for table, keys in table_keys.items():
        if isinstance(keys, str) or not isinstance(keys, Sequence) or not all(isinstance(key, str) for key in (table, *keys)):
            raise TypeError(f"table_keys must have a list of columns for the name of each table, but for {table!r} it has {keys!r}")


def _is_done(order: Row) -> bool:
    left = order.get("leavesQty")
    return left is not None and left <= 0


def _time(row: Row) -> datetime | None:
    text = row.get("timestamp")
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else moment
