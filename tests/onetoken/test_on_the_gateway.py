"""The client and our own gateway, each made from the sheet without the other: what one says the other takes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

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
    ticks, changes, candles = Heard(), Heard(), Heard()
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
        rows, error = market.get_candles("binance/btc.usdt", "1m")
        assert error is None
        assert rows
        missing, error = market.get_contract("okex/no.such")
        assert missing is None
        assert error is not None
        assert error.code == "contract-not-exist"


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
