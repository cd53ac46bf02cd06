"""The products of BitMEX: a module each, declared endpoints only."""

from __future__ import annotations

from typing import Final

from exchangeclient.bitmex.rest.account import Account
from exchangeclient.bitmex.rest.market_data import MarketData
from exchangeclient.bitmex.rest.public_data import PublicData
from exchangeclient.bitmex.rest.trade import Trade
from exchangeclient.core.calling.endpoint import Endpoints

PRODUCTS: Final[tuple[type[Endpoints], ...]] = (PublicData, MarketData, Trade, Account)

__all__ = ["PRODUCTS", "Account", "MarketData", "PublicData", "Trade"]
