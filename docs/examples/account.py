"""Look at an account, place an order far from the market, and cancel it: "To try Account" of the historic 1Token SDK's readme.

python docs/examples/account.py --sandbox     on an embedded exchange
python docs/examples/account.py               at the gateway on this machine: exchangeclient gateway --onetoken

Keys are read from ~/.onetoken/config.yml (ot_key, ot_secret, account), or asked for when there is a terminal to ask at.
"""

from __future__ import annotations

import sys
from getpass import getpass

from exchangeclient.exceptions import ExchangeException
from exchangeclient.onetoken import Account, Order, get_last_tick, load_keys
from exchangeclient.onetoken.quote import Quote
from exchangeclient.sandbox import Sandbox

ACCOUNT = "binance/mock-1token"


def trade(account: Account, price: float) -> None:
    """Its figures, and a buy order that nobody takes."""
    info, error = account.get_info()
    if error is not None:
        sys.exit(f"no info: {error}")
    for position in info["position"]:
        print(f"{position['contract']}: {position['total_amount']}")

    def on_update(order: Order) -> None:
        print(f"order {order.status}")

    answer, error = account.place_order(f"{account.exchange}/btc.usdt", price, "b", 0.01, on_update=on_update)
    if error is not None:
        sys.exit(f"not placed: {error}")
    print(f"placed: {answer['exchange_oid']}")
    _, error = account.cancel_use_exchange_oid(answer["exchange_oid"])
    print(f"cancelled: {error or 'yes'}")
    orders, error = account.get_pending_list()
    print(f"pending: {len(orders) if error is None else error}")


def asked_for() -> tuple[str, str, str]:
    """Account, key and secret: from a file, else from whoever sits at the terminal."""
    try:
        keys = load_keys()
        return keys.account or ACCOUNT, keys.api_key, keys.api_secret
    except FileNotFoundError as missing:
        if not sys.stdin.isatty():
            sys.exit(f"{missing}, or --sandbox")
        return input("account (such as okex/name): "), input("api_key: "), getpass("api_secret: ")


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            where = exchange.urls["onetoken"]
            with Account(ACCOUNT, "key", "secret", host=where) as mine, Quote(where) as quote:
                trade(mine, round(quote.get_last_tick("binance/btc.usdt").last * 0.9, 2))
    else:
        symbol, key, secret = asked_for()
        try:
            with Account(symbol, key, secret) as mine:
                trade(mine, round(get_last_tick(f"{mine.exchange}/btc.usdt").last * 0.9, 2))
        except ExchangeException as error:
            sys.exit(f"{error} (is there a gateway? or --sandbox)")
