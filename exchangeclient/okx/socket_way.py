"""How often sockets may go to OKX; the way itself is :mod:`exchangeclient.core.wire.socket_way`'s."""

from __future__ import annotations

from typing import Any

from exchangeclient.core.wire import socket_way
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.core.wire.socket_way import Routed

# An address may try three connections a second.
ATTEMPTS = (2, 1.0)
"""How many connections are tried, in so many seconds; one is left for those streams that are read on the threads of the program."""
ITERATED_ATTEMPTS = (1, 1.0)
"""How many of those are tried."""


def way_to(address: str, client: Routed, *, attempts: tuple[int, float] = ATTEMPTS, **options: Any) -> SocketOptions:
    """The way to a socket's address by the client's settings; this machine is reached without any but these.

    :param options: more of :class:`SocketOptions`, for sockets to other machines
    """
    return socket_way.way_to(address, client, attempts=attempts, **options)
