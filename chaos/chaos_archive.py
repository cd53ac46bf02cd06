"""Proves that an archive survives: killed where it writes, killed at random, a full disk at every write, eight writers.

``python chaos/chaos_archive.py [--kills N] [--random N] [--full N] [--writers N] [--seed N] [--break NAME]`` runs :mod:`archive_program`
again and again and ends it: at a call of the system (by ``strace``; at a statement where there is none), or at any moment of a sync over
the client; or it has every write fail from one on, or lets many at one archive. After each the file has to be whole, each row the venue's
own, and nothing known that is not so; what could not be written has to be told; and one more run has to end with exactly what the venue
has. It prints one line and exits with 0, or with 1. The full size takes some minutes. A break spoils the program on purpose: it has
to be found.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

from archive_program import BREAKS, MINUTE_SERIES, MINUTES, SERIES, truth

from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.store import Store
from exchangeclient.archive.verify import verified
from exchangeclient.exceptions import ArchiveException

HERE = Path(__file__).parent
PROGRAM = HERE / "archive_program.py"
SERVER = HERE.parent / "benchmarks/history_server.py"
LIMIT_S = 120.0
AT_ONCE = 2
ALL = 10**6
WRITES = "write,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,rename,unlink,unlinkat"
SPACE = "write,pwrite64,pwritev,ftruncate,fallocate"
IN_A_ROW = 4  # random kills of one archive before a run may complete it

Wanted = Callable[[Series], list[Row]]
Place = tuple[str, int]
"""A call of the system, and the how many-th."""


@dataclass
class Run:
    """What was done, and what went wrong."""

    seed: int
    broken: str | None
    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def fail(self, what: str) -> None:
        self.failures.append(what)

    def program(self, path: Path, *more: str) -> list[str]:
        spoilt = ("--break", self.broken) if self.broken else ()
        return [sys.executable, str(PROGRAM), str(path), *more, *spoilt]

    def started(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


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
    ended = run.started(_killed(run, path, place))
    was_killed = ended.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    if not was_killed and ended.returncode != 0:
        run.fail(f"at {call} {number}: ended with {ended.returncode}: {ended.stderr[-200:]}")
    look(run, path, f"killed at {call} {number}", truth, whole=False)
    _complete(run, path, f"after {call} {number}")
    shutil.rmtree(path.parent)
    return was_killed


def _killed(run: Run, path: Path, place: Place) -> list[str]:
    call, number = place
    if shutil.which("strace") is None:
        return run.program(path, "--die-at", str(number))
    inject = ["-f", "-qq", "-e", f"trace={call}", *_only(path), "-e", f"inject={call}:signal=KILL:when={number}"]
    return ["strace", "-o", "/dev/null", *inject, *run.program(path)]


def _only(path: Path) -> list[str]:
    return [word for ending in ("", "-wal", "-shm", "-journal") for word in ("-P", f"{path}{ending}")]


def _complete(run: Run, path: Path, what: str) -> None:
    ended = run.started(run.program(path))
    if ended.returncode != 0:
        run.fail(f"{what}: the next run ended with {ended.returncode}: {ended.stderr[-200:]}")
    look(run, path, what, truth, whole=True)


def kills(run: Run, folder: Path, most: int) -> None:
    """Kill at each call there is, or at so many of them, spread over all."""
    path = folder / "counted" / "a.db"
    path.parent.mkdir()
    places = _calls(run, path, WRITES) if shutil.which("strace") else _statements(run, path)
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
    run.started(["strace", "-o", str(log), "-f", "-qq", "-e", f"trace={kinds}", *_only(path), *run.program(path)])
    names = [found.group(1) for line in log.read_text(errors="replace").splitlines() if (found := re.match(r"\d+ +(\w+)\(", line))]
    return [(name, number) for name, count in Counter(names).items() for number in range(1, count + 1)]


def _statements(run: Run, path: Path) -> list[Place]:
    """The same, where there is no strace: at which statements."""
    low, high = 1, 100_000
    while low < high:
        middle = (low + high) // 2
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        if run.started(run.program(path, "--die-at", str(middle))).returncode == -signal.SIGKILL:
            low = middle + 1
        else:
            high = middle
    return [("statement", number) for number in range(1, low)]


# ---- a full disk -----------------------------------------------------------------------------------------------------


def fulls(run: Run, folder: Path, most: int) -> None:
    """Have every write fail from a call on."""
    if shutil.which("strace") is None:
        print("SKIPPED: a full disk at every write needs strace")
        return
    path = folder / "full-counted" / "a.db"
    path.parent.mkdir()
    places = _some(run, _calls(run, path, SPACE), most)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda place: full_at(run, folder, place), places))
    run.counts["full"] = len(places)


def full_at(run: Run, folder: Path, place: Place) -> None:
    call, number = place
    path = folder / f"full-{call}-{number}" / "a.db"
    path.parent.mkdir()
    inject = ["-f", "-qq", "-e", f"trace={call}", *_only(path), "-e", f"inject={call}:error=ENOSPC:when={number}+"]
    ended = run.started(["strace", "-o", "/dev/null", *inject, *run.program(path)])
    look(run, path, f"full at {call} {number}", truth, whole=ended.returncode == 0)
    if ended.returncode not in (0, 1):
        run.fail(f"full at {call} {number}: ended with {ended.returncode}: {ended.stderr[-200:]}")
    run.counts["told"] += ended.returncode == 1
    _complete(run, path, f"after a full disk at {call} {number}")
    shutil.rmtree(path.parent)


# ---- killed at any moment, over the client ---------------------------------------------------------------------------


@contextmanager
def served() -> Iterator[str]:
    """An exchange with minutes, a process of its own, whose answers take a while."""
    command = [sys.executable, str(SERVER), str(MINUTES), "--delay", "0.02"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def random_kills(run: Run, folder: Path, count: int, url: str) -> None:
    """Kill runs at random moments, one after the other on one archive, until the last may end; then again on another."""
    random = Random(run.seed)
    path = folder / "random" / "a.db"
    path.parent.mkdir()
    begun = monotonic()
    reference = run.started(_over(run, folder / "reference.db", url))
    took_s = monotonic() - begun
    there = _rows(folder / "reference.db")
    if reference.returncode != 0 or len(there[MINUTE_SERIES]) != MINUTES:
        run.fail(f"a run that nobody killed ended with {reference.returncode}: {reference.stderr[-200:]}")
    for number in range(count):
        with subprocess.Popen(_over(run, path, url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                child.wait(random.uniform(0.3, 1.1) * took_s)
            except subprocess.TimeoutExpired:
                child.kill()
                run.counts["killed"] += 1
        look(run, path, f"random kill {number}", there.__getitem__, whole=False, of=there, venue="served")
        if number % IN_A_ROW == IN_A_ROW - 1 or number == count - 1:
            if run.started(_over(run, path, url)).returncode != 0:
                run.fail(f"after random kill {number} the next run failed")
            look(run, path, f"after random kill {number}", there.__getitem__, whole=True, of=there, venue="served")
            for ending in ("", "-wal", "-shm"):
                path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
    run.counts["random"] = count


def _over(run: Run, path: Path, url: str) -> list[str]:
    return run.program(path, "--url", url, "--venue", "served", "--series", "1")


def _rows(path: Path) -> dict[Series, list[Row]]:
    with closing(Store(path)) as store:
        kept = store.of(Series("served", MINUTE_SERIES.symbol, MINUTE_SERIES.interval))
        return {MINUTE_SERIES: [] if kept is None else list(store.rows(kept, 0, 2**62))}


# ---- many at once ----------------------------------------------------------------------------------------------------


def many(run: Run, folder: Path, count: int) -> None:
    """Have several programs sync one archive at once: some wait for each other, some leave it to the others."""
    path = folder / "many" / "a.db"
    path.parent.mkdir()
    commands = [run.program(path, *(("--wait", "60") if number % 2 else ())) for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        ended = list(pool.map(run.started, commands))
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
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--break", dest="broken", choices=sorted(BREAKS), metavar="NAME", help="spoil the program first")
    parser.add_argument("--list-breaks", action="store_true", help="print the names of the breaks and what they do")
    arguments = parser.parse_args()
    if arguments.list_breaks:
        for name, spoil in BREAKS.items():
            print(f"{name:30} {spoil.__doc__}")
        return 0
    run, begun = Run(arguments.seed, arguments.broken), monotonic()
    with TemporaryDirectory() as temporary, served() as url:
        folder = Path(temporary)
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
