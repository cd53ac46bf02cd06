"""Binance's aggregate trades: what one taker order traded at one price and time, under dense ids of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType

from msgspec import Struct

from exchangeclient.sandbox.engine.events import Event, Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.paging import page

KEPT = 10_000

_id, _time_us = attrgetter("id"), attrgetter("time_us")


class Aggregate(Struct, array_like=True):
    """One aggregate; it grows while its order goes on trading."""

    symbol: str
    id: int
    price: int
    quantity: int
    first_id: int
    last_id: int
    time_us: int
    buyer_is_maker: bool
    taker_order_id: int

    def takes(self, trade: Traded) -> bool:
        """True if the trade belongs in here."""
        return (trade.taker_order_id, trade.price, trade.time_us) == (self.taker_order_id, self.price, self.time_us)


class Aggregates:
    """The aggregate trades of every symbol, at least the last :data:`KEPT` of each.

    :param known: those from before, where the exchange was restored; it has forgotten the trades of some of them, and their count
    """

    def __init__(self, exchange: Exchange, known: Mapping[str, list[Aggregate]] = MappingProxyType({})) -> None:
        self._of = {symbol: known.get(symbol, []) for symbol in exchange.spot}
        for symbol in exchange.spot:
            if symbol not in known:
                self.observe(exchange.trades(symbol))

    @property
    def known(self) -> Mapping[str, list[Aggregate]]:
        """All that are kept, by symbol."""
        return self._of

    def observe(self, events: Iterable[Event]) -> list[Aggregate]:
        """Count trades in; the new aggregates, complete because an order trades within one step."""
        new: list[Aggregate] = []
        for trade in events:
            if isinstance(trade, Traded) and trade.symbol in self._of:  # swaps are another venue's
                known = self._of[trade.symbol]
                if known and known[-1].takes(trade):
                    known[-1].quantity += trade.quantity
                    known[-1].last_id = trade.trade_id
                else:
                    new.append(self._open(known, trade))
        return new

    def _open(self, known: list[Aggregate], trade: Traded) -> Aggregate:
        if len(known) > KEPT + KEPT // 10:
            del known[: len(known) - KEPT]
        known.append(
            Aggregate(
                trade.symbol,
                known[-1].id + 1 if known else 1,
                trade.price,
                trade.quantity,
                trade.trade_id,
                trade.trade_id,
                trade.time_us,
                trade.buyer_is_maker,
                trade.taker_order_id,
            )
        )
        return known[-1]

    def page(
        self, symbol: str, *, first_id: int | None = None, start_us: int | None = None, end_us: int | None = None, limit: int
    ) -> Sequence[Aggregate]:
        """A page (:func:`~exchangeclient.sandbox.engine.paging.page`) of them."""
        return page(self._of[symbol], _id, _time_us, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
