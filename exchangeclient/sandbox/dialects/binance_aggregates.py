"""Binance's aggregate trades: what one taker order traded at one price and time, under dense ids of their own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchangeclient.sandbox.engine.events import Event, Traded
from exchangeclient.sandbox.engine.exchange import Exchange

KEPT = 100_000


@dataclass(slots=True)
class Aggregate:
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
    """The aggregate trades of every symbol, at least the last :data:`KEPT` of each."""

    def __init__(self, exchange: Exchange) -> None:
        self._of: dict[str, list[Aggregate]] = {symbol: [] for symbol in exchange.instruments}
        for symbol in exchange.instruments:
            self.observe(exchange.trades(symbol))

    def observe(self, events: Iterable[Event]) -> list[Aggregate]:
        """Count trades in; the new aggregates, complete because an order trades within one step."""
        new: list[Aggregate] = []
        for trade in events:
            if isinstance(trade, Traded):
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

    def newest(self, symbol: str, limit: int) -> Sequence[Aggregate]:
        """The last ones, oldest first."""
        return self._of[symbol][-limit:]

    def from_id(self, symbol: str, first_id: int, limit: int) -> Sequence[Aggregate]:
        """Those from an id on."""
        known = self._of[symbol]
        start = bisect_left(known, first_id, key=lambda each: each.id)
        return known[start : start + limit]

    def between(self, symbol: str, start_us: int | None, end_us: int | None, limit: int) -> Sequence[Aggregate]:
        """Those from a time on, up to and with another; with an end alone the last ones before it."""
        known = self._of[symbol]
        end = len(known) if end_us is None else bisect_left(known, end_us + 1, key=lambda each: each.time_us)
        if start_us is None:
            return known[max(0, end - limit) : end]
        start = bisect_left(known, start_us, key=lambda each: each.time_us)
        return known[start : min(end, start + limit)]
