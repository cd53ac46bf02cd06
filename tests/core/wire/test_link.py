"""The quick way of reading beside Autobahn's own: the same bytes, in whatever pieces, mean the same on both."""

from __future__ import annotations

import base64
import hashlib
import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import txaio
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from exchangeclient.core.wire import link
from exchangeclient.core.wire.link import is_familiar, link_class, plain_class, quick_class

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MOST_BYTES = 80_000
PING_EVERY_S, PONG_WITHIN_S = 20.0, 10.0


@pytest.fixture(scope="module", autouse=True)
def clock() -> Iterator[None]:
    """Autobahn's timers go by a clock that each line sets up anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(txaio.config, "loop", None)
        yield


class Witness:
    """Who is told what happens; closes its link when it has seen so many messages."""

    def __init__(self, leaves_after: int | None = None) -> None:
        self.batches: list[list[bytes]] = []
        self.lost_for: list[str] = []
        self._leaves_after = leaves_after

    @property
    def messages(self) -> list[bytes]:
        return [message for batch in self.batches for message in batch]

    def opened(self, link: Any) -> None:
        """Nothing is asked for."""

    def received(self, link: Any, payloads: Any) -> None:
        self.batches.append(list(payloads))
        if self._leaves_after is not None and len(self.messages) >= self._leaves_after:
            link.hang_up()

    def lost(self, link: Any, reason: str) -> None:
        self.lost_for.append(reason)


class Wire(StringTransport):
    """A transport in memory."""

    def unregisterProducer(self) -> None:
        """Autobahn says this at every end, and no real transport minds."""


class Line:
    """A link after its handshake, on a transport and a clock in memory."""

    def __init__(
        self,
        kind: Any,
        *,
        behind_the_handshake: bytes = b"",
        leaves_after: int | None = None,
        frame_limit: int = MOST_BYTES,
        message_limit: int = MOST_BYTES,
    ) -> None:
        self.witness = Witness(leaves_after)
        self.clock = txaio.config.loop = Clock()
        factory = WebSocketClientFactory("ws://venue.example/ws", reactor=self.clock)
        factory.setProtocolOptions(
            maxFramePayloadSize=frame_limit,
            maxMessagePayloadSize=message_limit,
            autoPingInterval=PING_EVERY_S,
            autoPingTimeout=PONG_WITHIN_S,
            failByDrop=False,
        )
        self.link = kind(self.witness, factory)
        self.transport = Wire()
        self.link.makeConnection(self.transport)
        key = next(row.split(b": ")[1] for row in self.transport.value().split(b"\r\n") if row.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.transport.clear()
        self.link.dataReceived(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n%b"
            % (accept, behind_the_handshake)
        )

    def sent(self) -> list[tuple[int, bytes]]:
        """The frames that went out: of a close its code alone, since the text is Autobahn's to word."""
        frames, data = [], self.transport.value()
        while data:
            length = data[1] & 127
            assert length < 126
            body = bytes(byte ^ data[2 + index % 4] for index, byte in enumerate(data[6 : 6 + length]))
            frames.append((data[0] & 15, body[:2] if data[0] & 15 == CLOSE else body))
            data = data[6 + length :]
        return frames

    def outcome(self) -> dict[str, Any]:
        link, stats = self.link, self.link.trafficStats
        outcome: dict[str, Any] = {
            "messages": self.witness.messages,
            "sent": self.sent(),
            "said goodbye": (link.closedByMe, link.failedByMe, link.localCloseCode, link.may_send()),
            "counted": (stats.incomingWebSocketMessages, stats.incomingWebSocketFrames, stats.incomingOctetsWireLevel),
        }
        if not link.failedByMe:  # once it is, Autobahn's two validators of UTF-8 do not agree on what more is wrong, nor does ours
            outcome |= {"heard goodbye": link.remoteCloseCode, "state": link.state, "dropped": self.transport.disconnecting}
        return outcome


def encoded(payload: bytes, opcode: int = TEXT, *, final: bool = True, reserved: int = 0, mask: bytes = b"", longer: int = 0) -> bytes:
    """A frame.

    :param longer: write the length in the next wider form, or the widest
    """
    width = min(2, (0 if len(payload) < 126 else 1 if len(payload) < 65536 else 2) + longer)
    first = (len(payload), 126, 127)[width] | bool(mask) << 7
    length = len(payload).to_bytes((2, 8)[width - 1], "big") if width else b""
    head = bytes([final << 7 | reserved << 4 | opcode, first]) + length
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if mask else payload
    return head + mask + body


LENGTHS = st.sampled_from([0, 1, 2, 124, 125, 126, 127, 300, 4000, 16_380, 16_390, 65_535, 65_536, MOST_BYTES, MOST_BYTES + 1])
TEXTS = st.one_of(
    LENGTHS.map(lambda length: b"x" * length),
    st.sampled_from(["é", "这是测试币456", "\U0001f680" * 40, "x" * 20_000 + "é", "é" * 9_000]).map(str.encode),
)
BAD_TEXTS = st.sampled_from(
    [b"\xff", b"\x80", b"x\xc3", b"\xed\xa0\x80", b"\xed\xa0", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"x" * 20_000 + b"\xfe" + b"x" * 100]
)
MESSAGES = TEXTS.map(encoded)
CONTROLS = st.builds(lambda opcode, payload: encoded(payload, opcode), st.sampled_from([PING, PONG]), st.binary(max_size=125))


@st.composite
def fragments(draw: Any) -> bytes:
    """A message in several frames, perhaps with pings between them."""
    whole = draw(st.one_of(TEXTS, BAD_TEXTS)) + "é€\U0001f680".encode()
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), min_size=1, max_size=4)))
    kind = draw(st.sampled_from([TEXT, TEXT, BINARY]))
    parts = [whole[start:end] for start, end in itertools.pairwise([0, *cuts, len(whole)])]
    frames = [encoded(part, 0 if number else kind, final=number == len(parts) - 1) for number, part in enumerate(parts)]
    return b"".join(
        frame + (draw(CONTROLS) if draw(st.booleans()) and number < len(parts) - 1 else b"") for number, frame in enumerate(frames)
    )


ODD = st.one_of(
    BAD_TEXTS.map(encoded),
    fragments(),
    TEXTS.map(lambda text: encoded(text, BINARY)),
    TEXTS.map(lambda text: encoded(text, mask=b"mask")),
    st.builds(lambda text, longer: encoded(text[:60_000], longer=longer), TEXTS, st.integers(1, 2)),
    st.builds(lambda opcode, reserved: encoded(b"odd", opcode, reserved=reserved), st.integers(0, 15), st.integers(0, 7)),
    st.builds(lambda opcode, text: encoded(text[:300], opcode, final=False), st.integers(0, 15), TEXTS),
    st.sampled_from([b"", b"\x03", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xe8\xff", b"\x03\xed", b"\x00\x00", b"\x0f\xa0why"]).map(
        lambda body: encoded(body, CLOSE)
    ),
    st.just(b"\x81\x7f" + b"\xff" * 8),
)
# Mostly what venues send, so that the odd one meets a quick reader in every state.
STREAMS = st.lists(st.one_of(MESSAGES, MESSAGES, MESSAGES, CONTROLS, fragments(), ODD), min_size=1, max_size=12).map(b"".join)


@st.composite
def chunked(draw: Any) -> list[bytes]:
    """A stream in pieces: cut anywhere, often near the start of a frame, and perhaps incomplete."""
    stream = draw(STREAMS)
    cuts = draw(st.lists(st.one_of(st.integers(0, min(40, len(stream))), st.integers(0, len(stream))), max_size=25))
    edges = sorted({0, *cuts, len(stream)})
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]
    return pieces[:-1] if len(pieces) > 1 and draw(st.booleans()) else pieces


def after(kind: Any, chunks: list[bytes], **how: Any) -> Line:
    line = Line(kind, **how)
    for chunk in chunks:
        if not line.transport.disconnecting:
            line.link.dataReceived(chunk)
    return line


@settings(max_examples=150, deadline=None)
@given(chunked(), st.one_of(st.none(), st.integers(1, 4)))
def test_s13_any_bytes_in_any_pieces_mean_what_they_mean_to_autobahn(chunks: list[bytes], leaves_after: int | None) -> None:
    quick, stock = (after(kind, chunks, leaves_after=leaves_after) for kind in (quick_class(plain_class()), plain_class()))
    assert quick.outcome() == stock.outcome()
    assert quick.witness.batches == stock.witness.batches


@settings(max_examples=60, deadline=None)
@given(chunked())
def test_s13_pieces_make_no_difference(chunks: list[bytes]) -> None:
    in_pieces, at_once = (after(link_class(), form).outcome() for form in (chunks, [b"".join(chunks)]))
    del in_pieces["counted"], at_once["counted"]
    assert in_pieces == at_once


def test_one_byte_at_a_time_is_a_stream_as_well() -> None:
    stream = encoded(b"1") + encoded(b"x" * 300) + encoded("é".encode()) + encoded(b"p", PING) + encoded(b"2") + encoded(b"\xff")
    line = after(link_class(), [bytes([byte]) for byte in stream])
    assert line.witness.messages == [b"1", b"x" * 300, "é".encode(), b"2"]
    assert line.sent() == [(PONG, b"p"), (CLOSE, (1007).to_bytes(2, "big"))]


def test_messages_right_behind_the_handshake_are_delivered() -> None:
    line = Line(link_class(), behind_the_handshake=encoded(b"1") + encoded(b"2")[:2])
    line.link.dataReceived(encoded(b"2")[2:])
    assert line.witness.messages == [b"1", b"2"]


def test_messages_of_a_chunk_come_together_around_a_ping() -> None:
    line = after(link_class(), [encoded(b"1") + encoded(b"p", PING) + encoded(b"2"), encoded(b"3")])
    assert line.witness.batches == [[b"1", b"2"], [b"3"]]


def test_a_text_amid_the_fragments_of_another_breaks_the_protocol() -> None:
    line = after(link_class(), [encoded(b"[1,", final=False) + encoded(b"[2]")])
    assert (line.witness.messages, line.sent()) == ([], [(CLOSE, (1002).to_bytes(2, "big"))])


def test_what_looks_like_frames_within_a_long_message_is_part_of_it() -> None:
    message = b"x" * 20_000 + encoded(b"no message") * 3
    line = after(link_class(), [encoded(message, BINARY)[:-36], encoded(message, BINARY)[-36:] + encoded(b"2")])
    assert line.witness.batches == [[message, b"2"]]


def test_bad_text_fails_before_its_frame_is_complete() -> None:
    line = after(link_class(), [encoded(b"1"), encoded(b"\xff" + b"x" * 1000)[:20]])
    assert line.sent() == [(CLOSE, (1007).to_bytes(2, "big"))]


@pytest.mark.parametrize("limits", [{"frame_limit": 0}, {"message_limit": 0}, {}], ids=["of a message", "of a frame", "of both"])
@pytest.mark.parametrize("come", [10, MOST_BYTES + 11], ids=["its head", "all of it"])
def test_s14_a_length_beyond_the_limit_is_refused(limits: dict[str, int], come: int) -> None:
    line = Line(link_class(), **limits)
    line.link.dataReceived(encoded(b"x" * MOST_BYTES) + encoded(b"x" * (MOST_BYTES + 1))[:come])
    assert [len(message) for message in line.witness.messages] == [MOST_BYTES]
    assert line.sent() == [(CLOSE, (1009).to_bytes(2, "big"))]


@pytest.mark.parametrize("kind", [plain_class, lambda: quick_class(plain_class())], ids=["autobahn's own", "quick"])
@pytest.mark.parametrize("talks", [True, False])
def test_messages_are_as_good_as_a_pong(kind: Any, talks: bool) -> None:
    line = Line(kind())
    line.clock.advance(PING_EVERY_S + 1)
    assert [opcode for opcode, _ in line.sent()] == [PING]
    line.clock.advance(PONG_WITHIN_S / 2)
    if talks:
        line.link.dataReceived(encoded(b"1"))
    line.clock.advance(PONG_WITHIN_S)
    assert (line.link.state == line.link.STATE_OPEN) == talks


def test_an_autobahn_with_other_names_inside_is_left_to_itself(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Another(WebSocketClientProtocol):  # type: ignore[misc] # Autobahn carries no types
        pass

    assert is_familiar(Another)
    for method in link._INSIDE:
        assert is_familiar(WebSocketClientProtocol)
        monkeypatch.setattr(link, "_INSIDE", {**link._INSIDE, method: frozenset({"anotherName"})})
        assert not is_familiar(WebSocketClientProtocol)
        link_class.cache_clear()
        caplog.clear()
        assert link_class() is plain_class()
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        monkeypatch.undo()
    link_class.cache_clear()
    assert link_class() is not plain_class()
