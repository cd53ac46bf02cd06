"""What a server is to its host: an app answers requests and accepts sockets; it owns no port, thread or clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from exchangeclient.serving.messages import HttpRequest, HttpResponse, Later, Promised

Control = Literal["ping", "pong"]

_TEXT = 0x81  # a whole text message in one frame; what a server sends is not masked (RFC 6455, section 5.2)
# The length of a payload in one byte up to 125; behind one of these marks in two bytes, or in eight.
_IN_TWO, _IN_EIGHT = 126, 127


class Message:
    """One text message for any number of sockets: it is framed once, whoever gets it.

    :ivar payload: the text in UTF-8
    :ivar topic: what it belongs to, as whoever listens calls it: a stream's name, or empty for an answer
    :ivar frame: its bytes on the wire
    """

    __slots__ = ("frame", "payload", "topic")

    def __init__(self, payload: bytes, topic: str = "") -> None:
        self.payload = payload
        self.topic = topic
        length = len(payload)
        if length < _IN_TWO:
            head = bytes((_TEXT, length))
        elif length < 2**16:
            head = bytes((_TEXT, _IN_TWO)) + length.to_bytes(2, "big")
        else:
            head = bytes((_TEXT, _IN_EIGHT)) + length.to_bytes(8, "big")
        self.frame = head + payload


class Connection(Protocol):
    """The far end of one accepted websocket, as the host offers it to a :class:`SocketHandler`. From any thread."""

    def send(self, message: str | bytes | Message) -> None:
        """Send one text message; bytes are UTF-8. Does nothing once the socket is closed.

        What goes to many sockets is best sent as a :class:`Message`, which is framed once for all of them.
        """

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake."""

    def write(self, raw: bytes) -> None:
        """Send bytes as they are, a frame or not."""

    def abort(self) -> None:
        """Cut the connection with a RST."""

    def freeze(self) -> None:
        """Read nothing, answer nothing and send nothing from here on; the connection stays open. What is sent meanwhile is lost."""

    def thaw(self) -> None:
        """Go on after :meth:`freeze`."""

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        """Have ``function`` called on the app's thread after a while, unless the socket is gone by then."""


class SocketHandler(Protocol):
    """One accepted websocket, as the app sees it. Called on the host's thread, one call at a time.

    What it tells of itself is for those who stand between it and its host, who may ask from any thread.
    """

    @property
    def topics(self) -> Collection[str]:
        """The topics of the messages that it may send at present."""

    @property
    def account(self) -> str:
        """Whose calls come on it that do not say so: the key of who has signed in; empty for nobody."""

    def opened(self, connection: Connection) -> None:
        """The handshake is done."""

    def received(self, payload: str | bytes) -> None:
        """One whole message: str for a text frame, bytes for a binary one."""

    def control(self, kind: Control, payload: bytes) -> None:
        """A ping, which the host has answered, or a pong, asked for or not. For apps that count what their peers send."""

    def closed(self) -> None:
        """The socket is gone, for whatever reason."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A websocket that is treated otherwise than others are.

    :ivar headers: that the answer to the handshake has beside its own or instead of them, for whoever wants to see clients in trouble;
        None takes one away
    :ivar pinged: False for a peer that is known to answer no pings: whether it is there shows when it is written to
    """

    handler: SocketHandler
    headers: Mapping[str, str | None] = field(default_factory=dict)
    pinged: bool = True


Admission = SocketHandler | Accepted | HttpResponse
"""What becomes of a handshake."""


class App(Protocol):
    """A server's thinking: a function of requests."""

    def http(self, request: HttpRequest) -> HttpResponse:
        """Answer one request. Must not block."""

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        """Accept the handshake with a handler, or refuse it with an answer."""


class SlowApp(Protocol):
    """An app that may make its clients wait; what asks for no :class:`Later` is an :class:`App`, which every host takes as well."""

    def http(self, request: HttpRequest) -> HttpResponse | Later[HttpResponse]:
        """As an :class:`App`, or after a while."""

    def websocket(self, request: HttpRequest) -> Admission | Later[Admission]:
        """As an :class:`App`, or after a while."""


class PromisingApp(Protocol):
    """An app whose answers other threads work out."""

    def http(self, request: HttpRequest) -> HttpResponse | Promised:
        """Answer one request, or promise to. Must not block."""

    def websocket(self, request: HttpRequest) -> Admission:
        """Accept the handshake with a handler, or refuse it with an answer."""


HostedApp = SlowApp | PromisingApp
"""What a port leads to."""
