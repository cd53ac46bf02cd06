"""The gateway's thinking as an app: who may ask, what a robot posted, which venue answers; one JSON object for each call that came whole.

The venues are asked on worker threads. Nothing that is logged holds a key, a signature, a body or an answer.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from exchangeclient.core.http import jsonio
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.gateway.universal import envelope
from exchangeclient.gateway.universal.dispatch import Dispatch, changes, is_passthrough
from exchangeclient.gateway.universal.envelope import Envelope
from exchangeclient.gateway.universal.pool import Pool
from exchangeclient.gateway.universal.protocol import Answer, BaseProtocol, ProtocolFactory, Undecided
from exchangeclient.gateway.universal.replays import Replays
from exchangeclient.gateway.universal.settings import Settings
from exchangeclient.gateway.universal.texts import NO_GET, Refused, failed, hidden, masked, told, unheard
from exchangeclient.gateway.universal.venues import prepare
from exchangeclient.serving.errands import Errand, Errands
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Promised
from exchangeclient.serving.visitors import bears_token, behind_token, is_for_this_machine, refusal

log = logging.getLogger(__name__)

Address = str | Callable[[], str]
"""Where a venue is; or what starts it there, when it is asked for first."""

_THREADS: Final = 128
_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}
_LONGEST_NAME: Final = 60
_STOPPING: Final = "the gateway is stopping; nothing was sent"
_TOO_MUCH: Final = "the gateway has too much to do; nothing was sent"


class UniversalApp:
    """An app that robots post their calls to.

    :param token: what every path begins with, or ``Authorization: Bearer`` says; None where only this machine can ask
    :param addresses: of venues that are elsewhere than usual, by name
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        addresses: Mapping[str, Address] | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._token = None if token is None else token.encode()
        self._addresses = {name.lower(): address for name, address in (addresses or {}).items()}
        self._settings = settings or Settings()
        self._clock = SystemClock() if clock is None else clock
        self._workers = Workers("exchangeclient-gateway", _THREADS)
        self._pool = Pool()
        self._dispatch = Dispatch()
        self._replays = Replays(self._now_ns())
        self._errands = Errands(self._workers.submit, lambda: _error(unheard(_STOPPING)))

    def start(self) -> None:
        """Be ready for calls, with everything loaded that the first one needs."""
        prepare()
        self._workers.enter()
        self._errands.open()

    def stop(self, within_s: float) -> None:
        """Take no more calls; returns when what changes something is answered, or after so long. The keys are forgotten."""
        if left := self._errands.close(within_s):
            log.warning("%d calls are not answered at the end", left)
        self._workers.leave()
        self._pool.close()

    def look(self) -> None:
        """Nothing here goes by itself."""

    def websocket(self, _request: HttpRequest) -> HttpResponse:
        """There are none."""
        return refusal(404, "there are no websockets here")

    def http(self, request: HttpRequest) -> HttpResponse | Promised:
        """Answer a request, or have a venue asked."""
        inside = self._admitted(request)
        if isinstance(inside, HttpResponse):
            return inside
        try:
            name, _ = ProtocolFactory.named(_venue(inside.path))
            call = envelope.read(inside.body, inside.headers.get("http-method", ""))
        except ValueError as refused:
            return _error(str(refused))
        return self._errands.promised(self._errand(name, call), self._settings.timeout_s)

    def _admitted(self, request: HttpRequest) -> HttpRequest | HttpResponse:
        """The call that a request is, or the answer to what is none."""
        inside = self._inside(request)
        if isinstance(inside, HttpResponse):
            return inside
        if inside.method == "GET":
            return _error(NO_GET)
        if inside.method != "POST":
            return refusal(405, "calls are posted")
        if "transfer-encoding" in inside.headers or "content-length" not in inside.headers:
            return refusal(411, "the body's length must be told beforehand, as Content-Length")
        return inside

    def _inside(self, request: HttpRequest) -> HttpRequest | HttpResponse:
        """The request as it goes on behind the token, or the refusal of whoever may not ask."""
        inside: HttpRequest | None = request
        if self._token is not None and not bears_token(request, self._token):
            inside = behind_token(request, self._token)
        if inside is None:
            return refusal(401, "the path must begin with the gateway's token")
        if "origin" in request.headers or "referer" in request.headers:
            return refusal(403, "web pages are not served")
        if self._token is None and not is_for_this_machine(request):
            return refusal(403, "this machine is not called by another name")
        return inside

    # ---- on the threads ------------------------------------------------------------------------------------------------

    def _errand(self, name: str, call: Envelope) -> Errand:
        """A call, with what is said if it takes too long."""
        is_change = changes(call)

        def overdue() -> HttpResponse:
            text = f"no answer within {self._settings.timeout_s:g} s"
            if is_change:
                log.warning("%s: %s, so what became of a call is not known yet", name, text)
                text += "; it may have been carried out all the same: "
                text += "look among the orders" if call.nonce is None else "the same call with the same nonce tells"
            return _error(unheard(text))

        return Errand(lambda: self._work(name, call), lambda: _error(unheard(_TOO_MUCH)), overdue, changes=is_change)

    def _work(self, name: str, call: Envelope) -> HttpResponse:
        """One call, from the keys to the bytes of its answer."""
        begun_s = self._clock.monotonic_s()
        secrets = _secrets(call)
        try:
            answer = _whole(self._once(name, call))
            response = _response(answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            if not isinstance(error, ValueError):
                log.error("%s: a call failed: %s", name, hidden("".join(traceback.format_exception(error)), secrets))
            answer = {"error": told(error, secrets)}
            response = _response(answer)
        level = logging.INFO if changes(call) else logging.DEBUG
        log.log(
            level,
            "%s %s of %s: %s in %.0f ms",
            name,
            "a call of the venue's own" if is_passthrough(call) else hidden(call.method, secrets)[:20],
            masked(call.access_key),
            "refused" if "error" in answer else "answered",
            (self._clock.monotonic_s() - begun_s) * 1_000,
        )
        return response

    def _once(self, name: str, call: Envelope) -> Answer:
        """The answer to a call; of one that changes something and came before, the first one again."""
        seat = self._pool.name(name, call.access_key, call.secret_key)
        if call.nonce is None or not changes(call):
            return self._asked(seat, name, call)
        who = seat, call.method.lower()
        answer, mine = self._replays.enter(who, call.nonce, call.fingerprint())
        if not mine:
            return answer.result()
        try:
            before = self._replays.may_have_been(call.nonce, self._now_ns())
            answer.set_result(self._asked(seat, name, call, ask_first=before))
        except Exception as error:
            answer.set_result({"error": told(error, _secrets(call))})
            raise
        if isinstance(answer.result(), Undecided):
            self._replays.forget(who, call.nonce)
        return answer.result()

    def _now_ns(self) -> int:
        return self._clock.now_ms() * 1_000_000

    def _asked(self, name: bytes, venue: str, call: Envelope, *, ask_first: bool = False) -> Answer:
        with self._pool.seat(name, lambda: self._made(venue, call)) as seat:
            return self._dispatch.answer(call, seat.protocol, seat.legacy, ask_first=ask_first)

    def _made(self, venue: str, call: Envelope) -> BaseProtocol:
        address = self._addresses.get(venue.lower(), "")
        made = ProtocolFactory.createExWrapper(address if isinstance(address, str) else address(), call.access_key, call.secret_key, venue)
        made.settings = self._settings
        return made


def _secrets(call: Envelope) -> tuple[str, ...]:
    return call.access_key, call.secret_key, *call.secret_key.split(",")


def _venue(path: str) -> str:
    name = unquote(path, errors="replace").strip("/")[:_LONGEST_NAME]
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _whole(answer: Any) -> Answer:
    """An answer as the protocol has it: an error and nothing else, or data."""
    if not isinstance(answer, dict) or not ("data" in answer or "error" in answer):
        raise Refused(failed("the venue's protocol gave no answer"))
    return {"error": str(answer["error"])} if "error" in answer else answer


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(200, jsonio.encode(answer), _HEADERS)


def _error(text: str) -> HttpResponse:
    return _response({"error": text})
