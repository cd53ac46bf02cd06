"""The command line; :mod:`exchangeclient.cli.commands` knows the commands, one module each.

How a command ends is told by its exit code (:mod:`exchangeclient.cli.exits`); why, by a line on standard error. A ``sandbox`` that was
open ends with 0 either way: stopping it is how it is used.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from types import FrameType
from typing import NoReturn

STOPPED, TERMINATED = 130, 143


def main() -> None:
    """The entry point: runs a command, and turns what went wrong into a line on standard error and an exit code."""
    try:
        # Here, so that Ctrl-C during the imports ends as quietly as later.
        import click

        from exchangeclient.cli.commands import cli

        signal.signal(signal.SIGTERM, _terminate)
        if isinstance(sys.stdout, io.TextIOWrapper):  # a letter that it does not have is escaped, as on standard error
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            ended = cli.main(standalone_mode=False)
            sys.exit(ended if isinstance(ended, int) else 0)
        except click.ClickException as error:
            if isinstance(error, click.UsageError):
                usage = io.StringIO()
                error.show(usage)
                say(usage.getvalue().rstrip())
            else:
                say(f"exchangeclient: {error.format_message()}")
            sys.exit(error.exit_code)
        except (click.Abort, click.exceptions.Exit) as ending:
            sys.exit(_stopped() if isinstance(ending, click.Abort) else ending.exit_code)
        except Exception as error:
            # Imported now, because most commands have no use for it.
            from exchangeclient.cli.exits import code_of
            from exchangeclient.exceptions import ExchangeException

            if not isinstance(error, (ExchangeException, ValueError, OSError)):
                raise
            say(f"exchangeclient: {error}")
            sys.exit(code_of(error))
    except KeyboardInterrupt:
        sys.exit(_stopped())


def say(text: str) -> None:
    """Say something on standard error, if it can be said there: that it cannot must not hide how a command ended."""
    if sys.stderr is None:  # the program was started without one
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # What could not be written would be tried again at the end of the process, and change its exit code.
        with contextlib.suppress(OSError):
            sys.stderr.close()
        sys.stderr = None


def _stopped() -> int:
    say("stopped")
    return STOPPED


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End like any program that is asked to, but by way of the ``finally`` blocks, which put unfinished files away."""
    sys.exit(TERMINATED)
