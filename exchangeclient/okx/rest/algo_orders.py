"""Orders that wait for a price: conditional, one-cancels-the-other, trigger, trailing, iceberg. Declared endpoints only.

They have ids of their own (``algoId``, ``algoClOrdId``). A price of ``"-1"`` stands for the market's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.enums import AlgoOrderType, InstType, OkxSide, PosSide, TargetCurrency, TradeMode
from exchangeclient.numbers import Number
from exchangeclient.okx import limits


class AlgoOrders(Endpoints):
    """Orders that wait."""

    @endpoint(
        "POST /api/v5/trade/order-algo",
        weight=1,
        counts=limits.USER_20,
        by=limits.INSTRUMENT,
        security=Security.TRADE,
        kind=Kind.PLACE,
        orders=1,
    )
    def create_algo_order(
        self,
        *,
        instId: Symbol,
        tdMode: Annotated[TradeMode | str, CLOSED],
        side: Annotated[OkxSide | str, CLOSED],
        ordType: AlgoOrderType | str,
        sz: Number | None = None,
        algoClOrdId: str | None = None,
        posSide: Annotated[PosSide | str, CLOSED] | None = None,
        reduceOnly: bool | None = None,
        tgtCcy: Annotated[TargetCurrency | str, CLOSED] | None = None,
        tpTriggerPx: Number | None = None,
        tpOrdPx: str | None = None,
        slTriggerPx: Number | None = None,
        slOrdPx: str | None = None,
        triggerPx: Number | None = None,
        orderPx: str | None = None,
        callbackRatio: Number | None = None,
        callbackSpread: Number | None = None,
        activePx: Number | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Place an order that waits: ``{"algoId": ..., "algoClOrdId": ..., "sCode": "0", ...}``.

        One whose answer is lost is asked after, never sent twice: the venue may take it for half a minute, so that nothing is certain
        before.
        ``POST /api/v5/trade/order-algo``, 20 in 2 s on each instrument,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-place-algo-order>`__.

        :param ordType: ``conditional``, ``oco``, ``trigger``, ``move_order_stop``, ``iceberg``, ``twap`` or ``chase``
        :param algoClOrdId: 1 to 32 letters and digits; drawn when left out
        :param tpOrdPx: price of the order that takes the profit, ``"-1"`` for the market's
        :param slOrdPx: price of the order that stops the loss, ``"-1"`` for the market's
        :param callbackRatio: of a trailing order: 0.01 is 1 %
        :param disable_validation: True leaves the order rules to the venue
        :raises OrderException: when it breaks a rule of the instrument; nothing was sent
        :raises OrderNotPlacedException: its answer was lost, and it is certain that it was not placed
        :raises OrderStatusUnknownException: its answer was lost, and nobody knows yet
        :raises DuplicateOrderException: another order has its ``algoClOrdId``
        """
        ...

    @endpoint("POST /api/v5/trade/cancel-algos", weight=limits.EACH, counts=limits.USER_20, security=Security.TRADE, kind=Kind.CANCEL)
    def cancel_algo_orders(self, orders: Sequence[Mapping[str, Any]], **params: Any) -> list[dict[str, Any]]:
        """Cancel up to 10 orders that wait, each as ``{"instId": ..., "algoId": ...}`` or with ``algoClOrdId``: a row for each, to be read.

        ``POST /api/v5/trade/cancel-algos``, 20 orders in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-cancel-algo-order>`__.
        """
        ...

    @endpoint("POST /api/v5/trade/amend-algos", weight=1, counts=limits.USER_20, security=Security.TRADE, kind=Kind.AMEND)
    def amend_algo_order(
        self,
        *,
        instId: Symbol,
        algoId: str | None = None,
        algoClOrdId: str | None = None,
        newSz: Number | None = None,
        newTpTriggerPx: Number | None = None,
        newTpOrdPx: str | None = None,
        newSlTriggerPx: Number | None = None,
        newSlOrdPx: str | None = None,
        cxlOnFail: bool | None = None,
        disable_validation: bool = False,
        **params: Any,
    ) -> dict[str, Any]:
        """Change an order that waits, by one of its ids.

        ``POST /api/v5/trade/amend-algos``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-amend-algo-order>`__.

        :raises OrderException: when it breaks a rule of the instrument; nothing was sent
        :raises OrderNotAmendedException: its answer was lost, and it is certain that the order is as it was
        """
        ...

    @endpoint("GET /api/v5/trade/order-algo", weight=1, counts=limits.USER_20, security=Security.USER_DATA)
    def get_algo_order(self, *, algoId: str | None = None, algoClOrdId: str | None = None, **params: Any) -> dict[str, Any]:
        """An order that waits, by one of its ids.

        ``GET /api/v5/trade/order-algo``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-get-algo-order-details>`__.

        :raises OrderNotFoundException: when there is none
        """
        ...

    @endpoint("GET /api/v5/trade/orders-algo-pending", weight=1, counts=limits.USER_20, security=Security.USER_DATA)
    def get_open_algo_orders(
        self,
        ordType: AlgoOrderType | str,
        *,
        instType: Annotated[InstType | str, CLOSED] | None = None,
        instId: Symbol | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Orders that wait, newest first.

        ``GET /api/v5/trade/orders-algo-pending``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-get-algo-order-list>`__.
        """
        ...

    @endpoint("GET /api/v5/trade/orders-algo-history", weight=1, counts=limits.USER_20, security=Security.USER_DATA)
    def get_algo_order_history(
        self,
        ordType: AlgoOrderType | str,
        *,
        state: str | None = None,
        algoId: str | None = None,
        instType: Annotated[InstType | str, CLOSED] | None = None,
        instId: Symbol | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Orders that have waited, of the last three months, newest first; give ``state`` or ``algoId``.

        ``GET /api/v5/trade/orders-algo-history``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-get-algo-order-history>`__.

        :param state: ``effective``, ``canceled`` or ``order_failed``
        """
        ...
