"""The few endpoints beside market data and trading that other people's clients ask when they start, with what is true here."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.binance import errors, shapes
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.engine.instruments import shown


def listen_key(_call: Call) -> Any:
    """User data over a listen key ended on 2026-02-20; the WebSocket API's subscription took its place."""
    raise errors.SHUT_DOWN()


def system_status(_call: Call) -> Any:
    return {"status": 0, "msg": "normal"}


def coins(call: Call) -> Any:
    """Every coin with what the account has of it; none can be moved in or out."""
    return [
        {
            "coin": asset,
            "name": asset,
            "free": shown(each.free),
            "locked": shown(each.locked),
            "freeze": shapes.ZERO,
            "withdrawing": shapes.ZERO,
            "ipoing": shapes.ZERO,
            "ipoable": shapes.ZERO,
            "storage": shapes.ZERO,
            "isLegalMoney": False,
            "trading": True,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "networkList": [],
        }
        for asset, each in call.exchange.balances(call.account).items()
    ]


def trade_fees(call: Call) -> Any:
    fees = call.exchange.fees(call.account)
    instruments = [call.instrument()] if "symbol" in call.params else call.exchange.spot.values()
    return [{"symbol": each.symbol, "makerCommission": shown(fees.maker), "takerCommission": shown(fees.taker)} for each in instruments]


def margin_pairs(_call: Call) -> Any:
    """None: nothing is traded on margin here."""
    return []
