"""What a server is to its host: an app answers requests and accepts sockets; it owns no port, thread or clock."""

from __future__ import annotations

from typing import Protocol

from exchangeclient.serving.messages import HttpRequest, HttpResponse


class Connection(Protocol):
    """The far end of one accepted websocket, as the host offers it to a :class:`SocketHandler`."""

    def send(self, text: str | bytes) -> None:
        """Send one message: a str or UTF-8 bytes as a text frame. Does nothing once the socket is closed."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake."""


class SocketHandler(Protocol):
    """One accepted websocket, as the app sees it. Called on the host's thread, one call at a time."""

    def opened(self, connection: Connection) -> None:
        """The handshake is done."""

    def received(self, payload: str | bytes) -> None:
        """One whole message: str for a text frame, bytes for a binary one."""

    def closed(self) -> None:
        """The socket is gone, for whatever reason."""


class App(Protocol):
    """A server's thinking: a function of requests."""

    def http(self, request: HttpRequest) -> HttpResponse:
        """Answer one request. Must not block."""

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        """Accept the handshake with a handler, or refuse it with an answer."""
