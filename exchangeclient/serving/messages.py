"""What an HTTP request and its answer are to an app, whoever carries them (a port, or a session in the same process)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. ``query`` and ``body`` are the very bytes that were sent, because signatures are over them.

    :ivar method: upper case
    :ivar path: percent-encoded as it came, without the query
    :ivar query: the text behind ``?``, not decoded
    :ivar headers: names in lower case
    :ivar peer: the sender's address
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One answer. The host adds ``Content-Length`` and ``Date``."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
