"""Binance's checks of who asks and when: API key, timestamp with recvWindow, signature over the very bytes that came."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from exchangeclient.sandbox.dialects import binance_errors as errors
from exchangeclient.sandbox.dialects.accounts import KEY_FORMAT, Account, read_public_key
from exchangeclient.sandbox.dialects.binance_params import Params

SIGNED_NAMES = ("timestamp", "recvWindow", "signature")

_RECV_WINDOW = r"^[0-9]+(\.[0-9]{1,3})?$"
_DEFAULT_WINDOW_US = 5_000_000
_LONGEST_WINDOW_MS = 60_000
_AHEAD_US = 1_000_000


class Gate:
    """Lets a signed request through, or says what is wrong with it."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = {account.key: account for account in accounts}

    def admit(self, key: str, params: Params, payload: bytes, now_us: int) -> Account:
        """The account that signed ``payload``; key, time and signature are checked in this order.

        :raises VenueError: with the first thing that is wrong
        """
        account = self._known(key)
        check_time(params, now_us)
        if not signature_holds(account, payload, params.need("signature")):
            raise errors.BAD_SIGNATURE()
        return account

    def _known(self, key: str) -> Account:
        if not KEY_FORMAT.fullmatch(key):
            raise errors.BAD_KEY_FORMAT()
        account = self._accounts.get(key)
        if account is None:
            raise errors.BAD_KEY()
        return account


def check_time(params: Params, now_us: int) -> None:
    """Both inequalities, in microseconds: less than a second ahead, and no older than the window."""
    params.need("timestamp")
    sent_us = params.time_us("timestamp")
    window_us = _window_us(params)
    if sent_us is None or sent_us >= now_us + _AHEAD_US:
        raise errors.TOO_EARLY()
    if now_us - sent_us > window_us:
        raise errors.TOO_LATE()


def _window_us(params: Params) -> int:
    text = params.text("recvWindow")
    if text is None:
        return _DEFAULT_WINDOW_US
    if not re.fullmatch(_RECV_WINDOW, text, re.ASCII):
        raise errors.ILLEGAL("recvWindow", _RECV_WINDOW)
    window_ms = Decimal(text)  # of any length, which int() would not read
    if window_ms > _LONGEST_WINDOW_MS:
        raise errors.TOO_GREAT("recvWindow", _LONGEST_WINDOW_MS)
    return int(window_ms * 1000)


def http_payload(query: str, body: str) -> bytes:
    """What REST signs: the query and directly behind it the form, both as sent, without the signature itself."""
    return (_without_signature(query) + _without_signature(body)).encode("utf-8", "surrogateescape")


def _without_signature(text: str) -> str:
    return "&".join(part for part in text.split("&") if part.partition("=")[0] != "signature")


def wsapi_payload(values: Mapping[str, str]) -> bytes:
    """What the WebSocket API signs: all parameters but the signature, sorted by name, not percent-encoded."""
    return "&".join(f"{name}={values[name]}" for name in sorted(values) if name != "signature").encode()


def signature_holds(account: Account, payload: bytes, signature: str) -> bool:
    """True if ``signature`` was made over ``payload`` with the account's secret or private key."""
    if account.secret:
        expected = hmac.new(account.secret.encode(), payload, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.lower().encode())
    try:
        raw = base64.b64decode(signature, validate=True)
        key = read_public_key(account.public_key)
        if isinstance(key, Ed25519PublicKey):
            key.verify(raw, payload)
        else:
            key.verify(raw, payload, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
