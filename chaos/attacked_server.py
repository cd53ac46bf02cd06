"""The server that :mod:`fuzz_servers` attacks: ``exchangeclient sandbox`` or ``gateway`` with everything logged, and something broken.

    attacked_server.py [--break NAME] ACCOUNTS COMMAND [OPTION OF THE COMMAND ...]

The breaks prove that the attack would notice: each one makes it fail.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.task import LoopingCall
from twisted.python.log import PythonLoggingObserver

from exchangeclient.cli import main
from exchangeclient.core.process import reactor
from exchangeclient.sandbox.engine.commands import Command, Deposit
from exchangeclient.sandbox.engine.events import Event, OrderFilled
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.serving import host
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Later

Answerer = Callable[[HttpRequest], Any]

SECRETS: list[str] = []
# A reactor that has no time for anything for so long tells where it is.
_STANDSTILL_S = 4


def raises(answer: Answerer) -> Answerer:
    """Some input runs into an error that nobody thought of."""

    def http(request: HttpRequest) -> Any:
        if "NaN" in request.query:
            raise ZeroDivisionError("a deliberate break")
        return answer(request)

    return http


def blocks(answer: Answerer) -> Answerer:
    """Some input keeps the whole server busy."""

    def http(request: HttpRequest) -> Any:
        if "NaN" in request.query:
            time.sleep(12)
        return answer(request)

    return http


def is_silent(answer: Answerer) -> Answerer:
    """Some input is never answered."""

    def http(request: HttpRequest) -> Any:
        return Later(3600, lambda: answer(request)) if "NaN" in request.query else answer(request)

    return http


def dies(answer: Answerer) -> Answerer:
    """Some input ends the process."""

    def http(request: HttpRequest) -> Any:
        if "NaN" in request.query:
            os._exit(3)
        return answer(request)

    return http


def hoards(answer: Answerer) -> Answerer:
    """Every request leaves something behind."""
    kept: list[bytearray] = []

    def http(request: HttpRequest) -> Any:
        kept.append(bytearray(b"x" * 32_768))
        return answer(request)

    return http


def tells(answer: Answerer) -> Answerer:
    """An answer shows a secret."""

    def http(request: HttpRequest) -> Any:
        answered = answer(request)
        if isinstance(answered, HttpResponse) and answered.status == 401:
            return HttpResponse(401, answered.body + SECRETS[0].encode())
        return answered

    return http


def notes_down(answer: Answerer) -> Answerer:
    """The log shows a secret."""

    def http(request: HttpRequest) -> Any:
        logging.getLogger(__name__).debug("the request should have been signed with %s", SECRETS[-1])
        return answer(request)

    return http


def stutters(answer: Answerer) -> Answerer:
    """Now and then everybody has to wait a little."""
    counted = [0]

    def http(request: HttpRequest) -> Any:
        counted[0] += 1
        if counted[0] % 50 == 0:
            time.sleep(0.15)
        return answer(request)

    return http


def mints(answer: Answerer) -> Answerer:
    """A trade makes money out of nothing."""
    execute = Exchange.execute

    def generous(self: Exchange, command: Command, now_us: int) -> list[Event]:
        events = execute(self, command, now_us)
        for filled in [event for event in events if isinstance(event, OrderFilled)]:
            events += execute(self, Deposit(filled.fill.account, self.instruments[filled.fill.symbol].base, 1), now_us)
        return events

    Exchange.execute = generous  # type: ignore[method-assign]
    return answer


BREAKS: dict[str, Callable[[Answerer], Answerer]] = {
    each.__name__: each for each in (raises, blocks, is_silent, dies, hoards, tells, notes_down, stutters, mints)
}


def break_it(name: str) -> None:
    """Have every app that is hosted from here on answer in the broken way."""
    make = host.Host.__init__

    def broken(self: host.Host, app: Any, **options: Any) -> None:
        app.http = BREAKS[name](app.http)
        make(self, app, **options)

    host.Host.__init__ = broken  # type: ignore[method-assign]


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[0] == "--break":
        break_it(arguments[1])
        arguments = arguments[2:]
    SECRETS += [each["secret"] for each in json.loads(Path(arguments[0]).read_text(encoding="utf-8"))]
    logging.basicConfig(level=logging.DEBUG)
    reactor.running().callWhenRunning(LoopingCall(faulthandler.dump_traceback_later, _STANDSTILL_S).start, 1)
    PythonLoggingObserver().start()  # type: ignore[no-untyped-call] # what goes wrong inside of Twisted counts too
    sys.argv[1:] = arguments[1:]
    main()
