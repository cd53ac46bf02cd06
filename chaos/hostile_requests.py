"""What hostile HTTP clients send, drawn from a seed: legal calls with something wrong about them.

Pure: who sends it, and what must come of it, is :mod:`fuzz_clients`; what is no HTTP at all is :mod:`hostile_bytes`. The calls are
drawn from the venue's own table of endpoints, so a new endpoint is attacked as soon as it is served.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import quote

from exchangeclient.sandbox.dialects.binance.routes import ROUTES

# What a parameter of this name may legally be; any other is a small number.
_LEGAL: dict[str, tuple[str, ...]] = {
    "symbol": ("ETHBTC", "BTCUSDT", "LTCBTC", "XRPETH"),
    "symbols": ('["ETHBTC","BTCUSDT"]', '["LTCBTC"]'),
    "permissions": ("SPOT", '["SPOT"]'),
    "symbolStatus": ("TRADING", "HALT"),
    "showPermissionSets": ("true", "false"),
    "side": ("BUY", "SELL"),
    "workingSide": ("BUY", "SELL"),
    "pendingSide": ("BUY", "SELL"),
    "timeInForce": ("GTC", "IOC", "FOK"),
    "quantity": ("0.05", "1", "0.001"),
    "quoteOrderQty": ("0.01", "20"),
    "price": ("0.05", "0.07", "5000", "6500"),
    "stopPrice": ("0.06", "0.08"),
    "newClientOrderId": ("mine-1", "mine-2"),
    "origClientOrderId": ("mine-1", "mine-2"),
    "newOrderRespType": ("ACK", "RESULT", "FULL"),
    "selfTradePreventionMode": ("NONE", "EXPIRE_MAKER", "DECREMENT"),
    "cancelReplaceMode": ("STOP_ON_FAILURE", "ALLOW_FAILURE"),
    "cancelRestrictions": ("ONLY_NEW", "ONLY_PARTIALLY_FILLED"),
    "interval": ("1m", "5m", "1d", "1M"),
    "windowSize": ("1m", "4h", "7d"),
    "trailingDelta": ("100", "2000"),
    "limit": ("1", "5", "100", "1000", "5000"),
    "recvWindow": ("5000", "60000", "12.5"),
    "asset": ("BTC", "USDT"),
}
_ORDER_TYPES = ("LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
_OTHERWISE = ("0", "1", "7", "1500000000000")

# Orders that are whole, so that what is wrong about them is only what is done to them.
_ORDERS: tuple[dict[str, str], ...] = (
    {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.05", "price": "0.05", "side": "BUY"},
    {"type": "LIMIT", "timeInForce": "IOC", "quantity": "0.01", "price": "0.09", "side": "BUY"},
    {"type": "MARKET", "quantity": "0.01", "side": "SELL"},
    {"type": "MARKET", "quoteOrderQty": "0.002", "side": "BUY"},
    {"type": "LIMIT_MAKER", "quantity": "0.05", "price": "0.09", "side": "SELL"},
    {"type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "quantity": "0.05", "price": "0.05", "stopPrice": "0.06", "side": "SELL"},
)

# What texts are replaced by. Long ones are bounded: the point is the server's patience, not the loopback's.
ODD_TEXTS: tuple[str, ...] = (
    "",
    " ",
    "0",
    "-1",
    "-0",
    "+1",
    "01",
    "1.",
    ".1",
    "1e3",
    "1E-8",
    "1e999999999",
    "NaN",
    "Infinity",
    "-inf",
    "0x10",
    "1_000",
    "1,5",
    "0." + "0" * 40 + "1",
    "9" * 19,
    "9" * 21,
    "1" + "0" * 400,
    "7" * 5000,
    "null",
    "true",
    "None",
    "[]",
    "{}",
    '["ETHBTC"',
    '["ETHBTC",]',
    '["ETHBTC",1,null]',
    "[" * 3000,
    '{"a":' * 500,
    '["' + '","'.join(["ETHBTC"] * 300) + '"]',
    "ethbtc",
    " ETHBTC",
    "ETHBTC ",
    "ETH/BTC",
    "ETHBTC\x00",
    "\u0395THBTC",
    "\uff11\uff12",
    "\u0661",
    "\u202eBTC",
    "e\u0301",
    "\U0001f600",
    "A" * 200,
    "../../etc/passwd",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "%s%s%n",
    "{0.__class__}",
    "\r\nX-Injected: 1",
    "\t",
)
# What a percent-encoded text is broken with; these bytes are signed as they are.
_ODD_CODES = (
    "%",
    "%2",
    "%zz",
    "%00",
    "%ED%A0%80",
    "%C0%AF",
    "%FF",
    "%u0041",
    "%25%30",
    "+",
    "%0d%0a",
    "&&",
    "=",
    "&=&",
    "\u00e4",
    ";",
    "#",
    "?",
)
_ODD_METHODS = ("get", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOO", "G\x00T", "GET,POST", "X" * 3000, "\u00c4")
_ODD_PATHS = (
    "/",
    "//",
    "*",
    "/api/v3/../../etc/passwd",
    "/api/v3/%2e%2e/%2e%2e/etc/passwd",
    "/api/v3/order/",
    "/API/V3/ORDER",
    "/api/v3//order",
    "/api/v3/order%00",
    "/api/v3/order;x=1",
    "/api/v9/order",
    "http://example.invalid/api/v3/ping",
    "/\u00e4\u00f6",
    "/" + "a" * 9000,
    "/" + "a/" * 3000,
    "/sandbox/../sandbox",
    "/ws",
    "/stream",
    "/ws-api/v3",
)
_ODD_HEADERS: tuple[tuple[str, str], ...] = (
    ("X-MBX-APIKEY", ""),
    ("X-MBX-APIKEY", "A" * 5000),
    ("X-MBX-APIKEY", "\u00e4"),
    ("X-MBX-APIKEY", "other"),
    ("X-MBX-TIME-UNIT", "MICROSECOND"),
    ("X-MBX-TIME-UNIT", "FORTNIGHT"),
    ("Content-Type", "application/json"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "multipart/form-data; boundary=" + "x" * 300),
    ("Content-Type", "application/x-www-form-urlencoded; charset=utf-7"),
    ("Content-Encoding", "gzip"),
    ("Accept-Encoding", "gzip;q=NaN"),
    ("Expect", "100-continue"),
    ("Connection", "Upgrade"),
    ("Upgrade", "h2c"),
    ("Upgrade", "websocket"),
    ("Host", "evil.invalid"),
    ("Origin", "http://evil.invalid"),
    ("Cookie", "a=b; " * 200),
    ("Cookie", "\x01\x02"),
    ("Range", "bytes=0-0,-1,5-2"),
    ("If-Modified-Since", "yesterday"),
    ("X-Forwarded-For", "6.6.6.6"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Authorization", "Basic ="),
)


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose requests these are, and what time they bear."""

    key: str
    secret: str
    now_ms: int

    def sign(self, payload: str) -> str:
        return hmac.new(self.secret.encode(), payload.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """One request whose framing is right, whatever else is wrong with it."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def wire(self, host: str) -> bytes:
        """The bytes to send. What would end a line or a word early is percent-encoded, everything else goes as it is."""
        target = _within_a_line(self.path + (f"?{self.query}" if self.query else "")).replace(" ", "%20")
        body = self.body.encode("utf-8", "surrogateescape")
        headers = self.headers if any(name == "Host" for name, _ in self.headers) else (("Host", host), *self.headers)
        lines = [f"{_within_a_line(self.method)} {target} HTTP/1.1", *(f"{name}: {_within_a_line(value)}" for name, value in headers)]
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def _within_a_line(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A")


def legal_call(draw: Random) -> tuple[str, str, dict[str, str], bool]:
    """Method, path and parameters as somebody might mean them, and whether they are to be signed."""
    if draw.random() < 0.15:
        order = {"symbol": "ETHBTC", **draw.choice(_ORDERS)}
        return "POST", "/api/v3/order" + draw.choice(("", "", "/test")), order, True
    (method, path), route = draw.choice(_ROUTES)
    params = {name: legal_value(draw, name) for name in route.names if draw.random() < (0.9 if name == "symbol" else 0.4)}
    return method, path, params, route.signed


def legal_value(draw: Random, name: str) -> str:
    """Something that a parameter of this name might be."""
    if name == "type" or name.endswith("Type"):
        return draw.choice((*_ORDER_TYPES, "FULL", "MINI"))
    if name == "timeZone":
        return f"{draw.randint(-12, 14)}:{draw.randrange(60):02}"
    return draw.choice(_LEGAL.get(name, _OTHERWISE))


_ROUTES = tuple(ROUTES.items())


def spoil(draw: Random, params: dict[str, str]) -> dict[str, str]:
    """The same parameters with one thing wrong."""
    spoilt = dict(params)
    names = list(spoilt)
    match draw.randrange(5):
        case 0 if names:
            del spoilt[draw.choice(names)]
        case 1:
            spoilt[draw.choice(ODD_TEXTS)[:300] or "x"] = draw.choice(ODD_TEXTS)
        case 2 if len(names) > 1:
            one, other = draw.sample(names, 2)
            spoilt[one], spoilt[other] = spoilt[other], spoilt[one]
        case 3 if names:
            name = draw.choice(names)
            text = spoilt[name]
            place = draw.randint(0, len(text))
            spoilt[name] = text[:place] + draw.choice(ODD_TEXTS)[:50] + text[place:]
        case _ if names:
            spoilt[draw.choice(names)] = draw.choice(ODD_TEXTS)
    return spoilt


def request(draw: Random, signer: Signer) -> Request:
    """A call with up to three things wrong, correctly framed and in most cases correctly signed."""
    method, path, params, signed = legal_call(draw)
    for _ in range(draw.choice((0, 0, 1, 1, 2, 3))):
        params = spoil(draw, params)
    headers: list[tuple[str, str]] = []
    if signed:
        params["timestamp"] = str(signer.now_ms + draw.choice((0, 0, 0, 0, 0, 0, 0, 0, 10**7, -(10**7), 10**15)))
        headers.append(("X-MBX-APIKEY", signer.key))
    pairs = [f"{quote(name)}={quote(value)}" for name, value in params.items()]
    if draw.random() < 0.1 and pairs:
        pairs.append(draw.choice(pairs))
    if draw.random() < 0.15:
        place = draw.randrange(len(pairs) + 1)
        pairs.insert(place, draw.choice(_ODD_CODES))
    split = len(pairs) if method == "GET" and draw.random() < 0.9 else draw.randint(0, len(pairs))
    query, body = "&".join(pairs[:split]), "&".join(pairs[split:])
    made = Request(method, path, query, body, tuple(headers))
    if signed:
        made = _signed(draw, made, signer)
    return _dressed_oddly(draw, made)


def _signed(draw: Random, made: Request, signer: Signer) -> Request:
    # A fragment or a second question mark ends what a server takes for the query; both are sent as they are.
    signature = signer.sign(_within_a_line(made.query).replace(" ", "%20") + made.body)
    if draw.random() < 0.05:
        signature = draw.choice((signature[:-1], signature.upper(), "0" * 64, quote(draw.choice(ODD_TEXTS)), signature * 20))
    if made.body:
        return replace(made, body=f"{made.body}&signature={signature}")
    return replace(made, query=f"{made.query}&signature={signature}")


def _dressed_oddly(draw: Random, made: Request) -> Request:
    chance = draw.random()
    if chance < 0.05:
        return replace(made, method=draw.choice(_ODD_METHODS))
    if chance < 0.10:
        return replace(made, path=draw.choice(_ODD_PATHS))
    if chance < 0.20:
        return replace(made, headers=(*made.headers, *draw.sample(_ODD_HEADERS, draw.randint(1, 3))))
    if chance < 0.201:
        return replace(made, method="POST", body="x=" + "y" * draw.choice((100_000, 1_048_574, 1_048_575, 1_500_000)))
    return made


# Nothing that is legal here may touch the accounts and symbols of the attack itself: they are to be checked afterwards.
_CONTROLS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("GET", "", {}),
    ("GET", "/nothing", {}),
    ("GET", "/time", {}),
    ("POST", "/time", {"advance_ms": 0}),
    ("POST", "/time", {"skew_ms": 0}),
    ("GET", "/accounts", {}),
    ("POST", "/accounts", {"key": "another", "secret": "another", "can_trade": True, "permissions": ["SPOT"]}),
    ("DELETE", "/accounts", {"key": "another"}),
    ("GET", "/funds", {}),
    ("POST", "/funds", {"account": "faucet", "asset": "BTC", "deposit": "1.5"}),
    ("POST", "/funds", {"account": "faucet", "asset": "USDT", "withdraw": "0.1"}),
    ("GET", "/symbols", {}),
    ("POST", "/symbols", {"symbol": "BNBBTC", "status": "HALT"}),
    ("DELETE", "/symbols", {"symbol": "NOTBTC"}),
    ("GET", "/faults", {}),
    ("POST", "/faults", {"kind": "error", "route": "GET /api/v3/nothing", "status": 503, "account": "nobody", "times": 1}),
    ("DELETE", "/faults", {"id": 1}),
    ("DELETE", "/faults", {}),
)


def control(draw: Random) -> Request:
    """A request to the sandbox's own endpoints, with a body that is JSON at best."""
    method, path, body = draw.choice(_CONTROLS)
    text = broken_json(draw, json.dumps(spoilt_json(draw, body))) if body or draw.random() < 0.3 else ""
    query = draw.choice(("", "", "account=faucet", "account=a&account=b", "account=%00", "%"))
    made = Request(method, f"/sandbox{path}", query, text, (("Content-Type", draw.choice(("application/json", "text/plain"))),))
    return _dressed_oddly(draw, made)


ODD_VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    -(10**400),
    1e308,
    "",
    "x" * 500,
    [],
    {},
    [[]],
    {"a": {}},
    ["ETHBTC"] * 50,
    *ODD_TEXTS[:30],
)


def spoilt_json(draw: Random, value: object) -> object:
    """A JSON value with up to two members that are odd, missing or too many."""
    if not isinstance(value, dict):
        return draw.choice(ODD_VALUES)
    spoilt = dict(value)
    for _ in range(draw.choice((0, 1, 1, 2))):
        match draw.randrange(4):
            case 0 if spoilt:
                del spoilt[draw.choice(list(spoilt))]
            case 1:
                spoilt[draw.choice(ODD_TEXTS)[:100]] = draw.choice(ODD_VALUES)
            case 2 if any(isinstance(each, dict) for each in spoilt.values()):
                name = draw.choice([name for name, each in spoilt.items() if isinstance(each, dict)])
                spoilt[name] = spoilt_json(draw, spoilt[name])
            case _ if spoilt:
                spoilt[draw.choice(list(spoilt))] = draw.choice(ODD_VALUES)
    return spoilt


def broken_json(draw: Random, text: str) -> str:
    """Mostly the text as it is; else something that only looks like JSON, or goes too deep."""
    if draw.random() < 0.8:
        return text
    place = draw.randint(0, len(text))
    return draw.choice(
        (
            text[:place],
            text[:place] + draw.choice('{}[]",:\x00\\') + text[place:],
            text + text,
            "\ufeff" + text,
            text.replace('"', "'"),
            "[" * draw.choice((10, 1000, 10_000)) + "]" * 10,
            '{"a":' * 5000,
            '{"id":1,"method":"ping","method":"time"}',
            '{"id":NaN,"method":"ping"}',
            '{"id":-Infinity}',
            '{"id":1' + "0" * 5000 + "}",
            '"\\ud800"',
            '{"id":"\\u0000","method":"ping"}',
            "",
            "null",
            "3",
            '"ping"',
            "[1,2]",
        )
    )
