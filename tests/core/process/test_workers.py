"""Workers do jobs side by side while somebody needs them, and leave nothing behind."""

from __future__ import annotations

import logging
import queue
import threading
import weakref

import pytest

from exchangeclient.core.process.workers import Workers

SOON_S = 10.0


def named(prefix: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(prefix)]


def test_job_that_comes_when_nobody_needs_the_workers_any_more_is_not_kept() -> None:
    class Job:
        def __call__(self) -> None:
            """Nothing."""

    workers = Workers("test-late", 1)
    workers.enter()
    workers.leave()
    job = Job()
    workers.submit(job)
    gone = weakref.ref(job)
    del job
    assert gone() is None


def test_job_that_is_done_is_not_kept_until_the_next_one_comes() -> None:
    class Job:
        def __call__(self) -> None:
            """Nothing."""

    workers = Workers("test-done", 1)
    workers.enter()
    job, gone = Job(), threading.Event()
    weakref.finalize(job, gone.set)
    workers.submit(job)
    del job
    assert gone.wait(SOON_S)
    workers.leave(SOON_S)


def test_jobs_are_done_side_by_side_and_one_that_fails_stops_none(caplog: pytest.LogCaptureFixture) -> None:
    workers = Workers("test-side", 2)
    workers.enter()
    done: queue.SimpleQueue[str] = queue.SimpleQueue()
    together = threading.Barrier(2)

    def fails() -> None:
        raise ZeroDivisionError("of a job")

    def meets() -> None:
        together.wait(SOON_S)
        done.put(threading.current_thread().name)

    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            workers.submit(fails)
            workers.submit(meets)
        assert {done.get(timeout=SOON_S) for _ in range(2)} == {"test-side-0", "test-side-1"}
    assert caplog.text.count("ZeroDivisionError: of a job") == 2
    workers.leave()


def test_threads_run_from_the_first_that_enters_to_the_last_that_leaves() -> None:
    workers = Workers("test-life", 3)
    assert named("test-life") == []
    workers.enter()
    threads = named("test-life")
    assert len(threads) == 3
    assert all(thread.daemon for thread in threads)
    workers.enter()
    workers.leave()
    assert named("test-life") == threads
    workers.leave()
    for thread in threads:
        thread.join(SOON_S)
    assert named("test-life") == []


def test_job_that_hangs_from_before_holds_up_nobody_who_enters_later() -> None:
    workers = Workers("test-hang", 1)
    entered, go_on, done = threading.Event(), threading.Event(), threading.Event()
    workers.enter()

    def hangs() -> None:
        entered.set()
        assert go_on.wait(SOON_S)

    workers.submit(hangs)
    assert entered.wait(SOON_S)
    workers.leave()
    workers.enter()
    workers.submit(done.set)
    assert done.wait(SOON_S)
    workers.leave()
    go_on.set()


def test_whoever_leaves_last_may_wait_until_the_threads_have_ended() -> None:
    workers = Workers("test-wait", 2)
    workers.enter()
    workers.enter()
    workers.leave(SOON_S)
    assert len(named("test-wait")) == 2
    workers.leave(SOON_S)
    assert not named("test-wait")


def test_a_job_may_be_the_last_to_leave() -> None:
    workers = Workers("test-job", 2)
    workers.enter()
    left: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def leave() -> None:
        workers.leave(SOON_S)
        left.put(True)

    workers.submit(leave)
    assert left.get(timeout=SOON_S)
