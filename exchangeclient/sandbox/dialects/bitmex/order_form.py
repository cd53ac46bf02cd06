"""What an order says, checked in the order in which the venue's rules are named."""

from __future__ import annotations

from msgspec import Struct

from exchangeclient.sandbox.dialects.bitmex import errors
from exchangeclient.sandbox.dialects.bitmex.market_shapes import BUY, SELL
from exchangeclient.sandbox.dialects.bitmex.names import Product
from exchangeclient.sandbox.dialects.bitmex.params import Params
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.words import Status

MARKET, LIMIT, STOP, STOP_LIMIT, TOUCHED, LIMIT_TOUCHED, PEGGED = (
    "Market",
    "Limit",
    "Stop",
    "StopLimit",
    "MarketIfTouched",
    "LimitIfTouched",
    "Pegged",
)
CONDITIONAL = frozenset((STOP, STOP_LIMIT, TOUCHED, LIMIT_TOUCHED))
_AT_MARKET = frozenset((MARKET, STOP, TOUCHED))
_TYPES = (MARKET, LIMIT, STOP, STOP_LIMIT, TOUCHED, LIMIT_TOUCHED, PEGGED)

GTC, IOC, FOK, DAY = "GoodTillCancel", "ImmediateOrCancel", "FillOrKill", "Day"
_TIMES = (GTC, IOC, FOK, DAY)

POST_ONLY, CLOSE, REDUCE_ONLY, FIXED = "ParticipateDoNotInitiate", "Close", "ReduceOnly", "Fixed"
MARK, INDEX, LAST, WITHIN_MARK = "MarkPrice", "IndexPrice", "LastPrice", "LastWithinMark"
_SOURCES = (MARK, INDEX, LAST)
_INSTRUCTIONS = (POST_ONLY, CLOSE, REDUCE_ONLY, FIXED, *_SOURCES, WITHIN_MARK)

PRIMARY_PEG, MARKET_PEG, TRAILING_PEG = "PrimaryPeg", "MarketPeg", "TrailingStopPeg"
_PEGS = (PRIMARY_PEG, MARKET_PEG, TRAILING_PEG)
_NOT_SERVED = ("displayQty", "contingencyType", "simpleOrderQty")
_LONGEST_ID = 36
VIA_API = "Submitted via API."

NAMES = (
    "symbol side orderQty price displayQty stopPx clOrdID clOrdLinkID pegOffsetValue pegPriceType ordType timeInForce execInst "
    "contingencyType text simpleOrderQty"
).split()


class Form(Struct, frozen=True):
    """An order as it was sent, the defaults filled in.

    :ivar quantity: in contracts; 0 for one that closes whatever there is
    :ivar price: scaled; 0 for none
    :ivar offset: of a peg, scaled
    """

    side: str
    quantity: int
    type: str
    time_in_force: str
    price: int = 0
    stop: int = 0
    client_id: str = ""
    link_id: str = ""
    peg: str = ""
    offset: int = 0
    instructions: tuple[str, ...] = ()
    text: str = ""

    @property
    def waits(self) -> bool:
        """For its stop price."""
        return self.type in CONDITIONAL

    @property
    def at_market(self) -> bool:
        return self.type in _AT_MARKET

    @property
    def reduces(self) -> bool:
        return CLOSE in self.instructions or REDUCE_ONLY in self.instructions


def read(params: Params, product: Product, instrument: Instrument) -> Form:
    """The order that the parameters are.

    :raises VenueError: with the first thing that is wrong with it
    """
    if instrument.status is not Status.TRADING:
        raise errors.NOT_OPEN("Closed")
    for name in _NOT_SERVED:
        if name in params:
            raise errors.NOT_SERVED(name)
    instructions = tuple(each for each in params.texts("execInst") if each)
    if any(each not in _INSTRUCTIONS for each in instructions) or sum(each in _SOURCES for each in instructions) > 1:
        raise errors.BAD("execInst")
    side, quantity = _wanted(params, product, instrument, closes=CLOSE in instructions)
    price, stop = params.scaled("price", errors.BAD_PRICE), params.scaled("stopPx", errors.BAD_STOP)
    peg, offset = params.choice("pegPriceType", _PEGS) or "", params.scaled("pegOffsetValue") or 0
    kind = params.choice("ordType", _TYPES) or _type_of(price, stop, peg)
    time_in_force = params.choice("timeInForce", _TIMES) or (IOC if kind in _AT_MARKET and kind == MARKET else GTC)
    client_id = params.text("clOrdID") or ""
    if len(client_id) > _LONGEST_ID:
        raise errors.BAD("clOrdID")
    form = Form(
        side,
        quantity,
        kind,
        time_in_force,
        price or 0,
        stop or 0,
        client_id,
        params.text("clOrdLinkID") or "",
        peg,
        offset,
        instructions,
        params.text("text") or "",
    )
    check_prices(form, instrument)
    _check_together(form)
    return form


def _wanted(params: Params, product: Product, instrument: Instrument, *, closes: bool) -> tuple[str, int]:
    """Side and contracts: a negative quantity sells."""
    quantity = params.whole("orderQty", errors.NO_QUANTITY)
    side = params.choice("side", (BUY, SELL))
    if quantity is None:
        if not closes:
            raise errors.NO_QUANTITY()
        return side or "", 0
    if quantity < 0:
        if side == BUY:
            raise errors.BAD("side")
        side, quantity = SELL, -quantity
    check_quantity(product, instrument, quantity)
    return side or BUY, quantity


def check_quantity(product: Product, instrument: Instrument, contracts: int) -> None:
    """Refuse a quantity that is not allowed.

    :raises VenueError: 400
    """
    if contracts <= 0 or product.quantity(contracts) % instrument.step or contracts > product.max_order_qty:
        raise errors.BAD_QUANTITY()


def check_price(instrument: Instrument, price: int) -> None:
    """Refuse a price that is off the tick or out of range.

    :raises VenueError: 400
    """
    if price <= 0 or price > instrument.max_price:
        raise errors.BAD_PRICE()
    if price % instrument.tick:
        raise errors.BAD_TICK()


def check_stop(instrument: Instrument, stop: int) -> None:
    """The same for a stop price."""
    if stop <= 0 or stop > instrument.max_price:
        raise errors.BAD_STOP()
    if stop % instrument.tick:
        raise errors.BAD_STOP_TICK()


def check_prices(form: Form, instrument: Instrument) -> None:
    """Each price that there is, and those that its type has to have."""
    if form.price:
        check_price(instrument, form.price)
    if form.type in (LIMIT, STOP_LIMIT, LIMIT_TOUCHED) and not form.price:
        raise errors.BAD_PRICE()
    if form.at_market and form.price:
        raise errors.BAD_PRICE()
    trails = form.peg == TRAILING_PEG
    if form.stop:
        if not form.waits:
            raise errors.BAD_STOP()
        check_stop(instrument, form.stop)
    elif form.waits and not trails:
        raise errors.BAD_STOP()


def _check_together(form: Form) -> None:
    """What has to go together and what cannot."""
    if form.peg == TRAILING_PEG and (not form.waits or not form.offset or (form.offset < 0) is not (form.side == SELL)):
        raise errors.BAD("pegOffsetValue")
    if (form.type == PEGGED) is not (form.peg in (PRIMARY_PEG, MARKET_PEG)):
        raise errors.BAD("pegPriceType")
    if form.type == PEGGED and FIXED not in form.instructions:
        raise errors.BAD("execInst")
    if POST_ONLY in form.instructions and (form.at_market or form.time_in_force in (IOC, FOK)):
        raise errors.BAD("execInst")
    if WITHIN_MARK in form.instructions and LAST not in form.instructions:
        raise errors.BAD("execInst")


def _type_of(price: int | None, stop: int | None, peg: str) -> str:
    """The type of an order that does not say."""
    if stop is not None or peg == TRAILING_PEG:
        return STOP if price is None else STOP_LIMIT
    if price is not None:
        return LIMIT
    return PEGGED if peg else MARKET
