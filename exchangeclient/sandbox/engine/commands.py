"""What the exchange can be told to do: frozen values, no venue's words.

Numbers are scaled integers (see :mod:`.instruments`).
"""

from __future__ import annotations

from msgspec import Struct

from .words import Leg, ListKind, OrderStatus, OrderType, PegKind, SelfTrade, Side, Status, TimeInForce


class Deposit(Struct, frozen=True, gc=False):
    """Put funds into an account (which exists from then on)."""

    account: str
    asset: str
    amount: int


class Withdraw(Struct, frozen=True, gc=False):
    """Take free funds out of an account; refused when they do not suffice."""

    account: str
    asset: str
    amount: int


class Peg(Struct, frozen=True, gc=False):
    """Take the price from the book, once, when the order enters it: of the best level, or of one ``levels`` deeper (0: the best)."""

    kind: PegKind
    levels: int = 0


class Place(Struct, frozen=True, gc=False):
    """A new order. ``quantity`` or, for MARKET only, ``quote_quantity``; ``price`` is 0 for MARKET, STOP_LOSS and TAKE_PROFIT.

    An empty ``client_order_id`` lets the engine make one. ``check_only`` runs every check and changes nothing. The strategy's figures are
    the trader's own notes; they come back with the order. A conditional order has a ``stop_price``, a ``trailing_delta`` (in basis points)
    or both. ``iceberg_quantity`` is how much of it shows on the book at a time (0: all). ``self_trade`` is the symbol's usual mode when
    None. ``routed`` matches across the books of :attr:`Exchange.routes`. ``reduce_only`` never opens a position of a swap or makes one
    larger; every order that closes a ``leg`` is one. ``any_total`` is for venues that know no least total. The ``note`` comes back with the
    order.
    """

    account: str
    symbol: str
    side: Side
    type: OrderType
    quantity: int = 0
    quote_quantity: int = 0
    price: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    client_order_id: str = ""
    check_only: bool = False
    strategy_id: int | None = None
    strategy_type: int | None = None
    stop_price: int = 0
    trailing_delta: int = 0
    iceberg_quantity: int = 0
    self_trade: SelfTrade | None = None
    peg: Peg | None = None
    routed: bool = False
    reduce_only: bool = False
    any_total: bool = False
    note: str = ""
    leg: Leg = Leg.NET


class PlaceList(Struct, frozen=True, gc=False):
    """Orders that depend on each other, in the order that :class:`ListKind` names; all of one account and symbol.

    The pending orders of OPO and OPOCO have no quantity. A refusal of one refuses all.
    """

    kind: ListKind
    orders: tuple[Place, ...]
    client_id: str = ""  # the list's own; made when empty


class Cancel(Struct, frozen=True, gc=False):
    """Cancel an open order, by its id or by its client order id; both must agree when both are given.

    Cancelling an order of a list cancels the whole list.
    """

    account: str
    symbol: str
    order_id: int | None = None
    client_order_id: str = ""
    cancel_id: str = ""  # the cancel's own client id; made when empty
    only: OrderStatus | None = None  # leave the order alone in any other status


class CancelList(Struct, frozen=True, gc=False):
    """Cancel a list, by its id or by its client id; both must agree when both are given."""

    account: str
    symbol: str
    list_id: int | None = None
    client_id: str = ""
    cancel_id: str = ""


class Amend(Struct, frozen=True, gc=False):
    """Make an open order smaller; it keeps its place in the queue. Nothing left of it means that it expires."""

    account: str
    symbol: str
    quantity: int
    order_id: int | None = None
    client_order_id: str = ""
    new_client_order_id: str = ""  # made when empty


class Reprice(Struct, frozen=True, gc=False):
    """Change an open limit order's price, quantity or both (0: as it is). It is a new one to the book, at the back of the queue, unless
    only its quantity shrinks. It keeps its id.
    """

    account: str
    symbol: str
    order_id: int
    price: int = 0
    quantity: int = 0


class SetLeverage(Struct, frozen=True, gc=False):
    """How many times its margin an account's position on a swap may be worth; what is open binds another margin then."""

    account: str
    symbol: str
    leverage: int


class SetHedging(Struct, frozen=True, gc=False):
    """Keep a long and a short position of each swap apart from now on, or net them; refused while there is one or an order."""

    account: str
    hedged: bool


class PayFunding(Struct, frozen=True, gc=False):
    """Let longs and shorts of a swap pay each other."""

    symbol: str


class SetStatus(Struct, frozen=True, gc=False):
    """Halt a symbol, or let it trade again."""

    symbol: str
    status: Status


class Delist(Struct, frozen=True, gc=False):
    """Take a symbol off the exchange: its open orders expire, and it is unknown from then on."""

    symbol: str


class SetFees(Struct, frozen=True, gc=False):
    """What an account pays from now on, on all symbols: rates in units of 10**-8.

    ``discount`` pays in the discount asset, cheaper, as long as there is enough of it.
    """

    account: str
    maker: int
    taker: int
    discount: bool = False


class JoinGroup(Struct, frozen=True, gc=False):
    """Put an account into a trade group, within which self-trade prevention holds as within one account; -1 for none."""

    account: str
    group: int


Command = (
    Deposit
    | Withdraw
    | Place
    | PlaceList
    | Cancel
    | CancelList
    | Amend
    | Reprice
    | SetLeverage
    | SetHedging
    | PayFunding
    | SetStatus
    | Delist
    | SetFees
    | JoinGroup
)
