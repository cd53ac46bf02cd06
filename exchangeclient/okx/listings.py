"""What OKX lists, as far as orders need it: order rules out of its instruments, whoever asked for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders import listings
from exchangeclient.core.orders.listings import Entry
from exchangeclient.core.process.clock import Clock
from exchangeclient.okx.filters import order_rules
from exchangeclient.okx.names import family, inst_type
from exchangeclient.okx.rest.public_data import PublicData
from exchangeclient.okx.wsapi import CODE

_INSTRUMENTS: Final = declaration(PublicData.get_instruments)


class Listings(listings.Listings):
    """The rules of the venue's instruments; safe to be used by many threads.

    :param clock: what their age is measured by
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, order_rules)

    def code_of(self, symbol: str) -> int | None:
        """The number of an instrument that was asked for before, None where none is told."""
        listing = self._known(symbol, math.inf)
        code = None if listing is None else listing.entry.get(CODE)
        return code if isinstance(code, int) else None

    def question(self, symbol: str) -> Request:
        """The instrument itself."""
        kind = inst_type(symbol)
        asked = {"instType": kind, "instId": symbol}
        return _INSTRUMENTS.request((), asked | {"instFamily": family(symbol)} if kind == "OPTION" else asked)

    def entries(self, answer: Any) -> Iterator[tuple[str, Entry]]:
        """The rows of an answer."""
        for entry in answer if isinstance(answer, list) else ():
            if isinstance(entry, dict) and isinstance(name := entry.get("instId"), str) and entry.get("instType") != "MARGIN":
                yield name, entry

    def learn(self, request: Request, answer: Any) -> None:
        """Take rules from an answer."""
        if request.path == _INSTRUMENTS.path:
            self.note(answer)
