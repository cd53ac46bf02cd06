"""``from onetoken.model import Tick, Order``: where the historic SDKs have what :mod:`.models` and :mod:`.tick` have here."""

from __future__ import annotations

from exchangeclient.onetoken.errors import Error
from exchangeclient.onetoken.models import Candle, Contract, DealtTrans, Info, LowFreqQuote, Order, Zhubi
from exchangeclient.onetoken.tick import Tick, Ticker

__all__ = ["Candle", "Contract", "DealtTrans", "Error", "Info", "LowFreqQuote", "Order", "Tick", "Ticker", "Zhubi"]
