"""Proves that no order is ever placed twice, lost or misreported, whatever happens to its request or its answer.

``python chaos/chaos_orders.py [--orders N] [--seed N] [--break NAME]`` prints one line and exits with 0, or with 1 when what a user was
told differs anywhere from what the venue did. Every placement meets a fault. Most are virtual: the venue is in memory, behind the
transport, and time is a number. One in fifty goes over real sockets. A break spoils the client on purpose: it must be found.
"""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from os import cpu_count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import proof
from order_sockets import SocketRoad
from order_trouble import Road
from order_user import User

from exchangeclient.binance import doubts, inquiry, likeness, orders, placing, replacing
from exchangeclient.core.http.retry import Retry
from exchangeclient.exceptions import ExchangeAPIException, ExchangeException, ExchangeRequestException
from exchangeclient.market.settlement import Case

ORDERS_IN_A_WORLD = 100
ONE_IN_SOCKETS = 50
WAITING = 8  # worlds over sockets at once: most of their time they wait for an answer that does not come
BAD = ("doubled", "lost", "misreported", "undecided")

Spoil = Callable[[], None]
World = tuple[str, int, bool]
"""Its seed, how many orders there are placed, and whether they go over sockets."""


def resend() -> None:
    """An order whose answer did not come is sent again, although it is noted as being on its way."""
    noted = doubts.Doubts.note

    def note(self: doubts.Doubts, *order: Any) -> None:
        with suppress(doubts.TakenError):
            noted(self, *order)

    def pause_s(self: Retry, _kind: Any, error: ExchangeException, repeats: int, _random: Any) -> float | None:
        return 0.0 if isinstance(error, ExchangeRequestException) and repeats < self.times else None

    Retry.pause_s = pause_s  # type: ignore[method-assign]
    doubts.Doubts.note = note  # type: ignore[method-assign]


def refusal() -> None:
    """An answer that does not know is taken for a refusal."""
    known = orders.leaves_doubt
    orders.leaves_doubt = lambda error: not isinstance(error, ExchangeAPIException) and known(error)  # type: ignore[assignment]


def first_miss() -> None:
    """A look that finds nothing is believed at once."""
    Case.never_happened = property(lambda case: case.looks > 0)  # type: ignore[assignment]


def no_margin() -> None:
    """The time that the venue's engine may take is left out."""
    inquiry.ENGINE_MS = 0.0  # type: ignore[misc]


def no_journal() -> None:
    """Nothing is written down before it leaves."""
    doubts.Doubts.note = lambda *_: None  # type: ignore[method-assign]


def any_age() -> None:
    """An older order of the same id is taken for the one that is asked for."""
    placing.Doubt._is_it = lambda *_: True  # type: ignore[method-assign]


def any_list() -> None:
    """The orders of a list are not looked at."""
    likeness.are_they = lambda *_: True  # type: ignore[assignment]


def any_half() -> None:
    """The order that was to be replaced is taken for cancelled, whatever became of it."""
    replacing._cancel_result = lambda *_: "SUCCESS"  # type: ignore[assignment]


def own_clock() -> None:
    """When a question was asked is taken from a clock that nobody has checked, and that is a minute fast."""
    inquiry.Inquiry.stamp = lambda self: setattr(self, "_stamp_ms", self._errand.now_ms() + 60_000) or {}  # type: ignore[method-assign]


def plain_error() -> None:
    """A lost answer is reported as it is, and nobody asks."""
    orders.affair_of = lambda _: None  # type: ignore[assignment]


BREAKS: dict[str, Spoil] = {
    "resend": resend,
    "refusal": refusal,
    "first-miss": first_miss,
    "no-margin": no_margin,
    "no-journal": no_journal,
    "any-age": any_age,
    "any-list": any_list,
    "any-half": any_half,
    "own-clock": own_clock,
    "plain-error": plain_error,
}


def live(world: World) -> Counter[str]:
    """One world: a user, his orders, and what came of them."""
    seed, size, over_sockets = world
    random = Random(seed)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, SocketRoad(random) if over_sockets else Road(random) as road:
        user = User(random, road, Path(folder) / "journal")
        for _ in range(size):
            user.place()
        return user.audit() + Counter({"over sockets": size if over_sockets else 0})


def spoil(name: str | None) -> None:
    """Break the client of this process, if that is wanted."""
    logging.disable(logging.CRITICAL)
    if name is not None:
        BREAKS[name]()


def worlds(orders_: int, seed: str, *, over_sockets: bool) -> list[World]:
    """Worlds with so many orders in all."""
    starts = range(0, orders_, ORDERS_IN_A_WORLD)
    return [(f"{seed}/{number}", min(ORDERS_IN_A_WORLD, orders_ - start), over_sockets) for number, start in enumerate(starts)]


def lived(orders_: int, seed: int, broken: str | None) -> Iterator[tuple[World, Counter[str]]]:
    """Every world, and what came of it: the virtual ones on all processors, and beside them those over sockets."""
    virtual = worlds(orders_, f"{seed}", over_sockets=False)
    real = worlds(-(-orders_ // ONE_IN_SOCKETS), f"{seed}/sockets", over_sockets=True)
    with (
        ProcessPoolExecutor(cpu_count(), initializer=spoil, initargs=(broken,)) as busy,
        ProcessPoolExecutor(min(WAITING, len(real)), initializer=spoil, initargs=(broken,)) as waiting,
    ):
        told = waiting.map(live, real)
        yield from zip(virtual, busy.map(live, virtual), strict=True)
        yield from zip(real, told, strict=True)


def main() -> int:
    """Place orders, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    arguments = proof.arguments(parser, BREAKS)
    began, counts = monotonic(), Counter[str]()
    for world, counted in lived(arguments.orders, arguments.seed, arguments.broken):
        counts += counted
        if any(counted[word] for word in BAD):
            told = ", ".join(f"{n} {word}" for word, n in counted.items() if word.startswith(BAD))
            print(f"world {world[0]!r}: {told}", file=sys.stderr)
    failed = any(counts[word] for word in BAD)
    figures = {"placed": counts["placed"], "not placed": counts["not placed"], **{word: counts[word] for word in BAD}}
    figures |= {"over sockets": counts["over sockets"], "seconds": round(monotonic() - began)}
    told = ", ".join(f"{number} {what}" for what, number in figures.items())
    print(f"chaos_orders {'FAIL' if failed else 'ok'} {told}; seed {arguments.seed}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
