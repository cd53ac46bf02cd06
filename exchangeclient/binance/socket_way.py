"""How often sockets may go to Binance; the way itself is :mod:`exchangeclient.core.wire.socket_way`'s."""

from __future__ import annotations

from typing import Any

from exchangeclient.core.wire import socket_way
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.core.wire.socket_way import Routed

# An address may try 300 connections in five minutes.
ATTEMPTS = (280, 300.0)
"""How many connections the sockets on the reactor try, in so many seconds."""
ITERATED_ATTEMPTS = (20, 300.0)
"""How many are tried by those streams that are read on the threads of the program."""


def way_to(address: str, client: Routed, *, attempts: tuple[int, float] = ATTEMPTS, **options: Any) -> SocketOptions:
    """The way to a socket's address by the client's settings; this machine is reached without any.

    :param options: more of :class:`SocketOptions`, for sockets to other machines
    """
    if not address.startswith("wss"):
        return SocketOptions()
    return socket_way.way_to(address, client, attempts=attempts, **options)
