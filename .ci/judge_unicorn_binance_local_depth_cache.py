"""unicorn-binance-local-depth-cache: two books at once, by its own rules of synchronizing."""

from __future__ import annotations

import logging

from judging import called_with, eventually, judge, same_book, say
from unicorn_binance_local_depth_cache import BinanceLocalDepthCacheManager, DepthCacheOutOfSync
from unicorn_binance_rest_api import BinanceRestApiManager
from unicorn_binance_websocket_api.connection_settings import CONNECTION_SETTINGS

urls, key, secret = called_with()
logging.getLogger("unicorn_binance_websocket_api").setLevel(logging.CRITICAL)  # else it tells every five seconds how busy the machine is

BinanceRestApiManager.API_URL = urls["rest"] + "/api"
CONNECTION_SETTINGS["binance.com"] = (1024, urls["stream"] + "/", urls["ws_api"])


def judge_depth_caches() -> None:
    rest = BinanceRestApiManager(key, secret, tld="com", warn_on_update=False)
    caches = BinanceLocalDepthCacheManager(
        exchange="binance.com", depth_cache_update_interval=100, init_interval=0.5, ubra_manager=rest, warn_on_update=False
    )
    symbols = ("BTCUSDT", "ETHUSDT")
    caches.create_depthcache(markets=list(symbols))
    for symbol in symbols:
        eventually(f"{symbol} is synchronized", lambda symbol=symbol: caches.is_depth_cache_synchronized(symbol))

        def kept(symbol: str = symbol):
            try:
                return caches.get_bids(symbol), caches.get_asks(symbol)
            except DepthCacheOutOfSync:
                return [], []

        same_book(urls, symbol, kept)
    say(f"depth caches of {' and '.join(symbols)}: their books are the sandbox's, three times each")


judge(judge_depth_caches)
