"""An answer as bytes: its head, and the pieces in which it leaves."""

from __future__ import annotations

import http.client
import io
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.serving.app import Message
from exchangeclient.serving.messages import Delivery, HttpResponse
from exchangeclient.serving.wire import head, pieces, with_headers

DATE = "Fri, 01 Jan 2027 00:00:00 GMT"
BODIES = st.binary(max_size=300)


class Wire:
    """Bytes that http.client reads as if they came from a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def parsed(raw: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
    """What the standard library makes of an answer."""
    response = http.client.HTTPResponse(Wire(raw))  # type: ignore[arg-type]
    response.begin()
    return response.status, response.headers, response.read()


@given(
    status=st.sampled_from([200, 400, 418, 429, 503, 599]),
    body=BODIES,
    filler=BODIES,
    times=st.integers(0, 4),
    chunked=st.booleans(),
    size=st.integers(0, 50),
)
def test_an_answer_is_read_as_it_was_meant_however_it_is_sliced(
    status: int, body: bytes, filler: bytes, times: int, chunked: bool, size: int
) -> None:
    delivery = Delivery(slice_bytes=size, filler=filler, filler_times=times, chunked=chunked)
    response = HttpResponse(status, body, {"X-Own": "yes"}, delivery)
    sent = list(pieces(head(response, date=DATE), body, delivery))
    got_status, headers, got = parsed(b"".join(sent))
    assert (got_status, got, headers["X-Own"], headers["Date"]) == (status, body + filler * times, "yes", DATE)
    assert size == 0 or all(0 < len(piece) <= size for piece in sent)


@given(body=BODIES, most=st.integers(0, 400), size=st.integers(0, 50))
def test_a_cut_answer_is_the_beginning_of_the_whole_one(body: bytes, most: int, size: int) -> None:
    response = HttpResponse(200, body)
    first = head(response, date=DATE)
    in_head = b"".join(pieces(first, body, Delivery(cut_in="head", most_bytes=most, slice_bytes=size)))
    in_body = b"".join(pieces(first, body, Delivery(cut_in="body", most_bytes=most, slice_bytes=size)))
    assert in_head == first[:most]
    assert in_body == first + body[:most]


def test_a_body_without_end_has_no_length() -> None:
    delivery = Delivery(filler=b"x", filler_times=None, chunked=True)
    first = head(HttpResponse(200, b"begin", delivery=delivery), date=DATE)
    assert b"Content-Length" not in first
    assert list(islice(pieces(first, b"begin", delivery), 4)) == [first, b"5\r\nbegin\r\n", b"1\r\nx\r\n", b"1\r\nx\r\n"]


def test_no_value_begins_a_header_of_its_own() -> None:
    _, headers, _ = parsed(head(HttpResponse(200, b"", {"X-Echo": "a\r\nSet-Cookie: b\n\nc"}), date=DATE))
    assert "Set-Cookie" not in headers
    assert headers["X-Echo"] == "a  Set-Cookie: b  c"


@pytest.mark.parametrize(
    ("own", "length", "date"),
    [({"content-length": "9", "DATE": "never"}, "9", "never"), ({"Content-Length": None, "Date": None}, None, None), ({}, "4", DATE)],
)
def test_what_an_answer_says_itself_is_not_added(own: dict[str, str | None], length: str | None, date: str | None) -> None:
    first = head(HttpResponse(200, b"body", own), date=DATE)
    headers = http.client.parse_headers(io.BytesIO(first.partition(b"\r\n")[2]))
    assert (headers.get_all("Content-Length"), headers.get_all("Date")) == (length and [length], date and [date])


def test_the_headers_of_a_head_are_changed_and_taken_away() -> None:
    first = b"HTTP/1.1 101 Switching Protocols\r\nServer: x\r\nUpgrade: WebSocket\r\n\r\n"
    changed = with_headers(first, {"server": None, "UPGRADE": "other\r\nX: y", "Z": "1"})
    assert changed == b"HTTP/1.1 101 Switching Protocols\r\nUPGRADE: other  X: y\r\nZ: 1\r\n\r\n"
    assert with_headers(first, {}) == first


def test_an_answer_may_say_that_the_connection_ends_with_it() -> None:
    for close in (False, True):
        _, headers, _ = parsed(head(HttpResponse(204), date=DATE, close=close))
        assert (headers["Connection"] == "close") is close
        assert "Content-Length" not in headers


@given(payload=st.one_of(st.binary(max_size=200), st.sampled_from([b"x" * size for size in (125, 126, 65_535, 65_536)])))
def test_a_message_is_one_unmasked_text_frame(payload: bytes) -> None:
    frame = Message(payload).frame
    assert frame[0] == 0x81
    length, rest = frame[1], frame[2:]
    size = {126: 2, 127: 8}.get(length, 0)
    assert frame[1] < 128
    assert (int.from_bytes(rest[:size], "big") if size else length) == len(payload)
    assert rest[size:] == payload
