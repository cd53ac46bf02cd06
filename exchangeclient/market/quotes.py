"""What an order book says about an order: what it would cost, and which way the book leans. Exact decimals, no I/O.

The levels are those of :meth:`exchangeclient.market.book.OrderBook.top`, best first. Whether they can be relied on, and what they
are converted to, is the concern of :mod:`exchangeclient.core.books.depthcache`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal

from exchangeclient.market.book import Level
from exchangeclient.numbers import EXACT, Number, exact

_ROUNDED = Context(prec=28)


def vwap(levels: Iterable[Level], quantity: Number) -> Decimal:
    """The average price of each unit when ``quantity`` is taken at once, from the best level on; 28 digits of it.

    :raises ValueError: when the levels hold less than that, or it is not above zero
    """
    wanted = _wanted(quantity)
    cost = Decimal(0)
    for price, taken in _taken(levels, wanted):
        cost = EXACT.add(cost, EXACT.multiply(price, taken))
    return _ROUNDED.divide(cost, wanted)


def fill_price(levels: Iterable[Level], quantity: Number) -> Decimal:
    """The price of the last unit when ``quantity`` is taken at once: a limit order at this price fills whole.

    :raises ValueError: when the levels hold less than that, or it is not above zero
    """
    *_, (price, _) = _taken(levels, _wanted(quantity))
    return price


def imbalance(bids: Sequence[Level], asks: Sequence[Level]) -> Decimal:
    """Which way the levels lean: (bid - asked) / (bid + asked) of their quantities, from -1 (nobody buys) to 1; 0 when all is empty."""
    bid, asked = _total(bids), _total(asks)
    both = EXACT.add(bid, asked)
    return _ROUNDED.divide(EXACT.subtract(bid, asked), both) if both else Decimal(0)


def _taken(levels: Iterable[Level], wanted: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    """Price and quantity of each part."""
    left = wanted
    for price, quantity in levels:
        taken = min(left, Decimal(quantity))
        left = EXACT.subtract(left, taken)
        yield Decimal(price), taken
        if not left:
            return
    raise ValueError(f"quantity must be at most {EXACT.subtract(wanted, left):f}, which is all that is known to be there, not {wanted:f}")


def _wanted(quantity: Number) -> Decimal:
    wanted = exact(quantity, "quantity")
    if wanted <= 0:
        raise ValueError(f"quantity must be above zero, but is {wanted:f}")
    return wanted


def _total(levels: Iterable[Level]) -> Decimal:
    total = Decimal(0)
    for _, quantity in levels:
        total = EXACT.add(total, Decimal(quantity))
    return total
