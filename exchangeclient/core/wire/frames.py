"""Cuts whole text frames out of the bytes of a websocket, and checks UTF-8 as it comes; without I/O.

What nearly every frame of a venue is takes the short way here: a whole, unmasked message of plain text. Every other frame is left to
whoever speaks the protocol in full (:mod:`exchangeclient.core.wire.link`), and so is each that breaks a rule, whose close code is said
there alone. Source: RFC 6455, sections 5.2, 5.6 and 8.1.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

# A final frame of text, without any of the reserved bits.
_TEXT = 0x81
# In the place of the length: it follows in two bytes, in eight.
_IN_TWO, _IN_EIGHT = 126, 127
# What is whole soon is kept until then. A longer one is better gathered piece by piece than joined anew with each chunk.
_KEPT_BYTES = 16 * 1024


class Cut(NamedTuple):
    """What :func:`whole_texts` found.

    :ivar payloads: in order
    :ivar end: where it stopped
    :ivar waits: True when there is nothing to do but to wait for more bytes; False when another frame than a plain text begins there
    """

    payloads: list[bytes]
    end: int
    waits: bool


def whole_texts(data: bytes, most_bytes: int) -> Cut:
    """The whole text messages that ``data`` begins with.

    :param data: begins with a frame, outside of any fragmented message
    :param most_bytes: how long a message may be
    """
    payloads: list[bytes] = []
    push = payloads.append
    at, stop, waits = 0, len(data), True
    while stop - at > 1:
        length = data[at + 1]
        if data[at] != _TEXT or length > _IN_EIGHT:  # longer than that means masked
            waits = False
            break
        if length < _IN_TWO:
            begin = at + 2
        elif length == _IN_TWO:
            begin = at + 4
            if begin > stop:
                break
            length = data[at + 2] << 8 | data[at + 3]
            if length < _IN_TWO:  # it would have fitted into the byte before
                waits = False
                break
        else:
            begin = at + 10
            if begin > stop:
                break
            length = int.from_bytes(data[at + 2 : begin], "big")
            if length < 0x10000:  # it would have fitted into two
                waits = False
                break
        end = begin + length
        if end > stop or length > most_bytes:
            waits = length <= most_bytes and end - at <= _KEPT_BYTES and data[begin:].isascii()
            break
        payload = data[begin:end]
        if not (payload.isascii() or _is_utf8(payload)):
            waits = False
            break
        push(payload)
        at = end
    return Cut(payloads, at, waits)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class Utf8:
    """Checks a text that comes in pieces; has the face of Autobahn's ``Utf8Validator``, and costs next to nothing while all is ASCII."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.reset()

    def reset(self) -> None:
        """Begin another text."""
        self._decoder.reset()
        self._valid, self._is_amid = True, False
        self._checked = 0

    def validate(self, piece: bytes) -> tuple[bool, bool, int, int]:
        """Check the next piece.

        :returns: whether the text may still be UTF-8; whether it may end here; how much was checked of this piece, and in all
        """
        if self._valid and (self._is_amid or not piece.isascii()):
            self._valid = self._goes_on(piece)
        self._checked += len(piece)
        return self._valid, self._valid and not self._is_amid, len(piece), self._checked

    def _goes_on(self, piece: bytes) -> bool:
        try:
            self._decoder.decode(piece)
        except UnicodeDecodeError:
            return False
        begun = self._decoder.getstate()[0]
        self._is_amid = bool(begun)
        # Half of a surrogate: whatever follows can make no character of it, yet the decoder would wait for that.
        return not (begun[:1] == b"\xed" and begun[1:] >= b"\xa0")
