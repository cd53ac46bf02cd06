"""One websocket client in a process of its own: hands so many messages to a callback and prints what it measured.

    feed_client.py CLIENT ADDRESS COUNT [CERTIFICATE]

Of a flood that is how many messages came to the callback, decoded, for a second of the process's CPU; of messages that say when they were
sent, the median and the 99th percentile of microseconds until the callback has them. CERTIFICATE is the one file to trust. It runs in the
virtual environment of whichever client it is, so it imports nothing of this folder.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

_NEVER_S = 120.0
Callback = Callable[[Any], None]


class Meter:
    """The user's callback."""

    def __init__(self, count: int) -> None:
        self._count, self._warming = count, count // 20
        self._seen = 0
        self._begun_s = 0.0
        self._late_us: list[float] = []

    def __call__(self, event: Any) -> None:
        now = time.monotonic_ns()
        self._seen = seen = self._seen + 1
        if "sent" in event:
            self._late_us.append((now - event["sent"]) / 1000)
        if seen == self._warming:
            self._begun_s = time.process_time()
        elif seen == self._count:
            self._end()

    def _end(self) -> None:
        if self._late_us:
            late_us = self._late_us[self._warming :]
            print(statistics.median(late_us), statistics.quantiles(late_us, n=100)[98])
        else:
            print((self._count - self._warming) / (time.process_time() - self._begun_s))
        sys.stdout.flush()
        os._exit(0)  # some of these clients cannot be ended from within


def ours(address: str, certificate: str, callback: Callback, **options: Any) -> None:
    """As its users use it."""
    from exchangeclient.client import Client
    from exchangeclient.websockets import SocketManager

    client = Client(environment=address, requests_params={"verify": certificate} if certificate else None)
    manager = SocketManager(client, **options)
    manager.start_depth_socket("BTCUSDT", callback)
    manager.start()
    manager.join()


def ours_spared(address: str, certificate: str, callback: Callback) -> None:
    """The same, with the garbage collector told to look less often."""
    ours(address, certificate, callback, spare_collector=True)


def python_binance(address: str, certificate: str, callback: Callback) -> None:  # noqa: ARG001 - it is not asked for TLS
    """As its users use it, but for the address and the queue, which holds 100 messages by default and ends the stream beyond."""
    from binance import ThreadedWebsocketManager  # type: ignore[import-not-found]  # in the peers' virtual environment
    from binance.base_client import BaseClient  # type: ignore[import-not-found]  # as above
    from binance.ws.streams import BinanceSocketManager  # type: ignore[import-not-found]  # as above

    BinanceSocketManager.STREAM_URL = f"{address.replace('http', 'ws', 1)}/"
    BaseClient.API_URL = f"{address}/api"
    manager = ThreadedWebsocketManager(max_queue_size=10**9)
    manager.start()
    manager.start_depth_socket(callback=callback, symbol="BTCUSDT")
    time.sleep(_NEVER_S)


def unicorn(address: str, certificate: str, callback: Callback) -> None:  # noqa: ARG001 - as above
    """As its users use it, decoding included."""
    from unicorn_binance_websocket_api import BinanceWebSocketApiManager  # type: ignore[import-not-found]  # as above

    manager = BinanceWebSocketApiManager(
        exchange="binance.com",
        websocket_base_uri=f"{address.replace('http', 'ws', 1)}/",
        disable_colorama=True,
        output_default="dict",
        warn_on_update=False,
        process_stream_data=lambda event, **_: callback(event),
    )
    manager.create_stream(["depth"], ["btcusdt"])
    time.sleep(_NEVER_S)


def aiohttp_orjson(address: str, certificate: str, callback: Callback) -> None:  # noqa: ARG001 - as above
    """The fastest that is written in a few lines on a library: no thread, no reconnecting, no error isolation."""
    import aiohttp  # type: ignore[import-not-found]  # as above
    import orjson  # type: ignore[import-not-found]  # as above

    async def run() -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/ws", max_msg_size=0) as stream:
            async for message in stream:
                callback(orjson.loads(message.data))

    asyncio.run(run())


def raw_orjson(address: str, certificate: str, callback: Callback) -> None:  # noqa: ARG001 - as above
    """What Python can do at most: a socket, and only the frames that this server sends."""
    import orjson  # type: ignore[import-not-found]  # as above

    host, _, port = address.rpartition("/")[2].rpartition(":")
    with socket.create_connection((host, int(port))) as stream:
        stream.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n\r\n")
        data = b""
        while b"\r\n\r\n" not in data:
            data += stream.recv(4096)
        _, _, data = data.partition(b"\r\n\r\n")
        while True:
            at, end = 0, len(data)
            while end - at > 1:
                length, begin = data[at + 1], at + 2
                if length == 126:
                    begin = at + 4
                    length = int.from_bytes(data[at + 2 : begin], "big")
                elif length == 127:
                    begin = at + 10
                    length = int.from_bytes(data[at + 2 : begin], "big")
                if begin + length > end:
                    break
                callback(orjson.loads(data[begin : begin + length]))
                at = begin + length
            data = data[at:] + stream.recv(1 << 18)


CLIENTS: dict[str, Callable[[str, str, Callback], None]] = {
    "exchangeclient": ours,
    "exchangeclient-spared": ours_spared,
    "python-binance": python_binance,
    "unicorn-binance-websocket-api": unicorn,
    "aiohttp": aiohttp_orjson,
    "orjson": raw_orjson,
}


if __name__ == "__main__":
    client, address, count, *trusted = sys.argv[1:]
    CLIENTS[client](address, "".join(trusted), Meter(int(count)))
