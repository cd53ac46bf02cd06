"""Who may knock at a sandbox: strangers' web pages may not command it, and beyond this machine a token is the way in."""

from __future__ import annotations

import ipaddress
from hmac import compare_digest

import msgspec

from exchangeclient.serving.app import Admission, SlowApp
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Later


def refusal(status: int, text: str) -> HttpResponse:
    """An answer of the sandbox itself, not of a venue."""
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


class Door:
    """An app behind a token: each path begins with it, ``/<token>/api/v3/time``. Without it all there is is 401."""

    def __init__(self, app: SlowApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    def http(self, request: HttpRequest) -> HttpResponse | Later[HttpResponse]:
        inside = self._inside(request)
        return inside if isinstance(inside, HttpResponse) else self._app.http(inside)

    def websocket(self, request: HttpRequest) -> Admission | Later[Admission]:
        inside = self._inside(request)
        return inside if isinstance(inside, HttpResponse) else self._app.websocket(inside)

    def _inside(self, request: HttpRequest) -> HttpRequest | HttpResponse:
        """The request as it goes on behind the door, or the refusal."""
        token, _, path = request.path.removeprefix("/").partition("/")
        if not compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            return refusal(401, "the path must begin with the sandbox's token")
        if is_from_elsewhere(request):
            return refusal(403, "requests of other sites' pages are refused")
        return msgspec.structs.replace(request, path=f"/{path}")
