from __future__ import annotations

import inspect
import logging
import pickle
from typing import Any

import pytest
import requests_mock

from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.exceptions import ClockSkewException, OverloadException, UnknownSymbolException
from exchangeclient.okx.client import Client
from exchangeclient.okx.rest import PRODUCTS


def envelope(*rows: Any, code: str = "0") -> dict[str, Any]:
    return {"code": code, "msg": "", "data": list(rows)}


def test_making_one_calls_nobody_and_ping_asks_for_the_time(exchange: Any) -> None:
    with requests_mock.Mocker() as nobody:
        Client("key", "secret", "passphrase")
        assert nobody.call_count == 0
    Client(environment=exchange.urls["okx"], ping=True).close()


def test_a_call_answers_with_the_rows_or_the_row(client: Client) -> None:
    assert set(client.get_server_time()) == {"ts"}
    assert isinstance(client.get_instruments("SPOT"), list)
    assert isinstance(client.get_klines("BTC-USDT", limit=2)[0], list)
    assert client.get_account()["details"]
    with pytest.raises(UnknownSymbolException):
        client.get_ticker("NO-SUCH")


def test_each_endpoint_is_documented_where_it_goes() -> None:
    listed = [each for each in endpoints(Client) if each.host == "rest"]
    assert len(listed) > 60
    assert sum(len(endpoints(product)) for product in PRODUCTS) == len(listed)
    for each in listed:
        text = inspect.getdoc(each.function) or ""
        assert f"``{each.verb} {each.path}``" in text, each.name
        assert each.docs.startswith("https://www.okx.com/docs-v5/"), each.name
    assert len({(each.verb, each.path) for each in listed}) == len(listed)


# What the venue's documentation has of spot, margin, swaps and futures, with the basics of funding and sub-accounts.
READ = """
public/time public/instruments public/mark-price public/funding-rate public/funding-rate-history public/price-limit public/open-interest
public/position-tiers public/liquidation-orders system/status market/ticker market/tickers market/index-tickers market/books
market/books-full market/books-rpi market/trades market/history-trades market/candles market/history-candles market/mark-price-candles
market/index-candles market/history-mark-price-candles market/history-index-candles account/instruments account/config account/balance
account/positions account/positions-history account/bills account/max-size account/leverage-info account/trade-fee asset/balances
asset/currencies trade/order trade/orders-pending trade/orders-history trade/orders-history-archive trade/fills trade/fills-history
trade/order-algo trade/orders-algo-pending trade/orders-algo-history users/subaccount/list account/subaccount/balances
asset/subaccount/balances
"""
SENT = """
trade/order trade/batch-orders trade/cancel-order trade/cancel-batch-orders trade/amend-order trade/amend-batch-orders
trade/close-position trade/mass-cancel trade/cancel-all-after trade/order-precheck trade/order-algo trade/cancel-algos trade/amend-algos
account/set-leverage account/set-position-mode
"""


def test_what_the_venue_documents_can_be_called() -> None:
    wanted = {("GET", f"/api/v5/{path}") for path in READ.split()} | {("POST", f"/api/v5/{path}") for path in SENT.split()}
    assert wanted - {(each.verb, each.path) for each in endpoints(Client)} == set()


def test_T03_a_time_that_the_venue_finds_wrong_is_put_right_once(exchange: Any) -> None:
    client = Client("key", "secret", "passphrase", environment="https://okx.invalid")
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v5/public/time", json=envelope({"ts": "1700000000000"}))
        venue.get(
            "/api/v5/account/config",
            [{"json": envelope(code="50102"), "status_code": 401}, {"json": envelope({"uid": "1"})}],
        )
        assert client.get_account_config() == {"uid": "1"}
        venue.get("/api/v5/account/config", json=envelope(code="50102"), status_code=401)
        with pytest.raises(ClockSkewException):
            client.get_account_config()


def test_L09_what_reads_is_repeated_when_the_venue_is_busy_and_what_changes_something_is_not() -> None:
    client = Client("key", "secret", "passphrase", environment="https://okx.invalid")
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v5/public/time", json=envelope({"ts": "1700000000000"}))
        venue.get("/api/v5/market/ticker", [{"json": envelope(code="50013")}, {"json": envelope({"last": "1"})}])
        assert client.get_ticker("BTC-USDT") == {"last": "1"}
        venue.post("/api/v5/account/set-leverage", json=envelope(code="50013"))
        with pytest.raises(OverloadException) as caught:
            client.set_leverage(lever=3, mgnMode="cross", instId="BTC-USDT-SWAP")
        assert caught.value.outcome_unknown
        assert sum(sent.method == "POST" for sent in venue.request_history) == 1


def test_no_log_line_shows_a_key(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secretive = Client("a-key-of-some-length-1", "a-secret-2", "a-passphrase-3", environment=client.hosts.rest)
    with pytest.raises(Exception, match=r"."):
        secretive.get_account()
    client.get_account()
    assert caplog.text
    assert not any(secret in caplog.text for secret in ("a-key-of-some", "a-secret-2", "a-passphrase-3"))


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"demo": 1}, TypeError, "demo"), ({"settle_timeout": -1}, ValueError, "settle_timeout"),
        ({"body_limit": 0}, ValueError, "body_limit"), ({"clock": "now"}, TypeError, "clock"), ({"journal": 3}, TypeError, "journal"),
        ({"requests_params": 3}, TypeError, "requests_params"),
    ],
)  # fmt: skip
def test_arguments_that_cannot_be_meant_are_refused_by_name(arguments: dict[str, Any], error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        Client(**arguments)


def test_a_client_stays_in_its_process() -> None:
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(Client())


def test_a_misspelled_keyword_is_pointed_out() -> None:
    client = Client(environment="https://okx.invalid")
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v5/market/tickers", json=envelope())
        with pytest.warns(UserWarning, match="instFamily"):
            client.get_tickers("SPOT", instfamily="BTC-USD")


def test_a_bar_that_the_venue_does_not_have_is_refused_here() -> None:
    with pytest.raises(ValueError, match="bar must be one of"):
        Client().get_klines("BTC-USDT", "1h")
