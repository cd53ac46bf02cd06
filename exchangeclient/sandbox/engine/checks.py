"""Whether an order keeps its symbol's rules, in the order in which the rules are named. What needs the book or the account
is checked by :mod:`.exchange`."""

from __future__ import annotations

from .events import OrderType, Place, Refused, Rule, Side
from .instruments import UNIT, Instrument, total


def check_shape(place: Place) -> None:
    """Refuse a command that no dialect should have built.

    :raises ValueError: when the figures do not belong together
    """
    if place.quantity < 0 or place.quote_quantity < 0 or place.price < 0:
        raise ValueError(f"a negative figure in {place}")
    if place.type is OrderType.MARKET:
        if place.price or (place.quantity and place.quote_quantity):
            raise ValueError(f"a market order has a quantity or a quote quantity and no price, not {place}")
    elif place.quote_quantity:
        raise ValueError(f"only a market order has a quote quantity, not {place}")


def check_rules(place: Place, instrument: Instrument, reference: int) -> None:
    """Refuse an order that breaks a rule of its symbol; of several broken ones, the first in the venue's own sequence.

    :param reference: the average price that the price band and a market order's total are measured by
    :raises Refused: naming the rule
    """
    market = place.type is OrderType.MARKET
    if not market and not (instrument.min_price <= place.price <= instrument.max_price and place.price % instrument.tick == 0):
        raise Refused(Rule.PRICE_FILTER)
    if not place.quote_quantity:
        check_lot(place.quantity, instrument, market=market)
    if not market and not _in_band(place, instrument, reference):
        raise Refused(Rule.PERCENT_PRICE_BY_SIDE)
    value = place.quote_quantity or total(reference if market else place.price, place.quantity)
    if not instrument.min_notional <= value <= instrument.max_notional:
        raise Refused(Rule.NOTIONAL)
    if value == 0:
        raise Refused(Rule.ZERO_TOTAL)


def check_lot(quantity: int, instrument: Instrument, *, market: bool) -> None:
    """Refuse a quantity that is too small, too large or off the step.

    :raises Refused: naming the rule
    """
    if not instrument.min_quantity <= quantity <= instrument.max_quantity or quantity % instrument.step:
        raise Refused(Rule.LOT_SIZE)
    if market and quantity > instrument.max_market_quantity:
        raise Refused(Rule.MARKET_LOT_SIZE)


def _in_band(place: Place, instrument: Instrument, reference: int) -> bool:
    up, down = (instrument.bid_up, instrument.bid_down) if place.side is Side.BUY else (instrument.ask_up, instrument.ask_down)
    return reference * down <= place.price * UNIT <= reference * up
