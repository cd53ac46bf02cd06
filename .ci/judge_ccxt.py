"""ccxt's binance class: markets, candles, book, ticker, balance, a filled order, an order placed, queried and cancelled."""

from __future__ import annotations

import json
import sys
from itertools import pairwise

import ccxt

urls, key, secret = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]

exchange = ccxt.binance(
    {
        "apiKey": key,
        "secret": secret,
        # Spot only; the list of currencies is a wallet call that the sandbox does not have.
        "options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "fetchMargins": False},
        "has": {"fetchCurrencies": False},
    }
)
for name, version in (("public", "v3"), ("private", "v3"), ("v1", "v1")):
    exchange.urls["api"][name] = f"{urls['rest']}/api/{version}"

markets = exchange.load_markets()
assert markets["ETH/BTC"]["active"]
assert markets["ETH/BTC"]["precision"]["price"] == 1e-8

candles = exchange.fetch_ohlcv("ETH/BTC", "1h", limit=24)
assert len(candles) == 24
assert all(later[0] - earlier[0] == 3_600_000 for earlier, later in pairwise(candles))
assert all(low <= min(first, last) <= max(first, last) <= high for _, first, high, low, last, _ in candles)

book = exchange.fetch_order_book("ETH/BTC", limit=20)
assert len(book["bids"]) == len(book["asks"]) == 20
assert book["bids"][0][0] < book["asks"][0][0]
assert exchange.fetch_ticker("ETH/BTC")["last"] > 0
assert exchange.fetch_trades("ETH/BTC")

before = exchange.fetch_balance()
filled = exchange.create_order("ETH/BTC", "market", "sell", 1)
assert filled["status"] == "closed"
after = exchange.fetch_balance()
assert abs(before["ETH"]["total"] - after["ETH"]["total"] - 1) < 1e-9

price = exchange.price_to_precision("ETH/BTC", book["asks"][0][0] * 1.1)
placed = exchange.create_order("ETH/BTC", "limit", "sell", 2, price)
assert placed["status"] == "open"
found = exchange.fetch_order(placed["id"], "ETH/BTC")
assert (found["status"], found["amount"], found["price"]) == ("open", 2.0, float(price))
assert placed["id"] in [order["id"] for order in exchange.fetch_open_orders("ETH/BTC")]
exchange.cancel_order(placed["id"], "ETH/BTC")
assert exchange.fetch_order(placed["id"], "ETH/BTC")["status"] == "canceled"

try:
    exchange.create_order("ETH/BTC", "limit", "buy", 50_000, price)
except ccxt.InsufficientFunds:
    pass
else:
    raise AssertionError("an order beyond the balance was accepted")
