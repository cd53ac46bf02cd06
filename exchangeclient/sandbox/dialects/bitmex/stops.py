"""Orders that wait for their stop price, which BitMEX measures by the last price, the mark price or the index, or trails.

They wait here, since the engine measures by the last price alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from exchangeclient.sandbox.dialects.bitmex.entries import Entry
from exchangeclient.sandbox.dialects.bitmex.market_shapes import BUY, SELL
from exchangeclient.sandbox.dialects.bitmex.order_form import LAST, LIMIT_TOUCHED, TOUCHED, TRAILING_PEG, WITHIN_MARK
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.events import Traded

_TRAILS_AGAIN = 1_000  # a trailing stop moves when its reference has by one part in so many
_WITHIN = 20  # and one within mark is set off by a last price that is off by no more than one part in so many

Prices = Mapping[str, tuple[int, int]]
"""The lowest and the highest price, by the engine's symbol."""


class Stops:
    """The orders that wait."""

    def __init__(self, live: LiveExchange) -> None:
        self._live = live
        self._waiting: dict[str, Entry] = {}
        # Since stops were looked at last.
        self._traded: dict[str, tuple[int, int]] = {}

    def add(self, entry: Entry) -> None:
        """Let an order wait from now on; a trailing stop is measured from where its reference is."""
        self.take_up(entry)
        if entry.form.peg == TRAILING_PEG:
            entry.extreme = self._reference(entry)
            self.measure(entry)

    def take_up(self, entry: Entry) -> None:
        """Let an order wait on that waited before."""
        entry.waits = True
        self._waiting[entry.id] = entry

    def drop(self, entry: Entry) -> None:
        """Let an order wait no more."""
        entry.waits = False
        self._waiting.pop(entry.id, None)

    def waiting(self) -> Sequence[Entry]:
        """Those that wait now."""
        return list(self._waiting.values())

    def hear(self, event: Traded) -> None:
        """Note a price that was traded."""
        if self._waiting:
            low, high = self._traded.get(event.symbol, (event.price, event.price))
            self._traded[event.symbol] = min(low, event.price), max(high, event.price)

    def traded(self) -> Prices:
        """What was traded since this was asked last."""
        traded, self._traded = self._traded, {}
        return traded

    def is_reached(self, entry: Entry) -> bool:
        """Whether its stop is reached now."""
        return self._is_reached(entry, self._reference(entry))

    def is_set_off(self, entry: Entry, traded: Prices) -> bool:
        """Whether its stop is reached now, or was in between."""
        between = traded.get(entry.product.market, ()) if LAST in entry.form.instructions else ()
        return any(self._is_reached(entry, price) for price in (self._reference(entry), *between))

    def trail(self, entry: Entry) -> bool:
        """Let a trailing stop follow its reference, when that has gone on far enough; True when it has."""
        if entry.form.peg != TRAILING_PEG:
            return False
        now = self._reference(entry)
        further = now - entry.extreme if entry.form.side == SELL else entry.extreme - now
        if further * _TRAILS_AGAIN < entry.extreme:
            return False
        entry.extreme = now
        self.measure(entry)
        entry.state = structs.replace(entry.state, changed_us=self._live.now_us)
        return True

    def measure(self, entry: Entry) -> None:
        """Put a trailing stop as far from where its reference was last as it is to be."""
        tick = entry.product.instrument(self._live.exchange).tick
        entry.state = structs.replace(entry.state, stop=max(tick, (entry.extreme + entry.form.offset) // tick * tick))

    def _reference(self, entry: Entry) -> int:
        """The price by which a stop is measured now."""
        exchange, market = self._live.exchange, entry.product.market
        if LAST in entry.form.instructions:
            return exchange.last_price(market)
        return exchange.mark_price(market)  # which is the index here

    def _is_reached(self, entry: Entry, price: int) -> bool:
        stop = entry.state.stop
        if WITHIN_MARK in entry.form.instructions:
            mark = self._live.exchange.mark_price(entry.product.market)
            if abs(price - mark) * _WITHIN > mark:
                return False
        return price >= stop if _rises(entry) else price <= stop


def _rises(entry: Entry) -> bool:
    """Whether prices at its stop or above set it off."""
    return (entry.form.side == BUY) is not (entry.form.type in (TOUCHED, LIMIT_TOUCHED))
