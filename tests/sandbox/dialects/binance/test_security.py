"""Who asks and when: signatures over the very bytes, and both inequalities of time to the microsecond."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.security import Gate, check_time, http_payload, signature_holds, wsapi_payload

# The venue's published vectors (rest-api.md, web-socket-api.md, and the older document for query plus body).
KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ORDER = "side=BUY&type=LIMIT&timeInForce=GTC"
REST = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
HTTP_VECTORS = [
    (f"symbol=LTCBTC&{ORDER}&{REST}", "", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
    ("", f"symbol=LTCBTC&{ORDER}&{REST}", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
    (f"symbol=LTCBTC&{ORDER}", REST, "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"),
    (
        f"symbol={quote('１２３４５６')}&{ORDER}&{REST}",
        "",
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    ),
]
WSAPI_VECTORS = [
    (
        {"price": "52000.00", "quantity": "0.01000000", "recvWindow": "100", "side": "SELL", "symbol": "BTCUSDT"},
        "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
    ),
    (
        {"price": "0.10000000", "quantity": "1.00000000", "recvWindow": "5000", "side": "BUY", "symbol": "１２３４５６"},
        "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
    ),
]
NOW_US = 1_700_000_000_123_456


@pytest.mark.parametrize(("query", "body", "signature"), HTTP_VECTORS)
@pytest.mark.parametrize("place", ["query", "body", "first"])
def test_the_published_vectors_hold_wherever_the_signature_is_put(query: str, body: str, signature: str, place: str) -> None:
    given = f"signature={signature}"
    if place == "query":
        payload = http_payload("&".join(filter(None, (query, given))), body)
    elif place == "body":
        payload = http_payload(query, "&".join(filter(None, (body, given))))
    else:
        payload = http_payload("&".join(filter(None, (given, query))), body)
    assert payload == (query + body).encode()
    assert signature_holds(Account(KEY, SECRET), payload, signature)
    assert signature_holds(Account(KEY, SECRET), payload, signature.upper())
    assert not signature_holds(Account(KEY, SECRET + "x"), payload, signature)
    assert not signature_holds(Account(KEY, SECRET), payload + b"&", signature)


@pytest.mark.parametrize(("params", "signature"), WSAPI_VECTORS)
def test_the_published_vectors_of_the_websocket_api_hold(params: dict[str, str], signature: str) -> None:
    values = {**params, "timeInForce": "GTC", "timestamp": "1645423376532", "type": "LIMIT", "apiKey": KEY, "signature": signature}
    assert signature_holds(Account(KEY, SECRET), wsapi_payload(values), signature)


def test_signed_text_that_was_encoded_only_afterwards_is_refused() -> None:
    raw, sent = "newClientOrderId=a/b&timestamp=1", f"newClientOrderId={quote('a/b', safe='')}&timestamp=1"
    account = Account("key", "secret")
    signature = hmac.new(b"secret", raw.encode(), hashlib.sha256).hexdigest()
    assert signature_holds(account, http_payload(raw, ""), signature)
    assert not signature_holds(account, http_payload(sent, ""), signature)


PARTS = st.sampled_from(["a=1", "signature=x", "xsignature=y", "a=signature=1", "signature", "", "b=%3D", "signature=", "=signature="])


@given(st.lists(PARTS), st.lists(PARTS))
def test_every_part_but_the_signature_is_signed_wherever_it_is(query: list[str], body: list[str]) -> None:
    def kept(parts: list[str]) -> str:
        return "&".join(part for part in "&".join(parts).split("&") if part != "signature" and not part.startswith("signature="))

    assert http_payload("&".join(query), "&".join(body)) == (kept(query) + kept(body)).encode()


def test_bytes_that_are_no_utf8_are_signed_as_they_came() -> None:
    assert http_payload(b"a=\xff".decode("utf-8", "surrogateescape"), "") == b"a=\xff"


def pem(key: Any) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return str(public.decode())


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_public_keys_check_what_their_private_keys_signed(kind: str) -> None:
    payload = b"symbol=BTCUSDT&timestamp=1"
    key: Any
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        signature = base64.b64encode(key.sign(payload, padding.PKCS1v15(), SHA256())).decode()
    else:
        key = ed25519.Ed25519PrivateKey.generate()
        signature = base64.b64encode(key.sign(payload)).decode()
    account = Account("key", public_key=pem(key))
    assert signature_holds(account, payload, signature)
    assert not signature_holds(account, payload + b"0", signature)
    for broken in ("", "!", signature[:-4], signature.lower(), "AAAA" + signature[4:]):
        assert not signature_holds(account, payload, broken)


@pytest.mark.parametrize(
    ("sent_us", "window", "code"),
    [
        (NOW_US, None, None),
        (NOW_US + 999_999, None, None),
        (NOW_US + 1_000_000, None, "ahead"),
        (NOW_US - 5_000_000, None, None),
        (NOW_US - 5_000_001, None, "outside"),
        (NOW_US - 60_000_000, "60000", None),
        (NOW_US - 60_000_001, "60000", "outside"),
        (NOW_US - 346, "0.346", None),
        (NOW_US - 347, "0.346", "outside"),
        (NOW_US - 1, "0", "outside"),
        (NOW_US, "0", None),
        (NOW_US // 1000, None, None),
        (NOW_US // 1000 - 5_001, None, "outside"),
        (NOW_US // 1000 + 1_000, None, None),
        (NOW_US // 1000 + 1_001, None, "ahead"),
    ],
)
def test_the_time_is_checked_to_the_microsecond(sent_us: int, window: str | None, code: str | None) -> None:
    params = Params({"timestamp": str(sent_us), **({"recvWindow": window} if window else {})})
    if code is None:
        check_time(params, NOW_US)
    else:
        with pytest.raises(VenueError, match=code) as caught:
            check_time(params, NOW_US)
        assert (caught.value.code, caught.value.status) == (-1021, 400)


def test_no_date_before_2017_is_taken_whatever_the_time_is() -> None:
    first_us = 1_483_228_800_000_000
    check_time(Params({"timestamp": str(first_us)}), first_us)
    with pytest.raises(VenueError, match="outside") as caught:
        check_time(Params({"timestamp": str(first_us - 1)}), first_us)
    assert caught.value.code == -1021


def test_a_timestamp_in_milliseconds_means_their_first_microsecond() -> None:
    check_time(Params({"timestamp": str(NOW_US // 1000)}), NOW_US // 1000 * 1000 + 5_000_000)
    with pytest.raises(VenueError, match="outside"):
        check_time(Params({"timestamp": str(NOW_US // 1000)}), NOW_US // 1000 * 1000 + 5_000_001)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, -1102),
        ({"timestamp": ""}, -1105),
        ({"timestamp": "now"}, -1100),
        ({"timestamp": "1.5"}, -1100),
        ({"timestamp": str(NOW_US), "recvWindow": "60000.001"}, -1102),
        ({"timestamp": str(NOW_US), "recvWindow": "99999"}, -1102),
        ({"timestamp": str(NOW_US), "recvWindow": "100000"}, -1102),
        ({"timestamp": str(NOW_US), "recvWindow": "9" * 5_000 + ".5"}, -1102),
        ({"timestamp": str(NOW_US), "recvWindow": "-1"}, -1100),
        ({"timestamp": str(NOW_US), "recvWindow": "1.2345"}, -1100),
        ({"timestamp": str(NOW_US), "recvWindow": "5s"}, -1100),
    ],
)
def test_a_malformed_time_is_refused(params: dict[str, str], code: int) -> None:
    with pytest.raises(VenueError) as caught:
        check_time(Params(params), NOW_US)
    assert caught.value.code == code


@pytest.mark.parametrize(("key", "code"), [("", -2014), ("no key", -2014), ("unknown", -2015)])
def test_a_key_that_is_none_is_refused_with_401_before_anything_else(key: str, code: int) -> None:
    with pytest.raises(VenueError) as caught:
        Gate([Account("key", "secret")]).admit(key, Params({}), b"", NOW_US)
    assert (caught.value.code, caught.value.status) == (code, 401)


def test_the_time_is_checked_before_the_signature_and_the_signature_must_hold() -> None:
    gate = Gate([Account("key", "secret")])
    for params, code in (
        ({"timestamp": "1", "signature": "x"}, -1021),
        ({"timestamp": str(NOW_US)}, -1102),
        ({"timestamp": str(NOW_US), "signature": "x"}, -1022),
    ):
        with pytest.raises(VenueError) as caught:
            gate.admit("key", Params(params), b"payload", NOW_US)
        assert caught.value.code == code
    good = hmac.new(b"secret", b"payload", hashlib.sha256).hexdigest()
    signer = gate.admit("key", Params({"timestamp": str(NOW_US), "signature": good}), b"payload", NOW_US)
    assert (signer.account.key, signer.deadline_us) == ("key", NOW_US + 5_000_000)


def test_accounts_come_and_go() -> None:
    gate = Gate([Account("key", "secret")])
    second = Account("second", "other")
    gate.add(second)
    assert [each.key for each in gate.accounts] == ["key", "second"]
    with pytest.raises(ValueError, match="second"):
        gate.add(Account("second", "again"))
    assert gate.knows(second)
    gate.revoke("second")
    assert not gate.knows(second)
    gate.add(Account("second", "other"))
    assert not gate.knows(second)  # another one with the same key
    with pytest.raises(KeyError):
        gate.revoke("nobody")


VECTORS = Path(__file__).resolve().parents[5] / "shared/spec/binance-signature-vectors.json"


def test_the_collected_vectors_of_all_three_kinds_of_keys_hold() -> None:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not here")
    book = json.loads(VECTORS.read_text())
    accounts = {
        "HMAC-SHA256": Account(book["hmac"]["apiKey"], book["hmac"]["secretKey"]),
        "Ed25519": Account("ed", public_key=book["ed25519"]["public_pem"]),
        "RSASSA-PKCS1-v1_5 SHA-256": Account("rsa", public_key=book["rsa"]["public_pem"]),
    }
    checked = set()
    for vector in book["vectors"]:
        payload = bytes.fromhex(vector["payload_hex"]) if "payload_hex" in vector else vector["payload"].encode()
        if "body" in vector:
            assert http_payload(vector["query"], vector["body"]) == payload
        assert signature_holds(accounts[vector["alg"]], payload, vector["signature"]), vector["id"]
        assert not signature_holds(accounts[vector["alg"]], payload + b"x", vector["signature"])
        checked.add(vector["alg"])
    assert checked == set(accounts)
