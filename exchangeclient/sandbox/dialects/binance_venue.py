"""Binance as one thing: the exchange, who may sign in, what is counted, and who listens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance_aggregates import Aggregates
from exchangeclient.sandbox.dialects.binance_limits import Limits
from exchangeclient.sandbox.dialects.binance_security import Gate
from exchangeclient.sandbox.dialects.binance_streams import StreamHub
from exchangeclient.sandbox.dialects.binance_user import UserHub
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.events import BalanceChanged, Event


class Venue:
    """What REST, streams and the WebSocket API of the venue share."""

    def __init__(self, live: LiveExchange, accounts: Iterable[Account]) -> None:
        self.live = live
        self.gate = Gate(accounts)
        self.limits = Limits()
        self.aggregates = Aggregates(live.exchange)
        self.streams = StreamHub(live.exchange, live.now_us)
        self.users = UserHub()
        self._opened_us = live.now_us
        self._updated_us: dict[str, int] = {}
        live.watch(self._observe)

    def updated_us(self, account: str) -> int:
        """When the account's balances changed last."""
        return self._updated_us.get(account, self._opened_us)

    def _observe(self, events: Sequence[Event], now_us: int) -> None:
        for event in events:
            if isinstance(event, BalanceChanged):
                self._updated_us[event.account] = event.time_us
        self.limits.observe(events, now_us)
        self.streams.observe(events, self.aggregates.observe(events), now_us)
        self.users.observe(events, now_us)
