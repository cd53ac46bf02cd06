"""The venue's websocket protocol, frame by frame: nothing here is connected to anything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from exchangeclient.bitmex.messages import event_time_ms, routed, stream_of
from exchangeclient.bitmex.streams import Refusal, StreamSession, Switch
from exchangeclient.core.protocol.session import Failure, Incoming, Wishes

URL = "wss://x.example/realtime"


def frame(**said: Any) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()


def acked(topic: str, op: str = "subscribe") -> bytes:
    return frame(success=True, **{op: topic}, request={"op": op, "args": [topic]})


def refusal(status: int, error: str, *args: str, op: str = "subscribe", **meta: Any) -> bytes:
    return frame(status=status, error=error, meta=meta, request={"op": op, "args": list(args)})


class Heard:
    """What the venue made of wishes."""

    def __init__(self) -> None:
        self.granted_names: list[str] = []
        self.refused_names: dict[str, str] = {}

    def granted(self, names: Iterable[str]) -> None:
        self.granted_names += names

    def refused(self, name: str, reason: str) -> None:
        self.refused_names[name] = reason


def opened(*topics: str, **options: Any) -> StreamSession:
    session = StreamSession(URL, options.pop("wishes", None) or Wishes(topics), **options)
    session.opened(0.0)
    session.receive(frame(info="Welcome", limit={"remaining": 39}))
    return session


def said(session: StreamSession, now_s: float) -> list[Any]:
    frames = session.outgoing(now_s)
    assert not isinstance(frames, Failure), frames
    return [text if text == "ping" else json.loads(text) for text in frames]


def test_wishes_are_subscribed_to_and_it_flows_when_all_are_confirmed() -> None:
    session = opened("trade:XBTUSD", "quote:XBTUSD")
    assert session.url() == URL
    assert said(session, 0.0) == [{"op": "subscribe", "args": ["trade:XBTUSD", "quote:XBTUSD"]}]
    assert session.receive(acked("trade:XBTUSD")) is Incoming.REPLY
    assert not session.ready
    assert session.receive(frame(table="trade", action="partial", data=[])) is Incoming.EVENT
    session.receive(acked("quote:XBTUSD"))
    assert session.ready
    assert said(session, 1.0) == []
    assert session.successor().names == session.names


def test_wishes_that_change_are_asked_for_and_asked_back() -> None:
    wishes, heard = Wishes(["trade:A"]), Heard()
    session = opened(wishes=wishes, answers=heard)
    said(session, 0.0)
    session.receive(acked("trade:A"))
    wishes.want(["quote:A"])
    wishes.unwant(["trade:A"])
    assert said(session, 1.0) == [{"op": "unsubscribe", "args": ["trade:A"]}]
    assert said(session, 2.0) == [{"op": "subscribe", "args": ["quote:A"]}]
    session.receive(acked("quote:A"))
    session.receive(acked("trade:A", "unsubscribe"))
    assert said(session, 3.0) == []
    wishes.want_anew(["quote:A"])
    assert said(session, 4.0) == [{"op": "unsubscribe", "args": ["quote:A"]}]
    assert said(session, 4.5) == [], "not before it is known to have ended"
    session.receive(acked("quote:A", "unsubscribe"))
    assert said(session, 5.0) == [{"op": "subscribe", "args": ["quote:A"]}]
    assert heard.granted_names == ["trade:A", "quote:A"]
    assert isinstance(session.outgoing(15.1), Failure), "never confirmed"


def test_s08_a_refused_topic_is_found_by_the_words_or_one_by_one() -> None:
    heard = Heard()
    session = opened("trade:A", "nosuch", "quote:B", answers=heard)
    said(session, 0.0)
    asked = ["trade:A", "nosuch", "quote:B"]
    session.receive(refusal(400, "Unknown table: nosuch", *asked))
    assert list(heard.refused_names) == ["nosuch"]
    session.receive(acked("trade:A"))
    session.receive(refusal(400, "Something else", *asked))
    assert list(heard.refused_names) == ["nosuch", "quote:B"], "it is the only one that was not answered"
    assert session.ready
    heard = Heard()
    session = opened("trade:A", "quote:A", answers=heard)
    said(session, 0.0)
    session.receive(refusal(400, "Something is wrong", "trade:A", "quote:A"))
    assert said(session, 1.0) == [{"op": "subscribe", "args": ["trade:A"]}]
    session.receive(refusal(400, "Something is wrong", "trade:A"))
    assert said(session, 2.0) == [{"op": "subscribe", "args": ["quote:A"]}]
    session.receive(acked("quote:A"))
    assert list(heard.refused_names) == ["trade:A"]
    assert session.ready


def test_a_topic_that_flows_already_is_no_trouble() -> None:
    told: list[Refusal] = []
    session = opened("trade:A", refused=told.append)
    said(session, 0.0)
    session.receive(refusal(400, "You are already subscribed to this topic: trade:A", "trade:A"))
    assert session.ready
    assert told == []


def test_s08_too_fast_is_waited_out() -> None:
    session = opened("trade:A")
    said(session, 0.0)
    session.receive(refusal(429, "Rate limit exceeded, retry in 7 seconds.", "trade:A", retryAfter=7))
    assert said(session, 1.0) == []
    assert session.next_due() is not None
    assert said(session, 7.9) == ["ping"]
    session.receive(b"pong")
    assert said(session, 8.1) == [{"op": "subscribe", "args": ["trade:A"]}]
    session.receive(frame(error="Rate limit exceeded, retry in 29 seconds."))
    assert said(session, 8.5) == []
    for now_s, frames in ((37.4, []), (37.6, [{"op": "subscribe", "args": ["trade:A"]}])):
        session.receive(b"pong")
        assert said(session, now_s) == frames, "the old form of it says for how long in words alone"


def test_a_topic_that_is_given_up_and_wanted_again_at_once_comes_whole_again() -> None:
    wishes, heard = Wishes(["trade:A"]), Heard()
    session = opened(wishes=wishes, answers=heard)
    said(session, 0.0)
    session.receive(acked("trade:A"))
    wishes.unwant(["trade:A"])
    assert said(session, 0.05) == [], "too soon after the last frame"
    wishes.want(["trade:A"])
    assert said(session, 1.0) == [{"op": "unsubscribe", "args": ["trade:A"]}]
    session.receive(acked("trade:A", "unsubscribe"))
    assert said(session, 2.0) == [{"op": "subscribe", "args": ["trade:A"]}]
    session.receive(acked("trade:A"))
    assert heard.granted_names == ["trade:A", "trade:A"]


def test_s08_a_topic_that_could_not_be_asked_back_in_time_is_asked_back_later() -> None:
    wishes = Wishes(["orderBookL2:A"])
    session = opened(wishes=wishes)
    said(session, 0.0)
    session.receive(acked("orderBookL2:A"))
    wishes.want_anew(["orderBookL2:A"])
    assert said(session, 1.0) == [{"op": "unsubscribe", "args": ["orderBookL2:A"]}]
    session.receive(refusal(429, "Rate limit exceeded, retry in 2 seconds.", "orderBookL2:A", op="unsubscribe", retryAfter=2))
    assert said(session, 2.0) == [], "it flows still, and to ask for it would bring no partial"
    assert said(session, 4.1) == [{"op": "unsubscribe", "args": ["orderBookL2:A"]}]
    session.receive(acked("orderBookL2:A", "unsubscribe"))
    assert said(session, 5.0) == [{"op": "subscribe", "args": ["orderBookL2:A"]}]


def test_s03_a_login_that_is_refused_is_final_unless_it_was_late() -> None:
    for error, final in (("Signature not valid.", True), ("This request has expired - `expires` is in the past.", False)):
        told: list[Refusal] = []
        session = opened("margin", login=lambda: {"op": "authKeyExpires", "args": ["k", 1, "s"]}, refused=told.append)
        assert said(session, 0.0) == [{"op": "authKeyExpires", "args": ["k", 1, "s"]}]
        assert said(session, 1.0) == []
        failure = session.receive(refusal(401, error, "k", op="authKeyExpires"))
        assert isinstance(failure, Failure)
        assert failure.final is final
        assert told == [Refusal(401, error, {}, {"op": "authKeyExpires"})], "neither key nor signature is shown"
    session = opened("margin", login=lambda: {"op": "authKeyExpires", "args": ["k", 1, "s"]})
    said(session, 0.0)
    assert isinstance(session.outgoing(10.1), Failure)


def test_nothing_is_asked_for_before_the_login_is_taken() -> None:
    session = opened("margin", login=lambda: {"op": "authKeyExpires", "args": ["k", 1, "s"]})
    said(session, 0.0)
    session.receive(frame(success=True, request={"op": "authKeyExpires", "args": ["k", 1, "s"]}))
    assert session.welcomed
    assert said(session, 0.2) == [{"op": "subscribe", "args": ["margin"]}]


def test_s26_after_five_seconds_of_silence_it_is_asked_and_after_five_more_left() -> None:
    session = opened()
    said(session, 0.0)
    assert said(session, 4.9) == []
    assert said(session, 5.1) == ["ping"]
    session.receive(b"pong")
    assert said(session, 6.0) == []
    assert said(session, 11.1) == ["ping"]
    assert said(session, 12.0) == []
    assert isinstance(session.outgoing(16.2), Failure)


def test_s26_whatever_comes_is_a_sign_of_life() -> None:
    session = opened("trade:A")
    said(session, 0.0)
    session.receive(acked("trade:A"))
    for second in range(1, 40, 4):
        assert session.all_events([b'{"table":"trade","action":"insert","data":[]}'])
        assert said(session, float(second)) == []


def test_a_dead_mans_switch_is_kept_and_taken_back_as_the_last_word() -> None:
    wishes = Wishes()
    session = opened(wishes=wishes, login=lambda: {"op": "authKeyExpires", "args": []}, switch=Switch(60.0, 15.0))
    said(session, 0.0)
    session.receive(frame(success=True, request={"op": "authKeyExpires", "args": []}))
    assert said(session, 0.2) == [{"op": "cancelAllAfter", "args": 60_000}], "milliseconds"
    session.receive(frame(now="2024-01-01T00:00:00Z", cancelTime="2024-01-01T00:01:00Z", request={}))
    assert session.armed
    assert said(session, 14.0) == []
    assert said(session, 15.3) == [{"op": "cancelAllAfter", "args": 60_000}]
    session.disarm()
    wishes.want(["trade:A"])
    assert said(session, 15.5) == [{"op": "cancelAllAfter", "args": 0}]
    session.receive(frame(now="2024-01-01T00:00:00Z", cancelTime=0, request={}))
    assert not session.armed
    assert said(session, 16.0) == []


def test_a_dead_mans_switch_outlives_its_connection_and_is_the_business_of_the_process_that_set_it() -> None:
    session = opened(login=lambda: {"op": "authKeyExpires", "args": []}, switch=Switch(60.0, 15.0))
    said(session, 0.0)
    session.receive(frame(success=True, request={"op": "authKeyExpires", "args": []}))
    said(session, 0.2)
    session.opened(1.0)
    assert session.armed
    session.renew()
    assert not session.armed


@pytest.mark.parametrize("text", [b"nonsense", b"[]", b"7", b'{"table":7}'])
def test_s12_what_is_no_answer_goes_on_to_whoever_reads(text: bytes) -> None:
    assert opened().receive(text) is Incoming.EVENT


@pytest.mark.parametrize(
    "text",
    [
        b'{"error":7}',
        b'{"success":true}',
        b'{"success":true,"subscribe":7}',
        b"{}",
        b'{"status":"x","error":null,"meta":7,"request":[]}',
        b'{"cancelTime":null}',
        b'{"error":"x","request":{"op":7,"args":7}}',
    ],
)
def test_s12_odd_answers_end_nothing(text: bytes) -> None:
    session = opened()
    said(session, 0.0)
    assert session.receive(text) is Incoming.REPLY


def test_messages_are_told_by_their_topic() -> None:
    update = b'{"table":"quote","action":"insert","data":[{"timestamp":"2021-07-22T22:36:09.074Z","symbol":"XBTUSD"}]}'
    assert routed(update) == ("quote:XBTUSD", update)
    assert stream_of(update) == b"quote:XBTUSD"
    assert event_time_ms(update) == 1_626_993_369_074
    whole = frame(table="trade", action="partial", types={"symbol": "symbol"}, filter={"symbol": "A"}, data=[])
    assert routed(whole) == ("trade:A", whole)
    assert event_time_ms(whole) is None, "rows of a partial are old"
    for payload, topic in (
        (frame(table="margin", action="update", data=[{"account": 1}]), "margin"),
        (frame(table="insurance", action="insert", data=[{"symbol": "A"}]), "insurance"),
        (frame(table="instrument", action="partial", filter={}, data=[{"symbol": "A"}]), "instrument:A"),
        (b'{ "table": "trade", "action": "insert", "data": [{"symbol": "A"}]}', "trade:A"),
    ):
        assert routed(payload) == (topic, payload)
    for odd in (b"x", b"[]", b'{"table":7}', b"{}"):
        assert routed(odd) is None
        assert stream_of(odd) == b""
