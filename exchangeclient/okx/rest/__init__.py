"""The products of OKX: a module each, declared endpoints only."""

from __future__ import annotations

from typing import Final

from exchangeclient.core.calling.endpoint import Endpoints
from exchangeclient.okx.rest.account import Account
from exchangeclient.okx.rest.algo_orders import AlgoOrders
from exchangeclient.okx.rest.funding import Funding
from exchangeclient.okx.rest.market_data import MarketData
from exchangeclient.okx.rest.public_data import PublicData
from exchangeclient.okx.rest.sub_accounts import SubAccounts
from exchangeclient.okx.rest.trade import Trade

PRODUCTS: Final[tuple[type[Endpoints], ...]] = (PublicData, MarketData, Trade, AlgoOrders, Account, Funding, SubAccounts)

__all__ = ["PRODUCTS", "Account", "AlgoOrders", "Funding", "MarketData", "PublicData", "SubAccounts", "Trade"]
