"""The process's one Twisted reactor: found running, or started once in a daemon thread and never stopped.

A reactor cannot be started twice in a process, so nobody stops ours: whoever needs it asks :func:`running`. A reactor that
the program itself runs (Scrapy, a Twisted app) is used and left alone. This is the only importer of
``twisted.internet.reactor``, and it imports it on first use.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_START_TIMEOUT_S = 10.0
_ANSWER_TIMEOUT_S = 10.0
_lock = threading.Lock()
_started_in: int | None = None  # the process in which our thread runs the reactor


class DelayedCall(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Forget it."""

    def active(self) -> bool:
        """True until it was made or cancelled."""


class Reactor(Protocol):
    """The part of Twisted's reactor that this package uses."""

    running: bool

    def callFromThread(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None: ...  # noqa: N802
    def getDelayedCalls(self) -> Sequence[DelayedCall]: ...  # noqa: N802
    def callInThread(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None: ...  # noqa: N802
    def callWhenRunning(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...  # noqa: N802
    def callLater(self, delay: float, call: Callable[..., Any], *args: Any, **kwargs: Any) -> DelayedCall: ...  # noqa: N802
    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any: ...  # noqa: N802
    def run(self, installSignalHandlers: bool = True) -> None: ...  # noqa: N803
    def seconds(self) -> float: ...


def running() -> Reactor:
    """The reactor, running; started in a daemon thread if nobody has started it yet.

    :raises RuntimeError: when it cannot run: it was stopped, or its thread stayed behind in the process that this one was forked from
    """
    if _started_in not in (None, os.getpid()):
        raise RuntimeError(
            "this process was forked from one that runs the Twisted reactor, whose thread did not come along; "
            "begin it in a new interpreter (multiprocessing: the start method 'spawn'), or fork before the first socket is opened"
        )
    from twisted.internet import reactor as module

    reactor = cast("Reactor", module)
    if reactor.running:
        return reactor
    with _lock:
        if not reactor.running:
            _start(reactor)
    return reactor


def _start(reactor: Reactor) -> None:
    from twisted.internet.error import ReactorNotRestartable

    global _started_in  # noqa: PLW0603 - one reactor per process, so one word about it
    _started_in = os.getpid()
    if not reactor.getDelayedCalls():
        # Twisted goes by the machine's date, which may be set while a deadline runs. What was planned by that stays with it.
        reactor.seconds = time.monotonic  # type: ignore[method-assign] # noqa: TID251 - this host owns the clock
    ready = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            # Signals belong to the main thread and to the program.
            reactor.run(installSignalHandlers=False)
        except BaseException as error:  # noqa: BLE001 - told to whoever is waiting below
            failures.append(error)
            ready.set()

    # By way of the thread pool: with its first thread begun, names can still be looked up when the main script has ended, after
    # which CPython 3.12.0 and 3.12.1 begin no thread any more (python/cpython#113964).
    reactor.callWhenRunning(reactor.callInThread, ready.set)
    threading.Thread(target=run, name="exchangeclient-reactor", daemon=True).start()
    if not ready.wait(_START_TIMEOUT_S):
        raise RuntimeError(f"the Twisted reactor did not start within {_START_TIMEOUT_S} s")
    if failures:
        _started_in = None
        cause = failures[0]
        # Twisted's reactor runs once: a program that stopped its own has no sockets left.
        why = "was stopped and cannot be started again" if isinstance(cause, ReactorNotRestartable) else f"could not be started: {cause}"
        raise RuntimeError(f"the Twisted reactor of this process {why}") from cause


def is_ours() -> bool:
    """True when the reactor runs in our thread, False when the program runs it, which then lives as long as that does."""
    return _started_in == os.getpid()


def is_reactor_thread() -> bool:
    """True on the thread that runs the reactor, while it runs. Loads nothing of Twisted."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is None or not reactor.running:
        return False
    from twisted.python.threadable import isInIOThread

    return bool(isInIOThread())  # type: ignore[no-untyped-call] # Twisted gives it no types


def forbid_blocking(what: str) -> None:
    """Raise when a blocking call is made on the reactor's thread, where it would stop every socket of the process.

    :raises RuntimeError: naming ``what``
    """
    if is_reactor_thread():
        raise RuntimeError(f"{what} would block the reactor's thread; call it from another thread (deferToThread)")


def call(function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
    """Have ``function`` called on the reactor's thread soon; safe from any thread."""
    running().callFromThread(function, *args, **kwargs)


def wait(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call ``function`` on the reactor's thread and hand back its result or its exception.

    :raises TimeoutError: when the reactor did not get to it within ten seconds, because something blocks its thread
    """
    if is_reactor_thread():
        return function(*args, **kwargs)
    done = threading.Event()
    result: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            result.append(function(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            errors.append(error)
        finally:
            done.set()

    running().callFromThread(work)
    if not done.wait(_ANSWER_TIMEOUT_S):
        raise TimeoutError(f"the reactor did not answer within {_ANSWER_TIMEOUT_S} s")
    if errors:
        raise errors[0]
    return result[0]
