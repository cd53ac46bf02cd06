"""Pages of rows that are in order of their ids and of their times: how every list that grows is asked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Key = Callable[[T], int]


def page(
    rows: Sequence[T],
    id_of: Key[T],
    time_of: Key[T],
    *,
    first_id: int | None = None,
    start_us: int | None = None,
    end_us: int | None = None,
    limit: int | None = None,
) -> Sequence[T]:
    """At most ``limit`` rows, oldest first: from an id or a time on the oldest ones, otherwise the newest ones.

    Both times are inclusive. It costs a search, however many rows there are.
    """
    start = 0 if first_id is None else bisect_left(rows, first_id, key=id_of)
    if start_us is not None:
        start = max(start, bisect_left(rows, start_us, key=time_of))
    end = len(rows) if end_us is None else bisect_right(rows, end_us, key=time_of)
    if limit is not None:
        if first_id is None and start_us is None:
            start = max(start, end - limit)
        end = min(end, start + limit)
    return rows[start:end]
