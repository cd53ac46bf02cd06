"""Who may knock at a sandbox: strangers' web pages may not command it, and beyond this machine a token is the way in."""

from __future__ import annotations

from exchangeclient.serving.app import Admission, SlowApp
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Later
from exchangeclient.serving.visitors import behind_token, is_from_elsewhere, refusal


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
        inside = behind_token(request, self._token)
        if inside is None:
            return refusal(401, "the path must begin with the sandbox's token")
        if is_from_elsewhere(request):
            return refusal(403, "requests of other sites' pages are refused")
        return inside
