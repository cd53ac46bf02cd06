"""What stands between a user and an order: the guard before it is sent and when it is lost, and the helpers that place the usual ones.

The guard lets through what is no order. Of an order it checks that nothing is missing, says ``postOnly`` and ``reduceOnly`` in the venue's
words, fixes the client order id, so that an order whose answer is lost can be asked for, and holds its figures to the rules of its
instrument (:mod:`.listings`). What became of a call whose answer was lost, :mod:`.placing` and :mod:`.settling` find out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from exchangeclient.bitmex.doubts import Doubts
from exchangeclient.bitmex.listings import Listings
from exchangeclient.bitmex.lookups import Lookups
from exchangeclient.bitmex.orderform import (
    amended_figures,
    figures,
    instructed,
    is_answer,
    refuse_incomplete,
    refuse_incomplete_amendment,
    refuse_unnamed,
    refuse_without_figures,
    row_of,
)
from exchangeclient.bitmex.placing import Doubt
from exchangeclient.bitmex.rest.trade import Trade
from exchangeclient.bitmex.settling import affair_of, sought_by
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request, Response, redacted
from exchangeclient.core.orders.listings import REFUSING_FOR_S, hold
from exchangeclient.core.orders.settling import Affair, MakeErrand, SettlingGuard
from exchangeclient.core.process.clock import Clock
from exchangeclient.exceptions import ExchangeAPIException, ExchangeException, ExchangeRequestException, OrderException
from exchangeclient.market.rules import OrderFigures, Rounding, breach, check, check_rounding, quantized

_ORDER: Final = declaration(Trade.create_order)
_CANCELLING: Final = (declaration(Trade.cancel_order).name, declaration(Trade.cancel_orders).name)
_CLIENT_ORDER_ID = re.compile(r"[!-~]{1,36}", re.ASCII)


class OrderGuard(SettlingGuard[Doubt]):
    """Checks the orders of one client, and settles those whose answer was lost; safe to be used by many threads.

    :param clock: what the age of rules is measured by
    :param doubts: where orders on their way are noted
    """

    def __init__(self, clock: Clock, doubts: Doubts | None = None) -> None:
        super().__init__("bitmex", Doubt, Doubts() if doubts is None else doubts)
        self._listings = Listings(clock)

    # ---- before a call -----------------------------------------------------------------------------------------------

    def prepare(self, request: Request, errand: Errand) -> Request:
        """The order or amendment as it may be sent; any other call as it is.

        :raises TypeError: when something that the order's type needs is missing and the rules are not switched off; always for an amendment
            and for a cancellation
        :raises ValueError: for a negative figure or a client order id that the venue refuses
        :raises OrderException: for the first rule that the order breaks
        """
        if request.kind is Kind.AMEND:
            return self._prepared_amendment(request, errand)
        if request.name in _CANCELLING:
            refuse_unnamed(request.name, request.params)
        if request.kind is not Kind.PLACE:
            return request
        request, order = formed(request)
        if request.validate:
            self._hold(request.params["symbol"], order, errand)
        return request

    def _prepared_amendment(self, request: Request, errand: Errand) -> Request:
        """An amendment without its symbol, which the venue has no use for: it is known by the order's id."""
        row = row_of(request)
        symbol = row.pop("symbol", None)
        refuse_incomplete_amendment(request.name, row)
        amended = amended_figures(row)
        if row.get("clOrdID"):
            _checked_id(row["clOrdID"])
        if symbol is None:
            return request
        if request.validate:
            self._hold(symbol, amended, errand, amended=True)
        return replace(request, params={name: text for name, text in request.params.items() if name != "symbol"})

    def _hold(self, symbol: str, order: OrderFigures, errand: Errand, *, amended: bool = False) -> None:
        hold(lambda oldest_s: self._breach(symbol, order, errand, oldest_s, amended=amended))

    def _breach(self, symbol: str, order: OrderFigures, errand: Errand, oldest_s: float, *, amended: bool) -> OrderException | None:
        rules = self._listings.rules(symbol, errand, oldest_s)
        return breach(replace(rules, trading=True) if amended else rules, order)

    def quantize(self, order: Mapping[str, Any], rounding: Rounding, errand: Errand) -> dict[str, Any]:
        """An order with its figures brought onto the steps of its instrument; see ``Client.quantize_order``."""
        check_rounding(rounding)
        request = _ORDER.request((), order)
        row = row_of(request)
        refuse_without_figures("quantize_order", row)
        meant = figures({"ordType": "Limit", **row})
        rules = self._listings.rules(row["symbol"], errand, REFUSING_FOR_S)
        fitted = quantized(rules, meant, rounding, stops_fall=meant.side == "SELL")
        check(rules, fitted)
        moved = {"price": fitted.price, "stopPx": fitted.stop_price, "orderQty": fitted.quantity}
        return {**order, **{name: value for name, value in moved.items() if value is not None}}

    # ---- after it ----------------------------------------------------------------------------------------------------

    def learn(self, request: Request, response: Response, answer: Any) -> None:
        """Take the rules from instruments.

        :raises ExchangeRequestException: when the answer is none that a placement, a cancellation or an amendment can have
        """
        if not is_answer(request, answer):
            text = f"{request.name}(): the answer (HTTP {response.status}) does not tell what became of it; it begins {str(answer)[:200]!r}"
            raise ExchangeRequestException(redacted(text), sent="yes")
        self._decided(request, placed=True)
        self._listings.learn(request, answer)

    def refused(self, request: Request, error: ExchangeAPIException) -> None:
        """Drop the rules of an instrument whose order the venue holds to be against them."""
        if not self.leaves_doubt(error):
            self._decided(request, placed=False)
        if error.rule and request.kind is Kind.PLACE:
            self._listings.forget(request.params.get("symbol", ""))

    # ---- what the settling needs of this venue -----------------------------------------------------------------------

    def doubt_of(self, request: Request) -> Doubt | None:
        """The doubt in which a call is as long as it is not answered; None for one that places nothing, or is not stamped."""
        return Doubt.of(request)

    def restamped(self, request: Request, doubt: Doubt) -> Request:
        """A call as if it had been stamped when that order was."""
        return replace(instructed(request), time_ms=doubt.timestamp_ms)

    def affair_of(self, request: Request) -> Affair | None:
        """What a call leaves when its answer is lost; None for a call of which nothing can be found out."""
        return affair_of(request)

    def question(self, request: Request) -> Request | None:
        """The question after the one order that a cancellation or an amendment is about; None for one that names none."""
        sought = sought_by(request)
        return None if sought is None else sought.question()

    def settle(self, request: Request, error: ExchangeException, make_errand: MakeErrand) -> Any:
        """See :meth:`SettlingGuard.settle`; what became of an order that is done already is the order, not a list of one."""
        try:
            return super().settle(request, error, make_errand)
        except ExchangeAPIException as refused:
            if isinstance(refused.order, list):
                refused.order = refused.order[0] if refused.order else None
            raise


def formed(request: Request) -> tuple[Request, OrderFigures]:
    """An order in the venue's words, with an id, and its figures.

    :raises TypeError: when something that its type needs is missing and the rules are not switched off
    :raises ValueError: for a figure or a client order id that cannot be meant
    """
    request = instructed(request)
    row = row_of(request)
    if request.validate:
        refuse_incomplete(request.name, row)
    return _identified(request), figures(row)


def _identified(request: Request) -> Request:
    """The order with an id under which it can be asked for: the user's, else one of 32 random hex digits, without any sign of this
    package.
    """
    given = request.params.get("clOrdID")
    if given is None:
        return request.having(clOrdID=secrets.token_hex(16))
    _checked_id(given)
    return request


def _checked_id(given: str) -> None:
    if not _CLIENT_ORDER_ID.fullmatch(given):
        raise ValueError(f"clOrdID must be 1 to 36 characters of ASCII without spaces; not {given[:60]!r}")


class OrderHelpers(Lookups):
    """The usual orders by name. Each takes every keyword of :meth:`create_order` and raises what that raises."""

    def order_limit(self, **params: Any) -> dict[str, Any]:
        """Place a limit order; ``symbol``, ``side``, ``orderQty`` and ``price`` are needed."""
        return self.create_order(**{"ordType": "Limit", **params})

    def order_limit_buy(self, **params: Any) -> dict[str, Any]:
        """Place a limit order to buy; ``symbol``, ``orderQty`` and ``price`` are needed."""
        return self.order_limit(side="Buy", **params)

    def order_limit_sell(self, **params: Any) -> dict[str, Any]:
        """Place a limit order to sell; ``symbol``, ``orderQty`` and ``price`` are needed."""
        return self.order_limit(side="Sell", **params)

    def order_market(self, **params: Any) -> dict[str, Any]:
        """Place a market order; ``symbol``, ``side`` and ``orderQty`` are needed."""
        return self.create_order(**{"ordType": "Market", **params})

    def order_market_buy(self, **params: Any) -> dict[str, Any]:
        """Place a market order to buy; ``symbol`` and ``orderQty`` are needed."""
        return self.order_market(side="Buy", **params)

    def order_market_sell(self, **params: Any) -> dict[str, Any]:
        """Place a market order to sell; ``symbol`` and ``orderQty`` are needed."""
        return self.order_market(side="Sell", **params)

    def close_position(self, symbol: str, **params: Any) -> dict[str, Any]:
        """Close the whole position of an instrument, at the market or with a ``price``."""
        return self.create_order(**{"symbol": symbol, "execInst": "Close", "ordType": "Limit" if "price" in params else "Market", **params})

    def create_orders(self, orders: Iterable[Mapping[str, Any]], **params: Any) -> list[dict[str, Any] | ExchangeException]:
        """Place orders one after the other, since the venue has given up taking lists: for each the order, or the error that it ended with.

        Past ten in a second the next one waits for its moment.

        :param orders: dicts of what :meth:`create_order` takes
        :param params: what all of them have in common
        :raises TypeError: when one is no order that could be sent, before any is
        :raises ValueError: the same
        """
        waiting = {"when_limited": "wait", **(params.pop("requests_params", None) or {})}
        meant = [{"requests_params": waiting, **params, **order} for order in orders]
        for order in meant:
            formed(_ORDER.request((), order))
        return [self._placed(order) for order in meant]

    def _placed(self, order: Mapping[str, Any]) -> dict[str, Any] | ExchangeException:
        try:
            return self.create_order(**order)
        except ExchangeException as error:
            return error
