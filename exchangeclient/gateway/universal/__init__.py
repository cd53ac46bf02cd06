"""The universal protocol: trading robots post one JSON object for each call, to ``/OKX``, ``/Binance``, ``/SANDBOX`` or a venue of yours.

``exchangeclient gateway`` serves it. :class:`BaseProtocol` is what a venue of yours is derived from, :class:`ProtocolFactory` where it is
told; :class:`Gateway` is the server in a program::

    from exchangeclient.gateway.universal import BaseProtocol, Gateway, ProtocolFactory
"""

from __future__ import annotations

from exchangeclient.gateway.universal.protocol import BaseProtocol, ProtocolFactory
from exchangeclient.gateway.universal.server import Gateway
from exchangeclient.gateway.universal.settings import Settings

__all__ = ["BaseProtocol", "Gateway", "ProtocolFactory", "Settings"]
