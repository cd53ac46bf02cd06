"""What an answer of the WebSocket API says: the same as one of REST."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.binance import errors
from exchangeclient.binance.envelope import response
from exchangeclient.exceptions import RateLimitException


def frame(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def test_an_answer_is_its_result_as_it_was_written_and_the_counts_are_headers() -> None:
    payload = (
        b'{"id":7,"status":200,"result":{"price": "0.10", "n":1.50},"rateLimits":['
        b'{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50,"count":3},'
        b'{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":71},'
        b'{"rateLimitType":"SOMETHING_NEW","interval":"MINUTE","intervalNum":1,"limit":6000,"count":71},{"odd":1},7]}'
    )
    said = response(payload)
    assert (said.status, said.body) == (200, b'{"price": "0.10", "n":1.50}')
    assert said.headers == {"x-mbx-order-count-10s": "3", "x-mbx-used-weight-1m": "71"}


def test_a_refusal_is_the_error_that_rest_would_have_given() -> None:
    body = {"code": -2022, "msg": "Order cancel-replace failed.", "data": {"cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED"}}
    refused = errors.refusal(response(frame(id=1, status=400, error=body)))
    assert refused is not None
    assert (refused.status_code, refused.code, refused.message, refused.data) == (400, -2022, body["msg"], body["data"])


@pytest.mark.parametrize(("unit", "expected"), [(1, 3.0), (1_000, 3.0)])
def test_a_ban_says_how_long_it_lasts_in_either_unit(unit: int, expected: float) -> None:
    times = {"serverTime": 1_700_000_000_000 * unit, "retryAfter": 1_700_000_002_001 * unit}
    refused = errors.refusal(response(frame(id=1, status=418, error={"code": -1003, "msg": "Way too much", "data": times})))
    assert isinstance(refused, RateLimitException)
    assert refused.retry_after == expected


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"id":1}', b'{"id":1,"status":200}', b'{"id":1,"status":"200","result":{}}', b"\xff"])
def test_what_is_no_answer_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        response(payload)
