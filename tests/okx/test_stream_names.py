from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.okx.messages import event_in, event_time_ms, routed, stream_of
from exchangeclient.okx.stream_names import arg_of, depth_name, door_of, door_of_all, kline_name, name_of, stream_list, type_name


@pytest.mark.parametrize(
    ("name", "arg", "door"),
    [
        ("trades:BTC-USDT", {"channel": "trades", "instId": "BTC-USDT"}, "public"),
        ("trades-all:BTC-USDT", {"channel": "trades-all", "instId": "BTC-USDT"}, "business"),
        ("candle1Dutc:BTC-USDT", {"channel": "candle1Dutc", "instId": "BTC-USDT"}, "business"),
        ("mark-price:BTC-USDT", {"channel": "mark-price", "instId": "BTC-USDT"}, "public"),
        ("mark-price-candle1m:BTC-USDT", {"channel": "mark-price-candle1m", "instId": "BTC-USDT"}, "business"),
        ("instruments:SPOT", {"channel": "instruments", "instType": "SPOT"}, "public"),
        ("orders:ANY", {"channel": "orders", "instType": "ANY"}, "private"),
        ("orders-algo:SPOT", {"channel": "orders-algo", "instType": "SPOT"}, "business"),
        ("account", {"channel": "account"}, "private"),
        ("status", {"channel": "status"}, "public"),
    ],
)
def test_a_name_stands_for_what_the_venue_calls_a_stream(name: str, arg: dict[str, str], door: str) -> None:
    assert arg_of(name) == arg
    assert name_of(arg) == name
    assert door_of(name) == door


def test_names_are_made_of_what_users_write() -> None:
    assert depth_name("btc-usdt") == depth_name("BTC-USDT", 400) == "books:BTC-USDT"
    assert (depth_name("BTC-USDT", 5), depth_name("BTC-USDT", "1")) == ("books5:BTC-USDT", "bbo-tbt:BTC-USDT")
    assert kline_name("BTC-USDT", "1h") == "candle1H:BTC-USDT"
    assert kline_name("BTC-USDT", "1d") == "candle1Dutc:BTC-USDT"
    assert kline_name("BTC-USDT", "1D") == "candle1D:BTC-USDT"
    assert type_name("instruments", "swap") == "instruments:SWAP"


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: depth_name("BTC-USDT", 7), "depth"),
        (lambda: depth_name("BTCUSDT"), "instId"),
        (lambda: depth_name("BTC-USDT\n"), "x"),
        (lambda: kline_name("BTC-USDT", "8h"), "interval"),
        (lambda: type_name("instruments", "coins"), "instType"),
        (lambda: stream_list([]), "streams"),
        (lambda: stream_list(["{}"]), "streams"),
        (lambda: door_of_all(["trades:A-B", "trades-all:A-B"]), "streams"),
    ],
)
def test_what_the_venue_would_not_send_is_refused(make: Any, named: str) -> None:
    if named == "x":
        assert make() == "books:BTC-USDT", "spaces around are no part of a name"
        return
    with pytest.raises(ValueError, match=named):
        make()
    with pytest.raises(TypeError):
        stream_list("trades:BTC-USDT")


def test_messages_are_known_by_how_they_begin() -> None:
    message = b'{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"ts":"1597026383085"}]}'
    assert routed(message) == ("trades:BTC-USDT", message)
    assert stream_of(message) == b'{"arg":{"channel":"trades","instId":"BTC-USDT"}'
    assert event_time_ms(message) == 1597026383085
    other_order = b'{"data":[],"arg":{"instId":"BTC-USDT","channel":"trades"}}'
    assert routed(other_order) == ("trades:BTC-USDT", other_order)
    assert routed(b"pong") is None
    assert event_time_ms(b'{"arg":{},"data":[]}') is None
    assert event_in(b"}{")["event"] == "error"
