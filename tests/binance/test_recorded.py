"""What a recording means: which events belong to which stream, once each, and which answer to which question."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance import recorded
from exchangeclient.binance.recorded import Answer, Events, Subscriptions
from exchangeclient.core.recording import Record

COMBINED, SINGLE = "wss://stream.binance.com:9443/stream", "wss://stream.binance.com:9443/ws/btcusdt@trade"
DEPTH_URL = "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000"


def wrapped(stream: str, event: str) -> str:
    return f'{{"stream":"{stream}","data":{event}}}'


def found(records: Sequence[Record]) -> list[tuple[float, str, list[bytes]]]:
    return [(piece.t, piece.stream, piece.payloads) for piece in recorded.pieces(records) if isinstance(piece, Events)]


def test_a_stream_is_the_same_over_a_connection_of_its_own_and_a_shared_one() -> None:
    event = '{"e":"trade","t":1}'
    for record in (Record(1.0, "in", SINGLE, event), Record(1.0, "in", COMBINED, wrapped("btcusdt@trade", event))):
        assert recorded.event_in(record) == ("btcusdt@trade", event.encode())


def test_the_frames_of_a_chunk_stay_together_where_they_are_of_one_stream() -> None:
    said = [("a@trade", "1"), ("a@trade", "2"), ("b@trade", "3"), ("a@trade", "4")]
    chunk = [Record(1.0, "in", COMBINED, wrapped(stream, event)) for stream, event in said]
    later = [Record(2.0, "in", COMBINED, wrapped("a@trade", "5"))]
    assert found(chunk + later) == [
        (1.0, "a@trade", [b"1", b"2"]),
        (1.0, "b@trade", [b"3"]),
        (1.0, "a@trade", [b"4"]),
        (2.0, "a@trade", [b"5"]),
    ]


def test_what_is_no_event_is_left_out() -> None:
    records = [
        Record(1.0, "open", COMBINED),
        Record(1.0, "out", COMBINED, '{"method":"SUBSCRIBE","params":["a@trade"],"id":1}'),
        Record(1.0, "in", COMBINED, '{"result":null,"id":1}'),
        Record(1.0, "in", COMBINED, '{"e":"serverShutdown"}'),
        Record(2.0, "close", COMBINED, "gone"),
    ]
    assert list(recorded.pieces(records)) == []


@given(st.data())
@settings(deadline=None)
def test_an_event_that_came_over_two_connections_comes_once_and_in_order(data: st.DataObject) -> None:
    """A new connection is made before the old one ends; each brings the stream in order, and some of it both bring."""
    count = data.draw(st.integers(2, 12))
    begin = data.draw(st.integers(0, count - 1))
    end = data.draw(st.integers(begin, count))
    old = [("", number) for number in range(end)]
    new = [("#2", number) for number in range(begin, count)]
    records = [Record(0.0, "open", COMBINED)]
    # All that the new one does not bring has come when it opens.
    records += [Record(0.5, "in", COMBINED, wrapped("a@trade", str(number))) for _, number in old[:begin]]
    records.append(Record(1.0, "open", f"{COMBINED}#2"))
    old = old[begin:]
    while old or new:
        here = old if old and (not new or data.draw(st.booleans())) else new
        name, number = here.pop(0)
        records.append(Record(1.0 + len(records) / 100, "in", f"{COMBINED}{name}", wrapped("a@trade", str(number))))
    assert [int(payload) for _, _, payloads in found(records) for payload in payloads] == list(range(count))


def test_equal_events_of_one_connection_are_events_each() -> None:
    records = [Record(0.0, "open", COMBINED), Record(0.0, "open", SINGLE)]
    records += [Record(t, "in", COMBINED, wrapped("a@bookTicker", "1")) for t in (1.0, 2.0, 30.0)]
    assert [payload for _, _, payloads in found(records) for payload in payloads] == [b"1"] * 3


def test_an_equal_event_that_comes_much_later_over_another_connection_is_another() -> None:
    records = [Record(0.0, "open", COMBINED), Record(0.0, "open", f"{COMBINED}#2")]
    records += [Record(t, "in", f"{COMBINED}{name}", wrapped("a@bookTicker", "1")) for t, name in ((1.0, ""), (20.0, "#2"))]
    assert [t for t, _, _ in found(records)] == [1.0, 20.0]


def test_answers_are_found_by_what_was_asked_not_by_how_much_of_it() -> None:
    asked = recorded.question("/api/v3/depth", "symbol=BTCUSDT&limit=5&symbolStatus=TRADING")
    assert list(recorded.pieces([Record(3.0, "http", DEPTH_URL, "{}")])) == [Answer(3.0, asked, "{}")]
    assert asked != recorded.question("/api/v3/depth", "symbol=ETHBTC&limit=5")
    assert asked != recorded.question("/api/v3/trades", "symbol=BTCUSDT&limit=5")
    assert recorded.question("/token/api/v3/depth", "limit=9&symbol=BTCUSDT") == asked
    assert recorded.question("/api/v3/exchangeInfo", "symbol=A") == recorded.question("/api/v3/exchangeInfo", "symbols=%5B%5D")


@pytest.mark.parametrize(("query", "levels"), [("symbol=X&limit=5", 5), ("symbol=X&limit=5000", 300), ("symbol=X", 100)])
def test_a_book_is_given_with_as_many_levels_as_were_asked_for(query: str, levels: int) -> None:
    rows = [[f"{number}.10", "0.50"] for number in range(300)]
    answer = json.loads(recorded.narrowed(json.dumps({"lastUpdateId": 7, "bids": rows, "asks": rows}), "/api/v3/depth", query))
    assert answer == {"lastUpdateId": 7, "bids": rows[:levels], "asks": rows[:levels]}


def test_other_answers_are_given_to_the_letter() -> None:
    assert recorded.narrowed('{"a": 1.50}', "/api/v3/exchangeInfo", "limit=5") == b'{"a": 1.50}'


@pytest.mark.parametrize("text", ["garbage", "[]", "7", '{"lastUpdateId": 1}', '{"bids": null, "asks": 5}'])
def test_what_is_no_book_is_given_as_it_was(text: str) -> None:
    assert recorded.narrowed(text, "/api/v3/depth", "symbol=X&limit=5") == text.encode()


def test_contents_tell_what_there_will_be() -> None:
    records = [Record(5.0, "open", COMBINED), Record(6.0, "http", DEPTH_URL, "1"), Record(7.0, "http", DEPTH_URL, "2")]
    found = recorded.contents(records)
    asked = recorded.question("/api/v3/depth", "symbol=BTCUSDT")
    assert (found.begin_s, found.answers, found.first) == (5.0, {asked: 2}, {asked: "1"})
    assert recorded.contents([]).begin_s == 0.0


def test_a_connection_to_one_stream_brings_it_bare() -> None:
    subscriptions = Subscriptions("ws://localhost/ws/btcusdt%40trade?timeUnit=MICROSECOND")
    assert list(subscriptions.names) == ["btcusdt@trade"]
    assert subscriptions.payload("btcusdt@trade", b"{}") == b"{}"


def test_a_shared_connection_brings_what_is_subscribed_to_as_the_venue_wraps_it() -> None:
    subscriptions = Subscriptions("ws://localhost/stream")
    assert not subscriptions.names
    assert json.loads(subscriptions.said(b'{"method":"SUBSCRIBE","params":["a@trade","b@trade"],"id":7}')) == {"result": None, "id": 7}
    assert list(subscriptions.names) == ["a@trade", "b@trade"]
    subscriptions.said(b'{"method":"UNSUBSCRIBE","params":["a@trade"],"id":8}')
    assert list(subscriptions.names) == ["b@trade"]
    assert json.loads(subscriptions.payload("b@trade", b'{"e":1}')) == {"stream": "b@trade", "data": {"e": 1}}


def test_streams_may_be_named_in_the_address_of_a_shared_connection() -> None:
    assert list(Subscriptions("wss://x/stream?streams=a@trade/b@depth").names) == ["a@trade", "b@depth"]


def test_what_is_no_market_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="/ws-api/v3"):
        Subscriptions("ws://localhost/ws-api/v3")
