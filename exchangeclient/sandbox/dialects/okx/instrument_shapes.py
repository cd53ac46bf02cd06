"""OKX's instruments, each as a row."""

from __future__ import annotations

from exchangeclient.sandbox.dialects.okx import ids
from exchangeclient.sandbox.dialects.okx.words import plain, size
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument
from exchangeclient.sandbox.engine.words import Status

Shape = dict[str, object]

_LISTED_MS = "1611907686000"
_STATES = {Status.TRADING: "live"}
_EMPTY = (
    "alias",
    "auctionEndTime",
    "contTdSwTime",
    "expTime",
    "maxPlatOILmt",
    "openType",
    "optType",
    "posLmtPct",
    "preMktSwTime",
    "stk",
)


def instrument(each: Instrument) -> Shape:
    """A row of ``public/instruments`` and of the instruments channel."""
    swap = each.swap
    at_market = plain(_most_money(each)) if swap is None else size(each, each.max_market_quantity)
    largest = size(each, each.max_quantity)
    return {
        **dict.fromkeys(_EMPTY, ""),
        "baseCcy": each.base if swap is None else "",
        "category": "1",
        "ctMult": "" if swap is None else "1",
        "ctType": "" if swap is None else "linear",
        "ctVal": "" if swap is None else plain(swap.contract),
        "ctValCcy": "" if swap is None else each.base,
        "futureSettlement": False,
        "groupId": "1",
        "instFamily": ids.family(each),
        "instId": ids.inst_id(each),
        "instIdCode": each.code,
        "instType": ids.inst_type(each),
        "lever": "" if swap is None else str(swap.max_leverage),
        "listTime": _LISTED_MS,
        "lotSz": size(each, each.step),
        "maxIcebergSz": largest,
        "maxLmtAmt": plain(each.max_notional),
        "maxLmtSz": largest,
        "maxMktAmt": plain(_most_money(each)) if swap is None else "",
        "maxMktSz": at_market,
        "maxStopSz": at_market,
        "maxTriggerSz": largest,
        "maxTwapSz": largest,
        "minSz": size(each, each.min_quantity),
        "posLmtAmt": "",
        "quoteCcy": each.quote if swap is None else "",
        "ruleType": "normal",
        "settleCcy": "" if swap is None else each.quote,
        "state": _STATES.get(each.status, "suspend"),
        "tickSz": plain(each.tick),
        "tradeQuoteCcyList": [each.quote] if swap is None else [],
        "uly": ids.family(each),
    }


def _most_money(each: Instrument) -> int:
    """How much an order at market on spot may be worth, which the venue counts in money. The engine counts coins: this is what those are
    worth at the least, since no price falls below a quarter of its opening.
    """
    return min(each.max_notional, each.max_market_quantity * each.opening_price // UNIT // 4)


def price_limit(each: Instrument, reference: int, ts: str) -> Shape:
    """How dear one may buy and how cheap one may sell, whatever else the symbol's rules say."""
    buy, sell = price_limits(each, reference)
    return {
        "buyLmt": plain(buy),
        "enabled": True,
        "instId": ids.inst_id(each),
        "instType": ids.inst_type(each),
        "sellLmt": plain(sell),
        "ts": ts,
    }


def price_limits(each: Instrument, reference: int) -> tuple[int, int]:
    """The same as figures, on the tick."""
    buy = min(reference * each.bid_up // UNIT, each.max_price) // each.tick * each.tick
    sell = max(-(-reference * each.ask_down // UNIT // each.tick) * each.tick, each.min_price)
    return buy, sell
