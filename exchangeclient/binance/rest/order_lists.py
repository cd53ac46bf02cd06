"""Spot: lists of orders that depend on each other. Declared endpoints only.

Each leg of a list has its parameters under a prefix of its own, as the venue spells them. The rules of the symbol are held to every leg
before anything is sent, the list gets an id, so that it can be asked for when its answer is lost, and it counts as so many orders.
"""

from __future__ import annotations

from typing import Any

from exchangeclient.core.calling.endpoint import Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.enums import OrderRespType, OrderType, PegOffsetType, PegPriceType, SelfTradePreventionMode, Side, TimeInForce
from exchangeclient.numbers import Number


class OrderLists(Endpoints):
    """Lists of orders of the spot exchange."""

    @endpoint("POST /api/v3/orderList/oco", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=2)
    def create_oco_order(
        self,
        *,
        symbol: Symbol,
        side: Side | str,
        quantity: Number,
        aboveType: OrderType | str,
        belowType: OrderType | str,
        listClientOrderId: str | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        aboveClientOrderId: str | None = None,
        abovePrice: Number | None = None,
        aboveStopPrice: Number | None = None,
        aboveTrailingDelta: int | None = None,
        aboveIcebergQty: Number | None = None,
        aboveTimeInForce: TimeInForce | str | None = None,
        aboveStrategyId: int | None = None,
        aboveStrategyType: int | None = None,
        abovePegPriceType: PegPriceType | str | None = None,
        abovePegOffsetType: PegOffsetType | str | None = None,
        abovePegOffsetValue: int | None = None,
        belowClientOrderId: str | None = None,
        belowPrice: Number | None = None,
        belowStopPrice: Number | None = None,
        belowTrailingDelta: int | None = None,
        belowIcebergQty: Number | None = None,
        belowTimeInForce: TimeInForce | str | None = None,
        belowStrategyId: int | None = None,
        belowStrategyType: int | None = None,
        belowPegPriceType: PegPriceType | str | None = None,
        belowPegOffsetType: PegOffsetType | str | None = None,
        belowPegOffsetValue: int | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place two orders of which one cancels the other: one above the market, one below.

        ``POST /api/v3/orderList/oco``, weight 1 (0 when accepted),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-list---oco-trade>`__.
        With the parameters of old (``price``, ``stopPrice``, ``stopLimitPrice``) it is :meth:`create_old_oco_order`.

        :param aboveType: to sell ``LIMIT_MAKER``, ``TAKE_PROFIT`` or ``TAKE_PROFIT_LIMIT``; to buy ``STOP_LOSS`` or ``STOP_LOSS_LIMIT``
        :param belowType: the other way around
        :param listClientOrderId: the list's own id; drawn by the client when left out
        :raises OrderException: when a leg breaks a rule; nothing was sent
        """
        ...

    @endpoint("POST /api/v3/order/oco", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=2)
    def create_old_oco_order(
        self,
        *,
        symbol: Symbol,
        side: Side | str,
        quantity: Number,
        price: Number,
        stopPrice: Number,
        listClientOrderId: str | None = None,
        limitClientOrderId: str | None = None,
        limitStrategyId: int | None = None,
        limitStrategyType: int | None = None,
        limitIcebergQty: Number | None = None,
        trailingDelta: int | None = None,
        stopClientOrderId: str | None = None,
        stopStrategyId: int | None = None,
        stopStrategyType: int | None = None,
        stopLimitPrice: Number | None = None,
        stopIcebergQty: Number | None = None,
        stopLimitTimeInForce: TimeInForce | str | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an OCO by the parameters of old, a limit order and a stop. The venue has deprecated it for :meth:`create_oco_order`.

        ``POST /api/v3/order/oco``, weight 1 (0 when accepted),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-oco---deprecated-trade>`__.

        :param price: of the limit order
        :param stopPrice: that triggers the stop, which is a limit order itself with ``stopLimitPrice`` and ``stopLimitTimeInForce``
        :param listClientOrderId: the list's own id; drawn by the client when left out
        :raises OrderException: when a leg breaks a rule; nothing was sent
        """
        ...

    @endpoint("POST /api/v3/orderList/oto", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=2)
    def create_oto_order(
        self,
        *,
        symbol: Symbol,
        workingType: OrderType | str,
        workingSide: Side | str,
        workingPrice: Number,
        workingQuantity: Number,
        pendingType: OrderType | str,
        pendingSide: Side | str,
        pendingQuantity: Number,
        listClientOrderId: str | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        workingClientOrderId: str | None = None,
        workingIcebergQty: Number | None = None,
        workingTimeInForce: TimeInForce | str | None = None,
        workingStrategyId: int | None = None,
        workingStrategyType: int | None = None,
        workingPegPriceType: PegPriceType | str | None = None,
        workingPegOffsetType: PegOffsetType | str | None = None,
        workingPegOffsetValue: int | None = None,
        pendingClientOrderId: str | None = None,
        pendingPrice: Number | None = None,
        pendingStopPrice: Number | None = None,
        pendingTrailingDelta: int | None = None,
        pendingIcebergQty: Number | None = None,
        pendingTimeInForce: TimeInForce | str | None = None,
        pendingStrategyId: int | None = None,
        pendingStrategyType: int | None = None,
        pendingPegPriceType: PegPriceType | str | None = None,
        pendingPegOffsetType: PegOffsetType | str | None = None,
        pendingPegOffsetValue: int | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order, and a second one that follows when the first is filled.

        ``POST /api/v3/orderList/oto``, weight 1 (0 when accepted),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-list---oto-trade>`__.

        :param workingType: ``LIMIT`` or ``LIMIT_MAKER``
        :param pendingType: any but ``MARKET`` by quote quantity
        :param listClientOrderId: the list's own id; drawn by the client when left out
        :raises OrderException: when a leg breaks a rule; nothing was sent
        """
        ...

    @endpoint("POST /api/v3/orderList/otoco", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=3)
    def create_otoco_order(
        self,
        *,
        symbol: Symbol,
        workingType: OrderType | str,
        workingSide: Side | str,
        workingPrice: Number,
        workingQuantity: Number,
        pendingSide: Side | str,
        pendingQuantity: Number,
        pendingAboveType: OrderType | str,
        listClientOrderId: str | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        workingClientOrderId: str | None = None,
        workingIcebergQty: Number | None = None,
        workingTimeInForce: TimeInForce | str | None = None,
        workingStrategyId: int | None = None,
        workingStrategyType: int | None = None,
        workingPegPriceType: PegPriceType | str | None = None,
        workingPegOffsetType: PegOffsetType | str | None = None,
        workingPegOffsetValue: int | None = None,
        pendingAboveClientOrderId: str | None = None,
        pendingAbovePrice: Number | None = None,
        pendingAboveStopPrice: Number | None = None,
        pendingAboveTrailingDelta: int | None = None,
        pendingAboveIcebergQty: Number | None = None,
        pendingAboveTimeInForce: TimeInForce | str | None = None,
        pendingAboveStrategyId: int | None = None,
        pendingAboveStrategyType: int | None = None,
        pendingAbovePegPriceType: PegPriceType | str | None = None,
        pendingAbovePegOffsetType: PegOffsetType | str | None = None,
        pendingAbovePegOffsetValue: int | None = None,
        pendingBelowType: OrderType | str | None = None,
        pendingBelowClientOrderId: str | None = None,
        pendingBelowPrice: Number | None = None,
        pendingBelowStopPrice: Number | None = None,
        pendingBelowTrailingDelta: int | None = None,
        pendingBelowIcebergQty: Number | None = None,
        pendingBelowTimeInForce: TimeInForce | str | None = None,
        pendingBelowStrategyId: int | None = None,
        pendingBelowStrategyType: int | None = None,
        pendingBelowPegPriceType: PegPriceType | str | None = None,
        pendingBelowPegOffsetType: PegOffsetType | str | None = None,
        pendingBelowPegOffsetValue: int | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order, and a pair that follows when it is filled, of which one cancels the other.

        ``POST /api/v3/orderList/otoco``, weight 1 (0 when accepted), `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-list---otoco-trade>`__.

        :param workingType: ``LIMIT`` or ``LIMIT_MAKER``
        :param listClientOrderId: the list's own id; drawn by the client when left out
        :raises OrderException: when a leg breaks a rule; nothing was sent
        """
        ...

    @endpoint("POST /api/v3/orderList/opo", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=2)
    def create_opo_order(
        self,
        *,
        symbol: Symbol,
        workingType: OrderType | str,
        workingSide: Side | str,
        workingPrice: Number,
        workingQuantity: Number,
        pendingType: OrderType | str,
        pendingSide: Side | str,
        listClientOrderId: str | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        workingClientOrderId: str | None = None,
        workingIcebergQty: Number | None = None,
        workingTimeInForce: TimeInForce | str | None = None,
        workingStrategyId: int | None = None,
        workingStrategyType: int | None = None,
        workingPegPriceType: PegPriceType | str | None = None,
        workingPegOffsetType: PegOffsetType | str | None = None,
        workingPegOffsetValue: int | None = None,
        pendingClientOrderId: str | None = None,
        pendingPrice: Number | None = None,
        pendingStopPrice: Number | None = None,
        pendingTrailingDelta: int | None = None,
        pendingIcebergQty: Number | None = None,
        pendingTimeInForce: TimeInForce | str | None = None,
        pendingStrategyId: int | None = None,
        pendingStrategyType: int | None = None,
        pendingPegPriceType: PegPriceType | str | None = None,
        pendingPegOffsetType: PegOffsetType | str | None = None,
        pendingPegOffsetValue: int | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order to buy, and one that sells what it bought.

        ``POST /api/v3/orderList/opo``, weight 1 (0 when accepted),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-list---opo-trade>`__.

        The second one has no quantity: it is what was received, less the commission taken from it.

        :param listClientOrderId: the list's own id; drawn by the client when left out
        :raises OrderException: when a leg breaks a rule; nothing was sent
        """
        ...

    @endpoint("POST /api/v3/orderList/opoco", weight=1, security=Security.TRADE, kind=Kind.PLACE, orders=3)
    def create_opoco_order(
        self,
        *,
        symbol: Symbol,
        workingType: OrderType | str,
        workingSide: Side | str,
        workingPrice: Number,
        workingQuantity: Number,
        pendingSide: Side | str,
        pendingAboveType: OrderType | str,
        listClientOrderId: str | None = None,
        newOrderRespType: OrderRespType | str | None = None,
        selfTradePreventionMode: SelfTradePreventionMode | str | None = None,
        workingClientOrderId: str | None = None,
        workingIcebergQty: Number | None = None,
        workingTimeInForce: TimeInForce | str | None = None,
        workingStrategyId: int | None = None,
        workingStrategyType: int | None = None,
        workingPegPriceType: PegPriceType | str | None = None,
        workingPegOffsetType: PegOffsetType | str | None = None,
        workingPegOffsetValue: int | None = None,
        pendingAboveClientOrderId: str | None = None,
        pendingAbovePrice: Number | None = None,
        pendingAboveStopPrice: Number | None = None,
        pendingAboveTrailingDelta: int | None = None,
        pendingAboveIcebergQty: Number | None = None,
        pendingAboveTimeInForce: TimeInForce | str | None = None,
        pendingAboveStrategyId: int | None = None,
        pendingAboveStrategyType: int | None = None,
        pendingAbovePegPriceType: PegPriceType | str | None = None,
        pendingAbovePegOffsetType: PegOffsetType | str | None = None,
        pendingAbovePegOffsetValue: int | None = None,
        pendingBelowType: OrderType | str | None = None,
        pendingBelowClientOrderId: str | None = None,
        pendingBelowPrice: Number | None = None,
        pendingBelowStopPrice: Number | None = None,
        pendingBelowTrailingDelta: int | None = None,
        pendingBelowIcebergQty: Number | None = None,
        pendingBelowTimeInForce: TimeInForce | str | None = None,
        pendingBelowStrategyId: int | None = None,
        pendingBelowStrategyType: int | None = None,
        pendingBelowPegPriceType: PegPriceType | str | None = None,
        pendingBelowPegOffsetType: PegOffsetType | str | None = None,
        pendingBelowPegOffsetValue: int | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order to buy, and a pair that sells what it bought, of which one cancels the other.

        ``POST /api/v3/orderList/opoco``, weight 1 (0 when accepted), `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-list---opoco-trade>`__.

        The pair has no quantity: it is what was received, less the commission taken from it.

        :param listClientOrderId: the list's own id; drawn by the client when left out
        :raises OrderException: when a leg breaks a rule; nothing was sent
        """
        ...

    @endpoint("DELETE /api/v3/orderList", weight=1, security=Security.TRADE, kind=Kind.CANCEL)
    def cancel_order_list(
        self,
        *,
        symbol: Symbol,
        orderListId: int | None = None,
        listClientOrderId: str | None = None,
        newClientOrderId: str | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Cancel every order of a list, named by ``orderListId`` or ``listClientOrderId``.

        ``DELETE /api/v3/orderList``, weight 1 (0 when cancelled),
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#cancel-order-list-trade>`__.

        :param newClientOrderId: an id for the cancellation itself
        :raises OrderNotFoundException: when no such list is open
        """
        ...
