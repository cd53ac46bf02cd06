"""Bitfinex, API v2: https://docs.bitfinex.com/reference."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from typing import Any

from tests.ccxt.venues.core import KEY, SECRET, Asked, Held, Refused, Venue, plain


class Bitfinex(Venue):
    name = "bitfinex"
    symbol, quote = "BTC/USD", "USD"
    bids = (("64000", "1"), ("63999", "2.25"))
    asks = (("64001", "1.5"), ("64002", "2"))
    bad_price = "63000.5"  # prices have five digits
    least, least_total = Decimal("0.00004"), Decimal(0)
    tick, step = Decimal(1), Decimal("0.00000001")
    hundreds = 2_500
    words = {  # noqa: RUF012
        "funds": (10001, "Invalid order: not enough exchange balance for -1 BTCUSD at 64000"), "key": (10100, "apikey: invalid"),
        "signature": (10100, "apikey: digest invalid"), "unknown": (10001, "Order not found."), "done": (10001, "Order not found."),
        "rule": (10001, "Invalid order: minimum size for BTCUSD is 0.00004"), "path": (10000, "ERR_UNK"),
        "symbol": (10020, "symbol: invalid"), "nonce": (10114, "nonce: small"),
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.nonce = 0
        self.knows_free = True

    def places(self, asked: Asked) -> bool:
        return asked.path == "/v2/auth/w/order/submit"

    def refusal(self, refused: Refused) -> tuple[int, Any]:
        return 500, ["error", *self.words[refused.word]]

    def too_often(self) -> tuple[int, Any]:
        return 429, {"error": "ERR_RATE_LIMIT"}

    def answer(self, asked: Asked) -> tuple[int, Any]:
        return 200, self._public(asked) if asked.verb == "GET" else self._private(asked)

    def _public(self, asked: Asked) -> Any:
        path, query = asked.path.removeprefix("/v2/"), asked.query
        if path.startswith("conf/pub:info:pair"):
            return [[["BTCUSD", [None, None, None, "0.00004", "2000.0", None, None, None, 0.2, 0.1]]], [], [], []]
        if path.startswith("conf/pub:list:currency"):
            return [[], [], [], [], [], [], [], [], [], [], []]
        figures = [float(self.bids[0][0]), 18.2, float(self.asks[0][0]), 20.1, -750, -0.0118, 64000.1, 1219.053, 65000, 63000]
        match path:
            case "tickers":
                return [["tBTCUSD", *figures]]
            case "ticker/tBTCUSD":
                return figures
            case "book/tBTCUSD/P0":
                if int(query.get("len", 25)) not in (1, 25, 100, 250):
                    raise Refused("rule")
                bids = [[float(price), 2, float(size)] for price, size in self.bids]
                return bids + [[float(price), 1, -float(size)] for price, size in self.asks]
            case "trades/tBTCUSD/hist":
                return [
                    [number, at, float(size) * (1 if side == "buy" else -1), float(price)]
                    for number, at, price, size, side in reversed(self.trades[-int(query.get("limit", 125)) :])
                ]
            case "candles/trade:1m:tBTCUSD/hist":
                first, to = int(query.get("start", 0)), int(query.get("end", 10**14))
                starts = [at for at in self.candle_starts if first <= at <= to]
                count = int(query.get("limit", 100))
                starts = starts[:count] if query.get("sort") == "1" else starts[::-1][:count]
                return [[at, 64000, 64000.1, 64010, 63990, 0.1] for at in starts]
        raise Refused("path", path)

    def _check(self, asked: Asked) -> None:
        if asked.headers.get("bfx-apikey") != KEY:
            raise Refused("key")
        text = f"/api{asked.path}{asked.headers['bfx-nonce']}{asked.text}"
        if hmac.new(SECRET.encode(), text.encode(), hashlib.sha384).hexdigest() != asked.headers["bfx-signature"]:
            raise Refused("signature")
        if int(asked.headers["bfx-nonce"]) <= self.nonce:
            raise Refused("nonce")
        self.nonce = int(asked.headers["bfx-nonce"])

    def _private(self, asked: Asked) -> Any:
        self._check(asked)
        path, body = asked.path.removeprefix("/v2/auth/"), asked.body
        match path:
            case "r/wallets":
                free = {coin: float(amount) if self.knows_free else None for coin, amount in self.free.items()}
                return [["exchange", coin, float(self.free[coin] + self.locked[coin]), 0, free[coin], None, None] for coin in free]
            case "w/order/submit":
                held = self._place(body)
                return [self.now_ms, "on-req", None, None, [self._row(held)], None, "SUCCESS", "Submitting 1 orders."]
            case "w/order/cancel":
                held = self.cancel(body["id"])
                return [self.now_ms, "oc-req", None, None, self._row(held), None, "SUCCESS", "Submitted for cancellation."]
            case "r/trades/tBTCUSD/hist":
                return [
                    [
                        deal.number, "tBTCUSD", deal.time_ms, deal.held.number,
                        float(deal.quantity if deal.held.side == "buy" else -deal.quantity), float(deal.price),
                        f"EXCHANGE {deal.held.kind.upper()}",
                        float(deal.price), -1, -0.00002, "BTC", 12345,
                    ]
                    for deal in self.deals[::-1][: int(body.get("limit", 25))]
                ]  # fmt: skip
            case "r/orders" | "r/orders/tBTCUSD":
                return self._some(body, "open")
            case "r/orders/hist" | "r/orders/tBTCUSD/hist":
                return self._some(body, "filled", "cancelled")[: int(body.get("limit", 25))]
        raise Refused("path", path)

    def _some(self, body: Any, *states: str) -> Any:
        return [self._row(held) for held in self.shown(*states) if "id" not in body or held.number in body["id"]]

    def _place(self, body: Any) -> Held:
        kind, amount = body["type"].removeprefix("EXCHANGE "), Decimal(body["amount"])
        if not body["type"].startswith("EXCHANGE ") or kind not in ("LIMIT", "MARKET", "IOC", "FOK"):
            raise Refused("rule", kind)
        if body["symbol"] != "tBTCUSD":
            raise Refused("symbol")
        if not isinstance(body.get("cid", 1), int) or not 0 < body.get("cid", 1) < 2**45:
            raise Refused("rule", "cid")
        return self.place(
            "buy" if amount > 0 else "sell", "market" if kind == "MARKET" else "limit", body.get("price"), abs(amount),
            own=str(body.get("cid", "")), tif=kind.lower() if kind in ("IOC", "FOK") else "gtc", post=bool(body.get("flags", 0) & 4096),
        )  # fmt: skip

    @staticmethod
    def _row(held: Held) -> Any:
        sign = 1 if held.side == "buy" else -1
        deal = f"{plain(held.average)}({plain(held.filled * sign)})"
        if held.state == "open":
            state = f"PARTIALLY FILLED @ {deal}" if held.filled else "ACTIVE"
        elif held.state == "filled":
            state = f"EXECUTED @ {deal}"
        else:
            state = {"post": "POSTONLY CANCELED", "ioc": "IOC CANCELED", "fok": "FILLORKILL CANCELED"}.get(held.why, "CANCELED")
            state += f" was: PARTIALLY FILLED @ {deal}" if held.filled else ""
        kind = {"ioc": "EXCHANGE IOC", "fok": "EXCHANGE FOK"}.get(held.time_in_force, f"EXCHANGE {held.kind.upper()}")
        return [
            held.number, None, int(held.own) if held.own else 12345, "tBTCUSD", held.time_ms, held.time_ms, float(held.left * sign),
            float(held.quantity * sign), kind, None, None, None, 4096 if held.post else 0, state, None, None,
            float(held.price if held.kind == "limit" else held.average), float(held.average), 0, 0, None, None, None, 0, 0, None,
            None, None, "API>BFX", None, None, None,
        ]  # fmt: skip
