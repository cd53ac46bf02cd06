"""ccxt 4.5.90 on OKX once more: what it sends for a call, beside what this package sends for the same one.

Verb, path and every parameter are compared value by value, as they leave; what may differ is named here with its reason. This package is
not installed beside ccxt: its half runs in the interpreter that ``judges.py`` names in ``EXCHANGECLIENT_PYTHON``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from judge_ccxt_requests import OUR_HALF, Call, Sent, call, said
from judging import PATIENCE_S, called_with, judge, say

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


def sent_by_ccxt(urls: dict[str, str], key: str, secret: str) -> list[list[Sent]]:
    """What leaves ccxt for each call."""
    import ccxt

    exchange = ccxt.okx({"apiKey": key, "secret": secret, "password": "passphrase", "enableRateLimit": True})
    exchange.urls["api"]["rest"] = urls["rest"]
    exchange.load_markets()
    heard: list[Sent] = []
    fetch = exchange.fetch

    def listening(url, method="GET", headers=None, body=None):
        heard.append(read(method, url, body))
        return fetch(url, method, headers, body)

    exchange.fetch = listening
    return [said(heard, lambda each=each: getattr(exchange, each.theirs)(*each.given), ccxt.BaseError) for each in CALLS]


def sent_by_us(urls: dict[str, str], key: str, secret: str) -> list[list[Sent]]:
    """What leaves this package for each call."""
    from requests.adapters import HTTPAdapter

    from exchangeclient.exceptions import ExchangeAPIException
    from exchangeclient.okx.client import Client

    heard: list[Sent] = []

    class Listening(HTTPAdapter):
        def send(self, request, *args, **kwargs):
            heard.append(read(request.method, request.url, request.body))
            return super().send(request, *args, **kwargs)

    client = Client(key, secret, "passphrase", environment=urls)
    client.session.mount(urls["rest"], Listening())
    return [said(heard, lambda each=each: getattr(client, each.ours)(**each.keywords), ExchangeAPIException) for each in CALLS]


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
    verb, path, params = theirs[0]
    found = [sent for sent in ours if sent[:2] == [verb, path]]
    assert found, f"{each.theirs} sends {verb} {path}, {each.ours} sends {ours}"
    (_, _, own) = found[0]
    differs = {name for name in params | own if params.get(name) != own.get(name)}
    assert {name.partition(" ")[0] for name in differs} <= DIFFERS.keys(), (
        f"{each.theirs} sends {params} to {path}, {each.ours} sends {own}"
    )
    (row,) = each.keywords.get("orders", [each.keywords])[:1]
    given = row.keys() & differs - {"instType"}  # which the venue knows by the instrument
    assert not given, f"{each.theirs} and {each.ours} send other values of what both were given: {given}"
    return ", ".join(sorted(differs))


def judge_requests() -> None:
    account = called_with()
    theirs = sent_by_ccxt(*account)
    command = [os.environ["EXCHANGECLIENT_PYTHON"], __file__, *sys.argv[1:], OUR_HALF]
    ours = json.loads(subprocess.run(command, stdout=subprocess.PIPE, timeout=2 * PATIENCE_S, check=True).stdout)
    equal = 0
    for each, their_sent, our_sent in zip(CALLS, theirs, ours, strict=True):
        differs = compared(each, their_sent, our_sent)
        equal += not differs
        verb, path, _ = their_sent[0]
        say(f"{each.theirs:<24} {each.ours:<24} {verb:<5} {path}: {f'equal but for {differs}' if differs else 'equal'}")
    say(f"{len(CALLS)} calls compared: all agree in verb, path and every parameter that was given, {equal} of them in everything")


if __name__ == "__main__":
    if OUR_HALF in sys.argv:
        print(json.dumps(sent_by_us(*called_with())))
    else:
        judge(judge_requests)
