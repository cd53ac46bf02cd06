"""Spot: the account, its orders and its trades. Declared endpoints only; all need an API key.

What the venue refuses comes as :class:`~exchangeclient.exceptions.ExchangeAPIException`; times are milliseconds since 1970, prices and
quantities are texts.
"""

from __future__ import annotations

from typing import Any

from exchangeclient.binance import limits
from exchangeclient.core.calling.endpoint import Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Security
from exchangeclient.numbers import Number


class Account(Endpoints):
    """What the account holds and has done."""

    @endpoint("GET /api/v3/order", weight=4, security=Security.USER_DATA)
    def get_order(
        self,
        *,
        symbol: Symbol,
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

    @endpoint("GET /api/v3/orderList", weight=4, security=Security.USER_DATA)
    def get_order_list(
        self, *, orderListId: int | None = None, origClientOrderId: str | None = None, recvWindow: Number | None = None, **params: Any
    ) -> dict[str, Any]:
        """One order list, named by ``orderListId`` or ``origClientOrderId``.

        ``GET /api/v3/orderList``, weight 4,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-order-list-user_data>`__.

        :param origClientOrderId: the list's own id, its ``listClientOrderId``
        :raises OrderNotFoundException: when there is no such list
        """
        ...

    @endpoint("GET /api/v3/openOrders", weight=limits.OPEN_ORDERS, security=Security.USER_DATA)
    def get_open_orders(self, *, symbol: Symbol | None = None, recvWindow: Number | None = None, **params: Any) -> list[dict[str, Any]]:
        """The open orders of a symbol, or of all when it is left out.

        ``GET /api/v3/openOrders``, weight 6 with symbol, else 80, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#current-open-orders-user_data>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/allOrders", weight=20, security=Security.USER_DATA)
    def get_all_orders(
        self,
        *,
        symbol: Symbol,
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
        :raises UnknownSymbolException: when the venue does not list the symbol
        :raises ExchangeAPIException: code -1127 when the times are more than 24 hours apart
        """
        ...

    @endpoint("GET /api/v3/account", weight=20, security=Security.USER_DATA)
    def get_account(self, *, omitZeroBalances: bool | None = None, recvWindow: Number | None = None, **params: Any) -> dict[str, Any]:
        """Balances, commission rates and permissions.

        ``GET /api/v3/account``, weight 20, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#account-information-user_data>`__.

        :param omitZeroBalances: True leaves out assets that the account does not hold
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /api/v3/myTrades", weight=limits.MY_TRADES, security=Security.USER_DATA)
    def get_my_trades(
        self,
        *,
        symbol: Symbol,
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
        :raises UnknownSymbolException: when the venue does not list the symbol
        :raises ExchangeAPIException: code -1127 when the times are more than 24 hours apart
        """
        ...

    @endpoint("GET /api/v3/allOrderList", weight=20, security=Security.USER_DATA)
    def get_all_order_lists(
        self,
        *,
        fromId: int | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Every order list, open or done, oldest first.

        ``GET /api/v3/allOrderList``, weight 20, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-all-order-lists-user_data>`__.

        :param fromId: this list and those after it; not together with times
        :param startTime: milliseconds; at most 24 hours before ``endTime``
        :param limit: 500 when left out, 1000 at most
        :raises ExchangeAPIException: code -1127 when the times are more than 24 hours apart
        """
        ...

    @endpoint("GET /api/v3/openOrderList", weight=6, security=Security.USER_DATA)
    def get_open_order_lists(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The open order lists of all symbols.

        ``GET /api/v3/openOrderList``, weight 6, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-open-order-lists-user_data>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /api/v3/rateLimit/order", weight=40, security=Security.USER_DATA)
    def get_current_order_count(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """How many orders count against the account's limits now, for each limit.

        ``GET /api/v3/rateLimit/order``, weight 40, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-unfilled-order-count-user_data>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /api/v3/myPreventedMatches", weight=limits.PREVENTED_MATCHES, security=Security.USER_DATA)
    def get_prevented_matches(
        self,
        *,
        symbol: Symbol,
        preventedMatchId: int | None = None,
        orderId: int | None = None,
        fromPreventedMatchId: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Orders that self-trade prevention kept from trading with each other.

        ``GET /api/v3/myPreventedMatches``, weight 2 with preventedMatchId, 20 with orderId, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-prevented-matches-user_data>`__.

        :param preventedMatchId: this one alone
        :param orderId: those of this order
        :param fromPreventedMatchId: with ``orderId``, from this one on
        :param limit: 500 when left out, 1000 at most
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/myAllocations", weight=20, security=Security.USER_DATA)
    def get_allocations(
        self,
        *,
        symbol: Symbol,
        startTime: int | None = None,
        endTime: int | None = None,
        fromAllocationId: int | None = None,
        limit: int | None = None,
        orderId: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """What orders placed with smart order routing got, oldest first.

        ``GET /api/v3/myAllocations``, weight 20, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-allocations-user_data>`__.

        :param startTime: milliseconds; at most 24 hours before ``endTime``
        :param limit: 500 when left out, 1000 at most
        :raises UnknownSymbolException: when the venue does not list the symbol
        :raises ExchangeAPIException: code -1127 when the times are more than 24 hours apart
        """
        ...

    @endpoint("GET /api/v3/account/commission", weight=20, security=Security.USER_DATA)
    def get_account_commission(
        self,
        *,
        symbol: Symbol,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """What the account pays for trades on a symbol: standard, special and tax rates, and the discount.

        ``GET /api/v3/account/commission``, weight 20, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-commission-rates-user_data>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/order/amendments", weight=4, security=Security.USER_DATA)
    def get_order_amendments(
        self,
        *,
        symbol: Symbol,
        orderId: int,
        fromExecutionId: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """How an order was amended, oldest first.

        ``GET /api/v3/order/amendments``, weight 4, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-order-amendments-user_data>`__.

        :param fromExecutionId: this amendment and those after it
        :param limit: 500 when left out, 1000 at most
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/myFilters", weight=40, security=Security.USER_DATA)
    def get_my_filters(
        self,
        *,
        symbol: Symbol,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """The filters that apply to the account on a symbol: of the exchange, of the symbol, of the assets.

        ``GET /api/v3/myFilters``, weight 40, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints#query-relevant-filters-user_data>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...
