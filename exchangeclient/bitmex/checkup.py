"""Whether the way to BitMEX's protocol is clear, and whether the key is taken: asked with calls that only read.

The venue closed on 2026-09-23; what answers is the embedded exchange, or whatever is at an address of yours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exchangeclient.bitmex.client import Client
from exchangeclient.core import checkup
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.process.machine import Finding

_PATIENCE_S: Final = 10.0
_STREAM: Final = "instrument:XBTUSD"  # begins with a row, whatever is traded


def examine_venue(client: Client) -> Iterator[Finding]:
    """The way to the venue, and the key if the client has one."""
    return checkup.the_way(client, stream=_STREAM, patience_s=_PATIENCE_S, venue_ms=lambda: _time(client), key=_key)


def _time(client: Client) -> int:
    told = client.get_server_time()
    with as_documented("get_server_time"):
        return int(told["timestamp"])


def _key(client: Client) -> Finding:
    client.get_account()
    return Finding("key", "good", "the venue takes the key")
