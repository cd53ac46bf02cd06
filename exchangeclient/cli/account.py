"""``exchangeclient account``: what the account has, and what its key may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click

from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.output import Output, output_options, plain
from exchangeclient.numbers import EXACT


@click.command()
@click.argument("assets", metavar="[ASSET]...", nargs=-1)
@connection_options
@output_options
def account(assets: tuple[str, ...], connection: Connection, out: Output) -> None:
    """The balances, of each ASSET or of all that the account has. JSON has the venue's own fields, rights and rates among them."""
    wanted = {asset.upper() for asset in assets}
    with connected(connection, key="needed") as client:
        found = client.get_account(omitZeroBalances=None if wanted else True)
    if out.as_json:
        out.fields(found)
        return
    rights = [name for name, field in (("trade", "canTrade"), ("withdraw", "canWithdraw"), ("deposit", "canDeposit")) if found.get(field)]
    rates = found.get("commissionRates") or {}
    may = f"the account may {', '.join(rights)}" if rights else "the account may do nothing"
    out.say(f"{may}; maker {_percent(rates.get('maker'))}, taker {_percent(rates.get('taker'))}")
    balances: list[dict[str, Any]] = found["balances"]
    out.table(
        [_row(row) for row in balances if not wanted or row["asset"] in wanted],
        ("asset", "free", "locked", "total"),
        none="the account has nothing",
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    total = EXACT.add(Decimal(row["free"]), Decimal(row["locked"]))
    return {"asset": row["asset"], "free": plain(row["free"]), "locked": plain(row["locked"]), "total": plain(total)}


def _percent(rate: str | None) -> str:
    return "?" if rate is None else f"{plain(EXACT.multiply(Decimal(rate), Decimal(100)))} %"
