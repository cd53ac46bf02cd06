"""The client on the embedded exchange."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from exchangeclient.bitmex import Client as SameClient
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.times import milliseconds
from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeRequestException,
    OrderNotFoundException,
    UnknownSymbolException,
)


def test_the_market_can_be_read(client: Client) -> None:
    assert client.get_server_time()["name"] == "BitMEX API"
    assert {each["symbol"] for each in client.get_active_instruments()} >= {"XBTUSD"}
    assert client.get_ticker("XBTUSD")["symbol"] == "XBTUSD"
    with pytest.raises(UnknownSymbolException):
        client.get_ticker("NOSUCH")
    book = client.get_order_book("XBTUSD", depth=3)
    assert {row["side"] for row in book} == {"Buy", "Sell"}
    assert len(book) == 6
    trades = client.get_recent_trades("XBTUSD", count=5)
    times = [milliseconds(row["timestamp"]) for row in trades]
    assert times == sorted(times, reverse=True)
    some = client.get_historical_trades(symbol="XBTUSD", filter={"side": ["Buy"]}, columns=["price"], count=2)
    assert all("price" in row and "size" not in row for row in some)
    assert len(client.get_klines("XBTUSD", "1h", count=2)) == 2
    for call in (client.get_stats, client.get_assets, client.get_indices, client.get_funding, client.get_quotes, client.get_insurance):
        assert isinstance(call(), list)
    assert client.get_websocket_help()["subscriptionSubjects"]


def test_the_account_can_be_read(client: Client) -> None:
    client.order_market_buy(symbol="XBTUSD", orderQty=100)
    assert client.get_my_trades(symbol="XBTUSD", reverse=True, count=1)[0]["lastQty"] == 100
    assert client.get_executions(symbol="XBTUSD", reverse=True, count=1)
    assert client.get_account()["currency"] == "XBt"
    assert {row["currency"] for row in client.get_account(currency="all")} >= {"XBt", "USDt"}
    assert client.get_positions(filter={"symbol": "XBTUSD"})[0]["currentQty"] == 100
    assert client.close_position("XBTUSD")["ordStatus"] == "Filled"
    assert client.get_positions(filter={"symbol": "XBTUSD"})[0]["currentQty"] == 0
    assert client.set_leverage("XBTUSD", "2")["leverage"] == 2
    assert client.set_leverage("XBTUSD", 0)["crossMargin"]
    for call in (client.get_wallet, client.get_user, client.get_wallet_history, client.get_commission, client.get_api_keys):
        assert isinstance(call(), dict | list)


def test_a_post_only_order_does_not_take_and_a_reducing_one_opens_nothing(client: Client) -> None:
    dear = client.get_order_book("XBTUSD", depth=1)[0]["price"] + 100
    order = client.order_limit_buy(symbol="XBTUSD", orderQty=100, price=dear, postOnly=True)
    assert (order["ordStatus"], order["cumQty"]) == ("Canceled", 0)
    assert "ParticipateDoNotInitiate" in order["text"]
    client.cancel_all_orders()
    assert not [row for row in client.get_positions() if row["currentQty"]]


def test_orders_can_be_read_by_either_id_and_by_what_they_are(client: Client) -> None:
    placed = client.create_orders([{"price": 5000}, {"price": 5001}], symbol="XBTUSD", side="Buy", orderQty=100)
    ids: list[Any] = [order["orderID"] for order in placed if isinstance(order, dict)]
    assert [order["orderID"] for order in client.get_open_orders("XBTUSD")] == ids
    assert client.get_orders(filter={"orderID": ids}, count=10)
    assert client.get_order(orderID=ids[0])["price"] == 5000
    rows = client.cancel_all_orders(symbol="XBTUSD", filter={"side": "Buy"})
    assert {row["orderID"] for row in rows} == set(ids)
    with pytest.raises(OrderNotFoundException):
        client.get_order(clOrdID="nobody")


def test_a_dead_mans_switch_is_armed_and_disarmed(client: Client) -> None:
    told = client.cancel_all_after(60_000)
    assert milliseconds(told["cancelTime"]) - milliseconds(told["now"]) == 60_000
    assert client.cancel_all_after(0)["cancelTime"] in (0, "0")


def test_wrong_keys_are_refused_by_class(exchange: Any) -> None:
    for keys in (("nobody", "secret"), ("key", "wrong")):
        with Client(*keys, environment=exchange.urls["bitmex"]) as stranger:
            with pytest.raises(AuthenticationException):
                stranger.get_orders()
            assert "secret" not in repr(stranger)
    with Client(environment=exchange.urls["bitmex"]) as keyless:
        assert keyless.get_server_time()
        with pytest.raises(ExchangeRequestException, match="API key"):
            keyless.get_orders()


def test_R18_threads_can_share_a_client(exchange: Any) -> None:
    with Client("key", "secret", environment=exchange.urls["bitmex"]) as client:
        found: list[Any] = []

        def ask(symbol: str) -> None:
            found.extend((symbol, client.get_ticker(symbol)["symbol"]) for _ in range(2))

        threads = [threading.Thread(target=ask, args=(("XBTUSD", "XBTUSDT")[number % 2],)) for number in range(16)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        assert len(found) == 32
        assert all(asked == told for asked, told in found)


def test_candles_run_up_to_now_without_a_gap(client: Client) -> None:
    rows = client.get_historical_klines("XBTUSD", "1h", "3 days ago UTC")
    times = [milliseconds(row["timestamp"]) for row in rows]
    assert len(rows) >= 72
    assert times == list(range(times[0], times[0] + 3_600_000 * len(times), 3_600_000))
    assert times[-1] > client.clock.now_ms() >= times[-1] - 3_600_000


def test_every_endpoint_is_documented_and_named_once() -> None:
    declared = endpoints(Client)
    assert len({each.name for each in declared}) == len(declared)
    for each in declared:
        assert each.docs, each.name
        assert each.path == "/api/v1" or each.path.startswith("/api/v1/")
    assert SameClient is Client
