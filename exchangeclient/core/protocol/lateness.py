"""How late a stream's events are, without knowing the venue's time: a stream that flows but falls behind is no live stream."""

from __future__ import annotations

_WINDOW_S = 1800.0


class Lateness:
    """Compares how long events have been on their way with the shortest that was seen in the last half hour or so.

    The two clocks may show what they like, as long as both go on at the same pace.
    """

    def __init__(self) -> None:
        self._since_s = float("-inf")
        self._lowest = self._lowest_before = float("inf")

    def seen(self, now_s: float, event_s: float) -> float:
        """By how many seconds an event that comes now is later than the promptest one."""
        way = now_s - event_s
        if now_s - self._since_s >= _WINDOW_S:  # a clock that is a little fast must not add up
            self._since_s = now_s
            self._lowest_before, self._lowest = self._lowest, way
        self._lowest = min(self._lowest, way)
        return way - min(self._lowest, self._lowest_before)

    def forget(self) -> None:
        """Take the next event for prompt."""
        self._since_s = float("-inf")
        self._lowest = self._lowest_before = float("inf")
