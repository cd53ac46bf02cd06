from __future__ import annotations

import json

import pytest

from exchangeclient.binance.errors import BY_CODE, BY_TEXT, refusal
from exchangeclient.core.http.request import Response
from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    InsufficientFundsException,
    OrderNotFoundException,
    PermissionException,
    RateLimitException,
    UnknownSymbolException,
)


def refused(status: int, code: int, text: str, **headers: str) -> ExchangeAPIException:
    error = refusal(Response(status, json.dumps({"code": code, "msg": text}).encode(), headers))
    assert error is not None
    assert (error.status_code, error.code, error.message) == (status, code, text)
    return error


@pytest.mark.parametrize("body", [b"{}", b"not json", b'{"success": true}', b'{"rows": [{"success": false}]}', b'["success", false]'])
def test_good_answers_are_no_refusals(body: bytes) -> None:
    assert refusal(Response(200, body)) is None


@pytest.mark.parametrize(
    "body",
    [b'{"success": false, "msg": "Insufficient funds"}', b'{"code":"000002","message":"Insufficient funds","data":null,"success":false}'],
)
def test_an_answer_that_says_that_nothing_was_done_is_a_refusal_whatever_its_status(body: bytes) -> None:
    error = refusal(Response(200, body))
    assert error is not None
    assert (error.status_code, error.code, error.message) == (200, 0, "Insufficient funds")


@pytest.mark.parametrize(
    ("status", "code", "text", "meaning"),
    [
        (400, -1121, "Invalid symbol.", UnknownSymbolException),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.", ClockSkewException),
        (400, -1022, "Signature for this request is not valid.", AuthenticationException),
        (401, -2014, "API-key format invalid.", AuthenticationException),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", AuthenticationException),
        (401, -1002, "You are not authorized to execute this request.", PermissionException),
        (400, -2010, "Account has insufficient balance for requested action.", InsufficientFundsException),
        (400, -2010, "Duplicate order sent.", DuplicateOrderException),
        (400, -2010, "This symbol is not permitted for this account.", PermissionException),
        (400, -2010, "Order would immediately match and take.", ExchangeAPIException),
        (400, -2011, "Unknown order sent.", OrderNotFoundException),
        (400, -2013, "Order does not exist.", OrderNotFoundException),
        (429, -1003, "Too many requests queued.", RateLimitException),
        (418, -1003, "Way too much request weight used; IP banned until 1.", RateLimitException),
        (429, -1015, "Too many new orders; current limit is 1 orders per 10 SECOND.", RateLimitException),
        (418, -9999, "A ban whose code is not in the table.", RateLimitException),
        (429, -9999, "A code that is not in the table.", RateLimitException),
        (400, -1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.", UnknownSymbolException),
        (400, -1100, "Illegal characters found in parameter 'symbols'; legal range is 'x'.", ExchangeAPIException),
        (400, -1100, "Illegal characters found in parameter 'price'; legal range is '^([0-9]{1,20})$'.", ExchangeAPIException),
        (400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.", ExchangeAPIException),
        (500, -1000, "An unknown error occurred while processing the request.", ExchangeAPIException),
    ],
)
def test_the_class_is_the_meaning(status: int, code: int, text: str, meaning: type[ExchangeAPIException]) -> None:
    assert type(refused(status, code, text)) is meaning


def test_the_engines_sentences_mean_something_only_with_the_engines_codes() -> None:
    assert type(refused(400, -1102, "Duplicate order sent.")) is ExchangeAPIException


def test_a_filter_that_only_the_venue_can_check_is_named() -> None:
    assert refused(400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE").rule == "PERCENT_PRICE_BY_SIDE"
    assert refused(400, -1013, "Invalid quantity.").rule == ""


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", None), ("-5", None), ("soon", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("²", None)]
)
def test_how_long_to_wait_is_read_when_it_is_a_number(header: str, seconds: float | None) -> None:
    assert refused(429, -1003, "slow down", **{"retry-after": header}).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "text", "headers", "retry_after", "banned_until"),
    [
        (418, "IP banned until 1700000000000. Please", {}, None, 1700000000000),
        (418, "IP banned until 1700000000000. Please", {"retry-after": "9"}, 9.0, 1700000000000),
        (418, "no", {}, 120.0, None),
        (429, "no", {}, None, None),
        (429, "no", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None, 1792567680000),
        (429, "no", {"retry-after": "Wed, 21 Oct 2026 07:28:00"}, None, 1792567680000),
        (429, "no", {"retry-after": "Wed, 21 Oct 2026 07:28:00", "date": "Wed, 21 Oct 2026 07:27:00 GMT"}, 60.0, 1792567680000),
        (429, "no", {"retry-after": f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT"}, None, None),
        (429, "no", {"retry-after": "9" * 5_000}, 259_200.0, None),
        (429, "banned until 17000000000000000000", {}, None, None),
    ],
)
def test_a_ban_is_known_by_its_text_and_lasts_two_minutes_at_least(
    status: int, text: str, headers: dict[str, str], retry_after: float | None, banned_until: int | None
) -> None:
    error = refused(status, -1003, text, **headers)
    assert isinstance(error, RateLimitException)
    assert (error.retry_after, error.banned_until) == (retry_after, banned_until)


@pytest.mark.parametrize(
    "body", [b"", b"<html>busy</html>", b"[1]", b'"text"', b'{"msg": 5, "code": "x"}', b'{"code": -1}', b"\xff\xfe", b"null"]
)
def test_a_body_of_another_shape_still_makes_an_error(body: bytes) -> None:
    error = refusal(Response(502, body, reason="Bad Gateway"))
    assert error is not None
    assert (error.status_code, error.code) == (502, 0)
    assert error.message == body.decode(errors="replace") or error.message == "Bad Gateway"


def test_a_long_page_is_cut() -> None:
    error = refusal(Response(500, b"<p>" * 10_000))
    assert error is not None
    assert len(error.message) == 200


def test_the_firewall_is_called_by_its_name() -> None:
    error = refusal(Response(403, b"<html>403 Forbidden</html>"))
    assert error is not None
    assert "firewall" in error.message


def test_the_tables_name_only_errors_of_the_family() -> None:
    for meaning in {**BY_CODE, **BY_TEXT}.values():
        assert issubclass(meaning, ExchangeAPIException)


@pytest.mark.parametrize(
    "form", ['{"code": -1022, "msg": "Signature of a=1&signature=CAFE is not valid."}', "<html>a=1&signature=CAFE</html>"]
)
def test_a_signature_that_the_venue_repeats_is_not_shown(form: str) -> None:
    error = refusal(Response(400, form.encode()))
    assert error is not None
    assert "signature=***" in error.message
    assert "CAFE" not in f"{error} {error!r} {vars(error)}"
