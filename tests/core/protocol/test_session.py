"""How long a host waits before it connects again, and what it is to ask for then."""

from __future__ import annotations

import random
import threading

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.core.protocol.session import Backoff, Wishes


class Highest(random.Random):
    """Draws the top of every range."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_s06_waits_double_up_to_the_cap_and_never_end() -> None:
    backoff = Backoff(Highest(), first_s=1.0, cap_s=60.0)
    assert [backoff.after() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [backoff.after() for _ in range(5000)][-1] == 60
    assert backoff.failures == 5008


def test_s07_only_a_stable_connection_makes_the_waits_short_again() -> None:
    backoff = Backoff(Highest(), first_s=1.0, stable_s=60.0)
    for _ in range(4):
        backoff.after()
    assert backoff.after(lived_s=59.9) == 16
    assert backoff.after(lived_s=60.0) == 1
    assert backoff.after() == 2


@given(seed=st.integers(0, 2**32), failures=st.integers(0, 40))
def test_s06_jitter_is_full(seed: int, failures: int) -> None:
    drawn, highest = Backoff(random.Random(seed)), Backoff(Highest())
    for _ in range(failures):
        drawn.after()
        highest.after()
    assert 0 <= drawn.after() <= highest.after()


def test_s06_a_thousand_clients_do_not_come_back_together() -> None:
    waits = []
    for seed in range(1000):
        backoff = Backoff(random.Random(seed))
        for _ in range(6):
            backoff.after()
        waits.append(backoff.after())
    per_second = [sum(second <= wait < second + 1 for wait in waits) for second in range(60)]
    assert max(per_second) < 50
    assert min(per_second) > 0


def test_wishes_keep_their_order_and_come_once() -> None:
    wishes = Wishes(["b", "a", "b"])
    before = wishes.changes
    wishes.want(["c", "a"])
    wishes.unwant(["b", "unknown"])
    assert wishes.names == ("a", "c")
    assert wishes.changes != before


def test_what_is_wanted_anew_gets_a_number_that_it_never_had() -> None:
    wishes = Wishes(["a", "b"])
    seen = [wishes.askings]
    for _ in range(3):
        wishes.want_anew(["a", "unknown"])
        seen.append(wishes.askings)
        wishes.want(["a"])
        assert wishes.askings == seen[-1]
    assert len({askings["a"] for askings in seen}) == 4
    assert {askings["b"] for askings in seen} == {0}
    assert wishes.names == ("a", "b")


def test_wishes_of_many_threads_are_all_kept() -> None:
    wishes = Wishes()

    def work(first: int) -> None:
        for number in range(first, first + 200):
            wishes.want([f"keep{number}", f"drop{number}"])
            assert f"keep{number}" in wishes.names
            wishes.unwant([f"drop{number}"])

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 1600, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(wishes.names) == {f"keep{number}" for number in range(1600)}
