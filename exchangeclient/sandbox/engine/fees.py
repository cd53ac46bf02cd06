"""The commission for those who chose to pay it in the discount asset."""

from __future__ import annotations

from .accounts import Account, Purse
from .hall import Hall
from .instruments import UNIT, total


def discounted(hall: Hall, account: Account, received: Purse, charge: int) -> tuple[Purse, int]:
    """From which purse a charge on what was received is paid, and how much.

    That is the discount asset's while a symbol tells its price, the last one, and there is enough of it; otherwise the received one's.
    """
    fees = account.fees
    purse = account.purse(fees.discount_asset)
    cheaper = _converted(hall, charge * fees.discount_rate // UNIT, received.asset, purse.asset)
    return (received, charge) if cheaper is None or purse.free < cheaper else (purse, cheaper)


def _converted(hall: Hall, amount: int, source: str, target: str) -> int | None:
    if source == target:
        return amount
    for market in hall.markets.values():
        instrument, price = market.instrument, market.tape.last_price
        if (instrument.base, instrument.quote) == (target, source):
            return amount * UNIT // price
        if (instrument.base, instrument.quote) == (source, target):
            return total(price, amount)
    return None
