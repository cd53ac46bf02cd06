"""What was done already: a call that must not be done twice is known by its nonce, and answered as it was the first time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Future
from typing import Final

from exchangeclient.gateway.universal.protocol import Answer
from exchangeclient.gateway.universal.texts import nonce_used

_MOST: Final = 4_096
_MARGIN_NS: Final = 60_000_000_000  # by which a robot's clock may be ahead of this machine's


class Replays:
    """The calls that were answered lately, by key, method and nonce.

    :param now_ns: nanoseconds since 1970. What carries an older nonce may have been answered by a gateway that ran before
    """

    def __init__(self, now_ns: int, most: int = _MOST) -> None:
        self._lock = threading.Lock()
        self._calls: OrderedDict[tuple[Hashable, int], tuple[bytes, Future[Answer]]] = OrderedDict()
        self._forgotten_ns = now_ns + _MARGIN_NS
        self._most = most

    def enter(self, who: Hashable, nonce: int, fingerprint: bytes) -> tuple[Future[Answer], bool]:
        """The answer, there or to come, of a call; and whether whoever asks is the one to work it out.

        :param who: whose call of which method it is
        :param fingerprint: what tells it from another call
        :raises Refused: when another call had the same nonce
        """
        with self._lock:
            known = self._calls.get((who, nonce))
            if known is None:
                self._calls[who, nonce] = fingerprint, Future()
                self._forget()
                return self._calls[who, nonce][1], True
        if known[0] != fingerprint:
            raise nonce_used()
        return known[1], False

    def forget(self, who: Hashable, nonce: int) -> None:
        """Have the same call worked out anew when it comes again: its answer leaves open what became of it."""
        with self._lock:
            self._calls.pop((who, nonce), None)
            self._forgotten_ns = max(self._forgotten_ns, nonce)

    def may_have_been(self, nonce: int, now_ns: int) -> bool:
        """True when a call with this nonce, though unknown here, may have been answered before.

        By a clock that is far ahead, a call from before this gateway looks like one of now.
        """
        with self._lock:
            return nonce <= self._forgotten_ns or nonce > now_ns + _MARGIN_NS

    def _forget(self) -> None:
        while len(self._calls) > self._most:
            found = next((name for name, (_, answer) in self._calls.items() if answer.done()), None)
            if found is None:
                return
            del self._calls[found]
            _, nonce = found
            self._forgotten_ns = max(self._forgotten_ns, nonce)
