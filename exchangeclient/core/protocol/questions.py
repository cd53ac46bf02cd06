"""What is asked over a socket: put by any thread, sent by whichever connection is at hand, answered or given up once.

A socket's session takes :class:`Question` after question out of its :class:`Questions`, which outlive every connection. Who asks waits
in :mod:`exchangeclient.core.feeds.socket_transport`.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from exchangeclient.core.http.request import Message
from exchangeclient.core.protocol.session import Failure

# The slowest engine is given ten seconds by its venue; what has no answer then has none to come.
_ANSWER_S: Final = 15.0


class Question:
    """One message, and what comes of it.

    :ivar answer: what the venue sent back, None as long as there is nothing
    :ivar trouble: why there will be no answer, empty while there may be one
    :ivar stayed: True when it is certain that nothing of it has left
    """

    __slots__ = ("_over", "answer", "message", "stayed", "trouble")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.answer: bytes | None = None
        self.trouble = ""
        self.stayed = False
        self._over = threading.Event()

    def answered(self, payload: bytes) -> None:
        """The venue has answered so."""
        self.answer = payload
        self._over.set()

    def lost(self, reason: str) -> None:
        """There will be no answer."""
        self.trouble = reason
        self._over.set()

    def wait(self, seconds: float) -> None:
        """Wait for either, so long at most."""
        self._over.wait(seconds)


class Questions:
    """Those that no connection has taken yet. Any thread may put them and take them back (single steps of a deque need no lock).

    :ivar trouble: what became of the last connection, empty before the first has ended
    :ivar refusal: what the venue said when it let nobody ask anything over one, None when it did not
    """

    def __init__(self) -> None:
        self._waiting: deque[Question] = deque()
        self._over = ""
        self.trouble = ""
        self.refusal: bytes | None = None

    def put(self, question: Question) -> None:
        """Have it asked."""
        self._waiting.append(question)
        if self._over:  # whoever has given up may have done so before this one came
            self.give_up(self._over)

    def take(self) -> Question | None:
        """The next one, which is asked from here on; None when there is none."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def take_back(self, question: Question) -> None:
        """Have it not asked, unless it was taken."""
        try:
            self._waiting.remove(question)
        except ValueError:
            return
        question.stayed = True

    def give_up(self, reason: str) -> None:
        """Have none of them asked, nor any that is put later."""
        self._over = reason
        while (question := self.take()) is not None:
            question.stayed = True
            question.lost(reason)


class _Asked(NamedTuple):
    question: Question
    due_s: float


class AskingSession:
    """What is the same of every session that asks questions over one connection. Those that nobody has asked yet, it shares with its heir.

    :ivar ready: whether questions can be asked
    :ivar leaving: whether the venue is about to end the connection
    """

    name = "calls"
    lives_s: float | None = None
    quiet_s: float | None = None  # who is not asked says nothing

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._ids = itertools.count(1)
        self._asked: dict[int, _Asked] = {}
        self._heir: AskingSession | None = None
        self.ready = False
        self.leaving = False

    def closed(self, reason: str) -> None:
        """What was asked over this connection has lost its answer."""
        self.ready = False
        self._questions.trouble = reason
        asked, self._asked = self._asked, {}
        for each in asked.values():
            each.question.lost(f"the connection ended before the answer came: {reason}")

    def stream_of(self, payload: bytes) -> bytes:  # noqa: ARG002 - there is but one
        """The only one."""
        return b""

    def event_time_ms(self, payload: bytes) -> int | None:  # noqa: ARG002 - answers are no events
        """None: nothing of it tells how late it is."""
        return None

    def _overdue(self, now_s: float) -> Failure | None:
        """That the venue does not answer any more, when it does not."""
        due_s = self._first_due_s()
        return Failure(f"a request has had no answer for {_ANSWER_S:g} s") if due_s is not None and now_s >= due_s else None

    def _first_due_s(self) -> float | None:
        """When the longest unanswered question is overdue."""
        return next((asked.due_s for asked in self._asked.values()), None)

    def _taken(self, now_s: float) -> Iterator[tuple[int, Message]]:
        """What is to be asked now, each by a number. What the heir can ask had better not be under way when this connection ends."""
        while (self._heir is None or not self._heir.ready) and (question := self._questions.take()) is not None:
            number = next(self._ids)
            self._asked[number] = _Asked(question, now_s + _ANSWER_S)
            yield number, question.message

    def _answered(self, number: int, payload: bytes) -> bool:
        """Give an answer to whoever has asked; False when nobody has."""
        asked = self._asked.pop(number, None)
        if asked is not None:
            asked.question.answered(payload)
        return asked is not None

    def _answered_alone(self, payload: bytes) -> bool:
        """Give an answer that names no question to the only one that waits; False unless one alone does."""
        return len(self._asked) == 1 and self._answered(next(iter(self._asked)), payload)
