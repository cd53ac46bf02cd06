"""The rule of a book whose venue numbers nothing: its messages are counted as they come.

:class:`~exchangeclient.bitmex.bookrows.BookReader` does that.

A change leads from the number before it (``first_id``) to its own (``last_id``). Where something is found to be missing the reader skips a
number. A snapshot's number is that of the last message that it holds. Source: https://www.bitmex.com/app/wsAPI#OrderBookL2
"""

from __future__ import annotations

from exchangeclient.market.booksync import Diff, Place


class CountRule:
    """The rule of ``orderBookL2``."""

    def place(self, diff: Diff, book_id: int) -> Place:
        """Where a change stands to a book: right behind it, if it leads on from the book's number."""
        if diff.last_id <= book_id:
            return Place.OLD
        return Place.NEXT if diff.first_id == book_id else Place.GAP

    def joins(self, diff: Diff, book_id: int) -> Place:
        """The same for the first one behind a snapshot."""
        return self.place(diff, book_id)

    def reaches(self, snapshot_id: int, first: Diff) -> bool:
        """False when something between the snapshot and the first collected change is missing."""
        return snapshot_id >= first.first_id
