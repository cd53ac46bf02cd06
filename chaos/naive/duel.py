"""The embedded exchange and the naive one, side by side: the same commands, and everything that one can see of both compared.

After every command: the refusal, the trades, what self-trade prevention took, the orders and balances that its events tell of, the
book as its events build it, and that no money was made or lost. Now and then, and at the end: everything that the exchange answers when it
is asked. On the way the exchange is saved once, and another one goes on from there.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from exchangeclient.sandbox.engine.accounts import HOUSE
from exchangeclient.sandbox.engine.commands import Command, Place, PlaceList
from exchangeclient.sandbox.engine.events import (
    BalanceChanged,
    Deposited,
    Event,
    Fill,
    LevelChanged,
    Order,
    OrderFilled,
    OrderPrevented,
    PreventedMatch,
    Traded,
)
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import ExchangeRules, Instrument
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.engine.words import OrderStatus, Side

from .commands import ACCOUNTS, ROUTES, SECOND_US, Commands, delisting, funding, world
from .exchange import HOUSE as NAIVE_HOUSE
from .exchange import ROUTER, NaiveExchange
from .orders import NaiveOrder

ASSETS = ("BNB", "CASH", "COIN", "NOTE")
FULL_LOOK = 40  # commands between two looks at everything
MOVE = 200  # the command after which the exchange is saved and another one goes on
FULL_DEPTH = 1_000


class DisagreementError(AssertionError):
    """The two exchanges do not agree."""


def agree(what: str, engine: object, naive: object) -> None:
    """Nothing, or a :class:`DisagreementError` that shows both."""
    if engine != naive:
        raise DisagreementError(f"{what}\n  engine {engine}\n  naive  {naive}")


class Duel:
    """Two exchanges of the same instruments."""

    def __init__(self, instruments: list[Instrument], rules: ExchangeRules) -> None:
        self._world = instruments, rules
        self.exchange = self._opened()
        self.naive = NaiveExchange(instruments, rules, ROUTES)
        self.counts: Counter[str] = Counter()  # events by their class, refusals by their rule
        self._books: dict[tuple[str, Side], dict[int, int]] = {}
        self._balances: dict[tuple[str, str], tuple[int, int]] = {}
        self._orders: dict[tuple[str, int], Order] = {}
        self._totals = dict.fromkeys(ASSETS, 0)
        for asset, balance in self.exchange.balances(ROUTER).items():  # it comes with funds of its own
            self._balances[ROUTER, asset] = (balance.free, balance.locked)
            self.naive.owned[ROUTER, asset] = balance.free

    def _opened(self) -> Exchange:
        instruments, rules = self._world
        return Exchange(seed=1, start_us=0, instruments=instruments, rules=rules, routes=ROUTES, traders=False)

    def move(self) -> None:
        """Go on with another exchange, into which everything was restored that a snapshot of this one holds."""
        snapshot = self.exchange.snapshot()
        self.exchange = self._opened()
        self.exchange.restore(snapshot)

    def execute(self, command: Command, now_us: int) -> None:
        """Carry a command out on both, and compare what became of it."""
        prevented = len(self.naive.prevented)
        known = {symbol: len(market.trades) for symbol, market in self.naive.markets.items()}
        expected = actual = None
        events: list[Event] = []
        try:
            self.naive.execute(command, now_us)
        except Refused as refusal:
            expected = refusal.rule
        try:
            events = self.exchange.execute(command, now_us)
        except Refused as refusal:
            actual = refusal.rule
        agree("refusal", actual, expected)
        self.counts.update([type(event).__name__ for event in events] if actual is None else [actual.name, "refusals"])
        self._follow(events)
        self._compare_trades(events, known)
        matches = dict.fromkeys(event.match for event in events if isinstance(event, OrderPrevented))
        agree("prevented matches", [prevention(match) for match in matches], self.naive.prevented[prevented:])
        self._compare_told(events)

    # ---- what the events tell ----------------------------------------------------------------------------------------

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case LevelChanged():
                    levels = self._books.setdefault((event.symbol, event.side), {})
                    levels.pop(event.price, None)
                    if event.quantity:
                        levels[event.price] = event.quantity
                case BalanceChanged():
                    agree("a negative balance", min(event.free, event.locked, 0), 0)
                    before = self._balances.get((event.account, event.asset), (0, 0))
                    self._balances[event.account, event.asset] = (event.free, event.locked)
                    self._totals[event.asset] += event.free + event.locked - sum(before)
                case Deposited():
                    self._totals[event.asset] -= event.amount
            order = getattr(event, "order", None)
            if order is not None:
                self._orders[order.symbol, order.id] = order
        agree("money made (or lost)", {asset: amount for asset, amount in self._totals.items() if amount}, {})

    def _compare_trades(self, events: list[Event], known: dict[str, int]) -> None:
        fills: dict[tuple[str, int], list[Fill]] = {}
        for event in events:
            if isinstance(event, OrderFilled):
                fills.setdefault((event.fill.symbol, event.fill.trade_id), []).append(event.fill)
        public = []
        for event in events:
            if isinstance(event, Traded):
                makers = [fill.order_id for fill in fills[event.symbol, event.trade_id] if fill.maker]
                public.append((event.symbol, event.price, event.quantity, event.quote, event.buyer_is_maker, makers, event.taker_order_id))
        happened = [
            (
                symbol,
                trade.price,
                trade.quantity,
                trade.quote,
                trade.maker.place.side is Side.BUY,
                [trade.maker.id],
                trade.taker.id,
            )
            for symbol, market in self.naive.markets.items()
            for trade in market.trades[known[symbol] :]
        ]
        agree("trades", sorted(public, key=_first), sorted(happened, key=_first))

    def _compare_told(self, events: list[Event]) -> None:
        touched = {event.symbol for event in events if isinstance(event, LevelChanged)}
        for symbol in touched & set(self.naive.markets):
            for side in Side:
                agree("the book", (symbol, side, self._book(symbol, side)), (symbol, side, self.naive.levels(symbol, side)))
        for event in events:
            if isinstance(event, BalanceChanged):
                self._compare_balance(event.account, event.asset)
        for order in {(o.symbol, o.id) for o in (getattr(event, "order", None) for event in events) if o is not None}:
            self._compare_order(*order)

    def _book(self, symbol: str, side: Side) -> list[tuple[int, int]]:
        return sorted(self._books.get((symbol, side), {}).items(), reverse=side is Side.BUY)

    def _compare_balance(self, account: str, asset: str) -> None:
        name = NAIVE_HOUSE if account == HOUSE else account
        bound = self.naive.bound(name, asset)
        expected = (self.naive.owned.get((name, asset), 0) - bound, bound)
        agree("a balance", (account, asset, *self._balances.get((account, asset), (0, 0))), (account, asset, *expected))

    def _compare_order(self, symbol: str, order_id: int) -> None:
        if symbol in self.naive.markets:
            order = self._orders[symbol, order_id]
            agree("an order", told(order), {**looks(self.naive.markets[symbol].orders[order_id - 1]), "trails": None})

    # ---- what the exchange answers -----------------------------------------------------------------------------------

    def look_at_everything(self) -> None:
        """Ask for all that there is, of both."""
        for symbol, market in self.naive.markets.items():
            depth = self.exchange.depth(symbol, FULL_DEPTH)
            for side, levels in ((Side.BUY, depth.bids), (Side.SELL, depth.asks)):
                agree("the depth", levels, self.naive.levels(symbol, side))
                agree("the depth and the book as told", self._book(symbol, side), levels)
            agree("a crossed book", bool(depth.bids and depth.asks and depth.bids[0][0] >= depth.asks[0][0]), False)
            agree("last price", self.exchange.last_price(symbol), market.last_price)
            for account in ACCOUNTS:
                mine = [order for order in market.orders if order.place.account == account]
                agree("orders", [seen(order) for order in self.exchange.orders(account, symbol)], [looks(order) for order in mine])
                self._compare_fills(account, symbol)
                open_ = sorted(order.id for order in self.exchange.open_orders(account, symbol))
                agree("open orders", open_, [order.id for order in mine if order.stage != "done"])
        for (symbol, order_id), order in self._orders.items():
            if symbol in self.naive.markets:
                asked = self.exchange.find_order(order.account, symbol, order_id=order_id)
                agree("an order as it was told last", told(order), told(asked))
        for account in (*ACCOUNTS, HOUSE, ROUTER):
            for asset, balance in self.exchange.balances(account).items():
                last = self._balances.get((account, asset), (0, 0))
                agree("a balance as told last", last, (balance.free, balance.locked))
                self._compare_balance(account, asset)
        open_lists = [(each.client_id, each.kind) for account in ACCOUNTS for each in self.exchange.open_lists(account)]
        agree("open lists", set(open_lists), {(each.client_id, each.kind) for each in self.naive.lists if not each.done})

    def _compare_fills(self, account: str, symbol: str) -> None:
        """What routed orders got when they came in are allocations, everything else are trades."""
        for what, fills, trades in (
            ("fills", self.exchange.fills(account, symbol), self.naive.market(symbol).trades),
            ("allocations", self.exchange.allocations(account, symbol), self.naive.allocations),
        ):
            expected = [
                (order.id, trade.price, trade.quantity, trade.quote, order is trade.maker)
                for trade in trades
                for order in (trade.maker, trade.taker)
                if (order.place.account, order.place.symbol) == (account, symbol)
                if (order is trade.taker and order.place.routed) == (what == "allocations")
            ]
            agree(what, [(each.order_id, each.price, each.quantity, each.quote, each.maker) for each in fills], expected)


def _first(row: tuple[object, ...]) -> str:
    return str(row[0])


def prevention(match: PreventedMatch) -> tuple[object, ...]:
    """What the engine says of two orders that it kept apart."""
    return match.symbol, match.taker_order_id, match.maker_order_id, match.price, match.mode, match.taker_prevented, match.maker_prevented


def seen(order: Order) -> dict[str, object]:
    """What the engine says of an order."""
    return {
        "id": order.id,
        "client id": order.client_order_id,
        "status": order.status,
        "quantity": order.quantity,
        "executed": order.executed,
        "quote": order.executed_quote,
        "prevented": order.prevented,
        "expiry": order.expiry,
        "pegged": order.pegged_price,
        "on book": order.on_book,
        "works": order.working_us >= 0,
        "trails": order.trailing_us >= 0,
        "mode": order.self_trade,
        "listed": order.list_id >= 0,
    }


def told(order: Order) -> dict[str, object]:
    """What an event says of an order; that a trail begins is no event."""
    return {**seen(order), "trails": None}


def looks(order: NaiveOrder) -> dict[str, object]:
    """The same of a naive order."""
    status = order.status
    if status is OrderStatus.NEW and order.executed:
        status = OrderStatus.PARTIALLY_FILLED
    return {
        "id": order.id,
        "client id": order.client_id,
        "status": status,
        "quantity": order.quantity,
        "executed": order.executed,
        "quote": order.executed_quote,
        "prevented": order.prevented,
        "expiry": order.expiry,
        "pegged": order.pegged,
        "on book": order.rests,
        "works": order.worked,
        "trails": order.extreme is not None,
        "mode": order.self_trade,
        "listed": order.list is not None,
    }


class Fight:
    """A world with all that was sent to it, so that it can be told again."""

    def __init__(self, random: Random) -> None:
        self.instruments, self.rules = world(random)
        self.history: list[tuple[int, Command]] = []
        self.counts: Counter[str] = Counter()
        self._random = random

    def run(self, orders: int) -> None:
        """Send random commands until so many orders are among them.

        :raises DisagreementError: or whatever the engine raises; the last command of the history is the one that did it
        """
        duel, now_us = Duel(self.instruments, self.rules), 0
        commands = Commands(self._random, duel.naive)
        for command in funding(self._random):
            self._send(duel, command, now_us)
        while self.counts["orders"] < orders:
            now_us += self._random.randrange(3 * SECOND_US)
            self._send(duel, commands.next(), now_us)
            if len(self.history) % FULL_LOOK == 0:
                duel.look_at_everything()
            if len(self.history) == MOVE:
                duel.move()
        duel.look_at_everything()
        self._send(duel, delisting(self._random), now_us)
        duel.look_at_everything()
        self.counts += duel.counts

    def _send(self, duel: Duel, command: Command, now_us: int) -> None:
        self.history.append((now_us, command))
        self.counts["orders"] += len(command.orders) if isinstance(command, PlaceList) else isinstance(command, Place)
        duel.execute(command, now_us)

    def failure(self, history: list[tuple[int, Command]]) -> str:
        """How it ends when only these commands are sent; empty when both agree. Its first line tells what is wrong."""
        duel = Duel(self.instruments, self.rules)
        try:
            for count, (now_us, command) in enumerate(history, 1):
                duel.execute(command, now_us)
                if count == MOVE:
                    duel.move()
            duel.look_at_everything()
        except Exception as error:  # noqa: BLE001 - whatever the engine raises is what is looked for
            return f"{type(error).__name__}: {error}"
        return ""

    def shortest(self) -> list[tuple[int, Command]]:
        """The history without the commands that its failure does not need."""
        history, size = self.history, len(self.history) // 2
        wrong = self.failure(history).partition("\n")[0]
        while wrong and size:
            before = len(history)
            for start in range(before - size, -1, -size):
                shorter = history[:start] + history[start + size :]
                if self.failure(shorter).partition("\n")[0] == wrong:
                    history = shorter
            if size > 1 or len(history) == before:
                size //= 2
        return history
