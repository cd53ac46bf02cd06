from __future__ import annotations

import threading

from exchangeclient.core.http.request import Message
from exchangeclient.core.protocol.questions import Question, Questions


def question(name: str = "ping") -> Question:
    return Question(Message(name, "ws://x"))


def test_questions_are_taken_in_the_order_in_which_they_were_put() -> None:
    questions, first, second = Questions(), question(), question()
    questions.put(first)
    questions.put(second)
    assert [questions.take(), questions.take(), questions.take()] == [first, second, None]


def test_what_is_taken_back_is_not_asked() -> None:
    questions, one = Questions(), question()
    questions.put(one)
    questions.take_back(one)
    assert questions.take() is None
    assert one.stayed


def test_what_was_taken_cannot_be_taken_back() -> None:
    questions, one = Questions(), question()
    questions.put(one)
    assert questions.take() is one
    questions.take_back(one)
    assert not one.stayed


def test_what_is_given_up_has_stayed_and_says_why() -> None:
    questions, one = Questions(), question()
    questions.put(one)
    questions.give_up("closed")
    one.wait(5)
    assert (one.stayed, one.trouble, one.answer, questions.take()) == (True, "closed", None, None)


def test_what_comes_too_late_is_given_up_as_well() -> None:
    questions, late = Questions(), question()
    questions.give_up("closed")
    questions.put(late)
    assert (late.stayed, late.trouble, questions.take()) == (True, "closed", None)


def test_whoever_waits_is_woken_by_the_answer_or_by_its_loss() -> None:
    for tell in (lambda one: one.answered(b"{}"), lambda one: one.lost("gone")):
        one, woken = question(), threading.Event()

        def wait(one: Question = one, woken: threading.Event = woken) -> None:
            one.wait(60)
            woken.set()

        threading.Thread(target=wait, daemon=True).start()
        assert not woken.is_set()
        tell(one)
        assert woken.wait(5)


def test_each_question_is_either_taken_or_taken_back_by_whomever() -> None:
    questions = Questions()
    asked = [question() for _ in range(2_000)]
    for one in asked:
        questions.put(one)
    taken: list[Question] = []

    def take() -> None:
        while (one := questions.take()) is not None:
            taken.append(one)

    taker = threading.Thread(target=take)
    taker.start()
    for one in reversed(asked):
        questions.take_back(one)
    taker.join()
    stayed = [one for one in asked if one.stayed]
    assert len(taken) + len(stayed) == len(asked)
    assert not set(map(id, taken)) & set(map(id, stayed))
