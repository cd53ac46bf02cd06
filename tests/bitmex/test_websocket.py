"""The founding websocket, blocking: its tuples, its storage, and what the later forms added. Nothing here leaves this machine."""

from __future__ import annotations

import gc
import hashlib
import hmac
import os
import queue
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from canned_tables import TableVenue, message

from exchangeclient.bitmex import (
    BitMEXWebsocket,
    BitMEXWebsocketApiError,
    findItemByKeys,
    listening,
    open_bitmex_websocket,
    streams,
    websocket,
)
from exchangeclient.bitmex.listening import Ear
from exchangeclient.core.feeds import blocking
from exchangeclient.core.wire.blocking_link import Link, LinkError
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketAPIException, SocketException, SocketTimeoutException

SOON_S = 20.0
INSTRUMENT = {"symbol": "XBTUSD", "lastPrice": 100.5, "bidPrice": 100}
QUOTE = {"timestamp": "2021-07-22T22:36:09.074Z", "symbol": "XBTUSD", "bidSize": 1, "bidPrice": 100, "askPrice": 101, "askSize": 2}
LEVELS = [
    {"symbol": "XBTUSD", "id": 10, "side": "Sell", "size": 3, "price": 101.5},
    {"symbol": "XBTUSD", "id": 20, "side": "Buy", "size": 4, "price": 100},
]


@pytest.fixture
def venue() -> Iterator[TableVenue]:
    venue = TableVenue()
    venue.rows = {"instrument:XBTUSD": [INSTRUMENT], "quote:XBTUSD": [QUOTE], "orderBookL2:XBTUSD": LEVELS}
    yield venue
    venue.stop()


@pytest.fixture
def make(venue: TableVenue) -> Iterator[Callable[..., BitMEXWebsocket]]:
    made: list[BitMEXWebsocket] = []

    def make(symbol: Any = None, *keys: str, **options: Any) -> BitMEXWebsocket:
        made.append(BitMEXWebsocket(venue.url, symbol, *keys, **{"timeout": SOON_S, **options}))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead man's switches, and new connections, in a fraction of a second."""
    monkeypatch.setattr(websocket, "_switch", lambda given, has_key: streams.Switch(60.0, 0.2) if given and has_key else None)
    monkeypatch.setattr(websocket, "options_to", lambda url: SocketOptions(retry_s=0.05, retry_most_s=0.1))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline, pause = time.monotonic() + SOON_S, threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def test_the_founding_example_runs_without_async(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make("XBTUSD")
    assert bws.ws is None
    told = []
    for item, symbol, table, action in bws.start():
        assert bws.ws.connected
        told.append((item, symbol, table, action))
        if len(told) == 2:
            venue.say(
                message("instrument", "update", {"symbol": "XBTUSD", "lastPrice": 102}), message("quote", "insert", {**QUOTE, "bidSize": 7})
            )
        if len(told) == 4:
            break
    assert told == [
        (INSTRUMENT, "XBTUSD", "instrument", "partial"),
        (QUOTE, "XBTUSD", "quote", "partial"),
        ({**INSTRUMENT, "lastPrice": 102}, "XBTUSD", "instrument", "update"),
        ({**QUOTE, "bidSize": 7}, "XBTUSD", "quote", "insert"),
    ]
    assert venue.heard[0] == {"op": "subscribe", "args": ["instrument:XBTUSD", "quote:XBTUSD", "trade:XBTUSD", "tradeBin1m:XBTUSD"]}
    assert bws.storage.data["instrument"] == [{**INSTRUMENT, "lastPrice": 102}]
    assert bws.storage.keys == {"instrument": ["symbol"], "quote": [], "trade": [], "tradeBin1m": []}
    assert findItemByKeys(bws.storage.keys["instrument"], bws.storage.data["instrument"], {"symbol": "XBTUSD"}) == told[2][0]
    assert told[0][0]["lastPrice"] == 100.5, "what was told is not changed later"


def test_a_loop_that_was_left_can_be_begun_again(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make("XBTUSD")
    for _ in range(3):
        assert list(islice(bws.start(), 2)) == [(INSTRUMENT, "XBTUSD", "instrument", "partial"), (QUOTE, "XBTUSD", "quote", "partial")]
        with pytest.raises(SocketTimeoutException):  # everything was confirmed, and has come
            bws._listeners.wait(Ear([], lambda _: False), 0.05)
    rows = bws.listen("quote", "XBTUSD")
    assert next(rows) == QUOTE
    rows.close()
    rows = bws.listen("quote", "XBTUSD")
    assert next(rows) == QUOTE
    assert venue.accepted == 1


def test_a_key_brings_the_account_and_is_signed_as_the_venue_says(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    venue.rows["margin"] = [{"account": 2, "walletBalance": 100}]
    bws = make(None, "key", "secret")
    assert next(bws.start()) == ({"account": 2, "walletBalance": 100}, None, "margin", "partial")
    key, expires, signature = venue.heard[0]["args"]
    assert (venue.heard[0]["op"], key, type(expires)) == ("authKeyExpires", "key", int)
    assert expires > time.time()
    assert signature == hmac.new(b"secret", f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()
    assert venue.heard[1] == {"op": "subscribe", "args": ["margin", "position", "order", "execution"]}


def test_deletes_are_applied_and_told_when_that_is_asked_for(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    gone = {"symbol": "XBTUSD", "id": 10, "side": "Sell"}
    for report, wanted in ((False, ["partial", "partial", "update"]), (True, ["partial", "partial", "delete", "update"])):
        with make(report_deletes=report) as bws:
            ear = bws._enter(["orderBookL2:XBTUSD"], None)
            told = [action for _, _, _, action in bws._wait(ear) or ()]
            venue.say(
                message("orderBookL2", "delete", gone), message("orderBookL2", "update", {**gone, "id": 20, "side": "Buy", "size": 9})
            )
            while len(told) < len(wanted):
                told += [action for _, _, _, action in bws._wait(ear) or ()]
            assert told == wanted
            assert bws.storage.data["orderBookL2"] == [{**LEVELS[1], "size": 9}]


def test_b15_what_comes_before_the_partial_is_dropped_and_a_second_partial_replaces(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket]
) -> None:
    venue.early["orderBookL2:XBTUSD"] = [
        message("orderBookL2", "update", {"symbol": "XBTUSD", "id": 20, "side": "Buy", "size": 99}),
        message("orderBookL2", "delete", {"symbol": "XBTUSD", "id": 10, "side": "Sell"}),
    ]
    bws = make()
    rows = bws.listen("orderBookL2", "XBTUSD")
    assert list(islice(rows, 2)) == LEVELS
    assert bws.stats() == {"early": 2}
    fresh = {"symbol": "XBTUSD", "id": 30, "side": "Buy", "size": 1, "price": 99}
    venue.say(message("orderBookL2", "partial", fresh, keys=["symbol", "id", "side"], filter={"symbol": "XBTUSD"}))
    assert next(rows) == fresh
    assert bws.storage.data["orderBookL2"] == [fresh]


def test_b15_an_unknown_row_has_its_topic_asked_for_anew(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make()
    rows = bws.listen("orderBookL2", "XBTUSD")
    assert list(islice(rows, 2)) == LEVELS
    venue.rows["orderBookL2:XBTUSD"] = [LEVELS[1]]
    venue.say(message("orderBookL2", "update", {"symbol": "XBTUSD", "id": 77, "side": "Buy", "size": 99}))
    assert next(rows) == LEVELS[1]
    assert [each["op"] for each in venue.heard] == ["subscribe", "unsubscribe", "subscribe"]
    assert bws.storage.data["orderBookL2"] == [LEVELS[1]]
    assert not bws.storage.is_stale("orderBookL2", "XBTUSD")
    assert bws.stats()["unknown"] == 1
    assert venue.accepted == 1, "over the same connection"


@pytest.mark.usefixtures("near")
def test_s03_a_lost_connection_is_made_again_and_everything_asked_for_again(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket]
) -> None:
    bws = make()
    rows = bws.listen("orderBookL2", "XBTUSD")
    assert list(islice(rows, 2)) == LEVELS
    assert not bws.storage.is_stale("orderBookL2", "XBTUSD")
    venue.rows["orderBookL2:XBTUSD"] = [LEVELS[0]]
    seen: list[bool] = []
    venue.early["orderBookL2:XBTUSD"] = [message("trade", "partial", keys=[], filter={"symbol": "XBTUSD"})]
    venue.drop()
    bws._report = lambda error: seen.append(True)  # type: ignore[method-assign]
    assert next(rows) == LEVELS[0]
    assert bws.storage.data["orderBookL2"] == [LEVELS[0]], "not every row twice"
    assert venue.accepted == 2
    venue.drop()
    wait_for_silence = threading.Thread(target=lambda: next(rows, None), daemon=True)
    wait_for_silence.start()
    wait_until(lambda: venue.accepted == 3)
    bws.close()
    wait_for_silence.join(SOON_S)
    assert not seen


@pytest.mark.usefixtures("near")
def test_s03_tables_are_stale_from_the_break_to_the_new_partial(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make()
    rows = bws.listen("instrument", "XBTUSD")
    next(rows)
    venue.refusals["instrument:XBTUSD"] = {"status": 429, "error": "Rate limit exceeded, retry in 1 seconds.", "meta": {"retryAfter": 0.2}}
    venue.drop()
    with pytest.raises(SocketTimeoutException):
        bws._listeners.wait(rows._ear, 0.6)
    assert bws.storage.is_stale("instrument", "XBTUSD")
    assert bws.storage.data["instrument"] == [INSTRUMENT], "what was known is still to be read"
    del venue.refusals["instrument:XBTUSD"]
    assert next(rows) == INSTRUMENT, "asked for again when it may be"
    assert not bws.storage.is_stale("instrument", "XBTUSD")


def test_s03_tables_are_stale_while_no_connection_comes_about(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make(timeout=0.5)
    rows = bws.listen("instrument", "XBTUSD")
    next(rows)
    venue.refuse(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    venue.drop()
    with pytest.raises(SocketTimeoutException):
        bws._wait(rows._ear)
    assert bws.ws is None
    assert bws.storage.is_stale("instrument", "XBTUSD")


def test_listeners_share_a_topic_until_the_last_one_leaves(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make()
    one, other = bws.listen("quote", "XBTUSD"), bws.listen("quote", "XBTUSD")
    assert next(one) == next(other) == QUOTE
    one.close()
    assert list(one) == []
    venue.say(message("quote", "insert", {**QUOTE, "askSize": 5}))
    assert next(other)["askSize"] == 5
    late = bws.listen("quote", "XBTUSD")
    venue.say(message("quote", "insert", {**QUOTE, "askSize": 6}))
    assert next(other)["askSize"] == next(late)["askSize"] == 6
    with pytest.raises(SocketTimeoutException):
        bws._listeners.wait(late._ear, 0.3)
    assert [each["op"] for each in venue.heard] == ["subscribe"], "what flows is not asked for again"
    del other, late
    keeps_reading = bws.listen("instrument", "XBTUSD")
    next(keeps_reading)
    assert {"op": "unsubscribe", "args": ["quote:XBTUSD"]} in venue.heard


def test_listeners_on_threads_and_callbacks_read_for_one_another(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws, came, called = make(), queue.Queue[Any](), queue.Queue[Any]()

    async def callback(row: Any) -> None:
        called.put(row)

    bws.listen("quote", "XBTUSD", callback=callback)
    rows = bws.listen("instrument")
    thread = threading.Thread(target=lambda: [came.put(row) for row in rows], daemon=True)
    thread.start()
    assert called.get(timeout=SOON_S) == QUOTE
    wait_until(lambda: not bws.storage.is_stale("instrument"))
    for number in range(50):
        venue.say(message("quote", "insert", {**QUOTE, "askSize": number}), message("instrument", "insert", {"symbol": f"S{number}"}))
    assert [called.get(timeout=SOON_S)["askSize"] for _ in range(50)] == list(range(50))
    assert [came.get(timeout=SOON_S)["symbol"] for _ in range(50)] == [f"S{number}" for number in range(50)]
    bws.close()
    thread.join(SOON_S)
    assert not thread.is_alive()


def test_s09_a_callback_that_fails_stops_nothing(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws, came = make(), queue.Queue[Any]()

    def fail(row: Any) -> None:
        came.put(row)
        raise RuntimeError("user code")

    listening = bws.listen("quote", "XBTUSD", callback=fail)
    came.get(timeout=SOON_S)
    venue.say(message("quote", "insert", QUOTE))
    assert came.get(timeout=SOON_S) == QUOTE
    with pytest.raises(TypeError, match="callback"):
        next(listening)


def test_s08_a_topic_that_is_refused_is_told_to_who_asked_for_it_and_to_nobody_else(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket]
) -> None:
    venue.refusals["nosuch"] = {"status": 400, "error": "Unknown table: nosuch", "meta": {}}
    errors: list[BitMEXWebsocketApiError] = []
    bws = make(on_error=errors.append)
    good, bad = bws.listen("quote", "XBTUSD"), bws.listen("nosuch")
    with pytest.raises(BitMEXWebsocketApiError, match="Unknown table") as refused:
        next(bad)
    assert (refused.value.status, refused.value.message, refused.value.meta) == (400, "Unknown table: nosuch", {})
    assert refused.value.request["op"] == "subscribe"
    assert next(good) == QUOTE
    assert [error.status for error in errors] == [400]


def test_s03_a_key_that_is_refused_ends_it_by_name_and_is_not_shown(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    venue.login = {"status": 401, "error": "Signature not valid.", "meta": {}}
    bws = make("XBTUSD", "key", "secret")
    with pytest.raises(BitMEXWebsocketApiError) as refused:
        next(bws.start())
    assert (refused.value.status, refused.value.message, refused.value.request) == (401, "Signature not valid.", {"op": "authKeyExpires"})
    assert isinstance(refused.value, SocketException)
    assert venue.accepted == 1, "not tried again"
    with pytest.raises(SocketAPIException):
        next(bws.listen("quote"))


@pytest.mark.usefixtures("near")
def test_the_dead_mans_switch_is_kept_and_taken_back_as_the_last_word(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make("XBTUSD", "key", "secret", dead_mans_switch=True)
    told = bws.start()
    next(told)
    reading = threading.Thread(target=lambda: list(told), daemon=True)
    reading.start()
    venue.wait_heard({"op": "cancelAllAfter", "args": 60_000}, times=2)
    bws.close()
    reading.join(SOON_S)
    assert venue.heard[-1] == {"op": "cancelAllAfter", "args": 0}
    assert not any(each.get("args") == 60_000 for each in venue.heard[venue.heard.index(venue.heard[-1]) :])


@pytest.mark.usefixtures("near")
def test_a_dead_mans_switch_is_taken_back_though_the_connection_was_lost_meanwhile(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "_POLL_S", 0.01)  # the next connection and what is said over it take longer than one look
    bws = make("XBTUSD", "key", "secret", dead_mans_switch=True)
    told = bws.start()
    next(told)
    armed = {"op": "cancelAllAfter", "args": 60_000}
    while armed not in venue.heard:
        venue.say(message("quote", "insert", QUOTE))
        next(told)
    venue.drop()
    bws.close()
    assert venue.heard[-1] == {"op": "cancelAllAfter", "args": 0}, "the venue counts on, whatever becomes of the connection"
    assert venue.accepted == 2


@pytest.mark.usefixtures("near")
def test_a_dead_mans_switch_is_taken_back_at_once_when_on_error_closes(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    venue.refusals["nosuch"] = {"status": 400, "error": "Unknown table: nosuch", "meta": {}}
    bws = make("XBTUSD", "key", "secret", dead_mans_switch=True, on_error=lambda _: bws.close())  # type: ignore[has-type]
    told = bws.start()
    next(told)
    while not bws._session.armed:
        venue.say(message("quote", "insert", QUOTE))
        next(told)
    began_s = time.monotonic()
    assert list(bws.listen("nosuch")) == []
    assert time.monotonic() - began_s < websocket._DISARM_S - 1
    assert venue.heard[-1] == {"op": "cancelAllAfter", "args": 0}


def test_a_dead_mans_switch_that_cannot_be_taken_back_is_said(
    make: Callable[..., BitMEXWebsocket], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(websocket, "_DISARM_S", 0.05)
    bws, goes_on = make("XBTUSD", "key", "secret", dead_mans_switch=True), threading.Event()
    bws._session._armed = True
    busy = threading.Thread(target=bws._listeners.alone, args=(lambda: goes_on.wait(SOON_S) and None, SOON_S), daemon=True)
    busy.start()
    wait_until(lambda: bws._listeners._reader is not None)
    bws.close()
    assert "was not taken back" in caplog.text
    goes_on.set()
    busy.join(SOON_S)


def test_a_listener_may_be_collected_in_the_middle_of_anything(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make()
    told, rows = bws.listen("instrument", "XBTUSD"), bws.listen("quote", "XBTUSD")
    next(told)
    for lock in (bws._listeners._lock, bws._wanting):
        holder: list[Any] = [bws.listen("quote", "XBTUSD")]
        holder.append(holder)
        del holder
        with lock:
            gc.collect()  # as it may happen by itself, wherever anything is made
    del rows
    reading = threading.Thread(target=next, args=(told,), daemon=True)
    reading.start()
    venue.wait_heard({"op": "unsubscribe", "args": ["quote:XBTUSD"]})
    assert len(bws._listeners.ears) == 1
    venue.say(message("instrument", "update", {"symbol": "XBTUSD", "lastPrice": 7}))
    reading.join(SOON_S)
    assert not reading.is_alive()


def test_a_symbol_that_is_wanted_alone_and_with_all_comes_once(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    venue.rows["trade"] = venue.rows["trade:XBTUSD"] = [{"symbol": "XBTUSD", "price": 1}]
    bws = make()
    one = bws.listen("trade", "XBTUSD")
    next(one)
    every = bws.listen("trade")
    assert next(every) == next(one) == {"symbol": "XBTUSD", "price": 1}
    assert bws.listen("trade", "XBTUSD") is not None
    venue.say(message("trade", "insert", {"symbol": "XBTUSD", "price": 2}))
    assert next(every) == next(one) == {"symbol": "XBTUSD", "price": 2}
    assert [row["price"] for row in bws.storage.data["trade"]] == [1, 2]
    every.close()
    assert bws.storage.is_stale("trade", "XBTUSD")
    assert next(one)["price"] == 1
    assert not bws.storage.is_stale("trade", "XBTUSD")
    asked = [(each["op"], *each["args"]) for each in venue.heard]
    assert asked == [("subscribe", "trade:XBTUSD"), ("unsubscribe", "trade:XBTUSD"), ("subscribe", "trade"), ("unsubscribe", "trade"),
                     ("subscribe", "trade:XBTUSD")]  # fmt: skip


def test_what_keeps_lacking_something_is_not_asked_for_all_the_time(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "_ANEW_S", 600.0)
    bws = make()
    rows = bws.listen("orderBookL2", "XBTUSD")
    other = bws.listen("quote", "XBTUSD")
    for number in range(4):
        list(islice(rows, 2 if number < 2 else 0))
        venue.say(message("orderBookL2", "update", {"symbol": "XBTUSD", "id": 77, "side": "Buy"}), message("quote", "insert", QUOTE))
        next(other)
    assert [each["op"] for each in venue.heard].count("unsubscribe") == 1
    assert bws.storage.is_stale("orderBookL2", "XBTUSD")
    bws._anew_s = float("-inf")
    assert next(rows) == LEVELS[0]


def test_a_topic_that_needs_a_key_is_refused_to_who_asked_and_the_others_go_on(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket]
) -> None:
    venue.refusals["order"] = {"status": 401, "error": "User requested an account-locked subscription", "meta": {}}
    bws = make()
    quotes, orders = bws.listen("quote", "XBTUSD"), bws.listen("order")
    with pytest.raises(BitMEXWebsocketApiError, match="account-locked"):
        next(orders)
    assert next(quotes) == QUOTE
    with pytest.raises(BitMEXWebsocketApiError):
        next(bws.listen("order"))
    assert next(bws.listen("instrument", "XBTUSD")) == INSTRUMENT


@pytest.mark.parametrize(("timeout", "given_s"), [(None, SocketOptions().connect_timeout_s), (4.0, 4.0), (0.1, 1.0)])
def test_a_connection_has_as_long_to_come_about_as_an_item_has(
    monkeypatch: pytest.MonkeyPatch, timeout: float | None, given_s: float
) -> None:
    given: list[float] = []

    def open_link(url: str, options: SocketOptions, timeout_s: float) -> Link:
        given.append(timeout_s)
        raise LinkError("it is far away")

    monkeypatch.setattr(blocking, "open_link", open_link)
    with BitMEXWebsocket("local", timeout=timeout) as bws:
        rows = bws.listen("trade", "XBTUSD")
        with pytest.raises(SocketTimeoutException):
            bws._listeners.wait(rows._ear, 0.01)
    assert given[0] == given_s


def test_open_bitmex_websocket_waits_for_the_welcome(venue: TableVenue) -> None:
    with open_bitmex_websocket(venue.url, timeout=SOON_S) as bws:
        assert bws.ws.connected
        assert next(bws.listen("quote", "XBTUSD")) == QUOTE
    with pytest.raises(SocketException, match="closed"):
        bws.listen("quote")
    assert bws.ws is None


def test_a_wait_ends_in_time_and_can_be_repeated(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make(timeout=0.4)
    rows = bws.listen("trade", "XBTUSD")
    ear = rows._ear
    with pytest.raises(SocketTimeoutException):
        bws._wait(ear)
    venue.say(message("trade", "insert", {"symbol": "XBTUSD", "price": 1}))
    bws._timeout_s = SOON_S
    assert next(rows) == {"symbol": "XBTUSD", "price": 1}


def test_s26_a_silent_connection_is_asked_by_the_venues_own_ping(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_PING_AFTER_S", 0.1)
    rows = make().listen("trade", "XBTUSD")
    thread = threading.Thread(target=lambda: next(rows, None), daemon=True)
    thread.start()
    venue.wait_heard("ping")
    venue.say(message("trade", "insert", {"symbol": "XBTUSD"}))
    thread.join(SOON_S)
    assert not thread.is_alive()
    assert venue.accepted == 1


def test_s12_what_is_no_message_is_reported_and_the_rest_goes_on(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    errors: list[BitMEXWebsocketApiError] = []
    rows = make(on_error=errors.append).listen("quote", "XBTUSD")
    next(rows)
    odd = ["nonsense", "[]", "7", '{"table":"quote","action":"insert","data":7}', '{"table":"quote","action":"nosuch","data":[]}',
           '{"table":"quote","action":"insert","data":[7]}', '{"table":["quote"],"action":"insert","data":[]}', "{}"]  # fmt: skip
    venue.say(*odd, message("quote", "insert", {**QUOTE, "bidSize": 3}))
    assert next(rows)["bidSize"] == 3
    assert len(errors) >= 5
    assert all(error.status == 0 for error in errors)


@pytest.mark.parametrize("endpoint", ["mainnet", "testnet", "wss://www.bitmex.com/realtime", "https://www.bitmex.com"])
def test_the_historic_hosts_are_refused_by_the_date_on_which_they_closed(endpoint: str) -> None:
    bws = BitMEXWebsocket(endpoint, "XBTUSD")
    for call in (bws.start, bws.connect, lambda: bws.listen("trade")):
        with pytest.raises(SocketException, match="closed on 2026-09-23"):
            call()
    bws.close()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        (("nowhere",), {}, ValueError, "mainnet, testnet, local"),
        ((), {}, TypeError, "endpoint"),
        (("local",), {"network": "local"}, TypeError, "endpoint"),
        ((7,), {}, TypeError, "endpoint"),
        (("ws://example.org/realtime",), {}, ValueError, "endpoint"),
        (("local", 7), {}, TypeError, "symbol"),
        (("local", "no such"), {}, ValueError, "symbol"),
        (("local", None, "key"), {}, ValueError, "api_secret"),
        (("local", None, None, "secret"), {}, ValueError, "api_key"),
        (("local",), {"timeout": 0}, ValueError, "timeout"),
        (("local",), {"on_error": 7}, TypeError, "on_error"),
        (("local",), {"table_keys": {"quote": "symbol"}}, TypeError, "table_keys"),
        (("local",), {"table_keys": [7]}, TypeError, "table_keys"),
        (("local",), {"table_keys": {"quote": [7]}}, TypeError, "table_keys"),
        (("local",), {"max_table_len": "9"}, TypeError, "max_table_len"),
        (("local",), {"max_table_len": True}, TypeError, "max_table_len"),
        (("local",), {"max_table_len": 0}, ValueError, "max_table_len"),
        (("local",), {"report_deletes": 1}, TypeError, "report_deletes"),
        (("local",), {"dead_mans_switch": True}, ValueError, "dead_mans_switch"),
        (("local", None, "key", "secret"), {"dead_mans_switch": 1}, ValueError, "dead_mans_switch"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arguments: Any, options: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        BitMEXWebsocket(*arguments, **options)


def test_both_words_for_the_first_argument_work_and_nothing_to_start_is_said() -> None:
    for bws in (BitMEXWebsocket("local", ["XBTUSD", "xbtusd"]), BitMEXWebsocket(network="local", symbol="XBTUSD", loop=None)):
        assert bws._topics == ["instrument:XBTUSD", "quote:XBTUSD", "trade:XBTUSD", "tradeBin1m:XBTUSD"]
        assert "secret" not in repr(bws)
        bws.close()
    with pytest.raises(ValueError, match="listen"):
        BitMEXWebsocket("local").start()
    with pytest.raises(ValueError, match="symbols"):
        BitMEXWebsocket("local").listen("margin", "XBTUSD")


def test_an_instrument_tells_how_many_decimals_its_prices_have(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    venue.rows["instrument:XBTUSD"] = [{"symbol": "XBTUSD", "tickSize": 0.5}]
    venue.rows["instrument:TRXU21"] = [{"symbol": "TRXU21", "tickSize": 1e-10}]
    bws = make(["XBTUSD", "TRXU21"])
    assert bws.get_instrument() is None
    told = bws.start()
    while bws.get_instrument("trxu21") is None or bws.get_instrument() is None:
        next(told)
    assert [bws.get_instrument(symbol) for symbol in (None, "TRXU21")] == [
        {"symbol": "XBTUSD", "tickSize": 0.5, "tickLog": 1},
        {"symbol": "TRXU21", "tickSize": 1e-10, "tickLog": 10},
    ]


def test_s11_rows_that_nobody_asks_for_are_dropped_and_counted(
    venue: TableVenue, make: Callable[..., BitMEXWebsocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LIMIT", 10)
    bws = make()
    idle, busy = bws.listen("quote", "XBTUSD"), bws.listen("instrument", "XBTUSD")
    next(busy)
    venue.say(*(message("quote", "insert", {**QUOTE, "bidSize": number}) for number in range(30)))
    venue.say(message("instrument", "update", {"symbol": "XBTUSD", "x": 1}))
    assert next(busy)["x"] == 1
    assert bws.stats() == {"dropped": 21}
    assert next(idle)["bidSize"] == 20, "the oldest are"


def test_what_nobody_listens_to_any_more_is_stale(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make()
    rows = bws.listen("instrument", "XBTUSD")
    next(rows)
    assert not bws.storage.is_stale("instrument", "XBTUSD")
    rows.close()
    assert bws.storage.is_stale("instrument", "XBTUSD")
    assert bws.storage.data["instrument"] == [INSTRUMENT]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_p09_a_process_that_was_forked_off_has_a_connection_of_its_own(venue: TableVenue, make: Callable[..., BitMEXWebsocket]) -> None:
    bws = make()
    rows = bws.listen("instrument", "XBTUSD")
    next(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a process with threads is forked, which is the point
        pid = os.fork()
    if pid == 0:
        signal.alarm(int(SOON_S))
        ok = False
        try:
            ok = next(rows) == INSTRUMENT
        finally:
            os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert venue.accepted == 2
    venue.peer()
