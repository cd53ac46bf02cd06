"""Proves that the governor never spends more than the venue allows, sends nothing in a ban, and leaves next to nothing unused.

``python chaos/chaos_limits.py [--hours N] [--seed N] [--break NAME]`` prints one line and exits with 0, or with 1 when a venue counted
too much, was asked inside a ban that was known, or less than 95 % of its budget was used. Each world has 32 workers, a wrong clock, a slow
way, and answers that lack their counts; those in which the workers rest now and then do not count for what is used. A break spoils the
governor on purpose: it must be found.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from os import cpu_count
from time import monotonic
from typing import Any, NamedTuple

import proof
from limit_world import World

from exchangeclient.core.budgets.budget import Stake, Tally, Window
from exchangeclient.core.budgets.governor import Governor
from exchangeclient.core.process.clock import VenueClock

WORKERS = 32
LEAST_USED = 0.95
WORLDS: list[dict[str, Any]] = [
    {"wrong_s": 0.0, "way_s": 0.05, "drops": 0.0, "bans": False, "lulls": False},
    {"wrong_s": -13.0, "way_s": 0.2, "drops": 0.3, "bans": True, "lulls": False},
    {"wrong_s": 3_600.0, "way_s": 0.4, "drops": 0.1, "bans": True, "lulls": True},
    {"wrong_s": -86_400.0, "way_s": 0.1, "drops": 0.9, "bans": False, "lulls": True},
]


class Day(NamedTuple):
    """What came of one world."""

    requests: int
    minutes: int
    over: int
    inside_bans: int
    used: float


def forget_what_is_on_its_way() -> None:
    """A new window begins with nothing, whatever left in the old one."""
    turn = Window.turn

    def forgetful(self: Window, at: Any, rows: Any = None) -> None:
        number = self.tally.number
        turn(self, at, rows)
        if self.tally.number != number:
            self.tally.spent = 0

    Window.turn = forgetful  # type: ignore[method-assign]


def believe_the_machine() -> None:
    """The venue is never asked for its time, and the machine's is taken for it."""
    VenueClock.is_due = lambda _: False  # type: ignore[method-assign]
    VenueClock.doubt_ms = property(lambda _: 0.0)  # type: ignore[method-assign, assignment]


def never_learn_the_time() -> None:
    """The venue is never asked for its time, which is honest, and wastes half."""
    VenueClock.is_due = lambda _: False  # type: ignore[method-assign]


def be_deaf_to_bans() -> None:
    """A ban is noted nowhere."""
    Governor.hold = lambda _, __, seconds, ___: seconds or 0.0  # type: ignore[method-assign]


def believe_every_count() -> None:
    """The venue's count is taken for everything, though other calls are on their way."""

    def credulous(self: Window, stake: Stake, at: Any, said: int | None) -> None:
        self.turn(at)
        self._arrived(stake)
        if said is not None:
            self.tally = Tally(self.tally.number, said)

    Window.settle = credulous  # type: ignore[method-assign]


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (forget_what_is_on_its_way, believe_the_machine, never_learn_the_time, be_deaf_to_bans, believe_every_count)
}


def live(number: int, seed: int, hours: float, broken: str | None) -> Day:
    """One world for so many of its hours."""
    if broken is not None:
        BREAKS[broken]()
    world = World(seed * 1_000 + number, **WORLDS[number], most=6_000)
    world.run(WORKERS, hours * 3_600)
    used = 1.0 if WORLDS[number]["lulls"] else world.used()
    return Day(world.requests, len(world.counted), len(world.over()), world.inside_bans, used)


def main() -> int:
    """Live, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="of each world")
    arguments = proof.arguments(parser, BREAKS, "governor")
    began, count = monotonic(), len(WORLDS)
    with ProcessPoolExecutor(cpu_count()) as pool:
        days = list(pool.map(live, range(count), [arguments.seed] * count, [arguments.hours] * count, [arguments.broken] * count))
    over, inside, least = sum(day.over for day in days), sum(day.inside_bans for day in days), min(day.used for day in days)
    failed = over > 0 or inside > 0 or least < LEAST_USED
    told = f"{sum(day.requests for day in days)} requests, {sum(day.minutes for day in days)} minutes of {count} venues, {over} over, "
    told += f"{inside} inside a ban, {least:.1%} used at least, {round(monotonic() - began)} seconds"
    print(f"chaos_limits {'FAIL' if failed else 'ok'} {told}; seed {arguments.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
