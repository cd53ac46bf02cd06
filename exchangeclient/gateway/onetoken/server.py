"""The 1Token gateway on a port: ``with OnetokenGateway(book) as gateway:``."""

from __future__ import annotations

from typing import Final

from exchangeclient.gateway.onetoken.app import OnetokenApp
from exchangeclient.gateway.onetoken.keys import KeyBook
from exchangeclient.gateway.onetoken.routes import PREFIX
from exchangeclient.gateway.onetoken.settings import Settings
from exchangeclient.gateway.onetoken.venues import Environments, Playground
from exchangeclient.gateway.port import GatewayPort

PORT: Final = 6667


class OnetokenGateway(GatewayPort):
    """The 1Token protocol on a port of this machine, for as long as the ``with`` block lasts; restartable.

    :param book: who may ask for which accounts; the key ``key`` with the secret ``secret`` for ``mock-`` accounts when left out
    :param host: the address to listen on: of loopback, or with a ``token`` any other of this machine
    :param port: 0 picks a free one
    :param token: what every path begins with: at least 16 letters, digits, - and _
    :param environments: where venues are that are elsewhere than usual, as clients take it: ``{"okx": sandbox.urls["okx"]}``
    :param playground: gives the addresses of an embedded exchange, for ``mock-`` accounts: ``lambda: sandbox.urls``
    :param settings: see :class:`Settings`
    :raises ValueError: for a value that cannot be, naming the argument
    """

    def __init__(
        self,
        book: KeyBook | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        token: str | None = None,
        environments: Environments | None = None,
        playground: Playground | None = None,
        settings: Settings | None = None,
    ) -> None:
        app = OnetokenApp(
            token=token,
            book=KeyBook.for_play() if book is None else book,
            environments=environments or {},
            playground=playground,
            settings=settings or Settings(),
        )
        super().__init__(app, host=host, port=port, token=token)

    @property
    def urls(self) -> dict[str, str]:
        """Where its REST part and its sockets begin: ``http://127.0.0.1:6667/api/v1`` and ``ws://127.0.0.1:6667/api/v1/ws``."""
        where = f"{self._place}{PREFIX}"
        return {"rest": f"http://{where}", "stream": f"ws://{where}/ws"}
