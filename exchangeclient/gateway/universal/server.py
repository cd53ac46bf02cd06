"""The gateway on a port: ``with Gateway() as gateway:``."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from exchangeclient.core.addresses import checked, is_loopback
from exchangeclient.gateway.universal.app import Address, UniversalApp
from exchangeclient.gateway.universal.settings import Settings

if TYPE_CHECKING:
    from exchangeclient.serving.host import Host

PORT: Final = 6666
FINISH_S: Final = 4.0
_SHORTEST_TOKEN: Final = 16
_URL_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class Gateway:
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
        if token is not None and (len(token) < _SHORTEST_TOKEN or not _URL_LETTERS.issuperset(token)):
            raise ValueError(f"token must be at least {_SHORTEST_TOKEN} letters, digits, - and _")
        if token is None and not is_loopback(host):
            raise ValueError(f"host {host[:60]!r} can be reached from other machines, so it needs a token")
        given = {
            name: checked(address, f"addresses[{name!r}]", ("http", "https")) if isinstance(address, str) else address
            for name, address in (addresses or {}).items()
        }
        self._host_name = host
        self._wanted_port = port
        self._token = token
        self._app = UniversalApp(token=token, addresses=given, settings=settings)
        self._host: Host | None = None

    def start(self) -> None:
        """Listen; returns when calls are answered. Does nothing when started.

        :raises OSError: naming the port, when it is in use or may not be opened
        """
        from exchangeclient.serving.host import Host

        if self._host is not None:
            return
        host = Host(self._app, host=self._host_name, port=self._wanted_port)
        self._app.start()
        try:
            host.start()
        except BaseException:
            self._app.stop(0)
            raise
        self._host = host

    def stop(self) -> None:
        """Answer what is open of orders, for four seconds at most; then close the port. Does nothing when stopped."""
        host, self._host = self._host, None
        if host is not None:
            self._app.stop(FINISH_S)
            host.settle()  # the answers are on their way
            host.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that is listened on.

        :raises RuntimeError: when the gateway is not started
        """
        if self._host is None:
            raise RuntimeError("the gateway is not started")
        return self._host.port

    @property
    def url(self) -> str:
        """What the service address of a robot begins with; a venue's name comes behind it: ``http://127.0.0.1:6666`` + ``/OKX``."""
        near = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(self._host_name, self._host_name)  # noqa: S104
        shown = f"[{near}]" if ":" in near else near
        return f"http://{shown}:{self.port}" + ("" if self._token is None else f"/{self._token}")
