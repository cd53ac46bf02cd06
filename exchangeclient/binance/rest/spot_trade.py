"""Spot: placing and cancelling orders. Declared endpoints only.

Before an order leaves, :mod:`exchangeclient.binance.orders` checks that nothing it needs is missing and that it keeps to the
rules of its symbol (:class:`~exchangeclient.exceptions.OrderException`, nothing sent); ``disable_validation=True`` switches
the rules off. What the venue refuses comes as :class:`~exchangeclient.exceptions.ExchangeAPIException`.
"""

from __future__ import annotations

from typing import Any

from exchangeclient.binance import limits
from exchangeclient.core.endpoint import Endpoints, endpoint
from exchangeclient.core.request import Kind, Security
from exchangeclient.enums import OrderRespType, OrderType, Side, TimeInForce
from exchangeclient.numbers import Number


class SpotTrade(Endpoints):
    """Orders of the spot exchange."""

    @endpoint("POST /api/v3/order", weight=1, security=Security.TRADE, kind=Kind.PLACE)
    def create_order(
        self,
        *,
        symbol: str,
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
        selfTradePreventionMode: str | None = None,
        pegPriceType: str | None = None,
        pegOffsetValue: int | None = None,
        pegOffsetType: str | None = None,
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
        :param disable_validation: True sends it without looking at the symbol's rules; what its type needs is checked all the same
        :raises TypeError: when something that the type needs is missing
        :raises OrderException: when it breaks a rule; nothing was sent
        :raises InsufficientFundsException: when the balance does not cover it
        :raises DuplicateOrderException: when an open order has that id
        :raises ExchangeRequestException: when there was no answer; ``.sent`` tells whether the order may exist
        """
        ...

    @endpoint("POST /api/v3/order/test", weight=limits.TEST_ORDER, security=Security.TRADE, kind=Kind.TEST)
    def create_test_order(
        self,
        *,
        symbol: str,
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
        selfTradePreventionMode: str | None = None,
        pegPriceType: str | None = None,
        pegOffsetValue: int | None = None,
        pegOffsetType: str | None = None,
        recvWindow: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Have the venue check an order without placing it: an empty answer when it is good.

        ``POST /api/v3/order/test``, weight 1, 20 with computeCommissionRates,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#test-new-order-trade>`__.
        Parameters and errors as :meth:`create_order`.

        :param computeCommissionRates: True answers with the commission rates
        """
        ...

    @endpoint("DELETE /api/v3/order", weight=1, security=Security.TRADE, kind=Kind.CANCEL)
    def cancel_order(
        self,
        *,
        symbol: str,
        orderId: int | None = None,
        origClientOrderId: str | None = None,
        newClientOrderId: str | None = None,
        cancelRestrictions: str | None = None,
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
    def cancel_all_open_orders(self, *, symbol: str, recvWindow: Number | None = None, **params: Any) -> list[dict[str, Any]]:
        """Cancel every open order of a symbol.

        ``DELETE /api/v3/openOrders``, weight 1 (0 when cancelled), `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#cancel-all-open-orders-on-a-symbol-trade>`__.

        :raises OrderNotFoundException: when none is open
        """
        ...
