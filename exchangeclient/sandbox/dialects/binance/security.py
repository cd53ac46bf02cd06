"""Binance's checks of who asks and when: API key, timestamp with recvWindow, signature over the very bytes that came."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from exchangeclient.sandbox.dialects.accounts import KEY_FORMAT, Account, Members, read_public_key
from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.params import Params

SIGNED_NAMES = ("timestamp", "recvWindow", "signature")

_RECV_WINDOW = re.compile(r"^[0-9]+(\.[0-9]{1,3})?$", re.ASCII)
_DEFAULT_WINDOW_US = 5_000_000
_LONGEST_WINDOW_MS = 60_000
_AHEAD_US = 1_000_000
_FIRST_US = 1_483_228_800_000_000  # the beginning of 2017


class Signer(Struct, frozen=True):
    """Who signed a call.

    :ivar deadline_us: until when the call may reach the engine: its timestamp and ``recvWindow``
    """

    account: Account
    deadline_us: int


class Gate(Members):
    """Lets a signed request through, or says what is wrong with it."""

    def admit(self, key: str, params: Params, payload: bytes, now_us: int) -> Signer:
        """Who signed ``payload``; key, time and signature are checked in this order.

        :raises VenueError: with the first thing that is wrong
        """
        account = self._known(key)
        deadline_us = check_time(params, now_us)
        if not signature_holds(account, payload, params.need("signature")):
            raise errors.BAD_SIGNATURE()
        return Signer(account, deadline_us)

    def recognize(self, key: str, now_us: int) -> Signer:
        """Whose key it is, where no signature is asked for; what he asks for may not reach the engine.

        :raises VenueError: when it is nobody's
        """
        return Signer(self._known(key), now_us)

    def _known(self, key: str) -> Account:
        account = self.get(key)
        if account is None:
            raise errors.BAD_KEY() if KEY_FORMAT.fullmatch(key) else errors.BAD_KEY_FORMAT()
        return account


def check_time(params: Params, now_us: int) -> int:
    """Both inequalities, in microseconds: less than a second ahead, and no older than the window; until when the latter holds."""
    params.need("timestamp")
    sent_us = params.time_us("timestamp")
    window_us = _window_us(params)
    if sent_us is None or sent_us >= now_us + _AHEAD_US:
        raise errors.TOO_EARLY()
    # The venue takes no date before its own first year, which only an exchange that lives there could tell from a late one.
    if sent_us < _FIRST_US or now_us - sent_us > window_us:
        raise errors.TOO_LATE()
    return sent_us + window_us


def _window_us(params: Params) -> int:
    text = params.text("recvWindow")
    if text is None:
        return _DEFAULT_WINDOW_US
    if not _RECV_WINDOW.fullmatch(text):
        raise errors.ILLEGAL("recvWindow", _RECV_WINDOW.pattern)
    window_ms = Decimal(text)  # of any length, which int() would not read
    if window_ms > _LONGEST_WINDOW_MS:
        raise errors.TOO_GREAT("recvWindow", _LONGEST_WINDOW_MS)
    return int(window_ms * 1000)


def http_payload(query: str, body: str) -> bytes:
    """What REST signs: the query and directly behind it the form, both as sent, without the signature itself."""
    signed = _without_signature(query) + _without_signature(body) if body else _without_signature(query)
    return signed.encode("utf-8", "surrogateescape")


def _without_signature(text: str) -> str:
    before, found, value = text.partition("&signature=")
    if found and "signature" not in before and "&" not in value:
        return before  # at the end, where everybody puts it
    return "&".join(part for part in text.split("&") if part.partition("=")[0] != "signature")


def wsapi_payload(values: Mapping[str, str]) -> bytes:
    """What the WebSocket API signs: all parameters but the signature, sorted by name, not percent-encoded."""
    return "&".join(f"{name}={values[name]}" for name in sorted(values) if name != "signature").encode()


def signature_holds(account: Account, payload: bytes, signature: str) -> bool:
    """True if ``signature`` was made over ``payload`` with the account's secret or private key."""
    if account.secret:
        expected = _keyed(account.secret).copy()
        expected.update(payload)
        return hmac.compare_digest(expected.hexdigest().encode(), signature.lower().encode())
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


@lru_cache(maxsize=256)
def _keyed(secret: str) -> hmac.HMAC:
    """Where every signature with the secret begins: taking in the key costs as much as the message does."""
    return hmac.new(secret.encode(), digestmod="sha256")
