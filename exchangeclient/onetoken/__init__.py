"""1Token's programs, blocking: ``from exchangeclient import onetoken as ots`` (or ``as btp``), then as before without ``await``.

``Account`` places and watches orders, ``Quote`` and the functions of ``quote`` bring ticks, trades and candles. The hosted service is
gone; behind it all is ``exchangeclient gateway --onetoken`` on the user's own machine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchangeclient.onetoken import quote, util
    from exchangeclient.onetoken.account import Account
    from exchangeclient.onetoken.config import Config
    from exchangeclient.onetoken.errors import Code, Const, Error, HTTPError, ServiceError
    from exchangeclient.onetoken.keyfiles import load_keys
    from exchangeclient.onetoken.models import Candle, Contract, DealtTrans, Info, Order, Zhubi
    from exchangeclient.onetoken.quote import (
        Quote,
        get_candles,
        get_contract,
        get_contracts,
        get_last_tick,
        get_ticks,
        subscribe_candle,
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
    "Order",
    "Quote",
    "ServiceError",
    "Tick",
    "Ticker",
    "Zhubi",
    "get_candles",
    "get_contract",
    "get_contracts",
    "get_last_tick",
    "get_ticks",
    "load_keys",
    "quote",
    "subscribe_candle",
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
    "models": ("Candle", "Contract", "DealtTrans", "Info", "Order", "Zhubi"),
    "quote": (
        "Quote",
        "get_candles",
        "get_contract",
        "get_contracts",
        "get_last_tick",
        "get_ticks",
        "subscribe_candle",
        "subscribe_tick",
        "subscribe_tick_v3",
        "subscribe_zhubi",
    ),
    "tick": ("Tick", "Ticker"),
}


def __getattr__(name: str) -> Any:
    if name in ("quote", "util"):
        return import_module(f"{__name__}.{name}")
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
