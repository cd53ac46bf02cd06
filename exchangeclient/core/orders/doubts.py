"""The orders of which it is not known whether the venue has them: noted before they leave, struck out when their fate is known.

What became of one is asked by the :class:`Doubt` itself, which is its venue's.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from exchangeclient.core.process import forks
from exchangeclient.exceptions import ExchangeRequestException, JournalException

if TYPE_CHECKING:
    from exchangeclient.core.calling.call import Errand
    from exchangeclient.core.http.request import Request
    from exchangeclient.core.orders.journal import Journal

log = logging.getLogger(__name__)


class Key(NamedTuple):
    """What tells an order from the others of its account.

    :ivar kind: a list of orders may have the id of an order
    """

    symbol: str
    kind: str
    client_order_id: str


class Doubt(Protocol):
    """One order whose answer is not there (yet)."""

    @property
    def symbol(self) -> str:
        """Its symbol."""

    @property
    def client_order_id(self) -> str:
        """The id under which the venue is asked for it."""

    @property
    def timestamp_ms(self) -> int:
        """What it was stamped with."""

    @property
    def key(self) -> Key:
        """What tells it from other orders of the account."""

    def told(self) -> dict[str, Any]:
        """The doubt as JSON, for a journal."""


D = TypeVar("D", bound=Doubt)


class TakenError(Exception):
    """An order under the same id was noted meanwhile, by another process: what became of that one comes first."""


class _Turn(Generic[D]):
    """A call that has an id to itself.

    :ivar left: what it, or the call before it, has sent under the id; None when nothing of that can be at the venue
    """

    __slots__ = ("left", "over")

    def __init__(self) -> None:
        self.over = threading.Event()
        self.left: D | None = None


class Doubts(Generic[D]):
    """The orders of one client that are on their way or in doubt; safe to be used by many threads.

    With a journal it is the file that counts: other clients may write it, too. What the venue brings is :meth:`key_of` and :meth:`read`.

    :param journal: where they are noted, so that they survive the process
    :param account: tells the pages of the journal apart
    :raises JournalException: when the journal cannot be read
    """

    def __init__(self, journal: Journal | None = None, account: str = "") -> None:
        self._journal = journal
        self._account = account
        self._lock = threading.Lock()
        self._open: dict[Key, D] = {}
        self._turns: dict[Key, _Turn[D]] = {}
        self.all()
        forks.follow(self)

    def key_of(self, request: Request) -> Key | None:
        """The key of an order by its caller's own id; None when he gives none."""
        raise NotImplementedError

    def read(self, told: Mapping[str, Any]) -> D | None:
        """A doubt as it was told to a journal; None when it is of another form."""
        raise NotImplementedError

    def renew(self) -> None:
        """Go on in a process that was forked off: none of the calls that were under way is under way here."""
        self._lock = threading.Lock()
        self._turns = {}

    @contextlib.contextmanager
    def turn(self, request: Request, make_errand: Callable[[], Errand]) -> Iterator[D | None]:
        """Have the id of an order alone, among the threads of this client: what those before it may have placed under it, if any did.

        :param make_errand: for how long to wait for the calls that have it
        :raises ExchangeRequestException: when those do not end in time
        """
        key = self.key_of(request)
        if key is None:  # an id will be drawn
            yield None
            return
        mine: _Turn[D] = _Turn()
        errand: Errand | None = None
        try:
            while (other := self._turn_of(key, mine)) is not mine:
                errand = make_errand() if errand is None else errand
                _await(other, key, errand)
                mine.left = other.left
            yield mine.left
        finally:
            with self._lock:
                if self._turns.get(key) is mine:
                    del self._turns[key]
            mine.over.set()

    def _turn_of(self, key: Key, mine: _Turn[D]) -> _Turn[D]:
        with self._lock:
            return self._turns.setdefault(key, mine)

    def note(self, doubt: D, patience_s: float) -> None:
        """Note an order before it leaves.

        :param patience_s: how long others that write the journal are waited for
        :raises JournalException: when it cannot be written down, so that it had better not leave
        :raises TakenError: when one of its id is in doubt already
        """
        if self._journal is not None and not self._journal.note(self._account, doubt.key, doubt.timestamp_ms, doubt.told(), patience_s):
            raise TakenError
        with self._lock:
            if self._journal is None and self._open.setdefault(doubt.key, doubt) is not doubt:
                raise TakenError
            if (turn := self._turns.get(doubt.key)) is not None:
                turn.left = doubt

    def strike(self, doubt: D, *, placed: bool) -> None:
        """Strike an order out whose fate is known."""
        with self._lock:
            turn = self._turns.get(doubt.key)
            if turn is not None and not placed and _is_the_one(turn.left, doubt):
                turn.left = None
            if _is_the_one(self._open.get(doubt.key), doubt):
                del self._open[doubt.key]
        if self._journal is not None:
            try:
                self._journal.strike(self._account, doubt.key, doubt.timestamp_ms)
            except JournalException as error:
                # The order is what its caller must learn of. The next start finds it in the journal and asks the venue once more.
                log.warning("the order %s on %s is settled and stays in the journal: %s", doubt.client_order_id, doubt.symbol, error)

    def of(self, request: Request) -> D | None:
        """The doubt about an order of the same id as the one that is about to be sent; None when there is none.

        :raises JournalException: when the journal cannot be read
        """
        key = self.key_of(request)
        if key is None:
            return None
        if self._journal is not None:
            told = self._journal.of(self._account, key)
            return None if told is None else self._read(told, self._journal)
        with self._lock:
            return self._open.get(key)

    def all(self) -> list[D]:
        """Every order in doubt, the oldest first.

        :raises JournalException: when the journal cannot be read
        """
        if self._journal is not None:
            return [self._read(told, self._journal) for told in self._journal.open(self._account)]
        with self._lock:
            return sorted(self._open.values(), key=lambda doubt: doubt.timestamp_ms)

    def _read(self, told: Mapping[str, Any], journal: Journal) -> D:
        doubt = self.read(told)
        if doubt is None:
            raise journal.unreadable(f"{str(told)[:200]} is not of this package's version")
        return doubt


def _is_the_one(noted: Doubt | None, doubt: Doubt) -> bool:
    """True unless the id has been used for another order since."""
    return noted is not None and noted.timestamp_ms == doubt.timestamp_ms


def _await(other: _Turn[Any], key: Key, errand: Errand) -> None:
    try:
        over = other.over.wait(min(errand.left_s(), threading.TIMEOUT_MAX))
    except TimeoutError:
        over = False
    if not over:
        raise ExchangeRequestException(f"not sent: another call places an order under the id {key.client_order_id} and goes on", sent="no")
