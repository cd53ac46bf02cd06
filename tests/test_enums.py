from __future__ import annotations

from typing import get_args

from exchangeclient import enums
from exchangeclient.client import Client
from exchangeclient.market.klines import next_open

# The constants of python-binance 0.1.6 (its README and its code) and 0.7.5.
SEED = {
    "SYMBOL_TYPE_SPOT": "SPOT",
    "ORDER_STATUS_PARTIALLY_FILLED": "PARTIALLY_FILLED",
    "ORDER_STATUS_PENDING_CANCEL": "PENDING_CANCEL",
    "KLINE_INTERVAL_1MINUTE": "1m",
    "KLINE_INTERVAL_2MINUTE": "3m",
    "KLINE_INTERVAL_3MINUTE": "3m",
    "KLINE_INTERVAL_12HOUR": "12h",
    "KLINE_INTERVAL_1WEEK": "1w",
    "KLINE_INTERVAL_1MONTH": "1M",
    "SIDE_SELL": "SELL",
    "ORDER_TYPE_MARKET": "MARKET",
    "TIME_IN_FORCE_FOK": "FOK",
    "ORDER_TYPE_TAKE_PROFIT_LIMIT": "TAKE_PROFIT_LIMIT",
    "ORDER_RESP_TYPE_FULL": "FULL",
    "WEBSOCKET_DEPTH_20": "20",
    "AGG_BUYER_MAKES": "m",
}


def test_the_seeds_constants_are_there() -> None:
    assert {name: getattr(enums, name) for name in SEED} == SEED


def test_a_star_import_brings_every_constant_and_nothing_else() -> None:
    names: dict[str, object] = {}
    exec("from exchangeclient.enums import *", names)
    del names["__builtins__"]
    assert names == {name: value for name, value in vars(enums).items() if name.isupper()}


def test_the_client_has_every_constant() -> None:
    for name in enums.__all__:
        assert getattr(Client, name) == getattr(enums, name)


def test_every_interval_has_a_constant_and_arithmetic() -> None:
    named = {value for name, value in vars(enums).items() if name.startswith("KLINE_INTERVAL_")}
    assert named == set(get_args(enums.KlineInterval))
    for interval in named:
        assert next_open(interval, 0) > 0


def test_literal_types_hold_the_words_of_their_constants() -> None:
    for prefix, literal in (
        ("SIDE_", enums.Side),
        ("ORDER_TYPE_", enums.OrderType),
        ("TIME_IN_FORCE_", enums.TimeInForce),
        ("ORDER_RESP_TYPE_", enums.OrderRespType),
        ("ORDER_STATUS_", enums.OrderStatus),
        ("SELF_TRADE_PREVENTION_", enums.SelfTradePreventionMode),
        ("CANCEL_REPLACE_", enums.CancelReplaceMode),
        ("CANCEL_ONLY_", enums.CancelRestrictions),
        ("RATE_LIMIT_EXCEEDED_", enums.OrderRateLimitExceededMode),
        ("PEG_PRICE_", enums.PegPriceType),
        ("PEG_OFFSET_", enums.PegOffsetType),
        ("SYMBOL_STATUS_", enums.SymbolStatus),
        ("TICKER_TYPE_", enums.TickerType),
    ):
        assert {value for name, value in vars(enums).items() if name.startswith(prefix)} == set(get_args(literal))
