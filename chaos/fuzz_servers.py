"""Attacks the embedded exchange, the robots' gateway or that of 1Token with hostile requests and slow clients: has it come through?

    python chaos/fuzz_servers.py [--server sandbox|gateway|onetoken] [--requests 200000] [--seed N] [--break NAME] [--list-breaks]

One line, ``fuzz_servers ok|FAIL server figures seed``, exit code 0 or 1. The server is a process of its own that logs everything. It must
stay alive without a traceback; answer or close whatever is sent; serve an honest client within 100 ms at the 99th percentile while
five hundred slow ones hold on to it, and a crowd of idle ones come and go; grow by 20 MiB at most; leave everybody's money as it
should be; and show no secret in an answer or in the log. The gateway, which has an exchange behind it, must besides answer whatever
came whole with one JSON object; that of 1Token with JSON, and a refusal with a code that somebody has thought of. Seeds draw the requests;
how they interleave is the machine's doing.

The gateway grows until what it keeps is full, after some 100,000 requests: 128 clients, 1,000 accounts, 4,096 answered calls. Beside these
there is only what glibc keeps for each of its 128 threads of what was freed; it is gone with
``GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import hostile_bytes
import hostile_calls
import hostile_onetoken
from attacked_server import BREAKS
from fuzz_clients import Findings, Gone, HttpClient, Hung, Worker
from hostile_calls import Robot
from hostile_requests import Signer
from money import Books
from slow_clients import SlowClients, crowd, p99_ms, venue_calls

HERE = Path(__file__).parent
WHOLE = 200_000

_WORKERS = 8
_SLOW_CLIENTS, _CROWD = 500, 1000
_MOST_P99_MS, _MOST_GROWTH_MIB = 100, 20
_LEAST_WARM_UP = 2000  # by then it has met everything that is large
_FILES = 4096
_START_LIMIT_S, _STOP_LIMIT_S, _CUT_LIMIT_S = 30, 5, 45
_TOLD = 8
_PASSPHRASE = "canary-passphrase-of-everybody"
_RECORD = re.compile(r"^(?=(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):)", re.MULTILINE)
_TRACEBACK_LINES = 8
_STANDSTILL, _LONGEST_STACK = "Timeout (", 4000


def main() -> int:
    """Attack once; the exit code."""
    parser = argparse.ArgumentParser(description="Attacks a server; prints fuzz_servers ok|FAIL server figures seed")
    parser.add_argument("--server", choices=("sandbox", "gateway", "onetoken"), default="sandbox", help="which one [%(default)s]")
    parser.add_argument("--requests", type=int, default=WHOLE, help="how many hostile requests, after some to warm up [%(default)s]")
    parser.add_argument("--seed", type=int, default=7, help="draws them [%(default)s]")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="attack a server with something broken; must fail")
    parser.add_argument("--list-breaks", action="store_true", help="what can be broken")
    options = parser.parse_args()
    if options.list_breaks:
        print("\n".join(f"{name}: {each.__doc__}" for name, each in BREAKS.items()))
        return 0
    begun_s = time.monotonic()
    kind = {"sandbox": Attack, "gateway": GatewayAttack, "onetoken": OnetokenAttack}[options.server]
    attack = kind(options.seed, options.requests, options.broken)
    problems = attack.run()
    for problem in problems:
        print(problem, file=sys.stderr)
    verdict = "FAIL" if problems else "ok"
    print(f"fuzz_servers {verdict} {options.server} {attack.figures} {time.monotonic() - begun_s:.0f} s seed {options.seed}")
    return 1 if problems else 0


class Attack:
    """One server, and everything that is done to it."""

    def __init__(self, seed: int, cases: int, broken: str | None) -> None:
        self._seed = seed
        self._cases = cases
        self._broken = broken
        self._accounts = [(f"fuzz-{number}", _secret(seed, number)) for number in range(_WORKERS)]
        self._members = [*self._accounts, ("faucet", _secret(seed, -1))]  # who may sign in; the last one belongs to nobody here
        self._findings = Findings(tuple(secret.encode() for _, secret in self._members))
        self._problems: list[str] = []
        self.figures = ""

    def run(self) -> list[str]:
        """Everything that is wrong with the server; nothing if it came through."""
        with ExitStack() as ending:
            folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
            log = folder / "log"
            server, address = self._start(folder, log, ending)
            try:
                p99, growth = self._attack(server, address)
            except (Gone, Hung, RuntimeError) as error:
                self._problems.append(f"the attack could not go on: {type(error).__name__} {error}")
                p99 = growth = float("nan")
            died = server.poll() is not None
            if died:
                self._problems.append(f"the server ended with {server.returncode}")
            elif not _stopped(server):
                self._problems.append(f"the server did not stop within {_STOP_LIMIT_S} s when it was told to")
            self._read(log.read_text(encoding="utf-8", errors="replace"))
        counted = self._findings.outcomes
        crashes = counted["wrong"] + died
        self.figures = (
            f"{sum(counted.values())} requests {counted['answered']} answered {counted['closed']} closed {crashes} crashes "
            f"{counted['hung']} hangs p99 {p99:.1f} ms rss {growth:+.1f} MiB {counted['leaked']} secrets"
        )
        self._problems += self._findings.examples
        return self._problems

    # ---- the server ----------------------------------------------------------------------------------------------------

    def _start(self, folder: Path, log: Path, ending: ExitStack) -> tuple[subprocess.Popen[str], tuple[str, int]]:
        accounts = folder / "accounts.json"
        members = [{"key": key, "secret": secret, "passphrase": _PASSPHRASE} for key, secret in self._members]
        accounts.write_text(json.dumps(members), encoding="utf-8")
        command = [sys.executable, str(HERE / "attacked_server.py")]
        if self._broken:
            command += ["--break", self._broken]
        output = ending.enter_context(log.open("wb"))
        told: list[str] = []
        server = _started([*command, str(accounts), *self._command(accounts, ending)], output, ending, told)
        if not told[0]:
            raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
        parts = urlsplit(self._address(json.loads(told[0])))
        return server, (str(parts.hostname), int(parts.port or 0))

    def _command(self, accounts: Path, ending: ExitStack) -> list[str]:  # noqa: ARG002 - for those that need another server
        """What is to be started."""
        return ["sandbox", "--port", "0", "--json", "--accounts", str(accounts), "--limits", "counted"]

    def _address(self, told: dict[str, Any]) -> str:
        """Where it is, by what it printed."""
        return str(told["binance"]["rest"])

    def _read(self, log: str) -> None:
        """What the log must not hold."""
        if self._findings.outcomes["hung"] and (place := log.find(_STANDSTILL)) >= 0:
            self._problems.append(f"the server stood still: {log[place : place + _LONGEST_STACK]}")
        seen: Counter[str] = Counter()
        errors: dict[str, list[str]] = {}
        for record in _RECORD.split(log):
            if record.startswith(("ERROR:", "CRITICAL:")) or "Traceback" in record:
                lines = record.rstrip().splitlines()
                errors.setdefault(lines[-1], lines)
                seen[lines[-1]] += 1
        for last, count in seen.most_common(_TOLD):
            self._problems.append(f"{count} times in the log: " + "\n    ".join([errors[last][0], *errors[last][1:][-_TRACEBACK_LINES:]]))
        if len(seen) > _TOLD:
            self._problems.append(f"{len(seen) - _TOLD} more kinds of errors in the log")
        if any(canary.decode() in log for canary in self._findings.canaries):
            self._problems.append("the log holds a secret")

    # ---- the attack ----------------------------------------------------------------------------------------------------

    def _attack(self, server: subprocess.Popen[str], address: tuple[str, int]) -> tuple[float, float]:
        """How long an honest client waits beside slow ones, and by how much the server grew."""
        skew_ms = _skew_ms(address)
        books = Books(address, self._accounts, skew_ms)
        books.look_at_every_market()
        self._play(address, skew_ms, "warm-up", max(self._cases // 5, _LEAST_WARM_UP))
        before = _resident_mib(server.pid)
        self._play(address, skew_ms, "attack", self._cases)
        if self._findings.hopeless:
            return float("nan"), float("nan")
        if self._broken and self._findings.failed:
            return float("nan"), float("nan")  # a break that was noticed has done its work
        _lift_faults(address)
        p99 = self._slowly(address, venue_calls(address))
        growth = _resident_mib(server.pid) - before
        if p99 > _MOST_P99_MS:
            self._problems.append(f"an honest client waits {p99:.0f} ms at the 99th percentile; {_MOST_P99_MS} are allowed")
        if growth > _MOST_GROWTH_MIB:
            self._problems.append(f"the server grew by {growth:.1f} MiB; {_MOST_GROWTH_MIB} are allowed")
        self._problems += books.wrong()
        books.close()
        return p99, growth

    def _play(self, address: tuple[str, int], skew_ms: int, part: str, cases: int) -> None:
        """Have every worker send its share; returns when all are done."""
        threads = []
        for number, (key, secret) in enumerate(self._accounts):
            worker = self._worker(address, skew_ms, Random(f"{self._seed}/{part}/{number}"), key, secret)
            threads.append(threading.Thread(target=worker.work, args=(cases // _WORKERS + (number < cases % _WORKERS),)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _worker(self, address: tuple[str, int], skew_ms: int, draw: Random, key: str, secret: str) -> Worker:
        return Worker(address, draw, lambda: Signer(key, secret, time.time_ns() // 1_000_000 + skew_ms), self._findings)

    def _slowly(self, address: tuple[str, int], calls: list[bytes]) -> float:
        """The slow ones and the crowd; how long an honest client waits beside the slow ones."""
        _allow_files()
        begun_s = time.monotonic()
        slow = SlowClients(address, _SLOW_CLIENTS, Random(f"{self._seed}/slow"))
        try:
            p99 = p99_ms(address, 3 if self._cases < WHOLE else 15, self._findings, calls)
            # Only a whole run has the time to see the server lose its patience.
            while self._cases >= WHOLE and slow.senders_left and time.monotonic() - begun_s < _CUT_LIMIT_S:
                threading.Event().wait(0.5)
            if self._cases >= WHOLE and slow.senders_left:
                self._problems.append(f"{slow.senders_left} slow senders were not cut off within {_CUT_LIMIT_S} s")
        finally:
            slow.close()
        if not crowd(address, _CROWD, self._findings, calls[0]):
            self._problems.append(f"{_CROWD} idle connections kept an honest client from being served")
        return p99


def _private(path: Path, text: str) -> str:
    """A file with secrets that nobody else can read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return str(path)


def _behind(rest: dict[str, str]) -> list[str]:
    """The options that have a gateway find its venues."""
    venues = {"okx": "okx", "binance": "binance", "bitmex": "bitmex", "sandbox": "binance"}
    return [part for name, venue in venues.items() for part in (f"--{name}-url", rest[venue])]


class GatewayAttack(Attack):
    """The same for the gateway, with an exchange behind it that nobody attacks."""

    def __init__(self, seed: int, cases: int, broken: str | None) -> None:
        super().__init__(seed, cases, broken)
        self._door = _secret(seed, -2)
        self._findings = Findings((*self._findings.canaries, _PASSPHRASE.encode(), self._door.encode()))

    def _command(self, accounts: Path, ending: ExitStack) -> list[str]:
        rest = self._exchange(accounts, ending)
        return ["gateway", "--port", "0", "--json", "--timeout", "5", *self._token(accounts), *_behind(rest)]

    def _token(self, accounts: Path) -> list[str]:
        return ["--token-file", _private(accounts.with_name("token"), self._door)]

    def _exchange(self, accounts: Path, ending: ExitStack, *more: str) -> dict[str, str]:
        """Where the venues of an exchange are that nobody attacks."""
        told: list[str] = []
        sandbox = [
            sys.executable,
            "-m",
            "exchangeclient",
            "sandbox",
            "--port",
            "0",
            "--json",
            "--accounts",
            str(accounts),
            "--limits",
            "counted",
            *more,
        ]
        _started(sandbox, None, ending, told)
        return {venue: urls["rest"] for venue, urls in json.loads(told[0]).items()}

    def _address(self, told: dict[str, Any]) -> str:
        return str(told["universal"])

    def _attack(self, server: subprocess.Popen[str], address: tuple[str, int]) -> tuple[float, float]:
        self._play(address, 0, "warm-up", max(self._cases // 5, _LEAST_WARM_UP))
        before = _resident_mib(server.pid)
        self._play(address, 0, "attack", self._cases)
        if self._findings.hopeless or (self._broken and self._findings.failed):
            return float("nan"), float("nan")
        p99 = self._slowly(address, self._honest(address))
        growth = _resident_mib(server.pid) - before
        if p99 > _MOST_P99_MS:
            self._problems.append(f"an honest robot waits {p99:.0f} ms at the 99th percentile; {_MOST_P99_MS} are allowed")
        if growth > _MOST_GROWTH_MIB:
            self._problems.append(f"the server grew by {growth:.1f} MiB; {_MOST_GROWTH_MIB} are allowed")
        return p99, growth

    def _honest(self, address: tuple[str, int]) -> list[bytes]:
        """What an honest client asks."""
        key, secret = self._members[-1]
        posted = {"access_key": key, "secret_key": secret, "method": "ticker", "params": {"symbol": "BTC_USDT"}}
        body = json.dumps(posted).encode()
        host = f"Host: {address[0]}:{address[1]}"
        return [
            f"GET /{self._door}/ HTTP/1.1\r\n{host}\r\n\r\n".encode(),
            f"POST /{self._door}/Binance HTTP/1.1\r\n{host}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body,
        ]

    def _worker(self, address: tuple[str, int], skew_ms: int, draw: Random, key: str, secret: str) -> Worker:  # noqa: ARG002 - it has no clock
        return CallsWorker(address, draw, Robot(key, secret, self._door), self._findings)


class OnetokenAttack(GatewayAttack):
    """The same for the gateway of 1Token."""

    def _command(self, accounts: Path, ending: ExitStack) -> list[str]:
        rest = self._exchange(accounts, ending, "--account", "key:secret")
        book = {"keys": [{"ot_key": key, "ot_secret": secret} for key, secret in self._members]}
        keys = _private(accounts.with_name("keys.json"), json.dumps(book))
        told = ["--onetoken", "--onetoken-port", "0", "--keys", keys, *self._token(accounts)]
        return ["gateway", "--port", "0", "--json", "--timeout", "5", *told, *_behind(rest)]

    def _address(self, told: dict[str, Any]) -> str:
        return str(told["onetoken"]["rest"])

    def _honest(self, address: tuple[str, int]) -> list[bytes]:
        host = f"Host: {address[0]}:{address[1]}"
        paths = ("basic/time", "basic/contracts?exchange=binance&name=btc.usdt")
        return [f"GET /{self._door}/api/v1/{path} HTTP/1.1\r\n{host}\r\n\r\n".encode() for path in paths]

    def _worker(self, address: tuple[str, int], skew_ms: int, draw: Random, key: str, secret: str) -> Worker:  # noqa: ARG002 - it has no clock
        return OnetokenWorker(address, draw, Robot(key, secret, self._door), self._findings)


class OnetokenWorker(Worker):
    """One hostile program."""

    def __init__(self, address: tuple[str, int], draw: Random, robot: Robot, findings: Findings) -> None:
        super().__init__(address, draw, lambda: Signer("", "", 0), findings)
        self._kinds = (
            (0.85, lambda: hostile_onetoken.call(draw, robot, self._host), self._called),
            (1.00, lambda: hostile_bytes.no_http(draw, self._host), self._rude),
        )

    def _called(self, sent: bytes) -> bytes:
        answer = self._http.ask(sent)
        if not (sent.startswith(b"HEAD ") or _is_in_form(answer.status, answer.body)):
            self._findings.note("wrong", sent, b"%d " % answer.status + answer.body)
        return b"%d " % answer.status + answer.body


def _is_in_form(status: int, body: bytes) -> bool:
    """True for JSON, which of a refusal has a code that somebody has thought of."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    if status < 400:
        return True
    return isinstance(said, dict) and set(said) == {"code", "message", "data"} and said["code"] != "unexpected-error"


class CallsWorker(Worker):
    """One hostile robot."""

    def __init__(self, address: tuple[str, int], draw: Random, robot: Robot, findings: Findings) -> None:
        super().__init__(address, draw, lambda: Signer("", "", 0), findings)
        self._whole = False

        def call() -> bytes:
            sent, self._whole = hostile_calls.call(draw, robot, self._host)
            return sent

        self._kinds = ((0.85, call, self._called), (1.00, lambda: hostile_bytes.no_http(draw, self._host), self._rude))

    def _called(self, sent: bytes) -> bytes:
        answer = self._http.ask(sent)
        if self._whole and not (answer.status == 200 and _is_an_answer(answer.body)):
            self._findings.note("wrong", sent, b"%d " % answer.status + answer.body)
        return b"%d " % answer.status + answer.body


def _is_an_answer(body: bytes) -> bool:
    """True for one JSON object that has data or an error, and not both."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and (set(said) == {"error"} or ("data" in said and set(said) <= {"data", "raw"}))


def _started(command: list[str], output: BinaryIO | None, ending: ExitStack, told: list[str]) -> subprocess.Popen[str]:
    """A server, and the line that it prints when it is ready; empty if it never is."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output or subprocess.DEVNULL, text=True, cwd=HERE.parent)
    ending.callback(_end, server)
    assert server.stdout is not None
    told.append(server.stdout.readline())
    return server


def _secret(seed: int, number: int) -> str:
    return "canary-" + hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()[:32]


def _skew_ms(address: tuple[str, int]) -> int:
    """How far the server's clock is ahead of ours."""
    client = HttpClient(address)
    answer = client.ask(b"GET /api/v3/time HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client.close()
    return int(json.loads(answer.body)["serverTime"]) - time.time_ns() // 1_000_000


def _lift_faults(address: tuple[str, int]) -> None:
    """The attack may have armed some; from here on everybody is honest."""
    client = HttpClient(address)
    client.ask(b"DELETE /sandbox/faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
    client.close()


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the server has ended")


def _allow_files() -> None:
    """A thousand connections are a thousand files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _stopped(server: subprocess.Popen[str]) -> bool:
    """True if it ends when it is told to."""
    server.terminate()
    try:
        server.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(server: subprocess.Popen[str]) -> None:
    """Whatever state it is in."""
    server.kill()
    server.wait(_STOP_LIMIT_S)
    if server.stdout is not None:
        server.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
