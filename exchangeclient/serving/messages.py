"""What an HTTP request and its answer are to an app, whoever carries them (a port, or a session in the same process)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from msgspec import Struct

T_co = TypeVar("T_co", covariant=True)

Ending = Literal["keep", "close", "reset", "silence"]
"""What becomes of the connection behind an answer: it serves on, is closed, is cut with a RST, or stays open and dead."""


class HttpRequest(Struct, frozen=True):  # one is made for every request, at a fraction of what a frozen dataclass costs
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
    headers: Mapping[str, str] = {}
    body: bytes = b""
    peer: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer leaves, if not whole and in one piece: for whoever wants to see clients in trouble.

    :ivar cut_in: the part that breaks off after ``most_bytes`` of it: the head (status line and headers) or the body; None: neither
    :ivar ending: what becomes of the connection then
    :ivar slice_bytes: it leaves in slices of this size, with ``pause_s`` between them; 0: in one piece
    :ivar filler: sent behind the body again and again, ``filler_times`` in all, as part of it; None: without an end
    :ivar chunked: the body goes in chunks, its length is not told beforehand
    """

    cut_in: Literal["head", "body"] | None = None
    most_bytes: int = 0
    ending: Ending = "keep"
    slice_bytes: int = 0
    pause_s: float = 0
    filler: bytes = b""
    filler_times: int | None = 0
    chunked: bool = False


class HttpResponse(Struct, frozen=True):
    """One answer. The host adds ``Content-Length`` and ``Date``, unless they are among the headers.

    :ivar headers: by name; None: nothing under this name goes out, what the host would add included
    :ivar delivery: how it leaves; None: whole and in one piece
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str | None] = {}
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Later(Generic[T_co]):
    """An answer that is worked out after a while, whether or not anybody is still waiting for it.

    :ivar work: called on the app's thread; may answer with another :class:`Later`
    """

    after_s: float
    work: Callable[[], T_co | Later[T_co]]


@dataclass(frozen=True, slots=True)
class Promised:
    """An answer that another thread works out, for an app that itself has to wait for somebody.

    :ivar begin: called on the app's thread with what is to be given the answer, from whatever thread, once; what comes later is dropped
    :ivar within_s: after so long, or up to a second more, ``late`` answers in its place
    :ivar late: called on the app's thread
    """

    begin: Callable[[Callable[[HttpResponse], None]], None]
    within_s: float
    late: Callable[[], HttpResponse]
