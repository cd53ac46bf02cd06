"""The socket of an account: what happens to its orders and balances.

Three generations of programs wait for different words of the beginning: ``status`` since 2018-11-29, ``connection`` before, and until
2018-08 an ``action`` with its ``status`` in every frame, and one order in each (:class:`FormerTradeTalk`).
"""

from __future__ import annotations

from typing import Final

from exchangeclient.core.process.workers import Workers
from exchangeclient.gateway.onetoken.accounts import Accounts
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.frames import Frames
from exchangeclient.gateway.onetoken.names import Account
from exchangeclient.gateway.onetoken.sockets import Asked, Talk, echo
from exchangeclient.serving.app import Connection

NO_ROUTER: Final = "no-router-found"
_GRACE_S: Final = 3.0
_POLICY: Final = 1008
_KINDS: Final = ("info", "order")


class TradeTalk(Talk):
    """A socket whose client has signed in.

    :param legacy: programs of before 2018-11-29 are told in their words, too, that it has
    """

    def __init__(
        self, account: Account, accounts: Accounts, workers: Workers, query: str, *, silence_s: float, legacy: bool = False
    ) -> None:
        super().__init__(workers, query, silence_s=silence_s)
        self._legacy = legacy
        self._account = account
        self._accounts = accounts
        self._subscribed: dict[str, _Subscription] = {}

    def opened(self, connection: Connection) -> None:
        super().opened(connection)
        text = f"account: {self._account.symbol}"
        self.say({"uri": "status", "code": "connected", "message": text})
        if self._legacy:
            self.say({"uri": "connection", "status": "ok", "message": text})

    def closed(self) -> None:
        super().closed()
        for kind in list(self._subscribed):
            self._end(kind)

    def asked(self, uri: str, asked: Asked) -> None:
        verb, _, kind = uri.partition("-")
        if verb not in ("sub", "unsub") or kind not in _KINDS:
            return  # passed over, as the service did
        told = {"uri": uri, "code": "success", **echo(asked)}
        if verb == "unsub":
            self._end(kind)
            self.say(told)
        elif kind in self._subscribed:
            self.say(told)
        else:
            subscription = self._subscribed[kind] = _Subscription(self)

            def begin() -> None:
                feed = self._accounts.feed(self._account)
                feed.add(kind, subscription, lambda: self.say(told))
                if subscription.ended:  # before it was there to be ended
                    feed.remove(kind, subscription)

            def refuse(error: ServiceError) -> None:
                if self._subscribed.get(kind) is subscription:
                    self._subscribed.pop(kind, None)
                self.say({"uri": kind, "status": "fail", "code": error.code, "message": error.message, "data": []})

            self.work(begin, refuse)

    def _end(self, kind: str) -> None:
        subscription = self._subscribed.pop(kind, None)
        if subscription is not None:
            subscription.ended = True
            self._accounts.leave(self._account, kind, subscription)


class FormerTradeTalk(TradeTalk):
    """The same in the words of until 2018-08: an ``action`` and its ``status`` in every frame, one order in each."""

    def send(self, frames: Frames) -> None:
        said = frames.content
        action = {**said, "action": said["uri"], "status": said.get("status", "ok")}
        if said["uri"] != "order" or action["status"] != "ok":
            super().send(Frames(action))
            return
        for row in said["data"]:
            super().send(Frames({**action, "data": row}))


class _Subscription:
    """One of a socket's, from its request to its end; another of the same kind is another one."""

    def __init__(self, talk: TradeTalk) -> None:
        self._talk = talk
        self.ended = False

    def send(self, frames: Frames) -> None:
        """Pass a message on, as long as it is wanted."""
        if not self.ended:
            self._talk.send(frames)


class RefusedTalk(Talk):
    """A socket whose client has not signed in, or wrongly: it is told so, and closed a little later.

    :param error: None for one without any signature
    :param former: whether the client is of before 2018-08
    """

    def __init__(self, error: ServiceError | None, workers: Workers, query: str, *, former: bool = False) -> None:
        super().__init__(workers, query, silence_s=0)
        self._error = error
        self._former = former

    def opened(self, connection: Connection) -> None:
        super().opened(connection)
        if self._error is None:
            self.say({"uri": "wait-for-jwt"})
        elif self._error.code == NO_ROUTER:  # without a uri: clients stop trying
            self.say({"code": NO_ROUTER, "message": self._error.message})
        elif self._former:
            self.say({"action": "connection", "status": "fail", "message": self._error.envelope})
        else:
            self.say({"uri": "auth", "code": "fail", "message": self._error.envelope})
        connection.call_later(_GRACE_S, lambda: connection.close(_POLICY, "not signed in"))

    def asked(self, uri: str, asked: Asked) -> None:
        """Nothing is answered."""
