"""What stands between a user and an order: the guard before it is sent and when it is lost, and the helpers that place the usual ones.

The guard lets through what is no order. Of an order it checks that nothing is missing, fixes the client order id, so that an order
whose answer is lost can be asked for, and holds its figures to the rules of its symbol (:mod:`.listings`). What became of a call whose
answer was lost, :mod:`.placing` and :mod:`.settling` find out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar

from exchangeclient.binance import replacing
from exchangeclient.binance.doubts import Doubts
from exchangeclient.binance.listings import Listings
from exchangeclient.binance.orderform import (
    figures,
    figures_of_all,
    is_answer,
    refuse_incomplete,
    refuse_incomplete_amendment,
    refuse_without_figures,
    stops_rising,
)
from exchangeclient.binance.placing import Doubt, id_name
from exchangeclient.binance.rest.order_lists import OrderLists
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.binance.settling import affair_of, leaves_doubt, question
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request, Response, redacted
from exchangeclient.core.orders.listings import REFUSING_FOR_S, hold
from exchangeclient.core.orders.settling import Affair, SettlingGuard
from exchangeclient.core.process.clock import Clock
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_GTC, TimeInForce
from exchangeclient.exceptions import ExchangeAPIException, ExchangeException, ExchangeRequestException, OrderException
from exchangeclient.market.rules import Names, OrderFigures, Rounding, breach, check, check_rounding, quantized

P = ParamSpec("P")
T = TypeVar("T")

_ORDER: Final = declaration(SpotTrade.create_order)
_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}", re.ASCII)
_INVALID_MESSAGE = -1013


class OrderGuard(SettlingGuard[Doubt]):
    """Checks the orders of one client, and settles those whose answer was lost; safe to be used by many threads.

    :param clock: what the age of rules is measured by
    :param doubts: where orders on their way are noted
    """

    def __init__(self, clock: Clock, doubts: Doubts | None = None) -> None:
        super().__init__("binance", Doubt, Doubts() if doubts is None else doubts)
        self._listings = Listings(clock)

    # ---- before a call -----------------------------------------------------------------------------------------------

    def prepare(self, request: Request, errand: Errand) -> Request:
        """The order or amendment as it may be sent; any other call as it is.

        :raises TypeError: when something that the order's type needs is missing and the rules are not switched off; always for an amendment
        :raises ValueError: for a negative figure or a client order id that the venue refuses
        :raises OrderException: for the first rule that the order breaks
        """
        params = request.params
        if request.kind is Kind.AMEND:
            refuse_incomplete_amendment(request.name, params)
            orders = [figures({"quantity": params["newQty"]}, _AMENDED)]
        elif request.kind in (Kind.PLACE, Kind.TEST):
            if request.validate:
                refuse_incomplete(request.name, request.path, params)
            orders = figures_of_all(request.path, params)
        else:
            return request
        prepared = _identified(request)
        if request.validate:
            for order in orders:
                hold(partial(self._breach, request, order, errand))
        return prepared

    def _breach(self, request: Request, order: OrderFigures, errand: Errand, oldest_s: float) -> OrderException | None:
        rules = self._listings.rules(request.params["symbol"], errand, oldest_s)
        if request.kind is Kind.AMEND:
            rules = replace(rules, trading=True)  # there are states in which a symbol takes cancellations and amendments alone
        return breach(rules, order, self._listings.reference(rules))

    def quantize(self, order: Mapping[str, Any], rounding: Rounding, errand: Errand) -> dict[str, Any]:
        """An order with its figures brought onto the steps of its symbol; see ``Client.quantize_order``."""
        check_rounding(rounding)
        params = {"type": ORDER_TYPE_LIMIT, **_ORDER.request((), order).params}
        for needed in ("symbol", "side"):
            if needed not in params:
                raise TypeError(f"quantize_order() needs {needed}")
        if params["side"] not in (SIDE_BUY, SIDE_SELL):
            raise ValueError(f"side must be {SIDE_BUY} or {SIDE_SELL}, not {params['side'][:40]!r}")
        refuse_without_figures("quantize_order", params)
        rules = self._listings.rules(params["symbol"], errand, REFUSING_FOR_S)
        given = figures(params)
        fitted = quantized(rules, given, rounding, stops_fall=not stops_rising(params["type"], params["side"]))
        check(rules, fitted, self._listings.reference(rules))
        names = given.names
        moved = {
            names.price: fitted.price,
            names.stop_price: fitted.stop_price,
            names.quantity: fitted.quantity,
            names.iceberg: fitted.iceberg,
        }
        return {**order, **{name: value for name, value in moved.items() if value is not None}}

    # ---- after it ----------------------------------------------------------------------------------------------------

    def learn(self, request: Request, response: Response, answer: Any) -> None:
        """Take the rules from exchangeInfo, and drop them when the list of products was read.

        :raises ExchangeRequestException: when the answer is none that a placement, a cancellation or an amendment can have
        """
        if not is_answer(request.kind, request.path, answer):
            text = f"{request.name}(): the answer (HTTP {response.status}) does not tell what became of it; it begins {str(answer)[:200]!r}"
            raise ExchangeRequestException(redacted(text), sent="yes")
        self._decided(request, placed=True)
        self._listings.learn(request, response)

    def refused(self, request: Request, error: ExchangeAPIException) -> None:
        """Drop the rules of a symbol whose order the venue holds to be against them."""
        if not leaves_doubt(error):
            self._decided(request, placed=replacing.was_placed(error))
        if error.code == _INVALID_MESSAGE or error.rule:
            self._listings.forget(request.params.get("symbol", ""))

    # ---- what the settling needs of this venue -----------------------------------------------------------------------

    def doubt_of(self, request: Request) -> Doubt | None:
        """The doubt in which a call is as long as it is not answered; None for one that places nothing, or is not stamped."""
        return Doubt.of(request)

    def restamped(self, request: Request, doubt: Doubt) -> Request:
        """A call as if it had been stamped when that order was."""
        return request.having(timestamp=str(doubt.timestamp_ms))

    def affair_of(self, request: Request) -> Affair | None:
        """What a call leaves when its answer is lost; None for a call of which nothing can be found out."""
        return affair_of(request)

    def question(self, request: Request) -> Request | None:
        """The question after the one order, or list, that a cancellation or an amendment is about; None for one that names none."""
        return question(request)

    def leaves_doubt(self, error: ExchangeException) -> bool:
        """True when a call may have been carried out all the same."""
        return leaves_doubt(error)


_AMENDED: Final = Names(quantity="newQty")


def _identified(request: Request) -> Request:
    """The call with an id under which the order can be asked for: the user's, else one of 32 random hex digits, without any sign of
    this package. An amended order keeps its id unless a new one is given; the venue would draw one.
    """
    name = id_name(request.path)
    given = request.params.get(name)
    if given is not None:
        if not _CLIENT_ORDER_ID.fullmatch(given):
            raise ValueError(f"{name} must be 1 to 36 letters, digits, '-' and '_'; not {given[:60]!r}")
        return request
    if request.kind is Kind.PLACE:
        return request.having(**{name: secrets.token_hex(16)})
    if request.kind is Kind.AMEND and "origClientOrderId" in request.params:
        return request.having(newClientOrderId=request.params["origClientOrderId"])
    return request


def _by_its_words(today: Callable[P, T], old: Callable[..., T]) -> Callable[P, T]:
    """The call of today, or the one of old when its words are given: python-binance 0.7 meant that one by the same name."""

    @wraps(today)
    def place(*args: P.args, **kwargs: P.kwargs) -> T:
        # The two calls share no word for a price, so that the prices tell which of them is meant.
        return old(*args, **kwargs) if {"price", "stopPrice"} <= kwargs.keys() else today(*args, **kwargs)

    return place


class OrderHelpers(SpotTrade, OrderLists):
    """The usual orders by name. Each takes every keyword of the method that it calls and raises what that raises."""

    def order_limit(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order; ``symbol``, ``side``, ``quantity`` and ``price`` are needed.

        :param timeInForce: ``GTC`` when left out
        """
        return self.create_order(type=ORDER_TYPE_LIMIT, timeInForce=timeInForce, **params)

    def order_limit_buy(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order to buy; ``symbol``, ``quantity`` and ``price`` are needed."""
        return self.order_limit(timeInForce=timeInForce, side=SIDE_BUY, **params)

    def order_limit_sell(self, *, timeInForce: TimeInForce | str = TIME_IN_FORCE_GTC, **params: Any) -> dict[str, Any]:
        """Place a limit order to sell; ``symbol``, ``quantity`` and ``price`` are needed."""
        return self.order_limit(timeInForce=timeInForce, side=SIDE_SELL, **params)

    def order_market(self, **params: Any) -> dict[str, Any]:
        """Place a market order; ``symbol``, ``side``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.create_order(type=ORDER_TYPE_MARKET, **params)

    def order_market_buy(self, **params: Any) -> dict[str, Any]:
        """Place a market order to buy; ``symbol``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.order_market(side=SIDE_BUY, **params)

    def order_market_sell(self, **params: Any) -> dict[str, Any]:
        """Place a market order to sell; ``symbol``, and ``quantity`` or ``quoteOrderQty`` are needed."""
        return self.order_market(side=SIDE_SELL, **params)

    create_oco_order = _by_its_words(OrderLists.create_oco_order, OrderLists.create_old_oco_order)

    def order_oco_buy(self, **params: Any) -> dict[str, Any]:
        """Place a pair of orders to buy, of which one cancels the other: :meth:`create_oco_order`."""
        return self.create_oco_order(side=SIDE_BUY, **params)

    def order_oco_sell(self, **params: Any) -> dict[str, Any]:
        """Place a pair of orders to sell, of which one cancels the other: :meth:`create_oco_order`."""
        return self.create_oco_order(side=SIDE_SELL, **params)
