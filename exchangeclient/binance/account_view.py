"""What the user has been told of his account: so that nothing is told twice, and that what was missed can be told from what was not.

Pure. It is fed with every event of the user data stream before the user is, and with what REST shows of the account. What was missed
while there was no connection, :mod:`.catchup` finds out by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Self

from exchangeclient.binance.readings import equal, told_ms
from exchangeclient.numbers import exact

CATCH_UP: Final = "catch_up"
"""The field that marks an event which REST has told; it is True then, and missing otherwise."""

OPEN: Final = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL")

# Of what has ended, so much is remembered, in case that it is told again.
_REMEMBERED = 10_000

OrderKey = tuple[str, int]
"""Symbol and the venue's number of an order."""


@dataclass(frozen=True, slots=True)
class Told:
    """How an order stood when it was told of last.

    :ivar works: False while it waits for its price or another order
    :ivar caught_ms: when happened what was told of it last, if REST has told it; 0 otherwise
    :ivar summed_ms: up to when its fills were told without the numbers of their trades; 0 when none was
    """

    status: str
    quantity: str
    executed: Decimal = Decimal(0)
    quote: Decimal = Decimal(0)
    works: bool = True
    caught_ms: int = 0
    summed_ms: int = 0

    @property
    def is_open(self) -> bool:
        """True while more can happen to it."""
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Shown:
    """What REST shows of an account.

    :ivar asked_ms: the venue's time before it was asked
    """

    asked_ms: int
    account: Mapping[str, Any]
    open_orders: Iterable[Mapping[str, Any]]


class AccountView:
    """The account as far as the user has been told of it.

    :ivar open: the open orders
    :ivar ended: the latest of those that have ended
    :ivar trades: the newest trade of each symbol
    :ivar balances: what is free and what is locked of each asset
    :ivar lists: how each list of orders stood
    :ivar time_ms: when the venue told its last event; up to then nothing is missing
    """

    def __init__(self) -> None:
        self.open: dict[OrderKey, Told] = {}
        self.ended: dict[OrderKey, Told] = {}
        self.trades: dict[str, int] = {}
        self.balances: dict[str, tuple[str, str]] = {}
        self.lists: dict[int, tuple[str, str]] = {}
        self.time_ms = 0
        self._seen: dict[tuple[OrderKey, str, int], None] = {}
        self._shown_ms = 0

    def copy(self) -> Self:
        """The same view, which does not change when this one does."""
        other = type(self)()
        other.open, other.ended = self.open.copy(), self.ended.copy()
        other.trades, other.balances, other.lists = self.trades.copy(), self.balances.copy(), self.lists.copy()
        other.time_ms = self.time_ms
        return other

    @property
    def symbols(self) -> set[str]:
        """Those on which something has happened."""
        return {symbol for symbol, _ in (*self.open, *self.ended)}

    def of(self, key: OrderKey) -> Told | None:
        """How an order stood."""
        return self.open.get(key) or self.ended.get(key)

    def begin(self, shown: Shown) -> None:
        """Take what REST shows at the beginning. The user is not told of it, so that every event is news still; one that has come since
        knows better.
        """
        for order in shown.open_orders:
            key = order["symbol"], order["orderId"]
            if self.of(key) is None:
                self.open[key] = told_by(order)
            if (number := order.get("orderListId", -1)) >= 0:
                self.lists.setdefault(number, ("EXEC_STARTED", "EXECUTING"))
        for balance in shown.account["balances"]:
            self.balances.setdefault(balance["asset"], (balance["free"], balance["locked"]))
        self.time_ms = max(self.time_ms, shown.asked_ms)

    def caught_up(self, shown: Shown) -> None:
        """Everything is told that REST has shown."""
        self.time_ms = max(self.time_ms, shown.asked_ms)
        self._shown_ms = told_ms(shown.account, "updateTime") or 0

    def is_news(self, event: Any) -> bool:
        """False for an event that was told already, or is older than what was told. It counts as told from here on."""
        match event:
            case {"e": "executionReport", "s": str(symbol), "i": int(number), "x": str(), "X": str()}:
                news = self._is_news_of_order((symbol, number), event)
            case {"e": "listStatus", "g": int(number), "l": str(kind), "L": str(status)}:
                news = not event.get(CATCH_UP) or self.lists.get(number) != (kind, status)
                self.lists[number] = kind, status
            case {"e": "outboundAccountPosition", "B": list(balances)}:
                news = self._is_news_of_balances(event, balances)
            case _:
                return True
        self.time_ms = max(self.time_ms, told_ms(event, "E") or 0)
        return news

    def _is_news_of_balances(self, event: Mapping[str, Any], balances: list[Any]) -> bool:
        if not event.get(CATCH_UP) and (told_ms(event, "u") or self._shown_ms) < self._shown_ms:
            return False
        for balance in balances:
            match balance:
                case {"a": str(asset), "f": str(free), "l": str(locked)}:
                    self.balances[asset] = free, locked
        return True

    def _is_news_of_order(self, key: OrderKey, event: Mapping[str, Any]) -> bool:
        mark = _mark(key, event)
        if mark is not None and mark in self._seen:
            return False
        known = self.of(key)
        if known is not None and (_is_known_fill if event["x"] == "TRADE" else _is_known)(known, event):
            return False
        if mark is not None:
            self._seen[mark] = None
            _forget(self._seen, 2 * _REMEMBERED)
            if mark[1] == "trade":
                self.trades[key[0]] = max(mark[2], self.trades.get(key[0], 0))
        self._note(key, _after(known, event))
        return True

    def _note(self, key: OrderKey, told: Told) -> None:
        if told.is_open:
            self.open[key] = told
            return
        self.open.pop(key, None)
        self.ended.pop(key, None)
        self.ended[key] = told
        _forget(self.ended, _REMEMBERED)


def told_by(order: Mapping[str, Any]) -> Told:
    """How an order stands by what REST shows of it."""
    return Told(
        status=order["status"],
        quantity=order.get("origQty", "0"),
        executed=exact(order["executedQty"], "executedQty"),
        quote=exact(order["cummulativeQuoteQty"], "cummulativeQuoteQty"),
        works=works(order),
    )


def works(order: Mapping[str, Any]) -> bool:
    """True for an order of REST's that is on the book, or was."""
    return bool(order["status"] != "PENDING_NEW" and order.get("workingTime", -1) != -1)


def _mark(key: OrderKey, event: Mapping[str, Any]) -> tuple[OrderKey, str, int] | None:
    """What tells an event of an order from every other one: its trade, else its allocation, else the number of the execution.

    The order belongs to it: both sides of a trade may be the account's.
    """
    is_trade = event["x"] == "TRADE"
    for name, what in (("t", "trade"), ("a", "allocation"), ("I", "execution")):
        number = event.get(name)
        if isinstance(number, int) and number >= 0 and (is_trade or name == "I"):
            return key, what, number
    return None


def _is_known(known: Told, event: Mapping[str, Any]) -> bool:
    """True for an event, other than a trade, of which the order's state knows already."""
    if event.get(CATCH_UP):
        if event["x"] == "REPLACED":
            return equal(known.quantity, event.get("q"))
        return not known.is_open or (known.status == event["X"] and (known.works or not event.get("w")))
    at_ms = told_ms(event, "T")
    if at_ms is None or at_ms > known.caught_ms:
        return False
    is_same = known.status == event["X"] and (event["x"] != "REPLACED" or equal(known.quantity, event.get("q")))
    is_older = not known.is_open or is_same or _figure(event.get("z")) < known.executed
    return at_ms < known.caught_ms or is_older


def _is_known_fill(known: Told, event: Mapping[str, Any]) -> bool:
    """True for a fill that was told in a sum, without its number; and for such a sum when there is nothing new in it."""
    if _figure(event.get("z")) > known.executed:
        return False
    return _is_sum(event) or 0 < (told_ms(event, "T") or 0) <= known.summed_ms


def _is_sum(event: Mapping[str, Any]) -> bool:
    """True for fills of which REST tells that they were, but not their numbers."""
    return event["x"] == "TRADE" and bool(event.get(CATCH_UP)) and event.get("t") == -1 and "a" not in event


def _after(known: Told | None, event: Mapping[str, Any]) -> Told:
    """How the order stands after an event. One that comes late takes nothing back."""
    executed, quote = _figure(event.get("z")), _figure(event.get("Z"))
    caught_ms = (told_ms(event, "T") or 0) if event.get(CATCH_UP) else 0
    summed_ms = caught_ms if _is_sum(event) else 0
    if known is not None:
        caught_ms, summed_ms = max(caught_ms, known.caught_ms), max(summed_ms, known.summed_ms)
        if executed < known.executed or not known.is_open:
            return replace(known, caught_ms=caught_ms, summed_ms=summed_ms)
    is_working = bool(event.get("w")) or (known is not None and known.works)
    return Told(event["X"], str(event.get("q", "0")), executed, quote, is_working, caught_ms, summed_ms)


def _figure(text: object) -> Decimal:
    try:
        return exact(text, "figure")
    except (TypeError, ValueError):
        return Decimal(0)


def _forget(remembered: dict[Any, Any], most: int) -> None:
    """Drop the oldest."""
    if len(remembered) > most:
        del remembered[next(iter(remembered))]
