"""Orders over the private websocket: ``ws_`` and the name of a REST call is that call there (:mod:`.wsapi`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from exchangeclient.core.calling.twins import Way
from exchangeclient.numbers import Number
from exchangeclient.okx.orderform import limit_order, market_order
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.wsapi import HOST, OPERATIONS

P = ParamSpec("P")
T = TypeVar("T")

_WAY: Final = Way("the private websocket", HOST, OPERATIONS)


def _twin(rest: Callable[P, T]) -> Callable[P, T]:
    return _WAY.twin(rest, __name__)


class WsCalls(Trade):
    """Orders, each in one round trip over a connection that is kept. What becomes of one whose answer is lost, REST is asked."""

    ws_create_order = _twin(Trade.create_order)
    ws_create_orders = _twin(Trade.create_orders)
    ws_cancel_order = _twin(Trade.cancel_order)
    ws_cancel_orders = _twin(Trade.cancel_orders)
    ws_amend_order = _twin(Trade.amend_order)
    ws_amend_orders = _twin(Trade.amend_orders)

    def ws_order_limit(self, *, instId: str, **params: Any) -> dict[str, Any]:
        """Place a limit order over the private websocket; ``instId``, ``side``, ``sz`` and ``px`` are needed."""
        return self.ws_create_order(**limit_order(instId, params))

    def ws_order_limit_buy(self, **params: Any) -> dict[str, Any]:
        """Place a limit order to buy over the private websocket; ``instId``, ``sz`` and ``px`` are needed."""
        return self.ws_order_limit(side="buy", **params)

    def ws_order_limit_sell(self, **params: Any) -> dict[str, Any]:
        """Place a limit order to sell over the private websocket; ``instId``, ``sz`` and ``px`` are needed."""
        return self.ws_order_limit(side="sell", **params)

    def ws_order_market(
        self, *, instId: str, sz: Number | None = None, quoteOrderQty: Number | None = None, **params: Any
    ) -> dict[str, Any]:
        """Place a market order over the private websocket; ``instId``, ``side``, and ``sz`` or ``quoteOrderQty`` are needed.

        :param sz: coins on a pair of coins, whichever side, and contracts otherwise
        :param quoteOrderQty: on a pair of coins, in place of ``sz``: what to spend or to earn, in the quote currency
        """
        return self.ws_create_order(**market_order("ws_order_market", instId, sz, quoteOrderQty, params))

    def ws_order_market_buy(self, **params: Any) -> dict[str, Any]:
        """Place a market order to buy over the private websocket; ``instId``, and ``sz`` or ``quoteOrderQty`` are needed."""
        return self.ws_order_market(side="buy", **params)

    def ws_order_market_sell(self, **params: Any) -> dict[str, Any]:
        """Place a market order to sell over the private websocket; ``instId``, and ``sz`` or ``quoteOrderQty`` are needed."""
        return self.ws_order_market(side="sell", **params)
