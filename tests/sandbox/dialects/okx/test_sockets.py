"""A connection to OKX: pings, logins, subscriptions and their refusals, silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.serving.messages import HttpRequest


def test_there_are_three_of_them(bench: Any, wire: Callable[[str], Any]) -> None:
    for path in ("public", "private", "business", "public/"):
        assert wire(path).say("ping") == ["pong"]
    assert bench.app.websocket(HttpRequest("GET", "/ws/v5/other")).status == 404


def test_every_argument_is_acknowledged_and_repeats_are_too(wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    trades, other = {"channel": "trades", "instId": "BTC-USDT"}, {"channel": "trades", "instId": "ETH-BTC"}
    first = socket.subscribe(trades, other)
    assert [(each["event"], each["arg"]) for each in first] == [("subscribe", trades), ("subscribe", other)]
    assert len({each["connId"] for each in first}) == 1
    assert [each["arg"] for each in socket.subscribe(trades)] == [trades]
    (gone,) = socket.say({"op": "unsubscribe", "args": [trades]})
    assert (gone["event"], gone["arg"]) == ("unsubscribe", trades)
    assert socket.say({"op": "unsubscribe", "args": [trades]})[0]["code"] == "60018"
    assert set(socket.handler.topics) == {"trades:ETH-BTC", "notice:"}


@pytest.mark.parametrize(
    ("path", "argument", "code"),
    [
        ("public", {"channel": "nonsense", "instId": "BTC-USDT"}, "60018"),
        ("public", {"channel": "tickers", "instId": "NO-SUCH"}, "60018"),
        ("public", {"channel": "tickers"}, "60018"),
        ("public", {"channel": "mark-price", "instId": "BTC-USDT"}, "60018"),
        ("public", {"channel": "candle1m", "instId": "BTC-USDT"}, "64001"),
        ("public", {"channel": "orders", "instType": "ANY"}, "60018"),
        ("public", {"channel": "books-l2-tbt", "instId": "BTC-USDT"}, "64003"),
        ("public", {"channel": "instruments", "instType": "COINS"}, "60018"),
        ("public", {"channel": "tickers", "uly": "BTC-USDT"}, "64000"),
        ("business", {"channel": "tickers", "instId": "BTC-USDT"}, "64002"),
        ("business", {"channel": "candle7m", "instId": "BTC-USDT"}, "60018"),
        ("business", {"channel": "orders-algo", "instType": "ANY"}, "60011"),
        ("private", {"channel": "tickers", "instId": "BTC-USDT"}, "60018"),
        ("private", {"channel": "account"}, "60011"),
        ("private", {"channel": "fills"}, "64003"),
        ("public", {"channel": 5}, "60013"),
        ("public", {}, "60013"),
    ],
)
def test_what_a_subscription_is_refused_for(wire: Callable[[str], Any], path: str, argument: Any, code: str) -> None:
    (answer,) = wire(path).subscribe(argument)
    assert (answer["event"], answer["code"]) == ("error", code)
    assert set(answer) == {"event", "code", "msg", "connId"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "60012"),
        ("[]", "60012"),
        ("hello", "60012"),
        ({"op": "dance", "args": [{}]}, "60019"),
        ({"args": [{}]}, "60019"),
        ({"op": "subscribe"}, "60013"),
        ({"op": "subscribe", "args": []}, "60013"),
        ({"op": "subscribe", "args": ["tickers"]}, "60013"),
        ({"op": "order", "args": [{}]}, "60019"),
    ],
)
def test_what_a_message_is_refused_for(wire: Callable[[str], Any], message: Any, code: str) -> None:
    (answer,) = wire("public").say(message)
    assert (answer["event"], answer["code"]) == ("error", code)


def test_an_id_comes_back(wire: Callable[[str], Any]) -> None:
    arguments = [{"channel": "trades", "instId": "BTC-USDT"}, {"channel": "nonsense"}]
    answers = wire("public").say({"id": "a1", "op": "subscribe", "args": arguments})
    assert [(each["id"], each["event"]) for each in answers] == [("a1", "subscribe"), ("a1", "error")]
    assert "id" not in wire("public").subscribe(arguments[0])[0]


def test_one_wrong_argument_does_not_stop_the_others(wire: Callable[[str], Any]) -> None:
    answers = wire("public").subscribe({"channel": "nonsense"}, {"channel": "trades", "instId": "BTC-USDT"})
    assert [each["event"] for each in answers] == ["error", "subscribe"]


def test_logging_in(wire: Callable[[str], Any]) -> None:
    socket = wire("private")
    answer = socket.log_in()
    assert (answer["event"], answer["code"], answer["msg"]) == ("login", "0", "")
    assert socket.handler.account == "key"
    assert socket.log_in()["code"] == "60010"
    assert socket.closed is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"apiKey": ""}, "60001"),
        ({"sign": ""}, "60002"),
        ({"passphrase": ""}, "60003"),
        ({"timestamp": ""}, "60004"),
        ({"timestamp": "2020-12-08T09:08:57.715Z"}, "60004"),
        ({"timestamp": "1600000000"}, "60006"),
        ({"apiKey": "nobody"}, "60032"),
        ({"apiKey": "no key"}, "60005"),
        ({"passphrase": "other words"}, "60024"),
        ({"sign": "bm8="}, "60007"),
    ],
)
def test_a_login_that_fails_is_told_why_and_closed(wire: Callable[[str], Any], changed: dict[str, str], code: str) -> None:
    socket = wire("private")
    answer = socket.log_in(**changed)
    assert (answer["event"], answer["code"]) == ("error", code)
    assert socket.closed is not None


def test_silence_ends_a_connection_and_pings_keep_it(wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    socket.wait(29)
    assert socket.closed is None
    assert socket.say("ping") == ["pong"]
    socket.wait(25)
    assert socket.closed is None
    socket.wait(10)
    assert socket.closed == (4004, "No data received in 30s.")


def test_what_is_told_keeps_it_as_well(bench: Any, wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    socket.subscribe({"channel": "books5", "instId": "BTC-USDT"})
    for _ in range(8):
        socket.wait(10)
        bench.pass_time(1)
    assert socket.closed is None


def test_a_message_that_is_too_long_ends_it(wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    assert socket.say('{"op":"subscribe","args":[' + " " * 70_000 + "]}") == []
    assert socket.closed is not None
    assert socket.closed[0] == 1009


def test_who_has_hung_up_is_told_nothing_more(bench: Any, wire: Callable[[str], Any]) -> None:
    socket = wire("public")
    socket.subscribe({"channel": "books5", "instId": "BTC-USDT"})
    socket.hang_up()
    socket.heard()
    bench.pass_time(1)
    assert socket.heard() == []
    assert bench.app.venue.streams._audiences == {}


def test_subscriptions_to_a_private_channel_are_counted(bench: Any, make_wire: Callable[..., Any]) -> None:
    sockets = [make_wire(bench, "private") for _ in range(31)]
    for number, socket in enumerate(sockets, 1):
        socket.log_in()
        *_, counted = socket.subscribe({"channel": "orders", "instType": "ANY"})
        expected = "channel-conn-count" if number <= 30 else "channel-conn-count-error"
        assert (counted["event"], counted["channel"], counted["connCount"]) == (expected, "orders", str(min(number, 30)))
    assert sockets[-1].subscribe({"channel": "account"})[0]["event"] == "subscribe"
