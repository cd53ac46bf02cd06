"""The token of a server, which every path of it begins with: in a file of the user's alone, or in the environment.

Never on the command line itself, which every user of the machine can see.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from exchangeclient.cli import keys

Command = TypeVar("Command", bound=Callable[..., Any])


def token_option(variable: str) -> Callable[[Command], Command]:
    """``--token-file``; the command is called with ``token``, None when there is none.

    :param variable: of the environment, where it is looked for without a file
    """

    def refuse(_context: click.Context, _option: click.Parameter, given: str | None) -> None:
        if given is not None:
            raise click.UsageError(
                f"--token shows everybody on this machine what it is; {variable} in the environment or --token-file has it"
            )

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def called(*args: Any, token_file: Path | None, **options: Any) -> Any:
            token = os.environ.get(variable) or None if token_file is None else _in_file(token_file)
            return command(*args, token=token, **options)

        file = click.option(
            "--token-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="What every path has to begin with, in a file that is readable by you alone (mode 0600). "
            f"[default: that of {variable}; else none on loopback, made up and shown beyond it]",
        )
        former = click.option("--token", hidden=True, expose_value=False, callback=refuse)
        return file(former(called))  # type: ignore[return-value]  # it takes other keywords

    return decorate


def _in_file(path: Path) -> str:
    token = keys.read_private(path).decode(errors="replace").strip()
    if not token:
        raise keys.NoKeyError(f"the file {path} has no token")
    return token
