"""How sockets go to a venue: through its client's proxies, trusting whom it trusts, no more often than the venue takes connections."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from exchangeclient.core.wire.dialing import SocketOptions

if TYPE_CHECKING:
    import requests

    from exchangeclient.core.http.transport import Route


class Routed(Protocol):
    """A client, as far as sockets go its way."""

    @property
    def session(self) -> requests.Session:
        """The session of its calls."""

    def route(self, url: str) -> Route:
        """How an address is reached by its settings."""


def way_to(address: str, client: Routed, *, attempts: tuple[int, float], **options: Any) -> SocketOptions:
    """The way to a socket's address by the client's settings; this machine is reached without any but ``attempts``.

    :param attempts: how many connections the venue takes, in so many seconds
    :param options: more of :class:`SocketOptions`, for sockets to other machines
    """
    if not address.startswith("wss"):
        return SocketOptions(attempts=attempts)
    route = client.route(address.replace("wss", "https", 1))
    return SocketOptions(
        ca_bundle=route.ca_bundle,
        proxy=route.proxy,
        proxy_from=_where_from(client, route.proxy),
        attempts=attempts,
        **options,
    )


def _where_from(client: Routed, proxy: str | None) -> str:
    """Who set the proxy, for a person who has to change it."""
    if proxy in client.session.proxies.values():
        return "client.session.proxies"
    named = (name for name, value in os.environ.items() if name.lower().endswith("_proxy") and value == proxy)
    variable = next(named, None)
    return "the client's requests_params or the system's settings" if variable is None else f"the environment variable {variable}"
