"""The peer of the fan-out: bare Autobahn broadcasting prepared frames. Prints its address.

    bare_autobahn.py MESSAGE

Each line on its standard input is a number: so often the message goes to every socket, one broadcast per turn of the reactor.
"""

from __future__ import annotations

import sys

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from turns import take_orders
from twisted.internet import reactor


class Socket(WebSocketServerProtocol):  # type: ignore[misc] # Autobahn is untyped
    """One of the audience."""

    def onOpen(self) -> None:  # noqa: N802 - Autobahn's name
        audience.append(self)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: ARG002, N802, N803 - Autobahn's names
        if self in audience:
            audience.remove(self)


def broadcast() -> None:
    prepared = factory.prepareMessage(message)
    for socket in audience:
        socket.sendPreparedMessage(prepared)


if __name__ == "__main__":
    message = sys.argv[1].encode()
    audience: list[Socket] = []
    factory = WebSocketServerFactory()
    factory.protocol = Socket
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    take_orders(reactor, broadcast)
    print(f"ws://127.0.0.1:{port.getHost().port}/", flush=True)
    reactor.run()
