"""What each of BitMEX's tables about an account tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from exchangeclient.sandbox.dialects.accounts import wallet
from exchangeclient.sandbox.dialects.bitmex import names, order_shapes
from exchangeclient.sandbox.dialects.bitmex.feeds import Changes, Feed, Moment, Step
from exchangeclient.sandbox.dialects.bitmex.names import CURRENCIES, NAME, Product
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Row

if TYPE_CHECKING:
    from exchangeclient.sandbox.dialects.bitmex.venue import Venue

_SECOND_US = 1_000_000
_TIMES = ("timestamp", "currentTimestamp")


class OfAccount(Feed):
    """A table about one account."""

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str, *, key: str) -> None:
        super().__init__(venue, products, symbol)
        self.key = key
        self.account = wallet(NAME, key)
        self.filter = {"account": order_shapes.account_number(key), **self.filter}
        self.symbols = {each.symbol for each in products}


class Executions(OfAccount):
    """All that happens to orders and positions; a partial holds nothing."""

    def heard(self, step: Step, now: Moment) -> Changes:  # noqa: ARG002 - rows have times of their own
        journal = step.journals.get(self.account)
        if journal is not None:
            yield "insert", [row for row in journal.executions if row["symbol"] in self.symbols]


class Orders(OfAccount):
    """Orders: those that are open, then all that come and change. None is deleted: they end by their status."""

    def rows(self, now: Moment) -> list[Row]:  # noqa: ARG002 - as above
        orders = self.venue.orders
        return [orders.row(each) for each in orders.entries.open_of(self.account) if each.product.symbol in self.symbols]

    def heard(self, step: Step, now: Moment) -> Changes:  # noqa: ARG002 - as above
        journal = step.journals.get(self.account)
        if journal is not None:
            rows = [each for each in journal.orders if each[1]["symbol"] in self.symbols]
            for action, group in groupby(rows, itemgetter(0)):
                yield action, [row for _, row in group]


class Standing(OfAccount):
    """Rows that stand for how things are, told anew when they have changed: at once when it is the account's doing, else each second."""

    period_us = _SECOND_US
    table = ""

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str, *, key: str) -> None:
        super().__init__(venue, products, symbol, key=key)
        self._told: dict[object, Row] = {}
        self._told = {self._key(row): row for row in self.read(venue.now_us)}

    def read(self, shown_us: int) -> list[Row]:
        """The rows as they are."""
        raise NotImplementedError

    def rows(self, now: Moment) -> list[Row]:  # noqa: ARG002 - what was told has times of its own
        return list(self._told.values())

    def heard(self, step: Step, now: Moment) -> Changes:
        if self.account in step.touched or self.account in step.journals:
            yield from self._changes(now)

    def due(self, now: Moment) -> Changes:
        yield from self._changes(now)

    def _key(self, row: Row) -> tuple[object, ...]:
        return tuple(row[name] for name in TABLES[self.table].keys)

    def _changes(self, now: Moment) -> Changes:
        new, changed = [], []
        for row in self.read(now.shown_us):
            before = self._told.get(self._key(row))
            if before is None:
                new.append(row)
            else:
                columns = [name for name, value in row.items() if value != before[name] and name not in _TIMES]
                if not columns:
                    continue
                wanted = (*TABLES[self.table].keys, *columns, "timestamp")
                changed.append({name: row[name] for name in dict.fromkeys(wanted)})
            self._told[self._key(row)] = row
        yield "insert", new
        yield "update", changed


class Positions(Standing):
    """What is held, and what it is worth."""

    table = "position"

    def read(self, shown_us: int) -> list[Row]:
        holdings = self.venue.holdings(self.account)
        return [holdings.position(each, shown_us) for each in self.products if holdings.is_known(each)]


class Margins(Standing):
    """What can be done with each currency."""

    table = "margin"

    def read(self, shown_us: int) -> list[Row]:
        holdings = self.venue.holdings(self.account)
        return [holdings.margin(each, shown_us) for each in CURRENCIES.values()]


class Wallets(Standing):
    """What there is of each currency."""

    table = "wallet"

    def read(self, shown_us: int) -> list[Row]:  # noqa: ARG002 - the venue knows the time
        return [self.venue.wallet(self.account, each) for each in CURRENCIES.values()]


class Transfers(OfAccount):
    """What comes in and goes out."""

    def __init__(self, venue: Venue, products: Sequence[Product], symbol: str, *, key: str) -> None:
        super().__init__(venue, products, symbol, key=key)
        self._count = len(self._known)

    @property
    def _known(self) -> list[Row]:
        return self.venue.transfers.get(self.account, [])

    def rows(self, now: Moment) -> list[Row]:  # noqa: ARG002 - as above
        return self._known[: self._count]

    def heard(self, step: Step, now: Moment) -> Changes:  # noqa: ARG002 - as above
        before, self._count = self._count, len(self._known)
        yield "insert", self._known[before:]


_KINDS: Mapping[str, Callable[..., Feed]] = {
    "execution": Executions,
    "order": Orders,
    "position": Positions,
    "margin": Margins,
    "wallet": Wallets,
    "transact": Transfers,
}


def feed_for(table: str, symbol: str, key: str, venue: Venue) -> Feed | None:
    """The feed of a topic about an account; None when there is no such symbol."""
    exchange = venue.live.exchange
    products = names.named(exchange, symbol) if symbol else names.listed(exchange)
    if symbol and not products:
        return None
    return _KINDS.get(table, OfAccount)(venue, products, products[0].symbol if symbol else "", key=key)
