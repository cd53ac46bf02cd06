"""How OKX wants calls signed: pure functions of what is sent and of the time.

REST: the payload is the time as ISO text, the verb, the path with its query, and the body, each as sent; the signature is base64 and goes
into a header, beside the key, the time and the passphrase. A websocket logs in with the seconds since 1970 and a fixed path.
Source: https://www.okx.com/docs-v5/en/#overview-rest-authentication
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Kind, Message, Request, encode
from exchangeclient.okx.rest import PRODUCTS

EXPIRY: Final = "expTime"
"""The header, a keyword of ours, by which an order or an amendment is void when it reaches the matching later."""

WINDOW_MS: Final = 5_000
"""How long after its stamp an order may reach the matching, when its caller says nothing else."""

LIST: Final = "orders"
"""The keyword of a call that sends a list and nothing else: it is the whole body."""

_JSON: Final = {"Content-Type": "application/json"}
_WHOLE = re.compile(r"[0-9]{13}")
_FLAGS: Final = ("true", "false")
_LOGIN_PATH: Final = "/users/self/verify"


def stamp(request: Request, now_ms: int) -> Request:
    """A call that is to be signed, with its time; an order and an amendment with the time from which on they are void.

    :raises ValueError: for an ``expTime`` that is no time
    :raises TypeError: for a keyword beside a list: it would not be sent
    """
    expires = _expires(request)
    if LIST in request.params:
        for name in request.params:
            if name != LIST and not (expires and name == EXPIRY):
                raise TypeError(f"{request.name}() has no {name[:40]} beside the list; what an order says stands in its row")
    if expires:
        given = request.params.get(EXPIRY)
        if given is None:
            request = request.having(**{EXPIRY: str(now_ms + WINDOW_MS)})
        elif not _WHOLE.fullmatch(given):
            raise ValueError(f"expTime must be milliseconds since 1970, not {given[:40]!r}")
    return replace(request, time_ms=now_ms)


def sign(request: Request, base: str, credentials: Credentials | None) -> Message:
    """The message of a call: encoded once, signed when the call asks for it, and sent as it is.

    Parameters of GET go into the query, those of POST into a JSON object in which figures are texts.
    """
    params, headers = dict(request.params), dict[str, str]()
    if _expires(request) and EXPIRY in params:
        headers[EXPIRY] = params.pop(EXPIRY)
    if request.verb == "GET":
        query, body = encode(params), ""
    else:
        query, body = "", body_of(request, params)
        headers |= _JSON
    target = f"{request.path}?{query}" if query else request.path
    private = credentials is not None and request.security.signed
    if credentials is not None and private:
        if request.time_ms is None:
            raise ValueError(f"{request.name}() is to be signed and has no time")
        time = iso(request.time_ms)
        headers |= {
            "OK-ACCESS-KEY": credentials.key,
            "OK-ACCESS-SIGN": signature(f"{time}{request.verb}{target}{body}", credentials),
            "OK-ACCESS-TIMESTAMP": time,
            "OK-ACCESS-PASSPHRASE": credentials.passphrase(),
        }
    return Message(request.verb, base + target, headers, body, private)


def login(credentials: Credentials, now_ms: int) -> dict[str, Any]:
    """The frame that logs a websocket in."""
    seconds = str(now_ms // 1000)
    said = {
        "apiKey": credentials.key,
        "passphrase": credentials.passphrase(),
        "timestamp": seconds,
        "sign": signature(f"{seconds}GET{_LOGIN_PATH}", credentials),
    }
    return {"op": "login", "args": [said]}


def signature(payload: str, credentials: Credentials) -> str:
    """A payload's signature as OKX writes it."""
    return base64.b64encode(credentials.sign(payload.encode())).decode()


def iso(time_ms: int) -> str:
    """A moment as the venue's headers have it: ``2020-12-08T09:08:57.715Z``."""
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def waits(request: Request) -> bool:
    """True for a call about orders that wait for a price, which have ids and rules of their own."""
    return "algo" in request.path


def _expires(request: Request) -> bool:
    """True for what the venue lets be void from a time on: orders and amendments, unless they wait for a price."""
    return request.kind in (Kind.PLACE, Kind.AMEND) and not waits(request)


def body_of(request: Request, params: Mapping[str, str]) -> str:
    """Parameters as the JSON of a call: figures are texts, flags and lists are not."""
    if LIST in params:
        return params[LIST]
    if not params:
        return ""
    bare, quoted = _declared(request.verb, request.path)
    parts = (
        f"{_quoted(name)}:{text if name in bare or (text in _FLAGS and name not in quoted) else _quoted(text)}"
        for name, text in params.items()
    )
    return "{" + ",".join(parts) + "}"


@functools.cache
def _declared(verb: str, path: str) -> tuple[frozenset[str], frozenset[str]]:
    """The parameters of a call that are flags or lists, which go without quotes, and its other ones; none where it is not declared."""
    for product in PRODUCTS:
        for declared in endpoints(product):
            if (declared.verb, declared.path) == (verb, path):
                return declared.bare, frozenset(parameter.name for parameter in declared.parameters) - declared.bare
    return frozenset(), frozenset()


def _quoted(text: str) -> str:
    return jsonio.encode(text).decode()
