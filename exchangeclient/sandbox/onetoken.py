"""The 1Token gateway in front of the embedded exchange: as much of a sandbox as its venues, but nothing of it is made before it is asked.

It goes to the sandbox's own ports, as a gateway elsewhere does. Its keys are those of the sandbox's accounts that have a secret. Where
there is one such account it is behind every ``mock-`` account. Of several, each key has ``mock-`` with the key behind it, which is its own
account, and the first has ``mock-1token``, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.serving.app import Admission
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Promised

if TYPE_CHECKING:
    from exchangeclient.gateway.onetoken.app import OnetokenApp

Addresses = Callable[[], Mapping[str, Mapping[str, str]]]

_FINISH_S = 1.0
_FIRST = "mock-1token"
_STOPPED = HttpResponse(503, b'{"code":"upstream-error","message":"the sandbox is stopping; nothing was sent","data":null}')
_PASSPHRASE = "passphrase"  # noqa: S105 - an account's that was given none, see Account


class OnetokenEntrance:
    """An app that makes the gateway when somebody comes.

    :param addresses: of the sandbox's venues
    """

    def __init__(self, accounts: Iterable[Account], token: str | None, addresses: Addresses) -> None:
        self._accounts = [account for account in accounts if account.secret]
        self._token = token
        self._addresses = addresses
        self._lock = threading.Lock()
        self._made: OnetokenApp | None = None
        self._stopped = True

    def start(self) -> None:
        """Make it for whoever comes."""
        with self._lock:
            self._stopped = False

    def http(self, request: HttpRequest) -> HttpResponse | Promised:
        """See :class:`~exchangeclient.serving.app.PromisingApp`."""
        app = self._app()
        return _STOPPED if app is None else app.http(request)

    def websocket(self, request: HttpRequest) -> Admission:
        """See :class:`~exchangeclient.serving.app.PromisingApp`."""
        app = self._app()
        return _STOPPED if app is None else app.websocket(request)

    def look(self) -> None:
        """To be called about once a second, on the host's thread."""
        if self._made is not None:
            self._made.look()

    def stop(self) -> None:
        """Forget it; it is made anew for whoever comes after the next :meth:`start`."""
        with self._lock:
            self._stopped = True
            made, self._made = self._made, None
        if made is not None:
            made.stop(_FINISH_S)

    def _app(self) -> OnetokenApp | None:
        from exchangeclient.gateway.onetoken.app import OnetokenApp
        from exchangeclient.gateway.onetoken.keys import Credentials, Grant, KeyBook
        from exchangeclient.gateway.onetoken.settings import Settings

        with self._lock:
            if self._stopped:
                return None
            if self._made is None:
                own = {f"mock-{each.key}": Credentials(each.key, each.secret, each.passphrase or _PASSPHRASE) for each in self._accounts}
                first = next(iter(own.values()), None)
                if len(own) > 1:
                    grants = {each.key: Grant(each.secret, (f"*/mock-{each.key}",)) for each in self._accounts}
                    grants[self._accounts[0].key] = Grant(self._accounts[0].secret, (f"*/mock-{self._accounts[0].key}", f"*/{_FIRST}"))
                else:
                    grants = {each.key: Grant(each.secret) for each in self._accounts}
                book = KeyBook(grants)
                made = OnetokenApp(
                    token=self._token,
                    book=book,
                    environments=dict(self._addresses()),
                    playground=self._addresses,
                    settings=Settings(),
                    play=lambda name: own.get(name, first),
                )
                made.start()
                self._made = made
            return self._made
