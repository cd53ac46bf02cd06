"""A gateway on a port of this machine, whatever it speaks: who may make it so, its beginning and its end."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from exchangeclient.core.http.addresses import is_loopback
from exchangeclient.serving.app import PromisingApp

if TYPE_CHECKING:
    from exchangeclient.serving.host import Host

FINISH_S: Final = 4.0
_LOOK_S: Final = 1.0
_SHORTEST_TOKEN: Final = 16
_URL_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class GatewayApp(PromisingApp, Protocol):
    """What is served."""

    def start(self) -> None:
        """Be ready for calls."""

    def stop(self, within_s: float) -> None:
        """Take no more calls; returns when what changes something is answered, or after so long."""

    def look(self) -> None:
        """Called about once a second, on the host's thread."""


class GatewayPort:
    """An app on a port, for as long as the ``with`` block lasts; restartable.

    :param host: the address to listen on: of loopback, or with a ``token`` any other of this machine
    :param port: 0 picks a free one
    :param token: what every path begins with; at least 16 letters, digits, - and _
    :raises ValueError: for a value that cannot be, naming the argument
    """

    def __init__(self, app: GatewayApp, *, host: str, port: int, token: str | None) -> None:
        if token is not None and (len(token) < _SHORTEST_TOKEN or not _URL_LETTERS.issuperset(token)):
            raise ValueError(f"token must be at least {_SHORTEST_TOKEN} letters, digits, - and _")
        if token is None and not is_loopback(host):
            raise ValueError(f"host {host[:60]!r} can be reached from other machines, so it needs a token")
        self._host_name = host
        self._wanted_port = port
        self._token = token
        self._app = app
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
        host.call_every(_LOOK_S, self._app.look)
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
    def _place(self) -> str:
        """Where it is for this machine, with the token: what comes behind ``http://``."""
        near = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(self._host_name, self._host_name)  # noqa: S104
        shown = f"[{near}]" if ":" in near else near
        return f"{shown}:{self.port}" + ("" if self._token is None else f"/{self._token}")
