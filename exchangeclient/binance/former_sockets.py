"""The Autobahn protocol and factories of the python-binance line (0.1.6 to 0.7), for programs that connect them themselves.

:class:`~exchangeclient.binance.sockets.SocketManager` does not use them: their callbacks run on the reactor's thread, and a connection is
given up after five tries, as it always was. Twisted and Autobahn are loaded by the first look at one of these names.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from exchangeclient.binance.messages import error_event, event_in
from exchangeclient.core.wire.masking import draw_from_the_system

NAMES = ("BinanceClientProtocol", "BinanceClientProtol", "BinanceReconnectingClientFactory", "BinanceClientFactory")


@cache
def former_classes() -> dict[str, Any]:
    """The classes by their names; ``BinanceClientProtol`` is how 0.1.6 spelled it."""
    from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
    from twisted.internet.protocol import ReconnectingClientFactory

    draw_from_the_system()

    class BinanceClientProtocol(WebSocketClientProtocol):  # type: ignore[misc] # Autobahn carries no types
        """Hands each message to the ``callback`` of its factory, decoded."""

        def onConnect(self, response: Any) -> None:  # noqa: ARG002, N802 - Autobahn's names
            if isinstance(self.factory, ReconnectingClientFactory):
                self.factory.resetDelay()  # type: ignore[no-untyped-call] # nor does Twisted, here and below

        def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802
            if not isBinary:
                self.factory.callback(event_in(payload))

    # Connects again soon, five times at most.
    patience = {"initialDelay": 0.1, "maxDelay": 10, "maxRetries": 5}
    reconnecting: Any = type("BinanceReconnectingClientFactory", (ReconnectingClientFactory,), patience)

    class BinanceClientFactory(WebSocketClientFactory, reconnecting):  # type: ignore[misc]
        """Keeps a :class:`BinanceClientProtocol` connected; when it gives up its ``callback`` gets an error event."""

        protocol = BinanceClientProtocol
        callback: Any

        def clientConnectionFailed(self, connector: Any, reason: Any) -> None:  # noqa: ARG002, N802 - Twisted's names
            self._try_again(connector)

        def clientConnectionLost(self, connector: Any, reason: Any) -> None:  # noqa: ARG002, N802
            self._try_again(connector)

        def _try_again(self, connector: Any) -> None:
            if self.continueTrying and self.retries >= self.maxRetries:
                self.callback(error_event("Max reconnect retries reached"))
            else:
                self.retry(connector)

    return {
        "BinanceClientProtocol": BinanceClientProtocol,
        "BinanceClientProtol": BinanceClientProtocol,
        "BinanceReconnectingClientFactory": reconnecting,
        "BinanceClientFactory": BinanceClientFactory,
    }
