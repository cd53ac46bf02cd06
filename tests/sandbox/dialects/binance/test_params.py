"""Reading parameters, and the venue's refusal for each way to get them wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.engine.instruments import shown


def refused(read: Callable[[Params], Any], **values: str) -> int:
    with pytest.raises(VenueError) as caught:
        read(Params(values))
    return caught.value.code


def test_the_querys_value_counts_where_a_name_is_in_both_places() -> None:
    params = Params.from_http("a=query&b=1", "a=body&c=2")
    assert [params.text(name) for name in "abc"] == ["query", "1", "2"]
    params.check_names("abc")


def test_a_name_twice_in_one_place_is_refused() -> None:
    for query, body in (("a=1&a=1", ""), ("", "a=1&a=2")):
        with pytest.raises(VenueError, match="Duplicate") as caught:
            Params.from_http(query, body).check_names("a")
        assert caught.value.code == -1101


def test_unknown_names_are_refused_with_their_number() -> None:
    with pytest.raises(VenueError, match=r"read '1' parameter\(s\) but was sent '3'") as caught:
        Params({"a": "", "b": "", "c": ""}).check_names(("a",))
    assert caught.value.code == -1104
    with pytest.raises(VenueError, match="expected '0' and received '1'") as caught:
        Params({"a": ""}).check_names(())
    assert caught.value.code == -1101


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=5))
def test_whatever_was_percent_encoded_comes_back(values: dict[str, str]) -> None:
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in values.items())
    params = Params.from_http(query, "")
    assert {name: params.text(name) for name in values if values[name]} == {name: value for name, value in values.items() if value}


@pytest.mark.parametrize("query", ["symbol=%FF", "%FF=1", b"symbol=\xff".decode("utf-8", "surrogateescape")])
def test_what_is_no_utf8_is_refused(query: str) -> None:
    with pytest.raises(VenueError) as caught:
        Params.from_http(query, "")
    assert caught.value.code == -1100
    json.dumps(caught.value.shape()).encode()  # the refusal itself can be sent


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_an_amount_is_what_it_shows(number: int) -> None:
    assert Params({"price": shown(number)}).amount("price") == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1e-05", -1100),
        ("-1", -1100),
        (".5", -1100),
        ("5.", -1100),
        ("NaN", -1100),
        ("1,5", -1100),
        ("１", -1100),
        ("0x10", -1100),
        (" 1", -1100),
        ("0.123456789", -1111),
        ("92233720368.54775808", -1108),
        ("", -1105),
    ],
)
def test_an_amount_that_is_none_is_refused(text: str, code: int) -> None:
    assert refused(lambda params: params.amount("price"), price=text) == code


def test_readers_refuse_what_they_cannot_take() -> None:
    assert refused(lambda params: params.need("symbol")) == -1102
    assert refused(lambda params: params.need("symbol"), symbol="") == -1105
    assert refused(lambda params: params.need_all(("a", "b")), a="1") == -1102
    assert refused(lambda params: params.forbid(("a", "b")), b="1") == -1106
    assert refused(lambda params: params.integer("n"), n="1.5") == -1100
    assert refused(lambda params: params.integer("n"), n=str(2**63)) == -1108
    assert refused(lambda params: params.limit(5, 10), limit="0") == -1130
    assert refused(lambda params: params.flag("f", default=True), f="True") == -1100
    assert refused(lambda params: params.client_order_id("c"), c="a b") == -1100
    assert refused(lambda params: params.client_order_id("c"), c="a" * 37) == -1100
    assert refused(lambda params: params.symbol(), symbol="btcusdt") == -1100
    assert refused(lambda params: params.names("symbols"), symbols="BTCUSDT") == -1135
    assert refused(lambda params: params.names("symbols"), symbols="[1]") == -1135
    assert refused(lambda params: params.names("symbols"), symbols="[]") == -1105


def test_what_was_not_sent_has_its_default() -> None:
    params = Params({})
    assert params.text("a") is None
    assert params.integer("a") is None
    assert params.time_us("a") is None
    assert params.names("a") is None
    assert params.symbol() is None
    assert params.amount("a") == 0
    assert params.client_order_id("a") == ""
    assert params.limit(5, 10) == 5
    assert params.flag("a", default=True)


def test_a_limit_past_the_most_is_cut() -> None:
    assert Params({"limit": "5000"}).limit(500, 1000) == 1000


def test_times_may_come_in_either_unit() -> None:
    assert Params({"t": "1700000000123"}).time_us("t") == 1_700_000_000_123_000
    assert Params({"t": "1700000000123456"}).time_us("t") == 1_700_000_000_123_456


def test_a_symbol_may_be_of_any_script() -> None:
    assert Params({"symbol": "这是测试币456"}).symbol() == "这是测试币456"
