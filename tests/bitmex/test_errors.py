from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.bitmex.errors import refusal
from exchangeclient.core.http.request import Response
from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    InsufficientFundsException,
    OrderNotFoundException,
    OverloadException,
    PermissionException,
    RateLimitException,
    UnknownSymbolException,
)


def refused(status: int, body: Any, **headers: str) -> Any:
    return refusal(Response(status, body if isinstance(body, bytes) else json.dumps(body).encode(), {**headers}, "reason"))


def said(text: str, name: str = "HTTPError") -> dict[str, Any]:
    return {"error": {"message": text, "name": name}}


@pytest.mark.parametrize(
    ("status", "text", "meaning", "rule"),
    [
        (400, "Duplicate clOrdID", DuplicateOrderException, ""),
        (400, "Invalid orderID", OrderNotFoundException, ""),
        (400, "Invalid ordStatus", OrderNotFoundException, ""),
        (404, "Not Found", OrderNotFoundException, ""),
        (400, "Account has insufficient Available Balance, 4232 XBt required", InsufficientFundsException, ""),
        (400, "Account is restricted", PermissionException, ""),
        (400, "Invalid price", ExchangeAPIException, "tickSize"),
        (400, "Invalid price tickSize", ExchangeAPIException, "tickSize"),
        (400, "Invalid stopPx for ordType", ExchangeAPIException, "tickSize"),
        (400, "Invalid orderQty", ExchangeAPIException, "lotSize"),
        (400, "orderQty is invalid", ExchangeAPIException, "lotSize"),
        (400, "Too many open orders", ExchangeAPIException, ""),
        (400, "symbol is invalid", UnknownSymbolException, ""),
        (401, "Invalid API Key.", AuthenticationException, ""),
        (401, "Signature not valid.", AuthenticationException, ""),
        (401, "This request has expired - `expires` is in the past. Current time: 1518064236", ClockSkewException, ""),
        (403, "This key is disabled.", PermissionException, ""),
        (403, "Access Denied", PermissionException, ""),
        (429, "Rate limit exceeded, retry in 7 seconds.", RateLimitException, ""),
        (503, "The system is currently overloaded. Please try again later.", OverloadException, ""),
    ],
)
def test_texts_mean_what_they_say_whatever_name_stands_beside_them(status: int, text: str, meaning: type[Exception], rule: str) -> None:
    for name in ("HTTPError", "ValidationError", "RateLimitError"):
        error = refused(status, said(text, name))
        assert type(error) is meaning
        assert (error.status_code, error.message, error.rule, error.code) == (status, text, rule, status)
        error.venue = "bitmex"
        assert error.explain().meaning


def test_R11_an_error_is_one_whatever_the_status_says() -> None:
    assert isinstance(refused(200, said("Duplicate clOrdID")), DuplicateOrderException)
    assert refused(200, {"error": {"message": "x"}}).message == "x"
    assert refused(200, {"rows": [], "error": {"message": "a column of that name"}}) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"no":1}', b'{"error":7}', b'{"error":{"name":"x"}}', b"\xff", b'"x"'])
def test_R12_R14_an_error_of_another_form_keeps_its_status_and_its_text(body: bytes) -> None:
    for status, meaning in ((400, ExchangeAPIException), (403, PermissionException), (502, ExchangeAPIException)):
        error = refused(status, body)
        assert type(error) is meaning
        assert error.status_code == status
        assert error.message
        assert error.outcome_unknown is (status >= 500)
    assert "firewall" in refused(403, b"<html>").message


@pytest.mark.parametrize("body", [b"", b"Not Found", b"<html>404 Not Found</html>", b'{"no":1}'])
def test_a_page_that_is_not_there_is_no_order_that_is_not_there(body: bytes) -> None:
    error = refused(404, body)
    assert (type(error), error.status_code, error.code) == (ExchangeAPIException, 404, 0)
    assert isinstance(refused(404, said("Not Found")), OrderNotFoundException)


def test_a_cancellation_is_refused_when_all_of_its_rows_are() -> None:
    row = {"orderID": "1", "ordStatus": "Filled", "error": "Unable to cancel order due to existing state: Filled"}
    good = {"orderID": "2", "ordStatus": "Canceled"}
    error = refused(200, [row])
    assert isinstance(error, OrderNotFoundException)
    assert (error.data, error.code, error.status_code) == ([row], 400, 200)
    assert refused(200, [row, good]) is None
    assert refused(200, [good]) is None
    assert refused(200, [{"message": 'someone wrote "error"', "error": "x"}]) is None


def test_L01_how_long_to_wait_is_read_from_the_header_or_the_text() -> None:
    assert refused(429, said("Rate limit exceeded, retry in 7 seconds."), **{"retry-after": "3"}).retry_after == 3.0
    assert refused(429, said("Rate limit exceeded, retry in 7 seconds.")).retry_after == 7.0
    assert refused(429, said("Rate limit exceeded")).retry_after > 0
    for odd in ("-1", "soon", "", "1e9", "9" * 30):
        assert refused(429, said("Rate limit exceeded"), **{"retry-after": odd}).retry_after > 0


def test_too_many_orders_of_a_second_are_the_accounts_affair() -> None:
    assert refused(429, said("Rate limit exceeded, retry in 1 seconds."), **{"x-ratelimit-remaining-1s": "0"}).of_account
    assert not refused(429, said("Rate limit exceeded, retry in 1 seconds."), **{"x-ratelimit-remaining-1s": "9"}).of_account


@pytest.mark.parametrize(("status", "unknown"), [(400, False), (401, False), (408, True), (429, False), (500, True), (503, True)])
def test_O04_whether_it_was_carried_out_is_open_after_some(status: int, unknown: bool) -> None:
    assert refused(status, said("The system is currently overloaded")).outcome_unknown is unknown
