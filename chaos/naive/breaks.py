"""Ways to spoil the engine on purpose. A proof that does not notice them proves nothing.

Each takes ``patch(owner, name, replacement)``: ``setattr`` in a process of its own, monkeypatch's in a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exchangeclient.sandbox.engine import crossing, listing, lists, placing, prevention, routing, triggers, working
from exchangeclient.sandbox.engine.accounts import Purse
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.market import Market
from exchangeclient.sandbox.engine.matching import Book, Level, Reach
from exchangeclient.sandbox.engine.orders import LiveOrder, rises
from exchangeclient.sandbox.engine.triggers import Triggers
from exchangeclient.sandbox.engine.words import SelfTrade, Side

Patch = Callable[[Any, str, Any], None]
Break = Callable[[Patch], None]


def _level(book: Book, order: LiveOrder) -> Level:
    return book.side(order.state.side).levels[order.price]


def newest_first(patch: Patch) -> None:
    """Of the orders of one price, the newest trades first."""
    rest = Book.rest

    def spoilt(book: Book, order: LiveOrder) -> int:
        shown = rest(book, order)
        level = _level(book, order)
        level.queue.insert(level.head, level.queue.pop())
        return shown

    patch(Book, "rest", spoilt)


def iceberg_keeps_its_place(patch: Patch) -> None:
    """The next part of an iceberg stays ahead of those who came before it."""
    patch(Level, "requeue", lambda _level: None)


def iceberg_shows_itself(patch: Patch) -> None:
    """All of an iceberg can be seen."""

    def spoilt(order: LiveOrder) -> None:
        order.visible = order.remaining

    patch(LiveOrder, "show", spoilt)


def amend_loses_its_place(patch: Patch) -> None:
    """An amended order goes to the back of the queue."""
    shrink = Book.shrink

    def spoilt(book: Book, order: LiveOrder, remaining: int) -> int:
        shown = shrink(book, order, remaining)
        queue = _level(book, order).queue
        queue.remove(order)
        queue.append(order)
        return shown

    patch(Book, "shrink", spoilt)


def total_rounded_up(patch: Patch) -> None:
    """A trade's total is rounded up to the last digit, not cut."""

    def spoilt(symbol: str, trade_id: int, price: int, quantity: int, quote: int, *rest: Any) -> Traded:
        return Traded(symbol, trade_id, price, quantity, quote + 1, *rest)

    patch(crossing, "Traded", spoilt)


def commission_forgotten(patch: Patch) -> None:
    """Who pays in the discount asset pays nothing."""

    def spoilt(_hall: Any, _account: Any, received: Purse, _charge: int) -> tuple[Purse, int]:
        return received, 0

    patch(crossing, "discounted", spoilt)


def money_from_nowhere(patch: Patch) -> None:
    """Each trade leaves its maker with the smallest unit too much."""
    settle = crossing.settle

    def spoilt(hall: Any, party: Any, order: LiveOrder, traded: Traded, *, maker: bool, allocation_id: int = -1) -> None:
        settle(hall, party, order, traded, maker=maker, allocation_id=allocation_id)
        party.base.free += maker

    patch(crossing, "settle", spoilt)


def trigger_on_the_wrong_side(patch: Patch) -> None:
    """Stops wait for the price to go the other way."""
    patch(triggers, "rises", lambda side, kind: not rises(side, kind))


def youngest_trigger_first(patch: Patch) -> None:
    """Of the orders that one trade sets off, the youngest goes first."""
    passed = Triggers.passed
    patch(Triggers, "passed", lambda waiting, price, now_us: passed(waiting, price, now_us)[::-1])


def trail_follows_both_ways(patch: Patch) -> None:
    """A trailing stop also follows the price when that comes back."""

    def spoilt(_waiting: Triggers, trails: list[Any], price: int, **_side: bool) -> None:
        for trail in trails:
            trail.extreme = price

    patch(Triggers, "_extend", spoilt)


def self_trade_allowed(patch: Patch) -> None:
    """Orders of one owner trade with each other whatever they say."""
    patch(crossing, "one_owner", lambda _taker, _maker: False)


def transfer_moves_nothing(patch: Patch) -> None:
    """Between accounts of a group a transfer only makes both orders smaller."""
    patch(prevention, "transfers", lambda _taker, _maker: False)


def transfer_across_books(patch: Patch) -> None:
    """A transfer moves something even where both would pay in different assets."""
    patch(prevention, "_may_hand_over", lambda taker, maker: maker.self_trade is SelfTrade.TRANSFER and taker.account != maker.account)


def routed_stays_at_home(patch: Patch) -> None:
    """Routed orders meet the book of their own symbol alone."""
    patch(routing, "_markets", lambda _hall, home, *_order: [home])


def router_never_runs_out(patch: Patch) -> None:
    """Routed orders meet books at which the router cannot pay."""
    patch(routing, "reach", lambda *_anything: Reach(0, 0, exhausted=False))


def routed_trades_with_itself(patch: Patch) -> None:
    """Routed orders trade with others of their owner."""
    patch(routing, "one_owner", lambda _taker, _maker: False)


def fill_or_kill_in_part(patch: Patch) -> None:
    """A fill-or-kill order takes what it can get."""
    patch(working, "_falls_short", lambda _hall, _market, _order: False)


def twin_survives(patch: Patch) -> None:
    """One order of a pair trades, the other one stays."""
    patch(lists, "claim", lambda _hall, _party, _order: None)


def pending_too_early(patch: Patch) -> None:
    """Pending orders begin although their working order was only filled in part."""
    patch(listing, "is_filled", lambda order: order.state.executed > 0)


def proceeds_not_kept(patch: Patch) -> None:
    """What a working order bought may be spent before the orders that are to sell it begin."""
    patch(lists, "bind_proceeds", lambda _hall, _party, _order, _fill: None)


def halt_ignored(patch: Patch) -> None:
    """Orders come in while the symbol does not trade."""
    patch(Exchange, "_set_status", lambda _exchange, _command: None)


def counts_ignored(patch: Patch) -> None:
    """Any number of orders may be open."""
    patch(placing, "check_counts", lambda *_anything: None)


def range_ignored(patch: Patch) -> None:
    """A taker trades as far from the reference price as the book goes."""

    def spoilt(_market: Market, _side: Side, _now_us: int) -> tuple[int, int]:
        return 0, 1 << 200

    patch(Market, "bounds", spoilt)


BREAKS: dict[str, Break] = {
    each.__name__.replace("_", "-"): each
    for each in (
        newest_first,
        iceberg_keeps_its_place,
        iceberg_shows_itself,
        amend_loses_its_place,
        total_rounded_up,
        commission_forgotten,
        money_from_nowhere,
        trigger_on_the_wrong_side,
        youngest_trigger_first,
        trail_follows_both_ways,
        self_trade_allowed,
        transfer_moves_nothing,
        transfer_across_books,
        routed_stays_at_home,
        router_never_runs_out,
        routed_trades_with_itself,
        fill_or_kill_in_part,
        twin_survives,
        pending_too_early,
        proceeds_not_kept,
        halt_ignored,
        counts_ignored,
        range_ignored,
    )
}
