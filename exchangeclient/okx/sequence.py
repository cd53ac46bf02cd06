"""The prevSeqId/seqId rule: which change of a book follows which, and which snapshot fits.

A change names the number of the one before it (``first_id`` here) and its own (``last_id``). Where nothing has changed for a minute both
are the same. Where the venue was maintained its numbers begin anew: ``last_id`` is below ``first_id`` then, which is right all the same.
Source: https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
"""

from __future__ import annotations

from exchangeclient.market.booksync import Diff, Place


class SeqRule:
    """The rule of ``books``: ``first_id`` is ``prevSeqId``, ``last_id`` is ``seqId``."""

    def place(self, diff: Diff, book_id: int) -> Place:
        """Where a change stands to a book: right behind it, if it names the book's number; one that leads to that number has come twice."""
        if diff.first_id == book_id:
            return Place.NEXT
        # An older one is no repetition: the numbers may have begun anew, and the change that says so is missing.
        return Place.OLD if diff.first_id < book_id == diff.last_id else Place.GAP

    def joins(self, diff: Diff, book_id: int) -> Place:
        """The same for the first one behind a snapshot, which may cover the number of one that came over REST."""
        if diff.first_id < book_id:
            return Place.NEXT if diff.last_id > book_id else Place.OLD
        return self.place(diff, book_id)

    def reaches(self, snapshot_id: int, first: Diff) -> bool:
        """False when something between the snapshot and the first collected change is missing: then a snapshot is fetched again.

        Of a change with which the numbers begin anew they tell nothing; the replay finds out.
        """
        return snapshot_id >= min(first.first_id, first.last_id)
