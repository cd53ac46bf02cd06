"""Has the Autobahn testsuite try our websockets, and each deliberate break, which it must find; where there is a Python 2.7 to run it.

    python .ci/autobahn.py

The testsuite is installed into a virtual environment of its own, and forgotten. Where that cannot be done this is skipped, loudly.
``chaos/wstest.py`` alone tries all 247 cases, or all 517 for a release.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WSTEST = Path(__file__).resolve().parents[1] / "chaos" / "wstest.py"
BREAKS = ("any-text", "any-piece", "first-fragment", "silent-server")
# The last version that makes environments for a Python 2.7.
VIRTUALENV = "virtualenv<20.22"
INSTALL_LIMIT_S, LIMIT_S, AT_ONCE = 240, 180, 2


def main() -> int:
    """Try them all; the number of those that did not end as they should."""
    python = _python2()
    if python is None:
        return _skipped("there is no Python 2.7")
    with tempfile.TemporaryDirectory() as folder:
        try:
            wstest = _installed(python, Path(folder))
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or b""
            return _skipped(f"it cannot be installed: {error} {said.decode(errors='replace')[-500:]}")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(pool.map(lambda broken: _failed(wstest, broken), ("", *BREAKS)))


def _skipped(why: str) -> int:
    print(f"SKIPPED: the Autobahn testsuite ({why})", flush=True)
    return 0


def _python2() -> str | None:
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for python in ("python2.7", *map(str, sorted(versions.glob("2.7.*/bin/python2.7")))):
        try:
            subprocess.run([python, "--version"], capture_output=True, timeout=LIMIT_S, check=True)
        except (OSError, subprocess.SubprocessError):  # such as one of pyenv's that is not switched on
            continue
        return python
    return None


def _installed(python: str, folder: Path) -> Path:
    """The testsuite's program."""
    maker, made = folder / "maker", folder / "python2"
    venv.create(maker, with_pip=True)
    for command in (
        [maker / "bin" / "pip", "install", VIRTUALENV],
        [maker / "bin" / "virtualenv", "--python", python, made],
        [made / "bin" / "pip", "install", "autobahntestsuite"],
    ):
        subprocess.run(command, capture_output=True, timeout=INSTALL_LIMIT_S, check=True)
    return made / "bin" / "wstest"


def _failed(wstest: Path, broken: str) -> bool:
    command = [sys.executable, WSTEST, "--wstest", wstest, "--quick", *(["--break", broken] if broken else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    said = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["nothing"]
    as_it_should = (done.returncode, said[-1].split()[:2]) == ((1, ["wstest", "FAIL"]) if broken else (0, ["wstest", "ok"]))
    print(f"{'as it should' if as_it_should else 'WRONG'}: wstest {broken and f'--break {broken}'}: {said[-1]}", flush=True)
    if not as_it_should:
        print(done.stdout, done.stderr, sep="\n", flush=True)
    return not as_it_should


if __name__ == "__main__":
    sys.exit(main())
