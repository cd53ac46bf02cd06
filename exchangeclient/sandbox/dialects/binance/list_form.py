"""What an order list request asks for: Binance's parameters of several orders become the engine's :class:`PlaceList`.

Like :mod:`.order_form`, this checks shapes only; whether the prices of a pair are in the right relation is the engine's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.order_form import Names, names_of, read_order
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.engine.commands import Place, PlaceList
from exchangeclient.sandbox.engine.words import ListKind, OrderType, Side

_OF_ANY_LIST = ("symbol", "listClientOrderId", "newOrderRespType", "selfTradePreventionMode")
_WORKING_TYPES = (OrderType.LIMIT, OrderType.LIMIT_MAKER)
_STOPS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT)
_PROFITS = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)
PAYING = (ListKind.OPO, ListKind.OPOCO)


@dataclass(frozen=True, slots=True)
class ListForm:
    """The request for one kind of list.

    :ivar needed: the parameters without which there is nothing to read; what each order needs beside them follows from its type
    :ivar orders: the names of the parameters of each order
    :ivar without_last: what it is when it says nothing of the last order, where that can be left out
    """

    kind: ListKind
    needed: tuple[str, ...]
    orders: tuple[Names, ...]
    without_last: ListKind | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every parameter that the request may have."""
        refused = ("pendingQuantity",) if self.kind in PAYING else ()  # known, because its refusal has a text of its own
        return tuple(dict.fromkeys((*_OF_ANY_LIST, *(name for order in self.orders for name in order.values()), *refused)))

    def read(self, params: Params, account: str) -> PlaceList:
        """The list that the parameters ask for."""
        params.need_all(("symbol", *self.needed))
        if self.kind in PAYING and "pendingQuantity" in params:
            raise errors.OPO_PENDING_QUANTITY("pendingQuantity")
        kind, names_of_orders = self.kind, self.orders
        if self.without_last is not None and not self._own_names_of_last & params.sent:
            kind, names_of_orders = self.without_last, self.orders[:-1]
        orders = tuple(read_order(params, names, account=account) for names in names_of_orders)
        pair = orders
        if kind is not ListKind.OCO:
            working, *pending = orders
            _check_working(working)
            if kind in PAYING:
                _check_payment(working, pending)
            pair = tuple(pending)
        if len(pair) == 2:
            _check_pair(*pair)
        elif self.without_last is not None:
            _check_leg(*pair)
        return PlaceList(kind, orders, params.client_order_id("listClientOrderId"))

    @property
    def _own_names_of_last(self) -> set[str]:
        """The parameters that are of the last order and of no other."""
        *others, last = self.orders
        return set(last.values()).difference(*(names.values() for names in others))


def read_old_oco(params: Params, account: str) -> PlaceList:
    """The retired request for a pair: a limit order, and a stop that is a limit order too if it is given a price."""
    params.need_all(("symbol", "side", "quantity", "price", "stopPrice"))
    kind = OrderType.STOP_LOSS_LIMIT if "stopLimitPrice" in params else OrderType.STOP_LOSS
    stop = read_order(params, _OLD_STOP, account=account, kind=kind)
    limit = read_order(params, _OLD_LIMIT, account=account, kind=OrderType.LIMIT_MAKER)
    pair = (stop, limit) if stop.side is Side.BUY else (limit, stop)
    return PlaceList(ListKind.OCO, pair, params.client_order_id("listClientOrderId"))


def _check_working(working: Place) -> None:
    if working.type not in _WORKING_TYPES:
        raise errors.BAD_TYPE()


def _check_payment(working: Place, pending: list[Place]) -> None:
    """What the working order buys is what the pending ones sell."""
    if working.side is not Side.BUY:
        raise errors.OPO_WORKING_SELLS()
    if any(each.side is not Side.SELL for each in pending):
        raise errors.OPO_PENDING_BUYS()


def _check_pair(above: Place, below: Place) -> None:
    """One of the two takes a profit, the other one stops a loss, and each is on the side of the market where that makes sense."""
    _check_leg(above)
    _check_leg(below)
    if (above.type, below.type) == (OrderType.LIMIT_MAKER, OrderType.LIMIT_MAKER):
        raise errors.LIST_BOTH_LIMIT()
    buys = above.side is Side.BUY
    profit, stop = (below, above) if buys else (above, below)
    if stop.type is OrderType.LIMIT_MAKER:
        raise errors.LIST_BUY_LIMIT_ABOVE() if buys else errors.LIST_SELL_LIMIT_BELOW()
    if profit.type in _STOPS:
        raise errors.LIST_BUY_STOP_BELOW() if buys else errors.LIST_SELL_STOP_ABOVE()
    if stop.type in _PROFITS:
        raise errors.LIST_BUY_PROFIT_ABOVE() if buys else errors.LIST_SELL_PROFIT_BELOW()


def _check_leg(leg: Place) -> None:
    if leg.type not in (OrderType.LIMIT_MAKER, *_STOPS, *_PROFITS):
        raise errors.LIST_TYPE()


# ---- the requests ------------------------------------------------------------------------------------------------

_WORKING = names_of("working", {"side": "workingSide", "quantity": "workingQuantity"}, stops=False)
_WORKING_NEEDED = ("workingType", "workingSide", "workingQuantity")
_PAID = {"side": "pendingSide"}
_PENDING = {**_PAID, "quantity": "pendingQuantity"}


def _pair(first: str, second: str, shared: Names) -> tuple[Names, Names]:
    return names_of(first, shared), names_of(second, shared)


OCO = ListForm(
    ListKind.OCO,
    ("side", "quantity", "aboveType", "belowType"),
    _pair("above", "below", {"side": "side", "quantity": "quantity"}),
)
OTO = ListForm(
    ListKind.OTO,
    (*_WORKING_NEEDED, "pendingType", "pendingSide", "pendingQuantity"),
    (_WORKING, names_of("pending", _PENDING)),
)
OTOCO = ListForm(
    ListKind.OTOCO,
    (*_WORKING_NEEDED, "pendingSide", "pendingQuantity", "pendingAboveType"),
    (_WORKING, *_pair("pendingAbove", "pendingBelow", _PENDING)),
    without_last=ListKind.OTO,
)
OPO = ListForm(
    ListKind.OPO,
    (*_WORKING_NEEDED, "pendingType", "pendingSide"),
    (_WORKING, names_of("pending", _PAID)),
)
OPOCO = ListForm(
    ListKind.OPOCO,
    (*_WORKING_NEEDED, "pendingSide", "pendingAboveType"),
    (_WORKING, *_pair("pendingAbove", "pendingBelow", _PAID)),
    without_last=ListKind.OPO,
)

_OLD_LIMIT: Names = {
    "side": "side",
    "quantity": "quantity",
    "price": "price",
    "clientOrderId": "limitClientOrderId",
    "strategyId": "limitStrategyId",
    "strategyType": "limitStrategyType",
    "icebergQty": "limitIcebergQty",
}
_OLD_STOP: Names = {
    "side": "side",
    "quantity": "quantity",
    "stopPrice": "stopPrice",
    "trailingDelta": "trailingDelta",
    "price": "stopLimitPrice",
    "timeInForce": "stopLimitTimeInForce",
    "clientOrderId": "stopClientOrderId",
    "strategyId": "stopStrategyId",
    "strategyType": "stopStrategyType",
    "icebergQty": "stopIcebergQty",
}
OLD_OCO_NAMES = tuple(dict.fromkeys((*_OF_ANY_LIST, *_OLD_LIMIT.values(), *_OLD_STOP.values())))
