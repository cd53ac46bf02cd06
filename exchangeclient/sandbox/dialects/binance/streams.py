"""Binance's market streams: who listens to which, and the way of what happens on the exchange to them.

Each message is made once per stream, however many listen: written once for each unit of time and wrapping that somebody asked
for, and framed once for all who get the same. What a stream tells is :mod:`.feeds`, how one asks for it :mod:`.stream_socket`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from exchangeclient.sandbox.dialects.binance.aggregates import Aggregate
from exchangeclient.sandbox.dialects.binance.feeds import FAST_US, KLINE_US, SLOW_US, Feed, Moment, News, feed_named
from exchangeclient.sandbox.dialects.binance.times import Unit, encode
from exchangeclient.sandbox.engine.events import Event, LevelChanged, Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.serving.app import Message

SHUTDOWN = "!serverShutdown"
"""Under this name every connection is told, subscribed or not, that the server goes away: a fault that is made on purpose."""


class Listener(Protocol):
    """Somebody who has subscribed to streams.

    :ivar unit: of the times in what he gets
    :ivar combined: True if each message is to name its stream
    """

    unit: Unit
    combined: bool

    def deliver(self, message: Message) -> None:
        """Take one message."""


class _Audience:
    """Those who listen to one stream, in the order of subscribing."""

    def __init__(self, stream: str) -> None:
        self.listeners: dict[Listener, None] = {}
        self._stream = stream
        self._head = b'{"stream":' + encode(stream) + b',"data":'

    def tell(self, shape: Any) -> None:
        made: dict[tuple[Unit, bool], Message] = {}
        for listener in list(self.listeners):
            form = (listener.unit, listener.combined)
            message = made.get(form)
            if message is None:
                payload = encode(shape, listener.unit)
                message = made[form] = Message(self._head + payload + b"}" if listener.combined else payload, self._stream)
            listener.deliver(message)


class StreamHub:
    """Every stream of the venue, and who listens to it.

    :param legacy: True to serve also what the venue has retired
    """

    def __init__(self, exchange: Exchange, now_us: int, *, legacy: bool = False) -> None:
        self._exchange = exchange
        self._legacy = legacy
        self._audiences: dict[str, _Audience] = {}
        self._feeds: dict[str, Feed] = {}  # of the streams in _audiences that exist
        self._by_symbol: dict[str, dict[str, Feed]] = {}  # those that hear of a symbol, "" for those that hear of all
        self._last_us = now_us

    # ---- who listens -------------------------------------------------------------------------------------------------

    def subscribe(self, stream: str, listener: Listener) -> None:
        """Send the stream from now on. Nothing ever comes of a stream that does not exist, as at the venue."""
        audience = self._audiences.get(stream)
        if audience is None:
            audience = self._audiences[stream] = _Audience(stream)
            feed = feed_named(stream, self._exchange, legacy=self._legacy)
            if feed is not None:
                self._feeds[stream] = feed
                self._by_symbol.setdefault(feed.symbol, {})[stream] = feed
        audience.listeners[listener] = None

    def unsubscribe(self, stream: str, listener: Listener) -> None:
        """Send it no more."""
        audience = self._audiences.get(stream)
        if audience is None:
            return
        audience.listeners.pop(listener, None)
        if not audience.listeners:
            del self._audiences[stream]
            feed = self._feeds.pop(stream, None)
            if feed is not None:
                del self._by_symbol[feed.symbol][stream]

    def publish(self, stream: str, shape: Any) -> None:
        """Tell those who listen to a stream something that comes from elsewhere."""
        audience = self._audiences.get(stream)
        if audience is not None:
            audience.tell(shape)

    # ---- what happens ------------------------------------------------------------------------------------------------

    def observe(self, events: Sequence[Event], aggregates: Iterable[Aggregate], now_us: int, shown_us: int) -> None:
        """Tell at once what is told in real time, and the rest when its time has come; ``shown_us`` is the time by the venue's clock."""
        if self._feeds:
            for news in _news(events, aggregates, shown_us):
                for symbol in (news.symbol, ""):
                    for stream, feed in list(self._by_symbol.get(symbol, {}).items()):
                        self._tell(stream, feed.heard(news))
        if now_us // FAST_US == self._last_us // FAST_US:
            return  # the other periods are multiples of this one
        due = {period_us for period_us in (FAST_US, SLOW_US, KLINE_US) if now_us // period_us > self._last_us // period_us}
        if due:
            self._last_us, now = now_us, Moment(now_us, shown_us)
            for stream, feed in list(self._feeds.items()):
                if feed.period_us in due and (not feed.symbol or feed.tells_of(feed.symbol)):
                    self._tell(stream, feed.due(now))

    def _tell(self, stream: str, shapes: Iterable[Any]) -> None:
        for shape in shapes:
            self.publish(stream, shape)


def _news(events: Iterable[Event], aggregates: Iterable[Aggregate], shown_us: int) -> Iterable[News]:
    """What happened, by symbol."""
    found: dict[str, News] = {}

    def of(symbol: str) -> News:
        news = found.get(symbol)
        if news is None:
            news = found[symbol] = News(symbol, shown_us)
        return news

    for event in events:
        if isinstance(event, LevelChanged):
            of(event.symbol).levels.append(event)
        elif isinstance(event, Traded):
            of(event.symbol).trades.append(event)
    for each in aggregates:
        of(each.symbol).aggregates.append(each)
    return found.values()
