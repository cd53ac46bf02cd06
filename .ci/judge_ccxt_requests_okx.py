"""ccxt 4.5.90 on OKX once more: what it sends for a call, beside what this package sends for the same one.

Verb, path and every parameter are compared value by value, as they leave (:mod:`overhearing`); what may differ is named here with its
reason.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from overhearing import Bench, Call, Sent, call, same

# Parameters that may be on one side only.
DIFFERS = {
    "clOrdId": "each draws its own",
    "tgtCcy": "ccxt adds it to limit orders too, of which it says nothing",
    "tag": "the broker's id that ccxt adds; there is none here",
    "instType": "ccxt adds it by itself; here it is the user's, or left to the venue",
    "limit": "ccxt adds the venue's own default",
    "after": "ccxt reckons a page from a time and a limit",
    "before": "ccxt reckons a page from a time and a limit",
    "timestamp": "of the moment",
}

PAIR, SPOT, SWAP, SWAP_ID, SINCE = "BTC/USDT", "BTC-USDT", "BTC/USDT:USDT", "BTC-USDT-SWAP", 1_700_000_000_000
LIMIT = {"instId": SPOT, "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": 0.01, "px": 5000.5}
CONTRACTS = {"instId": SWAP_ID, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": 2, "px": 5000.1}


def order(given: tuple[Any, ...], row: dict[str, Any]) -> Call:
    """An order, which ccxt sends as a list of one."""
    return call("create_order", *given, ours="create_orders", orders=[row])


CALLS = (
    call("fetch_time", ours="get_server_time"),
    call("fetch_status", ours="get_system_status"),
    call("fetch_ticker", PAIR, ours="get_ticker", instId=SPOT),
    call("fetch_ticker", SWAP, ours="get_ticker", instId=SWAP_ID),
    call("fetch_tickers", None, {"instType": "SPOT"}, ours="get_tickers", instType="SPOT"),
    call("fetch_order_book", PAIR, 20, ours="get_order_book", instId=SPOT, sz=20),
    call("fetch_trades", PAIR, None, 50, ours="get_recent_trades", instId=SPOT, limit=50),
    call("fetch_ohlcv", PAIR, "1h", None, 24, ours="get_klines", instId=SPOT, bar="1H", limit=24),
    call("fetch_ohlcv", PAIR, "1d", None, 7, ours="get_klines", instId=SPOT, bar="1Dutc", limit=7),
    call("fetch_funding_rate", SWAP, ours="get_funding_rate", instId=SWAP_ID),
    call("fetch_mark_price", SWAP, ours="get_mark_price", instType="SWAP", instId=SWAP_ID),
    order((PAIR, "limit", "buy", 0.01, 5000.5), LIMIT),
    order((PAIR, "limit", "buy", 0.01, 5000.5, {"postOnly": True}), {**LIMIT, "ordType": "post_only"}),
    order((PAIR, "limit", "buy", 0.01, 5000.5, {"timeInForce": "IOC"}), {**LIMIT, "ordType": "ioc"}),
    order((PAIR, "limit", "buy", 0.01, 5000.5, {"timeInForce": "FOK"}), {**LIMIT, "ordType": "fok"}),
    order((PAIR, "limit", "buy", 0.01, 5000.5, {"clientOrderId": "mine1"}), {**LIMIT, "clOrdId": "mine1"}),
    order(
        (PAIR, "market", "buy", 0.01),
        {"instId": SPOT, "tdMode": "cash", "side": "buy", "ordType": "market", "sz": 0.01, "tgtCcy": "base_ccy"},
    ),
    order((SWAP, "limit", "buy", 2, 5000.1), CONTRACTS),
    order((SWAP, "limit", "buy", 2, 5000.1, {"reduceOnly": True}), {**CONTRACTS, "reduceOnly": True}),
    call("edit_order", "7", PAIR, "limit", "buy", 0.02, 5001.5, ours="amend_order", instId=SPOT, ordId="7", newSz=0.02, newPx=5001.5),
    call("cancel_order", "7", PAIR, ours="cancel_order", instId=SPOT, ordId="7"),
    call("cancel_orders", ["7", "8"], PAIR, ours="cancel_orders", orders=[{"instId": SPOT, "ordId": "7"}, {"instId": SPOT, "ordId": "8"}]),
    call("fetch_order", "7", PAIR, ours="get_order", instId=SPOT, ordId="7"),
    call("fetch_open_orders", PAIR, ours="get_open_orders", instType="SPOT", instId=SPOT),
    call("fetch_closed_orders", PAIR, ours="get_order_history", instType="SPOT", instId=SPOT, state="filled"),
    call("fetch_canceled_orders", PAIR, ours="get_order_history", instType="SPOT", instId=SPOT, state="canceled"),
    call("fetch_my_trades", PAIR, ours="get_my_trades_archive", instType="SPOT", instId=SPOT),
    call("fetch_balance", ours="get_account"),
    call("fetch_positions", [SWAP], ours="get_positions", instType="SWAP", instId=SWAP_ID),
    call("set_leverage", 5, SWAP, {"marginMode": "cross"}, ours="set_leverage", lever=5, mgnMode="cross", instId=SWAP_ID),
    call("fetch_leverage", SWAP, {"marginMode": "cross"}, ours="get_leverage", instId=SWAP_ID, mgnMode="cross"),
    call("set_position_mode", False, ours="set_position_mode", posMode="net_mode"),
    call("fetch_trading_fee", PAIR, ours="get_trade_fee", instType="SPOT", instId=SPOT),
    call("fetch_accounts", ours="get_account_config"),
)


def exchange(urls: dict[str, str], key: str, secret: str) -> Any:
    import ccxt

    exchange = ccxt.okx({"apiKey": key, "secret": secret, "password": "passphrase", "enableRateLimit": True})
    exchange.urls["api"]["rest"] = urls["rest"]
    return exchange


def client(urls: dict[str, str], key: str, secret: str) -> Any:
    from exchangeclient.okx.client import Client

    return Client(key, secret, "passphrase", environment=urls)


def read(verb: str, url: str, body: str | bytes | None) -> Sent:
    """A request as verb, path and parameters; a list of orders as one dict of all fields. ccxt writes some figures as JSON numbers."""
    parts = urlsplit(url)
    said_in_body = json.loads(body) if body else {}
    rows = said_in_body if isinstance(said_in_body, list) else [said_in_body]
    numbered = {
        name if index == 0 else f"{name} {index}": value if isinstance(value, (bool, str)) else json.dumps(value)
        for index, row in enumerate(rows)
        for name, value in row.items()
    }
    return [verb, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)) | numbered]


def compared(each: Call, theirs: list[Sent], ours: list[Sent]) -> str:
    """What differs, and may.

    :raises AssertionError: for what may not
    """
    path, params, own = same(each, theirs, ours)
    differs = {name for name in params | own if params.get(name) != own.get(name)}
    assert {name.partition(" ")[0] for name in differs} <= DIFFERS.keys(), (
        f"{each.theirs} sends {params} to {path}, {each.ours} sends {own}"
    )
    (row,) = each.keywords.get("orders", [each.keywords])[:1]
    given = row.keys() & differs - {"instType"}  # which the venue knows by the instrument
    assert not given, f"{each.theirs} and {each.ours} send other values of what both were given: {given}"
    return ", ".join(sorted(differs))


if __name__ == "__main__":
    Bench(CALLS, exchange, client, read, compared).run(__file__)
