"""One caller at a time, on an exchange that has caught up."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from exchangeclient.sandbox.clocks import VirtualClock
from exchangeclient.sandbox.turns import InTurns, Turns
from exchangeclient.serving.messages import HttpRequest, HttpResponse

PATIENCE_S = 10


class Live:
    """What a turn needs of an exchange; it notices two callers at once."""

    def __init__(self) -> None:
        self.advanced = 0
        self.busy = False
        self.collided = False
        self.failure: Exception | None = None

    def advance(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.advanced += 1

    def use(self) -> None:
        self.collided = self.collided or self.busy
        self.busy = True
        threading.Event().wait(0.001)
        self.busy = False


class App:
    def __init__(self, live: Live) -> None:
        self.live = live
        self.told: list[Any] = []

    def http(self, request: HttpRequest) -> HttpResponse:
        self.live.use()
        return HttpResponse(200)

    def websocket(self, request: HttpRequest) -> Any:
        return HttpResponse(404) if request.path == "/" else self

    def opened(self, connection: Any) -> None:
        self.told.append(connection)

    def received(self, payload: str | bytes) -> None:
        self.live.use()
        self.told.append(payload)

    def control(self, kind: Any, payload: bytes) -> None:
        self.told.append((kind, payload))

    def closed(self) -> None:
        self.told.append("closed")


def test_nobody_is_on_the_exchange_twice_at_once() -> None:
    live: Any = Live()
    turns = Turns(live)
    app = InTurns(App(live), turns)
    socket: Any = app.websocket(HttpRequest("GET", "/ws"))

    def use() -> None:
        for _ in range(20):
            app.http(HttpRequest("GET", "/"))
            socket.received("x")
            with turns:
                live.use()

    threads = [threading.Thread(target=use, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not live.collided
    assert live.advanced >= 4 * 20 * 3


def test_a_turn_within_a_turn_does_not_wait_for_itself() -> None:
    live: Any = Live()
    turns = Turns(live)
    with turns, turns:
        assert live.advanced == 2


def test_a_turn_that_could_not_begin_keeps_nobody_out() -> None:
    live: Any = Live()
    turns = Turns(live)
    live.failure = ValueError("the clock")
    with pytest.raises(ValueError, match="the clock"), turns:
        raise AssertionError("never reached")
    live.failure = None
    other = threading.Thread(target=turns.pass_by, daemon=True)
    other.start()
    other.join(PATIENCE_S)
    assert live.advanced == 1


def test_a_socket_is_told_everything_in_turns() -> None:
    live: Any = Live()
    inner = App(live)
    app = InTurns(inner, Turns(live))
    refused: Any = app.websocket(HttpRequest("GET", "/"))
    assert refused.status == 404
    socket: Any = app.websocket(HttpRequest("GET", "/ws"))
    socket.opened("far end")
    socket.received("hello")
    socket.control("ping", b"x")
    socket.closed()
    assert inner.told == ["far end", "hello", ("ping", b"x"), "closed"]


def test_time_moves_in_steps_and_each_one_is_a_turn() -> None:
    live: Any = Live()
    clock = VirtualClock(0, speed=0, most_us=10**9)
    seen = [(clock(), live.advanced) for _ in Turns(live).moving(clock, 250, 100)]
    assert seen == [(100, 1), (200, 2), (250, 3)]
    assert list(Turns(live).moving(clock, 0, 100)) == []
