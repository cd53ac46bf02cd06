"""Programs that are forked off a process which has imported everything, instead of being started: for proofs that run one a thousand times.

A program serves: ``serve(main)`` reads what to run from its input, line by line. :class:`Warm` is whoever wants it run, one at a time. What
is forked off waits at a gate until it is let go, so that a tracer can be there before it does anything. All in the way of Unix.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Final, NoReturn, Self

LIMIT_S: Final = 120.0
_LOOK_S: Final = 0.001
_TOLD: Final = 2000  # characters of what a program says at its end
_PR_SET_PTRACER: Final = 0x59616D61
_ANYBODY: Final = ctypes.c_ulong(-1)


@dataclass(frozen=True)
class Ended:
    """How a run ended: its code, negative for a signal as :mod:`subprocess` has it, and the end of what it said on its error stream."""

    code: int
    told: str


class Warm:
    """A process that has a program forked off whenever it is asked to.

    :param program: a Python file that serves when it is called with ``--serve``
    """

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(program), "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.__exit__(kind, error, trace)  # the end of its input ends it

    def run(
        self, arguments: Sequence[str], *, tracer: Callable[[int], Sequence[str]] | None = None, kill_after_s: float | None = None
    ) -> Ended:
        """Run the program once.

        :param tracer: tells for the process's id what to have at it before it is let go
        :param kill_after_s: how long it may go on until it is killed; without it, it is an error not to end in :data:`LIMIT_S`
        """
        self._tell({"arguments": list(arguments), "kill_after_s": kill_after_s})
        pid = self._hear()["pid"]
        with _traced(pid, tracer):
            self._tell("go")
            heard = self._hear()
        if heard["code"] is None:
            raise RuntimeError(f"{' '.join(arguments)} did not end within {LIMIT_S} s")
        return Ended(heard["code"], heard["told"])

    def _tell(self, what: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def _traced(pid: int, tracer: Callable[[int], Sequence[str]] | None) -> Iterator[None]:
    if tracer is None:
        yield
        return
    with subprocess.Popen(tracer(pid), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        until_s = time.monotonic() + LIMIT_S
        while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace"):
            if process.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"the tracer is not there: {process.communicate()[1]}")
            time.sleep(_LOOK_S)
        yield


def serve(main: Callable[[Sequence[str]], int]) -> None:
    """Fork a program off for each line of input, until there is no more."""
    for line in sys.stdin:
        wanted = json.loads(line)
        with TemporaryFile() as errors:
            gate, opened = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(opened)
                _be(main, wanted["arguments"], gate, errors.fileno())
            os.close(gate)
            print(json.dumps({"pid": pid}), flush=True)
            sys.stdin.readline()
            os.close(opened)
            code = _waited(pid, wanted["kill_after_s"])
            errors.seek(0)
            told = errors.read().decode(errors="replace")[-_TOLD:]
        print(json.dumps({"code": code, "told": told}), flush=True)


def _be(main: Callable[[Sequence[str]], int], arguments: Sequence[str], gate: int, errors: int) -> NoReturn:
    code = 1
    try:
        with suppress(AttributeError, OSError):  # where only ancestors may trace, a tracer that is none has to be let
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for file, place in ((nothing, 0), (nothing, 1), (errors, 2)):
            os.dup2(file, place)
        os.read(gate, 1)
        code = main(arguments)
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    except BaseException:  # noqa: BLE001 - the program ends with it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _waited(pid: int, kill_after_s: float | None) -> int | None:
    """The code with which a child ended, None when it did not in time."""
    until_s = time.monotonic() + (LIMIT_S if kill_after_s is None else kill_after_s)
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until_s:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            return None if kill_after_s is None else os.waitstatus_to_exitcode(status)
        time.sleep(_LOOK_S)
