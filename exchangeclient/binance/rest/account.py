"""Spot: the account, its orders and its trades. Declared endpoints only; all need an API key."""

from __future__ import annotations

from typing import Any

from exchangeclient.binance import limits
from exchangeclient.core.endpoint import Endpoints, endpoint
from exchangeclient.core.request import Security
from exchangeclient.numbers import Number


class Account(Endpoints):
    """What the account holds and has done."""

    @endpoint("GET /api/v3/order", weight=4, security=Security.USER_DATA)
    def get_order(
        self,
        *,
        symbol: str,
        orderId: int | None = None,
        origClientOrderId: str | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """One order and how far it is filled, named by ``orderId`` or ``origClientOrderId``.

        ``GET /api/v3/order``, weight 4,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-order-user_data>`__.

        :raises OrderNotFoundException: when there is no such order
        """
        ...

    @endpoint("GET /api/v3/openOrders", weight=limits.OPEN_ORDERS, security=Security.USER_DATA)
    def get_open_orders(self, *, symbol: str | None = None, recvWindow: Number | None = None, **params: Any) -> list[dict[str, Any]]:
        """The open orders of a symbol, or of all when it is left out.

        ``GET /api/v3/openOrders``, weight 6 with symbol, else 80, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#current-open-orders-user_data>`__.
        """
        ...

    @endpoint("GET /api/v3/allOrders", weight=20, security=Security.USER_DATA)
    def get_all_orders(
        self,
        *,
        symbol: str,
        orderId: int | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Every order of a symbol, open or done, oldest first.

        ``GET /api/v3/allOrders``, weight 20,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#all-orders-user_data>`__.

        :param orderId: this order and those after it
        :param startTime: milliseconds; at most 24 hours before ``endTime``
        :param limit: 500 when left out, 1000 at most
        """
        ...

    @endpoint("GET /api/v3/account", weight=20, security=Security.USER_DATA)
    def get_account(self, *, omitZeroBalances: bool | None = None, recvWindow: Number | None = None, **params: Any) -> dict[str, Any]:
        """Balances, commission rates and permissions.

        ``GET /api/v3/account``, weight 20, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#account-information-user_data>`__.

        :param omitZeroBalances: True leaves out assets that the account does not hold
        """
        ...

    @endpoint("GET /api/v3/myTrades", weight=limits.MY_TRADES, security=Security.USER_DATA)
    def get_my_trades(
        self,
        *,
        symbol: str,
        orderId: int | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        fromId: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The account's own trades of a symbol, oldest first.

        ``GET /api/v3/myTrades``, weight 5 with orderId, else 20,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#account-trade-list-user_data>`__.

        :param orderId: only the trades of this order
        :param startTime: milliseconds; at most 24 hours before ``endTime``
        :param fromId: this trade and those after it
        :param limit: 500 when left out, 1000 at most
        """
        ...
