"""One vocabulary over any venue: what a :class:`Desk` can be asked, and the values that it answers with. Pure.

The words of sides, types and states are those of :mod:`exchangeclient.enums`. Figures are exact decimals, None where the venue says
nothing. Times are milliseconds since 1970. ``raw`` is what the venue itself said. Lists are oldest first. An adapter for each venue is in
its ``desk.py``; a program takes one from :func:`exchangeclient.desk.desk_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, Protocol, get_args

from exchangeclient.enums import OrderStatus, OrderType, Side, TimeInForce
from exchangeclient.numbers import Number

Contract = Literal["", "swap", "this_week", "next_week", "this_month", "next_month", "quarter", "next_quarter"]
"""What is traded of a pair: the coin itself (spot), a perpetual swap, or a future by the word for when it ends."""

Capability = Literal[
    "ticker", "tickers", "book", "trades", "klines", "instruments",
    "balances", "place", "cancel", "order", "open_orders", "history",
    "positions", "set_leverage", "funding", "ask",
]  # fmt: skip
"""A method of a :class:`Desk`."""

CAPABILITIES: Final[tuple[Capability, ...]] = get_args(Capability)

PositionSide = Literal["LONG", "SHORT"]


@dataclass(frozen=True, slots=True)
class Market:
    """What is traded, in words of no venue.

    :ivar base: the coin that is bought and sold, in capitals
    :ivar quote: what it is paid with
    :ivar contract: empty for spot
    """

    base: str
    quote: str
    contract: Contract | str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What can be traded at a venue, with the rules of its orders.

    :ivar name: the venue's own
    :ivar settle: the currency in which a contract is settled; empty for spot
    :ivar trading: whether it can be traded now
    :ivar tick: step of prices
    :ivar step: step of quantities
    :ivar min_quantity: of one order
    :ivar max_quantity: of one limit order
    :ivar min_total: of price times quantity
    :ivar max_total: of price times quantity
    :ivar contract_value: what one contract is worth, in ``contract_currency``; None for spot, where quantities are of the base coin
    :ivar inverse: True for a contract that is worth a fixed sum of the quote currency and settled in the base coin
    """

    name: str
    market: Market
    settle: str = ""
    trading: bool = True
    tick: Decimal | None = None
    step: Decimal | None = None
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    min_total: Decimal | None = None
    max_total: Decimal | None = None
    contract_value: Decimal | None = None
    contract_currency: str = ""
    inverse: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ticker:
    """What happened to an instrument in the last 24 hours, and its best bid and ask.

    :ivar volume: in the base coin, of contracts too; None where only contracts are counted
    """

    instrument: str
    time_ms: int | None
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """An order book of one moment: (price, quantity), best first.

    :ivar time_ms: None where the venue does not date its books
    """

    instrument: str
    time_ms: int | None
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade of anybody's.

    :ivar side: of the order that took
    """

    id: str
    time_ms: int
    price: Decimal
    quantity: Decimal
    side: Side
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Kline:
    """A candle. Candles of six hours and longer begin by UTC at every venue.

    :ivar open_time_ms: when it began
    :ivar volume: in the base coin, of contracts too
    :ivar closed: False for the one that is still open; None where the venue does not say, and its time has to tell
    """

    open_time_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    closed: bool | None = None
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account holds of one currency.

    :ivar free: what can be used
    :ivar locked: what is held by orders or otherwise
    """

    currency: str
    free: Decimal
    locked: Decimal
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ack:
    """What a venue says when it has taken an order or a cancellation: that it has. What becomes of it, :meth:`Desk.order` tells."""

    instrument: str
    order_id: str
    client_order_id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the account's.

    :ivar type: ``LIMIT``, ``MARKET``, ``LIMIT_MAKER`` ..., or the venue's own word where there is none
    :ivar status: ``NEW``, ``PARTIALLY_FILLED``, ``FILLED``, ``CANCELED``, ``REJECTED``, ``EXPIRED`` ..., or the venue's own word
    :ivar price: None for a market order
    :ivar quantity: None for one that names a total
    :ivar total: of a market order that names what it spends or earns
    :ivar filled: quantity
    :ivar average_price: of what is filled; None when nothing is
    :ivar closes: True when it only makes a position smaller
    """

    instrument: str
    order_id: str
    client_order_id: str
    side: Side
    type: OrderType | str
    status: OrderStatus | str
    price: Decimal | None
    quantity: Decimal | None
    filled: Decimal
    average_price: Decimal | None
    time_ms: int
    update_time_ms: int
    total: Decimal | None = None
    closes: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """True when it can still be filled."""
        return self.status in ("NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL")


@dataclass(frozen=True, slots=True)
class Position:
    """A position in contracts, or in coins on margin.

    :ivar quantity: above zero for both sides
    :ivar free: what no order that closes it holds
    :ivar profit: not realised, in the currency of its margin
    :ivar margin: what it holds
    """

    instrument: str
    side: PositionSide
    quantity: Decimal
    free: Decimal
    price: Decimal | None
    profit: Decimal | None
    leverage: Decimal | None
    margin: Decimal | None
    currency: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Funding:
    """What is paid between the two sides of a swap.

    :ivar rate: 0.0001 is 0.01 %; above zero the long side pays
    :ivar time_ms: when it is paid next
    :ivar period_ms: how long from one payment to the next, None when the venue does not say
    """

    instrument: str
    rate: Decimal
    time_ms: int
    period_ms: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class Desk(Protocol):
    """One client, spoken to by the same words at every venue.

    Every method blocks, may be called by any thread, and raises what the client raises (:mod:`exchangeclient.exceptions`); one that the
    venue has nothing for raises :class:`~exchangeclient.exceptions.UnsupportedException` without asking anybody. ``instrument`` is the
    venue's own name; :meth:`instrument_of` makes one.
    """

    @property
    def venue(self) -> str:
        """Its name."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The methods that this venue has something for."""

    def instrument_of(self, market: Market) -> str:
        """The venue's name of what is traded. It may ask the venue, once, where a name cannot be reckoned.

        :raises UnknownSymbolException: when the venue has none
        """

    def market_of(self, instrument: str) -> Market:
        """What a venue's name stands for.

        :raises UnknownSymbolException: when the venue has no such name
        """

    def ticker(self, instrument: str) -> Ticker:
        """The figures of one instrument."""

    def tickers(self) -> list[Ticker]:
        """Those of every instrument that the venue lists."""

    def book(self, instrument: str, depth: int = 100) -> Book:
        """The best levels of each side: ``depth`` of them, or as many as there are, or as the venue shows at most."""

    def trades(self, instrument: str, limit: int = 100) -> list[Trade]:
        """The newest trades: ``limit`` of them, or as many as the venue shows at most."""

    def klines(
        self, instrument: str, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> list[Kline]:
        """Candles, the running one included. With ``start_ms`` the first ``limit`` that open from there on, else the newest.

        More than the venue gives at a time are read page by page.

        :param interval: one of ``KLINE_INTERVAL_*``
        :param end_ms: candles that open up to here; now when left out
        :raises ValueError: for an interval that the venue does not have
        """

    def instruments(self) -> list[Instrument]:
        """Everything that the venue lists and this client can trade."""

    def balances(self) -> list[Balance]:
        """What the account holds, without what is zero."""

    def place(
        self,
        instrument: str,
        side: Side,
        *,
        type: OrderType | str = "LIMIT",
        quantity: Number | None = None,
        price: Number | None = None,
        total: Number | None = None,
        time_in_force: TimeInForce | None = None,
        client_order_id: str | None = None,
        closes: bool = False,
    ) -> Ack:
        """Place an order. When its answer is lost the venue is asked what became of it; it is never sent twice.

        The same order under the same ``client_order_id`` as one that is there is not placed again: that one is the answer.

        :param type: ``LIMIT``, ``MARKET`` or ``LIMIT_MAKER`` (one that would take at once is not placed, or cancelled)
        :param quantity: in the base coin; contracts where those are traded
        :param total: in place of a quantity: what a market order on a spot pair is to spend or earn, in the quote currency
        :param time_in_force: of a limit order; ``GTC`` when left out
        :param client_order_id: 1 to 32 letters and digits, which every venue takes
        :param closes: only make a position smaller, of the side that ``side`` closes; not for spot
        :raises OrderException: when it breaks a rule; nothing was sent
        :raises OrderNotPlacedException: its answer was lost, and it is certain that it was not placed
        :raises OrderStatusUnknownException: its answer was lost, and nobody knows yet
        """

    def cancel(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Ack:
        """Cancel an order, by one of its two ids.

        :raises OrderNotFoundException: when there is none that is open
        """

    def order(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Order:
        """An order as it is now, by one of its two ids.

        :raises OrderNotFoundException: when there is no such order
        """

    def open_orders(self, instrument: str | None = None) -> list[Order]:
        """The orders that can still be filled, of one instrument or of all."""

    def history(self, instrument: str, *, since_ms: int | None = None, limit: int = 100) -> list[Order]:
        """Orders that are done: the newest ``limit``, or with ``since_ms`` the first that were placed from then on.

        How far a venue looks back is its own affair.
        """

    def positions(self, instrument: str | None = None) -> list[Position]:
        """Open positions, of one instrument or of all."""

    def set_leverage(self, instrument: str, leverage: Number) -> None:
        """How many times its margin a position of this instrument may be."""

    def funding(self, instrument: str | None = None) -> list[Funding]:
        """The present funding rate of a swap, or of all."""

    def ask(self, verb: str, path: str, params: Mapping[str, str], *, body: str | None = None) -> Any:
        """Any call of the venue's, which is signed where it has to be: the whole answer as the venue gave it, envelope included.

        Which calls are allowed is for the caller of this to decide: it takes every path of the venue's API. A call that changes something
        is sent once and, when its answer is lost, not settled.

        :param params: the query of GET and DELETE; otherwise what the venue takes as a body
        :param body: a body as a text in place of ``params``, where the venue takes JSON
        :raises ExchangeAPIException: the venue refused
        """
