"""The sockets of ticks, their changes, candles and slow quotes. No key is needed: ``{"uri": "auth"}`` is answered to everybody.

A subscription may have its parameters beside the ``uri`` or in ``args``; its contract comes back in the spelling in which it was asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.gateway.onetoken import names, shapes
from exchangeclient.gateway.onetoken.durations import interval
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.feeds import End, Event, Feeds, Key, Subscriber, candles_of, changes_of, ticks_of, trades_of
from exchangeclient.gateway.onetoken.sockets import Asked, Talk, echo
from exchangeclient.gateway.onetoken.venues import Venue, Venues
from exchangeclient.market.vocabulary import Instrument

MOST: Final = 50
_SLOW_S: Final = 1.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 15.0
_TRY_LATER: Final = 1013
_TICK, _ZHUBI, _CANDLE = "single-tick-verbose", "single-zhubi-verbose", "single-candle"
_clock = SystemClock()

Mark = tuple[str, str, str]
"""What is subscribed to: its uri, the contract as it was spelled, the duration."""

Refuse = Callable[[ServiceError], None]
"""Tells a client that there is no subscription, or no more."""


class QuoteTalk(Talk):
    """A socket of any of these.

    :param kind: ``tick``, ``tick-v3``, ``candle`` or ``low-freq``
    """

    def __init__(self, kind: str, venues: Venues, feeds: Feeds, workers: Workers, query: str, *, silence_s: float) -> None:
        super().__init__(workers, query, gzipped=kind == "tick-v3", silence_s=silence_s)
        self._kind = kind
        self._venues = venues
        self._feeds = feeds
        self._lock = threading.Lock()
        self._wanted: dict[Mark, _Place] = {}

    def closed(self) -> None:
        super().closed()
        with self._lock:
            left, self._wanted = self._wanted, {}
        for place in left.values():
            self._leave(place)

    def asked(self, uri: str, asked: Asked) -> None:
        arguments = asked.get("args")
        given: Asked = {**asked, **(arguments if isinstance(arguments, dict) else {})}
        if uri == "auth":
            self.say({"uri": "auth", "message": "Auth succeed.", **echo(asked)})
            return
        if not uri and self._kind == "candle" and "contract" in given:  # the form of 2018-05
            uri = f"subscribe-{_CANDLE}"
        subject = uri.removeprefix("un").removeprefix("subscribe-")
        if self._kind == "low-freq" and uri in ("batch-subscribe", "batch-unsubscribe", "subscribe", "unsubscribe"):
            self._batch(uri, given)
        elif subject != uri and subject in self._subjects():
            self._single(uri, subject, given)
        # Others are passed over, as the service did.

    def _subjects(self) -> tuple[str, ...]:
        return {"tick": (_TICK, _ZHUBI), "tick-v3": (_TICK,), "candle": (_CANDLE,)}.get(self._kind, ())

    # ---- subscriptions -----------------------------------------------------------------------------------------------

    def _single(self, uri: str, subject: str, given: Asked) -> None:
        duration = given.get("duration", "1m") if subject == _CANDLE else ""
        told = {"uri": uri, "contract": given.get("contract"), **({"duration": duration} if duration else {}), **echo(given)}

        def refuse(error: ServiceError) -> None:
            self.say({**told, "code": error.code, "message": error.message})

        try:
            contract = names.contract(given.get("contract"))
            spelled = str(given["contract"])
            length = interval(duration) if duration else ""
        except ServiceError as error:
            refuse(error)
            return
        mark = subject, spelled, str(duration)
        if uri.startswith("un"):
            self._end(mark)
            self.say({**told, "code": "success"})
            return

        def begin(place: _Place) -> None:
            venue = self._venues.public(contract.exchange)
            instrument = venue.instrument(contract)
            key, write = self._source(mark, venue, instrument, length)
            words = subject, self._kind, spelled, duration
            if not place.granted:
                place.granted = True
                self.say({**told, "code": "success"})
            self._join(mark, place, key, lambda event: self.send(event.framed(words, write)), refuse)

        self._begin(mark, begin, refuse, {**told, "code": "success"})

    def _source(self, mark: Mark, venue: Venue, instrument: Instrument, length: str) -> tuple[Key, Callable[[Any], Mapping[str, Any]]]:
        """Where a subscription comes from, and how it is put into words."""
        subject, spelled, duration = mark
        if subject == _CANDLE:
            return candles_of(venue, instrument, length), lambda row: shapes.pushed_candle(spelled, duration, row)
        if subject == _ZHUBI:
            return trades_of(venue, instrument), lambda rows: {
                "uri": _ZHUBI,
                "data": [shapes.trade(spelled, row) for row in rows],
            }
        if self._kind == "tick-v3":
            return changes_of(venue, instrument), lambda change: {**change, "c": spelled}
        return ticks_of(venue, instrument), lambda tick: {"uri": _TICK, "data": shapes.tick(spelled, tick)}

    def _batch(self, uri: str, given: Asked) -> None:
        """``batch-subscribe`` with ``contracts``; or the form of 2018, ``subscribe`` with a ``contract``, answered by bare objects."""
        bare = not uri.startswith("batch")
        asked = [given.get("contract")] if bare else given.get("contracts")
        told = {"uri": uri, **echo(given)}
        if not isinstance(asked, list) or not asked:
            self.say({**told, "code": "invalid-param", "message": "contracts must be a list of names"})
            return
        if len(asked) > MOST:
            self._too_many()
            return
        if not bare:
            self.say({**told, "code": "success"})
        for spelled in asked:
            self._slow(uri, spelled, bare=bare)

    def _slow(self, uri: str, spelled: Any, *, bare: bool) -> None:
        def refuse(error: ServiceError) -> None:
            self.say({"uri": uri, "contract": spelled, "code": error.code, "message": error.message})

        mark = "low-freq-quote", str(spelled), ""
        if "unsubscribe" in uri:
            self._end(mark)
            return

        def begin(place: _Place) -> None:
            contract = names.contract(spelled)
            venue = self._venues.public(contract.exchange)
            instrument = venue.instrument(contract)
            key = ticks_of(venue, instrument)
            said_s = float("-inf")

            def tell(event: Event) -> None:
                nonlocal said_s
                if _clock.monotonic_s() - said_s < _SLOW_S:
                    return
                said_s = _clock.monotonic_s()
                last, opened = event.content.last, event.content.open
                rise = (last / opened - 1) * 100 if opened else 0.0
                row = {"contract": spelled, "rise": rise, "price": last, "price_s": shapes.price_text(last, instrument.tick)}
                self.say(row if bare else {"uri": "low-freq-quote", "data": [row]})

            self._join(mark, place, key, tell, refuse)

        self._begin(mark, begin, refuse)

    def _too_many(self) -> None:
        self.say({"uri": "status", "code": "rate-limit-exceed", "message": f"at most {MOST} contracts on a socket"})
        if self._connection is not None:
            self._connection.close(_TRY_LATER, "too many contracts")

    def _begin(self, mark: Mark, begin: Callable[[_Place], None], refuse: Refuse, again: Mapping[str, Any] | None = None) -> None:
        """Have a subscription begun on a worker thread; ``again`` is said when there is one already.

        While the venue does not answer it is tried again: the original clients ask once. They are told the first refusal at most, and
        none after they were told that it is theirs.
        """
        place = _Place()
        with self._lock:
            known = mark in self._wanted and not self._wanted[mark].refused
            # Ticks and trades of a contract are of one contract; candles are counted by their duration, too.
            full = len({each[1:] for each in self._wanted} | {mark[1:]}) > MOST
            if not (known or full):
                self._wanted[mark] = place
        if full:
            self._too_many()
        elif known:
            if again is not None:
                self.say(again)
        else:

            def attempt() -> None:
                if self._wanted.get(mark) is place:
                    self.work(lambda: begin(place), failed)

            def failed(error: ServiceError) -> None:
                with self._lock:
                    wanted = self._wanted.get(mark) is place
                    if wanted and not error.is_passing:
                        del self._wanted[mark]
                if not (wanted and error.is_passing):
                    refuse(error)
                    return
                if not (place.granted or place.refused):
                    place.refused = True
                    refuse(error)
                pause_s, place.pause_s = place.pause_s, min(2 * place.pause_s, _LONGEST_PAUSE_S)
                self._feeds.later(pause_s, attempt)

            self.work(lambda: begin(place), failed)

    def _join(self, mark: Mark, place: _Place, key: Key, tell: Subscriber, refuse: Refuse) -> None:
        """On a worker thread; undone when it is not wanted any more by then, even if the same was asked for anew."""

        def subscriber(event: Event) -> None:
            if not isinstance(event, End):
                tell(event)
                return
            with self._lock:
                ended = self._wanted.get(mark) is place
                if ended:
                    del self._wanted[mark]
            if ended:
                refuse(event.content)
                self._leave(place)

        self._feeds.join(key, subscriber)
        with self._lock:
            wanted = self._wanted.get(mark) is place
            if wanted:
                place.joined = key, subscriber
        if not wanted:
            self._feeds.leave(key, subscriber)

    def _end(self, mark: Mark) -> None:
        with self._lock:
            place = self._wanted.pop(mark, None)
        if place is not None:
            self._leave(place)

    def _leave(self, place: _Place) -> None:
        joined = place.joined
        if joined is not None:
            self._workers.submit(lambda: self._feeds.leave(*joined))


class _Place:
    """A subscription's among those of its socket.

    :ivar granted: whether its client was told that it is
    :ivar refused: whether its client was told that it is not at present
    :ivar pause_s: before it is tried once more
    """

    joined: tuple[Key, Subscriber] | None = None  # None while it is being begun
    granted = refused = False
    pause_s = _FIRST_PAUSE_S
