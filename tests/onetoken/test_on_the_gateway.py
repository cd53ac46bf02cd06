"""The client and our own gateway, each made from the sheet without the other: what one says the other takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from exchangeclient import onetoken as btp
from exchangeclient.exceptions import SocketException
from exchangeclient.onetoken import Account, DealtTrans, HTTPError, Order, Quote
from exchangeclient.sandbox import Sandbox
from tests.onetoken.conftest import Heard


@pytest.fixture(scope="module")
def host() -> Iterator[Any]:
    # Here, and not on a thread of the gateway's beside this one: CPython 3.11 cannot parse two of the modules that pytest rewrites at once.
    import_module("exchangeclient.gateway.onetoken.app")
    import_module("exchangeclient.gateway.onetoken.venues").prepare()
    with Sandbox(seed=7) as exchange:
        yield exchange.urls["onetoken"]


def test_markets(host: Any) -> None:
    ticks, changes, candles, slow = Heard(), Heard(), Heard(), Heard()
    with Quote(host, keep_alive=False, gzip=True) as market:
        contract, error = market.get_contract("btc.usdt:xtc.okex")
        assert error is None
        assert contract.min_change == 0.01
        market.subscribe_tick("okex/btc.usdt", ticks.later, timeout=60)
        market.subscribe_tick_v3("okex/btc.usdt", changes, timeout=60)
        market.subscribe_candle("binance/btc.usdt", "1m", candles, timeout=60)
        for tick in (*ticks.wait(2), *changes.wait(3)):
            assert tick.contract == "okex/btc.usdt"
            assert tick.bid1 < tick.ask1
        assert candles.wait(1)[0].duration == "1m"
        market.subscribe_low_freq_quote(["okex/btc.usdt", "eth.usdt:xtc.binance"], slow, timeout=60)
        assert {each.contract for quotes in slow.wait(2) for each in quotes} == {"okex/btc.usdt", "binance/eth.usdt"}
        with pytest.raises(SocketException, match="contract-not-exist"):
            market.subscribe_low_freq_quote(["okex/btc.usdt", "binance/no.such"], slow, timeout=60)
        rows, error = market.get_candles("binance/btc.usdt", "1m")
        assert error is None
        assert rows
        missing, error = market.get_contract("okex/no.such")
        assert missing is None
        assert error is not None
        assert error.code == "contract-not-exist"


def test_every_call_of_the_seeds(host: Any) -> None:
    """What the two readmes list, with what they call contracts and accounts."""
    con = "btc.usdt:xtc.okex"
    heard = Heard()
    quote = btp.Quote(host, keep_alive=False)
    quote.subscribe_tick(con, heard.later, timeout=60)
    tick = heard.wait(1)[0]
    assert isinstance(tick, btp.Ticker)
    forms = (
        (tick.to_dict(), btp.Tick.from_dct),
        (tick.to_mongo_dict(), btp.Tick.init_with_dict),
        (tick.to_short_list(), btp.Tick.from_short_list),
        (json.loads(tick.to_ws_str()), btp.Tick.from_short_list),
    )
    for form, read in forms:
        again = read(form)  # type: ignore[operator]
        assert abs(again.time - tick.time) < timedelta(milliseconds=1)  # the short list has seconds as a float
        assert (again.last, again.bids, again.asks, again.volume) == (tick.last, tick.bids, tick.asks, tick.volume)
    last = quote.get_last_tick(con).last
    quote.close()

    account = btp.Account("mock-1token@okex", "key", "secret", loop=None, host=host["rest"] + "/trade", keep_alive=False)
    info, error = account.get_info(timeout=15)
    assert error is None
    assert info["position_dict"]["btc"]["total_amount"] == account.get_total_amount("btc")
    price, oid = round(last * 0.9, 1), btp.util.rand_client_oid()
    assert len(oid) == 32

    def ok(outcome: Any) -> Any:
        answer, error = outcome
        assert error is None, error
        return answer

    placed = ok(account.place_order(con=con, price=price, bs="b", amount=0.01, client_oid=oid, tags={"k": "v"}, options={}))
    assert placed["client_oid"] == oid
    (seen,) = ok(account.get_order_use_client_oid(oid))
    assert seen["tags"] == {"k": "v"}
    assert ok(account.get_order_use_exchange_oid(placed["exchange_oid"])) == [seen]
    assert [row["client_oid"] for row in ok(account.get_pending_list())] == [oid]
    ok(account.amend_order_use_client_oid(oid, price - 1, 0.01))
    ok(account.amend_order_use_exchange_oid(placed["exchange_oid"], price - 2, 0.02))
    assert ok(account.get_order_use_client_oid(oid))[0]["entrust_price"] == price - 2
    assert ok(account.cancel_use_client_oid(oid))[0]["exchange_oid"] == placed["exchange_oid"]
    first, second = ok(account.place_and_cancel(con, price, "b", 0.01, 0))
    assert second[0]["exchange_oid"] == first["exchange_oid"]
    other = ok(account.place_order("okex/btc.usdt", price, "b", 0.01))
    assert re.fullmatch(r"[a-z0-9]{4}-[a-z0-9]{27}", other["client_oid"])
    ok(account.cancel_use_exchange_oid(other["exchange_oid"]))
    ok(account.place_order("btc.usdt:okex", price, "b", 0.01))
    ok(account.cancel_all())
    assert ok(account.get_pending_list()) == []
    assert 1 <= ok(account.get_status()) <= 100
    account.close()


@pytest.mark.parametrize("exchange", ["binance", "okex"])
def test_an_account(host: Any, exchange: str) -> None:
    con = f"{exchange}/btc.usdt"
    infos, orders, updates = Heard(), Heard(), Heard()
    with Quote(host, keep_alive=False) as market:
        last = market.get_last_tick(con).last
    with Account(f"mock-1token@{exchange}", "key", "secret", host=host, keep_alive=False) as account:
        account.subscribe_info(infos)
        account.subscribe_orders(orders)
        before = account.get_total_amount("btc")
        placed, error = account.place_order(con, round(last * 0.9, 2), "b", 0.01, on_update=updates)
        assert error is None
        rows, error = account.get_order_use_client_oid(placed["client_oid"])
        assert error is None
        assert [Order.from_dict(row).status for row in rows] == [Order.PENDING]
        updates.wait(1)  # states that follow each other at once are told together
        assert account.cancel_use_client_oid(placed["client_oid"])[1] is None
        statuses = [order.status for order in updates.wait(2)]
        assert (statuses[0], statuses[-1]) == (Order.PENDING, Order.WITHDRAWN)
        bought, error = account.place_order(con, round(last * 1.05, 2), "b", 0.01)
        assert error is None
        deals, error = account.get_dealt_trans(con)
        assert error is None
        assert bought["exchange_oid"] in {DealtTrans.from_dict(deal).exchange_oid for deal in deals}
        info, error = account.get_info()
        assert error is None
        assert info.get_total_amount("btc") > before
        infos.wait(1)
        orders.wait(3)
        again, error = account.place_order(con, round(last * 0.9, 2), "b", 10**9)
        assert again is None
        assert isinstance(error, HTTPError)
        assert error.error_code.startswith("exg-place-order")
        assert account.cancel_all(con)[1] is None
    with Account(f"{exchange}/mock-1token", "key", "not-the-secret", host=host) as stranger:
        _, error = stranger.get_info()
    assert isinstance(error, HTTPError)
    assert error.code == HTTPError.RESPONSE_4XX
