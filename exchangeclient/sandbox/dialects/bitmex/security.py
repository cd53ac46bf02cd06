"""BitMEX's checks of who asks: key, ``expires`` in Unix seconds, and an HMAC over the very bytes that came."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from exchangeclient.sandbox.dialects.accounts import Account, Members
from exchangeclient.sandbox.dialects.bitmex import errors
from exchangeclient.serving.messages import HttpRequest

REALTIME = "/realtime"
LOGIN = f"GET{REALTIME}"  # what is signed to log in on any websocket
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class Gate:
    """Lets a signed request through, or says what is wrong with it."""

    def __init__(self, members: Members) -> None:
        self.members = members

    def signer(self, request: HttpRequest, now_us: int) -> Account | None:
        """Who signed a request; None when nobody did.

        :param now_us: by the venue's clock
        :raises VenueError: 401
        """
        key = request.headers.get("api-key", "")
        if not key:
            return None
        # The host reads what is no UTF-8 as surrogates; here every byte counts.
        target = f"{request.path}?{request.query}" if request.query else request.path
        head = request.headers
        signed = f"{request.method}{target}"
        return self.admit(key, head.get("api-expires", ""), head.get("api-signature", ""), signed=signed, body=request.body, now_us=now_us)

    def admit(self, key: str, expires: str, sign: str, *, signed: str, now_us: int, body: bytes = b"") -> Account:
        """Whose key it is; the key is checked first, then the time, then the signature.

        :param signed: the verb and what was asked for
        :raises VenueError: 401
        """
        account = self.members.get(key)
        if account is None or not account.secret:
            raise errors.BAD_KEY()
        if not _SECONDS.fullmatch(expires):
            raise errors.BAD_EXPIRES()
        if int(expires) * 1_000_000 < now_us:
            raise errors.EXPIRED(now_us // 1_000_000)
        payload = f"{signed}{expires}".encode("utf-8", "surrogateescape") + body
        if not hmac.compare_digest(signature(account.secret, payload).encode(), sign.encode("utf-8", "replace")):
            raise errors.BAD_SIGNATURE()
        return account


def signature(secret: str, payload: bytes) -> str:
    """What a secret signs with."""
    return hmac.new(secret.encode(), payload, sha256).hexdigest()
