from __future__ import annotations

import json
import re

import pytest

from exchangeclient.cli import consent
from exchangeclient.client import Client
from exchangeclient.okx.client import Client as OkxClient
from exchangeclient.sandbox import Sandbox

from .conftest import Run


def test_the_answer_is_the_venues_json(run: Run, there: list[str]) -> None:
    assert list(json.loads(run("call", "get_server_time", *there).out)) == ["serverTime"]
    rows = json.loads(run("call", "get_klines", "symbol=ethbtc", "interval=1h", "limit=3", "--json", *there).out)
    assert len(rows) == 3


def test_flags_and_lists_are_json(run: Run, there: list[str]) -> None:
    rows = json.loads(run("call", "get_ticker", 'symbols=["ETHBTC","BTCUSDT"]', "type=MINI", *there).out)
    assert {row["symbol"] for row in rows} == {"ETHBTC", "BTCUSDT"}
    told = json.loads(run("call", "get_account", "omitZeroBalances=true", *there).out)
    assert told["canTrade"] is True


def test_over_the_websocket_api_too(run: Run, there: list[str]) -> None:
    assert "serverTime" in run("call", "ws_get_server_time", *there).out


def test_an_order_gets_an_id_that_is_told_before(run: Run, there: list[str]) -> None:
    done = run("call", "create_order", "symbol=ETHBTC", "side=BUY", "type=MARKET", "quantity=1", *there)
    assert done.code == 0
    told = re.search(r"^sending as (\S+): ", done.err, re.MULTILINE)
    assert told is not None
    assert json.loads(done.out)["clientOrderId"] == told[1]


def test_the_rules_hold_here_too(run: Run, there: list[str]) -> None:
    assert run("call", "create_order", "symbol=ETHBTC", "side=BUY", "type=MARKET", "quantity=1.23456", *there).code == 9


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["get_kline"], "get_klines"),
        (["__init__"], "endpoints lists"),
        (["close"], "endpoint"),
        (["get_klines", "symbol"], "NAME=VALUE"),
        (["get_klines", "=x"], "NAME=VALUE"),
        (["get_klines", "symbol=ETHBTC", "interval=7m"], "7m"),
        (["get_account", "omitZeroBalances=yes"], "omitZeroBalances"),
        (["create_order", "symbol=ETHBTC"], "side"),
        (["get_ticker", "requests_params={}"], "not for the command line"),
        (["create_order", "disable_validation=true"], "not for the command line"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(run: Run, there: list[str], arguments: list[str], says: str) -> None:
    done = run("call", *arguments, *there)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


@pytest.mark.parametrize("method", ["cancel_order", "withdraw", "create_order", "cancel_all_open_orders"])
def test_nothing_is_changed_at_a_live_venue_without_a_terminal(
    run: Run, there: list[str], monkeypatch: pytest.MonkeyPatch, exchange: Sandbox, method: str
) -> None:
    monkeypatch.setattr(consent, "is_for_play", lambda client: False)
    asked: list[str] = []
    monkeypatch.setattr(Client, "_call", lambda self, request: asked.append(request.name))
    done = run("call", method, "symbol=ETHBTC", *there)
    assert (done.code, asked) == (2, [])
    assert "--yes" in done.err


def test_a_list_of_orders_is_asked_for_as_a_list(run: Run, there: list[str], exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "settle_timeout", 0.2)
    order = "symbol=ETHBTC side=SELL quantity=1 aboveType=LIMIT_MAKER abovePrice=0.09 belowType=STOP_LOSS belowStopPrice=0.05".split()
    lost = exchange.fault("drop", route="POST /api/v3/orderList/oco", when="after", times=1)
    with lost, exchange.fault("error", route="GET /api/v3/orderList", status=503):
        done = run("call", "create_oco_order", *order, *there)
    assert done.code == 11
    known = re.search(r"^sending as (\S+): ", done.err, re.MULTILINE)
    assert known is not None
    command = f"exchangeclient call get_order_list origClientOrderId={known[1]} --environment {there[1]}"
    assert f"  {command}\n" in done.err
    assert json.loads(run(*command.split()[1:]).out)["listClientOrderId"] == known[1]
    assert run("order", "cancel", "ETHBTC", "--all", *there).code == 0


@pytest.fixture
def at_okx(exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options by which a command goes to the sandbox's OKX, and the key of its account."""
    for word in ("key", "secret", "passphrase"):
        monkeypatch.setenv(f"EXCHANGECLIENT_OKX_{word.upper()}", word)
    return ["--venue", "okx", "--environment", exchange.urls["okx"]["rest"]]


def test_another_venue_is_called_in_its_own_words(run: Run, at_okx: list[str]) -> None:
    assert json.loads(run("call", "get_ticker", "instId=BTC-USDT", *at_okx).out)["instId"] == "BTC-USDT"
    assert json.loads(run("call", "get_account_config", *at_okx).out)["acctLv"]
    assert json.loads(run("call", "get_ticker", "instId=BTC-USDT", "--venue", "okx", "--sandbox").out)["instType"] == "SPOT"


def test_a_change_at_another_venue_is_asked_about_and_carried_out(run: Run, exchange: Sandbox, at_okx: list[str]) -> None:
    with OkxClient("key", "secret", "passphrase", environment=exchange.urls["okx"]) as client:
        placed = client.order_limit_buy(instId="BTC-USDT", sz="0.01", px="1000")
        done = run("call", "cancel_order", "instId=BTC-USDT", f"ordId={placed['ordId']}", *at_okx)
        assert done.code == 0, done.err
        assert client.get_order(instId="BTC-USDT", ordId=placed["ordId"])["state"] == "canceled"


def test_orders_at_another_venue_are_refused_before_anything_is_sent(run: Run, at_okx: list[str]) -> None:
    done = run("call", "create_order", "instId=BTC-USDT", "tdMode=cash", "side=buy", "ordType=market", "sz=1", *at_okx)
    assert (done.code, "by order place" in done.err) == (2, True)
