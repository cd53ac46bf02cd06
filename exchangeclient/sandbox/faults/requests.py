"""What each kind of fault does to a request, and to the answer that the app has for it. Pure: how it travels is the host's part."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from msgspec import structs

from exchangeclient.sandbox.faults.registry import Fault
from exchangeclient.sandbox.faults.words import Refusal, Words
from exchangeclient.serving.app import Accepted, Admission
from exchangeclient.serving.messages import Delivery, HttpRequest, HttpResponse, Later

Outcome = Admission | Later[Admission]
Work = Callable[[], Outcome]

_BLANKS = b" " * 2**16
_BOMB_BYTES = 2**20
_ENOUGH_FOR_HALF_A_HEAD = 20


CONDITIONS: Mapping[str, Callable[[Words, Mapping[str, Any]], AbstractContextManager[None]]] = {
    "clock": lambda words, options: words.skewed(options["ms"]),
    "slow_engine": lambda words, options: words.slow_engine(options["by"]),
}
"""The kinds that leave a request and its answer alone, but not what they meet."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One request that is struck."""

    request: HttpRequest
    options: dict[str, Any]
    work: Work
    words: Words


def strike(fault: Fault, request: HttpRequest, work: Work, words: Words) -> Outcome:
    """The answer to a request as the fault leaves it.

    :param work: asks the app, or what comes before it
    """
    return _STRIKES[fault.kind](_Case(request, fault.options, work, words))


def encoded(text: str) -> bytes:
    """UTF-8, or as near to it as a text that is none allows: lone surrogates make bytes that no reader takes."""
    return text.encode("utf-8", "surrogatepass")


def half_of(body: bytes, most: int | None) -> bytes:
    """The beginning of it: so many bytes, or half of it."""
    return body[: len(body) // 2 if most is None else most]


def then(outcome: Outcome, change: Callable[[Admission], Admission]) -> Outcome:
    """The outcome, changed when it is there."""
    if isinstance(outcome, Later):
        later = outcome
        return Later(later.after_s, lambda: then(later.work(), change))
    return change(outcome)


def _of_answers(change: Callable[[HttpResponse], HttpResponse]) -> Callable[[Admission], Admission]:
    """Leaves a handshake alone that is accepted, since no answer of ours goes with it."""
    return lambda answer: change(answer) if isinstance(answer, HttpResponse) else answer


def _delivered(response: HttpResponse, **changes: Any) -> HttpResponse:
    return structs.replace(response, delivery=replace(response.delivery or Delivery(), **changes))


def _with_headers(response: HttpResponse, changes: Mapping[str, str | None]) -> HttpResponse:
    changed = {name.lower() for name in changes}
    kept = {name: value for name, value in response.headers.items() if name.lower() not in changed}
    return structs.replace(response, headers={**kept, **changes})


def _error(case: _Case) -> Outcome:
    refusal = Refusal(*(case.options[name] for name in ("status", "code", "text", "retry_after")))

    def refused(_answer: Admission | None = None) -> HttpResponse:
        return _with_headers(case.words.error(case.request, refusal), case.options["headers"])

    return then(case.work(), refused) if case.options["processed"] else refused()


def _not_found(case: _Case) -> Outcome:
    return case.words.error(case.request, case.words.not_found())


def _drop(case: _Case) -> Outcome:
    nothing = HttpResponse(500, delivery=Delivery(cut_in="head", ending=case.options["ending"]))
    return nothing if case.options["when"] == "before" else then(case.work(), lambda _answer: nothing)


def _delay(case: _Case) -> Outcome:
    if case.options["when"] == "before":
        return Later(case.options["by"], case.work)
    outcome = case.work()
    return Later(case.options["by"], lambda: outcome)


def _cut(case: _Case) -> Outcome:
    part, most = case.options["part"], case.options["bytes"]

    def cut(response: HttpResponse) -> HttpResponse:
        half = len(response.body) // 2 if part == "body" else _ENOUGH_FOR_HALF_A_HEAD
        return _delivered(response, cut_in=part, most_bytes=half if most is None else most, ending=case.options["ending"])

    return then(case.work(), _of_answers(cut))


def _dribble(case: _Case) -> Outcome:
    size, pause_s = case.options["bytes"], case.options["pause"]
    return then(case.work(), _of_answers(lambda response: _delivered(response, slice_bytes=size, pause_s=pause_s)))


def _truncate(case: _Case) -> Outcome:
    return then(case.work(), _of_answers(lambda response: structs.replace(response, body=half_of(response.body, case.options["bytes"]))))


def _replace(case: _Case) -> Outcome:
    def other(answer: Admission) -> HttpResponse:
        before = answer if isinstance(answer, HttpResponse) else HttpResponse(200)
        response = structs.replace(before, status=case.options["status"] or before.status, body=encoded(case.options["text"]))
        return response if case.options["type"] is None else _with_headers(response, {"Content-Type": case.options["type"]})

    return then(case.work(), other)


def _redirect(case: _Case) -> Outcome:
    return HttpResponse(case.options["status"], headers={"Location": case.options["to"]})


def _headers(case: _Case) -> Outcome:
    changes = case.options["headers"]

    def change(answer: Admission) -> Admission:
        if isinstance(answer, HttpResponse):
            return _with_headers(answer, changes)
        if isinstance(answer, Accepted):
            return replace(answer, headers={**answer.headers, **changes})
        return Accepted(answer, changes)

    return then(case.work(), change)


def _hangup(case: _Case) -> Outcome:
    return then(case.work(), _of_answers(lambda response: _delivered(response, ending="close")))


def _huge(case: _Case) -> Outcome:
    form = case.options["form"]

    def fill(response: HttpResponse) -> HttpResponse:
        missing = max(0, case.options["bytes"] - len(response.body))
        if form == "gzip":
            packed = _with_headers(structs.replace(response, body=gzip.compress(response.body, mtime=0)), {"Content-Encoding": "gzip"})
            return _delivered(packed, filler=_bomb(), filler_times=-(-missing // _BOMB_BYTES))
        times = None if form == "endless" else -(-missing // len(_BLANKS))
        return _delivered(response, filler=_BLANKS, filler_times=times, chunked=form != "length")

    return then(case.work(), _of_answers(fill))


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * _BOMB_BYTES, mtime=0)


def _maintenance(case: _Case) -> Outcome:
    return case.words.error(case.request, case.words.maintenance(case.options["status"]))


def _conditioned(kind: str) -> Callable[[_Case], Outcome]:
    def strike(case: _Case) -> Outcome:
        """Let it work under the condition, whenever that is."""
        with CONDITIONS[kind](case.words, case.options):
            outcome = case.work()
        if not isinstance(outcome, Later):
            return outcome
        later = outcome
        return Later(later.after_s, lambda: strike(replace(case, work=later.work)))

    return strike


_STRIKES: dict[str, Callable[[_Case], Outcome]] = {
    "error": _error,
    "not_found": _not_found,
    "drop": _drop,
    "delay": _delay,
    "cut": _cut,
    "dribble": _dribble,
    "truncate": _truncate,
    "replace": _replace,
    "redirect": _redirect,
    "headers": _headers,
    "hangup": _hangup,
    "huge": _huge,
    "maintenance": _maintenance,
    **{kind: _conditioned(kind) for kind in CONDITIONS},
}
