"""Proves that a stream survives its connections: whatever breaks is told, the stream flows again, and no event comes twice or out of turn.

``python chaos/chaos_ws.py [--faults N] [--seed N] [--break NAME]`` runs streams of the embedded exchange through the client's socket
manager, has the exchange trouble their connections (:mod:`socket_trouble`), prints one line and exits with 0; or with 1 when a fault did
not come to its end, or was not told as what it is, a stream did not flow again, a dead connection was noticed later than its ping and pong
allow, half of the recoveries took more than a second, an id came twice or out of turn, or one is missing though nothing was told, or though
the stream was to be complete. The full size of 1,000 faults takes about two minutes. A break spoils the client on purpose: it must be
found.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from statistics import median
from time import monotonic, time
from typing import Any

import proof
from socket_trouble import LATE_S, MOST_BYTES, TROUBLES, Target, Trouble, armed

from exchangeclient.binance.trade_ids import Missing
from exchangeclient.client import Client
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Socket
from exchangeclient.core.protocol.conversation import Conversation
from exchangeclient.core.protocol.handover import Handover
from exchangeclient.core.protocol.session import Failure
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.sandbox import Sandbox
from exchangeclient.websockets import SocketManager

ALONE = ("btcusdt", "ethusdt", "ltcusdt", "ethbtc", "bnbbtc")
COMPLETE = ("ethbtc", "bnbbtc")  # what their connections miss is fetched
TOGETHER = ("ltcbtc", "xrpeth", "btcusdc")  # the streams of each over one combined connection
PING_S, PONG_S = 1.0, 2.0
QUIET_S = LATE_S + 1.5
OPTIONS = SocketOptions(
    connect_timeout_s=2.0,
    ping_interval_s=PING_S,
    pong_timeout_s=PONG_S,
    max_message_bytes=MOST_BYTES,
    stale_s=LATE_S / 2,
    retry_s=0.2,
    retry_most_s=0.6,
    stable_s=0.5,
)
WITHIN_S = 12.0
SLACK_S = 1.0  # for a machine that is busy


class Ids:
    """The ids of one stream, as they come."""

    def __init__(self) -> None:
        self._last: int | None = None
        self.may_miss = True

    def seen(self, first: int, last: int) -> str | None:
        """What is wrong with an event that covers these ids."""
        before, self._last = self._last, last
        may_miss, self.may_miss = self.may_miss, False
        if before is None or first == before + 1:
            return None
        if first > before:
            return None if may_miss else "missing"
        return "doubled or out of turn"


class Watched:
    """One connection's streams, and what their user is told.

    :param is_complete: whether nothing may be missing, whatever becomes of connections
    """

    def __init__(self, names: Sequence[str], *, is_complete: bool = False) -> None:
        self.names = names
        self._is_complete = is_complete
        self.has_pulse = any("depth" in name for name in names)
        self.is_alone = len(names) == 1
        self.changed = threading.Condition()
        self.notices: list[SocketNotice] = []
        self.errors = 0
        self.events = 0
        self.wrong: Counter[str] = Counter()
        self._ids: dict[str, Ids] = {}

    def can_have(self, trouble: Trouble) -> bool:
        """Whether a fault can be meant for it and nobody else, and is noticed."""
        return (self.has_pulse or not trouble.needs_pulse) and (self.is_alone or not trouble.needs_path)

    def told(self, notice: SocketNotice) -> None:
        """A notice came. Callback and notices share a thread, so that it stands where it belongs among the events."""
        with self.changed:
            self.notices.append(notice)
            if notice.kind in ("lost", "stale", "refused") and not self._is_complete:
                self._may_miss()
            self.changed.notify_all()

    def event(self, event: dict[str, Any]) -> None:
        """An event came."""
        event = event.get("data", event)
        with self.changed:
            if event["e"] == "error":
                self.errors += 1
                self._may_miss()  # the message that the error is about
            elif event["e"] != "serverShutdown":
                self.events += 1
                kind, ids = event["e"], self._ids.setdefault(event["e"] + event["s"], Ids())
                first, last = (event["U"], event["u"]) if kind == "depthUpdate" else (event[{"trade": "t", "aggTrade": "a"}[kind]],) * 2
                wrong = ids.seen(first, last)
                if wrong is not None:
                    self.wrong[wrong] += 1
            self.changed.notify_all()

    def has_more_than(self, events: int) -> bool:
        """Whether events came since there were so many."""
        return self.events > events

    def has_been_told(self, kind: str, since: int) -> bool:
        """Whether such a notice came since there were so many."""
        return any(notice.kind == kind for notice in self.notices[since:])

    def _may_miss(self) -> None:
        for ids in self._ids.values():
            ids.may_miss = True


class Hurried(SocketManager):
    """A socket manager with short deadlines."""

    def __init__(self, client: Client, on_event: Callable[[SocketNotice], None], *, quiet_s: float | None) -> None:
        super().__init__(client, on_event=on_event)
        self._options = replace(OPTIONS, quiet_s=quiet_s)
        self._begin()


class Run:
    """All of it: the exchange, the client's sockets, and workers who make trouble, each for one connection."""

    def __init__(self, exchange: Sandbox, faults: int, seed: int) -> None:
        self._exchange = exchange
        random = Random(seed)
        plan = [trouble for _ in range(-(-faults // len(TROUBLES))) for trouble in random.sample(TROUBLES, len(TROUBLES))]
        self._plan = plan[:faults]
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self.detections: list[float] = []
        self.recoveries: list[float] = []
        self.watched: dict[str, Watched] = {}
        client = Client("key", "secret", environment=exchange.urls["binance"])
        # Those of which something comes all the time, and those that may be silent.
        self.busy, self.quiet = (Hurried(client, self._told, quiet_s=quiet_s) for quiet_s in (QUIET_S, None))
        for symbol in ALONE:
            complete = symbol in COMPLETE
            for kind, start in (("trade", self.quiet.start_trade_socket), ("aggTrade", self.quiet.start_aggtrade_socket)):
                start(symbol, self._watch([f"{symbol}@{kind}"], is_complete=complete), exactly_once=complete)
            self.busy.start_depth_socket(symbol, self._watch([f"{symbol}@depth@100ms"]), interval=100)
        for symbol in TOGETHER:
            names = [f"{symbol}@{kind}" for kind in ("trade", "aggTrade", "depth@100ms")]
            self.busy.start_multiplex_socket(names, self._watch(names))

    def _watch(self, names: list[str], *, is_complete: bool = False) -> Callable[[dict[str, Any]], None]:
        watched = Watched(names, is_complete=is_complete)
        self.watched[names[0] if watched.is_alone else f"{names[0]} and {len(names) - 1} more"] = watched
        return watched.event

    def _told(self, notice: SocketNotice) -> None:
        self.watched[notice.stream].told(notice)

    def work(self) -> None:
        """Make all the trouble that is planned, or until something has gone wrong."""
        with self.busy, self.quiet:
            workers = [threading.Thread(target=self._trouble, args=(name, watched)) for name, watched in self.watched.items()]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            if not self.failures:
                self._maintenance()

    def _trouble(self, name: str, watched: Watched) -> None:
        all_streams = name if watched.is_alone else f"{watched.names[0].partition('@')[0]}@*"
        target = Target(watched.names[-1], all_streams, f"/ws/{name}")
        self._wait(watched, partial(watched.has_more_than, 0), f"{name} sent nothing")
        for trouble in self._next_ones(watched):
            began, before, failures = time(), len(watched.notices), len(self.failures)
            with armed(trouble, self._exchange, target):
                self._wait(watched, partial(self._is_told, trouble, watched, before), f"{trouble.name} was not told of {name}")
            # A connection that is going must not catch the next fault in place of the one that is used.
            self._wait(watched, partial(self._is_carried_once, target.stream), f"{name} kept an old connection")
            self._wait(watched, partial(watched.has_more_than, watched.events), f"{name} did not flow again after: {trouble.name}")
            if len(self.failures) > failures:
                return
            self._measure(trouble, watched.notices[before:], began)

    def _is_carried_once(self, stream: str) -> bool:
        """Whether one connection carries a stream, as the exchange sees it."""
        return sum(stream in socket.topics for socket in self._exchange._apps["binance"]._open()) == 1  # type: ignore[attr-defined]

    def _next_ones(self, watched: Watched) -> Any:
        while not self.failures:
            with self._lock:
                place = next((place for place, trouble in enumerate(self._plan) if watched.can_have(trouble)), None)
                if place is None:
                    return
                trouble = self._plan.pop(place)
            watched.errors = 0
            yield trouble
            with self._lock:
                self.done[trouble.name] += 1

    def _is_told(self, trouble: Trouble, watched: Watched, before: int) -> bool:
        notices = watched.notices[before:]
        kinds = {"moved" if "moved" in notice.reason else notice.kind for notice in notices}
        kinds |= {"error"} if watched.errors else set()
        if not trouble.loses and kinds & {"lost", "stale"}:
            self.failures.append(f"{trouble.name} cost events: {notices}")
        states = [notice.kind for notice in notices if notice.kind != "gap"]
        flows = not states or states[-1] in ("connected", "recovered")
        return bool(self.failures) or (bool(trouble.told & kinds) and flows)

    def _wait(self, watched: Watched, is_so: Callable[[], bool], otherwise: str) -> None:
        """Wait until that is so, or until anything has gone wrong anywhere."""
        with watched.changed:
            until = monotonic() + WITHIN_S
            while not is_so() and not self.failures:
                watched.changed.wait(0.2)
                if monotonic() > until:
                    self.failures.append(f"{otherwise}; it was told {[notice.reason for notice in watched.notices[-4:]]}")

    def _measure(self, trouble: Trouble, notices: Sequence[SocketNotice], began: float) -> None:
        broken = [notice.at for notice in notices if notice.kind in ("lost", "stale", "refused")]
        flowing = [notice.at for notice in notices if notice.kind == "recovered"]
        with self._lock:
            if broken and flowing:
                self.recoveries.append(flowing[-1] - broken[0])
            if broken and trouble.name == "silent death":
                self.detections.append(broken[0] - began)

    def _maintenance(self) -> None:
        """Everything at once: every connection is closed and none is let in for a while."""
        before = {name: len(watched.notices) for name, watched in self.watched.items()}
        with self._exchange.fault("maintenance", seconds=1.0):
            for name, watched in self.watched.items():
                self._wait(watched, partial(watched.has_been_told, "lost", before[name]), f"maintenance was not told of {name}")
        for name, watched in self.watched.items():
            self._wait(watched, partial(watched.has_been_told, "recovered", before[name]), f"{name} did not flow after the maintenance")
        self.done["maintenance"] += 1


def ping_nobody() -> None:
    """Nobody is pinged."""
    global OPTIONS  # noqa: PLW0603 - spoiling the run is the point
    OPTIONS = replace(OPTIONS, ping_interval_s=0.0)


def never_listen() -> None:
    """A stream that sends nothing is alive as long as it answers pings."""
    Conversation._listen = lambda *_: None  # type: ignore[method-assign]


def never_look_at_the_time() -> None:
    """Events may be as old as they like."""
    Conversation._look = lambda *_: None  # type: ignore[method-assign]


def say_nothing() -> None:
    """The user is told nothing."""
    Socket._notice = lambda *_, **__: None  # type: ignore[method-assign]


def never_try_again() -> None:
    """A connection is made once."""
    connect = Socket._connect
    Socket._connect = lambda self, delay_s=0.0: None if delay_s else connect(self)  # type: ignore[method-assign]


def hand_on_what_both_bring() -> None:
    """While there are two connections, whatever comes over either is an event. (It takes both guards to be off: trades have their ids.)"""
    Handover.old = Handover.new = lambda _, events: list(events)  # type: ignore[method-assign]
    Missing.take = lambda *_: True  # type: ignore[method-assign]


def hang_up_first() -> None:
    """A connection that the venue is about to end is dropped before there is another."""
    Socket.leaving = lambda _, conversation: conversation.fail(Failure("the venue is about to end it"))  # type: ignore[method-assign]


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        ping_nobody,
        never_listen,
        never_look_at_the_time,
        say_nothing,
        never_try_again,
        hand_on_what_both_bring,
        hang_up_first,
    )
}


def main() -> int:
    """Make trouble, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1_000, help="how many, not counting the maintenance at the end")
    arguments = proof.arguments(parser, BREAKS)
    if arguments.broken is not None:
        BREAKS[arguments.broken]()
    logging.getLogger("exchangeclient").addHandler(logging.NullHandler())
    began = monotonic()
    with Sandbox(seed=arguments.seed, limits="counted") as exchange:
        run = Run(exchange, arguments.faults, arguments.seed)
        run.work()
    wrong = sum((watched.wrong for watched in run.watched.values()), Counter[str]())
    slowest, middle = max(run.detections, default=0.0), median(run.recoveries or [0.0])
    if not run.failures and run.done.total() <= arguments.faults:  # the maintenance comes on top
        run.failures.append(f"only {run.done.total()} faults came to their end")
    failed = bool(run.failures or wrong) or slowest > PING_S + PONG_S + SLACK_S or middle > 1.0
    told = f"{run.done.total()} faults of {len(run.done)} kinds, {sum(each.events for each in run.watched.values())} events, "
    told += f"wrong: {json.dumps(wrong)}, silent deaths found within {slowest:.1f} s (at most {PING_S + PONG_S:.1f}), "
    told += f"recovered in {middle:.2f} s (median), {round(monotonic() - began)} seconds"
    for failure in run.failures[:3]:
        print(failure)
    print(f"chaos_ws {'FAIL' if failed else 'ok'} {told}; seed {arguments.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
