"""OKX's public channels: who listens to which, and the way of what happens on the exchange to them.

Each message is made once per channel and argument, however many listen. What a channel tells is :mod:`.feeds`, how one asks for it
:mod:`.sockets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from exchangeclient.sandbox.dialects.okx.feeds import TICK_US, Feed, Moment, News, feed_for
from exchangeclient.sandbox.dialects.okx.sequences import Sequences
from exchangeclient.sandbox.engine.events import Event, LevelChanged, StatusChanged, Traded
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.serving.app import Message

if TYPE_CHECKING:
    from exchangeclient.sandbox.dialects.okx.venue import Books

Argument = Mapping[str, str]
Key = tuple[tuple[str, str], ...]


class Listener(Protocol):
    """Somebody who has subscribed to channels."""

    def deliver(self, message: Message) -> None:
        """Take one message."""


def key_of(argument: Argument) -> Key:
    """What tells one subscription from another."""
    return tuple(sorted(argument.items()))


def topic_of(argument: Argument) -> str:
    """What faults call it: ``books:BTC-USDT``."""
    subject = argument.get("instId") or argument.get("instFamily") or argument.get("instType") or ""
    return f"{argument['channel']}:{subject}"


def written(argument: Argument, content: Mapping[str, Any], topic: str) -> Message:
    """A message of a channel."""
    return Message(msgspec.json.encode({"arg": argument, **content}), topic)


class _Audience:
    """Those who listen to one subscription."""

    def __init__(self, argument: Argument, feed: Feed) -> None:
        self.argument = argument
        self.feed = feed
        self.listeners: dict[Listener, None] = {}
        self._topic = topic_of(argument)

    def tell(self, contents: Iterable[Mapping[str, Any]], listeners: Iterable[Listener]) -> None:
        for content in contents:
            message = written(self.argument, content, self._topic)
            for listener in list(listeners):
                listener.deliver(message)


class StreamHub:
    """Every public channel of the venue, and who listens to it."""

    def __init__(self, exchange: Exchange, now_us: int, books: Books, sequences: Sequences) -> None:
        self._exchange = exchange
        self._books = books
        self._sequences = sequences
        self._audiences: dict[Key, _Audience] = {}
        self._last_us = self._shown_us = now_us

    def feed(self, argument: Argument) -> Feed | None:
        """What a subscription would tell; None when there is no such thing."""
        audience = self._audiences.get(key_of(argument))
        feed = feed_for(argument, self._exchange, self._books, self._sequences) if audience is None else audience.feed
        return feed if feed is not None and feed.is_listed else None

    def subscribe(self, argument: Argument, feed: Feed, listener: Listener) -> None:
        """Send what the channel tells from now on, what it begins with first."""
        audience = self._audiences.setdefault(key_of(argument), _Audience(argument, feed))
        audience.listeners[listener] = None
        audience.tell(audience.feed.opening(Moment(self._last_us, self._shown_us)), [listener])

    def unsubscribe(self, argument: Argument, listener: Listener) -> None:
        """Send it no more."""
        key = key_of(argument)
        audience = self._audiences.get(key)
        if audience is not None:
            audience.listeners.pop(listener, None)
            if not audience.listeners:
                del self._audiences[key]

    def observe(self, events: Sequence[Event], now_us: int, shown_us: int) -> None:
        """Tell at once what is told in real time, and the rest when its time has come; ``shown_us`` is the time by the venue's clock."""
        ticked = now_us // TICK_US > self._last_us // TICK_US
        last_us, self._last_us, self._shown_us = self._last_us, max(now_us, self._last_us), shown_us
        if not self._audiences:
            return
        now = Moment(now_us, shown_us)
        for news in _news(events):
            for audience in list(self._audiences.values()):
                if audience.feed.symbol in ("", news.symbol):
                    audience.tell(audience.feed.heard(news, now), audience.listeners)
        if ticked:
            for audience in list(self._audiences.values()):
                feed = audience.feed
                if now_us // feed.period_us > last_us // feed.period_us and feed.is_listed:
                    audience.tell(feed.due(now), audience.listeners)


def _news(events: Iterable[Event]) -> Iterable[News]:
    """What happened, by symbol."""
    found: dict[str, News] = {}
    for event in events:
        if isinstance(event, (LevelChanged, Traded, StatusChanged)):
            news = found.get(event.symbol)
            if news is None:
                news = found[event.symbol] = News(event.symbol)
            if isinstance(event, Traded):
                news.trades.append(event)
            elif isinstance(event, StatusChanged):
                news.status = True
    return found.values()
