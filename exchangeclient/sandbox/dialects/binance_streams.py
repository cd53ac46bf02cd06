"""Binance's market streams: from what happens on the exchange to the messages of each stream.

Depth updates are collected per speed, built once and sent to everybody who listens, so that each one begins where the one
before it ended. Who listens, and how he asks for it, is :mod:`.binance_stream_socket`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from exchangeclient.sandbox.dialects import binance_shapes
from exchangeclient.sandbox.dialects import binance_stream_shapes as shapes
from exchangeclient.sandbox.dialects.binance_aggregates import Aggregate
from exchangeclient.sandbox.dialects.binance_shapes import Shape
from exchangeclient.sandbox.engine.candles import INTERVALS
from exchangeclient.sandbox.engine.events import Event, LevelChanged, Side, Traded
from exchangeclient.sandbox.engine.exchange import Exchange

FAST_US, SLOW_US, KLINE_US = 100_000, 1_000_000, 2_000_000
PARTIAL_LEVELS = (5, 10, 20)
# How the streams of one speed end: the slow one goes by two names.
_SPEEDS: tuple[tuple[int, tuple[str, ...]], ...] = ((FAST_US, ("@100ms",)), (SLOW_US, ("", "@1000ms")))
_AVERAGE_MINUTES = 5
_KLINE = re.compile(r"([^@A-Z]+)@kline_(\w+)")
# After a pause so many candles that closed meanwhile are still told.
_LATE_CANDLES = 60

Levels = list[tuple[int, int]]


class Listener(Protocol):
    """Somebody who has subscribed to streams."""

    combined: bool

    def deliver(self, message: bytes) -> None:
        """Take one message; it names its stream if :attr:`combined`."""


class Collected:
    """The levels that changed since the last depth update of one speed."""

    def __init__(self, last_id: int) -> None:
        self._last_id = last_id
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def note(self, event: LevelChanged) -> None:
        """The newest quantity of a level counts."""
        (self._bids if event.side is Side.BUY else self._asks)[event.price] = event.quantity

    def take(self, symbol: str, update_id: int, now_us: int) -> Shape | None:
        """The depth update up to ``update_id``, or None when nothing changed; collecting starts anew."""
        if update_id == self._last_id:
            return None
        update = shapes.depth_update(symbol, (self._last_id + 1, update_id), self._bids, self._asks, now_us)
        self._last_id = update_id
        self._bids.clear()
        self._asks.clear()
        return update


class _Market:
    """What is waiting to be told about one symbol."""

    def __init__(self, symbol: str, update_id: int) -> None:
        self.symbol = symbol
        self.prefix = symbol.lower()
        self.update_id = update_id
        self.collected = {speed: Collected(update_id) for speed, _ in _SPEEDS}
        self.top: tuple[Levels, Levels] | None = None
        self.traded = self.changed = False

    def note(self, event: LevelChanged) -> None:
        self.update_id = event.update_id
        self.changed = True
        for collected in self.collected.values():
            collected.note(event)


class _Klines:
    """One stream of candles: the current one now and then, and each one once more when it has closed."""

    def __init__(self, symbol: str, interval: str) -> None:
        self.symbol = symbol
        self.interval = interval
        self.period_us = SLOW_US if interval == "1s" else KLINE_US
        self._open_ms: int | None = None  # of the candle that was told last
        self._close_ms = 0

    def messages(self, exchange: Exchange, now_us: int, *, due: bool) -> Iterator[Shape]:
        """What is to be told now: at once when a candle has closed, else when it is ``due``."""
        has_closed = now_us // 1000 > self._close_ms
        if not due and not has_closed:
            return
        candles = exchange.candles(self.symbol, self.interval, start_ms=None, end_ms=None, limit=_LATE_CANDLES if has_closed else 1)
        for candle in candles:
            closed = candle is not candles[-1]
            if closed and (self._open_ms is None or candle.open_ms < self._open_ms):
                continue
            yield shapes.kline(self.symbol, self.interval, candle, closed=closed, now_us=now_us)
        self._open_ms, self._close_ms = candles[-1].open_ms, candles[-1].close_ms


class StreamHub:
    """Every stream of the venue, and who listens to it."""

    def __init__(self, exchange: Exchange, now_us: int) -> None:
        self._exchange = exchange
        self._markets = {symbol: _Market(symbol, exchange.depth(symbol, 1).last_update_id) for symbol in exchange.instruments}
        self._listeners: dict[str, dict[Listener, None]] = {}  # in the order of subscribing
        self._klines: dict[str, _Klines] = {}
        self._last_us = now_us

    # ---- who listens -------------------------------------------------------------------------------------------------

    def subscribe(self, stream: str, listener: Listener) -> None:
        """Send the stream from now on. Nothing ever comes of a stream that does not exist, as at the venue."""
        self._listeners.setdefault(stream, {})[listener] = None
        named = _KLINE.fullmatch(stream)
        if named and named[1].upper() in self._markets and named[2] in INTERVALS:
            self._klines.setdefault(stream, _Klines(named[1].upper(), named[2]))

    def unsubscribe(self, stream: str, listener: Listener) -> None:
        """Send it no more."""
        listeners = self._listeners.get(stream, {})
        listeners.pop(listener, None)
        if not listeners:
            self._listeners.pop(stream, None)
            self._klines.pop(stream, None)

    def _publish(self, stream: str, make: Callable[..., Any], *args: Any) -> None:
        """Send what ``make(*args)`` gives; it is made only if somebody listens, and encoded once for all of them."""
        if stream in self._listeners:
            self._send(stream, msgspec.json.encode(make(*args)))

    def _send(self, stream: str, message: bytes) -> None:
        wrapped = b'{"stream":' + msgspec.json.encode(stream) + b',"data":' + message + b"}"
        for listener in list(self._listeners[stream]):
            listener.deliver(wrapped if listener.combined else message)

    # ---- what happens ------------------------------------------------------------------------------------------------

    def observe(self, events: Sequence[Event], aggregates: Sequence[Aggregate], now_us: int) -> None:
        """Tell at once what is told in real time, and the rest when its time has come."""
        moved: dict[str, _Market] = {}
        for event in events:
            if isinstance(event, LevelChanged):
                market = moved[event.symbol] = self._markets[event.symbol]
                market.note(event)
            elif isinstance(event, Traded):
                market = self._markets[event.symbol]
                market.traded = market.changed = True
                self._publish(f"{market.prefix}@trade", shapes.trade, event, now_us)
        for each in aggregates:
            self._publish(f"{each.symbol.lower()}@aggTrade", shapes.aggregate, each, now_us)
        for market in moved.values():
            self._tell_top(market)
        self._tell_what_is_due(now_us)

    def _tell_top(self, market: _Market) -> None:
        stream = f"{market.prefix}@bookTicker"
        if stream not in self._listeners:
            market.top = None
            return
        top = self._exchange.depth(market.symbol, 1)
        if (top.bids, top.asks) != market.top:
            market.top = (top.bids, top.asks)
            self._publish(stream, shapes.book_ticker, market.symbol, top)

    # ---- what comes at its time ----------------------------------------------------------------------------------------

    def _tell_what_is_due(self, now_us: int) -> None:
        due = {period for period in (FAST_US, SLOW_US, KLINE_US) if now_us // period > self._last_us // period}
        if not due:
            return
        self._last_us = now_us
        for market in self._markets.values():
            self._tell_depth(market, due, now_us)
        if SLOW_US in due:
            self._tell_tickers(now_us)
        for stream, klines in self._klines.items():
            for shape in klines.messages(self._exchange, now_us, due=klines.period_us in due):
                self._send(stream, msgspec.json.encode(shape))

    def _tell_depth(self, market: _Market, due: set[int], now_us: int) -> None:
        for speed, suffixes in _SPEEDS:
            if speed not in due:
                continue
            update = market.collected[speed].take(market.symbol, market.update_id, now_us)
            listened_to = [stream for suffix in suffixes if (stream := f"{market.prefix}@depth{suffix}") in self._listeners]
            if update is not None and listened_to:
                message = msgspec.json.encode(update)
                for stream in listened_to:
                    self._send(stream, message)
            for suffix in suffixes:
                for count in PARTIAL_LEVELS:
                    self._publish(f"{market.prefix}@depth{count}{suffix}", self._partial_depth, market.symbol, count)

    def _partial_depth(self, symbol: str, count: int) -> Shape:
        return binance_shapes.depth(self._exchange.depth(symbol, count))

    def _tell_tickers(self, now_us: int) -> None:
        traded = [market for market in self._markets.values() if market.traded]
        for market in traded:
            self._publish(f"{market.prefix}@miniTicker", self._mini_ticker, market.symbol, now_us)
        if traded:
            self._publish("!miniTicker@arr", lambda: [self._mini_ticker(market.symbol, now_us) for market in traded])
        for market in self._markets.values():
            self._publish(f"{market.prefix}@avgPrice", self._average_price, market.symbol, now_us)
            if market.changed:
                self._publish(f"{market.prefix}@ticker", self._ticker, market.symbol, now_us)
            market.traded = market.changed = False

    def _mini_ticker(self, symbol: str, now_us: int) -> Shape:
        return shapes.mini_ticker(symbol, self._exchange.statistics(symbol), now_us)

    def _ticker(self, symbol: str, now_us: int) -> Shape:
        return shapes.ticker(symbol, self._exchange.statistics(symbol), self._exchange.depth(symbol, 1), now_us)

    def _average_price(self, symbol: str, now_us: int) -> Shape:
        known = self._exchange.trades(symbol)
        last_trade_us = known[-1].time_us if known else now_us
        return shapes.average_price(symbol, _AVERAGE_MINUTES, self._exchange.average_price(symbol, _AVERAGE_MINUTES), last_trade_us, now_us)
