"""Whatever is sent to OKX's doors, an answer comes back that is the venue's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.dialects.okx.routes import ROUTES
from exchangeclient.serving.messages import HttpRequest

NAMES_SENT = """
    instId instType instFamily ccy tdMode side ordType sz px posSide clOrdId ordId newSz newPx reduceOnly tgtCcy after before limit bar
    lever mgnMode timeOut posMode state begin type
"""
WORDS_SENT = "BTC-USDT BTC-USDT-SWAP NO-SUCH SPOT SWAP buy sell limit market post_only cash cross long 1H 1Dutc cancel_both net_mode"
FIGURES_SENT = f"0 1 -1 0.01 5000 5800.1 1e5 {'9' * 30} 0.123456789 1000100000000000001 NaN"

SENT = st.sampled_from((*WORDS_SENT.split(), *FIGURES_SENT.split()))
VALUES = st.one_of(SENT, SENT, st.text(max_size=5), st.booleans(), st.none(), st.integers(), st.lists(st.integers(), max_size=2))
NAMES = st.sampled_from(NAMES_SENT.split())
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=9)
CHANNELS = st.sampled_from(("books", "tickers", "candle1m", "orders", "account", "positions", "instruments", "nonsense", ""))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(sorted(ROUTES)), st.lists(OBJECTS, min_size=1, max_size=3), st.booleans())
def test_every_request_is_answered(quiet: Any, route: tuple[str, str], rows: list[dict[str, Any]], many: bool) -> None:
    method, path = route
    short = path.removeprefix("/api/v5/")
    if method == "GET":
        shown = {name: value for name, value in rows[0].items() if isinstance(value, str) and value.isprintable() and value.isascii()}
        answer = quiet.signed("GET", short, **shown)
    else:
        answer = quiet.signed("POST", short, rows if many or ROUTES[route].batch else rows[0])
    assert quiet.answer.status < 500
    assert isinstance(answer["code"], str)
    assert isinstance(answer["data"], list)
    assert answer["code"] != "0" or not answer["msg"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=60), st.text(max_size=40))
def test_every_byte_is_answered(quiet: Any, body: bytes, query: str) -> None:
    for method, path in (("POST", "/api/v5/trade/order"), ("GET", "/api/v5/market/books"), ("GET", "/api/v5/trade/order")):
        response = quiet.app.http(HttpRequest(method, path, query, {"content-type": "application/json"}, body))
        assert json.loads(response.body)["code"]
        assert response.status < 500


OPERATIONS = st.sampled_from(("subscribe", "unsubscribe", "login", "order", "batch-orders", "cancel-order", "amend-order", "x"))
ARGUMENTS = st.lists(st.one_of(OBJECTS, st.builds(lambda name, more: {"channel": name, **more}, CHANNELS, OBJECTS)), max_size=3)
REQUESTS = st.fixed_dictionaries(
    {"op": OPERATIONS}, optional={"id": st.one_of(st.text(max_size=5), st.integers()), "args": ARGUMENTS, "expTime": VALUES}
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(("public", "private", "business")), st.lists(st.one_of(st.text(max_size=20), REQUESTS), max_size=5))
def test_every_message_is_answered_or_ends_the_connection(
    quiet: Any, make_wire: Callable[..., Any], path: str, messages: list[Any]
) -> None:
    socket = make_wire(quiet, path)
    if path == "private":
        socket.log_in()
    for message in messages:
        answers = socket.say(message)
        assert answers or socket.closed is not None
        quiet.pass_time(0.1)
    socket.hang_up()
