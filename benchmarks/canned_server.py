"""A server that answers at once with what was made beforehand, so that the client dominates. Prints its address.

One thread for each connection, which stays open. The answers and their headers are shaped like the venue's; the exchange information is
the embedded exchange's own under as many names as the venue lists.
"""

from __future__ import annotations

import json
import socket
import threading
from typing import Any
from urllib.request import urlopen

from exchangeclient.sandbox import Sandbox

_CANDLES = 1000
_SYMBOLS = 1500
_HEADERS = (
    "HTTP/1.1 200 OK",
    "Content-Type: application/json;charset=UTF-8",
    "Server: canned",
    "Date: Fri, 20 Nov 2026 12:00:00 GMT",
    "Connection: keep-alive",
    "x-mbx-uuid: 00000000-0000-0000-0000-000000000000",
    "x-mbx-used-weight: 20",
    "x-mbx-used-weight-1m: 20",
    "Cache-Control: no-cache, no-store, must-revalidate",
)


def main() -> None:
    """Serve until the process is ended."""
    answers = {path: _answer(body) for path, body in (("/api/v3/klines", _klines()), ("/api/v3/exchangeInfo", _exchange_info()))}
    other = _answer({"symbol": "BTCUSDT", "price": "43211.07000000"})
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, answers, other), daemon=True).start()


def _serve(connection: socket.socket, answers: dict[str, bytes], other: bytes) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    with connection:
        while received := connection.recv(1 << 16):
            waiting += received
            while b"\r\n\r\n" in waiting:  # what is asked here has no body
                head, _, waiting = waiting.partition(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode()
                connection.sendall(answers.get(target.partition("?")[0], other))


def _answer(body: Any) -> bytes:
    text = json.dumps(body, separators=(",", ":")).encode()
    return "\r\n".join((*_HEADERS, f"Content-Length: {len(text)}", "", "")).encode() + text


def _klines() -> list[list[Any]]:
    rows: list[list[Any]] = []
    for number in range(_CANDLES):
        opened_ms, price, amount = 1_700_000_040_000 + number * 60_000, 43_000 + number * 37 % 1000 * 0.5, 1.5 + number * 0.013
        prices = [f"{price + change:.8f}" for change in (0, 12.5, -11, 3.25)]
        volumes = [f"{amount * price:.8f}", 100 + number, f"{amount / 2:.8f}", f"{amount * price / 2:.8f}", "0"]
        rows.append([opened_ms, *prices, f"{amount:.8f}", opened_ms + 59_999, *volumes])
    return rows


def _exchange_info() -> dict[str, Any]:
    with Sandbox(seed=1) as exchange, urlopen(f"{exchange.urls['binance']['rest']}/api/v3/exchangeInfo") as answer:
        info: dict[str, Any] = json.load(answer)
    known = info["symbols"]
    info["symbols"] = [
        *known,
        *(known[number % len(known)] | {"symbol": f"COIN{number}USDT", "baseAsset": f"COIN{number}"} for number in range(_SYMBOLS)),
    ]
    return info


if __name__ == "__main__":
    main()
