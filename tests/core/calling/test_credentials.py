from __future__ import annotations

import copy
import hmac
import pickle
import pprint
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.core.calling.credentials import Credentials

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes | None = None) -> str:
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_hmac_signatures_are_independent_of_each_other() -> None:
    credentials = Credentials.from_secret(KEY, SECRET)
    first = credentials.sign(b"one")
    assert credentials.sign(b"two") != first
    assert credentials.sign(b"one") == first
    assert credentials.algorithm == "hmac"


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=["L", "N", "P", "S"]), min_size=1, max_size=200),
    st.binary(max_size=300),
)
def test_an_hmac_is_that_of_the_standard_library(secret: str, payload: bytes) -> None:
    assert Credentials.from_secret(KEY, secret).sign(payload) == hmac.digest(secret.encode(), payload, "sha256")


def test_an_rsa_key_signs_from_text_bytes_and_file(rsa_key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    text = pem(rsa_key)
    file = tmp_path / "key.pem"
    file.write_text(text)
    for form in (text, text.encode(), file, str(file)):
        credentials = Credentials.from_private_key(KEY, form)
        rsa_key.public_key().verify(credentials.sign(b"payload"), b"payload", padding.PKCS1v15(), SHA256())
        assert credentials.algorithm == "rsa"


def test_an_encrypted_ed25519_key_needs_its_passphrase() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    text = pem(key, b"open sesame")
    credentials = Credentials.from_private_key(KEY, text, "open sesame")
    key.public_key().verify(credentials.sign(b"payload"), b"payload")
    assert credentials.algorithm == "ed25519"
    for wrong in (None, "open"):
        with pytest.raises(ValueError, match="private_key cannot be read"):
            Credentials.from_private_key(KEY, text, wrong)
    with pytest.raises(ValueError, match="private_key cannot be read"):
        Credentials.from_private_key(KEY, pem(key), "for nothing")


@pytest.mark.parametrize("given", ["no such file", b"rubbish", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "\0"])
def test_what_is_no_key_is_refused_without_being_shown(given: str | bytes) -> None:
    with pytest.raises(ValueError, match="private_key") as caught:
        Credentials.from_private_key(KEY, given)
    assert str(given) not in str(caught.value)
    assert caught.value.__cause__ is None


def test_other_kinds_of_key_are_refused() -> None:
    with pytest.raises(ValueError, match="must be an RSA or an Ed25519 key"):
        Credentials.from_private_key(KEY, pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(TypeError, match="private_key must be PEM text or the path"):
        Credentials.from_private_key(KEY, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", " key", "key\n", "key\r\nX-Evil: 1", "schlüssel"])
def test_a_key_that_could_not_be_a_header_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="api_key must be printable ASCII"):
        Credentials.from_secret(key, SECRET)


def test_wrong_types_are_named() -> None:
    with pytest.raises(TypeError, match="api_key must be a str, not int"):
        Credentials.from_secret(5, SECRET)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="api_secret must be a str, not bytes"):
        Credentials.from_secret(KEY, b"secret")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="private_key_pass must be a str, not int"):
        Credentials.from_private_key(KEY, "", 5)  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", ["", " ", "\t", "canary\n", "can\rary", "canary\0", "canary\ud800"])
def test_a_secret_that_cannot_be_one_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="api_secret must be printable text in one line, and not blank") as caught:
        Credentials.from_secret(KEY, secret)
    assert "can" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_shown_form_has_the_secret_or_the_whole_key() -> None:
    credentials = Credentials.from_secret(KEY, SECRET)
    shown = " ".join(
        [
            repr(credentials),
            str(credentials),
            f"{credentials}",
            f"{credentials=}",
            pprint.pformat(credentials),
            pprint.pformat([credentials]),
        ]
    )
    assert SECRET not in shown
    assert KEY not in shown
    assert KEY[-4:] in shown
    assert "key" not in repr(Credentials.from_secret("key", "secret")).replace("***", "")
    with pytest.raises(TypeError):
        vars(credentials)


def test_credentials_are_neither_pickled_nor_copied() -> None:
    credentials = Credentials.from_secret(KEY, SECRET)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            attempt(credentials)
