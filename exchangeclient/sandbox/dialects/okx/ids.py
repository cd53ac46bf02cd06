"""OKX's names for what the engine calls by symbols and by numbers that begin anew with each symbol."""

from __future__ import annotations

from collections.abc import Iterable

from exchangeclient.sandbox.engine.events import Fill, Order
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.words import Side

SPOT, SWAP = "SPOT", "SWAP"
# An order's number is that of its instrument and behind it the engine's own: 19 digits, as the venue's.
_WIDTH = 10**14


def listed(exchange: Exchange) -> list[Instrument]:
    """What the venue trades of all that there is: inverse swaps are for others."""
    return [each for each in exchange.instruments.values() if each.swap is None or not each.swap.inverse]


def inst_id(instrument: Instrument) -> str:
    """``BTC-USDT``; swaps go by their own name."""
    return f"{instrument.base}-{instrument.quote}" if instrument.swap is None else instrument.symbol


def inst_type(instrument: Instrument) -> str:
    return SPOT if instrument.swap is None else SWAP


def family(instrument: Instrument) -> str:
    """``BTC-USDT`` of a swap; spot has none."""
    return "" if instrument.swap is None else f"{instrument.base}-{instrument.quote}"


def named(instruments: Iterable[Instrument], name: str) -> Instrument | None:
    """The instrument with an instId."""
    return next((each for each in instruments if inst_id(each) == name), None)


def coded(instruments: Iterable[Instrument], code: int) -> Instrument | None:
    """The instrument with an instIdCode."""
    return next((each for each in instruments if each.code == code), None)


def order_id(instrument: Instrument, order: int) -> str:
    return str(instrument.code * _WIDTH + order)


def engine_id(instrument: Instrument, text: str) -> int | None:
    """The engine's number of an order; None when it is none of this instrument."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    code, number = divmod(int(text), _WIDTH)
    return number if code == instrument.code else None


def order_id_of(instrument: Instrument, order: Order) -> str:
    return order_id(instrument, order.id)


def bill_id(instrument: Instrument, fill: Fill) -> str:
    """A number for each side of each trade."""
    return str(instrument.code * _WIDTH + fill.trade_id * 2 + (fill.side is Side.SELL))
