"""The U/u rule: which depth event follows which, and which snapshot fits.

Source: "How to manage a local order book correctly", Binance Spot API documentation, as corrected on 2025-11-12.
A book's id is the snapshot's ``lastUpdateId``, then the ``u`` of the last event applied.
"""

from __future__ import annotations

from typing import Final

from exchangeclient.market.booksync import Diff, Place

# As in booksync: what is looked up for each message is looked up once.
_OLD: Final = Place.OLD
_NEXT: Final = Place.NEXT
_GAP: Final = Place.GAP


class DepthRule:
    """Spot's rule for ``<symbol>@depth``: ``first_id`` is ``U``, ``last_id`` is ``u``."""

    def place(self, diff: Diff, book_id: int) -> Place:
        """Where an event stands to a book.

        The document has one condition for the first event behind a snapshot (``U <= lastUpdateId + 1 <= u``) and one for all
        later ones (``U > id + 1`` is a gap); with ``u <= id`` dropped in both cases they are the same.
        """
        if diff.last_id <= book_id:
            return _OLD
        return _NEXT if diff.first_id <= book_id + 1 else _GAP

    def joins(self, diff: Diff, book_id: int) -> Place:
        """The same for the first one behind a snapshot, see :meth:`place`."""
        return self.place(diff, book_id)

    def reaches(self, snapshot_id: int, first: Diff) -> bool:
        """False when something between the snapshot and the first collected event is missing: then a snapshot is fetched again.

        The document fetches again when ``lastUpdateId`` is below ``U`` at all. One below it is the number right before that event: the
        two fit, and in a quiet market, where a snapshot is often taken just then, fetching again would only cost time and weight.
        """
        return snapshot_id + 1 >= first.first_id
