"""The gateway on a port: ``with Gateway() as gateway:``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from exchangeclient.core.http.addresses import checked
from exchangeclient.gateway.port import GatewayPort
from exchangeclient.gateway.universal.app import Address, UniversalApp
from exchangeclient.gateway.universal.settings import Settings

PORT: Final = 6666


class Gateway(GatewayPort):
    """The universal protocol on a port of this machine, for as long as the ``with`` block lasts; restartable.

    :param host: the address to listen on: of loopback, or with a ``token`` any other of this machine
    :param port: 0 picks a free one
    :param token: what every path begins with: ``/TOKEN/OKX``; at least 16 letters, digits, - and _
    :param addresses: where venues are that are elsewhere than usual: ``{"OKX": sandbox.urls["okx"]["rest"]}``; ``SANDBOX`` is nowhere
        until it is given here. Only this machine is reached by plain ``http``
    :param settings: see :class:`Settings`
    :raises ValueError: for a value that cannot be, naming the argument
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        token: str | None = None,
        addresses: Mapping[str, Address] | None = None,
        settings: Settings | None = None,
    ) -> None:
        given = {
            name: checked(address, f"addresses[{name!r}]", ("http", "https")) if isinstance(address, str) else address
            for name, address in (addresses or {}).items()
        }
        super().__init__(UniversalApp(token=token, addresses=given, settings=settings), host=host, port=port, token=token)

    @property
    def url(self) -> str:
        """What the service address of a robot begins with; a venue's name comes behind it: ``http://127.0.0.1:6666`` + ``/OKX``."""
        return f"http://{self._place}"
