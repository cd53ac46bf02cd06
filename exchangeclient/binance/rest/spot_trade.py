"""Spot: placing and cancelling orders. Declared endpoints only.

Before an order leaves, :mod:`exchangeclient.binance.orders` checks that nothing it needs is missing and that it keeps to the
rules of its symbol (:class:`~exchangeclient.exceptions.OrderException`, nothing sent); ``disable_validation=True`` leaves both to
the venue. What the venue refuses comes as :class:`~exchangeclient.exceptions.ExchangeAPIException`.
"""

from __future__ import annotations

from typing import Any

from exchangeclient.binance import limits
from exchangeclient.core.calling.endpoint import Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.enums import (
    CancelReplaceMode,
    CancelRestrictions,
    OrderRateLimitExceededMode,
    OrderRespType,
    OrderType,
    PegOffsetType,
    PegPriceType,
    SelfTradePreventionMode,
    Side,
    TimeInForce,
)
from exchangeclient.numbers import Number


class SpotTrade(Endpoints):
    """Orders of the spot exchange."""

    @endpoint("POST /api/v3/order", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=1)
    def create_order(
        self,
        *,
        symbol: Symbol,
        side: Side | str,
        type: OrderType | str,
        timeInForce: TimeInForce | str | None = None,
        quantity: Number | None = None,
        quoteOrderQty: Number | None = None,
        price: Number | None = None,
        newClientOrderId: str | None = None,
        strategyId: int | None = None,
        strategyType: int | None = None,
        stopPrice: Number | None = None,
        trailingDelta: int | None = None,
        icebergQty: Number | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        pegPriceType: PegPriceType | str | None = None,
        pegOffsetValue: int | None = None,
        pegOffsetType: PegOffsetType | str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order.

        ``POST /api/v3/order``, weight 1 (0 when accepted),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-trade>`__.

        :param timeInForce: ``GTC``, ``IOC`` or ``FOK``; for the types with a price
        :param quantity: in the base asset
        :param quoteOrderQty: for market orders, what to spend or earn in the quote asset instead
        :param newClientOrderId: 1 to 36 letters, digits, ``-`` and ``_``; drawn by the client when left out
        :param newOrderRespType: ``ACK``, ``RESULT`` or ``FULL``
        :param recvWindow: how many milliseconds the request may be on its way; 5000 when left out, 60000 at most
        :param disable_validation: True sends it without looking at the symbol's rules or at what its type needs
        :raises TypeError: when something that the type needs is missing
        :raises OrderException: when it breaks a rule; nothing was sent
        :raises InsufficientFundsException: when the balance does not cover it
        :raises DuplicateOrderException: when an open order has that id
        :raises OrderNotPlacedException: when the answer was lost, and it is certain that the order was not placed
        :raises OrderStatusUnknownException: when that could not be told in time; ``resolve()`` asks again
        :raises ExchangeRequestException: when it did not leave this machine
        """
        ...

    @endpoint("POST /api/v3/order/test", weight=limits.TEST_ORDER, security=Security.TRADE, kind=Kind.TEST)
    def create_test_order(
        self,
        *,
        symbol: Symbol,
        side: Side | str,
        type: OrderType | str,
        computeCommissionRates: bool | None = None,
        timeInForce: TimeInForce | str | None = None,
        quantity: Number | None = None,
        quoteOrderQty: Number | None = None,
        price: Number | None = None,
        newClientOrderId: str | None = None,
        strategyId: int | None = None,
        strategyType: int | None = None,
        stopPrice: Number | None = None,
        trailingDelta: int | None = None,
        icebergQty: Number | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        pegPriceType: PegPriceType | str | None = None,
        pegOffsetValue: int | None = None,
        pegOffsetType: PegOffsetType | str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Have the venue check an order without placing it: an empty answer when it is good.

        ``POST /api/v3/order/test``, weight 1, 20 with computeCommissionRates,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#test-new-order-trade>`__.
        Parameters and errors as :meth:`create_order`.

        :param computeCommissionRates: True answers with the commission rates
        :raises OrderException: when it breaks a rule; nothing was sent
        :raises ExchangeAPIException: when the venue would refuse the order
        """
        ...

    @endpoint("POST /api/v3/order/cancelReplace", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=1)
    def cancel_replace_order(
        self,
        *,
        symbol: Symbol,
        side: Side | str,
        type: OrderType | str,
        cancelReplaceMode: CancelReplaceMode | str,
        cancelOrderId: int | None = None,
        cancelOrigClientOrderId: str | None = None,
        cancelNewClientOrderId: str | None = None,
        cancelRestrictions: CancelRestrictions | str | None = None,
        orderRateLimitExceededMode: OrderRateLimitExceededMode | str | None = None,
        timeInForce: TimeInForce | str | None = None,
        quantity: Number | None = None,
        quoteOrderQty: Number | None = None,
        price: Number | None = None,
        newClientOrderId: str | None = None,
        strategyId: int | None = None,
        strategyType: int | None = None,
        stopPrice: Number | None = None,
        trailingDelta: int | None = None,
        icebergQty: Number | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        pegPriceType: PegPriceType | str | None = None,
        pegOffsetValue: int | None = None,
        pegOffsetType: PegOffsetType | str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Cancel an order and place another one in one step.

        ``POST /api/v3/order/cancelReplace``, weight 1 (0 when both are done), `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#cancel-an-existing-order-and-send-a-new-order-trade>`__.
        The new order's parameters are those of :meth:`create_order`.

        :param cancelReplaceMode: ``STOP_ON_FAILURE`` places nothing if the cancellation fails, ``ALLOW_FAILURE`` tries both
        :param cancelOrderId: the order to cancel, or ``cancelOrigClientOrderId``
        :param cancelNewClientOrderId: an id for the cancellation itself
        :param orderRateLimitExceededMode: ``DO_NOTHING`` when left out, or ``CANCEL_ONLY``
        :raises ExchangeAPIException: when one half or both failed; ``.data`` has both halves
        :raises OrderException: when the new order breaks a rule; nothing was sent
        """
        ...

    @endpoint("PUT /api/v3/order/amend/keepPriority", weight=4, security=Security.TRADE, kind=Kind.AMEND)
    def amend_order_keep_priority(
        self,
        *,
        symbol: Symbol,
        newQty: Number,
        orderId: int | None = None,
        origClientOrderId: str | None = None,
        newClientOrderId: str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Make an open order smaller. It keeps its place in the queue.

        ``PUT /api/v3/order/amend/keepPriority``, weight 4,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#order-amend-keep-priority-trade>`__.

        :param newQty: less than the present quantity, more than nothing
        :param newClientOrderId: the order's id from then on; when it is left out, an order that is named by its ``origClientOrderId`` keeps
            that, and one that is named by its ``orderId`` gets another one of the venue's
        :raises OrderNotFoundException: when no such order is open
        """
        ...

    @endpoint("POST /api/v3/sor/order", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=1)
    def create_sor_order(
        self,
        *,
        symbol: Symbol,
        side: Side | str,
        type: OrderType | str,
        quantity: Number,
        timeInForce: TimeInForce | str | None = None,
        price: Number | None = None,
        newClientOrderId: str | None = None,
        strategyId: int | None = None,
        strategyType: int | None = None,
        icebergQty: Number | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order that the venue fills from several books of the same asset, best price first.

        ``POST /api/v3/sor/order``, weight 1 (0 when accepted),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-using-sor-trade>`__.

        :param type: ``LIMIT`` or ``MARKET``
        :param quantity: in the base asset
        :raises OrderException: when it breaks a rule; nothing was sent
        """
        ...

    @endpoint("POST /api/v3/sor/order/test", weight=limits.TEST_ORDER, security=Security.TRADE, kind=Kind.TEST)
    def create_sor_test_order(
        self,
        *,
        symbol: Symbol,
        side: Side | str,
        type: OrderType | str,
        quantity: Number,
        computeCommissionRates: bool | None = None,
        timeInForce: TimeInForce | str | None = None,
        price: Number | None = None,
        newClientOrderId: str | None = None,
        strategyId: int | None = None,
        strategyType: int | None = None,
        icebergQty: Number | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Have the venue check an order of :meth:`create_sor_order` without placing it.

        ``POST /api/v3/sor/order/test``, weight 1, 20 with computeCommissionRates,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#test-new-order-using-sor-trade>`__.

        :param computeCommissionRates: True answers with the commission rates
        :raises OrderException: when it breaks a rule; nothing was sent
        :raises ExchangeAPIException: when the venue would refuse the order
        """
        ...

    @endpoint("DELETE /api/v3/order", weight=1, security=Security.TRADE, kind=Kind.CANCEL)
    def cancel_order(
        self,
        *,
        symbol: Symbol,
        orderId: int | None = None,
        origClientOrderId: str | None = None,
        newClientOrderId: str | None = None,
        cancelRestrictions: CancelRestrictions | str | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Cancel an open order, named by ``orderId`` or ``origClientOrderId``.

        ``DELETE /api/v3/order``, weight 1 (0 when cancelled),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#cancel-order-trade>`__.

        :param newClientOrderId: an id for the cancellation itself
        :param cancelRestrictions: ``ONLY_NEW`` or ``ONLY_PARTIALLY_FILLED``
        :raises OrderNotFoundException: when no such order is open
        """
        ...

    @endpoint("DELETE /api/v3/openOrders", weight=1, security=Security.TRADE, kind=Kind.CANCEL)
    def cancel_all_open_orders(self, *, symbol: Symbol, recvWindow: Number | None = None, **params: Any) -> list[dict[str, Any]]:
        """Cancel every open order of a symbol.

        ``DELETE /api/v3/openOrders``, weight 1 (0 when cancelled), `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#cancel-all-open-orders-on-a-symbol-trade>`__.

        When its answer is lost, what is left of the orders that were open is cancelled one by one. The lost request itself may still
        arrive, for as long as its ``recvWindow`` and ten seconds, and then takes away what was placed meanwhile.

        :raises OrderNotFoundException: when none is open
        """
        ...
