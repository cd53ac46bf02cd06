"""Bad input to public functions costs nothing: rows I01 to I11 of the fault list, for Binance over REST."""

from __future__ import annotations

import itertools
import json
import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests_mock
from bad_input import LIMIT, PRODUCTS, TakesAnything, Trial
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.client import Client
from exchangeclient.core.process.clock import Clock, FakeClock, VenueClock
from exchangeclient.enums import KLINE_INTERVAL_1MINUTE, KLINE_INTERVAL_1MONTH
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OrderException,
    OrderNotPlacedException,
)
from exchangeclient.serving.inprocess import InProcessAdapter
from exchangeclient.serving.messages import HttpRequest, HttpResponse
from exchangeclient.validation import validate_order
from exchangeclient.websockets import SocketManager

NOW_MS = 1_700_000_000_000
BASE = "http://venue.localhost"
MARKET = {"symbol": "BTCUSDT", "quantity": "1"}


def client_of(venue: Any, clock: Clock | None = None) -> Client:
    client = Client("key", "canary-secret", environment=BASE, clock=clock or FakeClock(NOW_MS))
    client.session.mount("http://", InProcessAdapter(venue))
    return client


@pytest.fixture
def venue() -> TakesAnything:
    return TakesAnything()


@pytest.fixture
def client(venue: TakesAnything) -> Client:
    return client_of(venue)


def test_I01_any_value_in_any_parameter_is_refused_by_name_or_sent_exactly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # some parameters are paths
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    monkeypatch.setattr("requests.Session.get_adapter", None)  # which the trial replaces
    for name in ("reach", "send"):
        monkeypatch.setattr(f"exchangeclient.core.feeds.socket_transport.SocketTransport.{name}", None)
    seed = 1
    print(f"seed {seed}")
    trial = Trial(Random(seed), percent=3)
    trial.run()
    assert trial.found == []
    assert trial.counts["callables"] > 100


@settings(deadline=None, max_examples=50)
@given(st.decimals(min_value="1e-12", max_value="1e9", places=12) | st.floats(min_value=1e-12, max_value=1e9))
def test_I02_a_figure_leaves_as_its_shortest_plain_digits(figure: Decimal | float) -> None:
    venue = TakesAnything()
    client_of(venue).order_market_buy(symbol="BTCUSDT", quantity=figure, disable_validation=True)
    text = venue.sent[-1]["quantity"]
    assert re.fullmatch(r"\d+(\.\d+)?", text)
    assert Decimal(text) == Decimal(repr(figure) if isinstance(figure, float) else figure)
    assert venue.malformed == []


def test_I02_noise_that_is_off_the_step_is_refused_and_never_rounded(client: Client, venue: TakesAnything) -> None:
    with pytest.raises(OrderException, match=r"0\.30000000000000004"):
        client.order_limit_buy(symbol="BTCUSDT", quantity=0.1 + 0.2, price=100)
    assert all("quantity" not in sent for sent in venue.sent)
    for price in (1e2, "1e2", 100.0, Decimal("1E+2")):
        client.order_limit_buy(symbol="BTCUSDT", quantity=1e-05 * 10_000, price=price)
        assert (venue.sent[-1]["quantity"], venue.sent[-1]["price"]) == ("0.1", "100")


@pytest.mark.parametrize(
    ("given", "symbol"),
    [("btcusdt", "BTCUSDT"), (" BTCUSDT ", "BTCUSDT"), ("\tBtcUsdt\n", "BTCUSDT"), ("BTC/USDT", "BTC/USDT"), ("币usdt", "币USDT")],
)
def test_I03_a_symbol_leaves_in_capitals_and_without_spaces_around_everywhere(
    client: Client, venue: TakesAnything, given: str, symbol: str
) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: client.get_order_book(symbol=given),
        lambda: client.get_symbol_info(given),
        lambda: client.get_historical_klines(given, "1h", "1 day ago"),
        lambda: list(client.aggregate_trade_iter(given, last_id=5)),
        lambda: client.get_my_trades(symbol=given),
        lambda: client.cancel_order(symbol=given, orderId=5),
        lambda: client.order_market_buy(symbol=given, quantity=1, disable_validation=True),
    ]
    for call in calls:
        venue.sent.clear()
        call()
        assert [sent["symbol"] for sent in venue.sent] == [symbol]
    client.get_ticker(symbols=[given, "ethusdt"])
    assert json.loads(venue.sent[-1]["symbols"]) == [symbol, "ETHUSDT"]


def test_I03_an_order_on_a_symbol_in_small_letters_is_held_to_its_rules(client: Client, venue: TakesAnything) -> None:
    with pytest.raises(OrderException, match="for BTCUSDT"):
        client.order_limit_buy(symbol="btcusdt", quantity="0.000001", price="100")
    with pytest.raises(OrderException, match="for BTCUSDT"):
        validate_order({"symbol": " btcusdt ", "quantity": "0.000001", "price": "100"}, PRODUCTS)
    wish = client.quantize_order(symbol="btcusdt", side="BUY", quantity="1.0000001", price="100")
    assert client.create_order(**wish, type="LIMIT", timeInForce="GTC")["orderId"] == 5
    assert venue.sent[-1]["symbol"] == "BTCUSDT"


def test_I04_a_keyword_that_nobody_knows_yet_is_passed_on(client: Client, venue: TakesAnything) -> None:
    client.get_order_book(symbol="BTCUSDT", somethingNew=True)
    assert venue.sent[-1] == {"symbol": "BTCUSDT", "somethingNew": "true"}


@pytest.mark.parametrize(
    ("call", "given", "meant"),
    [
        (lambda client: client.get_order_book(symbol="BTCUSDT", limits=5), "limits", "limit"),
        (lambda client: client.order_limit_buy(**LIMIT, stopPirce="90"), "stopPirce", "stopPrice"),
        (lambda client: client.order_limit_buy(**LIMIT, timeinforce="IOC"), "timeinforce", "timeInForce"),
        (lambda client: client.order_market_sell(**MARKET, recvWindows=5), "recvWindows", "recvWindow"),
        (lambda client: client.order_market_sell(**MARKET, disable_validations=True), "disable_val", "disable_validation"),
    ],
)
def test_I04_a_misspelled_keyword_is_passed_on_with_a_warning_at_the_callers_line(
    client: Client, venue: TakesAnything, call: Callable[[Client], Any], given: str, meant: str
) -> None:
    with pytest.warns(UserWarning, match=rf"knows no {given}.* and sends it on as it is; what it knows is {meant}$") as caught:
        call(client)
    assert [warning.filename for warning in caught] == [__file__]
    assert any(name.startswith(given) for name in venue.sent[-1])


def test_I05_what_is_given_twice_is_an_error_and_a_signature_is_the_clients(client: Client, venue: TakesAnything) -> None:
    with pytest.raises(TypeError, match="symbol"):
        client.get_order_book("BTCUSDT", symbol="ETHUSDT")
    with pytest.raises(ValueError, match="signature is made by the client"):
        client.get_account(signature="00")
    with pytest.raises(ValueError, match="timestamp must be a whole number"):
        client.get_account(timestamp="now")
    assert venue.sent == []
    client.get_account(timestamp=NOW_MS - 7)
    assert venue.sent[-1]["timestamp"] == str(NOW_MS - 7)
    assert venue.malformed == []


@pytest.mark.parametrize("callback", [None, "print", 5])
def test_I06_a_callback_that_cannot_be_called_is_refused_at_the_start(client: Client, callback: Any) -> None:
    with pytest.raises(TypeError, match="callback must be"):
        SocketManager(client).start_trade_socket("BTCUSDT", callback)


@pytest.mark.parametrize("interval", ["1H", "1 m", "2m", "60", "1min", "", "M1"])
def test_I07_an_interval_that_there_is_not_is_refused_with_those_that_there_are(
    client: Client, venue: TakesAnything, interval: str
) -> None:
    for call in (client.get_klines, client.get_ui_klines, client.get_historical_klines, client.get_historical_klines_generator):
        with pytest.raises(ValueError, match="interval must"):
            call(symbol="BTCUSDT", interval=interval)
    assert venue.sent == []


def test_I07_a_minute_and_a_month_are_not_the_same(client: Client, venue: TakesAnything) -> None:
    for interval in (KLINE_INTERVAL_1MINUTE, KLINE_INTERVAL_1MONTH):
        client.get_klines(symbol="BTCUSDT", interval=interval)
        assert venue.sent[-1]["interval"] == interval


@pytest.mark.parametrize(
    ("limit", "said"), [(-1, "limit must not be negative"), ("ten", "limit must be a whole number"), (0.5, "limit must be")]
)
def test_I08_a_limit_that_cannot_be_meant_is_refused(client: Client, venue: TakesAnything, limit: Any, said: str) -> None:
    for call in (client.get_order_book, client.get_recent_trades, client.get_my_trades):
        with pytest.raises(ValueError, match=said):
            call(symbol="BTCUSDT", limit=limit)
    with pytest.raises(ValueError, match=said):
        client.get_historical_klines("BTCUSDT", "1h", limit=limit)
    assert venue.sent == []


@pytest.mark.parametrize("limit", [0, 10**9, "10"])
def test_I08_any_other_limit_is_the_venues_to_judge(client: Client, venue: TakesAnything, limit: Any) -> None:
    client.get_recent_trades(symbol="BTCUSDT", limit=limit)
    assert venue.sent[-1]["limit"] == str(limit)


def test_I08_a_history_of_none_is_refused_and_a_long_one_is_read_in_pages(client: Client, venue: TakesAnything) -> None:
    with pytest.raises(ValueError, match="limit must be 1 or more"):
        client.get_historical_klines("BTCUSDT", "1h", limit=0)
    assert client.get_historical_klines("BTCUSDT", "1h", "1 day ago", limit=10**9) == []
    assert {sent["limit"] for sent in venue.sent} == {"1000"}


def test_I09_a_stretch_that_holds_nothing_ends(client: Client, venue: TakesAnything) -> None:
    with pytest.raises(ValueError, match="before start_str"):
        client.get_historical_klines("BTCUSDT", "1h", "1 Feb 2020", "1 Jan 2020")
    assert venue.sent == []
    for stretch in (("1 Jan 2037",), ("1 Jan 2037", "1 Feb 2037"), ("1 Jan 1971", "1 Feb 1971")):
        assert client.get_historical_klines("BTCUSDT", "1h", *stretch) == []
    assert len(venue.sent) == 3


class Says:
    """A venue that says the same to everybody."""

    def __init__(self) -> None:
        self.answer: Any = {}
        self.status = 200

    def http(self, _: HttpRequest) -> HttpResponse:
        return HttpResponse(self.status, json.dumps(self.answer).encode())


def mutated(value: Any) -> Iterator[Any]:
    """A documented answer with one thing in it of another form, for each thing in it; of a list its first is enough."""
    yield from (None, 5, "text", True, [], {}, [None], [[]], [{}], -1, 0, 10**18, 10**400, 0.5, 1e308, "", "-1", "1e999999999", "NaN")
    for key in list(value)[:40] if isinstance(value, dict) else range(min(len(value), 1)) if isinstance(value, list) else ():
        without = {name: part for name, part in value.items() if name != key} if isinstance(value, dict) else value[1:]
        yield without
        for other in mutated(value[key]):
            changed = dict(value) if isinstance(value, dict) else list(value)
            changed[key] = other
            yield changed


def tell_limits(client: Client) -> None:
    client.get_exchange_info()
    client.limits()
    client.get_exchange_info(symbol="BTCUSDT")


def tell_time(client: Client) -> None:
    client.get_account()
    client.limits()
    client.get_historical_klines("BTCUSDT", "1h", "1 day ago", closed_only=True)


READERS: dict[str, Callable[[Client], Any]] = {
    "limits": tell_limits,
    "time": tell_time,
    "order": lambda client: client.order_limit_buy(**LIMIT, disable_validation=True),
    "exchange_info": lambda client: client.get_symbol_info("BTCUSDT"),
    "account": lambda client: client.get_asset_balance("BTC"),
    "klines": lambda client: client.get_historical_klines("BTCUSDT", "1h", "1 day ago", "now", 1, closed_only=False),
    "trades": lambda client: list(itertools.islice(client.aggregate_trade_iter("BTCUSDT"), 1)),
    "withdrawals": lambda client: client.get_withdraw_history_id("w1"),
    "rules": lambda client: client.order_limit_buy(**LIMIT),
    "error": lambda client: client.ping(),
}
DOCUMENTED: dict[str, Any] = {
    "exchange_info": {
        **PRODUCTS,
        "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}],
    },
    "limits": {"rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}]},
    "time": {"serverTime": NOW_MS},
    "order": {"orderId": 5, "orderListId": -1, "clientOrderId": "a", "transactTime": NOW_MS},
    "account": {"balances": [{"asset": "BTC", "free": "1", "locked": "0"}]},
    "klines": [[NOW_MS - 7_200_000, "1", "1", "1", "1", "1", NOW_MS - 3_600_001, "1", 1, "1", "1", "0"]],
    "trades": [{"a": 1, "p": "1", "q": "1", "f": 1, "l": 1, "T": NOW_MS, "m": True, "M": True}],
    "withdrawals": [{"id": "w1"}],
    "rules": {**PRODUCTS, "rateLimits": []},
    "error": {"code": -1121, "msg": "Invalid symbol."},
}


@pytest.mark.parametrize("reader", READERS)
def test_I10_an_answer_of_another_form_is_read_or_an_error_of_ours(reader: str) -> None:
    venue = Says()
    venue.status = 400 if reader == "error" else 200
    came_of_it: Counter[str] = Counter()
    for venue.answer in mutated(DOCUMENTED[reader]):
        try:
            READERS[reader](client_of(venue, VenueClock(FakeClock(NOW_MS))))
        except ExchangeException:
            came_of_it["refused"] += 1
        except LookupError as error:
            if reader != "withdrawals" or type(error) is not LookupError:  # which is what it says when there is none
                raise
            came_of_it["none"] += 1
        else:
            came_of_it["read"] += 1
    assert came_of_it["refused"] > 0
    assert came_of_it.keys() <= {"refused", "read", "none"}
    assert came_of_it.total() == len(list(mutated(DOCUMENTED[reader])))


def test_I11_a_call_without_what_it_needs_is_sent_and_the_venue_says_so() -> None:
    refusal = {"code": -1102, "msg": "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."}
    client = Client("key", "secret", environment=BASE, clock=FakeClock(NOW_MS))
    with requests_mock.Mocker(session=client.session) as mocked:
        mocked.get(f"{BASE}/api/v3/allOrders", status_code=400, json=refusal)
        with pytest.raises(ExchangeAPIException, match="'symbol' was not sent") as caught:
            client.get_all_orders()
        assert (caught.value.code, caught.value.status_code) == (-1102, 400)


def test_I11_an_order_without_what_it_needs_stays_here(client: Client, venue: TakesAnything) -> None:
    whole = {**LIMIT, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    for needed in whole:
        with pytest.raises(TypeError, match=rf"create_order\(\) needs {needed}"):
            client.create_order(**{name: value for name, value in whole.items() if name != needed})
    assert venue.sent == []


@pytest.mark.parametrize(
    ("place", "incomplete"),
    [
        (Client.create_order, {}),
        (Client.create_order, {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT"}),
        (Client.order_market_buy, {"symbol": "BTCUSDT"}),
        (Client.create_test_order, {"side": "BUY"}),
        (Client.cancel_replace_order, {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}),
        (Client.create_oco_order, {"side": "SELL", "quantity": "1"}),
        (Client.order_oco_sell, {"price": "100", "stopPrice": "90"}),
    ],
)
def test_I11_an_incomplete_order_is_sent_when_validation_is_off_and_the_venue_says_so(
    place: Callable[..., Any], incomplete: dict[str, Any]
) -> None:
    client = Client("key", "secret", environment=BASE, clock=FakeClock(NOW_MS))
    refusal = {"code": -1102, "msg": "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."}
    with requests_mock.Mocker(session=client.session) as mocked:
        mocked.post(requests_mock.ANY, status_code=400, json=refusal)
        with pytest.raises(TypeError, match="needs"):
            place(client, **incomplete)
        assert mocked.call_count == 0
        with pytest.raises(ExchangeAPIException, match="was not sent") as caught:
            place(client, **incomplete, disable_validation=True)
        assert (caught.value.code, mocked.call_count) == (-1102, 1)
        sent = parse_qs(mocked.last_request.text)
        assert {name: sent[name] for name in incomplete} == {name: [text] for name, text in incomplete.items()}
    assert client.undecided_orders() == []


@pytest.mark.parametrize("symbol", [{}, {"symbol": "BTCUSDT"}])
def test_I11_a_lost_answer_to_an_incomplete_order_is_an_error_of_ours(symbol: dict[str, str]) -> None:
    client = Client("key", "secret", environment=BASE, clock=FakeClock(NOW_MS), settle_timeout=30)
    with requests_mock.Mocker(session=client.session) as mocked:
        mocked.post(requests_mock.ANY, status_code=504, text="")
        mocked.get(f"{BASE}/api/v3/order", status_code=400, json={"code": -2013, "msg": "Order does not exist."})
        with pytest.raises(OrderNotPlacedException if symbol else ExchangeAPIException):
            client.create_order(side="BUY", disable_validation=True, **symbol)
        assert [asked.method for asked in mocked.request_history].count("POST") == 1
    assert client.undecided_orders() == []


def test_I11_an_amendment_without_what_it_needs_stays_here(client: Client, venue: TakesAnything) -> None:
    for needed in ("symbol", "newQty", "orderId"):
        given = {name: value for name, value in {"symbol": "BTCUSDT", "newQty": "1", "orderId": 5}.items() if name != needed}
        with pytest.raises(TypeError, match=rf"needs {needed}"):
            client.amend_order_keep_priority(**given, disable_validation=True)
    assert venue.sent == []


def test_I10_times_out_of_this_world_are_an_error_of_ours() -> None:
    venue = Says()
    client = client_of(venue)
    for time in (10**18, -5, 10**400):
        venue.answer = [[time, "1", "1", "1", "1", "1", time]]
        with pytest.raises(ExchangeRequestException):
            client.get_historical_klines("BTCUSDT", "1M", "1 day ago", "now")


def test_I10_what_is_no_json_is_shown_without_the_signature_that_it_repeats() -> None:
    client = Client("key", "secret", environment=BASE, clock=FakeClock(NOW_MS))
    with requests_mock.Mocker(session=client.session) as mocked:
        mocked.get(f"{BASE}/api/v3/account", text=lambda request, _: f"<html>{request.query}</html>")
        with pytest.raises(ExchangeRequestException, match=r"signature=\*\*\*") as caught:
            client.get_account()
        signature = mocked.last_request.qs["signature"][0]
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    inside = "".join(line for line in told.format() if "/exchangeclient/" in line)
    assert "in _decode" in inside
    assert signature not in inside
