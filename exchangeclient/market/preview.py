"""What would become of an order if it were sent now: what a book would fill of it at once, and what that would cost. Pure, exact.

It is an estimate: by the time that an order arrives the book is another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Final

from exchangeclient.exceptions import OrderException
from exchangeclient.market.book import Level
from exchangeclient.numbers import EXACT

_ROUNDED: Final = Context(prec=28)
_ZERO: Final = Decimal(0)
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Fill:
    """What the levels of a book would fill at once.

    :ivar quantity: of the base asset
    :ivar total: of the quote asset, without fees
    :ivar average: the price of a unit; None when nothing is filled
    :ivar last: the price of the last unit; None when nothing is filled
    :ivar left: the quantity that is not filled: it rests, or ends; of an order with a total, what is left of that
    :ivar runs_out: True when the levels end before the order does, so that the book may have more
    """

    quantity: Decimal
    total: Decimal
    average: Decimal | None
    last: Decimal | None
    left: Decimal
    runs_out: bool

    def away(self, middle: Decimal) -> Decimal | None:
        """How far the average is from ``middle``, in percent of that; None when nothing is filled."""
        if self.average is None or not middle:
            return None
        return abs(_ROUNDED.divide(EXACT.multiply(_HUNDRED, EXACT.subtract(self.average, middle)), middle))


@dataclass(frozen=True, slots=True)
class Fee:
    """What is kept back of what a trade brings in, at most: discounts are not reckoned in.

    :ivar taken: of what is filled at once
    :ivar rested: of what would rest, were it filled later
    """

    asset: str
    taken: Decimal
    rested: Decimal


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """An order looked at before it is sent. Nothing was sent.

    :ivar order: the keywords of ``create_order`` that would place it, its figures rounded if that was asked for
    :ivar moved: the figures that the rounding moved, by their names: as given, and as they are in ``order``
    :ivar refusal: the rule of its symbol that it breaks, None when it keeps to all that can be checked here
    :ivar base: the asset that is bought or sold
    :ivar quote: the asset that is paid
    :ivar bid: the best bid, None when there is none
    :ivar ask: the best ask, None when there is none
    :ivar fill: what the book would fill at once; None for an order that waits for its stop
    :ivar fee: None without a key, because the rates are the account's
    :ivar needed: how much of :attr:`pays_in` it takes, without what a market order without a price could take beyond the known book
    :ivar free: how much of it the account has free; None without a key
    """

    order: dict[str, Any]
    moved: dict[str, tuple[Decimal, Decimal]]
    refusal: OrderException | None
    base: str
    quote: str
    bid: Decimal | None
    ask: Decimal | None
    fill: Fill | None
    fee: Fee | None
    needed: Decimal | None
    free: Decimal | None

    @property
    def pays_in(self) -> str:
        """The asset that the order spends."""
        return self.quote if self.order["side"] == "BUY" else self.base

    @property
    def is_covered(self) -> bool | None:
        """Whether the account has what the order takes; None when that is not known."""
        return None if self.free is None or self.needed is None else self.free >= self.needed

    @property
    def middle(self) -> Decimal | None:
        """Between the best bid and the best ask; None when a side is empty."""
        return None if self.bid is None or self.ask is None else _ROUNDED.divide(EXACT.add(self.bid, self.ask), Decimal(2))


def fill_at_once(
    levels: Iterable[Level], side: str, *, quantity: Decimal | None = None, total: Decimal | None = None, price: Decimal | None = None
) -> Fill:
    """What the levels of the other side, best first, would fill of an order.

    :param quantity: of the base asset; or ``total``
    :param total: of the quote asset
    :param price: of a limit order, which is not filled beyond it
    :raises TypeError: when there is neither
    """
    left = quantity if total is None else total
    if left is None:
        raise TypeError("fill_at_once() needs quantity or total")
    filled, spent, last, runs_out = _ZERO, _ZERO, None, True
    for at, size in levels:
        level_price, offered = Decimal(at), Decimal(size)
        if price is not None and (level_price > price if side == "BUY" else level_price < price):
            runs_out = False
            break
        worth = EXACT.multiply(level_price, offered)
        ends = left <= (offered if total is None else worth)
        if ends:
            offered, worth = (left, EXACT.multiply(level_price, left)) if total is None else (_ROUNDED.divide(left, level_price), left)
        filled, spent, last = EXACT.add(filled, offered), EXACT.add(spent, worth), level_price
        left = EXACT.subtract(left, offered if total is None else worth)
        if ends:
            runs_out = False
            break
    return Fill(filled, spent, _ROUNDED.divide(spent, filled) if filled else None, last, left, runs_out)
