"""A stub of Gate on a port of this machine, with a few rules of its own; its answers are in the shapes of its API's documentation (v4)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

NOW_S = 1_789_000_000
PAIR = {
    "id": "BTC_USDT", "base": "BTC", "base_name": "Bitcoin", "quote": "USDT", "quote_name": "Tether", "fee": "0.2",
    "min_base_amount": "0.001", "min_quote_amount": "5", "max_quote_amount": "5000000", "amount_precision": 4, "precision": 1,
    "trade_status": "tradable", "sell_start": 0, "buy_start": 0, "type": "normal",
}  # fmt: skip


class Gate:
    """What the stub knows, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.trades = [self.trade(1, "64000.1", "0.5")]
        self.asks = [["64000.2", "1.5"], ["64000.9", "2"]]
        self.available = "1000"
        self.lose_next_order = False
        self.failing = False

    @staticmethod
    def trade(number: int, price: str, amount: str) -> dict[str, Any]:
        return {
            "id": str(number), "create_time": str(NOW_S), "create_time_ms": f"{NOW_S}{number:03}.105000", "currency_pair": "BTC_USDT",
            "side": "sell", "amount": amount, "price": price, "sequence_id": str(number),
        }  # fmt: skip

    def answer(self, verb: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.asked.append((verb, path))
        if self.failing:
            return 502, {"label": "SERVER_ERROR", "message": "busy"}
        last = path.removeprefix("/api/v4/")
        match verb, last:
            case "GET", "spot/currency_pairs":
                return 200, [PAIR]
            case "GET", "spot/tickers":
                return 200, [
                    {
                        "currency_pair": "BTC_USDT", "last": "64000.1", "lowest_ask": "64000.2", "highest_bid": "64000",
                        "change_percentage": "-1.18", "base_volume": "1219.053", "quote_volume": "78019453.2",
                        "high_24h": "65000", "low_24h": "63000",
                    }
                ]  # fmt: skip
            case "GET", "spot/order_book":
                bids = [["64000", "1"], ["63999.5", "2.25"]]
                return 200, {"id": 6358, "current": NOW_S * 1000 + 275, "update": NOW_S * 1000 + 271, "asks": self.asks, "bids": bids}
            case "GET", "spot/trades":
                return 200, self.trades[::-1]
            case "GET", "spot/candlesticks":
                start = NOW_S - NOW_S % 60
                rows = [
                    [str(start - 60 * nth), "6400", "64000.1", "64010", "63990", "64000", "0.1", "true"]
                    for nth in range(int(query.get("limit", 100)))
                ]
                return 200, rows[::-1]
            case "GET", "spot/accounts":
                return 200, [{"currency": "USDT", "available": self.available, "locked": "12.5", "update_id": 98}]
            case "GET", "spot/my_trades":
                return 200, [
                    {
                        "id": "5736713", "create_time": str(NOW_S), "create_time_ms": f"{NOW_S}000.1", "currency_pair": "BTC_USDT",
                        "side": "buy", "role": "taker", "amount": "0.01", "price": "64000.2", "order_id": "11", "fee": "0.00002",
                        "fee_currency": "BTC", "point_fee": "0", "gt_fee": "0", "text": "t-mine",
                    }
                ]  # fmt: skip
            case "POST", "spot/orders":
                return self._place(body)
            case "GET", "spot/open_orders":
                rows = [row for row in self.orders.values() if row["status"] == "open"]
                return 200, [{"currency_pair": "BTC_USDT", "total": len(rows), "orders": rows}] if rows else []
            case "GET", "spot/orders":
                rows = [row for row in self.orders.values() if (row["status"] == "open") is (query.get("status") == "open")]
                return 200, rows
        if last.startswith("spot/orders/"):
            row = self.orders.get(last.removeprefix("spot/orders/"))
            if row is None or (verb == "DELETE" and row["status"] != "open"):
                return 404, {"label": "ORDER_NOT_FOUND", "message": "Order not found"}
            if verb == "DELETE":
                row["status"], row["finish_as"] = "cancelled", "cancelled"
            return 200, row
        return 200, []

    def _place(self, body: Any) -> tuple[int, Any]:
        if float(body["amount"]) * float(body.get("price") or 1) > float(self.available) * 1000:
            return 400, {"label": "BALANCE_NOT_ENOUGH", "message": "Not enough balance"}
        number = str(11 + len(self.orders))
        row = {
            "id": number, "text": body.get("text", "apiv4"), "create_time": str(NOW_S), "update_time": str(NOW_S),
            "create_time_ms": NOW_S * 1000, "update_time_ms": NOW_S * 1000, "currency_pair": body["currency_pair"], "status": "open",
            "type": body["type"], "account": "spot", "side": body["side"], "iceberg": "0", "amount": body["amount"],
            "price": body.get("price", "0"), "time_in_force": body.get("time_in_force", "gtc"), "left": body["amount"],
            "filled_amount": "0", "fill_price": "0", "filled_total": "0", "avg_deal_price": "0", "fee": "0", "fee_currency": "BTC",
            "point_fee": "0", "gt_fee": "0", "rebated_fee": "0", "rebated_fee_currency": "USDT", "finish_as": "open",
        }  # fmt: skip
        self.orders[number] = row
        if self.lose_next_order:
            self.lose_next_order = False
            return 504, {"label": "TIMEOUT", "message": "gateway"}
        return 201, row


@pytest.fixture
def gate() -> Iterator[tuple[Gate, str]]:
    """The stub and its address."""
    stub = Gate()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, answer = stub.answer(self.command, parts.path, query, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield stub, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)
