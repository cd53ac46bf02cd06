"""bitFlyer Lightning: https://lightning.bitflyer.com/docs."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.ccxt.venues.core import KEY, SECRET, Asked, Held, Refused, Venue

MARKETS = [
    {"product_code": "BTC_JPY", "market_type": "Spot"},
    {"product_code": "ETH_JPY", "market_type": "Spot"},
    {"product_code": "ETH_BTC", "market_type": "Spot"},
    {"product_code": "FX_BTC_JPY", "market_type": "FX"},
]


class Bitflyer(Venue):
    name = "bitflyer"
    symbol, quote = "BTC/JPY", "JPY"
    bids = (("9640000", "1"), ("9639000", "2.25"))
    asks = (("9641000", "1.5"), ("9642000", "2"))
    resting, bad_price = "9500000", None  # it shows no rules, and judges itself
    least, least_total = Decimal("0.001"), Decimal(0)
    tick, step = Decimal(1), Decimal("0.00000001")
    hundreds = 100
    words = {  # noqa: RUF012
        "funds": (400, -200, "Insufficient funds"), "key": (401, -500, "Key not found"), "signature": (401, -501, "Invalid signature"),
        "unknown": (400, -111, "Order not found"), "rule": (400, -110, "The minimum order size is 0.001 BTC."),
        "path": (404, -3, "Not found"), "symbol": (400, -100, "Invalid product"),
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.free["ETH"] = self.locked["ETH"] = Decimal(0)
        self.free = {coin: amount.quantize(Decimal("0.00000001")) for coin, amount in self.free.items()}

    def places(self, asked: Asked) -> bool:
        return asked.path == "/v1/me/sendchildorder"

    def refusal(self, refused: Refused) -> tuple[int, Any]:
        status, code, text = self.words[refused.word]
        return status, {"status": code, "error_message": text, "data": None}

    def too_often(self) -> tuple[int, Any]:
        return 429, {"status": -1, "error_message": "Over API limit per minute", "data": None}

    def answer(self, asked: Asked) -> tuple[int, Any]:
        return 200, self._public(asked) if "/me/" not in asked.path else self._private(asked)

    def _public(self, asked: Asked) -> Any:
        query = asked.query
        match asked.path.removeprefix("/v1/"):
            case "getmarkets":
                return MARKETS
            case "getmarkets/usa":
                return [{"product_code": "BTC_USD", "market_type": "Spot"}]
            case "getmarkets/eu":
                return [{"product_code": "BTC_EUR", "market_type": "Spot"}]
            case "getboard":
                bids, asks = ([{"price": float(price), "size": float(size)} for price, size in side] for side in (self.bids, self.asks))
                return {"mid_price": 9640500, "bids": bids, "asks": asks}
            case "getticker":
                return {
                    "product_code": query["product_code"], "state": "RUNNING", "timestamp": _at(self.now_ms), "tick_id": 3579,
                    "best_bid": float(self.bids[0][0]), "best_ask": float(self.asks[0][0]), "best_bid_size": 1, "best_ask_size": 1.5,
                    "total_bid_depth": 1581.6, "total_ask_depth": 1415.3, "market_bid_size": 0, "market_ask_size": 0, "ltp": 64000.1,
                    "volume": 16819.26, "volume_by_product": 1219.053,
                }  # fmt: skip
            case "getexecutions":
                return [
                    {
                        "id": number, "side": side.upper(), "price": float(price), "size": float(size), "exec_date": _at(at),
                        "buy_child_order_acceptance_id": "JRF20150707-200203-452209",
                        "sell_child_order_acceptance_id": "JRF20150708-024334-060234",
                    }
                    for number, at, price, size, side in reversed(self.trades[-int(query.get("count", 100)) :])
                ]  # fmt: skip
        raise Refused("path", asked.path)

    def _check(self, asked: Asked) -> None:
        if asked.headers.get("ACCESS-KEY") != KEY:
            raise Refused("key")
        whole = asked.path + (asked.raw_query and f"?{asked.raw_query}")
        text = f"{asked.headers['ACCESS-TIMESTAMP']}{asked.verb}{whole}{asked.text}"
        if hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest() != asked.headers["ACCESS-SIGN"]:
            raise Refused("signature")

    def _private(self, asked: Asked) -> Any:
        self._check(asked)
        query = asked.query
        match asked.path.removeprefix("/v1/me/"):
            case "getbalance":
                return [
                    {"currency_code": coin, "amount": float(self.free[coin] + self.locked[coin]), "available": float(self.free[coin])}
                    for coin in self.free
                ]
            case "sendchildorder":
                return {"child_order_acceptance_id": _number(self._place(asked.body).number)}
            case "cancelchildorder":
                held = self.order(_own(asked.body["child_order_acceptance_id"]))
                if held.state == "open":  # of others it says nothing
                    self.cancel(held.number)
                return ""
            case "getexecutions":
                return [
                    {
                        "id": deal.number, "child_order_id": f"JOR20150707-084552-{deal.held.number:06}", "side": deal.held.side.upper(),
                        "price": float(deal.price), "size": float(deal.quantity), "commission": 0.00002, "exec_date": _at(deal.time_ms),
                        "child_order_acceptance_id": _number(deal.held.number),
                    }
                    for deal in self.deals[::-1][: int(query.get("count", 100))]
                ]  # fmt: skip
            case "getchildorders":
                if query["product_code"] not in ("BTC_JPY", "ETH_JPY", "ETH_BTC"):
                    raise Refused("symbol")  # another region's
                rows = [self._row(held) for held in self.shown("open", "filled", "cancelled") if query["product_code"] == "BTC_JPY"]
                for name in ("child_order_state", "child_order_acceptance_id"):
                    rows = [row for row in rows if name not in query or row[name] == query[name]]
                rows = [row for row in rows if row["id"] < int(query.get("before") or 10**9)]
                return rows[: int(query.get("count", 100))]
        raise Refused("path", asked.path)

    def _place(self, body: Any) -> Held:
        unknown = set(body) - {"product_code", "child_order_type", "side", "price", "size", "minute_to_expire", "time_in_force"}
        assert not unknown, f"the exchange would not notice {unknown}, and take another order than was meant"
        if body["product_code"] != "BTC_JPY":
            raise Refused("symbol")
        if not isinstance(body["size"], int | float) or not isinstance(body["price"], int | float | None):
            raise Refused("rule", "numbers")
        side, kind, tif = body["side"].lower(), body["child_order_type"].lower(), body.get("time_in_force", "GTC").lower()
        return self.place(side, kind, body["price"], body["size"], tif=tif)

    @staticmethod
    def _row(held: Held) -> Any:
        state = {"open": "ACTIVE", "filled": "COMPLETED"}.get(held.state) or ("EXPIRED" if held.why else "CANCELED")
        return {
            "id": held.number, "child_order_id": f"JOR20150707-084552-{held.number:06}", "product_code": "BTC_JPY",
            "side": held.side.upper(), "child_order_type": held.kind.upper(), "price": float(held.price),
            "average_price": float(held.average), "size": float(held.quantity), "child_order_state": state,
            "expire_date": _at(held.time_ms), "child_order_date": _at(held.time_ms), "child_order_acceptance_id": _number(held.number),
            "outstanding_size": float(held.left if held.state == "open" else 0),
            "cancel_size": float(held.left if held.state == "cancelled" else 0), "executed_size": float(held.filled), "total_commission": 0,
        }  # fmt: skip


def _at(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def _number(number: int) -> str:
    return f"JRF20150707-084552-{number:06}"


def _own(number: str) -> str:
    return str(int(number.rpartition("-")[2])) if number.startswith("JRF") else "none"
