"""The six exchanges: what ccxt does not say of them, or says otherwise than they do.

They are asked through ``call``, which is ccxt's methods by name, and told through ``send``.

Sources are the exchanges' own documents; where ccxt (4.5.90) is set right, the line says what it would have done.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Context, Decimal
from functools import partial
from typing import Any, Final

from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, ORDER_TYPE_MARKET
from exchangeclient.exceptions import ExchangeRequestException, OrderNotFoundException

Row = Mapping[str, Any]
Call = Callable[..., Any]

_MOST_PAGES: Final = 50
_DAY_MS: Final = 86_400_000
_LOOK_BACK_MS: Final = 180 * _DAY_MS
_SHOWN: Final = 100
_AVERAGE: Final = Context(prec=20)
_KST: Final = timezone(timedelta(hours=9))
_STATUS_OF: Final[Mapping[str, str]] = {
    "closed": "FILLED",
    "canceled": "CANCELED",
    "canceling": "PENDING_CANCEL",
    "expired": "EXPIRED",
    "rejected": "REJECTED",
}


class Exchange:
    """One of them, as most are.

    :cvar levels: how many levels of a book to ask for; None for the exchange's usual number, where that is the most
    :cvar most_trades: how many trades are shown, at most
    :cvar dates_books: whether the time of a book is the exchange's
    :cvar words: what asks for orders that are ``IOC``, ``FOK`` or ``LIMIT_MAKER``; what is not here, there is not
    :cvar total_at: the field of a market order that buys with what it spends; None where it names a quantity
    :cvar holds_to_ccxt: whether ccxt's rules of prices and amounts are the exchange's
    :cvar by_instrument: whether open orders are asked for by instrument alone
    :cvar ended: ccxt's methods for orders that are done
    :cvar page: how many orders are shown at a time, at most
    :cvar newest: how many of those that are done can be had without a time to begin at
    :cvar exceptions: names of ccxt's errors for what the exchange says, beside ccxt's own tables, by the table's name
    """

    levels: int | None = None
    most_trades = 1_000
    dates_books = True
    words: Mapping[str, Mapping[str, Any]] = {
        "IOC": {"timeInForce": "IOC"},
        "FOK": {"timeInForce": "FOK"},
        ORDER_TYPE_LIMIT_MAKER: {"postOnly": True},
    }
    total_at: str | None = "amount"
    holds_to_ccxt = True
    by_instrument = False
    ended: tuple[str, ...] = ("fetch_closed_orders",)
    page = 100
    newest = 100
    exceptions: Mapping[str, Mapping[Any, str]] = {}

    # ---- ids ---------------------------------------------------------------------------------------------------------

    _taken = re.compile(r"[A-Za-z0-9_-]{1,36}")
    _number = re.compile(r"[0-9]{1,30}")

    def checked(self, number: str) -> str:
        """The exchange's id of an order, which becomes part of a path: with an empty one some would cancel every order.

        :raises OrderNotFoundException: when it can be nobody's
        """
        if not isinstance(number, str) or not self._number.fullmatch(number):
            raise not_found(str(number))
        return number

    def own_id(self, client_order_id: str) -> Any:
        """A caller's id as the exchange is told it, the same each time; None where it keeps none."""
        return client_order_id if self._taken.fullmatch(client_order_id) else _short(client_order_id, 32)

    def shown_id(self, row: Row) -> str:
        """The caller's id that an order shows, as :meth:`own_id` made it; empty without."""
        return str(row.get("clientOrderId") or "")

    def callers_id(self, shown: str) -> str:
        """The caller's own of an id that an order shows, as far as it can be told by itself."""
        return shown

    def by_own_id(self, call: Call, name: str, own: Any) -> Row | None:
        """The order under a caller's id, which is asked for by it; None when the exchange shows none."""
        try:
            row = call("fetch_order", "", name, params={"clientOrderId": own})
        except OrderNotFoundException:
            return None
        return row if row.get("id") else None

    # ---- orders ------------------------------------------------------------------------------------------------------

    def sent(self, price: Decimal | None, quantity: Decimal) -> Mapping[str, Any]:  # noqa: ARG002
        """What of an order's figures has to be told otherwise than ccxt does."""
        return {}

    def by_id(self, call: Call, name: str, number: str) -> Row:
        """An order by the exchange's id.

        :raises OrderNotFoundException: when it shows none
        """
        row: Row = call("fetch_order", number, name)
        if not row.get("id"):
            raise not_found(number)
        return row

    def cancel(self, send: Call, name: str, number: str) -> Any:
        """Cancel one that is open."""
        return send("cancel_order", number, name)

    def open_rows(self, call: Call, name: str | None) -> list[Row]:
        """Every order that can still be filled, of one instrument or of all."""
        return _all_pages(lambda more: call("fetch_open_orders", name, None, self.page, params=dict(more)), self._next, self._is_full)

    def ended_rows(self, call: Call, name: str, since_ms: int | None, limit: int) -> list[Row]:
        """Orders that are done, others may be among them: the newest ``limit``, or all from a time on."""
        if since_ms is None:
            return [row for method in self.ended for row in call(method, name, None, min(limit, self.page))]
        found = list[Row]()
        for method in self.ended:
            ask = partial(call, method, name, since_ms, self.page)
            found += _all_pages(lambda more, ask=ask: ask(params=dict(more)), self._next, self._is_full)  # type: ignore[misc]
        return found

    def _next(self, number: int, rows: Sequence[Row]) -> Mapping[str, Any] | None:  # noqa: ARG002
        """What asks for the next page of open orders; None where there is one page alone."""
        return None

    def _is_full(self, rows: Sequence[Row]) -> bool:
        return len(rows) >= self.page

    def asked(self, call: Call, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002
        """The parameters of a method that reads."""
        return params

    # ---- what an order shows -----------------------------------------------------------------------------------------

    def status(self, row: Row) -> str:
        """``FILLED``, ``CANCELED`` ... What nobody knows is taken for open, so that it is looked at again."""
        word = _STATUS_OF.get(row.get("status") or "")
        if word is not None:
            return word
        return "PARTIALLY_FILLED" if Decimal(str(row.get("filled") or 0)) else "NEW"

    def kind(self, row: Row) -> str:
        """``LIMIT``, ``MARKET`` or ``LIMIT_MAKER``."""
        if row.get("type") == "market":
            return ORDER_TYPE_MARKET
        return ORDER_TYPE_LIMIT_MAKER if row.get("postOnly") else ORDER_TYPE_LIMIT

    def total(self, row: Row) -> Any:  # noqa: ARG002
        """What a market order that buys was to spend; None when it named a quantity."""
        return None

    def filled(self, row: Row) -> Any:
        """How much is filled, by the exchange."""
        return row.get("filled")

    def average(self, row: Row) -> Any:
        """The price of what is filled."""
        return row.get("average")

    def candles_until(self, end_ms: int) -> Mapping[str, Any]:
        """What asks for candles that open before a time."""
        return {"until": end_ms - 1}


class Bithumb(Exchange):
    """Orders of API 2.1: ``POST /v2/orders``, ``GET /v1/orders``."""

    _number = re.compile(r"[A-Za-z0-9-]{1,64}")
    most_trades = 500
    total_at = "price"
    ended = ("fetch_closed_orders", "fetch_canceled_orders")  # two lists
    # ccxt has four digits for prices and four places for amounts, of every pair.
    holds_to_ccxt = False
    # {"error": {"name": ..., "message": ...}}: ccxt knows none of the names.
    exceptions = {  # noqa: RUF012
        "": {
            "order_not_found": "OrderNotFound",
            "insufficient_funds_bid": "InsufficientFunds",
            "insufficient_funds_ask": "InsufficientFunds",
            "under_min_total_bid": "InvalidOrder",
            "under_min_total_ask": "InvalidOrder",
            "jwt_verification": "AuthenticationError",
            "expired_jwt": "InvalidNonce",
            "invalid_access_key": "AuthenticationError",
            "nonce_used": "InvalidNonce",
            "out_of_scope": "PermissionDenied",
            "NotAllowIP": "PermissionDenied",
            "too_many_requests": "RateLimitExceeded",
        }
    }

    def sent(self, price: Decimal | None, quantity: Decimal) -> Mapping[str, Any]:
        """The figures whole: ccxt would cut them."""
        told = {"volume": f"{quantity:f}"}
        return told if price is None else {**told, "price": f"{price:f}"}

    def _next(self, number: int, rows: Sequence[Row]) -> Mapping[str, Any] | None:  # noqa: ARG002
        return {"page": number}

    def kind(self, row: Row) -> str:
        """``price`` is a market order that buys for a total."""
        return ORDER_TYPE_MARKET if row.get("type") in ("price", "market") else super().kind(row)

    def total(self, row: Row) -> Any:
        """It is where others have their price."""
        return row["info"].get("price") if row.get("type") == "price" else None

    def filled(self, row: Row) -> Any:
        """Of a market order there is nothing that ccxt could take it from."""
        return row["info"].get("executed_volume", row.get("filled"))

    def average(self, row: Row) -> Any:
        """What was paid, by what was got for it."""
        paid, filled = (Decimal(row["info"].get(name) or 0) for name in ("executed_funds", "executed_volume"))
        return _AVERAGE.divide(paid, filled) if filled else None

    def candles_until(self, end_ms: int) -> Mapping[str, Any]:
        """ccxt passes no time on. It is taken for one of Korea."""
        return {"to": datetime.fromtimestamp(-(-end_ms // 1_000), _KST).strftime("%Y-%m-%d %H:%M:%S")}


class Htx(Exchange):
    """Orders of ``/v1/order``."""

    page = 500
    exceptions = {"exact": {"order-accountbalance-error": "InsufficientFunds"}}  # noqa: RUF012
    _taken = re.compile(r"[A-Za-z0-9_-]{1,64}")

    def ended_rows(self, call: Call, name: str, since_ms: int | None, limit: int) -> list[Row]:
        """Two days at a time. ccxt's closed orders are those that were filled whole."""
        if since_ms is None:
            return list(call("fetch_orders", name, None, min(limit, 100)))

        def ask(first_ms: int, next_ms: int) -> Sequence[Row]:
            rows: Sequence[Row] = call("fetch_orders", name, first_ms, 100, params={"until": next_ms})
            return rows

        return _since(ask, since_ms, int(call("milliseconds")), 2 * _DAY_MS, limit)

    def _next(self, number: int, rows: Sequence[Row]) -> Mapping[str, Any] | None:  # noqa: ARG002
        return {"from": min(int(row["id"]) for row in rows), "direct": "next"}

    def kind(self, row: Row) -> str:
        """``buy-limit-maker``, ``buy-ioc``, ``buy-limit-fok``: ccxt keeps one word of them."""
        whole = str(row["info"].get("type"))
        return ORDER_TYPE_LIMIT_MAKER if whole.endswith("limit-maker") else super().kind(row)

    def total(self, row: Row) -> Any:
        """Its amount is in the coin that is paid with."""
        return row["info"].get("amount") if row["info"].get("type") == "buy-market" else None


class Bitfinex(Exchange):
    """Orders of ``/v2/auth``, which has those that are open and those that are done apart."""

    levels = 100
    dates_books = False  # ccxt shows this machine's time
    total_at = None
    page = newest = 2_500
    exceptions = {  # noqa: RUF012
        # ["error", 10001, "Invalid order: ..."]: ccxt takes every 10001 for a key that may not do this.
        "broad": {"Invalid order": "InvalidOrder"},
        "exact": {"ERR_RATE_LIMIT": "RateLimitExceeded"},
    }

    def own_id(self, client_order_id: str) -> Any:
        """``cid`` is a whole number of 45 bits, which has to be another for each order of a day."""
        if client_order_id.isdecimal() and client_order_id.isascii() and 0 < int(client_order_id) < 2**45 and client_order_id[0] != "0":
            return int(client_order_id)
        return int.from_bytes(hashlib.sha256(client_order_id.encode()).digest()[:5]) + 2**44

    def by_own_id(self, call: Call, name: str, own: Any) -> Row | None:
        """Looked for among those that are open and those of late."""
        for ask in ("fetch_open_orders", "fetch_closed_orders"):
            for row in call(ask, name, None, self.page):
                if self.shown_id(row) == str(own):
                    found: Row = row
                    return found
        return None

    def by_id(self, call: Call, name: str, number: str) -> Row:
        """ccxt looks among those that are open alone, and shows an order without an id when it finds none."""
        for ask in ("fetch_open_orders", "fetch_closed_orders"):
            for row in call(ask, name, params={"id": [int(number)]}):
                if str(row["id"]) == number:
                    found: Row = row
                    return found
        raise not_found(number)

    def status(self, row: Row) -> str:
        """A sentence, such as ``CANCELED was: PARTIALLY FILLED @ 107.6(0.2)`` or ``IOC CANCELED``, which ccxt does not know."""
        words = str(row["info"][13]).upper()
        now = words.partition(" WAS:")[0]
        if now.startswith("ACTIVE"):
            return "NEW"
        if now.startswith("PARTIALLY"):
            return "PARTIALLY_FILLED"
        if "CANCELED" in now or now.startswith("INSUFFICIENT"):
            return "CANCELED"
        if "EXECUTED" in now:
            return "FILLED"
        return "REJECTED" if now.startswith("RSN_") else super().status(row)

    def kind(self, row: Row) -> str:
        """``EXCHANGE IOC`` and ``EXCHANGE FOK`` are limit orders; post only is a bit among others."""
        if "MARKET" in str(row["info"][8]):
            return ORDER_TYPE_MARKET
        return ORDER_TYPE_LIMIT_MAKER if int(row["info"][12] or 0) & 4096 else ORDER_TYPE_LIMIT


class Bitflyer(Exchange):
    """Orders of ``/v1/me``. It keeps no ids of its callers, and has no orders that only make."""

    _number = re.compile(r"[A-Za-z0-9-]{1,64}")
    most_trades = 500
    # ccxt passes on what it is given, and its words are not the exchange's: an order would be another one than was asked for.
    words = {"IOC": {"time_in_force": "IOC"}, "FOK": {"time_in_force": "FOK"}}  # noqa: RUF012
    total_at = None
    ended = ("fetch_orders",)  # ccxt's closed orders are those that were filled whole
    holds_to_ccxt = False  # it has none
    by_instrument = True
    # {"status": -200, "error_message": ...}: ccxt looks for numbers among texts.
    exceptions = {  # noqa: RUF012
        "exact": {
            -1: "RateLimitExceeded",
            -2: "OnMaintenance",
            -111: "OrderNotFound",
            -200: "InsufficientFunds",
            -205: "InsufficientFunds",
            -208: "OperationRejected",
            -500: "AuthenticationError",
            -501: "AuthenticationError",
        }
    }

    def own_id(self, client_order_id: str) -> Any:  # noqa: ARG002
        """None."""
        return None

    def sent(self, price: Decimal | None, quantity: Decimal) -> Mapping[str, Any]:
        """The exchange takes numbers, which ccxt passes on as they are."""
        return {"price": None if price is None else _of_json(price, "price"), "size": _of_json(quantity, "quantity")}

    def by_id(self, call: Call, name: str, number: str) -> Row:
        """Asked for by its id. ccxt would look among the newest hundred."""
        for row in call("fetch_orders", name, params={"child_order_acceptance_id": number}):
            if str(row["id"]) == number:
                found: Row = row
                return found
        raise not_found(number)

    def cancel(self, send: Call, name: str, number: str) -> Any:
        """The exchange takes every cancellation, of orders that are done too; so the order is looked at first."""
        if self.status(self.by_id(send, name, number)) not in ("NEW", "PARTIALLY_FILLED"):
            raise not_found(number, "that is open")
        return super().cancel(send, name, number)

    def _next(self, number: int, rows: Sequence[Row]) -> Mapping[str, Any] | None:  # noqa: ARG002
        return {"before": min(int(row["info"]["id"]) for row in rows)}

    def status(self, row: Row) -> str:
        """ccxt makes cancelled ones of those that ran out or were refused."""
        word = row["info"].get("child_order_state")
        return str(word) if word in ("EXPIRED", "REJECTED") else super().status(row)

    def average(self, row: Row) -> Any:
        """ccxt leaves it out."""
        return row["info"].get("average_price")


class Poloniex(Exchange):
    """Orders of ``/orders``."""

    levels = 150
    page = 2_000
    exceptions = {"exact": {"21304": "OrderNotFound", "21312": "DuplicateOrderId"}}  # noqa: RUF012
    _taken = re.compile(r"[A-Za-z0-9_-]{1,64}")

    def by_own_id(self, call: Call, name: str, own: Any) -> Row | None:
        """``GET /orders/cid:...``."""
        try:
            return self.by_id(call, name, f"cid:{own}")
        except OrderNotFoundException:
            return None

    def by_id(self, call: Call, name: str, number: str) -> Row:
        """ccxt shows the id that was asked for, not the order's."""
        row = super().by_id(call, name, number)
        return {**row, "id": str(row["info"]["id"])}

    def ended_rows(self, call: Call, name: str, since_ms: int | None, limit: int) -> list[Row]:
        """``GET /orders/history``, which ccxt has no method of its own for; a week at a time."""
        asked = {"accountType": "SPOT", "symbol": call("market_id", name), "limit": 100}

        def ask(**times: int) -> Sequence[Row]:
            return [call("parse_order", row) for row in call("private_get_orders_history", {**asked, **times})]

        if since_ms is None:
            return list(ask(limit=min(limit, 100)))
        return _since(
            lambda first_ms, next_ms: ask(startTime=first_ms, endTime=next_ms), since_ms, int(call("milliseconds")), 7 * _DAY_MS, limit
        )

    def asked(self, call: Call, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """ccxt asks for the trades of every pair, and throws those of others away: so many fewer are left."""
        if method != "fetch_my_trades" or "symbol" not in params:
            return params
        return {**params, "params": {"symbols": call("market_id", params["symbol"])}}

    def status(self, row: Row) -> str:
        """ccxt makes cancelled ones of those that are being cancelled, and of those that failed."""
        word = row["info"].get("state")
        return {"PENDING_CANCEL": "PENDING_CANCEL", "FAILED": "REJECTED"}.get(word) or super().status(row)

    def total(self, row: Row) -> Any:
        """Its amount is in the coin that is paid with."""
        return row["info"].get("amount") if (row.get("type"), row.get("side")) == ("market", "buy") else None


class Gate(Exchange):
    """Orders of ``/api/v4/spot``."""

    levels = 100
    exceptions = {  # noqa: RUF012
        "exact": {
            "ORDER_CLOSED": "OrderNotFound",
            "ORDER_CANCELLED": "OrderNotFound",
            "REPEATED_CREATION": "DuplicateOrderId",
            "REQUEST_EXPIRED": "InvalidNonce",
        }
    }
    _longest: Final = 26

    def own_id(self, client_order_id: str) -> Any:
        """``t-`` and 26 more. ccxt would leave out the ``t-`` before an id that begins with t, which the exchange then refuses."""
        fits = self._taken.fullmatch(client_order_id) and len(client_order_id) <= self._longest
        return "t-" + (client_order_id if fits else _short(client_order_id, self._longest))

    def shown_id(self, row: Row) -> str:
        """Of an order without a caller's id its field says what it was placed with: ``web``, ``apiv4``."""
        shown = super().shown_id(row)
        return shown if shown.startswith("t-") else ""

    def callers_id(self, shown: str) -> str:
        """Without what Gate wants before it."""
        return shown.removeprefix("t-")

    def _next(self, number: int, rows: Sequence[Row]) -> Mapping[str, Any] | None:  # noqa: ARG002
        return {"page": number}

    def _is_full(self, rows: Sequence[Row]) -> bool:
        """A page has so many of each pair."""
        names = [row["symbol"] for row in rows]
        return any(names.count(name) >= self.page for name in set(names))

    def status(self, row: Row) -> str:
        """By its state. ccxt goes by what it ended as, and knows only some of the words: one that was post only would be open for ever."""
        word = {"cancelled": "CANCELED", "closed": "FILLED"}.get(row["info"].get("status"))
        return word or super().status(row)

    def total(self, row: Row) -> Any:
        """Its amount is in the coin that is paid with."""
        return row["info"].get("amount") if (row.get("type"), row.get("side")) == ("market", "buy") else None

    def filled(self, row: Row) -> Any:
        """Of a market order that buys ccxt divides, and what comes out is not whole."""
        return row["info"].get("filled_amount", row.get("filled"))


EXCHANGES: Final[Mapping[str, Exchange]] = {
    "bithumb": Bithumb(),
    "htx": Htx(),
    "bitfinex": Bitfinex(),
    "bitflyer": Bitflyer(),
    "poloniex": Poloniex(),
    "gate": Gate(),
}
"""The exchanges, by ccxt's ids."""


def not_found(number: str, what: str = "") -> OrderNotFoundException:
    """That there is no such order."""
    return OrderNotFoundException(f"there is no order {number[:40]!r}" + (what and f" {what}"))


def _all_pages(
    ask: Callable[[Mapping[str, Any]], Sequence[Row]],
    following: Callable[[int, Sequence[Row]], Mapping[str, Any] | None],
    is_full: Callable[[Sequence[Row]], bool],
) -> list[Row]:
    """The rows of all pages, each order once.

    :raises ExchangeRequestException: when they do not end; a part of them would pass for the whole
    """
    found: dict[str, Row] = {}
    more: Mapping[str, Any] = {}
    for number in range(2, _MOST_PAGES + 2):
        rows, before = ask(more), len(found)
        found |= {str(row["id"]): row for row in rows}
        after = following(number, rows) if is_full(rows) and len(found) > before else None
        if after is None:
            return list(found.values())
        more = after
    raise ExchangeRequestException(f"the exchange shows orders without end: {len(found)} on {_MOST_PAGES} pages, and more", sent="yes")


def _since(ask: Callable[[int, int], Sequence[Row]], since_ms: int, now_ms: int, span_ms: int, limit: int) -> list[Row]:
    """The orders from a time on, at least ``limit`` if there are so many, of an exchange that shows a hundred of a span."""
    found: dict[str, Row] = {}
    for first_ms in range(max(since_ms, now_ms - _LOOK_BACK_MS), now_ms + 1, span_ms):
        spans = [(first_ms, min(first_ms + span_ms, now_ms + 1))]
        while spans:
            begin_ms, end_ms = spans.pop()
            rows = ask(begin_ms, end_ms)
            if len(rows) >= _SHOWN and end_ms - begin_ms > 1:
                middle_ms = (begin_ms + end_ms) // 2
                spans += [(middle_ms, end_ms), (begin_ms, middle_ms)]
            else:
                found |= {str(row["id"]): row for row in rows}
        if len(found) >= limit:
            break
    return list(found.values())


def _short(text: str, length: int) -> str:
    return "o" + hashlib.sha256(text.encode()).hexdigest()[: length - 1]


def _of_json(figure: Decimal, name: str) -> int | float:
    whole = int(figure)
    if whole == figure:
        return whole
    near = float(figure)
    if Decimal(repr(near)) != figure:
        raise ValueError(f"{name} {figure} has more digits than a number of JSON carries")
    return near


def pages_of(start_ms: int, end_ms: int, step_ms: int, size: int) -> Iterator[tuple[int, int]]:
    """A span of time in pieces of so many candles: where each begins, and where the next one does."""
    for first_ms in range(start_ms, end_ms + 1, step_ms * size):
        yield first_ms, min(first_ms + step_ms * size, end_ms + 1)
