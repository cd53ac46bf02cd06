"""Tries every order in which a few changes and snapshots can be delivered to a book.

Runs that have led to the same state go on as one: a book decides by its state alone. So all interleavings are covered, though far fewer
are played.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator

from book_market import Market
from book_schedules import check, heed

from exchangeclient.market.booksync import BookSync, Diff, SequenceRule, Snapshot

Move = Callable[[BookSync], object]


def search(rule: SequenceRule, market: Market, deliveries: int) -> tuple[int, int, int]:
    """Every delivery is any change, any snapshot, a broken connection, a refresh, or the end of one's patience.

    :returns: how many different runs there are, how many states they lead to, and in how many of those the book is live
    """
    moves = list(_moves(market))
    first = BookSync(rule)
    first.begin()
    seen: dict[Hashable, BookSync] = {_key(first): first}
    newest = list(seen.values())
    for _ in range(deliveries):
        found: dict[Hashable, BookSync] = {}
        for sync in newest:
            for told, move in moves:
                twin = _twin(sync)
                move(twin)
                if told is not None:
                    heed(twin, told)
                if twin.live:
                    check(twin, market, sync.last_id if sync.live else 0)
                found.setdefault(_key(twin), twin)
        newest = [sync for key, sync in found.items() if key not in seen]
        seen.update(found)
    return sum(len(moves) ** length for length in range(deliveries + 1)), len(seen), sum(sync.live for sync in seen.values())


def _moves(market: Market) -> Iterator[tuple[Diff | None, Move]]:
    """Each with the change that it is, if it is one."""
    for diff in market.diffs:
        yield diff, lambda sync, diff=diff: sync.diff(diff)
    for at in range(market.last_id + 1):
        for depth in (None, 2):
            yield None, lambda sync, at=at, depth=depth: sync.snapshot(market.snapshot(at, depth))
    yield None, _reconnect
    yield None, lambda sync: sync.begin()
    yield None, lambda sync: sync.settle()


def _reconnect(sync: BookSync) -> None:
    sync.lose()
    sync.begin()


def _twin(sync: BookSync) -> BookSync:
    twin = BookSync(sync._rule)
    vars(twin).update({name: value for name, value in vars(sync).items() if name != "proof"})
    twin.book = None if sync.book is None else sync.book.copy()
    twin._collected = None if sync._collected is None else deque(sync._collected, sync._collected.maxlen)
    twin._ahead = None if sync._ahead is None else Snapshot(sync._ahead.last_id, sync._ahead.book.copy())
    return twin


def _key(sync: BookSync) -> Hashable:
    """All that the book's next step depends on."""
    books = [None if book is None else (book.top(), book.bids.known_to, book.asks.known_to) for book in (sync.book, _ahead(sync))]
    collected = None if sync._collected is None else tuple(diff.last_id for diff in sync._collected)
    return sync.live, sync._is_bare, sync.last_id, sync.time_ms, *books, None if sync._ahead is None else sync._ahead.last_id, collected


def _ahead(sync: BookSync) -> object:
    return None if sync._ahead is None else sync._ahead.book
