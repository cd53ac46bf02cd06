"""Whether the way to OKX is clear, and what is to be said of the key: asked of the venue with calls that only read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchangeclient.core import checkup
from exchangeclient.core.process.machine import Finding
from exchangeclient.okx.client import Client

_PATIENCE_S: Final = 10.0
_STREAM: Final = "tickers:BTC-USDT"


def examine_venue(client: Client) -> Iterator[Finding]:
    """The way to the venue, and the key if the client has one."""
    return checkup.the_way(client, stream=_STREAM, patience_s=_PATIENCE_S, venue_ms=lambda: int(client.get_server_time()["ts"]), key=_key)


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
