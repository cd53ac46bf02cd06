"""What is said over the sockets, frame by frame, without any socket; and ticks of tick-v3."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

import pytest

from exchangeclient.core.protocol.session import Failure, Incoming, Wishes
from exchangeclient.onetoken import messages
from exchangeclient.onetoken.pulse import PING_EVERY_S, PONG_WITHIN_S
from exchangeclient.onetoken.stream_names import stream_name
from exchangeclient.onetoken.streams import AccountSession, QuoteSession
from exchangeclient.onetoken.ticksv3 import Folding

URL = "ws://127.0.0.1:9/api/v1/ws"
TICK = "tick:okex/btc.usdt"
SUBSCRIBE = "subscribe-single-tick-verbose"


class Answers:
    def __init__(self) -> None:
        self.flowing: list[str] = []
        self.no: list[tuple[str, str]] = []

    def granted(self, names: Iterable[str]) -> None:
        self.flowing += names

    def refused(self, name: str, reason: str) -> None:
        self.no.append((name, reason))


def test_what_the_gateway_cannot_serve_is_told_in_place_of_a_confirmation() -> None:
    session = AccountSession(URL, "okex/demo")
    session.opened(0.0)
    session.receive(b'{"uri": "status", "code": "connected", "message": "account: demo"}')
    frames(session, 0.0)
    trouble = b'{"uri": "order", "status": "fail", "code": "exg-account-error", "message": "no such key there", "data": []}'
    failure = session.receive(trouble)
    assert isinstance(failure, Failure)
    assert "exg-account-error no such key there" in failure.message
    assert not failure.final
    for uri in ("sub-info", "sub-order"):
        session.receive(json.dumps({"uri": uri, "code": "success"}).encode())
    assert session.receive(trouble) is Incoming.EVENT


def frames(session: QuoteSession | AccountSession, now_s: float) -> list[dict[str, Any]]:
    sent = session.outgoing(now_s)
    assert not isinstance(sent, Failure), sent
    return [json.loads(frame) for frame in sent]


def say(session: QuoteSession | AccountSession, **frame: Any) -> Incoming | Failure:
    return session.receive(json.dumps(frame).encode())


def opened(*names: str) -> tuple[QuoteSession, Answers, Wishes]:
    answers, wishes = Answers(), Wishes(names)
    session = QuoteSession(URL, "tick", wishes, answers)
    session.opened(0.0)
    assert frames(session, 0.0) == [{"uri": "auth"}]
    assert frames(session, 0.1) == []
    assert say(session, uri="auth", message="Auth succeed.") is Incoming.REPLY
    return session, answers, wishes


def test_auth_comes_first_then_what_is_wanted() -> None:
    session, answers, _ = opened(TICK, "zhubi:okex/btc.usdt")
    first, second = frames(session, 0.2)
    assert first == {"uri": SUBSCRIBE, "contract": "okex/btc.usdt", "uuid": 1}
    assert second == {"uri": "subscribe-single-zhubi-verbose", "contract": "okex/btc.usdt", "uuid": 2}
    assert not session.ready
    say(session, uri=SUBSCRIBE, code="success", contract="okex/btc.usdt", uuid=1)
    say(session, uri="subscribe-single-zhubi-verbose", code="success", contract="okex/btc.usdt", uuid=2)
    assert session.ready
    assert answers.flowing == [TICK, "zhubi:okex/btc.usdt"]
    assert session.url() == f"{URL}/tick?gzip=false"
    assert QuoteSession(URL, "tick-v3", Wishes(), packed=True).url() == f"{URL}/tick-v3?gzip=true"


def test_an_answer_without_our_number_is_told_by_what_it_names() -> None:
    session, answers, _ = opened(TICK, "tick:okex/eth.usdt")
    frames(session, 0.2)
    say(session, uri=SUBSCRIBE, code="success", contract="okex/eth.usdt")
    assert answers.flowing == ["tick:okex/eth.usdt"]
    say(session, uri=SUBSCRIBE, code="success")
    assert answers.flowing == ["tick:okex/eth.usdt", TICK]


def test_an_answer_to_a_frame_of_no_interest_any_more_is_of_nothing_else() -> None:
    session, answers, wishes = opened(TICK)
    frames(session, 0.2)
    wishes.unwant([TICK])
    frames(session, 0.3)
    wishes.want([TICK])
    assert [frame["uuid"] for frame in frames(session, 0.4)] == [2]
    say(session, uri=SUBSCRIBE, code="contract-not-exist", contract="okex/btc.usdt", uuid=1)
    assert (answers.flowing, answers.no) == ([], [])
    say(session, uri=SUBSCRIBE, code="success", contract="okex/btc.usdt", uuid=2)
    assert answers.flowing == [TICK]


def test_slow_quotes_flow_with_their_first_one_since_they_are_refused_behind_their_confirmation() -> None:
    slow = [f"low-freq-quote:okex/{name}" for name in ("a.b", "c.d", "no.such", "late.one")]
    answers, wishes = Answers(), Wishes(slow[:3])
    session = QuoteSession(URL, "low-freq-quote-v2", wishes, answers)
    session.opened(0.0)
    frames(session, 0.0)
    say(session, uri="auth")
    asked = frames(session, 0.1)
    assert asked[0] == {"uri": "batch-subscribe", "contracts": ["okex/a.b"], "uuid": 1}
    for frame in asked:
        say(session, uri="batch-subscribe", code="success", uuid=frame["uuid"])
    assert session.ready  # the others do not wait for one that is quiet
    assert answers.flowing == []
    say(session, uri="batch-subscribe", code="contract-not-exist", contract="okex/no.such")
    assert [name for name, _ in answers.no] == ["low-freq-quote:okex/no.such"]
    say(session, uri="low-freq-quote", data=[{"contract": "okex/c.d"}, {"contract": "okex/a.b"}])
    assert sorted(answers.flowing) == slow[:2]
    wishes.want(slow[3:])
    assert [frame["contracts"] for frame in frames(session, 0.2)] == [["okex/late.one"]]
    say(session, uri="batch-subscribe", code="success", uuid=4)
    wishes.unwant(slow[3:])
    assert frames(session, 0.3) == [{"uri": "batch-unsubscribe", "contracts": ["okex/late.one"]}]
    say(session, uri="low-freq-quote", data=[{"contract": "okex/late.one"}])
    assert slow[3] not in answers.flowing
    assert session.url() == f"{URL}/low-freq-quote-v2?gzip=false"


def test_wishes_may_change() -> None:
    session, answers, wishes = opened(TICK)
    frames(session, 0.2)
    say(session, uri=SUBSCRIBE, code="success", contract="okex/btc.usdt", uuid=1)
    wishes.unwant([TICK])
    wishes.want(["tick:okex/eth.usdt"])
    assert frames(session, 1.0) == [
        {"uri": f"un{SUBSCRIBE}", "contract": "okex/btc.usdt"},
        {"uri": SUBSCRIBE, "contract": "okex/eth.usdt", "uuid": 2},
    ]
    say(session, uri=SUBSCRIBE, code="success", contract="okex/eth.usdt", uuid=2)
    wishes.want_anew(["tick:okex/eth.usdt"])
    assert [frame["uuid"] for frame in frames(session, 2.0)] == [3]
    assert answers.flowing == [TICK, "tick:okex/eth.usdt"]


def test_a_refusal_is_of_one_stream_alone() -> None:
    session, answers, wishes = opened(TICK, "tick:okex/no.such")
    frames(session, 0.2)
    assert say(session, uri=SUBSCRIBE, code="contract-not-exist", message="gone", contract="okex/no.such", uuid=2) is Incoming.REPLY
    assert answers.no == [("tick:okex/no.such", "the gateway refused: contract-not-exist gone")]
    assert wishes.names == (TICK,)
    say(session, uri=SUBSCRIBE, code="success", contract="okex/btc.usdt", uuid=1)
    assert session.ready


@pytest.mark.parametrize("named", [{"uuid": 1}, {}])
def test_a_stream_that_flowed_and_is_given_no_more_is_refused_alone(named: dict[str, int]) -> None:
    session, answers, wishes = opened(TICK, "tick:okex/eth.usdt")
    for frame in frames(session, 0.2):
        say(session, uri=SUBSCRIBE, code="success", contract=frame["contract"], uuid=frame["uuid"])
        say(session, uri=SUBSCRIBE, code="success", contract=frame["contract"], uuid=frame["uuid"])
    refusal = {"uri": SUBSCRIBE, "code": "upstream-error", "message": "no more of this", "contract": "okex/btc.usdt"}
    assert say(session, **refusal, **named) is Incoming.REPLY
    assert answers.no == [(TICK, "the gateway refused: upstream-error no more of this")]
    assert wishes.names == ("tick:okex/eth.usdt",)
    assert session.ready
    assert answers.flowing == [TICK, "tick:okex/eth.usdt"]


def test_what_may_pass_of_one_of_several_leaves_the_others_alone_and_is_confirmed_later() -> None:
    session, answers, wishes = opened(TICK, "tick:binance/btc.usdt")
    first, second = frames(session, 0.2)
    say(session, uri=SUBSCRIBE, code="success", contract="okex/btc.usdt", uuid=first["uuid"])
    assert say(session, uri=SUBSCRIBE, code="exg-timeout", contract="binance/btc.usdt", uuid=second["uuid"]) is Incoming.REPLY
    assert (answers.no, session.ready) == ([], True)
    assert not isinstance(session.outgoing(PING_EVERY_S - 0.1), Failure)
    session.receive(b'{"uri": "pong"}')
    assert not isinstance(session.outgoing(11.0), Failure)  # nothing is overdue
    say(session, uri=SUBSCRIBE, code="success", contract="binance/btc.usdt", uuid=second["uuid"])
    assert answers.flowing == [TICK, "tick:binance/btc.usdt"]
    assert set(wishes.names) == {TICK, "tick:binance/btc.usdt"}


def test_when_nothing_flows_and_nothing_may_it_is_tried_over_another_connection() -> None:
    session, answers, _ = opened(TICK, "tick:binance/btc.usdt")
    frames(session, 0.2)
    assert say(session, uri=SUBSCRIBE, code="exg-timeout", contract="okex/btc.usdt", uuid=1) is Incoming.REPLY
    assert not session.ready
    assert isinstance(say(session, uri=SUBSCRIBE, code="exg-timeout", contract="binance/btc.usdt", uuid=2), Failure)
    assert not session.ready
    assert answers.no == []


def test_what_may_pass_is_tried_over_another_connection() -> None:
    session, answers, _ = opened(TICK)
    frames(session, 0.2)
    failure = say(session, uri=SUBSCRIBE, code="upstream-error", contract="okex/btc.usdt", uuid=1)
    assert isinstance(failure, Failure)
    assert not failure.final
    assert answers.no == []
    assert isinstance(say(session, uri="status", code="rate-limit-exceed"), Failure)


def test_answers_that_do_not_come_end_the_connection() -> None:
    session = QuoteSession(URL, "tick", Wishes([TICK]))
    session.opened(0.0)
    frames(session, 0.0)
    assert session.next_due() == 10.0
    assert session.outgoing(10.0) == Failure("it does not answer to auth")
    session, _, _ = opened(TICK)
    frames(session, 0.2)
    assert session.outgoing(10.2) == Failure("a subscription was not confirmed")


def test_the_connection_is_asked_whether_it_lives() -> None:
    session, _, _ = opened()
    assert frames(session, 1.0) == []
    assert session.next_due() == PING_EVERY_S
    assert [frame["uri"] for frame in frames(session, PING_EVERY_S)] == ["ping"]
    say(session, uri="pong", timestamp=1526357597.237)
    assert [frame["uri"] for frame in frames(session, 2 * PING_EVERY_S)] == ["ping"]
    assert [frame["uri"] for frame in frames(session, 3 * PING_EVERY_S)] == ["ping"]
    failure = session.outgoing(2 * PING_EVERY_S + PONG_WITHIN_S)
    assert isinstance(failure, Failure)
    assert "not even to a ping" in failure.message


EVENTS = {
    TICK: {"uri": "single-tick-verbose", "data": {"contract": "okex/btc.usdt", "last": 1}},
    "zhubi:okex/btc.usdt": {"uri": "single-zhubi-verbose", "data": [{"contract": "okex/btc.usdt"}]},
    "candle:okex/btc.usdt:5m": {"uri": "single-candle", "contract": "okex/btc.usdt", "duration": "5m"},
    "tick-v3:okex/btc.usdt": {"tp": "s", "ui": 1, "c": "okex/btc.usdt"},
    "low-freq-quote:okex/btc.usdt": {"uri": "low-freq-quote", "data": [{"contract": "okex/btc.usdt", "price": 1}]},
}


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_events_are_told_apart_packed_or_not(name: str, pack: Any) -> None:
    session, _, _ = opened(TICK)
    payload = pack(json.dumps(EVENTS[name]).encode())
    assert session.receive(payload) is Incoming.EVENT
    assert messages.routed(payload) == (name, json.dumps(EVENTS[name]).encode())
    assert session.decode(payload) == EVENTS[name]
    assert session.stream_of(payload) == name.encode()


def test_an_event_of_several_contracts_is_of_no_single_stream() -> None:
    rows = [{"contract": "okex/btc.usdt"}, {"contract": "eth.usdt:xtc.okex"}, {"contract": "?"}]
    text = json.dumps({"uri": "low-freq-quote", "data": rows}).encode()
    assert messages.routed(text) is None
    assert messages.contracts_in(text) == {"okex/btc.usdt", "okex/eth.usdt"}


def test_a_contract_in_another_spelling_is_the_same_stream() -> None:
    routed = messages.routed(b'{"uri": "single-tick-verbose", "data": {"contract": "btc.usdt:xtc.okex"}}')
    assert routed is not None
    assert routed[0] == TICK


@pytest.mark.parametrize(
    "payload",
    [b"", b"5", b"null", b"{", b"\x1f\x8b rubbish", gzip.compress(b"{}", mtime=0)[:-4], b"[" * 10_000, b"\xff\xfe", b'{"uri":null}'],
)
def test_rubbish_ends_nothing(payload: bytes) -> None:
    session, _, _ = opened(TICK)
    assert not isinstance(session.receive(payload), Failure)
    assert messages.routed(payload) is None
    account = AccountSession(URL, "okex/me")
    assert not isinstance(account.receive(payload), Failure)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="larger than 1000 bytes"):
        messages.object_in(gzip.compress(b'{"a": "' + b" " * 5000 + b'"}'))


def test_names_of_streams_are_checked() -> None:
    assert stream_name("candle", "btc.usdt:okex", "1m") == "candle:okex/btc.usdt:1m"
    with pytest.raises(ValueError, match="duration must be one of 1m, 5m"):
        stream_name("candle", "okex/btc.usdt", "7m")


# The account's socket.


def account() -> AccountSession:
    session = AccountSession(URL, "okex/me")
    session.opened(0.0)
    assert frames(session, 0.0) == []
    return session


@pytest.mark.parametrize("hello", [{"uri": "status", "code": "connected", "message": "m"}, {"uri": "connection", "status": "ok"}])
def test_an_account_is_subscribed_to_once_it_is_connected(hello: dict[str, str]) -> None:
    session = account()
    say(session, **hello)
    assert frames(session, 0.1) == [{"uri": "sub-info"}, {"uri": "sub-order"}]
    assert not session.ready
    say(session, uri="sub-info", code="success")
    say(session, uri="sub-order", code="success")
    assert session.ready
    assert say(session, uri="order", type="snapshot", data=[]) is Incoming.EVENT
    assert session.url() == f"{URL}/trade/okex/me"


@pytest.mark.parametrize(
    ("frame", "final"),
    [
        ({"uri": "wait-for-jwt"}, True),
        ({"uri": "auth", "code": "fail", "message": {"code": "invalid-api-key"}}, True),
        ({"code": "no-router-found", "message": "m"}, True),
        ({"uri": "sub-info", "code": "no-permission"}, True),
        ({"uri": "sub-info", "code": "upstream-error"}, False),
        ({"uri": "status", "code": "connecting", "message": "m"}, False),
    ],
)
def test_an_account_that_is_refused_says_so(frame: dict[str, Any], final: bool) -> None:
    failure = account().receive(json.dumps(frame).encode())
    assert isinstance(failure, Failure)
    assert failure.final is final


def test_an_account_that_hears_nothing_goes_elsewhere() -> None:
    session = account()
    assert session.outgoing(10.0) == Failure("it does not say that it is connected")
    session = account()
    say(session, uri="status", code="connected")
    frames(session, 1.0)
    assert session.outgoing(11.0) == Failure("a subscription was not confirmed")
    assert session.successor().url() == session.url()


# Ticks of tick-v3.


def v3(kind: str, number: int, bids: list[Any], asks: list[Any], **more: Any) -> dict[str, Any]:
    return {
        "tp": kind, "ui": number, "tm": 1527401596.65, "et": 1527401596.511, "c": "huobip/btc.usdt", "l": 7291.79,
        "b": bids, "a": asks, "v": 1, "vc": 2, **more,
    }  # fmt: skip


def test_changes_are_folded_into_the_snapshot() -> None:
    folding = Folding()
    assert folding.fold(v3("d", 1, [], [])) is None
    tick = folding.fold(v3("s", 2, [[6.0, 1], [5.0, 2]], [[7.0, 3]]))
    assert tick is not None
    assert (tick.contract, tick.source, tick.amount, tick.volume, tick.bid1) == ("huobip/btc.usdt", "tick.v3", 2, 1, 6.0)
    tick = folding.fold(v3("d", 3, [[6.0, 0]], [[6.5, 1], [7.0, 4]]))
    assert tick is not None
    assert tick.bids == [{"price": 5.0, "volume": 2}]
    assert tick.asks == [{"price": 6.5, "volume": 1}, {"price": 7.0, "volume": 4}]


def test_after_a_gap_there_is_nothing_until_the_next_snapshot() -> None:
    folding = Folding()
    folding.fold(v3("s", 2, [[6.0, 1]], []))
    assert folding.fold(v3("d", 4, [[6.0, 9]], [])) is None
    assert folding.fold(v3("d", 5, [[6.0, 9]], [])) is None
    assert folding.gaps == 1
    tick = folding.fold(v3("s", 6, [[5.5, 1]], []))
    assert tick is not None
    assert tick.bid1 == 5.5
    folding.forget()
    assert folding.fold(v3("d", 7, [], [])) is None


@pytest.mark.parametrize("more", [{"b": None}, {"ui": "7"}, {"tm": "x"}, {"b": [[1]]}, {"b": [5]}, {"c": 5}])
def test_a_change_that_cannot_be_read_voids_what_is_known(more: dict[str, Any]) -> None:
    folding = Folding()
    folding.fold(v3("s", 2, [[6.0, 1]], []))
    with pytest.raises(ValueError, match="cannot be read"):
        folding.fold(v3("d", 3, [], [], **more))
    assert folding.fold(v3("d", 4, [], [])) is None


def test_frames_without_volume_and_exchange_time_are_ticks_too() -> None:
    frame = v3("s", 2, [[6.0, 1]], [])
    for name in ("v", "vc", "et"):
        del frame[name]
    tick = Folding().fold(frame)
    assert tick is not None
    assert (tick.volume, tick.amount, tick.exchange_time) == (0, None, None)
