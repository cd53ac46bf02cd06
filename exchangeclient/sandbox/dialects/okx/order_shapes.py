"""OKX's orders and fills, each as a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchangeclient.sandbox.dialects.okx import ids
from exchangeclient.sandbox.dialects.okx.instrument_shapes import Shape
from exchangeclient.sandbox.dialects.okx.notes import Note
from exchangeclient.sandbox.dialects.okx.words import fee, ms, plain, size
from exchangeclient.sandbox.engine.events import Fill, Order
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument
from exchangeclient.sandbox.engine.words import ExpiryReason, Leg, OrderStatus, SelfTrade, Side

LIVE, PARTLY, FILLED, CANCELED = "live", "partially_filled", "filled", "canceled"
_STATES: Mapping[OrderStatus, str] = {
    OrderStatus.NEW: LIVE,
    OrderStatus.PARTIALLY_FILLED: PARTLY,
    OrderStatus.FILLED: FILLED,
}
_BY_ITS_OWNER = "1"
_BY_SYSTEM = "0"
_SOURCES: Mapping[ExpiryReason | None, str] = {
    ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED: "13",
    ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED: "14",
    ExpiryReason.NOTHING_TO_REDUCE: "23",
    ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED: "27",
    ExpiryReason.WOULD_TAKE: "31",
}
_BY_SELF_TRADE = "32"
_MODES = {SelfTrade.EXPIRE_TAKER: "cancel_taker", SelfTrade.EXPIRE_BOTH: "cancel_both"}
_EMPTY = (
    "algoClOrdId",
    "algoId",
    "attachAlgoClOrdId",
    "cancelSourceReason",
    "pxType",
    "pxUsd",
    "pxVol",
    "quickMgnType",
    "slOrdPx",
    "slTriggerPx",
    "slTriggerPxType",
    "source",
    "stpId",
    "tpOrdPx",
    "tpTriggerPx",
    "tpTriggerPxType",
)


def state(order: Order) -> str:
    return _STATES.get(order.status, CANCELED)


def cancel_source(order: Order) -> str:
    """Why it ended unfilled; empty while it has not."""
    if state(order) != CANCELED:
        return ""
    if order.status is OrderStatus.CANCELED:
        return _BY_ITS_OWNER
    return _BY_SELF_TRADE if order.status is OrderStatus.EXPIRED_IN_MATCH else _SOURCES.get(order.expiry, _BY_SYSTEM)


def order(instrument: Instrument, each: Order, fills: Sequence[Fill], leverage: int, skew_us: int) -> Shape:
    """An order as it stands, with its fills until then.

    :param leverage: of its account on a swap
    """
    note = Note.read(each.note)
    last = fills[-1] if fills else None
    fee_asset = last.commission_asset if last else _fee_asset(instrument, each)
    return {
        **dict.fromkeys(_EMPTY, ""),
        "accFillSz": size(instrument, each.executed),
        "attachAlgoOrds": [],
        "avgPx": plain(each.executed_quote * UNIT // each.executed) if each.executed else "",
        "cTime": ms(each.created_us + skew_us),
        "cancelSource": cancel_source(each),
        "category": "normal",
        "ccy": "",
        "clOrdId": note.client_id,
        "fee": fee(sum(fill.commission for fill in fills)),
        "feeCcy": fee_asset,
        "fillPx": plain(last.price) if last else "",
        "fillSz": size(instrument, last.quantity) if last else "0",
        "fillTime": ms(last.time_us + skew_us) if last else "",
        "instId": ids.inst_id(instrument),
        "instType": ids.inst_type(instrument),
        "isTpLimit": "false",
        "lever": "" if instrument.swap is None else str(leverage),
        "linkedAlgoOrd": {"algoId": ""},
        "ordId": ids.order_id_of(instrument, each),
        "ordType": note.type,
        "pnl": plain(sum(fill.profit for fill in fills)),
        "posSide": "" if instrument.swap is None else each.leg.value,
        "px": plain(each.price) if each.price else "",
        "rebate": "0",
        "rebateCcy": instrument.quote if each.side is Side.BUY else instrument.base,
        "reduceOnly": "true" if each.reduce_only and each.leg is Leg.NET else "false",
        "side": each.side.value.lower(),
        "state": state(each),
        "stpMode": _MODES.get(each.self_trade, "cancel_maker"),
        "sz": plain(each.quote_quantity) if each.quote_quantity else size(instrument, each.quantity),
        "tag": note.tag,
        "tdMode": note.mode,
        "tgtCcy": note.target,
        "tradeId": str(last.trade_id) if last else "",
        "tradeQuoteCcy": instrument.quote,
        "uTime": ms(each.updated_us + skew_us),
    }


def _fee_asset(instrument: Instrument, each: Order) -> str:
    return instrument.base if each.side is Side.BUY and instrument.swap is None else instrument.quote


def fill(instrument: Instrument, each: Fill, of: Order, skew_us: int) -> Shape:
    """A fill as ``trade/fills`` shows it."""
    note = Note.read(of.note)
    ts = ms(each.time_us + skew_us)
    return {
        "billId": ids.bill_id(instrument, each),
        "clOrdId": note.client_id,
        "execType": "M" if each.maker else "T",
        "fee": fee(each.commission),
        "feeCcy": each.commission_asset,
        "feeRate": "",
        "fillFwdPx": "",
        "fillIdxPx": plain(each.price),
        "fillMarkPx": "",
        "fillMarkVol": "",
        "fillPnl": plain(each.profit),
        "fillPx": plain(each.price),
        "fillPxUsd": "",
        "fillPxVol": "",
        "fillSz": size(instrument, each.quantity),
        "fillTime": ts,
        "instId": ids.inst_id(instrument),
        "instType": ids.inst_type(instrument),
        "ordId": ids.order_id(instrument, each.order_id),
        "posSide": "" if instrument.swap is None else of.leg.value,
        "side": each.side.value.lower(),
        "subType": "1" if each.side is Side.BUY else "2",
        "tag": note.tag,
        "tradeId": str(each.trade_id),
        "ts": ts,
    }
