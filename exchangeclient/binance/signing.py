"""How Binance wants calls signed: pure functions of what is sent and of the time.

REST: the payload is the query text directly followed by the body text, as sent: percent-encoded first, signed then. WebSocket
API: all parameters sorted by name, joined as ``name=value`` with ``&``, not encoded. A signature is hex for HMAC and base64 for RSA
and Ed25519. Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import quote

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.http.request import Message, Request, encode
from exchangeclient.numbers import exact

KEY_HEADER = "X-MBX-APIKEY"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_LONGEST_WINDOW_MS = 60_000
_WHOLE = re.compile(r"[0-9]+")


def stamp(request: Request, now_ms: int) -> Request:
    """A call that is to be signed, with its ``timestamp`` at the end; one that the caller gave is kept.

    :raises ValueError: for a ``recvWindow`` or ``timestamp`` that the venue refuses, or a ``signature`` that the caller made
    """
    if "signature" in request.params:
        raise ValueError("signature is made by the client and cannot be given")
    window = request.params.get("recvWindow")
    if window is not None:
        figure = exact(window, "recvWindow")
        if not 0 < figure <= _LONGEST_WINDOW_MS or figure != round(figure, 3):
            raise ValueError(f"recvWindow must be above 0, at most {_LONGEST_WINDOW_MS}, with at most three decimals; not {window}")
    given = request.params.get("timestamp")
    if given is None:
        return request.having(timestamp=str(now_ms))
    if not _WHOLE.fullmatch(given):
        raise ValueError(f"timestamp must be a whole number of milliseconds or microseconds, not {given[:40]!r}")
    return request


def sign(request: Request, base: str, credentials: Credentials | None) -> Message:
    """The message of a call: encoded once, signed when the call asks for it, and sent as it is.

    Parameters of POST and PUT go into a form, because proxies and servers write URLs into logs and limit their length; those of GET and
    DELETE into the query, because a body there has no defined meaning and may be dropped on the way.
    """
    text, url = encode(request.params), base + request.path
    headers: dict[str, str] = {}
    private = credentials is not None and request.security.signed
    if credentials is not None and private:
        signed = signature(text.encode(), credentials)
        text = f"{text}{'&' if text else ''}signature={signed if signed.isalnum() else quote(signed, safe='')}"
        headers[KEY_HEADER] = credentials.key
    if request.verb in ("POST", "PUT"):
        return Message(request.verb, url, headers | _FORM, text, private)
    return Message(request.verb, f"{url}?{text}" if text else url, headers, "", private)


def sign_wsapi(params: Mapping[str, str | int], credentials: Credentials) -> dict[str, str | int]:
    """The parameters of a WebSocket API call with ``apiKey`` and ``signature``; those handed in are not changed."""
    keyed = {**params, "apiKey": credentials.key}
    payload = "&".join(f"{name}={keyed[name]}" for name in sorted(keyed) if name != "signature")
    return {**keyed, "signature": signature(payload.encode(), credentials)}


def signature(payload: bytes, credentials: Credentials) -> str:
    """A payload's signature as Binance writes it, not percent-encoded."""
    raw = credentials.sign(payload)
    return raw.hex() if credentials.algorithm == "hmac" else base64.b64encode(raw).decode()
