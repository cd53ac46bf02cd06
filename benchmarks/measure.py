"""How a figure is taken and judged: interleaved blocks, medians, servers in processes of their own, CPU time read from outside.

What is measured is the business of the other modules. CPU times and sizes of other processes are read the way Linux offers them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
_START_LIMIT_S = 30
_STOP_LIMIT_S = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report.

    ``target`` is about the ratio where there is a peer, else about our own figure; ``at_least`` tells which way is good. With a
    peer, the ratio is ours to the peer's, whatever the unit.
    """

    name: str
    ours: float
    unit: str
    target: float
    at_least: bool = False
    peer: float | None = None

    @property
    def judged(self) -> float:
        """What the target is about."""
        return self.ours if self.peer is None else self.ours / self.peer

    @property
    def reached(self) -> bool:
        return self.judged >= self.target if self.at_least else self.judged <= self.target

    def line(self) -> str:
        """``NAME ours peer ratio target ok|short``."""
        peer = "-" if self.peer is None else f"{_short(self.peer)}{self.unit}"
        ratio = "-" if self.peer is None else f"{self.judged:.2f}x"
        target = f"{'>=' if self.at_least else '<='}{_short(self.target)}{self.unit if self.peer is None else 'x'}"
        return f"{self.name} {_short(self.ours)}{self.unit} {peer} {ratio} {target} {'ok' if self.reached else 'short'}"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 1000 else f"{number:.3g}"


def undisturbed(times: Sequence[float]) -> float:
    """The time of a short block when it is left alone, of many blocks: whatever else the machine does can only add to it.

    One block in ten is quicker, for the least of all may be a slip of the clock.
    """
    return sorted(times)[len(times) // 10]


def interleaved(
    measures: Sequence[Callable[[], float]], rounds: int, of_all: Callable[[Sequence[float]], float] = statistics.median
) -> list[float]:
    """The median of each measure, or what else is told ``of_all`` its figures, all of them taken in turn: whatever slows the machine down
    for a while meets every one.
    """
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for measure, figures in zip(measures, taken, strict=True):
            figures.append(measure())
    return [of_all(figures) for figures in taken]


def wall_s() -> float:
    return time.perf_counter()


def cpu_s(pid: int | None = None) -> float:
    """CPU seconds of this process, or of another one: Linux numbers the CPU clock of a process by its id."""
    return time.process_time() if pid is None else time.clock_gettime((~pid << 3) | 2)


def resident_mib(pid: int) -> float:
    """How much memory a process holds at this moment."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has ended")


@contextmanager
def started(*command: str, python: str = sys.executable) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Python program, until the block ends, and the first line that it printed.

    :param python: the interpreter, when it is not this one
    """
    process = subprocess.Popen([python, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(command)} ended with {process.wait(_START_LIMIT_S)} before it was ready")
        yield process, line
    finally:
        process.terminate()
        try:
            process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_LIMIT_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
