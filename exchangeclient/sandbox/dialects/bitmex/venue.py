"""BitMEX as one thing: the exchange, who may sign in, what is counted, the order desk, and who listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from exchangeclient.sandbox.dialects.accounts import Account, Members, wallet
from exchangeclient.sandbox.dialects.bitmex import market_shapes, names, order_shapes
from exchangeclient.sandbox.dialects.bitmex.account_shapes import Holdings
from exchangeclient.sandbox.dialects.bitmex.instrument_shapes import risk_limit
from exchangeclient.sandbox.dialects.bitmex.limits import Limits
from exchangeclient.sandbox.dialects.bitmex.names import NAME, Currency, Product
from exchangeclient.sandbox.dialects.bitmex.orders import Desk, Orders
from exchangeclient.sandbox.dialects.bitmex.security import Gate
from exchangeclient.sandbox.dialects.bitmex.streams import StreamHub
from exchangeclient.sandbox.dialects.bitmex.tables import Row, Wire
from exchangeclient.sandbox.dialects.bitmex.words import guid, iso
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.commands import SetLeverage
from exchangeclient.sandbox.engine.events import Deposited, Event
from exchangeclient.sandbox.engine.refusals import Refused

_QUOTES_KEPT = 20_000
_TRANSFER = 3
_DEAD = "Canceled by cancelAllAfter"


@dataclass(frozen=True, slots=True)
class Manners:
    """How the venue behaves.

    :ivar wire: the generation of its tables: as in 2021, or as since 2023
    :ivar strict: whether parameters that it does not know are refused; the venue ignored them
    """

    wire: Wire = "2023"
    strict: bool = False


class Settings(Struct, forbid_unknown_fields=True):
    """What an account has chosen.

    :ivar isolated: the symbols on which its margin is its own, with a leverage
    :ivar risk: its risk limits, by symbol
    """

    isolated: set[str] = msgspec.field(default_factory=set)
    risk: dict[str, int] = msgspec.field(default_factory=dict)


class Memory(Struct, forbid_unknown_fields=True):
    """What the venue knows of the exchange, to be saved.

    :ivar timers: by account, when its orders are to be cancelled
    """

    desk: Desk
    timers: dict[str, int]
    transfers: dict[str, list[Row]]
    settings: dict[str, Settings]


class Venue:
    """What REST and websockets of the venue share.

    :ivar skew_us: how far the clock by which it judges ``expires``, and which it shows, is ahead of the exchange's
    :ivar engine_delay_us: how long a request takes until its ``expires`` is checked
    :ivar timers: by account, when its orders are to be cancelled
    :ivar quotes: by the venue's symbol: times and best prices, the oldest first
    """

    def __init__(
        self,
        live: LiveExchange,
        members: Members,
        *,
        limits: Limits | None = None,
        manners: Manners | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.live = live
        self.manners = Manners() if manners is None else manners
        self._skew_us = 0
        self.engine_delay_us = 0
        self.gate = Gate(members)
        self.limits = Limits() if limits is None else limits
        self.orders = Orders(live, self._tell_accounts)
        self.timers: dict[str, int] = {}
        self.quotes: dict[str, deque[tuple[int, tuple[int, int, int, int]]]] = {
            each.symbol: deque(maxlen=_QUOTES_KEPT) for each in names.PRODUCTS
        }
        self._looked_at: dict[str, int] = {}  # the last change of each book
        self.transfers: dict[str, list[Row]] = {}
        self._settings: dict[str, Settings] = {}
        self._transfers = 0
        if memory is not None:
            self.orders.recall(memory.desk)
            self.timers, self.transfers, self._settings = memory.timers, memory.transfers, memory.settings
            self._transfers = sum(map(len, self.transfers.values()))
        self._note_quotes(live.now_us)
        self.streams = StreamHub(self)
        live.watch(self._observe)

    @property
    def skew_us(self) -> int:
        return self._skew_us

    @skew_us.setter
    def skew_us(self, skew_us: int) -> None:
        self._skew_us = self.orders.executions.skew_us = skew_us

    @property
    def memory(self) -> Memory:
        """What is to be saved."""
        return Memory(self.orders.memory(), self.timers, self.transfers, self._settings)

    @property
    def now_us(self) -> int:
        """What the venue's clock says."""
        return self.live.now_us + self.skew_us

    # ---- accounts ----------------------------------------------------------------------------------------------------

    def settings(self, account: str) -> Settings:
        """What an account has chosen; it is to be changed."""
        return self._settings.setdefault(account, Settings())

    def risk_limit(self, account: str, product: Product) -> int:
        """What an account may have at risk on a contract, in minor units."""
        return self.settings(account).risk.get(product.symbol, risk_limit(product))

    def holdings(self, account: str) -> Holdings:
        """What an account has, as the engine calls it."""
        limits = {each.symbol: self.risk_limit(account, each) for each in names.PRODUCTS}
        number = order_shapes.account_number(account.removeprefix(wallet(NAME, "")))
        isolated = frozenset(self.settings(account).isolated)
        return Holdings(self.live.exchange, account, number=number, orders=self.orders, isolated=isolated, risk=limits)

    def wallet(self, account: str, currency: Currency) -> Row:
        """A row of the table of wallets."""
        amounts = [row["amount"] for row in self.transfers.get(account, ()) if row["currency"] == currency.code]
        deposited = sum(each for each in amounts if each > 0)
        return self.holdings(account).wallet_row(currency, deposited, -sum(each for each in amounts if each < 0), self.now_us)

    def welcome(self, account: str) -> None:
        """Let an account share its margin among all positions, as every one does at first."""
        for product in names.listed(self.live.exchange):
            self.live.execute(SetLeverage(account, product.market, names.swap_of(product.instrument(self.live.exchange)).max_leverage))

    def number(self, account: Account) -> int:
        """How the venue numbers an account."""
        return order_shapes.account_number(account.key)

    # ---- what happens ------------------------------------------------------------------------------------------------

    def _observe(self, events: Sequence[Event], now_us: int) -> None:
        for event in events:
            if isinstance(event, Deposited) and event.account.startswith(wallet(NAME, "")):
                self._note_transfer(event)
        if events:
            self._note_quotes(now_us)
        self.orders.observe(events, now_us)
        self.streams.observe(events, now_us, now_us + self.skew_us, self.orders.executions.taken())
        for account in [account for account, due_us in self.timers.items() if due_us <= now_us]:
            if self.timers.pop(account, None) is not None:  # a cancellation before this one comes here as well
                self._cancel_all(account)
        self.orders.act(now_us)

    def _cancel_all(self, account: str) -> None:
        """Let a dead man's orders go."""
        for entry in self.orders.entries.open_of(account):
            try:
                self.orders.cancel(entry, _DEAD)
            except Refused:
                continue  # its market is closed, where nothing can be cancelled

    def _tell_accounts(self) -> None:
        """Tell what happened to orders that the engine has not."""
        now_us = self.live.now_us
        self.streams.observe((), now_us, now_us + self.skew_us, self.orders.executions.taken())

    def _note_quotes(self, now_us: int) -> None:
        exchange = self.live.exchange
        for product in names.PRODUCTS:
            if product.market not in exchange.instruments or self._looked_at.get(product.symbol) == exchange.update_id(product.market):
                continue
            self._looked_at[product.symbol] = exchange.update_id(product.market)
            known, top = self.quotes[product.symbol], market_shapes.top(exchange, product)
            if not known or known[-1][1] != top:
                known.append((now_us, top))

    def _note_transfer(self, event: Deposited) -> None:
        currency = next((each for each in names.CURRENCIES.values() if each.asset == event.asset), None)
        if currency is None:
            return
        self._transfers += 1
        time = iso(event.time_us + self.skew_us)
        row: Row = {
            "transactID": guid(_TRANSFER, 0, self._transfers),
            "account": order_shapes.account_number(event.account.removeprefix(wallet(NAME, ""))),
            "currency": currency.code,
            "transactType": "Deposit" if event.amount > 0 else "Withdrawal",
            "amount": currency.minor(event.amount),
            "fee": 0,
            "transactStatus": "Completed",
            "address": "",
            "tx": "",
            "text": "",
            "transactTime": time,
            "walletBalance": self.holdings(event.account).wallet(currency),
            "marginBalance": None,
            "timestamp": time,
        }
        self.transfers.setdefault(event.account, []).append(row)
