"""One account's position on a swap, as arithmetic: no market, no purse."""

from __future__ import annotations

from msgspec import Struct

from .words import Leg, Side

_BUY = Side.BUY


class Position(Struct, gc=False):
    """What an account holds of a swap.

    :ivar leg: which of its positions
    :ivar quantity: of the base; negative when it is short
    :ivar cost: what was paid for that; negative when it was received
    :ivar margin: what is locked for it
    :ivar leverage: how many times its margin it may have cost
    :ivar realised: profits since it was opened, without fees and funding
    """

    leg: Leg
    leverage: int
    quantity: int = 0
    cost: int = 0
    margin: int = 0
    realised: int = 0
    fees: int = 0
    funding: int = 0
    opened_us: int = 0
    updated_us: int = 0

    def closable(self, side: Side) -> int:
        """How much of it an order of this side could close; 0 or less for none."""
        return -self.quantity if side is _BUY else self.quantity

    def need(self, side: Side, quantity: int, value: int, others: int) -> int:
        """What an order binds: margin for what of it is not sure to close.

        :param others: what other orders of the side may close before
        """
        closing = self.closable(side) - others
        opening = quantity if closing <= 0 else quantity - closing
        return -(-value * opening // (quantity * self.leverage)) if opening > 0 else 0

    def trade(self, side: Side, quantity: int, value: int, now_us: int) -> int:
        """Take a trade in, and pledge what is needed then; the profit that it realises."""
        sign = 1 if side is _BUY else -1
        closing = min(quantity, max(self.closable(side), 0))
        profit = 0
        closed = value * closing // quantity
        if closing:
            cost = self.cost * closing // abs(self.quantity)
            profit = -sign * closed - cost
            self.quantity += sign * closing
            self.cost -= cost
            self.realised += profit
        if quantity > closing:
            if not self.quantity:
                self.opened_us, self.realised, self.fees, self.funding = now_us, 0, 0, 0
            self.quantity += sign * (quantity - closing)
            self.cost += sign * (value - closed)
        self.updated_us = now_us
        self.pledge()
        return profit

    def pledge(self) -> None:
        """Let the margin be what its cost and leverage ask for."""
        self.margin = -(-abs(self.cost) // self.leverage)
