"""OKX on one port: REST, and the three websockets."""

from __future__ import annotations

from exchangeclient.sandbox.dialects.accounts import Members
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.dialects.okx import errors, rest
from exchangeclient.sandbox.dialects.okx.errors import VenueError
from exchangeclient.sandbox.dialects.okx.limits import Limits
from exchangeclient.sandbox.dialects.okx.sockets import BUSINESS, PRIVATE, PUBLIC, ROOT, OkxSocket
from exchangeclient.sandbox.dialects.okx.venue import Books, Venue
from exchangeclient.serving.app import SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse


class OkxApp:
    """The venue as an :class:`~exchangeclient.serving.app.App`.

    :param limits: the venue's own when None
    :param books: how its order book channels behave
    """

    def __init__(self, live: LiveExchange, members: Members, *, limits: Limits | None = None, books: Books | None = None) -> None:
        self.venue = Venue(live, members, limits=limits, books=books)

    def http(self, request: HttpRequest) -> HttpResponse:
        """Answer one REST request."""
        return rest.answer(self.venue, request)

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        """Accept ``/ws/v5/public``, ``/ws/v5/private`` and ``/ws/v5/business``."""
        kind = request.path.rstrip("/").removeprefix(ROOT)
        if kind not in (PUBLIC, PRIVATE, BUSINESS):
            return rest.refused(errors.NOT_FOUND("a websocket at", request.path))
        try:
            self.venue.limits.connect(request.peer, self.venue.live.now_us)
        except VenueError as error:
            return rest.refused(error)
        return OkxSocket(self.venue, kind)
