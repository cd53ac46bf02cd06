"""Candles and aggregated trades on disk: ``from exchangeclient.archive import Archive``."""

from __future__ import annotations

from exchangeclient.archive.archive import Archive
from exchangeclient.archive.parquet import sync_parquet
from exchangeclient.archive.series import CANDLE_COLUMNS, TRADE_COLUMNS, TRADES, Series

__all__ = ["CANDLE_COLUMNS", "TRADES", "TRADE_COLUMNS", "Archive", "Series", "sync_parquet"]
