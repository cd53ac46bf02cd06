"""1Token's programs, blocking: ``from exchangeclient import onetoken as ots`` (or ``as btp``), then as before without ``await``.

``Account`` places and watches orders, ``Quote`` and the functions of ``quote`` bring ticks, trades and candles. The hosted service is
gone; behind it all is ``exchangeclient gateway --onetoken`` on the user's own machine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchangeclient.onetoken import history, quote, util
    from exchangeclient.onetoken.account import Account
    from exchangeclient.onetoken.config import Config
    from exchangeclient.onetoken.errors import Code, Const, Error, HTTPError, ServiceError
    from exchangeclient.onetoken.keyfiles import load_keys
    from exchangeclient.onetoken.logger import log, log_level
    from exchangeclient.onetoken.models import Candle, Contract, DealtTrans, Info, LowFreqQuote, Order, Zhubi
    from exchangeclient.onetoken.quote import (
        Quote,
        get_candle_client,
        get_candles,
        get_client,
        get_contract,
        get_contracts,
        get_exchanges,
        get_last_tick,
        get_ticks,
        get_trades,
        get_v3_client,
        get_zhubi_client,
        subscribe_candle,
        subscribe_low_freq_quote,
        subscribe_tick,
        subscribe_tick_v3,
        subscribe_zhubi,
    )
    from exchangeclient.onetoken.tick import Tick, Ticker

__all__ = [
    "Account",
    "Candle",
    "Code",
    "Config",
    "Const",
    "Contract",
    "DealtTrans",
    "Error",
    "HTTPError",
    "Info",
    "LowFreqQuote",
    "Order",
    "Quote",
    "ServiceError",
    "Tick",
    "Ticker",
    "Zhubi",
    "get_candle_client",
    "get_candles",
    "get_client",
    "get_contract",
    "get_contracts",
    "get_exchanges",
    "get_last_tick",
    "get_ticks",
    "get_trades",
    "get_v3_client",
    "get_zhubi_client",
    "history",
    "load_keys",
    "log",
    "log_level",
    "quote",
    "subscribe_candle",
    "subscribe_low_freq_quote",
    "subscribe_tick",
    "subscribe_tick_v3",
    "subscribe_zhubi",
    "util",
]

_HOMES = {
    "account": ("Account",),
    "config": ("Config",),
    "errors": ("Code", "Const", "Error", "HTTPError", "ServiceError"),
    "keyfiles": ("load_keys",),
    "logger": ("log", "log_level"),
    "models": ("Candle", "Contract", "DealtTrans", "Info", "LowFreqQuote", "Order", "Zhubi"),
    "quote": (
        "Quote",
        "get_candle_client",
        "get_candles",
        "get_client",
        "get_contract",
        "get_contracts",
        "get_exchanges",
        "get_last_tick",
        "get_ticks",
        "get_trades",
        "get_v3_client",
        "get_zhubi_client",
        "subscribe_candle",
        "subscribe_low_freq_quote",
        "subscribe_tick",
        "subscribe_tick_v3",
        "subscribe_zhubi",
    ),
    "tick": ("Tick", "Ticker"),
}


def __getattr__(name: str) -> Any:
    if name in ("history", "quote", "util"):
        return import_module(f"{__name__}.{name}")
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
