"""What it costs to ask the command line something: ``exchangeclient --help``, beside importing what it is made with.

Each time in a fresh process, from compiled bytecode. The start of Python itself is in neither.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Final

from client_start import Fresh
from measure import Figure, interleaved

TARGET: Final = 1.5

_HELP: Final = """
import contextlib, io, sys
sys.argv = ["exchangeclient", "--help"]
with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
    from exchangeclient.cli import main
    main()
if "Commands:" not in said.getvalue():
    raise SystemExit("that was no help")
"""
_IMPORTS: Final = "import click, rich"


def run(*, quick: bool) -> list[Figure]:
    """Milliseconds of CPU."""
    with tempfile.TemporaryDirectory() as compiled:
        fresh = Fresh(compiled)
        help_ms, imports_ms = interleaved([fresh.taken(sys.executable, each) for each in (_HELP, _IMPORTS)], 5 if quick else 15)
    return [Figure("cli_start:click_and_rich", help_ms, "ms", TARGET, peer=imports_ms)]
