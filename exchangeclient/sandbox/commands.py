"""What a user may do to a sandbox from outside of its venues: move its time, fund accounts, halt and delist symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.arguments import (
    checked_flag,
    checked_group,
    checked_rate,
    checked_skew,
    checked_speed,
    checked_status,
    checked_step_ahead,
    checked_stretch,
    scaled_amount,
)
from exchangeclient.sandbox.clocks import VirtualClock, machine_us
from exchangeclient.sandbox.dialects.accounts import Account, wallet
from exchangeclient.sandbox.dialects.binance.venue import Venue
from exchangeclient.sandbox.dialects.bitmex.venue import Venue as BitmexVenue
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.dialects.okx.venue import Venue as OkxVenue
from exchangeclient.sandbox.engine.commands import Command, Delist, Deposit, JoinGroup, SetFees, SetStatus, Withdraw
from exchangeclient.sandbox.engine.instruments import UNIT, shown
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.faults import Fault, Faults
from exchangeclient.sandbox.saved import Saved, to_bytes
from exchangeclient.sandbox.turns import Turns

BINANCE = "binance"
VENUES = (BINANCE, "okx", "bitmex")

# Play money: so much of each asset for every account, and of the cheap ones more.
_FUNDS = 1_000
_OKX_FEES = (UNIT * 8 // 10_000, UNIT // 1_000)  # maker and taker on spot, of a regular user
_MORE_FUNDS = {"USDT": 10_000_000, "USDC": 10_000_000, "XRP": 1_000_000}


class Commands:
    """The exchange in a user's hands. Every method may be called from any thread."""

    def __init__(
        self,
        live: LiveExchange,
        venue: Venue,
        okx: OkxVenue,
        bitmex: BitmexVenue,
        *,
        clock: Callable[[], int],
        step_us: int,
        faults: Faults,
    ) -> None:
        self._live = live
        self._venue = venue
        self._okx = okx
        self._bitmex = bitmex
        self._clock = clock
        self._step_us = step_us
        self._turns = Turns(live)
        self._faults = faults

    # ---- faults ------------------------------------------------------------------------------------------------------

    def fault(self, kind: str, /, **options: Any) -> Fault:
        """Make trouble on purpose, until it is lifted: ``with exchange.fault("stall", stream="btcusdt@depth", seconds=90) as fault:``.

        :param kind: what is to go wrong: one of :data:`~exchangeclient.sandbox.faults.kinds.KINDS`
        :param options: where, how often and how long, and what else there is to say about the kind; :attr:`Fault.hits` counts
        :raises ValueError: naming what is wrong with them
        """
        return self._faults.add(kind, **options)

    @property
    def faults(self) -> Faults:
        """What was armed by :meth:`fault`, and from elsewhere: ``exchange.faults.clear()`` ends all of it."""
        return self._faults

    # ---- time --------------------------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """The exchange's time, in milliseconds since 1970."""
        with self._turns:
            return self._live.now_us // 1000

    @property
    def step_ms(self) -> float:
        """How often the other traders act."""
        return self._step_us / 1000

    @property
    def speed(self) -> float | None:
        """How many times as fast as the machine's its time runs; None by a clock that is not its own. Can be set while it runs.

        :raises SandboxException: when it is set and the clock is not the sandbox's own
        """
        return self._clock.speed if isinstance(self._clock, VirtualClock) else None

    @speed.setter
    def speed(self, speed: float) -> None:
        self._own_clock().speed = checked_speed(speed)

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let so much time pass: the other traders act, candles close, streams tell; returns when all of it has happened.

        :raises SandboxException: when the sandbox has no clock of its own (give it a ``speed``, 0 for one that stands still)
        """
        for _ in self.moving(checked_stretch(seconds=seconds, minutes=minutes, hours=hours, days=days)):
            pass

    def moving(self, by_us: int) -> Iterator[None]:
        """:meth:`advance` in steps, with other people's turns between them."""
        clock = self._own_clock()
        return self._turns.moving(clock, checked_step_ahead(by_us, clock()), self._step_us)

    @property
    def skew_ms(self) -> int:
        """How far the venues' clocks are ahead of the exchange's, when they tell the time and when they check it. Can be set."""
        return self._venue.skew_us // 1000

    @skew_ms.setter
    def skew_ms(self, skew_ms: int) -> None:
        with self._turns:
            self._venue.skew_us = self._okx.skew_us = self._bitmex.skew_us = checked_skew(skew_ms) * 1000

    def _own_clock(self) -> VirtualClock:
        if not isinstance(self._clock, VirtualClock):
            raise SandboxException("this sandbox has no clock of its own; start it with a speed, 0 for one that stands still")
        return self._clock

    # ---- all of it -----------------------------------------------------------------------------------------------------

    def state(self) -> bytes:
        """Everything on the exchange, to be saved and handed to ``Sandbox(state=...)``; what the venue has counted is not in it."""
        with self._turns:
            # A clock that somebody hands in is gone when the state is restored: time goes on by one of the sandbox's own then.
            speed = self.speed if isinstance(self._clock, VirtualClock) else None if self._clock is machine_us else 1.0
            return to_bytes(self._live.exchange, Saved(self._step_us, speed, self.skew_ms, self._venue.memory, self._bitmex.memory))

    def save(self, path: str | Path) -> None:
        """Put the :meth:`state` into a file.

        :raises SandboxException: when it cannot be written
        """
        try:
            Path(path).write_bytes(self.state())
        except OSError as error:
            raise SandboxException(f"cannot save the state to {path}: {error.strerror or error}") from error

    # ---- accounts ----------------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Who may sign in."""
        return self._venue.gate.accounts

    def add_account(self, account: Account) -> None:
        """Let somebody else in, with the play funds that every account starts with.

        :raises SandboxException: when there is an account with this key
        """
        with self._turns:
            try:
                self._venue.gate.add(account)
            except ValueError as error:
                raise SandboxException(str(error)) from error
            self._fund([account])

    def revoke(self, key: str) -> None:
        """Let nobody in with this key any more; its orders and funds stay.

        :raises SandboxException: when there is no account with it
        """
        with self._turns:
            self._check_account(key)
            self._venue.gate.revoke(key)

    def balances(self, key: str, *, venue: str = BINANCE) -> dict[str, dict[str, str]]:
        """What the account has: ``{"BTC": {"free": "1.00000000", "locked": "0.00000000"}}``.

        :param venue: at which it has it; what a key has at one venue is not at another
        :raises SandboxException: when there is no account with this key, or no such venue
        """
        with self._turns:
            return {
                asset: {"free": shown(balance.free), "locked": shown(balance.locked)}
                for asset, balance in self._live.exchange.balances(self._wallet(key, venue)).items()
            }

    def deposit(self, key: str, asset: str, amount: str | int | Decimal, *, venue: str = BINANCE) -> None:
        """Give the account play money.

        :param venue: at which it gets it
        :raises SandboxException: when there is no such account, asset or venue, or the amount is not a number above zero with eight
            decimals
        """
        with self._turns:
            account = self._wallet(key, venue)
            self._check_asset(account, asset)
            self._do(Deposit(account, asset, scaled_amount(amount)))

    def withdraw(self, key: str, asset: str, amount: str | int | Decimal, *, venue: str = BINANCE) -> None:
        """Take free funds off the account.

        :raises SandboxException: as :meth:`deposit`, and when the account has not so much free
        """
        with self._turns:
            account = self._wallet(key, venue)
            self._check_asset(account, asset)
            try:
                self._do(Withdraw(account, asset, scaled_amount(amount)))
            except Refused as refused:
                free = shown(self._live.exchange.balances(account)[asset].free)
                raise SandboxException(f"account {key!r} has only {free} {asset} free, not {amount}") from refused

    def set_fees(
        self, key: str, *, maker: str | int | Decimal, taker: str | int | Decimal, discount: bool = False, venue: str = BINANCE
    ) -> None:
        """What the account pays from now on: ``set_fees("key", maker="0.0008", taker="0.001")``, a part of what a spot trade brings in.

        :param discount: pay a quarter less, in BNB, as long as there is enough of it
        :raises SandboxException: when there is no such account, or a rate is not a number from 0 to 1
        """
        with self._turns:
            account = self._wallet(key, venue)
            self._do(SetFees(account, checked_rate("maker", maker), checked_rate("taker", taker), checked_flag("discount", discount)))

    def join_group(self, key: str, group: int) -> None:
        """Put the account into a trade group, within which self-trade prevention holds as within one account; -1 takes it out.

        :raises SandboxException: when there is no such account
        """
        with self._turns:
            self._check_account(key)
            self._do(JoinGroup(key, checked_group(group)))

    def _fund(self, accounts: Iterable[Account]) -> None:
        """Give play funds to those who have nothing yet; in a restored exchange an account may have been there before."""
        for account, venue in ((wallet(venue, each.key), venue) for each in accounts for venue in VENUES):
            balances = self._live.exchange.balances(account)
            if not any(each.free or each.locked for each in balances.values()):
                for asset in balances:
                    self._do(Deposit(account, asset, _MORE_FUNDS.get(asset, _FUNDS) * UNIT))
                if venue == "okx":
                    self._do(SetFees(account, *_OKX_FEES))
                elif venue == "bitmex":
                    self._bitmex.welcome(account)

    def _wallet(self, key: str, venue: str) -> str:
        """What the engine calls the account behind a key at a venue."""
        self._check_account(key)
        if venue not in VENUES:
            raise SandboxException(f"there is no venue {str(venue)[:200]!r}; there are {', '.join(VENUES)}")
        return wallet(venue, key)

    def _check_account(self, key: str) -> None:
        if not any(account.key == key for account in self.accounts):
            raise SandboxException(f"there is no account with the key {str(key)[:200]!r}")

    def _check_asset(self, account: str, asset: str) -> None:
        if asset not in (assets := self._live.exchange.balances(account)):
            raise SandboxException(f"there is no asset {str(asset)[:200]!r}; there are {', '.join(assets)}")

    # ---- symbols -----------------------------------------------------------------------------------------------------

    @property
    def symbols(self) -> dict[str, str]:
        """What each symbol is open for: TRADING, HALT, BREAK, CANCEL_ONLY or END_OF_DAY."""
        with self._turns:
            return {symbol: each.status.value for symbol, each in self._live.exchange.instruments.items()}

    def set_status(self, symbol: str, status: str) -> None:
        """Open a symbol for something else: ``set_status("BTCUSDT", "HALT")``.

        :raises SandboxException: when there is no such symbol or status
        """
        with self._turns:
            self._check_symbol(symbol)
            self._do(SetStatus(symbol, checked_status(status)))

    def delist(self, symbol: str) -> None:
        """Take a symbol off the exchange: its open orders expire, and it is unknown from then on.

        :raises SandboxException: when there is no such symbol
        """
        with self._turns:
            self._check_symbol(symbol)
            self._do(Delist(symbol))

    def reset_sequence(self, symbol: str) -> None:
        """Let the ids of a symbol's order book begin anew at OKX, as after maintenance; at Binance they go on.

        :raises SandboxException: when there is no such symbol
        """
        with self._turns:
            self._check_symbol(symbol)
            self._okx.sequences.reset(symbol)

    def repeat_partial(self, topic: str) -> int:
        """Let BitMEX send how its tables stand in mid-stream, as when it had lost its own state: ``repeat_partial("orderBookL2:*")``.

        :param topic: which, as subscribed to; ``*`` and ``?`` stand for anything
        :returns: how many topics somebody listens to
        :raises SandboxException: when it is no text
        """
        if not isinstance(topic, str):
            raise SandboxException(f"a topic is a text, not {topic!r}")
        with self._turns:
            return self._bitmex.streams.begin_anew(topic)

    def _check_symbol(self, symbol: str) -> None:
        if symbol not in self._live.exchange.instruments:
            raise SandboxException(f"there is no symbol {str(symbol)[:200]!r}")

    def _do(self, command: Command) -> None:
        self._live.execute(command)
