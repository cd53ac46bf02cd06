"""Streams to callbacks, under the names of the python-binance line::

from exchangeclient.websockets import SocketManager
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchangeclient.binance.client import Client
from exchangeclient.binance.former_sockets import NAMES, former_classes
from exchangeclient.binance.hosts import ENVIRONMENTS
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core.feeds.callbacks import MARKET_LIMIT
from exchangeclient.core.feeds.notices import SocketNotice

BinanceSocketManager = SocketManager
BINANCE_STREAM_URL = f"{ENVIRONMENTS['live'].stream}/ws/"
"""Where the live market streams are. For show: a manager goes where its client goes."""


class ThreadedWebsocketManager(SocketManager):
    """A :class:`SocketManager` that is made from keys, as in python-binance 1.0.

    Arguments of its ``start_...`` are given by name, as that one's documentation does: ``start_trade_socket(callback=..., symbol=...)``. By
    position they are in the order of :class:`SocketManager`.

    :param api_key: see :class:`~exchangeclient.client.Client`, as all but the next three
    :param https_proxy: URL of a proxy
    :param max_queue_size: see :class:`SocketManager`; the user socket drops nothing
    :param client: anything else that a client takes, such as ``environment``

    :ivar client: the client that it made
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        requests_params: Mapping[str, Any] | None = None,
        tld: str = "com",
        testnet: bool = False,
        *,
        https_proxy: str | None = None,
        max_queue_size: int = MARKET_LIMIT,
        **client: Any,
    ) -> None:
        if https_proxy is not None:
            requests_params = {**(requests_params or {}), "proxies": {"https": https_proxy}}
        self.client = Client(api_key, api_secret, requests_params, tld, testnet=testnet, **client)
        super().__init__(self.client, max_queue_size=max_queue_size)

    def stop(self) -> None:
        """End every socket; another name of :meth:`close`."""
        self.close()


def __getattr__(name: str) -> Any:
    if name in NAMES:
        return former_classes()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["SocketManager", "BinanceSocketManager", "ThreadedWebsocketManager", "SocketNotice", "BINANCE_STREAM_URL"]
