"""An HTTP answer as bytes: its head, and the pieces in which it leaves. Pure; who sends them owns the connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import chain, repeat

from exchangeclient.serving.messages import Delivery, HttpResponse

WHOLE = Delivery()

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_BODILESS = (204, 304)


def head(response: HttpResponse, *, date: str, close: bool = False) -> bytes:
    """The status line and the headers, with the blank line behind them.

    :param close: say that the connection ends with this answer
    """
    added = {"Date": date, "Connection": "close"} if close else {"Date": date}
    first = f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"
    return _as_bytes([first] + [f"{name}: {value}" for name, value in headers(response, added).items()])


def with_headers(head: bytes, changes: Mapping[str, str | None]) -> bytes:
    """A head with other headers; None takes one away."""
    changed = {name.lower() for name in changes}
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    kept = [line for line in lines if line.partition(":")[0].lower() not in changed]
    return _as_bytes([first, *kept, *(f"{name}: {value}" for name, value in changes.items() if value is not None)])


def _as_bytes(lines: Sequence[str]) -> bytes:
    text = "\r\n".join(lines)
    if text.count("\r") + text.count("\n") > 2 * (len(lines) - 1):  # a line break inside a value would begin a header of its own
        text = "\r\n".join([line.replace("\r", " ").replace("\n", " ") for line in lines])
    return f"{text}\r\n\r\n".encode("latin-1", "replace")


def headers(response: HttpResponse, added: Mapping[str, str]) -> dict[str, str]:
    """All headers: the answer's own, and where it says nothing about them those that are added and what tells the body's length."""
    delivery = response.delivery or WHOLE
    if delivery.chunked:
        added = {**added, "Transfer-Encoding": "chunked"}
    elif response.status not in _BODILESS and delivery.filler_times is not None:
        added = {**added, "Content-Length": str(len(response.body) + len(delivery.filler) * delivery.filler_times)}
    own = {name.lower() for name in response.headers}
    found = {name: value for name, value in response.headers.items() if value is not None}
    for name, value in added.items():
        if name.lower() not in own:
            found[name] = value
    return found


def has_body(response: HttpResponse, method: str) -> bool:
    """Whether the body is sent, beside being counted."""
    return method != "HEAD" and response.status not in _BODILESS


def pieces(head: bytes, body: bytes, delivery: Delivery) -> Iterator[bytes]:
    """What leaves, in this order, with a pause behind each piece if there is one."""
    if delivery.cut_in == "head":
        whole: Iterator[bytes] = iter([head[: delivery.most_bytes]])
    else:
        whole = chain([head], _body(body, delivery))
    return _sliced(whole, delivery.slice_bytes) if delivery.slice_bytes else (piece for piece in whole if piece)


def _body(body: bytes, delivery: Delivery) -> Iterator[bytes]:
    times = delivery.filler_times
    filling = repeat(delivery.filler) if times is None else repeat(delivery.filler, times)
    parts: Iterator[bytes] = chain([body], filling if delivery.filler else ())
    if delivery.cut_in == "body":
        parts = _first(parts, delivery.most_bytes)
    if not delivery.chunked:
        yield from parts
        return
    for part in parts:
        if part:
            yield b"%x\r\n%b\r\n" % (len(part), part)
    if delivery.cut_in is None:
        yield b"0\r\n\r\n"


def _first(parts: Iterator[bytes], most: int) -> Iterator[bytes]:
    for part in parts:
        if most <= 0:
            return
        yield part[:most]
        most -= len(part)


def _sliced(parts: Iterator[bytes], size: int) -> Iterator[bytes]:
    for part in parts:
        for at in range(0, len(part), size):
            yield part[at : at + size]
