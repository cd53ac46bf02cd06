"""Binance as one thing: the exchange, who may sign in, what is counted, and who listens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.aggregates import Aggregate, Aggregates
from exchangeclient.sandbox.dialects.binance.limits import Limits
from exchangeclient.sandbox.dialects.binance.listen_keys import ListenKeys
from exchangeclient.sandbox.dialects.binance.lives import Lives
from exchangeclient.sandbox.dialects.binance.security import Gate
from exchangeclient.sandbox.dialects.binance.streams import StreamHub
from exchangeclient.sandbox.dialects.binance.user import ExecutionIds, UserHub
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.events import BalanceChanged, Event


class Memory(Struct, forbid_unknown_fields=True):
    """What the venue can tell and its exchange does not know; with both, another venue goes on as this one would.

    :ivar opened_us: when it opened
    :ivar updated_us: when the balances of an account changed last, where they have changed since
    """

    opened_us: int
    updated_us: dict[str, int]
    execution_ids: ExecutionIds
    aggregates: Mapping[str, list[Aggregate]]


class Venue:
    """What REST, streams and the WebSocket API of the venue share.

    :param memory: what another one knew of this exchange
    :ivar legacy: True if it still serves what the venue has retired
    :ivar skew_us: how far the clock by which it judges timestamps, and which it shows, is ahead of the exchange's
    :ivar engine_delay_us: how long a command takes on its way to the engine
    """

    def __init__(
        self,
        live: LiveExchange,
        accounts: Iterable[Account],
        *,
        limits: Limits | None = None,
        legacy: bool = False,
        memory: Memory | None = None,
    ) -> None:
        if memory is None:
            memory = Memory(live.now_us, {}, ExecutionIds(), {})
        self.live = live
        self.legacy = legacy
        self.skew_us = 0
        self.engine_delay_us = 0
        self.gate = Gate(accounts)
        self.limits = Limits() if limits is None else limits
        self.aggregates = Aggregates(live.exchange, memory.aggregates)
        self.streams = StreamHub(live.exchange, live.now_us, legacy=legacy)
        self.users = UserHub(live.exchange, memory.execution_ids)
        self.listen_keys = ListenKeys(self.users, self.streams.publish)
        self.lives = Lives(live)
        self._opened_us = memory.opened_us
        self._updated_us = memory.updated_us
        live.watch(self._observe)

    @property
    def now_us(self) -> int:
        """What the venue's clock says."""
        return self.live.now_us + self.skew_us

    @property
    def memory(self) -> Memory:
        """All that it remembers, as it is now."""
        return Memory(self._opened_us, self._updated_us, self.users.ids, self.aggregates.known)

    def updated_us(self, account: str) -> int:
        """When the account's balances changed last."""
        return self._updated_us.get(account, self._opened_us)

    def _observe(self, events: Sequence[Event], now_us: int) -> None:
        for event in events:
            if isinstance(event, BalanceChanged):
                self._updated_us[event.account] = event.time_us
        shown_us = now_us + self.skew_us
        self.limits.observe(events, now_us)
        self.streams.observe(events, self.aggregates.observe(events), now_us, shown_us)
        self.users.observe(events, shown_us)
        self.listen_keys.observe(now_us, shown_us)
        self.lives.observe(now_us)
