"""Lets many feeds share few connections: a :class:`Pool` of connections, and a :class:`Seat` in it for each feed.

A seat looks to its group like a socket of its own, and to its listener too: messages come as over a connection that is nobody else's.
What is said over the shared connections, and which stream a message belongs to, the venue's session knows.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Listener, NoticeListener, Socket
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.protocol.session import Answers, SocketSession, Wishes
from exchangeclient.exceptions import SocketException

log = logging.getLogger(__name__)

# Which time that a stream is of no use its connection is replaced.
_LAST_HOPE = 2

MakeSession = Callable[[Wishes, Answers], SocketSession]
"""Makes the session of a connection that carries what is wished for, and tells what the venue says to that."""

Route = Callable[[bytes], tuple[str, bytes] | None]
"""Finds the stream that a message belongs to, and the message as a connection of that stream alone would bring it."""


class Pool:
    """Connections that are shared, as many as it takes.

    It lives on the reactor's thread, but for :meth:`call`.

    :param make_session: makes what is said over a connection
    :param make_socket: makes a socket that keeps one
    :param tell: is told what the venue refuses
    :param route: see :data:`Route`
    :param most: how many streams a connection carries
    """

    def __init__(
        self,
        make_session: MakeSession,
        make_socket: Callable[[SocketSession, Listener], Socket],
        *,
        tell: Callable[[SocketNotice], None],
        route: Route,
        most: int,
        loop: Any = None,
    ) -> None:
        self._make_session = make_session
        self._make_socket = make_socket
        self._loop = loop
        self._connections: list[_Connection] = []
        self._seats: set[Seat] = set()
        self.tell = tell
        self.route = route
        self.most = most

    def seat(self, names: Iterable[str], listener: Listener, *, wrapped: bool = False) -> Seat:
        """A share for ``listener``; see :class:`Seat`."""
        return Seat(self, names, listener, wrapped=wrapped)

    def call(self, function: Callable[..., None], *args: Any) -> None:
        """Have something done on the reactor's thread, soon; from any thread."""
        if self._loop is None:
            self._loop = reactor.running()
        self._loop.callFromThread(function, *args)

    def arrange(self, seat: Seat) -> None:
        """Have the connections carry what a seat wants, now that it wants something else."""
        self._seats.add(seat)
        wanted = dict.fromkeys(() if seat.closed else seat.wishes.names)
        changed: set[_Connection] = set()
        for name in [name for name in seat.places if name not in wanted]:
            connection = seat.places.pop(name)
            connection.drop(name, seat)
            changed.add(connection)
        for name in wanted:
            if name not in seat.places:
                connection = self._with_room_for(name)
                seat.places[name] = connection
                connection.take(name, seat)
                changed.add(connection)
        if seat.closed:
            self._seats.discard(seat)
        for connection in changed:
            connection.socket.poke()
        self._let_go()
        seat.settle()

    def forget(self, connection: _Connection) -> None:
        """Seat nobody any more on a connection that has failed for good."""
        if connection in self._connections:
            self._connections.remove(connection)

    def _with_room_for(self, name: str) -> _Connection:
        found = next((each for each in self._connections if each.carries(name)), None)
        found = found or next((each for each in self._connections if each.room > 0), None)
        if found is None:
            found = _Connection(self)
            found.socket = self._make_socket(self._make_session(found.wishes, found), found)
            self._connections.append(found)
            found.socket.open()
        return found

    def _let_go(self) -> None:
        """Close what carries nothing; while anybody is here the last one stays, so that coming and going costs no connections."""
        for connection in [each for each in self._connections if each.room == self.most]:
            if len(self._connections) > 1 or not self._seats:
                self._connections.remove(connection)
                connection.socket.close()


class Seat:
    """What one listener has of the shared connections.

    Its listener is told that it is connected when everything flows that the seat wants, and lost when one of its connections is. What
    is wanted later does not change that. It is told of each stream that the venue refuses; the seat has failed with the last of them.

    :param names: of its streams, to begin with
    :param wrapped: hand on messages as they come over the shared connection, with the name of their stream
    """

    def __init__(self, pool: Pool, names: Iterable[str], listener: Listener, *, wrapped: bool = False) -> None:
        self.pool = pool
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._opened = False
        self._announced = False
        self.wishes = Wishes(names)
        self.listener = listener
        self.wrapped = wrapped
        self.closed = False
        self.failure: SocketException | None = None
        # Those of the reactor's thread: where its streams come from, and which do not flow.
        self.places: dict[str, _Connection] = {}
        self.missing: set[str] = set()

    def open(self) -> None:
        """Have its streams come, and keep them coming. Returns at once; safe from any thread."""
        self._opened = True
        self.pool.call(self.pool.arrange, self)

    def close(self) -> None:
        """Have none of them any more. Returns at once; safe from any thread."""
        self.closed = True
        self._settled.set()
        self.poke()

    def want(self, names: Iterable[str]) -> None:
        """Have these too; from any thread."""
        with self._lock:
            self.wishes.want(names)
            self._settled.clear()
        self.poke()

    def unwant(self, names: Iterable[str]) -> None:
        """Have these no more; from any thread."""
        self.wishes.unwant(names)
        self.poke()

    def poke(self) -> None:
        """Its wishes have changed."""
        if self._opened:
            self.pool.call(self.pool.arrange, self)

    def restart(self, reason: str) -> None:
        """Have its streams asked for anew; the second time, other connections in place of theirs. From any thread."""
        if self._opened:
            self.pool.call(self._restart, reason)

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until everything flows that it wants.

        :raises SocketException: when it does not within ``timeout_s``, is refused, or closed
        """
        in_time = self.closed or self._settled.wait(timeout_s)
        if self.failure is not None:
            raise self.failure.with_traceback(None)  # who asks again and again does not add to it
        if self.closed:
            raise SocketException(f"{_shown(self.wishes.names)} was closed")
        if not in_time:
            raise SocketException(f"{_shown(self.wishes.names)}: not ready within {timeout_s:g} s")

    # All below is for the pool, on the reactor's thread.

    def _restart(self, reason: str) -> None:
        for connection in set(self.places.values()):
            connection.ask_anew([name for name, place in self.places.items() if place is connection], reason)

    def settle(self) -> None:
        """See whether everything flows."""
        if self.closed or self.missing:
            return
        if not self._announced:
            self._announced = True
            self.listener.connected()
        with self._lock:
            if len(self.places) == len(self.wishes.names):
                self._settled.set()

    def lose(self, names: Collection[str], reason: str) -> None:
        """These do not flow any more."""
        self.missing.update(names)
        self._settled.clear()
        if self._announced:
            self._announced = False
            self.listener.lost(reason)

    def refuse(self, name: str, error: SocketException) -> None:
        """The venue does not send this one."""
        self.wishes.unwant([name])
        self.places.pop(name, None)
        self.missing.discard(name)
        if self.wishes.names:
            self.listener.failed(error)
            self.settle()
        else:
            self.fail(error)

    def fail(self, error: SocketException) -> None:
        """It is over."""
        self.failure = error
        self.listener.failed(error)
        self._settled.set()


class _Connection:
    """One shared connection, as the listener of its socket: hands each message to the seats that want it."""

    socket: Socket

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._seats: dict[str, list[Seat]] = {}
        # Those that the venue has agreed to send; they flow while the connection does.
        self._granted: set[str] = set()
        self._is_up = False
        # How often those have come anew, in one way or the other, that have brought nothing since.
        self._doubtful: Counter[str] = Counter()
        self.wishes = Wishes()

    @property
    def room(self) -> int:
        """How many streams more it can carry."""
        return self._pool.most - len(self._seats)

    def carries(self, name: str) -> bool:
        """True when somebody has this stream from here already."""
        return name in self._seats

    def take(self, name: str, seat: Seat) -> None:
        """Carry this stream for a seat."""
        if name in self._seats:
            self._seats[name].append(seat)
        else:
            self._seats[name] = [seat]
            self.wishes.want([name])
        if not (self._is_up and name in self._granted):
            seat.missing.add(name)

    def drop(self, name: str, seat: Seat) -> None:
        """Carry it for this seat no more."""
        seat.missing.discard(name)
        self._seats[name].remove(seat)
        if not self._seats[name]:
            del self._seats[name]
            self._granted.discard(name)
            del self._doubtful[name]
            self.wishes.unwant([name])

    def ask_anew(self, names: Sequence[str], reason: str) -> None:
        """Have these come once more: by asking the venue for them alone, or, if that was of no use, over another connection.

        That costs the others here a break, so it is tried once; after that they are asked for alone again, until they come.
        """
        if not self._is_up:
            return  # they are asked for as soon as it is
        self._doubtful.update(names)
        if any(self._doubtful[name] == _LAST_HOPE for name in names):
            self.socket.restart(reason)
            return
        self._ask_anew(names, reason)

    def _ask_anew(self, names: Sequence[str], reason: str) -> None:
        log.info("%s: asked for anew: %s", _shown(names), reason)
        self._granted.difference_update(names)
        self.wishes.want_anew(names)
        for seat, carried in self._everybody().items():
            if lost := set(carried).intersection(names):
                seat.lose(lost, reason)
        self.socket.poke()

    # What the session says.

    def granted(self, names: Iterable[str]) -> None:
        """These flow, as soon as the connection does."""
        new = self._seats.keys() & set(names) - self._granted
        self._granted |= new
        if self._is_up:
            self._flow(new)

    def refused(self, name: str, reason: str) -> None:
        """The venue does not send this one."""
        log.error("%s: %s", name, reason)
        self._granted.discard(name)
        self._pool.tell(SocketNotice("refused", name, reason, SystemClock().now_ms() / 1000, final=True))
        for seat in self._seats.pop(name, ()):
            seat.refuse(name, SocketException(f"{name}: {reason}"))

    def silent(self, names: Sequence[str], reason: str) -> None:
        """These are dead, and the others are not: they are asked for anew, and never at the others' cost."""
        log.warning("%s: %s", _shown(names), reason)
        for name in names:
            self._pool.tell(SocketNotice("stale", name, reason, SystemClock().now_ms() / 1000))
        if self._is_up:
            self._ask_anew(names, reason)

    # What the socket says.

    def connected(self) -> None:
        """Everything flows that was wanted when it opened, and what was granted since."""
        self._is_up = True
        self._flow(self._granted)

    def received(self, payloads: Sequence[bytes]) -> None:
        """Hand on the messages of a chunk, those of each seat together."""
        shares: dict[Seat, list[bytes]] = {}
        for payload in payloads:
            routed = self._pool.route(payload)
            if routed is None:  # unreadable: it may have been anybody's
                for seat in self._everybody():
                    shares.setdefault(seat, []).append(payload)
                continue
            name, own = routed
            if name in self._doubtful and name in self._granted:
                del self._doubtful[name]
            for seat in self._seats.get(name, ()):  # nobody's, if it was wanted no more when it came
                shares.setdefault(seat, []).append(payload if seat.wrapped else own)
        for seat, share in shares.items():
            seat.listener.received(share)

    def lost(self, reason: str) -> None:
        """Nothing flows."""
        self._is_up = False
        for seat, names in self._everybody().items():
            seat.lose(names, reason)

    def failed(self, error: SocketException) -> None:
        """Nothing will flow any more."""
        self._pool.forget(self)
        for seat in self._everybody():
            seat.fail(error)

    def noticed(self, notice: SocketNotice) -> None:
        """Something happened to it."""
        for seat in self._everybody():
            if isinstance(seat.listener, NoticeListener):
                seat.listener.noticed(notice)

    def close(self) -> None:
        """Nothing to do: the seats' listeners are closed by their groups."""

    def _flow(self, names: Iterable[str]) -> None:
        concerned: dict[Seat, None] = {}
        for name in names:
            for seat in self._seats[name]:
                seat.missing.discard(name)
                concerned[seat] = None
        for seat in concerned:
            seat.settle()

    def _everybody(self) -> dict[Seat, list[str]]:
        """All seats here, each with its streams."""
        everybody: dict[Seat, list[str]] = {}
        for name, seats in self._seats.items():
            for seat in seats:
                everybody.setdefault(seat, []).append(name)
        return everybody


def _shown(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else "".join(names) or "no stream"
