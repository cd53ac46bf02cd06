"""The background reactor: started once, asked from any thread, never blocked by us."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from exchangeclient.core.process import reactor


def _run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)


def test_it_runs_in_one_daemon_thread_however_often_it_is_asked_for() -> None:
    first = reactor.running()
    assert first.running
    threads = [thread for thread in threading.enumerate() if thread.name == "exchangeclient-reactor"]
    assert reactor.running() is first
    assert [thread for thread in threading.enumerate() if thread.name == "exchangeclient-reactor"] == threads
    assert len(threads) == 1
    assert threads[0].daemon


def test_wait_hands_back_the_result_from_the_reactors_thread() -> None:
    assert reactor.wait(threading.current_thread) is not threading.current_thread()
    assert reactor.wait(max, 3, 7) == 7


def test_wait_hands_back_the_exception() -> None:
    with pytest.raises(ZeroDivisionError):
        reactor.wait(divmod, 1, 0)


def test_wait_on_the_reactors_own_thread_calls_at_once() -> None:
    assert reactor.wait(lambda: reactor.wait(max, 1, 2)) == 2


def test_call_comes_soon_and_in_order() -> None:
    seen: list[int] = []
    done = threading.Event()
    for number in range(100):
        reactor.call(seen.append, number)
    reactor.call(done.set)
    assert done.wait(10)
    assert seen == list(range(100))


def test_t02_its_time_is_not_the_date_which_may_be_set() -> None:
    before = time.monotonic()
    assert before <= reactor.wait(reactor.running().seconds) <= time.monotonic()


def test_what_was_planned_before_it_was_ours_comes_when_it_was_to_come() -> None:
    script = """
import threading, time
from twisted.internet import reactor as planned
came = threading.Event()
planned.callLater(0.2, came.set)
from exchangeclient.core.process import reactor
reactor.running()
assert came.wait(5)
"""
    done = _run(script)
    assert done.returncode == 0, done.stderr


def test_is_reactor_thread_tells_them_apart() -> None:
    assert not reactor.is_reactor_thread()
    assert reactor.wait(reactor.is_reactor_thread)


def test_a_blocking_call_on_the_reactors_thread_is_refused_by_name() -> None:
    reactor.forbid_blocking("here")
    with pytest.raises(RuntimeError, match=r"Client\.ping\(\) would block"):
        reactor.wait(reactor.forbid_blocking, "Client.ping()")


def test_wait_gives_up_when_the_reactor_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactor, "_ANSWER_TIMEOUT_S", 0.05)
    release = threading.Event()
    reactor.call(release.wait, 10)
    try:
        with pytest.raises(TimeoutError):
            reactor.wait(max, 1, 2)
    finally:
        release.set()
    monkeypatch.undo()
    assert reactor.wait(max, 1, 2) == 2


def test_nothing_of_twisted_is_imported_before_the_reactor_is_asked_for() -> None:
    script = "import sys; from exchangeclient.core.process import reactor; reactor.forbid_blocking('x'); print('twisted' in sys.modules)"
    assert _run(script).stdout.strip() == "False"


def test_it_is_told_apart_from_one_that_the_program_runs() -> None:
    reactor.running()
    assert reactor.is_ours()
    script = """
from twisted.internet import reactor as theirs
from exchangeclient.core.process import reactor
def look():
    print(reactor.running() is theirs, reactor.is_ours())
    theirs.stop()
theirs.callWhenRunning(look)
theirs.run()
try:
    reactor.running()
except RuntimeError:
    print(reactor.is_ours())
"""
    assert _run(script).stdout.split() == ["True", "False", "False"]


def test_a_reactor_that_the_program_runs_is_used_and_left_alone() -> None:
    script = """
import threading
from twisted.internet import reactor as theirs
from exchangeclient.core.process import reactor
names = []
def work():
    assert reactor.running() is theirs
    names.append(reactor.wait(lambda: threading.current_thread().name))
    reactor.call(theirs.stop)
theirs.callWhenRunning(threading.Thread(target=work).start)
theirs.run()
print(names)
"""
    assert _run(script).stdout.strip() == "['MainThread']"


def test_a_reactor_that_the_program_has_stopped_is_an_error_at_once() -> None:
    script = """
from twisted.internet import reactor as theirs
from exchangeclient.core.process import reactor
theirs.callWhenRunning(theirs.stop)
theirs.run()
try:
    reactor.running()
except RuntimeError as error:
    print(error)
"""
    assert "cannot be started again" in _run(script).stdout


def test_a_reactor_that_could_not_start_is_an_error_that_says_why() -> None:
    script = """
import asyncio
from twisted.internet import asyncioreactor
async def main():
    asyncioreactor.install(asyncio.get_running_loop())
    from exchangeclient.core.process import reactor
    try:
        reactor.running()
    except RuntimeError as error:
        print(error)
asyncio.run(main())
"""
    said = _run(script).stdout
    assert "could not be started: " in said
    assert "was stopped" not in said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_told_at_once() -> None:
    script = """
import os, time
from exchangeclient.core.process import reactor
reactor.running()
if os.fork() == 0:
    began = time.perf_counter()
    try:
        reactor.wait(max, 1, 2)
    except RuntimeError as error:
        print(error, time.perf_counter() - began < 5, flush=True)
    os._exit(0)
os.wait()
print(reactor.wait(max, 1, 2))
"""
    child, parent = _run(script).stdout.splitlines()
    assert "forked" in child
    assert child.endswith("True")
    assert parent == "2"


def test_a_program_ends_although_the_reactor_runs() -> None:
    assert _run("from exchangeclient.core.process import reactor; reactor.running()").returncode == 0
