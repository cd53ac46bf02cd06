"""Order books that are kept right by themselves, under the names of the python-binance line::

from exchangeclient.depthcache import DepthCacheManager
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exchangeclient.binance.client import Client
from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core.books.depthcache import DepthCache, Levels
from exchangeclient.core.books.keptbook import BookState
from exchangeclient.core.books.manager import BookManager
from exchangeclient.core.feeds.callbacks import check_callback

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
        super().__init__(self.client)

    def start_depth_cache(  # noqa: PLR0917 - the positions of the python-binance line
        self,
        callback: Callable[[DepthCache | None], Any],
        symbol: str,
        refresh_interval: float | None = 1800,
        bm: SocketManager | None = None,
        limit: int = 500,
        conv_type: Callable[[str], Any] = float,
        ws_interval: int | None = 0,
        **options: Any,
    ) -> str:
        """Keep the book of a symbol; the key for :meth:`stop_socket`.

        :param bm: a socket manager whose connections and callback thread are used in place of this one's, and which has the key then
        :param options: the others of :class:`DepthCacheManager`; what they and the rest mean is said there
        """
        check_callback(callback)
        bm = self if bm is None else bm
        return DepthCacheManager(
            self.client, symbol, callback, refresh_interval, bm, limit, ws_interval, conv_type=conv_type, **options
        ).key

    def close(self) -> None:
        """End every book and socket. It may be used again."""
        super().close()
        self.client.close()

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
