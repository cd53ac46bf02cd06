"""OKX's account: balances, positions, leverage, and the funding account that is empty."""

from __future__ import annotations

from typing import Any

import pytest


def test_balances_leave_out_what_there_is_nothing_of(bench: Any) -> None:
    (row,) = bench.ask("account/balance")
    assert {each["ccy"] for each in row["details"]} == set(bench.exchange.balances("okx:key"))
    (some,) = bench.ask("account/balance", ccy="BTC,XXX")
    assert [each["ccy"] for each in some["details"]] == ["BTC"]
    btc = some["details"][0]
    assert (btc["eq"], btc["cashBal"], btc["availBal"], btc["availEq"], btc["frozenBal"]) == ("1000", "1000", "1000", "1000", "0")
    worth = sum(float(each["eqUsd"]) for each in row["details"])
    assert float(row["totalEq"]) == pytest.approx(worth)
    assert bench.signed("GET", "account/balance", ccy=",".join(["A"] * 21))["code"] == "51000"


def test_accounts_of_the_venues_are_apart(bench: Any) -> None:
    bench.order(bench.wish("sell", "1"))
    assert bench.exchange.balances("okx:key")["BTC"].free < 1_000 * 10**8
    assert bench.exchange.balances("key")["BTC"].free == 0


def test_a_position_is_told_with_what_it_is_worth(quiet: Any) -> None:
    quiet.order(quiet.contract("sell", "100", "5800"), account="other")
    quiet.order(quiet.contract("buy", "30"))
    quiet.order(quiet.wish("sell", "0.01", "6000"), account="other")
    quiet.order(quiet.wish("buy", "60"))  # which moves the index to 6000
    (row,) = quiet.ask("account/positions")
    assert (row["pos"], row["avgPx"], row["markPx"], row["posSide"], row["mgnMode"]) == ("30", "5800", "6000", "net", "cross")
    assert (row["upl"], row["imr"], row["notionalUsd"], row["lever"], row["ccy"]) == ("60", "580", "1800", "3", "USDT")
    (balance,) = quiet.ask("account/balance", ccy="USDT")
    detail = balance["details"][0]
    assert detail["upl"] == "60"
    assert float(detail["eq"]) == pytest.approx(float(detail["cashBal"]) + 60)
    assert float(detail["imr"]) == 580
    assert quiet.ask("account/positions", instType="SPOT") == []
    assert quiet.ask("account/positions", posId="1") == []
    (short,) = quiet.ask("account/positions", account="other")
    assert (short["pos"], short["upl"]) == ("-30", "-60")
    assert float(short["liqPx"]) > 6000


def test_leverage_decides_on_the_margin(quiet: Any) -> None:
    quiet.order(quiet.contract("sell", "100", "5000"), account="other")
    quiet.order(quiet.contract("buy", "30"))
    assert quiet.ask("account/leverage-info", instId="BTC-USDT-SWAP", mgnMode="cross")[0]["lever"] == "3"
    (row,) = quiet.tell("account/set-leverage", {"instId": "BTC-USDT-SWAP", "lever": "10", "mgnMode": "cross"})
    assert row["lever"] == "10"
    assert quiet.ask("account/positions")[0]["imr"] == "150"
    wish = {"instId": "BTC-USDT-SWAP", "lever": "10", "mgnMode": "cross"}
    assert quiet.refused("account/set-leverage", {**wish, "lever": "101"}) == "59102"
    assert quiet.refused("account/set-leverage", {**wish, "lever": "1.5"}) == "51000"
    assert quiet.refused("account/set-leverage", {**wish, "mgnMode": "isolated"}) == "51010"
    assert quiet.refused("account/set-leverage", {**wish, "instId": "BTC-USDT"}) == "51015"
    quiet.order(quiet.wish("buy", "19", "5200"))  # nearly all that was there
    assert quiet.refused("account/set-leverage", {**wish, "lever": "1"}) == "59103"
    assert quiet.ask("account/positions")[0]["lever"] == "10"


def test_config_and_modes(bench: Any) -> None:
    (row,) = bench.ask("account/config")
    assert (row["acctLv"], row["posMode"], row["perm"]) == ("2", "net_mode", "read_only,trade")
    assert row["uid"].isdigit()
    assert bench.tell("account/set-position-mode", {"posMode": "net_mode"}) == [{"posMode": "net_mode"}]
    assert bench.refused("account/set-position-mode", {"posMode": "both"}) == "51000"


def test_fees_are_negative_where_they_are_charged(bench: Any) -> None:
    (spot,) = bench.ask("account/trade-fee", instType="SPOT")
    assert (spot["maker"], spot["taker"]) == ("-0.001", "-0.001")
    (swap,) = bench.ask("account/trade-fee", instType="SWAP")
    assert (swap["makerU"], swap["takerU"]) == ("-0.0002", "-0.0005")


def test_how_much_can_be_ordered_is_taken(bench: Any) -> None:
    (room,) = bench.ask("account/max-size", instId="BTC-USDT", tdMode="cash", px="5000")
    assert room["maxBuy"] == "20"
    assert bench.found(bench.order(bench.wish("buy", room["maxBuy"], "5000")))["state"] == "live"
    assert bench.refused("trade/order", bench.wish("buy", "0.00001", "5000")) == "51008"
    (contracts,) = bench.ask("account/max-size", instId="BTC-USDT-SWAP", tdMode="cross", account="other", px="5000")
    assert contracts["maxBuy"] == "6000"
    assert bench.order(bench.contract("buy", contracts["maxBuy"], "5000"), account="other")
    (left,) = bench.ask("account/max-avail-size", instId="BTC-USDT", tdMode="cash")
    assert (left["availBuy"], left["availSell"]) == ("0", "1000")


def test_the_funding_account_is_empty(bench: Any) -> None:
    assert bench.ask("asset/balances") == []
    assert bench.ask("asset/balances", ccy="BTC") == [{"availBal": "0", "bal": "0", "ccy": "BTC", "frozenBal": "0"}]
    assert {row["ccy"] for row in bench.ask("asset/currencies")} == set(bench.exchange.balances("okx:key"))
    assert bench.refused("asset/transfer", {"ccy": "BTC", "amt": "1", "from": "6", "to": "18"}) == "58350"
    (worth,) = bench.ask("asset/asset-valuation", ccy="USDT")
    assert float(worth["totalBal"]) == pytest.approx(float(bench.ask("account/balance")[0]["totalEq"]))
    (in_btc,) = bench.ask("asset/asset-valuation")
    assert float(in_btc["totalBal"]) == pytest.approx(float(worth["totalBal"]) / 5800, rel=0.05)


def test_there_are_no_sub_accounts(bench: Any) -> None:
    assert bench.ask("users/subaccount/list") == []
    assert bench.signed("GET", "account/subaccount/balances", subAcct="one")["code"] == "59510"
    assert bench.signed("GET", "asset/subaccount/balances")["code"] == "50014"


# ---- long and short kept apart -----------------------------------------------------------------------------------


@pytest.fixture
def hedged(quiet: Any) -> Any:
    """The first account keeps its positions apart; the other one offers 100 contracts either way."""
    quiet.order(quiet.contract("sell", "100", "5800"), account="other")
    quiet.order(quiet.contract("buy", "100", "5700"), account="other")
    quiet.tell("account/set-position-mode", {"posMode": "long_short_mode"})
    return quiet


def test_orders_say_which_position_they_are_for(hedged: Any) -> None:
    assert hedged.ask("account/config")[0]["posMode"] == "long_short_mode"
    assert hedged.refused("trade/order", hedged.contract("buy", "1")) == "51000"
    assert hedged.refused("trade/order", hedged.contract("buy", "1", posSide="short")) == "51169"
    number = hedged.order(hedged.contract("buy", "3", posSide="long"))
    hedged.order(hedged.contract("sell", "2", posSide="short"))
    found = hedged.found(number, name="BTC-USDT-SWAP")
    assert (found["posSide"], found["reduceOnly"]) == ("long", "false")
    rows = {row["posSide"]: row for row in hedged.ask("account/positions")}
    assert {side: (row["pos"], row["availPos"], row["avgPx"]) for side, row in rows.items()} == {
        "long": ("3", "3", "5800"),
        "short": ("2", "2", "5700"),
    }
    assert rows["long"]["posId"] != rows["short"]["posId"]
    assert (rows["long"]["upl"], rows["short"]["upl"]) == ("0", "-2")
    assert [row["posSide"] for row in hedged.ask("account/leverage-info", instId="BTC-USDT-SWAP", mgnMode="cross")] == ["long", "short"]


def test_one_of_two_positions_is_closed(hedged: Any) -> None:
    hedged.order(hedged.contract("buy", "3", posSide="long"))
    hedged.order(hedged.contract("sell", "2", posSide="short"))
    assert hedged.refused("trade/order", hedged.contract("sell", "4", posSide="long")) == "51112"
    resting = hedged.order(hedged.contract("sell", "1", "9000", posSide="long"))
    rows = {row["posSide"]: row for row in hedged.ask("account/positions")}
    assert {side: (row["pos"], row["availPos"]) for side, row in rows.items()} == {"long": ("3", "2"), "short": ("2", "2")}
    assert hedged.refused("trade/order", hedged.contract("sell", "3", posSide="long")) == "51112"
    (fill,) = hedged.ask("trade/fills", ordId=hedged.order(hedged.contract("sell", "2", posSide="long")))
    assert (fill["posSide"], fill["fillPnl"]) == ("long", "-2")
    assert [(row["posSide"], row["pos"]) for row in hedged.ask("account/positions")] == [("long", "1"), ("short", "2")]
    hedged.tell("trade/close-position", {"instId": "BTC-USDT-SWAP", "mgnMode": "cross", "posSide": "short"})
    assert [(row["posSide"], row["pos"]) for row in hedged.ask("account/positions")] == [("long", "1")]
    assert hedged.refused("account/set-position-mode", {"posMode": "net_mode"}) == "59000"
    hedged.tell("trade/cancel-order", {"instId": "BTC-USDT-SWAP", "ordId": resting})
    hedged.tell("trade/close-position", {"instId": "BTC-USDT-SWAP", "mgnMode": "cross", "posSide": "long"})
    hedged.tell("account/set-position-mode", {"posMode": "net_mode"})


def test_both_positions_are_told_on_their_channel(hedged: Any, make_wire: Any) -> None:
    socket = make_wire(hedged, "private")
    socket.log_in()
    socket.subscribe({"channel": "positions", "instType": "SWAP"}, {"channel": "balance_and_position"})
    hedged.order(hedged.contract("buy", "3", posSide="long"))
    hedged.order(hedged.contract("sell", "2", posSide="short"))
    told = [(each["arg"]["channel"], row) for each in socket.heard() if "data" in each for row in each["data"]]
    assert [(row["posSide"], row["pos"]) for channel, row in told if channel == "positions"] == [("long", "3"), ("short", "2")]
    both = [row for channel, row in told if channel == "balance_and_position"]
    assert [(each["posSide"], each["pos"]) for row in both for each in row["posData"]] == [("long", "3"), ("short", "2")]
