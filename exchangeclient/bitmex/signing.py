"""How BitMEX wants calls signed: pure functions of what is sent and of the time.

The payload is the verb, the path with its query, the second from which on the call is void, and the body, each as sent; the signature is
hex and goes into a header, beside the key and that second. A websocket logs in with a fixed path.
Source: https://www.bitmex.com/app/apiKeysUsage
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from exchangeclient.bitmex.limits import ACCOUNT
from exchangeclient.bitmex.rest import PRODUCTS
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import Endpoint, endpoints
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Message, Request, Security, encode

EXPIRES: Final = "expires"
"""The keyword, sent as a header, of the second since 1970 from which on an order or an amendment is void."""

WINDOW_S: Final = 5
"""How long after its stamp a call may reach the venue, when its caller says nothing else."""

ASK: Final = "ask"
"""The name of calls that are no declared ones: what they say goes as a form, whose types the venue knows."""

BODY: Final = "body"
"""The keyword of such a call that is its whole body, as JSON."""

TIME_PATH: Final = "/api/v1"

_JSON: Final = {"Content-Type": "application/json"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_WHOLE = re.compile(r"[0-9]{10}")
_FLAGS: Final = ("true", "false")


def stamp(request: Request, now_ms: int) -> Request:
    """A call that is to be signed, with its time.

    :raises ValueError: for an ``expires`` that is no time
    """
    given = request.params.get(EXPIRES)
    if given is not None and request.kind.changes and not _WHOLE.fullmatch(given):
        raise ValueError(f"{EXPIRES} must be seconds since 1970, not {given[:40]!r}")
    return replace(request, time_ms=now_ms)


def expires_s(request: Request) -> int:
    """The second from which on a call is void.

    :raises ValueError: when it has no time
    """
    given = request.params.get(EXPIRES)
    if given is not None and request.kind.changes:
        return int(given)
    if request.time_ms is None:
        raise ValueError(f"{request.name}() is to be signed and has no time")
    return request.time_ms // 1000 + WINDOW_S


def keyed(request: Request) -> Request:
    """A call as whoever has a key makes it: signed, whatever it asks, because an account has four times as many calls as an address.

    The question after the venue's time is not: a signature is made by that time.
    """
    if request.security.signed or request.path == TIME_PATH:
        return request
    return replace(request, security=Security.USER_DATA, counts=ACCOUNT)


def sign(request: Request, base: str, credentials: Credentials | None) -> Message:
    """The message of a call: encoded once, signed when the call asks for it, and sent as it is.

    Parameters of GET go into the query, the others into a JSON object.
    """
    params, headers = dict(request.params), dict[str, str]()
    if request.kind.changes:
        params.pop(EXPIRES, None)
    query = body = ""
    if request.verb == "GET" or (request.name == ASK and request.verb == "DELETE" and BODY not in params):
        query = encode(params)
    elif request.name != ASK:
        body = _body(request, params)
        headers |= _JSON
    elif BODY in params:
        body = params[BODY]
        headers |= _JSON
    else:
        body = encode(params)
        headers |= _FORM
    target = f"{request.path}?{query}" if query else request.path
    private = credentials is not None and request.security.signed
    if credentials is not None and private:
        until = expires_s(request)
        headers |= {
            "api-key": credentials.key,
            "api-expires": str(until),
            "api-signature": signature(f"{request.verb}{target}{until}{body}", credentials),
        }
    return Message(request.verb, base + target, headers, body, private)


def login(credentials: Credentials, now_ms: int, *, path: str = "/realtime", window_s: int = WINDOW_S) -> tuple[str, int, str]:
    """What logs a websocket in: the key, the second from which on that is void, and the signature."""
    until = now_ms // 1000 + window_s
    return credentials.key, until, signature(f"GET{path}{until}", credentials)


def signature(payload: str, credentials: Credentials) -> str:
    """A payload's signature as BitMEX writes it."""
    return credentials.sign(payload.encode()).hex()


def _body(request: Request, params: Mapping[str, str]) -> str:
    if not params:
        return ""
    declared = _declared().get(request.name)
    bare = frozenset[str]() if declared is None else declared.bare | declared.figures
    known = frozenset[str]() if declared is None else frozenset(parameter.name for parameter in declared.parameters)
    parts = (
        f"{_quoted(name)}:{text if name in bare or (text in _FLAGS and name not in known) else _quoted(text)}"
        for name, text in params.items()
    )
    return "{" + ",".join(parts) + "}"


@functools.cache
def _declared() -> Mapping[str, Endpoint]:
    return {each.name: each for product in PRODUCTS for each in endpoints(product)}


def _quoted(text: Any) -> str:
    return jsonio.encode(text).decode()
