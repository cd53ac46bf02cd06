"""Who owns what: free and locked funds per account and asset. Money moves here and is never made or lost.

Only a deposit brings funds in. A trade moves them between buyer, seller and the house, which earns the commission; so the sum
over all accounts of an asset is always the sum of its deposits. When to lock and what a trade costs is decided by
:mod:`.exchange`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .events import BalanceChanged

HOUSE = "engine:house"  # the colon keeps accounts of the engine apart from API keys
COMMISSION_DIVISOR = 1000  # 0.1 % of what is received, maker and taker alike


def commission(received: int) -> int:
    """The house's share of what a trade brings, cut to eight decimals in the trader's favour."""
    return received // COMMISSION_DIVISOR


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has of an asset: at its disposal, and bound by open orders."""

    free: int
    locked: int


@dataclass(slots=True)
class _Funds:
    free: int = 0
    locked: int = 0


class Accounts:
    """The funds of everybody, and who was touched since :meth:`changes` was asked last."""

    def __init__(self) -> None:
        self._funds: dict[str, dict[str, _Funds]] = {HOUSE: {}}
        self._touched: dict[tuple[str, str], _Funds] = {}  # in the order of the first touch

    def free(self, account: str, asset: str) -> int:
        """What the account may spend; 0 when it never had any."""
        funds = self._funds.get(account, {}).get(asset)
        return 0 if funds is None else funds.free

    def balance(self, account: str, asset: str) -> Balance:
        """Both figures; zero when the account never had any."""
        funds = self._funds.get(account, {}).get(asset)
        return Balance(0, 0) if funds is None else Balance(funds.free, funds.locked)

    def deposit(self, account: str, asset: str, amount: int) -> None:
        """Bring funds in from outside."""
        self._touch(account, asset).free += amount

    def lock(self, account: str, asset: str, amount: int) -> None:
        """Bind free funds to an open order; the caller has checked that they suffice."""
        funds = self._touch(account, asset)
        funds.free -= amount
        funds.locked += amount

    def unlock(self, account: str, asset: str, amount: int) -> None:
        """Give bound funds back."""
        self.lock(account, asset, -amount)

    def pay(self, account: str, asset: str, amount: int, released: int) -> None:
        """Spend ``amount``; ``released`` is what its order no longer binds (0 for an order that binds nothing)."""
        funds = self._touch(account, asset)
        funds.locked -= released
        funds.free += released - amount

    def receive(self, account: str, asset: str, amount: int) -> int:
        """Take in a trade's proceeds; the house keeps its commission, which is returned."""
        charge = commission(amount)
        self._touch(account, asset).free += amount - charge
        self._touch(HOUSE, asset).free += charge
        return charge

    def changes(self, now_us: int) -> list[BalanceChanged]:
        """How the touched balances stand now, one event each; then nothing counts as touched."""
        changed = [BalanceChanged(account, asset, funds.free, funds.locked, now_us) for (account, asset), funds in self._touched.items()]
        self._touched.clear()
        return changed

    def _touch(self, account: str, asset: str) -> _Funds:
        assets = self._funds.setdefault(account, {})
        funds = assets.get(asset)
        if funds is None:
            funds = assets[asset] = _Funds()
        self._touched[account, asset] = funds
        return funds
