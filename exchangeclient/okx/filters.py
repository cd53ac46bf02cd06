"""OKX's instruments -> neutral order rules. Pure.

Quantities are what an order's ``sz`` is: coins on spot, contracts otherwise. What is measured by the market or by the account (the price
limits, the amounts in US dollars, positions) the venue checks, and its refusal names it.
Source: https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from exchangeclient.market.rules import UNBOUND, Bounds, OrderRules
from exchangeclient.numbers import exact, trimmed

TRADING: Final = ("live", "post_only", "rebase")
"""The states in which orders are taken; of some kinds alone, which the venue tells."""

_COUNTED_IN_MONEY: Final = ("SPOT", "MARGIN")  # there the largest market order is said in USDT


def order_rules(instrument: Mapping[str, Any]) -> OrderRules:
    """The rules of one instrument.

    :raises ValueError: when it is not shaped like one
    """
    try:
        return OrderRules(
            symbol=str(instrument["instId"]),
            trading=instrument["state"] in TRADING,
            status=str(instrument["state"]),
            price=Bounds("tickSz", step=part(instrument, "tickSz"), step_name="tick"),
            quantity=Bounds("lotSz", part(instrument, "minSz"), part(instrument, "maxLmtSz"), part(instrument, "lotSz"), step_name="lot"),
            market_quantity=_market_quantity(instrument),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an instrument: {error!r}") from error


def part(instrument: Mapping[str, Any], name: str) -> Decimal | None:
    """A figure of an instrument; None where it is empty, or zero, which switches it off."""
    text = instrument.get(name)
    return trimmed(exact(text, name)) or None if text not in (None, "") else None


def _market_quantity(instrument: Mapping[str, Any]) -> Bounds:
    most = None if instrument.get("instType") in _COUNTED_IN_MONEY else part(instrument, "maxMktSz")
    return UNBOUND if most is None else Bounds("maxMktSz", high=most)
