"""HTX, spot: https://www.htx.com/en-us/opend/newApiPages/."""

from __future__ import annotations

import base64
import hashlib
import hmac
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.ccxt.venues.core import KEY, SECRET, Asked, Held, Refused, Venue, plain


class Htx(Venue):
    name = "htx"
    least, least_total = Decimal("0.00001"), Decimal(10)
    hundreds = 500
    total = "700.505"  # two places more than amounts of DOGE have, say: totals have their own precision
    host = "api.huobi.pro"
    words = {  # noqa: RUF012
        "funds": ("account-frozen-balance-insufficient-error", "trade account balance is not enough"),
        "key": ("api-signature-not-valid", "Signature not valid: Incorrect Access key"),
        "signature": ("api-signature-not-valid", "Signature not valid: Verification failure"),
        "unknown": ("base-record-invalid", "record invalid"), "done": ("order-orderstate-error", "Incorrect order state"),
        "rule": ("order-limitorder-amount-min-error", "limit order amount error"), "path": ("bad-request", "no such path"),
        "symbol": ("base-symbol-error", "The symbol is invalid"),
    }  # fmt: skip

    def places(self, asked: Asked) -> bool:
        return asked.path == "/v1/order/orders/place"

    def refusal(self, refused: Refused) -> tuple[int, Any]:
        code, text = self.words[refused.word]
        return 200, {"status": "error", "err-code": code, "err-msg": text, "data": None}

    def too_often(self) -> tuple[int, Any]:
        return 429, {"status": "error", "err-code": "rate-too-many-requests", "err-msg": "exceeded rate limit", "data": None}

    def answer(self, asked: Asked) -> tuple[int, Any]:
        return 200, self._public(asked) or self._private(asked)

    def _public(self, asked: Asked) -> Any:
        query = asked.query
        match asked.path:
            case "/v1/common/symbols":
                row = {
                    "base-currency": "btc", "quote-currency": "usdt", "price-precision": 2, "amount-precision": 6,
                    "symbol-partition": "main", "symbol": "btcusdt", "state": "online", "value-precision": 8, "min-order-amt": 0.00001,
                    "max-order-amt": 1000, "min-order-value": 10, "limit-order-min-order-amt": 0.00001, "limit-order-max-order-amt": 1000,
                    "limit-order-max-buy-amt": 1000, "limit-order-max-sell-amt": 1000, "sell-market-min-order-amt": 0.00001,
                    "sell-market-max-order-amt": 100, "buy-market-max-order-value": 1000000, "api-trading": "enabled", "tags": "",
                }  # fmt: skip
                return {"status": "ok", "data": [row]}
            case "/v2/reference/currencies":
                return {"code": 200, "data": []}
            case "/market/tickers":
                row = {
                    "symbol": "btcusdt", "open": 63500, "high": 65000, "low": 63000, "close": 64000.1, "amount": 1219.053,
                    "vol": 78019453.2, "count": 10, "bid": float(self.bids[0][0]), "bidSize": 1, "ask": float(self.asks[0][0]),
                    "askSize": 1.5,
                }  # fmt: skip
                return {"status": "ok", "ts": self.now_ms, "data": [row]}
            case "/market/detail/merged":
                tick = {
                    "open": 63500, "high": 65000, "low": 63000, "close": 64000.1, "amount": 1219.053, "vol": 78019453.2, "id": 1,
                    "version": 1, "count": 10, "bid": [float(text) for text in self.bids[0]], "ask": [float(text) for text in self.asks[0]],
                }  # fmt: skip
                return {"status": "ok", "ch": "market.btcusdt.detail.merged", "ts": self.now_ms, "tick": tick}
            case "/market/depth":
                sides = {side: [[float(text) for text in row] for row in getattr(self, side)] for side in ("bids", "asks")}
                tick = {**sides, "ts": self.now_ms, "version": 1}
                return {"status": "ok", "ch": "market.btcusdt.depth.step0", "ts": self.now_ms, "tick": tick}
            case "/market/history/trade":
                rows = [
                    {"id": at, "ts": at, "data": [{
                        "id": number * 10**20, "trade-id": number, "ts": at, "price": float(price), "amount": float(size),
                        "direction": side,
                    }]}
                    for number, at, price, size, side in reversed(self.trades[-int(query.get("size", 1)) :])
                ]  # fmt: skip
                return {"status": "ok", "ch": "market.btcusdt.trade.detail", "ts": self.now_ms, "data": rows}
            case "/market/history/candles":
                first, to = int(query.get("from", 0)), int(query.get("to", 10**10))
                starts = [at // 1_000 for at in self.candle_starts if first <= at // 1_000 <= to]
                starts = starts[: int(query["size"])] if "from" in query else starts[-int(query.get("size", 150)) :]
                rows = [
                    {"id": at, "open": 64000, "close": 64000.1, "low": 63990, "high": 64010, "amount": 0.1, "vol": 6400, "count": 3}
                    for at in reversed(starts)
                ]
                return {"status": "ok", "ch": "market.btcusdt.kline.1min", "ts": self.now_ms, "data": rows}
        return None

    def _check(self, asked: Asked) -> None:
        query = dict(asked.query)
        given = query.pop("Signature", "")
        if query.get("AccessKeyId") != KEY:
            raise Refused("key")
        text = "\n".join((asked.verb, self.host, asked.path, urlencode(sorted(query.items()))))
        if base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode() != given:
            raise Refused("signature")

    def _private(self, asked: Asked) -> Any:
        self._check(asked)
        query = asked.query
        match asked.verb, asked.path:
            case "GET", "/v1/account/accounts":
                data: Any = [{"id": 59378, "type": "spot", "subtype": "", "state": "working"}]
            case "GET", "/v1/account/accounts/59378/balance":
                rows = [
                    {"currency": coin.lower(), "type": kind, "balance": plain(there[coin]), "seq-num": "1"}
                    for coin in self.free
                    for kind, there in (("trade", self.free), ("frozen", self.locked))
                ]
                data = {"id": 59378, "type": "spot", "state": "working", "list": rows}
            case "POST", "/v1/order/orders/place":
                data = str(self._place(asked.body).number)
            case "GET", "/v1/order/openOrders":
                held = [each for each in self.shown("open") if "from" not in query or each.number <= int(query["from"])]
                if "from" in query and query["direct"] != "next":
                    raise Refused("rule")
                data = [self._row(each, opened=True) for each in held[: min(500, int(query.get("size", 100)))]]
            case "GET", "/v1/order/orders":
                states = query["states"].split(",")
                start = int(query.get("start-time", self.now_ms - 2 * 86_400_000))
                held = [each for each in self.shown("open", "filled", "cancelled") if self._state(each) in states and each.time_ms >= start]
                held = [each for each in held if each.time_ms <= int(query.get("end-time", 10**14))]
                data = [self._row(each) for each in held[: int(query.get("size", 100))]]
            case "GET", "/v1/order/matchresults":
                data = [
                    {
                        "id": deal.number, "symbol": query["symbol"], "order-id": deal.held.number, "match-id": 1, "trade-id": deal.number,
                        "price": plain(deal.price), "created-at": deal.time_ms, "type": f"{deal.held.side}-{deal.held.kind}",
                        "filled-amount": plain(deal.quantity), "filled-fees": "0.00002", "fee-currency": "btc", "role": "taker",
                        "source": "spot-api", "filled-points": "0.0", "fee-deduct-currency": "",
                    }
                    for deal in self.deals[::-1][: int(query.get("size", 100))]
                ]  # fmt: skip
            case "GET", "/v1/order/orders/getClientOrder":
                data = self._row(self.by_own(query["clientOrderId"]))
            case "POST", path if path.endswith("/submitcancel"):
                data = str(self.cancel(path.split("/")[4]).number)
            case "GET", path if path.startswith("/v1/order/orders/"):
                data = self._row(self.order(path.split("/")[4]))
            case _:
                raise Refused("path", asked.path)
        return {"status": "ok", "data": data}

    def _place(self, body: Any) -> Held:
        if (body["account-id"], body["symbol"]) != ("59378", "btcusdt"):
            raise Refused("symbol")
        side, _, kind = body["type"].partition("-")
        if kind not in ("limit", "market", "ioc", "limit-fok", "limit-maker"):
            raise Refused("rule")
        if any(held.own == body["client-order-id"] for held in self.orders.values()) or len(body["client-order-id"]) > 64:
            raise Refused("rule", "client-order-id")
        spends = kind == "market" and side == "buy"
        return self.place(
            side, "market" if kind == "market" else "limit", body.get("price"), None if spends else body["amount"],
            total=body["amount"] if spends else None, own=body["client-order-id"],
            tif={"ioc": "ioc", "limit-fok": "fok"}.get(kind, "gtc"), post=kind == "limit-maker",
        )  # fmt: skip

    @staticmethod
    def _state(held: Held) -> str:
        if held.state == "open":
            return "partial-filled" if held.filled else "submitted"
        return {"filled": "filled"}.get(held.state) or ("partial-canceled" if held.filled else "canceled")

    def _row(self, held: Held, *, opened: bool = False) -> Any:
        kind = {"ioc": "ioc", "fok": "limit-fok"}.get(held.time_in_force, "limit-maker" if held.post else held.kind)
        names = ("filled-amount", "filled-cash-amount", "filled-fees") if opened else ("field-amount", "field-cash-amount", "field-fees")
        return {
            "id": held.number, "symbol": "btcusdt", "account-id": 59378, "client-order-id": held.own,
            "amount": plain(held.total if held.total is not None else held.quantity), "price": plain(held.price),
            "created-at": held.time_ms, "type": f"{held.side}-{kind}", names[0]: plain(held.filled), names[1]: plain(held.paid),
            names[2]: "0", "finished-at": held.time_ms if held.state != "open" else 0, "source": "spot-api", "state": self._state(held),
            "canceled-at": held.time_ms if held.state == "cancelled" else 0,
        }  # fmt: skip
