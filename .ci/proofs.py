"""Runs a small share of each long-running proof, and of each of its deliberate breaks, which must make it fail.

    python .ci/proofs.py

Every ``chaos/*.py`` that takes ``--list-breaks`` (``chaos/proof.py`` reads it) is one. The full sizes are for a release; each script's
docstring gives them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

CHAOS = Path(__file__).resolve().parents[1] / "chaos"
# One to two hundredths of the full size, and what is enough to notice a break. Those that take long come first, so that nothing long is
# left for the end.
SHARES = {
    # More than a second: what is looked for here is a program that does not end, on a machine that is slow or has other things to do.
    "lifecycle": (
        ["--exits", "24", "--cycles", "5", "--managers", "5", "--within", "10"],
        ["--exits", "4", "--cycles", "1", "--managers", "2"],
    ),
    "fuzz_servers": (["--requests", "2000"], ["--requests", "500"]),
    "chaos_ws": (["--faults", "56"], ["--faults", "56"]),
    "soak": (["--messages", "150000", "--every", "8000"], ["--messages", "150000", "--every", "8000"]),
    "chaos_archive": (
        ["--kills", "6", "--random", "4", "--full", "6"],
        ["--kills", "10", "--random", "1", "--full", "6", "--writers", "2"],
    ),
    "chaos_book": (["--schedules", "20000", "--exhaustive", "4x5"], ["--schedules", "2000", "--exhaustive", "3x3"]),
    "chaos_engine": (["--orders", "12000"], ["--orders", "12000"]),
    "chaos_limits": (["--hours", "0.3"], ["--hours", "0.3"]),
    "chaos_orders": (["--orders", "1500"], ["--orders", "400"]),
    "bad_input": (["--percent", "2"], ["--percent", "2"]),
    "canaries": (["--percent", "2"], ["--percent", "2"]),
}
LIMIT_S = 180
AT_ONCE = 4  # most of their time is waiting
# Goes by the second, so that none of the others is to keep the machine busy.
ALONE = "lifecycle"


def main() -> int:
    """Run them all; 0 when all of them ended as they should."""
    runs: list[tuple[str, list[str], int]] = []
    for script, (share, broken) in SHARES.items():
        if script != ALONE:
            runs.append((script, share, 0))
        runs += [(script, [*broken, "--break", name], 1) for name in _breaks(script)]
    runs += [("fuzz_servers", ["--server", server, *SHARES["fuzz_servers"][0]], 0) for server in ("gateway", "onetoken")]
    takes_breaks = re.compile(r"proof\.arguments\(|\"--list-breaks\"")
    unlisted = {path.stem for path in CHAOS.glob("*.py") if takes_breaks.search(path.read_text(encoding="utf-8"))} - {"proof", *SHARES}
    if unlisted:
        raise SystemExit(f"no share is set for {', '.join(sorted(unlisted))}")
    wrong = [_wrong(ALONE, SHARES[ALONE][0], 0)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong += pool.map(lambda run: _wrong(*run), runs)
    # Once more, where whoever reads the end of the output sees it.
    told = [each for each in wrong if each is not None]
    print(f"{len(wrong)} proofs and breaks, {len(told)} wrong", *told, sep="\n", flush=True)
    return 1 if told else 0


def _breaks(script: str) -> list[str]:
    """The names of its breaks; each is the first word of a line."""
    lines = _call(script, ["--list-breaks"]).stdout.splitlines()
    if not lines:
        raise SystemExit(f"{script} names no deliberate break, so nothing shows that it can fail")
    return [line.split()[0].rstrip(":") for line in lines]


def _wrong(script: str, arguments: list[str], expected: int) -> str | None:
    """Run it and print how it ended; all that it said, when it did not end as it should."""
    began = monotonic()
    try:
        done = _call(script, arguments)
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(error.cmd, -1, stderr=f"not done within {LIMIT_S} s")
    took_s = monotonic() - began
    said = (done.stdout or "").strip().splitlines() or (done.stderr or "").strip().splitlines() or ["nothing"]
    as_it_should = done.returncode == expected and said[-1].startswith(f"{script} {'FAIL' if expected else 'ok'} ")
    told = f"{'as it should' if as_it_should else 'WRONG'} ({took_s:.0f} s): {script} {' '.join(arguments)}: {said[-1]}"
    print(told, flush=True)
    return None if as_it_should else f"{told}\n{done.stdout or ''}\n{done.stderr or ''}"


def _call(script: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHAOS / f"{script}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


if __name__ == "__main__":
    sys.exit(main())
