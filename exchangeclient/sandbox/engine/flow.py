"""Seeded traders who keep every market alive: two makers with a ladder of quotes around a slowly moving fair price, and a taker.

They act on a fixed grid of time, through the same commands as everybody, from accounts that no key leads to. Each symbol draws
from a generator of its own, and no function is used whose last bit depends on the machine: the same seed and the same commands
make the same market everywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from random import Random
from typing import Protocol

from .events import Cancel, Command, Deposit, Event, OrderAccepted, OrderType, Place, Refused, Side
from .instruments import UNIT, Instrument

STEP_US = 100_000

MAKERS = {Side.BUY: "engine:maker-buy", Side.SELL: "engine:maker-sell"}
TAKER = "engine:taker"
ACCOUNTS = frozenset((*MAKERS.values(), TAKER))

_QUOTES = 80  # a side: the oldest one goes when a new one comes
_THIN = 60  # fewer than this many left on a side are topped up
_TOP_UP = 10
_FUNDS = 10**10 * UNIT
_FINE = 1 << 20  # the fair price moves by fractions of the smallest unit

# Parts of the fair price: a five-thousandth is two basis points.
_HALF_SPREAD = 5_000
_REACH = 67  # how far out quotes lie, 1.5 %
_STRAY = 1_250  # a last trade this far off is not their own spread: somebody from outside moved the market
_HOMING = 20_000  # steps: half an hour
_FARTHEST = 4  # times the opening price, either way


class Floor(Protocol):
    """What a trader can see and do; nothing that a user could not."""

    def execute(self, command: Command, now_us: int) -> list[Event]:
        """Carry a command out."""

    def last_price(self, symbol: str) -> int:
        """The price of the last trade."""

    def is_open(self, symbol: str, order_id: int) -> bool:
        """True while the order rests on the book."""

    def open_count(self, account: str, symbol: str) -> int:
        """How many orders of an account rest on the book."""

    def quantity_at(self, symbol: str, side: Side, price: int) -> int:
        """What the book holds at a price."""

    def best_price(self, symbol: str, side: Side) -> int | None:
        """The best price of a side of the book, None when it is empty."""


class Flow:
    """All traders of the exchange."""

    def __init__(
        self, floor: Floor, instruments: Iterable[Instrument], *, seed: int, start_us: int, longest_catch_up_us: int | None = None
    ) -> None:
        """Fund the traders and let them set up their books.

        :param longest_catch_up_us: of a longer pause only its end is played; None plays all of it
        """
        self._longest = None if longest_catch_up_us is None else longest_catch_up_us // STEP_US
        instruments = list(instruments)
        self._next_us = start_us + STEP_US
        for account in sorted(ACCOUNTS):
            for asset in sorted({asset for each in instruments for asset in (each.base, each.quote)}):
                floor.execute(Deposit(account, asset, _FUNDS), start_us)
        self._crowds = [_Crowd(floor, instrument, seed) for instrument in instruments if instrument.status == "TRADING"]
        for crowd in self._crowds:
            crowd.set_up(start_us)

    def advance(self, now_us: int) -> list[Event]:
        """Let them act at each step of the grid up to now."""
        events: list[Event] = []
        if self._longest is not None:
            self._next_us += max(0, (now_us - self._next_us) // STEP_US + 1 - self._longest) * STEP_US
        while self._next_us <= now_us:
            for crowd in self._crowds:
                events += crowd.act(self._next_us)
            self._next_us += STEP_US
        return events


class _Crowd:
    """The traders of one symbol."""

    def __init__(self, floor: Floor, instrument: Instrument, seed: int) -> None:
        self._floor = floor
        self._instrument = instrument
        self._symbol = instrument.symbol
        self._random = Random(f"{seed}/{instrument.symbol}/flow").random
        self._anchor = instrument.opening_price * _FINE
        self._fair = self._anchor
        self._lowest = max(self._anchor // _FARTHEST, instrument.min_price * _FINE)
        self._highest = min(self._anchor * _FARTHEST, instrument.max_price * _FINE)
        self._quotes: dict[Side, deque[int]] = {Side.BUY: deque(), Side.SELL: deque()}
        self._steps = 0
        self._orders = 0

    def set_up(self, now_us: int) -> None:
        """Lay out the first ladder."""
        for _ in range(_QUOTES):
            for side in Side:
                self._quote(side, now_us)

    def act(self, now_us: int) -> list[Event]:
        """One step: the fair price moves, one side renews a quote, and now and then somebody takes."""
        self._drift()
        self._steps += 1
        side = Side.BUY if self._steps % 2 else Side.SELL
        events: list[Event] = []
        if self._floor.open_count(MAKERS[side], self._symbol) < _THIN:
            self._quotes[side] = deque(order_id for order_id in self._quotes[side] if self._floor.is_open(self._symbol, order_id))
            for _ in range(_TOP_UP):
                events += self._quote(side, now_us)
        events += self._quote(side, now_us)
        if self._draw(100) < 12:
            events += self._take(now_us)
        return events

    def _draw(self, below: int) -> int:
        return int(self._random() * below)

    def _drift(self) -> None:
        """A random walk that comes back to the opening price within hours, and follows whoever moves the market."""
        fair = self._fair
        fair += fair * (self._draw(11) - 5) // 100_000 + (self._anchor - fair) // _HOMING
        gap = self._floor.last_price(self._symbol) * _FINE - fair
        if abs(gap) > fair // _STRAY:
            fair += gap // 32
        self._fair = min(max(fair, self._lowest), self._highest)

    def _quote(self, side: Side, now_us: int) -> list[Event]:
        """Renew a quote: the oldest one of the side goes, one at a fresh place comes."""
        events: list[Event] = []
        quotes = self._quotes[side]
        while len(quotes) >= _QUOTES:
            oldest = quotes.popleft()
            if self._floor.is_open(self._symbol, oldest):
                events += self._floor.execute(Cancel(MAKERS[side], self._symbol, oldest, cancel_id=self._client_id()), now_us)
        price = self._quote_price(side)
        quantity = self._quantity(price, 100 + self._draw(60) * self._draw(60), self._instrument.max_quantity)
        placed = self._place(
            Place(MAKERS[side], self._symbol, side, OrderType.LIMIT, quantity, price=price, client_order_id=self._client_id()), now_us
        )
        quotes.extend(event.order.id for event in placed[:1] if isinstance(event, OrderAccepted))
        return events + placed

    def _quote_price(self, side: Side) -> int:
        """Half a spread or more from the fair price, close ones more often than far ones, on a level that is free.

        Where others stand on the wrong side of the fair price, from theirs: makers wait, trading through a wall would only
        leave their own side empty.
        """
        tick = self._instrument.tick
        lowest, highest = self._instrument.min_price // tick, self._instrument.max_price // tick
        fair = self._fair // _FINE
        others = self._floor.best_price(self._symbol, Side.SELL if side is Side.BUY else Side.BUY)
        if others is not None:
            fair = min(fair, others) if side is Side.BUY else max(fair, others)
        away = max(1, fair // _HALF_SPREAD // tick)
        reach = max(2 * _QUOTES, fair // _REACH // tick)  # in ticks: a coarse tick must leave room for all quotes
        away += reach * self._draw(1000) * self._draw(1000) // 1_000_000
        outward = -1 if side is Side.BUY else 1
        level = fair // tick + outward * away
        while lowest < level < highest and self._floor.quantity_at(self._symbol, side, level * tick):
            level += outward
        return min(max(level, lowest), highest) * tick

    def _take(self, now_us: int) -> list[Event]:
        side = Side.BUY if self._draw(2) else Side.SELL
        most = min(self._instrument.max_quantity, self._instrument.max_market_quantity)
        quantity = self._quantity(self._fair // _FINE, 2 + self._draw(20) * self._draw(20), most)
        return self._place(Place(TAKER, self._symbol, side, OrderType.MARKET, quantity, client_order_id=self._client_id()), now_us)

    def _quantity(self, price: int, times: int, most: int) -> int:
        """A quantity in whole steps that is worth some multiple of the least total, or as much of that as is allowed."""
        wanted = -(-self._instrument.min_notional * times * UNIT // price)
        steps = -(-wanted // self._instrument.step)
        return min(max(steps * self._instrument.step, self._instrument.min_quantity), most // self._instrument.step * self._instrument.step)

    def _place(self, place: Place, now_us: int) -> list[Event]:
        try:
            return self._floor.execute(place, now_us)
        except Refused:
            return []  # the price band or the average moved away from them: they sit this step out

    def _client_id(self) -> str:
        self._orders += 1
        return f"flow-{self._orders}"
