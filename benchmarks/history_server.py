"""A venue with nothing but candles of one symbol, minute by minute, whatever stretch is asked for. Prints its address.

    python history_server.py MINUTES [--delay SECONDS] [--weight NUMBER --window SECONDS]

Each answer comes so much later, as after a long way, and each connection has a thread, so answers keep nobody else waiting. A request
over the weight is refused; ``GET /counted`` tells what was counted in each window and how many were refused.
"""

from __future__ import annotations

import argparse
import functools
import json
import socket
import threading
import time
from collections import Counter
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

FIRST_MS = 1_500_000_000_000
MINUTE_MS = 60_000
_FAR = 10**9
_PERIOD = 1000  # minutes, after which the figures of candles repeat
_WEIGHTS = {"/api/v3/klines": 2, "/api/v3/exchangeInfo": 20}
_PHRASES = {200: "OK", 429: "Too Many Requests"}


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("minutes", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--weight", type=int, default=_FAR)
    parser.add_argument("--window", type=int, choices=range(1, 61), default=60)
    options = parser.parse_args()
    venue = Venue(options.minutes, options.weight, options.window)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, venue, options.delay), daemon=True).start()


class Venue:
    """Answers requests, and counts what they cost in windows that are aligned to the clock."""

    def __init__(self, minutes: int, weight: int, window_s: int) -> None:
        self._end_ms = FIRST_MS + minutes * MINUTE_MS
        self._weight, self._window_s = weight, window_s
        self._used: Counter[int] = Counter()
        self._refused = 0
        self._lock = threading.Lock()

    def answer(self, target: str) -> bytes:
        path, _, query = target.partition("?")
        if path == "/counted":
            return _http(200, json.dumps({"used": self._used, "refused": self._refused}).encode())
        with self._lock:
            now_s = time.time()
            window = int(now_s // self._window_s)
            self._used[window] += _WEIGHTS.get(path, 1)
            used = self._used[window]
            is_over = used > self._weight
            self._refused += is_over
        headers = f"x-mbx-used-weight-{'1M' if self._window_s == 60 else f'{self._window_s}S'}: {used}\r\n"
        if is_over:
            return _http(429, b'{"code":-1003,"msg":"Too much request weight used."}', f"{headers}Retry-After: {self._window_s}\r\n")
        return _http(200, self._body(path, dict(parse_qsl(query)), now_s), headers)

    def _body(self, path: str, parameters: dict[str, str], now_s: float) -> bytes:
        match path.rpartition("/")[2]:
            case "klines":
                first_ms, last_ms = int(parameters.get("startTime", 0)), int(parameters.get("endTime", self._end_ms))
                first, last = max(FIRST_MS, first_ms + -first_ms % MINUTE_MS), min(self._end_ms - MINUTE_MS, last_ms)
                count = min(int(parameters.get("limit", 500)), (last - first) // MINUTE_MS + 1)
                return _candles(first, max(0, count))
            case "exchangeInfo":
                return json.dumps(self._exchange_info()).encode()
            case "time":
                return b'{"serverTime":%d}' % (now_s * 1000)
            case _:
                return b"{}"

    def _exchange_info(self) -> dict[str, Any]:
        interval = ("MINUTE", 1) if self._window_s == 60 else ("SECOND", self._window_s)
        limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": interval[0], "intervalNum": interval[1], "limit": self._weight}
        tick = {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"}
        lot = {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"}
        assets = {"symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT", "baseAssetPrecision": 8, "quoteAssetPrecision": 8}
        symbol = {**assets, "status": "TRADING", "isSpotTradingAllowed": True, "orderTypes": ["LIMIT"], "permissions": ["SPOT"]}
        return {"timezone": "UTC", "serverTime": 0, "rateLimits": [limit], "symbols": [{**symbol, "filters": [tick, lot]}]}


def _candles(first_ms: int, count: int) -> bytes:
    opens = range(first_ms, first_ms + count * MINUTE_MS, MINUTE_MS)
    closes = range(first_ms + MINUTE_MS - 1, first_ms + (count + 1) * MINUTE_MS - 1, MINUTE_MS)
    return _form(first_ms // MINUTE_MS % _PERIOD, count) % tuple(chain.from_iterable(zip(opens, closes, strict=True)))


@functools.cache
def _form(first: int, count: int) -> bytes:
    """A page without its times: so all that is left to do for one is to fill those in."""
    return f"[{','.join(_row(number % _PERIOD) for number in range(first, first + count))}]".encode()


def _row(number: int) -> str:
    price, amount = 43_000 + number * 37 % 1000 * 0.5, 1.5 + number * 0.013
    prices = ",".join(f'"{price + change:.8f}"' for change in (0, 12.5, -11, 3.25))
    volumes = f'"{amount * price:.8f}",{100 + number},"{amount / 2:.8f}","{amount * price / 2:.8f}","0"'
    return f'[%d,{prices},"{amount:.8f}",%d,{volumes}]'


def _http(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} {_PHRASES[status]}\r\nContent-Type: application/json;charset=UTF-8\r\nConnection: keep-alive\r\n"
    return f"{head}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _serve(connection: socket.socket, venue: Venue, delay_s: float) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    with connection:
        while received := connection.recv(1 << 16):
            waiting += received
            while b"\r\n\r\n" in waiting:  # what is asked here has no body
                head, _, waiting = waiting.partition(b"\r\n\r\n")
                time.sleep(delay_s)
                connection.sendall(venue.answer(head.split(b" ", 2)[1].decode()))


if __name__ == "__main__":
    main()
