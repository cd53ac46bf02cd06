from __future__ import annotations

import json
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.core.http.request import Kind, Message, Request, Response, Security, encode, redacted, wire_text


class Side(Enum):
    BUY = "BUY"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        ("BTCUSDT", "BTCUSDT"),
        (5, "5"),
        (0.00001, "0.00001"),
        (Decimal("1E-8"), "0.00000001"),
        (Side.BUY, "BUY"),
        (["BTCUSDT", "BNBBTC"], '["BTCUSDT","BNBBTC"]'),
        (("这是测试币456",), '["这是测试币456"]'),
        ([1, 2], "[1,2]"),
    ],
)
def test_the_text_of_a_value(value: Any, text: str) -> None:
    assert wire_text(value, "x") == text


@pytest.mark.parametrize("value", [None, b"BTCUSDT", {"a": 1}, {1}, object(), [None], [True], [0.5], [["a"]], (x for x in "ab")])
def test_a_value_without_a_text_is_named(value: Any) -> None:
    with pytest.raises(TypeError, match="symbols must be"):
        wire_text(value, "symbols")


@pytest.mark.parametrize("value", [[], float("nan"), "\ud800", ["\ud800"]])
def test_a_value_that_cannot_be_meant_is_named(value: Any) -> None:
    with pytest.raises(ValueError, match="symbols must"):
        wire_text(value, "symbols")


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")), min_size=1))
def test_encoded_parameters_read_back_as_they_were(params: dict[str, str]) -> None:
    text = encode(params)
    assert parse_qsl(text, keep_blank_values=True, strict_parsing=True) == list(params.items())
    assert text.isascii()
    assert not set(text) & set(" +/\"'<>#\n")


ODD = st.text(st.sampled_from("aZ0-._~=&%+ /\u00e9"), max_size=4)


@given(st.dictionaries(ODD, ODD))
def test_parameters_are_encoded_one_by_one(params: dict[str, str]) -> None:
    pairs = [(quote(name, safe=""), quote(text, safe="")) for name, text in params.items()]
    assert encode(params) == "&".join(f"{name}={text}" for name, text in pairs)


def test_what_is_no_unicode_is_not_encoded() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode({"symbol": "\ud800"})


def test_having_adds_at_the_end_and_changes_nothing() -> None:
    request = Request("get_order", "GET", "/api/v3/order", {"symbol": "BTCUSDT"}, Security.USER_DATA)
    stamped = request.having(timestamp="1")
    assert list(stamped.params) == ["symbol", "timestamp"]
    assert list(request.params) == ["symbol"]
    assert stamped.kind is Kind.READ


def test_only_security_none_goes_unsigned() -> None:
    assert [security.signed for security in Security] == [False, True, True]


def test_signatures_and_session_keys_are_hidden() -> None:
    message = Message("GET", "https://api.binance.com/api/v3/order?symbol=BTCUSDT&signature=abc%2Bdef&x=1")
    assert redacted(message.url) == "https://api.binance.com/api/v3/order?symbol=BTCUSDT&signature=***&x=1"
    assert redacted("apiKey=abc&listenKey=def") == "apiKey=***&listenKey=***"
    assert redacted("with url: /o?signature=12ab (Caused by ...)") == "with url: /o?signature=*** (Caused by ...)"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/?url=%2Forder%3Fa%3D1%26signature%3DCAFE%26b%3D2", "/?url=%2Forder%3Fa%3D1%26signature%3D***%26b%3D2"),
        ('{"signature": "CA/FE==", "b": 2}', '{"signature": "***", "b": 2}'),
        ('{"msg": "{\\"signature\\":\\"CAFE\\"}"}', '{"msg": "{\\"signature\\":\\"***\\"}"}'),
        ("X-MBX-APIKEY: CAFE\r\nHost: a", "X-MBX-APIKEY: ***\r\nHost: a"),
        ("{'x-mbx-apikey': 'CAFE'}", "{'x-mbx-apikey': '***'}"),
    ],
)
def test_a_secret_is_hidden_however_it_is_written(said: str, shown: str) -> None:
    assert redacted(said) == shown


@pytest.mark.parametrize("secret", ["pass phrase", "a & b", "it's"])
def test_what_stands_in_quotes_is_hidden_up_to_the_quote_that_ends_it(secret: str) -> None:
    said = json.dumps({"args": [{"apiKey": "k1", "passphrase": secret, "timestamp": "5"}]})
    assert redacted(said) == '{"args": [{"apiKey": "***", "passphrase": "***", "timestamp": "5"}]}'
    assert redacted(json.dumps(said)) == json.dumps(redacted(said))


def test_a_shown_answer_says_nothing_that_the_venue_said() -> None:
    response = Response(302, b"signature=CAFE", {"location": "/?signature=CAFE"})
    assert repr(response) == "<Response 302 of 14 bytes>"


@pytest.mark.parametrize(
    ("verb", "body", "has_body"), [("GET", "", False), ("DELETE", "", False), ("DELETE", "a=1", True), ("POST", "", True)]
)
def test_a_form_is_sent_even_when_it_is_empty(verb: str, body: str, has_body: bool) -> None:
    message = Message(verb, "https://api.example.com/x?signature=abc", {}, body)
    assert message.has_body is has_body
    assert message.called == f"{verb} https://api.example.com/x"
