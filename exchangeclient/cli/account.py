"""``exchangeclient account``: what the account has, and what its key may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click

from exchangeclient.cli.connect import Connection, connected, connection_options
from exchangeclient.cli.output import Output, output_options, plain
from exchangeclient.desk import Balance, desk_of
from exchangeclient.numbers import EXACT

_COLUMNS = ("asset", "free", "locked", "total")
_NONE = "the account has nothing"


@click.command()
@click.argument("assets", metavar="[ASSET]...", nargs=-1)
@connection_options
@output_options
def account(assets: tuple[str, ...], connection: Connection, out: Output) -> None:
    """The balances, of each ASSET or of all that the account has. JSON has the venue's own fields."""
    wanted = {asset.upper() for asset in assets}
    with connected(connection, key="needed") as client:
        if not connection.is_usual:
            _balances(desk_of(client).balances(), wanted, out)
            return
        found = client.get_account(omitZeroBalances=None if wanted else True)
    if out.as_json:
        out.fields(found)
        return
    rights = [name for name, field in (("trade", "canTrade"), ("withdraw", "canWithdraw"), ("deposit", "canDeposit")) if found.get(field)]
    rates = found.get("commissionRates") or {}
    may = f"the account may {', '.join(rights)}" if rights else "the account may do nothing"
    out.say(f"{may}; maker {_percent(rates.get('maker'))}, taker {_percent(rates.get('taker'))}")
    balances: list[dict[str, Any]] = found["balances"]
    rows = [_row(row["asset"], Decimal(row["free"]), Decimal(row["locked"])) for row in balances if not wanted or row["asset"] in wanted]
    out.table(rows, _COLUMNS, none=_NONE)


def _balances(found: list[Balance], wanted: set[str], out: Output) -> None:
    """Those of a venue that says nothing of rights and rates beside them."""
    chosen = [each for each in found if not wanted or each.currency in wanted]
    nothing = Decimal(0)
    rows = [_row(each.currency, each.free, each.locked) for each in chosen]
    rows += [_row(asset, nothing, nothing) for asset in sorted(wanted - {each.currency for each in chosen})]
    out.table([each.raw for each in chosen] if out.as_json else rows, _COLUMNS, none=_NONE)


def _row(asset: str, free: Decimal, locked: Decimal) -> dict[str, Any]:
    return {"asset": asset, "free": plain(free), "locked": plain(locked), "total": plain(EXACT.add(free, locked))}


def _percent(rate: str | None) -> str:
    return "?" if rate is None else f"{plain(EXACT.multiply(Decimal(rate), Decimal(100)))} %"
