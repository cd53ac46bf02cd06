"""Whole text frames, and what is left to others; UTF-8 in pieces."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.wire.frames import Cut, Utf8, whole_texts

MOST_BYTES = 100_000


def text(payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes([0x81, length]) + payload
    return b"\x81" + (b"\x7e" + length.to_bytes(2, "big") if length < 65536 else b"\x7f" + length.to_bytes(8, "big")) + payload


TEXTS = st.one_of(
    st.text(max_size=300).map(str.encode), st.sampled_from([125, 126, 127, 65535, 65536, MOST_BYTES]).map(lambda length: b"x" * length)
)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=8), st.binary(max_size=1))
def test_whole_texts_are_cut_out(payloads: list[bytes], begun: bytes) -> None:
    data = b"".join(map(text, payloads))
    assert whole_texts(data + begun, MOST_BYTES) == Cut(payloads, len(data), True)


@settings(deadline=None)
@given(st.text("abc", max_size=400).map(str.encode), st.data())
def test_a_short_ascii_text_is_waited_for(payload: bytes, data: st.DataObject) -> None:
    frame = text(payload)
    cut = data.draw(st.integers(0, len(frame) - 1))
    assert whole_texts(text(b"1") + frame[:cut], MOST_BYTES) == Cut([b"1"], 3, True)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x82\x01x",
        b"\x01\x01x",
        b"\x80\x01x",
        b"\xc1\x01x",
        b"\x89\x00",
        b"\x88\x00",
        b"\x81\x81maskx",
        b"\x81\xfe\x00\x80maskx",
        b"\x81\x7e\x00\x7d" + b"x" * 125,
        b"\x81\x7f" + (65535).to_bytes(8, "big") + b"x" * 65535,
        b"\x81\x02\xff\xff",
        text(b"x" * (MOST_BYTES + 1)),
    ],
    ids=[
        "binary",
        "first fragment",
        "last fragment",
        "reserved bit",
        "ping",
        "close",
        "masked",
        "masked and longer",
        "125 in two bytes",
        "65535 in eight bytes",
        "no UTF-8",
        "too long",
    ],
)
def test_what_is_no_plain_text_is_left_to_others_after_those_before_it(frame: bytes) -> None:
    assert whole_texts(text(b"1") + frame + text(b"2"), MOST_BYTES) == Cut([b"1"], 3, False)


@pytest.mark.parametrize(
    ("frame", "most_bytes"),
    [(text("aé".encode())[:4], MOST_BYTES), (text(b"x" * 101)[:10], 100), (text(b"x" * 20_000)[:5000], MOST_BYTES)],
    ids=["not ASCII", "too long", "better gathered piece by piece"],
)
def test_a_begun_text_is_left_to_others_when(frame: bytes, most_bytes: int) -> None:
    assert whole_texts(frame, most_bytes) == Cut([], 0, False)


PIECES = st.sampled_from(["a", "é", "€", "\U0001f680", "\ud7ff", "\ue000", "\U0010ffff"]).map(str.encode)
BAD = st.sampled_from([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xf8", b"\xe0\x80", b"\xf0\x80"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, PIECES, PIECES, BAD), max_size=8).map(b"".join), st.data())
def test_utf8_is_told_as_early_as_it_can_be(whole: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    checker = Utf8()
    checker.validate(b"\xe2\x82")  # what was before does not count
    checker.reset()
    come = b""
    for start, end in itertools.pairwise([0, *cuts, len(whole)]):
        come += whole[start:end]
        told = checker.validate(whole[start:end])
        assert told[:2] == (_may_be_utf8(come), _is_utf8(come))
        assert told[2:] == (end - start, len(come))


def _is_utf8(data: bytes) -> bool:
    return data.decode(errors="replace").encode() == data


def _may_be_utf8(begun: bytes) -> bool:
    """True when some character can be completed from its last bytes: asked of all that there are."""
    return any(_is_utf8(begun + rest) for rest in (b"", *_REST))


_REST = [bytes(rest) for length in (1, 2, 3) for rest in itertools.product((0x80, 0x90, 0x9F, 0xA0, 0xBF), repeat=length)]
