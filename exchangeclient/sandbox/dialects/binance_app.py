"""Binance on one port: which path leads to REST, to the market streams, to the WebSocket API."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

import msgspec

from exchangeclient.sandbox.dialects import binance_errors as errors
from exchangeclient.sandbox.dialects import binance_rest, binance_wsapi
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance_errors import VenueError
from exchangeclient.sandbox.dialects.binance_params import Params, check_time_unit, pairs
from exchangeclient.sandbox.dialects.binance_stream_socket import MOST_STREAMS, StreamSocket
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
        """Accept ``/ws``, ``/ws/<stream>``, ``/stream``, ``/stream?streams=a/b`` and ``/ws-api/v3``, each with its options in the query."""
        try:
            return self._socket(request)
        except VenueError as error:
            return HttpResponse(error.status, msgspec.json.encode(error.shape()), {"Content-Type": "application/json;charset=UTF-8"})

    def _socket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        path = request.path.rstrip("/")
        options = pairs(request.query)
        check_time_unit(dict(options).get("timeUnit"))
        if path == binance_wsapi.PATH:
            return WsApiSocket(self._venue, request.peer, show_limits=Params(dict(options)).flag("returnRateLimits", default=True))
        if path == "/stream":
            named = "/".join(value for name, value in options if name == "streams")
            return StreamSocket(self._venue.streams, _streams(named), combined=True)
        if path == "/ws" or path.startswith("/ws/"):
            return StreamSocket(self._venue.streams, _streams(unquote(path.removeprefix("/ws"))), combined=False)
        return HttpResponse(404, b"no websocket is served at this path\n", {"Content-Type": "text/plain;charset=UTF-8"})


def _streams(text: str) -> list[str]:
    streams = [stream for stream in text.split("/") if stream]
    if len(streams) > MOST_STREAMS:
        raise errors.BAD_VALUE("streams")
    return streams
