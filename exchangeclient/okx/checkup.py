"""Whether the way to OKX is clear, and what is to be said of the key: asked of the venue with calls that only read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchangeclient.core import checkup
from exchangeclient.core.checkup import looked
from exchangeclient.core.machine import Finding
from exchangeclient.okx.client import Client

_PATIENCE_S: Final = 10.0
_STREAM: Final = "tickers:BTC-USDT"


def examine_venue(client: Client) -> Iterator[Finding]:
    """The way to the venue, and the key if the client has one."""
    rest = client.hosts.rest
    reached = looked("REST", rest, lambda: checkup.answers(client))
    yield reached
    if reached.verdict == "bad":
        return
    yield looked("clock", rest, lambda: checkup.clock(lambda: int(client.get_server_time()["ts"])))
    yield looked("streams", client.hosts.stream, lambda: checkup.events(client, _STREAM, _PATIENCE_S))
    yield looked("limits", rest, lambda: checkup.limits(client))
    if client.credentials is None:
        yield Finding("key", "note", "there is none: market data alone")
        return
    yield looked("key", rest, lambda: _key(client))


def _key(client: Client) -> Finding:
    """What the key may do, and from where. https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-account-configuration"""
    told: dict[str, Any] = client.get_account_config()
    rights = str(told.get("perm", "")).split(",")
    open_to_all = not told.get("ip")
    if "withdraw" in rights:
        advice = "take that right from it, unless the program withdraws" + ("; tie it to your addresses" if open_to_all else "")
        return Finding("key", "bad", "the venue takes the key; it may withdraw", advice)
    says = f"the venue takes the key; it {'may trade' if 'trade' in rights else 'only reads'}, and may not withdraw"
    if open_to_all and not client.hosts.demo:
        return Finding("key", "note", f"{says}; it is not tied to addresses", "tie it to your addresses")
    return Finding("key", "good", says)
