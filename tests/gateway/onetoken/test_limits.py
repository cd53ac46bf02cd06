"""The service's limits of an address, where whoever runs the gateway wants them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from exchangeclient.core.process.clock import FakeClock
from exchangeclient.gateway.onetoken import OnetokenGateway
from exchangeclient.gateway.onetoken.limits import BYTES_S, SOCKETS, Limits
from exchangeclient.serving.app import Message


class Wire:
    """A connection whose frames are kept."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed_with = 0

    def write(self, raw: bytes) -> None:
        self.sent.append(raw)

    def send(self, message: bytes) -> None:
        self.sent.append(Message(message).frame)

    def close(self, code: int, _reason: str) -> None:
        self.closed_with = code

    @property
    def refusal(self) -> Any:
        return json.loads(self.sent[-1][self.sent[-1].index(b"{") :])


class Quiet:
    """A handler that says what it is told to say."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.connection: Any = None
        self.gone = 0

    def opened(self, connection: Any) -> None:
        self.connection = connection

    def received(self, payload: Any) -> None:
        self.heard.append(payload)

    def closed(self) -> None:
        self.gone += 1


def opened(limits: Limits, address: str) -> tuple[Any, Quiet, Wire]:
    inner: Any = Quiet()
    wire: Any = Wire()
    handler = limits.held(inner, address)
    handler.opened(wire)
    return handler, inner, wire


def test_an_address_has_so_many_sockets_and_another_has_its_own() -> None:
    limits = Limits(FakeClock())
    handlers = [opened(limits, "10.0.0.1")[0] for _ in range(SOCKETS)]
    late, inner, wire = opened(limits, "10.0.0.1")
    assert (wire.refusal["uri"], wire.refusal["code"], wire.closed_with) == ("status", "rate-limit-exceed", 1013)
    late.received("{}")
    late.closed()
    assert (inner.connection, inner.heard, inner.gone) == (None, [], 0)
    assert opened(limits, "10.0.0.2")[1].connection is not None
    handlers[0].closed()
    assert opened(limits, "10.0.0.1")[1].connection is not None


def test_bytes_are_counted_over_ten_seconds_for_all_sockets_of_an_address_together() -> None:
    clock = FakeClock()
    limits = Limits(clock)
    (_, first, wire), (_, second, other) = opened(limits, "10.0.0.1"), opened(limits, "10.0.0.1")
    for talk in (first, second) * 5:
        talk.connection.write(b"x" * BYTES_S)
    assert (len(wire.sent), len(other.sent)) == (5, 5)
    clock.advance(1)
    first.connection.write(b"x" * BYTES_S)
    second.connection.send("one too many")
    assert (other.refusal["code"], other.closed_with, len(wire.sent)) == ("rate-limit-exceed", 1013, 6)
    second.connection.write(b"x")
    assert len(other.sent) == 6
    assert opened(limits, "10.0.0.2")[1].connection.write(b"x" * BYTES_S) is None


def test_hanging_up_and_coming_again_does_not_make_it_more() -> None:
    clock = FakeClock()
    limits = Limits(clock)
    handler, inner, _ = opened(limits, "10.0.0.1")
    inner.connection.write(b"x" * BYTES_S * 10)
    handler.closed()
    again, inner, wire = opened(limits, "10.0.0.1")
    inner.connection.write(b"x")
    assert wire.closed_with == 1013
    again.closed()
    clock.advance(11)
    _, inner, wire = opened(limits, "10.0.0.1")
    inner.connection.write(b"x" * BYTES_S * 10)
    assert wire.closed_with == 0


def test_the_gateway_holds_an_address_to_them_only_if_it_is_told(
    gateway: OnetokenGateway, configured: Callable[..., OnetokenGateway], program_at: Any
) -> None:
    for server, many in ((gateway, True), (configured(limits=True), False)):
        program = program_at(server)
        peers = [program.socket("/tick") for _ in range(SOCKETS + 1)]
        for peer in peers[:SOCKETS]:
            peer.say(uri="ping")
            assert peer.hear()["uri"] == "pong"
        peers[-1].say(uri="ping")
        said = peers[-1].hear()
        assert said["uri"] == "pong" if many else said["code"] == "rate-limit-exceed"
        if not many:
            assert peers[-1].close_code() == 1013
