"""The process's one Twisted reactor: found running, or started once in a daemon thread and never stopped.

A reactor cannot be started twice in a process, so nobody stops ours: whoever needs it asks :func:`running`. A reactor that
the program itself runs (Scrapy, a Twisted app) is used and left alone. This is the only importer of
``twisted.internet.reactor``, and it imports it on first use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_START_TIMEOUT_S = 10.0
_lock = threading.Lock()


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
    def callWhenRunning(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...  # noqa: N802
    def callLater(self, delay: float, call: Callable[..., Any], *args: Any, **kwargs: Any) -> DelayedCall: ...  # noqa: N802
    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any: ...  # noqa: N802
    def run(self, installSignalHandlers: bool = True) -> None: ...  # noqa: N803
    def seconds(self) -> float: ...


def running() -> Reactor:
    """The reactor, running; started in a daemon thread if nobody has started it yet."""
    from twisted.internet import reactor as module

    reactor = cast("Reactor", module)
    if reactor.running:
        return reactor
    with _lock:
        if not reactor.running:
            started = threading.Event()
            reactor.callWhenRunning(started.set)
            # Signals belong to the main thread and to the program.
            threading.Thread(
                target=reactor.run, kwargs={"installSignalHandlers": False}, name="exchangeclient-reactor", daemon=True
            ).start()
            if not started.wait(_START_TIMEOUT_S):
                raise RuntimeError("the Twisted reactor did not start")
    return reactor


def is_reactor_thread() -> bool:
    """True on the thread that runs the reactor."""
    from twisted.python.threadable import isInIOThread

    return bool(isInIOThread())


def forbid_blocking(what: str) -> None:
    """Raise when a blocking call is made on the reactor's thread, where it would stop every socket of the process.

    :raises RuntimeError: naming ``what``
    """
    import sys

    if "twisted.python.threadable" in sys.modules and is_reactor_thread() and running().running:
        raise RuntimeError(f"{what} would block the reactor's thread; call it from another thread (deferToThread)")


def call(function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
    """Have ``function`` called on the reactor's thread soon; safe from any thread."""
    running().callFromThread(function, *args, **kwargs)


def wait(function: Callable[P, T], *args: P.args, timeout_s: float = 10.0, **kwargs: P.kwargs) -> T:
    """Call ``function`` on the reactor's thread and hand back its result or its exception.

    :raises TimeoutError: when the reactor did not get to it in ``timeout_s``
    """
    if is_reactor_thread() and running().running:
        return function(*args, **kwargs)
    done = threading.Event()
    result: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            result.append(function(*args, **kwargs))
        except BaseException as error:  # handed to the caller's thread
            errors.append(error)
        finally:
            done.set()

    running().callFromThread(work)
    if not done.wait(timeout_s):
        raise TimeoutError(f"the reactor did not answer within {timeout_s} s")
    if errors:
        raise errors[0]
    return result[0]
