"""Binance on one port: which path leads to REST, to the market streams, to the WebSocket API."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from exchangeclient.sandbox.dialects import binance_rest, binance_wsapi
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance_errors import VenueError
from exchangeclient.sandbox.dialects.binance_params import pairs
from exchangeclient.sandbox.dialects.binance_stream_socket import StreamSocket
from exchangeclient.sandbox.dialects.binance_venue import Venue
from exchangeclient.sandbox.dialects.binance_wsapi import WsApiSocket
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.serving.app import SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse


class BinanceApp:
    """The venue as an :class:`~exchangeclient.serving.app.App`."""

    def __init__(self, live: LiveExchange, accounts: Iterable[Account]) -> None:
        self._venue = Venue(live, accounts)

    def http(self, request: HttpRequest) -> HttpResponse:
        """Answer one REST request."""
        return binance_rest.answer(self._venue, request)

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        """Accept ``/ws``, ``/ws/<stream>``, ``/stream``, ``/stream?streams=a/b`` and ``/ws-api/v3``."""
        path = request.path.rstrip("/")
        if path == binance_wsapi.PATH:
            return WsApiSocket(self._venue, request.peer)
        if path == "/stream":
            try:
                named = "/".join(value for name, value in pairs(request.query) if name == "streams")
            except VenueError as error:
                return HttpResponse(error.status, error.text.encode())
            return StreamSocket(self._venue.streams, _streams(named), combined=True)
        if path == "/ws" or path.startswith("/ws/"):
            return StreamSocket(self._venue.streams, _streams(unquote(path.removeprefix("/ws"))), combined=False)
        return HttpResponse(404, b"no websocket is served at this path\n", {"Content-Type": "text/plain;charset=UTF-8"})


def _streams(text: str) -> list[str]:
    return [stream for stream in text.split("/") if stream]
