from __future__ import annotations

import pytest

from exchangeclient.core.http import jsonio


def test_values_come_and_go() -> None:
    value = {"symbol": "这是测试币456", "rows": [1, "0.10", None, True]}
    assert jsonio.decode(jsonio.encode(value)) == value
    assert jsonio.encode(["BTCUSDT", "BNBBTC"]) == b'["BTCUSDT","BNBBTC"]'


@pytest.mark.parametrize(
    "text",
    [b"", b"<html>", b'{"a": 1', b"\xff\xfe", b'\xef\xbb\xbf{"a": 1}', b"[" * 100_000],
    ids=["none", "html", "cut", "bytes", "bom", "deep"],
)
def test_what_is_no_json_is_one_kind_of_error(text: bytes) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        jsonio.decode(text)


def test_fields_are_given_as_they_are_written() -> None:
    written = b'{"id": 7, "price": 0.10, "text": "\\u8fd9", "rows": [1, 2], "more": {"a": null}}'
    fields = jsonio.fields(written)
    assert fields == {"id": b"7", "price": b"0.10", "text": b'"\\u8fd9"', "rows": b"[1, 2]", "more": b'{"a": null}'}


@pytest.mark.parametrize("text", [b"", b"[1]", b"7", b"null", b'{"a": 1', b"[" * 100_000])
def test_what_is_no_object_has_no_fields(text: bytes) -> None:
    with pytest.raises(ValueError, match="no JSON object"):
        jsonio.fields(text)


@pytest.mark.parametrize(("text", "message"), [(b'{"a": 1}', {"a": 1}), (b"[1]", None), (b'{"a": 1', None), ("pong", None)])
def test_a_message_is_an_object_or_something_else(text: bytes | str, message: object) -> None:
    assert jsonio.object_in(text) == message
