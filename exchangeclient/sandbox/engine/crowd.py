"""The traders of one symbol: two makers who keep a ladder of quotes around the fair price, and takers.

They know what a user could know, and act through the same commands as everybody. The best quotes stand a tick apart most of the
time, further at times; there is more to be had further away. When the price moves, takers or the makers themselves clear the
quotes that it left behind.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from math import sqrt
from random import Random
from typing import Protocol

from .commands import Cancel, Command, Place
from .events import Event, OrderAccepted, OrderFilled, Traded
from .instruments import Instrument
from .refusals import Refused
from .values import Values
from .words import OrderType, Side, Status, TimeInForce

MAKERS = {Side.BUY: "engine:maker-buy", Side.SELL: "engine:maker-sell"}
TAKER = "engine:taker"
ACCOUNTS = frozenset((*MAKERS.values(), TAKER))

_QUOTES = 100  # a side
_THIN = 60  # fewer than this many left on a side are topped up
_TOP_UP = 10  # in a step

_REACH = 0.015  # how far out quotes lie
_STRAY = 0.0008  # what others trade this far off the fair price moves it
_FOLLOWS = 0.25  # by this part of the distance
_ONE_TICK = 0.85  # so often the best quotes are meant to stand a tick apart when all is calm
_WIDE = 0.00015  # and this far at most otherwise, more when it is wild
_AWAY = 0.012  # a second: so long nobody minds the best quotes
_AWAY_AT_MOST = 0.12  # of a step

_RENEWED = 4.0  # quotes in the depth of the ladder, a second
_RENEWED_AT_MOST = 0.5  # a step: coarse steps must not cost more than fine ones
_TAKEN_MAJOR, _TAKEN_MINOR = 1.3, 0.9  # orders of takers a second: of symbols that are quoted in money, and of others
_TAKEN_AT_MOST = 1  # in a step
_SAME_SIDE = 0.6  # so often a taker does what the one before him did
_SWEPT = 0.35  # so often it is takers who clear what a move left behind

# Sizes in multiples of the least total.
_TOUCH, _DEEP = 100, 12_000
_SMALL_TAKE, _LARGE_TAKE = 8.0, 6_000.0


class Floor(Protocol):
    """What a trader can see and do; nothing that a user could not."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The symbols that there are at the moment."""

    def execute(self, command: Command, now_us: int) -> list[Event]:
        """Carry a command out."""

    def trades(self, symbol: str) -> Sequence[Traded]:
        """The public trades, oldest first."""

    def is_open(self, symbol: str, order_id: int) -> bool:
        """True while the order rests on the book."""

    def open_count(self, account: str, symbol: str) -> int:
        """How many orders of an account rest on the book."""

    def quantity_at(self, symbol: str, side: Side, price: int) -> int:
        """What the book holds at a price."""

    def best_price(self, symbol: str, side: Side) -> int | None:
        """The best price of a side of the book, None when it is empty."""


class _Ladder:
    """The quotes that one maker has out, by level (price in ticks), the best one last; some may be gone by now."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.outward = -1 if side is Side.BUY else 1
        self.rungs: list[tuple[int, int]] = []  # the level with its sign turned so that the best is the largest; the order id

    def add(self, level: int, order_id: int) -> None:
        insort(self.rungs, (-level * self.outward, order_id))

    def better_than(self, level: int) -> list[int]:
        """Take away the orders at levels better than this one."""
        key, found = -level * self.outward, []
        while self.rungs and self.rungs[-1][0] > key:
            found.append(self.rungs.pop()[1])
        return found


class Crowd:
    """Everybody who trades one symbol."""

    def __init__(self, floor: Floor, instrument: Instrument, values: Values, *, seed: int, step_us: int, major: bool) -> None:
        self._floor = floor
        self._instrument = instrument
        self._symbol = instrument.symbol
        self._values = values
        self._random = Random(f"{seed}/{instrument.symbol}/flow")
        self._step_s = step_us / 1e6
        self._taken = (_TAKEN_MAJOR if major else _TAKEN_MINOR) * self._step_s
        self._away = min(_AWAY_AT_MOST, _AWAY / self._step_s)
        self._ladders = (_Ladder(Side.BUY), _Ladder(Side.SELL))
        self._bid = self._ask = 0  # where the best quotes ought to be, in ticks
        self._renew = 0.0  # quotes that are due
        self._side = Side.BUY  # of the last taker
        self._seen = 0  # the last trade that was looked at
        self._outside: int | None = None  # the last price that somebody from outside was party to
        self._orders = 0
        self._set_up = False

    def act(self, now_us: int, liveliness: float) -> list[Event]:
        """One step. A symbol that does not trade is left alone, and taken up where it was left."""
        if self._floor.instruments[self._symbol].status is not Status.TRADING:
            return []
        events: list[Event] = []
        if not self._set_up:
            self.set_up(now_us, events)
            return events
        self._follow()
        heat = self._values.heat(self._symbol)
        self._take(now_us, liveliness * (0.7 + heat), events)
        self._aim(self._spread(heat))
        if self._draw(1.0) >= self._away:
            for ladder in self._ladders:
                self._clear(ladder, now_us, events)
            for ladder in self._ladders:
                self._touch(ladder, now_us, events)
        self._deepen(now_us, events)
        self._seen = self._last_id()
        return events

    def set_up(self, now_us: int, events: list[Event]) -> None:
        """Lay out the first ladders."""
        self._aim(2)
        for ladder in self._ladders:
            self._touch(ladder, now_us, events)
        for _ in range(_QUOTES - 1):
            for ladder in self._ladders:
                self._deep(ladder, now_us, events)
        self._set_up = True

    def _draw(self, below: float) -> float:
        return self._random.random() * below

    # ---- prices --------------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """What users trade moves the market, when it is off the fair price by more than the takers' own noise."""
        if self._last_id() > self._seen:
            self._outside = self._floor.trades(self._symbol)[-1].price
        if self._outside is not None:
            gap = self._outside / self._values.fair(self._symbol) - 1.0
            if abs(gap) > _STRAY:
                self._values.push(self._symbol, 1.0 + gap * _FOLLOWS)
            self._outside = None

    def _last_id(self) -> int:
        trades = self._floor.trades(self._symbol)
        return trades[-1].trade_id if trades else 0

    def _spread(self, heat: float) -> int:
        """How far apart the best quotes ought to stand, in ticks."""
        if self._draw(1.0 + heat / 3.0) < _ONE_TICK:
            return 1
        return 2 + int(self._draw(_WIDE) * self._draw(1.0 + heat) * self._values.fair(self._symbol) / self._instrument.tick)

    def _aim(self, spread: int) -> None:
        """Put the best quotes around the fair price."""
        tick = self._instrument.tick
        lowest, highest = self._instrument.min_price // tick, self._instrument.max_price // tick
        fair = min(max(self._values.fair(self._symbol) / tick, lowest), highest - 1.0)
        self._bid = max(lowest, int(fair - (spread - 1) * 0.5))
        self._ask = min(highest, self._bid + spread)

    def _beyond_others(self, ladder: _Ladder) -> int:
        """The best level for a quote of this side that does not meet what is left on the other one.

        Makers wait: trading through somebody's wall would only leave their own side empty.
        """
        others = self._floor.best_price(self._symbol, Side.SELL if ladder.side is Side.BUY else Side.BUY)
        if ladder.side is Side.BUY:
            return self._bid if others is None else min(self._bid, others // self._instrument.tick - 1)
        return self._ask if others is None else max(self._ask, others // self._instrument.tick + 1)

    # ---- makers --------------------------------------------------------------------------------------------------------

    def _clear(self, ladder: _Ladder, now_us: int, events: list[Event]) -> None:
        """Let go of the quotes that are better than they ought to be: takers get some, the maker takes back the others."""
        aim = self._bid if ladder.side is Side.BUY else self._ask
        stale = ladder.better_than(aim)
        if not stale:
            return
        if self._draw(1.0) < _SWEPT:
            taker = Side.SELL if ladder.side is Side.BUY else Side.BUY
            limit, times = (aim - ladder.outward) * self._instrument.tick, self._size(_TOUCH * 2) * max(1.0, self._taken)
            self._order(TAKER, taker, times, now_us, events, price=limit, time_in_force=TimeInForce.IOC)
        for order_id in stale:
            if self._floor.is_open(self._symbol, order_id):
                self._cancel(ladder, order_id, now_us, events)

    def _touch(self, ladder: _Ladder, now_us: int, events: list[Event]) -> None:
        """See to it that there is a best quote where it ought to be."""
        level = self._beyond_others(ladder)
        best = self._floor.best_price(self._symbol, ladder.side)
        if best is not None and (best // self._instrument.tick - level) * ladder.outward <= 0:
            return
        self._quote(ladder, level, _TOUCH + self._draw(30) * self._draw(30), now_us, events)

    def _deepen(self, now_us: int, events: list[Event]) -> None:
        """Renew some of the quotes further out, and replace what was traded or cleared."""
        for ladder in self._ladders:
            if self._floor.open_count(MAKERS[ladder.side], self._symbol) < _THIN:
                ladder.rungs = [rung for rung in ladder.rungs if self._floor.is_open(self._symbol, rung[1])]
                for _ in range(_TOP_UP):
                    self._deep(ladder, now_us, events)
        self._renew += min(_RENEWED * self._step_s, _RENEWED_AT_MOST)
        if self._renew >= 1.0:
            self._renew -= 1.0
            self._deep(self._ladders[int(self._draw(2))], now_us, events)

    def _deep(self, ladder: _Ladder, now_us: int, events: list[Event]) -> None:
        """One more quote behind the best one, on a level that is free; too many of them, and some go."""
        while len(ladder.rungs) >= _QUOTES:
            _, order_id = ladder.rungs.pop(int(self._draw(len(ladder.rungs) - 1)))
            if self._floor.is_open(self._symbol, order_id):
                self._cancel(ladder, order_id, now_us, events)
        tick = self._instrument.tick
        best = self._beyond_others(ladder)
        part = self._draw(1.0) * self._draw(1.0)
        reach = max(2.0 * _QUOTES, best * _REACH)  # in ticks: a coarse tick must leave room for all quotes
        level = best + ladder.outward * (1 + int(part * reach))
        lowest, highest = self._instrument.min_price // tick, self._instrument.max_price // tick
        while lowest < level < highest and self._floor.quantity_at(self._symbol, ladder.side, level * tick):
            level += ladder.outward
        if lowest <= level <= highest:
            self._quote(ladder, level, _TOUCH + part * (1.0 + part) * self._draw(_DEEP), now_us, events)

    def _quote(self, ladder: _Ladder, level: int, times: float, now_us: int, events: list[Event]) -> None:
        placed = len(events)
        self._order(MAKERS[ladder.side], ladder.side, times, now_us, events, price=level * self._instrument.tick)
        for event in events[placed : placed + 1]:
            if isinstance(event, OrderAccepted):
                ladder.add(level, event.order.id)

    # ---- takers --------------------------------------------------------------------------------------------------------

    def _take(self, now_us: int, liveliness: float, events: list[Event]) -> None:
        """So many as come in a step; where that would be more than one, fewer but larger ones."""
        expected = self._taken * liveliness
        count = min(int(expected + self._draw(1.0)), _TAKEN_AT_MOST)
        for _ in range(count):
            if self._draw(1.0) > _SAME_SIDE:
                self._side = Side.BUY if self._side is Side.SELL else Side.SELL
            times = self._size(_LARGE_TAKE) * max(1.0, expected / _TAKEN_AT_MOST)
            self._order(TAKER, self._side, times, now_us, events)

    def _size(self, most: float) -> float:
        """Small mostly, now and then very large: the tail falls off with the power of 4/3."""
        drawn = 1.0 - self._draw(1.0)
        return min(_SMALL_TAKE / (sqrt(drawn) * sqrt(sqrt(drawn))), most)

    # ---- orders --------------------------------------------------------------------------------------------------------

    def _order(
        self,
        account: str,
        side: Side,
        times: float,
        now_us: int,
        events: list[Event],
        *,
        price: int = 0,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> None:
        """An order worth some multiple of the least total; at market without a price."""
        instrument = self._instrument
        most = instrument.max_quantity if price else min(instrument.max_quantity, instrument.max_market_quantity)
        worth = price or int(self._values.fair(self._symbol)) or instrument.min_price
        steps = -(instrument.sized(-int(instrument.min_notional * times), worth) // instrument.step)
        quantity = min(max(steps * instrument.step, instrument.min_quantity), most // instrument.step * instrument.step)
        self._orders += 1
        place = Place(
            account,
            self._symbol,
            side,
            OrderType.LIMIT if price else OrderType.MARKET,
            quantity,
            price=price,
            time_in_force=time_in_force,
            client_order_id=f"flow-{self._orders}",
        )
        try:
            happened = self._floor.execute(place, now_us)
        except Refused:
            return  # the price band or the average moved away from them: they sit this step out
        for event in happened:
            if type(event) is OrderFilled and event.fill.account not in ACCOUNTS:
                self._outside = event.fill.price
        events += happened

    def _cancel(self, ladder: _Ladder, order_id: int, now_us: int, events: list[Event]) -> None:
        self._orders += 1
        events += self._floor.execute(Cancel(MAKERS[ladder.side], self._symbol, order_id, cancel_id=f"flow-{self._orders}"), now_us)
