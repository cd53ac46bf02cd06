"""BitMEX's books, quotes, trades, bins and fundings, each as a row of its table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from exchangeclient.sandbox.dialects.bitmex.names import Product, swap_of
from exchangeclient.sandbox.dialects.bitmex.tables import Row, Wire
from exchangeclient.sandbox.dialects.bitmex.words import guid, iso, number
from exchangeclient.sandbox.engine.candles import Candle
from exchangeclient.sandbox.engine.events import Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import scaled
from exchangeclient.sandbox.engine.words import Side

BUY, SELL = "Buy", "Sell"
SIDES = {Side.BUY: BUY, Side.SELL: SELL}
_DAY_S = 86_400
TRADE_KIND = 0x6D

Level = tuple[Side, int]


# ---- books -------------------------------------------------------------------------------------------------------


def level(product: Product, where: Level, quantity: int | None, shown_us: int, wire: Wire) -> Row:
    """A level of the book; without a quantity that which is deleted."""
    side, price = where
    row: Row = {"symbol": product.symbol, "id": product.level_id(price, opaque=wire == "2023"), "side": SIDES[side]}
    if quantity is not None:
        row["size"] = product.contracts(quantity)
    return row | priced(price, shown_us, wire)


def priced(price: int, shown_us: int, wire: Wire) -> Row:
    """What a change of a level has beside its key: since 2023 the price and the time, before that nothing."""
    if wire == "2021":
        return {}
    now = iso(shown_us)
    return {"price": number(price), "timestamp": now, "transactTime": now}


def whole_level(product: Product, where: Level, quantity: int, shown_us: int, wire: Wire) -> Row:
    """A level that is new: its price is always there."""
    row = level(product, where, quantity, shown_us, wire)
    return {**row, "price": number(where[1])} if wire == "2021" else row


def levels(exchange: Exchange, product: Product, depth: int) -> dict[Level, int]:
    """The best levels of both sides, the highest price first, as in a partial; 0: all."""
    book = exchange.depth(product.market, depth or 2**31)
    found = [((Side.SELL, price), quantity) for price, quantity in reversed(book.asks)]
    return dict([*found, *(((Side.BUY, price), quantity) for price, quantity in book.bids)])


def book_10(exchange: Exchange, product: Product, shown_us: int) -> Row:
    """The ten best levels of each side in one row."""
    book = exchange.depth(product.market, 10)
    bids, asks = ([[number(price), product.contracts(quantity)] for price, quantity in side] for side in (book.bids, book.asks))
    return {"symbol": product.symbol, "bids": bids, "asks": asks, "timestamp": iso(shown_us)}


def quote(product: Product, top: tuple[int, int, int, int], time_us: int) -> Row:
    """The best of both sides: quantity and price of the bids, price and quantity of the asks; nulls where a side is empty."""
    bid_quantity, bid, ask, ask_quantity = top
    return {
        "timestamp": iso(time_us),
        "symbol": product.symbol,
        "bidSize": product.contracts(bid_quantity) if bid else None,
        "bidPrice": number(bid) if bid else None,
        "askPrice": number(ask) if ask else None,
        "askSize": product.contracts(ask_quantity) if ask else None,
    }


def top(exchange: Exchange, product: Product) -> tuple[int, int, int, int]:
    """What :func:`quote` shows."""
    bid, ask = (exchange.best_price(product.market, side) for side in (Side.BUY, Side.SELL))
    return (
        0 if bid is None else exchange.quantity_at(product.market, Side.BUY, bid),
        bid or 0,
        ask or 0,
        0 if ask is None else exchange.quantity_at(product.market, Side.SELL, ask),
    )


# ---- trades ------------------------------------------------------------------------------------------------------


class Ticks:
    """Which way the price went last: up, down, or nowhere since it went up or down."""

    def __init__(self, trades: Iterable[Traded] = ()) -> None:
        self._price = 0
        self._went = "Plus"
        self.word = "ZeroPlusTick"
        for each in trades:
            self.of(each.price)

    def of(self, price: int) -> str:
        """The word for a trade at this price, which is the next one."""
        if price != self._price and self._price:
            self._went = "Plus" if price > self._price else "Minus"
        self.word = f"{'Zero' if price == self._price else ''}{self._went}Tick"
        self._price = price
        return self.word


def match_id(product: Product, trade_id: int) -> str:
    """The id of a trade, which both sides are told."""
    return guid(0, TRADE_KIND + product.number * 2**16, trade_id)


def trade(product: Product, each: Traded, tick: str, skew_us: int, wire: Wire) -> Row:
    """A trade as the public sees it."""
    row: Row = {
        "timestamp": iso(each.time_us + skew_us),
        "symbol": product.symbol,
        "side": SELL if each.buyer_is_maker else BUY,
        "size": product.contracts(each.quantity),
        "price": number(each.price),
        "tickDirection": tick,
        "trdMatchID": match_id(product, each.trade_id),
        "grossValue": abs(product.value(each.price, each.quantity)),
        "homeNotional": number(product.home(each.price, each.quantity)),
        "foreignNotional": number(product.foreign(each.price, each.quantity)),
    }
    return row if wire == "2021" else {**row, "trdType": "Regular"}


def trades(product: Product, known: Sequence[Traded], skew_us: int, wire: Wire) -> Iterator[Row]:
    """All of them, the oldest first."""
    ticks = Ticks()
    for each in known:
        yield trade(product, each, ticks.of(each.price), skew_us, wire)


def index_trade(index: str, each: Traded, tick: str, skew_us: int) -> Row:
    """A price of an index, of which nothing is traded."""
    nothing = dict.fromkeys(("trdMatchID", "grossValue", "homeNotional", "foreignNotional"))
    return {
        "timestamp": iso(each.time_us + skew_us),
        "symbol": index,
        "side": BUY,
        "size": 0,
        "price": number(each.price),
        "tickDirection": tick,
        **nothing,
    }


# ---- bins --------------------------------------------------------------------------------------------------------


def trade_bin(product: Product, candle: Candle, opened: str, last: Traded | None) -> Row:
    """A bin of trades, by the time at which it ends; it opens at the close of the one before."""
    volume, worth = scaled(candle.volume), scaled(candle.quote_volume)
    home, foreign = product.notionals(volume, worth)
    first = scaled(opened)
    return {
        "timestamp": iso((candle.close_ms + 1) * 1000),
        "symbol": product.symbol,
        "open": number(first),
        "high": number(max(scaled(candle.high), first)),
        "low": number(min(scaled(candle.low), first)),
        "close": number(scaled(candle.close)),
        "trades": candle.trades,
        "volume": product.contracts(volume),
        "vwap": round(foreign / home, 4) if home else None,
        "lastSize": None if last is None else product.contracts(last.quantity),
        "turnover": product.currency.minor(worth),
        "homeNotional": number(home),
        "foreignNotional": number(foreign),
    }


def funding(exchange: Exchange, product: Product, when_us: int, rate: int, skew_us: int) -> Row:
    """What longs paid shorts."""
    each_us = swap_of(product.instrument(exchange)).funding_us
    return {
        "timestamp": iso(when_us + skew_us),
        "symbol": product.symbol,
        "fundingInterval": interval(each_us),
        "fundingRate": number(rate),
        "fundingRateDaily": number(rate * _DAY_S * 1_000_000 // each_us),
    }


def interval(length_us: int) -> str:
    """A length as a time on the first of January 2000, as the venue writes it."""
    return iso(946_684_800_000_000 + length_us)
