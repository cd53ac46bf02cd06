"""Serves an app to a requests session of the same process: no port, no thread.

The answers are real ``requests.Response`` objects, made by requests itself from the app's bytes. Websockets need a port. An answer
that is late waits as long as requests would, and no longer; one that breaks off raises what it would raise on a wire.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from http.client import RemoteDisconnected
from threading import Event, Timer
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse as RawResponse
from urllib3.exceptions import ProtocolError

from exchangeclient.serving.app import SlowApp
from exchangeclient.serving.messages import Delivery, Ending, HttpRequest, HttpResponse, Later
from exchangeclient.serving.wire import WHOLE, has_body, headers, pieces

Timeout = float | tuple[float | None, float | None] | None


class InProcessAdapter(BaseAdapter):
    """A requests adapter that asks an app: ``session.mount("http://sandbox.localhost", InProcessAdapter(app))``.

    The app is called on the caller's thread, so it must allow for the threads that share the session. What it works out later, when
    the caller has given up, is worked out on a thread of its own.
    """

    def __init__(self, app: SlowApp) -> None:
        super().__init__()
        self.app = app
        self._http = HTTPAdapter()

    def send(  # noqa: PLR0917 - the signature of requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the signature of requests; nothing here has to wait
        timeout: Timeout = None,
        verify: bool | str = True,  # noqa: ARG002 - as above
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002 - as above
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - as above
    ) -> requests.Response:
        """Ask the app and hand back its answer, with exactly the bytes that were prepared.

        :raises requests.ReadTimeout: when the answer does not begin in time; at once if it would never begin and there is no timeout
        :raises requests.ConnectionError: when it would break off before its body
        """
        url = urlsplit(request.url or "")
        patience = _Patience(request, timeout)
        answer = self.app.http(
            HttpRequest(
                method=(request.method or "GET").upper(),
                path=url.path or "/",
                query=url.query,
                headers={name.lower(): _text(value) for name, value in request.headers.items()},
                body=_bytes(request.body),
            )
        )
        while isinstance(answer, Later):
            answer = patience.wait_for(answer)
        delivery = answer.delivery or WHOLE
        if delivery.cut_in == "head":
            patience.find_it_broken(delivery.ending)
        body: io.IOBase = io.BytesIO(answer.body) if delivery is WHOLE else _Body(answer, delivery, patience)
        if not has_body(answer, request.method or "GET"):
            body = io.BytesIO()
        raw = RawResponse(
            body=body, headers=headers(answer, {}), status=answer.status, preload_content=False, request_method=request.method
        )
        return self._http.build_response(request, raw)

    def close(self) -> None:
        """Nothing is held open."""


class _Patience:
    """How long the caller still waits for the first byte."""

    def __init__(self, request: requests.PreparedRequest, timeout: Timeout) -> None:
        self._request = request
        self.seconds = timeout[1] if isinstance(timeout, tuple) else timeout
        self._left = self.seconds

    def wait(self, seconds: float) -> None:
        """Let so much time pass.

        :raises requests.ReadTimeout: when it was too much
        """
        if not seconds:
            return
        enough = self._left is None or seconds < self._left
        Event().wait(seconds if enough else self._left)
        if not enough:
            raise requests.ReadTimeout(f"Read timed out. (read timeout={self.seconds})", request=self._request)
        if self._left is not None:
            self._left -= seconds

    def wait_for(self, later: Later[HttpResponse]) -> HttpResponse | Later[HttpResponse]:
        """What was worked out in the end."""
        left = self._left
        try:
            self.wait(later.after_s)
        except requests.ReadTimeout:
            _work_out(later, later.after_s - (left or 0))
            raise
        return later.work()

    def find_it_broken(self, ending: Ending) -> None:
        """Raise what requests raises when the answer never begins."""
        if ending == "silence":
            Event().wait(self._left or 0)
            raise requests.ReadTimeout(f"Read timed out. (read timeout={self.seconds})", request=self._request)
        cause = ConnectionResetError("Connection reset by peer") if ending == "reset" else RemoteDisconnected("no answer came")
        raise requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=self._request)


class _Body(io.RawIOBase):
    """A body that comes in its own time, and breaks off as its delivery says."""

    def __init__(self, answer: HttpResponse, delivery: Delivery, patience: _Patience) -> None:
        self._parts: Iterator[bytes] = pieces(b"", answer.body, replace(delivery, chunked=False))
        self._broken = delivery.cut_in is not None
        self._pause_s = delivery.pause_s
        self._ending = delivery.ending
        self._timeout_s = patience.seconds
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return self._at_the_end()
            self._wait(self._pause_s)
            self._rest = part
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _at_the_end(self) -> int:
        if self._broken and self._ending == "reset":
            raise ConnectionResetError("Connection reset by peer")
        if self._broken and self._ending in ("silence", "keep"):
            self._wait(None)
        return 0

    def _wait(self, seconds: float | None) -> None:
        """Let so much time pass, or as much as there is patience with one read; None: for ever, which takes no longer than that either.

        :raises TimeoutError: when it was too much
        """
        if seconds is not None and (self._timeout_s is None or seconds < self._timeout_s):
            Event().wait(seconds)
            return
        Event().wait(self._timeout_s or 0)
        raise TimeoutError("timed out")


def _work_out(later: Later[HttpResponse], after_s: float) -> None:
    def work() -> None:
        answer = later.work()
        if isinstance(answer, Later):
            _work_out(answer, answer.after_s)

    timer = Timer(after_s, work)
    timer.daemon = True
    timer.start()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    if hasattr(body, "read"):
        return _bytes(body.read())
    if isinstance(body, Iterable):
        return b"".join(_bytes(part) for part in body)
    raise TypeError(f"a request's body must be text, bytes or a file, not {type(body).__name__}")
