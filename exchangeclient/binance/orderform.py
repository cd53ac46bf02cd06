"""What an order, a list of orders or an amendment has to say, and which of it are figures. Pure.

The orders of a list are read by the words of a single one: each leg says by which word of the list it goes.
Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from exchangeclient.core.http.request import Kind
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, SIDE_BUY, SIDE_SELL
from exchangeclient.market.rules import Names, OrderFigures
from exchangeclient.numbers import unsigned

Alternatives = tuple[str, ...]
"""Parameters of which one is needed."""

Params = Mapping[str, object]

_FIGURES: Final = ("price", "stopPrice", "quantity", "icebergQty", "quoteOrderQty", "trailingDelta")
_NAMES: Final = Names(*_FIGURES)
_OF_A_LEG: Final = ("type", "timeInForce", "price", "stopPrice", "icebergQty", "trailingDelta", "pegPriceType")

_ALWAYS: Final[tuple[Alternatives, ...]] = (("side",), ("type",))
_TIMED: Final[tuple[Alternatives, ...]] = (("timeInForce",),)
_LIMIT: Final[tuple[Alternatives, ...]] = (("quantity",), ("price", "pegPriceType"))
_STOP: Final[tuple[Alternatives, ...]] = (("stopPrice", "trailingDelta"),)
_FIGURES_NEEDED: Final[Mapping[str, tuple[Alternatives, ...]]] = {
    "": (),  # for a type that is not said, or new to us
    "LIMIT": _LIMIT,
    "MARKET": (("quantity", "quoteOrderQty"),),
    "LIMIT_MAKER": _LIMIT,
    "STOP_LOSS": (("quantity",), *_STOP),
    "STOP_LOSS_LIMIT": (*_LIMIT, *_STOP),
    "TAKE_PROFIT": (("quantity",), *_STOP),
    "TAKE_PROFIT_LIMIT": (*_LIMIT, *_STOP),
}
_NEEDED: Final[Mapping[str, tuple[Alternatives, ...]]] = {
    kind: (*_ALWAYS, *(_TIMED if kind in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT") else ()), *figures_needed)
    for kind, figures_needed in _FIGURES_NEEDED.items()
}


@dataclass(frozen=True, slots=True)
class Leg:
    """One order of a list.

    :ivar words: the list's word for each of an order's
    :ivar type: where the list does not say it
    :ivar may_be_missing: True for one that is there when its type is
    :ivar waits: True for one that goes to the market only after another
    :ivar names: what its figures are called by whoever places the list
    :ivar needs: what it needs by its type, in an order's own words, as far as the list has a word for it
    """

    words: Mapping[str, str]
    type: str = ""
    may_be_missing: bool = False
    waits: bool = False
    names: Names = field(init=False)
    needs: Mapping[str, tuple[Alternatives, ...]] = field(init=False)

    def __post_init__(self) -> None:
        known = {*self.words, "type"}
        needs = {kind: tuple(names for names in needed if not known.isdisjoint(names)) for kind, needed in _NEEDED.items()}
        object.__setattr__(self, "names", Names(*(self.words.get(own, own) for own in _FIGURES)))
        object.__setattr__(self, "needs", needs)

    def read(self, params: Params) -> dict[str, object]:
        """The order by an order's own words."""
        said = {own: params[word] for own, word in self.words.items() if params.get(word) is not None}
        return {**said, "type": self.type} if self.type else said


def _leg(prefix: str, side: str, quantity: str = "", *, waits: bool = False, may_be_missing: bool = False, **other: str) -> Leg:
    words = {own: f"{prefix}{own[0].upper()}{own[1:]}" for own in _OF_A_LEG} | {"side": side} | other
    return Leg(words | {"quantity": quantity} if quantity else words, may_be_missing=may_be_missing, waits=waits)


_ALONE: Final = Leg({name: name for name in ("side", "quantity", "quoteOrderQty", *_OF_A_LEG)})
_WORKING: Final = _leg("working", "workingSide", "workingQuantity")
_OLD_LIMIT: Final = {"side": "side", "quantity": "quantity", "price": "price", "icebergQty": "limitIcebergQty"}
_OLD_STOP: Final = {
    "side": "side", "quantity": "quantity", "price": "stopLimitPrice", "stopPrice": "stopPrice", "icebergQty": "stopIcebergQty",
    "trailingDelta": "trailingDelta", "timeInForce": "stopLimitTimeInForce",
}  # fmt: skip


def _pair(quantity: str = "") -> tuple[Leg, Leg]:
    return (
        _leg("pendingAbove", "pendingSide", quantity, waits=True),
        _leg("pendingBelow", "pendingSide", quantity, waits=True, may_be_missing=True),
    )


# What was bought is what the pending orders of an OPO sell, so those have no quantity of their own.
_LISTS: Final[Mapping[str, tuple[Leg, ...]]] = {
    "/api/v3/orderList/oco": (_leg("above", "side", "quantity"), _leg("below", "side", "quantity")),
    "/api/v3/orderList/oto": (_WORKING, _leg("pending", "pendingSide", "pendingQuantity", waits=True)),
    "/api/v3/orderList/otoco": (_WORKING, *_pair("pendingQuantity")),
    "/api/v3/orderList/opo": (_WORKING, _leg("pending", "pendingSide", waits=True)),
    "/api/v3/orderList/opoco": (_WORKING, *_pair()),
}
_OLD_OCO: Final = "/api/v3/order/oco"
_OLD_PAIRS: Final = {
    with_limit: (Leg(_OLD_LIMIT, "LIMIT_MAKER"), Leg(_OLD_STOP, "STOP_LOSS_LIMIT" if with_limit else "STOP_LOSS"))
    for with_limit in (True, False)
}
_ALL_OPEN: Final = "/api/v3/openOrders"
_TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "/api/v3/order/cancelReplace": ("cancelResult", "newOrderResult"),
    "/api/v3/order/amend/keepPriority": ("amendedOrder",),
    "/api/v3/orderList": ("orderListId",),
}
_SYMBOL: Final[tuple[Alternatives, ...]] = (("symbol",),)
_NEEDED_OF_CALL: Final[Mapping[str, tuple[Alternatives, ...]]] = {
    "/api/v3/order/cancelReplace": (*_SYMBOL, ("cancelReplaceMode",), ("cancelOrderId", "cancelOrigClientOrderId")),
}


def is_list(path: str) -> bool:
    """True when the call at ``path`` places several orders."""
    return path in _LISTS or path == _OLD_OCO


def is_answer(kind: Kind, path: str, answer: object) -> bool:
    """False for an answer to a placement, a cancellation or an amendment that does not say what became of it."""
    match kind:
        case Kind.PLACE | Kind.CANCEL | Kind.AMEND:
            if kind is Kind.CANCEL and path == _ALL_OPEN:
                return isinstance(answer, list) and all(isinstance(each, dict) for each in answer)
            needed = _TOLD.get(path, ("orderListId",) if is_list(path) else ("orderId",))
            return isinstance(answer, dict) and all(answer.get(name) is not None for name in needed)
    return True


def legs(path: str, params: Params) -> tuple[Leg, ...]:
    """The orders that a call at ``path`` places: one, or those of a list."""
    if path == _OLD_OCO:
        return _OLD_PAIRS[params.get("stopLimitPrice") is not None]
    of_list = _LISTS.get(path)
    if of_list is None:
        return (_ALONE,)
    return tuple(leg for leg in of_list if not leg.may_be_missing or params.get(leg.words["type"]) is not None)


def refuse_incomplete(caller: str, path: str, params: Params) -> None:
    """Do nothing when everything is there that the orders need by their types; a type that is new to us is the venue's to judge.

    :param caller: the method that was called, for the error text
    :raises TypeError: naming what is missing
    """
    whole = _kind(params) if path not in _LISTS else ""
    _need(caller, whole, params, _NEEDED_OF_CALL.get(path, _SYMBOL), {})
    for leg in legs(path, params):
        order = params if leg is _ALONE else leg.read(params)
        kind = _kind(order)
        _need(caller, kind, order, leg.needs.get(kind, leg.needs[""]), leg.words)


def refuse_incomplete_amendment(caller: str, params: Params) -> None:
    """The same for an amendment.

    :raises TypeError: naming what is missing
    """
    _need(caller, "", params, (*_SYMBOL, ("newQty",), ("orderId", "origClientOrderId")), {})


def refuse_without_figures(caller: str, params: Params) -> None:
    """The same for the figures of one order alone; without a type it is a limit order.

    :raises TypeError: naming what is missing
    """
    kind = _kind(params) or ORDER_TYPE_LIMIT
    given = {name: value for name, value in params.items() if value is not None}
    _need(caller, kind, given, _FIGURES_NEEDED.get(kind, ()), {})


def _kind(params: Params) -> str:
    return str(params.get("type") or "")


def _need(caller: str, kind: str, params: Params, needed: Iterable[Alternatives], words: Mapping[str, str]) -> None:
    given = params.keys()
    for names in needed:
        if given.isdisjoint(names):
            called = [words.get(name, name) for name in names if not words or name in words]
            raise TypeError(f"{caller}() needs {' or '.join(called)}{f' for a {kind} order' if kind else ''}")


def figures_of_all(path: str, params: Params) -> list[OrderFigures]:
    """The figures of each order that a call at ``path`` places.

    :raises TypeError: see :func:`figures`
    :raises ValueError: see :func:`figures`
    """
    return [figures(params if leg is _ALONE else leg.read(params), leg.names, waits=leg.waits) for leg in legs(path, params)]


def figures(params: Params, names: Names = _NAMES, *, waits: bool = False) -> OrderFigures:
    """The figures of one order.

    :param names: what they are called in errors
    :param waits: whether it goes to the market only after another order
    :raises TypeError: for one that is no number
    :raises ValueError: for one that is negative, not finite, or no plain number
    """
    price, stop_price, quantity, iceberg, total, trailing = map(params.get, _FIGURES)
    side, kind = str(params.get("side") or ""), _kind(params)
    trails = ""
    if trailing is not None and side in (SIDE_BUY, SIDE_SELL):
        trails = "above" if stops_rising(kind, side) else "below"
    return OrderFigures(
        "" if waits else side,
        None if price is None else unsigned(price, names.price),
        None if stop_price is None else unsigned(stop_price, names.stop_price),
        None if quantity is None else unsigned(quantity, names.quantity),
        None if iceberg is None else unsigned(iceberg, names.iceberg) or None,  # zero: no iceberg
        None if total is None else unsigned(total, names.total),
        None if trailing is None else unsigned(trailing, names.trailing),
        trails,
        kind == ORDER_TYPE_MARKET,
        names,
    )


def stops_rising(kind: str, side: str) -> bool:
    """True when an order's stop is reached by a price that rises."""
    return kind.startswith("TAKE_PROFIT") is (side == SIDE_SELL)
