"""Recorded messages of Binance's public streams as recordings that the engine can play.

A recording is JSON lines with ``t`` (when it was received, in seconds), ``dir`` (``http`` for an answer to a GET, ``in`` for a
frame), ``url`` and ``msg`` (the text). Rules come from ``exchangeInfo``, books from ``depth`` snapshots and ``depthUpdate`` or
partial depth messages, trades from ``trade``, or ``aggTrade`` where there is no such stream; everything else is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from exchangeclient.sandbox.dialects.binance.recorded_rules import MOST, Count, Figure, Name, read_rules
from exchangeclient.sandbox.engine.instruments import scaled
from exchangeclient.sandbox.engine.replay import Levels, Printed, Recording
from exchangeclient.sandbox.engine.words import Side


class _Line(Struct):
    t: Annotated[float, Meta(ge=0, le=1e11)]
    dir: str
    url: str
    msg: str = ""


class _Rows(Struct):
    symbols: list[dict[str, Any]]


class _Level(Struct, array_like=True):
    price: Figure
    quantity: Figure


class _Book(Struct, rename="camel"):
    last_update_id: Count
    bids: list[_Level]
    asks: list[_Level]


class _Update(Struct, rename={"symbol": "s", "first_id": "U", "last_id": "u", "bids": "b", "asks": "a"}):
    symbol: Name
    first_id: Count
    last_id: Count
    bids: list[_Level]
    asks: list[_Level]


class _Trade(Struct, rename={"symbol": "s", "price": "p", "quantity": "q", "buyer_is_maker": "m"}):
    symbol: Name
    price: Figure
    quantity: Figure
    buyer_is_maker: bool


def read_recording(lines: Iterable[str], *, source: str) -> list[Recording]:
    """The recordings of all symbols of which there is a book or a trade.

    :param source: what to call the file in an error
    :raises ValueError: naming source and line
    """
    tapes: dict[str, _Tape] = {}
    rules: dict[str, dict[str, Any]] = {}
    for number, text in enumerate(lines, 1):
        try:
            line = msgspec.json.decode(text, type=_Line)
            if line.dir == "http" and urlsplit(line.url).path.endswith("/exchangeInfo"):
                rules.update({str(row["symbol"]): row for row in msgspec.json.decode(line.msg, type=_Rows).symbols})
            elif line.dir in ("http", "in"):
                _note(line, number, tapes)
        except (ValueError, LookupError, RecursionError) as error:
            raise ValueError(f"{source}, line {number}: {_told(error)}") from error
    found = {symbol: tape for symbol, tape in tapes.items() if tape.finish(source)}
    if not found:
        raise ValueError(f"{source}: the file holds no book and no trade")
    start_us = min(tape.opened_us for tape in found.values())
    recordings = []
    for symbol, tape in found.items():
        opening_price = tape.opening_price()
        if opening_price is None:
            raise ValueError(f"{source}: neither a book with both sides nor a trade tells at which price {symbol} opens")
        try:
            instrument = None if symbol not in rules else read_rules(rules[symbol], opening_price)
        except ValueError as error:
            raise ValueError(f"{source}: the rules of {symbol} in exchangeInfo: {error}") from error
        recordings.append(Recording(symbol, opening_price, tape.steps(start_us), instrument))
    return recordings


def _told(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)


def _note(line: _Line, number: int, tapes: dict[str, _Tape]) -> None:
    """Put a message on the tape of its symbol, if it is of a kind that counts."""
    time_us = round(line.t * 1_000_000)
    address = urlsplit(line.url)
    if line.dir == "http":
        if address.path.endswith("/depth"):
            symbol = parse_qs(address.query)["symbol"][0]
            tapes.setdefault(symbol, _Tape()).snapshot(time_us, msgspec.json.decode(line.msg, type=_Book))
        return
    message = msgspec.json.decode(line.msg, type=dict[str, Any])
    stream = str(message.get("stream", address.path.rpartition("/")[2]))
    message = message.get("data", message)
    if not isinstance(message, dict):
        return  # the list of an all-market stream
    kind = message.get("e")
    if kind == "depthUpdate":
        update = msgspec.convert(message, _Update)
        tapes.setdefault(update.symbol, _Tape()).update(number, update, _levels(time_us, update))
    elif kind in ("trade", "aggTrade"):
        trade = msgspec.convert(message, _Trade)
        tapes.setdefault(trade.symbol, _Tape()).trade(time_us, kind, trade)
    elif kind is None and "lastUpdateId" in message and "@depth" in stream:
        book = _levels(time_us, msgspec.convert(message, _Book), whole=True)
        tapes.setdefault(stream.partition("@")[0].upper(), _Tape()).partial(book)


def _amount(text: str) -> int:
    """A price or a quantity."""
    amount = scaled(text)
    if amount > MOST:
        raise ValueError(f"{text} is more than a price or a quantity can be")
    return amount


def _levels(time_us: int, message: _Book | _Update, *, whole: bool = False) -> Levels:
    bids, asks = (tuple((_amount(each.price), _amount(each.quantity)) for each in side) for side in (message.bids, message.asks))
    if not all(price for price, _ in (*bids, *asks)):
        raise ValueError("a level at the price 0")
    return Levels(time_us, bids, asks, whole)


class _Tape:
    """What was recorded of one symbol."""

    def __init__(self) -> None:
        self.opened_us = 0
        self._books: list[Levels] = []  # at times of the epoch
        self._partials: list[Levels] = []
        self._trades: dict[str, list[Printed]] = {"trade": [], "aggTrade": []}
        self._prints: list[Printed] = []  # of the better one of the two
        self._last_id: int | None = None  # of the book; None while it is not known
        self._waiting: list[tuple[int, _Update, Levels]] = []  # updates that a snapshot is needed for, with their lines
        self._gap = 0  # the line before which updates are missing

    def snapshot(self, time_us: int, book: _Book) -> None:
        """A whole book; needed in the beginning and after a gap."""
        if self._last_id is not None:
            return
        self._books.append(_levels(time_us, book, whole=True))
        self._catch_up(book.last_update_id, time_us)

    def _catch_up(self, last_id: int, time_us: int) -> None:
        """Let what waited follow on this book, but not before its time."""
        self._last_id = last_id
        waiting, self._waiting = self._waiting, []
        for number, update, levels in waiting:
            self.update(number, update, replace(levels, at_us=max(levels.at_us, time_us)))

    def update(self, number: int, update: _Update, levels: Levels) -> None:
        """What changed of the book: it follows on what is known, or waits for a snapshot."""
        if self._last_id is not None and update.first_id > self._last_id + 1:
            self._last_id, self._gap = None, number
        if self._last_id is None:
            self._waiting.append((number, update, levels))
        elif update.last_id > self._last_id:
            self._last_id = update.last_id
            self._books.append(levels)

    def partial(self, book: Levels) -> None:
        """The best levels, all of them anew."""
        self._partials.append(book)

    def trade(self, time_us: int, kind: str, trade: _Trade) -> None:
        """A trade, in one of the two forms."""
        price, quantity = _amount(trade.price), _amount(trade.quantity)
        if not price or not quantity:
            raise ValueError(f"a trade of {trade.quantity} at {trade.price}")
        self._trades[kind].append(Printed(time_us, price, quantity, trade.buyer_is_maker))

    def finish(self, source: str) -> bool:
        """Whether there is anything to play.

        :raises ValueError: naming the line at which the book was lost for good
        """
        if self._waiting and not self._gap:  # there never was a snapshot: the book begins with its first update
            self._catch_up(self._waiting[0][1].first_id - 1, 0)
        if self._waiting:
            raise ValueError(f"{source}, line {self._gap}: depth updates are missing before this one, and no snapshot follows")
        self._books = self._books or self._partials
        self._prints = self._trades["trade"] or self._trades["aggTrade"]
        if self._books or self._prints:
            self.opened_us = (self._books or self._prints)[0].at_us
        return bool(self._books or self._prints)

    def steps(self, start_us: int) -> tuple[Levels | Printed, ...]:
        """All of it in order of time; the first book is there from the beginning, trades before it are left out."""
        steps: list[Levels | Printed] = [replace(each, at_us=max(0, each.at_us - start_us)) for each in self._books]
        if steps:
            steps[0] = replace(steps[0], at_us=0)
        steps += [replace(each, at_us=each.at_us - start_us) for each in self._prints if each.at_us >= self.opened_us]
        return tuple(sorted(steps, key=lambda step: step.at_us))

    def opening_price(self) -> int | None:
        """The middle of the first book that has both sides, or else the price of the first trade; None when there is neither."""
        book: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        for each in self._books:
            for side, levels in ((Side.BUY, each.bids), (Side.SELL, each.asks)):
                held = {} if each.whole else book[side]
                book[side] = {price: quantity for price, quantity in {**held, **dict(levels)}.items() if quantity}
            if all(book.values()):
                return (max(book[Side.BUY]) + min(book[Side.SELL])) // 2
        return self._prints[0].price if self._prints else None
