"""Orders, and what became of them. Declared endpoints only.

Quantities count contracts, on a pair of coins the smallest unit of the coin that is bought. A call answers with the order as it is then:
one that could be filled at once is filled already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from exchangeclient.bitmex import limits
from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.enums import BitmexOrderType, BitmexSide, BitmexTimeInForce
from exchangeclient.numbers import Number


class Trade(Endpoints):
    """Orders."""

    @endpoint("POST /api/v1/order", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.PLACE, orders=1)
    def create_order(
        self,
        *,
        symbol: str,
        side: Annotated[BitmexSide | str, CLOSED] | None = None,
        orderQty: Number | None = None,
        price: Number | None = None,
        ordType: BitmexOrderType | str | None = None,
        timeInForce: BitmexTimeInForce | str | None = None,
        displayQty: Number | None = None,
        stopPx: Number | None = None,
        clOrdID: str | None = None,
        clOrdLinkID: str | None = None,
        pegOffsetValue: Decimal | float | int | None = None,
        pegPriceType: str | None = None,
        execInst: str | None = None,
        contingencyType: str | None = None,
        text: str | None = None,
        postOnly: bool | None = None,
        reduceOnly: bool | None = None,
        expires: int | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order: the order. One whose answer is lost is asked after, never sent twice.

        ``POST /api/v1/order``, 10 orders in a second,
        `documentation <https://www.bitmex.com/api/explorer/#!/Order/Order_new>`__.

        :param side: ``Buy`` or ``Sell``; needed here, where the venue would take it for ``Buy``, unless ``execInst`` has ``Close``
        :param ordType: ``Limit`` when left out with a ``price``, ``Market`` without, ``Stop`` and ``StopLimit`` with a ``stopPx``
        :param timeInForce: ``GoodTillCancel``, ``ImmediateOrCancel``, ``FillOrKill`` or ``Day``
        :param displayQty: what others see of it; 0 hides it
        :param clOrdID: 1 to 36 characters without spaces, never used before; drawn when left out
        :param pegOffsetValue: below zero for a trailing stop that sells
        :param execInst: words with commas between: ``ParticipateDoNotInitiate``, ``ReduceOnly``, ``Close``, ``MarkPrice`` ...
        :param postOnly: True adds ``ParticipateDoNotInitiate``: an order that would take at once is cancelled
        :param reduceOnly: True adds ``ReduceOnly``: only make a position smaller
        :param expires: second since 1970 from which on it is void; five seconds from now when left out
        :param disable_validation: True leaves the order rules to the venue
        :raises OrderException: when it breaks a rule of the instrument; nothing was sent
        :raises OrderNotPlacedException: its answer was lost, and it is certain that it was not placed
        :raises OrderStatusUnknownException: its answer was lost, and nobody knows yet
        :raises InsufficientFundsException: the balance does not cover it
        :raises DuplicateOrderException: another order has its ``clOrdID``
        """
        ...

    @endpoint("PUT /api/v1/order", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.AMEND, orders=1)
    def amend_order(
        self,
        *,
        orderID: str | None = None,
        origClOrdID: str | None = None,
        clOrdID: str | None = None,
        orderQty: Number | None = None,
        leavesQty: Number | None = None,
        price: Number | None = None,
        stopPx: Number | None = None,
        pegOffsetValue: Decimal | float | int | None = None,
        text: str | None = None,
        symbol: str | None = None,
        expires: int | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Change an order that is open: the order.

        ``PUT /api/v1/order``, 10 orders in a second,
        `documentation <https://www.bitmex.com/api/explorer/#!/Order/Order_amend>`__.

        :param origClOrdID: which order, in place of ``orderID``
        :param clOrdID: a new id for it, beside ``origClOrdID``
        :param orderQty: the whole quantity, with what is filled
        :param leavesQty: in its place, what is left to be filled
        :param symbol: not sent, as the venue knows the order by its id: the instrument to whose rules the figures are held
        :raises OrderNotAmendedException: its answer was lost, and it is certain that the order is as it was
        :raises OrderNotFoundException: when there is none that is open
        """
        ...

    @endpoint("DELETE /api/v1/order", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.CANCEL, orders=1)
    def cancel_order(
        self, *, orderID: str | None = None, clOrdID: str | None = None, text: str | None = None, **params: Any
    ) -> dict[str, Any]:
        """Cancel an order by one of its ids: the order.

        ``DELETE /api/v1/order``, 10 in a second,
        `documentation <https://www.bitmex.com/api/explorer/#!/Order/Order_cancel>`__.

        :raises OrderNotFoundException: when there is none that is open; its ``order`` says what became of it
        """
        ...

    @endpoint("DELETE /api/v1/order", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.CANCEL, orders=1)
    def cancel_orders(
        self, *, orderID: Sequence[str] | None = None, clOrdID: Sequence[str] | None = None, text: str | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """Cancel several orders, counted as one call: a row for each. One that could not be cancelled has an ``error``: read every row.

        ``DELETE /api/v1/order``, `documentation <https://www.bitmex.com/api/explorer/#!/Order/Order_cancel>`__.

        :param orderID: a list of these, or
        :param clOrdID: a list of these
        :raises ExchangeAPIException: when none of them could be; the rows are its ``data``
        """
        ...

    @endpoint("DELETE /api/v1/order/all", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.CANCEL, orders=1)
    def cancel_all_orders(
        self,
        *,
        symbol: str | None = None,
        filter: Mapping[str, Any] | str | None = None,
        text: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Cancel every open order, or those of an instrument, or those that a filter names: the orders.

        After a lost answer what is left of them is cancelled: a row for each of these.

        ``DELETE /api/v1/order/all``, `documentation <https://www.bitmex.com/api/explorer/#!/Order/Order_cancelAll>`__.

        :param filter: such as ``{"side": "Buy"}``
        :raises OrderStatusUnknownException: its answer was lost, and nobody knows yet what became of it
        """
        ...

    @endpoint("POST /api/v1/order/cancelAllAfter", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.TRANSFER)
    def cancel_all_after(self, timeout: int, **params: Any) -> dict[str, Any]:
        """Have all open orders cancelled unless this is called again in time: ``{"now": ..., "cancelTime": ...}``.

        ``POST /api/v1/order/cancelAllAfter``,
        `documentation <https://www.bitmex.com/api/explorer/#!/Order/Order_cancelAllAfter>`__.

        :param timeout: *milliseconds*: 60000 is a minute; 0 ends it
        """
        ...

    @endpoint("GET /api/v1/order", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_orders(
        self,
        *,
        symbol: str | None = None,
        filter: Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        count: int | None = None,
        start: int | None = None,
        reverse: bool | None = None,
        startTime: str | None = None,
        endTime: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Orders, open and done.

        ``GET /api/v1/order``, `documentation <https://www.bitmex.com/api/explorer/#!/Order/Order_getOrders>`__.

        :param filter: such as ``{"open": True}`` or ``{"clOrdID": ["mine", "other"]}``
        :param count: 100 when left out, 500 at most
        :param reverse: True for the newest first
        :param startTime: ISO
        :param endTime: ISO
        """
        ...
