"""For tests of sockets in virtual time: a clock in place of the reactor, and connections whose other end is the test."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.task import Clock

from exchangeclient.core.http.request import Response
from exchangeclient.core.protocol.conversation import Conversation
from exchangeclient.core.wire.dialing import SocketOptions


class VirtualLoop(Clock):
    """A reactor whose time goes when it is told to."""

    def callFromThread(self, call: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N802 - Twisted's name
        call(*args, **kwargs)

    def pass_s(self, seconds: float) -> None:
        """Let time go by, from each call that is due to the next."""
        end = self.rightNow + seconds
        while due := [call.getTime() for call in self.getDelayedCalls() if call.getTime() <= end]:
            self.rightNow = max(self.rightNow, min(due))
            self.advance(0)
        self.rightNow = end


class VirtualLink:
    """A connection in which the test is the venue."""

    def __init__(self, conversation: Conversation, url: str) -> None:
        self.url = url
        self.answer: Response | None = None
        self.sent: list[bytes] = []
        self.is_open = False
        self.hung_up = False
        self.is_over = False
        self._conversation = conversation

    # What the client does.

    def may_send(self) -> bool:
        return self.is_open

    def sendMessage(self, payload: bytes) -> None:  # noqa: N802 - Autobahn's name
        assert self.is_open
        self.sent.append(payload)

    def hang_up(self) -> None:
        self.is_open = False
        self.hung_up = self.is_over = True

    # What the venue does.

    def accept(self) -> VirtualLink:
        self.is_open, self.answer = True, Response(101, b"")
        self._conversation.opened(self)
        return self

    def refuse(self, status: int = 429, **headers: str) -> None:
        self.answer, self.is_over = Response(status, b"", {name.replace("_", "-"): text for name, text in headers.items()}), True
        self._conversation.lost(self, f"failed [{status}]")

    def send(self, *payloads: bytes) -> None:
        self._conversation.received(self, payloads)

    def drop(self, reason: str = "gone") -> None:
        self.is_open, self.is_over = False, True
        self._conversation.lost(self, reason)


class VirtualDialer:
    """Makes such connections.

    :ivar links: all of them
    :ivar times: when each was dialled, also those that were not made
    :ivar is_down: True while nobody listens
    :ivar is_slow: True while it takes for ever
    :ivar at_once: what the venue says before the dialling is even done
    """

    def __init__(self) -> None:
        self.links: list[VirtualLink] = []
        self.times: list[float] = []
        self.is_down = self.is_slow = False
        self.at_once: bytes | None = None

    def __call__(self, loop: VirtualLoop, conversation: Any, url: str, options: SocketOptions) -> Deferred[VirtualLink]:  # noqa: ARG002 - there is no wire
        self.times.append(loop.seconds())
        if self.is_down:
            return fail(Refused())
        link = VirtualLink(conversation, url)
        self.links.append(link)
        dialled: Deferred[VirtualLink] = Deferred()
        if self.at_once is not None:
            link.accept().send(self.at_once)
        if not self.is_slow:
            dialled.callback(link)
        return dialled
