"""Orders of spot, margin, swaps and futures, and what became of them. Declared endpoints only.

``sz`` is in coins on spot and in contracts otherwise, but for one case: a market order to buy on spot counts in the quote currency, unless
it says ``tgtCcy="base_ccy"``. What a call places is accepted, not yet carried out: :meth:`Trade.get_order` or the orders' stream tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.enums import InstType, OkxOrderType, OkxSide, PosSide, TargetCurrency, TradeMode
from exchangeclient.numbers import Number
from exchangeclient.okx import limits


class Trade(Endpoints):
    """Orders."""

    @endpoint(
        "POST /api/v5/trade/order",
        weight=1,
        counts=limits.USER_60,
        by=limits.INSTRUMENT,
        security=Security.TRADE,
        kind=Kind.PLACE,
        orders=1,
    )
    def create_order(
        self,
        *,
        instId: Symbol,
        tdMode: Annotated[TradeMode | str, CLOSED],
        side: Annotated[OkxSide | str, CLOSED],
        ordType: OkxOrderType | str,
        sz: Number,
        px: Number | None = None,
        clOrdId: str | None = None,
        tgtCcy: Annotated[TargetCurrency | str, CLOSED] | None = None,
        posSide: Annotated[PosSide | str, CLOSED] | None = None,
        reduceOnly: bool | None = None,
        ccy: Symbol | None = None,
        tag: str | None = None,
        stpMode: str | None = None,
        banAmend: bool | None = None,
        attachAlgoOrds: Sequence[Mapping[str, Any]] | None = None,
        expTime: int | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order: ``{"ordId": ..., "clOrdId": ..., "sCode": "0", ...}``. One whose answer is lost is asked after, never sent twice.

        ``POST /api/v5/trade/order``, 60 in 2 s on each instrument,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-place-order>`__.

        :param tdMode: ``cash`` on spot, else ``cross`` or ``isolated``
        :param ordType: ``limit``, ``market``, ``post_only``, ``fok``, ``ioc`` or ``optimal_limit_ioc``
        :param sz: see the head of this module
        :param px: not for ``market`` and ``optimal_limit_ioc``
        :param clOrdId: 1 to 32 letters and digits; drawn when left out
        :param tgtCcy: ``base_ccy`` or ``quote_ccy``: what ``sz`` of a market order on spot counts in
        :param posSide: ``long`` or ``short``, needed where the account has positions of both sides
        :param reduceOnly: only make a position smaller
        :param expTime: milliseconds; void when it reaches the matching later; five seconds from now when left out
        :param disable_validation: True leaves the order rules to the venue
        :raises OrderException: when it breaks a rule of the instrument; nothing was sent
        :raises OrderNotPlacedException: its answer was lost, and it is certain that it was not placed
        :raises OrderStatusUnknownException: its answer was lost, and nobody knows yet
        :raises InsufficientFundsException: the balance does not cover it
        :raises DuplicateOrderException: another order that is open has its ``clOrdId``
        """
        ...

    @endpoint(
        "POST /api/v5/trade/batch-orders",
        weight=limits.EACH,
        counts=limits.USER_300,
        security=Security.TRADE,
        kind=Kind.PLACE,
        orders=limits.EACH,
    )
    def create_orders(
        self, orders: Sequence[Mapping[str, Any]], *, expTime: int | None = None, disable_validation: bool = False, **params: Any
    ) -> list[dict[str, Any]]:
        """Place up to 20 orders: a row for each, of which ``sCode`` is ``"0"`` when it was taken. Read every row.

        ``POST /api/v5/trade/batch-orders``, 300 orders in 2 s (one alone counts as its single call does),
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-place-multiple-orders>`__.

        :param orders: dicts of what :meth:`create_order` takes; each is held to the rules before any is sent
        :raises ValueError: when two of them have the same ``clOrdId``
        :raises ExchangeAPIException: when none of them was taken; the rows are its ``data``
        :raises OrderException: when one breaks a rule; nothing was sent
        :raises OrderStatusUnknownException: the answer was lost, and nobody knows yet
        """
        ...

    @endpoint(
        "POST /api/v5/trade/cancel-order",
        weight=1,
        counts=limits.USER_60,
        by=limits.INSTRUMENT,
        security=Security.TRADE,
        kind=Kind.CANCEL,
    )
    def cancel_order(self, *, instId: Symbol, ordId: str | None = None, clOrdId: str | None = None, **params: Any) -> dict[str, Any]:
        """Cancel an order by one of its ids. That it is accepted means that it will be tried.

        ``POST /api/v5/trade/cancel-order``, 60 in 2 s on each instrument,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-cancel-order>`__.

        :raises OrderNotFoundException: when there is none that is open; its ``order`` says what became of it
        """
        ...

    @endpoint(
        "POST /api/v5/trade/cancel-batch-orders",
        weight=limits.EACH,
        counts=limits.USER_300,
        security=Security.TRADE,
        kind=Kind.CANCEL,
    )
    def cancel_orders(self, orders: Sequence[Mapping[str, Any]], **params: Any) -> list[dict[str, Any]]:
        """Cancel up to 20 orders, each as ``{"instId": ..., "ordId": ...}`` or with ``clOrdId``: a row for each, to be read.

        ``POST /api/v5/trade/cancel-batch-orders``, 300 orders in 2 s (one alone counts as its single call does),
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-cancel-multiple-orders>`__.

        :raises ExchangeAPIException: when none of them could be; the rows are its ``data``
        """
        ...

    @endpoint(
        "POST /api/v5/trade/amend-order",
        weight=1,
        counts=limits.USER_60,
        by=limits.INSTRUMENT,
        security=Security.TRADE,
        kind=Kind.AMEND,
        orders=1,
    )
    def amend_order(
        self,
        *,
        instId: Symbol,
        ordId: str | None = None,
        clOrdId: str | None = None,
        newSz: Number | None = None,
        newPx: Number | None = None,
        cxlOnFail: bool | None = None,
        reqId: str | None = None,
        expTime: int | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Change quantity or price of an order that is open.

        ``POST /api/v5/trade/amend-order``, 60 in 2 s on each instrument,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-amend-order>`__.

        :param newSz: the whole quantity, with what is filled
        :param cxlOnFail: True cancels the order when it cannot be changed
        :raises OrderNotAmendedException: its answer was lost, and it is certain that the order is as it was
        :raises OrderNotFoundException: when there is none that is open
        """
        ...

    @endpoint(
        "POST /api/v5/trade/amend-batch-orders",
        weight=limits.EACH,
        counts=limits.USER_300,
        security=Security.TRADE,
        kind=Kind.AMEND,
        orders=limits.EACH,
    )
    def amend_orders(
        self, orders: Sequence[Mapping[str, Any]], *, expTime: int | None = None, disable_validation: bool = False, **params: Any
    ) -> list[dict[str, Any]]:
        """Change up to 20 orders, each as :meth:`amend_order` takes it: a row for each, to be read.

        ``POST /api/v5/trade/amend-batch-orders``, 300 orders in 2 s (one alone counts as its single call does),
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-amend-multiple-orders>`__.

        :raises ExchangeAPIException: when none of them could be; the rows are its ``data``
        :raises OrderException: when one breaks a rule; nothing was sent
        :raises OrderNotAmendedException: the answer was lost, and it is certain that all are as they were
        """
        ...

    @endpoint("POST /api/v5/trade/close-position", weight=1, counts=limits.USER_20, security=Security.TRADE, kind=Kind.TRANSFER)
    def close_position(
        self,
        *,
        instId: Symbol,
        mgnMode: Annotated[TradeMode | str, CLOSED],
        posSide: Annotated[PosSide | str, CLOSED] | None = None,
        ccy: Symbol | None = None,
        autoCxl: bool | None = None,
        clOrdId: str | None = None,
        tag: str | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Close the whole position of an instrument at the market.

        ``POST /api/v5/trade/close-position``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-close-positions>`__.

        :param mgnMode: ``cross`` or ``isolated``
        :param autoCxl: True cancels orders that hold part of the position
        """
        ...

    @endpoint("POST /api/v5/trade/cancel-all-after", weight=1, counts=limits.USER_1_A_SECOND, security=Security.TRADE, kind=Kind.TRANSFER)
    def cancel_all_after(self, timeOut: Number, *, tag: str | None = None, **params: Any) -> dict[str, Any]:
        """Have all open orders cancelled unless this is called again in time.

        ``POST /api/v5/trade/cancel-all-after``, once a second,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-cancel-all-after>`__.

        :param timeOut: seconds, 10 to 120; 0 ends it
        """
        ...

    @endpoint("POST /api/v5/trade/mass-cancel", weight=1, counts=limits.USER_5, security=Security.TRADE, kind=Kind.TRANSFER)
    def cancel_all_protected(
        self, *, instType: Annotated[InstType | str, CLOSED], instFamily: Symbol, lockInterval: Number | None = None, **params: Any
    ) -> dict[str, Any]:
        """Cancel all orders of a family that the market maker's protection watches (``mmp``): options, for those who have it.

        ``POST /api/v5/trade/mass-cancel``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-mass-cancel-order>`__.

        :param instType: ``OPTION``
        :param lockInterval: milliseconds for which no such order is taken then, 10000 at most; 0 when left out
        """
        ...

    @endpoint("POST /api/v5/trade/order-precheck", weight=1, counts=limits.USER_5, security=Security.TRADE, kind=Kind.TEST)
    def create_test_order(
        self,
        *,
        instId: Symbol,
        tdMode: Annotated[TradeMode | str, CLOSED],
        side: Annotated[OkxSide | str, CLOSED],
        ordType: OkxOrderType | str,
        sz: Number,
        px: Number | None = None,
        posSide: Annotated[PosSide | str, CLOSED] | None = None,
        tgtCcy: Annotated[TargetCurrency | str, CLOSED] | None = None,
        reduceOnly: bool | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """What an order would do to the account, without placing it. For accounts of several currencies and portfolio margin.

        ``POST /api/v5/trade/order-precheck``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-order-precheck>`__.

        :raises OrderException: when it breaks a rule of the instrument; nothing was sent
        """
        ...

    @endpoint("GET /api/v5/trade/order", weight=1, counts=limits.USER_60, by=limits.INSTRUMENT, security=Security.USER_DATA)
    def get_order(self, *, instId: Symbol, ordId: str | None = None, clOrdId: str | None = None, **params: Any) -> dict[str, Any]:
        """An order by one of its ids: of several with the same ``clOrdId`` the latest.

        ``GET /api/v5/trade/order``, 60 in 2 s on each instrument,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details>`__.

        :raises OrderNotFoundException: when there is none, or it was cancelled unfilled more than two hours ago
        """
        ...

    @endpoint("GET /api/v5/trade/orders-pending", weight=1, counts=limits.USER_60, security=Security.USER_DATA)
    def get_open_orders(
        self,
        *,
        instType: Annotated[InstType | str, CLOSED] | None = None,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        ordType: OkxOrderType | str | None = None,
        state: str | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Orders that can still be filled, newest first.

        ``GET /api/v5/trade/orders-pending``, 60 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-list>`__.

        :param after: older than this ``ordId``
        :param before: newer than this ``ordId``
        :param limit: 100 at most, and when left out
        """
        ...

    @endpoint("GET /api/v5/trade/orders-history", weight=1, counts=limits.USER_40, security=Security.USER_DATA)
    def get_order_history(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        ordType: OkxOrderType | str | None = None,
        state: str | None = None,
        after: str | None = None,
        before: str | None = None,
        begin: int | None = None,
        end: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Orders of the last seven days that are done, newest first; those cancelled unfilled only for two hours.

        ``GET /api/v5/trade/orders-history``, 40 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-history-last-7-days>`__.

        :param after: older than this ``ordId``
        :param before: newer than this ``ordId``
        :param begin: milliseconds
        :param end: milliseconds
        :param limit: 100 at most, and when left out
        """
        ...

    @endpoint("GET /api/v5/trade/orders-history-archive", weight=1, counts=limits.USER_20, security=Security.USER_DATA)
    def get_order_archive(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        ordType: OkxOrderType | str | None = None,
        state: str | None = None,
        after: str | None = None,
        before: str | None = None,
        begin: int | None = None,
        end: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Orders of the last three months that are done, newest first, as :meth:`get_order_history`.

        ``GET /api/v5/trade/orders-history-archive``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-history-last-3-months>`__.
        """
        ...

    @endpoint("GET /api/v5/trade/fills", weight=1, counts=limits.USER_60, security=Security.USER_DATA)
    def get_my_trades(
        self,
        *,
        instType: Annotated[InstType | str, CLOSED] | None = None,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        ordId: str | None = None,
        after: str | None = None,
        before: str | None = None,
        begin: int | None = None,
        end: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The account's trades of the last three days, newest first. A ``fee`` below zero was paid.

        ``GET /api/v5/trade/fills``, 60 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-transaction-details-last-3-days>`__.

        :param after: older than this ``billId``
        :param before: newer than this ``billId``
        :param limit: 100 at most, and when left out
        """
        ...

    @endpoint("GET /api/v5/trade/fills-history", weight=1, counts=limits.USER_10, security=Security.USER_DATA)
    def get_my_trades_archive(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        ordId: str | None = None,
        after: str | None = None,
        before: str | None = None,
        begin: int | None = None,
        end: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The account's trades of the last three months, newest first, as :meth:`get_my_trades`.

        ``GET /api/v5/trade/fills-history``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-transaction-details-last-3-months>`__.
        """
        ...
