"""Calls that an app answers from threads: which of them are under way, and what its end waits for. The threads are the app's."""

from __future__ import annotations

import threading
from collections.abc import Callable

from exchangeclient.serving.messages import HttpResponse, Promised

Answer = Callable[[], HttpResponse]


class Errand:
    """A call on its way to a thread. What was answered for being late before it got there is not begun.

    :param work: the answer, worked out on a thread
    :param unheard: the answer to a call that was not begun in time, and is not any more
    :param overdue: the answer to one that was begun in time and takes too long; it goes on
    :ivar changes: whether it must not be done twice, nor be left
    """

    def __init__(self, work: Answer, unheard: Answer, overdue: Answer, *, changes: bool) -> None:
        self._work = work
        self._unheard = unheard
        self._overdue = overdue
        self._lock = threading.Lock()
        self._begun = self._withdrawn = False
        self.changes = changes

    def work(self) -> HttpResponse:
        """Do it, unless it was withdrawn; on a thread."""
        with self._lock:
            self._begun = not self._withdrawn
        return self._work() if self._begun else self._unheard()

    def late(self) -> HttpResponse:
        """What is said when it takes too long."""
        return self._unheard() if self.withdraw() else self._overdue()

    def withdraw(self) -> bool:
        """Have it not begun any more; False when it has begun already."""
        with self._lock:
            self._withdrawn = not self._begun
            return self._withdrawn


class Errands:
    """Those of an app, from :meth:`open` to :meth:`close`.

    :param submit: has a function called by a thread
    :param stopping: the answer to calls that come before or after
    """

    def __init__(self, submit: Callable[[Callable[[], None]], object], stopping: Answer) -> None:
        self._submit = submit
        self._stopping = stopping
        self._changed = threading.Condition()
        self._closed = True
        self._open: set[Errand] = set()

    def open(self) -> None:
        """Take calls from here on."""
        with self._changed:
            self._closed = False

    def close(self, within_s: float) -> int:
        """Take no more; returns when those that change something are answered, or after so long: how many are not.

        What no thread has begun by then is not begun any more.
        """
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self.under_way, within_s)
            for errand in self._open:
                errand.withdraw()
            return self.under_way

    @property
    def under_way(self) -> int:
        """How many that change something are not answered."""
        with self._changed:
            return sum(errand.changes for errand in self._open)

    def promised(self, errand: Errand, within_s: float) -> Promised:
        """The answer to be, for the host."""
        return Promised(lambda answer: self._begin(errand, answer), within_s, errand.late)

    def _begin(self, errand: Errand, answer: Callable[[HttpResponse], None]) -> None:
        with self._changed:
            is_closed = self._closed
            if not is_closed:
                self._open.add(errand)
        if is_closed:
            answer(self._stopping())
            return

        def work() -> None:
            try:
                answer(errand.work())
            finally:
                with self._changed:
                    self._open.discard(errand)
                    self._changed.notify_all()

        self._submit(work)
