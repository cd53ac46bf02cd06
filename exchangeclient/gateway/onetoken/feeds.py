"""What happens to a contract, told to any number of sockets: ticks, their changes, trades, candles.

A feed is opened for the first who wants it and closed behind the last. Books are the venue's depth caches: while one is not known to be
right its feed says nothing; when the venue has refused it for good the feed ends, and whoever was told of it is told that. Venues are
asked on worker threads; subscribers are called on the thread of a venue's sockets.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from typing import Any, Final, Protocol

from exchangeclient.core.books.keptbook import BookState
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.exceptions import ExchangeException
from exchangeclient.gateway.onetoken import shapes
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.frames import Frames
from exchangeclient.gateway.onetoken.shapes import Level, Tick
from exchangeclient.gateway.onetoken.venues import Venue
from exchangeclient.market.vocabulary import Instrument, Kline, Trade

log = logging.getLogger(__name__)

LEVELS: Final = 20
SNAPSHOT_S: Final = 30.0
_FIGURES_S: Final = 30.0
_POLL_S: Final = 5.0
_clock = SystemClock()


class Event:
    """Something that happened, framed once for all who are told of it in the same words."""

    __slots__ = ("_frames", "content")

    def __init__(self, content: Any) -> None:
        self.content = content
        self._frames: dict[Hashable, Frames] = {}

    def framed(self, words: Hashable, write: Callable[[Any], Any]) -> Frames:
        """The frames in some words; ``write`` puts the content into them."""
        frames = self._frames.get(words)
        if frames is None:
            frames = self._frames[words] = Frames(write(self.content))
        return frames


class End(Event):
    """The last event of a feed: the venue has refused it for good. Its content is the :class:`.ServiceError` that says so."""


Subscriber = Callable[[Event], None]


class Feed:
    """One kind of news of one contract."""

    def __init__(self, venue: Venue, instrument: Instrument) -> None:
        self.venue = venue
        self.instrument = instrument
        self._lock = threading.RLock()
        self._subscribers: list[Subscriber] = []
        self._end: End | None = None

    def open(self) -> None:
        """Begin; may ask the venue."""

    def close(self) -> None:
        """End."""

    def look(self, work: Callable[[Callable[[], None]], None]) -> None:
        """Called about once a second, on the host's thread; what asks the venue is given to ``work``."""

    def add(self, subscriber: Subscriber) -> None:
        """Tell somebody what there is, and what happens from here on."""
        with self._lock:
            first = self._end or self._first()
            if first is not None:
                subscriber(first)
            self._subscribers.append(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Tell somebody no more."""
        with self._lock:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

    def tell(self, event: Event) -> None:
        """Tell all; nothing after the end."""
        with self._lock:
            if self._end is None:
                for subscriber in self._subscribers:
                    subscriber(event)

    def end(self, end: End) -> None:
        """Tell all that this was it; and whoever comes before the last has left. Once."""
        with self._lock:
            self.tell(end)
            self._end = self._end or end

    @property
    def has_ended(self) -> bool:
        """True once it has; it is of no use any more."""
        return self._end is not None

    def refused(self, what: str) -> None:
        """End, for the venue gives something no more."""
        if self._end is not None:
            return
        log.warning("%s of %s: refused by the venue for good", what, self.instrument.name)
        text = f"the venue does not give {what} of {self.instrument.name} any more"
        self.end(End(ServiceError("upstream-error", text, status=502)))

    def _first(self) -> Event | None:
        """What somebody is told who comes now."""
        return None


class TradeFeed(Feed):
    """Everybody's trades; the content of an event is a list of them."""

    def open(self) -> None:
        sockets = self.venue.sockets()
        self._key = sockets.start_trade_socket(self.instrument.name, self._heard)

    def close(self) -> None:
        if self._key:
            self.venue.stop_socket(self._key)

    def look(self, work: Callable[[Callable[[], None]], None]) -> None:  # noqa: ARG002 - a method of every feed
        if not self.venue.flows(self._key):
            self.refused("the trades")

    def _heard(self, message: Any) -> None:
        trades = list(self.venue.words.trades(message))
        if trades:
            self.tell(Event(trades))


class TickFeed(Feed):
    """The book's best levels, the last price and the figures of 24 hours; the content of an event is a :class:`Tick`."""

    def __init__(self, venue: Venue, instrument: Instrument, feeds: Feeds) -> None:
        super().__init__(venue, instrument)
        self._feeds = feeds
        self._tick: Tick | None = None
        self._sides: tuple[tuple[Level, ...], tuple[Level, ...]] | None = None
        self._at_ms = 0
        self._book: Any = None
        self._asked_s = 0.0

    def open(self) -> None:
        self._ask_figures()
        self._feeds.join(trades_of(self.venue, self.instrument), self._traded)
        try:
            self._book = self.venue.book(self.instrument.name, self._changed)
        except BaseException:
            self._feeds.leave(trades_of(self.venue, self.instrument), self._traded)
            raise

    def close(self) -> None:
        self._book.close()
        self._feeds.leave(trades_of(self.venue, self.instrument), self._traded)

    @property
    def is_right(self) -> bool:
        """False while the book is not known to be the venue's."""
        return self._book is not None and self._book.state is BookState.LIVE

    def look(self, work: Callable[[Callable[[], None]], None]) -> None:
        if _clock.monotonic_s() - self._asked_s > _FIGURES_S:
            self._asked_s = _clock.monotonic_s()
            work(self._ask_figures)

    def _first(self) -> Event | None:
        return Event(self._tick) if self._tick is not None and self.is_right else None

    def _ask_figures(self) -> None:
        ticker = self.venue.desk.ticker(self.instrument.name)
        worth = self.venue.values().get(self.instrument.market.quote.lower())
        with self._lock:
            self._asked_s = _clock.monotonic_s()
            self._last = shapes.number(ticker.last)
            self._volume = shapes.number(ticker.volume)
            self._open = shapes.number(ticker.open)
            self._worth = shapes.number(worth)

    def _traded(self, event: Event) -> None:
        if isinstance(event, End):
            self.end(event)
            return
        newest: Trade = event.content[-1]
        with self._lock:
            self._last = float(newest.price)
            self._at_ms = max(self._at_ms, newest.time_ms)
        if self.is_right:  # else the sides are of a while ago
            self._tell()

    def _changed(self, cache: Any) -> None:
        if cache is None:
            self.refused("the book")
            return
        bids, asks = cache.top(LEVELS)
        with self._lock:
            self._sides = _levels(bids), _levels(asks)
            self._at_ms = max(self._at_ms, cache.update_time or 0)
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            if self._sides is None:
                return
            now_ms = _clock.now_ms()
            turnover = self._volume * self._last * self._worth
            self._tick = Tick(now_ms, self._at_ms or now_ms, self._last, self._volume, turnover, self._open, *self._sides)
            self.tell(Event(self._tick))


class ChangeFeed(Feed):
    """A tick as a snapshot, then what changes of it: ``tick-v3`` without the contract's name, which everybody has in his own spelling."""

    def __init__(self, venue: Venue, instrument: Instrument, feeds: Feeds) -> None:
        super().__init__(venue, instrument)
        self._feeds = feeds
        self._number = 0
        self._ticks: Feed | None = None
        self._shown: Tick | None = None
        self._shown_s = 0.0

    def open(self) -> None:
        self._ticks = self._feeds.join(ticks_of(self.venue, self.instrument), self._ticked)

    def close(self) -> None:
        self._feeds.leave(ticks_of(self.venue, self.instrument), self._ticked)

    def look(self, work: Callable[[Callable[[], None]], None]) -> None:  # noqa: ARG002 - a method of every feed
        with self._lock:
            if self._shown is not None and self._is_right and _clock.monotonic_s() - self._shown_s > SNAPSHOT_S:
                self._show(self._shown)

    @property
    def _is_right(self) -> bool:
        return not isinstance(self._ticks, TickFeed) or self._ticks.is_right

    def _first(self) -> Event | None:
        if not self._is_right:
            self._shown = None  # what comes next is a snapshot, for whoever comes now has nothing to change
        if self._shown is None:
            return None
        return Event(_change("s", self._number, self._shown, self._shown.bids, self._shown.asks))

    def _ticked(self, event: Event) -> None:
        if isinstance(event, End):
            self.end(event)
            return
        new: Tick = event.content
        with self._lock:
            old = self._shown
            if old is None:
                self._show(new)
                return
            self._shown = new
            self._number += 1
            self.tell(Event(_change("d", self._number, new, _differing(old.bids, new.bids), _differing(old.asks, new.asks))))

    def _show(self, tick: Tick) -> None:
        self._shown, self._shown_s = tick, _clock.monotonic_s()
        self._number += 1
        self.tell(Event(_change("s", self._number, tick, tick.bids, tick.asks)))


class CandleFeed(Feed):
    """The running candle; the content of an event is a :class:`Kline`."""

    def __init__(self, venue: Venue, instrument: Instrument, interval: str) -> None:
        super().__init__(venue, instrument)
        self._interval = interval
        self._candle: Kline | None = None
        self._key: Any = None
        self._asked_s = 0.0

    def open(self) -> None:
        self._ask()
        if self.venue.words.candle is not None:
            self._key = self.venue.sockets().start_kline_socket(self.instrument.name, self._heard, self._interval)

    def close(self) -> None:
        if self._key:
            self.venue.stop_socket(self._key)

    def look(self, work: Callable[[Callable[[], None]], None]) -> None:
        if self._key and not self.venue.flows(self._key):
            self.refused("the candles")
        elif not self._key and _clock.monotonic_s() - self._asked_s > _POLL_S:
            self._asked_s = _clock.monotonic_s()
            work(self._ask)

    def _first(self) -> Event | None:
        return None if self._candle is None else Event(self._candle)

    def _ask(self) -> None:
        self._asked_s = _clock.monotonic_s()
        rows = self.venue.desk.klines(self.instrument.name, self._interval, limit=1)
        if rows:
            self._show(rows[-1])

    def _heard(self, message: Any) -> None:
        read = self.venue.words.candle
        candle = None if read is None else read(message)
        if candle is not None:
            self._show(candle)

    def _show(self, candle: Kline) -> None:
        with self._lock:
            self._candle = candle
            self.tell(Event(candle))


class Key(Protocol):
    """What tells a feed from others, and makes it."""

    def __hash__(self) -> int: ...

    def make(self, feeds: Feeds) -> Feed:
        """The feed itself."""


class _Of:
    """A feed's kind, contract and details."""

    def __init__(self, kind: type[Feed], venue: Venue, instrument: Instrument, *details: Any) -> None:
        self._kind, self._venue, self._instrument, self._details = kind, venue, instrument, details
        self._identity = kind, venue.name, instrument.name, details

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Of) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def make(self, feeds: Feeds) -> Feed:
        with_feeds = (feeds,) if self._kind in (TickFeed, ChangeFeed) else ()
        return self._kind(self._venue, self._instrument, *self._details, *with_feeds)


def trades_of(venue: Venue, instrument: Instrument) -> Key:
    """Everybody's trades."""
    return _Of(TradeFeed, venue, instrument)


def ticks_of(venue: Venue, instrument: Instrument) -> Key:
    """Ticks."""
    return _Of(TickFeed, venue, instrument)


def changes_of(venue: Venue, instrument: Instrument) -> Key:
    """Snapshots and changes."""
    return _Of(ChangeFeed, venue, instrument)


def candles_of(venue: Venue, instrument: Instrument, interval: str) -> Key:
    """Running candles."""
    return _Of(CandleFeed, venue, instrument, interval)


class Feeds:
    """Those that are open. Joining and leaving may ask the venue, so they are for worker threads."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._open: dict[Key, _Entry] = {}
        self._later: list[tuple[float, Callable[[], None]]] = []

    def join(self, key: Key, subscriber: Subscriber) -> Feed:
        """Tell somebody of a feed, which is opened if need be. Raises what opening it raises."""
        with self._lock:
            entry = self._open.setdefault(key, _Entry())
            entry.users += 1
        try:
            with entry.turn:
                if entry.feed is not None and entry.feed.has_ended:  # those who were told of it have not all left yet
                    ended, entry.feed = entry.feed, None
                    ended.close()
                if entry.feed is None:
                    feed = key.make(self)
                    feed.open()
                    entry.feed = feed
                entry.feed.add(subscriber)
                return entry.feed
        except BaseException:
            with self._lock:
                entry.users -= 1
                self._forget(key, entry)
            raise

    def leave(self, key: Key, subscriber: Subscriber) -> None:
        """Tell somebody no more of it."""
        with self._lock:
            entry = self._open.get(key)
            if entry is None:
                return
            entry.users -= 1
        with entry.turn:
            if entry.feed is not None:
                entry.feed.remove(subscriber)
            with self._lock:
                feed = None if entry.users else entry.feed
                if not entry.users:
                    entry.feed = None
            try:
                if feed is not None:
                    feed.close()
            finally:
                with self._lock:  # not before: who comes meanwhile waits, since a venue's stream is there once
                    self._forget(key, entry)

    def _forget(self, key: Key, entry: _Entry) -> None:
        if not entry.users and self._open.get(key) is entry:
            del self._open[key]

    def later(self, after_s: float, job: Callable[[], None]) -> None:
        """Have something done on the host's thread after a while, which must not block; from any thread."""
        with self._lock:
            self._later.append((_clock.monotonic_s() + after_s, job))

    def look(self) -> None:
        """Called about once a second on the host's thread."""
        now_s = _clock.monotonic_s()
        with self._lock:
            opened = [entry.feed for entry in self._open.values() if entry.feed is not None]
            due = [job for at_s, job in self._later if at_s <= now_s]
            self._later = [each for each in self._later if each[0] > now_s]
        for job in due:
            job()
        for feed in opened:
            feed.look(self._work)

    def _work(self, job: Callable[[], None]) -> None:
        """Have the venue asked again; when it does not answer, what was known before holds until the next time."""

        def guarded() -> None:
            try:
                job()
            except (ExchangeException, ServiceError) as error:
                log.info("a feed could not ask its venue: %s", type(error).__name__)

        self._workers.submit(guarded)

    def close(self) -> None:
        """Forget all; what they are of is closed as a whole."""
        with self._lock:
            self._open.clear()
            self._later.clear()


class _Entry:
    """A feed, and the turn of who opens or closes it."""

    def __init__(self) -> None:
        self.turn = threading.RLock()
        self.feed: Feed | None = None
        self.users = 0


def _levels(side: Any) -> tuple[Level, ...]:
    return tuple((float(price), float(quantity)) for price, quantity in side)


def _differing(old: tuple[Level, ...], new: tuple[Level, ...]) -> list[Level]:
    """The levels that are other now; volume 0 for those that are gone."""
    before, now = dict(old), dict(new)
    changed = [(price, volume) for price, volume in new if before.get(price) != volume]
    return changed + [(price, 0.0) for price in before if price not in now]


def _change(kind: str, number: int, tick: Tick, bids: Any, asks: Any) -> dict[str, Any]:
    return {
        "tp": kind,
        "ui": number,
        "tm": tick.time_ms / 1_000,
        "et": tick.exchange_time_ms / 1_000,
        "l": tick.last,
        "v": tick.volume,
        "vc": tick.amount,
        "b": list(bids),
        "a": list(asks),
    }
