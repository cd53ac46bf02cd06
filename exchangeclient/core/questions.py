"""What is asked over a socket: put by any thread, sent by whichever connection is at hand, answered or given up once.

A socket's session takes :class:`Question` after question out of its :class:`Questions`, which outlive every connection. Who asks waits
in :mod:`.socket_transport`.
"""

from __future__ import annotations

import threading
from collections import deque

from exchangeclient.core.request import Message


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
    """

    def __init__(self) -> None:
        self._waiting: deque[Question] = deque()
        self._over = ""
        self.trouble = ""

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
