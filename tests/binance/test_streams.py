"""The frames that subscribe, and what a message means: no connection is made here."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from exchangeclient.binance import streams
from exchangeclient.binance.streams import CombinedSession, StreamSession
from exchangeclient.core.protocol.session import Failure, Incoming, Wishes
from exchangeclient.market.booksync import Diff

BASE = "wss://stream.binance.com:9443"


def test_single_stream_has_an_address_of_its_own_and_sends_nothing() -> None:
    session = StreamSession(BASE + "/", "bnbbtc@depth@100ms")
    assert session.url() == f"{BASE}/ws/bnbbtc@depth@100ms"
    session.opened(5.0)
    assert session.ready
    assert session.outgoing(5.0) == []
    assert session.next_due() is None
    assert session.name == "bnbbtc@depth@100ms"
    assert session.stream_of(b"{}") == b""


def test_symbol_in_other_letters_is_percent_encoded() -> None:
    assert StreamSession(BASE, "币usdt@trade").url() == f"{BASE}/ws/%E5%B8%81usdt@trade"
    assert StreamSession(BASE, "bnbbtc@kline_1d@+08:00").url() == f"{BASE}/ws/bnbbtc@kline_1d@%2B08%3A00"
    assert StreamSession(BASE, "!miniTicker@arr").url() == f"{BASE}/ws/!miniTicker@arr"


def test_times_in_microseconds_are_asked_for_in_the_address() -> None:
    session = StreamSession(BASE, "a@trade", in_microseconds=True)
    assert session.url() == session.successor().url() == f"{BASE}/ws/a@trade?timeUnit=MICROSECOND"
    combined = CombinedSession(BASE, Wishes(["a@trade"]), in_microseconds=True)
    assert combined.url() == combined.successor().url() == f"{BASE}/stream?timeUnit=MICROSECOND"
    assert session.event_time_ms(b'{"e":"trade","E":1700000000123456,"s":"A"}') == 1_700_000_000_123


def test_stream_that_comes_by_the_clock_may_not_be_silent_for_long() -> None:
    assert StreamSession(BASE, "a@kline_1m").quiet_s
    assert StreamSession(BASE, "a@trade").quiet_s is None
    assert CombinedSession(BASE, Wishes(["a@trade", "a@avgPrice"])).quiet_s is None  # it looks at each by itself


class Told:
    """Who hears what becomes of wishes."""

    def __init__(self) -> None:
        self.flowing: dict[str, None] = {}
        self.refusals: list[str] = []
        self.dead: list[str] = []

    def granted(self, names: Iterable[str]) -> None:
        self.flowing |= dict.fromkeys(names)

    def refused(self, name: str, reason: str) -> None:
        self.refusals.append(name)
        assert reason

    def silent(self, names: Iterable[str], reason: str) -> None:
        self.dead += names
        assert reason


def confirm(session: CombinedSession, frame: dict[str, Any]) -> None:
    assert session.receive(json.dumps({"result": None, "id": frame["id"]}).encode()) is Incoming.REPLY


def refuse(session: CombinedSession, frame: dict[str, Any], code: int = 2) -> Incoming | Failure:
    return session.receive(json.dumps({"code": code, "msg": "Invalid request: why", "id": frame["id"]}).encode())


def sent(session: CombinedSession, now: float) -> list[dict[str, Any]]:
    outgoing = session.outgoing(now)
    assert isinstance(outgoing, list)
    return [json.loads(frame) for frame in outgoing]


def drain(
    session: CombinedSession, now: float, answer: Callable[[CombinedSession, dict[str, Any]], object] = confirm
) -> list[tuple[float, dict[str, Any]]]:
    """What the session sends when it is asked whenever it wants to be, and everything is answered at once."""
    frames: list[tuple[float, dict[str, Any]]] = []
    while True:
        for frame in sent(session, now):
            frames.append((now, frame))
            answer(session, frame)
        due = session.next_due()
        if due is None:
            return frames
        now = max(now, due)


def test_many_streams_are_subscribed_in_paced_frames() -> None:
    names = [f"s{number}@ticker" for number in range(1024)]
    told = Told()
    session = CombinedSession(BASE, Wishes(names), told)
    assert session.url() == f"{BASE}/stream"
    session.opened(100.0)
    assert not session.ready
    frames = drain(session, 100.0)
    assert session.ready
    assert list(told.flowing) == names
    assert [name for _, frame in frames for name in frame["params"]] == names
    assert {frame["method"] for _, frame in frames} == {"SUBSCRIBE"}
    assert len({frame["id"] for _, frame in frames}) == len(frames)
    assert max(len(frame["params"]) for _, frame in frames) <= 200
    times = [at for at, _ in frames]
    # 5 a second is the venue's limit, one pong and one ping of ours may fall into the same second
    assert all(sum(start <= at < start + 1 for at in times) <= 3 for start in times)


def test_every_connection_is_subscribed_anew() -> None:
    session = CombinedSession(BASE, Wishes(["a@trade", "b@trade"]))
    session.opened(0.0)
    (first,) = sent(session, 0.0)
    session.opened(50.0)
    assert not session.ready
    (second,) = sent(session, 50.0)
    assert (first["method"], first["params"]) == (second["method"], second["params"])
    session.receive(json.dumps({"result": None, "id": first["id"]}).encode())  # of the connection before
    assert not session.ready
    confirm(session, second)
    assert session.ready


def test_what_is_wanted_later_is_subscribed_to_and_what_is_wanted_no_more_is_left_first() -> None:
    wishes, told = Wishes(["a@trade", "b@trade"]), Told()
    session = CombinedSession(BASE, wishes, told)
    session.opened(0.0)
    drain(session, 0.0)
    assert session.outgoing(10.0) == []
    wishes.want(["c@trade"])
    wishes.unwant(["a@trade"])
    steps = [(frame["method"], frame["params"]) for _, frame in drain(session, 10.0)]
    assert steps == [("UNSUBSCRIBE", ["a@trade"]), ("SUBSCRIBE", ["c@trade"])]
    assert "c@trade" in told.flowing
    assert session.ready


def test_what_is_wanted_again_while_it_still_flows_is_granted_without_a_word() -> None:
    wishes, told = Wishes(["a@trade", "b@trade"]), Told()
    session = CombinedSession(BASE, wishes, told)
    session.opened(0.0)
    drain(session, 0.0)
    wishes.unwant(["a@trade"])
    wishes.want(["a@trade"])
    told.flowing.clear()
    assert drain(session, 10.0) == []
    assert set(told.flowing) == {"a@trade", "b@trade"}


def test_answer_to_an_earlier_request_does_not_stand_for_a_later_one() -> None:
    wishes, told = Wishes(["a@trade"]), Told()
    session = CombinedSession(BASE, wishes, told)
    session.opened(0.0)
    (first,) = sent(session, 0.0)
    wishes.unwant(["a@trade"])
    sent(session, 1.0)
    wishes.want(["a@trade"])
    (again,) = sent(session, 2.0)
    confirm(session, first)
    assert not told.flowing
    confirm(session, again)
    assert set(told.flowing) == {"a@trade"}


def test_s08_subscription_without_an_answer_fails_the_connection() -> None:
    session = CombinedSession(BASE, Wishes(["a@trade", "b@trade"]))
    session.opened(0.0)
    session.outgoing(0.0)
    session.outgoing(0.5)
    due = session.next_due()
    assert due is not None
    assert session.outgoing(due - 0.01) == []
    failure = session.outgoing(due)
    assert isinstance(failure, Failure)
    assert not failure.final


def test_s08_partly_confirmed_subscription_is_not_ready_and_fails_the_connection() -> None:
    session = CombinedSession(BASE, Wishes([f"s{number}@trade" for number in range(250)]))
    session.opened(0.0)
    (first,) = sent(session, 0.0)
    (second,) = sent(session, 1.0)
    assert len(first["params"]) + len(second["params"]) == 250
    confirm(session, second)
    assert not session.ready
    assert isinstance(session.outgoing(30.0), Failure)


@pytest.mark.parametrize("form", ["{}", '{"error": {}}'])
def test_s08_refused_stream_is_final_and_says_why_where_nobody_hears_of_it(form: str) -> None:
    session = CombinedSession(BASE, Wishes(["a@trade"]))
    session.opened(0.0)
    (frame,) = sent(session, 0.0)
    refusal = {"code": 2, "msg": "Invalid request: too many parameters"}
    answer = {**(refusal if form == "{}" else {"error": refusal}), "id": frame["id"]}
    failure = session.receive(json.dumps(answer).encode())
    assert isinstance(failure, Failure)
    assert failure.final
    assert "Invalid request" in failure.message


@given(st.integers(1, 300), st.data())
@settings(max_examples=30, deadline=None)
def test_s08_of_many_streams_the_refused_ones_are_found_and_the_others_flow(count: int, data: st.DataObject) -> None:
    names = [f"s{number}@trade" for number in range(count)]
    bad = data.draw(st.sets(st.sampled_from(names), max_size=4))
    wishes, told = Wishes(names), Told()
    session = CombinedSession(BASE, wishes, told)
    session.opened(0.0)

    def answer(session: CombinedSession, frame: dict[str, Any]) -> None:
        if bad & set(frame["params"]):
            assert refuse(session, frame) is Incoming.REPLY
        else:
            confirm(session, frame)

    frames = drain(session, 0.0, answer)
    assert sorted(told.refusals) == sorted(bad)
    assert set(told.flowing) == set(wishes.names) == set(names) - bad
    assert session.ready
    assert len(frames) <= 2 + 2 * len(bad) * count.bit_length()


@pytest.mark.parametrize(("code", "method"), [(-1003, "SUBSCRIBE"), (-1000, "SUBSCRIBE"), (2, "UNSUBSCRIBE")])
def test_refusal_that_is_not_of_a_stream_fails_the_connection_and_is_tried_again(code: int, method: str) -> None:
    wishes = Wishes(["a@trade", "b@trade"])
    session = CombinedSession(BASE, wishes)
    session.opened(0.0)
    (frame,) = sent(session, 0.0)
    if method == "UNSUBSCRIBE":
        confirm(session, frame)
        wishes.unwant(["a@trade"])
        (frame,) = sent(session, 5.0)
    failure = refuse(session, frame, code)
    assert isinstance(failure, Failure)
    assert not failure.final


class Venue:
    """A model of the venue's end of one connection: reads frames in order, answers them when it likes, keeps its limits."""

    def __init__(self, bad: Collection[str]) -> None:
        self.streams: dict[str, None] = {}
        self.dropped: set[str] = set()
        self.times: list[float] = []
        self.answers: deque[bytes] = deque()
        self._bad = bad

    def read(self, frame: dict[str, Any], now: float) -> None:
        self.times.append(now)
        assert sum(now - 1.0 < at <= now for at in self.times) <= 3, "too fast"
        names = frame["params"]
        assert names
        if frame["method"] == "SUBSCRIBE":
            assert not set(names) & self.streams.keys(), "subscribed to twice"
            if set(names) & set(self._bad):
                self.answers.append(json.dumps({"code": 2, "msg": "no", "id": frame["id"]}).encode())
                return
            self.streams |= dict.fromkeys(names)
            assert len(self.streams) <= 6, "over the limit"
        else:
            for name in names:
                self.streams.pop(name, None)  # which was refused
                self.dropped.add(name)
        self.answers.append(json.dumps({"result": None, "id": frame["id"]}).encode())


NAMES = [f"s{number}@trade" for number in range(9)]
STEPS = st.one_of(
    st.tuples(st.just("want"), st.sampled_from(NAMES)),
    st.tuples(st.just("unwant"), st.sampled_from(NAMES)),
    st.tuples(st.just("want anew"), st.sampled_from(NAMES)),
    st.tuples(st.just("time"), st.floats(0.0, 0.5)),
    st.tuples(st.just("answer"), st.none()),
    st.tuples(st.just("break"), st.none()),
)


@given(st.lists(STEPS, max_size=80), st.sets(st.sampled_from(NAMES), max_size=2))
@settings(max_examples=300, deadline=None)
def test_s27_after_a_storm_of_wishes_the_venue_sends_what_is_wanted(steps: list[tuple[str, Any]], bad: set[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "STREAMS_PER_CONNECTION", 6)
        wishes, told, venue, now = Wishes(), Told(), Venue(bad), 0.0
        anew: set[str] = set()
        session = CombinedSession(BASE, wishes, told)
        session.opened(now)

        def send() -> None:
            outgoing = session.outgoing(now)
            assert isinstance(outgoing, list)
            for frame in outgoing:
                venue.read(json.loads(frame), now)

        for step, value in steps:
            if step == "want" and len({*wishes.names, value}) <= 6:
                wishes.want([value])
            elif step == "unwant":
                wishes.unwant([value])
                anew.discard(value)
            elif step == "want anew":
                wishes.want_anew([value])
                if value in venue.streams and value in wishes.names:
                    anew.add(value)
            elif step == "time":
                now += value
            elif step == "answer" and venue.answers:
                assert session.receive(venue.answers.popleft()) is Incoming.REPLY
            elif step == "break":
                venue, now = Venue(bad), now + 1.0
                anew.clear()
                session.opened(now)
            send()
        while (due := session.next_due()) is not None:
            while venue.answers:
                assert session.receive(venue.answers.popleft()) is Incoming.REPLY
            now = max(now, due)
            send()
        assert not set(wishes.names) & bad
        assert venue.streams.keys() == set(wishes.names) <= told.flowing.keys()
        assert session.ready
        assert anew <= venue.dropped


def test_stream_that_is_wanted_anew_is_let_go_and_asked_for_again_and_flows_when_that_is_confirmed() -> None:
    wishes, told = Wishes(["a@trade", "b@trade"]), Told()
    session = CombinedSession(BASE, wishes, told)
    session.opened(0.0)
    (frame,) = sent(session, 0.0)
    confirm(session, frame)
    told.flowing.clear()
    wishes.want_anew(["a@trade"])
    (frame,) = sent(session, 5.0)
    assert (frame["method"], frame["params"]) == ("UNSUBSCRIBE", ["a@trade"])
    confirm(session, frame)
    (frame,) = sent(session, 6.0)
    assert (frame["method"], frame["params"]) == ("SUBSCRIBE", ["a@trade"])
    assert "a@trade" not in told.flowing
    confirm(session, frame)
    assert "a@trade" in told.flowing
    assert sent(session, 7.0) == []


def event_of(name: str) -> bytes:
    return b'{"stream":"%s","data":{"e":"kline","E":1}}' % name.encode()


class TestSilence:
    """Of streams that come by the clock, over one connection."""

    ROUND_S = 120.0

    def flowing(self, *names: str, told: Told | None) -> CombinedSession:
        """A session at whose second round everything was confirmed long ago."""
        self.wishes = Wishes(names)
        session = CombinedSession(BASE, self.wishes, told)
        session.opened(0.0)
        (frame,) = sent(session, 0.0)
        confirm(session, frame)
        assert sent(session, 1.0) == []
        assert session.next_due() == self.ROUND_S
        assert sent(session, self.ROUND_S) == []
        return session

    @pytest.mark.parametrize("together", [True, False])
    def test_s01_a_dead_one_among_others_that_flow_is_noticed(self, together: bool) -> None:
        told = Told()
        session = self.flowing("a@kline_1m", "b@avgPrice", "\u5e01usdt@kline_1m", "c@trade", told=told)
        escaped = b'{"stream":"\\u5e01usdt@kline_1m","data":{}}'
        payloads = [event_of("b@avgPrice"), event_of("c@trade"), escaped, b"[]", event_of("b@avgPrice")]
        if together:
            assert session.all_events(payloads)
        else:
            assert {session.receive(payload) for payload in payloads} == {Incoming.EVENT}
        assert sent(session, 2 * self.ROUND_S - 1) == []
        assert told.dead == []
        assert sent(session, 2 * self.ROUND_S) == []
        assert told.dead == ["a@kline_1m"]
        for name in ("a@kline_1m", "b@avgPrice", "\u5e01usdt@kline_1m"):
            assert session.all_events([event_of(name)])
        assert sent(session, 3 * self.ROUND_S) == []
        assert told.dead == ["a@kline_1m"]

    def test_s01_one_that_nobody_hears_of_is_asked_for_anew(self, caplog: pytest.LogCaptureFixture) -> None:
        session = self.flowing("a@kline_1m", "b@avgPrice", told=None)
        session.all_events([event_of("b@avgPrice")])
        (frame,) = sent(session, 2 * self.ROUND_S)
        assert (frame["method"], frame["params"]) == ("UNSUBSCRIBE", ["a@kline_1m"])
        assert (session.breaks, session.successor().breaks) == (1, 1)
        assert caplog.messages == ["a@kline_1m: it has sent nothing for 120 s, while others come; asked for anew"]

    def test_s01_when_all_are_dead_so_is_the_connection(self) -> None:
        told = Told()
        session = self.flowing("a@kline_1m", "b@avgPrice", "c@trade", told=told)
        failure = session.outgoing(2 * self.ROUND_S)
        assert isinstance(failure, Failure)
        assert (failure.final, told.dead) == (False, [])
        assert "has sent nothing for 120 s" in failure.message

    def test_one_that_is_wanted_later_is_looked_at_and_one_that_is_not_any_more_may_be_silent(self) -> None:
        told = Told()
        session = self.flowing("a@kline_1m", "c@trade", told=told)
        self.wishes.unwant(["a@kline_1m"])
        (frame,) = sent(session, self.ROUND_S + 1)
        confirm(session, frame)
        assert sent(session, self.ROUND_S + 2) == []
        assert session.next_due() is None
        assert sent(session, 2 * self.ROUND_S) == []
        self.wishes.want(["b@kline_1m"])
        (frame,) = sent(session, 2 * self.ROUND_S + 1)
        confirm(session, frame)
        assert sent(session, 3 * self.ROUND_S + 1) == []
        session.all_events([event_of("c@trade")])
        assert told.dead == []
        assert sent(session, 4 * self.ROUND_S + 1) == []
        assert told.dead == ["b@kline_1m"]

    def test_those_that_come_only_when_something_happens_may_be_silent(self) -> None:
        session = CombinedSession(BASE, Wishes(["a@trade", "b@trade"]))
        session.opened(0.0)
        (frame,) = sent(session, 0.0)
        confirm(session, frame)
        assert sent(session, 1.0) == []
        assert session.next_due() is None
        assert sent(session, 10 * self.ROUND_S) == []


def test_events_that_come_before_the_confirmation_are_events() -> None:
    session = CombinedSession(BASE, Wishes(["a@trade", "b@trade"]))
    session.opened(0.0)
    session.outgoing(0.0)
    event = b'{"stream":"a@trade","data":{"e":"trade","t":1}}'
    assert session.receive(event) is Incoming.EVENT
    assert session.receive(b"not json") is Incoming.EVENT
    assert session.receive(b'{"e":"trade"}') is Incoming.EVENT
    assert session.decode(event) == {"stream": "a@trade", "data": {"e": "trade", "t": 1}}


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b'{"stream":"a@trade","data":{"e":"trade","t":1}}', ("a@trade", b'{"e":"trade","t":1}')),
        (b'{"stream":"!miniTicker@arr","data":[{"s":"A"}]}\n', ("!miniTicker@arr", b'[{"s":"A"}]')),
        (b'{"stream":"\\u5e01usdt@trade","data":{}}', ("\u5e01usdt@trade", b"{}")),
        ('{"stream":"\u5e01usdt@trade","data":{}}'.encode(), ("\u5e01usdt@trade", b"{}")),
        (b'{"stream":"\\u5e0","data":{}}', None),
        (b'{"e":"serverShutdown","E":1}', None),
        (b'{"stream":"a@trade"}', None),
        (b"", None),
        # As a venue that is not the real one may write it.
        (b' {"stream": "a@trade", "data": {"e": "trade", "p": 1.10}}', ("a@trade", b'{"e": "trade", "p": 1.10}')),
        (b'{"data":{"t":1},"stream":"a@trade"}', ("a@trade", b'{"t":1}')),
        (b'{"stream":5,"data":{}}', None),
        (b"[1]", None),
    ],
)
def test_message_of_combined_streams_is_routed_by_its_head(payload: bytes, found: tuple[str, bytes] | None) -> None:
    assert streams.routed(payload) == found


def test_combined_streams_keep_their_order_each() -> None:
    session = CombinedSession(BASE, Wishes(["a@trade", "b@trade"]))
    ofs = [session.stream_of(b'{"stream":"%s@trade","data":{"t":%d}}' % (name, number)) for number in (1, 2) for name in (b"a", b"b")]
    assert ofs[0] == ofs[2] != ofs[1] == ofs[3]


def test_single_stream_is_decoded_as_it_came() -> None:
    session = StreamSession(BASE, "a@depth5")
    assert session.decode(b'{"lastUpdateId":1,"bids":[],"asks":[],"data":3}') == {"lastUpdateId": 1, "bids": [], "asks": [], "data": 3}


def test_s15_unknown_events_and_fields_pass_unchanged() -> None:
    session = StreamSession(BASE, "a@trade")
    event = {"e": "somethingNew", "x": [1, {"y": None}]}
    assert session.decode(json.dumps(event).encode()) == event


@pytest.mark.parametrize("raw", [b"", b"{", b"5", b'"text"', b"null", b"\xff\xfe", b"[" * 10_000, b'{"a":'])
def test_s12_unreadable_message_becomes_an_error_event_with_the_text(raw: bytes) -> None:
    for session in (StreamSession(BASE, "a@trade"), CombinedSession(BASE, Wishes(["a@trade", "b@trade"]))):
        assert session.receive(raw) is Incoming.EVENT
        event = session.decode(raw)
        assert event["e"] == "error"
        assert event["m"]
        assert event["raw"] == raw.decode(errors="replace")


def test_announced_shutdown_is_left_before_it_comes() -> None:
    for session in (StreamSession(BASE, "a@trade"), CombinedSession(BASE, Wishes(["a@trade", "b@trade"]))):
        session.opened(0.0)
        assert session.receive(b'{"e":"serverShutdown","E":1}') is Incoming.EVENT
        assert session.leaving
        assert session.successor().url() == session.url()
        session.opened(1.0)
        assert not session.leaving


def test_a_chunk_is_all_events_only_if_each_message_is_nothing_else() -> None:
    event, goodbye = b'{"stream":"a@trade","data":{}}', b'{"e":"serverShutdown","E":1}'
    combined = CombinedSession(BASE, Wishes(["a@trade"]))
    for session in (StreamSession(BASE, "a@trade"), combined):
        session.opened(0.0)
        assert session.all_events([event, event + b" " * 400])
        assert not session.all_events([event, goodbye])
    frame = sent(combined, 0.0)[0]
    assert not combined.all_events([event])  # an answer is awaited
    confirm(combined, frame)
    assert combined.all_events([event])


def test_successor_wants_the_same_also_when_the_wishes_change() -> None:
    wishes = Wishes(["a@trade"])
    successor = CombinedSession(BASE, wishes).successor()
    wishes.want(["b@trade"])
    successor.opened(0.0)
    assert sent(successor, 0.0)[0]["params"] == ["a@trade", "b@trade"]
    assert successor.name == "a@trade and 1 more"


def test_s22_what_is_wanted_beyond_the_limit_is_never_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STREAMS_PER_CONNECTION", 3)
    wishes = Wishes(["a@trade", "b@trade"])
    session = CombinedSession(BASE, wishes)
    session.opened(0.0)
    wishes.want(["c@trade", "d@trade", "e@trade"])
    asked = [name for _, frame in drain(session, 0.0) for name in frame["params"]]
    assert asked == ["a@trade", "b@trade", "c@trade"]


def test_a_connection_carries_1024_streams_at_most() -> None:
    with pytest.raises(ValueError, match="a connection carries 1024 streams at most, not 1025"):
        CombinedSession(BASE, Wishes([f"s{number}@trade" for number in range(1025)]))


def test_depth_message_is_read_single_and_combined() -> None:
    update = {"e": "depthUpdate", "E": 7, "s": "BNBBTC", "U": 157, "u": 160, "b": [["0.0024", "10"]], "a": []}
    for message in (update, {"stream": "bnbbtc@depth", "data": update}, {**update, "b": [[0.0024, 10]]}, {"data": update, "stream": "x"}):
        diff = streams.depth_diff(json.dumps(message, separators=(",", ":")).encode())
        assert isinstance(diff, Diff)
        assert astuple(diff) == (157, 160, [("0.0024", "10")], [], 7, 0)
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
