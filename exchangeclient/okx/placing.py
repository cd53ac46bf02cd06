"""What became of an order, or of a list of orders, whose answer was lost.

Each is asked for by the id that it was given before it left; none is sent a second time. An order says from when on it is void
(``expTime``); past that and the time that the venue's engine may take, by the venue's own clock, a look that finds nothing is evidence
(:mod:`exchangeclient.market.settlement`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.orders import inquiry
from exchangeclient.core.orders.doubts import Key
from exchangeclient.core.orders.inquiry import Lost, as_call
from exchangeclient.exceptions import (
    ExchangeRequestException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)
from exchangeclient.market.settlement import Case
from exchangeclient.numbers import exact
from exchangeclient.okx.orderform import Row, own_id, rows_of
from exchangeclient.okx.rest.algo_orders import AlgoOrders
from exchangeclient.okx.rest.public_data import PublicData
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.signing import EXPIRY, LIST, WINDOW_MS, waits

GET_ORDER: Final = declaration(Trade.get_order)
GET_ALGO: Final = declaration(AlgoOrders.get_algo_order)
OPEN: Final = ("live", "partially_filled", "pause", "partially_effective")
APART_MS: Final = 30_000
"""How far a timestamp may be from the venue's time and still pass."""

# What the figures of an order are called where it is shown.
_FIGURES: Final = (
    *((name, name) for name in ("sz", "px", "triggerPx", "tpTriggerPx", "slTriggerPx", "tpOrdPx", "slOrdPx")),
    ("orderPx", "ordPx"),
)
_ENGINE_MS: Final = 10_000.0  # the venue says nothing of how long it may take; the others take no longer
_NOT_FOUND: Final = "51603"
_TIME: Final = declaration(PublicData.get_server_time)


class Inquiry(inquiry.Inquiry):
    """The questions about one lost call; before each the venue is asked for its time, because a stamp says little here."""

    def __init__(self, case: Case, errand: Errand) -> None:
        super().__init__(case, errand, ahead_ms=0)

    def look_at_the_clock(self) -> None:
        """Note the venue's time: what is asked from now on is asked later than that.

        :raises ExchangeRequestException: when it does not tell; and what :attr:`Errand.ask` raises
        """
        answer = self._errand.ask(_TIME.request((), {}))
        try:
            self._stamp_ms = int(answer["ts"])
        except (LookupError, TypeError, ValueError) as error:
            raise ExchangeRequestException(f"the venue tells no time but {str(answer)[:100]}", sent="yes") from error


def case(timestamp_ms: int, expires_ms: int) -> Case:
    """The case of a call that was stamped so and is void from then on."""
    return Case.opened(timestamp_ms=timestamp_ms, window_ms=expires_ms - timestamp_ms, engine_ms=_ENGINE_MS)


def void_from_ms(request: Request, stamped_ms: int) -> int:
    """From when on a call is void: as it says itself, if it does; an order that waits, and its amendment, when the stamp is too old."""
    if request.kind in (Kind.PLACE, Kind.AMEND) and waits(request):
        return stamped_ms + APART_MS
    return int(request.params.get(EXPIRY, stamped_ms + WINDOW_MS))


def kind_of(row: Row, *, of_list: bool) -> str:
    """The kind of order that an id is of: each has ids of its own."""
    return "algo" if own_id(row) != "clOrdId" else "list" if of_list else "order"


def shown(errand: Errand, asked: Request) -> dict[str, Any]:
    """What the venue shows of an order.

    :raises ExchangeRequestException: when that is not to be read; and what :attr:`Errand.ask` raises
    """
    answer = errand.ask(asked)
    if not isinstance(answer, dict) or not (answer.get("ordId") or answer.get("algoId")):
        raise ExchangeRequestException(f"{asked.name}(): the answer is no order but {str(answer)[:200]}", sent="yes")
    return answer


def question_of(row: Row) -> Request:
    """The question after an order, by the id that a row names."""
    if row.get("algoId") or row.get("algoClOrdId"):
        return GET_ALGO.request((), {name: row[name] for name in ("algoId", "algoClOrdId") if row.get(name)})
    return GET_ORDER.request((), {name: row[name] for name in ("instId", "ordId", "clOrdId") if row.get(name)})


@dataclass(frozen=True, slots=True)
class Doubt:
    """One order, or one list of orders, whose answer is not there (yet).

    :ivar symbol: the instrument, of the first of a list
    :ivar client_order_id: the id, of the first of a list
    :ivar timestamp_ms: what it was stamped with
    :ivar expires_ms: from when on it is void
    :ivar rows: the orders
    :ivar of_list: whether it was sent as a list
    """

    symbol: str
    client_order_id: str
    timestamp_ms: int
    expires_ms: int
    rows: tuple[Row, ...] = field(default=())
    of_list: bool = False

    @classmethod
    def of(cls, request: Request) -> Doubt | None:
        """The doubt in which ``request`` is as long as it is not answered; None for a call that places nothing, or has not been stamped."""
        if request.kind is not Kind.PLACE or request.time_ms is None:
            return None
        rows = tuple(rows_of(request))
        if not rows or any(not row.get(name) for row in rows for name in ("instId", own_id(row))):
            return None
        expires_ms = void_from_ms(request, request.time_ms)
        return cls(rows[0]["instId"], rows[0][own_id(rows[0])], request.time_ms, expires_ms, rows, LIST in request.params)

    def told(self) -> dict[str, Any]:
        """The doubt as JSON, for a journal."""
        return {
            "symbol": self.symbol,
            "client_order_id": self.client_order_id,
            "timestamp_ms": self.timestamp_ms,
            "expires_ms": self.expires_ms,
            "rows": [dict(row) for row in self.rows],
            "of_list": self.of_list,
        }

    @property
    def key(self) -> Key:
        """What tells it from other orders of the account."""
        return Key(self.symbol, kind_of(self.rows[0], of_list=self.of_list), self.client_order_id)

    def says_the_same(self, other: Doubt) -> bool:
        """True when both would place the very same."""
        return self.of_list == other.of_list and self.rows == other.rows

    @property
    def decidable_at_ms(self) -> float:
        """The venue's time from which on a look that finds nothing is evidence."""
        return case(self.timestamp_ms, self.expires_ms).decidable_at_ms

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        what = "list of orders that begins with" if self.of_list else "order"
        return OrderStatusUnknownException(
            f"it is not known whether the {what} {self.client_order_id} on {self.symbol} was placed ({why}); resolve() asks the venue",
            symbol=self.symbol,
            client_order_id=self.client_order_id,
            decidable_at=self.decidable_at_ms,
            question=as_call(_by_own_id(self.rows[0])),
        )

    # ---- asking ------------------------------------------------------------------------------------------------------

    def settle(self, errand: Errand) -> Any:
        """Ask until it is known: the order as the venue shows it; of a list a row for each, as the venue would have answered.

        :raises OrderNotPlacedException: it never reached the book, nor did any of the list
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry, found = Inquiry(case(self.timestamp_ms, self.expires_ms), errand), dict[int, dict[str, Any]]()
        while not inquiry.never_happened:
            if not inquiry.goes_on():
                raise self.unknown(inquiry.why)
            missing = ""
            try:
                inquiry.look_at_the_clock()
                for index, row in enumerate(self.rows):
                    if index not in found:
                        try:
                            found[index] = {**self._look(row, errand), "sCode": "0", "sMsg": ""}
                        except OrderNotFoundException as error:
                            missing = str(error)
            except Lost as error:
                inquiry.failed(error)
                continue
            if not missing:
                break
            inquiry.missed(missing)
        if not found:
            raise OrderNotPlacedException(
                f"the order {self.client_order_id} on {self.symbol} was not placed: its answer was lost, and the venue has no such order "
                "now that it would be void",
                symbol=self.symbol,
                client_order_id=self.client_order_id,
            )
        return [found.get(index) or _not_placed(row) for index, row in enumerate(self.rows)] if self.of_list else found[0]

    def of_its_id(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002 - the venue's time is no parameter here
        """What the venue shows under the id: the order, or another one.

        :raises OrderNotFoundException: when it shows none
        """
        return shown(errand, _by_own_id(self.rows[0]))

    def is_the_same(self, order: Mapping[str, Any], errand: Errand) -> bool:  # noqa: ARG002 - all is in the order
        """True when the venue's order is the one that was to be placed, whenever it was placed."""
        return not self.of_list and is_alike(self.rows[0], order)

    def _look(self, row: Row, errand: Errand) -> dict[str, Any]:
        """The order as the venue shows it.

        :raises OrderNotFoundException: when it shows none, or an older one of that id
        """
        order = shown(errand, _by_own_id(row))
        if not _is_it(row, order, self.timestamp_ms):
            raise OrderNotFoundException("the venue shows another order of that id, and not this one", venue="okx")
        return order


def told_ms(order: Mapping[str, Any], name: str) -> int | None:
    """A moment that the venue shows; None when it shows none."""
    text = order.get(name)
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None


def equal(shown: object, sent: object) -> bool:
    """True when the venue shows the number that was sent."""
    try:
        return exact(shown, "shown") == exact(sent, "sent")
    except (TypeError, ValueError):
        return False


def is_alike(row: Row, order: Mapping[str, Any]) -> bool:
    """True when nothing that an order shows is other than it was sent."""
    if any(name in row and name in order and order[name] != row[name] for name in ("instId", "side", "tdMode", "ordType")):
        return False
    return all(name not in row or not order.get(shown) or equal(order[shown], row[name]) for name, shown in _FIGURES)


def _is_it(row: Row, order: Mapping[str, Any], timestamp_ms: int) -> bool:
    """False for an older order: an id is free again once its order is done. Of several of one id the venue shows the latest.

    Our clock may be as far from the venue's as the venue lets pass. What was placed since may have been amended since.
    """
    placed_ms = told_ms(order, "cTime")
    if placed_ms is None:
        return is_alike(row, order)
    if placed_ms >= timestamp_ms:
        return order.get("side") == row.get("side") and order.get("instId") == row.get("instId")
    return placed_ms >= timestamp_ms - APART_MS and is_alike(row, order)


def _by_own_id(row: Row) -> Request:
    name = own_id(row)
    return question_of({"instId": row["instId"], name: row[name]})


def _not_placed(row: Row) -> dict[str, Any]:
    text = "not placed: the answer was lost, and the venue has no such order now that it would be void"
    return {"ordId": "", "clOrdId": row["clOrdId"], "sCode": _NOT_FOUND, "sMsg": text}
