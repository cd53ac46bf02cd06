"""Order books that are kept right by themselves, under the names of the python-binance line::

from exchangeclient.depthcache import DepthCacheManager
"""

from __future__ import annotations

from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.core.books import BookState, DepthCache

__all__ = ["DepthCacheManager", "DepthCache", "BookState"]
