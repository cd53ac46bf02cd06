from __future__ import annotations

import threading
import tracemalloc

import pytest

from exchangeclient.gateway.universal.replays import Replays
from exchangeclient.gateway.universal.texts import Refused

START_NS = 1_000_000_000_000_000


def test_the_same_call_is_worked_out_once() -> None:
    replays = Replays(START_NS)
    answer, mine = replays.enter("robot", 5, b"trade 1")
    again, mine_too = replays.enter("robot", 5, b"trade 1")
    assert (mine, mine_too) == (True, False)
    assert again is answer
    assert replays.enter("another", 5, b"trade 2")[1]
    assert replays.enter("robot", 6, b"trade 1")[1]


def test_a_nonce_is_one_calls_only() -> None:
    replays = Replays(START_NS)
    replays.enter("robot", 5, b"trade 1")
    with pytest.raises(Refused, match="nonce"):
        replays.enter("robot", 5, b"trade 2")


def test_what_came_before_this_gateway_may_have_been_answered() -> None:
    replays = Replays(START_NS)
    later_ns = START_NS + 100 * 10**9
    assert replays.may_have_been(START_NS - 1, later_ns)
    assert replays.may_have_been(START_NS + 59 * 10**9, later_ns)  # a robot's clock may be ahead
    assert not replays.may_have_been(START_NS + 61 * 10**9, later_ns)


def test_nothing_is_concluded_from_a_clock_that_is_far_ahead() -> None:
    replays = Replays(START_NS)
    now_ns = START_NS + 3_600 * 10**9
    assert not replays.may_have_been(now_ns + 59 * 10**9, now_ns)
    assert replays.may_have_been(now_ns + 61 * 10**9, now_ns)


def test_what_is_left_open_is_worked_out_anew() -> None:
    replays = Replays(0)
    nonce = 10**12
    replays.enter("robot", nonce, b"trade")[0].set_result({"error": "not known"})
    replays.forget("robot", nonce)
    assert replays.may_have_been(nonce, nonce)
    assert replays.enter("robot", nonce, b"trade")[1]


def test_what_is_forgotten_may_have_been_answered_too_and_what_is_open_is_not_forgotten() -> None:
    replays = Replays(0, most=2)
    first, last = 10**12, 10**12 + 3
    answers = [replays.enter("robot", nonce, b"")[0] for nonce in range(first, first + 3)]
    assert not replays.enter("robot", first, b"")[1]
    answers[0].set_result({"data": 1})
    assert not replays.may_have_been(first, last)
    replays.enter("robot", last, b"")
    assert replays.may_have_been(first, last)
    assert not replays.may_have_been(first + 1, last)
    assert replays.enter("robot", first, b"")[1]
    assert not replays.enter("robot", first + 1, b"")[1]


def test_whoever_waits_gets_the_answer_of_whoever_works_it_out() -> None:
    replays = Replays(0)
    answer, _ = replays.enter("robot", 5, b"trade")
    heard: list[object] = []
    waiting = [threading.Thread(target=lambda: heard.append(replays.enter("robot", 5, b"trade")[0].result())) for _ in range(3)]
    for thread in waiting:
        thread.start()
    other, _ = replays.enter("robot", 6, b"trade")
    other.set_result({"data": "of another call"})
    assert heard == []
    answer.set_result({"data": 1})
    for thread in waiting:
        thread.join(30)
    assert heard == [{"data": 1}] * 3


def test_a_call_that_is_answered_takes_little_memory() -> None:
    replays = Replays(0)
    tracemalloc.start()
    try:
        for nonce in range(1_000):
            replays.enter("robot", nonce, b"%032d" % nonce)[0].set_result({"error": "no"})
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 1_000 * 1_000
