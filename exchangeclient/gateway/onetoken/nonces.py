"""Which nonces were used. Pure, but for what it remembers; from one thread at a time.

A nonce is used once. Parallel requests may come out of turn, so one may be somewhat lower than others before it: the newest of a key are
known one by one, and what is lower than all of these is taken for used. Some programs count milliseconds and some microseconds: nonces
of another length have a memory of their own.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import Final

_KEPT: Final = 1_000
_MOST_DIGITS: Final = 16  # 2^53 has so many
_LARGEST: Final = 2**53


class Nonces:
    """Those of all keys."""

    def __init__(self) -> None:
        self._memories: defaultdict[tuple[str, int], _Memory] = defaultdict(_Memory)

    def forbid(self, key: str, newest: str) -> None:
        """Take a nonce, and what is lower, for used: of a life before."""
        self._memories[key, len(newest)].forbid(int(newest))

    def use(self, key: str, text: str) -> bool:
        """Use a nonce; False when it was, or may have been, or is no nonce."""
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS) or int(text) > _LARGEST:
            return False
        return self._memories[key, len(text)].use(int(text))


class _Memory:
    def __init__(self) -> None:
        self._newest: list[int] = []  # a heap
        self._known: set[int] = set()
        self._floor = -1

    def forbid(self, nonce: int) -> None:
        self._floor = max(self._floor, nonce)

    def use(self, nonce: int) -> bool:
        if nonce <= self._floor or nonce in self._known:
            return False
        self._known.add(nonce)
        heapq.heappush(self._newest, nonce)
        if len(self._newest) > _KEPT:
            lowest = heapq.heappop(self._newest)
            self._known.discard(lowest)
            self.forbid(lowest)
        return True
