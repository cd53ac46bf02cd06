"""An app with trouble in front of it: what comes and goes is shown to the armed faults first.

What a fault does to a request is in :mod:`.requests`, to a websocket in :mod:`.sockets`; which one strikes is the registry's to say.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from functools import partial
from typing import cast

from msgspec import structs

from exchangeclient.sandbox.faults import requests
from exchangeclient.sandbox.faults.kinds import KINDS
from exchangeclient.sandbox.faults.registry import Fault, Faults, request_target
from exchangeclient.sandbox.faults.requests import Outcome, Work
from exchangeclient.sandbox.faults.sockets import TroubledSocket
from exchangeclient.sandbox.faults.words import Words
from exchangeclient.serving.app import Admission, App
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Later

_OK = 200


class TroubledApp:
    """A :class:`~exchangeclient.serving.app.SlowApp` in front of a well-behaved app.

    :param words: how the venue speaks
    """

    def __init__(self, app: App, faults: Faults, words: Words) -> None:
        self._app = app
        self._faults = faults
        self._words = words
        self._lock = threading.Lock()
        self._sockets: dict[TroubledSocket, None] = {}  # the oldest first
        self._stale: dict[tuple[int, Hashable], bytes] = {}  # bodies, by the fault and what was asked
        faults.watch(self)

    # ---- what comes ----------------------------------------------------------------------------------------------------

    def http(self, request: HttpRequest) -> HttpResponse | Later[HttpResponse]:
        if not self._faults.any_armed:
            return self._app.http(request)
        outcome = self._struck(request, lambda: self._app.http(request), handshake=False)
        return cast("HttpResponse | Later[HttpResponse]", outcome)  # nobody makes a socket of it

    def websocket(self, request: HttpRequest) -> Admission | Later[Admission]:
        def accept() -> Outcome:
            outcome = self._app.websocket(request)
            return outcome if isinstance(outcome, HttpResponse) else TroubledSocket(outcome, request, self._faults, self._words, self)

        return self._struck(request, accept, handshake=True) if self._faults.any_armed else accept()

    def _struck(self, request: HttpRequest, work: Work, *, handshake: bool) -> Outcome:
        target = request_target(request, self._words.account(request), handshake=handshake)
        for fault in reversed(self._faults.strike(target)):  # the one that was armed first is next to the client
            if fault.kind == "stale":
                work = partial(self._as_before, fault, request, work)
            else:
                work = partial(requests.strike, fault, request, work, self._words)
        return work()

    def _as_before(self, fault: Fault, request: HttpRequest, work: Work) -> Outcome:
        """What it was answered first, to whom the venue answers at all."""
        key = (fault.id, self._words.identity(request))
        everybodys = (fault.id, self._words.identity(structs.replace(request, headers={})))

        def repeat(answer: Admission) -> Admission:
            if not isinstance(answer, HttpResponse) or answer.status != _OK:
                return answer
            known = self._stale.get(key, self._stale.get(everybodys, answer.body))
            if fault.is_armed:
                self._stale[key] = known
            return structs.replace(answer, body=known)

        return requests.then(work(), repeat)

    # ---- what the faults tell --------------------------------------------------------------------------------------------

    def armed(self, fault: Fault) -> None:
        """Ask now what is to be answered later; show it the sockets that are open."""
        if fault.kind == "stale" and (request := fault.whole_request()) is not None:
            answer = self._app.http(request)
            if answer.status == _OK:
                self._stale[fault.id, self._words.identity(request)] = answer.body
        if KINDS[fault.kind].places[0] in ("socket", "everything"):
            for socket in self._open():
                socket.meet(fault)

    def ended(self, fault: Fault) -> None:
        """Forget what was kept for it; let go what it holds."""
        for key in [key for key in list(self._stale) if key[0] == fault.id]:
            self._stale.pop(key, None)
        for socket in self._open():
            socket.release(fault)

    # ---- what the sockets tell -------------------------------------------------------------------------------------------

    def opened(self, socket: TroubledSocket) -> None:
        with self._lock:
            self._sockets[socket] = None

    def closed(self, socket: TroubledSocket) -> None:
        with self._lock:
            self._sockets.pop(socket, None)

    def _open(self) -> list[TroubledSocket]:
        with self._lock:
            return list(self._sockets)
