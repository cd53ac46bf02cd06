"""What became of an order whose answer was lost.

It is asked for by the id that it was given before it left, and never sent a second time. Each call says from when on it is void
(``api-expires``); past that and the time that the venue's engine may take, by the venue's own clock, a look that finds nothing is evidence
(:mod:`exchangeclient.market.settlement`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exchangeclient.bitmex.orderform import Row, equal, row_of
from exchangeclient.bitmex.rest.public_data import PublicData
from exchangeclient.bitmex.rest.trade import Trade
from exchangeclient.bitmex.signing import expires_s
from exchangeclient.bitmex.times import milliseconds
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.orders import inquiry
from exchangeclient.core.orders.doubts import Key
from exchangeclient.core.orders.inquiry import Lost
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)
from exchangeclient.market.settlement import Case

OPEN: Final = ("New", "PartiallyFilled", "PendingNew", "PendingReplace", "PendingCancel")
APART_MS: Final = 30_000
"""How far a stamp may be from the venue's time."""

_GET_ORDERS: Final = declaration(Trade.get_orders)
_TIME: Final = declaration(PublicData.get_server_time)
_NO_SUCH_PATH: Final = 404
_ENGINE_MS: Final = 10_000.0  # the venue says nothing of how long it may take; the others take no longer


class Inquiry(inquiry.Inquiry):
    """The questions about one lost call; before each that may decide, the venue is asked for its time. The others tell only when the call
    was carried out, and cost less so: an address may ask thirty times a minute, and an account's orders may all be lost at once.
    """

    def __init__(self, case: Case, errand: Errand) -> None:
        super().__init__(case, errand, ahead_ms=0)

    def look_at_the_clock(self) -> None:
        """Note the venue's time, when it may be late enough to matter: what is asked from now on is asked later than that.

        :raises ExchangeRequestException: when it does not tell; and what :attr:`Errand.ask` raises
        """
        self._stamp_ms = None
        if self._errand.now_ms() < self._case.decidable_at_ms:
            return
        answer = asked(self._errand, _TIME.request((), {}))
        try:
            self._stamp_ms = int(answer["timestamp"])
        except (LookupError, TypeError, ValueError) as error:
            raise ExchangeRequestException(f"the venue tells no time but {str(answer)[:100]}", sent="yes") from error


def case(timestamp_ms: int, expires_ms: int) -> Case:
    """The case of a call that was stamped so and is void from then on."""
    return Case.opened(timestamp_ms=timestamp_ms, window_ms=expires_ms - timestamp_ms, engine_ms=_ENGINE_MS)


@dataclass(frozen=True, slots=True)
class Sought:
    """An order, by one of its ids; an amendment may have given it another one.

    :ivar column: ``orderID`` or ``clOrdID``
    :ivar ids: one of which it has
    """

    column: str
    ids: tuple[str, ...]

    def question(self) -> Request:
        """The question after it, newest first where there are several."""
        wanted = self.ids[0] if len(self.ids) == 1 else list(self.ids)
        return _GET_ORDERS.request((), {"filter": {self.column: wanted}, "reverse": True})

    def as_call(self) -> str:
        """The question as a user would write it."""
        return f"get_order({self.column}={self.ids[0]!r})"


def shown(errand: Errand, sought: Sought) -> dict[str, Any]:
    """What the venue shows of an order.

    :raises OrderNotFoundException: when it shows none
    :raises ExchangeRequestException: when that is not to be read; and what :attr:`Errand.ask` raises
    """
    return first_of(asked(errand, sought.question()), sought)


def asked(errand: Errand, question: Request) -> Any:
    """What the venue answers. That a path is not found is no evidence: its orders show an empty list where there are none.

    :raises ExchangeRequestException: for that; and what :attr:`Errand.ask` raises
    """
    try:
        return errand.ask(question)
    except ExchangeAPIException as error:
        if error.status_code != _NO_SUCH_PATH:
            raise
        raise ExchangeRequestException(
            f"{question.name}() was answered with HTTP {error.status_code}: {error.message}", sent="yes"
        ) from error


def first_of(answer: Any, sought: Sought) -> dict[str, Any]:
    """The newest order of an answer.

    :raises OrderNotFoundException: when there is none
    :raises ExchangeRequestException: when it holds something else
    """
    if answer == []:
        raise OrderNotFoundException(f"the venue shows no order whose {sought.column} is {' or '.join(sought.ids)}", venue="bitmex")
    order = answer[0] if isinstance(answer, list) else None
    if not isinstance(order, dict) or order.get(sought.column) not in sought.ids or not order.get("orderID"):
        raise ExchangeRequestException(f"{_GET_ORDERS.name}(): the answer is no such order but {str(answer)[:200]}", sent="yes")
    return order


@dataclass(frozen=True, slots=True)
class Doubt:
    """One order whose answer is not there (yet).

    :ivar timestamp_ms: what it was stamped with
    :ivar expires_ms: from when on it is void
    :ivar row: the order
    """

    symbol: str
    client_order_id: str
    timestamp_ms: int
    expires_ms: int
    row: Row = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> Doubt | None:
        """The doubt in which ``request`` is as long as it is not answered; None for a call that places nothing, or has not been stamped."""
        if request.kind is not Kind.PLACE or request.time_ms is None:
            return None
        row = row_of(request)
        if not row.get("symbol") or not row.get("clOrdID"):
            return None
        return cls(row["symbol"], row["clOrdID"], request.time_ms, expires_s(request) * 1000, row)

    def told(self) -> dict[str, Any]:
        """The doubt as JSON, for a journal."""
        return {
            "symbol": self.symbol,
            "client_order_id": self.client_order_id,
            "timestamp_ms": self.timestamp_ms,
            "expires_ms": self.expires_ms,
            "row": dict(self.row),
        }

    @property
    def key(self) -> Key:
        """What tells it from other orders of the account."""
        return Key(self.symbol, "order", self.client_order_id)

    def says_the_same(self, other: Doubt) -> bool:
        """True when both would place the very same."""
        return self.row == other.row

    @property
    def decidable_at_ms(self) -> float:
        """The venue's time from which on a look that finds nothing is evidence."""
        return case(self.timestamp_ms, self.expires_ms).decidable_at_ms

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        return OrderStatusUnknownException(
            f"it is not known whether the order {self.client_order_id} on {self.symbol} was placed ({why}); resolve() asks the venue",
            symbol=self.symbol,
            client_order_id=self.client_order_id,
            decidable_at=self.decidable_at_ms,
            question=self._sought().as_call(),
        )

    # ---- asking ------------------------------------------------------------------------------------------------------

    def settle(self, errand: Errand) -> Any:
        """Ask until it is known: the order as the venue shows it.

        :raises OrderNotPlacedException: it never reached the book
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = Inquiry(case(self.timestamp_ms, self.expires_ms), errand)
        while not inquiry.never_happened:
            if not inquiry.goes_on():
                raise self.unknown(inquiry.why)
            try:
                inquiry.look_at_the_clock()
                return self._look(errand)
            except OrderNotFoundException as error:
                inquiry.missed(str(error))
            except Lost as error:
                inquiry.failed(error)
        raise OrderNotPlacedException(
            f"the order {self.client_order_id} on {self.symbol} was not placed: its answer was lost, and the venue has no such order "
            "now that it would be void",
            symbol=self.symbol,
            client_order_id=self.client_order_id,
        )

    def of_its_id(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002 - the venue's time is no parameter here
        """What the venue shows under the id: the order, or another one.

        :raises OrderNotFoundException: when it shows none
        """
        return shown(errand, self._sought())

    def is_the_same(self, order: Mapping[str, Any], errand: Errand) -> bool:  # noqa: ARG002 - all is in the order
        """True when the venue's order is the one that was to be placed, whenever it was placed."""
        return is_alike(self.row, order)

    def _look(self, errand: Errand) -> dict[str, Any]:
        """The order as the venue shows it.

        :raises OrderNotFoundException: when it shows none, or an older one of that id
        """
        order = shown(errand, self._sought())
        if not _is_it(self.row, order, self.timestamp_ms):
            raise OrderNotFoundException("the venue shows another order of that id, and not this one", venue="bitmex")
        return order

    def _sought(self) -> Sought:
        return Sought("clOrdID", (self.client_order_id,))


def told_ms(order: Mapping[str, Any], name: str) -> int | None:
    """A moment that the venue shows; None when it shows none."""
    text = order.get(name)
    try:
        return milliseconds(text) if isinstance(text, str) else None
    except ValueError:
        return None


def is_alike(row: Row, order: Mapping[str, Any]) -> bool:
    """True when nothing that an order shows is other than it was sent."""
    if any(row.get(name) and order.get(name) and order[name] != row[name] for name in ("symbol", "side", "ordType", "timeInForce")):
        return False
    return all(
        row.get(name) is None or order.get(name) is None or equal(order[name], row[name]) for name in ("orderQty", "price", "stopPx")
    )


def _is_it(row: Row, order: Mapping[str, Any], timestamp_ms: int) -> bool:
    """False for an older order of the id. The venue shows only when something last happened to an order, not when it came.

    Our clock may be behind the venue's. What happened to the order since may have been an amendment.
    """
    happened_ms = told_ms(order, "transactTime")
    if happened_ms is None:
        return is_alike(row, order)
    if happened_ms >= timestamp_ms:
        return all(not row.get(name) or order.get(name) == row[name] for name in ("symbol", "side"))
    return happened_ms >= timestamp_ms - APART_MS and is_alike(row, order)
