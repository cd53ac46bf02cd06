"""python-binance's own blocking client: candles, a filled order, an order placed, queried and cancelled, a refusal."""

from __future__ import annotations

import json
import sys
from decimal import Decimal

from binance.client import Client
from binance.exceptions import BinanceAPIException

urls, key, secret = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]

# Its constructor pings, so the address is set on the class.
Client.API_URL = urls["rest"] + "/api"
client = Client(key, secret)
assert client.ping() == {}

info = client.get_symbol_info("ETHBTC")
assert info["status"] == "TRADING"

hourly = client.get_klines(symbol="ETHBTC", interval="1h", limit=48)
assert len(hourly) == 48
history = client.get_historical_klines("ETHBTC", "1h", start_str=hourly[0][0], end_str=hourly[-2][0])
assert history == hourly[:-1], "paging gives the rows of one call"

before = {row["asset"]: Decimal(row["free"]) for row in client.get_account()["balances"]}
bought = client.order_market_buy(symbol="ETHBTC", quantity=2)
assert bought["status"] == "FILLED"
received = sum(Decimal(fill["qty"]) - Decimal(fill["commission"]) for fill in bought["fills"])
paid = Decimal(bought["cummulativeQuoteQty"])
after = {row["asset"]: Decimal(row["free"]) for row in client.get_account()["balances"]}
assert after["ETH"] - before["ETH"] == received
assert before["BTC"] - after["BTC"] == paid
assert {trade["orderId"] for trade in client.get_my_trades(symbol="ETHBTC")} == {bought["orderId"]}

best = client.get_orderbook_ticker(symbol="ETHBTC")
low = format(Decimal(best["bidPrice"]) * Decimal("0.9"), ".8f")
placed = client.order_limit_buy(symbol="ETHBTC", quantity="1.5", price=low)
assert placed["status"] == "NEW"
found = client.get_order(symbol="ETHBTC", orderId=placed["orderId"])
assert (found["price"], found["origQty"], found["side"]) == (low, "1.50000000", "BUY")
assert [order["orderId"] for order in client.get_open_orders(symbol="ETHBTC")] == [placed["orderId"]]
cancelled = client.cancel_order(symbol="ETHBTC", orderId=placed["orderId"])
assert (cancelled["status"], cancelled["origClientOrderId"]) == ("CANCELED", placed["clientOrderId"])
assert client.get_open_orders(symbol="ETHBTC") == []

refused: BinanceAPIException | None = None
try:
    client.order_limit_buy(symbol="ETHBTC", quantity="1", price="0.000000001")
except BinanceAPIException as error:
    refused = error
assert getattr(refused, "code", None) == -1111, f"nine decimals: {refused}"
