"""What BitMEX lists, as far as orders need it: order rules out of its instruments, whoever asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchangeclient.bitmex.filters import NEEDED, order_rules
from exchangeclient.bitmex.rest.public_data import PublicData
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders import listings
from exchangeclient.core.orders.listings import Entry
from exchangeclient.core.process.clock import Clock

_INSTRUMENTS: Final = declaration(PublicData.get_instruments)
_ACTIVE: Final = declaration(PublicData.get_active_instruments)
_KNOWN: Final = frozenset(NEEDED)


class Listings(listings.Listings):
    """The rules of the venue's instruments; safe to be used by many threads.

    :param clock: what their age is measured by
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, order_rules)

    def question(self, symbol: str) -> Request:
        """The instrument itself."""
        return _INSTRUMENTS.request((), {"symbol": symbol})

    def entries(self, answer: Any) -> Iterator[tuple[str, Entry]]:
        """The rows of an answer that tell all that rules are made of; a caller may have asked for other columns."""
        for entry in answer if isinstance(answer, list) else ():
            if isinstance(entry, dict) and entry.keys() >= _KNOWN and isinstance(name := entry["symbol"], str):
                yield name, entry

    def learn(self, request: Request, answer: Any) -> None:
        """Take rules from an answer."""
        if request.path in (_INSTRUMENTS.path, _ACTIVE.path):
            self.note(answer)
