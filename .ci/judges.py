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


def main(judge_python: str) -> int:
    """Run every judge against one sandbox; the number of judges that were not satisfied."""
    command = [sys.executable, "-m", "exchangeclient", "sandbox", "--port", "0", "--seed", "7", "--account", "judge:judgesecret", "--json"]
    exchange = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert exchange.stdout is not None
        urls = json.loads(exchange.stdout.readline())["binance"]
        failed = 0
        for judge in sorted(HERE.glob("judge_*.py")):
            done = subprocess.run(
                [judge_python, "-W", "ignore", str(judge), json.dumps(urls), "judge", "judgesecret"], timeout=LIMIT_S, check=False
            )
            print(f"{judge.stem}: {'satisfied' if done.returncode == 0 else 'NOT satisfied'}", flush=True)
            failed += done.returncode != 0
        return failed
    finally:
        exchange.terminate()
        exchange.wait(10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
