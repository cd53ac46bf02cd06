"""What an order says, as a command to the engine."""

from __future__ import annotations

from collections.abc import Mapping

from exchangeclient.sandbox.dialects.okx import errors, words
from exchangeclient.sandbox.dialects.okx.call import Call
from exchangeclient.sandbox.dialects.okx.notes import Note
from exchangeclient.sandbox.dialects.okx.params import Params
from exchangeclient.sandbox.engine.commands import Place
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.words import Leg, OrderType, SelfTrade, Side, TimeInForce

SIDES: Mapping[str, Side] = {"buy": Side.BUY, "sell": Side.SELL}
LEGS: Mapping[str, Leg] = {each.value: each for each in Leg}
CASH, CROSS, ISOLATED = "cash", "cross", "isolated"
QUOTE, BASE = "quote_ccy", "base_ccy"
MARKET, SWAP_MARKET = "market", "optimal_limit_ioc"
_MODES = (CASH, CROSS, ISOLATED, "spot_isolated")
_LIMITED: Mapping[str, TimeInForce] = {
    "limit": TimeInForce.GTC,
    "post_only": TimeInForce.GTX,
    "fok": TimeInForce.FOK,
    "ioc": TimeInForce.IOC,
}
_TYPES = (*_LIMITED, MARKET, SWAP_MARKET)
SELF_TRADES: Mapping[str, SelfTrade] = {
    "cancel_maker": SelfTrade.EXPIRE_MAKER,
    "cancel_taker": SelfTrade.EXPIRE_TAKER,
    "cancel_both": SelfTrade.EXPIRE_BOTH,
}


def place(call: Call, row: Params) -> Place:
    """The command that an order is.

    :raises VenueError: with the first thing that is wrong with it
    """
    instrument = call.ordered(row)
    mode = _mode(row, instrument)
    side = SIDES[row.chosen("side", SIDES)]
    kind = row.chosen("ordType", _TYPES)
    client_id, tag = row.client_id(), row.tag()
    at_market = kind in (MARKET, SWAP_MARKET)
    if kind == SWAP_MARKET and instrument.swap is None:
        raise errors.BAD("ordType")
    leg = LEGS[row.choice("posSide", LEGS) or "net"]
    if instrument.swap is None and leg is not Leg.NET:
        raise errors.BAD_LEG()
    closes = leg is not Leg.NET and (side is Side.BUY) == (leg is Leg.SHORT)
    _refuse_unserved(row, instrument)
    target = row.choice("tgtCcy", (QUOTE, BASE)) or ""
    is_money = False
    if instrument.swap is None and kind == MARKET:
        target = target or (QUOTE if side is Side.BUY else BASE)
        is_money = target == QUOTE
    elif target:
        target = ""  # means nothing elsewhere
    size = row.amount("sz")
    if size is None:
        raise errors.EMPTY("sz")
    quantity = 0 if is_money else checked_size(instrument, size, at_market=at_market)
    if closes and 0 < call.exchange.reducible(call.account, instrument.symbol, side, leg) < quantity:
        raise errors.CLOSES_TOO_MUCH()
    return Place(
        call.account,
        instrument.symbol,
        side,
        OrderType.MARKET if at_market else OrderType.LIMIT,
        quantity,
        quote_quantity=size if is_money else 0,
        price=0 if at_market else _price(row, instrument),
        time_in_force=TimeInForce.GTC if at_market else _LIMITED[kind],
        client_order_id=client_id,
        self_trade=SELF_TRADES[row.choice("stpMode", SELF_TRADES) or "cancel_maker"],
        reduce_only=closes or (row.flag("reduceOnly") and instrument.swap is not None and leg is Leg.NET),
        any_total=True,
        note=Note(kind, mode, target, tag, client_id).written(),
        leg=leg,
    )


def _mode(row: Params, instrument: Instrument) -> str:
    """How it is paid for: spot with what there is, swaps with the margin of the whole account. The sandbox lends nothing."""
    mode = row.chosen("tdMode", _MODES)
    if instrument.swap is None and mode != CASH:
        raise errors.BAD_MODE()
    if instrument.swap is not None and mode != CROSS:
        raise errors.BAD("tdMode") if mode == CASH else errors.BAD_MODE()
    return mode


def _refuse_unserved(row: Params, instrument: Instrument) -> None:
    """Whoever asks for what is not done here is told: orders that come with an order, prices that the venue moves, another quote currency.

    :raises VenueError: 51000
    """
    if "attachAlgoOrds" in row:
        raise errors.BAD("attachAlgoOrds")
    row.choice("pxAmendType", ("0",))
    if instrument.swap is None:
        row.choice("tradeQuoteCcy", (instrument.quote,))


def checked_size(instrument: Instrument, size: int, *, at_market: bool) -> int:
    """A size as the engine's quantity, if the instrument allows it.

    :raises VenueError: 51121, 51020, 51202, 51203 or 51101
    """
    lot, least, most = (
        words.counted(instrument, each)
        for each in (
            instrument.step,
            instrument.min_quantity,
            instrument.max_market_quantity if at_market else instrument.max_quantity,
        )
    )
    if size < least:
        raise errors.TOO_SMALL()
    if size % lot:
        raise errors.OFF_LOT()
    if size > most:
        if instrument.swap is not None:
            raise errors.TOO_MANY_CONTRACTS()
        raise errors.MARKET_TOO_LARGE() if at_market else errors.LIMIT_TOO_LARGE()
    return words.quantity(instrument, size)


def _price(row: Params, instrument: Instrument) -> int:
    price = row.amount("px")
    if price is None:
        raise errors.BAD("px")
    return checked_price(instrument, price)


def checked_price(instrument: Instrument, price: int) -> int:
    """A price that is on the tick and within the symbol's prices.

    :raises VenueError: 51000
    """
    if price % instrument.tick or not instrument.min_price <= price <= instrument.max_price:
        raise errors.BAD("px")
    return price
