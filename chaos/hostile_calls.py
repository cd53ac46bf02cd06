"""What a hostile robot posts to the gateway, drawn from a seed: calls of the universal protocol with something wrong about them. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from hostile_requests import ODD_TEXTS, ODD_VALUES, broken_json, spoilt_json

_SYMBOLS = ("BTC_USDT", "eth_usdt", "LTC_USDT", "BTC_USDT.swap", "BTC_USD.swap", "USDT", "NO_SUCH")
_IDS = ("BTCUSDT,1", "BTC-USDT,1", "1", "ETH-USDT,123456", "XBTUSD,5c9b4e35-0000-0000-0000-000000000000", ",", "BTCUSDT,")
_CALLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ticker", ("symbol",)),
    ("depth", ("symbol", "limit")),
    ("trades", ("symbol",)),
    ("records", ("symbol", "period", "limit")),
    ("markets", ()),
    ("tickers", ()),
    ("accounts", ()),
    ("assets", ()),
    ("trade", ("symbol", "type", "price", "amount")),
    ("orders", ("symbol",)),
    ("order", ("id", "symbol")),
    ("cancel", ("id", "symbol")),
    ("historyorders", ("symbol", "since", "limit")),
    ("positions", ("symbol",)),
    ("marginlevel", ("symbol", "level")),
    ("fundings", ("symbol",)),
    ("io", ("code", "args")),
    ("__api_/api/v3/order", ("symbol", "orderId")),
    ("__api_/api/v5/trade/orders-pending", ("instType", "instId")),
    ("__api_/api/v5/trade/batch-orders", ("__body",)),
    ("__api_/api/v1/order", ("symbol", "orderID", "filter")),
)
_LEGAL: dict[str, tuple[object, ...]] = {
    "symbol": _SYMBOLS,
    "id": _IDS,
    "limit": ("5", 0, "100"),
    "period": ("60", 5, "7"),
    "since": (0, "1700000000000"),
    "type": ("buy", "sell", "closebuy", 'buy;{"timeInForce":"IOC"}'),
    "price": ("5000", "-1", 0, 410.5),
    "amount": ("0.05", "1", 1e-05),
    "level": ("5", 10),
    "code": (0, 1, 2, 3),
    "args": ([10], ["buy"], ["swap"], []),
    "__body": ("[]", "{}", "["),
}
_VENUES = ("OKX", "Binance", "BitMEX", "SANDBOX", "okx", "Nope", "", "..", "%2e%2e", "OKX/x", "OKX?NaN=1", "Binance?a=NaN#b")
_ODD_HEADERS = (
    "Host: evil.invalid",
    "Origin: http://evil.invalid",
    "Origin: null",
    "Referer: http://evil.invalid/",
    "Content-Type: multipart/form-data",
    "Content-Encoding: gzip",
    "Authorization: Bearer wrong",
    "Http-Method: CONNECT",
    "Http-Method: \x01",
    "Cookie: a=b",
    "X-Forwarded-For: 6.6.6.6",
)


@dataclass(frozen=True, slots=True)
class Robot:
    """Whose calls these are.

    :ivar door: the token that the path begins with
    """

    key: str
    secret: str
    door: str


def call(draw: Random, robot: Robot, host: str) -> tuple[bytes, bool]:
    """A call with up to three things wrong, correctly framed; and whether it must be answered as one that came whole."""
    method, names = draw.choice(_CALLS)
    params = {name: draw.choice(_LEGAL.get(name, ("1", "BTC-USDT"))) for name in names if draw.random() < 0.9}
    secret = (
        robot.secret if draw.random() < 0.9 else draw.choice((robot.secret + ",p", robot.secret + ",p,x", robot.secret + ",p,simulate", ""))
    )
    posted: object = {
        "access_key": robot.key,
        "secret_key": secret,
        "nonce": draw.choice((draw.getrandbits(62), 1730275031047002000, 7)),
        "method": method,
        "params": params,
    }
    if draw.random() < 0.5:
        posted = spoilt_json(draw, posted)
    if draw.random() < 0.1:
        posted = {"access_key": robot.key, "secret_key": robot.secret, "method": draw.choice(ODD_TEXTS), "params": draw.choice(ODD_VALUES)}
    body = broken_json(draw, json.dumps(posted)).encode("utf-8", "surrogatepass")
    door = robot.door if draw.random() < 0.97 else draw.choice(("wrong", "", robot.door[:-1]))
    odd = draw.sample(_ODD_HEADERS, draw.randint(1, 2)) if draw.random() < 0.1 else []
    verb = f"Http-Method: {draw.choice(('GET', 'POST', 'delete', 'NaN'))}" if draw.random() < 0.5 else None
    venue = draw.choice(_VENUES[:5]) if draw.random() < 0.9 else draw.choice(_VENUES)
    http = "POST" if draw.random() < 0.97 else draw.choice(("GET", "HEAD", "PUT", "DELETE", "OPTIONS"))
    hosts = [] if any(each.startswith("Host:") for each in odd) else [f"Host: {host}"]
    lines = [f"{http} /{door}/{venue} HTTP/1.1", *hosts, *odd, *([verb] if verb else []), f"Content-Length: {len(body)}"]
    whole = http == "POST" and not odd and door == robot.door
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body, whole
