"""What the clients of all venues have in common, besides their calls: how they are carried, counted, seen through and shown."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Never, Protocol, Self, TypeVar

from exchangeclient.core.budgets.budget import Limits
from exchangeclient.core.budgets.standing import Standing
from exchangeclient.core.calling.call import Caller, Carrier, Errand, Guard, Venue
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.verbose import CALLS, show_calls
from exchangeclient.core.http.addresses import is_loopback, origin
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Request, wire_text
from exchangeclient.core.http.transport import Route, Transport
from exchangeclient.core.process.clock import Clock, FakeClock, VenueClock
from exchangeclient.exceptions import OrderStatusUnknownException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import requests

    from exchangeclient.core.orders.doubts import Doubts
    from exchangeclient.core.wire.dialing import SocketOptions

_RETRY_MOST_S: Final = 5.0  # a call waits for ten seconds at most, so that a longer pause would have calls fail for nothing

AnyDoubts = TypeVar("AnyDoubts", bound="Doubts[Any]")


class SeesThrough(Protocol):
    """An order guard, as far as a client asks it itself."""

    def undecided(self, make_errand: Callable[[], Errand]) -> list[OrderStatusUnknownException]:
        """The orders of which nobody knows whether they were placed, each able to ask."""


class BaseClient:
    """A client of a venue; its own class says what is asked there and how its orders are guarded.

    :param rest: the address that calls go to; keys go nowhere else
    :param counted_at: the address at which the venue counts them
    :param limits: those that are documented
    :ivar venue: its name
    """

    venue: ClassVar[str]
    _caller: Caller
    _guard: SeesThrough

    def __init__(
        self,
        rest: str,
        *,
        counted_at: str,
        limits: Limits,
        credentials: Credentials | None,
        options: Options,
        clock: Clock | None,
        body_limit: int,
        settle_timeout: float,
        ledger: str | Path | None,
        verbose: bool,
    ) -> None:
        check_figures(body_limit, settle_timeout)
        check_clock(clock)
        self.credentials = credentials
        self._counted_at = counted_at
        self._standing = standing_at(counted_at, clock, limits)
        if ledger is not None:
            self._standing.share(ledger)
        self._settle_timeout = settle_timeout
        self._body_limit = body_limit
        self.clock: Clock = self._standing.clock if clock is None else clock
        self._transport = Transport(clock=self.clock, key_hosts=[rest], options=options, body_limit=body_limit)
        self.verbose = verbose
        self.logger = CALLS
        if verbose:
            show_calls()

    def _noted(self, kind: type[AnyDoubts], journal: str | Path | None) -> AnyDoubts:
        """Where the orders on their way are noted: in memory, or in a file as well, on the page of the account."""
        if journal is None:
            return kind()
        from exchangeclient.core.orders.journal import Journal

        return kind(Journal(journal), page_of(self.credentials, self._counted_at))

    def _calling(self, venue: Venue, guard: Guard, bases: Mapping[str, str], carriers: Mapping[str, Carrier] | None = None) -> Caller:
        """What carries the calls; see :class:`~exchangeclient.core.calling.call.Caller`."""
        return Caller(
            venue,
            guard=guard,
            standing=self._standing,
            clock=self.clock,
            credentials=self.credentials,
            transport=self._transport,
            bases=bases,
            carriers=carriers,
            settle_s=self._settle_timeout,
        )

    def _carrying(self, way: SocketOptions) -> SocketOptions:
        """A way to the venue's sockets, as a socket goes that carries calls."""
        return replace(way, max_message_bytes=self._body_limit, retry_most_s=_RETRY_MOST_S)

    def _call(self, request: Request) -> Any:
        return self._caller.call(request)

    def limits(self) -> dict[str, Any]:
        """What is used and left of the venue's limits now, and for how long it wants no request.

        ``{"limits": {"REQUEST_WEIGHT-1M": {"limit": 6000, "used": 20, "left": 5980, "opens_in_s": 12.3}}, "banned_for_s": 0.0}``.
        Those of the address are shared by every client of this process that goes to the same host, and with a ``ledger`` by those of other
        processes.
        """
        shown = self._standing.governor.shown(self._standing.clock)
        if self.credentials is not None:
            own = self._standing.account(self.credentials.key).shown(self._standing.clock)
            shown["limits"] |= own["limits"]
            shown["banned_for_s"] = max(shown["banned_for_s"], own["banned_for_s"])
        return shown

    def undecided_orders(self) -> list[OrderStatusUnknownException]:
        """The orders of which nobody knows whether they were placed, the oldest first, each with ``resolve()``.

        An order is noted before it leaves and struck out when its fate is known. With a ``journal`` those of earlier runs are among them,
        so after a crash this is what was in doubt.
        """
        return self._guard.undecided(self._settling_errand)

    def _settling_errand(self) -> Errand:
        return self._caller.errand(total_s=self._settle_timeout)

    @property
    def session(self) -> requests.Session:
        """The session that carries the calls; adapters may be mounted on it and headers set."""
        return self._transport.session

    @property
    def response(self) -> requests.Response | None:
        """The calling thread's last answer, None before its first. Its request shows neither key nor signature.

        It is kept until that thread's next one; ``del client.response`` lets go of it before.
        """
        return self._transport.latest()

    @response.deleter
    def response(self) -> None:
        self._transport.forget_latest()

    def route(self, url: str) -> Route:
        """How ``url`` is reached by the client's settings: through which proxy, trusting whom. Socket managers go the same way."""
        if not isinstance(url, str):
            raise TypeError(f"url must be a str, not {type(url).__name__}")
        return self._transport.route(url)

    def close(self) -> None:
        """Close the connections that are kept open. The client can still be used; it opens new ones."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> Never:
        raise TypeError("a client is neither pickled nor copied; make one in each process (threads can share one)")


def check_flags(**flags: object) -> None:
    """Refuse what is neither True nor False.

    :raises TypeError: naming the argument
    """
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be a bool, not {type(value).__name__}")


def check_figures(body_limit: object, settle_timeout: object) -> None:
    """Refuse figures that no client can have.

    :raises TypeError: naming the argument
    :raises ValueError: naming the argument
    """
    if isinstance(body_limit, bool) or not isinstance(body_limit, int):
        raise TypeError(f"body_limit must be an int, not {type(body_limit).__name__}")
    if body_limit <= 0:
        raise ValueError(f"body_limit must be above zero, not {body_limit}")
    if isinstance(settle_timeout, bool) or not isinstance(settle_timeout, (int, float)):
        raise TypeError(f"settle_timeout must be a number of seconds, not {type(settle_timeout).__name__}")
    if not 0 <= settle_timeout < float("inf"):
        raise ValueError(f"settle_timeout must be a number of seconds, 0 or more, not {settle_timeout}")


def check_paths(**paths: object) -> None:
    """Refuse what names no file.

    :raises TypeError: naming the argument
    :raises ValueError: naming the argument
    """
    for name, path in paths.items():
        if not isinstance(path, (str, PathLike)) and path is not None:
            raise TypeError(f"{name} must be the path of a file, not {type(path).__name__}")
        if path is not None and "\0" in wire_text(str(path), name):
            raise ValueError(f"{name} must be the path of a file, not {str(path)[:40]!r}")


def check_clock(clock: object) -> None:
    """Refuse what tells no time.

    :raises TypeError: naming the argument
    """
    if clock is not None and not isinstance(clock, Clock):
        raise TypeError(f"clock must have now_ms() and monotonic_s(), which {type(clock).__name__} has not")


def standing_at(base: str, clock: Clock | None, limits: Limits) -> Standing:
    """The time and the budgets of a venue. They are a client's own when its clock is moved by hand: nobody else's windows are its."""
    address = origin(base)
    here = ":".join(map(str, address))
    if clock is not None and isinstance(clock.machine if isinstance(clock, VenueClock) else clock, FakeClock):
        return Standing(here, clock, limits)
    return Standing.at(here, limits, lasts=not is_loopback(address[1]))


def page_of(credentials: Credentials | None, base: str) -> str:
    """What an account's page of a journal goes by: a digest, because a journal is no place for a key."""
    account = f"{'no key' if credentials is None else credentials.key} at {base}"
    return hashlib.sha256(account.encode()).hexdigest()
