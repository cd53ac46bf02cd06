"""A collector that is spared; in a process of its own, since that is what it is for."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import gc
from exchangeclient.core.process.collector import spare_collector

class Link: pass

def in_a_circle():
    link = Link()
    link.itself = link

begun = [Link() for _ in range(10)]
spare_collector()
assert not any(isinstance(each, Link) for each in gc.get_objects()), "what there was is still looked through"
collections = sum(generation["collections"] for generation in gc.get_stats())
kept = [[number] for number in range(40_000)]
assert sum(generation["collections"] for generation in gc.get_stats()) == collections, "it runs as often as before"
in_a_circle()
assert gc.collect() >= 1, "new garbage is not found"
"""


def test_a_spared_collector_leaves_alone_what_there_was_and_runs_rarely() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("before", "after"), [((700, 10, 10), (50_000, 20, 100)), ((90_000, 5, 200), (90_000, 20, 200)), ((0, 10, 10), (0, 10, 10))]
)
def test_a_collector_that_runs_more_rarely_or_not_at_all_is_left_at_that(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    program = (
        f"import gc; from exchangeclient.core.process.collector import spare_collector; gc.set_threshold(*{before}); spare_collector()"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; print(gc.get_threshold())"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"{after}\n"
