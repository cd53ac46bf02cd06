"""Play accounts: what they are made of, and that they keep quiet about it."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from exchangeclient.sandbox.dialects.accounts import Account


def test_the_secret_and_the_passphrase_are_not_shown() -> None:
    shown = repr(Account("the-key", "the-secret", passphrase="the-phrase"))
    assert "the-key" in shown
    assert "the-secret" not in shown
    assert "the-phrase" not in shown


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"key": "", "secret": "s"}, "needs a key"),
        ({"key": "k"}, "either a secret or a public key"),
        ({"key": "k", "secret": "s", "public_key": "p"}, "either a secret or a public key"),
        ({"key": "k", "public_key": "not PEM"}, "account 'k': .*PEM"),
        ({"key": "a b", "secret": "hush"}, "account 'a b': a key is made of"),
        ({"key": "cl\u00e9", "secret": "hush"}, "account 'cl\u00e9': a key is made of"),
        ({"key": "engine:taker", "secret": "hush"}, "account 'engine:taker': a key is made of"),
        ({"key": "k" * 129, "secret": "hush"}, "1 to 128"),
    ],
)
def test_an_account_that_cannot_sign_in_is_refused(fields: dict[str, str], text: str) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        Account(**fields)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["key", "secret", "public_key", "passphrase"])
@pytest.mark.parametrize("value", [5, None, b"bytes"])
def test_an_account_is_made_of_texts(name: str, value: object) -> None:
    fields: dict[str, object] = {"key": "k", "secret": "hush", name: value}
    with pytest.raises(TypeError, match=f"account's {name} must be a str, not {type(value).__name__}"):
        Account(**fields)  # type: ignore[arg-type] # which is what is tried


def test_an_rsa_key_that_the_venues_would_not_take_is_refused() -> None:
    for bits, taken in ((1024, False), (2048, True)):
        public = rsa.generate_private_key(65537, bits).public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        if taken:
            assert Account("k", public_key=pem).public_key == pem
        else:
            with pytest.raises(ValueError, match=r"account 'k': .*1024 bits"):
                Account("k", public_key=pem)


def test_a_key_of_another_kind_is_refused() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(ValueError, match="RSA or an Ed25519"):
        Account("k", public_key=pem)


@pytest.mark.parametrize(
    "more", [{"can_trade": 1}, {"can_trade": "yes"}, {"permissions": ["SPOT"]}, {"permissions": "SPOT"}, {"permissions": (1,)}]
)
def test_what_an_account_may_do_is_said_in_the_right_types(more: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(more))):
        Account("key", "secret", **more)


def test_the_kind_of_a_key_is_known_by_what_was_registered() -> None:
    assert Account("key", "secret").kind == "HMAC"
    for private, kind in (
        (ed25519.Ed25519PrivateKey.generate(), "ED25519"),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RSA"),
    ):
        public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert Account("key", public_key=public.decode()).kind == kind
