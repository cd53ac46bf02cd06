"""What a hostile program sends to the 1Token gateway, drawn from a seed: calls, signed or not, with something wrong about them. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from random import Random
from urllib.parse import quote

from hostile_calls import Robot
from hostile_requests import ODD_TEXTS, broken_json, spoilt_json

_QUOTES = ("basic/time", "basic/contracts", "basic/exchanges", "quote/ticks", "quote/candles", "quote/trades", "r/swagger")
_CONTRACTS = (
    "binance/btc.usdt",
    "binance/eth.usdt",
    "btc.usdt:xtc.binance",
    "okex/btc.usdt",
    "binance/no.thing",
    "bittrex/a.b",
    "bitmex/btc.usd.td",
)
_ACCOUNTS = ("binance/mock-1token", "binance/mock-2", "okex/mock-1token", "binance/main", "exx/a", "huobim/a", "binance/..", "a/b")
_CALLS = (
    "info",
    "status",
    "orders",
    "orders",
    "orders",
    "orders/all",
    "trans",
    "withdraws",
    "dealt-order/orders",
    "dealt-order/trans",
    "nowhere",
)
_VERBS = ("GET", "GET", "POST", "POST", "PATCH", "DELETE", "PUT", "HEAD")
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "contract": _CONTRACTS,
    "exchange": ("binance", "okex", "bittrex", "nowhere"),
    "name": ("btc.usdt", "no.thing"),
    "duration": ("1m", "1h", "7m", "15min"),
    "since": ("1700000000", "2026-01-01", "1e300", "-1", "9" * 30),
    "until": ("1700000000", "2026-01-01T00:00:00+00:00"),
    "state": ("active", "end", "all", "dealt", "gone"),
    "client_oid": ("a", "a,b,c", "binance/btc.usdt-1", "a,b,c,d,e,f,g,h,i,j"),
    "exchange_oid": ("binance/btc.usdt-1", "binance/btc.usdt-x", "binance/btc.usdt--1", "1"),
    "helper": ("db", "x"),
    "count": ("1", "-1", "9999999"),
    "start": ("2026-01-01", "x"),
}
_LONGEST = 500  # a request line that is longer than 16 KiB is refused before anybody reads it
_ODD_HEADERS = (
    "Host: evil.invalid",
    "Origin: http://evil.invalid",
    "Referer: http://evil.invalid/",
    "Cookie: a=b",
    "Content-Encoding: gzip",
)


def call(draw: Random, robot: Robot, host: str) -> bytes:
    """A call with up to three things wrong, correctly framed."""
    verb, body = draw.choice(_VERBS), b""
    if draw.random() < 0.3:
        contract = draw.choice(_CONTRACTS) if draw.random() < 0.8 else quote(draw.choice(ODD_TEXTS)[:_LONGEST], errors="replace")
        path = f"quote/single-tick/{contract}" if draw.random() < 0.3 else draw.choice(_QUOTES)
        signed = f"/{path}"
    else:
        account = draw.choice(_ACCOUNTS[:2]) if draw.random() < 0.8 else draw.choice(_ACCOUNTS)
        signed = f"/{account}/{draw.choice(_CALLS)}"
        path = f"trade{signed}"
        if verb in ("POST", "PATCH", "PUT"):
            body = _body(draw)
    names = draw.sample(sorted(_PARAMETERS), draw.randint(0, 3))
    query = "&".join(f"{name}={quote(_value(draw, name), errors='replace')}" for name in names)
    nonce = str(draw.getrandbits(52)) if draw.random() < 0.9 else draw.choice(("7", "", "-1", "x", "9" * 400))
    secret = robot.secret if draw.random() < 0.9 else "wrong"
    signature = hmac.new(secret.encode(), f"{verb}{signed}{nonce}".encode() + body, hashlib.sha256).hexdigest()
    prefix = draw.choice(("/api/v1/", "/api/v1/", "/v1/", "/", "/api/v1/../"))
    odd = draw.sample(_ODD_HEADERS, 1) if draw.random() < 0.05 else []
    hosts = [] if any(each.startswith("Host:") for each in odd) else [f"Host: {host}"]
    headers = [f"Api-Key: {robot.key}", f"Api-Nonce: {nonce}", f"Api-Signature: {signature}"] if draw.random() < 0.95 else []
    door = robot.door if draw.random() < 0.97 else "wrong"
    lines = [f"{verb} /{door}{prefix}{path}?{query} HTTP/1.1", *hosts, *odd, *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _body(draw: Random) -> bytes:
    posted: object = {
        "contract": draw.choice(_CONTRACTS[:3]),
        "price": draw.choice((3000, "3000", -1, 0.001, 1e300)),
        "bs": draw.choice(("b", "s", "x")),
        "amount": draw.choice((0.01, "0.01", 0, 1e-9)),
        "options": draw.choice(({}, "{}", {"type": "market"}, {"post_only": True}, "{")),
        "tags": draw.choice(({}, "a:1", 5)),
    }
    if draw.random() < 0.5:
        posted = spoilt_json(draw, posted)
    return broken_json(draw, json.dumps(posted)).encode("utf-8", "surrogatepass")


def _value(draw: Random, name: str) -> str:
    return draw.choice(_PARAMETERS[name]) if draw.random() < 0.8 else draw.choice(ODD_TEXTS)[:_LONGEST]
