"""Whatever is sent to BitMEX's doors, an answer comes back that is the venue's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.dialects.bitmex.routes import ROUTES
from exchangeclient.serving.messages import HttpRequest

NAMES_SENT = """
    symbol side orderQty price stopPx clOrdID origClOrdID orderID pegOffsetValue pegPriceType ordType timeInForce execInst text leavesQty
    filter columns count start reverse startTime endTime binSize partial depth currency timeout leverage enabled riskLimit amount
    timestamp model _format
"""
WORDS_SENT = """
    XBTUSD XBTUSDT XBT XBT:perpetual .BXBT NONE Buy Sell Limit Market Stop StopLimit LimitIfTouched Pegged TrailingStopPeg PrimaryPeg Fixed
    Close ReduceOnly ParticipateDoNotInitiate LastPrice GoodTillCancel ImmediateOrCancel Day 1m 1d all XBt csv true mine
    00000001-0000-1000-0000-000000000001 2023-11-14 2023-11-14T22:00:00Z {"open":true} {"symbol":[]} ["price"] [[]] {"symbol":{}}
"""
FIGURES_SENT = f"0 1 -1 100 -100 0.5 5000 5800.5 1e5 1e400 {'9' * 30} 0.123456789 NaN Infinity"

SENT = st.sampled_from((*WORDS_SENT.split(), *FIGURES_SENT.split()))
VALUES = st.one_of(
    SENT, SENT, st.text(max_size=5), st.booleans(), st.none(), st.integers(), st.lists(st.one_of(SENT, st.integers()), max_size=2)
)
NAMES = st.sampled_from(NAMES_SENT.split())
OBJECTS = st.builds(lambda usual, given: usual | given, st.just({"symbol": "XBTUSD"}), st.dictionaries(NAMES, VALUES, max_size=9))


@pytest.fixture
def quiet(bench: Any) -> Any:
    """One bench for all examples of a test: nobody else trades on it."""
    return bench


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(ROUTES)), OBJECTS)
def test_every_request_is_answered(quiet: Any, route: tuple[str, str], sent: dict[str, Any]) -> None:
    method, path = route
    short = path.removeprefix("/api/v1")
    if method == "GET":
        answer = quiet.signed("GET", short, **{name: value for name, value in sent.items() if isinstance(value, str) and value.isascii()})
    else:
        answer = quiet.signed(method, short, sent)
    if quiet.answer.status != 200:
        assert set(answer) == {"error"}
        assert set(answer["error"]) == {"message", "name"}
        assert quiet.answer.status in (400, 401, 403, 404, 429)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.text(max_size=40))
def test_every_byte_is_answered(quiet: Any, body: bytes, query: str) -> None:
    for method, path in (("POST", "/api/v1/order"), ("GET", "/api/v1/trade"), ("GET", "/api/v1/orderBook/L2")):
        response = quiet.app.http(HttpRequest(method, path, query, {"content-type": "application/json"}, body))
        assert response.status < 500
        assert json.loads(response.body) is not None


OPERATIONS = st.sampled_from(("subscribe", "unsubscribe", "authKeyExpires", "cancelAllAfter", "ping", "x"))
TOPICS = st.one_of(
    st.sampled_from(("trade", "quote:XBTUSD", "order", "orderBookL2:XBT", "chat", "margin:XBTUSD", "trade:.BXBT", ":")), VALUES
)
REQUESTS = st.fixed_dictionaries({"op": st.one_of(OPERATIONS, VALUES)}, optional={"args": st.one_of(st.lists(TOPICS, max_size=3), TOPICS)})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(REQUESTS, st.text(max_size=9), VALUES), max_size=6), st.booleans())
def test_every_message_is_answered(quiet: Any, make_wire: Any, messages: list[Any], logs_in: bool) -> None:
    socket = make_wire(quiet)
    assert len(socket.heard()) == 1
    if logs_in:
        socket.log_in()
    for message in messages:
        heard = socket.say(message)
        is_empty = isinstance(message, dict) and message.get("op") in ("subscribe", "unsubscribe") and message.get("args") == []
        assert heard or is_empty
        for each in heard:
            assert each == "pong" or {"error", "success", "table", "now", "info", "op"} & set(each)
    socket.hang_up()
