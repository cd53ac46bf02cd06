"""Who asks, as far as a request tells: a stranger's web page, or somebody who knows the token. For servers of this machine. Pure."""

from __future__ import annotations

import ipaddress
from hmac import compare_digest

import msgspec

from exchangeclient.serving.messages import HttpRequest, HttpResponse

_BEARER = "bearer "


def refusal(status: int, text: str) -> HttpResponse:
    """An answer of the server itself, as JSON."""
    return HttpResponse(status, msgspec.json.encode({"error": text}), {"Content-Type": "application/json"})


def is_from_elsewhere(request: HttpRequest) -> bool:
    """True if a web page of another site sent the request; programs send no ``Origin``."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    return origin is not None and (host is None or origin.partition("://")[2].lower() != host.lower())


def is_for_this_machine(request: HttpRequest) -> bool:
    """False if the request names another host than this machine, as it does when a page has its own name point here."""
    host = request.headers.get("host")
    if host is None:  # no browser leaves it out
        return True
    name = host.lower().partition("]")[0].removeprefix("[") if host.startswith("[") else host.lower().partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def behind_token(request: HttpRequest, token: bytes) -> HttpRequest | None:
    """The request as it goes on behind a token that its path begins with, ``/<token>/api/v3/time``; None without it."""
    said, _, path = request.path.removeprefix("/").partition("/")
    if not compare_digest(said.encode("utf-8", "surrogateescape"), token):
        return None
    return msgspec.structs.replace(request, path=f"/{path}")


def bears_token(request: HttpRequest, token: bytes) -> bool:
    """True if the header ``Authorization: Bearer`` has the token."""
    said = request.headers.get("authorization", "")
    return said.lower().startswith(_BEARER) and compare_digest(said[len(_BEARER) :].strip().encode("utf-8", "surrogateescape"), token)
