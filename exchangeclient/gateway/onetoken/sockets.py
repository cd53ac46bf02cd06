"""One connection to the gateway's sockets: what all of them have in common.

Frames are JSON texts with a ``uri``. Pings are answered, a ``uuid`` comes back, a client that is silent for too long is sent away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from exchangeclient.core.http import jsonio
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.gateway.onetoken.errors import ServiceError, service_error
from exchangeclient.gateway.onetoken.frames import Frames
from exchangeclient.serving.app import Connection, Control

log = logging.getLogger(__name__)

_LOOKS: Final = 6  # within the longest silence
_POLICY: Final = 1008
_clock = SystemClock()

Asked = Mapping[str, Any]


class Talk:
    """A handler of a socket; see :class:`~exchangeclient.serving.app.SocketHandler`, whose methods these are.

    :param query: what was behind the ``?`` of its address: ``gzip=true`` has frames come compressed
    :param silence_s: how long a client may say nothing; 0 for ever
    """

    def __init__(self, workers: Workers, query: str, *, gzipped: bool = False, silence_s: float) -> None:
        said = parse_qs(query).get("gzip", ["true" if gzipped else "false"])[-1]
        self._gzipped = said.lower() in ("true", "1")
        self._workers = workers
        self._silence_s = silence_s
        self._heard_s = 0.0
        self._connection: Connection | None = None

    @property
    def topics(self) -> Collection[str]:
        return ()

    @property
    def account(self) -> str:
        return ""

    def opened(self, connection: Connection) -> None:
        self._connection = connection
        self._heard_s = _clock.monotonic_s()
        if self._silence_s:
            connection.call_later(self._silence_s / _LOOKS, self._look)

    def closed(self) -> None:
        self._connection = None

    def control(self, kind: Control, payload: bytes) -> None:  # noqa: ARG002 - a method of every handler
        """Pings of the websocket protocol keep a client alive, too; pongs do not, since libraries send them unasked of any program."""
        if kind == "ping":
            self._heard_s = _clock.monotonic_s()

    def _look(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if _clock.monotonic_s() - self._heard_s > self._silence_s:
            connection.close(_POLICY, "nothing was heard for too long")
        else:
            connection.call_later(self._silence_s / _LOOKS, self._look)

    # ---- what it is told and tells -------------------------------------------------------------------------------------

    def received(self, payload: str | bytes) -> None:
        self._heard_s = _clock.monotonic_s()
        try:
            asked = jsonio.decode(payload)
            if not isinstance(asked, dict):
                raise ValueError("no object")
        except ValueError:
            self.say({"uri": "status", "code": "invalid-param", "message": "a frame is one JSON object"})
            return
        uri = asked.get("uri")
        if uri == "ping":
            self.say({"uri": "pong", "timestamp": _clock.now_ms() / 1_000, **echo(asked)})
        else:
            self.asked(uri if isinstance(uri, str) else "", asked)

    def asked(self, uri: str, asked: Asked) -> None:
        """Anything but a ping."""
        raise NotImplementedError

    def say(self, content: Any) -> None:
        """Send one message."""
        self.send(Frames(content))

    def send(self, frames: Frames) -> None:
        """Send one that many get; from any thread."""
        connection = self._connection
        if connection is not None:
            connection.write(frames.frame(gzipped=self._gzipped))

    def work(self, job: Callable[[], None], refuse: Callable[[ServiceError], None]) -> None:
        """Have a job done on a thread that may wait for a venue; what it raises is told."""

        def guarded() -> None:
            try:
                job()
            except Exception as error:
                told = service_error(error)
                if told.status >= 500:
                    log.warning("a socket's request failed: %s", type(error).__name__, exc_info=told.code == "unexpected-error")
                refuse(told)

        self._workers.submit(guarded)


def echo(asked: Asked) -> Asked:
    """What of a request comes back in its answer."""
    return {"uuid": asked["uuid"]} if "uuid" in asked else {}
