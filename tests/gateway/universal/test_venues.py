"""What robots post, as the protocol's founding document prints it, at every venue, against the embedded exchange."""

from __future__ import annotations

import gc
import itertools
import json
import re
import weakref
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.binance.client import Client
from exchangeclient.gateway.universal import ProtocolFactory, Settings
from exchangeclient.gateway.universal.keys import Keys
from exchangeclient.gateway.universal.venues import BinanceProtocol
from exchangeclient.sandbox import Sandbox

ROUND_FIGURE = re.compile(r"\d+(\.\d+)?")
STATES = {
    "pending", "pre-submitted", "submitting", "submitted", "partial-filled", "filled", "closed", "finished", "partial-canceled", "canceled",
}  # fmt: skip
START_MS = 1_772_323_200_000  # 2026-03-01


def instrument(robot: Any, coin: str) -> str:
    return f"{coin}-USDT" if robot.url.endswith("OKX") else f"{coin}USDT"


def is_figure(value: Any) -> bool:
    return isinstance(value, str) and ROUND_FIGURE.fullmatch(value) is not None


def traded(robot: Any) -> None:
    """See that somebody has traded."""
    robot.ask("trade", symbol="ETH_USDT", type="sell", price="-1", amount="0.05")


def test_ticker(robot: Any) -> None:
    assert robot.refused("ticker", symbol="USDT") == "invalid symbol"
    said = robot.post("ticker", {"symbol": "LTC_USDT"})
    ticker = said["data"]
    assert list(ticker) == ["symbol", "buy", "sell", "high", "low", "open", "last", "vol", "time"]
    assert ticker["symbol"] == "LTC_USDT"
    assert all(is_figure(ticker[name]) for name in ("buy", "sell", "high", "low", "open", "last", "vol"))
    assert Decimal(ticker["low"]) <= Decimal(ticker["buy"]) < Decimal(ticker["sell"]) <= Decimal(ticker["high"])
    assert START_MS <= ticker["time"] < START_MS + 60_000
    assert instrument(robot, "LTC") in said["raw"].values()


def test_depth(robot: Any) -> None:
    depth = robot.ask("depth", limit="30", symbol="ETH_USDT")
    assert isinstance(depth["time"], int)
    asks, bids = ([Decimal(price) for price, _ in depth[side]] for side in ("asks", "bids"))
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    assert bids[0] < asks[0]
    assert 5 < len(asks) <= 30
    assert all(is_figure(price) and is_figure(amount) for side in ("asks", "bids") for price, amount in depth[side])
    few = robot.ask("depth", limit=3, symbol="eth_usdt")
    assert (len(few["asks"]), len(few["bids"])) == (3, 3)
    assert robot.ask("depth", symbol="ETH_USDT")["asks"] == depth["asks"]


def test_trades(robot: Any) -> None:
    traded(robot)
    trades = robot.ask("trades", symbol="eth_usdt")
    assert list(trades[0]) == ["id", "time", "price", "amount", "type"]
    assert [trade["time"] for trade in trades] == sorted((trade["time"] for trade in trades), reverse=True)
    assert trades[0]["type"] == "sell"
    assert is_figure(trades[0]["price"])


@pytest.mark.parametrize(("period", "seconds"), [("60", 3600), (5, 300), ("10", 600), ("90", 5400), ("1440", 86400)])
def test_records(robot: Any, period: Any, seconds: int) -> None:
    records = robot.ask("records", limit="20", period=period, symbol="ETH_USDT")
    times = [row[0] for row in records]
    assert len(records) > 1
    assert len(records) <= 20
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {seconds}
    assert START_MS / 1000 - seconds < times[-1] <= START_MS / 1000  # the running one is there
    assert all(time % seconds == 0 for time in times)
    for _, *figures in records:
        assert all(map(is_figure, figures))
        opened, high, low, close, _volume = map(Decimal, figures)
        assert low <= min(opened, close) <= max(opened, close) <= high


def test_made_records_agree_with_the_venues_own(robot: Any) -> None:
    halves = robot.ask("records", limit="12", period="30", symbol="ETH_USDT")
    for row in robot.ask("records", limit="3", period="90", symbol="ETH_USDT")[:-1]:
        parts = [half for half in halves if row[0] <= half[0] < row[0] + 5400]
        assert len(parts) == 3
        assert row[1] == parts[0][1]
        assert row[4] == parts[-1][4]
        assert Decimal(row[2]) == max(Decimal(part[2]) for part in parts)
        assert Decimal(row[5]) == sum(Decimal(part[5]) for part in parts)


@pytest.mark.parametrize("period", ["0", "-5", "", None])
def test_records_need_a_period(robot: Any, period: Any) -> None:
    assert robot.refused("records", limit="20", period=period, symbol="ETH_USDT") == "missing required parameters: period"


@pytest.mark.parametrize(
    ("period", "why"), [("1h", "must be a plain number"), ("1.5", "must be a whole number"), ("999999", "the period must be")]
)
def test_records_of_no_period_there_is(robot: Any, period: str, why: str) -> None:
    assert why in robot.refused("records", limit="20", period=period, symbol="ETH_USDT")


def test_what_is_uncertain_about_records_can_be_switched(configured: Any, robot_at: Any) -> None:
    url = configured(Settings(records_time="ms", records_order="desc", names="lower")).url
    robot = robot_at(url, "OKX")
    times = [row[0] for row in robot.ask("records", limit="5", period="60", symbol="ETH_USDT")]
    assert times == sorted(times, reverse=True)
    assert times[0] == START_MS
    assert "ticksize" in robot.ask("markets")["BTC_USDT"]
    assert "rate" in robot.ask("fundings")[0]


def test_markets(robot: Any) -> None:
    markets = robot.ask("markets")
    assert {"BTC_USDT", "ETH_USDT", "LTC_USDT"} <= set(markets)
    market = markets["BTC_USDT"]
    assert {name: market[name] for name in ("Symbol", "BaseAsset", "QuoteAsset", "CtVal", "CtValCcy")} == {
        "Symbol": instrument(robot, "BTC"),
        "BaseAsset": "BTC",
        "QuoteAsset": "USDT",
        "CtVal": "1",
        "CtValCcy": "BTC",
    }
    for size, precision in (("TickSize", "PricePrecision"), ("AmountSize", "AmountPrecision")):
        assert Decimal(market[size]) == Decimal(10) ** -market[precision]
    assert all(is_figure(market[name]) for name in ("MinQty", "MaxQty", "MinNotional", "MaxNotional"))
    assert market["Info"]
    assert robot.ask("GetMarkets").keys() == markets.keys()


def test_tickers(robot: Any) -> None:
    tickers = {ticker["symbol"]: ticker for ticker in robot.ask("tickers")}
    assert {"BTC_USDT", "ETH_USDT", "LTC_USDT"} <= set(tickers)
    assert tickers["LTC_USDT"].keys() == robot.ask("ticker", symbol="LTC_USDT").keys()
    assert {ticker["symbol"] for ticker in robot.ask("gettickers")} == set(tickers)


def test_accounts_and_assets(robot: Any) -> None:
    robot.ask("trade", amount="0.1", price="1000", symbol="BTC_USDT", type="buy")
    for method in ("accounts", "assets"):
        held = {row["currency"]: row for row in robot.ask(method)}
        assert {"BTC", "USDT"} <= set(held)
        assert list(held["BTC"]) == ["currency", "free", "frozen"]
        assert is_figure(held["BTC"]["free"])
        assert Decimal(held["USDT"]["frozen"]) >= 100
    for order in robot.ask("orders"):
        assert robot.ask("cancel", id=order["id"], symbol="BTC_USDT") is True


def test_an_orders_life(robot: Any) -> None:
    name = instrument(robot, "BTC")
    placed = robot.ask("trade", amount="0.1", price="1000", symbol="BTC_USDT", type="buy")
    assert re.fullmatch(rf"{name},\d+", placed["id"])
    for listed in (robot.ask("orders", symbol="BTC_USDT"), robot.ask("orders", symbol=""), robot.ask("orders")):
        (order,) = listed
        assert {each: order[each] for each in ("id", "symbol", "type", "status", "avg_price")} == {
            "id": placed["id"],
            "symbol": "BTC_USDT",
            "type": "buy",
            "status": "pending",
            "avg_price": "0",
        }
        assert (Decimal(order["amount"]), Decimal(order["price"]), Decimal(order["deal_amount"])) == (Decimal("0.1"), 1000, 0)
        assert START_MS <= order["time"] < START_MS + 60_000
    assert robot.ask("order", id=placed["id"], symbol="BTC_USDT")["status"] == "pending"
    assert robot.ask("order", id=placed["id"])["id"] == placed["id"]
    assert robot.ask("order", id=placed["id"].partition(",")[2], symbol="BTC_USDT")["id"] == placed["id"]
    assert "another symbol" in robot.refused("order", id=placed["id"], symbol="ETH_USDT")
    assert "another symbol" in robot.refused("cancel", id=placed["id"], symbol="ETH_USDT")
    assert "needs its instrument" in robot.refused("order", id="123")
    assert robot.ask("cancel", id=placed["id"], symbol="BTC_USDT") is True
    assert re.match(r"-2011 |51401 ", robot.refused("cancel", id=placed["id"], symbol="BTC_USDT"))
    assert robot.ask("order", id=placed["id"])["status"] == "canceled"
    assert robot.ask("orders", symbol="BTC_USDT") == []
    assert robot.ask("historyorders", limit=0, since=0, symbol="BTC_USDT")[-1]["id"] == placed["id"]


def test_a_fill_of_a_part_and_the_cancellation_of_the_rest(robot: Any) -> None:
    price, amount = robot.ask("depth", limit="1", symbol="LTC_USDT")["asks"][0]
    placed = robot.ask("trade", symbol="LTC_USDT", type="buy", price=price, amount=str(2 * Decimal(amount)))
    (order,) = robot.ask("orders", symbol="LTC_USDT")
    assert order["status"] == "partial-filled"
    assert Decimal(order["deal_amount"]) == Decimal(amount)
    assert Decimal(order["avg_price"]) == Decimal(price)
    assert robot.ask("cancel", **placed, symbol="LTC_USDT") is True
    order = robot.ask("order", **placed, symbol="LTC_USDT")
    assert (order["status"], Decimal(order["deal_amount"])) == ("partial-canceled", Decimal(amount))


def test_a_market_order_that_buys_says_what_it_spends(robot: Any) -> None:
    placed = robot.ask("trade", amount="50", price="-1", symbol="ETH_USDT", type="buy")
    order = robot.ask("order", **placed)
    assert order["status"] == "filled"
    assert order["price"] == "0"
    spent = Decimal(order["deal_amount"]) * Decimal(order["avg_price"])
    assert 49 < spent <= 50
    placed = robot.ask("trade", amount="0.05", price=0, symbol="eth_usdt", type="SELL")
    assert Decimal(robot.ask("order", **placed)["deal_amount"]) == Decimal("0.05")


def test_history_is_what_is_done_from_a_time_on(robot: Any) -> None:
    traded(robot)
    robot.ask("cancel", **robot.ask("trade", amount="0.1", price="200", symbol="ETH_USDT", type="buy"))
    waiting = robot.ask("trade", amount="0.1", price="200", symbol="ETH_USDT", type="buy")
    done = robot.ask("historyorders", limit="100", since="0", symbol="ETH_USDT")
    assert {order["status"] for order in done} <= {"filled", "canceled", "partial-canceled"}
    assert waiting["id"] not in {order["id"] for order in done}
    assert [order["id"] for order in robot.ask("historyorders", limit=1, since=0, symbol="ETH_USDT")] == [done[-1]["id"]]
    assert robot.ask("historyorders", limit=0, since=START_MS + 3_600_000, symbol="ETH_USDT") == []
    assert all(order["status"] in STATES for order in done)
    robot.ask("cancel", **waiting)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"amount": "0.1", "price": "1000", "symbol": "BTCUSDT", "type": "buy"}, "invalid symbol"),
        ({"amount": "0.1", "price": "1000", "symbol": "BTC_USDT", "type": "hold"}, "Exception occurred: the type must be one of"),
        ({"amount": "0.1", "price": "1000", "symbol": "BTC_USDT"}, "Exception occurred: the type must be one of"),
        ({"price": "1000", "symbol": "BTC_USDT", "type": "buy"}, "missing required parameters: amount"),
        # A price that is not there is no wish for a market order.
        ({"amount": "0.1", "symbol": "BTC_USDT", "type": "buy"}, "missing required parameters: price"),
        ({"amount": "0.1", "price": "", "symbol": "BTC_USDT", "type": "buy"}, "missing required parameters: price"),
        ({"amount": "0", "price": "1000", "symbol": "BTC_USDT", "type": "buy"}, "Exception occurred: the amount must be above zero"),
        ({"amount": "-1", "price": "1000", "symbol": "BTC_USDT", "type": "sell"}, "Exception occurred: the amount must be above zero"),
        ({"amount": "nan", "price": "1000", "symbol": "BTC_USDT", "type": "buy"}, "Exception occurred: amount must be"),
        ({"amount": "0.1", "price": "1000", "symbol": "BTC_USDT", "type": 'buy;{"x":1}'}, "Exception occurred: behind a type"),
        ({"amount": "0.1", "price": "1000", "symbol": "BTC_USDT", "type": "buy;{"}, "Exception occurred: behind a type"),
        ({"amount": "0.1", "price": "1000", "symbol": "BTC_USDT", "type": "closebuy"}, "not support: "),
        ({"amount": "0.1", "price": "1000.001", "symbol": "BTC_USDT", "type": "buy"}, ""),
        ({"amount": "0.1", "price": "1000", "symbol": "NO_SUCH", "type": "buy"}, ""),
    ],
)
def test_orders_that_are_none(robot: Any, params: dict[str, str], why: str) -> None:
    before = robot.ask("orders")
    assert robot.refused("trade", **params).startswith(why)
    assert robot.ask("orders") == before


def test_an_orders_type_may_have_options(robot: Any) -> None:
    placed = robot.ask("trade", amount="0.1", price="1000", symbol="BTC_USDT", type='buy;{"timeInForce":"IOC"}')
    assert robot.ask("order", **placed)["status"] == "canceled"


def test_figures_are_brought_to_what_the_venue_allows_when_that_is_wished(configured: Any, robot_at: Any) -> None:
    url = configured(Settings(rounds=True)).url
    for venue in ("OKX", "Binance"):
        robot = robot_at(url, venue)
        placed = robot.ask("trade", amount="0.100009", price="1000.009", symbol="BTC_USDT", type="buy")
        order = robot.ask("order", **placed)
        assert (Decimal(order["amount"]), Decimal(order["price"])) == (Decimal("0.1"), Decimal("1000.00"))
        robot.ask("cancel", **placed)
        placed = robot.ask("trade", amount="0.1", price="9000.001", symbol="BTC_USDT", type="sell")
        assert Decimal(robot.ask("order", **placed)["price"]) == Decimal("9000.01")
        robot.ask("cancel", **placed)


@pytest.mark.parametrize("venue", ["Binance", "SANDBOX"])
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("positions", {}), ("positions", {"symbol": "BTC_USDT.swap"}), ("GetPositions", {}), ("position", {}),
        ("marginlevel", {"symbol": "BTC_USDT.swap", "level": "10"}), ("SetMarginLevel", {"symbol": "BTC_USDT.swap", "level": 10}),
        ("fundings", {}), ("funding", {"symbol": "BTC_USDT.swap"}), ("io", {"code": 2, "args": ["swap"]}), ("io", {"code": 3, "args": []}),
    ],
)  # fmt: skip
def test_what_a_venue_lacks_is_not_supported(gateway: Any, robot_at: Any, venue: str, method: str, params: dict[str, Any]) -> None:
    assert robot_at(gateway.url, venue).refused(method, **params) == "not support"


@pytest.mark.parametrize("method", ["nonsense", "", "TICKER ", "__api", "createorder"])
def test_other_methods_are_invalid(robot: Any, method: str) -> None:
    assert robot.refused(method, symbol="ETH_USDT") == f"invalid method: {method}"


# ---- contracts -------------------------------------------------------------------------------------------------------


def closed(okx: Any) -> None:
    for position in okx.ask("positions"):
        okx.ask("trade", symbol=position["Symbol"], type=("closebuy", "closesell")[position["Type"]], price="-1", amount=position["Amount"])


def test_a_swap_is_a_pair_with_its_contract(okx: Any) -> None:
    market = okx.ask("markets")["BTC_USDT.swap"]
    assert (market["Symbol"], market["CtValCcy"]) == ("BTC-USDT-SWAP", "BTC")
    assert Decimal(market["CtVal"]) > 0
    assert okx.ask("ticker", symbol="btc_usdt.swap")["symbol"] == "BTC_USDT.swap"
    assert okx.ask("depth", symbol="BTC_USDT.swap", limit="5")["asks"]
    (funding,) = okx.ask("fundings", symbol="BTC_USDT.swap")
    assert (funding["Symbol"], funding["Period"]) == ("BTC_USDT.swap", 28800)
    assert funding["Time"] > START_MS
    assert okx.ask("fundings") == [funding]
    assert okx.ask("marginlevel", symbol="BTC_USDT.swap", level="5") is True
    placed = okx.ask("trade", symbol="BTC_USDT.swap", type="buy", price="-1", amount="3")
    assert placed["id"].startswith("BTC-USDT-SWAP,")
    order = okx.ask("order", **placed)
    assert (order["symbol"], order["offset"], order["contract_type"], order["status"]) == ("BTC_USDT.swap", 0, "swap", "filled")
    (position,) = okx.ask("positions", symbol="BTC_USDT.swap")
    assert {name: position[name] for name in ("Symbol", "MarginLevel", "Amount", "FrozenAmount", "Type", "ContractType")} == {
        "Symbol": "BTC_USDT.swap",
        "MarginLevel": "5",
        "Amount": "3",
        "FrozenAmount": "0",
        "Type": 0,
        "ContractType": "swap",
    }
    assert Decimal(position["Margin"]) > 0
    order = okx.ask("order", **okx.ask("trade", symbol="BTC_USDT.swap", type="closebuy", price="-1", amount="3"))
    assert (order["offset"], order["type"]) == (1, "sell")
    assert okx.ask("positions") == []


def test_older_hosts_choose_level_direction_and_contract_beforehand(gateway: Any, robot_at: Any) -> None:
    robot = robot_at(gateway.url, "OKX", key="another-access-key-there-is")
    assert robot.ask("ticker", symbol="BTC_USDT")["symbol"] == "BTC_USDT"
    assert robot.ask("io", code=2, args=["swap"]) is True
    assert robot.ask("io", code=0, args=[7]) is True
    assert robot.ask("io", code=1, args=["sell"]) is True
    assert robot.ask("ticker", symbol="BTC_USDT")["symbol"] == "BTC_USDT.swap"
    assert "the direction is sell" in robot.refused("trade", symbol="BTC_USDT", type="buy", price="-1", amount="1")
    robot.ask("trade", symbol="BTC_USDT", type="sell", price="-1", amount="1")
    (position,) = robot.ask("io", code="3", args=[])
    assert (position["Type"], position["Amount"], position["MarginLevel"]) == (1, "1", "7")
    assert robot.ask("io", code=1, args=["closesell"]) is True
    robot.ask("trade", symbol="BTC_USDT", type="buy", price="-1", amount="1")
    assert robot.ask("io", code=3) == []
    assert robot_at(gateway.url, "OKX").ask("ticker", symbol="BTC_USDT")["symbol"] == "BTC_USDT"


# ---- calls of the venue's own ----------------------------------------------------------------------------------------


def test_the_printed_call_of_the_venues_own(okx: Any) -> None:
    said = okx.ask("__api_/api/v5/trade/orders-pending", "GET", instId="ETH-USDT", instType="SPOT")
    assert (said["code"], said["data"]) == ("0", [])


@pytest.mark.parametrize("value", ["a b", "ü", "a&b=c", "a+b", "%41", "a/b?c#d"])
def test_what_is_signed_is_what_is_sent(okx: Any, value: str) -> None:
    # The venue checks the signature first, and knows no such instrument.
    assert json.loads(okx.refused("__api_/api/v5/trade/orders-pending", "GET", instId=value, instType="SPOT"))["code"] != "50113"


def test_calls_that_change_something(okx: Any, binance: Any) -> None:
    order = {"instId": "ETH-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.1", "px": "200"}
    (row,) = okx.ask("__api_/api/v5/trade/order", "POST", **order)["data"]
    assert okx.ask("cancel", id=f"ETH-USDT,{row['ordId']}") is True
    (row,) = okx.ask("__api_/api/v5/trade/batch-orders", "POST", __body=json.dumps([order]))["data"]
    assert okx.ask("cancel", id=f"ETH-USDT,{row['ordId']}") is True
    form = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1", "price": "200"}
    placed = binance.ask("__api_/api/v3/order", "post", **form)
    assert binance.ask("__api_/api/v3/order", "DELETE", symbol="ETHUSDT", orderId=str(placed["orderId"]))["status"] == "CANCELED"


def test_a_refusal_of_the_venue_is_its_whole_json(okx: Any, binance: Any) -> None:
    said = json.loads(okx.refused("__api_/api/v5/trade/cancel-order", "POST", instId="ETH-USDT", ordId="1"))
    assert said["data"][0]["sCode"].startswith("514") or said["code"].startswith("514")
    assert json.loads(binance.refused("__api_/api/v3/order", "GET", symbol="ETHUSDT", orderId="1"))["code"] == -2013


def test_a_list_of_which_the_venue_refused_a_part_is_its_whole_json(okx: Any) -> None:
    order = {"instId": "ETH-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.1", "px": "200"}
    body = json.dumps([order, {**order, "sz": "0"}])
    said = json.loads(okx.refused("__api_/api/v5/trade/batch-orders", "POST", __body=body))
    assert said["code"] == "2"
    taken, refused = said["data"]
    assert refused["sCode"] != "0"
    assert okx.ask("cancel", id=f"ETH-USDT,{taken['ordId']}") is True


@pytest.mark.parametrize("body", ["{", 5, None])
def test_a_body_of_ones_own_must_be_json(okx: Any, body: Any) -> None:
    assert okx.post("__api_/api/v5/trade/batch-orders", {"__body": body, "a": "b"}, verb="POST").keys() == {"error"}
    assert okx.post("__api_/api/v5/trade/batch-orders", {"__body": body}, verb="POST").keys() == {"error"}
    assert "alone" in okx.refused("__api_/api/v5/trade/orders-pending", "GET", __body="[]")


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_market_data_needs_no_key(gateway: Any, robot_at: Any) -> None:
    for venue in ("OKX", "Binance"):
        stranger = robot_at(gateway.url, venue, key="", secret="")
        assert stranger.ask("ticker", symbol="ETH_USDT")["symbol"] == "ETH_USDT"
        assert stranger.refused("accounts") == "missing required parameters: access_key and secret_key"
        # As the founding document prints them:
        assert robot_at(gateway.url, venue, key="xxx", secret="xxx").ask("ticker", symbol="LTC_USDT")["symbol"] == "LTC_USDT"


def test_a_missing_passphrase_and_a_wrong_third_part_are_told(gateway: Any, robot_at: Any) -> None:
    for method in ("accounts", "orders", "trade"):
        said = robot_at(gateway.url, "OKX", secret="s").refused(method, symbol="ETH_USDT", type="buy", price="1", amount="1")
        assert said.startswith("OKX: invalid secretKey format.")
    assert robot_at(gateway.url, "OKX", secret="s,p,x").refused("ticker", symbol="ETH_USDT").startswith("OKX: invalid secretKey format.")


@pytest.mark.parametrize(("venue", "secret"), [("OKX", ""), ("OKX", "s"), ("Binance", ""), ("SANDBOX", "")])
def test_what_was_refused_for_its_key_leaves_nothing_behind(venue: str, secret: str) -> None:
    class Held(str):
        """A text that can be watched, of a call that is over."""

        __slots__ = ("__weakref__",)

    made = ProtocolFactory.createExWrapper("http://127.0.0.1:9", "key" if secret else "", secret, venue)
    left: weakref.WeakSet[Held] = weakref.WeakSet()
    for number in range(3):
        symbol = Held(f"ETH{number}_USDT")
        left.add(symbol)
        assert made.CreateOrder(symbol, "buy", Decimal(1), Decimal(1)).keys() == {"error"}
    del symbol
    gc.collect()
    assert not left


def test_no_answer_is_kept_on_the_thread_that_asked(exchange: Sandbox) -> None:
    clients: list[Client] = []

    class Watched(BinanceProtocol):
        def _connected(self, given: Keys | None, options: Mapping[str, Any]) -> Any:
            clients.append(super()._connected(given, options))
            return clients[0]

    made = Watched(exchange.urls["binance"]["rest"], "another-access-key-there-is", "a-secret-of-many-letters", "Binance")
    for answer in (made.GetTicker("ETH_USDT"), made.GetAccount(), made.IO("GET", "/api/v3/time", {})):
        assert "data" in answer, answer
        assert clients[0].response is None
    assert "error" in made.GetOrder("ETHUSDT,999999")
    assert clients[0].response is None
    made.close()


def test_simulate_is_demo_trading(gateway: Any, robot_at: Any) -> None:
    robot = robot_at(gateway.url, "OKX", secret="a-secret-of-many-letters,a-passphrase-of-many-letters,simulate")
    assert robot.ask("ticker", symbol="ETH_USDT")["symbol"] == "ETH_USDT"
    assert robot.refused("accounts").startswith("50101 ")  # the key is one of live trading


def test_the_word_simulate_is_no_secret(gateway: Any, robot_at: Any) -> None:
    robot = robot_at(gateway.url, "OKX", secret="a-secret-of-many-letters,a-passphrase-of-many-letters,simulate,x")
    assert robot.refused("accounts").startswith("OKX: invalid secretKey format. (it is secret,passphrase,simulate, ")


def test_binance_simulates_in_demo_mode_and_nowhere_else() -> None:
    made = ProtocolFactory.createExWrapper("", "key", "secret,,simulate", "Binance")
    assert made.sharing[1] == "https://demo-api.binance.com"  # type: ignore[index]
    with pytest.raises(ValueError, match="no demo mode"):
        ProtocolFactory.createExWrapper("https://api.binance.us", "key", "secret,,simulate", "Binance")


def test_the_clock_of_this_machine_need_not_be_the_venues(gateway: Any, robot_at: Any) -> None:
    # The exchange is years away from it; every call above was signed by the venue's time all the same.
    robot = robot_at(gateway.url, "Binance", key="another-access-key-there-is")
    assert robot.ask("accounts")
