"""Proves that nothing grows: millions of messages, a fault every so often, and memory, threads and descriptors stay what they were.

``python chaos/soak.py [--messages N] [--every N] [--rate N] [--seed N] [--break NAME]`` has a venue (:mod:`soak_venue`) flood four
streams of trades and a book, and break a connection, or leave out a change of the book, every 50,000 messages. It prints one line and
exits with 0; or with 1 when memory grew by more than half a MiB per million messages, there were more threads or descriptors at the end
than at the beginning, a trade came twice or out of turn, a book was shown that was wrong, or a fault was not told. The full size of ten
million messages takes about five minutes. A break spoils the client on purpose: it must be found.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import proof
from soak_venue import LEVELS, ask, bid

from exchangeclient.client import Client
from exchangeclient.core.feeds import groups
from exchangeclient.core.feeds.callbacks import CallbackThread, EventLine
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.protocol.conversation import Conversation
from exchangeclient.depthcache import DepthCache, DepthCacheManager
from exchangeclient.market.booksync import BookSync
from exchangeclient.websockets import SocketManager

VENUE = Path(__file__).with_name("soak_venue.py")
MOST_MIB_PER_MILLION = 0.5
# A run of fewer messages is too short for a slope: what waits for its callback at one moment and not at another counts for more.
LONG = 2_000_000
NOISE_MIB = 20.0
# At any moment a connection may be going while the next one comes.
AROUND = 2
SAMPLES = 200
WARM = 0.1
STALLED_S = 20.0
SOON_S = 10.0
MIB = 2**20


class Hurried(SocketManager):
    """A socket manager that does not wait long before it connects again."""

    def __init__(self, client: Client, on_event: Callable[[SocketNotice], None]) -> None:
        super().__init__(client, on_event=on_event)
        self._options = replace(self._options, retry_s=0.2, retry_most_s=0.4, stable_s=1.0)
        self._begin()


class Trades:
    """The trades of one symbol, as they come."""

    def __init__(self) -> None:
        self.count = self.wrong = self._last = 0

    def event(self, event: dict[str, Any]) -> None:
        """A trade came, or word of a message that was none; the connection may have been another's before."""
        if event["e"] == "error":
            return
        number = event["t"]
        self.wrong += number <= self._last
        self._last = number
        self.count += 1


class Book:
    """The book, whenever it has changed."""

    def __init__(self) -> None:
        self.count = self.wrong = self.calls = 0

    def changed(self, cache: DepthCache | None) -> None:
        """It has: every level is what the last change of it has made it."""
        self.calls += 1
        if cache is None:
            self.wrong += 1
            return
        bids, asks = cache.top(LEVELS)
        last = cache.update_id
        self.count = last - LEVELS
        numbers = [_latest(last, place) for place in range(LEVELS)]
        self.wrong += bids != tuple(map(bid, numbers)) or asks != tuple(map(ask, numbers))


def _latest(last: int, place: int) -> int:
    """The last change up to ``last`` that has set the level at that place."""
    return last - (last - place) % LEVELS


@dataclass(frozen=True)
class Sample:
    """What the process holds after so many messages."""

    messages: int
    rss: int
    threads: int
    descriptors: int


def sample(messages: int) -> Sample:
    """What it holds now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    # Twisted begins up to ten threads of its own as it likes, to look up names.
    threads = sum(not thread.name.startswith("PoolThread-twisted") for thread in threading.enumerate())
    return Sample(messages, pages * os.sysconf("SC_PAGE_SIZE"), threads, len(os.listdir("/proc/self/fd")))


def slope(samples: list[Sample]) -> float:
    """How memory grows, in MiB per million messages: the straight line through all samples."""
    mean_x = sum(each.messages for each in samples) / len(samples)
    mean_y = sum(each.rss for each in samples) / len(samples)
    across = sum((each.messages - mean_x) ** 2 for each in samples)
    return sum((each.messages - mean_x) * (each.rss - mean_y) for each in samples) / across * 1_000_000 / MIB if across else 0.0


class Run:
    """The client's side."""

    def __init__(self, port: int) -> None:
        address = {"rest": f"http://127.0.0.1:{port}", "stream": f"ws://127.0.0.1:{port}"}
        self.client = Client(environment=address)
        self.trades = [Trades() for _ in range(4)]
        self.book = Book()
        self.notices: Counter[str] = Counter()
        self.missed = 0
        self.samples: list[Sample] = []
        self.stalled = False
        self.manager = Hurried(self.client, self._told)
        for number, each in enumerate(self.trades):
            self.manager.start_trade_socket(f"TRADE{number}", each.event)
        self.depth = DepthCacheManager(self.client, "DEPTHUSDT", self.book.changed, bm=self.manager, limit=LEVELS, ws_interval=100)

    def _told(self, notice: SocketNotice) -> None:
        self.notices[notice.kind] += 1
        self.missed += notice.kind == "gap" and "DEPTHUSDT" in notice.stream

    @property
    def messages(self) -> int:
        """How many have come, as callbacks know; of the book, those that are in it."""
        return sum(each.count for each in self.trades) + self.book.count

    def soak(self, messages: int) -> None:
        """Until so many messages have come, or none come any more."""
        pause, seen, at = threading.Event(), 0, monotonic()
        while seen < messages:
            pause.wait(0.05)
            now = self.messages
            if now > seen:
                seen, at = now, monotonic()
            elif monotonic() > at + STALLED_S:
                self.stalled = True
                return
            if seen >= messages * (WARM + len(self.samples) * (1 - WARM) / SAMPLES):
                self.samples.append(sample(seen))

    def hear_all(self, faults: Counter[str]) -> None:
        """Wait for what the venue has done and callbacks have not come to yet; not for ever, since it may be what is wrong."""
        until, pause = monotonic() + SOON_S, threading.Event()
        while self.missed < faults["gap"] and monotonic() < until:
            pause.wait(0.05)

    def verdict(self, faults: Counter[str]) -> list[str]:
        """All that is not as it should be, after these faults."""
        held, wrong = self.samples, []
        if self.stalled or len(held) < 2:
            return [f"nothing came any more after {self.messages} messages"]
        third = len(held) // 3
        # What waits for its callback at one moment is no growth: the least of the first third, and of the last.
        first, last = (min(each.rss for each in part) for part in (held[: third + 1], held[-third - 1 :]))
        grown = (last - first) / MIB
        if slope(held) > MOST_MIB_PER_MILLION and (held[-1].messages >= LONG or grown > NOISE_MIB):
            wrong.append(f"memory grew by {grown:.1f} MiB")
        for what in ("threads", "descriptors"):
            before, after = (min(getattr(each, what) for each in part) for part in (held[: third + 1], held[-third - 1 :]))
            if after > before + AROUND:
                wrong.append(f"{before} {what} became {after}")
        if any(each.wrong for each in self.trades):
            wrong.append(f"{sum(each.wrong for each in self.trades)} trades came twice or out of turn")
        if self.book.wrong:
            wrong.append(f"a wrong book was shown {self.book.wrong} times of {self.book.calls}")
        if self.notices["raised"]:
            wrong.append(f"{self.notices['raised']} calls of callbacks failed")
        told = self.notices["lost"] + self.notices["gap"]
        if told + AROUND < faults.total() * 0.8:  # the last ones may be under way
            wrong.append(f"{faults.total()} faults were made, and {told} told")
        # Where the callback is late a wrong book may be right again before anybody looks: that it was noticed is a question of its own.
        if self.missed < faults["gap"]:
            wrong.append(f"{faults['gap']} changes were left out, and {self.missed} missed")
        return wrong


@contextmanager
def venue(*figures: int) -> Iterator[tuple[int, Callable[[], Counter[str]]]]:
    """The port of a venue that runs, and what ends it and says how many faults of each kind it has made."""
    command = [sys.executable, str(VENUE), *map(str, figures)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), lambda: Counter(json.loads(process.communicate()[0]))
        finally:
            process.kill()


kept: list[Any] = []


def keep_messages() -> None:
    """Every message is kept, four times, so that a short run shows it."""
    put = EventLine.put
    EventLine.put = lambda line, payloads: (kept.extend(bytes(each) * 4 for each in payloads), put(line, payloads))[1]  # type: ignore[method-assign]


def keep_threads() -> None:
    """Each connection that breaks leaves a thread behind."""
    hang_up = Conversation.hang_up

    def and_keep(conversation: Conversation, reason: str = "") -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        hang_up(conversation, reason)

    Conversation.hang_up = and_keep  # type: ignore[method-assign]


def keep_descriptors() -> None:
    """Each connection that breaks leaves a descriptor behind."""
    hang_up = Conversation.hang_up

    def and_keep(conversation: Conversation, reason: str = "") -> None:
        kept.append(open(os.devnull, "rb"))  # noqa: SIM115 - staying open is the point
        hang_up(conversation, reason)

    Conversation.hang_up = and_keep  # type: ignore[method-assign]


def call_twice() -> None:
    """Now and then a callback is called once more with the same event."""
    call_each, chunks = CallbackThread.call_each, count()

    def and_again(thread: CallbackThread, line: EventLine, payloads: Sequence[bytes]) -> None:
        call_each(thread, line, payloads)
        if next(chunks) % 100 == 0:
            call_each(thread, line, payloads[-1:])

    CallbackThread.call_each = and_again  # type: ignore[method-assign]


def ignore_gaps() -> None:
    """A book that misses a change goes on."""
    BookSync._gap = lambda sync, diff: sync._apply(diff, sync.book)  # type: ignore


def tell_nothing() -> None:
    """A lost connection is nobody's business."""
    groups._Holdings.tell = lambda *_: None  # type: ignore[method-assign]


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each for each in (keep_messages, keep_threads, keep_descriptors, call_twice, ignore_gaps, tell_nothing)
}


def main() -> int:
    """Soak, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--every", type=int, default=50_000, help="after how many messages there is a fault")
    parser.add_argument("--rate", type=int, default=36_000, help="messages a second")
    arguments = proof.arguments(parser, BREAKS)
    if not Path("/proc/self/statm").exists():
        raise SystemExit("soak: this system does not tell what a process holds under /proc")
    if arguments.broken is not None:
        BREAKS[arguments.broken]()
    logging.getLogger("exchangeclient").addHandler(logging.NullHandler())
    began = monotonic()
    with venue(arguments.rate, arguments.every, arguments.seed) as (port, end):
        run = Run(port)
        try:
            run.soak(arguments.messages)
            faults = end()
            run.hear_all(faults)
        finally:
            run.manager.close()
    wrong = run.verdict(faults)
    first, last = (run.samples[0], run.samples[-1]) if run.samples else (sample(0), sample(0))
    told = f"{run.messages:,} messages, {faults.total()} faults of {len(faults)} kinds, "
    told += f"{slope(run.samples or [last]):.2f} MiB per million (at most {MOST_MIB_PER_MILLION}), {last.rss / MIB:.0f} MiB in all, "
    told += f"threads {first.threads} to {last.threads}, descriptors {first.descriptors} to {last.descriptors}, "
    told += f"{run.book.calls:,} looks at the book, {round(monotonic() - began)} seconds"
    for each in wrong:
        print(each)
    print(f"soak {'FAIL' if wrong else 'ok'} {told}; seed {arguments.seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
