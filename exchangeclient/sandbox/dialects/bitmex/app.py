"""BitMEX on one port: REST, and the websockets of the realtime tables."""

from __future__ import annotations

from urllib.parse import parse_qsl

from exchangeclient.sandbox.dialects.accounts import Account, Members
from exchangeclient.sandbox.dialects.bitmex import errors, rest
from exchangeclient.sandbox.dialects.bitmex.errors import VenueError
from exchangeclient.sandbox.dialects.bitmex.limits import Limits
from exchangeclient.sandbox.dialects.bitmex.security import LOGIN, REALTIME
from exchangeclient.sandbox.dialects.bitmex.sockets import PLATFORM_PATH, BitmexSocket
from exchangeclient.sandbox.dialects.bitmex.venue import Manners, Memory, Venue
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.serving.app import SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse

_SIGNED_BY = ("api-key", "api-expires", "api-signature")


class BitmexApp:
    """The venue as an :class:`~exchangeclient.serving.app.App`.

    :param limits: the venue's own when None
    :param manners: how it behaves
    :param memory: what it knew of the exchange when that was saved
    """

    def __init__(
        self,
        live: LiveExchange,
        members: Members,
        *,
        limits: Limits | None = None,
        manners: Manners | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.venue = Venue(live, members, limits=limits, manners=manners, memory=memory)

    def http(self, request: HttpRequest) -> HttpResponse:
        """Answer one REST request."""
        return rest.answer(self.venue, request)

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        """Accept ``/realtime`` and ``/realtimePlatform``, with or without a login."""
        if request.path.rstrip("/") not in (REALTIME, PLATFORM_PATH):
            return rest.refused(errors.NOT_FOUND())
        limits, now_us = self.venue.limits, self.venue.live.now_us
        try:
            limits.charge(limits.connections(request.peer), now_us)
            return BitmexSocket(self.venue, request, self._signer(request))
        except VenueError as error:
            return rest.refused(error)

    def _signer(self, request: HttpRequest) -> Account | None:
        """Who logs in with the handshake, by its headers or its query.

        :raises VenueError: 401
        """
        query = dict(parse_qsl(request.query))
        key, expires, sign = (request.headers.get(name) or query.get(name, "") for name in _SIGNED_BY)
        if not key:
            return None
        return self.venue.gate.admit(key, expires.strip(), sign.strip(), signed=LOGIN, now_us=self.venue.now_us)
