"""What has happened to an account while nobody told us: REST is asked, and answers in the words of the user data stream.

Which orders and balances differ from what the user was told (:mod:`.account_view`) is what happened; the trades say how. It is found
for the symbols on which orders were open or something has happened before, and for those whose assets have changed. An order on any other
symbol that was placed and cancelled meanwhile, and changed nothing, stays unknown; so does by which deposits a balance has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from exchangeclient.binance.account_view import AccountView, Shown
from exchangeclient.binance.readings import AHEAD_MS, milliseconds
from exchangeclient.binance.retold import Json, changed_balances, list_status, position, reports
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.exceptions import ExchangeRequestException, OrderNotFoundException
from exchangeclient.numbers import exact

if TYPE_CHECKING:
    from exchangeclient.binance.client import Client

_PAGE: Final = 1_000  # the longest list that the venue gives


@dataclass(frozen=True, slots=True)
class Missed:
    """What was missed.

    :ivar events: in the order in which it happened, each marked
    :ivar shown: what REST has shown; with the events it is told
    """

    events: list[Json]
    shown: Shown


def look(client: Client) -> Shown:
    """What the account is now.

    :raises ExchangeException: when the venue cannot be asked
    """
    asked_ms = client.clock.now_ms() - AHEAD_MS
    return Shown(asked_ms, client.get_account(), client.get_open_orders())


def missed(client: Client, view: AccountView, *, patient: bool = True) -> Missed:
    """What the user has not been told yet.

    :param view: what he has been told, up to its ``time_ms``
    :param patient: False does with what the venue shows, when it does not show an order or its trades (yet)
    :raises ExchangeException: when the venue cannot be asked, or its answers do not fit together yet
    """
    shown = look(client)
    with as_documented("missed"):
        changed = list(changed_balances(view, shown.account))
        asked = _Asked(client, view, patient=patient)
        symbols = view.symbols | {order["symbol"] for order in shown.open_orders}
        for symbol in sorted(symbols | asked.symbols_of({asset for asset, _, _ in changed}, known=symbols)):
            asked.symbol(symbol, {order["orderId"]: dict(order) for order in shown.open_orders if order["symbol"] == symbol})
        events = sorted(asked.reports, key=lambda event: milliseconds(event["T"]))
        events += asked.list_statuses()
        if changed:
            events.append(position(shown.account, changed))
    return Missed(events, shown)


class _Asked:
    """What REST has been asked so far, and what followed from it.

    :ivar reports: of the orders, those of each in their order
    """

    def __init__(self, client: Client, view: AccountView, *, patient: bool) -> None:
        self._client = client
        self._view = view
        self._patient = patient
        self._since_ms = view.time_ms - AHEAD_MS
        self._lists: dict[int, None] = dict.fromkeys(number for number, (_, status) in view.lists.items() if status == "EXECUTING")
        self.reports: list[Json] = []

    def symbols_of(self, assets: set[str], *, known: set[str]) -> set[str]:
        """The symbols on which a trade can have changed some of these assets; they are looked for if no known one explains it."""
        if len(assets) < 2 or not self._view.balances:
            return set()
        pairs = {each["symbol"]: {each["baseAsset"], each["quoteAsset"]} for each in self._client.get_exchange_info()["symbols"]}
        explained = set(chain.from_iterable(pairs.get(symbol, ()) for symbol in known))
        return set() if assets <= explained else {symbol for symbol, pair in pairs.items() if pair <= assets}

    def symbol(self, symbol: str, orders: dict[int, Json]) -> None:
        """Find out what happened on one symbol.

        :param orders: those that are open now
        """
        for of, number in self._view.open:
            if of == symbol and number not in orders:
                try:
                    orders[number] = self._client.get_order(symbol=symbol, orderId=number)
                except OrderNotFoundException:
                    if self._patient:  # the place where orders are looked up may lag behind
                        raise
        for order in self._placed_since(symbol):
            orders.setdefault(order["orderId"], order)
        filled = any(exact(order["executedQty"], "executedQty") > self._executed(symbol, order) for order in orders.values())
        trades = list(self._trades_since(symbol)) if filled else []
        for number, order in sorted(orders.items()):
            fills = [trade for trade in trades if trade["orderId"] == number]
            if order.get("usedSor") and filled:
                fills += self._allocations(symbol, number)
            self._report(order, fills)

    def _executed(self, symbol: str, order: Mapping[str, Any]) -> Decimal:
        known = self._view.of((symbol, order["orderId"]))
        return Decimal(0) if known is None else known.executed

    def _placed_since(self, symbol: str) -> Iterator[Json]:
        """The orders that were placed since the last event."""
        pages = _pages(lambda **more: self._client.get_all_orders(symbol=symbol, limit=_PAGE, **more), "orderId", "orderId")
        return (order for order in pages(startTime=self._since_ms) if milliseconds(order["time"]) >= self._since_ms)

    def _trades_since(self, symbol: str) -> Iterator[Json]:
        newest = self._view.trades.get(symbol)
        pages = _pages(lambda **more: self._client.get_my_trades(symbol=symbol, limit=_PAGE, **more), "fromId", "id")
        # The newest one too: the account may be its other side as well.
        return pages(startTime=self._since_ms) if newest is None else pages(fromId=newest)

    def _allocations(self, symbol: str, number: int) -> list[Json]:
        """The fills of an order that was routed to other books, which are no trades; those of before are told already."""
        rows = self._client.get_allocations(symbol=symbol, orderId=number, limit=_PAGE)
        return [row for row in rows if milliseconds(row["time"]) >= self._since_ms]

    def _report(self, order: Json, fills: list[Json]) -> None:
        known = self._view.of((order["symbol"], order["orderId"]))
        found = list(reports(order, known, fills, patient=self._patient))
        self.reports += found
        if found and order.get("orderListId", -1) >= 0:
            self._lists[order["orderListId"]] = None

    def list_statuses(self) -> Iterator[Json]:
        """How the lists stand whose orders have changed."""
        for number in self._lists:
            shown = self._client.get_order_list(orderListId=number)
            if self._view.lists.get(number) != (shown["listStatusType"], shown["listOrderStatus"]):
                yield list_status(shown)


def _pages(ask: Callable[..., list[Json]], first: str, number: str) -> Callable[..., Iterator[Json]]:
    """A list that goes on from one page to the next.

    :param first: the parameter that says where a page begins
    :param number: the field that it counts by
    """

    def rows(**asked: int) -> Iterator[Json]:
        while True:
            page = ask(**asked)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1][number] + 1
            if after <= asked.get(first, 0):
                raise ExchangeRequestException(f"a list by {first} does not go on from one page to the next", sent="yes")
            asked = {first: after}

    return rows
