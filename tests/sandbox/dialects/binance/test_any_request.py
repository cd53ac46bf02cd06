"""Whatever is asked of the signed endpoints is answered, with what was done or with a refusal in the venue's words; and what is told
to the user data stream is what the endpoints say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.dialects.binance.account_shapes import balance
from exchangeclient.sandbox.dialects.binance.routes import ROUTES

Request = tuple[str, str, dict[str, str]]

SIGNED = [(key, route) for key, route in ROUTES.items() if route.signed and key[1].startswith("/api/v3/")]
PRICES = ("0.0001", "0.0002", "0.00024", "0.00024791", "0.00025", "0.0003", "0.0004")
QUANTITIES = ("10", "50", "100", "200")
MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER")
TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
SIDES = ("BUY", "SELL")


# ---- requests that are mostly in order ---------------------------------------------------------------------------


def _name(prefix: str, word: str) -> str:
    return f"{prefix}{word[0].upper()}{word[1:]}" if prefix else word


@st.composite
def legs(draw: st.DrawFn, prefix: str, kinds: tuple[str, ...] = TYPES) -> dict[str, str]:
    """An order's own parameters, as its type needs them."""
    kind = draw(st.sampled_from(kinds))
    params = {"type": kind}
    if kind in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
        params["timeInForce"] = draw(st.sampled_from(("GTC", "GTC", "GTC", "IOC", "FOK")))
    if kind.startswith("LIMIT") or kind.endswith("_LIMIT"):
        params["price"] = draw(st.sampled_from(PRICES))
        if draw(st.integers(0, 7)) == 0:
            params["pegPriceType"] = draw(st.sampled_from(("PRIMARY_PEG", "MARKET_PEG")))
        if draw(st.integers(0, 3)) == 0:
            params["icebergQty"] = "10"
    if kind.startswith(("STOP", "TAKE")):
        if draw(st.booleans()):
            params["stopPrice"] = draw(st.sampled_from(PRICES))
        if "stopPrice" not in params or draw(st.integers(0, 3)) == 0:
            params["trailingDelta"] = draw(st.sampled_from(("100", "1000")))
    return {_name(prefix, word): value for word, value in params.items()}


@st.composite
def placements(draw: st.DrawFn) -> Request:
    def sided(*names: str) -> dict[str, str]:
        return {name: draw(st.sampled_from(SIDES if name.lower().endswith("side") else QUANTITIES)) for name in names}

    def working() -> dict[str, str]:
        return draw(legs("working", ("LIMIT", "LIMIT_MAKER"))) | sided("workingSide", "workingQuantity")

    def pair(first: str, second: str) -> dict[str, str]:
        profits, stops = ("LIMIT_MAKER", *TYPES[5:]), TYPES[3:5]
        kinds = (profits, stops) if draw(st.booleans()) else (stops, profits)
        return draw(legs(first, kinds[0])) | draw(legs(second, kinds[1]))

    path = draw(st.sampled_from(("order", "order", "order", "order/test", "order/cancelReplace", "sor/order", *LISTS)))
    match path:
        case "orderList/oco":
            params = pair("above", "below") | sided("side", "quantity")
        case "orderList/oto":
            params = working() | draw(legs("pending")) | sided("pendingSide", "pendingQuantity")
        case "orderList/otoco":
            params = working() | pair("pendingAbove", "pendingBelow") | sided("pendingSide", "pendingQuantity")
        case "orderList/opo":
            params = working() | draw(legs("pending")) | {"workingSide": "BUY", "pendingSide": "SELL"}
        case "orderList/opoco":
            params = working() | pair("pendingAbove", "pendingBelow") | {"workingSide": "BUY", "pendingSide": "SELL"}
        case "sor/order":
            params = draw(legs("", ("LIMIT", "MARKET"))) | sided("side", "quantity")
        case _:
            params = draw(legs("")) | sided("side", "quantity")
    if path == "order/cancelReplace":
        params |= {"cancelReplaceMode": "ALLOW_FAILURE", "cancelOrderId": str(draw(st.integers(1, 12)))}
    if draw(st.booleans()):
        params["selfTradePreventionMode"] = draw(st.sampled_from(MODES))
    return "POST", f"/api/v3/{path}", {"symbol": "BNBBTC", "newOrderRespType": draw(st.sampled_from(("ACK", "RESULT", "FULL"))), **params}


LISTS = ("orderList/oco", "orderList/oto", "orderList/otoco", "orderList/opo", "orderList/opoco")


@st.composite
def changes(draw: st.DrawFn) -> Request:
    order_id = str(draw(st.integers(1, 12)))
    return draw(
        st.sampled_from(
            (
                ("DELETE", "/api/v3/order", {"symbol": "BNBBTC", "orderId": order_id}),
                ("DELETE", "/api/v3/orderList", {"symbol": "BNBBTC", "orderListId": order_id}),
                ("PUT", "/api/v3/order/amend/keepPriority", {"symbol": "BNBBTC", "orderId": order_id, "newQty": "40"}),
                ("GET", "/api/v3/order", {"symbol": "BNBBTC", "orderId": order_id}),
                ("GET", "/api/v3/order/amendments", {"symbol": "BNBBTC", "orderId": order_id}),
                ("GET", "/api/v3/myPreventedMatches", {"symbol": "BNBBTC", "orderId": order_id}),
                ("DELETE", "/api/v3/openOrders", {"symbol": "BNBBTC"}),
            )
        )
    )


@st.composite
def nonsense(draw: st.DrawFn) -> Request:
    """Any parameters of any endpoint."""
    (method, path), route = draw(st.sampled_from(SIGNED))
    words = (
        *SIDES,
        *TYPES,
        *PRICES,
        *QUANTITIES,
        *MODES,
        "BNBBTC",
        "NOPE",
        "GTC",
        "0",
        "-1",
        "1.5",
        "99999999999",
        "true",
        "ACK",
        "a b",
        "é",
    )
    names = draw(st.lists(st.sampled_from(route.names), unique=True, max_size=8)) if route.names else []
    return method, path, {name: draw(st.sampled_from(words)) for name in names}


requests = st.tuples(st.sampled_from(("key", "key", "other")), st.one_of(placements(), placements(), changes(), nonsense()))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(requests, min_size=5, max_size=25))
def test_every_request_is_answered_and_both_ways_of_telling_agree(
    make_bench: Callable[..., Any], make_wire: Callable[..., Any], asked: list[tuple[str, Request]]
) -> None:
    bench = make_bench(traders=False)
    sockets = {account: make_wire(bench, "/ws-api/v3") for account in ("key", "other")}
    for account, socket in sockets.items():
        socket.subscribe_user(account)
    for account, (method, path, params) in asked:
        answer = bench.signed(method, path, account=account, **params)
        assert bench.answer.status in (200, 400, 409), answer
        if bench.answer.status != 200:
            assert answer["code"] < 0
            assert answer["msg"]
    for account, socket in sockets.items():
        agrees(bench, account, [each["event"] for each in socket.heard()])


def agrees(bench: Any, account: str, events: list[Any]) -> None:
    """The last thing that was told of every order, list and balance is what the endpoints say of it."""
    orders = {each["i"]: each for each in events if each["e"] == "executionReport" and each["s"] == "BNBBTC"}
    found = {each["orderId"]: each for each in bench.signed("GET", "/api/v3/allOrders", account=account, symbol="BNBBTC")}
    assert set(orders) == set(found)
    for order_id, report in orders.items():
        row = found[order_id]
        assert (report["X"], report["z"], report["Z"], report["g"]) == (
            row["status"],
            row["executedQty"],
            row["cummulativeQuoteQty"],
            row["orderListId"],
        )
        assert (report.get("eR"), report.get("A")) == (row.get("expiryReason"), row.get("preventedQuantity"))
        assert report.get("W", -1) == row["workingTime"]
    lists = {each["g"]: each["L"] for each in events if each["e"] == "listStatus"}
    assert lists == {each["orderListId"]: each["listOrderStatus"] for each in bench.signed("GET", "/api/v3/allOrderList", account=account)}
    told: dict[str, dict[str, str]] = {}
    for each in events:
        if each["e"] == "outboundAccountPosition":
            told |= {row["a"]: {"asset": row["a"], "free": row["f"], "locked": row["l"]} for row in each["B"]}
    now = {asset: balance(asset, each) for asset, each in bench.exchange.balances(account).items()}
    assert told == {asset: now[asset] for asset in told}
    numbers = [each["I"] for each in events if each["e"] == "executionReport"]
    assert numbers == sorted(set(numbers))
