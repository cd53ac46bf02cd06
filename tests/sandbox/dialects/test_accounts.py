"""Play accounts: what they are made of, and that they keep quiet about it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

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
        ({"key": "k", "public_key": "not PEM"}, "PEM"),
    ],
)
def test_an_account_that_cannot_sign_in_is_refused(fields: dict[str, str], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Account(**fields)


def test_a_key_of_another_kind_is_refused() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(ValueError, match="RSA or an Ed25519"):
        Account("k", public_key=pem)
