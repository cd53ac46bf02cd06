"""The venue's websocket protocol, frame by frame: nothing here is connected to anything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from exchangeclient.core.protocol.session import Failure, Incoming, Wishes
from exchangeclient.market.booksync import Diff, Snapshot
from exchangeclient.okx.streams import BookReader, StreamSession, snapshot_in


def frame(**said: Any) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()


def acked(channel: str, inst_id: str = "BTC-USDT") -> bytes:
    return frame(event="subscribe", arg={"channel": channel, "instId": inst_id}, connId="a1")


class Heard:
    """What the venue made of wishes."""

    def __init__(self) -> None:
        self.granted_names: list[str] = []
        self.refused_names: dict[str, str] = {}

    def granted(self, names: Iterable[str]) -> None:
        self.granted_names += names

    def refused(self, name: str, reason: str) -> None:
        self.refused_names[name] = reason


def said(session: StreamSession, now_s: float) -> list[Any]:
    frames = session.outgoing(now_s)
    assert not isinstance(frames, Failure), frames
    return [text if text == "ping" else json.loads(text) for text in frames]


def test_wishes_are_subscribed_to_and_it_flows_when_all_are_confirmed() -> None:
    session = StreamSession("wss://x.example", "public", Wishes(["trades:BTC-USDT", "instruments:SPOT"]))
    session.opened(0.0)
    assert session.url() == "wss://x.example/ws/v5/public"
    (asked,) = said(session, 0.0)
    assert asked == {
        "op": "subscribe",
        "args": [{"channel": "trades", "instId": "BTC-USDT"}, {"channel": "instruments", "instType": "SPOT"}],
    }
    assert session.receive(acked("trades")) is Incoming.REPLY
    assert not session.ready
    assert session.receive(frame(arg={"channel": "trades", "instId": "BTC-USDT"}, data=[])) is Incoming.EVENT, "data precede an ack"
    session.receive(frame(event="subscribe", arg={"channel": "instruments", "instType": "SPOT"}))
    assert session.ready
    session.receive(acked("trades"))  # the venue acknowledges some twice
    assert said(session, 1.0) == []


def test_what_is_wanted_later_is_subscribed_to_and_what_is_wanted_no_more_is_dropped() -> None:
    wishes, heard = Wishes(["trades:BTC-USDT"]), Heard()
    session = StreamSession("wss://x.example", "public", wishes, heard)
    session.opened(0.0)
    said(session, 0.0)
    session.receive(acked("trades"))
    wishes.want(["tickers:BTC-USDT"])
    wishes.unwant(["trades:BTC-USDT"])
    assert said(session, 0.1) == [], "frames are spaced"
    assert said(session, 0.5) == [{"op": "unsubscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]}]
    assert said(session, 1.0) == [{"op": "subscribe", "args": [{"channel": "tickers", "instId": "BTC-USDT"}]}]
    session.receive(frame(event="unsubscribe", arg={"channel": "trades", "instId": "BTC-USDT"}))
    session.receive(acked("tickers"))
    assert heard.granted_names == ["trades:BTC-USDT", "tickers:BTC-USDT"]
    assert said(session, 12.0) == [], "nothing is overdue"


def test_an_error_that_names_its_channel_is_that_ones_alone() -> None:
    wishes, heard = Wishes(["trades:BTC-USDT", "trades:NO-SUCH"]), Heard()
    session = StreamSession("wss://x.example", "public", wishes, heard)
    session.opened(0.0)
    said(session, 0.0)
    text = "Wrong URL or channel:trades,instId:NO-SUCH doesn't exist. Please use the correct URL, channel and parameters."
    assert session.receive(frame(event="error", code="60018", msg=text, connId="a1")) is Incoming.REPLY
    assert list(heard.refused_names) == ["trades:NO-SUCH"]
    session.receive(acked("trades"))
    assert session.ready
    assert wishes.names == ("trades:BTC-USDT",)


def test_of_an_error_that_names_none_the_streams_are_asked_for_one_by_one() -> None:
    wishes, heard = Wishes(["trades:A-B", "trades:BAD-BAD", "trades:C-D"]), Heard()
    session = StreamSession("wss://x.example", "public", wishes, heard)
    session.opened(0.0)
    assert len(said(session, 0.0)[0]["args"]) == 3
    session.receive(acked("trades", "A-B"))
    session.receive(frame(event="error", code="60012", msg="Invalid request"))
    now_s, asked = 1.0, []
    while (frames := said(session, now_s)) and now_s < 9:
        (name,) = (arg["instId"] for arg in frames[0]["args"])
        asked.append(name)
        session.receive(frame(event="error", code="60012", msg="Invalid request") if "BAD" in name else acked("trades", name))
        now_s += 1.0
    assert asked == ["BAD-BAD", "C-D"]
    assert list(heard.refused_names) == ["trades:BAD-BAD"]
    assert session.ready


def test_without_anybody_to_hear_it_a_refusal_ends_the_stream_for_good() -> None:
    session = StreamSession("wss://x.example", "public", Wishes(["trades:NO-SUCH"]))
    session.opened(0.0)
    said(session, 0.0)
    outcome = session.receive(frame(event="error", code="60018", msg="channel:trades,instId:NO-SUCH doesn't exist"))
    assert isinstance(outcome, Failure)
    assert outcome.final


def test_a_subscription_that_is_not_confirmed_ends_the_connection() -> None:
    session = StreamSession("wss://x.example", "public", Wishes(["trades:BTC-USDT"]))
    session.opened(0.0)
    said(session, 0.0)
    assert session.next_due() == 10.0
    assert session.outgoing(10.0) == Failure("a subscription was not confirmed")


def test_the_account_is_logged_in_to_before_anything_is_asked_for() -> None:
    session = StreamSession("wss://x.example", "private", Wishes(["orders:ANY"]), login=lambda: {"op": "login", "args": []})
    session.opened(0.0)
    assert said(session, 0.0) == [{"op": "login", "args": []}]
    assert said(session, 5.0) == []
    session.receive(frame(event="login", code="0", msg="", connId="a"))
    assert said(session, 6.0) == [{"op": "subscribe", "args": [{"channel": "orders", "instType": "ANY"}]}]
    session.receive(frame(event="subscribe", arg={"channel": "orders", "instType": "ANY"}))
    assert session.ready


@pytest.mark.parametrize(("code", "final"), [("60009", True), ("60005", True), ("60006", False), ("60004", False), ("50026", False)])
def test_a_refused_login_is_final_unless_it_may_be_over_the_next_time(code: str, final: bool) -> None:
    session = StreamSession("wss://x.example", "private", Wishes(["orders:ANY"]), login=lambda: {"op": "login", "args": []})
    session.opened(0.0)
    said(session, 0.0)
    outcome = session.receive(frame(event="error", code=code, msg="Login failed."))
    assert isinstance(outcome, Failure)
    assert outcome.final is final


def test_S26_a_ping_is_a_text_and_what_is_not_answered_ends_the_connection() -> None:
    session = StreamSession("wss://x.example", "public", Wishes())
    session.opened(0.0)
    assert session.next_due() == 20.0
    assert said(session, 20.0) == ["ping"]
    assert not session.all_events([frame(arg={}, data=[])]), "whatever comes now is looked at: it is as good as a pong"
    assert session.receive(b"pong") is Incoming.REPLY
    assert said(session, 31.0) == []
    assert said(session, 40.0) == ["ping"]
    session.receive(frame(arg={"channel": "trades"}, data=[]))
    assert said(session, 51.0) == []
    assert said(session, 60.0) == ["ping"]
    assert isinstance(session.outgoing(70.0), Failure)


def test_S04_the_notice_of_an_upgrade_has_another_connection_made_first() -> None:
    session = StreamSession("wss://x.example", "public", Wishes(["trades:BTC-USDT"]))
    session.opened(0.0)
    session.receive(frame(event="notice", code="1", msg="something else"))
    assert not session.leaving
    session.receive(frame(event="notice", code="64008", msg="The connection will soon be closed for a service upgrade."))
    assert session.leaving
    assert session.successor().names == session.names
    session.opened(1.0)
    assert not session.leaving


def test_frames_stay_below_the_hourly_limit_however_often_the_wishes_change() -> None:
    wishes = Wishes()
    session = StreamSession("wss://x.example", "public", wishes, Heard())
    session.opened(0.0)
    sent, now_s = 0, 0.0
    while now_s < 3600.0:
        wishes.want([f"trades:X{sent}-Y"])
        frames = [each for each in said(session, now_s) if each != "ping"]
        for each in frames:
            for arg in each["args"]:
                session.receive(frame(event="subscribe", arg=arg))
        sent += len(frames)
        session.receive(b"pong")
        now_s += 1.0
    assert sent == 240
    assert len([each for each in said(session, 3601.0) if each != "ping"]) == 1


def row(**more: Any) -> dict[str, Any]:
    return {"asks": [["3366.8", "9", "0", "10"]], "bids": [["3366.1", "7", "0", "3"]], "ts": "1597026383085", **more}


def book_message(action: str, **more: Any) -> bytes:
    return frame(arg={"channel": "books", "instId": "BTC-USDT"}, action=action, data=[row(**more)])


def test_books_are_read() -> None:
    reader = BookReader()
    snapshot = reader.read(book_message("snapshot", prevSeqId=-1, seqId=123, checksum=0))
    assert isinstance(snapshot, Snapshot)
    assert snapshot.last_id == 123
    assert snapshot.book.top() == ((("3366.1", "7"),), (("3366.8", "9"),))
    diff = reader.read(book_message("update", prevSeqId=123, seqId=130, checksum=0))
    assert diff == Diff(123, 130, [("3366.1", "7")], [("3366.8", "9")], 1597026383085, 0)
    assert reader.read(acked("books")) is None


def test_a_checksum_is_checked_where_one_is_sent_and_is_not_zero() -> None:
    sides = {"asks": [["3366.8", "9"], ["3368", "8"]], "bids": [["3366.1", "7"], ["3366", "6"]]}
    good = frame(arg={}, action="snapshot", data=[{**row(), **sides, "seqId": 1, "checksum": -1881014294}])
    assert isinstance(BookReader().read(good), Snapshot)
    bad = frame(arg={}, action="snapshot", data=[{**row(), **sides, "seqId": 1, "checksum": -1881014295}])
    with pytest.raises(ValueError, match="checksum"):
        BookReader().read(bad)


@pytest.mark.parametrize(
    "message",
    [b"[]", b"\xff", book_message("update", prevSeqId="1", seqId=2), book_message("snapshot", asks=[["x", "1"]], seqId=1),
     book_message("update", prevSeqId=1, seqId=2, ts="now"), book_message("update", prevSeqId=1), frame(arg={}, action="update", data=[])],
)  # fmt: skip
def test_what_cannot_be_read_is_said_to_be_unreadable(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        BookReader().read(message)


def test_a_rest_book_without_a_number_cannot_be_joined() -> None:
    assert snapshot_in(row()) is None
    numbered = snapshot_in(row(seqId=7))
    assert numbered is not None
    assert numbered.last_id == 7
    with pytest.raises(ValueError, match="order book"):
        snapshot_in({"bids": 1})
