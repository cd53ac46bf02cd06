"""The command line; :mod:`exchangeclient.cli.commands` knows the commands, one module each.

Exit codes: 0 done, 1 it failed (the reason is on standard error), 2 wrong usage, 130 stopped by Ctrl-C, 143 stopped by SIGTERM. A
``sandbox`` that was open ends with 0 either way: stopping it is how it is used.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

FAILED, STOPPED, TERMINATED = 1, 130, 143


def main() -> None:
    """The entry point: runs a command, and turns what went wrong into a line on standard error and an exit code."""
    try:
        # Here, so that Ctrl-C during the imports ends as quietly as later.
        import click

        from exchangeclient.cli.commands import cli
        from exchangeclient.exceptions import ExchangeException

        signal.signal(signal.SIGTERM, _terminate)
        try:
            cli.main(standalone_mode=False)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, click.exceptions.Exit) as ending:
            sys.exit(_stopped() if isinstance(ending, click.Abort) else ending.exit_code)
        except (ExchangeException, ValueError, OSError) as error:
            print(f"exchangeclient: {error}", file=sys.stderr)
            sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(_stopped())


def _stopped() -> int:
    print("stopped", file=sys.stderr)
    return STOPPED


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End like any program that is asked to, but by way of the ``finally`` blocks, which put unfinished files away."""
    sys.exit(TERMINATED)
