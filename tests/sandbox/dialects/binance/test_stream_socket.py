"""Control messages of the market streams."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.binance.limits import Limits
from exchangeclient.serving.messages import HttpRequest


def test_streams_may_be_named_in_the_path_or_the_query(bench: Any, wire: Callable[..., Any]) -> None:
    names = ["bnbbtc@kline_1d@+08:00", "!miniTicker@arr"]
    for path, query in (
        ("/ws/bnbbtc@kline_1d@+08:00/!miniTicker@arr", ""),
        ("/ws/bnbbtc%40kline_1d%40%2B08%3A00/%21miniTicker%40arr", ""),
        ("/stream", "streams=bnbbtc@kline_1d@+08:00/!miniTicker@arr"),
        ("/stream", "streams=bnbbtc%40kline_1d%40%2B08%3A00%2F%21miniTicker%40arr"),
    ):
        assert wire(path, query).say({"method": "LIST_SUBSCRIPTIONS", "id": 3}) == {"result": names, "id": 3}
    for path in ("/ws", "/ws/", "/stream"):
        assert wire(path).say({"method": "LIST_SUBSCRIPTIONS", "id": None}) == {"result": [], "id": None}


def test_subscribing_and_unsubscribing_takes_effect_at_once(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws")
    assert socket.say({"method": "SUBSCRIBE", "params": ["bnbbtc@trade", "ethbtc@trade"], "id": "a1"}) == {"result": None, "id": "a1"}
    assert socket.say({"method": "SUBSCRIBE", "params": ["bnbbtc@trade"], "id": 1}) == {"result": None, "id": 1}  # again: no matter
    bench.order("BUY", "MARKET", quantity=10)
    assert [each["s"] for each in socket.heard()] == ["BNBBTC"]
    assert socket.say({"method": "UNSUBSCRIBE", "params": ["bnbbtc@trade", "nobody@trade"], "id": 2}) == {"result": None, "id": 2}
    bench.order("BUY", "MARKET", quantity=10)
    assert socket.heard() == []
    assert socket.say({"method": "LIST_SUBSCRIPTIONS", "id": 3})["result"] == ["ethbtc@trade"]


@pytest.mark.parametrize(("path", "combined"), [("/ws", False), ("/stream", True)])
def test_payloads_are_wrapped_when_combined(bench: Any, wire: Callable[..., Any], path: str, combined: bool) -> None:
    socket = wire(path)
    socket.say({"method": "SUBSCRIBE", "params": ["bnbbtc@trade"], "id": 1})
    for wanted in (combined, not combined):
        assert socket.say({"method": "SET_PROPERTY", "params": ["combined", wanted], "id": 1}) == {"result": None, "id": 1}
        assert socket.say({"method": "GET_PROPERTY", "params": ["combined"], "id": 2}) == {"result": wanted, "id": 2}
        bench.order("BUY", "MARKET", quantity=10)
        (heard,) = socket.heard()
        assert ("stream" in heard) is wanted
        assert (heard["data"] if wanted else heard)["e"] == "trade"
        assert heard.get("stream", "bnbbtc@trade") == "bnbbtc@trade"


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        ("{", 3, "Invalid JSON: expected value at line 1 column 2"),
        ("", 3, "Invalid JSON: expected value at line 1 column 1"),
        ('{"method":\n NaN, "id": 1}', 3, "Invalid JSON: expected value at line 2 column 2"),
        ('{"\u00e9": ?}', 3, "Invalid JSON: expected value at line 1 column 7"),
        ('{"id": NaN}', 3, "Invalid JSON"),
        ('{"method": "LIST_SUBSCRIPTIONS", "id": "\\ud800"}', 3, "Invalid JSON"),
        ('{"method": "\\ud800", "id": 1}', 3, "Invalid JSON"),
        ('{"method": "SUBSCRIBE", "params": ["\\ud800"], "id": 1}', 3, "Invalid JSON"),
        ('{"method": "SUBSCRIBE", "params": ["a"], "id": ' + "1" * 5_000 + "}", 3, "Invalid JSON"),
        ({"method": ["SUBSCRIBE"], "id": 1}, 2, 'Invalid request: unknown variant `["SUBSCRIBE"]`, expected'),
        ({"method": None, "id": 1}, 2, "Invalid request: unknown variant `null`, expected"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": ""}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": "a b"}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": "caf\u00e9"}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": [1]}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": [f"s{number}" for number in range(1024)], "id": 1}, 2, "Invalid request: a connection carries"),
        ("[" * 100_000, 3, "Invalid JSON"),
        ("[]", 2, "Invalid request: expected an object"),
        ({"id": 1}, 2, "Invalid request: missing field `method`"),
        ({"method": "SHOUT", "id": 1}, 2, "Invalid request: unknown variant `SHOUT`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": 1.5}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": True}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": "x" * 37}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": 2**63}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": [5], "id": 1}, 2, "Invalid request: stream name must be a string"),
        ({"method": "SUBSCRIBE", "params": "a", "id": 1}, 2, "Invalid request: params must be an array"),
        ({"method": "LIST_SUBSCRIPTIONS", "params": ["a"], "id": 1}, 2, "Invalid request: too many parameters"),
        ({"method": "GET_PROPERTY", "params": ["combined", 1], "id": 1}, 2, "Invalid request: too many parameters"),
        ({"method": "GET_PROPERTY", "id": 1}, 2, "Invalid request: property name must be a string"),
        ({"method": "SET_PROPERTY", "params": [1], "id": 1}, 2, "Invalid request: property name must be a string"),
        ({"method": "GET_PROPERTY", "params": ["colour"], "id": 1}, 0, "Unknown property"),
        ({"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 1}, 1, "Invalid value type: expected Boolean"),
        ({"method": "SET_PROPERTY", "params": ["combined"], "id": 1}, 1, "Invalid value type: expected Boolean"),
    ],
)
def test_a_message_that_makes_no_sense_is_answered_and_changes_nothing(
    bench: Any, wire: Callable[..., Any], message: object, code: int, text: str
) -> None:
    socket = wire("/ws/bnbbtc@trade")
    answer = socket.say(message)
    assert answer["code"] == code
    assert answer["msg"].startswith(text)
    assert socket.say({"method": "LIST_SUBSCRIPTIONS", "id": 1})["result"] == ["bnbbtc@trade"]
    assert socket.say({"method": "GET_PROPERTY", "params": ["combined"], "id": 1})["result"] is False


@pytest.mark.parametrize("message", [{}, {"method": "SHOUT"}, {"method": "SUBSCRIBE", "params": 5}])
def test_an_error_names_the_request_that_it_answers(wire: Callable[..., Any], message: dict[str, object]) -> None:
    assert wire("/ws").say({**message, "id": "mine"})["id"] == "mine"


def test_a_connection_carries_so_many_streams_and_no_more(bench: Any, wire: Callable[..., Any]) -> None:
    names = [f"s{number}@trade" for number in range(1024)]
    socket = wire("/stream", f"streams={'/'.join(names)}")
    assert socket.say({"method": "SUBSCRIBE", "params": names[:2], "id": 1})["result"] is None  # they are there already
    assert socket.say({"method": "SUBSCRIBE", "params": ["one@more"], "id": 2})["code"] == 2
    assert socket.say({"method": "UNSUBSCRIBE", "params": names[:1], "id": 3})["result"] is None
    assert socket.say({"method": "SUBSCRIBE", "params": ["one@more"], "id": 4})["result"] is None
    assert bench.app.websocket(HttpRequest("GET", "/stream", f"streams={'/'.join([*names, 'one@more'])}")).status == 400


@pytest.mark.parametrize("path", ["/ws", "/ws/bnbbtc@trade", "/stream"])
@pytest.mark.parametrize("unit", ["", "x", "SECOND", "Microsecond"])
def test_an_unknown_unit_of_time_is_refused_at_the_door(bench: Any, path: str, unit: str) -> None:
    outcome = bench.app.websocket(HttpRequest("GET", path, f"timeUnit={unit}"))
    assert (outcome.status, json.loads(outcome.body)["code"]) == (400, -1194)


@pytest.fixture
def strict(make_bench: Callable[..., Any]) -> Any:
    """A venue that enforces its limits."""
    return make_bench(limits=Limits(), traders=False)


LIST = {"method": "LIST_SUBSCRIPTIONS", "id": 1}


def test_five_messages_in_a_second_are_taken_in_every_second(strict: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(strict, "/ws/bnbbtc@trade")
    for _ in range(3):
        for _ in range(5):
            assert socket.say(LIST)["result"] == ["bnbbtc@trade"]
        strict.pass_time(1)
    assert socket.closed is None


@pytest.mark.parametrize("pings", [0, 2, 5])
def test_a_sixth_message_in_a_second_ends_the_connection_pings_included(strict: Any, make_wire: Callable[..., Any], pings: int) -> None:
    socket, other = make_wire(strict, "/ws/bnbbtc@trade"), make_wire(strict, "/ws/bnbbtc@trade")
    for _ in range(pings):
        socket.ping()
    for _ in range(5 - pings):
        socket.say(LIST)
    assert socket.closed is None
    socket.say_unheard(LIST)
    assert socket.closed is not None
    assert socket.closed[0] == 1008
    socket.say_unheard(LIST)
    strict.order("SELL", account="other", quantity=50, price="0.0002")
    strict.order("BUY", quantity=50, price="0.0002")
    assert socket.heard() == []
    assert len(other.heard()) == 1
    socket.hang_up()  # as the host tells in the end


def test_too_many_pings_end_the_connection(strict: Any, make_wire: Callable[..., Any]) -> None:
    socket = make_wire(strict, "/stream")
    for _ in range(6):
        assert socket.closed is None
        socket.ping()
    assert socket.closed is not None


def test_who_floods_again_and_again_is_banned_from_the_whole_venue(strict: Any, make_wire: Callable[..., Any]) -> None:
    for _ in range(11):
        assert strict.get("/api/v3/ping") == {}
        socket = make_wire(strict, "/ws")
        for _ in range(20):  # all of one connection are one disconnect
            socket.ping()
    assert strict.get("/api/v3/ping")["code"] == -1003
    assert (strict.answer.status, strict.answer.headers["Retry-After"]) == (418, "120")
    assert strict.app.websocket(HttpRequest("GET", "/ws", peer="127.0.0.1")).status == 418


def test_how_many_messages_are_taken_can_be_changed(make_bench: Callable[..., Any], make_wire: Callable[..., Any]) -> None:
    socket = make_wire(make_bench(limits=Limits({"messages": 2}), traders=False), "/ws")
    for _ in range(2):
        socket.say(LIST)
    socket.say_unheard(LIST)
    assert socket.closed is not None


def test_a_control_message_that_is_no_text_is_answered(wire: Callable[..., Any]) -> None:
    socket = wire("/ws")
    socket._handler.received(b"\xff\xfe")
    assert [each["code"] for each in socket.heard()] == [3]


def test_a_control_message_may_come_as_bytes(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws")
    socket._handler.received(b'{"method":"LIST_SUBSCRIPTIONS","id":9}')
    assert socket.heard() == [{"result": [], "id": 9}]


@pytest.mark.parametrize(
    ("path", "query", "status"), [("/", "", 404), ("/wsx", "", 404), ("/api/v3/time", "", 404), ("/stream", "streams=%FF", 400)]
)
def test_other_paths_are_refused(bench: Any, path: str, query: str, status: int) -> None:
    refusal = bench.app.websocket(HttpRequest("GET", path, query))
    assert refusal.status == status
    assert int(refusal.headers["X-MBX-USED-WEIGHT"]) >= 0


@pytest.mark.parametrize("name", ["a1", "x" * 36, "43a3843a-2321-4e45-8f79-351e5c354563", -1, 2**63 - 1, None])
def test_an_id_is_repeated(wire: Callable[..., Any], name: object) -> None:
    assert wire("/ws").say({"method": "LIST_SUBSCRIPTIONS", "id": name}) == {"result": [], "id": name}
