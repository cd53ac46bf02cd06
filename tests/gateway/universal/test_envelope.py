from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.gateway.universal.envelope import Envelope, read
from exchangeclient.gateway.universal.texts import Refused

GOOD = {
    "access_key": "canary-key",
    "secret_key": "canary-secret",
    "nonce": 1730275031047002000,
    "method": "ticker",
    "params": {"symbol": "LTC_USDT"},
}


def posted(**changed: Any) -> bytes:
    return json.dumps({name: value for name, value in {**GOOD, **changed}.items() if value is not ...}).encode()


def test_the_printed_body_is_read() -> None:
    call = read(posted())
    assert (call.access_key, call.secret_key, call.method, call.params) == ("canary-key", "canary-secret", "ticker", {"symbol": "LTC_USDT"})
    assert call.nonce == 1730275031047002000
    assert "canary" not in repr(call)


@pytest.mark.parametrize("name", ["access_key", "secret_key", "method", "params"])
@pytest.mark.parametrize("value", [..., None])
def test_what_is_missing_is_told_in_the_words_that_robots_know(name: str, value: Any) -> None:
    with pytest.raises(Refused, match=r"^missing required parameters$"):
        read(posted(**{name: value}))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"access_key": 5}, "missing required parameters: access_key"),
        ({"secret_key": ["a"]}, "missing required parameters: secret_key"),
        ({"method": {}}, "missing required parameters: method"),
        ({"method": "x" * 513}, "missing required parameters: method"),
        ({"access_key": "x" * 4097}, "missing required parameters: access_key"),
        ({"params": []}, "missing required parameters: params"),
        ({"params": "a"}, "missing required parameters: params"),
        ({"nonce": -1}, "Exception occurred: nonce"),
        ({"nonce": 2**63}, "Exception occurred: nonce"),
        ({"nonce": 1.5}, "Exception occurred: nonce"),
        ({"nonce": True}, "Exception occurred: nonce"),
        ({"nonce": "12x"}, "Exception occurred: nonce"),
        ({"nonce": 10**400}, "Exception occurred: nonce"),
        ({"nonce": [1]}, "Exception occurred: nonce"),
    ],
)
def test_wrong_types_are_refused(changed: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(text)}"):
        read(posted(**changed))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"canary", b"\xff", b"[]", b"5", b'"canary"', b"null", b"[" * 100_000, b'{"a":NaN}', b'{"a":Infinity}']
)
def test_what_is_no_object_is_refused_without_an_echo(body: bytes) -> None:
    with pytest.raises(Refused, match=r"^invalid JSON") as refused:
        read(body)
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("given", "nonce"), [(..., None), (None, None), ("", None), (0, 0), ("1730275031047002000", 1730275031047002000), (5e3, 5000)]
)
def test_a_nonce_may_be_missing_or_text(given: Any, nonce: int | None) -> None:
    assert read(posted(nonce=given)).nonce == nonce


def test_extra_fields_do_no_harm_and_older_hosts_put_code_and_args_beside_the_parameters() -> None:
    call = read(posted(method="io", params={}, code=2, args=["swap"], extra=[1]))
    assert call.params == {"code": 2, "args": ["swap"]}


def call_with(**params: Any) -> Envelope:
    return Envelope("k", "s", "m", params, 7)


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (" a ", "a"), (5, "5"), (None, ""), ("", "")])
def test_texts_are_read_leniently(value: Any, text: str) -> None:
    assert call_with(p=value).text("p") == text
    assert call_with().text("p") == ""


@pytest.mark.parametrize(
    ("value", "figure"),
    [("0.1", "0.1"), (0.1, "0.1"), (1e-05, "0.00001"), (5, "5"), ("-1", "-1"), (" 2 ", "2"), ("1e-5", "0.00001")],
)
def test_figures_are_exact(value: Any, figure: str) -> None:
    assert call_with(p=value).figure("p") == Decimal(figure)


@pytest.mark.parametrize("value", ["x", "0x10", True, [], {}, "1,5", "NaN", "9" * 100, "1e9999"])
def test_what_is_no_figure_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match=r"^Exception occurred: p must be"):
        call_with(p=value).figure("p")


@pytest.mark.parametrize(
    ("value", "number"), [("30", 30), (30, 30), (30.0, 30), ("", 9), (None, 9), (0, 9), ("0", 9), ("-5", 9), (1731028903911, 1731028903911)]
)
def test_whole_numbers_are_read_leniently(value: Any, number: int) -> None:
    assert call_with(p=value).whole("p", 9) == number


@pytest.mark.parametrize("value", ["1.5", "a", 2**70, False])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match=r"^Exception occurred: p must be"):
        call_with(p=value).whole("p")


@pytest.mark.parametrize("value", [True, [], {}])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match=r"^Exception occurred: p must be a text"):
        call_with(p=value).text("p")


def test_the_client_order_id_is_the_same_for_the_same_key_and_nonce_only() -> None:
    one = Envelope("k", "s", "trade", {"a": "1"}, 7)
    assert one.client_order_id() == Envelope("k", "other", "trade", {"a": "2"}, 7).client_order_id()
    others = {Envelope("k", "s", "trade", {}, 8).client_order_id(), Envelope("k2", "s", "trade", {}, 7).client_order_id()}
    assert one.client_order_id() not in others
    assert re.fullmatch("u[0-9a-z]{30}", one.client_order_id() or "")
    assert Envelope("k", "s", "trade", {}).client_order_id() is None


def test_the_fingerprint_tells_calls_apart_whatever_the_order_of_their_parameters() -> None:
    one = Envelope("k", "s", "trade", {"a": "1", "b": "2"}, 7)
    assert one.fingerprint() == Envelope("k", "s", "trade", {"b": "2", "a": "1"}, 7).fingerprint()
    assert one.fingerprint() != Envelope("k", "s", "trade", {"a": "1", "b": "3"}, 7).fingerprint()
    assert one.fingerprint() != Envelope("k", "s", "cancel", {"a": "1", "b": "2"}, 7).fingerprint()
    assert Envelope("k", "s", "trade", {"a": "\udcff"}, 7).fingerprint()
