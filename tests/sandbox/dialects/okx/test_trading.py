"""Orders at OKX: what is taken, what is refused and by which code, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.sandbox.engine.commands import Deposit
from exchangeclient.sandbox.engine.instruments import UNIT


def test_an_order_rests_and_is_asked_for_by_both_ids(bench: Any) -> None:
    (row,) = bench.tell("trade/order", bench.wish("buy", "0.5", "5000", clOrdId="mine1", tag="robot"))
    assert (row["clOrdId"], row["tag"], row["sCode"], row["sMsg"]) == ("mine1", "robot", "0", "")
    assert len(row["ordId"]) == 19
    found = bench.found(row["ordId"])
    assert found == bench.ask("trade/order", instId="BTC-USDT", clOrdId="mine1")[0]
    assert (found["state"], found["px"], found["sz"], found["tdMode"], found["ordType"]) == ("live", "5000", "0.5", "cash", "limit")
    assert (found["accFillSz"], found["avgPx"], found["fee"], found["cancelSource"]) == ("0", "", "0", "")
    (balance,) = bench.ask("account/balance", ccy="USDT")
    assert (balance["details"][0]["ordFrozen"], balance["details"][0]["availBal"]) == ("2500", "97500")


def test_what_is_sent_as_a_number_counts_as_its_text(bench: Any) -> None:
    number = bench.order(bench.wish("buy", "0.5", "5000", sz=0.25, px=5000))
    assert bench.found(number)["sz"] == "0.25"


def test_a_market_buy_is_for_money_unless_it_says_otherwise(bench: Any) -> None:
    by_money = bench.found(bench.order(bench.wish("buy", "1000")))
    assert (by_money["sz"], by_money["tgtCcy"], by_money["state"]) == ("1000", "quote_ccy", "filled")
    assert 990 < float(by_money["accFillSz"]) * float(by_money["avgPx"]) <= 1000
    by_coins = bench.found(bench.order(bench.wish("buy", "0.1", tgtCcy="base_ccy")))
    assert (by_coins["sz"], by_coins["accFillSz"], by_coins["tgtCcy"]) == ("0.1", "0.1", "base_ccy")
    sold = bench.found(bench.order(bench.wish("sell", "0.1")))
    assert (sold["accFillSz"], sold["tgtCcy"]) == ("0.1", "base_ccy")
    assert (by_coins["feeCcy"], sold["feeCcy"]) == ("BTC", "USDT")
    assert float(by_coins["fee"]) == pytest.approx(-0.0001)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"instId": "NO-SUCH"}, "51001"),
        ({"tdMode": "cross"}, "51010"),
        ({"tdMode": "credit"}, "51000"),
        ({"side": "long"}, "51000"),
        ({"ordType": "stop"}, "51000"),
        ({"ordType": "optimal_limit_ioc"}, "51000"),
        ({"posSide": "long"}, "51000"),
        ({"sz": "0"}, "51000"),
        ({"sz": "1e-2"}, "51000"),
        ({"sz": "-1"}, "51000"),
        ({"sz": "0.000001"}, "51020"),
        ({"sz": "0.000015"}, "51121"),
        ({"sz": "9001"}, "51203"),
        ({"px": ""}, "51000"),
        ({"px": "5000.001"}, "51000"),
        ({"px": "5e3"}, "51000"),
        ({"px": "999999"}, "51006"),
        ({"sz": "30"}, "51008"),
        ({"clOrdId": "a-b"}, "51000"),
        ({"clOrdId": "a" * 33}, "51000"),
        ({"tag": "a" * 17}, "51000"),
        ({"stpMode": "none"}, "51000"),
        ({"reduceOnly": "maybe"}, "51000"),
        ({"attachAlgoOrds": [{"tpTriggerPx": "9000"}]}, "51000"),
    ],
)
def test_what_an_order_is_refused_for(bench: Any, changed: dict[str, Any], code: str) -> None:
    before = bench.ask("account/balance")
    assert bench.refused("trade/order", {**bench.wish("buy", "0.5", "5000"), **changed}) == code
    assert bench.ask("account/balance") == before
    assert bench.answer.status == 200


@pytest.mark.parametrize("name", ["instId", "tdMode", "side", "ordType", "sz"])
def test_what_an_order_cannot_do_without(bench: Any, name: str) -> None:
    wish = bench.wish("buy", "0.5", "5000")
    del wish[name]
    answer = bench.signed("POST", "trade/order", wish)
    assert (answer["code"], answer["msg"], answer["data"]) == ("50014", f"Parameter {name} can not be empty.", [])
    assert bench.answer.status == 400


def test_there_is_no_least_total(bench: Any) -> None:
    assert bench.found(bench.order(bench.wish("buy", "0.00001", "100")))["state"] == "live"
    assert bench.found(bench.order(bench.wish("sell", "0.00001")))["state"] == "filled"


def test_prices_far_off_are_refused_with_the_limits(bench: Any) -> None:
    answer = bench.signed("POST", "trade/order", bench.wish("buy", "0.001", "900000"))
    (limit,) = bench.rows("public/price-limit", instId="BTC-USDT")
    assert limit["buyLmt"] in answer["data"][0]["sMsg"]
    assert bench.refused("trade/order", bench.wish("sell", "0.001", "1")) == "51006"


def test_post_only_that_would_take_is_accepted_and_cancelled(bench: Any) -> None:
    taker = bench.found(bench.order(bench.wish("buy", "0.01", "9000", ordType="post_only")))
    assert (taker["state"], taker["cancelSource"], taker["accFillSz"]) == ("canceled", "31", "0")
    maker = bench.found(bench.order(bench.wish("buy", "0.01", "5000", ordType="post_only")))
    assert maker["state"] == "live"


def test_what_is_to_be_filled_at_once_or_not_at_all(quiet: Any) -> None:
    quiet.order(quiet.wish("sell", "1", "5800"), account="other")
    none = quiet.found(quiet.order(quiet.wish("buy", "2", "5800", ordType="fok")))
    assert (none["state"], none["accFillSz"], none["cancelSource"]) == ("canceled", "0", "13")
    part = quiet.found(quiet.order(quiet.wish("buy", "2", "5800", ordType="ioc")))
    assert (part["state"], part["accFillSz"], part["cancelSource"]) == ("canceled", "1", "14")


def test_orders_of_one_account_do_not_trade_with_each_other(quiet: Any) -> None:
    for mode, (maker_state, taker_state) in {
        "cancel_maker": ("canceled", "live"),
        "cancel_taker": ("live", "canceled"),
        "cancel_both": ("canceled", "canceled"),
    }.items():
        maker = quiet.order(quiet.wish("sell", "1", "5800"))
        taker = quiet.order(quiet.wish("buy", "1", "5800", stpMode=mode))
        found = quiet.found(maker), quiet.found(taker)
        assert (found[0]["state"], found[1]["state"]) == (maker_state, taker_state)
        assert {"32"} == {row["cancelSource"] for row in found if row["state"] == "canceled"}
        quiet.signed("POST", "trade/cancel-batch-orders", [{"instId": "BTC-USDT", "ordId": each} for each in (maker, taker)])


def test_ids_of_open_orders_are_unique(bench: Any) -> None:
    number = bench.order(bench.wish("buy", "0.01", "5000", clOrdId="same"))
    assert bench.refused("trade/order", bench.wish("buy", "0.01", "5000", clOrdId="same")) == "51016"
    bench.tell("trade/cancel-order", {"instId": "BTC-USDT", "clOrdId": "same"})
    again = bench.order(bench.wish("buy", "0.01", "5000", clOrdId="same"))
    assert bench.ask("trade/order", instId="BTC-USDT", clOrdId="same")[0]["ordId"] == again != number


def test_cancelling_tells_why_it_cannot(bench: Any) -> None:
    number = bench.order(bench.wish("buy", "0.01", "5000"))
    (row,) = bench.tell("trade/cancel-order", {"instId": "BTC-USDT", "ordId": number})
    assert row["ordId"] == number
    assert bench.found(number)["cancelSource"] == "1"
    assert bench.refused("trade/cancel-order", {"instId": "BTC-USDT", "ordId": number}) == "51401"
    filled = bench.order(bench.wish("sell", "0.01"))
    assert bench.refused("trade/cancel-order", {"instId": "BTC-USDT", "ordId": filled}) == "51402"
    for wrong in ("1", "x", number[:-1], "9" * 19):
        assert bench.refused("trade/cancel-order", {"instId": "BTC-USDT", "ordId": wrong}) == "51400"
    open_one = bench.order(bench.wish("buy", "0.01", "5000"))
    assert bench.refused("trade/cancel-order", {"instId": "ETH-BTC", "ordId": open_one}) == "51400"
    assert bench.refused("trade/cancel-order", {"instId": "BTC-USDT", "ordId": open_one}, account="other") == "51400"
    assert bench.refused("trade/cancel-order", {"instId": "BTC-USDT"}) == "50015"


def test_an_order_that_does_not_exist(bench: Any) -> None:
    assert bench.signed("GET", "trade/order", instId="BTC-USDT", ordId="1")["code"] == "51603"
    assert bench.signed("GET", "trade/order", instId="BTC-USDT", clOrdId="nobody")["code"] == "51603"
    assert bench.answer.status == 200


def test_amending_changes_price_and_size_and_keeps_the_id(quiet: Any) -> None:
    number = quiet.order(quiet.wish("buy", "1", "5000", clOrdId="mine"))
    (row,) = quiet.tell("trade/amend-order", {"instId": "BTC-USDT", "clOrdId": "mine", "newSz": "2", "newPx": "5001", "reqId": "r7"})
    assert (row["ordId"], row["reqId"]) == (number, "r7")
    found = quiet.found(number)
    assert (found["sz"], found["px"], found["state"]) == ("2", "5001", "live")
    (balance,) = quiet.ask("account/balance", ccy="USDT")
    assert balance["details"][0]["ordFrozen"] == "10002"
    quiet.order(quiet.wish("sell", "0.5", "5001"), account="other")
    quiet.tell("trade/amend-order", {"instId": "BTC-USDT", "ordId": number, "newSz": "0.8"})  # of which 0.5 are filled
    found = quiet.found(number)
    assert (found["sz"], found["accFillSz"], found["state"]) == ("0.8", "0.5", "partially_filled")
    (balance,) = quiet.ask("account/balance", ccy="USDT")
    assert balance["details"][0]["ordFrozen"] == "1500.3"


def test_an_amended_price_may_trade_at_once(quiet: Any) -> None:
    quiet.order(quiet.wish("sell", "1", "5800"), account="other")
    number = quiet.order(quiet.wish("buy", "1", "5000"))
    quiet.tell("trade/amend-order", {"instId": "BTC-USDT", "ordId": number, "newPx": "5900"})
    found = quiet.found(number)
    assert (found["state"], found["avgPx"]) == ("filled", "5800")
    maker = quiet.order(quiet.wish("sell", "1", "6000"), account="other")
    poster = quiet.order(quiet.wish("buy", "1", "5000", ordType="post_only"))
    assert quiet.refused("trade/amend-order", {"instId": "BTC-USDT", "ordId": poster, "newPx": "6000"}) == "51511"
    assert quiet.found(poster)["px"] == "5000"
    assert quiet.found(maker, account="other")["state"] == "live"


def test_amending_tells_why_it_cannot(bench: Any) -> None:
    number = bench.order(bench.wish("buy", "1", "5000"))
    at = {"instId": "BTC-USDT", "ordId": number}
    assert bench.refused("trade/amend-order", at) == "51500"
    assert bench.refused("trade/amend-order", {**at, "newSz": "0.000015"}) == "51121"
    assert bench.refused("trade/amend-order", {**at, "newPx": "5000.001"}) == "51000"
    assert bench.refused("trade/amend-order", {**at, "newSz": "500"}) == "51502"
    assert bench.refused("trade/amend-order", {**at, "ordId": "12", "newSz": "1"}) == "51503"
    assert bench.found(number)["sz"] == "1"
    assert bench.refused("trade/amend-order", {**at, "newSz": "500", "cxlOnFail": True}) == "51502"
    assert bench.refused("trade/amend-order", {**at, "newSz": "2"}) == "51509"
    filled = bench.order(bench.wish("sell", "0.01"))
    assert bench.refused("trade/amend-order", {**at, "ordId": filled, "newSz": "2"}) == "51510"


def test_a_batch_tells_of_each_row(bench: Any) -> None:
    good, bad = bench.wish("buy", "0.01", "5000"), bench.wish("buy", "0.000001", "5000", clOrdId="bad")
    for rows, code, text in (
        ([good, good], "0", ""),
        ([good, bad], "2", "Bulk operation partially failed"),
        ([bad], "1", "All operations failed"),
    ):
        answer = bench.signed("POST", "trade/batch-orders", rows)
        assert (answer["code"], answer["msg"]) == (code, text)
        assert [row["sCode"] == "0" for row in answer["data"]] == [row is good for row in rows]
        assert bench.answer.status == 200
    assert answer["data"][0]["clOrdId"] == "bad"
    missing = bench.signed("POST", "trade/batch-orders", [good, {"instId": "BTC-USDT"}])
    assert [row["sCode"] for row in missing["data"]] == ["0", "50014"]
    pending = bench.ask("trade/orders-pending")
    rows = [{"instId": "BTC-USDT", "ordId": row["ordId"]} for row in pending]
    assert {row["sz"] for row in pending} == {"0.01"}
    bench.tell("trade/amend-batch-orders", [{**row, "newSz": "0.02"} for row in rows])
    assert {row["sz"] for row in bench.ask("trade/orders-pending")} == {"0.02"}
    bench.tell("trade/cancel-batch-orders", rows)
    assert bench.ask("trade/orders-pending") == []
    assert bench.signed("POST", "trade/batch-orders", [good] * 21)["code"] == "51000"


def test_all_orders_are_cancelled_when_nobody_says_otherwise_in_time(bench: Any) -> None:
    numbers = [bench.order(bench.wish("buy", "0.01", "5000")), bench.order(bench.contract("buy", "1", "5000"))]
    strangers = bench.order(bench.wish("buy", "0.01", "5000"), account="other")
    (row,) = bench.tell("trade/cancel-all-after", {"timeOut": "10"})
    assert int(row["triggerTime"]) == bench.now_us // 1000 + 10_000
    bench.pass_time(9)
    bench.tell("trade/cancel-all-after", {"timeOut": "10"})
    bench.pass_time(9)
    assert len(bench.ask("trade/orders-pending")) == 2
    bench.pass_time(2)
    assert bench.ask("trade/orders-pending") == []
    assert bench.found(numbers[0])["state"] == "canceled"
    assert bench.found(strangers, account="other")["state"] == "live"
    bench.order(bench.wish("buy", "0.01", "5000"))
    bench.tell("trade/cancel-all-after", {"timeOut": "10"})
    assert bench.tell("trade/cancel-all-after", {"timeOut": "0"})[0]["triggerTime"] == "0"
    bench.pass_time(11)
    assert len(bench.ask("trade/orders-pending")) == 1
    assert bench.refused("trade/cancel-all-after", {"timeOut": "5"}) == "51000"


# ---- the swap ----------------------------------------------------------------------------------------------------


def test_the_swap_is_traded_in_contracts_with_cross_margin(bench: Any) -> None:
    found = bench.found(bench.order(bench.contract("buy", "10")), name="BTC-USDT-SWAP")
    assert (found["state"], found["accFillSz"], found["tdMode"], found["posSide"], found["lever"]) == ("filled", "10", "cross", "net", "3")
    assert (found["feeCcy"], found["tgtCcy"]) == ("USDT", "")
    assert float(found["fee"]) == pytest.approx(-10 * 0.01 * float(found["avgPx"]) * 0.0005)
    assert bench.refused("trade/order", bench.contract("buy", "10", tdMode="cash")) == "51000"
    assert bench.refused("trade/order", bench.contract("buy", "10", tdMode="isolated")) == "51010"
    assert bench.refused("trade/order", bench.contract("buy", "0.001")) == "51020"
    assert bench.refused("trade/order", bench.contract("buy", "1.005")) == "51121"
    assert bench.refused("trade/order", bench.contract("buy", "60000")) == "51101"
    assert bench.refused("trade/order", bench.contract("buy", "10000")) == "51008"  # of which a third would be margin
    at_market = bench.found(bench.order(bench.contract("buy", "1", ordType="optimal_limit_ioc")), name="BTC-USDT-SWAP")
    assert (at_market["ordType"], at_market["state"]) == ("optimal_limit_ioc", "filled")


def test_what_may_only_reduce_opens_nothing(quiet: Any) -> None:
    quiet.order(quiet.contract("sell", "100", "5800"), account="other")
    quiet.order(quiet.contract("buy", "100", "5700"), account="other")
    assert quiet.refused("trade/order", quiet.contract("sell", "1", reduceOnly=True)) == "51169"
    quiet.order(quiet.contract("buy", "5"))
    assert quiet.refused("trade/order", quiet.contract("buy", "1", reduceOnly=True)) == "51169"
    number = quiet.order(quiet.contract("sell", "9", "5900", reduceOnly="true"))
    assert (quiet.found(number, name="BTC-USDT-SWAP")["sz"], quiet.found(number, name="BTC-USDT-SWAP")["reduceOnly"]) == ("5", "true")
    quiet.order(quiet.contract("sell", "3"))
    assert quiet.found(number, name="BTC-USDT-SWAP")["sz"] == "2"
    quiet.order(quiet.contract("sell", "2"))
    found = quiet.found(number, name="BTC-USDT-SWAP")
    assert (found["state"], found["cancelSource"]) == ("canceled", "23")
    assert quiet.ask("account/positions") == []


def test_a_position_is_closed_at_market(bench: Any) -> None:
    assert bench.refused("trade/close-position", {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"}) == "51023"
    bench.order(bench.contract("sell", "4"))
    resting = bench.order(bench.contract("buy", "4", "5000", reduceOnly=True))
    bench.tell("trade/close-position", {"instId": "BTC-USDT-SWAP", "mgnMode": "cross", "autoCxl": True})
    assert bench.ask("account/positions") == []
    assert bench.found(resting, name="BTC-USDT-SWAP")["state"] == "canceled"


def test_amending_on_the_swap_binds_another_margin(quiet: Any) -> None:
    number = quiet.order(quiet.contract("buy", "30", "5000"))
    frozen = lambda: quiet.ask("account/balance", ccy="USDT")[0]["details"][0]["ordFrozen"]  # noqa: E731
    assert frozen() == "500"
    quiet.tell("trade/amend-order", {"instId": "BTC-USDT-SWAP", "ordId": number, "newSz": "60"})
    assert frozen() == "1000"
    quiet.tell("trade/amend-order", {"instId": "BTC-USDT-SWAP", "ordId": number, "newSz": "15", "newPx": "5000"})
    assert frozen() == "250"
    quiet.tell("trade/cancel-order", {"instId": "BTC-USDT-SWAP", "ordId": number})
    assert frozen() == "0"


def test_more_funds_let_more_be_ordered(quiet: Any) -> None:
    assert quiet.refused("trade/order", quiet.wish("buy", "30", "5000")) == "51008"
    quiet.live.execute(Deposit("okx:key", "USDT", 100_000 * UNIT))
    assert quiet.found(quiet.order(quiet.wish("buy", "30", "5000")))["state"] == "live"


def test_what_is_to_be_cancelled_by_its_tag_leaves_the_other_orders(bench: Any) -> None:
    for tag in ("one", "two"):
        bench.tell("trade/order", bench.wish("buy", "0.01", "5000", tag=tag))
    bench.tell("trade/cancel-all-after", {"timeOut": "10", "tag": "one"})
    bench.tell("trade/cancel-all-after", {"timeOut": "60"})
    bench.pass_time(11)
    assert [order["tag"] for order in bench.ask("trade/orders-pending")] == ["two"]
    bench.pass_time(50)
    assert bench.ask("trade/orders-pending") == []


def test_orders_of_several_tags_are_cancelled_in_the_same_moment(bench: Any) -> None:
    for tag in ("one", "two", "one", "three"):
        bench.tell("trade/order", bench.wish("buy", "0.01", "5000", tag=tag))
    for tag in ("one", "two", ""):
        bench.tell("trade/cancel-all-after", {"timeOut": "10", "tag": tag})
    bench.pass_time(11)
    assert bench.ask("trade/orders-pending") == []


def test_there_is_no_isolated_margin_and_who_asks_for_it_is_told(bench: Any) -> None:
    bench.tell("trade/order", bench.contract("buy", "1"))
    assert bench.refused("trade/order", bench.contract("buy", "1", tdMode="isolated")) == "51010"
    assert bench.refused("trade/close-position", {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated"}) == "51023"
    assert bench.refused("account/set-leverage", {"instId": "BTC-USDT-SWAP", "lever": "2", "mgnMode": "isolated"}) == "51010"
    assert bench.signed("GET", "account/leverage-info", instId="BTC-USDT-SWAP", mgnMode="isolated")["code"] == "51010"
    assert bench.ask("account/positions")[0]["pos"] == "1"


def test_what_is_not_served_is_refused_and_not_passed_over(bench: Any) -> None:
    for more in (
        {"attachAlgoOrds": [{"tpTriggerPx": "6000", "tpOrdPx": "-1"}]},
        {"pxAmendType": "1"},
        {"tradeQuoteCcy": "USDC"},
        {"ordType": "mmp"},
        {"tdMode": "isolated"},
    ):
        assert bench.refused("trade/order", bench.wish("buy", "0.01", "5000", **more)) in ("51000", "51010")
    assert bench.ask("trade/orders-pending") == []
    bench.tell("trade/order", bench.wish("buy", "0.01", "5000", pxAmendType="0", tradeQuoteCcy="USDT", banAmend=True))
    for path in ("trade/order-algo", "trade/cancel-algos", "trade/mass-cancel", "trade/order-precheck"):
        assert bench.signed("POST", path, {})["code"] == "404"
    assert bench.signed("GET", "account/bills")["code"] == "404"
