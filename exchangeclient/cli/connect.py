"""The one place that turns ``--venue``, ``--environment``, ``--sandbox`` and keys into a client.

Where the keys come from, :mod:`.keys` knows; what is used when an option is left out, :mod:`.settings`.
"""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import click

Command = TypeVar("Command", bound=Callable[..., Any])

Wants = Literal["none", "found", "needed"]

VENUES: Final = ("binance", "okx", "bitmex")
_CLIENTS: Final = {"binance": "exchangeclient.client", "okx": "exchangeclient.okx.client", "bitmex": "exchangeclient.bitmex.client"}
_FOR_PLAY: Final = {"binance": ("key", "secret"), "okx": ("key", "secret", "passphrase"), "bitmex": ("key", "secret")}
_WHOSE: Final = f"Whose; {VENUES[0]} when left out. BitMEX closed on 2026-09-23: it is there with --sandbox."
_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a command goes; no secret is in it, so that it can be shown and pickled.

    :ivar environment: a name or a base URL, None for the live site
    :ivar sandbox: whether an embedded exchange is started for it
    :ivar key_file: where alone its key is looked for
    :ivar ledger: of the limits that processes share
    """

    venue: str = VENUES[0]
    environment: str | None = None
    sandbox: bool = False
    key_file: Path | None = None
    ledger: Path | None = None

    @property
    def is_usual(self) -> bool:
        """True when it goes to the venue whose own words commands speak; at the others they speak those of :mod:`exchangeclient.desk`."""
        return self.venue == VENUES[0]

    @property
    def archived_as(self) -> str | None:
        """The name of the venue in an archive, where its address is none: an embedded exchange is at another one each time."""
        return None if not self.sandbox else "sandbox" if self.is_usual else f"sandbox-{self.venue}"

    @property
    def options(self) -> str:
        """What it takes on a command line, for commands that are proposed."""
        given = {"--venue": None if self.venue == VENUES[0] else self.venue, "--environment": self.environment, "--key-file": self.key_file}
        return "".join(f" {option} {shlex.quote(str(value))}" for option, value in given.items() if value is not None)


def connection_options(command: Command) -> Command:
    """``--venue``, ``--environment``, ``--key-file`` and ``--sandbox``, the same for every command; it is called with ``connection``."""

    @functools.wraps(command)
    def called(*args: Any, **options: Any) -> Any:
        given = {name: options.pop(name) for name in ("venue", "environment", "sandbox", "key_file")}
        return command(*args, connection=_connection(**given), **options)

    venue = click.option("--venue", type=click.Choice(VENUES), help=_WHOSE)
    environment = click.option(
        "--environment", help="live, testnet, demo, us (okx: live, demo, eea ...), or a base URL; live when left out."
    )
    key_file = click.option(
        "--key-file", type=click.Path(path_type=Path), metavar="FILE", help="API keys, in TOML, readable by you alone (mode 0600)."
    )
    sandbox = click.option("--sandbox", is_flag=True, help="Against an embedded exchange that starts and ends with the command.")
    return venue(environment(key_file(sandbox(called))))  # type: ignore[return-value]  # it takes other keywords


def venue_option(command: Command) -> Command:
    """``--venue`` alone, for commands that look things up; they are called with ``venue``."""

    @functools.wraps(command)
    def called(*args: Any, venue: str | None, **options: Any) -> Any:
        return command(*args, venue=_connection(venue, None, False, None).venue, **options)

    # It takes other keywords.
    return click.option("--venue", type=click.Choice(VENUES), help=_WHOSE)(called)  # type: ignore[return-value]


def _connection(venue: str | None, environment: str | None, sandbox: bool, key_file: Path | None) -> Connection:
    if sandbox and environment is not None:
        raise click.UsageError("--environment and --sandbox both say where to connect; give one")
    if sandbox:
        return Connection(venue or VENUES[0], sandbox=True)
    from exchangeclient.cli import settings

    made = settings.read()
    chosen = venue or usual_venue(made)
    # What is set is of the venue that is set.
    usual = made.get("environment") if chosen == made.get("venue", VENUES[0]) else None
    return Connection(
        chosen,
        usual if environment is None else environment,
        key_file=key_file or _path(made, "key_file"),
        ledger=_path(made, "ledger"),
    )


def usual_venue(made: dict[str, str]) -> str:
    """The venue where commands go that are told none.

    :param made: the settings
    :raises ValueError: when that is none of those that there are
    """
    venue = made.get("venue", VENUES[0])
    if venue not in VENUES:
        raise ValueError(f"the setting venue must be one of {', '.join(VENUES)}, not {venue!r}")
    return venue


def _path(made: dict[str, str], name: str) -> Path | None:
    return Path(made[name]) if name in made else None


def need_usual(connection: Connection) -> None:
    """See that a command goes where it speaks the words.

    :raises click.UsageError: when it was told to go to another venue
    """
    if not connection.is_usual:
        command = click.get_current_context().command_path
        raise click.UsageError(f"{command} works at {VENUES[0]} alone, not at {connection.venue}")


def client_class(venue: str) -> type[Any]:
    """The client of a venue."""
    found: type[Any] = import_module(_CLIENTS[venue]).Client
    return found


@contextmanager
def connected(connection: Connection, *, key: Wants = "none", **options: Any) -> Iterator[Any]:
    """A client of whatever venue, closed at the end.

    :param key: whether the command needs an API key, or can use one that is found; market data gets none
    :param options: for the client besides
    :raises NoKeyError: when there is none
    """
    make = client_class(connection.venue)
    if connection.sandbox:
        from exchangeclient.sandbox import Sandbox

        with Sandbox() as exchange, make(*_FOR_PLAY[connection.venue], environment=exchange.urls[connection.venue], **options) as client:
            yield client
        return
    if key != "none":
        from exchangeclient.cli import keys

        look = keys.needed if key == "needed" else keys.find
        found = look(connection.venue, connection.key_file)
        if found is not None:
            options |= {"api_key": found.key, "api_secret": found.secret}
            if connection.venue in keys.WITH_PASSPHRASE:
                options |= {"passphrase": found.passphrase}
            elif found.private_key and connection.venue in keys.WITH_PRIVATE_KEY:
                options |= {"private_key": found.private_key, "private_key_pass": found.passphrase}
    with make(environment=connection.environment, ledger=connection.ledger, **options) as client:
        yield client


def is_for_play(client: Any) -> bool:
    """True when no real money can be moved: in the test network, in demo mode, at a sandbox on this machine.

    What is on this machine and does not say that it is a sandbox may be a way to a live venue.
    """
    from exchangeclient.binance.hosts import ENVIRONMENTS
    from exchangeclient.core.http.addresses import is_loopback

    address = client.hosts.rest
    if getattr(client.hosts, "demo", False) or address in {ENVIRONMENTS[name].rest for name in ("testnet", "demo")}:
        return True
    return is_loopback(urlsplit(address).hostname or "") and _says_it_is_a_sandbox(address)


def _says_it_is_a_sandbox(address: str) -> bool:
    from http.client import HTTPException
    from urllib.request import ProxyHandler, build_opener

    try:
        with build_opener(ProxyHandler({})).open(f"{address}/sandbox", timeout=_PATIENCE_S) as answer:
            told = json.load(answer)
    except (OSError, HTTPException, ValueError):
        return False
    return isinstance(told, dict) and "GET /sandbox" in told.get("endpoints", ())


@contextmanager
def refused_arguments() -> Iterator[None]:
    """Around calls whose arguments come from the command line: what they lack is wrong usage."""
    try:
        yield
    except TypeError as error:
        raise click.UsageError(str(error)) from error
