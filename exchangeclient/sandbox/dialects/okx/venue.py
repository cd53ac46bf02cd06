"""OKX as one thing: the exchange, who may sign in, what is counted, and who listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exchangeclient.sandbox.dialects.accounts import Members
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.dialects.okx.limits import Limits
from exchangeclient.sandbox.dialects.okx.security import Gate
from exchangeclient.sandbox.dialects.okx.sequences import Sequences
from exchangeclient.sandbox.dialects.okx.streams import StreamHub
from exchangeclient.sandbox.dialects.okx.user import UserHub
from exchangeclient.sandbox.engine.events import BalanceChanged, Event

NAME = "okx"

Switch = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Books:
    """How the order book channels behave, of which the venue has changed or announced to change both.

    :ivar snapshot: whether they begin with one; without it a client has to ask REST for it
    :ivar checksum: whether updates carry a real one; else it is 0, as at the venue since 2026-06-23
    """

    snapshot: bool = True
    checksum: bool = False


class Venue:
    """What REST and websockets of the venue share.

    :ivar skew_us: how far the clock by which it judges timestamps, and which it shows, is ahead of the exchange's
    :ivar engine_delay_us: how long a command takes on its way to the engine
    """

    def __init__(self, live: LiveExchange, members: Members, *, limits: Limits | None = None, books: Books | None = None) -> None:
        self.live = live
        self.skew_us = 0
        self.engine_delay_us = 0
        self.gate = Gate(members)
        self.limits = Limits() if limits is None else limits
        self.books = Books() if books is None else books
        self.sequences = Sequences(live.exchange)
        self.streams = StreamHub(live.exchange, live.now_us, self.books, self.sequences)
        self.users = UserHub(live.exchange, live.now_us)
        self.last_connection = 0
        self.timers: dict[tuple[str, str], tuple[int, Switch]] = {}  # by account and tag: when orders are to be cancelled, and how
        self._opened_us = live.now_us
        self._updated_us: dict[str, int] = {}
        live.watch(self._observe)

    @property
    def now_us(self) -> int:
        """What the venue's clock says."""
        return self.live.now_us + self.skew_us

    def updated_us(self, account: str) -> int:
        """When the account's balances changed last."""
        return self._updated_us.get(account, self._opened_us)

    def connection_id(self) -> str:
        """A new connection's number, as the venue shows it."""
        self.last_connection += 1
        return f"{self.last_connection:08x}"

    def _observe(self, events: Sequence[Event], now_us: int) -> None:
        for event in events:
            if isinstance(event, BalanceChanged):
                self._updated_us[event.account] = event.time_us
        shown_us = now_us + self.skew_us
        self.streams.observe(events, now_us, shown_us)
        self.users.observe(events, now_us, shown_us)
        due = [whose for whose, (due_us, _) in self.timers.items() if due_us <= now_us]
        for _, switch in [self.timers.pop(whose) for whose in due]:  # all at first: what a switch does is observed, too
            switch()
