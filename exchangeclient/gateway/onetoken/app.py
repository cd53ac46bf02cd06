"""The gateway's thinking as an app: who may ask, for which account, and what answers. Venues are asked on worker threads.

Nothing that is logged holds a key, a signature, a body or an answer.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from exchangeclient.core.http import jsonio
from exchangeclient.core.process.workers import Workers
from exchangeclient.gateway.onetoken import names, routes
from exchangeclient.gateway.onetoken.accounts import Accounts
from exchangeclient.gateway.onetoken.errors import ServiceError, service_error, stopping
from exchangeclient.gateway.onetoken.feeds import Feeds
from exchangeclient.gateway.onetoken.keys import KeyBook
from exchangeclient.gateway.onetoken.limits import Limits
from exchangeclient.gateway.onetoken.names import Account
from exchangeclient.gateway.onetoken.nonces import Nonces
from exchangeclient.gateway.onetoken.quote import QuoteTalk
from exchangeclient.gateway.onetoken.rest import Rest
from exchangeclient.gateway.onetoken.routes import Route
from exchangeclient.gateway.onetoken.settings import Settings
from exchangeclient.gateway.onetoken.signing import is_signed
from exchangeclient.gateway.onetoken.sockets import Talk
from exchangeclient.gateway.onetoken.store import Store
from exchangeclient.gateway.onetoken.trade import NO_ROUTER, FormerTradeTalk, RefusedTalk, TradeTalk
from exchangeclient.gateway.onetoken.venues import PLAY, Environments, Play, Playground, Venues, prepare
from exchangeclient.serving.app import Accepted, Admission
from exchangeclient.serving.errands import Errand, Errands
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Promised
from exchangeclient.serving.visitors import bears_token, behind_token, is_for_this_machine, is_from_elsewhere

log = logging.getLogger(__name__)

_THREADS: Final = 32
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_NOBODY: Final = "no-valid-authentication"
# Paths of sockets below /api/v1, whatever the year.
_KINDS: Final = {
    **dict.fromkeys(("/ws", "/ws/tick", "/quote/ws"), "tick"),
    "/ws/tick-v3": "tick-v3",
    **dict.fromkeys(("/ws/candle", "/ws/candle-v3", "/quote/candle"), "candle"),
    **dict.fromkeys(("/ws/low-freq-quote-v2", "/ws/low-freq-quote", "/quote/low-freq-quote"), "low-freq"),
}
# Of before 2020, when clients sent no pings; the first answered none of the websocket protocol's either.
_PATIENT: Final = frozenset({"/ws", "/quote/ws", "/quote/candle", "/quote/low-freq-quote"})
_TRADE: Final = "/ws/trade/"
_FORMER: Final = re.compile(r"/ws/trade/([^/]+)-ws")  # until 2018-08: the exchange's code; the account is in a header
_METAS: Final = ("Api-Meta", "Api-meta")


class OnetokenApp:
    """An app that speaks the protocol.

    :param token: what every path begins with, or ``Authorization: Bearer`` says; None where only this machine can ask
    :param play: the account of the embedded exchange that is behind a ``mock-`` account, by its name
    """

    def __init__(
        self,
        *,
        token: str | None,
        book: KeyBook,
        environments: Environments,
        playground: Playground | None,
        settings: Settings,
        play: Play = lambda _name: PLAY,
    ) -> None:
        self._token = None if token is None else token.encode()
        self._book = book
        self._given = environments, playground, play
        self._settings = settings
        self._nonces = Nonces()
        self._limits = Limits() if settings.limits else None
        self._workers = Workers("exchangeclient-onetoken", _THREADS)
        self._errands = Errands(self._workers.submit, lambda: _refused(stopping()))

    def start(self) -> None:
        """Be ready for calls, with everything loaded that the first one needs."""
        prepare()
        self._store = Store(self._settings.store)
        for key in self._book.grants:
            for newest in self._store.newest_nonces(key):
                self._nonces.forbid(key, newest)
        self._venues = Venues(*self._given, self._book, self._settings)
        self._accounts = Accounts(self._venues, self._store, self._settings)
        self._rest = Rest(self._venues, self._accounts)
        self._workers.enter()
        self._feeds = Feeds(self._workers)
        self._errands.open()

    def stop(self, within_s: float) -> None:
        """Take no more calls; returns when orders that are under way are answered, or after so long."""
        if left := self._errands.close(within_s):
            log.warning("%d calls are not answered at the end", left)
        self._accounts.close()
        self._feeds.close()
        self._venues.close()
        self._workers.leave(1.0)
        self._store.close()

    def look(self) -> None:
        """To be called about once a second, on the host's thread."""
        self._feeds.look()
        self._accounts.look()

    # ---- HTTP ----------------------------------------------------------------------------------------------------------

    def http(self, request: HttpRequest) -> HttpResponse | Promised:
        """Answer a request, or have a venue asked."""
        try:
            inside = self._inside(request)
            path = unquote(inside.path, errors="replace")
            if path.removeprefix(routes.PREFIX) in ("/r/swagger", "/r/swagger.json") and inside.method == "GET":
                return HttpResponse(200, jsonio.encode(routes.described()), _JSON)
            below = routes.below_prefix(path)
            there = dict[str, tuple[Route, Any]]() if below is None else {each[0].verb: each for each in routes.found(below)}
            if not there:
                if below is not None and below.startswith("/trade/"):
                    names.exchange(below.split("/")[2])  # one that is not served says why
                raise ServiceError("invalid-param", "there is nothing at this path; /r/swagger says what there is", status=404)
            if inside.method not in there:
                raise ServiceError("invalid-param", f"what is here takes {' or '.join(there)}", status=405)
            route, parts = there[inside.method]
            nonce = "", ""
            if route.signed:
                paths = [path.partition("/trade")[2]]
                if self._settings.legacy:  # the builds of 2018-01-05 to 08 signed all of it, the first of them with the query
                    paths += [request.path, f"{request.path}?{request.query}"]
                nonce = self._admit(inside, names.account(f"{parts['exchange']}/{parts['account']}"), paths, [inside.body])
            query = dict(parse_qsl(inside.query, keep_blank_values=True, errors="replace"))
        except ValueError as refused:
            return _refused(service_error(refused))

        def ask() -> Any:
            if route.signed and route.verb != "GET":  # so that it is not carried out once more after a restart
                self._store.used(*nonce)
            return self._rest.answer(route, parts, query, inside.body)

        return self._errands.promised(_errand(route, ask, self._settings.timeout_s), self._settings.timeout_s)

    def _inside(self, request: HttpRequest) -> HttpRequest:
        """The request as it goes on behind the token.

        :raises ServiceError: for whoever may not ask
        """
        inside: HttpRequest | None = request
        if self._token is not None and not bears_token(request, self._token):
            inside = behind_token(request, self._token)
        if inside is None:
            raise ServiceError(_NOBODY, "the path must begin with the gateway's token", status=401)
        if is_from_elsewhere(request) or "referer" in request.headers:
            raise ServiceError("not-allowed", "web pages are not served", status=403)
        if self._token is None and not is_for_this_machine(request):
            raise ServiceError("not-allowed", "this machine is not called by another name", status=403)
        return inside

    def _admit(self, request: HttpRequest, account: Account, paths: Sequence[str], bodies: Sequence[bytes]) -> tuple[str, str]:
        """Let nobody in who has not signed, with a new nonce, for an account that is his. His key and the nonce.

        :param paths: any of these may be what is signed
        :param bodies: and any of these with it
        :raises ServiceError: otherwise
        """
        key, nonce, said = (request.headers.get(name, "") for name in ("api-key", "api-nonce", "api-signature"))
        if not (key and nonce and said):
            raise ServiceError(_NOBODY, "a request has Api-Key, Api-Nonce and Api-Signature", status=401)
        grant = self._book.grants.get(key)
        secret = "" if grant is None else grant.secret  # unknown keys are compared, too
        right = any(is_signed(said, secret, (request.method, path, nonce), body) for path in paths for body in bodies)
        if grant is None or not right:
            raise ServiceError("invalid-api-key", "the key is unknown or the signature is wrong", status=401)
        if not grant.allows(account.symbol):
            raise ServiceError("no-permission", f"the key is not for the account {account.symbol}", status=403)
        if not self._nonces.use(key, nonce):
            raise ServiceError(_NOBODY, "the nonce was used before, is too low, or no number up to 2^53", status=401)
        return key, nonce

    # ---- sockets -------------------------------------------------------------------------------------------------------

    def websocket(self, request: HttpRequest) -> Admission:
        """Accept a socket, by its path."""
        try:
            inside = self._inside(request)
        except ServiceError as refused:
            return _refused(refused)
        below = (routes.below_prefix(unquote(inside.path, errors="replace")) or "").rstrip("/")
        pinged, silence_s = True, self._settings.silence_s
        talk: Talk
        if kind := _KINDS.get(below):
            if below in _PATIENT:
                pinged, silence_s = False, 0
            talk = QuoteTalk(kind, self._venues, self._feeds, self._workers, inside.query, silence_s=silence_s)
        elif former := _FORMER.fullmatch(below):
            pinged = False
            talk = self._former_trade_talk(inside, former[1])
        elif below.startswith(_TRADE):
            talk = self._trade_talk(inside, below.removeprefix(_TRADE))
        else:
            return _refused(ServiceError("invalid-param", "there is no socket at this path", status=404))
        return Accepted(talk if self._limits is None else self._limits.held(talk, request.peer), pinged=pinged)

    def _trade_talk(self, request: HttpRequest, name: str) -> Talk:
        # The name alone is signed, without its exchange.
        account = self._signed_in(request, name, f"/ws/{name.partition('/')[2]}", [b""])
        if isinstance(account, RefusedTalk):
            return account
        silence_s, legacy = self._settings.silence_s, self._settings.legacy
        return TradeTalk(account, self._accounts, self._workers, request.query, silence_s=silence_s, legacy=legacy)

    def _former_trade_talk(self, request: HttpRequest, code: str) -> Talk:
        name = request.headers.get("api-meta", "")
        bodies = [json.dumps({meta: name}).encode() for meta in _METAS]
        account = self._signed_in(request, f"{code}/{name}", "/ws", bodies, former=True)
        if isinstance(account, RefusedTalk):
            return account
        return FormerTradeTalk(account, self._accounts, self._workers, request.query, silence_s=0, legacy=True)

    def _signed_in(
        self, request: HttpRequest, name: str, path: str, bodies: Sequence[bytes], *, former: bool = False
    ) -> Account | RefusedTalk:
        """The account of a socket whose client has signed; else what the client is told."""
        refused: ServiceError | None = None
        if "api-signature" in request.headers:
            try:
                _router(name.partition("/")[0])
                account = names.account(name)
                self._admit(request, account, [path], bodies)
                if account.is_mock or account.symbol in self._book.accounts:
                    return account
                refused = ServiceError("invalid-account-config", f"the gateway has no account {account.symbol}")
            except ServiceError as error:
                refused = error
        return RefusedTalk(refused, self._workers, request.query, former=former)


def _router(code: str) -> None:
    """See that an exchange is served; clients stop trying when they hear that there is no router to it.

    :raises ServiceError: when it is not
    """
    try:
        names.exchange(code)
    except ServiceError as error:
        raise ServiceError(NO_ROUTER, error.message) from None


def _errand(route: Route, ask: Callable[[], Any], timeout_s: float) -> Errand:
    """A call of a route's, with what is said if it takes too long."""
    changes = route.signed and route.verb != "GET"

    def work() -> HttpResponse:
        try:
            return HttpResponse(200, jsonio.encode(ask()), _JSON)
        except Exception as error:
            told = service_error(error)
            if told.code == "unexpected-error":
                log.exception("%s %s failed", route.verb, route.path)
            else:
                log.info("%s %s: %s", route.verb, route.path, told.code)
            return _refused(told)

    def unheard() -> HttpResponse:
        return _refused(ServiceError("exg-timeout", "the gateway has too much to do; nothing was sent", status=504))

    def overdue() -> HttpResponse:
        text = f"no answer within {timeout_s:g} s"
        if not changes:
            return _refused(ServiceError("exg-timeout", text, status=504))
        log.warning("%s %s: what became of it is not known yet", route.verb, route.path)
        text += "; it may have been carried out all the same: look among the orders"
        return _refused(ServiceError("exg-unknown-error", text, status=502))

    return Errand(work, unheard, overdue, changes=changes)


def _refused(error: ServiceError) -> HttpResponse:
    return HttpResponse(error.status, jsonio.encode(error.envelope), _JSON)
