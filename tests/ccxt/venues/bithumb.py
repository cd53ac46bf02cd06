"""Bithumb, API 2.1: https://apidocs.bithumb.com/."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.ccxt.venues.core import KEY, SECRET, Asked, Held, Refused, Venue, plain

KST = timezone(timedelta(hours=9))


class Bithumb(Venue):
    name = "bithumb"
    symbol, quote = "BTC/KRW", "KRW"
    bids = (("95123000", "1"), ("95122000", "2.25"))
    asks = (("95124000", "1.5"), ("95125000", "2"))
    resting, bad_price = "94321000", None  # it shows no rules, and judges itself
    quantity, total = "0.01234567", "51234"
    least, least_total = Decimal("0.00000001"), Decimal(5_000)
    tick, step = Decimal(1_000), Decimal("0.00000001")
    words = {  # noqa: RUF012
        "funds": (400, "insufficient_funds_bid", "주문가능한 금액이 부족합니다."),
        "key": (401, "invalid_access_key", "잘못된 엑세스 키입니다."),
        "signature": (401, "jwt_verification", "JWT 검증에 실패했습니다."), "unknown": (404, "order_not_found", "주문을 찾지 못했습니다."),
        "done": (404, "order_not_found", "주문을 찾지 못했습니다."), "rule": (400, "invalid_price_bid", "주문 단위를 잘못 입력하셨습니다."),
        "path": (404, "not_found", "not found"), "symbol": (404, "404", "Code not found"),
    }  # fmt: skip

    def places(self, asked: Asked) -> bool:
        return asked.path == "/v2/orders"

    def refusal(self, refused: Refused) -> tuple[int, Any]:
        status, name, text = self.words[refused.word]
        return status, {"error": {"name": name, "message": text}}

    def too_often(self) -> tuple[int, Any]:
        return 429, {"error": {"name": "too_many_requests", "message": "API 요청수를 초과했습니다."}}

    def answer(self, asked: Asked) -> tuple[int, Any]:
        return 200, self._public(asked) if "Authorization" not in asked.headers else self._private(asked)

    def _public(self, asked: Asked) -> Any:
        query = asked.query
        match asked.path:
            case "/v1/market/all":
                return [{"market": "KRW-BTC", "korean_name": "비트코인", "english_name": "Bitcoin", "market_warning": "NONE"}]
            case "/v1/orderbook":
                units = [
                    {"ask_price": float(ask[0]), "bid_price": float(bid[0]), "ask_size": float(ask[1]), "bid_size": float(bid[1])}
                    for ask, bid in zip(self.asks, self.bids, strict=True)
                ]
                return [{"market": "KRW-BTC", "timestamp": self.now_ms, "total_ask_size": 4, "total_bid_size": 3, "orderbook_units": units}]
            case "/v1/ticker":
                return [
                    {
                        "market": "KRW-BTC", "trade_date": "20261121", "trade_time": "010000", "trade_timestamp": self.now_ms,
                        "opening_price": 63500, "high_price": 65000, "low_price": 63000, "trade_price": 64000.1,
                        "prev_closing_price": 63500, "change": "RISE", "change_price": 500.1, "change_rate": 0.0079,
                        "signed_change_price": 500.1, "signed_change_rate": 0.0079, "trade_volume": 0.1, "acc_trade_price": 1000,
                        "acc_trade_price_24h": 78019453.2, "acc_trade_volume": 10, "acc_trade_volume_24h": 1219.053,
                        "timestamp": self.now_ms,
                    }
                ]  # fmt: skip
            case "/v1/trades/ticks":
                return [
                    {
                        "market": "KRW-BTC", "trade_date_utc": f"{_at(at, UTC):%Y-%m-%d}", "trade_time_utc": f"{_at(at, UTC):%H:%M:%S}",
                        "timestamp": at, "trade_price": float(price), "trade_volume": float(size), "prev_closing_price": 63500,
                        "change_price": 500, "ask_bid": "BID" if side == "buy" else "ASK", "sequential_id": at * 10_000 + number,
                    }
                    for number, at, price, size, side in reversed(self.trades[-int(query.get("count", 1)) :])
                ]  # fmt: skip
            case "/v1/candles/minutes/1":
                before = self.now_ms + 1
                if "to" in query:
                    before = int(datetime.strptime(query["to"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST).timestamp() * 1_000)
                starts = [at for at in self.candle_starts if at < before][-min(200, int(query.get("count", 1))) :]
                return [
                    {
                        "market": "KRW-BTC", "candle_date_time_utc": f"{_at(at, UTC):%Y-%m-%dT%H:%M:%S}",
                        "candle_date_time_kst": f"{_at(at, KST):%Y-%m-%dT%H:%M:%S}", "opening_price": 64000, "high_price": 64010,
                        "low_price": 63990, "trade_price": 64000.1, "timestamp": at + 59_000, "candle_acc_trade_price": 6400,
                        "candle_acc_trade_volume": 0.1, "unit": 1,
                    }
                    for at in reversed(starts)
                ]  # fmt: skip
        raise Refused("path", asked.path)

    def _check(self, asked: Asked) -> None:
        token = asked.headers["Authorization"].removeprefix("Bearer ")
        signed, _, signature = token.rpartition(".")
        if _b64(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()) != signature:
            raise Refused("signature")
        claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "==="))
        if claims["access_key"] != KEY:
            raise Refused("key")
        told = asked.raw_query if asked.verb in ("GET", "DELETE") else urlencode(asked.body)
        if told and claims["query_hash"] != hashlib.sha512(told.encode()).hexdigest():
            raise Refused("signature")

    def _private(self, asked: Asked) -> Any:
        self._check(asked)
        query = asked.query
        match asked.verb, asked.path:
            case "GET", "/v1/accounts":
                return [
                    {
                        "currency": coin, "balance": plain(self.free[coin]), "locked": plain(self.locked[coin]), "avg_buy_price": "0",
                        "avg_buy_price_modified": False, "unit_currency": "KRW",
                    }
                    for coin in self.free
                ]  # fmt: skip
            case "POST", "/v2/orders":
                held = self._place(asked.body)
                return {
                    "order_id": _number(held.number), "market": "KRW-BTC", "side": _side(held), "order_type": asked.body["order_type"],
                    "created_at": _when(held), "stp_type": "cancel_taker",
                }  # fmt: skip
            case "DELETE", "/v2/order":
                held = self.cancel(_own(query["order_id"]))
                return {"order_id": _number(held.number), "created_at": _when(held)}
            case "GET", "/v1/order":
                held = self.by_own(query["client_order_id"]) if "client_order_id" in query else self.order(_own(query["uuid"]))
                return {**self._row(held), "trades": []}
            case "GET", "/v1/orders":
                states = {"wait": ("open",), "done": ("filled",), "cancel": ("cancelled",)}[query.get("state", "wait")]
                size = int(query.get("limit", 100))
                if size > 100:
                    raise Refused("rule")
                first = (int(query.get("page", 1)) - 1) * size
                return [self._row(held) for held in self.shown(*states)[first : first + size]]
        raise Refused("path", asked.path)

    def _place(self, body: Any) -> Held:
        kind, own = body["order_type"], body.get("client_order_id", "")
        if body["market"] != "KRW-BTC":
            raise Refused("symbol")
        if len(own) > 36 or kind not in ("limit", "price", "market") or any(not isinstance(value, str) for value in body.values()):
            raise Refused("rule")
        if (kind == "price") != (body["side"] == "bid" and "volume" not in body):
            raise Refused("rule")
        tif = body.get("time_in_force", "gtc")
        return self.place(
            "buy" if body["side"] == "bid" else "sell", "limit" if kind == "limit" else "market", body.get("price"), body.get("volume"),
            total=body["price"] if kind == "price" else None, own=own, tif="gtc" if tif == "post_only" else tif, post=tif == "post_only",
        )  # fmt: skip

    @staticmethod
    def _row(held: Held) -> Any:
        kind = "limit" if held.kind == "limit" else "price" if held.total is not None else "market"
        row = {
            "uuid": _number(held.number), "side": _side(held), "ord_type": kind,
            "state": {"open": "wait", "filled": "done"}.get(held.state, "cancel"), "market": "KRW-BTC", "created_at": _when(held),
            "reserved_fee": "23.75", "remaining_fee": "23.75", "paid_fee": "0", "locked": "0", "executed_volume": plain(held.filled),
            "executed_funds": plain(held.paid), "trades_count": 0, "stp_type": "cancel_taker",
        }  # fmt: skip
        if held.own:
            row["client_order_id"] = held.own
        if held.post:
            row["time_in_force"] = "post_only"
        if kind != "market":
            row["price"] = plain(held.total if held.total is not None else held.price)
        if kind != "price":
            row |= {"volume": plain(held.quantity), "remaining_volume": plain(held.left)}
        return row


def _at(time_ms: int, zone: Any) -> datetime:
    return datetime.fromtimestamp(time_ms / 1_000, zone)


def _when(held: Held) -> str:
    return f"{_at(held.time_ms, KST):%Y-%m-%dT%H:%M:%S}+09:00"


def _side(held: Held) -> str:
    return "bid" if held.side == "buy" else "ask"


def _number(number: int) -> str:
    return f"C0101000003{number:09}"


def _own(number: str) -> str:
    return str(int(number.removeprefix("C0101000003"))) if number.startswith("C0101000003") else "none"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
