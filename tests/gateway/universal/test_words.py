from __future__ import annotations

from decimal import Decimal

import pytest

from exchangeclient.gateway.universal import words
from exchangeclient.gateway.universal.texts import Refused
from exchangeclient.market.vocabulary import Market, Order


@pytest.mark.parametrize(
    ("text", "market"),
    [
        ("ETH_USDT", Market("ETH", "USDT")),
        ("eth_usdt", Market("ETH", "USDT")),
        (" LTC_USDT ", Market("LTC", "USDT")),
        ("1INCH_USDT", Market("1INCH", "USDT")),
        ("BTC_USDT.swap", Market("BTC", "USDT", "swap")),
        ("btc_usd.next_quarter", Market("BTC", "USD", "next_quarter")),
        ("币安人生_USDT", Market("币安人生", "USDT")),
    ],
)
def test_a_pair_is_two_coins_and_perhaps_a_contract(text: str, market: Market) -> None:
    assert words.market(text) == market
    assert words.symbol(market) == words.normal(text)


@pytest.mark.parametrize(
    "text", ["", "USDT", "ETH-USDT", "_USDT", "ETH_", "A_B_C", "ETH_USDT.", "ETH_USDT.swap.swap", "ETH_US DT", "a/b_c", "ETH_USDT\n.x"]
)
def test_what_is_no_pair_is_refused_in_the_words_that_robots_know(text: str) -> None:
    with pytest.raises(Refused, match=r"^invalid symbol$"):
        words.market(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("ETH-USDT,123456", ("ETH-USDT", "123456")), ("btcusdt,28", ("BTCUSDT", "28")), ("28", ("", "28")), (" A,B,7 ", ("A,B", "7"))],
)
def test_an_order_id_is_an_instrument_and_a_number(text: str, parts: tuple[str, str]) -> None:
    assert words.parts_of(text) == parts
    assert words.order_id("ETH-USDT", "123456") == "ETH-USDT,123456"


@pytest.mark.parametrize("text", ["", "ETH-USDT,", " "])
def test_an_order_id_without_a_number_is_none(text: str) -> None:
    with pytest.raises(Refused, match=r"^invalid order id"):
        words.parts_of(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "0"), (Decimal("1E-8"), "0.00000001"), (Decimal("2922.180"), "2922.180"), (Decimal("1E+3"), "1000"), (Decimal(0), "0")],
)
def test_figures_are_plain_digits(value: Decimal | None, text: str) -> None:
    assert words.figure(value) == text


@pytest.mark.parametrize(("step", "count"), [("0.01", 2), ("0.0100", 2), ("1", 0), ("10", 0), ("0.00001", 5), (None, 0)])
def test_a_step_has_so_many_digits(step: str | None, count: int) -> None:
    assert words.decimals(None if step is None else Decimal(step)) == count


@pytest.mark.parametrize(
    ("status", "filled", "word"),
    [
        ("NEW", 0, "pending"),
        ("PENDING_NEW", 0, "pending"),
        ("PENDING_CANCEL", 0, "pending"),
        ("PARTIALLY_FILLED", 1, "partial-filled"),
        ("FILLED", 2, "filled"),
        ("CANCELED", 0, "canceled"),
        ("CANCELED", 1, "partial-canceled"),
        ("EXPIRED", 0, "canceled"),
        ("EXPIRED_IN_MATCH", 1, "partial-canceled"),
        ("REJECTED", 0, "canceled"),
        ("SOMETHING_NEW", 1, "something_new"),
    ],
)
def test_states_have_the_words_of_the_protocol(status: str, filled: int, word: str) -> None:
    order = Order("X", "1", "", "BUY", "LIMIT", status, Decimal(1), Decimal(2), Decimal(filled), None, 0, 0)
    assert words.status(order) == word
