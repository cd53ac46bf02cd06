"""What hostile websocket clients send, drawn from a seed: odd handshakes, frames against the rules, messages that make no sense. Pure."""

from __future__ import annotations

import base64
import json
from random import Random
from urllib.parse import quote

from hostile_requests import ODD_TEXTS, ODD_VALUES, Signer, broken_json, legal_call, legal_value, spoil, spoilt_json

from exchangeclient.sandbox.dialects.binance.routes import ROUTES

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

STREAM_PATHS = ("/ws", "/stream", "/ws/ethbtc@depth", "/stream?streams=ethbtc@trade/btcusdt@bookTicker", "/ws/ethbtc@kline_1m")
API_PATH = "/ws-api/v3"

_STREAMS = ("ethbtc@trade", "ethbtc@depth@100ms", "btcusdt@depth5", "!miniTicker@arr", "ethbtc@kline_1m", "ethbtc@avgPrice")
_TOO_MANY = "/".join(f"ethbtc@depth{number}" for number in range(1500))
_CONTROLS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_METHODS = (
    "ping",
    "time",
    "exchangeInfo",
    "depth",
    "klines",
    "ticker.24hr",
    "order.place",
    "order.test",
    "order.cancel",
    "order.status",
    "openOrders.status",
    "openOrders.cancelAll",
    "account.status",
    "myTrades",
    "session.logon",
    "session.status",
    "session.logout",
    "session.subscriptions",
    "userDataStream.subscribe",
    "userDataStream.subscribe.signature",
    "userDataStream.unsubscribe",
    "v3/ping",
)


def handshake(path: str, host: str, key: str) -> bytes:
    """An honest one."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def odd_handshake(draw: Random, host: str) -> bytes:
    """One that should be refused, or accepted for something that does not exist."""
    key = base64.b64encode(draw.randbytes(16)).decode()
    honest = handshake(draw.choice((*STREAM_PATHS, API_PATH)), host, key).decode()
    return draw.choice(
        (
            honest.replace("Version: 13", f"Version: {draw.choice(('12', '8', '99', '', 'x', '13, 8'))}"),
            honest.replace(key, draw.choice(("", "x", key[:-4], "\u00e4", key + key, "=" * 24))),
            honest.replace("GET", draw.choice(("POST", "HEAD", "get", "PUT"))),
            honest.replace("Upgrade: websocket\r\n", "Upgrade: websocket\r\nUpgrade: h2c\r\n"),
            honest.replace("Connection: Upgrade\r\n", ""),
            honest.replace("Connection: Upgrade", "Connection: keep-alive, close"),
            honest.replace(f"Sec-WebSocket-Key: {key}\r\n", ""),
            honest.replace("HTTP/1.1", "HTTP/1.0"),
            honest.replace("\r\n\r\n", '\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99; x="\r\n\r\n'),
            honest.replace("\r\n\r\n", f"\r\nSec-WebSocket-Protocol: {'a,' * 500}\r\n\r\n"),
            honest.replace("\r\n\r\n", "\r\nOrigin: http://evil.invalid\r\n\r\n"),
            honest.replace("\r\n\r\n", "\r\nContent-Length: 10\r\n\r\n0123456789"),
            handshake(f"/stream?streams={_TOO_MANY}", host, key).decode(),
            handshake(f"/ws/{quote(draw.choice(ODD_TEXTS)[:400])}", host, key).decode(),
            handshake(
                f"/stream?{draw.choice(('streams=%', 'streams=%ff', 'streams', '=', 'timeUnit=x', 'streams=a&streams=b'))}", host, key
            ).decode(),
            handshake(
                f"{API_PATH}?{draw.choice(('returnRateLimits=x', 'timeUnit=MICROSECOND', 'responseFormat=sbe', '%'))}", host, key
            ).decode(),
            handshake("/ws/../../etc/passwd", host, key).decode(),
        )
    ).encode()


def frame(draw: Random, opcode: int, payload: bytes, *, final: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """One frame, as a client sends it unless told otherwise."""
    first = (0x80 if final else 0) | reserved << 4 | opcode
    length = len(payload)
    if length < 126:
        head = bytes((first, (0x80 if masked else 0) | length))
    elif length < 2**16:
        head = bytes((first, (0x80 if masked else 0) | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, (0x80 if masked else 0) | 127)) + length.to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = draw.randbytes(4)
    pattern = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ pattern).to_bytes(length, "big")


def odd_frames(draw: Random) -> bytes:
    """Frames that break a rule of RFC 6455, or strain one."""
    text = b'{"id":1,"method":"ping"}'
    many = draw.choice((10, 300))
    match draw.randrange(16):
        case 0:
            return frame(draw, TEXT, text, masked=False)
        case 1:
            return frame(draw, TEXT, text, reserved=draw.randint(1, 7))
        case 2:
            return frame(draw, draw.choice((3, 4, 7, 11, 15)), text)
        case 3:
            return frame(draw, TEXT, draw.choice((b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b'{"id":"\xc3')))
        case 4:
            return frame(draw, draw.choice((PING, PONG, CLOSE)), b"x" * 126)
        case 5:
            return frame(draw, PING, b"x", final=False)
        case 6:
            return frame(draw, 0, text)  # a continuation of nothing
        case 7:
            return frame(draw, TEXT, text, final=False) + frame(draw, TEXT, text)
        case 8:
            pieces = [frame(draw, TEXT, b"{", final=False), *(frame(draw, 0, b" ", final=False) for _ in range(many))]
            return b"".join(pieces) + frame(draw, PING, b"in between") + frame(draw, 0, b"}")
        case 9:
            return b"".join(frame(draw, PING, b"") for _ in range(many)) + frame(draw, PONG, b"nobody asked")
        case 10:
            return frame(draw, CLOSE, draw.choice((b"", b"\x03", b"\x03\xe8", b"\x03\xed", b"\x00\x00", b"\xff\xff", b"\x03\xe8\xff")))
        case 11:
            return (
                bytes((0x81, 0xFF))
                + draw.choice((b"\xff" * 8, b"\x7f" + b"\xff" * 7, (2**21).to_bytes(8, "big"), (2).to_bytes(8, "big")))
                + b"mask"
            )
        case 12:
            return bytes((0x81, 0xFE, 0, 2)) + b"mask" + b"xx"  # a length that takes more bytes than it needs
        case 13:
            return frame(draw, BINARY, draw.choice((text, draw.randbytes(200), b"")))
        case 14:
            return draw.randbytes(draw.choice((2, 14, 500)))
        case _:
            return frame(draw, TEXT, b'{"id":"' + b"x" * draw.choice((60_000, 1_048_500, 1_100_000)) + b'"}')


def control_message(draw: Random) -> bytes:
    """A control message of the streams, with something wrong about it in most cases."""
    message: dict[str, object] = {"method": draw.choice(_CONTROLS), "id": draw.randrange(100)}
    if draw.random() < 0.9:
        streams: list[object] = [draw.choice(_STREAMS) for _ in range(draw.randrange(4))]
        if draw.random() < 0.3:
            streams.append(draw.choice(ODD_VALUES))
        message["params"] = (
            ["combined", draw.choice((True, False, *ODD_VALUES))] if str(message["method"]).endswith("PROPERTY") else streams
        )
    return _text(draw, message)


def api_message(draw: Random, signer: Signer) -> bytes:
    """A request of the WebSocket API, with something wrong about it in most cases; signed as it should be in most."""
    if draw.random() < 0.5:
        _, _, params, signed = legal_call(draw)
        method = draw.choice(_METHODS)
    else:
        method, signed = draw.choice(_METHODS), draw.random() < 0.7
        names = draw.choice(_NAMES)
        params = {name: legal_value(draw, name) for name in names if draw.random() < 0.7}
    if draw.random() < 0.6:
        params = spoil(draw, params)
    sent: dict[str, object] = dict(params)
    if signed:
        params |= {"apiKey": signer.key, "timestamp": str(signer.now_ms)}
        sent |= {"apiKey": signer.key, "timestamp": signer.now_ms}
        sent["signature"] = signer.sign("&".join(f"{name}={params[name]}" for name in sorted(params)))
    return _text(draw, {"id": draw.choice((1, "a", None, "x" * 36, "x" * 37)), "method": method, "params": sent})


def _text(draw: Random, message: dict[str, object]) -> bytes:
    spoilt = spoilt_json(draw, message) if draw.random() < 0.5 else message
    return broken_json(draw, json.dumps(spoilt)).encode("utf-8", "replace")


_NAMES = tuple(route.names for route in ROUTES.values() if route.names)
