"""One call on the Binance dialect, by whichever carrier it came: its parameters, who signed it, and the venue it is put to."""

from __future__ import annotations

from dataclasses import dataclass

from exchangeclient.sandbox.dialects import binance_errors as errors
from exchangeclient.sandbox.dialects.binance_params import Params
from exchangeclient.sandbox.dialects.binance_venue import Venue
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler is given.

    :ivar account: whose call it is; empty for public market data
    """

    venue: Venue
    params: Params
    now_us: int
    account: str = ""

    @property
    def exchange(self) -> Exchange:
        return self.venue.live.exchange

    def instrument(self) -> Instrument:
        """The instrument of the mandatory ``symbol``."""
        self.params.need("symbol")
        return self.listed(self.params.symbol() or "")

    def listed(self, symbol: str) -> Instrument:
        """A listed instrument by its name."""
        found = self.exchange.instruments.get(symbol)
        if found is None:
            raise errors.BAD_SYMBOL()
        return found
