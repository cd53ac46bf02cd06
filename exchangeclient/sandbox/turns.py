"""One caller at a time on an exchange that has caught up with its clock, from whatever thread: apps, sockets and the user's own calls."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from types import TracebackType

from exchangeclient.sandbox.clocks import VirtualClock
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.serving.app import App, Connection, Control, SocketHandler
from exchangeclient.serving.messages import HttpRequest, HttpResponse


class Turns:
    """``with turns:`` is one turn: nobody else is on the exchange, and its traders have acted up to now."""

    def __init__(self, live: LiveExchange) -> None:
        self._live = live
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._live.advance()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()

    def pass_by(self) -> None:
        """A turn in which nothing is done but what the time brings."""
        with self:
            pass

    def moving(self, clock: VirtualClock, by_us: int, step_us: int) -> Iterator[None]:
        """Move the clock step by step, a turn for each, so that whoever listens hears of everything at its time."""
        while by_us > 0:
            part_us = min(by_us, step_us)
            by_us -= part_us
            with self._lock:
                clock.advance(part_us)
                self._live.advance()
            yield


class InTurns:
    """An app that may be called from any thread."""

    def __init__(self, app: App, turns: Turns) -> None:
        self._app = app
        self._turns = turns

    def http(self, request: HttpRequest) -> HttpResponse:
        with self._turns:
            return self._app.http(request)

    def websocket(self, request: HttpRequest) -> SocketHandler | HttpResponse:
        with self._turns:
            outcome = self._app.websocket(request)
        return outcome if isinstance(outcome, HttpResponse) else _SocketInTurns(outcome, self._turns)


class _SocketInTurns:
    """The same for one websocket."""

    def __init__(self, handler: SocketHandler, turns: Turns) -> None:
        self._handler = handler
        self._turns = turns

    @property
    def topics(self) -> Collection[str]:
        with self._turns:
            return self._handler.topics

    @property
    def account(self) -> str:
        with self._turns:
            return self._handler.account

    def opened(self, connection: Connection) -> None:
        with self._turns:
            self._handler.opened(connection)

    def received(self, payload: str | bytes) -> None:
        with self._turns:
            self._handler.received(payload)

    def control(self, kind: Control, payload: bytes) -> None:
        with self._turns:
            self._handler.control(kind, payload)

    def closed(self) -> None:
        with self._turns:
            self._handler.closed()
