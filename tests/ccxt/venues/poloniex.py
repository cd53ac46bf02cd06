"""Poloniex, spot: https://api-docs.poloniex.com/spot/."""

from __future__ import annotations

import base64
import hashlib
import hmac
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.ccxt.venues.core import KEY, SECRET, Asked, Held, Refused, Venue, plain


class Poloniex(Venue):
    name = "poloniex"
    least, least_total = Decimal("0.000001"), Decimal(1)
    hundreds = 2_000
    total = "700.55"
    words = {  # noqa: RUF012
        "funds": (400, 21709, "Insufficient balance"), "key": (401, 401, "Authorization failed"),
        "signature": (401, 401, "Signature does not match"), "unknown": (400, 21301, "Order not found"),
        "done": (400, 21304, "Order is filled"), "rule": (400, 21330, "Quantity is less than minQuantity trade limit"),
        "path": (404, 404, "Not Found"), "symbol": (400, 24101, "Invalid symbol"), "twice": (400, 21312, "Client orderId already exists"),
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.cancels_late = False

    def places(self, asked: Asked) -> bool:
        return (asked.verb, asked.path) == ("POST", "/orders")

    def refusal(self, refused: Refused) -> tuple[int, Any]:
        status, code, text = self.words[refused.word]
        return status, {"code": code, "message": text}

    def too_often(self) -> tuple[int, Any]:
        return 429, {"code": 429, "message": "Too many requests"}

    def answer(self, asked: Asked) -> tuple[int, Any]:
        return 200, self._public(asked) if "key" not in asked.headers else self._private(asked)

    def _public(self, asked: Asked) -> Any:
        query = asked.query
        ticker = {
            "symbol": "BTC_USDT", "open": "63500", "low": "63000", "high": "65000", "close": "64000.1", "quantity": "1219.053",
            "amount": "78019453.2", "tradeCount": 10, "startTime": self.now_ms - 86_400_000, "closeTime": self.now_ms,
            "displayName": "BTC/USDT", "dailyChange": "0.0079", "bid": self.bids[0][0], "bidQuantity": "1", "ask": self.asks[0][0],
            "askQuantity": "1.5", "ts": self.now_ms, "markPrice": "64000.1",
        }  # fmt: skip
        match asked.path:
            case "/markets":
                return [
                    {
                        "symbol": "BTC_USDT", "baseCurrencyName": "BTC", "quoteCurrencyName": "USDT", "displayName": "BTC/USDT",
                        "state": "NORMAL", "visibleStartTime": 1659018819512, "tradableStartTime": 1659018819512,
                        "symbolTradeLimit": {
                            "symbol": "BTC_USDT", "priceScale": 2, "quantityScale": 6, "amountScale": 2, "minQuantity": "0.000001",
                            "minAmount": "1", "highestBid": "0", "lowestAsk": "0",
                        },
                        "crossMargin": {"supportCrossMargin": True, "maxLeverage": 3},
                    }
                ]  # fmt: skip
            case "/v2/currencies":
                return []
            case "/markets/ticker24h":
                return [ticker]
            case "/markets/BTC_USDT/ticker24h":
                return ticker
            case "/markets/BTC_USDT/orderBook":
                limit = int(query.get("limit", 10))
                if limit not in (5, 10, 20, 50, 100, 150):
                    raise Refused("rule")
                sides = {side: [text for row in getattr(self, side)[:limit] for text in row] for side in ("bids", "asks")}
                return {"time": self.now_ms, "scale": "0.01", **sides, "ts": self.now_ms + 3}
            case "/markets/BTC_USDT/trades":
                return [
                    {
                        "id": str(number), "price": price, "quantity": size, "amount": plain(Decimal(price) * Decimal(size)),
                        "takerSide": side.upper(), "ts": at + 20, "createTime": at,
                    }
                    for number, at, price, size, side in reversed(self.trades[-int(query.get("limit", 500)) :])
                ]  # fmt: skip
            case "/markets/BTC_USDT/candles":
                if query["interval"] != "MINUTE_1":
                    raise Refused("rule")
                first, to = int(query.get("startTime", 0)), int(query.get("endTime", 10**14))
                starts = [at for at in self.candle_starts if first <= at <= to][-int(query.get("limit", 100)) :]
                return [
                    ["63990", "64010", "64000", "64000.1", "6400", "0.1", "3200", "0.05", 3, at + 5, "64000", "MINUTE_1", at, at + 59_999]
                    for at in starts
                ]
        raise Refused("path", asked.path)

    def _check(self, asked: Asked) -> None:
        if asked.headers.get("key") != KEY:
            raise Refused("key")
        at = asked.headers["signTimestamp"]
        if asked.verb == "GET":
            signed = urlencode(sorted({**asked.query, "signTimestamp": at}.items()))
        else:
            signed = f"requestBody={asked.text}&signTimestamp={at}" if asked.text else f"signTimestamp={at}"
        digest = hmac.new(SECRET.encode(), "\n".join((asked.verb, asked.path, signed)).encode(), hashlib.sha256).digest()
        if base64.b64encode(digest).decode() != asked.headers["signature"]:
            raise Refused("signature")

    def _private(self, asked: Asked) -> Any:
        self._check(asked)
        query = asked.query
        match asked.verb, asked.path:
            case "GET", "/accounts/balances":
                rows = [
                    {"currencyId": "28", "currency": coin, "available": plain(self.free[coin]), "hold": plain(self.locked[coin])}
                    for coin in self.free
                ]
                return [{"accountId": "123", "accountType": "SPOT", "balances": rows}]
            case "POST", "/orders":
                held = self._place(asked.body)
                return {"id": str(held.number), "clientOrderId": held.own}
            case "GET", "/orders":
                return [self._row(held) for held in self.shown("open")[: int(query.get("limit", 500))]]
            case "GET", "/trades":
                other = {"symbol": "ETH_USDT"} if query.get("symbols") != "BTC_USDT" else {}  # of every pair, if none is named
                return [
                    {
                        "id": str(deal.number), "symbol": "BTC_USDT", "accountType": "SPOT", "orderId": str(deal.held.number),
                        "side": deal.held.side.upper(), "type": deal.held.kind.upper(), "matchRole": "TAKER", "createTime": deal.time_ms,
                        "price": plain(deal.price), "quantity": plain(deal.quantity), "amount": plain(deal.price * deal.quantity),
                        "feeCurrency": "BTC", "feeAmount": "0.00002", "pageId": "1", "clientOrderId": deal.held.own, **other,
                    }
                    for deal in self.deals[::-1][: int(query.get("limit", 100))]
                ]  # fmt: skip
            case "GET", "/orders/history":
                first, last = int(query.get("startTime", 0)), int(query.get("endTime", 10**14))
                if "startTime" in query and last - first > 7 * 86_400_000:
                    raise Refused("rule", "more than a week")
                rows = [held for held in self.shown("filled", "cancelled") if first <= held.time_ms <= last]
                return [self._row(held) for held in rows[: int(query.get("limit", 100))]]
        if asked.path.startswith("/orders/"):
            number = asked.path.removeprefix("/orders/").replace("%3A", ":")
            held = self.by_own(number.removeprefix("cid:")) if number.startswith("cid:") else self.order(number)
            if asked.verb == "DELETE":
                if self.cancels_late and held.state == "open":
                    held.why = "leaving"
                else:
                    self.cancel(held.number)
                return {"orderId": str(held.number), "clientOrderId": held.own, "state": "PENDING_CANCEL", "code": 200, "message": ""}
            return self._row(held)
        raise Refused("path", asked.path)

    def _place(self, body: Any) -> Held:
        own, kind = body.get("clientOrderId", ""), body["type"]
        if body["symbol"] != "BTC_USDT":
            raise Refused("symbol")
        if own and any(held.own == own for held in self.orders.values()):
            raise Refused("twice")
        if kind not in ("LIMIT", "MARKET", "LIMIT_MAKER") or body.get("timeInForce", "GTC") not in ("GTC", "IOC", "FOK"):
            raise Refused("rule")
        return self.place(
            body["side"].lower(), "market" if kind == "MARKET" else "limit", body.get("price"), body.get("quantity"),
            total=body.get("amount"), own=own, tif=body.get("timeInForce", "GTC").lower(), post=kind == "LIMIT_MAKER",
        )  # fmt: skip

    @staticmethod
    def _row(held: Held) -> Any:
        if held.state == "open":
            state = "PENDING_CANCEL" if held.why == "leaving" else "PARTIALLY_FILLED" if held.filled else "NEW"
        else:
            state = {"filled": "FILLED"}.get(held.state) or ("PARTIALLY_CANCELED" if held.filled else "CANCELED")
        return {
            "id": str(held.number), "clientOrderId": held.own, "symbol": "BTC_USDT", "state": state, "accountType": "SPOT",
            "side": held.side.upper(), "type": "LIMIT_MAKER" if held.post else held.kind.upper(),
            "timeInForce": held.time_in_force.upper(), "quantity": plain(Decimal(0) if held.total is not None else held.quantity),
            "price": plain(held.price), "avgPrice": plain(held.average), "amount": plain(held.total or Decimal(0)),
            "filledQuantity": plain(held.filled), "filledAmount": plain(held.paid), "createTime": held.time_ms, "updateTime": held.time_ms,
            "orderSource": "API", "loan": False, "cancelReason": 0,
        }  # fmt: skip
