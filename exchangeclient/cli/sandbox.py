"""``exchangeclient sandbox``: the embedded exchange as a process of its own, for programs in any language."""

from __future__ import annotations

import json
import secrets
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import click

from exchangeclient.cli.tokens import token_option
from exchangeclient.sandbox import Account, Sandbox, is_loopback, parse_account, parse_accounts_file


def _parse_limits(_context: click.Context, _option: click.Parameter, text: str) -> str | Mapping[str, int]:
    """``enforced``, ``counted``, or ``weight=100,orders_10s=5``."""
    if "=" not in text:
        return text
    limits = {}
    for part in text.split(","):
        name, _, limit = part.partition("=")
        if not (limit.isascii() and limit.isdigit()):
            raise click.BadParameter(f"a limit is given as NAME=NUMBER, not {part!r}")
        limits[name.strip()] = int(limit)
    return limits


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; beyond loopback there is a token in every URL.")
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="One port per venue, counting up; 0 picks a free one."
)
@token_option("EXCHANGECLIENT_SANDBOX_TOKEN")
@click.option("--seed", default=7, show_default=True, help="The same seed makes the same market; with --state, the same chances of faults.")
@click.option(
    "--candles",
    multiple=True,
    metavar="SYMBOL:INTERVAL=FILE",
    help="Real history: CSV, CSV.GZ, or the zip of Binance's public dumps. Repeats; files of the same candles are joined.",
)
@click.option(
    "--record",
    "recordings",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recorded streams that drive the books of their symbols. Repeats.",
)
@click.option(
    "--state",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Go on from what GET /sandbox/state or Sandbox.save() gave.",
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
@click.option(
    "--start", metavar="DATE", help="When the exchange opens, on a clock of its own: 2024-03-01, or 2024-03-01T12:00.  [default: now]"
)
@click.option("--speed", type=float, help="How many times as fast its clock runs; 0 stands still until it is told to advance.")
@click.option("--step", type=float, metavar="SECONDS", help="How often the other traders act.  [default: 0.1, coarser at a high speed]")
@click.option(
    "--limits",
    default="enforced",
    show_default=True,
    callback=_parse_limits,
    metavar="enforced|counted|NAME=NUMBER,...",
    help="Refuse who asks too much as the venue does, only count, or refuse by limits of your own: weight, orders_10s, orders_1d, "
    "raw_requests, connections, messages.",
)
@click.option("--legacy", is_flag=True, help="Serve also what the venue has retired: listen keys, /api/v1 and the like.")
@click.option("--json", "json_only", is_flag=True, help="Print nothing but the JSON line.")
def sandbox(host: str, token: str | None, accounts: tuple[str, ...], accounts_file: Path | None, json_only: bool, **options: Any) -> None:
    """Run the embedded exchange until Ctrl-C or SIGTERM.

    When it is ready it prints one line of JSON with its addresses:
    {"binance": {"rest": "http://...", "stream": "ws://...", "ws_api": "ws://.../ws-api/v3"},
    "okx": {"rest": "http://...", "stream": "ws://..."},
    "bitmex": {"rest": "http://...", "stream": "ws://.../realtime"},
    "onetoken": {"rest": "http://.../api/v1", "stream": "ws://.../api/v1/ws"}}. The money and the keys are play money
    and play keys. GET /sandbox says what else can be asked of it.
    """
    members: list[Account] = [parse_account(text) for text in accounts]
    if accounts_file is not None:
        members += parse_accounts_file(accounts_file)
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    exchange = Sandbox(host=host, token=token, accounts=members or None, **options)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with exchange:
        click.echo(json.dumps(exchange.urls))
        if not json_only:
            click.echo("The exchange is open; Ctrl-C ends it. Its money and its keys are for play.", err=True)
        if not is_loopback(host):
            click.echo("Other machines can reach it: whoever knows the URL commands it. Never give it a real key.", err=True)
        # A bare wait() cannot be interrupted on every system.
        while not stop.wait(0.2):
            pass
