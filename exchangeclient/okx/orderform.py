"""What an order or an amendment has to say, and which of it are figures. Pure.

Source: https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-place-order
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.market.rules import Names, OrderFigures
from exchangeclient.numbers import Number, unsigned
from exchangeclient.okx.names import is_spot
from exchangeclient.okx.signing import EXPIRY, LIST

Row = Mapping[str, Any]
"""One order, by the venue's words."""

ORDER_ID: Final = "clOrdId"
ALGO_ID: Final = "algoClOrdId"
"""The same of an order that waits."""

_ALWAYS: Final = (("instId",), ("tdMode",), ("side",), ("ordType",), ("sz",))
_PRICED: Final = ("limit", "post_only", "fok", "ioc", "mmp", "mmp_and_post_only")
_AT_MARKET: Final = ("market", "optimal_limit_ioc")
_AMENDED: Final = (("instId",), ("ordId", "clOrdId"), ("newSz", "newPx"))
_NAMES: Final = Names("px", quantity="sz", total="sz")
_NEW_NAMES: Final = Names("newPx", quantity="newSz")


def rows_of(request: Request) -> list[dict[str, Any]]:
    """The orders of a call: those of its list, else the one that its parameters are."""
    if LIST in request.params:
        rows = jsonio.decode(request.params[LIST])
        return [dict(row) for row in rows]
    return [{name: text for name, text in request.params.items() if name != EXPIRY}]


def with_rows(request: Request, rows: Sequence[Row]) -> Request:
    """The same call with other orders."""
    if LIST in request.params:
        return request.having(**{LIST: jsonio.encode(list(rows)).decode()})
    return request.having(**rows[0])


def own_id(row: Row) -> str:
    """What the id is called that an order's caller gives it; the venue shows the other one too, empty."""
    return ALGO_ID if row.get(ALGO_ID) else ORDER_ID


def refuse_incomplete(caller: str, row: Row) -> None:
    """Do nothing when everything is there that the order needs by its type; a type that is new to us is the venue's to judge.

    :param caller: the method that was called, for the error text
    :raises TypeError: naming what is missing
    """
    kind = row.get("ordType")
    need(caller, f" for a {kind} order" if kind in _PRICED else "", row, (*_ALWAYS, *((("px",),) if kind in _PRICED else ())))


def refuse_incomplete_amendment(caller: str, row: Row) -> None:
    """The same for an amendment.

    :raises TypeError: naming what is missing
    """
    need(caller, "", row, _AMENDED)


def refuse_without_figures(caller: str, row: Row) -> None:
    """The same for the figures of an order alone; without a type it is a limit order.

    :raises TypeError: naming what is missing
    """
    priced = row.get("ordType", "limit") in _PRICED
    need(caller, "", row, (("instId",), ("side",), ("sz",), *((("px",),) if priced else ())))


def figures(row: Row) -> OrderFigures:
    """The figures of an order.

    :raises TypeError: for one that is no number
    :raises ValueError: for one that is negative, not finite, or no plain number
    """
    price, size = row.get("px"), row.get("sz")
    at_market = row.get("ordType") in _AT_MARKET
    in_money = at_market and is_in_money(row)
    return OrderFigures(
        side=str(row.get("side", "")).upper(),
        price=None if price in (None, "") or at_market else unsigned(price, "px"),
        quantity=None if size is None or in_money else unsigned(size, "sz"),
        total=unsigned(size, "sz") if in_money and size is not None else None,
        market=at_market,
        names=_NAMES,
    )


def amended_figures(row: Row) -> OrderFigures:
    """The figures of an amendment.

    :raises TypeError: see :func:`figures`
    :raises ValueError: see :func:`figures`
    """
    size, price = row.get("newSz"), row.get("newPx")
    return OrderFigures(
        price=None if price is None else unsigned(price, "newPx"),
        quantity=None if size is None else unsigned(size, "newSz"),
        names=_NEW_NAMES,
    )


def trade_mode(inst_id: str) -> str:
    """How an instrument is traded when nothing is said."""
    return "cash" if is_spot(inst_id.upper()) else "cross"


def limit_order(inst_id: str, params: Row) -> dict[str, Any]:
    """The keywords of a limit order, in which what is said goes before what is usual."""
    return {"instId": inst_id, "ordType": "limit", "tdMode": trade_mode(inst_id), **params}


def market_order(caller: str, inst_id: str, size: Number | None, money: Number | None, params: Row) -> dict[str, Any]:
    """The same of a market order.

    :param caller: the method that was called, for the error text
    :param money: in place of ``size``: what to spend or to earn
    :raises TypeError: unless one of them is there
    :raises ValueError: for money where sizes are contracts
    """
    if (size is None) == (money is None):
        raise TypeError(f"{caller}() needs one of sz and quoteOrderQty")
    if is_spot(inst_id.upper()):
        params = {"tgtCcy": "base_ccy" if money is None else "quote_ccy", **params}
    elif money is not None:
        raise ValueError(f"quoteOrderQty is for pairs of coins; of {inst_id} sz counts contracts")
    size = size if money is None else money
    return {"instId": inst_id, "ordType": "market", "tdMode": trade_mode(inst_id), "sz": size, **params}


def is_in_money(row: Row) -> bool:
    """True when the ``sz`` of a market order counts in the quote currency: on a pair of coins what it says, or that it buys."""
    if not is_spot(str(row.get("instId", ""))):
        return False
    return bool(row.get("tgtCcy", "quote_ccy" if row.get("side") == "buy" else "base_ccy") == "quote_ccy")


def is_answer(request: Request, answer: object) -> bool:
    """False for an answer to a placement, a cancellation or an amendment that does not say what became of it, of a list of each."""
    if request.kind not in (Kind.PLACE, Kind.CANCEL, Kind.AMEND):
        return True
    rows = answer if LIST in request.params else [answer]
    if not isinstance(rows, list) or len(rows) != len(rows_of(request)):
        return False
    return all(isinstance(row, dict) and (row.get("ordId") or row.get("sCode")) for row in rows)


def need(caller: str, kind: str, row: Row, needed: Iterable[tuple[str, ...]]) -> None:
    """Do nothing when each of these is there, or one of those that may stand for each other.

    :param caller: the method that was called, and
    :param kind: what of, for the error text
    :raises TypeError: naming what is missing
    """
    for names in needed:
        if all(row.get(name) in (None, "") for name in names):
            raise TypeError(f"{caller}() needs {' or '.join(names)}{kind}")
