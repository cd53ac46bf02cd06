"""The exchange: takes commands, tells what happened, answers questions. One object, single-threaded, time handed in.

It puts together the rules (:mod:`.checks`), the books (:mod:`.matching`), the money (:mod:`.accounts`), the tape and charts
(:mod:`.tape`, :mod:`.chart`) and the traders who keep the markets alive (:mod:`.flow`). It knows no venue: dialects translate.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from random import Random
from string import ascii_letters, digits

from .accounts import Accounts, Balance
from .candles import Candle, CandleSeries
from .chart import Chart
from .checks import check_lot, check_rules, check_shape
from .events import (
    Cancel,
    Command,
    Deposit,
    Deposited,
    Event,
    Fill,
    LevelChanged,
    Order,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderStatus,
    OrderType,
    Place,
    Refused,
    Rule,
    Side,
    TimeInForce,
    Traded,
)
from .flow import ACCOUNTS as TRADERS
from .flow import Flow
from .instruments import DEFAULTS, Instrument, total
from .matching import Book, Depth, LiveOrder
from .paging import page
from .tape import Statistics, Tape

__all__ = ["Balance", "Candle", "CandleSeries", "Depth", "Exchange", "Statistics"]

_ID_CHARACTERS = ascii_letters + digits
_ID_LENGTH = 22

_order_id, _created_us = attrgetter("id"), attrgetter("created_us")
_trade_id, _traded_us = attrgetter("trade_id"), attrgetter("time_us")


class _Market:
    """What belongs to one symbol."""

    def __init__(self, instrument: Instrument, *, seed: int, start_us: int, history: Sequence[CandleSeries]) -> None:
        self.instrument = instrument
        self.book = Book()
        self.tape = Tape(start_us=start_us, opening_price=instrument.opening_price)
        self.chart = Chart(instrument, self.tape, seed=seed, start_us=start_us, history=history)
        self.last_order_id = 0
        self.open: dict[int, LiveOrder] = {}
        self.open_of: dict[str, dict[int, LiveOrder]] = {}
        self.open_client_ids: dict[tuple[str, str], LiveOrder] = {}
        # Kept for users only: the traders' orders of a day would fill the memory and nobody can ask for them.
        self.orders_of: dict[str, list[LiveOrder]] = {}
        self.newest_by_client_id: dict[tuple[str, str], LiveOrder] = {}
        self.fills_of: dict[str, list[Fill]] = {}

    def enter(self, order: LiveOrder) -> None:
        """Note an accepted order."""
        self.last_order_id = order.id
        if order.account not in TRADERS:
            self.orders_of.setdefault(order.account, []).append(order)
            self.newest_by_client_id[order.account, order.client_order_id] = order

    def order(self, account: str, order_id: int) -> LiveOrder | None:
        """A user's order by its id, whatever became of it."""
        orders = self.orders_of.get(account, [])
        place = bisect_left(orders, order_id, key=_order_id)
        return orders[place] if place < len(orders) and orders[place].id == order_id else None

    def opened(self, order: LiveOrder) -> None:
        """Note that an order rests on the book."""
        self.open[order.id] = order
        self.open_of.setdefault(order.account, {})[order.id] = order
        self.open_client_ids[order.account, order.client_order_id] = order

    def closed(self, order: LiveOrder) -> None:
        """Note that an order left the book."""
        del self.open[order.id], self.open_of[order.account][order.id], self.open_client_ids[order.account, order.client_order_id]


class Exchange:
    """A whole exchange with traders on it.

    The same seed, start, commands and times make the same events and answers, however often it is advanced or asked in between
    (with a longest catch-up: as long as no pause was longer). Nothing changes when a command is refused.
    """

    def __init__(
        self,
        *,
        seed: int,
        start_us: int,
        instruments: Iterable[Instrument] = DEFAULTS,
        history: Mapping[str, Sequence[CandleSeries]] | None = None,
        traders: bool = True,
        longest_catch_up_us: int | None = None,
    ) -> None:
        """Open every market at its opening price, or at the last close of the candles that are given for it, on the nearest tick.

        :param history: candles by symbol, from files
        :param traders: False leaves the books to the commands alone
        :param longest_catch_up_us: of a pause longer than this the traders skip the beginning, which makes what they do depend on
            when the exchange was advanced; None lets them act at every step of their grid
        :raises ValueError: when candles are of an unknown symbol, reach past the start, or end at a price that is not allowed
        """
        history = history or {}
        self.now_us = start_us
        self.instruments: Mapping[str, Instrument] = {
            each.symbol: _opening(each, history.get(each.symbol, ()), start_us) for each in instruments
        }
        if unknown := set(history) - set(self.instruments):
            raise ValueError(f"candles of unknown symbols: {', '.join(sorted(unknown))}")
        self._assets = sorted({asset for each in self.instruments.values() for asset in (each.base, each.quote)})
        self._accounts = Accounts()
        self._markets = {
            symbol: _Market(instrument, seed=seed, start_us=start_us, history=history.get(symbol, ()))
            for symbol, instrument in self.instruments.items()
        }
        self._ids = Random(f"{seed}/ids")
        self._flow = (
            Flow(self, self.instruments.values(), seed=seed, start_us=start_us, longest_catch_up_us=longest_catch_up_us)
            if traders
            else None
        )

    # ---- what happens ------------------------------------------------------------------------------------------------

    def advance(self, now_us: int) -> list[Event]:
        """Let the traders act on their own grid of time up to now."""
        events = [] if self._flow is None else self._flow.advance(now_us)
        self.now_us = max(self.now_us, now_us)
        return events

    def execute(self, command: Command, now_us: int) -> list[Event]:
        """Carry one command out and tell what happened, in order.

        :raises Refused: naming the rule; nothing has changed
        :raises ValueError: for a command that makes no sense, which is the caller's mistake
        """
        self.now_us = max(self.now_us, now_us)
        match command:
            case Place():
                events = self._place(command)
            case Cancel():
                events = self._cancel(command)
            case Deposit():
                events = self._deposit(command)
        events += self._accounts.changes(self.now_us)
        return events

    def _deposit(self, deposit: Deposit) -> list[Event]:
        if deposit.asset not in self._assets or deposit.amount <= 0:
            raise ValueError(f"not a deposit that this exchange can hold: {deposit}")
        self._accounts.deposit(deposit.account, deposit.asset, deposit.amount)
        return [Deposited(deposit.account, deposit.asset, deposit.amount, self.now_us)]

    def _cancel(self, cancel: Cancel) -> list[Event]:
        market = self._market(cancel.symbol)
        if cancel.order_id is not None:
            order = market.open.get(cancel.order_id)
        else:
            order = market.open_client_ids.get((cancel.account, cancel.client_order_id))
        if order is None or order.account != cancel.account or cancel.client_order_id not in ("", order.client_order_id):
            raise Refused(Rule.UNKNOWN_ORDER)
        if cancel.only not in (None, order.status):
            raise Refused(Rule.OTHER_STATUS)
        left = market.book.reduce(order, order.remaining)
        self._accounts.unlock(order.account, *_bound(order, market.instrument))
        order.close(OrderStatus.CANCELED, self.now_us)
        market.closed(order)
        return [
            OrderCanceled(order.snapshot(), cancel.cancel_id or self._made_id(), self.now_us),
            LevelChanged(order.symbol, market.book.last_update_id, order.side, order.price, left, self.now_us),
        ]

    def _place(self, place: Place) -> list[Event]:
        check_shape(place)
        market = self._market(place.symbol)
        quantity, short = self._checked(place, market)
        if place.check_only:
            return []
        order = LiveOrder(
            account=place.account,
            symbol=place.symbol,
            id=market.last_order_id + 1,
            client_order_id=place.client_order_id or self._made_id(),
            side=place.side,
            type=place.type,
            time_in_force=place.time_in_force,
            price=place.price,
            quantity=quantity,
            quote_quantity=place.quote_quantity,
            created_us=self.now_us,
            updated_us=self.now_us,
            short=short,
            strategy_id=place.strategy_id,
            strategy_type=place.strategy_type,
        )
        market.enter(order)
        if place.type is not OrderType.MARKET:
            self._accounts.lock(order.account, *_bound(order, market.instrument))
        events: list[Event] = [OrderAccepted(order.snapshot(), self.now_us)]
        fill_or_kill = place.time_in_force is TimeInForce.FOK and place.type is OrderType.LIMIT
        if not (fill_or_kill and market.book.reach(order.side, quantity, order.price).exhausted):
            self._match(market, order, events)
        self._settle_rest(market, order, events)
        return events

    # ---- checks ------------------------------------------------------------------------------------------------------

    def _checked(self, place: Place, market: _Market) -> tuple[int, bool]:
        """The order's quantity, and whether the book ends before a quote amount is reached; raises Refused."""
        instrument = market.instrument
        if instrument.status != "TRADING":
            raise Refused(Rule.NOT_TRADING)
        check_rules(place, instrument, market.tape.average_price(instrument.band_minutes, self.now_us))
        quantity, short = place.quantity, False
        if place.quote_quantity:
            reach = market.book.reach_for_quote(place.side, place.quote_quantity, instrument.step)
            quantity, short = reach.quantity, reach.exhausted
            if short and quantity < instrument.min_quantity:
                raise Refused(Rule.NO_LIQUIDITY)
            check_lot(quantity, instrument, market=True)
        if place.client_order_id and (place.account, place.client_order_id) in market.open_client_ids:
            raise Refused(Rule.DUPLICATE_CLIENT_ORDER_ID)
        if len(market.open_of.get(place.account, ())) >= instrument.max_orders:
            raise Refused(Rule.MAX_NUM_ORDERS)
        asset, needed = self._needed(place, market, quantity)
        if self._accounts.free(place.account, asset) < needed:
            raise Refused(Rule.INSUFFICIENT_BALANCE)
        if place.type is OrderType.LIMIT_MAKER and market.book.counterparty(place.side, place.price) is not None:
            raise Refused(Rule.WOULD_MATCH)
        return quantity, short

    def _needed(self, place: Place, market: _Market, quantity: int) -> tuple[str, int]:
        """What the whole order takes at most: of which asset, how much."""
        if place.side is Side.SELL:
            return market.instrument.base, quantity
        if place.type is not OrderType.MARKET:
            return market.instrument.quote, total(place.price, quantity)
        return market.instrument.quote, place.quote_quantity or market.book.reach(place.side, quantity).quote

    # ---- matching ----------------------------------------------------------------------------------------------------

    def _match(self, market: _Market, taker: LiveOrder, events: list[Event]) -> None:
        """Trade with the book while it has a counterparty, best price first, then longest waiting."""
        limit = None if taker.type is OrderType.MARKET else taker.price
        while taker.remaining:
            maker = market.book.counterparty(taker.side, limit)
            if maker is None:
                return
            self._trade(market, maker, taker, events)

    def _trade(self, market: _Market, maker: LiveOrder, taker: LiveOrder, events: list[Event]) -> None:
        now_us, symbol = self.now_us, taker.symbol
        price, quantity = maker.price, min(maker.remaining, taker.remaining)
        quote = total(price, quantity)
        left = market.book.reduce(maker, quantity)
        trade = Traded(symbol, market.tape.next_id(), price, quantity, quote, maker.side is Side.BUY, taker.id, now_us)
        market.tape.print(trade)
        events.append(trade)
        events.append(LevelChanged(symbol, market.book.last_update_id, maker.side, price, left, now_us))
        for order in (maker, taker):
            fill = self._settle(market, order, trade, maker=order is maker)
            if order.account not in TRADERS:
                order.fills.append(fill)
                market.fills_of.setdefault(order.account, []).append(fill)
            events.append(OrderFilled(order.snapshot(), fill, now_us))
        if not maker.remaining:
            market.closed(maker)

    def _settle(self, market: _Market, order: LiveOrder, trade: Traded, *, maker: bool) -> Fill:
        """Move one side's money and count the trade into its order."""
        instrument = market.instrument
        asset, bound = _bound(order, instrument)
        order.fill(trade.quantity, trade.quote, self.now_us)
        released = bound - _bound(order, instrument)[1]
        if order.side is Side.BUY:
            spent, got, received = trade.quote, instrument.base, trade.quantity
        else:
            spent, got, received = trade.quantity, instrument.quote, trade.quote
        self._accounts.pay(order.account, asset, spent, released)
        charge = self._accounts.receive(order.account, got, received)
        return Fill(
            order.account,
            trade.symbol,
            trade.trade_id,
            order.id,
            order.side,
            trade.price,
            trade.quantity,
            trade.quote,
            charge,
            got,
            maker,
            self.now_us,
        )

    def _settle_rest(self, market: _Market, order: LiveOrder, events: list[Event]) -> None:
        """What was not matched rests on the book or expires, by the order's terms."""
        rests = order.type is OrderType.LIMIT_MAKER or (order.type is OrderType.LIMIT and order.time_in_force is TimeInForce.GTC)
        if rests and order.remaining:
            level = market.book.rest(order)
            market.opened(order)
            events.append(LevelChanged(order.symbol, market.book.last_update_id, order.side, order.price, level, self.now_us))
        elif order.remaining or order.short:
            if order.type is not OrderType.MARKET:
                self._accounts.unlock(order.account, *_bound(order, market.instrument))
            order.close(OrderStatus.EXPIRED, self.now_us)
            events.append(OrderExpired(order.snapshot(), self.now_us))

    def _made_id(self) -> str:
        return "".join(self._ids.choices(_ID_CHARACTERS, k=_ID_LENGTH))

    def _market(self, symbol: str) -> _Market:
        market = self._markets.get(symbol)
        if market is None:
            raise Refused(Rule.UNKNOWN_SYMBOL)
        return market

    # ---- questions: markets ------------------------------------------------------------------------------------------

    def depth(self, symbol: str, limit: int) -> Depth:
        """The best ``limit`` levels of each side."""
        return self._market(symbol).book.depth(limit)

    def trades(self, symbol: str) -> Sequence[Traded]:
        """The public trades, oldest first, ids dense from 1; the last :data:`.tape.TRADES_KEPT` at least."""
        return self._market(symbol).tape.trades

    def last_price(self, symbol: str) -> int:
        """The price of the last trade, the opening price before the first one."""
        return self._market(symbol).tape.last_price

    def average_price(self, symbol: str, minutes: int) -> int:
        """The volume weighted price of the last minutes, the last price when nothing was traded in them."""
        return self._market(symbol).tape.average_price(minutes, self.now_us)

    def statistics(self, symbol: str) -> Statistics:
        """The last 24 hours in figures."""
        return self._market(symbol).tape.statistics(self.now_us)

    def candles(self, symbol: str, interval: str, *, start_ms: int | None, end_ms: int | None, limit: int) -> list[Candle]:
        """Candles by open time, oldest first, the current one included.

        With neither time the newest ``limit``; from ``start_ms`` on the oldest; with ``end_ms`` alone the newest up to it.
        """
        chart = self._market(symbol).chart
        return chart.candles(interval, now_ms=self.now_us // 1000, start_ms=start_ms, end_ms=end_ms, limit=limit)

    def best_price(self, symbol: str, side: Side) -> int | None:
        """The best price of a side of the book, None when it is empty."""
        return self._market(symbol).book.best_price(side)

    def quantity_at(self, symbol: str, side: Side, price: int) -> int:
        """What the book holds at a price, 0 for nothing."""
        return self._market(symbol).book.quantity_at(side, price)

    # ---- questions: accounts -----------------------------------------------------------------------------------------

    def balances(self, account: str) -> dict[str, Balance]:
        """What the account has of every asset of the exchange, by name."""
        return {asset: self._accounts.balance(account, asset) for asset in self._assets}

    def is_open(self, symbol: str, order_id: int) -> bool:
        """True while the order rests on the book."""
        return order_id in self._market(symbol).open

    def open_count(self, account: str, symbol: str) -> int:
        """How many orders of the account rest on the book."""
        return len(self._market(symbol).open_of.get(account, ()))

    def find_order(self, account: str, symbol: str, *, order_id: int | None = None, client_order_id: str = "") -> Order:
        """One order by its id, or the newest one with a client order id; both must agree when both are given.

        :raises Refused: when there is none
        """
        market = self._market(symbol)
        order = market.order(account, order_id) if order_id is not None else market.newest_by_client_id.get((account, client_order_id))
        if order is None or client_order_id not in ("", order.client_order_id):
            raise Refused(Rule.UNKNOWN_ORDER)
        return order.snapshot()

    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """The account's orders that rest on the book, oldest first."""
        markets = self._markets.values() if symbol is None else (self._market(symbol),)
        resting = [order for market in markets for order in market.open_of.get(account, {}).values()]
        return [order.snapshot() for order in sorted(resting, key=lambda order: (order.created_us, order.id))]

    def orders(
        self,
        account: str,
        symbol: str,
        *,
        first_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int | None = None,
    ) -> list[Order]:
        """A page (:func:`.paging.page`) of the account's orders by id and time of creation; the seeded traders' are not kept."""
        known = self._market(symbol).orders_of.get(account, [])
        rows = page(known, _order_id, _created_us, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
        return [order.snapshot() for order in rows]

    def fills(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None = None,
        first_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int | None = None,
    ) -> list[Fill]:
        """A page (:func:`.paging.page`) of the account's trades, or of those of one order; the seeded traders' are not kept."""
        market = self._market(symbol)
        if order_id is None:
            known = market.fills_of.get(account, [])
        else:
            order = market.order(account, order_id)
            known = [] if order is None else order.fills
        return list(page(known, _trade_id, _traded_us, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit))


def _bound(order: LiveOrder, instrument: Instrument) -> tuple[str, int]:
    """What the unfilled part of an order binds: of which asset, how much; a market order, which never waits, binds nothing."""
    binds = order.type is not OrderType.MARKET
    if order.side is Side.BUY:
        return instrument.quote, total(order.price, order.remaining) if binds else 0
    return instrument.base, order.remaining if binds else 0


def _opening(instrument: Instrument, history: Sequence[CandleSeries], start_us: int) -> Instrument:
    """The instrument, opening where its candles end: at the last close, rounded to the nearest tick (half a tick up)."""
    if not history:
        return instrument
    for series in history:
        last = series.candles[-1]
        if last.close_ms >= start_us // 1000:
            raise ValueError(f"the {series.interval} candles of {series.symbol} reach past the exchange's start")
    newest = max(history, key=lambda series: series.candles[-1].close_ms)
    tick = instrument.tick
    price = (newest.bars[-1].close + tick // 2) // tick * tick
    if not instrument.min_price <= price <= instrument.max_price:
        raise ValueError(f"the {newest.interval} candles of {newest.symbol} end at {newest.candles[-1].close}, outside the symbol's prices")
    return replace(instrument, opening_price=price)
