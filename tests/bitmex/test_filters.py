from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.bitmex.filters import order_rules
from exchangeclient.exceptions import (
    OrderException,
    OrderInactiveSymbolException,
    OrderMinAmountException,
    OrderMinPriceException,
)
from exchangeclient.market.rules import OrderFigures, breach

# By the venue's own answers of 2024 and of the recording of 2021.
XBTUSD = {"symbol": "XBTUSD", "state": "Open", "tickSize": 0.1, "lotSize": 100, "maxOrderQty": 10_000_000, "maxPrice": 1_000_000}
TRXU21 = {"symbol": "TRXU21", "state": "Open", "tickSize": 1e-10, "lotSize": 1000, "maxOrderQty": 100_000_000, "maxPrice": 10}
SAMPLE = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "bitmex" / "http_get_instrument_xbtusd.json"


def broken(instrument: dict[str, Any], **figures: str) -> OrderException | None:
    return breach(order_rules(instrument), OrderFigures(**{name: Decimal(text) for name, text in figures.items()}))


@pytest.mark.parametrize(
    ("instrument", "figures", "error"),
    [
        (XBTUSD, {"price": "97893.7", "quantity": "100"}, None),
        (XBTUSD, {"price": "97893.75", "quantity": "100"}, OrderMinPriceException),
        (XBTUSD, {"price": "1000000.1", "quantity": "100"}, OrderMinPriceException),
        (XBTUSD, {"price": "0", "quantity": "100"}, OrderMinPriceException),
        (XBTUSD, {"stop_price": "97893.75", "quantity": "100"}, OrderMinPriceException),
        (XBTUSD, {"price": "97893.7", "quantity": "50"}, OrderMinAmountException),
        (XBTUSD, {"price": "97893.7", "quantity": "150"}, OrderMinAmountException),
        (XBTUSD, {"price": "97893.7", "quantity": "10000100"}, OrderMinAmountException),
        (TRXU21, {"price": "0.0000017803", "quantity": "1000"}, None),
        (TRXU21, {"price": "0.00000178035", "quantity": "1000"}, OrderMinPriceException),
        ({**XBTUSD, "state": "Settled"}, {"price": "97893.7", "quantity": "100"}, OrderInactiveSymbolException),
    ],
)
def test_O16_O17_orders_are_held_to_tick_lot_and_bounds_exactly(
    instrument: dict[str, Any], figures: dict[str, str], error: type[Exception] | None
) -> None:
    found = broken(instrument, **figures)
    assert (found is None) if error is None else isinstance(found, error)


def test_the_nearest_that_would_do_is_named() -> None:
    price, quantity = broken(XBTUSD, price="97893.74"), broken(XBTUSD, quantity="199")
    assert price is not None
    assert quantity is not None
    assert (price.rule, price.nearest, quantity.rule, quantity.nearest) == ("tickSize", Decimal("97893.7"), "lotSize", Decimal(200))


@pytest.mark.parametrize("odd", [{}, {**XBTUSD, "tickSize": "x"}, {**XBTUSD, "lotSize": []}, {**XBTUSD, "maxPrice": True}])
def test_what_is_no_instrument_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        order_rules(odd)


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"no sample in {SAMPLE}")
def test_an_answer_of_the_venue_is_read() -> None:
    rules = order_rules(json.loads(SAMPLE.read_text(encoding="utf-8")))
    assert (rules.price.step, rules.quantity.step, rules.trading) == (Decimal("0.1"), Decimal(100), True)
