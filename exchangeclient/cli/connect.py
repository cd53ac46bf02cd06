"""The one place that turns ``--environment``, ``--sandbox`` and keys into a client.

Secrets come from the environment only (``EXCHANGECLIENT_BINANCE_KEY`` and ``EXCHANGECLIENT_BINANCE_SECRET``): a command line is
seen by every user of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from exchangeclient.client import Client

Command = TypeVar("Command", bound=Callable[..., Any])


def connection_options(command: Command) -> Command:
    """``--environment`` and ``--sandbox``, the same for every command that talks to a venue."""
    environment = click.option(
        "--environment", help="live, testnet, demo, us, or a base URL such as http://127.0.0.1:8765; live when left out."
    )
    sandbox = click.option("--sandbox", is_flag=True, help="Against an embedded exchange that starts and ends with the command.")
    return environment(sandbox(command))


@contextmanager
def connected(environment: str | None, sandbox: bool) -> Iterator[Client]:
    """A client for the options of :func:`connection_options`, closed at the end.

    :raises click.UsageError: when both options say where to go
    """
    if sandbox and environment is not None:
        raise click.UsageError("--environment and --sandbox both say where to connect; give one")
    if not sandbox:
        key, secret = (os.environ.get(f"EXCHANGECLIENT_BINANCE_{word}") for word in ("KEY", "SECRET"))
        with Client(key, secret, environment=environment) as client:
            yield client
        return
    from exchangeclient.sandbox import Sandbox

    with Sandbox() as exchange, Client("key", "secret", environment=exchange.urls["binance"]) as client:
        yield client
