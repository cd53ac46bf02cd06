"""Carries messages over one kept socket: a question out, its answer in, many threads at a time.

Over HTTP :mod:`exchangeclient.core.http.transport` does so. The socket is opened for the first message and then kept (:mod:`.sockets`), so
that a message costs one round trip. What is said over it is the business of the venue's session. The answer to what was asked over a
connection that broke is lost; what was not yet asked goes over the next one.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchangeclient.core.http.deadline import Attempt
from exchangeclient.core.http.request import Message, Response
from exchangeclient.core.http.transport import Parcel, Terms
from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import Clock
from exchangeclient.core.protocol.questions import Question, Questions
from exchangeclient.core.protocol.session import SocketSession
from exchangeclient.exceptions import ExchangeRequestException, Sent, SocketException

if TYPE_CHECKING:
    from exchangeclient.core.feeds.sockets import Socket
    from exchangeclient.core.http.lane import Answer
    from exchangeclient.core.wire.dialing import SocketOptions


@dataclass(frozen=True, slots=True)
class _Line:
    """A socket, and what is asked over it."""

    socket: Socket
    questions: Questions
    finalizer: weakref.finalize[[], SocketTransport]

    def close(self) -> None:
        self.finalizer.detach()
        self.socket.close()
        self.questions.give_up("the socket was closed from here")


class SocketTransport:
    """Carries messages over one socket, which is opened when it is needed.

    :param make_session: makes the session that asks these questions
    :param way: makes the options of the socket, before it is opened
    :param read: what a message of the venue's says; ValueError for one that says nothing
    """

    def __init__(
        self,
        make_session: Callable[[Questions], SocketSession],
        *,
        way: Callable[[], SocketOptions],
        read: Callable[[bytes], Response],
        clock: Clock,
    ) -> None:
        self._make_session = make_session
        self._way = way
        self._read = read
        self._clock = clock
        self._line: _Line | None = None
        self._opening = threading.Lock()
        forks.follow(self)

    def renew(self) -> None:
        """Go on in a process that was forked off, whose socket is the other's."""
        self._opening = threading.Lock()
        if self._line is not None:
            self._line.finalizer.detach()
            self._line = None

    def close(self) -> None:
        """Close the socket. Whoever waits for an answer has lost it; the next message opens another one."""
        with self._opening:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    def reach(self, terms: Terms) -> None:
        """Wait until the socket is connected, as long as the call may take to connect.

        :raises ExchangeRequestException: when it is not
        """
        line = self._opened()
        try:
            line.socket.wait_ready(min(terms.options.connect_s, terms.deadline.left_s()))
        except (SocketException, TimeoutError) as error:
            if line.questions.refusal is not None:  # which answers the message
                return
            why = line.questions.trouble or str(error)
            raise ExchangeRequestException(f"not sent: the socket is not connected: {why}", sent="no", transient=True) from error

    def packed(self, message: Message, terms: Terms) -> Parcel:
        """A message with nothing left to do but to ask it."""
        return Parcel(message, terms, functools.partial(self._ask, message))

    def send(self, parcel: Parcel, attempt: Attempt) -> Response:
        """Ask what was packed, and wait for the answer.

        :param attempt: tells afterwards how far it came, when it is interrupted too
        :raises ExchangeRequestException: when there was no usable answer
        """
        started_s = self._clock.monotonic_s()
        answer = parcel.exchange(attempt)
        return Response(answer.status, answer.body, answer.headers, answer.reason, self._clock.monotonic_s() - started_s)

    def _ask(self, message: Message, attempt: Attempt) -> Answer:
        refusal = self._refusal()
        if refusal is not None:
            return self._answer(message, refusal, attempt)
        line, question = self._opened(), Question(message)
        try:
            line.questions.put(question)
            line.socket.poke()
            question.wait(attempt.read_s())
        except TimeoutError as error:
            question.lost(str(error))
        finally:  # Ctrl-C ends a wait, too
            line.questions.take_back(question)
            attempt.left_machine = not question.stayed
        if question.answer is None:
            why = question.trouble or (line.questions.trouble if question.stayed else "") or "there was no answer in time"
            sent: Sent = "no" if question.stayed else "maybe"
            raise ExchangeRequestException(f"{message.called}: {why}", sent=sent, transient=True)
        return self._answer(message, question.answer, attempt)

    def _refusal(self) -> bytes | None:
        """What the venue said when it refused the connection for good. The message after this one opens another."""
        with self._opening:
            line = self._line
            if line is None or line.socket.failure is None or line.questions.refusal is None:
                return None
            self._line = None
        line.close()
        return line.questions.refusal

    def _answer(self, message: Message, payload: bytes, attempt: Attempt) -> Answer:
        attempt.answered = True
        from exchangeclient.core.http.lane import Answer

        try:
            read = self._read(payload)
        except ValueError as error:
            raise ExchangeRequestException(f"{message.called}: the answer cannot be read: {error}", sent="yes") from error
        return Answer(read.status, read.reason, read.headers, read.body)

    def _opened(self) -> _Line:
        from exchangeclient.core.feeds.sockets import Socket

        with self._opening:
            if self._line is not None and self._line.socket.failure is not None:
                self._line.close()
                self._line = None
            if self._line is None:
                questions = Questions()
                socket = Socket(self._make_session(questions), _Unheard(questions), options=self._way())
                finalizer = weakref.finalize(self, socket.close)
                finalizer.atexit = False  # the reactor's thread ends with the program
                self._line = _Line(socket, questions, finalizer)
                socket.open()
            return self._line


class _Unheard:
    """A listener for a socket whose session has read everything already."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def connected(self) -> None:
        """Whoever waits for that asks the socket."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """What is no answer is nobody's."""

    def lost(self, reason: str) -> None:
        """Each question is told by itself."""

    def failed(self, error: SocketException) -> None:
        """The next message opens another socket; those that wait for this one do so in vain."""
        self._questions.give_up(str(error))

    def close(self) -> None:
        """There is nothing to end."""
