"""What the clients of this process have in common at one host of a venue: its time, and its budgets.

A venue counts by address and by account, whichever client a call came from; so whoever goes to the same host shares these. A venue does
not forget a ban when a client is gone, so neither is forgotten while the process lasts; only hosts of this machine come and go, and
accounts when there are a thousand others.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from exchangeclient.core.budgets.budget import EVERY_CALL, Limits
from exchangeclient.core.budgets.governor import Governor
from exchangeclient.core.process import forks, reactor
from exchangeclient.core.process.clock import Clock, VenueClock

if TYPE_CHECKING:
    from exchangeclient.core.budgets.ledger import Ledger

_MOST_ACCOUNTS: Final = 1_000  # so that strangers' keys, as a gateway may be given any number of, do not fill the memory

_lock = threading.Lock()
_standings: weakref.WeakValueDictionary[str, Standing] = weakref.WeakValueDictionary()
_lasting: list[Standing] = []


class Standing:
    """Time and budgets at one host.

    :param host: as it is known to the others who share the ledger
    :param clock: the venue's time; one that is not a :class:`VenueClock` is taken at its word and never put right
    :param limits: what the venue charges an address and an account for, as far as it is known before the venue has told it

    :ivar governor: the budgets of this address
    :ivar measuring: held while the venue is asked for its time
    """

    def __init__(self, host: str, clock: Clock, limits: Limits) -> None:
        self.host = host
        self.clock = clock
        self.governor = Governor(limits.address)
        self.measuring = threading.Lock()
        self._account_limits = limits.account
        self._accounts: OrderedDict[str, Governor] = OrderedDict()
        self._ledger: Ledger | None = None
        self._lock = threading.Lock()
        forks.follow(self)

    def renew(self) -> None:
        """Go on in a process that was forked off: what is known of bans and budgets holds there, too."""
        self._lock, self.measuring = threading.Lock(), threading.Lock()

    @classmethod
    def at(cls, host: str, limits: Limits, *, lasts: bool = True) -> Self:
        """The one that every client of this process shares at ``host``, by the machine's own clock.

        :param lasts: False forgets it with the last client
        """
        with _lock:
            standing = _standings.get(host)
            if not isinstance(standing, cls):
                standing = cls(host, VenueClock(), limits)
                _standings[host] = standing
                if lasts:
                    _lasting.append(standing)
            return standing

    def account(self, key: str) -> Governor:
        """The budgets of one account; that which was asked for longest ago makes room for the thousandth other one."""
        with self._lock:
            governor = self._accounts.get(key)
            if governor is not None:
                self._accounts.move_to_end(key)
            else:
                governor = self._accounts[key] = Governor(self._account_limits)
                if self._ledger is not None:
                    governor.share(self._ledger.page(self.host, key))
                if len(self._accounts) > _MOST_ACCOUNTS:
                    self._accounts.popitem(last=False)
            return governor

    def set_limits(self, limits: Limits) -> None:
        """Take over the limits that the venue tells."""
        self.governor.set_limits(limits.address)
        told = {limit.counts for limit in limits.account}
        with self._lock:
            self._account_limits = (*limits.account, *(limit for limit in self._account_limits if limit.counts not in told))
            for governor in self._accounts.values():
                governor.set_limits(limits.account)

    def keep_still(self, seconds: float) -> None:
        """Have no call made from this address for so long: the venue has said so to a socket, but means the address. From any thread."""
        if reactor.is_reactor_thread():  # a ledger that other processes share is a file, which may be waited for
            reactor.running().callInThread(self.keep_still, seconds)
        else:
            self.governor.hold(EVERY_CALL, seconds, self.clock)

    def share(self, path: str | Path) -> None:
        """Count together with all processes that share the same file.

        :raises ValueError: when the clients of this process share another one already
        :raises LedgerException: when the file cannot be used
        """
        from exchangeclient.core.budgets.ledger import Ledger

        with self._lock:
            if self._ledger is not None:
                if self._ledger.path.absolute() == Path(path).absolute():
                    return
                raise ValueError(f"ledger: the clients of this process that go to {self.host} share {self._ledger.path} already")
            self._ledger = Ledger(path)
            self.governor.share(self._ledger.page(self.host))
            for key, governor in self._accounts.items():
                governor.share(self._ledger.page(self.host, key))


def forget() -> None:
    """Share nothing with the clients that were made so far; those keep what they have. For tests."""
    with _lock:
        _standings.clear()
        _lasting.clear()
