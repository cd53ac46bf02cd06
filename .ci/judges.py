"""Starts the embedded exchange as a user would and lets clients that we did not write trade on it.

    python .ci/judges.py [--all] [PYTHON_OF_THE_REQUIRED_JUDGES [PYTHON_OF_THOSE_OF_BITMEX [.. OF_ONETOKEN [.. OF_ONETOKEN_SYNC]]]]

Each judge is a script of its own in ``.ci/judge_*.py``, run by an interpreter that has the foreign client installed. A judge
exits 0 only when everything that it asserts held. Without an interpreter the required judges get a virtual environment, too. Several are
heard at once, each on an exchange of its own; what each has to say is printed in one piece.

``--all`` lets the optional judges have their say after the required ones, each in a virtual environment of its own. One whose packages
cannot be installed is skipped, loudly.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from judging import ask, eventually

HERE = Path(__file__).parent
LIMIT_S = 240
AT_ONCE = 4
# So much has happened on every market before a judge looks at it: about one trade a second is made.
TRADES = 10
SECRET = "a-play-secret"


@dataclass(frozen=True)
class Judge:
    """A client, and the sandbox that it wants."""

    script: str
    packages: tuple[str, ...]
    options: tuple[str, ...] = ()
    venue: str = "binance"


REQUIRED_PACKAGES = ("python-binance==1.0.37", "ccxt==4.5.90", "python-okx==0.4.4")
# What spoke to BitMEX, which closed on 2026-09-23: the last versions that do. They agree on no version of anything with the others.
BITMEX_PACKAGES = ("bitmex-ws==1.5", "bitmex-trio-websocket==0.16.1", "ccxt==4.5.39")
# What spoke to 1Token, the historic service; both count on an arrow of before 1.0, the second on a websocket-client of its time.
ONETOKEN_PACKAGES = ("onetoken==0.2.210201.1", "arrow<1")
ONETOKEN_SYNC_PACKAGES = ("onetoken-sync==0.2.191107.0", "arrow<1", "websocket-client==0.56")
REQUIRED = (
    *(Judge(script, REQUIRED_PACKAGES) for script in ("judge_python_binance", "judge_ccxt", "judge_ccxt_requests", "judge_ccxt_pro")),
    *(
        Judge(script, REQUIRED_PACKAGES, venue="okx")
        for script in ("judge_python_okx", "judge_ccxt_okx", "judge_ccxt_requests_okx", "judge_ccxt_pro_okx")
    ),
    *(
        Judge(script, BITMEX_PACKAGES, venue="bitmex")
        for script in ("judge_bitmex_ws", "judge_bitmex_trio", "judge_ccxt_bitmex", "judge_ccxt_requests_bitmex")
    ),
    Judge("judge_onetoken", ONETOKEN_PACKAGES, venue="onetoken"),
    Judge("judge_onetoken_sync", ONETOKEN_SYNC_PACKAGES, venue="onetoken"),
)
PREPARED = (REQUIRED_PACKAGES, BITMEX_PACKAGES, ONETOKEN_PACKAGES, ONETOKEN_SYNC_PACKAGES)
UNICORN = ("unicorn-binance-websocket-api==2.16.1", "unicorn-binance-rest-api==2.12.0", "unicorn-binance-local-depth-cache==2.14.0")
OPTIONAL = (
    Judge("judge_python_binance_0_7_5", ("python-binance==0.7.5", "Twisted==26.10.0", "autobahn==26.10.2"), ("--legacy",)),
    Judge("judge_binance_connector", ("binance-connector==3.13.0",)),
    Judge("judge_binance_sdk_spot", ("binance-sdk-spot==13.2.0", "binance-common==4.6.0")),
    Judge("judge_unicorn_binance_websocket_api", UNICORN),
    Judge("judge_unicorn_binance_local_depth_cache", UNICORN),
)


@contextmanager
def sandbox(judge: Judge) -> Iterator[str]:
    """The addresses of an exchange on which the judge has an account of its own."""
    start = f"exchangeclient sandbox --port 0 --seed 7 --json --account {judge.script}:{SECRET}".split()
    exchange = subprocess.Popen([sys.executable, "-m", *start, *judge.options], stdout=subprocess.PIPE, text=True)
    try:
        assert exchange.stdout is not None
        urls = json.loads(exchange.stdout.readline())
        await_trades(urls["okx"]["rest"])
        yield json.dumps(urls[judge.venue])
    finally:
        exchange.terminate()
        exchange.wait(60)


def await_trades(rest: str) -> None:
    """Wait until there has been some trading on every market. OKX is asked, since what it counts is over in two seconds."""
    kinds = (ask(f"{rest}/api/v5/public/instruments?instType={kind}")["data"] for kind in ("SPOT", "SWAP"))
    quiet = [each["instId"] for each in chain(*kinds) if each["state"] == "live"]

    def all_lively() -> bool:
        quiet[:] = [name for name in quiet if len(ask(f"{rest}/api/v5/market/trades?limit={TRADES}&instId={name}")["data"]) < TRADES]
        return not quiet

    eventually(f"{TRADES} trades on every market", all_lively, patience_s=LIMIT_S, every_s=0.5)


def satisfied(judge: Judge, python: str) -> bool:
    """Let a judge have its say; what it has exercised is printed when it has ended."""
    command = [python, "-W", "ignore", str(HERE / f"{judge.script}.py")]
    # One of them hears our own client too, which is not installed beside the foreign one.
    ours = {**os.environ, "EXCHANGECLIENT_PYTHON": sys.executable}
    with sandbox(judge) as urls, tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        try:
            called = [*command, urls, judge.script, SECRET]
            code = subprocess.run(called, env=ours, stdout=said, stderr=said, timeout=LIMIT_S, check=False).returncode
        except subprocess.TimeoutExpired:
            code = None
        said.seek(0)
        outcome = "satisfied" if code == 0 else "NOT satisfied" if code else f"NOT done within {LIMIT_S} s"
        print(f"{judge.script}:\n{said.read()}{judge.script}: {outcome}\n", end="", flush=True)
    return code == 0


def python_with(packages: tuple[str, ...], folder: Path) -> str | None:
    """The interpreter of a new virtual environment that holds the packages; None when they cannot be had."""
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    install = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *packages]
    return python if subprocess.run(install, check=False).returncode == 0 else None


def main(given: list[str], *, every: bool) -> int:
    """Run the judges; the number of those that were not satisfied."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(AT_ONCE) as pool:
        pythons: dict[tuple[str, ...], str | None] = dict(zip(PREPARED, given, strict=False))
        failed = 0
        verdicts = []
        for judge in (*REQUIRED, *(OPTIONAL if every else ())):
            if judge.packages not in pythons:
                pythons[judge.packages] = python_with(judge.packages, Path(name) / judge.script)
            python = pythons[judge.packages]
            if python is not None:
                verdicts.append(pool.submit(satisfied, judge, python))
            elif judge in REQUIRED:
                print(f"{judge.script}: NOT run: its packages cannot be installed", flush=True)
                failed += 1
            else:
                print(f"\n!!! SKIPPED {judge.script}: its packages cannot be installed: {' '.join(judge.packages)}\n", flush=True)
        return failed + sum(not verdict.result() for verdict in verdicts)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("pythons", nargs="*")
    arguments.add_argument("--all", action="store_true")
    chosen = arguments.parse_args()
    sys.exit(main(chosen.pythons, every=chosen.all))
