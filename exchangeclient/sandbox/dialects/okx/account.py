"""OKX's endpoints that tell an account what it has, holds and pays, and let it set its leverage."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from exchangeclient.sandbox.dialects.okx import account_shapes, errors, ids, instrument_shapes
from exchangeclient.sandbox.dialects.okx.account_shapes import Holdings, leverage
from exchangeclient.sandbox.dialects.okx.call import TYPES, Call
from exchangeclient.sandbox.dialects.okx.words import plain, size
from exchangeclient.sandbox.engine.commands import SetHedging, SetLeverage
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import Side

_MOST_ASSETS = 20
_MODES = ("cross", "isolated")
FUTURES_MODE = "2"  # spot with what there is, swaps with cross margin in their own currency
NET, HEDGED = "net_mode", "long_short_mode"


def uid(key: str) -> str:
    """The number of a user."""
    return str(crc32(key.encode()))


def config(call: Call) -> list[Any]:
    perm = "read_only,trade" if call.signer is not None and call.signer.can_trade else "read_only"
    return [
        {
            "acctLv": FUTURES_MODE,
            "acctStpMode": "cancel_maker",
            "autoLoan": False,
            "ctIsoMode": "automatic",
            "enableSpotBorrow": False,
            "feeType": "0",
            "greeksType": "PA",
            "ip": "",
            "kycLv": "3",
            "label": call.key,
            "level": "Lv1",
            "levelTmp": "",
            "liquidationGear": "-1",
            "mainUid": uid(call.key),
            "mgnIsoMode": "automatic",
            "opAuth": "0",
            "perm": perm,
            "posMode": HEDGED if call.exchange.is_hedged(call.account) else NET,
            "roleType": "0",
            "settleCcy": "USDT",
            "settleCcyList": ["USDT"],
            "spotBorrowAutoRepay": False,
            "spotOffsetType": "",
            "spotRoleType": "0",
            "spotTraderInsts": [],
            "stgyType": "0",
            "traderInsts": [],
            "type": "0",
            "uid": uid(call.key),
        }
    ]


def balance(call: Call) -> list[Any]:
    holdings = Holdings(call.exchange, call.account)
    updated_us = call.venue.updated_us(call.account) + call.venue.skew_us
    return [account_shapes.balance(holdings, assets(call, list(holdings.balances)), updated_us, call.shown_us)]


def assets(call: Call, known: list[str]) -> list[str]:
    """Those that ``ccy`` names, or all."""
    named = call.params.text("ccy")
    if named is None:
        return known
    wanted = named.split(",")
    if len(wanted) > _MOST_ASSETS:
        raise errors.BAD("ccy")
    return wanted


def positions(call: Call) -> list[Any]:
    holdings = Holdings(call.exchange, call.account)
    wanted = {each.symbol for each in call.chosen(needed=False)}
    number = call.params.text("posId")
    rows = [
        account_shapes.position(call.exchange, holdings, instrument, held)
        for instrument, held in holdings.positions
        if instrument.symbol in wanted
    ]
    return [row for row in rows if number in (None, row["posId"])]


def instruments(call: Call) -> list[Any]:
    """The same for every key here."""
    return [instrument_shapes.instrument(each) for each in call.chosen(needed=True)]


def trade_fee(call: Call) -> list[Any]:
    kind = call.params.chosen("instType", TYPES)
    fees = call.exchange.fees(call.account)
    maker, taker = fees.maker, fees.taker
    if kind == ids.SWAP:
        swap = next(each.swap for each in ids.listed(call.exchange) if each.swap is not None)
        maker, taker = swap.maker, swap.taker
    charged = {"maker": plain(-maker), "taker": plain(-taker)}
    in_money = charged if kind == ids.SWAP else {"maker": "", "taker": ""}
    return [
        {
            **(charged if kind != ids.SWAP else {"maker": "", "taker": ""}),
            "makerU": in_money["maker"],
            "takerU": in_money["taker"],
            "makerUSDC": charged["maker"],
            "takerUSDC": charged["taker"],
            "category": "1",
            "delivery": "",
            "exercise": "",
            "feeGroup": [],
            "fiat": [],
            "instType": kind,
            "level": "Lv1",
            "ruleType": "normal",
            "ts": str(call.shown_us // 1000),
        }
    ]


# ---- leverage and modes ------------------------------------------------------------------------------------------


def leverage_info(call: Call) -> list[Any]:
    if call.params.chosen("mgnMode", _MODES) != "cross":
        raise errors.BAD_MODE()
    return [row for name in call.params.need("instId").split(",") for row in _leverages(call, call.listed(name))]


def _leverages(call: Call, instrument: Instrument) -> list[dict[str, str]]:
    """A row for each of the positions that there can be, which all have the same."""
    lever = str(leverage(call.exchange, call.account, instrument))
    sides = ("long", "short") if instrument.swap is not None and call.exchange.is_hedged(call.account) else ("net",)
    return [{"ccy": "", "instId": ids.inst_id(instrument), "lever": lever, "mgnMode": "cross", "posSide": side} for side in sides]


def set_leverage(call: Call) -> list[Any]:
    lever = call.params.amount("lever")
    mode = call.params.chosen("mgnMode", _MODES)
    if lever is None:
        raise errors.EMPTY("lever")
    instrument = call.swap()
    if mode != "cross":
        raise errors.BAD_MODE()
    if lever % UNIT:
        raise errors.BAD("lever")
    try:
        call.venue.live.execute(SetLeverage(call.account, instrument.symbol, lever // UNIT))
    except Refused as refused:
        raise (errors.LEVERAGE_TOO_HIGH() if refused.rule is Rule.LEVERAGE else errors.LEVERAGE_TOO_LOW()) from refused
    return [{"lever": plain(lever), "mgnMode": "cross", "instId": ids.inst_id(instrument), "posSide": ""}]


def set_position_mode(call: Call) -> list[Any]:
    """Net positions or two of each swap; not while there is one or an order."""
    mode = call.params.chosen("posMode", (NET, HEDGED))
    try:
        call.venue.live.execute(SetHedging(call.account, mode == HEDGED))
    except Refused as refused:
        raise errors.MODE_IS_FIXED() from refused
    return [{"posMode": mode}]


# ---- how much ----------------------------------------------------------------------------------------------------


def max_size(call: Call) -> list[Any]:
    """How much could be bought and sold, in coins or contracts."""
    call.params.need("tdMode")
    return [_room(call, call.listed(name), "maxBuy", "maxSell", in_size=True) for name in call.params.need("instId").split(",")]


def max_avail_size(call: Call) -> list[Any]:
    """How much of what is paid with is at disposal."""
    call.params.need("tdMode")
    return [_room(call, call.listed(name), "availBuy", "availSell", in_size=False) for name in call.params.need("instId").split(",")]


def _room(call: Call, instrument: Instrument, buying: str, selling: str, *, in_size: bool) -> dict[str, str]:
    balances = call.exchange.balances(call.account)
    quote, base = max(balances[instrument.quote].free, 0), max(balances[instrument.base].free, 0)
    price = (
        call.params.amount("px") or call.exchange.best_price(instrument.symbol, Side.SELL) or call.exchange.last_price(instrument.symbol)
    )
    shown = {"ccy": "", "instId": ids.inst_id(instrument)}
    if instrument.swap is not None:
        lever = leverage(call.exchange, call.account, instrument)
        room = size(instrument, _whole_steps(instrument, quote * lever * UNIT // price)) if in_size else plain(quote)
        return {**shown, buying: room, selling: room}
    buy = plain(_whole_steps(instrument, quote * UNIT // price)) if in_size else plain(quote)
    return {**shown, buying: buy, selling: plain(base)}


def _whole_steps(instrument: Instrument, quantity: int) -> int:
    return quantity // instrument.step * instrument.step
