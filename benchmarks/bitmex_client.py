"""One client of BitMEX's realtime tables in a process of its own: prints how many messages it took for a second of its CPU.

    bitmex_client.py CLIENT ADDRESS all|changes

``all`` counts the whole books among them, ``changes`` what comes between. It runs in the virtual environment of whichever client it is, so
it imports nothing of this folder.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

_NEVER_S = 300.0
Mark = Callable[[Mapping[str, Any]], None]


class Meter:
    """Is shown the marks that come between the messages."""

    def __init__(self, part: str, turns: int) -> None:
        self._part = part
        self._turns = turns
        self._seen = self._messages = 0
        self._begun_s = self._spent_s = 0.0
        self._before = 0

    def __call__(self, row: Mapping[str, Any]) -> None:
        now_s = time.process_time()
        if self._seen and (self._part == "all" or row["title"] == self._part):
            self._spent_s += now_s - self._begun_s
            self._messages += row["id"] - self._before
        self._begun_s, self._before = now_s, row["id"]
        if row["title"] == "changes":
            self._seen += 1
            if self._seen == self._turns:
                print(self._messages / self._spent_s, flush=True)
                os._exit(0)  # some of these clients cannot be ended from within


def ours(address: str, mark: Mark) -> None:
    """As its users use it."""
    from exchangeclient.bitmex import BitMEXWebsocket

    for item, _, table, _ in BitMEXWebsocket(address, "XBTUSD").start():
        if table == "announcement":
            mark(item)


def trio_websocket(address: str, mark: Mark) -> None:
    """What its listeners are told, without picking out a table; but for the address."""
    import bitmex_trio_websocket.websocket as peer  # type: ignore[import-not-found]  # in the peers' virtual environment
    import trio  # type: ignore[import-not-found]  # as above

    connect = peer.Websocket
    peer.Websocket = lambda _, **options: connect(address, **options)

    async def run() -> None:
        async with peer.open_bitmex_websocket("mainnet") as websocket, websocket._pipeline.tap() as told:
            await websocket._send_channel.send({"op": "subscribe", "args": ["orderBookL2:XBTUSD"]})
            async for item, _, table, _ in told:
                if table == "announcement":
                    mark(item)

    trio.run(run)


def venues_own(address: str, mark: Mark) -> None:
    """Its storage alone: it has nothing to iterate over."""
    from bitmex_websocket import BitMEXWebsocket  # type: ignore[import-not-found]  # as above

    take = BitMEXWebsocket._BitMEXWebsocket__on_message

    def taken(self: Any, ws: Any, message: str) -> None:
        take(self, ws, message)
        if '"table":"announcement"' in message[:30]:
            mark(self.data["announcement"][0])

    BitMEXWebsocket._BitMEXWebsocket__on_message = taken
    BitMEXWebsocket(endpoint=address, symbol="XBTUSD")
    time.sleep(_NEVER_S)


CLIENTS: Mapping[str, tuple[Callable[[str, Mark], None], int]] = {
    "exchangeclient": (ours, 17),
    "bitmex-trio-websocket": (trio_websocket, 5),
    "bitmex-ws": (venues_own, 3),
}
"""By the name that each has on PyPI, and how often it is played the feed."""


def main() -> None:
    """Run until enough has come."""
    name, address, part = sys.argv[1:]
    client, turns = CLIENTS[name]
    client(address, Meter(part, turns))


if __name__ == "__main__":
    main()
