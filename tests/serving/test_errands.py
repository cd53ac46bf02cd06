"""Calls that threads answer: late ones, and those that an app's end waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from exchangeclient.serving.errands import Errand, Errands
from exchangeclient.serving.messages import HttpResponse

PATIENCE_S = 60
DONE, UNHEARD, OVERDUE, STOPPING = (HttpResponse(status) for status in (200, 503, 504, 410))


@dataclass
class App:
    """Errands whose threads are busy until they are told to go on."""

    jobs: list[Callable[[], None]] = field(default_factory=list)
    begun: int = 0
    answers: list[HttpResponse] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.errands = Errands(self.jobs.append, lambda: STOPPING)

    def errand(self, *, changes: bool = True) -> Errand:
        def work() -> HttpResponse:
            self.begun += 1
            return DONE

        return Errand(work, lambda: UNHEARD, lambda: OVERDUE, changes=changes)

    def ask(self, errand: Errand) -> None:
        promised = self.errands.promised(errand, 1.0)
        assert (promised.within_s, promised.late) == (1.0, errand.late)
        promised.begin(self.answers.append)


def test_a_call_is_answered_by_a_thread() -> None:
    app = App()
    app.errands.open()
    app.ask(app.errand())
    assert (app.answers, app.errands.under_way) == ([], 1)
    app.jobs.pop()()
    assert (app.answers, app.errands.under_way) == ([DONE], 0)


def test_what_was_answered_for_being_late_is_not_begun() -> None:
    app = App()
    app.errands.open()
    errand = app.errand()
    app.ask(errand)
    assert errand.late() is UNHEARD
    app.jobs.pop()()
    assert app.begun == 0
    assert errand.late() is UNHEARD


def test_what_has_begun_goes_on() -> None:
    app, late = App(), list[HttpResponse]()
    app.errands.open()

    def work() -> HttpResponse:
        late.append(errand.late())
        return DONE

    errand = Errand(work, lambda: UNHEARD, lambda: OVERDUE, changes=True)
    app.ask(errand)
    app.jobs.pop()()
    assert (late, app.answers) == ([OVERDUE], [DONE])


def test_nothing_is_taken_before_and_after() -> None:
    app = App()
    app.ask(app.errand())
    app.errands.open()
    assert app.errands.close(PATIENCE_S) == 0
    app.ask(app.errand())
    assert (app.answers, app.jobs) == ([STOPPING, STOPPING], [])


def test_the_end_waits_for_what_changes_something() -> None:
    app = App()
    app.errands.open()
    app.ask(app.errand(changes=False))
    app.ask(app.errand())
    left = list[int]()
    thread = threading.Thread(target=lambda: left.append(app.errands.close(PATIENCE_S)))
    thread.start()
    app.jobs.pop()()
    thread.join(PATIENCE_S)
    assert (left, app.answers) == ([0], [DONE])


def test_what_no_thread_has_begun_by_the_end_is_not_begun_any_more() -> None:
    app = App()
    app.errands.open()
    app.ask(app.errand())
    assert app.errands.close(0.0) == 1
    app.jobs.pop()()
    assert (app.begun, app.answers) == (0, [UNHEARD])


def test_a_call_that_fails_is_no_longer_under_way() -> None:
    app = App()
    app.errands.open()

    def work() -> HttpResponse:
        raise ValueError("failed")

    app.ask(Errand(work, lambda: UNHEARD, lambda: OVERDUE, changes=True))
    with pytest.raises(ValueError, match="failed"):
        app.jobs.pop()()
    assert app.errands.under_way == 0
