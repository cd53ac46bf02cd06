"""BitMEX's instruments -> neutral order rules. Pure.

Quantities are what an order's ``orderQty`` is: contracts, or the smallest unit of a coin on a pair of coins. Positions, margin and how many
orders may be open the venue checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from exchangeclient.market.rules import Bounds, OrderRules
from exchangeclient.numbers import exact, trimmed

NEEDED: Final = ("symbol", "state", "tickSize", "lotSize", "maxOrderQty", "maxPrice")
"""The columns of an instrument that the rules are made of."""

_TRADING: Final = "Open"


def order_rules(instrument: Mapping[str, Any]) -> OrderRules:
    """The rules of one instrument.

    :raises ValueError: when it is not shaped like one
    """
    try:
        lot = part(instrument, "lotSize")
        return OrderRules(
            symbol=str(instrument["symbol"]),
            trading=instrument["state"] == _TRADING,
            status=str(instrument["state"]),
            price=Bounds("tickSize", high=part(instrument, "maxPrice"), step=part(instrument, "tickSize"), step_name="tick"),
            quantity=Bounds("lotSize", low=lot, high=part(instrument, "maxOrderQty"), step=lot, step_name="lot"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an instrument: {error!r}") from error


def part(instrument: Mapping[str, Any], name: str) -> Decimal | None:
    """A figure of an instrument, exactly as it is written; None where it is missing, null or zero, which switches it off."""
    figure = instrument.get(name)
    return None if figure is None else trimmed(exact(figure, name)) or None
