"""BitMEX's realtime feed, as fast as a client reads. Prints its address.

    bitmex_server.py TURNS

A websocket, whatever its path, is welcomed, has its first subscription confirmed, and gets the feed of XBTUSD so many times: the recorded
one when it lies beside the repository, else one that is made up of the same shape. Between the book and its changes, and behind them, comes
a mark: a row of ``announcement`` whose id is the number of messages so far, and whose title says which of the two it is.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

_RECORDING = Path(__file__).resolve().parents[2] / "shared" / "recordings" / "bitmex.jsonl.gz"
_SYMBOL = "XBTUSD"
_PATIENCE_S = 1.0


def main() -> None:
    """Serve until the process is ended."""
    turns = int(sys.argv[1])
    feed = _recorded() if _RECORDING.exists() else _made_up()
    partials = [text for text in feed if '"action":"partial"' in text[:60]]
    changes = [text for text in feed if '"action":"partial"' not in text[:60]]
    instrument = _partial("instrument", ["symbol"], [{"symbol": _SYMBOL, "tickSize": 0.5}])
    block, count = [], 0
    for _ in range(turns):
        for title, texts in (("book", [instrument, *partials]), ("changes", changes)):
            count += len(texts)
            block += [*texts, _partial("announcement", ["id"], [{"id": count, "title": title}])]
    frames = b"".join(map(_frame, block))
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        print(f"ws://127.0.0.1:{listener.getsockname()[1]}/realtime", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, frames), daemon=True).start()


def _serve(connection: socket.socket, frames: bytes) -> None:
    with suppress(OSError), connection:  # the client went away
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += connection.recv(65536)
        key = next(row.partition(b":")[2].strip() for row in request.split(b"\r\n") if row.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n" % accept
        )
        connection.sendall(_frame(json.dumps({"info": "Welcome to the Realtime API.", "version": "2.0.0", "limit": {"remaining": 39}})))
        connection.settimeout(_PATIENCE_S)
        with suppress(TimeoutError):  # some name their topics in the address
            asked = json.loads(_unmasked(connection))
            for topic in asked["args"]:
                connection.sendall(_frame(json.dumps({"success": True, "subscribe": topic, "request": asked})))
        connection.settimeout(None)
        connection.sendall(frames)
        while connection.recv(65536):
            pass


def _unmasked(connection: socket.socket) -> bytes:
    """The first frame that the client sends."""
    with connection.makefile("rb") as stream:
        head = stream.read(2)
        length = head[1] & 127
        if length > 125:
            length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
        mask = stream.read(4)
        return bytes(byte ^ mask[index % 4] for index, byte in enumerate(stream.read(length)))


def _recorded() -> list[str]:
    with gzip.open(_RECORDING, "rt", encoding="utf-8") as lines:
        texts = [record["msg"] for record in map(json.loads, lines) if record["dir"] == "in"]
    return [text for text in texts if text.startswith('{"table"') and f'"symbol":"{_SYMBOL}"' in text]


def _made_up() -> list[str]:
    dice = random.Random(1)
    rows = {number: _level(number, dice) for number in range(0, 20_000, 2)}
    texts = [_partial(table, [], [], attributes={"timestamp": "sorted", "symbol": "grouped"}) for table in ("quote", "trade")]
    texts.append(_partial("orderBookL2", ["symbol", "id", "side"], list(rows.values())))
    for _ in range(1700):
        number = dice.choice(list(rows))
        known = {name: rows[number][name] for name in ("symbol", "id", "side")}
        match dice.choice(("update", "update", "update", "insert", "delete")):
            case "update":
                texts.append(_message("orderBookL2", "update", [{**known, "size": dice.randrange(1, 10**6)}]))
            case "delete":
                del rows[number]
                texts.append(_message("orderBookL2", "delete", [known]))
            case _:
                number = next(new for new in iter(lambda: dice.randrange(20_000), None) if new not in rows)
                rows[number] = _level(number, dice)
                texts.append(_message("orderBookL2", "insert", [rows[number]]))
    return texts


def _level(number: int, dice: random.Random) -> dict[str, Any]:
    row_id, side = 8_800_000_000 - 100 * number, "Buy" if number < 12_000 else "Sell"
    return {"symbol": _SYMBOL, "id": row_id, "side": side, "size": dice.randrange(1, 10**6), "price": number / 2}


def _partial(table: str, keys: list[str], rows: list[dict[str, Any]], **more: Any) -> str:
    covers = {"symbol": _SYMBOL} if rows and "symbol" in rows[0] else {}
    said = {"table": table, "action": "partial", "keys": keys, "types": {}, "foreignKeys": {}, "attributes": {}, **more}
    return json.dumps({**said, "filter": covers, "data": rows}, separators=(",", ":"))


def _message(table: str, action: str, rows: list[dict[str, Any]]) -> str:
    return json.dumps({"table": table, "action": action, "data": rows}, separators=(",", ":"))


def _frame(text: str) -> bytes:
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return bytes([0x81, length]) + payload
    return b"\x81" + (b"\x7e" + length.to_bytes(2, "big") if length < 65536 else b"\x7f" + length.to_bytes(8, "big")) + payload


if __name__ == "__main__":
    main()
