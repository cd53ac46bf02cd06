"""Streams to callbacks, under the names of the python-binance line::

from exchangeclient.websockets import SocketManager
"""

from __future__ import annotations

from exchangeclient.binance.hosts import ENVIRONMENTS
from exchangeclient.binance.sockets import SocketManager

BinanceSocketManager = SocketManager
BINANCE_STREAM_URL = f"{ENVIRONMENTS['live'].stream}/ws/"
"""Where the live market streams are. For show: a manager goes where its client goes."""

__all__ = ["SocketManager", "BinanceSocketManager", "BINANCE_STREAM_URL"]
