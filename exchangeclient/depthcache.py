"""Order books that are kept right by themselves, under the names of the python-binance line::

from exchangeclient.depthcache import DepthCacheManager
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exchangeclient.binance.client import Client
from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core.books import BookManager
from exchangeclient.core.depthcache import DepthCache, Levels
from exchangeclient.core.keptbook import BookState

BaseDepthCacheManager = BookManager
BinanceDepthCacheManager = DepthCacheManager


class ThreadedDepthCacheManager(SocketManager):
    """Keeps the order books of several symbols, each with its callback, as in python-binance 1.0::

        manager = ThreadedDepthCacheManager()
        manager.start()
        manager.start_depth_cache(callback=on_book, symbol="BNBBTC")
        manager.join()

    :param api_key: see :class:`~exchangeclient.client.Client`, as all the rest
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
        **client: Any,
    ) -> None:
        self.client = Client(api_key, api_secret, requests_params, tld, testnet=testnet, **client)
        self._caches: dict[str, DepthCacheManager] = {}
        super().__init__(self.client)

    def start_depth_cache(self, callback: Callable[[DepthCache | None], Any], symbol: str, **options: Any) -> str:
        """Keep the book of a symbol; the key for :meth:`stop_socket`.

        :param options: those of :class:`DepthCacheManager`, such as ``refresh_interval``, ``limit``, ``conv_type`` and ``ws_interval``
        """
        cache = DepthCacheManager(self.client, symbol, callback, bm=self, **options)
        self._caches[cache.key] = cache
        return cache.key

    def stop_socket(self, conn_key: Any) -> bool:
        """End what the key stands for; True when it was open."""
        cache = self._caches.pop(conn_key, None) if isinstance(conn_key, str) else None
        if cache is None:
            return super().stop_socket(conn_key)
        cache.close()
        return True

    def stop(self) -> None:
        """End every book and socket; another name of :meth:`close`."""
        self.close()


__all__ = [
    "DepthCacheManager",
    "ThreadedDepthCacheManager",
    "BinanceDepthCacheManager",
    "BaseDepthCacheManager",
    "DepthCache",
    "Levels",
    "BookState",
]
