"""What REST shows of orders, lists and balances, told in the words of the user data stream. Pure.

Each event is marked (:data:`~exchangeclient.binance.account_view.CATCH_UP`). It lacks the number of its execution, which REST does not
tell; its time is that of what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from exchangeclient.binance.account_view import CATCH_UP, AccountView, Told, told_by, works
from exchangeclient.binance.readings import equal, milliseconds
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.numbers import exact

Json = dict[str, Any]

_ENDS: Final[Mapping[str, str]] = {
    "CANCELED": "CANCELED",
    "REJECTED": "REJECTED",
    "EXPIRED": "EXPIRED",
    "EXPIRED_IN_MATCH": "TRADE_PREVENTION",
}
"""By which execution an order came to its end, where that is no trade."""

# The fields of a report that are there only when there is something to say, by their names on REST.
_SPECIAL: Final[Mapping[str, str]] = {
    "trailingDelta": "d",
    "trailingTime": "D",
    "strategyId": "j",
    "strategyType": "J",
    "preventedMatchId": "v",
    "preventedQuantity": "A",
    "workingFloor": "k",
    "usedSor": "uS",
    "pegPriceType": "gP",
    "pegOffsetType": "gOT",
    "pegOffsetValue": "gOV",
    "peggedPrice": "gp",
    "expiryReason": "eR",
}
_NOTHING: Final = "0.00000000"


class _Sums(NamedTuple):
    """What is filled of an order, in its base and its quote asset."""

    executed: Decimal
    quote: Decimal

    def and_also(self, fill: Mapping[str, Any]) -> _Sums:
        return _Sums(self.executed + exact(fill["qty"], "qty"), self.quote + exact(fill["quoteQty"], "quoteQty"))


def reports(order: Json, known: Told | None, fills: Iterable[Json], *, patient: bool) -> Iterator[Json]:
    """What has happened to an order since it was told of: that it came, or was set to work; its fills; that it was amended; its end.

    :param fills: the order's trades or allocations, at least the latest ones
    :param patient: False takes the order's word for what was filled beyond those
    :raises ExchangeRequestException: when they do not make up what is filled, and one is patient
    """
    now = told_by(order)
    sums, after = _Sums(Decimal(0), Decimal(0)) if known is None else _Sums(known.executed, known.quote), _Sums(now.executed, now.quote)
    if known is None:
        yield _report(order, "NEW", "PENDING_NEW" if order["status"] == "PENDING_NEW" else "NEW", order["time"], sums)
    elif now.is_open and now.works and not known.works:
        yield _report(order, "NEW", "NEW", order["workingTime"], sums)
    for fill in _latest(fills, now.executed - sums.executed, until=milliseconds(order["updateTime"])):
        sums = sums.and_also(fill)
        yield _fill(order, fill, sums, after)
    if sums.executed < after.executed:
        if patient:
            what = f"{after.executed} of the order {order['orderId']} on {order['symbol']} as filled"
            raise ExchangeRequestException(f"the venue shows {what}, but fills of {sums.executed} only", sent="yes", transient=True)
        yield _fill(order, _unlisted(order, after.executed - sums.executed, after.quote - sums.quote), after, after)
    if known is not None and not equal(known.quantity, now.quantity):
        yield _report(order, "REPLACED", order["status"], order["updateTime"], after)
    if order["status"] in _ENDS and (known is None or known.is_open):
        yield _report(order, _ENDS[order["status"]], order["status"], order["updateTime"], after)


def _latest(fills: Iterable[Json], missing: Decimal, *, until: int) -> list[Json]:
    """The newest fills, as far as they were not told: so many as make up the quantity that is missing.

    :param until: when the order was last changed as it is shown; what came while the fills were asked for is none of its own yet
    """

    def place(fill: Json) -> tuple[int, int]:
        return milliseconds(fill["time"]), fill.get("id", 0)

    found: list[Json] = []
    for fill in sorted(fills, key=lambda each: (place(each)[0] <= until, place(each)), reverse=True):
        missing -= exact(fill["qty"], "qty")
        if missing < 0:
            break
        found.append(fill)
    return sorted(found, key=place)


def _unlisted(order: Json, quantity: Decimal, quote: Decimal) -> Json:
    """A fill of which only the order tells: without a number, at the average price."""
    return {
        "time": order["updateTime"],
        "price": _text(quote / quantity),
        "qty": _text(quantity),
        "quoteQty": _text(quote),
    }


def _fill(order: Json, fill: Json, sums: _Sums, after: _Sums) -> Json:
    is_last = order["status"] == "FILLED" and sums.executed == after.executed
    told = {
        "l": fill["qty"],
        "L": fill["price"],
        "Y": fill["quoteQty"],
        "n": fill.get("commission", "0"),
        "N": fill.get("commissionAsset"),
        "t": fill.get("id", -1),
        "m": fill.get("isMaker", False),
        "M": True,
    }
    if "allocationId" in fill:
        told |= {"b": fill["allocationType"], "a": fill["allocationId"]}
    return _report(order, "TRADE", "FILLED" if is_last else "PARTIALLY_FILLED", fill["time"], sums) | told


def _report(order: Json, execution: str, status: str, time: int, sums: _Sums) -> Json:
    own = order["clientOrderId"]
    report = {
        "e": "executionReport",
        "E": time,
        "s": order["symbol"],
        "c": own,
        "S": order["side"],
        "o": order["type"],
        "f": order["timeInForce"],
        "q": order.get("origQty", _NOTHING),
        "p": order["price"],
        "P": order.get("stopPrice", _NOTHING),
        "F": order.get("icebergQty", _NOTHING),
        "g": order.get("orderListId", -1),
        "C": own if execution == "CANCELED" else "",  # by which id it was cancelled, REST does not tell
        "x": execution,
        "X": status,
        "r": "NONE",
        "i": order["orderId"],
        "l": _NOTHING,
        "z": _text(sums.executed),
        "L": _NOTHING,
        "n": "0",
        "N": None,
        "T": time,
        "t": -1,
        "I": -1,
        "w": status in ("NEW", "PARTIALLY_FILLED") and works(order),
        "m": False,
        "M": False,
        "O": order["time"],
        "Z": _text(sums.quote),
        "Y": _NOTHING,
        "Q": order.get("origQuoteOrderQty", _NOTHING),
        "V": order.get("selfTradePreventionMode", "NONE"),
        CATCH_UP: True,
    }
    if works(order):
        report["W"] = order["workingTime"]
    return report | {short: order[name] for name, short in _SPECIAL.items() if name in order}


def _text(figure: Decimal) -> str:
    """As the venue writes it."""
    return f"{figure:.8f}"


def list_status(shown: Json) -> Json:
    """How a list of orders stands."""
    return {
        "e": "listStatus",
        "E": shown["transactionTime"],
        "s": shown["symbol"],
        "g": shown["orderListId"],
        "c": shown["contingencyType"],
        "l": shown["listStatusType"],
        "L": shown["listOrderStatus"],
        "r": "NONE",
        "C": shown["listClientOrderId"],
        "T": shown["transactionTime"],
        "O": [{"s": each["symbol"], "i": each["orderId"], "c": each["clientOrderId"]} for each in shown["orders"]],
        CATCH_UP: True,
    }


def changed_balances(view: AccountView, account: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The assets of which the account holds something else than was told, with what is free and what is locked."""
    now = {balance["asset"]: (balance["free"], balance["locked"]) for balance in account["balances"]}
    for asset in {**view.balances, **now}:
        (free, locked), told = now.get(asset, ("0", "0")), view.balances.get(asset, ("0", "0"))
        if not (equal(free, told[0]) and equal(locked, told[1])):
            yield asset, free, locked


def position(account: Mapping[str, Any], changed: Iterable[tuple[str, str, str]]) -> Json:
    """The balances that have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": account["updateTime"],
        "u": account["updateTime"],
        "B": [{"a": asset, "f": free, "l": locked} for asset, free, locked in changed],
        CATCH_UP: True,
    }
