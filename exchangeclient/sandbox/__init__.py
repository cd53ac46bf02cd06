"""A whole exchange on your own machine: real matching, other traders, play money; it speaks a venue's own protocols.

::

    with Sandbox(seed=7) as exchange:
        client = Client("key", "secret", environment=exchange.urls["binance"])

It shares nothing with the client that it checks but the server host and the errors. Nothing is loaded until a name is asked for,
since pytest imports this package for the plugin in it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchangeclient.sandbox.arguments import is_loopback
    from exchangeclient.sandbox.dialects.accounts import Account
    from exchangeclient.sandbox.inputs import parse_account, parse_accounts_file, parse_candles, read_candle_rows
    from exchangeclient.sandbox.sandbox import Sandbox

__all__ = ["Account", "Sandbox", "is_loopback", "parse_account", "parse_accounts_file", "parse_candles", "read_candle_rows"]

_HOMES = {
    "Account": "exchangeclient.sandbox.dialects.accounts",
    "Sandbox": "exchangeclient.sandbox.sandbox",
    "is_loopback": "exchangeclient.sandbox.arguments",
    "parse_account": "exchangeclient.sandbox.inputs",
    "parse_accounts_file": "exchangeclient.sandbox.inputs",
    "parse_candles": "exchangeclient.sandbox.inputs",
    "read_candle_rows": "exchangeclient.sandbox.inputs",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
