"""What stands between a user and an order: the guard before it is sent and when it is lost, and the helpers that place the usual ones.

The guard lets through what is no order. Of an order it checks that nothing is missing, fixes the client order id, so that an order
whose answer is lost can be asked for, and holds its figures to the rules of its instrument (:mod:`.listings`). What became of a call whose
answer was lost, :mod:`.placing` and :mod:`.settling` find out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request, Response, redacted
from exchangeclient.core.orders.listings import REFUSING_FOR_S, hold
from exchangeclient.core.orders.settling import Affair, MakeErrand, SettlingGuard
from exchangeclient.core.process.clock import Clock
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OrderException,
    UnknownSymbolException,
)
from exchangeclient.market.rules import OrderFigures, Rounding, breach, check, check_rounding, quantized
from exchangeclient.numbers import Number
from exchangeclient.okx import algoform
from exchangeclient.okx.doubts import Doubts
from exchangeclient.okx.errors import error_of, is_in_doubt, number
from exchangeclient.okx.limits import counted
from exchangeclient.okx.listings import Listings
from exchangeclient.okx.orderform import (
    ALGO_ID,
    ORDER_ID,
    Row,
    amended_figures,
    figures,
    is_answer,
    limit_order,
    market_order,
    refuse_incomplete,
    refuse_incomplete_amendment,
    refuse_without_figures,
    rows_of,
    with_rows,
)
from exchangeclient.okx.placing import Doubt
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.settling import affair_of, question
from exchangeclient.okx.signing import LIST
from exchangeclient.okx.wsapi import HOST, instruments_of

_ORDER: Final = declaration(Trade.create_order)
_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9]{1,32}", re.ASCII)


class OrderGuard(SettlingGuard[Doubt]):
    """Checks the orders of one client, and settles those whose answer was lost; safe to be used by many threads.

    :param clock: what the age of rules is measured by
    :param doubts: where orders on their way are noted
    """

    def __init__(self, clock: Clock, doubts: Doubts | None = None) -> None:
        super().__init__("okx", Doubt, Doubts() if doubts is None else doubts)
        self._listings = Listings(clock)

    # ---- before a call -----------------------------------------------------------------------------------------------

    def prepare(self, request: Request, errand: Errand) -> Request:
        """The order or amendment as it may be sent; any other call as it is.

        :raises OrderUnknownSymbolException: when it goes over a websocket and the venue does not list its instrument
        :raises TypeError: when something that the order's type needs is missing and the rules are not switched off; always for an amendment
        :raises ValueError: for a negative figure or a client order id that the venue refuses
        :raises OrderException: for the first rule that the order breaks
        """
        if request.host == HOST:
            for inst_id in instruments_of(request):
                self._listings.listing(inst_id, errand)
        request = counted(request)
        if request.kind in (Kind.PLACE, Kind.AMEND) and request.path in (algoform.PLACE_PATH, algoform.AMEND_PATH):
            return self._prepare_algo(request, errand)
        if request.kind is Kind.AMEND:
            amended = rows_of(request)
            for row in amended:
                refuse_incomplete_amendment(request.name, row)
            for row in amended if request.validate else ():
                self._hold(str(row["instId"]), amended_figures(row), errand, amended=True)
            return request
        if request.kind not in (Kind.PLACE, Kind.TEST):
            return request
        rows = rows_of(request)
        if request.validate:
            for row in rows:
                refuse_incomplete(request.name, row)
        orders = [figures(row) for row in rows]
        prepared = with_rows(request, _told_apart(list(map(_identified, rows)))) if request.kind is Kind.PLACE else request
        if request.validate:
            for row, order in zip(rows, orders, strict=True):
                self._hold(str(row["instId"]), order, errand)
        return prepared

    def _prepare_algo(self, request: Request, errand: Errand) -> Request:
        """The same for an order that waits."""
        (row,) = rows_of(request)
        placed = request.path == algoform.PLACE_PATH
        if placed and request.validate:
            algoform.refuse_incomplete(request.name, row)
        elif not placed:
            algoform.refuse_incomplete_amendment(request.name, row)
        prepared = with_rows(request, [_identified(row, ALGO_ID)]) if placed else request
        for part in algoform.figures(row) if placed else algoform.amended_figures(row):
            if request.validate:
                self._hold(str(row["instId"]), part, errand, amended=not placed, waits=str(row.get("ordType", "")))
        return prepared

    def code_of(self, inst_id: str) -> int | None:
        """The number of an instrument that is known since :meth:`prepare`; None when the venue tells none."""
        return self._listings.code_of(inst_id)

    def _hold(self, inst_id: str, order: OrderFigures, errand: Errand, *, amended: bool = False, waits: str | None = None) -> None:
        """:param waits: the type of an order that waits, empty where that is not said"""
        hold(lambda oldest_s: self._breach(inst_id, order, errand, oldest_s, amended=amended, waits=waits))

    def _breach(
        self, inst_id: str, order: OrderFigures, errand: Errand, oldest_s: float, *, amended: bool, waits: str | None
    ) -> OrderException | None:
        listing = self._listings.listing(inst_id, errand, oldest_s)
        rules = listing.rules if waits is None else algoform.rules_of(listing.rules, listing.entry, waits)
        return breach(replace(rules, trading=True) if amended else rules, order)

    def quantize(self, order: Mapping[str, Any], rounding: Rounding, errand: Errand) -> dict[str, Any]:
        """An order with its figures brought onto the steps of its instrument; see ``Client.quantize_order``."""
        check_rounding(rounding)
        params = {"ordType": "limit", **_ORDER.request((), order).params}
        refuse_without_figures("quantize_order", params)
        rules = self._listings.rules(params["instId"], errand, REFUSING_FOR_S)
        fitted = quantized(rules, figures(params), rounding)
        check(rules, fitted)
        moved = {"px": fitted.price, "sz": fitted.quantity}
        return {**order, **{name: value for name, value in moved.items() if value is not None}}

    # ---- after it ----------------------------------------------------------------------------------------------------

    def learn(self, request: Request, response: Response, answer: Any) -> None:
        """Take the rules from instruments.

        :raises ExchangeRequestException: when the answer is none that a placement, a cancellation or an amendment can have
        :raises ExchangeAPIException: when the venue does not know what became of a part of a list
        """
        if not is_answer(request, answer):
            text = f"{request.name}(): the answer (HTTP {response.status}) does not tell what became of it; it begins {str(answer)[:200]!r}"
            raise ExchangeRequestException(redacted(text), sent="yes")
        if LIST in request.params and request.kind in (Kind.PLACE, Kind.CANCEL, Kind.AMEND):
            for row in filter(is_in_doubt, answer):
                doubtful = error_of(number(row["sCode"]), redacted(str(row.get("sMsg") or "")), status=response.status, data=answer)
                doubtful.venue = self._venue
                raise doubtful
        self._decided(request, placed=True)
        self._listings.learn(request, answer)

    def refused(self, request: Request, error: ExchangeAPIException) -> None:
        """Drop the rules of an instrument whose order the venue holds to be against them."""
        if not self.leaves_doubt(error):
            self._decided(request, placed=False)
        is_unknown = request.host == HOST and isinstance(error, UnknownSymbolException)  # by a number that it has no more
        if is_unknown or (error.rule and request.kind in (Kind.PLACE, Kind.AMEND, Kind.TEST)):
            for row in rows_of(request):
                self._listings.forget(str(row.get("instId", "")))

    def settle(self, request: Request, error: ExchangeException, make_errand: MakeErrand) -> Any:
        """See :meth:`SettlingGuard.settle`; of a list the rows that the venue did decide stay as it said."""
        answer = super().settle(request, error, make_errand)
        said = error.data if LIST in request.params and isinstance(error, ExchangeAPIException) else None
        if not isinstance(said, list):
            return answer
        decided = {_id_in(row): row for row in said if not is_in_doubt(row)}
        return [decided.get(_id_in(found), found) for found in answer]

    # ---- what the settling needs of this venue -----------------------------------------------------------------------

    def doubt_of(self, request: Request) -> Doubt | None:
        """The doubt in which a call is as long as it is not answered; None for one that places nothing, or is not stamped."""
        return Doubt.of(request)

    def restamped(self, request: Request, doubt: Doubt) -> Request:
        """A call as if it had been stamped when that order was."""
        return replace(request, time_ms=doubt.timestamp_ms)

    def affair_of(self, request: Request) -> Affair | None:
        """What a call leaves when its answer is lost; None for a call of which nothing can be found out."""
        return affair_of(request)

    def question(self, request: Request) -> Request | None:
        """The question after the one order that a cancellation or an amendment is about; None for one that names none."""
        return question(request)


def _identified(row: Row, name: str = ORDER_ID) -> dict[str, Any]:
    """The order with an id under which it can be asked for: the user's, else one of 32 random hex digits, without any sign of this
    package.

    :param name: of the id that orders of this kind have
    """
    given, other = row.get(name), ALGO_ID if name == ORDER_ID else ORDER_ID
    if row.get(other):  # by which it would be asked for in vain
        raise ValueError(f"{other} is no id of an order of this kind, whose id is {name}; not {str(row[other])[:60]!r}")
    if given is None:
        return {**row, name: secrets.token_hex(16)}
    if not isinstance(given, str) or not _CLIENT_ORDER_ID.fullmatch(given):
        raise ValueError(f"{name} must be 1 to 32 letters and digits; not {str(given)[:60]!r}")
    return dict(row)


def _id_in(row: Row) -> str:
    """By which the rows of two answers are matched."""
    return next((str(row[name]) for name in ("clOrdId", "ordId", ALGO_ID, "algoId") if row.get(name)), "")


def _told_apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The orders of a list, none of which has the id of another: their fates could not be told apart."""
    ids = [row["clOrdId"] for row in rows]
    if len(set(ids)) < len(ids):
        raise ValueError(f"clOrdId must be another for each order of the list; not {max(ids, key=ids.count)!r} again")
    return rows


class OrderHelpers(Trade):
    """The usual orders by name. Each takes every keyword of :meth:`create_order` and raises what that raises.

    ``tdMode`` is ``cash`` on a pair of coins and ``cross`` otherwise, unless it is said.
    """

    def order_limit(self, *, instId: str, **params: Any) -> dict[str, Any]:
        """Place a limit order; ``instId``, ``side``, ``sz`` and ``px`` are needed."""
        return self.create_order(**limit_order(instId, params))

    def order_limit_buy(self, **params: Any) -> dict[str, Any]:
        """Place a limit order to buy; ``instId``, ``sz`` and ``px`` are needed."""
        return self.order_limit(side="buy", **params)

    def order_limit_sell(self, **params: Any) -> dict[str, Any]:
        """Place a limit order to sell; ``instId``, ``sz`` and ``px`` are needed."""
        return self.order_limit(side="sell", **params)

    def order_market(self, *, instId: str, sz: Number | None = None, quoteOrderQty: Number | None = None, **params: Any) -> dict[str, Any]:
        """Place a market order; ``instId``, ``side``, and ``sz`` or ``quoteOrderQty`` are needed.

        :param sz: coins on a pair of coins, whichever side, and contracts otherwise
        :param quoteOrderQty: on a pair of coins, in place of ``sz``: what to spend or to earn, in the quote currency
        """
        return self.create_order(**market_order("order_market", instId, sz, quoteOrderQty, params))

    def order_market_buy(self, **params: Any) -> dict[str, Any]:
        """Place a market order to buy; ``instId``, and ``sz`` or ``quoteOrderQty`` are needed."""
        return self.order_market(side="buy", **params)

    def order_market_sell(self, **params: Any) -> dict[str, Any]:
        """Place a market order to sell; ``instId``, and ``sz`` or ``quoteOrderQty`` are needed."""
        return self.order_market(side="sell", **params)
