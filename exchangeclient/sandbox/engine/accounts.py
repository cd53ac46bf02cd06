"""Who owns what: free and locked funds per account and asset. Money moves here and is never made or lost.

Only a deposit brings funds in and only a withdrawal takes them out. A trade moves them between buyer, seller and the house,
which earns the commission; so the sum over all accounts of an asset is always what came in less what went out. When to bind
funds and what a trade costs is decided elsewhere.

Accounts whose name begins with :data:`ENGINE` are the engine's own: nobody can ask for their history, so none is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .events import BalanceChanged, Event
from .instruments import UNIT
from .orders import LiveList

ENGINE = "engine:"  # the colon keeps accounts of the engine apart from API keys
HOUSE = "engine:house"

DISCOUNT_ASSET = "BNB"
DISCOUNT_RATE = UNIT * 3 // 4  # what is left of a charge that is paid in the discount asset


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has of an asset: at its disposal, and bound by open orders."""

    free: int
    locked: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What an account pays of what it receives: rates in units of 10**-8.

    With ``discount``, ``discount_rate`` of the charge is paid in the discount asset instead, as long as there is enough of it.
    """

    maker: int = UNIT // 1000
    taker: int = UNIT // 1000
    discount: bool = False
    discount_asset: str = DISCOUNT_ASSET
    discount_rate: int = DISCOUNT_RATE


USUAL_FEES = Fees()


class Purse:
    """One account's funds of one asset."""

    __slots__ = ("account", "asset", "free", "locked")

    def __init__(self, account: str, asset: str) -> None:
        self.account = account
        self.asset = asset
        self.free = 0
        self.locked = 0


class Account:
    """What one account has and pays on the whole exchange, and how much of its own is open there."""

    __slots__ = (
        "algo_orders",
        "fees",
        "group",
        "hedged",
        "iceberg_orders",
        "kept",
        "lists",
        "name",
        "open_lists",
        "open_orders",
        "purses",
        "ruled",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept = not name.startswith(ENGINE)  # its history is
        self.ruled = True  # False: what it does has happened already, no rule of a symbol can refuse it
        self.group = -1
        self.hedged = False  # long and short positions of a swap are kept apart
        self.fees = USUAL_FEES
        self.purses: dict[str, Purse] = {}
        self.open_orders = 0
        self.algo_orders = 0
        self.iceberg_orders = 0
        self.lists: list[LiveList] = []
        self.open_lists: dict[str, LiveList] = {}  # by their client ids

    def purse(self, asset: str) -> Purse:
        """The funds of an asset, an empty purse when the account never had any."""
        purse = self.purses.get(asset)
        if purse is None:
            purse = self.purses[asset] = Purse(self.name, asset)
        return purse


class Accounts:
    """The funds of everybody, and which of them have changed since :meth:`report` was asked last."""

    def __init__(self) -> None:
        self.house = Account(HOUSE)
        self._accounts: dict[str, Account] = {HOUSE: self.house}
        self.touched: dict[Purse, None] = {}  # whatever changed since the last report; in the order of the first change

    def get(self, name: str) -> Account | None:
        """An account that exists."""
        return self._accounts.get(name)

    def open(self, name: str) -> Account:
        """An account, which exists from now on."""
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = Account(name)
        return account

    def adopt(self, account: Account, purses: Iterable[Purse]) -> None:
        """Take in an account, or more purses of one, that were made on approval."""
        self._accounts.setdefault(account.name, account)
        for purse in purses:
            account.purses.setdefault(purse.asset, purse)

    def balance(self, account: str, asset: str) -> Balance:
        """Both figures; zero when the account never had any."""
        known = self._accounts.get(account)
        purse = None if known is None else known.purses.get(asset)
        return Balance(0, 0) if purse is None else Balance(purse.free, purse.locked)

    def deposit(self, account: str, asset: str, amount: int) -> None:
        """Bring funds in from outside; a negative amount takes them out, the caller has checked that they suffice."""
        purse = self.open(account).purse(asset)
        purse.free += amount
        self.touched[purse] = None

    def move(self, source: Purse, target: Purse, amount: int) -> None:
        """Hand free funds over."""
        source.free -= amount
        target.free += amount
        self.touched[source] = self.touched[target] = None

    def report(self, events: list[Event], now_us: int) -> None:
        """Tell how the balances that have changed stand now, one event each; then none counts as changed."""
        for purse in self.touched:
            events.append(BalanceChanged(purse.account, purse.asset, purse.free, purse.locked, now_us))
        self.touched.clear()
