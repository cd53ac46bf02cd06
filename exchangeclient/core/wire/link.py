"""One connection of Autobahn's: hands the messages of each chunk to its socket together.

Autobahn shakes hands, answers and sends pings, says goodbye, and takes apart what is unusual. Whole messages of text do not pass through
it: :mod:`exchangeclient.core.wire.frames` cuts them out of what has come, which is an order of magnitude faster and otherwise the same.
That needs to know how Autobahn keeps what it has read; where that is not as it was, Autobahn takes every message apart itself. Connections
are dialled by :mod:`exchangeclient.core.wire.dialing`. Twisted and Autobahn are loaded by the first call, not by importing this module.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from exchangeclient.core.http.request import Response
from exchangeclient.core.wire.frames import Utf8, whole_texts
from exchangeclient.core.wire.tls import VerifiedTls

log = logging.getLogger(__name__)

_LONGEST_ANSWER = 1 << 16
_HEAD_END = b"\r\n\r\n"
_ALL_ASCII = bytes(byte if byte < 128 else ord("?") for byte in range(256))
_MOST_SHOWN = 200
_STATUS_DIGITS = 3
_NO_LIMIT = 1 << 63
# How much is read at a time, usually and while more is waiting. Reading a little into much room is slow: the system is asked for it anew.
_READ_BYTES, _READ_MOST_BYTES = 1 << 16, 1 << 18
# Behind so much there is mostly more: of a read that was full, TLS keeps as much as a record of 16 KB until the rest of that has come.
_MUCH_BYTES = 48_000

# What is relied on: the names that methods of Autobahn's have to deal with.
_INSIDE: Mapping[str, frozenset[str]] = {
    "_connectionMade": frozenset({"utf8validator", "data", "state", "STATE_CONNECTING"}),
    "_dataReceived": frozenset({"data", "consumeData"}),
    "consumeData": frozenset({"processData", "processHandshake", "state", "STATE_OPEN", "STATE_CLOSING"}),
    "processData": frozenset({"data", "current_frame", "inside_message", "onFrameBegin", "onFrameData", "onFrameEnd"}),
    "onFrameBegin": frozenset({"inside_message", "utf8validator", "reset"}),
    "onFrameData": frozenset({"utf8validator", "validate"}),
    "onFrameEnd": frozenset({"inside_message", "autoPingTimeoutCall", "autoPingRestartOnAnyTraffic", "_cancelAutoPingTimeoutCall"}),
    "onMessageFrameBegin": frozenset({"maxMessagePayloadSize", "maxFramePayloadSize"}),
}


class Answering(Protocol):
    """Who is told what happens on a connection; all of it on the reactor's thread."""

    def opened(self, link: Any) -> None:
        """The handshake of ``link`` is done."""

    def received(self, link: Any, payloads: Sequence[bytes]) -> None:
        """The messages of one chunk of ``link``, in order."""

    def lost(self, link: Any, reason: str) -> None:
        """``link`` is closed."""


def printable(text: str) -> str:
    """What the other side says, as it may stand in a log: of one line, and not without end."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:_MOST_SHOWN])


def _status_in(line: str) -> int:
    """The number in the first line of an answer; 0 for what is none."""
    said = line.split()[1:2]
    return int(said[0]) if said and said[0].isascii() and said[0].isdigit() and len(said[0]) == _STATUS_DIGITS else 0


@cache
def link_class() -> Any:
    """The protocol of one connection, to be made with who is told what happens, the factory, and what verifies its TLS."""
    from autobahn.twisted.websocket import WebSocketClientProtocol

    if is_familiar(WebSocketClientProtocol):
        return quick_class(plain_class())
    log.warning("this version of Autobahn is unknown; its own way of reading messages is taken, which is slower")
    return plain_class()


def is_familiar(protocol: type) -> bool:
    """True when an Autobahn protocol keeps what it has read in the way that is known."""
    return all(names <= _names_in(protocol, method) for method, names in _INSIDE.items())


def _names_in(protocol: type, method: str) -> set[str]:
    """The names that a method has to do with, in all classes together; none that cannot be looked into."""
    codes = (getattr(vars(kind).get(method), "__code__", None) for kind in protocol.__mro__)
    return {name for code in codes if code is not None for name in code.co_names}


# What ours are put before: it is loaded late, and carries no types.
_Autobahn: Any = object


class _Plain(_Autobahn):  # type: ignore[misc] # as above
    """One connection, as far as it is ours; put before Autobahn's class it leaves all reading to that."""

    data: bytes

    def __init__(self, socket: Answering, factory: Any, tls: VerifiedTls | None = None) -> None:
        super().__init__()
        self._socket = socket
        self._tls = tls
        self._batch: list[bytes] = []
        self.factory = factory

    def connectionMade(self) -> None:  # noqa: N802
        """The host is reached; the handshake begins."""
        self._wire = self.transport if self._tls is None else self.transport.transport
        super().connectionMade()

    def processHandshake(self) -> None:  # noqa: N802
        """The answer to the handshake, or a part of it, has come. Autobahn sets it no limit, and fails on one that is no UTF-8."""
        end = self.data.find(_HEAD_END)
        if (len(self.data) if end < 0 else end) > _LONGEST_ANSWER:
            self.failHandshake("the answer to the handshake has no end")
            return
        if end >= 0:
            self.data = self.data[:end].translate(_ALL_ASCII) + self.data[end:]
        super().processHandshake()

    def onOpen(self) -> None:  # noqa: N802
        self._socket.opened(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: ARG002, N802, N803
        self._batch.append(payload)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self._wire.bufferSize = _READ_BYTES if len(data) < _MUCH_BYTES else _READ_MOST_BYTES
        self._dataReceived(data)  # what it overrides writes a line for the log first, which nobody sees
        self._hand_over()

    def _hand_over(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, []
            self._socket.received(self, batch)

    def sendCloseFrame(self, *args: Any, **options: Any) -> None:  # noqa: N802
        """Say goodbye, which is the last word, so not before what came first was answered."""
        self._hand_over()
        super().sendCloseFrame(*args, **options)

    def onCloseFrame(self, code: int | None, reasonRaw: bytes | None) -> Any:  # noqa: N802, N803
        """Answer the venue's goodbye, after which nothing comes. Should it not hang up then, we do: Autobahn sets itself no limit."""
        violated = super().onCloseFrame(code, reasonRaw)
        if not self.closedByMe:
            wait_s, hang_up = self.serverConnectionDropTimeout, self.onServerConnectionDropTimeout
            self.serverConnectionDropTimeoutCall = self.factory.reactor.callLater(wait_s, hang_up)
            self._hand_over()
            self._socket.lost(self, f"closed with code {code} {printable((reasonRaw or b'').decode(errors='replace'))}".rstrip())
        return violated

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        self._hand_over()
        refusal = "" if self._tls is None else self._tls.refusal
        unclean = self.wasNotCleanReason or reason or "no reason given"
        told = f"closed with code {code} {reason or ''}".rstrip() if wasClean else unclean
        self._socket.lost(self, refusal or printable(told))

    @property
    def answer(self) -> Response | None:
        """What the handshake was answered with, without a body; None when it was not."""
        line = getattr(self, "http_status_line", None)
        return None if line is None else Response(_status_in(line), b"", getattr(self, "http_headers", {}))

    def may_send(self) -> bool:
        """False once either side has said goodbye."""
        return bool(self.state == self.STATE_OPEN)

    def hang_up(self) -> None:
        """Close politely if there is someone to say goodbye to."""
        if self.may_send():
            self.sendClose(1000)
        else:
            self.dropConnection(abort=True)


class _Quick(_Autobahn):  # type: ignore[misc] # as above
    """What has whole messages of text cut out before Autobahn gets to them; put before :class:`_Plain`."""

    data: bytes

    def _connectionMade(self) -> None:  # noqa: N802
        super()._connectionMade()
        self.utf8validator = Utf8()
        self._most_bytes = min(self.maxMessagePayloadSize or _NO_LIMIT, self.maxFramePayloadSize or _NO_LIMIT)

    def consumeData(self) -> None:  # noqa: N802
        """Cut out what can be, and have Autobahn do one step of what cannot, in turn."""
        while self.state == self.STATE_OPEN:
            if self.current_frame is None and not self.inside_message:
                payloads, end, waits = whole_texts(self.data, self._most_bytes)
                if payloads:
                    self.data = self.data[end:]
                    self._take(payloads)
                if waits:
                    return
            if not self.processData():
                return
        super().consumeData()

    def _take(self, payloads: list[bytes]) -> None:
        """Note what Autobahn notes of messages, and keep them for the end of the chunk."""
        length = sum(map(len, payloads))
        self.trafficStats.incomingOctetsWebSocketLevel += length
        self.trafficStats.incomingOctetsAppLevel += length
        self.trafficStats.incomingWebSocketFrames += len(payloads)
        self.trafficStats.incomingWebSocketMessages += len(payloads)
        if self.autoPingTimeoutCall and self.autoPingRestartOnAnyTraffic:
            self._cancelAutoPingTimeoutCall()
        self._batch += payloads


@cache
def plain_class() -> Any:
    """A connection that leaves all reading to Autobahn; made late so that importing this module loads nothing of Twisted."""
    from autobahn.twisted.websocket import WebSocketClientProtocol

    return type("Link", (_Plain, WebSocketClientProtocol), {})


def quick_class(plain: Any) -> Any:
    """A connection like that, which has whole messages of text cut out before Autobahn gets to them."""
    return type("QuickLink", (_Quick, plain), {})
