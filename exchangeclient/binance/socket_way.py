"""How sockets go to Binance: through the client's proxies, trusting whom it trusts, no more often than the venue takes connections."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from exchangeclient.core.dialing import SocketOptions

if TYPE_CHECKING:
    from exchangeclient.binance.client import Client

# An address may try 300 connections in five minutes.
ATTEMPTS = (280, 300.0)
"""How many connections the sockets on the reactor try, in so many seconds."""
ITERATED_ATTEMPTS = (20, 300.0)
"""How many are tried by those streams that are read on the threads of the program."""


def way_to(address: str, client: Client, *, attempts: tuple[int, float] = ATTEMPTS, **options: Any) -> SocketOptions:
    """The way to a socket's address by the client's settings; this machine is reached without any.

    :param options: more of :class:`SocketOptions`, for sockets to other machines
    """
    if not address.startswith("wss"):
        return SocketOptions()
    route = client.route(address.replace("wss", "https", 1))
    return SocketOptions(
        ca_bundle=route.ca_bundle,
        proxy=route.proxy,
        proxy_from=_where_from(client, route.proxy),
        attempts=attempts,
        **options,
    )


def _where_from(client: Client, proxy: str | None) -> str:
    """Who set the proxy, for a person who has to change it."""
    if proxy in client.session.proxies.values():
        return "client.session.proxies"
    named = (name for name, value in os.environ.items() if name.lower().endswith("_proxy") and value == proxy)
    variable = next(named, None)
    return "the client's requests_params or the system's settings" if variable is None else f"the environment variable {variable}"
