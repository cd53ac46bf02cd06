"""What is told of figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchangeclient.gateway.onetoken import shapes


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
