from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.bitmex import stream_names


def test_topics_are_spelled_as_the_venue_has_them() -> None:
    assert stream_names.topic("trade", "xbtusd") == "trade:XBTUSD"
    assert stream_names.topic("quote", "XBT:perpetual") == "quote:XBT:perpetual"
    assert stream_names.topic("trade", ".BXBT") == "trade:.BXBT"
    assert stream_names.topic("margin") == "margin"
    assert [stream_names.depth_name("A1", depth) for depth in (None, 10, "25")] == ["orderBookL2:A1", "orderBook10:A1", "orderBookL2_25:A1"]
    assert stream_names.kline_name("XBTUSD", "1h") == "tradeBin1h:XBTUSD"
    assert stream_names.stream_list(["trade:A", "trade:A", "margin"]) == ["trade:A", "margin"]


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda: stream_names.topic("trade", "XBT USD"), ValueError, "symbol"),
        (lambda: stream_names.topic("trade", ""), ValueError, "symbol"),
        (lambda: stream_names.topic("trade", 7), TypeError, "symbol"),
        (lambda: stream_names.topic("trade:A"), ValueError, "table"),
        (lambda: stream_names.topic(None), TypeError, "table"),
        (lambda: stream_names.topic("margin", "A1"), ValueError, "margin"),
        (lambda: stream_names.depth_name("A1", 5), ValueError, "depth"),
        (lambda: stream_names.kline_name("A1", "3m"), ValueError, "interval"),
        (lambda: stream_names.stream_list("trade"), TypeError, "streams"),
        (lambda: stream_names.stream_list([]), ValueError, "streams"),
        (lambda: stream_names.stream_list([7]), TypeError, "streams"),
        (lambda: stream_names.stream_list(["trade:A,quote:B"]), ValueError, "streams"),
    ],
)
def test_what_the_venue_would_not_send_is_refused_by_name(call: Any, error: type[Exception], name: str) -> None:
    with pytest.raises(error, match=name):
        call()


def test_what_shares_a_connection_and_what_asks_for_a_key() -> None:
    assert [name for name in ("trade:A", "trade", "quote:XBT:perpetual", "insurance", "margin") if stream_names.is_shared(name)] == [
        "trade:A",
        "insurance",
        "margin",
    ]
    assert [name for name in ("trade:A", "order", "position:A", "insurance") if stream_names.is_private(name)] == ["order", "position:A"]
