"""A websocket with trouble on it: its calls, its messages and itself are shown to the armed faults first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from exchangeclient.sandbox.faults.kinds import Place
from exchangeclient.sandbox.faults.registry import Fault, Faults, Target
from exchangeclient.sandbox.faults.requests import CONDITIONS, encoded, half_of
from exchangeclient.sandbox.faults.words import Refusal, Words
from exchangeclient.serving.app import Connection, Control, Message, SocketHandler
from exchangeclient.serving.messages import HttpRequest

_GOING_AWAY = 1001


class Keeper(Protocol):
    """Who keeps the list of the open sockets."""

    def opened(self, socket: TroubledSocket) -> None:
        """It is open."""

    def closed(self, socket: TroubledSocket) -> None:
        """It is gone."""


@dataclass(slots=True)
class _Held:
    """What a fault keeps back on one socket."""

    swapped: Message | None = None
    late: deque[Message] = field(default_factory=deque)


class TroubledSocket:
    """A socket's handler on one side, its connection on the other, and the faults in between.

    What a fault does happens under the lock of the faults, since messages come from whatever thread moves the exchange.
    """

    def __init__(self, handler: SocketHandler, request: HttpRequest, faults: Faults, words: Words, keeper: Keeper) -> None:
        self._handler = handler
        self._request = request
        self._faults = faults
        self._words = words
        self._keeper = keeper
        self._connection: Connection | None = None
        self._held: dict[Fault, _Held] = {}
        self._frozen_by: set[Fault] = set()
        self._answers: list[Message] | None = None  # of the call that is at work

    # ---- the handler of the connection ---------------------------------------------------------------------------------

    @property
    def topics(self) -> Collection[str]:
        return self._handler.topics

    @property
    def account(self) -> str:
        return self._handler.account

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        self._keeper.opened(self)
        self._handler.opened(_Near(self, connection))
        self._meet_all()

    def control(self, kind: Control, payload: bytes) -> None:
        self._handler.control(kind, payload)

    def closed(self) -> None:
        self._keeper.closed(self)
        self._connection = None
        self._held.clear()
        self._handler.closed()

    def received(self, payload: str | bytes) -> None:
        if not self._faults.any_armed:
            self._handler.received(payload)
            return
        name, account = self._words.caller(payload)
        call = Target("call", name=name, accounts=(account or self._handler.account,), peer=self._request.peer)
        work = partial(self._handled, payload)
        for fault in reversed(self._faults.strike(call)):
            work = partial(self._call, fault, payload, work)
        work()

    def _handled(self, payload: str | bytes) -> None:
        """Let the venue handle a call, and be met by the faults of what the socket carries beyond what it did before."""
        before = self._carried()
        self._handler.received(payload)
        if not self._carried() <= before:
            self._meet_all()

    def _carried(self) -> set[str]:
        return {*self._handler.topics, self._handler.account}

    # ---- calls -----------------------------------------------------------------------------------------------------------

    def _call(self, fault: Fault, payload: str | bytes, work: Callable[[], None]) -> None:
        options = fault.options
        if fault.kind in CONDITIONS:
            with CONDITIONS[fault.kind](self._words, options):
                work()
        elif fault.kind in ("error", "not_found"):
            if options.get("processed"):
                self._answers_of(work)
            self.send(Message(self._refusal(fault, payload)))
        elif fault.kind == "drop":
            if options["when"] == "after":
                self._answers_of(work)
            self._end(options["ending"])
        elif fault.kind == "delay" and options["when"] == "before":
            self._later(options["by"], work)
        else:
            for answer in self._answers_of(work):
                if fault.kind == "delay":
                    self._later(options["by"], partial(self.send, answer))
                else:
                    self.send(changed(fault, answer))

    def _refusal(self, fault: Fault, payload: str | bytes) -> bytes:
        if fault.kind == "not_found":
            refusal = self._words.not_found()
        else:
            refusal = Refusal(*(fault.options[name] for name in ("status", "code", "text", "retry_after")))
        return self._words.call_error(self._request, payload, refusal)

    def _answers_of(self, work: Callable[[], None]) -> list[Message]:
        """Let it work, and keep what it answers; what it tells of streams goes its own way."""
        before, self._answers = self._answers, []
        try:
            work()
            return self._answers
        finally:
            self._answers = before

    def _end(self, ending: str) -> None:
        if self._connection is not None and ending == "close":
            self._connection.close(_GOING_AWAY)
        elif self._connection is not None and ending == "reset":
            self._connection.abort()

    # ---- messages --------------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """What the handler sends."""
        if not message.topic and self._answers is not None:
            self._answers.append(message)
        elif self._faults.any_armed or self._held:
            with self._faults.lock:
                self._send(message)
        else:
            self._leave(message)

    def _send(self, message: Message) -> None:
        target = self._target("message", _levels(message.topic))
        # What was to be swapped with this one follows it.
        swapping = [fault for fault, held in self._held.items() if held.swapped is not None and fault.is_about(target)]
        messages = [message]
        for fault in self._faults.strike(target, but=swapping):
            messages = [each for given in messages for each in self._through(fault, given)]
        messages += [before for fault in swapping if (before := self._held.pop(fault).swapped) is not None]
        for each in messages:
            self._leave(each)

    def _through(self, fault: Fault, message: Message) -> list[Message]:
        """What comes of a message now."""
        if fault.kind in ("stall", "skip"):
            return []
        if fault.kind == "duplicate":
            return [message] * fault.options["copies"]
        if fault.kind == "delay":
            return self._late(fault, message)
        if fault.kind == "reorder":
            self._held[fault] = _Held(swapped=message)
            return []
        if fault.kind == "raw":
            if self._connection is not None:
                self._connection.write(bytes.fromhex(fault.options["hex"]))
            return []
        return [changed(fault, message)]

    def _late(self, fault: Fault, message: Message) -> list[Message]:
        late = self._held.setdefault(fault, _Held()).late
        late.append(message)
        # Each call lets the oldest one go, so that they keep their order.
        self._later(fault.options["by"], lambda: self._leave(late.popleft()) if late else None)
        return []

    def _later(self, seconds: float, function: Callable[[], None]) -> None:
        if self._connection is not None:
            self._connection.call_later(seconds, function)

    def _leave(self, message: Message) -> None:
        if self._connection is not None:
            self._connection.send(message)

    # ---- the socket itself -----------------------------------------------------------------------------------------------

    def _meet_all(self) -> None:
        """Those that were armed before it was what it is now; a shutdown is told once, to those that were open then."""
        if self._faults.any_armed:
            for fault in self._faults.list():
                if fault.place == "socket" and fault.kind != "shutdown":
                    self.meet(fault)

    def meet(self, fault: Fault) -> None:
        """Let a fault of sockets strike this one, if it is meant for it."""
        connection = self._connection
        if connection is None or not self._faults.strike_with(fault, self._target("socket", self._handler.topics, self._handler.account)):
            return
        if fault.kind == "half_open":
            self._frozen_by.add(fault)
            connection.freeze()
            left = fault.seconds_left
            if left is not None:
                connection.call_later(left, self._faults.end_those_over)
        elif fault.kind == "close":
            connection.close(fault.options["code"], fault.options["reason"])
        elif fault.kind == "reset":
            connection.abort()
        elif fault.kind == "shutdown":
            connection.send(self._words.shutdown(self._request))
            connection.call_later(fault.options["notice"], partial(connection.close, _GOING_AWAY))
        elif fault.kind == "maintenance":
            connection.close(_GOING_AWAY, "maintenance")

    def release(self, fault: Fault) -> None:
        """The fault has ended: let go what it holds here."""
        with self._faults.lock:
            held = self._held.pop(fault, None)
            frozen = fault in self._frozen_by
            self._frozen_by.discard(fault)
        if held is not None:
            waiting = [*held.late, *([held.swapped] if held.swapped is not None else [])]
            held.late.clear()
            for message in waiting:
                self._leave(message)
        if frozen and not self._frozen_by and self._connection is not None:
            self._connection.thaw()

    def _target(self, place: Place, topics: Collection[str], account: str = "") -> Target:
        accounts = {account, *map(self._words.owner, topics)}
        return Target(place, streams=topics, socket=self._request.path, accounts=accounts, peer=self._request.peer)


def _levels(topic: str) -> Collection[str]:
    """A topic, and what it is a part of: ``orderBookL2:XBTUSD/insert`` is one of ``orderBookL2:XBTUSD``."""
    if not topic:
        return ()
    return (topic, topic.rpartition("/")[0]) if "/" in topic else (topic,)


def changed(fault: Fault, message: Message) -> Message:
    """The message with another text."""
    options, payload = fault.options, message.payload
    if fault.kind == "truncate":
        payload = half_of(payload, options["bytes"])
    elif fault.kind == "replace":
        payload = encoded(options["text"])
    elif fault.kind == "huge":
        payload = payload.ljust(options["bytes"])
    return Message(payload, message.topic)


class _Near:
    """The connection as the handler gets it: what is sent goes by the faults."""

    def __init__(self, socket: TroubledSocket, connection: Connection) -> None:
        self._socket = socket
        self.close = connection.close
        self.write = connection.write
        self.abort = connection.abort
        self.freeze = connection.freeze
        self.thaw = connection.thaw
        self.call_later = connection.call_later

    def send(self, message: str | bytes | Message) -> None:
        if not isinstance(message, Message):
            message = Message(message.encode() if isinstance(message, str) else message)
        self._socket.send(message)
