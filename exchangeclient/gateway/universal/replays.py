"""What was done already: a call that must not be done twice is known by its nonce, and answered as it was the first time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from exchangeclient.gateway.universal.protocol import Answer
from exchangeclient.gateway.universal.texts import nonce_used

_MOST: Final = 4_096
_MARGIN_NS: Final = 60_000_000_000  # by which a robot's clock may be ahead of this machine's


class Replay:
    """The answer to one call, there or to come. All share one condition: there are thousands, and a Future each would be most of it.

    :param changed: what is waited on
    """

    __slots__ = ("_answer", "_changed")

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._answer: Answer | None = None

    @property
    def is_there(self) -> bool:
        """True once the call is answered."""
        return self._answer is not None

    def set_result(self, answer: Answer) -> None:
        """Answer the call, for all who wait."""
        with self._changed:
            self._answer = answer
            self._changed.notify_all()

    def result(self) -> Answer:
        """The answer, when it is there."""
        with self._changed:
            while self._answer is None:
                self._changed.wait()
            return self._answer


class Replays:
    """The calls that were answered lately, by key, method and nonce.

    :param now_ns: nanoseconds since 1970. What carries an older nonce may have been answered by a gateway that ran before
    """

    def __init__(self, now_ns: int, most: int = _MOST) -> None:
        self._changed = threading.Condition()
        self._calls: OrderedDict[tuple[Hashable, int], tuple[bytes, Replay]] = OrderedDict()
        self._forgotten_ns = now_ns + _MARGIN_NS
        self._most = most

    def enter(self, who: Hashable, nonce: int, fingerprint: bytes) -> tuple[Replay, bool]:
        """The answer, there or to come, of a call; and whether whoever asks is the one to work it out.

        :param who: whose call of which method it is
        :param fingerprint: what tells it from another call
        :raises Refused: when another call had the same nonce
        """
        with self._changed:
            known = self._calls.get((who, nonce))
            if known is None:
                self._calls[who, nonce] = fingerprint, Replay(self._changed)
                self._forget()
                return self._calls[who, nonce][1], True
        if known[0] != fingerprint:
            raise nonce_used()
        return known[1], False

    def forget(self, who: Hashable, nonce: int) -> None:
        """Have the same call worked out anew when it comes again: its answer leaves open what became of it."""
        with self._changed:
            self._calls.pop((who, nonce), None)
            self._forgotten_ns = max(self._forgotten_ns, nonce)

    def may_have_been(self, nonce: int, now_ns: int) -> bool:
        """True when a call with this nonce, though unknown here, may have been answered before.

        By a clock that is far ahead, a call from before this gateway looks like one of now.
        """
        with self._changed:
            return nonce <= self._forgotten_ns or nonce > now_ns + _MARGIN_NS

    def _forget(self) -> None:
        while len(self._calls) > self._most:
            found = next((name for name, (_, answer) in self._calls.items() if answer.is_there), None)
            if found is None:
                return
            del self._calls[found]
            _, nonce = found
            self._forgotten_ns = max(self._forgotten_ns, nonce)
