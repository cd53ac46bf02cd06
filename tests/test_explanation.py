from __future__ import annotations

import pickle

import pytest

from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderMinAmountException,
    OrderNotAmendedException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)
from exchangeclient.explanation import Explanation, Repeat


@pytest.mark.parametrize(
    ("error", "repeat"),
    [
        (ExchangeRequestException("connection refused", sent="no"), Repeat.LATER),
        (ExchangeRequestException("timeout", sent="maybe"), Repeat.UNSAFE),
        (ExchangeRequestException("not JSON", sent="yes"), Repeat.UNSAFE),
        (OrderStatusUnknownException("no telling"), Repeat.UNSAFE),
        (OrderNotPlacedException("it never reached the book"), Repeat.LATER),
        (OrderNotPlacedException("cancelled, not replaced", data={"cancelResult": "SUCCESS"}), Repeat.UNSAFE),
        (OrderNotAmendedException("it is as it was"), Repeat.LATER),
        (OrderMinAmountException("quantity 0.1 is not a multiple", rule="LOT_SIZE"), Repeat.USELESS),
    ],
)
def test_errors_of_our_own_say_whether_a_repeat_is_safe(error: ExchangeRequestException, repeat: Repeat) -> None:
    explanation = error.explain()
    assert explanation.repeat is repeat
    assert explanation.name == type(error).__name__
    assert str(error) in str(explanation)


def test_an_error_of_a_venue_explains_itself_by_the_venues_table_after_pickling_too() -> None:
    error = ExchangeAPIException("Invalid symbol.", status_code=400, code=-1121, venue="binance")
    assert pickle.loads(pickle.dumps(error)).explain() == error.explain()
    assert error.explain().name == "BAD_SYMBOL"


def test_without_a_venue_there_is_no_table() -> None:
    with pytest.raises(LookupError, match="venue"):
        ExchangeAPIException("Invalid symbol.", status_code=400, code=-1121).explain()


def test_an_explanation_without_causes_and_code_is_two_lines() -> None:
    text = str(Explanation("NAME", "Something happened.", Repeat.LATER))
    assert text.splitlines() == ["NAME: Something happened.", f"Repeating it: {Repeat.LATER.value}"]
