"""What is traded, and by which rules.

All prices, quantities and amounts inside the engine are integers in units of 10**-8 (:data:`UNIT`): exact, fast, and the
precision of every asset here. This is the sandbox's own number handling; it shares none with the client that it checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from .words import ListKind, OrderType, SelfTrade, Side, Status

DIGITS = 8
UNIT: int = 10**DIGITS
_PLAIN = re.compile(rf"[0-9]+(\.[0-9]{{0,{DIGITS}}})?")


def scaled(text: str) -> int:
    """``'0.05'`` -> 5000000. The text must be plain digits with at most eight decimals."""
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"not a plain number of at most {DIGITS} decimals: {text[:40]!r}")
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(DIGITS, "0"))


def shown(number: int) -> str:
    """5000000 -> ``'0.05000000'``, the eight decimals of the wire."""
    if number < 0:
        return f"-{shown(-number)}"
    digits = str(number).rjust(DIGITS + 1, "0")
    return f"{digits[:-DIGITS]}.{digits[-DIGITS:]}"


def total(price: int, quantity: int) -> int:
    """Price times quantity in the quote asset, cut to eight decimals; buyer and seller settle the same figure."""
    return price * quantity // UNIT


@dataclass(frozen=True, slots=True)
class Trailing:
    """How far a trailing stop may trail, in basis points: above the price it follows, and below it."""

    min_above: int = 10
    max_above: int = 2000
    min_below: int = 10
    max_below: int = 2000


@dataclass(frozen=True, slots=True)
class Reference:
    """The engine's own reference price: the mean of the trades of the last ``buckets`` stretches of ``width_ms``."""

    buckets: int
    width_ms: int


@dataclass(frozen=True, slots=True)
class PriceRange:
    """How far from the reference price a taker may trade, as factors in units of 10**-8; None: as far as he likes."""

    bid_up: int | None = None
    bid_down: int | None = None
    ask_up: int | None = None
    ask_down: int | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """What makes a symbol a perpetual swap. A linear one has positions in its base, margin and profits in its quote asset. An inverse one
    has positions in its quote asset, and margin and profits in its base: what is held is worth the less of that the higher the price.

    :ivar index: the symbol whose last price marks positions
    :ivar contract: how much of what positions are held in is one contract; the engine itself reckons in that
    :ivar maintenance: the part of a position's worth that has to be there for it
    :ivar funding: what longs pay shorts of a position's worth, each ``funding_us``
    """

    index: str
    contract: int
    maker: int
    taker: int
    maintenance: int
    funding: int
    funding_us: int
    leverage: int = 3  # where the trader says nothing
    max_leverage: int = 100
    inverse: bool = False

    def value(self, price: int, quantity: int) -> int:
        """What so much costs in the asset of the margin; of an inverse swap that is negative, as if it were received."""
        return -(quantity * UNIT // price) if self.inverse else price * quantity // UNIT

    def dearest(self, side: Side, limit: int, best: int | None) -> int:
        """The price that asks for the most margin of those at which an order may trade that meets ``best``: a linear swap is sold
        for more than the limit, and an inverse one is worth more where it is bought below it."""
        if best is None or self.inverse is not (side is Side.BUY):
            return limit
        return min(limit, best) if self.inverse else max(limit, best)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A symbol with its rules; the rule names follow Binance's filters, the numbers are scaled integers.

    :ivar code: its number on the exchange, which it keeps
    :ivar swap: None for a spot symbol
    """

    symbol: str
    base: str
    quote: str
    opening_price: int
    tick: int
    step: int
    min_price: int
    max_price: int
    min_quantity: int
    max_quantity: int
    max_market_quantity: int
    min_notional: int
    max_notional: int
    # The price band around the average price of the last minutes, in units of 10**-8 too (5 * UNIT is five times).
    bid_up: int
    bid_down: int
    ask_up: int
    ask_down: int
    band_minutes: int = 5  # 0: around the last price
    min_notional_at_market: bool = True  # False: orders at market are free of it
    max_notional_at_market: bool = True
    max_orders: int = 200
    max_algo_orders: int = 5
    max_iceberg_orders: int = 10
    max_iceberg_parts: int = 100
    max_lists: int = 20
    max_amends: int = 10
    max_position: int | None = None
    trailing: Trailing | None = Trailing()  # None: no trailing stops
    types: frozenset[OrderType] = frozenset(OrderType)
    lists: frozenset[ListKind] = frozenset(ListKind)
    iceberg: bool = True
    quote_quantity: bool = True
    amend: bool = True
    peg: bool = True
    self_trade: SelfTrade = SelfTrade.EXPIRE_MAKER  # of orders that do not say
    self_trades: frozenset[SelfTrade] = frozenset(SelfTrade)
    reference: Reference | None = None  # None: the symbol never had a reference price
    price_range: PriceRange | None = None
    status: Status = Status.TRADING
    code: int = 0
    swap: Swap | None = None

    @property
    def settled_in(self) -> str:
        """The asset of what is paid and received, which on a swap is that of the margin."""
        return self.base if self.swap is not None and self.swap.inverse else self.quote

    def worth(self, price: int, quantity: int) -> int:
        """What so much is worth in the asset that it is settled in, cut to eight decimals."""
        return total(price, quantity) if self.swap is None else abs(self.swap.value(price, quantity))

    def mean(self, quantity: int, worth: int) -> int:
        """The price at which so much was traded for so much on the whole."""
        paid, got = (quantity, worth) if self.swap is not None and self.swap.inverse else (worth, quantity)
        return paid * UNIT // got if got else 0

    def sized(self, worth: int, price: int) -> int:
        """The quantity that is worth so much of the quote asset."""
        return worth if self.swap is not None and self.swap.inverse else worth * UNIT // price


@dataclass(frozen=True, slots=True)
class ExchangeRules:
    """How many orders an account may have open on all symbols together."""

    max_orders: int = 1000
    max_algo_orders: int = 200
    max_iceberg_orders: int = 1000
    max_lists: int = 20


def _pair(code: int, base: str, quote: str, *, opening: str, tick: str, step: str, most: str, most_at_market: str) -> Instrument:
    """A symbol whose remaining rules follow from its quote asset."""
    dearest, least_total = {"BTC": ("1000", "0.0001"), "ETH": ("10000", "0.005")}.get(quote, ("1000000", "5"))
    return Instrument(
        symbol=base + quote,
        base=base,
        quote=quote,
        opening_price=scaled(opening),
        tick=scaled(tick),
        step=scaled(step),
        min_price=scaled(tick),
        max_price=scaled(dearest),
        min_quantity=scaled(step),
        max_quantity=scaled(most),
        max_market_quantity=scaled(most_at_market),
        min_notional=scaled(least_total),
        max_notional=scaled("9000000"),
        # Wide below, so that an order which is meant to rest can be far from the market.
        bid_up=5 * UNIT,
        bid_down=UNIT // 100,
        ask_up=100 * UNIT,
        ask_down=UNIT // 100,
        code=code,
    )


_WITHIN_A_TENTH = PriceRange(bid_up=UNIT * 11 // 10, bid_down=UNIT * 9 // 10, ask_up=UNIT * 11 // 10, ask_down=UNIT * 9 // 10)

# Opening prices are coherent: 5800 * 0.0707 = 410.06, 5800 * 0.01612 = 93.50 to the tick.
DEFAULTS: tuple[Instrument, ...] = (
    replace(
        _pair(10_001, "BTC", "USDT", opening="5800", tick="0.01", step="0.00001", most="9000", most_at_market="120"),
        reference=Reference(buckets=60, width_ms=1000),
        price_range=_WITHIN_A_TENTH,
    ),
    _pair(10_002, "ETH", "USDT", opening="410.06", tick="0.01", step="0.00001", most="9000", most_at_market="2500"),
    _pair(10_003, "LTC", "USDT", opening="93.50", tick="0.01", step="0.00001", most="90000", most_at_market="8000"),
    _pair(10_004, "ETH", "BTC", opening="0.0707", tick="0.00000001", step="0.001", most="100000", most_at_market="2500"),
    _pair(10_005, "BNB", "BTC", opening="0.00024791", tick="0.00000001", step="0.01", most="9000000", most_at_market="250000"),
    _pair(10_006, "LTC", "BTC", opening="0.01612", tick="0.00000001", step="0.01", most="100000", most_at_market="8000"),
    replace(
        _pair(10_007, "XRP", "ETH", opening="0.00140926", tick="0.00000001", step="1", most="90000000", most_at_market="2000000"),
        max_position=scaled("10000000"),
    ),
    _pair(10_008, "BTC", "USDC", opening="5800", tick="0.01", step="0.00001", most="9000", most_at_market="120"),
)

_CONTRACT = scaled("0.01")  # of the base
# What few orders have is not to be had on swaps.
_OF_SWAPS: dict[str, Any] = {
    "types": frozenset((OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER)),
    "lists": frozenset(),
    "trailing": None,
    "iceberg": False,
    "quote_quantity": False,
    "peg": False,
}

SWAPS: tuple[Instrument, ...] = (
    replace(
        _pair(10_101, "BTC", "USDT", opening="5800", tick="0.1", step="0.0001", most="10000", most_at_market="500"),
        symbol="BTC-USDT-SWAP",
        **_OF_SWAPS,
        swap=Swap(
            index="BTCUSDT",
            contract=_CONTRACT,
            maker=scaled("0.0002"),
            taker=scaled("0.0005"),
            maintenance=scaled("0.004"),
            funding=scaled("0.0001"),
            funding_us=8 * 3_600_000_000,
        ),
    ),
    replace(
        _pair(10_109, "BTC", "USDT", opening="5800", tick="0.5", step="100", most="10000000", most_at_market="10000000"),
        symbol="XBTUSD",
        # Its quantities are money already, of which any price is allowed.
        max_notional=10**15 * UNIT,
        bid_up=10**9 * UNIT,
        bid_down=0,
        ask_up=10**9 * UNIT,
        ask_down=0,
        **_OF_SWAPS,
        swap=Swap(
            index="BTCUSDT",
            contract=UNIT,
            maker=-scaled("0.00025"),
            taker=scaled("0.00075"),
            maintenance=scaled("0.0035"),
            funding=scaled("0.0001"),
            funding_us=8 * 3_600_000_000,
            leverage=100,
            inverse=True,
        ),
    ),
)
"""Perpetual swaps, for venues that trade them."""

# By base asset: symbols whose quote assets count as equal, so that an order of one may meet the books of all.
ROUTES: Mapping[str, tuple[str, ...]] = MappingProxyType({"BTC": ("BTCUSDT", "BTCUSDC")})
