"""What an order or an amendment has to say, and which of it are figures. Pure.

Source: https://www.bitmex.com/api/explorer/#!/Order/Order_new
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from exchangeclient.bitmex.signing import EXPIRES
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.market.rules import Names, OrderFigures
from exchangeclient.numbers import exact, unsigned

Row = Mapping[str, Any]
"""One order, by the venue's words."""

POST_ONLY: Final = "ParticipateDoNotInitiate"
REDUCE_ONLY: Final = "ReduceOnly"
CLOSE: Final = "Close"

_SWITCHES: Final = {"postOnly": POST_ONLY, "reduceOnly": REDUCE_ONLY}
_NEEDED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "Limit": ("price",),
    "Stop": ("stopPx",),
    "StopLimit": ("stopPx", "price"),
    "MarketIfTouched": ("stopPx",),
    "LimitIfTouched": ("stopPx", "price"),
    "Pegged": ("pegPriceType",),
}
_AT_MARKET: Final = ("Market", "Stop", "MarketIfTouched")
_AMENDED: Final = ("orderQty", "leavesQty", "price", "stopPx", "pegOffsetValue", "text", "clOrdID")
_NAMES: Final = Names("price", "stopPx", "orderQty", "displayQty")


def row_of(request: Request) -> dict[str, str]:
    """What a call says of its order: its parameters, without the second from which on it is void."""
    return {name: text for name, text in request.params.items() if name != EXPIRES}


def instructed(request: Request) -> Request:
    """The same order with ``postOnly`` and ``reduceOnly`` in the venue's own words.

    The venue ignores what it does not know, so an order that is sent with ``postOnly`` would take all the same.
    """
    if not any(name in request.params for name in _SWITCHES):
        return request
    params = dict(request.params)
    words = [word for word in params.pop("execInst", "").split(",") if word.strip()]
    for name, word in _SWITCHES.items():
        if params.pop(name, "false") == "true" and word not in words:
            words.append(word)
    return replace(request, params={**params, "execInst": ",".join(words)} if words else params)


def refuse_incomplete(caller: str, row: Row) -> None:
    """Do nothing when everything is there that the order needs by its type; a type that is new to us is the venue's to judge.

    :param caller: the method that was called, for the error text
    :raises TypeError: naming what is missing
    """
    _need(caller, "", row, ("symbol",))
    if not closes(row):
        _need(caller, "", row, ("side",))
        _need(caller, "", row, ("orderQty",))
        # With none of these the venue takes it for a market order: a price that was forgotten would cost dearly.
        _need(caller, "", row, ("ordType", "price", "stopPx", "pegPriceType"))
    kind = row.get("ordType")
    for name in _NEEDED_BY.get(str(kind), ()):
        _need(caller, f" for a {kind} order", row, (name, "pegPriceType") if name == "stopPx" else (name,))


def refuse_incomplete_amendment(caller: str, row: Row) -> None:
    """The same for an amendment.

    :raises TypeError: naming what is missing
    """
    _need(caller, "", row, ("orderID", "origClOrdID"))
    _need(caller, "", row, _AMENDED)
    if row.get("clOrdID"):
        _need(caller, " beside a new clOrdID", row, ("origClOrdID",))


def refuse_unnamed(caller: str, row: Row) -> None:
    """The same for a cancellation, which has one of the two ids.

    :raises TypeError: when there is none, or both
    """
    if bool(row.get("orderID")) is bool(row.get("clOrdID")):
        raise TypeError(f"{caller}() needs one of orderID and clOrdID")


def refuse_without_figures(caller: str, row: Row) -> None:
    """The same for the figures of an order alone; without a type it is a limit order.

    :raises TypeError: naming what is missing
    """
    for name in ("symbol", "side", "orderQty", *_NEEDED_BY.get(str(row.get("ordType", "Limit")), ())):
        _need(caller, "", row, (name,))


def figures(row: Row) -> OrderFigures:
    """The figures of an order.

    :raises TypeError: for one that is no number
    :raises ValueError: for one that is negative, not finite, or no plain number
    """
    hidden = row.get("displayQty")
    shown = None if hidden is None else unsigned(hidden, "displayQty")
    return OrderFigures(
        side=str(row.get("side", "")).upper(),
        price=_figure(row, "price"),
        stop_price=_figure(row, "stopPx"),
        quantity=_figure(row, "orderQty"),
        iceberg=shown or None,  # zero hides it whole
        market=is_market(row),
        names=_NAMES,
    )


def amended_figures(row: Row) -> OrderFigures:
    """The figures of an amendment.

    :raises TypeError: see :func:`figures`
    :raises ValueError: see :func:`figures`
    """
    left = _figure(row, "leavesQty")
    return OrderFigures(
        price=_figure(row, "price"),
        stop_price=_figure(row, "stopPx"),
        quantity=_figure(row, "orderQty") or (left or None),  # nothing left ends the order
        names=_NAMES if "orderQty" in row else _NAMES._replace(quantity="leavesQty"),
    )


def is_market(row: Row) -> bool:
    """True for an order that takes whatever price there is, once it is triggered."""
    kind = row.get("ordType")
    return kind in _AT_MARKET if kind else row.get("price") is None and row.get("pegPriceType") is None


def closes(row: Row) -> bool:
    """True for an order that closes what there is of a position, whatever that is."""
    return CLOSE in str(row.get("execInst") or "").replace(" ", "").split(",")


def is_answer(request: Request, answer: object) -> bool:
    """False for an answer to a placement, a cancellation or an amendment that does not say what became of it."""
    if request.kind not in (Kind.PLACE, Kind.CANCEL, Kind.AMEND):
        return True
    if isinstance(answer, list) and request.kind is Kind.CANCEL:
        return all(isinstance(row, dict) and (row.get("orderID") or row.get("error")) for row in answer)
    return isinstance(answer, dict) and bool(answer.get("orderID"))


def equal(shown: object, sent: object) -> bool:
    """True when the venue shows the number that was sent."""
    try:
        return exact(shown, "shown") == exact(sent, "sent")
    except (TypeError, ValueError):
        return False


def _figure(row: Row, name: str) -> Decimal | None:
    return None if row.get(name) is None else unsigned(row[name], name)


def _need(caller: str, kind: str, row: Row, names: tuple[str, ...]) -> None:
    if all(row.get(name) in (None, "") for name in names):
        raise TypeError(f"{caller}() needs {' or '.join(names)}{kind}")
