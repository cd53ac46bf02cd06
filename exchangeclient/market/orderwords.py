"""Which orders of the common vocabulary (:mod:`.vocabulary`) a venue can be told of, for the adapters in its ``desk.py``. Pure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import get_args

from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, Side
from exchangeclient.exceptions import UnsupportedException
from exchangeclient.numbers import Number


@dataclass(frozen=True, slots=True)
class OrderWords:
    """What orders a venue can be told of.

    :ivar types: of these types
    :ivar timed: limit orders for so long
    """

    venue: str
    types: Container[str]
    timed: Container[str]

    def check(self, side: str, type: str, price: Number | None, time_in_force: str | None) -> None:
        """Refuse the others.

        :raises ValueError: for a side that there is not
        :raises UnsupportedException: naming what the venue has not
        """
        if side not in get_args(Side):
            raise ValueError(f"side must be one of {', '.join(get_args(Side))}; not {str(side)[:40]!r}")
        if type not in self.types:
            raise UnsupportedException(f"the venue has no {type} orders", venue=self.venue, what="type")
        if time_in_force is not None and (type != ORDER_TYPE_LIMIT or time_in_force not in self.timed):
            raise UnsupportedException(f"the venue has no {type} orders that are {time_in_force}", venue=self.venue, what="time_in_force")
        if price is not None and type == ORDER_TYPE_MARKET:
            raise UnsupportedException("a market order has no price", venue=self.venue, what="price")
