"""What BitMEX calls what the engine trades: its two perpetuals, their currencies, and the ids of its books' levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DIGITS, UNIT, Instrument, Swap

NAME = "bitmex"

_INDEX_WIDTH = 100_000_000
_OPAQUE = 10**11
_SCATTER = 38_196_601_127  # shares no divisor with that, so that no two levels ever have one id


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of account, in whose minor units all money is told.

    :ivar code: of the minor unit: ``XBt``
    :ivar major: of the coin: ``XBT``
    :ivar asset: what the engine calls it
    :ivar scale: how many decimals a coin has
    """

    code: str
    major: str
    asset: str
    scale: int

    @property
    def coin(self) -> int:
        """How many minor units one is."""
        coin: int = 10**self.scale
        return coin

    def minor(self, amount: int) -> int:
        """An amount of the engine in minor units, cut towards nothing."""
        width: int = 10 ** (DIGITS - self.scale)
        return amount // width if amount >= 0 else -(-amount // width)


XBT = Currency("XBt", "XBT", "BTC", 8)
USDT = Currency("USDt", "USDT", "USDT", 6)
CURRENCIES: Mapping[str, Currency] = {each.code: each for each in (XBT, USDT)}


@dataclass(frozen=True, slots=True)
class Product:
    """A contract of the venue.

    :ivar market: the engine's symbol
    :ivar number: by which the ids of its levels were reckoned until 2023
    :ivar first_tick: and the tick
    :ivar contract: how much of the engine's quantity is one
    :ivar index: the venue's symbol of the index
    """

    symbol: str
    market: str
    number: int
    first_tick: int
    contract: int
    currency: Currency
    position_currency: str
    quote: str
    multiplier: int
    max_order_qty: int
    index: str
    listing: str
    is_inverse: bool = False

    root = underlying = "XBT"

    def instrument(self, exchange: Exchange) -> Instrument:
        """What is traded, as it is now."""
        return exchange.instruments[self.market]

    def contracts(self, quantity: int) -> int:
        """A quantity of the engine as contracts."""
        return quantity // self.contract if quantity >= 0 else -(-quantity // self.contract)

    def quantity(self, contracts: int) -> int:
        """And back."""
        return contracts * self.contract

    def value(self, price: int, quantity: int) -> int:
        """What a quantity of the engine is worth in minor units, as the venue signs it: of the inverse one long is negative."""
        if self.is_inverse:
            return self.currency.minor(-(abs(quantity) * UNIT // price)) * (1 if quantity >= 0 else -1)
        return self.currency.minor(price * quantity // UNIT if quantity >= 0 else -(price * -quantity // UNIT))

    def home(self, price: int, quantity: int) -> int:
        """What a quantity of the engine is in coins of the underlying."""
        return quantity * UNIT // price if self.is_inverse else quantity

    def foreign(self, price: int, quantity: int) -> int:
        """And in money."""
        return quantity if self.is_inverse else price * quantity // UNIT

    def notionals(self, volume: int, worth: int) -> tuple[int, int]:
        """What was traded in coins of the underlying, and in money, of what the engine counts: a quantity, and what it was settled for."""
        return (worth, volume) if self.is_inverse else (volume, worth)

    def level_id(self, price: int, *, opaque: bool) -> int:
        """The id of a price on the book: reckoned from it until mid 2023, arbitrary since."""
        if not opaque:
            return _INDEX_WIDTH * self.number - price // self.first_tick
        return (_INDEX_WIDTH * self.number + price // self.first_tick) * _SCATTER % _OPAQUE


PRODUCTS: tuple[Product, ...] = (
    Product(
        symbol="XBTUSD",
        market="XBTUSD",
        number=88,
        first_tick=UNIT // 100,
        contract=UNIT,
        currency=XBT,
        position_currency="USD",
        quote="USD",
        multiplier=-100_000_000,
        max_order_qty=10_000_000,
        index=".BXBT",
        listing="2016-05-13T12:00:00.000Z",
        is_inverse=True,
    ),
    Product(
        symbol="XBTUSDT",
        market="BTC-USDT-SWAP",
        number=600,
        first_tick=UNIT // 10,
        contract=UNIT // 1_000_000,
        currency=USDT,
        position_currency="XBT",
        quote="USDT",
        multiplier=1,
        max_order_qty=1_000_000_000,
        index=".BXBTT",
        listing="2021-11-10T04:00:00.000Z",
    ),
)
INDICES: Mapping[str, str] = {each.index: "BTCUSDT" for each in PRODUCTS}
"""By the venue's symbol, the engine's whose last price it is."""


def listed(exchange: Exchange) -> list[Product]:
    """The contracts that there are."""
    return [each for each in PRODUCTS if each.market in exchange.instruments]


def traded(exchange: Exchange, market: str) -> Product | None:
    """The contract that the engine calls so."""
    return next((each for each in PRODUCTS if each.market == market and market in exchange.instruments), None)


def named(exchange: Exchange, name: str) -> list[Product]:
    """The contract that a symbol means, if there is one; ``XBT``, the one of it that ends first, and ``XBT:perpetual`` mean one as well.

    Perpetuals never end, so the first that was listed stands for these.
    """
    root, colon, series = name.partition(":")
    known = listed(exchange)
    is_series = not colon or series == "perpetual"
    return [each for each in known if each.symbol == name] or [each for each in known if is_series and each.root == root][:1]


def swap_of(instrument: Instrument) -> Swap:
    """The terms of a contract."""
    swap = instrument.swap
    assert swap is not None  # noqa: S101 - every product is one
    return swap
