"""Names, addresses, signatures, ids, key files, models and errors."""

from __future__ import annotations

import ast
import inspect
import json
import logging
import pickle
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exchangeclient import onetoken
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.onetoken import Candle, Contract, DealtTrans, Error, HTTPError, Info, Order, Zhubi, model, rpcutil, service, util
from exchangeclient.onetoken.config import Config
from exchangeclient.onetoken.errors import Code, Const, of_answer
from exchangeclient.onetoken.hosts import HISTORIC, LOCAL, choose
from exchangeclient.onetoken.keyfiles import load_keys
from exchangeclient.onetoken.names import account_name, contract_name
from exchangeclient.onetoken.orderform import oids
from exchangeclient.onetoken.service import Nonces, Service, body_of, number
from exchangeclient.onetoken.signing import signature

CREDENTIALS = Credentials.from_secret("key", "this-is-long-secret")


@pytest.mark.parametrize(
    ("verb", "path", "nonce", "body", "expected"),
    [
        ("GET", "/okex/demo/info", "this-is-nonce", "", "bf676b208d1b90e2763b0206f8426fc66583b07281a0368c97a9ee71e098e33e"),
        (
            "POST",
            "/okex/demo/info",
            "this-is-nonce",
            '{"price": 0.1,     "amount": 0.2}',
            "d75535f8f5e2d21dd5e5a0e8609ef56e3177d55f661dfc51b458b9d7ada711dc",
        ),
        ("GET", "/ws/demo", "this-is-nonce", "", "dec621cdc4dd9ed289c4f8b2a905292957ecf71227b68fee31c669124885d7cd"),
        (
            "POST",
            "/okex/demo/orders",
            "1555471107536351",
            '{"contract": "okex/btc.usdt", "price": 10, "bs": "b", "amount": 1}',
            "22282474444318648d509569c4f2472cc2824e5db436f992524cf4f68b318445",
        ),
    ],
)
def test_signatures_are_those_of_the_historic_sdk(verb: str, path: str, nonce: str, body: str, expected: str) -> None:
    assert signature(CREDENTIALS, verb, path, nonce, body) == expected


def test_nonces_only_rise() -> None:
    nonces = Nonces()
    assert [nonces.next(now) for now in (5, 5, 3, 9)] == ["5", "6", "7", "9"]


def test_nonces_of_two_processes_with_one_key_differ_in_the_same_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Service(choose(None), CREDENTIALS, clock=FakeClock())
    drawn = set()
    for _ in range(20):
        monkeypatch.setattr(service, "_nonces", Nonces())
        drawn.add(there.signed("GET", "/okex/demo/info")["Api-Nonce"])
    assert len(drawn) > 1
    assert {int(nonce) // 1000 for nonce in drawn} == {FakeClock().now_ms()}


def test_a_body_keeps_order_and_plain_digits() -> None:
    text = body_of({"price": number(0.00001, "price"), "bs": "b", "amount": number("1.50", "amount"), "tags": None, "options": {"a": True}})
    assert text == '{"price": 0.00001, "bs": "b", "amount": 1.50, "options": {"a":true}}'
    assert json.loads(text)["price"] == 0.00001
    assert json.loads(body_of({'a"b': 1})) == {'a"b': 1}
    with pytest.raises(TypeError, match="options must be what JSON can carry"):
        body_of({"options": {"a": object()}})


@pytest.mark.parametrize("text", ["okex/ltc.btc", "ltc.btc:xtc.okex", "ltc.btc:okex"])
def test_three_spellings_are_one_contract(text: str) -> None:
    assert contract_name(text) == "okex/ltc.btc"
    assert Contract.from_symbol(text) == Contract("okex", "ltc.btc")


@pytest.mark.parametrize(
    "text", ["", "okex", "okex/", "/a.b", "okex/ltc", "a.b:", "a.b:xtc.", "okex/a..b", "OKEX/a.b/c", "okex/a.b?x", "o/a.b"]
)
def test_what_is_no_contract_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="contract must be like"):
        contract_name(text)


def test_futures_and_perpetuals_have_more_parts() -> None:
    assert contract_name("bitmex/eth.btc.2018-06-29") == "bitmex/eth.btc.2018-06-29"
    assert contract_name("btc.usd.q:xtc.okef") == "okef/btc.usd.q"
    for wrong in (None, 5, ["okex/a.b"]):
        with pytest.raises(TypeError, match="contract must be a str"):
            contract_name(wrong)  # type: ignore[arg-type]


def test_two_spellings_are_one_account() -> None:
    assert account_name("okex/tyz") == account_name("tyz@okex")
    assert str(account_name("binance/mock-1token")) == "binance/mock-1token"
    margin = account_name("huobim/user1/bch.usdt")
    assert (margin.exchange, margin.name, margin.pair, str(margin)) == ("huobim", "user1", "bch.usdt", "huobim/user1/bch.usdt")
    for wrong in ("", "okex", "okex/", "@okex", "a@b@c", "okex/a b", "okex/..", "okex/a/b/c", "okex/a\n"):
        with pytest.raises(ValueError, match="symbol must be an account"):
            account_name(wrong)
    with pytest.raises(TypeError, match="symbol must be a str"):
        account_name(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:9", "http://127.0.0.1:9/", "http://127.0.0.1:9/api/v1", "http://127.0.0.1:9/api/v1/trade"]
)
def test_a_host_is_meant_however_it_is_written(host: str) -> None:
    hosts = choose(host)
    assert (hosts.rest, hosts.stream) == ("http://127.0.0.1:9/api/v1", "ws://127.0.0.1:9/api/v1/ws")
    assert choose({"rest": "http://127.0.0.1:9/api/v1", "stream": "ws://127.0.0.1:9/api/v1/ws"}) == hosts


def test_the_default_is_the_gateway_on_this_machine() -> None:
    assert choose(None).rest == LOCAL == Config.HOST_REST
    for host in HISTORIC:
        with pytest.raises(ValueError, match="historic"):
            choose(f"{host}/trade")
    for url in ("https://1token.trade", "HTTPS://1Token.Trade:443/x", "https://1token.trade./api/v1"):
        with pytest.raises(ValueError, match="historic"):
            choose(url)
    with pytest.raises(ValueError, match="historic"):
        choose({"rest": LOCAL, "stream": "wss://1token.trade/api/v1/ws"})
    with pytest.raises(ValueError, match="host is not a URL"):
        choose("https://[1")
    with pytest.raises(ValueError, match="https"):
        choose("http://example.com")
    with pytest.raises(ValueError, match="no 'rest'"):
        choose({})


def test_config_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST_REST", "TRADE_HOST", "TRADE_HOST_WS", "TICK_HOST_WS", "TICK_V3_HOST_WS", "CANDLE_HOST_WS"):
        monkeypatch.setattr(Config, name, getattr(Config, name))
    Config.change_host("127.0.0.1:9/", nossl=True)
    assert Config.hosts() == choose("http://127.0.0.1:9")
    assert Config.TRADE_HOST == "http://127.0.0.1:9/api/v1/trade"
    assert Config.TICK_V3_HOST_WS == "ws://127.0.0.1:9/api/v1/ws/tick-v3"
    Config.change_host("gateway.example/", "1token.trade/")
    assert Config.CANDLE_HOST_WS == "wss://gateway.example/api/v1/ws/candle"
    Config.change_host()
    assert Config.hosts() == choose(LOCAL)


def test_ids_follow_the_rules() -> None:
    assert re.fullmatch(r"[a-z0-9]{4}-[a-z0-9]{27}", util.rand_client_oid())
    assert re.fullmatch(r"okex/btc\.usdt-\d{14}[A-Za-z][A-Za-z0-9]{13}", util.rand_client_oid("okex/btc.usdt"))
    assert re.fullmatch(r"gate/btc\.usdt-\d{14}[A-Za-z][A-Za-z0-9]", util.rand_client_oid("gate/btc.usdt"))
    contract, _, digits = util.rand_client_oid("huobif/btc.usd.q").partition("-")
    assert contract == "huobif/btc.usd.q"
    assert 0 < int(digits) < 2**63
    assert re.fullmatch(r"okex/btc-\d{8}-\d{6}-[A-Za-z0-9]{5}", util.rand_client_wid("okex", "btc"))
    assert re.fullmatch(r"\d{7}", util.rand_digits(7))
    assert len({util.rand_client_oid() for _ in range(1000)}) == 1000
    assert util.rand_digi is util.rand_digits
    for draw in (util.rand_id, util.rand_digits):
        with pytest.raises(ValueError, match="length"):
            draw(0)


def test_nine_ids_at_most() -> None:
    assert oids("a", ("b", 7), "client_oid") == "a,b,7"
    assert oids("a,b", (), "client_oid") == "a,b"
    with pytest.raises(ValueError, match="9 ids at most in one call, not 10"):
        oids("a", tuple("bcdefghij"), "client_oid")
    for wrong in ("", "a,,b", "a b", "x" * 200):
        with pytest.raises(ValueError, match="client_oid must be"):
            oids(wrong, (), "client_oid")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yml", "# mine\not_key: key-1\not_secret: 'a secret # with'\naccount: okex/me  # there\n"),
        ("config.yml", "api_key: key-1\napi_secret: a secret # with\n"),
        ("config.js", '{"api_key": "key-1", "api_secret": "a secret # with"}'),
        ("config.json", '\ufeff{"ot_key": "key-1", "ot_secret": "a secret # with", "more": 5}'),
    ],
)
def test_key_files_are_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    keys = load_keys(path)
    assert keys.api_key == "key-1"
    assert keys.api_secret in ("a secret # with", "a secret")
    assert keys.account in ("okex/me", "")
    assert "secret" not in repr(keys)


def test_key_files_that_cannot_serve_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"\.onetoken/config\.yml"):
        load_keys()
    path = tmp_path / ".onetoken" / "config.yml"
    path.parent.mkdir()
    path.write_text("ot_key: k\not_secret: hidden-one\n", encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        load_keys()
    path.chmod(0o600)
    assert load_keys().api_secret == "hidden-one"
    for text, why in (("ot_key: k\n", "neither"), ("hidden-two\n", "cannot be read")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=why) as error:
            load_keys()
        assert "hidden" not in str(error.value)


def test_contracts_are_read_with_their_steps() -> None:
    wire: dict[str, Any] = {
        "id": 5, "name": "btc.usdt", "symbol": "okex/btc.usdt", "alias": "BTC", "category": "XTC", "first_day": None, "last_day": None,
        "exec_price": None, "currency": "usdt", "min_change": 0.01, "min_amount": 0.001, "unit_amount": 0.0001,
    }  # fmt: skip
    contract = Contract.from_dict(wire)
    assert (contract.symbol, contract.min_change, contract.unit_amount, contract.uid) == ("okex/btc.usdt", 0.01, 0.0001, 5)
    assert contract.min_notional is None
    assert str(contract) == "<Con:okex/btc.usdt>"
    assert len({contract, Contract("okex", "btc.usdt")}) == 1
    with pytest.raises(KeyError, match="min_change"):
        Contract.from_dict({name: value for name, value in wire.items() if name != "min_change"})
    with pytest.raises(ValueError, match="exchange/name"):
        Contract("okex", "btc")


def test_orders_are_read_by_attribute_and_by_field() -> None:
    wire = {
        "account": "okex/me", "contract": "okex/btc.usdt", "bs": "b", "client_oid": "abcd-123456", "exchange_oid": "okex/btc.usdt-1",
        "status": "part-deal-pending", "entrust_price": 10, "entrust_amount": 2, "entrust_time": "2018-05-03T16:16:41+08:00",
        "average_dealt_price": 9.5, "dealt_amount": 1, "last_update": "2018-05-03T16:16:42+08:00", "version": 3, "extra": "kept",
    }  # fmt: skip
    order = Order.from_dict(wire)
    assert (order.contract_symbol, order.avg_dealt_price, order.version, order.is_over) == ("okex/btc.usdt", 9.5, 3, False)
    assert order["extra"] == "kept"
    assert order == wire
    assert json.loads(json.dumps(order)) == wire
    assert pickle.loads(pickle.dumps(order)).status == order.status
    assert order.entrust_time == datetime(2018, 5, 3, 8, 16, 41, tzinfo=UTC)
    assert str(order) == "<123456 16:16:41 okex/btc.usdt 9.5/10 b 1/2 part-deal-pending>"
    assert Order({**wire, "status": "dealt"}).is_over
    with pytest.raises(KeyError, match="version"):
        Order.from_dict({name: value for name, value in wire.items() if name != "version"})
    with pytest.raises(ValueError, match="bs must be"):
        Order({"bs": "x"})


def test_info_speaks_both_words() -> None:
    info = Info({"balance": 5, "position": [{"contract": "btc", "total_amount": "2.5"}]})
    assert info.position_dict["btc"] is info["position_dict"]["btc"]
    assert (info.balance, info["balance"]) == (5, 5)
    assert (info.get_total_amount("btc"), info.get_total_amount("eth")) == (2.5, 0.0)
    assert Info({"position": None}).position_dict == {}
    assert json.loads(json.dumps(info)) == {**info.data, "position_dict": info.position_dict}  # BTP's was a dict, and was dumped
    assert isinstance(info, dict)
    with pytest.raises(TypeError, match="data must be a dict, not list"):
        Info([])  # type: ignore[arg-type]
    assert info.get_margin_acc_info("eos.usdt") is None


def test_a_margin_account_has_two_positions() -> None:
    sides = {f"{word}_{side}": n for n, side in enumerate(("coin", "base"), 1) for word in ("amount", "available", "frozen", "loan")}
    more = {f"{word}_{side}": 7 for side in ("coin", "base") for word in ("market_value", "value_cny")}
    row = {"contract": "eos.usdt", "value_cny": 14, "market_value": 7, "risk_rate": 2.0, **sides, **more}
    pair = Info({"position": [row]}).get_margin_acc_info("eos.usdt")
    assert pair is not None
    assert (pair.balance, pair.get_total_amount("eos"), pair.get_total_amount("usdt")) == (14, 1.0, 2.0)


def test_candles_trades_and_deals_are_read() -> None:
    row = {"open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 9}
    candle = Candle.from_dict({**row, "timestamp": 1525335360}, contract="okex/a.b", duration="1m")
    assert (candle.time, candle.contract, candle.duration) == (datetime(2018, 5, 3, 8, 16, tzinfo=UTC), "okex/a.b", "1m")
    pushed = Candle.from_dict({**row, "time": "2018-05-03T08:16:00+00:00", "contract": "okex/a.b", "duration": "1m"})
    assert pushed == candle
    trade = {"time": "2018-05-03T08:16:00+00:00", "contract": "okex/a.b", "price": 1, "amount": 2, "bs": "s"}
    assert Zhubi.from_dict(trade).exchange_time == candle.time
    deal = {"contract": "okex/a.b", "bs": "b", "dealt_price": 1, "dealt_amount": 2, "dealt_time": "2018-05-03T08:16:00+00:00"}
    assert DealtTrans.from_dict(deal).to_dict()["dealt_price"] == 1
    assert DealtTrans.from_dict(deal).to_dict()["dealt_time"] == deal["dealt_time"]
    assert DealtTrans.from_dict({**deal, "dealt_type": "maker"}).dealt_type == DealtTrans.MAKER
    with pytest.raises(KeyError, match="dealt_price"):
        DealtTrans.from_dict({"contract": "okex/a.b", "bs": "b"})


def test_errors_name_what_the_service_says() -> None:
    error = of_answer(400, '{"code": "partial-success", "message": "m", "data": {"success": []}}')
    assert (error.code, error.error_code, error.status_code, error.data) == ("RESPONSE_4XX", "partial-success", 400, {"success": []})
    assert not error.outcome_unknown
    assert of_answer(504, '{"code": "exg-timeout"}').outcome_unknown
    assert of_answer(400, '{"code": "exg-unknown-error"}').outcome_unknown
    assert of_answer(502, "<html>").code == HTTPError.RESPONSE_5XX
    assert of_answer(302, "[]").code == HTTPError.NOT_200
    assert not HTTPError(HTTPError.TIMEOUT, sent="no").outcome_unknown
    wire = Error.from_http_error(error)
    assert Error.from_dict(wire.to_dict()).to_dict() == wire.to_dict()
    assert wire.data == {"success": []}
    assert Const.EXCHNAGE_ERROR == Const.EXCHANGE_ERROR == "EXCHANGE_ERROR"
    assert all(text == name for names in (Code, Const) for name, text in vars(names).items() if name.isupper() and name != "EXCHNAGE_ERROR")


def test_the_log_of_the_historic_programs_takes_words(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("exchangeclient.onetoken.program")
    try:
        onetoken.log_level(logging.INFO)
        onetoken.log.debug("not this")
        onetoken.log.info({"a": 1})
        onetoken.log.warning("Get info failed...", HTTPError("TIMEOUT", "100%"), con="okex/a.b")
        onetoken.log.setLevel(logging.ERROR)
        onetoken.log.warning("nor this")
        onetoken.log.error("this")
        try:
            raise RuntimeError("mine")
        except RuntimeError:
            onetoken.log.exception("failed")
    finally:
        logger.setLevel(logging.NOTSET)
        logger.handlers.clear()
    shown = capsys.readouterr().out
    assert "{'a': 1}" in shown
    assert re.search(r"WARNING \[\d\d:\d\d:\d\d\]\[test_pure\.py:\d+\] Get info failed\.\.\. TIMEOUT: 100% con=okex/a\.b\n", shown)
    assert "] this\n" in shown
    assert "not this" not in shown
    assert "nor this" not in shown
    assert shown.endswith("RuntimeError: mine\n")


def test_modules_have_their_historic_names_too() -> None:
    assert model.Order is onetoken.Order
    assert model.Error is onetoken.Error
    assert model.Ticker is onetoken.Tick
    assert rpcutil.HTTPError is onetoken.HTTPError
    assert onetoken.get_candle_client is onetoken.get_zhubi_client is onetoken.get_client


# The seeds' methods, then those of the later SDKs: what a caller may write.
SIGNATURES = [
    (onetoken.Account, "symbol, api_key, api_secret, loop, host, session"),
    (onetoken.Account.get_pending_list, "contract"),
    (onetoken.Account.cancel_use_client_oid, "oid, *oids"),
    (onetoken.Account.cancel_use_exchange_oid, "oid, *oids"),
    (onetoken.Account.cancel_all, "contract"),
    (onetoken.Account.get_info, "timeout=15"),
    (onetoken.Account.get_total_amount, "pos_symbol"),
    (onetoken.Account.place_and_cancel, "con, price, bs, amount, sleep, options=None"),
    (onetoken.Account.get_status, ""),
    (onetoken.Account.get_order_use_client_oid, "oid, *oids, client_oid"),
    (onetoken.Account.get_order_use_exchange_oid, "oid, *oids, exchange_oid"),
    (onetoken.Account.amend_order_use_client_oid, "client_oid, price, amount"),
    (onetoken.Account.amend_order_use_exchange_oid, "exchange_oid, price, amount"),
    (onetoken.Account.place_order, "con, price, bs, amount, client_oid=None, tags=None, options=None, on_update=None"),
    (onetoken.Quote.subscribe_tick, "contract, on_update=None"),
    (onetoken.Quote.get_last_tick, "contract"),
    (onetoken.quote.subscribe_tick, "contract, on_update=None"),
    (onetoken.quote.get_last_tick, "contract"),
    (onetoken.Account.get_order_list, "contract=None, state=None, source=None"),
    (onetoken.Account.get_order_list_from_db, "contract=None, state=None"),
    (onetoken.Account.get_dealt_trans, "con=None, source=None"),
    (onetoken.Account.get_dealt_trans_from_db, "con=None"),
    (onetoken.Account.post_withdraw, "currency, amount, address, fee=None, client_wid=None, options=None"),
    (onetoken.Account.cancel_withdraw_use_exchange_wid, "exchange_wid"),
    (onetoken.Account.cancel_withdraw_use_client_wid, "client_wid"),
    (onetoken.Account.get_withdraw_use_exchange_wid, "exchange_wid"),
    (onetoken.Account.get_withdraw_use_client_wid, "client_wid"),
    (onetoken.Account.get_deposit_list, "currency"),
    (onetoken.Account.get_deposit_addr_list, "currency"),
    (onetoken.Account.get_loan_records, "contract=None"),
    (onetoken.Account.borrow, "currency, amount, contract=None"),
    (onetoken.Account.repay, "exchange_loan_id, currency, amount"),
    (onetoken.Account.margin_transfer_in, "currency, amount, contract=None"),
    (onetoken.Account.margin_transfer_out, "currency, amount, contract=None"),
    (onetoken.Account.api_call, "method, endpoint, params=None, data=None, timeout=15"),
    (onetoken.Account.subscribe_info, "handler, handler_name=None"),
    (onetoken.Account.unsubscribe_info, "handler_name=None"),
    (onetoken.Account.subscribe_orders, "handler=None, handler_name=None"),
    (onetoken.Account.start_subscribe_orders, ""),
    (onetoken.Account.ws_start, ""),
    (onetoken.Account.ws_close, ""),
    (onetoken.Account.ws_subscribe_info, "handler, handler_name=None"),
    (onetoken.Account.ws_subscribe_orders, "handler, handler_name=None"),
    (onetoken.Account.close, ""),
    (onetoken.quote.subscribe_tick_v3, "contract, on_update"),
    (onetoken.quote.subscribe_candle, "contract, duration, on_update"),
    (onetoken.quote.subscribe_zhubi, "contract, on_update"),
    (onetoken.quote.get_client, "key"),
    (onetoken.quote.get_contracts, "exchange"),
    (onetoken.quote.get_contract, "symbol"),
    (onetoken.Tick, "time, price, volume=0, bids=None, asks=None, contract=None, source=None, exchange_time=None, amount=None"),
    (Contract, "exchange, name, min_change=0.001, alias, category='XTC', first_day, last_day, exec_price, currency, uid, min_amount=1"),
    (Config.change_host, "target, match, nossl=False"),
    (util.rand_client_oid, "contract_symbol"),
    (util.rand_client_wid, "exchange, currency"),
]


@pytest.mark.parametrize(("function", "arguments"), SIGNATURES, ids=lambda each: getattr(each, "__qualname__", ""))
def test_calls_are_written_as_ever(function: Any, arguments: str) -> None:
    there = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    for place, written in enumerate(arguments.split(", ") if arguments else []):
        name, _, default = written.partition("=")
        found = next(each for each in there if each.name == name.lstrip("*"))
        if found.kind is found.POSITIONAL_OR_KEYWORD:
            assert there.index(found) == place
        if default:
            assert found.default == ast.literal_eval(default)


def test_every_public_name_is_there() -> None:
    for name in onetoken.__all__:
        assert getattr(onetoken, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        onetoken.nothing  # noqa: B018
    assert set(onetoken.__all__) <= set(dir(onetoken))
