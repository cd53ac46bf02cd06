"""Stubs of the six exchanges, each in its own words, before the same small exchange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.ccxt.venues.bitfinex import Bitfinex
from tests.ccxt.venues.bitflyer import Bitflyer
from tests.ccxt.venues.bithumb import Bithumb
from tests.ccxt.venues.core import Venue
from tests.ccxt.venues.gate import Gate
from tests.ccxt.venues.htx import Htx
from tests.ccxt.venues.poloniex import Poloniex

VENUES: Final[Mapping[str, type[Venue]]] = {kind.name: kind for kind in (Bithumb, Htx, Bitfinex, Bitflyer, Poloniex, Gate)}
"""By ccxt's ids."""
