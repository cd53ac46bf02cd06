"""``exchangeclient gateway``: the universal protocol for trading robots, and that of 1Token, as a process of its own."""

from __future__ import annotations

import functools
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

from exchangeclient.cli import keys
from exchangeclient.cli.tokens import token_option
from exchangeclient.core.http.addresses import checked, is_loopback

if TYPE_CHECKING:
    from exchangeclient.gateway.onetoken import KeyBook, OnetokenGateway
    from exchangeclient.gateway.universal import Gateway
    from exchangeclient.sandbox import Sandbox


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


_ONETOKEN_OPTIONS: Final = (
    click.option("--onetoken", is_flag=True, help="Speak the protocol of the historic 1Token service, too, on a port of its own."),
    click.option(
        "--onetoken-port",
        default=6667,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="The port of --onetoken; 0 picks a free one.",
    ),
    click.option(
        "--keys",
        "key_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="JSON file of --onetoken: its own keys, and the accounts behind it. [default: key and secret, for mock- accounts]",
    ),
    click.option(
        "--store",
        metavar="FILE",
        help="Where --onetoken keeps orders and nonces; :memory: for nowhere. "
        "[default: beside --keys, with .orders behind its name; else memory]",
    ),
    click.option("--currency", default="usdt", show_default=True, help="What --onetoken values accounts in."),
    click.option("--currency-rate", metavar="NUMBER", help="What one USDT is worth in that currency; needed but for dollars."),
    click.option("--emulate", is_flag=True, help="Where a venue has no amendments, --onetoken cancels and places anew."),
    click.option("--silence", default=30.0, show_default=True, help="Seconds after which --onetoken closes a silent socket; 0: never."),
    click.option("--limits", is_flag=True, help="Have --onetoken hold each address to the service's limits: 30 sockets, 100 KB/s."),
    click.option("--legacy", is_flag=True, help="Have --onetoken understand programs of 2018, too, that sign whole paths."),
)


@dataclass(frozen=True, slots=True)
class _Onetoken:
    """What is said of the second gateway on the command line; see the options."""

    onetoken_port: int
    key_file: Path | None
    store: str | None
    currency: str
    currency_rate: str | None
    emulate: bool
    silence: float
    limits: bool
    legacy: bool

    def gateway(self, timeout_s: float, **places: Any) -> OnetokenGateway:
        """Make it.

        :param timeout_s: within which a call is answered
        :param places: where it listens, and where the venues are
        """
        from exchangeclient.gateway.onetoken import OnetokenGateway, Settings

        choices = Settings(
            timeout_s=timeout_s,
            currency=self.currency,
            rate=_rate(self.currency_rate),
            emulate=self.emulate,
            silence_s=self.silence,
            store=_store(self.store, self.key_file),
            limits=self.limits,
            legacy=self.legacy,
        )
        return OnetokenGateway(_book(self.key_file), port=self.onetoken_port, settings=choices, **places)


def _onetoken_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of ``--onetoken``; the command is called with ``onetoken``, None when there is to be none."""

    @functools.wraps(command)
    def called(*args: Any, onetoken: bool, **options: Any) -> Any:
        given = {each.name: options.pop(each.name) for each in fields(_Onetoken)}
        return command(*args, onetoken=_Onetoken(**given) if onetoken else None, **options)

    for option in reversed(_ONETOKEN_OPTIONS):
        called = option(called)
    return called


@click.command()
@click.option(
    "--address", default="localhost", show_default=True, help="Address to listen on; beyond loopback there is a token in the URL."
)
@click.option("--port", default=6666, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@token_option("EXCHANGECLIENT_GATEWAY_TOKEN")
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
@_onetoken_options
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
    onetoken: _Onetoken | None,
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
    if onetoken is not None:
        places = _environments({"okx": okx_url, "binance": binance_url, "bitmex": bitmex_url})
        play = playground.urls if sandbox_url is None else lambda: {"binance": {"rest": sandbox_url}}
        second = onetoken.gateway(options["timeout_s"], host=address, token=token, environments=places, playground=play)
    with _stopped_by_signals() as stop, ExitStack() as ending:
        ending.callback(playground.close)
        ending.enter_context(server)
        if second is not None:
            ending.enter_context(second)
        _announce(server, second, address, token, json_only=json_only)
        # A bare wait() cannot be interrupted on every system.
        while not stop.wait(0.2):
            pass


def _announce(server: Gateway, second: OnetokenGateway | None, address: str, token: str | None, *, json_only: bool) -> None:
    """Say where robots find it."""
    if json_only:
        click.echo(json.dumps({"universal": server.url} | ({} if second is None else {"onetoken": second.urls})))
        return
    click.echo(f"running... {address}:{server.port}")
    if second is not None:
        click.echo(f"1Token... {address}:{second.port}")
    if token is not None:
        click.echo(f"The service address begins with {server.url}; whoever knows it can use the gateway.", err=True)


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


def _store(given: str | None, key_file: Path | None) -> str:
    """Where orders are kept: with accounts that have money they outlive the gateway."""
    if given is not None:
        return given
    return ":memory:" if key_file is None else f"{key_file}.orders"


def _rate(text: str | None) -> Decimal | None:
    if text is None:
        return None
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
