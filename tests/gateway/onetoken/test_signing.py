"""Signatures: the vectors of the original client's own tests, and both rules for bodies."""

from __future__ import annotations

import pytest

from exchangeclient.gateway.onetoken.signing import is_signed, signature

SECRET = "this-is-long-secret"
SENT = b'{"contract": "okex/btc.usdt", "price": 10, "bs": "b", "amount": 1}'


@pytest.mark.parametrize(
    ("verb", "path", "nonce", "data", "wanted"),
    [
        ("GET", "/okex/demo/info", "this-is-nonce", b"", "bf676b208d1b90e2763b0206f8426fc66583b07281a0368c97a9ee71e098e33e"),
        (
            "POST",
            "/okex/demo/info",
            "this-is-nonce",
            b'{"price": 0.1,     "amount": 0.2}',
            "d75535f8f5e2d21dd5e5a0e8609ef56e3177d55f661dfc51b458b9d7ada711dc",
        ),
        ("GET", "/ws/demo", "this-is-nonce", b"", "dec621cdc4dd9ed289c4f8b2a905292957ecf71227b68fee31c669124885d7cd"),
        ("POST", "/okex/demo/orders", "1555471107536351", SENT, "22282474444318648d509569c4f2472cc2824e5db436f992524cf4f68b318445"),
    ],
)
def test_the_vectors_of_the_original_client(verb: str, path: str, nonce: str, data: bytes, wanted: str) -> None:
    assert signature(SECRET, verb, path, nonce, data) == wanted
    assert is_signed(wanted, SECRET, (verb, path, nonce), data)
    assert not is_signed(wanted, SECRET, (verb, path, nonce + "1"), data)
    assert not is_signed(wanted, SECRET + "1", (verb, path, nonce), data)
    assert not is_signed(wanted[:-1], SECRET, (verb, path, nonce), data)


def test_a_body_may_be_signed_with_its_keys_sorted() -> None:
    request = "POST", "/okex/demo/orders", "1555471107536351"
    assert is_signed("28fa02a2a25736e4fc939731d2c0ce22cf598d8e7af4cbb2690e005cea951180", SECRET, request, SENT)
    assert is_signed("22282474444318648d509569c4f2472cc2824e5db436f992524cf4f68b318445", SECRET, request, SENT)
    other = SENT.replace(b"10", b"11")
    assert not is_signed("28fa02a2a25736e4fc939731d2c0ce22cf598d8e7af4cbb2690e005cea951180", SECRET, request, other)


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_signed_as_it_is_or_not_at_all(body: bytes) -> None:
    request = "POST", "/okex/demo/orders", "1"
    assert not is_signed("0" * 64, SECRET, request, body)
    assert is_signed(signature(SECRET, *request, body), SECRET, request, body)
