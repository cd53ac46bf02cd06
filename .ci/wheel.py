"""Checks that a wheel holds every module of the package with its type marker, and nothing else.

python .ci/wheel.py WHEEL
"""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]


def main(wheel: str) -> None:
    """Exit with a message when the wheel is not right."""
    held = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("exchangeclient/**/*.py")} | {"exchangeclient/py.typed"}
    if held != wanted:
        sys.exit(f"{wheel}: missing {sorted(wanted - held)}, not ours {sorted(held - wanted)}")


if __name__ == "__main__":
    main(sys.argv[1])
