"""``exchangeclient gateway``: the universal protocol for trading robots, and that of 1Token, as a process of its own."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal, InvalidOperation
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from exchangeclient.cli import keys
from exchangeclient.core.addresses import checked, is_loopback

if TYPE_CHECKING:
    from exchangeclient.gateway.onetoken import KeyBook, OnetokenGateway
    from exchangeclient.sandbox import Sandbox

_TOKEN_VARIABLE = "EXCHANGECLIENT_GATEWAY_TOKEN"  # noqa: S105 - where it is looked for, not what it is


class _Playground:
    """The embedded exchange, which is started when a robot asks for it first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None

    def address(self) -> str:
        """Where it is, once it is there."""
        return self.urls()["binance"]["rest"]

    def urls(self) -> dict[str, dict[str, str]]:
        """The same of each venue that it plays."""
        from exchangeclient.sandbox import Sandbox

        with self._lock:
            if self._sandbox is None:
                sandbox = Sandbox()
                sandbox.start()
                self._sandbox = sandbox
            return self._sandbox.urls

    def close(self) -> None:
        """Stop it, if it was started."""
        with self._lock:
            if self._sandbox is not None:
                self._sandbox.stop()


@click.command()
@click.option(
    "--address", default="localhost", show_default=True, help="Address to listen on; beyond loopback there is a token in the URL."
)
@click.option("--port", default=6666, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option(
    "--token",
    envvar=_TOKEN_VARIABLE,
    show_envvar=True,
    help="What every path has to begin with. [default: none on loopback, else made up and shown once]",
)
@click.option("--okx-url", metavar="URL", help="What is behind /OKX. [default: https://www.okx.com]")
@click.option("--binance-url", metavar="URL", help="What is behind /Binance. [default: https://api.binance.com]")
@click.option(
    "--bitmex-url", metavar="URL", help="What is behind /BitMEX, which closed on 2026-09-23: a sandbox's. [default: the historic address]"
)
@click.option("--sandbox-url", metavar="URL", help="What is behind /SANDBOX. [default: an embedded exchange, started when it is asked for]")
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    metavar="[NAME=]MODULE:CLASS",
    help="A venue of your own, served under its exName, else the class's name. Repeats.",
)
@click.option("--timeout", "timeout_s", default=8.5, show_default=True, help="Seconds within which a call is answered.")
@click.option("--records-time", default="s", show_default=True, type=click.Choice(["s", "ms"]), help="What the times of candles count.")
@click.option(
    "--records-order", default="asc", show_default=True, type=click.Choice(["asc", "desc"]), help="Oldest or newest candle first."
)
@click.option(
    "--names", default="camel", show_default=True, type=click.Choice(["camel", "lower"]), help="Fields of markets, positions and fundings."
)
@click.option("--round", "rounds", is_flag=True, help="Bring prices and amounts to what the venue allows, instead of refusing the order.")
@click.option(
    "--allow",
    "opened",
    multiple=True,
    metavar="PATH",
    help="Let pass-through calls to paths that begin so move funds or keys. Repeats. [default: none]",
)
@click.option("--onetoken", is_flag=True, help="Speak the protocol of the historic 1Token service, too, on a port of its own.")
@click.option(
    "--onetoken-port", default=6667, show_default=True, type=click.IntRange(0, 65535), help="The port of --onetoken; 0 picks a free one."
)
@click.option(
    "--keys",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file of --onetoken: its own keys, and the accounts behind it. [default: key and secret, for mock- accounts]",
)
@click.option("--store", default=":memory:", metavar="FILE", help="Where --onetoken keeps orders. [default: in memory]")
@click.option("--currency", default="usdt", show_default=True, help="What --onetoken values accounts in.")
@click.option("--currency-rate", default="1", show_default=True, metavar="NUMBER", help="What one USDT is worth in that currency.")
@click.option("--emulate", is_flag=True, help="Where a venue has no amendments, --onetoken cancels and places anew.")
@click.option("--silence", default=30.0, show_default=True, help="Seconds after which --onetoken closes a silent socket; 0: never.")
@click.option("--json", "json_only", is_flag=True, help='Print one JSON line when ready: {"universal": "http://127.0.0.1:6666"}.')
def gateway(
    address: str,
    port: int,
    token: str | None,
    okx_url: str | None,
    binance_url: str | None,
    bitmex_url: str | None,
    sandbox_url: str | None,
    protocols: tuple[str, ...],
    onetoken: bool,
    onetoken_port: int,
    key_file: Path | None,
    store: str,
    currency: str,
    currency_rate: str,
    emulate: bool,
    silence: float,
    json_only: bool,
    **options: Any,
) -> None:
    """Serve the universal protocol to trading robots until Ctrl-C or SIGTERM; with --onetoken also that of 1Token.

    A robot's service address is http://127.0.0.1:6666/OKX, or /Binance, or /SANDBOX: the embedded exchange, whose keys are key and secret.
    """
    from exchangeclient.gateway.universal import Gateway, Settings

    if token is None and not is_loopback(address):
        token = secrets.token_urlsafe(24)
    for text in protocols:
        _register(text)
    playground = _Playground()
    given = {"OKX": okx_url, "Binance": binance_url, "BitMEX": bitmex_url, "SANDBOX": sandbox_url or playground.address}
    server = Gateway(
        host=address,
        port=port,
        token=token,
        addresses={name: url for name, url in given.items() if url is not None},
        settings=Settings(**options),
    )
    second: OnetokenGateway | None = None
    if onetoken:
        from exchangeclient.gateway.onetoken import OnetokenGateway
        from exchangeclient.gateway.onetoken import Settings as Choices

        second = OnetokenGateway(
            _book(key_file),
            host=address,
            port=onetoken_port,
            token=token,
            environments=_environments({"okx": okx_url, "binance": binance_url, "bitmex": bitmex_url}),
            playground=playground.urls if sandbox_url is None else lambda: {"binance": {"rest": sandbox_url}},
            settings=Choices(
                currency=currency,
                rate=_rate(currency_rate),
                emulate=emulate,
                silence_s=silence,
                store=store,
            ),
        )
    with _stopped_by_signals() as stop, ExitStack() as ending:
        ending.callback(playground.close)
        ending.enter_context(server)
        if second is not None:
            ending.enter_context(second)
        if json_only:
            click.echo(json.dumps({"universal": server.url} | ({} if second is None else {"onetoken": second.urls})))
        else:
            click.echo(f"running... {address}:{server.port}")
            if second is not None:
                click.echo(f"1Token... {address}:{second.port}")
            if token is not None:
                click.echo(f"The service address begins with {server.url}; whoever knows it can use the gateway.", err=True)
        # A bare wait() cannot be interrupted on every system.
        while not stop.wait(0.2):
            pass


def _book(key_file: Path | None) -> KeyBook | None:
    """The keys of a file that nobody else can read."""
    from exchangeclient.gateway.onetoken import KeyBook

    if key_file is None:
        return None
    try:
        return KeyBook.read(keys.read_private(key_file))
    except ValueError as error:
        raise click.UsageError(f"--keys {key_file}: {error}") from error


def _environments(given: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
    return {venue: {"rest": checked(url, f"--{venue}-url", ("http", "https"))} for venue, url in given.items() if url is not None}


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise click.UsageError(f"--currency-rate must be a number, not {text[:40]!r}") from None


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Set when the program is asked to end."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _register(text: str) -> None:
    """Have a class served that is named as ``[NAME=]MODULE:CLASS``; modules of the working directory are found, too."""
    from exchangeclient.gateway.universal import ProtocolFactory

    name, equals, place = text.rpartition("=")
    module, colon, class_name = place.partition(":")
    if not (module and colon and class_name) or (equals and not name):
        raise click.UsageError(f"--protocol is [NAME=]MODULE:CLASS, not {text!r}")
    sys.path.insert(0, os.getcwd())
    try:
        protocol = getattr(import_module(module), class_name)
    except (ImportError, AttributeError) as error:
        raise click.UsageError(f"--protocol {text!r}: {error}") from error
    finally:
        sys.path.pop(0)
    try:
        ProtocolFactory.register(name or getattr(protocol, "exName", "") or class_name, protocol)
    except (TypeError, ValueError) as error:
        raise click.UsageError(f"--protocol {text!r}: {error}") from error
