"""A few threads for calls that block, such as the snapshots of books: they run while somebody needs them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from exchangeclient.core.process.clock import SystemClock

log = logging.getLogger(__name__)

Job = Callable[[], None]


class Workers:
    """Threads that do jobs, as many at a time as there are threads; daemons, which do not keep the program from ending.

    All of them begin with the first :meth:`enter`, none later: Python 3.12.0 and 3.12.1 start no thread once the main thread has
    ended, as a script's may before its first job.

    :param count: how many jobs are done at a time
    """

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._lock = threading.Lock()
        self._users = 0
        self._threads: list[threading.Thread] = []
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()

    def enter(self) -> None:
        """Have the threads run until :meth:`leave` was called as often as this."""
        with self._lock:
            if not self._users:
                # A queue of their own, apart from what those before, who may still be in a job, are told.
                self._jobs = SimpleQueue()
                self._threads = [
                    threading.Thread(target=_work, args=(self._jobs,), name=f"{self._name}-{number}", daemon=True)
                    for number in range(self._count)
                ]
                for thread in self._threads:
                    thread.start()
            self._users += 1

    def leave(self, wait_s: float = 0.0) -> None:
        """Need them no more. Whoever leaves last ends them, each after the job that it has.

        :param wait_s: for how long to wait until they have ended, when that is so
        """
        with self._lock:
            self._users -= 1
            if self._users:
                return
            for _ in range(self._count):
                self._jobs.put(None)
            threads, self._threads = self._threads, []
        clock = SystemClock()
        until_s = clock.monotonic_s() + wait_s
        for thread in threads:
            if thread is not threading.current_thread():  # a job may be the last to leave
                thread.join(max(0.0, until_s - clock.monotonic_s()))

    def submit(self, job: Job) -> None:
        """Have ``job`` called on one of the threads; when nobody needs them any more, it is forgotten."""
        with self._lock:
            if self._users:
                self._jobs.put(job)


def _work(jobs: SimpleQueue[Job | None]) -> None:
    while (job := jobs.get()) is not None:
        try:
            job()
        except Exception:
            log.exception("a job of %s failed", threading.current_thread().name)
        del job  # with all that it holds on to: the next one may be long in coming
