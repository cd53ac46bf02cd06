from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient import exceptions
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
from exchangeclient.okx.errors import BY_CODE, refusal


def answer(code: str, rows: Any = (), *, status: int = 200, msg: str = "words", **headers: str) -> Response:
    return Response(status, json.dumps({"code": code, "msg": msg, "data": list(rows)}, separators=(",", ":")).encode(), headers)


def test_a_good_answer_is_no_error_however_it_is_spaced() -> None:
    assert refusal(answer("0", [{"ts": "1"}])) is None
    assert refusal(Response(200, b'{ "code": "0", "msg": "", "data": [ ] }')) is None
    assert refusal(answer("0", [{"ordId": "1", "sCode": "0", "sMsg": ""}])) is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("50011", RateLimitException), ("50061", RateLimitException), ("50013", OverloadException), ("50004", OverloadException),
        ("50102", ClockSkewException), ("50113", AuthenticationException), ("50105", AuthenticationException),
        ("50119", AuthenticationException), ("50110", PermissionException), ("51001", UnknownSymbolException),
        ("51008", InsufficientFundsException), ("51016", DuplicateOrderException), ("50071", DuplicateOrderException),
        ("50040", RateLimitException), ("51024", PermissionException), ("50037", ExchangeAPIException), ("50036", ClockSkewException),
        ("51400", OrderNotFoundException), ("51401", OrderNotFoundException), ("51402", OrderNotFoundException),
        ("51603", OrderNotFoundException), ("50014", ExchangeAPIException), ("99999", ExchangeAPIException),
    ],
)  # fmt: skip
def test_R11_the_class_is_the_meaning_of_a_code_wherever_it_stands(code: str, kind: type[ExchangeAPIException]) -> None:
    of_envelope = refusal(answer(code, status=401))
    of_row = refusal(answer("1", [{"ordId": "", "sCode": code, "sMsg": "said of the row"}]))
    assert of_envelope is not None
    assert of_row is not None
    assert type(of_envelope) is type(of_row) is kind
    assert (of_envelope.code, of_envelope.message, of_envelope.status_code) == (int(code), "words", 401)
    assert (of_row.code, of_row.message, of_row.status_code) == (int(code), "said of the row", 200)


def test_R11_the_rows_are_read_although_the_envelope_says_that_all_is_well() -> None:
    refused = refusal(answer("0", [{"algoId": "", "sCode": "51000", "sMsg": "Parameter sz error"}]))
    assert refused is not None
    assert (refused.code, refused.message) == (51000, "Parameter sz error")


def test_a_list_of_which_any_was_taken_is_an_answer_to_be_read() -> None:
    rows = [{"ordId": "1", "sCode": "0", "sMsg": ""}, {"ordId": "", "sCode": "51008", "sMsg": "Insufficient balance"}]
    assert refusal(answer("2", rows)) is None
    refused = refusal(answer("1", rows[1:] * 2))
    assert isinstance(refused, InsufficientFundsException)
    assert refused.data == rows[1:] * 2


def test_a_list_is_as_uncertain_as_its_least_certain_row() -> None:
    rows = [{"ordId": "", "sCode": "51008", "sMsg": "Insufficient balance"}, {"ordId": "", "sCode": "50004", "sMsg": "timed out"}]
    refused = refusal(answer("1", rows))
    assert refused is not None
    assert (refused.code, refused.message, refused.outcome_unknown, refused.data) == (50004, "timed out", True, rows)


def test_a_sub_code_is_no_other_code() -> None:
    refused = refusal(answer("1", [{"sCode": "51008_1000", "sMsg": "Order failed. Your available balance is insufficient."}]))
    assert isinstance(refused, InsufficientFundsException)
    assert refused.code == 51008


@pytest.mark.parametrize("code", ["50001", "50004", "50013", "50026", "51054", "51149"])
def test_where_the_venue_does_not_know_nobody_does(code: str) -> None:
    refused = refusal(answer(code))
    assert refused is not None
    assert refused.outcome_unknown


def test_a_limit_is_of_an_endpoint_or_of_all_orders_and_lasts_its_window() -> None:
    calls, orders = refusal(answer("50011", status=429)), refusal(answer("50061"))
    assert isinstance(calls, RateLimitException)
    assert isinstance(orders, RateLimitException)
    assert (calls.of_endpoint, calls.of_account, calls.retry_after) == (True, False, 2.0)
    assert (orders.of_endpoint, orders.of_account) == (False, True)
    slower = refusal(answer("50011", status=429, **{"retry-after": "7"}))
    assert slower is not None
    assert slower.retry_after == 7.0


@pytest.mark.parametrize(
    ("status", "kind", "unknown"),
    [(401, AuthenticationException, False), (403, PermissionException, False), (429, RateLimitException, False),
     (502, ExchangeAPIException, True), (503, OverloadException, True)],
)  # fmt: skip
def test_of_an_answer_that_is_no_json_the_status_tells(status: int, kind: type[ExchangeAPIException], unknown: bool) -> None:
    refused = refusal(Response(status, b"<html>gateway</html>"))
    assert type(refused) is kind
    assert (refused.code, refused.outcome_unknown) == (0, unknown)
    assert "gateway" in refused.message


def test_rules_are_named() -> None:
    refused = refusal(answer("1", [{"sCode": "51121", "sMsg": "Order count should be the integer multiples of the lot size."}]))
    assert refused is not None
    assert refused.rule == "lotSz"


def test_what_the_venue_repeats_of_keys_is_hidden() -> None:
    refused = refusal(answer("50113", msg='bad: {"sign":"abc123","passphrase":"hunter2"} OK-ACCESS-KEY: k1'))
    assert refused is not None
    assert not any(secret in refused.message for secret in ("abc123", "hunter2", "k1"))


@pytest.mark.parametrize("code", [*BY_CODE, 51121, 50014])
def test_every_error_can_be_explained(code: int) -> None:
    refused = refusal(answer(str(code)))
    assert refused is not None
    refused.venue = "okx"
    explained = refused.explain()
    assert explained.code == code
    assert str(explained)
    assert explained.repeat.is_safe or refused.outcome_unknown
    assert vars(exceptions)[type(refused).__name__] is type(refused)
