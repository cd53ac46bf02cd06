"""What a caller posts of an order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.orderform import form, hold
from exchangeclient.market.vocabulary import Instrument, Market


def test_a_market_order_is_not_post_only() -> None:
    with pytest.raises(ServiceError, match="cannot be post_only"):
        form({"amount": 1}, {"type": "market", "post_only": True})


@pytest.mark.parametrize(
    ("price", "quantity", "code"),
    [
        ("10.5", "2.5", None),
        ("10.55", "2.5", "exg-place-order-error-price"),
        ("10.5", "2.55", "exg-place-order-error-amount"),
        ("10.5", "0.5", "exg-place-order-error-amount"),
        ("10.5", "10.5", "exg-place-order-error-amount"),
        ("4.5", "2", "exg-place-order-min-notional"),
    ],
)
def test_the_rules_that_a_venue_lists(price: str, quantity: str, code: str | None) -> None:
    listed = Instrument(
        "BTC/USDT", Market("BTC", "USDT"), tick=Decimal("0.1"), step=Decimal("0.1"), min_quantity=Decimal(1), max_quantity=Decimal(10),
        min_total=Decimal(10),
    )  # fmt: skip
    try:
        hold(listed, Decimal(price), Decimal(quantity))
        hold(Instrument("BTC/USDT", Market("BTC", "USDT")), Decimal(price), Decimal(quantity))
        found = None
    except ServiceError as error:
        found = error.code
    assert found == code
