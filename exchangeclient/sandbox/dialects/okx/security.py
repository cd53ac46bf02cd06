"""OKX's checks of who asks and when: key, passphrase, timestamp, world (live or demo) and signature over the very bytes that came."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from exchangeclient.sandbox.dialects.accounts import KEY_FORMAT, Account, Members
from exchangeclient.sandbox.dialects.okx import errors
from exchangeclient.serving.messages import HttpRequest

DEFAULT_PASSPHRASE = "passphrase"  # noqa: S105 - of play accounts for which none was given
LOGIN_PATH = "/users/self/verify"

_WINDOW_US = 30_000_000
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z", re.ASCII)
_SECONDS = re.compile(r"([0-9]{1,11})(\.[0-9]{1,9})?", re.ASCII)


class Gate:
    """Lets a signed request through, or says what is wrong with it."""

    def __init__(self, members: Members) -> None:
        self.members = members

    def admit(self, request: HttpRequest, now_us: int) -> Account:
        """Who signed a request; what is missing is told first, then the time, the key, its world, the passphrase, the signature.

        :raises VenueError: with the first thing that is wrong
        """
        headers = request.headers
        key, sign, sent, passphrase = (headers.get(f"ok-access-{name}", "") for name in ("key", "sign", "timestamp", "passphrase"))
        for value, missing in (
            (key, errors.NO_KEY),
            (sign, errors.NO_SIGN),
            (sent, errors.NO_TIMESTAMP),
            (passphrase, errors.NO_PASSPHRASE),
        ):
            if not value:
                raise missing()
        sent_us = _instant(sent)
        if sent_us is None:
            raise errors.BAD_TIMESTAMP()
        if abs(now_us - sent_us) > _WINDOW_US:
            raise errors.LATE()
        account = self.members.get(key)
        if account is None or not account.secret:
            raise errors.UNKNOWN_KEY() if KEY_FORMAT.fullmatch(key) else errors.BAD_KEY()
        if (headers.get("x-simulated-trading", "0") == "1") != account.demo:
            raise errors.OTHER_WORLD()
        if not _equal(passphrase_of(account), passphrase):
            raise errors.BAD_PASSPHRASE()
        # The host reads what is no UTF-8 as surrogates; here every byte counts.
        target = f"{request.path}?{request.query}" if request.query else request.path
        payload = f"{sent}{request.method}{target}".encode("utf-8", "surrogateescape") + request.body
        if not _equal(signature(account, payload), sign):
            raise errors.BAD_SIGN()
        return account

    def log_in(self, values: Mapping[str, object], now_us: int) -> Account:
        """Who logs in on a websocket; the sandbox's sockets are of both worlds, since at the venue each has hosts of its own.

        :raises VenueError: with the first thing that is wrong
        """
        key, passphrase, sent, sign = (str(values.get(name) or "") for name in ("apiKey", "passphrase", "timestamp", "sign"))
        for value, missing in (
            (key, errors.WS_NO_KEY),
            (sign, errors.WS_NO_SIGN),
            (passphrase, errors.WS_NO_PASSPHRASE),
            (sent, errors.WS_BAD_TIMESTAMP),
        ):
            if not value:
                raise missing()
        match = _SECONDS.fullmatch(sent)
        if match is None:
            raise errors.WS_BAD_TIMESTAMP()
        if abs(now_us - int(match[1]) * 1_000_000) > _WINDOW_US:
            raise errors.WS_LATE()
        account = self.members.get(key)
        if account is None or not account.secret:
            raise errors.WS_UNKNOWN_KEY() if KEY_FORMAT.fullmatch(key) else errors.WS_BAD_KEY()
        if not _equal(passphrase_of(account), passphrase):
            raise errors.WS_BAD_PASSPHRASE()
        if not _equal(signature(account, f"{sent}GET{LOGIN_PATH}".encode()), sign):
            raise errors.WS_BAD_SIGN()
        return account


def passphrase_of(account: Account) -> str:
    return account.passphrase or DEFAULT_PASSPHRASE


def signature(account: Account, payload: bytes) -> str:
    """What an account signs with."""
    return base64.b64encode(hmac.new(account.secret.encode(), payload, sha256).digest()).decode()


def _equal(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _instant(text: str) -> int | None:
    """``2020-12-08T09:08:57.715Z`` in microseconds since 1970; seconds since then are taken as well, as at the venue."""
    if match := _SECONDS.fullmatch(text):
        return int(match[1]) * 1_000_000 + int((match[2] or ".0")[1:7].ljust(6, "0"))
    if not _ISO.fullmatch(text):
        return None
    try:
        return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        return None
