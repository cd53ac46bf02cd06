from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

from exchangeclient.core.calling.spelling import warn_of_misspelled

KNOWN = ("symbol", "price", "quantity", "timeInForce", "newClientOrderId", "stopPrice")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("symbols", "symbol"),
        ("sybmol", "symbol"),
        ("prize", "price"),
        ("quantty", "quantity"),
        ("time_in_force", "timeInForce"),
        ("NewClientOrderID", "newClientOrderId"),
    ],
)
def test_a_keyword_that_is_one_slip_away_from_a_known_one_is_called_by_both_names(given: str, meant: str) -> None:
    with pytest.warns(UserWarning, match=rf"place\(\) knows no {given} and sends it on as it is; what it knows is {meant}"):
        warn_of_misspelled("place", ["symbol", given], KNOWN)


@pytest.mark.parametrize("given", ["somethingNew", "stopPriceType", "clientOrderId", "qty", "s", "x" * 10**6, "preis", ""])
def test_a_keyword_of_its_own_is_nobodys_business(given: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_misspelled("place", ["price", given], KNOWN)


def test_the_warning_points_at_whoever_gave_the_keyword() -> None:
    """Not at a helper of this package on the way, as a function is whose module has such a name."""
    within: dict[str, Callable[[], None]] = {}
    helper = "def place(): warn_of_misspelled('place', ['pricee'], ['price'])"
    exec(helper, {"__name__": "exchangeclient.helper", "warn_of_misspelled": warn_of_misspelled}, within)
    with pytest.warns(UserWarning, match="pricee") as caught:
        within["place"]()
    assert caught[0].filename == __file__
