from __future__ import annotations

import inspect
import pickle
from decimal import Decimal

import pytest

from exchangeclient import exceptions
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OrderException,
    OrderMinPriceException,
    OutOfSyncException,
    RateLimitException,
    RegionException,
)

CLASSES = {name: value for name, value in vars(exceptions).items() if inspect.isclass(value) and issubclass(value, Exception)}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_error_is_of_the_family(name: str) -> None:
    assert issubclass(CLASSES[name], ExchangeException)


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    tree = inspect.cleandoc(exceptions.__doc__ or "").split("::\n", 1)[1].split("\nWrong arguments")[0]
    for line in filter(str.strip, tree.splitlines()):
        depth, name = len(line) - len(line.lstrip()), line.split()[0]
        while above and above[-1][0] >= depth:
            above.pop()
        drawn[name] = above[-1][1] if above else "Exception"
        above.append((depth, name))
    own = {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES.values()}
    assert drawn == own


def test_names_of_the_python_binance_line_are_the_same_objects() -> None:
    aliases = {name for name in CLASSES if name.startswith("Binance")}
    assert aliases == {
        "BinanceAPIException",
        "BinanceRequestException",
        "BinanceWithdrawException",
        "BinanceRegionException",
        "BinanceOrderException",
        "BinanceOrderMinAmountException",
        "BinanceOrderMinPriceException",
        "BinanceOrderMinTotalException",
        "BinanceOrderTotalPriceException",
        "BinanceOrderUnknownSymbolException",
        "BinanceOrderInactiveSymbolException",
    }
    for name in aliases:
        assert not CLASSES[name].__name__.startswith("Binance")
    assert exceptions.BinanceOrderTotalPriceException is exceptions.OrderMinTotalException


@pytest.mark.parametrize(
    "error",
    [
        ExchangeRequestException("cut", sent="no"),
        ExchangeAPIException("no", status_code=400, code=-1121, venue="binance"),
        RateLimitException("slow down", status_code=429, code=-1003, retry_after=7.0),
        OrderMinPriceException("too low", symbol="BTCUSDT", rule="PRICE_FILTER", value=Decimal("0.1"), nearest=Decimal("0.2")),
        OutOfSyncException("not yet", symbol="BTCUSDT", state="SYNCING"),
        RegionException("us", "com", "get_staking_asset_us"),
    ],
)
def test_errors_pickle_with_everything_that_they_say(error: ExchangeException) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_order_errors_carry_the_venues_code() -> None:
    assert OrderException("no").code == -1013


def test_an_api_error_without_an_answer_has_no_request() -> None:
    assert ExchangeAPIException("no").request is None
