"""Orders of one owner that would trade with each other: what becomes of them, by the taker's mode.

An owner is an account, or a group of accounts that joined. What is prevented is counted on the order: quantity - executed -
prevented is what may still trade. An order of which prevention leaves nothing is EXPIRED_IN_MATCH.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from . import lists
from .binding import purse_of, shrunk
from .closing import end, leave
from .commands import Place
from .events import Order, OrderPrevented, PreventedMatch
from .hall import Hall
from .instruments import total
from .market import Market, Party
from .matching import Level
from .orders import LiveOrder
from .words import OrderStatus, SelfTrade, Side

_NONE, _TRANSFER, _EXPIRE_MAKER = SelfTrade.NONE, SelfTrade.TRANSFER, SelfTrade.EXPIRE_MAKER
_SHRINKING = (_NONE, SelfTrade.DECREMENT, _TRANSFER)

Owner = tuple[SelfTrade, int]
"""What decides about an order's meetings with its owner's others: its mode and its account's trade group."""


def one_owner(taker: Order, maker: Order) -> bool:
    """True when both orders belong to one account or to one group."""
    return taker.account == maker.account or (taker.group != -1 and taker.group == maker.group)


def transfers(taker: Order, maker: Order) -> bool:
    """True when what would trade between two accounts of a group is handed over instead.

    Not at the book of another symbol, where the two would pay in different assets.
    """
    return taker.self_trade is _TRANSFER and _may_hand_over(taker, maker)


def _may_hand_over(taker: Place | Order, maker: Order) -> bool:
    return maker.self_trade is _TRANSFER and taker.account != maker.account and taker.symbol == maker.symbol


def prevent(hall: Hall, party: Party, taker: LiveOrder, market: Market, maker: LiveOrder) -> None:
    """Keep two orders of one owner from trading. Both owners find it at the taker's symbol, whose ids it is counted by.

    :param market: where the maker rests, not always the taker's own symbol when that is routed
    """
    home, takes, makes = party.market, taker.state, maker.state
    mode = takes.self_trade
    transfer = transfers(takes, makes)
    if mode is SelfTrade.DECREMENT or mode is _TRANSFER:
        off_taker = off_maker = min(taker.remaining, maker.visible)
    else:
        off_taker = 0 if mode is _EXPIRE_MAKER else taker.remaining
        off_maker = 0 if mode is SelfTrade.EXPIRE_TAKER else maker.remaining
    home.last_match_id += 1
    match = PreventedMatch(
        home.instrument.symbol,
        home.last_match_id,
        takes.account,
        takes.id,
        makes.account,
        makes.symbol,
        makes.id,
        takes.group,
        mode if mode is not _TRANSFER or transfer else SelfTrade.DECREMENT,
        maker.price,
        off_taker,
        off_maker,
        hall.now_us,
    )
    other = market.parties[makes.account]
    for each in dict.fromkeys((party, other if market is home else _at_home(hall, home, makes.account))):
        if each.account.kept:
            each.prevented.append(match)
    if off_maker:
        if makes.list_id != -1:
            lists.claim(hall, other, maker)
        _take_off_maker(hall, other, maker, match, paid=transfer)
    if off_taker:
        _count(hall, party, taker, match, off_taker, paid=transfer)
        taker.remaining -= off_taker
        taker.show()
    if transfer:
        buyer, seller = (party, other) if takes.side is Side.BUY else (other, party)
        _hand_over(hall, buyer, seller, match)


def _at_home(hall: Hall, home: Market, account: str) -> Party:
    """The maker's owner on the taker's symbol, where he may never have been before."""
    party = hall.party(home, account)
    hall.admit(party)
    return party


def _take_off_maker(hall: Hall, party: Party, maker: LiveOrder, match: PreventedMatch, *, paid: bool) -> None:
    quantity, price, side = match.maker_prevented, maker.price, maker.state.side
    _count(hall, party, maker, match, quantity, paid=paid)
    if quantity < maker.remaining or quantity == maker.visible:
        hall.level(party.market, side, price, party.market.book.take(maker, quantity))
        if not maker.remaining:
            end(hall, party, maker)
    else:
        leave(hall, party, maker)
        maker.remaining = maker.visible = 0


def _count(hall: Hall, party: Party, order: LiveOrder, match: PreventedMatch, quantity: int, *, paid: bool) -> None:
    """Count on the order what is taken off it, and give back what that bound, unless it is paid with it."""
    state, quote = order.state, total(match.price, quantity)
    over = quantity == order.remaining
    order.state = structs.replace(
        state,
        status=OrderStatus.EXPIRED_IN_MATCH if over else state.status,
        on_book=state.on_book and not over,
        updated_us=hall.now_us,
        special=state.specially(prevented=state.prevented + quantity, prevented_quote=state.prevented_quote + quote, match_id=match.id),
    )
    hall.events.append(OrderPrevented(order.state, match, quantity, hall.now_us))
    bound = shrunk(party, order, order.remaining - quantity)
    released, order.bound = order.bound - bound, bound
    purse = purse_of(party, state.side)
    spent = 0 if not paid else quote if state.side is Side.BUY else quantity
    purse.locked -= released
    purse.free += released - spent
    hall.accounts.touched[purse] = None


def _hand_over(hall: Hall, buyer: Party, seller: Party, match: PreventedMatch) -> None:
    """Let both receive what the other one has paid; it is no trade, so there is no commission."""
    quantity = match.taker_prevented
    for purse, amount in ((buyer.base, quantity), (seller.quote, total(match.price, quantity))):
        purse.free += amount
        hall.accounts.touched[purse] = None


# ---- what an order may count on ----------------------------------------------------------------------------------


def offers(levels: Iterable[tuple[int, Level]], place: Place | Order, owner: Owner) -> Iterator[tuple[int, int]]:
    """What an order would really meet: makers that it expires are passed over, and where another mode would stop it, the offers end.

    Hidden parts come to their turn behind everything that is visible at their price.

    :param levels: the price levels in its way, from the best one on
    """
    mode, group = owner
    for price, level in levels:
        quantity = level.quantity + level.hidden
        if mode is _NONE:
            yield price, quantity
            continue
        ahead = 0
        for maker in level.orders():
            state = maker.state
            owned = state.account == place.account or (group != -1 and state.group == group)
            if owned and mode is _EXPIRE_MAKER:
                quantity -= maker.remaining
            elif owned and not (mode is _TRANSFER and _may_hand_over(place, state)):
                yield price, ahead
                return
            else:
                ahead += maker.visible
        yield price, quantity


def dearest_offers(levels: Iterable[tuple[int, Level]], place: Place | Order, owner: Owner) -> Iterator[tuple[int, int]]:
    """The same for what an order could cost at most: as if it shrank by nothing that prevention takes off it."""
    mode, group = owner
    return offers(levels, place, (_NONE if mode in _SHRINKING else mode, group))
