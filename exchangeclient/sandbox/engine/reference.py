"""A symbol's own reference price: the mean of its trades' prices over the last buckets of time, which are aligned to the epoch.

The oldest bucket lies partly outside of the window, so it counts in proportion, as do its trades: with four decimals more than
whole trades and whole units of price have, each cut.
"""

from __future__ import annotations

from collections import deque

from .instruments import Reference

_FINER = 10_000


class _Bucket:
    __slots__ = ("count", "number", "sum")

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0
        self.sum = 0


class ReferencePrice:
    """Follows the trades of one symbol."""

    __slots__ = ("_buckets", "_count", "_keep", "_mean", "_steady_until_us", "_sum", "_width_us")

    def __init__(self, rule: Reference) -> None:
        self._keep = rule.buckets
        self._width_us = rule.width_ms * 1000
        self._buckets: deque[_Bucket] = deque()
        self._count = 0  # of all buckets
        self._sum = 0
        self._mean: int | None = None
        self._steady_until_us = 0  # until then the mean stays what it is, unless something is traded

    def add(self, price: int, now_us: int) -> None:
        """Count a trade in."""
        number = now_us // self._width_us
        buckets = self._buckets
        if not buckets or buckets[-1].number != number:
            buckets.append(_Bucket(number))
            while buckets[0].number < number - self._keep:
                gone = buckets.popleft()
                self._count -= gone.count
                self._sum -= gone.sum
        bucket = buckets[-1]
        bucket.count += 1
        bucket.sum += price
        self._count += 1
        self._sum += price
        self._steady_until_us = 0

    def price(self, now_us: int) -> int | None:
        """The mean, None when there was no trade in the window."""
        if now_us < self._steady_until_us:
            return self._mean
        current, into = divmod(now_us, self._width_us)
        oldest = current - self._keep
        count, total = self._count * _FINER, self._sum * _FINER
        for bucket in self._buckets:
            if bucket.number > oldest:
                break
            inside = self._width_us - into if bucket.number == oldest else 0
            count -= bucket.count * _FINER - bucket.count * _FINER * inside // self._width_us
            total -= bucket.sum * _FINER - bucket.sum * _FINER * inside // self._width_us
        mean = total // count if count else None
        if self._buckets and self._buckets[0].number > oldest:
            self._mean, self._steady_until_us = mean, (self._buckets[0].number + self._keep) * self._width_us
        return mean
