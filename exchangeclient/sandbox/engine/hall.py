"""What every journey of an order shares: the markets, the accounts, the time, and the command that is being carried out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from random import Random

from .accounts import Account, Accounts, Purse
from .events import Event, LevelChanged
from .instruments import ExchangeRules
from .market import Market, Party
from .orders import LiveList, LiveOrder
from .refusals import Refused, Rule
from .stakes import Position
from .words import Leg, Side


class Hall:
    """The exchange's state and the tools of those who change it."""

    def __init__(self, *, seed: int, now_us: int, rules: ExchangeRules, routes: Mapping[str, tuple[str, ...]]) -> None:
        self.now_us = now_us
        self.rules = rules
        self.routes = dict(routes)
        self.accounts = Accounts()
        self.markets: dict[str, Market] = {}
        self.lists: dict[int, LiveList] = {}  # the open ones
        self.last_list_id = 0
        self.last_execution_id = 0
        self.last_allocation_id = 0
        # Of the command in hand: what happened, and what is still to be done about it.
        self.events: list[Event] = []
        self.due: deque[tuple[Market, LiveOrder] | LiveList | Party] = deque()
        self._ids = Random(f"{seed}/ids")

    def market(self, symbol: str) -> Market:
        """A symbol that is listed.

        :raises Refused: when there is none
        """
        market = self.markets.get(symbol)
        if market is None:
            raise Refused(Rule.UNKNOWN_SYMBOL)
        return market

    def party(self, market: Market, name: str) -> Party:
        """An account on a symbol. One that was never there is made on approval: :meth:`admit` takes it in."""
        party = market.parties.get(name)
        if party is None:
            account = self.accounts.get(name) or Account(name)
            instrument = market.instrument
            swap = instrument.swap
            base, quote = (account.purses.get(asset) or Purse(name, asset) for asset in (instrument.base, instrument.quote))
            if swap is not None:
                base = quote = base if swap.inverse else quote
            party = Party(market, account, base, quote)
            if swap is not None:
                party.legs = {leg: Position(leg, swap.leverage) for leg in Leg}
        return party

    def admit(self, party: Party) -> None:
        """Take in a party that places its first order."""
        party.market.parties[party.account.name] = party
        self.accounts.adopt(party.account, (party.base, party.quote))

    def made_id(self) -> str:
        """A client order id for who gave none."""
        return self._ids.getrandbits(88).to_bytes(11, "big").hex()

    def level(self, market: Market, side: Side, price: int, quantity: int) -> None:
        """Tell that a level of the book changed."""
        book = market.book
        self.events.append(LevelChanged(market.instrument.symbol, book.last_update_id, side, price, quantity, self.now_us))
