"""A cancellation and an amendment whose answers were lost, whatever their venue: asked after until it is known what became of them.

Only a cancellation is sent again, and only while the venue shows what it is about as open. What is asked, and how an answer is read, is
the venue's; its orders are asked after in its own ``placing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.orders.inquiry import Inquiry, Lost, is_refusal
from exchangeclient.exceptions import ExchangeException, OrderNotFoundException, OrderStatusUnknownException

AnyInquiry = TypeVar("AnyInquiry", bound=Inquiry)


class _OneOrder(Generic[AnyInquiry]):
    """Something that was to happen to an order."""

    __slots__ = ()

    def unknown(self, why: str) -> OrderStatusUnknownException:
        """The error that says that nobody knows."""
        raise NotImplementedError

    def inquiry(self, errand: Errand) -> AnyInquiry:
        """The questions about it."""
        raise NotImplementedError

    def look(self, errand: Errand, inquiry: AnyInquiry) -> dict[str, Any]:
        """The order as the venue shows it.

        :raises OrderNotFoundException: when it shows none; and what else makes :data:`~exchangeclient.core.orders.inquiry.Lost`
        """
        raise NotImplementedError


class Cancellation(_OneOrder[AnyInquiry]):
    """The cancellation of an order."""

    __slots__ = ()

    def settle(self, errand: Errand) -> Any:
        """The order as it ended, which may be that it was filled. While it is open it is cancelled again, which cannot do harm.

        :raises OrderNotFoundException: when there is no such order
        :raises ExchangeAPIException: when the venue refuses to cancel it
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = self.inquiry(errand)
        while inquiry.goes_on():
            try:
                order = self.look(errand, inquiry)
                other = self.mistaken(order, errand) if self.is_open(order) else None
            except OrderNotFoundException as error:
                inquiry.missed(str(error))
                if inquiry.never_happened:
                    raise
            except Lost as error:
                inquiry.failed(error)
            else:
                if other is not None:
                    raise other
                if not self.is_open(order):
                    return order
                try:
                    return self.repeat(errand)
                except Lost as error:
                    # Not found: it has ended since it was looked at; how, the next look will tell.
                    if not isinstance(error, OrderNotFoundException) and self.is_refusal(error):
                        raise
                    inquiry.failed(error)
        raise self.unknown(inquiry.why)

    def is_open(self, order: Mapping[str, Any]) -> bool:
        """True while there is something left to cancel."""
        raise NotImplementedError

    def mistaken(self, order: Mapping[str, Any], errand: Errand) -> OrderNotFoundException | None:  # noqa: ARG002 - not every venue tells
        """The error that says that the open order is not the one that was meant; None when it is."""
        return None

    def repeat(self, errand: Errand) -> Any:
        """Send it once more, stamped anew. Its own loss is seen to by who asks for it."""
        raise NotImplementedError

    def is_refusal(self, error: ExchangeException) -> bool:
        """True when the venue would refuse it the next time, too."""
        return is_refusal(error)


class Amendment(_OneOrder[AnyInquiry]):
    """An order that was to be changed."""

    __slots__ = ()

    def settle(self, errand: Errand) -> Any:
        """The amended order as the venue shows it.

        :raises OrderNotAmendedException: it is as it was
        :raises OrderNotFoundException: when there is no such order
        :raises OrderStatusUnknownException: there was no telling before the errand's deadline
        """
        inquiry = self.inquiry(errand)
        while inquiry.goes_on():
            try:
                order = self.look(errand, inquiry)
            except OrderNotFoundException as error:
                inquiry.missed(str(error))
                if inquiry.never_happened:
                    raise
            except Lost as error:
                inquiry.failed(error)
            else:
                if self.is_in(order):
                    return order
                inquiry.missed(self.difference(order))
                if inquiry.never_happened:
                    raise self.not_amended(order, inquiry.why)
        raise self.unknown(inquiry.why)

    def is_in(self, order: Mapping[str, Any]) -> bool:
        """True when an order, as the venue shows it, is as it was to be."""
        raise NotImplementedError

    def difference(self, order: Mapping[str, Any]) -> str:
        """What it is instead, in words."""
        raise NotImplementedError

    def not_amended(self, order: Mapping[str, Any], why: str) -> ExchangeException:
        """The error for an order that was not changed, and will not be."""
        raise NotImplementedError


def came_later(order: Mapping[str, Any], venue: str) -> OrderNotFoundException:
    """The error for a cancellation whose order has ended, when another one has its id now."""
    text = "not cancelled: the order has ended, and the one that is open under its id came after the cancellation"
    later = OrderNotFoundException(text, venue=venue)
    later.order = order
    return later
