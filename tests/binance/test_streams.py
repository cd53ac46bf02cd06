"""Stream names, the frames that subscribe, and what a message means: no connection is made here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.binance import streams
from exchangeclient.binance.streams import StreamSession, UserDataSession
from exchangeclient.core.session import Failure, Incoming
from exchangeclient.market.booksync import Diff

BASE = "wss://stream.binance.com:9443"


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (streams.depth_name("BNBBTC"), "bnbbtc@depth"),
        (streams.depth_name("BNBBTC", interval=100), "bnbbtc@depth@100ms"),
        (streams.depth_name("BNBBTC", interval=1000), "bnbbtc@depth"),
        (streams.depth_name("BNBBTC", 5), "bnbbtc@depth5"),
        (streams.depth_name("BNBBTC", "20", 100), "bnbbtc@depth20@100ms"),
        (streams.kline_name("BNBBTC"), "bnbbtc@kline_1m"),
        (streams.kline_name("BNBBTC", "1M"), "bnbbtc@kline_1M"),
        (streams.trade_name("BNBBTC"), "bnbbtc@trade"),
        (streams.aggtrade_name("BNBBTC"), "bnbbtc@aggTrade"),
        (streams.ticker_name("BNBBTC"), "bnbbtc@ticker"),
    ],
)
def test_stream_names(made: str, name: str) -> None:
    assert made == name


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "BNB BTC",
        "BNBBTC@depth",
        "a/b",
        "a?b",
        "a#b",
        "\n",
        "BNBBTC\x00",
        "BNB-BTC",
        "BNB.BTC",
        "BNB,BTC",
        "BNB&BTC",
        '"',
        "B" * 41,
        "B\u200bTC",
    ],
)
def test_symbol_that_is_none_is_refused_by_name(symbol: str) -> None:
    for name in (streams.depth_name, streams.kline_name, streams.trade_name, streams.aggtrade_name, streams.ticker_name):
        with pytest.raises(ValueError, match="symbol must be"):
            name(symbol)


@pytest.mark.parametrize("symbol", ["1000SATSUSDT", "这是测试币456", "ÉTHBTC", "बिटकॉइन", "B" * 40])
def test_symbol_may_be_of_letters_of_any_script_and_digits(symbol: str) -> None:
    assert streams.trade_name(symbol) == f"{symbol.lower()}@trade"


@pytest.mark.parametrize("symbol", [None, 5, b"BNBBTC", ["BNBBTC"]])
def test_symbol_of_a_wrong_type_is_refused_by_name(symbol: Any) -> None:
    with pytest.raises(TypeError, match="symbol must be a str"):
        streams.depth_name(symbol)


@pytest.mark.parametrize("interval", ["2m", "", "1H", None, 60])
def test_unknown_interval_is_refused_by_name(interval: Any) -> None:
    with pytest.raises(ValueError, match=r"interval must be one of 1s, 1m, .*, 1M"):
        streams.kline_name("BNBBTC", interval)


def test_depth_and_its_interval_are_checked_by_name() -> None:
    with pytest.raises(ValueError, match="depth must be 5, 10, 20"):
        streams.depth_name("BNBBTC", 7)
    with pytest.raises(ValueError, match="interval must be 100 or 1000"):
        streams.depth_name("BNBBTC", interval=250)


def test_single_stream_has_an_address_of_its_own_and_sends_nothing() -> None:
    session = StreamSession(BASE + "/", ["bnbbtc@depth@100ms"])
    assert session.url() == f"{BASE}/ws/bnbbtc@depth@100ms"
    session.opened(5.0)
    assert session.ready
    assert session.outgoing(5.0) == []
    assert session.next_due() is None
    assert session.name == "bnbbtc@depth@100ms"


def test_symbol_in_other_letters_is_percent_encoded() -> None:
    assert StreamSession(BASE, ["币usdt@trade"]).url() == f"{BASE}/ws/%E5%B8%81usdt@trade"


def _drain(session: StreamSession, now: float) -> list[tuple[float, dict[str, Any]]]:
    """What the session sends when it is asked whenever it wants to be, and everything is confirmed."""
    sent: list[tuple[float, dict[str, Any]]] = []
    while True:
        outgoing = session.outgoing(now)
        assert isinstance(outgoing, list)
        for frame in outgoing:
            sent.append((now, json.loads(frame)))
            assert session.receive(json.dumps({"result": None, "id": sent[-1][1]["id"]}).encode()) is Incoming.REPLY
        due = session.next_due()
        if due is None:
            return sent
        now = max(now, due)


def test_many_streams_are_subscribed_in_paced_frames() -> None:
    names = [f"s{number}@ticker" for number in range(1024)]
    session = StreamSession(BASE, names)
    assert session.url() == f"{BASE}/stream"
    session.opened(100.0)
    assert not session.ready
    sent = _drain(session, 100.0)
    assert session.ready
    assert [name for _, frame in sent for name in frame["params"]] == names
    assert {frame["method"] for _, frame in sent} == {"SUBSCRIBE"}
    assert len({frame["id"] for _, frame in sent}) == len(sent)
    assert max(len(frame["params"]) for _, frame in sent) <= 200
    times = [at for at, _ in sent]
    # 5 a second is the venue's limit, one pong and one ping of ours may fall into the same second
    assert all(sum(start <= at < start + 1 for at in times) <= 3 for start in times)


def test_every_connection_is_subscribed_anew() -> None:
    session = StreamSession(BASE, ["a@trade", "b@trade"])
    session.opened(0.0)
    first = session.outgoing(0.0)
    session.opened(50.0)
    assert not session.ready
    assert session.outgoing(50.0) == first


def test_s08_subscription_without_an_answer_fails_the_connection() -> None:
    session = StreamSession(BASE, ["a@trade", "b@trade"])
    session.opened(0.0)
    session.outgoing(0.0)
    due = session.next_due()
    assert due is not None
    assert session.outgoing(due - 0.01) == []
    failure = session.outgoing(due)
    assert isinstance(failure, Failure)
    assert not failure.final


@pytest.mark.parametrize(
    "answer",
    [{"code": 2, "msg": "Invalid request: too many parameters", "id": 1}, {"error": {"code": 2, "msg": "Invalid request"}, "id": 1}],
)
def test_s08_refused_subscription_is_final_and_says_why(answer: dict[str, Any]) -> None:
    session = StreamSession(BASE, ["a@trade", "b@trade"])
    session.opened(0.0)
    session.outgoing(0.0)
    failure = session.receive(json.dumps(answer).encode())
    assert isinstance(failure, Failure)
    assert failure.final
    assert "Invalid request" in failure.message


def test_events_that_come_before_the_confirmation_are_events() -> None:
    session = StreamSession(BASE, ["a@trade", "b@trade"])
    session.opened(0.0)
    session.outgoing(0.0)
    event = b'{"stream":"a@trade","data":{"e":"trade","t":1}}'
    assert session.receive(event) is Incoming.EVENT
    assert session.receive(b"not json") is Incoming.EVENT
    assert session.decode(event) == {"e": "trade", "t": 1}


def test_single_stream_is_decoded_as_it_came() -> None:
    session = StreamSession(BASE, ["a@depth5"])
    assert session.decode(b'{"lastUpdateId":1,"bids":[],"asks":[],"data":3}') == {"lastUpdateId": 1, "bids": [], "asks": [], "data": 3}


def test_s15_unknown_events_and_fields_pass_unchanged() -> None:
    session = StreamSession(BASE, ["a@trade"])
    event = {"e": "somethingNew", "x": [1, {"y": None}]}
    assert session.decode(json.dumps(event).encode()) == event


@pytest.mark.parametrize("raw", [b"", b"{", b"5", b'"text"', b"null", b"\xff\xfe", b"[" * 10_000, b'{"a":'])
def test_s12_unreadable_message_becomes_an_error_event_with_the_text(raw: bytes) -> None:
    for session in (StreamSession(BASE, ["a@trade"]), StreamSession(BASE, ["a@trade", "b@trade"]), UserDataSession("wss://x", dict)):
        assert session.receive(raw) is Incoming.EVENT
        event = session.decode(raw)
        assert event["e"] == "error"
        assert event["m"]
        assert event["raw"] == raw.decode(errors="replace")


def test_announced_shutdown_is_left_before_it_comes() -> None:
    session = StreamSession(BASE, ["a@trade"])
    session.opened(0.0)
    assert session.receive(b'{"e":"serverShutdown","E":1}') is Incoming.EVENT
    failure = session.outgoing(0.0)
    assert isinstance(failure, Failure)
    assert not failure.final
    session.opened(1.0)
    assert session.outgoing(1.0) == []


@pytest.mark.parametrize("count", [0, 1025])
def test_a_connection_carries_1_to_1024_streams(count: int) -> None:
    with pytest.raises(ValueError, match="names must be 1 to 1024 streams"):
        StreamSession(BASE, ["a@trade"] * count)


def test_depth_message_is_read_single_and_combined() -> None:
    update = {"e": "depthUpdate", "E": 7, "s": "BNBBTC", "U": 157, "u": 160, "b": [["0.0024", "10"]], "a": []}
    expected = Diff(157, 160, [["0.0024", "10"]], [], 7)
    assert streams.depth_diff(json.dumps(update).encode()) == expected
    assert streams.depth_diff(json.dumps({"stream": "bnbbtc@depth", "data": update}).encode()) == expected
    assert streams.depth_diff(b'{"e":"serverShutdown","E":1}') is None


@pytest.mark.parametrize("change", [{"U": None}, {"u": "160"}, {"E": None}, {"b": None}, {"a": {}}])
def test_b13_depth_message_that_lacks_something_is_refused(change: dict[str, Any]) -> None:
    update = {"e": "depthUpdate", "E": 7, "s": "BNBBTC", "U": 157, "u": 160, "b": [], "a": [], **change}
    with pytest.raises(ValueError, match="a depthUpdate has U, u, E, b and a"):
        streams.depth_diff(json.dumps(update).encode())


@pytest.mark.parametrize("raw", [b"[]", b"5", b"{", b'{"data":5}'])
def test_depth_message_of_another_shape_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"not JSON|is an object"):
        streams.depth_diff(raw)


def test_ticker_is_found_single_and_combined() -> None:
    event = {"e": "24hrTicker", "s": "BNBBTC", "c": "1"}
    assert streams.ticker_event(json.dumps(event).encode()) == event
    assert streams.ticker_event(json.dumps({"stream": "x", "data": event}).encode()) == event
    for other in (b"[]", b"{", b'{"e":"trade","s":"X"}', b'{"e":"24hrTicker"}', b'{"data":[]}'):
        assert streams.ticker_event(other) is None


class TestUserData:
    """The user data stream of the WebSocket API."""

    def session(self) -> UserDataSession:
        self.stamps = iter(range(1000, 9000, 1000))
        return UserDataSession(
            "wss://ws-api.binance.com:443/ws-api/v3", lambda: {"apiKey": "k", "timestamp": next(self.stamps), "signature": "s"}
        )

    def subscribed(self) -> UserDataSession:
        session = self.session()
        session.opened(0.0)
        (frame,) = self.frames(session, 0.0)
        assert (
            session.receive(json.dumps({"id": json.loads(frame)["id"], "status": 200, "result": {"subscriptionId": 0}}).encode())
            is Incoming.REPLY
        )
        return session

    def frames(self, session: UserDataSession, now: float) -> list[str]:
        outgoing = session.outgoing(now)
        assert isinstance(outgoing, list)
        return outgoing

    def test_subscribes_once_per_connection_with_a_fresh_signature(self) -> None:
        session = self.session()
        session.opened(0.0)
        (first,) = self.frames(session, 0.0)
        assert self.frames(session, 0.1) == []
        session.opened(60.0)
        (second,) = self.frames(session, 60.0)
        assert json.loads(first)["method"] == "userDataStream.subscribe.signature"
        assert [json.loads(frame)["params"]["timestamp"] for frame in (first, second)] == [1000, 2000]
        assert json.loads(first)["id"] != json.loads(second)["id"]

    def test_is_ready_when_confirmed_and_has_no_deadline_then(self) -> None:
        session = self.session()
        session.opened(0.0)
        assert not session.ready
        assert self.subscribed().ready
        assert self.subscribed().next_due() is None

    def test_bare_event_is_delivered(self) -> None:
        session = self.subscribed()
        payload = b'{"subscriptionId":0,"event":{"e":"executionReport","x":"TRADE"}}'
        assert session.receive(payload) is Incoming.EVENT
        assert session.decode(payload) == {"e": "executionReport", "x": "TRADE"}

    def test_answer_to_an_earlier_connection_does_not_confirm(self) -> None:
        session = self.session()
        session.opened(0.0)
        old = json.loads(self.frames(session, 0.0)[0])["id"]
        session.opened(60.0)
        session.outgoing(60.0)
        session.receive(json.dumps({"id": old, "status": 200, "result": {}}).encode())
        assert not session.ready

    def test_message_that_is_neither_answer_nor_event_is_passed_on(self) -> None:
        session = self.subscribed()
        for payload in (b'{"somethingNew":1}', b"[]", b'{"event":"odd"}'):
            assert session.receive(payload) is Incoming.EVENT
        assert session.decode(b'{"somethingNew":1}') == {"somethingNew": 1}

    def test_missing_confirmation_fails_the_connection(self) -> None:
        session = self.session()
        session.opened(0.0)
        session.outgoing(0.0)
        due = session.next_due()
        assert due is not None
        failure = session.outgoing(due)
        assert isinstance(failure, Failure)
        assert not failure.final

    @pytest.mark.parametrize(
        ("status", "code", "final"),
        [
            (401, -2015, True),
            (401, -2014, True),
            (400, -1022, True),
            (400, -1102, True),
            (400, -1021, False),
            (429, -1003, False),
            (418, -1003, False),
            (500, -1000, False),
            (503, -1008, False),
        ],
    )
    def test_s19_refusal_is_final_unless_it_may_pass(self, status: int, code: int, final: bool) -> None:
        session = self.session()
        session.opened(0.0)
        session.outgoing(0.0)
        failure = session.receive(json.dumps({"id": 1, "status": status, "error": {"code": code, "msg": "why it was"}}).encode())
        assert isinstance(failure, Failure)
        assert failure.final is final
        assert str(code) in failure.message
        assert "why it was" in failure.message

    @pytest.mark.parametrize("kind", ["eventStreamTerminated", "serverShutdown"])
    def test_ended_subscription_is_passed_on_and_made_anew(self, kind: str) -> None:
        session = self.subscribed()
        payload = json.dumps({"subscriptionId": 0, "event": {"e": kind, "E": 1}}).encode()
        assert session.receive(payload) is Incoming.EVENT
        failure = session.outgoing(1.0)
        assert isinstance(failure, Failure)
        assert not failure.final
        session.opened(2.0)
        assert len(self.frames(session, 2.0)) == 1
