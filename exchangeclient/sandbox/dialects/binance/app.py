"""Binance on one port: which path leads to REST, to the market streams, to the WebSocket API."""

from __future__ import annotations

from collections.abc import Iterable

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance import errors, rest, wsapi
from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.limits import Limits
from exchangeclient.sandbox.dialects.binance.lives import MortalSocket
from exchangeclient.sandbox.dialects.binance.params import pairs
from exchangeclient.sandbox.dialects.binance.perform import Outcome
from exchangeclient.sandbox.dialects.binance.stream_socket import MOST_STREAMS, StreamSocket, named_streams
from exchangeclient.sandbox.dialects.binance.times import unit_named
from exchangeclient.sandbox.dialects.binance.venue import Memory, Venue
from exchangeclient.sandbox.dialects.binance.wsapi import WsApiSocket
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.serving.app import SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse


class BinanceApp:
    """The venue as an :class:`~exchangeclient.serving.app.App`.

    :param limits: the venue's own when None
    :param legacy: serve also what the venue has retired
    :param memory: what the venue knew when its exchange was saved
    """

    def __init__(
        self,
        live: LiveExchange,
        accounts: Iterable[Account],
        *,
        limits: Limits | None = None,
        legacy: bool = False,
        memory: Memory | None = None,
    ) -> None:
        self.venue = Venue(live, accounts, limits=limits, legacy=legacy, memory=memory)

    def http(self, request: HttpRequest) -> HttpResponse:
        """Answer one REST request."""
        return rest.answer(self.venue, request)

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        """Accept ``/ws``, ``/ws/<stream>``, ``/stream``, ``/stream?streams=a/b`` and ``/ws-api/v3``, each with its options in the query."""
        path = request.path.rstrip("/")
        try:
            self.venue.limits.connect("ws-api" if path == wsapi.PATH else "stream", request.peer, self.venue.live.now_us)
            handler = self._socket(path, request)
        except VenueError as error:
            return rest.refused(self.venue, request.peer, Outcome.of(error))
        if handler is None:
            return rest.not_found(self.venue, request, "no websocket is served at this path")
        return MortalSocket(handler, self.venue.lives)

    def _socket(self, path: str, request: HttpRequest) -> SocketHandler | None:
        if path == wsapi.PATH:
            return WsApiSocket(self.venue, request.peer, wsapi.options_of(request.query))
        if path not in ("/ws", "/stream") and not path.startswith("/ws/"):
            return None
        streams = named_streams(request.path, request.query)
        if len(streams) > MOST_STREAMS:
            raise errors.BAD_VALUE("streams")
        unit = unit_named(dict(pairs(request.query)).get("timeUnit"))
        return StreamSocket(self.venue, request.peer, streams, combined=path == "/stream", unit=unit)
