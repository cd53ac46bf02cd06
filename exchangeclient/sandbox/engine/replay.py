"""A recorded market, played at its own pace into the books of this exchange.

The recorded book is kept with orders of the engine's accounts, so that the book of this exchange has its levels exactly, with what
users have there on top. A recorded trade is made between the engine's accounts, in a queue in which users have their place, and
leaves the recorded levels as they were: what became of them is told by the recorded book itself. Where a level holds less in the
end, it goes from the end of its queue. While the symbol does not trade, levels that would trade with users' orders are held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from msgspec import Struct

from .commands import Amend, Cancel, Command, Deposit, Place
from .company import NEVER_US
from .events import Event, OrderAccepted
from .instruments import UNIT, Instrument
from .matching import crosses
from .words import OrderType, SelfTrade, Side, Status, TimeInForce

MAKER, TAKER = "engine:recorded-maker", "engine:recorded-taker"
ACCOUNTS = frozenset((MAKER, TAKER))
"""What they do has happened already: no rule can refuse it."""

_FUNDS = 10**36 * UNIT  # more than any book can ask for


class Levels(Struct, frozen=True, gc=False):
    """What levels hold from this time on, as ``(price, quantity)``; of ``whole`` books all others are gone."""

    at_us: int  # since the recording's start
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    whole: bool = False


class Printed(Struct, frozen=True, gc=False):
    """A recorded trade."""

    at_us: int
    price: int
    quantity: int
    buyer_is_maker: bool


class Recording(Struct, frozen=True, gc=False):
    """What was recorded of one symbol, in order of time."""

    symbol: str
    opening_price: int
    steps: tuple[Levels | Printed, ...]
    instrument: Instrument | None = None  # None: its rules were not recorded


def with_recorded(instruments: Iterable[Instrument], recordings: Iterable[Recording]) -> list[Instrument]:
    """The instruments with those that were recorded, which open at the recorded price.

    :raises ValueError: naming a recorded symbol of which there are no rules
    """
    known = {each.symbol: each for each in instruments}
    for each in recordings:
        instrument = each.instrument or known.get(each.symbol)
        if instrument is None:
            raise ValueError(f"the recording of {each.symbol} needs the symbol's rules: an exchangeInfo in the same file")
        known[each.symbol] = replace(instrument, opening_price=max(each.opening_price // instrument.tick, 1) * instrument.tick)
    return list(known.values())


class Floor(Protocol):
    """What it takes to play a recording."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The symbols that there are at the moment."""

    def execute(self, command: Command, now_us: int) -> list[Event]:
        """Carry a command out."""

    def resting(self, symbol: str, order_id: int) -> int:
        """What of an order rests on the book."""

    def best_price(self, symbol: str, side: Side) -> int | None:
        """The best price of a side of the book, None when it is empty."""


class _Quote:
    """An order of the recorded book."""

    __slots__ = ("id", "quantity")

    def __init__(self, order_id: int, quantity: int) -> None:
        self.id = order_id
        self.quantity = quantity


class Replay:
    """One recording on its way."""

    def __init__(self, floor: Floor, recording: Recording, instrument: Instrument, *, start_us: int) -> None:
        """Fund its accounts and lay out the book that the recording begins with."""
        self.symbol = recording.symbol
        self._floor = floor
        self._steps = recording.steps
        self._start_us = start_us
        self._played = 0
        self._orders = 0
        self._quotes: dict[Side, dict[int, list[_Quote]]] = {Side.BUY: {}, Side.SELL: {}}
        self._held_back: dict[tuple[Side, int], int] = {}  # levels that would have traded while the symbol did not
        for account in sorted(ACCOUNTS):
            for asset in (instrument.base, instrument.quote):
                floor.execute(Deposit(account, asset, _FUNDS), start_us)
        if self.next_us <= start_us:
            self.act([])

    @property
    def next_us(self) -> int:
        """When its next step is due; in the far future when there is none. What was held back is overdue as soon as the symbol trades."""
        if self._held_back and self._trades():
            return self._start_us + self._steps[self._played - 1].at_us
        return self._start_us + self._steps[self._played].at_us if self._played < len(self._steps) else NEVER_US

    def skip(self, now_us: int) -> None:
        """Nothing of a recording is left out: the rest would not fit."""

    def act(self, events: list[Event]) -> None:
        """Play the steps that are due next. Of a symbol that does not trade the book is kept up; a delisted one is given up."""
        now_us, trades = self.next_us, self._trades()
        if self.symbol not in self._floor.instruments:
            self._played = len(self._steps)
        if trades:
            held_back, self._held_back = self._held_back, {}
            for (side, price), quantity in held_back.items():
                self._raise(side, price, quantity, now_us, events)
        while self.next_us == now_us and now_us < NEVER_US:
            step = self._steps[self._played]
            self._played += 1
            if isinstance(step, Levels):
                self._set_levels(step, now_us, events, trades=trades)
            elif trades:
                self._print(step, now_us, events)

    def _trades(self) -> bool:
        instrument = self._floor.instruments.get(self.symbol)
        return instrument is not None and instrument.status is Status.TRADING

    # ---- the book ------------------------------------------------------------------------------------------------------

    def _set_levels(self, step: Levels, now_us: int, events: list[Event], *, trades: bool) -> None:
        wanted = [(Side.BUY, price, quantity) for price, quantity in step.bids]
        wanted += [(Side.SELL, price, quantity) for price, quantity in step.asks]
        if step.whole:
            self._held_back.clear()
            named = {(side, price) for side, price, _ in wanted}
            wanted += [(side, price, 0) for side in Side for price in self._quotes[side] if (side, price) not in named]
        for side, price, quantity in wanted:  # first what goes, or a book that moved would meet itself
            self._held_back.pop((side, price), None)
            self._lower(side, price, quantity, now_us, events)
        for side, price, quantity in wanted:
            if quantity and not trades and self._would_trade(side, price):
                self._held_back[side, price] = quantity
            else:
                self._raise(side, price, quantity, now_us, events)

    def _would_trade(self, side: Side, price: int) -> bool:
        best = self._floor.best_price(self.symbol, Side.SELL if side is Side.BUY else Side.BUY)
        return best is not None and crosses(side, price, best)

    def _held(self, side: Side, price: int) -> int:
        """What of the recorded book rests at a price; users may have taken some of it."""
        return sum(self._floor.resting(self.symbol, quote.id) for quote in self._quotes[side].get(price, ()))

    def _lower(self, side: Side, price: int, quantity: int, now_us: int, events: list[Event]) -> None:
        excess = self._held(side, price) - quantity
        quotes = self._quotes[side].get(price, [])
        while quotes and (excess > 0 or not self._floor.resting(self.symbol, quotes[-1].id)):
            newest = quotes[-1]
            there = self._floor.resting(self.symbol, newest.id)
            if 0 < excess < there:
                newest.quantity -= excess
                self._orders += 1
                renamed = f"recorded-{self._orders}"
                events += self._floor.execute(Amend(MAKER, self.symbol, newest.quantity, newest.id, new_client_order_id=renamed), now_us)
                return
            quotes.pop()
            excess -= there
            if there:
                events += self._floor.execute(Cancel(MAKER, self.symbol, newest.id, cancel_id=f"recorded-{newest.id}-gone"), now_us)
        if not quotes:
            self._quotes[side].pop(price, None)

    def _raise(self, side: Side, price: int, quantity: int, now_us: int, events: list[Event]) -> None:
        missing = quantity - self._held(side, price)
        if missing > 0:
            order_id = self._order(MAKER, side, price, missing, terms=TimeInForce.GTC, now_us=now_us, events=events)
            self._quotes[side].setdefault(price, []).append(_Quote(order_id, missing))

    def _order(self, account: str, side: Side, price: int, quantity: int, *, terms: TimeInForce, now_us: int, events: list[Event]) -> int:
        """Send a limit order; its id."""
        self._orders += 1
        happened = self._floor.execute(
            Place(
                account,
                self.symbol,
                side,
                OrderType.LIMIT,
                quantity,
                price=price,
                time_in_force=terms,
                client_order_id=f"recorded-{self._orders}",
                self_trade=SelfTrade.EXPIRE_MAKER,  # of a book that is crossed in the recording the newer side counts
            ),
            now_us,
        )
        events += happened
        return next(event.order.id for event in happened if isinstance(event, OrderAccepted))

    # ---- trades --------------------------------------------------------------------------------------------------------

    def _print(self, step: Printed, now_us: int, events: list[Event]) -> None:
        """Trade at this very price: whatever of the recorded book is in the way by now steps aside for a moment."""
        taker, maker = (Side.SELL, Side.BUY) if step.buyer_is_maker else (Side.BUY, Side.SELL)
        kept = [(maker, step.price, self._held(maker, step.price))]
        kept += [
            (maker, price, self._held(maker, price))
            for price in self._quotes[maker]
            if price != step.price and crosses(taker, step.price, price)
        ]
        kept += [(taker, price, self._held(taker, price)) for price in self._quotes[taker] if crosses(maker, step.price, price)]
        for side, price, _ in kept[1:]:
            self._lower(side, price, 0, now_us, events)
        self._raise(maker, step.price, kept[0][2] + step.quantity, now_us, events)
        self._order(TAKER, taker, step.price, step.quantity, terms=TimeInForce.IOC, now_us=now_us, events=events)
        for side, price, quantity in kept:
            self._lower(side, price, quantity, now_us, events)
            self._raise(side, price, quantity, now_us, events)
