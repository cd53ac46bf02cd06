"""What is told of figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.gateway.onetoken import shapes
from exchangeclient.market.vocabulary import Balance, Instrument, Market, Position


@pytest.mark.parametrize(
    ("price", "step", "text"),
    [
        (6152.3, "0.01", "6152.30"),
        (0.00001, "0.0000001", "0.0000100"),
        (1e-05, None, "0.00001"),
        (120.0, "10", "120"),
        (5.0, "1", "5"),
        (1.5, "0.50", "1.5"),
    ],
)
def test_a_price_as_a_text_has_the_places_of_its_step(price: float, step: str | None, text: str) -> None:
    assert shapes.price_text(price, None if step is None else Decimal(step)) == text


def position(side: Any, quantity: int, free: int, price: int) -> Position:
    return Position("BTC-USD-SWAP", side, Decimal(quantity), Decimal(free), Decimal(price), Decimal("0.5"), None, None, "BTC")


def instrument(value: str, currency: str) -> Instrument:
    return Instrument("BTC-USD-SWAP", Market("BTC", "USD", "swap"), contract_value=Decimal(value), contract_currency=currency)


WORTH = {"btc": Decimal(8_000), "usd": Decimal(1), "usdt": Decimal(1)}


def test_both_sides_of_a_contract_are_one_position() -> None:
    """As the manual of the service has it: 6905 long and 1 short are 6904, worth 100 dollars each."""
    held = [position("LONG", 6905, 6905, 9_000), position("SHORT", 1, 1, 9_100)]
    info = shapes.info([Balance("BTC", Decimal(74), Decimal(0))], [("btc.usd.q", instrument("100", "USD"), held)], WORTH, "usdt")
    row = info["position"][-1]
    assert (row["contract"], row["total_amount"], row["available"], row["frozen"], row["pl"]) == ("btc.usd.q", 6904.0, 6904.0, 0.0, 1.0)
    assert (row["available_long"], row["available_short"], row["average_open_price_short"]) == (6905.0, 1.0, 9100.0)
    assert (row["market_value"], row["market_value_detail"]) == (690_400.0, {"btc": 690_400.0})
    assert (row["total_xtc_amount"], row["available_xtc"], row["frozen_xtc"]) == (86.3, 86.3, 0.0)
    assert info["market_value_detail"] == {"btc": 592_000.0 + 690_400.0}
    assert (info["market_value"], info["balance"]) == (592_000.0 + 690_400.0, 592_000.0)


@pytest.mark.parametrize(
    ("listed", "value"),
    [
        (instrument("0.01", "BTC"), 160.0),
        (instrument("0.0001", "XRP"), 0.0),  # a quanto contract: worth no fixed sum of either of its two
        (Instrument("BTC-USD-SWAP", Market("BTC", "USD", "swap")), 0.0),
    ],
)
def test_a_position_is_worth_what_its_contracts_are(listed: Instrument, value: float) -> None:
    held = [position("LONG", 3, 1, 9_000), position("LONG", 1, 1, 5_000), position("SHORT", 2, 1, 9_000)]
    row = shapes.info([], [("btc.usd.td", listed, held)], WORTH, "usdt")["position"][-1]
    assert row["market_value"] == value
    assert (row["total_amount_long"], row["average_open_price_long"], row["frozen_position_long"]) == (4.0, 8_000.0, 2.0)
    assert (row["total_amount"], row["available"], row["frozen"]) == (2.0, 1.0, 3.0)
