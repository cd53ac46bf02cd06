"""Row S26: the venue's text ping, who answers it, and what becomes of a connection on which nobody does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.core.protocol.questions import Questions
from exchangeclient.core.protocol.session import Failure, Incoming, SocketSession, Wishes
from exchangeclient.okx.pulse import Pulse
from exchangeclient.okx.streams import StreamSession
from exchangeclient.okx.wsapi import OrderSession

VENUE_PATIENCE_S = 30.0  # after so much silence the venue ends a connection
URL = "wss://x.example"


def test_S26_a_ping_is_sent_well_before_the_venue_loses_patience_and_again_after_its_answer() -> None:
    pulse, sent = Pulse(100.0), []
    now_s = 100.0
    while now_s < 400.0:
        due_s = pulse.next_due()
        assert due_s > now_s, "or a host would turn on the spot"
        now_s = due_s
        frames = pulse.outgoing(now_s)
        assert frames == ["ping"]
        sent.append(now_s)
        pulse.heard()
    assert max(later - earlier for earlier, later in itertools.pairwise(sent)) < VENUE_PATIENCE_S
    assert sent[0] - 100.0 < VENUE_PATIENCE_S


def test_S26_a_ping_without_an_answer_ends_the_connection_before_the_venue_would() -> None:
    pulse = Pulse(0.0)
    assert pulse.outgoing(pulse.next_due()) == ["ping"]
    assert pulse.awaited
    assert pulse.outgoing(pulse.next_due() - 0.001) == []
    failure = pulse.outgoing(pulse.next_due())
    assert isinstance(failure, Failure)
    assert not failure.final, "another connection may do better"
    assert pulse.next_due() <= VENUE_PATIENCE_S


def streams() -> StreamSession:
    session = StreamSession(URL, "public", Wishes(["trades:BTC-USDT"]))
    session.opened(0.0)
    session.outgoing(0.0)
    session.receive(json.dumps({"event": "subscribe", "arg": {"channel": "trades", "instId": "BTC-USDT"}}).encode())
    return session


def orders() -> OrderSession:
    session = OrderSession(URL, Questions(), lambda: {"op": "login"})
    session.opened(0.0)
    session.outgoing(0.0)
    session.receive(b'{"event":"login","code":"0"}')
    return session


@pytest.mark.parametrize("make", [streams, orders])
def test_S26_every_session_of_the_venue_keeps_to_it(make: Callable[[], SocketSession]) -> None:
    session: Any = make()
    assert session.outgoing(20.0) == ["ping"]
    assert session.receive(b"pong") is Incoming.REPLY
    assert session.outgoing(40.0) == ["ping"]
    assert isinstance(session.outgoing(50.0), Failure)
    assert session.next_due() <= 50.0
