"""Every exchange's listing and book, read through ccxt, from answers in the shapes of the exchange's own documentation (ccxt's sources,
4.5.90, show one beside each call)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")

from exchangeclient.ccxt.client import Client
from exchangeclient.desk import Market, desk_of
from exchangeclient.exceptions import UnsupportedException

ANSWERS: Mapping[str, Mapping[str, str]] = {
    "bitflyer": {
        "getmarkets/": "[]",
        "getmarkets": """[{"product_code": "BTC_JPY", "market_type": "Spot"}, {"product_code": "FX_BTC_JPY", "market_type": "FX"}]""",
        "getboard": """{"mid_price": 33320, "bids": [{"price": 30000, "size": 0.1}, {"price": 25570, "size": 3}],
                        "asks": [{"price": 36640, "size": 5}, {"price": 36700, "size": 1.2}]}""",
    },
    "poloniex": {
        "v3/market": """{"code": 200, "msg": "Success", "data": []}""",
        "currencies": "[]",
        "orderBook": """{"time": 1659695219507, "scale": "-1", "asks": ["23139.82", "0.317981", "23140", "0.191091"],
                         "bids": ["23139.74", "0.432092", "23139.73", "0.198592"], "ts": 1659695219512}""",
        "markets": """[{"symbol": "BTC_USDT", "baseCurrencyName": "BTC", "quoteCurrencyName": "USDT", "displayName": "BTC/USDT",
                        "state": "NORMAL", "visibleStartTime": 1659018816626, "tradableStartTime": 1659018816626,
                        "symbolTradeLimit": {"symbol": "BTC_USDT", "priceScale": 2, "quantityScale": 6, "amountScale": 2,
                        "minQuantity": "0.000001", "minAmount": "1", "highestBid": "0", "lowestAsk": "0"}}]""",
    },
    "bithumb": {
        "market/all": """[{"market": "KRW-BTC", "korean_name": "BTC", "english_name": "Bitcoin", "market_warning": "NONE"}]""",
        "orderbook": """[{"market": "KRW-BTC", "timestamp": 1782807920105, "total_ask_size": 3.5, "total_bid_size": 4,
                          "orderbook_units": [{"ask_price": 8654000, "bid_price": 8652000, "ask_size": 0.119, "bid_size": 0.0043},
                          {"ask_price": 8655000, "bid_price": 8651000, "ask_size": 0.254, "bid_size": 0.0049}]}]""",
    },
    "bitfinex": {
        "conf/pub:info": """[[["BTCUSD", [null, null, null, "0.00004", "2000.0", null, null, null, null, null]]], [], [], []]""",
        "conf/pub": "[[], [], [], [], [], [], [], []]",
        "book/": "[[1, 9101, 0.25], [2, 9102.5, 1.5], [3, 9103, -0.75], [4, 9104, -2]]",
    },
    "htx": {
        "common/symbols": """{"status": "ok", "data": [{"base-currency": "btc", "quote-currency": "usdt", "price-precision": 2,
                              "amount-precision": 6, "symbol-partition": "main", "symbol": "btcusdt", "state": "online",
                              "value-precision": 8, "min-order-amt": 0.00001, "max-order-amt": 1000, "min-order-value": 5,
                              "limit-order-min-order-amt": 0.00001, "limit-order-max-order-amt": 1000, "api-trading": "enabled"}]}""",
        "reference/currencies": """{"code": 200, "data": []}""",
        "market/depth": """{"status": "ok", "ch": "market.btcusdt.depth.step0", "ts": 1583474832790,
                            "tick": {"bids": [[9100.29, 0.2], [9099.82, 0.2]], "asks": [[9100.64, 0.0057], [9101.01, 0.126]],
                            "ts": 1583474832008, "version": 104999698780}}""",
    },
}
BOOKS: Mapping[str, tuple[Market, tuple[str, str], tuple[str, str], tuple[str | None, str | None]]] = {
    "bitflyer": (Market("BTC", "JPY"), ("30000", "0.1"), ("36640", "5"), (None, None)),
    "poloniex": (Market("BTC", "USDT"), ("23139.74", "0.432092"), ("23139.82", "0.317981"), ("0.01", "0.000001")),
    "bithumb": (Market("BTC", "KRW"), ("8652000", "0.0043"), ("8654000", "0.119"), (None, None)),
    "bitfinex": (Market("BTC", "USD"), ("9102.5", "1.5"), ("9103", "0.75"), (None, None)),
    "htx": (Market("BTC", "USDT"), ("9100.29", "0.2"), ("9100.64", "0.0057"), ("0.01", "0.000001")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_listing_and_a_book(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(name)

    def answer(url: str, *args: Any, **kwargs: Any) -> Any:
        for part, text in ANSWERS[name].items():
            if part in url.replace("%3A", ":"):
                return json.loads(text)
        raise AssertionError(f"nothing recorded of {url}")

    monkeypatch.setattr(client._api, "fetch", answer)
    desk = desk_of(client)
    market, bid, ask, (tick, step) = BOOKS[name]
    (listed,) = desk.instruments()
    assert (listed.market, listed.trading) == (market, True)
    assert (listed.tick, listed.step) == (tick and Decimal(tick), step and Decimal(step))
    book = desk.book(desk.instrument_of(market), 5)
    assert (len(book.bids), len(book.asks)) == (2, 2)
    assert book.bids[0] == tuple(map(Decimal, bid))
    assert book.asks[0] == tuple(map(Decimal, ask))
    if name == "bitflyer":
        with pytest.raises(UnsupportedException, match="bitflyer has nothing for this"):
            desk.klines(listed.name, "1m")
    client.close()
