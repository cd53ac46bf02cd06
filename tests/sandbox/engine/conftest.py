"""A small exchange without traders: two coins against cash, three users with funds, and every command checked for what must always hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from exchangeclient.sandbox.engine.accounts import HOUSE
from exchangeclient.sandbox.engine.commands import Command, Deposit, Place, Withdraw
from exchangeclient.sandbox.engine.events import Event, Order, OrderAccepted
from exchangeclient.sandbox.engine.exchange import Balance, Exchange
from exchangeclient.sandbox.engine.instruments import UNIT, ExchangeRules, Instrument
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.routing import ROUTER
from exchangeclient.sandbox.engine.words import OrderType, Side

USERS = ("anna", "bert", "cleo")
START_US = 1_700_000_000_000_000


def instrument(base: str = "COIN", quote: str = "CASH", **rules: Any) -> Instrument:
    """Prices and quantities in whole units, 100 at the opening, next to no rules but those that are given."""
    usual: dict[str, Any] = {
        "opening_price": 100 * UNIT,
        "tick": UNIT,
        "step": UNIT,
        "min_price": UNIT,
        "max_price": 10_000 * UNIT,
        "min_quantity": UNIT,
        "max_quantity": 10_000 * UNIT,
        "max_market_quantity": 10_000 * UNIT,
        "min_notional": 0,
        "max_notional": 10**9 * UNIT,
        "bid_up": 100 * UNIT,
        "bid_down": 0,
        "ask_up": 100 * UNIT,
        "ask_down": 0,
    }
    return Instrument(symbol=base + quote, base=base, quote=quote, **{**usual, **rules})


class Desk:
    """An exchange and the short words for what tests do with it. Figures are whole units."""

    def __init__(self, *instruments: Instrument, routes: Mapping[str, tuple[str, ...]] | None = None, rules: ExchangeRules | None = None):
        instruments = instruments or (instrument(),)
        self.symbol = instruments[0].symbol
        self.exchange = Exchange(
            seed=1, start_us=START_US, instruments=instruments, traders=False, routes=routes or {}, rules=rules or ExchangeRules()
        )
        self.assets = list(self.exchange.balances("anna"))
        self._came_in = {asset: self._held(asset) for asset in self.assets}
        for user in USERS:
            for asset in self.assets:
                self.do(Deposit(user, asset, 1_000_000 * UNIT))

    def buy(self, user: str, quantity: int, price: int = 0, kind: OrderType | None = None, **terms: Any) -> Place:
        return self._wish(user, Side.BUY, quantity, price, kind, terms)

    def sell(self, user: str, quantity: int, price: int = 0, kind: OrderType | None = None, **terms: Any) -> Place:
        return self._wish(user, Side.SELL, quantity, price, kind, terms)

    def _wish(self, user: str, side: Side, quantity: int, price: int, kind: OrderType | None, terms: dict[str, Any]) -> Place:
        kind = kind or (OrderType.LIMIT if price else OrderType.MARKET)
        scaled = {name: terms.pop(name) * UNIT for name in ("stop_price", "iceberg_quantity", "quote_quantity") if name in terms}
        symbol = terms.pop("symbol", self.symbol)
        return Place(user, symbol, side, kind, quantity * UNIT, price=price * UNIT, **scaled, **terms)

    def do(self, *commands: Command) -> list[Event]:
        """Carry them out, a microsecond apart; afterwards all must add up."""
        events = []
        for command in commands:
            events += self.exchange.execute(command, self.exchange.now_us + 1)
            if isinstance(command, Deposit | Withdraw):
                self._came_in[command.asset] += command.amount if isinstance(command, Deposit) else -command.amount
            self.check()
        return events

    def check(self) -> None:
        """Money is conserved, no book is crossed, no figure is below nothing."""
        for asset in self.assets:
            assert self._held(asset) == self._came_in[asset], f"{asset} was made or lost"
        for user in (*USERS, HOUSE, ROUTER):
            balances = self.exchange.balances(user)
            assert all(each.free >= 0 and each.locked >= 0 for each in balances.values()), (user, balances)
            if not self.exchange.open_orders(user):
                assert all(each.locked == 0 for each in balances.values()), f"{user} has nothing open, but funds are bound"
        for symbol in self.exchange.instruments:
            depth = self.exchange.depth(symbol, 1)
            assert not depth.bids or not depth.asks or depth.bids[0][0] < depth.asks[0][0], "the book is crossed"

    def _held(self, asset: str) -> int:
        balances = [self.exchange.balances(user)[asset] for user in (*USERS, HOUSE, ROUTER)]
        return sum(each.free + each.locked for each in balances)

    def place(self, wish: Place) -> int:
        """Place an order; its id."""
        return next(event.order.id for event in self.do(wish) if isinstance(event, OrderAccepted))

    def order(self, order_id: int, user: str = "anna") -> Order:
        return self.exchange.find_order(user, self.symbol, order_id=order_id)

    def balance(self, asset: str, user: str = "anna") -> Balance:
        return self.exchange.balances(user)[asset]

    def refused(self, command: Command) -> Rule:
        """Why a command is refused, after which nothing is other than before."""
        before = self.exchange.snapshot()
        with pytest.raises(Refused) as refusal:
            self.exchange.execute(command, self.exchange.now_us)
        assert self.exchange.snapshot() == before, f"the refused {command} changed something"
        return refusal.value.rule

    def trade(self, *prices: int) -> list[Event]:
        """Let two strangers trade one unit at each of these prices; nothing else may be in the way."""
        events = []
        for price in prices:
            events += self.do(self.sell("bert", 1, price), self.buy("cleo", 1, price))
        return events

    def trades(self) -> list[tuple[int, int]]:
        """``(price, quantity)`` of the public trades, in whole units."""
        return [(trade.price // UNIT, trade.quantity // UNIT) for trade in self.exchange.trades(self.symbol)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
def make_desk() -> Callable[..., Desk]:
    """A desk with other symbols: ``make_desk(make_instrument(...), rules=...)``."""
    return Desk


@pytest.fixture(scope="session")
def make_instrument() -> Callable[..., Instrument]:
    return instrument
