"""Gate, API v4: https://www.gate.com/docs/developers/apiv4/."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from typing import Any

from tests.ccxt.venues.core import KEY, SECRET, Asked, Held, Refused, Venue, plain


class Gate(Venue):
    name = "gate"
    tick, step = Decimal("0.1"), Decimal("0.0001")
    least = Decimal("0.001")
    bad_price = "63000.05"
    words = {  # noqa: RUF012
        "funds": (400, "BALANCE_NOT_ENOUGH"), "key": (401, "INVALID_KEY"), "signature": (401, "INVALID_SIGNATURE"),
        "unknown": (404, "ORDER_NOT_FOUND"), "done": (400, "ORDER_CLOSED"), "rule": (400, "INVALID_PARAM_VALUE"),
        "path": (404, "NOT_FOUND"), "symbol": (400, "INVALID_CURRENCY_PAIR"),
    }  # fmt: skip

    def places(self, asked: Asked) -> bool:
        return (asked.verb, asked.path) == ("POST", "/api/v4/spot/orders")

    def refusal(self, refused: Refused) -> tuple[int, Any]:
        status, label = self.words[refused.word]
        return status, {"label": label, "message": str(refused)}

    def too_often(self) -> tuple[int, Any]:
        return 429, {"label": "TOO_MANY_REQUESTS", "message": "Request Rate limit Exceeded"}

    def answer(self, asked: Asked) -> tuple[int, Any]:
        verb, last, query = asked.verb, asked.path.removeprefix("/api/v4/"), asked.query
        match verb, last:
            case "GET", "spot/currency_pairs":
                return 200, [
                    {
                        "id": "BTC_USDT", "base": "BTC", "base_name": "Bitcoin", "quote": "USDT", "quote_name": "Tether", "fee": "0.2",
                        "min_base_amount": "0.001", "min_quote_amount": "5", "max_quote_amount": "50000000", "amount_precision": 4,
                        "precision": 1, "trade_status": "tradable", "sell_start": 0, "buy_start": 0, "type": "normal",
                    }
                ]  # fmt: skip
            case "GET", "spot/currencies" | "margin/currency_pairs":
                return 200, []
            case "GET", "spot/tickers":
                return 200, [
                    {
                        "currency_pair": "BTC_USDT", "last": "64000.1", "lowest_ask": self.asks[0][0], "highest_bid": self.bids[0][0],
                        "change_percentage": "-1.18", "base_volume": "1219.053", "quote_volume": "78019453.2",
                        "high_24h": "65000", "low_24h": "63000",
                    }
                ]  # fmt: skip
            case "GET", "spot/order_book":
                limit = int(query.get("limit", 10))
                return 200, {
                    "id": 6358, "current": self.now_ms, "update": self.now_ms - 4,
                    "asks": [list(row) for row in self.asks[:limit]], "bids": [list(row) for row in self.bids[:limit]],
                }  # fmt: skip
            case "GET", "spot/trades":
                return 200, [
                    {
                        "id": str(number), "create_time": str(at // 1_000), "create_time_ms": f"{at}.105000", "currency_pair": "BTC_USDT",
                        "side": side, "amount": size, "price": price, "sequence_id": str(number),
                    }
                    for number, at, price, size, side in reversed(self.trades[-int(query.get("limit", 100)) :])
                ]  # fmt: skip
            case "GET", "spot/candlesticks":
                if "from" in query and "limit" in query:
                    raise Refused("rule", "limit conflicts with from and to")
                to = int(query.get("to", self.now_ms // 1_000))
                starts = [at // 1_000 for at in self.candle_starts if at // 1_000 <= to]
                starts = [at for at in starts if at >= int(query["from"])] if "from" in query else starts[-int(query.get("limit", 100)) :]
                return 200, [[str(at), "6400", "64000.1", "64010", "63990", "64000", "0.1", "true"] for at in starts]
        self._check(asked)
        return 200 if verb != "POST" else 201, self._private(verb, last, asked)

    def _check(self, asked: Asked) -> None:
        if asked.headers.get("KEY") != KEY:
            raise Refused("key")
        digest = hashlib.sha512(asked.text.encode()).hexdigest()
        text = "\n".join((asked.verb, asked.path, asked.raw_query, digest, asked.headers["Timestamp"]))
        if hmac.new(SECRET.encode(), text.encode(), hashlib.sha512).hexdigest() != asked.headers["SIGN"]:
            raise Refused("signature")

    def _private(self, verb: str, last: str, asked: Asked) -> Any:
        query = asked.query
        match verb, last:
            case "GET", "account/detail":
                return {"user_id": 1, "ip_whitelist": [], "currency_pairs": [], "key": {"mode": 1}, "tier": 0}
            case "GET", "spot/accounts":
                return [
                    {"currency": coin, "available": plain(self.free[coin]), "locked": plain(self.locked[coin]), "update_id": 98}
                    for coin in self.free
                ]
            case "POST", "spot/orders":
                return self._row(self._place(asked.body))
            case "GET", "spot/open_orders":
                first = (int(query.get("page", 1)) - 1) * int(query.get("limit", 100))
                rows = [self._row(held) for held in self.shown("open")[first : first + min(100, int(query.get("limit", 100)))]]
                return [{"currency_pair": "BTC_USDT", "total": len(rows), "orders": rows}] if rows else []
            case "GET", "spot/orders":
                if query["currency_pair"] != "BTC_USDT":
                    raise Refused("symbol")
                states = ("open",) if query["status"] == "open" else ("filled", "cancelled")
                rows = [held for held in self.shown(*states) if held.time_ms >= int(query.get("from", 0)) * 1_000]
                first = (int(query.get("page", 1)) - 1) * int(query.get("limit", 100))
                return [self._row(held) for held in rows[first : first + min(100, int(query.get("limit", 100)))]]
            case "GET", "spot/my_trades":
                return [
                    {
                        "id": str(deal.number), "create_time": str(deal.time_ms // 1_000), "create_time_ms": f"{deal.time_ms}.1",
                        "currency_pair": "BTC_USDT", "side": deal.held.side, "role": "taker", "amount": plain(deal.quantity),
                        "price": plain(deal.price), "order_id": str(deal.held.number), "fee": "0.00002", "fee_currency": "BTC",
                        "point_fee": "0", "gt_fee": "0", "text": deal.held.own,
                    }
                    for deal in self.deals[::-1][: int(query.get("limit", 100))]
                ]  # fmt: skip
        if last.startswith("spot/orders/"):
            number = last.removeprefix("spot/orders/")
            if query.get("currency_pair") != "BTC_USDT":
                raise Refused("symbol")
            held = self.by_own(number) if number.startswith("t-") else self.order(number)
            return self._row(self.cancel(held.number) if verb == "DELETE" else held)
        raise Refused("path", last)

    def _place(self, body: Any) -> Held:
        own = body.get("text", "apiv4")
        if "text" in body and not (own.startswith("t-") and len(own) <= 30):
            raise Refused("rule", "invalid text")
        if body["currency_pair"] != "BTC_USDT":
            raise Refused("symbol")
        tif = body.get("time_in_force", "gtc")
        if body["type"] == "market" and tif not in ("ioc", "fok"):
            raise Refused("rule", "time_in_force")
        spends = body["type"] == "market" and body["side"] == "buy"
        return self.place(
            body["side"], body["type"], body.get("price"), None if spends else body["amount"],
            total=body["amount"] if spends else None, own=own, tif="gtc" if tif == "poc" else tif, post=tif == "poc",
        )  # fmt: skip

    def _row(self, held: Held) -> Any:
        spends = held.total is not None
        why = {"post": "poc", "ioc": "ioc", "fok": "fok"}.get(held.why, "cancelled")
        ends = why if held.state == "cancelled" else held.state
        return {
            "id": str(held.number), "text": held.own, "create_time": str(held.time_ms // 1_000), "update_time": str(held.time_ms // 1_000),
            "create_time_ms": held.time_ms, "update_time_ms": held.time_ms, "currency_pair": "BTC_USDT",
            "status": {"open": "open", "filled": "closed"}.get(held.state, "cancelled"), "type": held.kind, "account": "spot",
            "side": held.side, "iceberg": "0", "amount": plain(held.total if spends else held.quantity), "price": plain(held.price),
            "time_in_force": "poc" if held.post else held.time_in_force,
            "left": plain(held.total - held.paid if spends else held.left), "filled_amount": plain(held.filled),
            "fill_price": plain(held.paid), "filled_total": plain(held.paid), "avg_deal_price": plain(held.average), "fee": "0",
            "fee_currency": "BTC", "point_fee": "0", "gt_fee": "0", "rebated_fee": "0", "rebated_fee_currency": "USDT", "finish_as": ends,
        }  # fmt: skip
