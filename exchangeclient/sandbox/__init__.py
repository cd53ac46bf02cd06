"""A whole exchange on your own machine: real matching, other traders, play money; it speaks a venue's own protocols.

::

    with Sandbox(seed=7) as exchange:
        client = Client("key", "secret", environment=exchange.urls["binance"])

It shares nothing with the client that it checks but the server host and the errors.
"""

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.inputs import parse_account, parse_accounts_file, parse_candles, read_candle_rows
from exchangeclient.sandbox.sandbox import Sandbox

__all__ = ["Account", "Sandbox", "parse_account", "parse_accounts_file", "parse_candles", "read_candle_rows"]
