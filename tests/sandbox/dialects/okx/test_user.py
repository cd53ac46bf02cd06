"""What OKX's private channels tell, and orders sent over them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import Deposit, PayFunding
from exchangeclient.sandbox.engine.instruments import UNIT


@pytest.fixture
def user(quiet: Any, make_wire: Callable[..., Any]) -> Any:
    """A private socket with a login, on a venue without other traders."""
    socket = make_wire(quiet, "private")
    socket.log_in()
    return socket


def rows(messages: list[Any], channel: str) -> list[Any]:
    return [row for each in messages if "data" in each and each.get("arg", {}).get("channel") == channel for row in each["data"]]


def test_orders_are_told_event_by_event(quiet: Any, user: Any) -> None:
    assert [each["event"] for each in user.subscribe({"channel": "orders", "instType": "ANY"})] == ["subscribe", "channel-conn-count"]
    number = quiet.order(quiet.wish("buy", "1", "5000", clOrdId="mine"))
    quiet.order(quiet.wish("sell", "0.4", "5000"), account="other")
    quiet.tell("trade/amend-order", {"instId": "BTC-USDT", "ordId": number, "newSz": "0.8", "reqId": "r1"})
    quiet.order(quiet.wish("sell", "0.3", "5000"), account="other")
    quiet.tell("trade/cancel-order", {"instId": "BTC-USDT", "ordId": number})
    found = rows(user.heard(), "orders")
    assert [row["state"] for row in found] == ["live", "partially_filled", "partially_filled", "partially_filled", "canceled"]
    assert [row["accFillSz"] for row in found] == ["0", "0.4", "0.4", "0.7", "0.7"]
    assert [row["fillSz"] for row in found] == ["0", "0.4", "0", "0.3", "0"]
    assert [row["tradeId"] for row in found] == ["", "1", "", "2", ""]
    assert [row["fillFee"] for row in found] == ["0", "-0.0004", "0", "-0.0003", "0"]
    assert [row["fee"] for row in found] == ["0", "-0.0004", "-0.0004", "-0.0007", "-0.0007"]
    assert [row["execType"] for row in found] == ["", "M", "", "M", ""]
    assert [(row["reqId"], row["amendResult"]) for row in found] == [("", ""), ("", ""), ("r1", "0"), ("", ""), ("", "")]
    assert {(row["ordId"], row["clOrdId"]) for row in found} == {(number, "mine")}
    assert found[-1]["cancelSource"] == "1"
    assert {name: found[-1][name] for name in ("state", "accFillSz", "fee", "avgPx")} == {
        name: quiet.found(number)[name] for name in ("state", "accFillSz", "fee", "avgPx")
    }


def test_an_order_that_sweeps_tells_each_fill_with_what_it_came_to_until_then(quiet: Any, user: Any) -> None:
    user.subscribe({"channel": "orders", "instType": "SPOT"})
    for price in ("5800", "5801"):
        quiet.order(quiet.wish("sell", "1", price), account="other")
    quiet.order(quiet.wish("buy", "2", "5900"))
    found = rows(user.heard(), "orders")
    assert [(row["state"], row["accFillSz"], row["avgPx"], row["fillPx"]) for row in found] == [
        ("live", "0", "", ""),
        ("partially_filled", "1", "5800", "5800"),
        ("filled", "2", "5800.5", "5801"),
    ]


def test_subscriptions_choose_by_type_family_and_instrument(quiet: Any, make_wire: Callable[..., Any]) -> None:
    arguments = (
        {"channel": "orders", "instType": "SPOT"},
        {"channel": "orders", "instType": "SWAP", "instFamily": "BTC-USDT"},
        {"channel": "orders", "instType": "ANY", "instId": "ETH-BTC"},
    )
    sockets = [make_wire(quiet, "private") for _ in arguments]
    for socket, argument in zip(sockets, arguments, strict=True):
        socket.log_in()
        socket.subscribe(argument)
    quiet.order(quiet.wish("buy", "1", "5000"))
    quiet.order(quiet.contract("buy", "1", "5000"))
    assert [[row["instId"] for row in rows(socket.heard(), "orders")] for socket in sockets] == [["BTC-USDT"], ["BTC-USDT-SWAP"], []]


def test_nobody_hears_of_others(quiet: Any, user: Any) -> None:
    user.subscribe({"channel": "orders", "instType": "ANY"}, {"channel": "account"})
    quiet.order(quiet.wish("buy", "1", "5000"), account="other")
    assert user.heard() == []


def test_balances_come_as_they_stand_then_as_they_change_then_now_and_again(quiet: Any, user: Any) -> None:
    _, first, _ = user.subscribe({"channel": "account"})
    assert (first["eventType"], first["curPage"], first["lastPage"]) == ("snapshot", 1, True)
    assert {each["ccy"] for each in first["data"][0]["details"]} == set(quiet.exchange.balances("okx:key"))
    assert first["arg"]["uid"] == quiet.ask("account/config")[0]["uid"]
    quiet.order(quiet.wish("buy", "1", "5000"))
    (change,) = user.heard()
    assert change["eventType"] == "event_update"
    (detail,) = change["data"][0]["details"]
    assert (detail["ccy"], detail["frozenBal"], detail["availBal"]) == ("USDT", "5000", "95000")
    quiet.pass_time(6)
    (regular,) = user.heard()
    assert {each["ccy"] for each in regular["data"][0]["details"]} == set(quiet.exchange.balances("okx:key"))


def test_events_only_where_that_is_asked_for(quiet: Any, user: Any) -> None:
    user.subscribe({"channel": "account", "ccy": "BTC", "extraParams": '{"updateInterval": "0"}'})
    quiet.pass_time(11)
    assert user.heard() == []
    quiet.order(quiet.wish("buy", "1", "5000"))
    assert user.heard() == []  # of USDT, which is not what was asked for
    quiet.live.execute(Deposit("okx:key", "BTC", UNIT))
    assert rows(user.heard(), "account")[0]["details"][0]["cashBal"] == "1001"
    assert user.subscribe({"channel": "account", "extraParams": "{"})[0]["code"] == "60013"


def test_positions_are_told_until_they_are_closed(quiet: Any, user: Any) -> None:
    quiet.order(quiet.contract("sell", "100", "5800"), account="other")
    quiet.order(quiet.contract("buy", "100", "5700"), account="other")
    _, first, _ = user.subscribe({"channel": "positions", "instType": "SWAP"})
    assert (first["eventType"], first["data"]) == ("snapshot", [])
    quiet.order(quiet.contract("buy", "3"))
    (held,) = rows(user.heard(), "positions")
    assert (held["pos"], held["avgPx"], held["tradeId"], held["posSide"]) == ("3", "5800", "1", "net")
    quiet.order(quiet.contract("sell", "3"))
    (closed,) = rows(user.heard(), "positions")
    assert (closed["pos"], closed["upl"], closed["realizedPnl"]) == ("0", "", "-3.1725")


def test_balances_and_positions_together(quiet: Any, user: Any) -> None:
    quiet.order(quiet.contract("sell", "100", "5800"), account="other")
    _, first, _ = user.subscribe({"channel": "balance_and_position"})
    (row,) = first["data"]
    assert (row["eventType"], row["posData"]) == ("snapshot", [])
    quiet.order(quiet.contract("buy", "3", "5000"))
    assert user.heard() == []  # nothing was moved
    quiet.order(quiet.contract("buy", "3"))
    (row,) = rows(user.heard(), "balance_and_position")
    assert (row["eventType"], [each["ccy"] for each in row["balData"]]) == ("filled", ["USDT"])
    assert [(each["pos"], each["avgPx"]) for each in row["posData"]] == [("3", "5800")]
    assert row["trades"] == [{"instId": "BTC-USDT-SWAP", "tradeId": "1"}]
    quiet.live.execute(Deposit("okx:key", "BTC", UNIT))
    (row,) = rows(user.heard(), "balance_and_position")
    assert (row["eventType"], row["balData"][0]["cashBal"]) == ("transferred", "1001")


def test_funding_is_told(quiet: Any, user: Any) -> None:
    quiet.order(quiet.contract("sell", "100", "5800"), account="other")
    quiet.order(quiet.contract("buy", "100"))
    user.subscribe({"channel": "positions", "instType": "ANY"}, {"channel": "account"})
    user.heard()
    quiet.live.execute(PayFunding("BTC-USDT-SWAP"))
    (held,) = rows(user.heard(), "positions")
    assert held["fundingFee"] == "-0.58"
    (paid,) = quiet.rows("public/funding-rate-history", instId="BTC-USDT-SWAP")
    assert paid["fundingRate"] == "0.0001"


# ---- orders ------------------------------------------------------------------------------------------------------


def sent(quiet: Any, user: Any, op: str, *arguments: dict[str, Any], **more: Any) -> Any:
    """The answer to an operation."""
    (answer,) = [each for each in user.say({"id": "n1", "op": op, "args": list(arguments), **more}) if "op" in each]
    assert (answer["id"], answer["op"]) == ("n1", op)
    assert answer["inTime"].isdigit()
    return answer


@pytest.fixture
def code(quiet: Any) -> int:
    (row,) = quiet.rows("public/instruments", instType="SPOT", instId="BTC-USDT")
    return int(row["instIdCode"])


def test_orders_go_by_the_code_of_the_instrument(quiet: Any, user: Any, code: int) -> None:
    wish = {"instIdCode": code, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "5000", "sz": "1"}
    answer = sent(quiet, user, "order", {**wish, "clOrdId": "mine"})
    assert (answer["code"], answer["data"][0]["sCode"]) == ("0", "0")
    number = answer["data"][0]["ordId"]
    assert quiet.found(number)["clOrdId"] == "mine"
    assert sent(quiet, user, "amend-order", {"instIdCode": code, "ordId": number, "newSz": "2"})["code"] == "0"
    assert quiet.found(number)["sz"] == "2"
    assert sent(quiet, user, "cancel-order", {"instIdCode": code, "ordId": number})["code"] == "0"
    refused = sent(quiet, user, "cancel-order", {"instIdCode": code, "ordId": number})
    assert (refused["code"], refused["data"][0]["sCode"]) == ("1", "51401")
    by_name = sent(quiet, user, "order", {**wish, "instIdCode": "", "instId": "BTC-USDT"})
    assert (by_name["code"], by_name["msg"], by_name["data"]) == ("50014", "Parameter instIdCode can not be empty.", [])
    assert sent(quiet, user, "order", {**wish, "instIdCode": 1})["data"][0]["sCode"] == "51001"


def test_batches_go_over_the_socket_too(quiet: Any, user: Any, code: int) -> None:
    wish = {"instIdCode": code, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "5000", "sz": "1"}
    answer = sent(quiet, user, "batch-orders", wish, {**wish, "sz": "0"})
    assert (answer["code"], [row["sCode"] for row in answer["data"]]) == ("2", ["0", "51000"])
    at = {"instIdCode": code, "ordId": answer["data"][0]["ordId"]}
    assert sent(quiet, user, "batch-amend-orders", {**at, "newSz": "3"})["code"] == "0"
    assert sent(quiet, user, "batch-cancel-orders", at)["code"] == "0"
    assert sent(quiet, user, "order", wish, wish)["code"] == "60013"


def test_an_operation_has_its_time_and_its_login(quiet: Any, user: Any, make_wire: Callable[..., Any], code: int) -> None:
    wish = {"instIdCode": code, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "5000", "sz": "1"}
    late = sent(quiet, user, "order", wish, expTime=str(quiet.now_us // 1000 - 1))
    assert late["data"][0]["sCode"] == "51149"
    stranger = make_wire(quiet, "private")
    assert sent(quiet, stranger, "order", wish)["code"] == "60011"
    (answer,) = user.say({"id": "not one!", "op": "order", "args": [wish]})
    assert answer["code"] == "60013"
    quiet.app.venue.gate.members.revoke("key")
    assert sent(quiet, user, "order", wish)["code"] == "60011"
    assert quiet.exchange.open_orders("okx:key") == []


SAMPLES = Path(__file__).resolve().parents[5] / "shared/samples/okx"


@pytest.mark.skipif(not SAMPLES.exists(), reason=f"{SAMPLES} is not at hand")
def test_rows_have_the_fields_of_the_samples(quiet: Any, user: Any) -> None:
    def sample(name: str) -> dict[str, Any]:
        content = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
        row = content["data"][0] if "data" in content else content
        assert isinstance(row, dict)
        return row

    def same(name: str, row: dict[str, Any]) -> None:
        model = sample(name)
        assert {field: type(row.get(field)) for field in model} == {field: type(value) for field, value in model.items()}, name

    user.subscribe({"channel": "orders", "instType": "ANY"}, {"channel": "account"})
    quiet.order(quiet.contract("sell", "100", "5800"), account="other")
    number = quiet.order(quiet.contract("buy", "3"))
    messages = user.heard()
    same("ws_orders", rows(messages, "orders")[-1])
    same("ws_account", rows(messages, "account")[-1])
    same("http_get_orders_history", quiet.ask("trade/orders-history", instType="SWAP")[0])
    same("http_get_positions", quiet.ask("account/positions")[0])
    same("http_get_account_balance", quiet.ask("account/balance")[0])
    same("http_transaction_detail", quiet.ask("trade/fills", ordId=number)[0])
    same("http_place_order_response", quiet.tell("trade/order", quiet.wish("buy", "1", "5000"))[0])
    same("http_get_orders_pending", quiet.ask("trade/orders-pending")[0])
    same("http_get_instruments_swap", quiet.rows("public/instruments", instType="SWAP")[0])
    same("http_get_instruments_spot", quiet.rows("public/instruments", instType="SPOT")[0])
    same("http_get_order_book", quiet.rows("market/books", instId="BTC-USDT")[0])
    same("http_get_trades", quiet.rows("market/trades", instId="BTC-USDT-SWAP")[0])
