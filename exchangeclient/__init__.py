"""The blocking Python client for crypto exchanges.

``from exchangeclient import Client`` works; nothing is imported until a name is asked for, so that
``import exchangeclient`` costs next to nothing and loads neither requests nor Twisted.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchangeclient.client import Client
    from exchangeclient.depthcache import DepthCacheManager
    from exchangeclient.sandbox import Sandbox
    from exchangeclient.websockets import SocketManager

__version__ = "0.8.0"
__all__ = ["Client", "SocketManager", "DepthCacheManager", "Sandbox", "__version__"]

_HOMES = {
    "Client": "exchangeclient.client",
    "SocketManager": "exchangeclient.websockets",
    "DepthCacheManager": "exchangeclient.depthcache",
    "Sandbox": "exchangeclient.sandbox",
}

# The library is silent unless the program configures logging; modules log under their own names.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
