from __future__ import annotations

import pytest
import requests

from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeRequestException,
    OrderMinAmountException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
    RateLimitException,
    UnsupportedException,
)
from exchangeclient.gateway.universal.texts import Refused, masked, told, told_whole


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Refused("invalid symbol"), "invalid symbol"),
        (UnsupportedException("nothing", venue="binance", what="positions"), "not support"),
        (UnsupportedException("no swap", venue="binance", what="contract"), "not support: no swap"),
        (ExchangeAPIException("Unknown order sent.", status_code=400, code=-2011), "-2011 Unknown order sent."),
        (ExchangeAPIException("Insufficient balance", status_code=200, code=51008), "51008 Insufficient balance"),
        (ExchangeAPIException("<html>", status_code=502), "HTTP error: 502"),
        (RateLimitException("not sent: the budget is used up"), "Exception occurred: not sent: the budget is used up"),
        (ExchangeRequestException("the answer is not JSON", sent="yes"), "Invalid JSON response: the answer is not JSON"),
        (ExchangeRequestException("timed out", sent="maybe", transient=True), "URL error: timed out"),
        (ExchangeRequestException("refused", sent="no", transient=True), "URL error: refused"),
        (ExchangeRequestException("cut off", sent="yes", transient=True), "URL error: cut off"),
        (OrderNotPlacedException("it was not placed", symbol="X"), "URL error: it was not placed"),
        (
            OrderStatusUnknownException("nobody knows; resolve() asks the venue"),
            "URL error: nobody knows; look among the orders before it is sent anew",
        ),
        (OrderMinAmountException("quantity 0.1 is below the minimum 1"), "Exception occurred: quantity 0.1 is below the minimum 1"),
        (ValueError("x must be y"), "Exception occurred: x must be y"),
        (KeyError(), "Exception occurred: KeyError"),
    ],
)
def test_every_error_has_the_words_that_robots_know(error: Exception, text: str) -> None:
    assert told(error) == text


def test_secrets_are_blotted_out_and_texts_are_short() -> None:
    error = ValueError("canary-secret and canary-phrase " + "x" * 1000)
    said = told(error, ("canary-secret", "canary-phrase"))
    assert "canary" not in said
    assert said.startswith("Exception occurred: *** and ***")
    assert len(said) == 300


def test_a_secret_that_may_be_any_word_is_left_in_texts() -> None:
    assert told(ValueError("API-key format invalid"), ("key", "")) == "Exception occurred: API-key format invalid"


def test_a_call_of_the_venues_own_hears_its_whole_words() -> None:
    response = requests.Response()
    response._content = b'{"code":"51000","data":[],"msg":"Parameter canary-secret error"}'
    error = ExchangeAPIException("Parameter error", status_code=200, code=51000, response=response)
    assert told_whole(error, ("canary-secret",)) == '{"code":"51000","data":[],"msg":"Parameter *** error"}'
    response._content = b"<html>"
    assert told_whole(error) == "51000 Parameter error"
    assert told_whole(ValueError("x")) == "Exception occurred: x"


def test_a_log_shows_no_more_of_a_key_than_its_end() -> None:
    assert masked("an-access-key-of-many-letters") == "***ters"
    assert masked("short") == "***"
