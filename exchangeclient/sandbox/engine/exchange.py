"""The exchange: takes commands, tells what happened, answers questions. One object, single-threaded, time handed in.

The journeys of an order are told elsewhere: how it comes in (:mod:`.placing`, :mod:`.listing`), meets the book (:mod:`.working`,
:mod:`.crossing`, :mod:`.routing`, :mod:`.prevention`), is changed or ends (:mod:`.amending`, :mod:`.cancelling`, :mod:`.closing`).
What they share is in the :mod:`.hall`. The traders who keep the markets alive are in :mod:`.flow`. No venue is known here:
dialects translate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from operator import attrgetter
from typing import Any

from .accounts import Balance, Fees
from .amending import amend
from .cancelling import cancel_list, cancel_order
from .candles import DAY_MS, Candle, CandleSeries
from .chart import Statistics
from .closing import expire
from .company import Company, Player
from .events import (
    Amend,
    Cancel,
    CancelList,
    Command,
    Delist,
    Deposit,
    Deposited,
    Event,
    ExpiryReason,
    Fill,
    JoinGroup,
    Leg,
    Order,
    OrderAmended,
    OrderList,
    PayFunding,
    Place,
    PlaceList,
    PreventedMatch,
    Refused,
    Reprice,
    Rule,
    SetFees,
    SetHedging,
    SetLeverage,
    SetStatus,
    Side,
    StatusChanged,
    Traded,
    Withdraw,
)
from .flow import STEP_US, Flow
from .fundings import Fundings
from .hall import Hall
from .instruments import DEFAULTS, ROUTES, UNIT, ExchangeRules, Instrument
from .listing import place_list, review
from .market import Market, Party
from .matching import Depth
from .orders import LiveList
from .paging import page
from .placing import check_filters, place
from .positions import close_all, funding_rate, mark_price, pay_funding, room_to_reduce, set_hedging, set_leverage
from .positions import review as review_reducing
from .replay import ACCOUNTS as UNRULED
from .replay import Recording, Replay, with_recorded
from .repricing import reprice
from .routing import FUNDS, ROUTER
from .stakes import Position
from .state import freeze, thaw
from .values import still, with_coherent_openings
from .working import trigger

__all__ = ["Balance", "Candle", "CandleSeries", "Depth", "Exchange", "Fees", "Statistics"]

_order_id, _created_us = attrgetter("state.id"), attrgetter("state.created_us")
_trade_id, _allocation_id, _traded_us = attrgetter("trade_id"), attrgetter("allocation_id"), attrgetter("time_us")
_execution_id, _match_id = attrgetter("execution_id"), attrgetter("id")


_JOURNEYS: Mapping[type, Callable[[Hall, Any], None]] = {
    PlaceList: place_list,
    CancelList: cancel_list,
    Amend: amend,
    Reprice: reprice,
    SetLeverage: set_leverage,
    SetHedging: set_hedging,
    PayFunding: pay_funding,
}


class Exchange:
    """A whole exchange with traders on it.

    The same seed, start, commands and times make the same events and answers, however often it is advanced or asked in between
    (with a longest catch-up: as long as no pause was longer). Nothing but the time changes when a command is refused.

    What follows from a command is part of it: the orders that its trades set off, in the order of these trades, of one trade the oldest
    first; and the orders of lists that wait for one that was filled. Each of them is carried out to its end before the next.
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
        step_us: int = STEP_US,
        recordings: Iterable[Recording] = (),
        rules: ExchangeRules | None = None,
        routes: Mapping[str, tuple[str, ...]] = ROUTES,
    ) -> None:
        """Open every market at its opening price, or at the last close of the candles that are given for it, on the nearest tick.

        :param history: candles by symbol, from files
        :param traders: False leaves the books to the commands alone
        :param longest_catch_up_us: of a pause longer than this the traders skip the beginning, which makes what they do depend on
            when the exchange was advanced; None lets them act at every step of their grid
        :param step_us: how often the traders act
        :param recordings: of symbols whose books are to be as they were recorded; the traders leave these alone
        :param rules: how much an account may have open on all symbols together
        :param routes: by base asset, the symbols whose quote assets count as equal for routed orders, as far as they are listed
        :raises ValueError: when candles are of an unknown symbol, reach past the start, or end at a price that is not allowed
        """
        history = history or {}
        recordings, instruments = list(recordings), list(instruments)
        opened = with_recorded((_opening(each, history.get(each.symbol, ()), start_us) for each in instruments), recordings)
        opened = _numbered(opened, {each.symbol: each.code for each in instruments})
        self._instruments = {each.symbol: each for each in opened}
        routes = _listed(routes, self._instruments)
        if given := {*history, *(each.symbol for each in recordings)}:
            equal = [[self._instruments[symbol].quote for symbol in symbols] for symbols in routes.values()]
            self._instruments = {each.symbol: each for each in with_coherent_openings(opened, given, equal)}
        self._spot = {symbol: each for symbol, each in self._instruments.items() if each.swap is None}
        if unknown := set(history) - set(self._instruments):
            raise ValueError(f"candles of unknown symbols: {', '.join(sorted(unknown))}")
        self._assets = sorted({asset for each in self._instruments.values() for asset in (each.base, each.quote)})
        self._hall = hall = Hall(seed=seed, now_us=start_us, rules=rules or ExchangeRules(), routes=routes)
        motionless = still(self._instruments.values())
        for symbol, instrument in self._instruments.items():
            hall.markets[symbol] = Market(
                instrument, hall.accounts.house, seed=seed, start_us=start_us, history=history.get(symbol, ()), still=motionless
            )
        for quote in sorted({self._instruments[symbol].quote for symbols in hall.routes.values() for symbol in symbols}):
            hall.accounts.deposit(ROUTER, quote, FUNDS)
        hall.accounts.report([], start_us)
        for account in UNRULED if recordings else ():
            hall.accounts.open(account).ruled = False
        players: list[Player] = [Replay(self, each, self.instruments[each.symbol], start_us=start_us) for each in recordings]
        if traders:
            flow = Flow(
                self,
                self.instruments.values(),
                seed=seed,
                start_us=start_us,
                step_us=step_us,
                longest_catch_up_us=longest_catch_up_us,
                played=[each.symbol for each in recordings],
            )
            players.append(flow)
        players += [Fundings(self, each, each.swap, start_us=start_us) for each in self._instruments.values() if each.swap is not None]
        self._company = Company(players)

    # ---- what happens ------------------------------------------------------------------------------------------------

    def advance(self, now_us: int) -> list[Event]:
        """Let the traders act on their own grid of time up to now."""
        self._company.skip(now_us)
        return self._play(now_us)

    def stretches(self, now_us: int, width_us: int) -> Iterator[tuple[int, list[Event]]]:
        """:meth:`advance` piece by piece: the end of each stretch of time, and what happened in it.

        Where nobody acts for long there is no stretch, but the last one is always there.
        """
        self._company.skip(now_us)
        while (end_us := self._company.next_us + width_us) < now_us:
            yield end_us, self._play(end_us)
        yield now_us, self._play(now_us)

    def passes_quietly(self, now_us: int) -> bool:
        """Let time pass in which nobody acts by himself; False, and nothing is done, if somebody does."""
        if self._company.next_us <= now_us:
            return False
        self._hall.now_us = max(self._hall.now_us, now_us)
        return True

    def _play(self, now_us: int) -> list[Event]:
        events = self._company.advance(now_us)
        self._hall.now_us = max(self._hall.now_us, now_us)
        return events

    def execute(self, command: Command, now_us: int) -> list[Event]:
        """Carry one command out and tell what happened, in order.

        :raises Refused: naming the rule; nothing but the time has changed
        :raises ValueError: for a command that makes no sense, which is the caller's mistake
        """
        hall = self._hall
        hall.now_us = now_us if now_us > hall.now_us else hall.now_us
        if isinstance(command, Place):  # the most frequent ones first
            place(hall, command)
        elif isinstance(command, Cancel):
            cancel_order(hall, command)
        else:
            self._execute_other(command)
        if hall.due:
            self._work_off()
        events, hall.events = hall.events, []
        hall.accounts.report(events, hall.now_us)
        return events

    def _work_off(self) -> None:
        """Do what follows from what was done."""
        due = self._hall.due
        while due:
            each = due.popleft()
            if isinstance(each, LiveList):
                review(self._hall, each)
            elif isinstance(each, Party):
                review_reducing(self._hall, each)
            else:
                trigger(self._hall, *each)

    def _execute_other(self, command: Command) -> None:
        hall = self._hall
        journey = _JOURNEYS.get(type(command))
        if journey is not None:
            journey(hall, command)
            return
        match command:
            case Deposit():
                self._move_funds(command.account, command.asset, command.amount, command)
            case Withdraw():
                if hall.accounts.balance(command.account, command.asset).free < command.amount:
                    raise Refused(Rule.INSUFFICIENT_BALANCE)
                self._move_funds(command.account, command.asset, -command.amount, command)
            case SetFees():
                if not (0 <= command.maker <= UNIT and 0 <= command.taker <= UNIT):
                    raise ValueError(f"a rate is between nothing and all: {command}")
                hall.accounts.open(command.account).fees = Fees(command.maker, command.taker, command.discount)
            case JoinGroup():
                hall.accounts.open(command.account).group = command.group
            case SetStatus():
                self._set_status(command)
            case Delist():
                self._delist(command)
            case _:
                raise ValueError(f"not a command: {command}")

    def _move_funds(self, account: str, asset: str, amount: int, command: Deposit | Withdraw) -> None:
        if asset not in self._assets or command.amount <= 0:
            raise ValueError(f"not a deposit or withdrawal that this exchange knows: {command}")
        self._hall.accounts.deposit(account, asset, amount)
        self._hall.events.append(Deposited(account, asset, amount, self._hall.now_us))

    def _set_status(self, command: SetStatus) -> None:
        market = self._hall.market(command.symbol)
        market.instrument = self._instruments[command.symbol] = replace(market.instrument, status=command.status)
        if command.symbol in self._spot:
            self._spot[command.symbol] = market.instrument
        self._hall.events.append(StatusChanged(command.symbol, command.status, self._hall.now_us))

    def _delist(self, command: Delist) -> None:
        hall = self._hall
        market = hall.market(command.symbol)
        for order in list(market.open.values()):
            expire(hall, market.parties[order.state.account], order, ExpiryReason.EXCHANGE_CANCELED)
        self._work_off()
        if market.instrument.swap is not None:
            close_all(hall, market)
        del hall.markets[command.symbol], self._instruments[command.symbol]
        self._spot.pop(command.symbol, None)
        hall.events.append(StatusChanged(command.symbol, None, hall.now_us))

    # ---- kept and taken up again -------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Everything about the exchange, to be restored in this process or another one."""
        for market in self._hall.markets.values():
            market.tape.add_up()  # else it would tell whether a refused order had asked for the average price
        return freeze(self)

    def restore(self, snapshot: bytes) -> None:
        """Become the exchange that the snapshot was taken of, and go on exactly as that one would have.

        :raises ValueError: when it is not a snapshot, of another version, or damaged; then nothing has changed
        """
        thaw(snapshot, into=self)

    # ---- questions: markets ------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """The time of the last command or advance."""
        return self._hall.now_us

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The symbols that are listed, with their rules and what they are open for."""
        return self._instruments

    @property
    def spot(self) -> Mapping[str, Instrument]:
        """Those that are no swaps."""
        return self._spot

    @property
    def rules(self) -> ExchangeRules:
        """How much an account may have open on all symbols together."""
        return self._hall.rules

    @property
    def routes(self) -> Mapping[str, tuple[str, ...]]:
        """By base asset, the symbols whose books routed orders meet; those that were delisted too."""
        return self._hall.routes

    def depth(self, symbol: str, limit: int) -> Depth:
        """The best ``limit`` levels of each side."""
        return self._hall.market(symbol).book.depth(limit)

    def counted(self, symbol: str, side: Side, limit: int) -> list[tuple[int, int, int]]:
        """The best ``limit`` levels of a side as ``(price, quantity, orders)``, best first."""
        return self._hall.market(symbol).book.counted(side, limit)

    def update_id(self, symbol: str) -> int:
        """The id of the last change of the symbol's book."""
        return self._hall.market(symbol).book.last_update_id

    def trades(self, symbol: str) -> Sequence[Traded]:
        """The public trades, oldest first, ids dense from 1; the last :data:`.tape.TRADES_KEPT` at least."""
        return self._hall.market(symbol).tape.trades

    def last_price(self, symbol: str) -> int:
        """The price of the last trade, the opening price before the first one."""
        return self._hall.market(symbol).tape.last_price

    def average_price(self, symbol: str, minutes: int) -> int:
        """The volume weighted price of the last minutes, the last price when nothing was traded in them."""
        return self._hall.market(symbol).tape.average_price(minutes, self.now_us)

    def band_price(self, symbol: str) -> int:
        """What the symbol's price band is measured by."""
        return self._hall.market(symbol).band_price(self.now_us)

    def reference_price(self, symbol: str) -> tuple[int | None, int]:
        """The symbol's own reference price and its time; None while nothing was traded lately, and for a symbol that has none at all
        (its :attr:`.Instrument.reference` is None).
        """
        return self._hall.market(symbol).reference_price(self.now_us), self.now_us

    def statistics(self, symbol: str) -> Statistics:
        """The last 24 hours in figures, from a full minute on."""
        now_ms = self.now_us // 1000
        return self.window(symbol, now_ms - DAY_MS, now_ms)

    def window(self, symbol: str, start_ms: int, end_ms: int) -> Statistics:
        """A time in figures, from a full minute on to the end (included); what there was before the exchange's start counts too."""
        return self._hall.market(symbol).chart.window(start_ms, end_ms)

    def candles(
        self, symbol: str, interval: str, *, start_ms: int | None, end_ms: int | None, limit: int, offset_ms: int = 0
    ) -> list[Candle]:
        """Candles by open time, oldest first, the current one included.

        With neither time the newest ``limit``; from ``start_ms`` on the oldest; with ``end_ms`` alone the newest up to it.

        :param offset_ms: how far the clocks are ahead of UTC by whose hours, days, weeks and months the candles open
        """
        chart = self._hall.market(symbol).chart
        return chart.candles(interval, now_ms=self.now_us // 1000, start_ms=start_ms, end_ms=end_ms, limit=limit, offset_ms=offset_ms)

    def mark_price(self, symbol: str) -> int:
        """By which positions on a swap are valued."""
        return mark_price(self._hall, self._hall.market(symbol))

    def open_interest(self, symbol: str) -> int:
        """How much of a swap is held long, which is as much as is held short."""
        parties = self._hall.market(symbol).parties.values()
        return sum(each.quantity for party in parties for each in party.legs.values() if each.quantity > 0)

    def funding_rate(self, symbol: str) -> int:
        """What longs of a swap would pay shorts now, as a part of a position's worth."""
        return funding_rate(self._hall, self._hall.market(symbol))

    def fundings(self, symbol: str) -> Sequence[tuple[int, int]]:
        """When longs and shorts of a swap have paid each other, and at which rate, oldest first."""
        return self._hall.market(symbol).fundings

    def best_price(self, symbol: str, side: Side) -> int | None:
        """The best price of a side of the book, None when it is empty."""
        return self._hall.market(symbol).book.best_price(side)

    def quantity_at(self, symbol: str, side: Side, price: int) -> int:
        """What the book shows at a price, 0 for nothing."""
        return self._hall.market(symbol).book.quantity_at(side, price)

    def resting(self, symbol: str, order_id: int) -> int:
        """What of an order may still trade, 0 for nothing."""
        order = self._hall.market(symbol).open.get(order_id)
        return 0 if order is None else order.remaining

    # ---- questions: accounts -----------------------------------------------------------------------------------------

    def balances(self, account: str) -> dict[str, Balance]:
        """What the account has of every asset of the exchange, by name."""
        return {asset: self._hall.accounts.balance(account, asset) for asset in self._assets}

    def fees(self, account: str) -> Fees:
        """What the account pays."""
        known = self._hall.accounts.get(account)
        return Fees() if known is None else known.fees

    def positions(self, account: str, symbol: str) -> Mapping[Leg, Position]:
        """What the account holds of a swap, by leg; it is not to be changed. Nothing for a symbol that is none."""
        return self._hall.party(self._hall.market(symbol), account).legs

    def is_hedged(self, account: str) -> bool:
        """Whether the account keeps long and short positions apart."""
        known = self._hall.accounts.get(account)
        return known is not None and known.hedged

    def reducible(self, account: str, symbol: str, side: Side, leg: Leg) -> int:
        """How much an order that only reduces could have; 0 for nothing."""
        return max(0, room_to_reduce(self._hall.party(self._hall.market(symbol), account), side, leg))

    def check_filters(self, wish: Place) -> None:
        """Refuse an order for what can be told without looking at the account: its symbol, what that offers, its rules.

        :raises Refused: naming the rule
        :raises ValueError: for an order that makes no sense
        """
        check_filters(self._hall, wish)

    def is_open(self, symbol: str, order_id: int) -> bool:
        """True while the order may still trade, or waits for that."""
        return order_id in self._hall.market(symbol).open

    def open_count(self, account: str, symbol: str) -> int:
        """How many orders the account has open."""
        party = self._party(account, symbol)
        return 0 if party is None else len(party.open)

    def find_order(self, account: str, symbol: str, *, order_id: int | None = None, client_order_id: str = "") -> Order:
        """One order by its id, or the newest one with a client order id; both must agree when both are given.

        :raises Refused: when there is none
        """
        party = self._party(account, symbol)
        if party is None:
            raise Refused(Rule.UNKNOWN_ORDER)
        order = party.newest(client_order_id) if order_id is None else party.order(order_id)
        if order is None or client_order_id not in ("", order.state.client_order_id):
            raise Refused(Rule.UNKNOWN_ORDER)
        return order.state

    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """The account's orders that may still trade or wait for that, oldest first."""
        markets = self._hall.markets.values() if symbol is None else (self._hall.market(symbol),)
        parties = [market.parties[account] for market in markets if account in market.parties]
        return sorted((order.state for party in parties for order in party.open.values()), key=attrgetter("created_us", "id"))

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
        """A page (:func:`.paging.page`) of the account's orders by id and time of creation; the engine's own are not kept."""
        party = self._party(account, symbol)
        known = [] if party is None else party.orders
        rows = page(known, _order_id, _created_us, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
        return [order.state for order in rows]

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
        """A page (:func:`.paging.page`) of the account's trades, or of those of one order; the engine's own are not kept."""
        party = self._party(account, symbol)
        if party is None:
            return []
        known = party.fills if order_id is None else party.fills_of(order_id)
        return list(page(known, _trade_id, _traded_us, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit))

    def allocations(
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
        """A page (:func:`.paging.page`) of what routed orders got, which is not among the :meth:`fills`."""
        party = self._party(account, symbol)
        known = [] if party is None else party.allocations
        if order_id is not None:
            known = [each for each in known if each.order_id == order_id]
        return list(page(known, _allocation_id, _traded_us, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit))

    def prevented_matches(
        self,
        account: str,
        symbol: str,
        *,
        match_id: int | None = None,
        order_id: int | None = None,
        first_id: int | None = None,
        limit: int | None = None,
    ) -> list[PreventedMatch]:
        """A page of the matches of the account's orders that self-trade prevention kept from trading, oldest first."""
        party = self._party(account, symbol)
        known = [] if party is None else party.prevented
        if match_id is not None:
            known = [each for each in known if each.id == match_id]
        if order_id is not None:
            known = [each for each in known if order_id in (each.taker_order_id, each.maker_order_id)]
        return list(page(known, _match_id, _traded_us, first_id=first_id, limit=limit))

    def amendments(
        self, account: str, symbol: str, order_id: int, *, first_id: int | None = None, limit: int | None = None
    ) -> list[OrderAmended]:
        """A page of the amendments of one of the account's orders, oldest first."""
        market, party = self._hall.market(symbol), self._party(account, symbol)
        known = [] if party is None or party.order(order_id) is None else market.amendments.get(order_id, [])
        return list(page(known, _execution_id, _traded_us, first_id=first_id, limit=limit))

    def find_list(self, account: str, *, list_id: int | None = None, client_id: str = "") -> OrderList:
        """One list by its id, or the newest one with a client id; both must agree when both are given.

        :raises Refused: when there is none
        """
        for live in reversed(self._lists(account)):
            state = live.state
            if state.id == list_id or (list_id is None and state.client_id == client_id):
                if client_id not in ("", state.client_id):
                    break
                return state
        raise Refused(Rule.UNKNOWN_ORDER)

    def lists(
        self,
        account: str,
        *,
        first_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int | None = None,
    ) -> list[OrderList]:
        """A page (:func:`.paging.page`) of the account's lists by id and time of creation; the engine's own are not kept."""
        rows = page(self._lists(account), _order_id, _created_us, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
        return [live.state for live in rows]

    def open_lists(self, account: str) -> list[OrderList]:
        """The account's lists of which an order may still trade, oldest first."""
        known = self._hall.accounts.get(account)
        return [] if known is None else [live.state for live in known.open_lists.values()]

    def _party(self, account: str, symbol: str) -> Party | None:
        return self._hall.market(symbol).parties.get(account)

    def _lists(self, account: str) -> list[LiveList]:
        known = self._hall.accounts.get(account)
        return [] if known is None else known.lists


def _numbered(instruments: Iterable[Instrument], codes: Mapping[str, int]) -> list[Instrument]:
    """The instruments with a number each: of the symbols that had one, theirs; of others the next that is free."""
    free = count(max(codes.values(), default=0) + 1)
    return [replace(each, code=codes.get(each.symbol) or next(free)) for each in instruments]


def _listed(routes: Mapping[str, tuple[str, ...]], instruments: Mapping[str, Instrument]) -> dict[str, tuple[str, ...]]:
    """The routes as far as they lead over symbols that are listed, and over more than one."""
    known = {base: tuple(symbol for symbol in symbols if symbol in instruments) for base, symbols in routes.items()}
    return {base: symbols for base, symbols in known.items() if len(symbols) > 1}


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
