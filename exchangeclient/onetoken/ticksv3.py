"""Makes whole ticks of ``tick-v3``: a snapshot, then what has changed, numbered one by one; a fresh snapshot every 30 seconds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from exchangeclient.numbers import exact
from exchangeclient.onetoken.names import contract_name
from exchangeclient.onetoken.tick import Tick

SOURCE = "tick.v3"


class Folding:
    """The book of one contract. What cannot be right is not told: after a gap there is nothing until the next snapshot.

    :param decimal: True has all numbers as :class:`~decimal.Decimal`
    :ivar gaps: how often a change was missing
    """

    def __init__(self, *, decimal: bool = False) -> None:
        self._read: Callable[[Any], Any] = _decimal if decimal else _as_it_is
        self._number: int | None = None
        self._bids: dict[Any, Any] = {}
        self._asks: dict[Any, Any] = {}
        self.gaps = 0

    def forget(self) -> None:
        """What comes next is of another connection."""
        self._number = None

    def fold(self, message: Mapping[str, Any]) -> Tick | None:
        """The tick after a frame; None for a change that nothing is known before.

        :raises ValueError: when a frame cannot be read; there is nothing until the next snapshot then
        """
        try:
            return self._folded(message)
        except (LookupError, TypeError, ValueError) as error:
            self._number = None
            raise ValueError(f"a frame of tick-v3 that cannot be read: {str(message)[:200]}: {error!r}") from error

    def _folded(self, message: Mapping[str, Any]) -> Tick | None:
        number = message["ui"]
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError("ui is a whole number")
        if message["tp"] == "s":
            self._bids, self._asks = {}, {}
        elif self._number is None:
            return None
        elif number != self._number + 1:
            self.gaps += 1
            self._number = None
            return None
        read = self._read
        for book, levels in ((self._bids, message["b"]), (self._asks, message["a"])):
            for price, volume in levels:
                if volume:
                    book[read(price)] = read(volume)
                else:
                    book.pop(read(price), None)
        self._number = number
        told = message.get("et")
        return Tick(
            datetime.fromtimestamp(message["tm"], UTC),
            read(message["l"]),
            read(message.get("v", 0)),
            [{"price": price, "volume": volume} for price, volume in self._bids.items()],
            [{"price": price, "volume": volume} for price, volume in self._asks.items()],
            contract_name(message["c"]),
            SOURCE,
            None if told is None else datetime.fromtimestamp(told, UTC),
            None if message.get("vc") is None else read(message["vc"]),
        )


def _as_it_is(value: Any) -> Any:
    return value


def _decimal(value: Any) -> Decimal:
    return exact(value, "a number of a tick")
