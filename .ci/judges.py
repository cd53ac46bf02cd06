"""Starts the embedded exchange as a user would and lets clients that we did not write trade on it.

    python .ci/judges.py PYTHON_OF_THE_JUDGES

Each judge is a script of its own in ``.ci/judge_*.py``, run by the interpreter that has the foreign client installed. A judge
exits 0 only when everything that it asserts held.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LIMIT_S = 120
SECRET = "a-play-secret"


def main(judge_python: str) -> int:
    """Run every judge, each with an account of its own, against one sandbox; the number of judges that were not satisfied."""
    judges = sorted(HERE.glob("judge_*.py"))
    accounts = [argument for judge in judges for argument in ("--account", f"{judge.stem}:{SECRET}")]
    command = [sys.executable, "-m", "exchangeclient", "sandbox", "--port", "0", "--seed", "7", "--json", *accounts]
    exchange = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert exchange.stdout is not None
        urls = json.dumps(json.loads(exchange.stdout.readline())["binance"])
        failed = 0
        for judge in judges:
            call = [judge_python, "-W", "ignore", str(judge), urls, judge.stem, SECRET]
            satisfied = subprocess.run(call, timeout=LIMIT_S, check=False).returncode == 0
            print(f"{judge.stem}: {'satisfied' if satisfied else 'NOT satisfied'}", flush=True)
            failed += not satisfied
        return failed
    finally:
        exchange.terminate()
        exchange.wait(10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
