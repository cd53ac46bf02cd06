"""What becomes of orders on their way, whatever their venue: noted before they leave, asked after when their answer is lost.

A venue's order guard brings what it can be asked (:class:`Affair`), and whether two calls would place the very same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, Protocol, Self, TypeVar

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Request
from exchangeclient.core.http.retry import is_ambiguous
from exchangeclient.core.orders import doubts
from exchangeclient.core.orders.doubts import Doubts, TakenError
from exchangeclient.core.orders.inquiry import Lost
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)

MakeErrand = Callable[[], Errand]


class Affair(Protocol):
    """Something that was sent and not answered."""

    def settle(self, errand: Errand) -> Any:
        """What became of it.

        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""


class PlacedAffair(Affair, doubts.Doubt, Protocol):
    """An order that was sent and not answered (yet)."""

    def says_the_same(self, other: Self) -> bool:
        """True when both would place the very same order."""

    def of_its_id(self, errand: Errand, stamp: Mapping[str, str]) -> dict[str, Any]:
        """What the venue shows under its id: the order, or another one."""

    def is_the_same(self, order: Mapping[str, Any], errand: Errand) -> bool:
        """True when the venue's order is the one that was to be placed, whenever it was placed."""


D = TypeVar("D", bound=PlacedAffair)


class SettlingGuard(Generic[D]):
    """Sees orders through from before they leave until their fate is known; safe to be used by many threads.

    :param venue: for errors
    :param kind: of its doubts
    :param doubts: where orders on their way are noted
    """

    def __init__(self, venue: str, kind: type[D], doubts: Doubts[D]) -> None:
        self._venue = venue
        self._kind = kind
        self._doubts = doubts

    # What the venue brings.

    def doubt_of(self, request: Request) -> D | None:
        """The doubt in which a call is as long as it is not answered; None for one that places nothing, or is not stamped."""
        raise NotImplementedError

    def restamped(self, request: Request, doubt: D) -> Request:
        """A call as if it had been stamped when that order was."""
        raise NotImplementedError

    def affair_of(self, request: Request) -> Affair | None:
        """What a call leaves when its answer is lost; None for a call of which nothing can be found out."""
        raise NotImplementedError

    def question(self, request: Request) -> Request | None:
        """The question after the one order that a cancellation or an amendment is about; None for one that names none."""
        raise NotImplementedError

    def leaves_doubt(self, error: ExchangeException) -> bool:
        """True when a call may have been carried out all the same."""
        return is_ambiguous(error)

    # The guard.

    def once(self, request: Request, place: Callable[[], Any], make_errand: MakeErrand) -> Any:
        """What ``place()`` answers, unless the same order was sent under the same id and is there: by another thread a moment ago, or
        before, so that it was in doubt. Then it is the answer.

        :raises DuplicateOrderException: when that one is another order
        :raises OrderStatusUnknownException: when there is still no telling
        """
        with self._doubts.turn(request, make_errand) as before:
            doubt = before or self._doubts.of(request)
            while True:
                if doubt is not None and (placed := self._earlier(request, doubt, make_errand)) is not None:
                    return placed
                try:
                    return place()
                except TakenError:
                    doubt = self._doubts.of(request)

    def _earlier(self, request: Request, doubt: D, make_errand: MakeErrand) -> Any | None:
        """The order that was sent before; None when it was not placed."""
        try:
            placed = self._resolve(doubt, make_errand)
        except OrderNotPlacedException:
            return None
        again = self.doubt_of(self.restamped(request, doubt))
        if again is None or not again.says_the_same(doubt):
            text = f"not sent: another order was in doubt under the id {doubt.client_order_id} and was placed"
            different = DuplicateOrderException(text, venue=self._venue)
            different.order = placed
            raise different
        return placed

    def leaving(self, request: Request, patience_s: float) -> None:
        """Note an order before it leaves.

        :raises JournalException: when that is not possible; the order stays here
        :raises TakenError: when one of its id is in doubt
        """
        doubt = self.doubt_of(request)
        if doubt is not None:
            self._doubts.note(doubt, patience_s)

    def stayed(self, request: Request) -> None:
        """Strike out an order of which nothing has left after all."""
        self._decided(request, placed=False)

    def settle(self, request: Request, error: ExchangeException, make_errand: MakeErrand) -> Any:
        """The answer of a call that changes something and failed, when the venue tells what became of it; else an error is raised.

        :param request: as it was sent
        :raises OrderNotPlacedException: for an order that is certain not to be on the book
        :raises OrderNotAmendedException: for one that is certain to be as it was
        :raises OrderStatusUnknownException: when it could not be told in time
        """
        affair, doubt = self.affair_of(request), self.doubt_of(request)
        if self.leaves_doubt(error) and affair is not None:
            try:
                return self._resolve(affair, make_errand)
            except ExchangeException as verdict:
                raise verdict from error
        if doubt is not None and isinstance(error, DuplicateOrderException):
            error.order = order = _shown(lambda errand: doubt.of_its_id(errand, {}), make_errand)
            if order is not None and _shown(lambda errand: doubt.is_the_same(order, errand), make_errand):
                return order
        elif affair is not None and isinstance(error, OrderNotFoundException) and (asked := self.question(request)) is not None:
            error.order = _shown(lambda errand: errand.ask(asked), make_errand)
        raise error

    def undecided(self, make_errand: MakeErrand) -> list[OrderStatusUnknownException]:
        """The orders of which nobody knows whether they were placed, each able to ask."""
        return [
            doubt.unknown("its answer is not there").resolved_by(partial(self._resolve, doubt, make_errand)) for doubt in self._doubts.all()
        ]

    def _resolve(self, affair: Affair, make_errand: MakeErrand) -> Any:
        """Settle what is open, with a new deadline each time that it is asked for."""
        try:
            answer = affair.settle(make_errand())
        except OrderStatusUnknownException as unknown:
            unknown.resolved_by(partial(self._resolve, affair, make_errand))
            raise
        except (OrderNotPlacedException, OrderNotAmendedException, ExchangeAPIException) as verdict:
            self._strike(affair, placed=isinstance(verdict, ExchangeAPIException))
            raise
        except ExchangeException as error:
            raise affair.unknown(str(error)).resolved_by(partial(self._resolve, affair, make_errand)) from error
        self._strike(affair, placed=True)
        return answer

    def _decided(self, request: Request, *, placed: bool) -> None:
        self._strike(self.doubt_of(request), placed=placed)

    def _strike(self, affair: Affair | None, *, placed: bool) -> None:
        if isinstance(affair, self._kind):
            self._doubts.strike(affair, placed=placed)


def _shown(look: Callable[[Errand], Any], make_errand: MakeErrand) -> Any:
    """What an order is now, None when the venue does not say: the error that it is to explain is raised in any case."""
    try:
        return look(make_errand())
    except Lost:
        return None
