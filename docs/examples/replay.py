"""Record a few seconds of a market, and play them twice to the same callback.

python docs/examples/replay.py --sandbox     on an embedded exchange
python docs/examples/replay.py               on the venue; no key is needed
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from threading import Event
from typing import Any

from exchangeclient.client import Client
from exchangeclient.recording import Recorder, Replay
from exchangeclient.sandbox import Sandbox
from exchangeclient.websockets import SocketManager

WANTED = 10


def record(client: Client, file: Path) -> None:
    """Until enough trades have come, or for a minute."""
    seen: list[Any] = []
    enough = Event()

    def process_trade(msg: dict[str, Any]) -> None:
        seen.append(msg)
        if len(seen) == WANTED:
            enough.set()

    with Recorder(file) as recorder, SocketManager(client, dialer=recorder.dial) as manager:
        manager.start_trade_socket("ETHBTC", process_trade)
        enough.wait(60)


def turnover(file: Path) -> float:
    """What the trades in a recording were worth."""
    worth: list[float] = []

    with Replay(file) as replay:
        replay.manager().start_trade_socket("ETHBTC", lambda msg: worth.append(float(msg["p"]) * float(msg["q"])))
        replay.play()
    print(f"{len(worth)} trades worth {sum(worth):.8f}")
    return sum(worth)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trades.jsonl.gz"
        if "--sandbox" in sys.argv:
            with Sandbox() as exchange:
                record(Client(environment=exchange.urls["binance"]), file)
        else:
            record(Client(), file)
        print("the same" if turnover(file) == turnover(file) else "not the same")
