"""Positions and money, inverse and linear, told in minor units."""

from __future__ import annotations

from typing import Any

import pytest


def test_an_inverse_position_is_worth_what_the_venue_says(bench: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=10_000, price=5000)
    bench.order(orderQty=10_000)
    held = bench.position()
    assert (held["currentQty"], held["avgEntryPrice"], held["posCost"]) == (10_000, 5000, -200_000_000)
    assert held["currentComm"] == 150_000  # 0.075 % of 2 XBT
    bench.move_index(6250)
    held = bench.position()
    assert (held["markPrice"], held["markValue"], held["unrealisedPnl"]) == (6250, -160_000_000, 40_000_000)
    assert (held["homeNotional"], held["foreignNotional"]) == (1.6, -10_000)
    other = bench.position(account="other")
    assert (other["currentQty"], other["posCost"], other["unrealisedPnl"]) == (-10_000, 200_000_000, -40_000_000)
    assert other["currentComm"] == -50_000  # the maker is paid

    margin = bench.ask("/user/margin")
    assert (margin["currency"], margin["walletBalance"], margin["marginBalance"]) == ("XBt", 999_850_000, 1_039_850_000)
    assert margin["maintMargin"] == 2_000_000  # 2 XBT at 100 times

    bench.order(side="Buy", orderQty=10_000, price=6250, account="other")
    bench.order(side="Sell", orderQty=10_000, execInst="Close")
    assert bench.position()["isOpen"] is False
    assert bench.position()["realisedPnl"] == 40_000_000 - 150_000 - 120_000
    assert bench.ask("/user/wallet")["amount"] == 1_000_000_000 + 40_000_000 - 270_000
    costs = [row["execCost"] for row in bench.ask("/execution/tradeHistory")]
    assert costs == [-200_000_000, 160_000_000]


def test_a_linear_position_is_worth_what_the_venue_says(bench: Any) -> None:
    bench.order(account="other", symbol="XBTUSDT", side="Sell", orderQty=10_000, price=5000)
    bench.order(symbol="XBTUSDT", orderQty=10_000)
    bench.move_index(6250)
    held = bench.position("XBTUSDT")
    assert (held["currency"], held["posCost"], held["markValue"]) == ("USDt", 50_000_000, 62_500_000)
    assert (held["unrealisedPnl"], held["homeNotional"]) == (12_500_000, 0.01)
    assert bench.ask("/user/margin", currency="all")[1]["unrealisedPnl"] == 12_500_000


def test_the_mean_price_of_an_inverse_order_is_by_worth(bench: Any) -> None:
    for price in (5000, 6000):
        bench.order(account="other", side="Sell", orderQty=100, price=price)
    assert bench.order(orderQty=200)["avgPx"] == 5454.5455  # 200 / (100 / 5000 + 100 / 6000)
    for price in (5000, 6000):
        bench.order(account="other", symbol="XBTUSDT", side="Sell", orderQty=100, price=price)
    assert bench.order(symbol="XBTUSDT", orderQty=200)["avgPx"] == 5500


@pytest.mark.parametrize(("sign", "rate"), [(1, 0.0035), (-1, 0.0035)])
def test_at_the_liquidation_price_nothing_but_the_maintenance_is_left(bench: Any, sign: int, rate: float) -> None:
    side, other = ("Buy", "Sell") if sign > 0 else ("Sell", "Buy")
    bench.signed("POST", "/position/riskLimit", {"symbol": "XBTUSD", "riskLimit": 10**12})
    bench.signed("POST", "/position/riskLimit", {"symbol": "XBTUSD", "riskLimit": 10**12}, account="other")
    bench.order(account="other", side=other, orderQty=500_000, price=5000)
    bench.order(side=side, orderQty=500_000)
    held, wallet = bench.position(), bench.ask("/user/wallet")["amount"]
    price = held["liquidationPrice"]
    value = 500_000 * 10**8 / price
    left = wallet + sign * (500_000 * 10**8 / 5000 - value)
    assert abs(left - rate * value) < value / 5000


def test_leverage_binds_margin_and_is_cross_at_first(bench: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=10_000, price=5000)
    bench.order(orderQty=10_000)
    assert (bench.position()["crossMargin"], bench.position()["leverage"]) == (True, 100)
    row = bench.signed("POST", "/position/leverage", {"symbol": "XBTUSD", "leverage": 4})
    assert (row["crossMargin"], row["leverage"], row["posMargin"]) == (False, 4, 50_000_000)
    assert bench.signed("POST", "/position/isolate", {"symbol": "XBTUSD", "enabled": False})["crossMargin"] is True
    assert bench.signed("POST", "/position/leverage", {"symbol": "XBTUSD", "leverage": 0})["leverage"] == 100
    for leverage in (101, -1, 2.5):
        assert "Invalid leverage" in bench.refused("POST", "/position/leverage", {"symbol": "XBTUSD", "leverage": leverage})[1]


def test_funding_is_paid_and_told(bench: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=10_000, price=5800)
    bench.order(orderQty=10_000)
    before = bench.ask("/user/wallet")["amount"]
    bench.pass_time(8 * 3600)
    (paid,) = bench.ask("/funding", symbol="XBTUSD")
    assert (paid["fundingInterval"], paid["timestamp"][11:13]) == ("2000-01-01T08:00:00.000Z", "00")
    row = bench.ask("/execution/tradeHistory")[-1]
    assert (row["execType"], row["lastQty"], row["commission"]) == ("Funding", 10_000, paid["fundingRate"])
    assert row["execComm"] == before - bench.ask("/user/wallet")["amount"] > 0
    assert bench.position(account="other")["currentComm"] < bench.position()["currentComm"]


def test_a_position_is_closed_by_the_deprecated_way_too(bench: Any) -> None:
    bench.order(account="other", side="Sell", orderQty=300, price=5800)
    bench.order(orderQty=300)
    bench.order(account="other", side="Buy", orderQty=300, price=5790)
    rests = bench.signed("POST", "/order/closePosition", {"symbol": "XBTUSD", "price": 5900})
    assert (rests["side"], rests["orderQty"], rests["ordStatus"], rests["execInst"]) == ("Sell", 300, "New", "Close")
    assert bench.signed("POST", "/order/closePosition", {"symbol": "XBTUSD"})["ordStatus"] == "Filled"
    assert bench.found(rests["orderID"])["ordStatus"] == "Canceled"
    assert bench.position()["currentQty"] == 0


def test_what_came_in_is_told(bench: Any) -> None:
    (row,) = bench.ask("/user/walletHistory")
    assert (row["transactType"], row["amount"], row["currency"]) == ("Deposit", 1_000_000_000, "XBt")
    summary = {each["transactType"]: each["amount"] for each in bench.ask("/user/walletSummary")}
    assert summary == {"Deposit": 1_000_000_000, "Withdrawal": 0, "RealisedPNL": 0, "Total": 1_000_000_000}
    assert bench.ask("/user/commission")["XBTUSD"] == {"makerFee": -0.00025, "takerFee": 0.00075, "settlementFee": 0}
    assert bench.refused("GET", "/user/margin?currency=ETH") == (400, "Invalid currency")
    assert bench.ask("/apiKey")[0]["permissions"] == ["order"]


def test_what_a_lower_leverage_would_take_is_told(bench: Any) -> None:
    bench.order(orderQty=100_000, price=5000)  # of 20 XBT, where there are 10
    status, message = bench.refused("POST", "/position/leverage", {"symbol": "XBTUSD", "leverage": 1})
    assert (status, message) == (400, "Account has insufficient Available Balance, 2000000000 XBt required")
    assert bench.signed("POST", "/position/leverage", {"symbol": "XBTUSD", "leverage": 2})["leverage"] == 2
