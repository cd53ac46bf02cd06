"""The part of a spot venue that orders meet, in memory: what it says is what Binance would, and it knows what was really placed.

It has no network and no clock of its own. Whoever carries messages to it decides which of them arrive, when, and whose answers are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

Params = Mapping[str, str]
Answer = tuple[int, Any]

WINDOW_MS = 5_000.0
ENGINE_MS = 10_000.0
AHEAD_MS = 1_000
OPEN = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
PAGE = 1_000
LEGS = {
    "/orderList/oco": ("above", "below"),
    "/orderList/oto": ("working", "pending"),
    "/orderList/otoco": ("working", "pendingAbove", "pendingBelow"),
}
FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000000", "stepSize": "0.00001"},
    {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True, "maxNotional": "9000000", "avgPriceMins": 5},
]


class RefusedError(Exception):
    """The venue says no."""

    def __init__(self, code: int, message: str, status: int = 400, data: Any = None) -> None:
        super().__init__(message)
        self.answer: Answer = (status, {"code": code, "msg": message} | ({} if data is None else {"data": data}))


@dataclass
class Order:
    """One order that was placed.

    :ivar seen_from_ms: when queries show it; the place where orders are looked up may lag behind
    """

    number: int
    client_order_id: str
    params: Params
    at_ms: int
    status: str = "NEW"
    updated_ms: int | None = None
    executed: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    seen_from_ms: float = 0
    list_number: int = -1

    def shown(self) -> dict[str, Any]:
        """As the venue shows it."""
        return {
            "symbol": self.params["symbol"],
            "orderId": self.number,
            "orderListId": self.list_number,
            "clientOrderId": self.client_order_id,
            "price": f"{Decimal(self.params.get('price', '0')):.8f}",
            "origQty": f"{self.quantity:.8f}",
            "executedQty": f"{self.executed:.8f}",
            "origQuoteOrderQty": f"{Decimal(self.params.get('quoteOrderQty', '0')):.8f}",
            "status": self.status,
            "timeInForce": self.params.get("timeInForce", "GTC"),
            "type": self.params["type"],
            "side": self.params["side"],
            "time": self.at_ms,
            "updateTime": self.at_ms if self.updated_ms is None else self.updated_ms,
        } | {name: self.params[name] for name in ("trailingDelta", "stopPrice") if name in self.params}


@dataclass
class OrderVenue:
    """Places, shows, cancels, replaces and amends orders.

    :param now_ms: the venue's clock
    :ivar orders: everything that was ever placed
    :ivar lists: the lists of orders by their client ids, the last one of each
    :ivar all_lists: every list of orders that was ever placed
    :ivar lag_ms: how long a placed order is not shown
    :ivar refuses: what the next order is refused with; empty for nothing
    """

    now_ms: Callable[[], int]
    orders: list[Order] = field(default_factory=list)
    lists: dict[str, dict[str, Any]] = field(default_factory=dict)
    all_lists: list[dict[str, Any]] = field(default_factory=list)
    filters: list[dict[str, Any]] = field(default_factory=lambda: [dict(entry) for entry in FILTERS])
    lag_ms: float = 0
    refuses: list[tuple[int, str]] = field(default_factory=list)

    def receive(self, verb: str, path: str, params: Params) -> Answer:
        """What the venue answers at once."""
        try:
            if "timestamp" in params:
                self.check_time(params)
            return 200, self.do(verb, path, params)
        except RefusedError as refused:
            return refused.answer

    def check_time(self, params: Params) -> None:
        """Refuse what is too old, or from too far ahead."""
        age_ms = self.now_ms() - int(params["timestamp"])
        if age_ms <= -AHEAD_MS:
            raise RefusedError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if age_ms > float(params.get("recvWindow", WINDOW_MS)):
            raise RefusedError(-1021, "Timestamp for this request is outside of the recvWindow.")

    def do(self, verb: str, path: str, params: Params) -> Any:
        """Carry a request out, however old it has become on its way."""
        return _DOINGS[verb, path.removeprefix("/api/v3")](self, params)

    # ---- what there is to be done ------------------------------------------------------------------------------------

    def time(self, _: Params) -> Any:
        return {"serverTime": self.now_ms()}

    def exchange_info(self, params: Params) -> Any:
        symbol = {"symbol": params.get("symbol", "BTCUSDT"), "status": "TRADING", "filters": self.filters}
        return {"serverTime": self.now_ms(), "rateLimits": [], "symbols": [symbol]}

    def place(self, params: Params) -> Any:
        if self.refuses:
            raise RefusedError(*self.refuses.pop(0))
        client_order_id = params["newClientOrderId"]
        if any(order.client_order_id == client_order_id and order.status in OPEN for order in self.orders):
            raise RefusedError(-2010, "Duplicate order sent.")
        order = Order(len(self.orders) + 1, client_order_id, params, self.now_ms(), seen_from_ms=self.now_ms() + self.lag_ms)
        order.quantity = Decimal(params.get("quantity", "1"))
        if params["type"] == "MARKET":
            order.status, order.executed = "FILLED", order.quantity
        elif params.get("timeInForce") == "IOC":
            order.status, order.executed = "EXPIRED", order.quantity / 2
        self.orders.append(order)
        return {**order.shown(), "transactTime": order.at_ms}

    def replace(self, params: Params) -> Any:
        new: dict[str, Any] | None = None
        halves = {"cancelResult": "SUCCESS", "newOrderResult": "NOT_ATTEMPTED", "cancelResponse": None, "newOrderResponse": None}
        old = {
            "symbol": params["symbol"],
            "orderId": params.get("cancelOrderId"),
            "origClientOrderId": params.get("cancelOrigClientOrderId"),
        }
        try:
            halves["cancelResponse"] = self.cancel({name: text for name, text in old.items() if text is not None})
        except RefusedError as refused:
            halves |= {"cancelResult": "FAILURE", "cancelResponse": refused.answer[1]}
            if params["cancelReplaceMode"] == "STOP_ON_FAILURE":
                raise RefusedError(-2022, "Order cancel-replace failed.", data=halves) from refused
        try:
            new = self.place(params)
            halves |= {"newOrderResult": "SUCCESS", "newOrderResponse": new}
        except RefusedError as refused:
            halves |= {"newOrderResult": "FAILURE", "newOrderResponse": refused.answer[1]}
        match halves["cancelResult"], halves["newOrderResult"]:
            case "SUCCESS", "SUCCESS":
                return halves
            case "FAILURE", "FAILURE":
                raise RefusedError(-2022, "Order cancel-replace failed.", data=halves)
        raise RefusedError(-2021, "Order cancel-replace partially failed.", 409, halves)

    def place_list(self, params: Params, path: str) -> Any:
        name = params["listClientOrderId"]
        same = {"symbol": params["symbol"], "listClientOrderId": name, "listOrderStatus": "EXECUTING"}
        if any(same.items() <= each.items() for each in self.all_lists):
            raise RefusedError(-2010, "Duplicate order sent.")
        number = len(self.all_lists) + 1
        placed = [self._leg(prefix, len(self.orders) + nth, number, params) for nth, prefix in enumerate(LEGS[path], 1)]
        self.orders += placed
        self.lists[name] = {**same, "orderListId": number, "contingencyType": "OCO", "transactionTime": self.now_ms()}
        self.lists[name]["orders"] = [
            {"symbol": each.params["symbol"], "orderId": each.number, "clientOrderId": each.client_order_id} for each in placed
        ]
        self.all_lists.append(self.lists[name])
        return self.lists[name]

    def _leg(self, prefix: str, number: int, list_number: int, params: Params) -> Order:
        group = "working" if prefix == "working" else "pending" if prefix.startswith("pending") else ""
        words = {name: f"{prefix}{name[0].upper()}{name[1:]}" for name in ("type", "price", "stopPrice", "trailingDelta", "timeInForce")}
        words |= {name: f"{group}{name.title()}" if group else name for name in ("side", "quantity")}
        said = {name: params[word] for name, word in words.items() if word in params}
        return Order(
            number,
            f"{params['listClientOrderId']}-{prefix}",
            {"symbol": params["symbol"], **said},
            self.now_ms(),
            status="PENDING_NEW" if group == "pending" else "NEW",
            quantity=Decimal(said["quantity"]),
            seen_from_ms=self.now_ms() + self.lag_ms,
            list_number=list_number,
        )

    def get(self, params: Params) -> Any:
        order = self.find(params)
        if order is None or order.seen_from_ms > self.now_ms():
            raise RefusedError(-2013, "Order does not exist.")
        return order.shown()

    def get_list(self, params: Params) -> Any:
        """The list of an id; of several the last."""
        named = [each for each in self.all_lists if each["listClientOrderId"] == params.get("origClientOrderId")]
        if not named:
            raise RefusedError(-2018, "Order list does not exist.")
        return named[-1]

    def get_all_lists(self, params: Params) -> Any:
        since, first = int(params.get("startTime", 0)), int(params.get("fromId", 0))
        return [each for each in self.all_lists if each["transactionTime"] >= since and each["orderListId"] >= first][:PAGE]

    def get_all(self, params: Params) -> Any:
        since, first = int(params.get("startTime", 0)), int(params.get("orderId", 0))
        shown = (order for order in self.orders if order.seen_from_ms <= self.now_ms())
        return [order.shown() for order in shown if order.at_ms >= since and order.number >= first][:PAGE]

    def get_open(self, _: Params) -> Any:
        return [order.shown() for order in self.orders if order.status in OPEN]

    def cancel(self, params: Params) -> Any:
        order = self.find(params)
        if order is None or order.status not in OPEN:
            raise RefusedError(-2011, "Unknown order sent.")
        order.status, order.updated_ms = "CANCELED", self.now_ms()
        return order.shown()

    def cancel_all(self, _: Params) -> Any:
        cancelled = [order for order in self.orders if order.status in OPEN]
        if not cancelled:
            raise RefusedError(-2011, "Unknown order sent.")
        for order in cancelled:
            order.status, order.updated_ms = "CANCELED", self.now_ms()
        return [order.shown() for order in cancelled]

    def cancel_list(self, params: Params) -> Any:
        return self.end(self.lists[params["listClientOrderId"]])

    def end(self, ended: dict[str, Any]) -> dict[str, Any]:
        """Cancel what is open of a list."""
        for order in self.orders:
            if order.list_number == ended["orderListId"] and order.status in OPEN:
                order.status, order.updated_ms = "CANCELED", self.now_ms()
        ended |= {"listOrderStatus": "ALL_DONE", "transactionTime": self.now_ms()}
        return ended

    def amend(self, params: Params) -> Any:
        order = self.find(params)
        if order is None or order.status not in OPEN:
            raise RefusedError(-2038, "Unknown order sent.")
        order.quantity = Decimal(params["newQty"])
        order.client_order_id = params.get("newClientOrderId", f"drawn-{order.number}-{order.quantity}")
        return {"transactTime": self.now_ms(), "amendedOrder": {"clientOrderId": order.client_order_id, "qty": f"{order.quantity:.8f}"}}

    def find(self, params: Params) -> Order | None:
        """The order that a request names; of several with one id the open one, else the first."""
        number, name = params.get("orderId"), params.get("origClientOrderId")
        named = [order for order in self.orders if str(order.number) == number or (number is None and order.client_order_id == name)]
        return next((order for order in named if order.status in OPEN), named[0] if named else None)


_DOINGS: dict[tuple[str, str], Callable[[OrderVenue, Params], Any]] = {
    ("GET", "/time"): OrderVenue.time,
    ("GET", "/exchangeInfo"): OrderVenue.exchange_info,
    ("POST", "/order"): OrderVenue.place,
    ("POST", "/order/cancelReplace"): OrderVenue.replace,
    **{("POST", path): partial(OrderVenue.place_list, path=path) for path in LEGS},
    ("GET", "/order"): OrderVenue.get,
    ("GET", "/orderList"): OrderVenue.get_list,
    ("GET", "/allOrders"): OrderVenue.get_all,
    ("GET", "/allOrderList"): OrderVenue.get_all_lists,
    ("GET", "/openOrders"): OrderVenue.get_open,
    ("DELETE", "/order"): OrderVenue.cancel,
    ("DELETE", "/openOrders"): OrderVenue.cancel_all,
    ("DELETE", "/orderList"): OrderVenue.cancel_list,
    ("PUT", "/order/amend/keepPriority"): OrderVenue.amend,
}
