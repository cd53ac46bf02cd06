"""Proves the embedded exchange's engine: a million random orders must do what they do on a naive exchange.

``python chaos/chaos_engine.py [--orders N] [--seed N] [--break NAME]`` prints one line and exits with 0, or with 1 when the two
disagree anywhere; then the shortest commands that show it go to the error output. Every world (a few symbols, accounts and some
hundred orders) has a seed of its own, so the workers share nothing. A break spoils the engine on purpose: it must be found.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from os import cpu_count
from random import Random
from time import monotonic
from traceback import format_exc

import proof
from naive.breaks import BREAKS
from naive.duel import Fight

from exchangeclient.sandbox.engine.refusals import Rule

ORDERS_IN_A_WORLD = 400


def fight(seed: str) -> tuple[Counter[str], str]:
    """One world: what was counted in it, and what went wrong, if anything did."""
    one = Fight(Random(seed))
    try:
        one.run(ORDERS_IN_A_WORLD)
    except Exception:  # noqa: BLE001 - a disagreement, or whatever the engine raises: both are told
        return one.counts, format_exc()
    return one.counts, ""


def story(seed: str, trouble: str) -> str:
    """A failure with the shortest commands that show it."""
    one = Fight(Random(seed))
    with suppress(Exception):  # it is known already
        one.run(ORDERS_IN_A_WORLD)
    commands = "\n".join(f"  {now_us} {command}" for now_us, command in one.shortest())
    return f"world {seed!r}\n{trouble}\nthe shortest way to a failure:\n{commands}"


def spoil(name: str | None) -> None:
    """Break the engine of this process, if that is wanted."""
    if name is not None:
        BREAKS[name](setattr)


def fights(seeds: list[str], broken: str | None) -> Iterator[tuple[Counter[str], str]]:
    """All worlds, on all cores, in their order."""
    with ProcessPoolExecutor(cpu_count(), initializer=spoil, initargs=(broken,)) as pool:
        try:
            yield from pool.map(fight, seeds)
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    """Fight, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    arguments = proof.arguments(parser, BREAKS, "engine")
    began, counts, worlds, trouble = monotonic(), Counter[str](), 0, ""
    seeds = [f"{arguments.seed}/{number}" for number in range(-(-arguments.orders // ORDERS_IN_A_WORLD))]
    for counted, trouble in fights(seeds, arguments.broken):
        counts += counted
        worlds += 1
        if trouble:
            break
    if trouble:
        print(trouble if arguments.broken else story(seeds[worlds - 1], trouble), file=sys.stderr)
    figures = {
        "orders": counts["orders"],
        "worlds": worlds,
        "trades": counts["Traded"],
        "triggered": counts["OrderTriggered"],
        "prevented": counts["OrderPrevented"],
        "amended": counts["OrderAmended"],
        "list changes": counts["ListChanged"],
        "refusals": counts["refusals"],
        "kinds of refusals": sum(rule.name in counts for rule in Rule),
        "seconds": round(monotonic() - began),
    }
    told = ", ".join(f"{number} {what}" for what, number in figures.items())
    print(f"chaos_engine {'FAIL' if trouble else 'ok'} {told}; seed {arguments.seed}")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
