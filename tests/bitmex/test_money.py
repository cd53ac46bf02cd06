from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.bitmex.money import coin, contract_currency, contract_value, major

INVERSE = {"typ": "FFWCSX", "multiplier": -100_000_000, "isInverse": True, "isQuanto": False, "quoteCurrency": "USD",
           "underlying": "XBT", "settlCurrency": "XBt", "underlyingToSettleMultiplier": -100_000_000}  # fmt: skip
QUANTO = {"typ": "FFWCSX", "multiplier": 100, "isInverse": False, "isQuanto": True, "quoteCurrency": "USD", "underlying": "ETH",
          "settlCurrency": "XBt", "underlyingToPositionMultiplier": None}  # fmt: skip
LINEAR = {"typ": "FFWCSX", "multiplier": 1, "isInverse": False, "isQuanto": False, "quoteCurrency": "USDT", "underlying": "XBT",
          "settlCurrency": "USDt", "underlyingToPositionMultiplier": 1_000_000}  # fmt: skip
IN_BITCOIN = {"typ": "FFCCSX", "multiplier": 100_000_000, "isInverse": False, "isQuanto": False, "quoteCurrency": "XBT",
              "underlying": "XRP", "settlCurrency": "XBt"}  # fmt: skip
SPOT = {"typ": "IFXXXP", "multiplier": 1, "underlying": "XBT", "quoteCurrency": "USDT", "settlCurrency": "USDt"}


@pytest.mark.parametrize(
    ("instrument", "value", "currency"),
    [
        (INVERSE, Decimal(1), "USD"),
        (QUANTO, Decimal("0.000001"), "BTC"),
        (LINEAR, Decimal("0.000001"), "BTC"),
        (IN_BITCOIN, Decimal(1), "XRP"),
        (SPOT, None, ""),
    ],
)
def test_what_a_contract_is_worth(instrument: dict[str, Any], value: Decimal | None, currency: str) -> None:
    assert contract_value(instrument) == value
    assert contract_currency(instrument) == currency


def test_smallest_units_are_counted_exactly() -> None:
    assert major(1_000_123_456, 8) == Decimal("10.00123456")
    assert major(-1, 8) == Decimal("-0.00000001")
    assert str(major(10**12, 6)) == "1000000"
    assert str(major(0, 8)) == "0"


def test_a_bitcoin_is_called_as_elsewhere() -> None:
    assert [coin(name) for name in ("XBT", "XBt", "USDt", "ETH", "Gwei", "NEWt")] == ["BTC", "BTC", "USDT", "ETH", "ETH", "NEWT"]
