from __future__ import annotations

import inspect
from decimal import Decimal

import pytest

from exchangeclient import desk
from exchangeclient.exceptions import UnsupportedException
from exchangeclient.market import vocabulary


def test_every_value_and_method_of_the_vocabulary_is_documented_and_public() -> None:
    for name in desk.__all__:
        assert hasattr(desk, name), name
    for name in (*vocabulary.CAPABILITIES, "instrument_of", "market_of"):
        assert inspect.getdoc(getattr(vocabulary.Desk, name)), name
    public = {name for name, kind in vars(vocabulary).items() if inspect.isclass(kind) and kind.__module__ == vocabulary.__name__}
    assert public <= set(desk.__all__)


@pytest.mark.parametrize(
    ("status", "is_open"), [("NEW", True), ("PARTIALLY_FILLED", True), ("FILLED", False), ("CANCELED", False), ("EXPIRED", False)]
)
def test_an_order_is_open_while_it_can_be_filled(status: str, is_open: bool) -> None:
    order = desk.Order("X", "1", "", "BUY", "LIMIT", status, None, None, Decimal(0), None, 0, 0)
    assert order.open is is_open


def test_values_do_not_change() -> None:
    with pytest.raises(AttributeError):
        desk.Market("BTC", "USDT").base = "ETH"  # type: ignore[misc]


def test_what_a_venue_lacks_is_an_error_of_its_own() -> None:
    error = UnsupportedException("the venue has no tulips", venue="x", what="tulips")
    assert (str(error), error.venue, error.what) == ("the venue has no tulips", "x", "tulips")
    assert error.explain().name == "UnsupportedException"
