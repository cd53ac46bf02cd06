"""How often sockets might go to BitMEX; the way itself is :mod:`exchangeclient.core.wire.socket_way`'s."""

from __future__ import annotations

from typing import Any, Final

from exchangeclient.bitmex.hosts import closure
from exchangeclient.core.wire import socket_way
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.core.wire.socket_way import Routed
from exchangeclient.exceptions import SocketException

# The welcome tells how many are left of 720 an hour; it was 40 in 2021. What is on this machine counts by the minute.
ATTEMPTS: Final = (40, 3600.0)
_ATTEMPTS_HERE: Final = (300, 60.0)


def way_to(address: str, client: Routed, **options: Any) -> SocketOptions:
    """The way to a socket's address by the client's settings; this machine is reached without any of those.

    :param options: more of :class:`SocketOptions`, for sockets to other machines
    """
    return socket_way.way_to(address, client, attempts=ATTEMPTS if address.startswith("wss") else _ATTEMPTS_HERE, **options)


def options_to(address: str) -> SocketOptions:
    """The same where there is no client: nothing but how often."""
    return SocketOptions(attempts=ATTEMPTS if address.startswith("wss") else _ATTEMPTS_HERE)


def check_open(address: str) -> None:
    """Refuse to connect where nobody is any more.

    :raises SocketException: for an address of the venue, which closed
    """
    reason = closure(address)
    if reason:
        raise SocketException(reason)
