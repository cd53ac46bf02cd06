"""The realtime tables: welcome, subscribing, partials and what follows them, both generations, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.bitmex.limits import Limits
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES
from exchangeclient.sandbox.dialects.bitmex.venue import Manners
from exchangeclient.sandbox.engine.commands import Delist, SetStatus
from exchangeclient.sandbox.engine.words import Status

Row = dict[str, Any]


class Copy:
    """What somebody knows who goes by the messages alone; it refuses what cannot be."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[Any, ...], Row]] = {}
        self.keys: dict[str, list[str]] = {}
        self.actions: list[str] = []

    def take(self, messages: list[Any]) -> None:
        for message in messages:
            table, action = message["table"], message["action"]
            self.actions.append(action)
            if action == "partial":
                self.keys[table], self.tables[table] = message["keys"], {}
            rows = self.tables[table]
            for row in message["data"]:
                key = tuple(row[name] for name in self.keys[table]) or (len(rows),)
                assert (key in rows) is (action in ("update", "delete")), (action, row)
                if action == "delete":
                    del rows[key]
                else:
                    rows[key] = {**rows.get(key, {}), **row}
            if table.startswith("orderBookL2"):
                bids, asks = ([row["price"] for row in rows.values() if row["side"] == side] for side in ("Buy", "Sell"))
                assert not bids or not asks or max(bids) < min(asks), "crossed"

    def book(self, table: str = "orderBookL2") -> dict[tuple[str, float], int]:
        return {(row["side"], row["price"]): row["size"] for row in self.tables[table].values()}


# ---- the connection ----------------------------------------------------------------------------------------------


def test_it_is_welcomed_in_the_words_of_its_generation(make_bench: Any, make_wire: Any) -> None:
    (new,) = make_wire(make_bench()).heard()
    assert (new["version"], new["heartbeatEnabled"], new["limit"]) == ("2.0.0", False, {"remaining": 719})
    (old,) = make_wire(make_bench(manners=Manners(wire="2021"), limits=Limits(connects=40))).heard()
    assert list(old) == ["info", "version", "timestamp", "docs", "limit"]
    assert old["limit"] == {"remaining": 39}


def test_texts_are_answered(wire: Callable[..., Any]) -> None:
    socket = wire()
    socket.heard()
    assert socket.say("ping") == ["pong"]
    (help_,) = socket.say("help")
    assert set(help_) == {"info", "usage", "ops", "subscribe", "subscriptionSubjects"}


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ("{", 400, "Unable to parse"),
        ({"op": "dance"}, 400, "Unknown or expired op: dance"),
        ({"op": "subscribe", "args": ["nonsense:XBTUSD"]}, 400, "Unknown table: nonsense"),
        ({"op": "subscribe", "args": ["trade:NONE"]}, 400, "Unknown or expired symbol"),
        ({"op": "subscribe", "args": [5]}, 400, "Invalid args"),
        ({"op": "subscribe", "args": "order"}, 401, "User requested an account-locked subscription"),
        ({"op": "unsubscribe", "args": "trade"}, 400, "You are not subscribed"),
        ({"op": "cancelAllAfter", "args": 60_000}, 401, "User requested an account-locked"),
        ({"op": "authKeyExpires", "args": ["key", "1700000100", "x"]}, 400, "Invalid args"),
        ({"op": "authKeyExpires", "args": ["key", 1_700_000_100, "x"]}, 401, "Signature not valid."),
        ({"op": "authKeyExpires", "args": ["key", 1, "x"]}, 401, "This request has expired"),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_socket_lives(wire: Callable[..., Any], said: Any, status: int, error: str) -> None:
    socket = wire()
    socket.heard()
    (answer,) = socket.say(said)
    assert answer["status"] == status
    assert answer["error"].startswith(error)
    assert answer["meta"] == {}
    assert answer.get("request") == (said if isinstance(said, dict) else None)
    assert socket.say("ping") == ["pong"]


def test_too_many_errors_end_it(wire: Callable[..., Any]) -> None:
    socket = wire()
    for _ in range(50):
        assert socket.closed is None
        socket.say({"op": "dance"})
    assert socket.closed == (1008, "Too many errors")


def test_one_can_log_in_with_the_handshake_its_query_or_a_message(bench: Any, make_wire: Any, sign: Callable[[str, str], str]) -> None:
    expires = str(bench.now_us // 1_000_000 + 5)
    signed = {"api-key": "key", "api-expires": expires, "api-signature": sign("secret", f"GET/realtime{expires}")}
    query = "&".join(f"{name}={value}" for name, value in signed.items())
    for socket in (make_wire(bench, headers=signed), make_wire(bench, f"subscribe=margin&{query}"), make_wire(bench)):
        socket.heard()
        if socket.topics == set() and len(socket.subscribe("wallet")) == 1:
            assert socket.log_in()[0]["success"] is True
            assert [each["error"] for each in socket.log_in()] == ["You are already authenticated."]
            socket.subscribe("wallet")
        assert socket.topics in ({"margin@key"}, {"wallet@key"})
    refused = make_wire(bench, headers={**signed, "api-signature": "x"}).refused
    assert refused.status == 401


# ---- subscribing -------------------------------------------------------------------------------------------------


def test_acknowledgements_come_before_the_partials(bench: Any, make_wire: Any) -> None:
    socket = make_wire(bench, "subscribe=orderBookL2:XBTUSD,quote:XBTUSD,instrument")
    _, *answers = socket.heard()
    request = {"op": "subscribe", "args": ["orderBookL2:XBTUSD", "quote:XBTUSD", "instrument"]}
    assert answers[:3] == [{"success": True, "subscribe": topic, "request": request} for topic in request["args"]]
    assert [each["filter"] for each in answers[3:]] == [{"symbol": "XBTUSD"}, {"symbol": "XBTUSD"}, {}]
    assert list(answers[3]) == ["table", "action", "keys", "types", "foreignKeys", "attributes", "filter", "data"]
    assert [row["symbol"] for row in answers[5]["data"]] == ["XBTUSD", "XBTUSDT", ".BXBT", ".BXBTT"]
    (twice,) = socket.subscribe("quote:XBTUSD")
    assert twice["status"] == 400
    assert twice["error"].startswith("You are already subscribed to this topic")
    (ended,) = socket.say({"op": "unsubscribe", "args": "quote:XBTUSD"})
    assert ended == {"success": True, "unsubscribe": "quote:XBTUSD", "request": {"op": "unsubscribe", "args": "quote:XBTUSD"}}


@pytest.mark.parametrize("wire", ["2021", "2023"])
def test_every_table_has_a_partial_of_its_columns(make_bench: Any, make_wire: Any, wire: Any) -> None:
    bench = make_bench(traders=True, manners=Manners(wire=wire))
    bench.pass_time(30)
    bench.order(orderQty=100)
    bench.order(orderQty=100, price=5000)
    path = {True: "/realtimePlatform", False: "/realtime"}
    for name, table in TABLES.items():
        is_platform = wire == "2023" and name in ("announcement", "chat", "connected", "publicNotifications", "privateNotifications")
        socket = make_wire(bench, path=path[is_platform])
        socket.log_in()
        acknowledged, partial = socket.subscribe(name)
        assert acknowledged["success"] is True
        assert (partial["action"], partial["keys"]) == ("partial", list(table.keys))
        assert partial["filter"] == ({"account": bench.ask("/user")["id"]} if table.is_of_account else {})
        for row in partial["data"]:
            assert set(row) <= set(partial["types"]), name
            if wire == "2021":
                assert set(row) == set(partial["types"]), name
            else:
                assert None not in row.values()
                assert "" not in row.values()
        if name in ("instrument", "order", "position", "margin", "wallet", "quote", "trade", "orderBookL2"):
            assert partial["data"], name
        socket.hang_up()


@pytest.mark.parametrize("wire", ["2021", "2023"])
def test_a_copy_of_the_book_stays_the_venues(make_bench: Any, make_wire: Any, wire: Any) -> None:
    bench = make_bench(traders=True, manners=Manners(wire=wire))
    socket = make_wire(bench)
    socket.heard()
    acknowledged = socket.subscribe("orderBookL2:XBTUSD", "orderBookL2_25:XBTUSD")
    full, top = Copy(), Copy()
    partials = acknowledged[2:]
    for step in range(60):
        for message in partials if step == 0 else socket.heard():
            (full if message["table"] == "orderBookL2" else top).take([message])
        bench.pass_time(0.5)
    bench.pass_time(0.1)
    for message in socket.heard():
        (full if message["table"] == "orderBookL2" else top).take([message])
    for copy, table, depth in ((full, "orderBookL2", 0), (top, "orderBookL2_25", 25)):
        rows = bench.get("/orderBook/L2", symbol="XBTUSD", depth=depth)
        assert copy.book(table) == {(row["side"], row["price"]): row["size"] for row in rows}
        assert {"partial", "insert", "update", "delete"} == set(copy.actions)


def test_the_generations_tell_levels_apart(make_bench: Any, make_wire: Any) -> None:
    told: dict[str, list[Row]] = {}
    for wire in ("2021", "2023"):
        bench = make_bench(manners=Manners(wire=wire))
        bench.order(orderQty=100, price=5000)
        socket = make_wire(bench)
        socket.heard()
        rows = socket.subscribe("orderBookL2:XBTUSD")[1]["data"]
        bench.order(orderQty=100, price=5000)
        bench.signed("DELETE", "/order/all", {})
        told[wire] = rows + [row for message in socket.heard() for row in message["data"]]
    level = {"symbol": "XBTUSD", "id": 8_799_500_000, "side": "Buy"}
    assert told["2021"] == [{**level, "size": 100, "price": 5000}, {**level, "size": 200}, {**level, "size": 100}, level]
    for row in told["2023"]:
        assert row["price"] == 5000
        assert row["timestamp"]
        assert row["id"] != level["id"]
    assert len({row["id"] for row in told["2023"]}) == 1


def test_trades_quotes_and_bins_come_as_they_happen(busy: Any, make_wire: Any) -> None:
    socket = make_wire(busy)
    socket.heard()
    socket.subscribe("trade:XBTUSD", "quote:XBTUSD", "tradeBin1m:XBTUSD", "quoteBin1m:XBTUSD", "instrument:XBTUSD", "orderBook10:XBTUSD")
    busy.pass_time(150)
    heard = socket.heard()
    rows: dict[str, list[Row]] = {}
    for message in heard:
        rows.setdefault(message["table"], []).extend(message["data"])
    assert rows["trade"] == busy.get("/trade", symbol="XBTUSD", count=1000)
    assert {row["tickDirection"] for row in rows["trade"]} == {"PlusTick", "MinusTick", "ZeroPlusTick", "ZeroMinusTick"}
    for earlier, later in pairwise(rows["quote"]):
        assert {name: earlier[name] for name in earlier if name != "timestamp"} != {
            name: later[name] for name in later if name != "timestamp"
        }
    assert [row["timestamp"][14:19] for row in rows["tradeBin1m"]] == ["14:00", "15:00"]
    assert [row["timestamp"] for row in rows["quoteBin1m"]] == [row["timestamp"] for row in rows["tradeBin1m"]]
    first, second = rows["tradeBin1m"]
    assert second["open"] == first["close"]
    inside = [row for row in rows["trade"] if first["timestamp"] <= row["timestamp"] < second["timestamp"]]
    assert (second["trades"], second["volume"], second["lastSize"]) == (len(inside), sum(row["size"] for row in inside), inside[-1]["size"])
    assert second["close"] == inside[-1]["price"]
    assert abs(second["turnover"] - sum(row["grossValue"] for row in inside)) < second["turnover"] / 10_000
    last: Row = {}
    for row in rows["instrument"]:
        assert set(row) != {"symbol", "timestamp"}
        last |= row
    assert last["lastPrice"] == rows["trade"][-1]["price"]
    (book,) = rows["orderBook10"][-1:]
    assert (book["bids"][0][0], book["asks"][0][0]) == (rows["quote"][-1]["bidPrice"], rows["quote"][-1]["askPrice"])


def test_an_account_is_told_in_order(bench: Any, make_wire: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=300, price=5800)
    socket = make_wire(bench)
    socket.log_in()
    socket.subscribe("wallet", "margin", "position", "order:XBTUSD", "execution")
    bench.order(orderQty=200, clOrdID="mine")
    heard = socket.heard()
    told = [(each["table"], each["action"]) for each in heard]
    assert told == [
        ("execution", "insert"),
        ("order", "insert"),
        ("order", "update"),
        ("position", "insert"),
        ("margin", "update"),
        ("wallet", "update"),
    ]
    assert [row["execType"] for row in heard[0]["data"]] == ["New", "Trade"]
    (update,) = heard[2]["data"]
    assert (update["clOrdID"], update["ordStatus"], update["leavesQty"], update["cumQty"]) == ("mine", "Filled", 0, 200)
    assert "side" not in update
    assert heard[3]["data"][0]["currentQty"] == 200
    assert set(heard[4]["data"][0]) >= {"account", "currency", "availableMargin", "timestamp"}
    bench.order(account="other", orderQty=100, price=5000)
    bench.order(symbol="XBTUSDT", orderQty=100, price=5000)
    assert {each["table"] for each in socket.heard()} == {"execution", "margin"}  # the orders are of another account and symbol


def test_a_stop_that_waits_is_told_too(bench: Any, make_wire: Any) -> None:
    socket = make_wire(bench)
    socket.log_in()
    socket.subscribe("order")
    stop = bench.order(side="Sell", orderQty=100, stopPx=5000)
    ((new,),) = [each["data"] for each in socket.heard()]
    assert (new["orderID"], new["ordStatus"], new["workingIndicator"]) == (stop["orderID"], "New", False)
    bench.signed("DELETE", "/order", {"orderID": stop["orderID"]})
    ((gone,),) = [each["data"] for each in socket.heard()]
    assert (gone["ordStatus"], gone["leavesQty"]) == ("Canceled", 0)


def test_the_dead_mans_switch_works_by_message(bench: Any, make_wire: Any) -> None:
    order = bench.order(orderQty=100, price=5000)
    socket = make_wire(bench)
    socket.log_in()
    (armed,) = socket.say({"op": "cancelAllAfter", "args": 15_000})
    assert armed["request"] == {"op": "cancelAllAfter", "args": 15_000}
    assert armed["cancelTime"] == "2023-11-14T22:13:35.123Z"
    (disarmed,) = socket.say({"op": "cancelAllAfter", "args": [0]})
    assert disarmed["cancelTime"] == 0
    socket.say({"op": "cancelAllAfter", "args": 15_000})
    bench.pass_time(15)
    assert bench.found(order["orderID"])["ordStatus"] == "Canceled"


def test_a_partial_can_come_again_in_mid_stream(busy: Any, make_wire: Any) -> None:
    socket = make_wire(busy)
    socket.heard()
    copy = Copy()
    copy.take(socket.subscribe("orderBookL2:XBTUSD")[1:])
    busy.pass_time(2)
    copy.take(socket.heard())
    before = copy.book()
    assert busy.venue.streams.begin_anew("orderBookL2:*") == 1
    copy.take(socket.heard())
    assert copy.book() == before
    assert copy.actions.count("partial") == 2
    assert busy.venue.streams.begin_anew("trade:*") == 0


def test_nobody_listens_any_more_after_hanging_up(bench: Any, make_wire: Any) -> None:
    socket = make_wire(bench)
    socket.heard()
    socket.subscribe("orderBookL2:XBTUSD")
    socket.hang_up()
    assert socket.topics == set()
    bench.order(orderQty=100, price=5000)
    assert socket.heard() == []


def test_a_contract_that_is_halted_or_delisted_is_told(bench: Any, make_wire: Any) -> None:
    order = bench.order(orderQty=100, price=5000)
    stop = bench.order(side="Sell", orderQty=100, stopPx=5000)
    socket = make_wire(bench)
    socket.log_in()
    socket.subscribe("instrument", "order", "orderBookL2", "quote", "trade", "position", "tradeBin1m", "orderBook10", "funding")
    bench.live.execute(SetStatus("XBTUSD", Status.HALT))
    bench.pass_time(0.2)
    assert {"symbol": "XBTUSD", "state": "Closed"}.items() <= socket.heard()[0]["data"][0].items()
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100, "price": 5000}) == (400, "Instrument is not open: Closed")
    (row,) = bench.signed("DELETE", "/order", {"orderID": order["orderID"]})
    assert row["error"].startswith("Unable to cancel order")
    bench.live.execute(Delist("XBTUSD"))
    bench.pass_time(61)
    heard = {(message["table"], message["action"]): message["data"] for message in socket.heard()}
    assert heard["instrument", "delete"] == [{"symbol": "XBTUSD"}]
    assert {row["ordStatus"] for row in heard["order", "update"]} == {"Canceled"}
    assert [row["symbol"] for row in bench.get("/instrument/active")] == ["XBTUSDT"]
    assert bench.get("/orderBook/L2", symbol="XBTUSD")["error"]["message"] == "Invalid symbol"
    assert bench.venue.orders.entries.get("bitmex:key", stop["orderID"]).state.status == "Canceled"


@pytest.mark.parametrize("series", ["XBT", "XBT:perpetual"])
@pytest.mark.parametrize("table", ["orderBookL2", "quote", "position"])
def test_a_series_is_one_contract_by_whose_symbol_it_is_told(bench: Any, make_wire: Any, series: str, table: str) -> None:
    for symbol in ("XBTUSD", "XBTUSDT"):
        bench.signed("POST", "/position/leverage", {"symbol": symbol, "leverage": 2})
    wire = make_wire(bench)
    wire.log_in()
    bench.order(account="other", orderQty=100, price=5000)
    (partial,) = [each for each in wire.subscribe(f"{table}:{series}") if each.get("action") == "partial"]
    assert partial["filter"]["symbol"] == "XBTUSD"
    assert {row["symbol"] for row in partial["data"]} == {"XBTUSD"}
