"""Serves an :class:`~exchangeclient.serving.app.App` to a requests session of the same process: no port, no thread.

The answers are real ``requests.Response`` objects, made by requests itself from the app's bytes. Websockets need a port.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse as RawResponse

from exchangeclient.serving.app import App
from exchangeclient.serving.messages import HttpRequest


class InProcessAdapter(BaseAdapter):
    """A requests adapter that asks an app: ``session.mount("http://sandbox.localhost", InProcessAdapter(app))``.

    The app is called on the caller's thread, so it must allow for the threads that share the session.
    """

    def __init__(self, app: App) -> None:
        super().__init__()
        self.app = app
        self._http = HTTPAdapter()

    def send(  # noqa: PLR0917 - the signature of requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the signature of requests; nothing here has to wait
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002 - as above
        verify: bool | str = True,  # noqa: ARG002 - as above
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002 - as above
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - as above
    ) -> requests.Response:
        """Ask the app and hand back its answer, with exactly the bytes that were prepared."""
        url = urlsplit(request.url or "")
        answer = self.app.http(
            HttpRequest(
                method=(request.method or "GET").upper(),
                path=url.path or "/",
                query=url.query,
                headers={name.lower(): _text(value) for name, value in request.headers.items()},
                body=_bytes(request.body),
            )
        )
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        body = b"" if request.method == "HEAD" else answer.body
        raw = RawResponse(body=BytesIO(body), headers=headers, status=answer.status, preload_content=False, request_method=request.method)
        return self._http.build_response(request, raw)

    def close(self) -> None:
        """Nothing is held open."""


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
