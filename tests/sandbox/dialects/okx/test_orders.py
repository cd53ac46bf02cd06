"""Pages of orders and fills at OKX, and how long they are kept."""

from __future__ import annotations

from typing import Any


def numbers(rows: list[dict[str, str]]) -> list[str]:
    return [row["ordId"] for row in rows]


def test_pages_come_newest_first_without_the_order_they_begin_at(bench: Any) -> None:
    placed = []
    for count in range(6):
        bench.pass_time(0.01)
        placed.append(bench.order(bench.wish("buy", "0.01", "5000") if count % 2 else bench.contract("buy", "1", "5000")))
    newest = placed[::-1]
    assert numbers(bench.ask("trade/orders-pending")) == newest
    assert numbers(bench.ask("trade/orders-pending", limit=2)) == newest[:2]
    assert numbers(bench.ask("trade/orders-pending", after=newest[1], limit=2)) == newest[2:4]
    assert numbers(bench.ask("trade/orders-pending", before=newest[2])) == newest[:2]
    assert numbers(bench.ask("trade/orders-pending", instType="SWAP")) == newest[1::2]
    assert numbers(bench.ask("trade/orders-pending", instId="BTC-USDT")) == newest[::2]
    assert bench.ask("trade/orders-pending", state="partially_filled") == []
    assert bench.ask("trade/orders-pending", ordType="ioc") == []
    assert bench.signed("GET", "trade/orders-pending", limit=0)["code"] == "51000"
    assert bench.ask("trade/orders-pending", account="other") == []


def test_a_page_goes_on_behind_an_order_that_is_no_longer_in_the_list(bench: Any) -> None:
    placed = [bench.order(bench.wish("buy", "0.01", "5000")) for _ in range(4)]
    bench.tell("trade/cancel-order", {"instId": "BTC-USDT", "ordId": placed[2]})
    assert numbers(bench.ask("trade/orders-pending", after=placed[2])) == [placed[1], placed[0]]
    assert numbers(bench.ask("trade/orders-pending", before=placed[2])) == [placed[3]]


def test_the_history_has_what_ended_and_for_how_long(bench: Any) -> None:
    filled = bench.order(bench.wish("sell", "0.01"))
    cancelled = bench.order(bench.wish("buy", "0.01", "5000"))
    bench.order(bench.wish("buy", "0.01", "5000"))
    assert numbers(bench.ask("trade/orders-history", instType="SPOT")) == [filled]
    bench.tell("trade/cancel-order", {"instId": "BTC-USDT", "ordId": cancelled})
    assert numbers(bench.ask("trade/orders-history", instType="SPOT")) == [cancelled, filled]
    assert numbers(bench.ask("trade/orders-history", instType="SPOT", state="canceled")) == [cancelled]
    assert numbers(bench.ask("trade/orders-history", instType="SPOT", begin=bench.now_us // 1000 + 1)) == []
    assert bench.signed("GET", "trade/orders-history")["code"] == "50014"
    bench.app.venue.live.exchange._company = type("Nobody", (), {"next_us": 1 << 62, "skip": lambda *_: None, "advance": lambda *_: []})()
    bench.pass_time(2 * 3600 + 1)  # what never traded is forgotten first
    assert numbers(bench.ask("trade/orders-history", instType="SPOT")) == [filled]
    assert bench.signed("GET", "trade/order", instId="BTC-USDT", ordId=cancelled)["code"] == "51603"
    bench.pass_time(7 * 86_400)
    assert bench.ask("trade/orders-history", instType="SPOT") == []
    assert numbers(bench.ask("trade/orders-history-archive", instType="SPOT")) == [filled]
    assert bench.ask("trade/fills") == []
    assert numbers(bench.ask("trade/fills-history", instType="SPOT")) == [filled]


def test_fills_have_bills_to_page_by_and_tell_who_made(quiet: Any) -> None:
    for _ in range(3):
        quiet.pass_time(0.01)
        quiet.order(quiet.wish("sell", "0.5", "5800"), account="other")
        quiet.order(quiet.wish("buy", "0.5", "5800", clOrdId="", tag="robot"))
    rows = quiet.ask("trade/fills")
    assert [row["tradeId"] for row in rows] == ["3", "2", "1"]
    assert (rows[0]["execType"], rows[0]["fillSz"], rows[0]["fillPx"], rows[0]["side"], rows[0]["tag"]) == (
        "T",
        "0.5",
        "5800",
        "buy",
        "robot",
    )
    assert (rows[0]["fee"], rows[0]["feeCcy"]) == ("-0.0005", "BTC")
    assert quiet.ask("trade/fills", after=rows[0]["billId"], limit=1) == rows[1:2]
    assert quiet.ask("trade/fills", before=rows[1]["billId"]) == rows[:1]
    assert quiet.ask("trade/fills", ordId=rows[1]["ordId"], instId="BTC-USDT") == rows[1:2]
    assert quiet.ask("trade/fills", begin=rows[0]["ts"]) == rows[:1]
    assert quiet.ask("trade/fills", end=rows[2]["ts"]) == rows[2:]
    makers = quiet.ask("trade/fills-history", instType="SPOT", account="other")
    assert {row["execType"] for row in makers} == {"M"}
    assert {row["billId"] for row in makers}.isdisjoint(row["billId"] for row in rows)


def test_profits_of_the_swap_are_told_by_fill(quiet: Any) -> None:
    quiet.order(quiet.contract("sell", "10", "5800"), account="other")
    quiet.order(quiet.contract("buy", "10"))
    quiet.order(quiet.contract("buy", "10", "5900"), account="other")
    number = quiet.order(quiet.contract("sell", "4"))
    (row,) = quiet.ask("trade/fills", ordId=number)
    assert row["fillPnl"] == "4"  # 100 a coin, of 0.04 coins
    assert quiet.found(number, name="BTC-USDT-SWAP")["pnl"] == "4"
