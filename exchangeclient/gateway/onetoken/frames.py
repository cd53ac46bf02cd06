"""Messages of the gateway's sockets as frames: a text, or with ``?gzip=true`` binary, gzip of the text. Pure.

A frame is made once for all sockets that it goes to.
"""

from __future__ import annotations

import gzip
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.serving.app import Message

_BINARY: Final = 0x82  # a whole binary message in one frame (RFC 6455, section 5.2)
_FASTEST: Final = 1


class Frames:
    """One message in each of its two forms, each made when it is asked for first.

    :ivar content: what it says
    """

    __slots__ = ("_frames", "_text", "content")

    def __init__(self, content: Any) -> None:
        self.content = content
        self._text = jsonio.encode(content)
        self._frames: dict[bool, bytes] = {}

    def frame(self, *, gzipped: bool) -> bytes:
        """The bytes on the wire."""
        frame = self._frames.get(gzipped)
        if frame is None:
            frame = self._frames[gzipped] = _binary(self._text) if gzipped else Message(self._text).frame
        return frame


def _binary(text: bytes) -> bytes:
    """A text message's frame with another first byte: the length is written the same way."""
    return bytes((_BINARY,)) + Message(gzip.compress(text, _FASTEST, mtime=0)).frame[1:]
