"""What a caller posts of an order, in the desk's words. Pure, but for the ``client_oid`` that is drawn for whoever gives none."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, ORDER_TYPE_MARKET
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.market.vocabulary import Instrument
from exchangeclient.numbers import exact

MOST_OIDS: Final = 9
LONGEST_OID: Final = 100
_OPTIONS: Final = frozenset({"open", "close", "type", "post_only", "client_oid", "source"})
_LETTERS: Final = string.ascii_lowercase + string.digits


def figure(asked: Mapping[str, Any], name: str) -> Decimal:
    """A price or an amount.

    :raises ServiceError: for what is no number above zero
    """
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ServiceError("invalid-param", f"{name} must be a number")
    try:
        figure = exact(value, name)
    except (TypeError, ValueError) as error:
        raise ServiceError("invalid-param", str(error)) from None
    if figure <= 0:
        raise ServiceError("invalid-param", f"{name} must be above zero")
    return figure


def form(asked: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """An order in the desk's words: a limit order, which has a price, or of ``options.type`` ``market``; then no price is looked at."""
    amount = figure(asked, "amount")
    kind = options.get("type", "limit")
    if kind == "market":
        if options.get("post_only"):
            raise ServiceError("invalid-param", "an order of options.type market cannot be post_only")
        form: dict[str, Any] = {"type": ORDER_TYPE_MARKET, "quantity": amount}
    elif kind == "limit":
        price = figure(asked, "price")
        form = {"type": ORDER_TYPE_LIMIT_MAKER if options.get("post_only") else ORDER_TYPE_LIMIT, "quantity": amount, "price": price}
    else:
        raise ServiceError("invalid-param", "options.type must be limit or market")
    return {**form, "closes": True} if options.get("close") else form


def hold(listed: Instrument, price: Decimal, quantity: Decimal) -> None:
    """Hold an order to the venue's rules, as far as they are listed: what takes another one's place is looked at before that is cancelled.

    :raises ServiceError: naming the rule
    """
    for what, value, step in (("price", price, listed.tick), ("amount", quantity, listed.step)):
        if step and value % step:
            raise ServiceError(f"exg-place-order-error-{what}", f"{what} {value} is not a multiple of {step}")
    low, high = listed.min_quantity, listed.max_quantity
    if (low is not None and quantity < low) or (high and quantity > high):
        raise ServiceError("exg-place-order-error-amount", f"amount {quantity} is not from {low} to {high}")
    if listed.min_total is not None and price * quantity < listed.min_total:
        raise ServiceError("exg-place-order-min-notional", f"price times amount is {price * quantity}, below {listed.min_total}")


def options_of(given: Any) -> Mapping[str, Any]:
    """``options``: an object, or as before 2018-12 one in a text. What would change an order and is not understood is refused."""
    if given is None or given == "":
        return {}
    if isinstance(given, str):
        try:
            given = jsonio.decode(given)
        except ValueError:
            raise ServiceError("invalid-param", "options is no JSON") from None
    if not isinstance(given, dict):
        raise ServiceError("invalid-param", "options must be an object")
    unknown = given.keys() - _OPTIONS
    if unknown:
        raise ServiceError(
            "invalid-param", f"options: {', '.join(sorted(map(str, unknown)))[:80]} is not known here; {', '.join(sorted(_OPTIONS))} are"
        )
    return given


def tags_of(given: Any) -> Mapping[str, Any]:
    """``tags``: an object, or as in 2018 a text ``k:v,k:v``."""
    if given is None:
        return {}
    if isinstance(given, str):
        return dict(pair.split(":", 1) for pair in given.split(",") if ":" in pair)
    if not isinstance(given, dict):
        raise ServiceError("invalid-param", "tags must be an object")
    return given


def client_oid_of(given: Any) -> str:
    """The caller's, or a new one."""
    if given is None:
        return secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(_LETTERS) for _ in range(31))
    if not isinstance(given, str) or not 1 <= len(given) <= LONGEST_OID or not given.isprintable() or "," in given:
        raise ServiceError("invalid-param", f"client_oid must be a text of at most {LONGEST_OID} letters, and no comma")
    return given


def oids(text: str) -> list[str]:
    """A comma list of ids.

    :raises ServiceError: when there is none, or too many
    """
    found = [oid for oid in text.split(",") if oid]
    if not found:
        raise ServiceError("invalid-param", "an order's client_oid or exchange_oid is missing")
    if len(found) > MOST_OIDS:
        raise ServiceError("invalid-param", f"at most {MOST_OIDS} orders can be named at a time, not {len(found)}")
    return found
