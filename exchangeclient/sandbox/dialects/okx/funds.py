"""OKX's funding account and sub-accounts. All play money lies in the trading account, so the other one is empty and stays so."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.okx import errors
from exchangeclient.sandbox.dialects.okx.account import assets
from exchangeclient.sandbox.dialects.okx.account_shapes import Holdings
from exchangeclient.sandbox.dialects.okx.call import Call
from exchangeclient.sandbox.dialects.okx.words import ms, plain
from exchangeclient.sandbox.engine.instruments import UNIT


def balances(call: Call) -> list[Any]:
    """Of coins that are asked for by name there is a row that says zero."""
    known = sorted(call.exchange.balances(call.account))
    if "ccy" not in call.params:
        return []
    return [{"availBal": "0", "bal": "0", "ccy": asset, "frozenBal": "0"} for asset in assets(call, known) if asset in known]


def currencies(call: Call) -> list[Any]:
    """One chain each, which nothing is moved on."""
    known = sorted(call.exchange.balances(call.account))
    return [
        {
            "burningFeeRate": "",
            "canDep": False,
            "canInternal": False,
            "canWd": False,
            "ccy": asset,
            "chain": f"{asset}-Play",
            "ctAddr": "",
            "depEstOpenTime": "",
            "depQuotaFixed": "",
            "depQuoteDailyLayer2": "",
            "fee": "0",
            "logoLink": "",
            "mainNet": True,
            "maxFee": "0",
            "maxFeeForCtAddr": "",
            "maxWd": "0",
            "minDep": "0",
            "minDepArrivalConfirm": "1",
            "minFee": "0",
            "minFeeForCtAddr": "",
            "minInternal": "0",
            "minWd": "0",
            "minWdUnlockConfirm": "1",
            "name": asset,
            "needTag": False,
            "usedDepQuotaFixed": "",
            "usedWdQuota": "0",
            "wdEstOpenTime": "",
            "wdQuota": "0",
            "wdTickSz": "8",
        }
        for asset in assets(call, known)
        if asset in known
    ]


def transfer(call: Call) -> list[Any]:
    """Refused: what could be moved from the funding account is not there, and there is nowhere to move the rest to."""
    for name in ("ccy", "amt", "from", "to"):
        call.params.need(name)
    raise errors.NO_TRANSFER_FUNDS()


def valuation(call: Call) -> list[Any]:
    """All of it, in the currency that is asked for."""
    holdings = Holdings(call.exchange, call.account)
    unit = call.params.text("ccy") or "BTC"
    worth = holdings.worth(unit) if unit in holdings.balances else UNIT
    value = plain(holdings.total() * UNIT // worth) if worth else "0"
    details = {"classic": "0", "earn": "0", "funding": "0", "trading": value}
    return [{"details": details, "totalBal": value, "ts": ms(call.shown_us)}]


# ---- sub-accounts ------------------------------------------------------------------------------------------------


def subaccounts(_call: Call) -> list[Any]:
    """None."""
    return []


def subaccount_balances(call: Call) -> list[Any]:
    """There is no sub-account, whatever it is called."""
    call.params.need("subAcct")
    raise errors.NO_SUBACCOUNT()
