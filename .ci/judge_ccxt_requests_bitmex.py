"""ccxt 4.5.39, the last with BitMEX, once more: what it sends for a call, beside what this package sends for the same one.

Verb, path and every parameter are compared value by value, as they leave (:mod:`overhearing`); what may differ is named here with its
reason.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from overhearing import Bench, Call, Sent, call, same

# Parameters that may be on one side only, or of another value.
DIFFERS = {
    "clOrdID": "each draws its own; ccxt draws none",
    "text": "the name that ccxt signs its orders with",
    "symbol": "an order is known by its id; ccxt names its instrument, too",
    "timeout": "ccxt divides what is milliseconds by a thousand",
    "count": "ccxt adds a number of rows of its own",
    "reverse": "the last of several is wanted here; ccxt adds it to trades and candles by itself",
    "partial": "ccxt leaves out the candle that is open",
}

PAIR, SYMBOL = "BTC/USD:BTC", "XBTUSD"
LIMIT = {"symbol": SYMBOL, "side": "Buy", "ordType": "Limit", "orderQty": 100, "price": 5000.5}
ID = "00000000-0000-1000-0000-000000000007"
OTHER = "00000000-0000-1000-0000-000000000008"

CALLS = (
    call("fetch_ticker", PAIR, ours="get_ticker", symbol=SYMBOL),
    call("fetch_tickers", None, ours="get_active_and_indices"),
    call("fetch_order_book", PAIR, 20, ours="get_order_book", symbol=SYMBOL, depth=20),
    call("fetch_trades", PAIR, None, 50, ours="get_recent_trades", symbol=SYMBOL, count=50),
    call("fetch_ohlcv", PAIR, "1h", None, 24, ours="get_klines", symbol=SYMBOL, binSize="1h", count=24, reverse=True, partial=False),
    call("create_order", PAIR, "limit", "buy", 100, 5000.5, ours="create_order", **LIMIT),
    call("create_order", PAIR, "market", "sell", 100, ours="create_order", symbol=SYMBOL, side="Sell", ordType="Market", orderQty=100),
    call("create_order", PAIR, "limit", "buy", 100, 5000.5, {"clientOrderId": "mine"}, ours="create_order", **LIMIT, clOrdID="mine"),
    call(
        "create_order",
        PAIR,
        "limit",
        "buy",
        100,
        5000.5,
        {"timeInForce": "ImmediateOrCancel"},
        ours="create_order",
        **LIMIT,
        timeInForce="ImmediateOrCancel",
    ),
    call("create_order", PAIR, "limit", "buy", 100, 5000.5, {"postOnly": True}, ours="create_order", **LIMIT, postOnly=True),
    call("create_order", PAIR, "limit", "buy", 100, 5000.5, {"reduceOnly": True}, ours="create_order", **LIMIT, reduceOnly=True),
    call(
        "create_order",
        PAIR,
        "limit",
        "buy",
        100,
        5000.5,
        {"execInst": "ParticipateDoNotInitiate"},
        ours="create_order",
        **LIMIT,
        execInst="ParticipateDoNotInitiate",
    ),
    call("edit_order", ID, PAIR, "limit", "buy", 200, 5001.5, ours="amend_order", orderID=ID, orderQty=200, price=5001.5),
    call("cancel_order", ID, PAIR, ours="cancel_order", orderID=ID),
    call("cancel_order", ID, PAIR, {"clientOrderId": "mine"}, ours="cancel_order", clOrdID="mine"),
    call("cancel_orders", [ID, OTHER], PAIR, ours="cancel_orders", orderID=[ID, OTHER]),
    call("cancel_all_orders", PAIR, ours="cancel_all_orders", symbol=SYMBOL),
    call("cancel_all_orders_after", 60_000, ours="cancel_all_after", timeout=60_000),
    call("fetch_order", ID, PAIR, ours="get_order", orderID=ID),
    call("fetch_open_orders", PAIR, ours="get_open_orders", symbol=SYMBOL),
    call("fetch_my_trades", PAIR, ours="get_my_trades", symbol=SYMBOL),
    call("fetch_balance", ours="get_account", currency="all"),
    call("fetch_positions", None, ours="get_positions"),
    call("set_leverage", 5, PAIR, ours="set_leverage", symbol=SYMBOL, leverage=5),
    call("set_margin_mode", "isolated", PAIR, ours="isolate_margin", symbol=SYMBOL, enabled=True),
    call("fetch_funding_rate_history", PAIR, ours="get_funding", symbol=SYMBOL, reverse=True),
)


def exchange(urls: dict[str, str], key: str, secret: str) -> Any:
    import ccxt

    exchange = ccxt.bitmex({"apiKey": key, "secret": secret, "enableRateLimit": True, "rateLimit": 600})
    exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], urls["rest"])
    return exchange


def client(urls: dict[str, str], key: str, secret: str) -> Any:
    from exchangeclient.bitmex.client import Client

    return Client(key, secret, {"when_limited": "wait", "timeout": 60}, environment=urls)


def read(verb: str, url: str, body: str | bytes | None) -> Sent:
    """A request as verb, path and parameters, those as JSON."""
    parts = urlsplit(url)
    in_query = {name: _as_json(text) for name, text in parse_qsl(parts.query, keep_blank_values=True)}
    return [verb, parts.path, in_query | (json.loads(body) if body else {})]


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def compared(each: Call, theirs: list[Sent], ours: list[Sent]) -> str:
    """What differs, and may.

    :raises AssertionError: for what may not
    """
    path, params, own = same(each, theirs, ours)
    differs = {name for name in params | own if _plain(params.get(name)) != _plain(own.get(name))}
    assert differs <= DIFFERS.keys(), f"{each.theirs} sends {params} to {path}, {each.ours} sends {own}"
    given = each.keywords.keys() & differs - {"timeout", "partial", "reverse"}
    assert not given, f"{each.theirs} and {each.ours} send other values of what both were given: {given}"
    return ", ".join(sorted(differs))


def _plain(value: Any) -> Any:
    """One order's id may be in a list of one; a whole number may be written as a fraction, and a figure as a text."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        value = _as_json(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


if __name__ == "__main__":
    Bench(CALLS, exchange, client, read, compared).run(__file__)
