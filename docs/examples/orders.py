"""Check, place, query and cancel orders.

python docs/examples/orders.py --sandbox     on an embedded exchange
python docs/examples/orders.py               on the testnet, with EXCHANGECLIENT_BINANCE_KEY and EXCHANGECLIENT_BINANCE_SECRET set
"""

from __future__ import annotations

import os
import sys

from exchangeclient.client import Client
from exchangeclient.enums import ORDER_TYPE_LIMIT, SIDE_BUY, TIME_IN_FORCE_GTC
from exchangeclient.exceptions import BinanceAPIException, BinanceOrderException
from exchangeclient.sandbox import Sandbox


def trade(client: Client) -> None:
    """A wrong order, a resting order and a filled one."""
    try:
        client.order_limit_buy(symbol="BNBBTC", quantity="0.00000001", price="0.0002")
    except BinanceOrderException as error:
        print(f"not sent: {error}")

    order = client.create_order(
        symbol="BNBBTC",
        side=SIDE_BUY,
        type=ORDER_TYPE_LIMIT,
        timeInForce=TIME_IN_FORCE_GTC,
        quantity=100,
        price="0.00001",
    )
    print(f"placed: order {order['orderId']} is {order['status']}")
    status = client.get_order(symbol="BNBBTC", orderId=order["orderId"])
    print(f"asked: {status['executedQty']} of {status['origQty']} executed")
    print(f"cancelled: {client.cancel_order(symbol='BNBBTC', orderId=order['orderId'])['status']}")

    bought = client.order_market_buy(symbol="BNBBTC", quantity=100)
    print(f"bought at the market: {bought['executedQty']} BNB for {bought['cummulativeQuoteQty']} BTC")

    try:
        client.cancel_order(symbol="BNBBTC", orderId=bought["orderId"])
    except BinanceAPIException as error:
        print(f"the venue said no: {error.code} {error.message}")


if __name__ == "__main__":
    key, secret = (os.environ.get(f"EXCHANGECLIENT_BINANCE_{word}") for word in ("KEY", "SECRET"))
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            trade(Client("key", "secret", environment=exchange.urls["binance"]))
    elif key and secret:
        trade(Client(key, secret, testnet=True))
    else:
        sys.exit("set EXCHANGECLIENT_BINANCE_KEY and EXCHANGECLIENT_BINANCE_SECRET, or give --sandbox")
