"""What can be asked of an exchange's accounts: balances, positions, orders and what became of them. Asking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from .accounts import Balance, Fees
from .events import Fill, Order, OrderAmended, OrderList, PreventedMatch
from .hall import Hall
from .market import Party
from .orders import LiveList
from .paging import page
from .positions import room_to_reduce
from .refusals import Refused, Rule
from .stakes import Position
from .words import Leg, Side

_order_id, _created_us = attrgetter("state.id"), attrgetter("state.created_us")
_trade_id, _allocation_id, _traded_us = attrgetter("trade_id"), attrgetter("allocation_id"), attrgetter("time_us")
_execution_id, _match_id = attrgetter("execution_id"), attrgetter("id")


class AccountView:
    """What the owner of an account may see of an :class:`~.exchange.Exchange`."""

    _hall: Hall
    _assets: list[str]

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
