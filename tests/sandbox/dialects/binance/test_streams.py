"""Who gets what: each message is made once and goes to everybody who listens, in the form that he asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.binance import streams as streams_module
from exchangeclient.serving.app import Message
from exchangeclient.serving.messages import HttpRequest

FORMS = [("/ws/{}", ""), ("/stream", "streams={}"), ("/ws/{}", "timeUnit=MICROSECOND"), ("/stream", "streams={}&timeUnit=microsecond")]


class Far:
    """The far end of a socket that keeps what was sent as it was sent."""

    def __init__(self, bench: Any, path: str, query: str) -> None:
        self.sent: list[Message] = []
        bench.app.websocket(HttpRequest("GET", path, query)).opened(self)

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"the venue closed: {code} {reason}")


@pytest.fixture
def quiet(make_bench: Callable[..., Any]) -> Any:
    """A venue without other traders."""
    return make_bench(traders=False)


def test_every_listener_gets_the_same_update(bench: Any, wire: Callable[..., Any]) -> None:
    first = wire("/ws/bnbbtc@depth@100ms")
    bench.pass_time(0.25)
    second = wire("/ws/bnbbtc@depth@100ms")
    first.heard()
    bench.order("BUY", quantity=100, price="0.00001")
    bench.pass_time(0.1)
    (update,) = first.heard()
    assert second.heard() == [update]


def test_a_message_is_written_once_for_each_form_that_somebody_asked_for(quiet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [[Far(quiet, path.format("bnbbtc@trade"), query.format("bnbbtc@trade")) for _ in range(50)] for path, query in FORMS]
    written = []
    encode = streams_module.encode

    def counted(shape: Any, unit: Any = "MILLISECOND") -> bytes:
        written.append(unit)
        return encode(shape, unit)

    monkeypatch.setattr(streams_module, "encode", counted)
    quiet.order("SELL", account="other", quantity=50, price="0.0002")
    quiet.order("BUY", quantity=50, price="0.0002")
    assert len(written) == len(FORMS)
    messages = []
    for listeners in everybody:
        (first,) = listeners[0].sent
        assert all(each.sent == [first] and each.sent[0] is first for each in listeners)  # framed once, too
        assert first.topic == "bnbbtc@trade"
        messages.append(json.loads(first.payload))
    raw, combined, raw_us, combined_us = messages
    assert (combined["data"], combined_us["data"]) == (raw, raw_us)
    assert raw == {**raw_us, "E": raw_us["E"] // 1000, "T": raw_us["T"] // 1000}
    assert raw_us["T"] == quiet.now_us


def test_each_time_of_every_stream_has_its_microseconds_when_they_are_asked_for(bench: Any, wire: Callable[..., Any]) -> None:
    kinds = ("trade", "aggTrade", "kline_1m", "miniTicker", "ticker", "ticker_1h", "avgPrice", "depth", "depth5")
    names = "/".join(f"bnbbtc@{kind}" for kind in kinds)
    coarse, fine = wire("/stream", f"streams={names}"), wire("/stream", f"streams={names}&timeUnit=MICROSECOND")
    for _ in range(40):
        bench.pass_time(0.5)
    pairs = list(zip(coarse.heard(), fine.heard(), strict=True))
    assert {shown["stream"].partition("@")[2] for shown, _ in pairs} == set(kinds)
    for shown, exact in pairs:
        assert shown == in_milliseconds(exact)
    assert any(exact["data"].get("E", 0) % 1000 for _, exact in pairs)


def in_milliseconds(shape: Any) -> Any:
    """The same with every time, which is told by its size, in milliseconds."""
    if isinstance(shape, dict):
        return {name: in_milliseconds(value) for name, value in shape.items()}
    return shape // 1000 if isinstance(shape, int) and shape > 10**15 else shape


def test_a_stream_that_does_not_exist_is_silent(bench: Any, wire: Callable[..., Any]) -> None:
    names = ["nobody@trade", "BNBBTC@trade", "bnbbtc@nothing", "bnbbtc@kline_2m", "BNBBTC@kline_1m", "nobody@kline_1m", "bnbbtc@depth7"]
    names += [
        "bnbbtc@kline_1m@+09:00",
        "bnbbtc@ticker_2h",
        "!ticker_2h@arr",
        "bnbbtc",
        "@trade",
        "!ticker@arr",
        "!bookTicker",
        "bnbbtc@depth@10ms",
    ]
    socket = wire("/ws/" + "/".join(names))
    for _ in range(30):
        bench.pass_time(0.1)
    assert socket.heard() == []
    assert socket.say({"method": "LIST_SUBSCRIPTIONS", "id": 1})["result"] == names


def test_nothing_comes_after_the_socket_has_gone(bench: Any, wire: Callable[..., Any]) -> None:
    socket = wire("/ws/bnbbtc@depth@100ms/bnbbtc@kline_1s")
    bench.pass_time(1)
    assert socket.heard()
    socket.hang_up()
    bench.pass_time(1)
    assert socket.heard() == []
