"""Names of contracts and accounts, in all their spellings."""

from __future__ import annotations

import pytest

from exchangeclient.gateway.onetoken import names
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.market.vocabulary import Instrument, Market


@pytest.mark.parametrize("text", ["okex/btc.usdt", "btc.usdt:xtc.okex", "btc.usdt:okex", "OKEX/BTC.USDT", " okex/btc.usdt "])
def test_a_contract_has_three_spellings(text: str) -> None:
    found = names.contract(text)
    assert found.symbol == "okex/btc.usdt"
    assert found.market == Market("BTC", "USDT")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("okef/btc.usd.t", "this_week"),
        ("okef/btc.usd.n", "next_week"),
        ("okef/btc.usd.q", "quarter"),
        ("okef/btc.usd.b", "next_quarter"),
        ("okswap/btc.usdt.td", "swap"),
        ("bitmex/btc.usd.td", "swap"),
    ],
)
def test_the_fourth_part_says_what_is_delivered(text: str, word: str) -> None:
    found = names.contract(text)
    base, quote, _ = found.name.split(".")
    assert found.market == Market(base.upper(), quote.upper(), word)
    assert names.name_of(found.market, found.exchange) == found.name
    assert names.named(Instrument("ANY", found.market), found.exchange) == found


@pytest.mark.parametrize("text", ["bitmex/btc.usd", "okex/btc.usdt.q", "okef/btc.usd", "bitmex/eth.btc.2018-06-29"])
def test_what_an_exchange_does_not_trade_is_no_contract(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        _ = names.contract(text).market
    assert (caught.value.code, caught.value.status) == ("contract-not-exist", 404)


def test_what_is_traded_under_another_code_has_no_name_under_this_one() -> None:
    assert names.named(Instrument("BTC-USDT-SWAP", Market("BTC", "USDT", "swap")), names.EXCHANGES["okex"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "okex",
        "okex/",
        "/btc.usdt",
        "okex/btcusdt",
        "okex/btc..usdt",
        "okex/btc.usdt/x",
        "okex/btc.usdt?x",
        "okex/../info",
        "a b/c.d",
        "x" * 500,
    ],
)
def test_a_malformed_contract_is_told(text: str) -> None:
    with pytest.raises(ServiceError, match=r"contract|exchange") as caught:
        names.contract(text)
    assert caught.value.code == "contract-not-exist"
    assert len(caught.value.message) < 300


def test_a_contract_is_a_text() -> None:
    with pytest.raises(ServiceError) as caught:
        names.contract(["okex/btc.usdt"])
    assert caught.value.code == "invalid-param"


@pytest.mark.parametrize(
    ("code", "text"), [("bittrex", "2023"), ("bitstar", "gone"), ("exx", "gone"), ("coinegg", "gone"), ("nowhere", "binance")]
)
def test_a_venue_that_is_gone_is_named(code: str, text: str) -> None:
    with pytest.raises(ServiceError, match=text) as caught:
        names.contract(f"{code}/btc.usdt")
    assert caught.value.code == "contract-not-exist"
    with pytest.raises(ServiceError, match=text) as caught:
        names.account(f"{code}/me")
    assert caught.value.code == "invalid-account-config"


@pytest.mark.parametrize(("code", "text"), [("huobim", "margin"), ("huobif", "HTX"), ("binancef", "Binance"), ("bitflyex", "bitFlyer")])
def test_what_a_venue_has_and_the_gateway_has_not_says_so(code: str, text: str) -> None:
    for ask in (lambda: names.contract(f"{code}/btc.usdt"), lambda: names.account(f"{code}/me"), lambda: names.exchange(code.upper())):
        with pytest.raises(ServiceError, match=text) as caught:
            ask()
        assert (caught.value.code, caught.value.status) == ("not-allowed", 403)


def test_an_account_has_an_exchange_and_a_name() -> None:
    found = names.account("binance/mock-1token")
    assert (found.symbol, found.exchange.venue, found.is_mock) == ("binance/mock-1token", "binance", True)
    assert not names.account("okx/main").is_mock


@pytest.mark.parametrize("text", ["", "binance", "binance/", "binance/a/b", "binance/a b", "tyz@huobip", "binance/../okex"])
def test_a_malformed_account_is_told(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        names.account(text)
    assert caught.value.code == "invalid-param"
