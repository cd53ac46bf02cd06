"""BitMEX's realtime tables: who listens to which, and the way of what happens on the exchange to them.

Each message is made once per topic, however many listen. What a table tells is :mod:`.feeds` and :mod:`.user`, how one asks for it
:mod:`.sockets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from exchangeclient.sandbox.dialects.bitmex import feeds, tables, user
from exchangeclient.sandbox.dialects.bitmex.executions import Journal
from exchangeclient.sandbox.dialects.bitmex.feeds import TICK_US, Feed, Moment, Step
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Row
from exchangeclient.sandbox.engine.events import Event
from exchangeclient.serving.app import Message

if TYPE_CHECKING:
    from exchangeclient.sandbox.dialects.bitmex.venue import Venue

PARTIAL = "partial"
# Of one account an execution comes before its order, that before the position, and the money last.
_ORDER = ("execution", "order", "position", "margin", "wallet", "transact")


class Listener(Protocol):
    """Somebody who has subscribed to topics."""

    def deliver(self, message: Message) -> None:
        """Take one message."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What is subscribed to.

    :ivar symbol: empty for all
    :ivar key: of whose account it is; empty for a public table
    """

    table: str
    symbol: str = ""
    key: str = ""

    @property
    def name(self) -> str:
        """As the venue calls it: ``orderBookL2:XBTUSD``."""
        return f"{self.table}:{self.symbol}" if self.symbol else self.table

    @property
    def full_name(self) -> str:
        """As faults call it: with the key of its account behind it."""
        return f"{self.name}@{self.key}" if self.key else self.name


class _Audience:
    """Those who listen to one topic."""

    def __init__(self, topic: Topic, feed: Feed, venue: Venue) -> None:
        self.topic = topic
        self.feed = feed
        self.listeners: dict[Listener, None] = {}
        self._wire = venue.manners.wire

    def tell(self, action: str, rows: Sequence[Row]) -> None:
        """Tell everybody of rows that came, changed or went."""
        if action == "insert":
            rows = [TABLES[self.topic.table].shown(row, self._wire) for row in rows]
        message = self._message(action, {"data": rows})
        for listener in list(self.listeners):
            listener.deliver(message)

    def begin(self, listeners: Iterable[Listener], now: Moment) -> None:
        """Tell some how everything stands."""
        table = TABLES[self.topic.table]
        content = {
            "keys": table.keys,
            "types": tables.types(self.topic.table, self._wire),
            "foreignKeys": table.foreign_keys,
            "attributes": table.attributes,
            "filter": self.feed.filter,
            "data": [table.shown(row, self._wire) for row in self.feed.rows(now)],
        }
        message = self._message(PARTIAL, content)
        for listener in list(listeners):
            listener.deliver(message)

    def _message(self, action: str, content: Mapping[str, Any]) -> Message:
        payload = msgspec.json.encode({"table": self.topic.table, "action": action, **content})
        return Message(payload, f"{self.topic.full_name}/{action}")


class StreamHub:
    """Every table of the venue, and who listens to it."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._audiences: dict[Topic, _Audience] = {}
        self._last_us = venue.live.now_us

    def feed(self, topic: Topic) -> Feed | None:
        """What a topic would tell; None when there is no such symbol."""
        audience = self._audiences.get(topic)
        if audience is not None:
            return audience.feed
        return (
            user.feed_for(topic.table, topic.symbol, topic.key, self._venue)
            if topic.key
            else feeds.feed_for(topic.table, topic.symbol, self._venue)
        )

    def subscribe(self, topic: Topic, feed: Feed, listener: Listener) -> None:
        """Send what the table tells from now on; how it stands is sent by :meth:`begin`."""
        self._audiences.setdefault(topic, _Audience(topic, feed, self._venue)).listeners[listener] = None

    def begin(self, topic: Topic, listener: Listener) -> None:
        """Send how a table stands that is subscribed to."""
        self._audiences[topic].begin([listener], self._now(self._venue.live.now_us))

    def unsubscribe(self, topic: Topic, listener: Listener) -> None:
        """Send it no more."""
        audience = self._audiences.get(topic)
        if audience is not None:
            audience.listeners.pop(listener, None)
            if not audience.listeners:
                del self._audiences[topic]

    def begin_anew(self, pattern: str) -> int:
        """Send how tables stand in mid-stream, as the venue does when it has lost its own state; to how many topics."""
        now = self._now(self._venue.live.now_us)
        found = [each for topic, each in self._audiences.items() if fnmatchcase(topic.name, pattern)]
        for audience in found:
            audience.begin(audience.listeners, now)
        return len(found)

    def observe(self, events: Sequence[Event], now_us: int, shown_us: int, journals: Mapping[str, Journal]) -> None:
        """Tell at once what is told in real time, and the rest when its time has come."""
        ticked = now_us // TICK_US > self._last_us // TICK_US
        last_us, self._last_us = self._last_us, max(now_us, self._last_us)
        if not self._audiences:
            return
        now, step = Moment(now_us, shown_us), Step.of(events, journals)
        for audience in sorted(self._audiences.values(), key=_rank):
            feed = audience.feed
            changes = list(feed.heard(step, now)) if step.is_any else []
            if ticked and now_us // feed.period_us > last_us // feed.period_us:
                changes += feed.due(now)
            for action, rows in changes:
                if rows:
                    audience.tell(action, rows)

    def _now(self, now_us: int) -> Moment:
        return Moment(now_us, now_us + self._venue.skew_us)


def _rank(audience: _Audience) -> int:
    table = audience.topic.table
    return _ORDER.index(table) if table in _ORDER else -1
