"""Proves that an archive survives: killed where it writes, killed at random, a full disk at every write, eight writers.

``python chaos/chaos_archive.py [--kills N] [--random N] [--full N] [--writers N] [--seed N] [--break NAME]`` runs :mod:`archive_program`
again and again and ends it: at a call of the system, or at any moment of a sync over the client; or it has every write fail from one on,
or lets many at one archive. After each the file has to be whole, each row the venue's own, and nothing known that is not so; what could
not be written has to be told; and one more run has to end with exactly what the venue has. Calls are found by ``strace``; where there is
none statements take their place. It prints one line and exits with 0, or with 1. The full size takes a minute. A break spoils the program
on purpose: it has to be found. The programs are forked off processes that have imported everything (:mod:`warm`); those that run at once
are started each.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic

import proof
from archive_program import BREAKS, MINUTE_SERIES, MINUTES, SERIES, truth
from warm import LIMIT_S, Ended, Warm

from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.store import Store
from exchangeclient.archive.verify import verified
from exchangeclient.exceptions import ArchiveException

HERE = Path(__file__).parent
HAS_STRACE = shutil.which("strace") is not None
PROGRAM = HERE / "archive_program.py"
SERVER = HERE.parent / "benchmarks/history_server.py"
AT_ONCE = (os.cpu_count() or 1) + 1  # each of them waits for its tracer and its disk, now and then
ALL = 10**6
WRITES = "write,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,rename,unlink,unlinkat"
SPACE = "write,pwrite64,pwritev,ftruncate,fallocate"
TIMED = 5  # runs that are left alone, to know how long one takes
TRIES = 10  # runs for a random kill, some of which end before
IN_A_ROW = 4  # random kills of one archive before a run may complete it

Wanted = Callable[[Series], list[Row]]
Place = tuple[str, int]
"""A call of the system, and the how many-th."""


@dataclass
class Run:
    """What was done, and what went wrong."""

    seed: int
    broken: str | None
    warm: SimpleQueue[Warm]
    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def fail(self, what: str) -> None:
        self.failures.append(what)

    def program(
        self, path: Path, *more: str, tracer: Callable[[int], Sequence[str]] | None = None, kill_after_s: float | None = None
    ) -> Ended:
        """Run the program on an archive; parameters as :meth:`.warm.Warm.run`."""
        warm = self.warm.get()
        try:
            return warm.run(self._arguments(path, *more), tracer=tracer, kill_after_s=kill_after_s)
        finally:
            self.warm.put(warm)

    def started(self, path: Path, *more: str) -> subprocess.CompletedProcess[str]:
        """The same, in a process that is started for it."""
        command = [sys.executable, str(PROGRAM), *self._arguments(path, *more)]
        return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def _arguments(self, path: Path, *more: str) -> list[str]:
        return [str(path), *more, *(("--break", self.broken) if self.broken else ())]


def look(run: Run, path: Path, what: str, wanted: Wanted, *, whole: bool, venue: str = "fake", of: Iterable[Series] = SERIES) -> None:
    """See that an archive is in order and has nothing but what the venue has; all of it when it is to be ``whole``."""
    if not path.exists() and not whole:
        return
    try:
        with closing(Store(path)) as store:
            if damage := store.damage():
                run.fail(f"{what}: damaged: {damage[0]}")
                return
            for series in of:
                named = Series(venue, series.symbol, series.interval)
                kept, there = store.of(named), wanted(series)
                rows = [] if kept is None else list(store.rows(kept, -(2**62), 2**62))
                strange = set(rows) - set(there)
                if strange or rows != sorted(set(rows)):
                    run.fail(f"{what}: {named} has {len(strange)} rows that the venue has not, or rows twice")
                if kept is None:
                    if whole:
                        run.fail(f"{what}: {named} is not there")
                    continue
                for found in verified(store, kept):
                    if found.kind not in ("missing", "venue-empty"):
                        run.fail(f"{what}: {named}: {found.kind} {found.count} {found.text}")
                unknown = [row for row in there if row not in set(rows) and any(first <= row[0] < last for first, last in kept.known)]
                if unknown:
                    run.fail(f"{what}: {named}: {len(unknown)} candles of the venue are taken for empty")
                gaps = [gap for gap in kept.missing() if gap[0] <= there[-1][0]]
                if whole and (rows != there or gaps):
                    run.fail(f"{what}: {named} has {len(rows)} of {len(there)} candles at the end, {len(gaps)} gaps")
    except ArchiveException as error:
        run.fail(f"{what}: unreadable: {error}")


# ---- killed at each call ---------------------------------------------------------------------------------------------


def kill_at(run: Run, folder: Path, place: Place) -> bool:
    """Kill a run at a call, and let another complete it; False when it ended before it came to that call."""
    call, number = place
    path = folder / f"kill-{call}-{number}" / "a.db"
    path.parent.mkdir()
    ended = run.program(path, tracer=_injecting(path, place, "signal=KILL")) if HAS_STRACE else _dying(run, path, number)
    was_killed = ended.code == -signal.SIGKILL
    if not was_killed and ended.code != 0:
        run.fail(f"at {call} {number}: ended with {ended.code}: {ended.told[-200:]}")
    look(run, path, f"killed at {call} {number}", truth, whole=False)
    _complete(run, path, f"after {call} {number}")
    shutil.rmtree(path.parent)
    return was_killed


def _dying(run: Run, path: Path, number: int) -> Ended:
    """Where there is no strace: a run that is killed at a statement."""
    return run.program(path, "--die-at", str(number))


def _injecting(path: Path, place: Place, what: str, *, further: bool = False) -> Callable[[int], list[str]]:
    """A tracer that does something to the process at a call, and at all ``further`` ones of its kind."""
    call, number = place
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}{'+' if further else ''}"]
    return lambda pid: [*_strace(path, pid), "-o", os.devnull, *inject]


def _strace(path: Path, pid: int) -> list[str]:
    return ["strace", "-f", "-qq", "-p", str(pid), *_only(path)]


def _only(path: Path) -> list[str]:
    return [word for ending in ("", "-wal", "-shm", "-journal") for word in ("-P", f"{path}{ending}")]


def _complete(run: Run, path: Path, what: str) -> None:
    ended = run.program(path)
    if ended.code != 0:
        run.fail(f"{what}: the next run ended with {ended.code}: {ended.told[-200:]}")
    look(run, path, what, truth, whole=True)


def kills(run: Run, folder: Path, most: int) -> None:
    """Kill at each call there is, or at so many of them, spread over all."""
    path = folder / "counted" / "a.db"
    path.parent.mkdir()
    places = _calls(run, path, WRITES) if HAS_STRACE else _statements(run, path)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        run.counts["kills"] = sum(pool.map(lambda place: kill_at(run, folder, place), _some(run, places, most)))
    run.counts["calls"] = len(places)


def _some(run: Run, places: list[Place], most: int) -> list[Place]:
    """All, or so many; of calls that are seldom always one."""
    if len(places) <= most:
        return places
    seldom = [place for place in places if place[1] == 1]
    chosen = set(Random(run.seed).sample(places, most)) | set(seldom)
    return [place for place in places if place in chosen]


def _calls(run: Run, path: Path, kinds: str) -> list[Place]:
    """At which calls a whole run could be ended."""
    log = path.with_name("calls")
    run.program(path, tracer=lambda pid: [*_strace(path, pid), "-o", str(log), "-e", f"trace={kinds}"])
    names = [found.group(1) for line in log.read_text(errors="replace").splitlines() if (found := re.match(r"(?:\d+ +)?(\w+)\(", line))]
    return [(name, number) for name, count in Counter(names).items() for number in range(1, count + 1)]


def _statements(run: Run, path: Path) -> list[Place]:
    """The same, where there is no strace: at which statements."""
    low, high = 1, 100_000
    while low < high:
        middle = (low + high) // 2
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        if _dying(run, path, middle).code == -signal.SIGKILL:
            low = middle + 1
        else:
            high = middle
    return [("statement", number) for number in range(1, low)]


# ---- a full disk -----------------------------------------------------------------------------------------------------


def fulls(run: Run, folder: Path, most: int) -> None:
    """Have every write fail from a call on; where there is no strace, each that takes more room, from a statement on."""
    path = folder / "full-counted" / "a.db"
    path.parent.mkdir()
    places = _some(run, _calls(run, path, SPACE) if HAS_STRACE else _statements(run, path), most)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda place: full_at(run, folder, place), places))
    run.counts["full"] = len(places)


def full_at(run: Run, folder: Path, place: Place) -> None:
    call, number = place
    path = folder / f"full-{call}-{number}" / "a.db"
    path.parent.mkdir()
    if HAS_STRACE:
        ended = run.program(path, tracer=_injecting(path, place, "error=ENOSPC", further=True))
    else:
        ended = run.program(path, "--full-at", str(number))
    look(run, path, f"full at {call} {number}", truth, whole=ended.code == 0)
    if ended.code not in (0, 1):
        run.fail(f"full at {call} {number}: ended with {ended.code}: {ended.told[-200:]}")
    run.counts["told"] += ended.code == 1
    _complete(run, path, f"after a full disk at {call} {number}")
    shutil.rmtree(path.parent)


# ---- killed at any moment, over the client ---------------------------------------------------------------------------


@contextmanager
def served() -> Iterator[str]:
    """An exchange with minutes, a process of its own, whose answers take a while."""
    # What hundreds of runs ask within a minute would be more than a client takes itself to be allowed, so that it would wait.
    command = [sys.executable, str(SERVER), str(MINUTES), "--delay", "0.02", "--window", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def random_kills(run: Run, folder: Path, count: int, url: str) -> None:
    """Kill runs at random moments, in several chains at once."""
    over = ("--url", url, "--venue", "served", "--series", "1")
    times = []
    for number in range(TIMED):
        path, begun = folder / f"reference-{number}.db", monotonic()
        reference = run.program(path, *over)
        times.append(monotonic() - begun)
    there = _rows(path)
    if reference.code != 0 or len(there[MINUTE_SERIES]) != MINUTES:
        run.fail(f"a run that nobody killed ended with {reference.code}: {reference.told[-200:]}")
    # Without the first one: what is imported on first use it alone has to wait for.
    chains = [Chain(folder / f"random-{number}" / "a.db", Random(run.seed + number), median(times[1:])) for number in range(AT_ONCE)]
    shares = [count // AT_ONCE + (number < count % AT_ONCE) for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda chain, share: kill_chain(run, chain, share, over, there), chains, shares))


@dataclass
class Chain:
    """Where and when to kill.

    :ivar took_s: how long a run takes that is left alone
    """

    path: Path
    random: Random
    took_s: float


def kill_chain(run: Run, chain: Chain, count: int, over: Sequence[str], there: dict[Series, list[Row]]) -> None:
    """Kill runs one after the other on one archive, until a last one may end; then again on another."""
    path = chain.path
    path.parent.mkdir()
    killed = in_a_row = tries = 0
    while killed < count:
        tries += 1
        if tries > TRIES * count:
            run.fail(f"of {tries} runs only {killed} went on until they were killed")
            break
        ended = run.program(path, *over, kill_after_s=chain.random.uniform(0.0, 1.0) * chain.took_s)
        killed += ended.code == -signal.SIGKILL
        in_a_row += 1
        what = f"random kill {killed} of {path.parent.name}"
        look(run, path, what, there.__getitem__, whole=False, of=there, venue="served")
        if in_a_row == IN_A_ROW or killed == count:
            if run.program(path, *over).code != 0:
                run.fail(f"after {what} the next run failed")
            look(run, path, f"after {what}", there.__getitem__, whole=True, of=there, venue="served")
            for ending in ("", "-wal", "-shm"):
                path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
            in_a_row = 0
    run.counts["random"] += killed


def _rows(path: Path) -> dict[Series, list[Row]]:
    with closing(Store(path)) as store:
        kept = store.of(Series("served", MINUTE_SERIES.symbol, MINUTE_SERIES.interval))
        return {MINUTE_SERIES: [] if kept is None else list(store.rows(kept, 0, 2**62))}


# ---- many at once ----------------------------------------------------------------------------------------------------


def many(run: Run, folder: Path, count: int) -> None:
    """Have several programs sync one archive at once: some wait for each other, some leave it to the others."""
    path = folder / "many" / "a.db"
    path.parent.mkdir()
    waits = [("--wait", "60") if number % 2 else () for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        ended = list(pool.map(lambda more: run.started(path, *more), waits))
    codes = [each.returncode for each in ended]
    if not set(codes) <= {0, 4} or 0 not in codes:
        run.fail(f"{count} writers ended with {codes}: {[each.stderr[-100:] for each in ended if each.returncode not in (0, 4)]}")
    look(run, path, f"{count} writers", truth, whole=True)
    run.counts["writers"] = count


def main() -> int:
    """Do it all; 1 when something went wrong."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=ALL, help="at how many calls to kill; at all when left out")
    parser.add_argument("--random", type=int, default=200, help="how often to kill at a random moment")
    parser.add_argument("--full", type=int, default=ALL, help="at how many writes the disk is full; at all when left out")
    parser.add_argument("--writers", type=int, default=8)
    arguments = proof.arguments(parser, BREAKS, "program")
    begun = monotonic()
    with TemporaryDirectory() as temporary, served() as url, ExitStack() as stack:
        folder, warm = Path(temporary), SimpleQueue[Warm]()
        for _ in range(AT_ONCE):
            warm.put(stack.enter_context(Warm(PROGRAM)))
        run = Run(arguments.seed, arguments.broken, warm)
        kills(run, folder, arguments.kills)
        fulls(run, folder, arguments.full)
        random_kills(run, folder, arguments.random, url)
        many(run, folder, arguments.writers)
    for failure in run.failures[:20]:
        print(failure)
    told = ", ".join(f"{count} {name}" for name, count in sorted(run.counts.items()))
    told += f"; {len(run.failures)} failures, {monotonic() - begun:.0f} s; seed {run.seed}"
    print(f"chaos_archive {'FAIL' if run.failures else 'ok'} {told}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
