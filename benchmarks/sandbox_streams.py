"""A sandbox whose market says what a benchmark wants it to say. Prints its address and one of its messages.

Each line on its standard input is a number: so many depth updates are made and sent, one per turn of the reactor. All of them are
of one length, so that whoever drains a socket knows when he has everything. Its own time stands still, so nobody else speaks.
"""

from __future__ import annotations

import json
import threading
from itertools import count

from turns import take_orders

from exchangeclient.core.process import reactor
from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.binance.feeds import FAST_US
from exchangeclient.sandbox.dialects.binance.streams import StreamHub
from exchangeclient.sandbox.dialects.binance.times import Unit
from exchangeclient.sandbox.engine.events import LevelChanged
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.words import Side
from exchangeclient.serving.app import Message

STREAM = "btcusdt@depth@100ms"

_START_US = 1_700_000_000_000_000
_LEVELS = 10


class Speaker:
    """Tells the streams of changes that the engine has not made."""

    def __init__(self, streams: StreamHub) -> None:
        self._streams = streams
        self._times = count(_START_US + FAST_US, FAST_US)
        self._updates = count(10**9)

    def broadcast(self) -> None:
        """Ten levels change, and the time for the next message has come."""
        now_us = next(self._times)
        changes = [
            LevelChanged("BTCUSDT", next(self._updates), Side.BUY, (5000 + level) * UNIT, UNIT + level, now_us) for level in range(_LEVELS)
        ]
        self._streams.observe(changes, (), now_us, now_us)

    def sample(self) -> str:
        """One message, as a subscriber gets it; those from now on are as long."""
        reader = _Reader()
        self._streams.subscribe(STREAM, reader)
        self.broadcast()  # the first one begins at the book's own id, which is shorter
        self.broadcast()
        return reader.taken[-1].payload.decode()


class _Reader:
    """Keeps what it is told, and keeps the stream collecting."""

    combined = False
    unit: Unit = "MILLISECOND"

    def __init__(self) -> None:
        self.taken: list[Message] = []

    def deliver(self, message: Message) -> None:
        self.taken = [message]


if __name__ == "__main__":
    exchange = Sandbox(start=_START_US // 1000, speed=0, limits="counted")
    exchange.start()
    speaker = Speaker(exchange._venue.streams)  # what the engine itself tells depends on the market
    sample = speaker.sample()
    take_orders(reactor.running(), speaker.broadcast)
    print(json.dumps({"url": f"{exchange.urls['binance']['stream']}/ws/{STREAM}", "sample": sample}), flush=True)
    threading.Event().wait()
