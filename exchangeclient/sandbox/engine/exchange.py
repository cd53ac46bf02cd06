"""The exchange: takes commands, tells what happened, answers questions. One object, single-threaded, time handed in.

The journeys of an order are told elsewhere: how it comes in (:mod:`.placing`, :mod:`.listing`), meets the book (:mod:`.working`,
:mod:`.crossing`, :mod:`.routing`, :mod:`.prevention`), is changed or ends (:mod:`.amending`, :mod:`.cancelling`, :mod:`.closing`).
What they share is in the :mod:`.hall`. Questions are answered in :mod:`.market_view` and :mod:`.account_view`. The traders who keep the
markets alive are in :mod:`.flow`. No venue is known here: dialects translate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from .account_view import AccountView
from .accounts import Balance, Fees
from .amending import amend
from .cancelling import cancel_list, cancel_order
from .candles import Candle, CandleSeries
from .chart import Statistics
from .closing import expire
from .commands import (
    Amend,
    Cancel,
    CancelList,
    Command,
    Delist,
    Deposit,
    JoinGroup,
    PayFunding,
    Place,
    PlaceList,
    Reprice,
    SetFees,
    SetHedging,
    SetLeverage,
    SetStatus,
    Withdraw,
)
from .company import Company, Player
from .events import Deposited, Event, StatusChanged
from .flow import STEP_US, Flow
from .fundings import Fundings
from .hall import Hall
from .instruments import DEFAULTS, ROUTES, UNIT, ExchangeRules, Instrument
from .listing import place_list, review
from .market import Market, Party
from .market_view import MarketView
from .matching import Depth
from .orders import LiveList
from .placing import check_filters, place
from .positions import close_all, pay_funding, set_hedging, set_leverage
from .positions import review as review_reducing
from .refusals import Refused, Rule
from .replay import ACCOUNTS as UNRULED
from .replay import Recording, Replay, with_recorded
from .repricing import reprice
from .routing import FUNDS, ROUTER
from .state import freeze, thaw
from .values import still, with_coherent_openings
from .words import ExpiryReason
from .working import trigger

__all__ = ["Balance", "Candle", "CandleSeries", "Depth", "Exchange", "Fees", "Statistics"]

_JOURNEYS: Mapping[type, Callable[[Hall, Any], None]] = {
    PlaceList: place_list,
    CancelList: cancel_list,
    Amend: amend,
    Reprice: reprice,
    SetLeverage: set_leverage,
    SetHedging: set_hedging,
    PayFunding: pay_funding,
}


class Exchange(MarketView, AccountView):
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

    def check_filters(self, wish: Place) -> None:
        """Refuse an order for what can be told without looking at the account: its symbol, what that offers, its rules.

        :raises Refused: naming the rule
        :raises ValueError: for an order that makes no sense
        """
        check_filters(self._hall, wish)

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
