"""Proves that a program ends when it is to end, whatever it is doing, and that what was closed is gone.

``python chaos/lifecycle.py [--exits N] [--cycles N] [--managers N] [--within S] [--seed N] [--break NAME]`` starts programs
(:mod:`lifecycle_program`), under ``-X dev -W error``, each in one of the states that a script is in, ends each in one of the ways that
scripts are ended, and has managers started and closed again and again. It prints one line and exits with 0; or with 1 when a program did
not end, took more than S seconds for it (1 if nothing is said; five times, since the machine may have been busy), ended with another exit
code than its way has, showed anything but its own one traceback, or when a thread or a descriptor was left over. The full size of 300
exits, 200 cycles and 50 managers takes about four minutes. A break spoils the client on purpose: it must be found.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

import proof
from lifecycle_program import BREAKS, CALLS, MANAGERS, SHOWS_IN

from exchangeclient.sandbox import Sandbox

PROGRAM = Path(__file__).with_name("lifecycle_program.py")
WITHIN_S = 1.0
HANGS_S = 6.0
# Before the second try it waits for a second, before the third for two ...: what kept the machine busy may be over then.
TRIES = 5
READY_S = 60.0
CYCLES_S = 300.0
AT_ONCE = 2
# Between "ready" and a signal: for a call that is made after the word.
PAUSE_S = 0.2


@dataclass(frozen=True)
class Way:
    """A way in which a program ends.

    :ivar number: the signal that it gets; None: it ends by itself, when it is told to
    :ivar codes: with which exit codes it may end
    :ivar tracebacks: the exceptions that it shows, each once
    :ivar in_call: whether it is one for a program whose main thread is in a call
    """

    number: signal.Signals | None
    codes: tuple[int, ...]
    tracebacks: tuple[str, ...] = ()
    in_call: bool = False


# CPython forgets that an interrupt was not caught, and ends with 1, when another thread is in an eval() just then.
INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT, 1)
WAYS = {
    "ctrl_c": Way(signal.SIGINT, INTERRUPTED, ("KeyboardInterrupt",), in_call=True),
    "ctrl_c_in_block": Way(signal.SIGINT, INTERRUPTED, ("KeyboardInterrupt",)),
    "ctrl_c_in_join": Way(signal.SIGINT, INTERRUPTED, ("KeyboardInterrupt",)),
    # The main thread is over: the interpreter, which waits for the others, shows the exception and ends as if there was none.
    "script_over": Way(signal.SIGINT, (0, *INTERRUPTED), ("KeyboardInterrupt",)),
    "sigterm": Way(signal.SIGTERM, (-signal.SIGTERM,), in_call=True),
    "sigterm_handled": Way(signal.SIGTERM, (143,), in_call=True),
    "raises": Way(None, (1,), ("RuntimeError",)),
    "exit_in_block": Way(None, (3,)),
}
# What a program in this state logs by itself.
OWN = {"while_callbacks_fail": re.compile(r"(?s)exchangeclient-callbacks: a callback failed.*?RuntimeError: a callback of the program\n")}


class Run:
    """All of it.

    :param arguments: of the programs, behind their own
    :param within_s: how long a program may take to end
    :param tries: how often one may take longer
    """

    def __init__(self, addresses: dict[str, Any], *arguments: str, within_s: float = WITHIN_S, tries: int = TRIES) -> None:
        self._addresses = json.dumps(addresses)
        self._within_s = within_s
        self._tries = tries
        self._arguments = arguments
        self.failures: list[str] = []
        self.times: list[float] = []
        self.done: Counter[str] = Counter()
        self.late = 0

    def end(self, case: tuple[str, str]) -> None:
        """Have a program in a state, end it in a way, and see how it ends; unless anything has gone wrong before.

        One that is late has another chance: the machine may have been busy with something else. One that does not end has none.
        """
        state, name = case
        for number in range(self._tries):
            sleep(number)
            if self.failures:
                return
            took_s = self._ended_after(state, name)
            if took_s is None:
                return
            if took_s <= self._within_s:
                self.times.append(took_s)
                self.done[name] += 1
                return
            self.late += 1
        self._fail(state, name, f"took longer than {self._within_s:g} s, {self._tries} times")

    def _ended_after(self, state: str, name: str) -> float | None:
        """How long a program took to end; None when something was wrong with how it did."""
        way = WAYS[name]
        with self._program(state, name) as program:
            assert program.stdin is not None
            assert program.stdout is not None
            if program.stdout.readline() != "ready\n":
                program.kill()
                return self._fail(state, name, f"was not ready: {program.communicate()[1][-2000:]}")
            sleep(PAUSE_S)
            if program.poll() is not None:
                return self._fail(state, name, f"ended by itself: {program.communicate()[1][-2000:]}")
            began = monotonic()
            if way.number is not None:
                program.send_signal(way.number)
            try:
                said = program.communicate("" if way.number is not None else "go\n", timeout=HANGS_S)[1]
            except subprocess.TimeoutExpired:
                program.send_signal(signal.SIGABRT)  # in development mode it says where its threads are
                return self._fail(state, name, f"did not end: {program.communicate()[1][-2000:]}")
            took_s = monotonic() - began
            wrong = self._wrong(state, way, program.returncode, said)
            return took_s if wrong is None else self._fail(state, name, f"{wrong}: {said[-2000:]}")

    def count(self, what: str, times: int) -> dict[str, int]:
        """Have managers started and closed; the threads and descriptors that are left over."""
        command = self._command(what, str(times))
        done = subprocess.run(command, capture_output=True, text=True, timeout=CYCLES_S, check=False)
        if done.returncode or done.stderr:
            self._fail(what, str(times), f"ended with {done.returncode}: {done.stderr[-2000:]}")
            return {}
        left: dict[str, int] = json.loads(done.stdout)
        if max(left.values()) > 0:
            self._fail(what, str(times), f"left {left} over")
        return left

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-X", "dev", "-W", "error", str(PROGRAM), *words, self._addresses, *self._arguments]

    @contextmanager
    def _program(self, state: str, way: str) -> Iterator[subprocess.Popen[str]]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(self._command(state, way), text=True, **pipes) as program:
            try:
                yield program
            finally:
                program.kill()

    def _wrong(self, state: str, way: Way, code: int, said: str) -> str | None:
        """What is wrong with an end, None when nothing is."""
        shown = OWN[state].sub("", said) if state in OWN else said
        found = re.findall(r"^(?:[a-z]+\.)*([A-Z]\w*)(?=:|$)", shown, re.MULTILINE)
        if sorted(found) != sorted(way.tracebacks):
            return f"showed {found}"
        if shown.count("Traceback") > len(way.tracebacks) or "in thread" in shown:
            return "showed a traceback too many"
        return None if code in way.codes else f"ended with {code}"

    def _fail(self, state: str, way: str, how: str) -> None:
        """Note it; there is nothing more to say of that program."""
        self.failures.append(f"{state}, {way}: {how}")


def cases(count: int, seed: int) -> list[tuple[str, str]]:
    """So many states, each with a way to end: every one there is, again and again, in a shuffled order."""
    each = [(state, way) for state in MANAGERS for way in WAYS]
    each += [(state, name) for state in CALLS for name, way in WAYS.items() if way.in_call]
    random, chosen = Random(seed), list[tuple[str, str]]()
    while len(chosen) < count:
        chosen += random.sample(each, len(each))
    return chosen[:count]


@contextmanager
def places(seed: int) -> Iterator[dict[str, Any]]:
    """Where programs go: an exchange, one that allows little, someone who never answers, and a port where nobody is."""
    with (
        Sandbox(seed=seed, limits="counted") as exchange,
        Sandbox(seed=seed, limits={"weight": 60}) as frugal,
        socket.create_server(("127.0.0.1", 0), backlog=512) as silent,
        socket.socket() as nobody,
    ):
        nobody.bind(("127.0.0.1", 0))  # held, so that nobody else begins to listen there
        addresses: dict[str, Any] = {"exchange": exchange.urls["binance"], "frugal": frugal.urls["binance"]}
        for name, held in (("silent", silent), ("nobody", nobody)):
            host = f"127.0.0.1:{held.getsockname()[1]}"
            addresses[name] = {"rest": f"http://{host}", "stream": f"ws://{host}", "ws_api": f"ws://{host}/ws-api/v3"}
        yield addresses


def main() -> int:
    """Start and end programs, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--exits", type=int, default=300, help="how many programs to end")
    parser.add_argument("--cycles", type=int, default=200, help="how often a manager is started and closed")
    parser.add_argument("--managers", type=int, default=50, help="how many run side by side")
    parser.add_argument("--within", type=float, default=WITHIN_S, help="how many seconds a program may take to end")
    arguments = proof.arguments(parser, BREAKS)
    began = monotonic()
    with places(arguments.seed) as addresses:
        tries = 1 if arguments.broken else TRIES
        run = Run(addresses, *filter(None, [arguments.broken]), within_s=arguments.within, tries=tries)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            counting = pool.map(run.count, ("cycles", "crowds"), (arguments.cycles, arguments.managers))
            # What a break shows in is looked at first: it need not be waited for, nor left to chance.
            shown = [SHOWS_IN[arguments.broken]] if arguments.broken in SHOWS_IN else []
            list(pool.map(run.end, [*shown, *cases(arguments.exits - len(shown), arguments.seed)]))
            left = list(counting)
    slowest = max(run.times, default=0.0)
    told = f"{run.done.total()}/{arguments.exits} exits of {len(run.done)} ways, "
    told += f"the slowest in {slowest:.2f} s (at most {arguments.within:g}), {run.late} tried again, "
    told += f"{arguments.cycles} cycles left {json.dumps(left[0])}, {arguments.managers} managers {json.dumps(left[1])}, "
    told += f"{round(monotonic() - began)} seconds"
    for failure in run.failures[:3]:
        print(failure)
    print(f"lifecycle {'FAIL' if run.failures else 'ok'} {told}; seed {arguments.seed}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
