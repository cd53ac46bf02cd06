"""``exchangeclient sandbox``: the embedded exchange as a process of its own, for programs in any language."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from types import FrameType

import click

from exchangeclient.sandbox import Account, Sandbox, parse_account, parse_accounts_file


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="One port per venue, counting up; 0 picks a free one."
)
@click.option("--seed", default=7, show_default=True, help="The same seed makes the same market.")
@click.option(
    "--candles",
    multiple=True,
    metavar="SYMBOL:INTERVAL=FILE",
    help="Real history: CSV, CSV.GZ, or the zip of Binance's public dumps. Repeats; files of the same candles are joined.",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="KEY:SECRET[:PASSPHRASE]",
    help="A play key with generous play funds; never a real one. Repeats. [default: key:secret]",
)
@click.option(
    "--accounts",
    "accounts_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON list of play accounts: {"key", "secret"} or, for RSA and Ed25519 keys, {"key", "public_key"} with the PEM text.',
)
@click.option("--json", "json_only", is_flag=True, help="Print nothing but the JSON line.")
def sandbox(
    host: str, port: int, seed: int, candles: tuple[str, ...], accounts: tuple[str, ...], accounts_file: Path | None, json_only: bool
) -> None:
    """Run the embedded exchange until Ctrl-C or SIGTERM.

    When it is ready it prints one line of JSON with its addresses:
    {"binance": {"rest": "http://...", "stream": "ws://...", "ws_api": "ws://.../ws-api/v3"}}. The money and the keys are play money
    and play keys.
    """
    members: list[Account] = [parse_account(text) for text in accounts]
    if accounts_file is not None:
        members += parse_accounts_file(accounts_file)
    exchange = Sandbox(seed=seed, host=host, port=port, candles=candles, accounts=members or None)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with exchange:
        click.echo(json.dumps(exchange.urls))
        if not json_only:
            click.echo("The exchange is open; Ctrl-C ends it.", err=True)
        # A bare wait() cannot be interrupted on every system.
        while not stop.wait(0.2):
            pass
