"""OKX's envelope, and what is refused before it gets to an endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.sandbox.dialects.okx.routes import ROUTES


def test_an_answer_is_an_envelope_of_rows(bench: Any) -> None:
    assert bench.get("public/time") == {"code": "0", "data": [{"ts": str(bench.now_us // 1000)}], "msg": ""}
    assert bench.answer.headers["Content-Type"] == "application/json"


def test_answers_to_orders_tell_when_they_came_and_left(bench: Any) -> None:
    answer = bench.signed("POST", "trade/order", bench.wish("buy", "0.01", "100"))
    assert answer["inTime"] == answer["outTime"] == str(bench.now_us)


def test_what_is_not_served_says_so(bench: Any) -> None:
    assert bench.get("market/no-such")["code"] == "404"
    assert bench.answer.status == 404
    assert bench.send("POST", "/api/v5/market/ticker", "{}")["code"] == "50115"
    assert bench.answer.status == 405


@pytest.mark.parametrize("body", ["{", "[1]", "[]", "null", '[{"instId":"BTC-USDT"},{"instId":"BTC-USDT"}]', "[" * 5_000])
def test_a_body_that_is_no_object_is_refused(bench: Any, body: str) -> None:
    assert bench.signed("POST", "trade/order", body)["code"] == "50002"
    assert bench.answer.status == 400


def test_a_body_must_say_that_it_is_json(bench: Any) -> None:
    wish = bench.wish("buy", "0.01", "100")
    assert bench.signed("POST", "trade/order", wish, headers={"content-type": "text/plain"})["code"] == "50006"
    assert bench.signed("POST", "trade/order", wish, headers={"content-type": "application/json; charset=utf-8"})["code"] == "0"


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_every_endpoint_answers_whatever_it_is_asked(bench: Any, method: str, path: str) -> None:
    short = path.removeprefix("/api/v5/")
    body = None if method == "GET" else {}
    for strange in (
        {},
        {"instId": "BTC-USDT", "instType": "SPOT"},
        {"instId": "BTC-USDT-SWAP", "instType": "SWAP", "sz": "-1", "limit": "x"},
    ):
        answer = bench.signed(method, short, body if body is None else strange, **(strange if method == "GET" else {}))
        assert set(answer) >= {"code", "data", "msg"}, answer
        assert isinstance(answer["data"], list)
        assert isinstance(answer["code"], str)
        assert bench.answer.status < 500


def test_private_endpoints_ask_for_a_signature(bench: Any) -> None:
    for (method, path), route in ROUTES.items():
        if route.private:
            assert bench.send(method, path, "" if method == "GET" else "{}", {"content-type": "application/json"})["code"] == "50103"


def test_exp_time_is_milliseconds(bench: Any) -> None:
    wish = bench.wish("buy", "0.01", "100")
    assert bench.signed("POST", "trade/order", wish, headers={"exptime": "soon"})["code"] == "51000"
    late, early = str(bench.now_us // 1000 - 1), str(bench.now_us // 1000 + 1)
    answer = bench.signed("POST", "trade/order", wish, headers={"exptime": late})
    assert (answer["code"], answer["data"][0]["sCode"]) == ("1", "51149")
    assert bench.signed("POST", "trade/order", wish, headers={"exptime": early})["code"] == "0"
    bench.app.venue.engine_delay_us = 2_000
    assert bench.signed("POST", "trade/order", wish, headers={"exptime": early})["data"][0]["sCode"] == "51149"
    assert len(bench.ask("trade/orders-pending")) == 1
