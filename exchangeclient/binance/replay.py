"""Plays a recording to callbacks: the same events and snapshots in the same order, at any speed, without a venue.

A :class:`Replay` stands in for the network under ordinary managers and an ordinary client. What the records mean is decided in
:mod:`exchangeclient.binance.recorded`, files are :mod:`exchangeclient.core.recording`'s.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Never, Self

from exchangeclient.binance import recorded
from exchangeclient.binance.client import Client
from exchangeclient.binance.recorded import Answer, Contents, Events, Question, Subscriptions
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.core.books.snapshots import fetch_by
from exchangeclient.core.budgets.budget import Limits
from exchangeclient.core.feeds.iteration import seconds
from exchangeclient.core.http import jsonio
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import Clock, FakeClock, SystemClock
from exchangeclient.core.process.workers import Job, Workers
from exchangeclient.core.protocol.conversation import Dialer
from exchangeclient.core.recording import read_records
from exchangeclient.core.wire.dialing import SocketOptions, dialled
from exchangeclient.core.wire.link import Answering
from exchangeclient.exceptions import ExchangeRequestException, SocketException
from exchangeclient.serving.inprocess import InProcessAdapter
from exchangeclient.serving.messages import HttpRequest, HttpResponse

# Nobody is asked at these.
_HOSTS: Final = {"rest": "http://localhost", "stream": "ws://localhost", "ws_api": "ws://localhost/ws-api/v3"}
_NO_SUCH_SYMBOL = -1121  # after which a book is not tried again
_READY_S = 30.0
_LOOK_S = 0.002
_NAP_S = 0.2  # Windows hears Ctrl-C only when a wait is over
_MACHINE: Final = SystemClock()


class Replay:
    """A recording, to be played once::

        with Replay("morning.jsonl.gz") as replay:
            manager = replay.manager()
            manager.start_trade_socket("BTCUSDT", on_trade)
            DepthCacheManager(replay.client, "BTCUSDT", on_book, bm=manager)
            replay.play()

    Each event waits until the callbacks of the one before it have returned, and until whoever needs a recorded answer has asked for it.
    Managers that are made of its ``client`` are the replay's as much as those that :meth:`manager` makes, as is that of a depth cache
    without ``bm``; of several each has its turn. So a script gets the same calls in the same order, whenever it runs and however long its
    callbacks take; but for the notices of its first connections, which come about before anything is played. Connections are not lost
    again: what the recorder missed is missing. Timers such as ``refresh_interval`` go by the time that passes here.

    :param path: of a file in the layout of :class:`~exchangeclient.core.recording.Record`, such as ``exchangeclient record`` writes
    :raises TypeError: when ``path`` is none
    :raises OSError: when it cannot be read
    :raises ValueError: when it is no recording

    :ivar client: a client whose clock shows the recording's time, and whose answers are the recorded ones: order books when they come, all
        others from then on. What was not recorded is an ExchangeAPIException
    """

    def __init__(self, path: str | Path) -> None:
        self._contents = contents = recorded.contents(read_records(path))
        self._path = path
        self._links: dict[_Link, None] = {}
        self._managers: list[SocketManager] = []
        self._answers = _Answers(contents, lambda: any(manager.is_callback_thread() for manager in self._managers))
        self._closed = threading.Event()
        self._played = False
        self._clock = FakeClock(round(contents.begin_s * 1000))
        self.client: Client = _ReplayClient(self._dialer_for, self._clock)
        self.client._standing.set_limits(Limits())  # a file has no budget
        self.client.session.mount(_HOSTS["rest"], InProcessAdapter(self._answers))
        fetch_by(self.client, _ManyHands())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> Never:
        raise TypeError("a replay is neither pickled nor copied; make another one of the same file")

    def manager(self, **options: Any) -> SocketManager:
        """A socket manager whose streams are the recorded ones.

        :param options: those of :class:`~exchangeclient.binance.sockets.SocketManager`
        """
        return SocketManager(self.client, **options)

    def _dialer_for(self, manager: SocketManager) -> Dialer:
        self._managers.append(manager)
        return partial(self._dial, manager)

    def play(self, speed: float | None = None) -> None:
        """Play it to the end, or until :meth:`close`. Managers are started if need be; their connections stay open afterwards.

        :param speed: 1 for the time that it took, 60 for a minute a second; None: as fast as callbacks take it
        :raises TypeError: when ``speed`` is no number
        :raises ValueError: when it is not above zero
        :raises RuntimeError: when it was played before, or closed
        """
        speed = None if speed is None else seconds("speed", speed)
        reactor.forbid_blocking("play()")
        if self._played:
            raise RuntimeError("a replay plays once; make another one")
        if self._closed.is_set():
            raise RuntimeError("the replay was closed; make another one")
        self._played = True
        self._answers.player = threading.get_ident()
        try:
            for manager in self._managers:
                manager.start()
                manager.wait_all_ready(_READY_S)
            self._play(speed)
        finally:
            self._answers.end()

    def close(self) -> None:
        """Play no more, and close the managers and the client."""
        self._closed.set()
        self._answers.end()
        for manager in self._managers:
            manager.close()
        self.client.close()

    def _play(self, speed: float | None) -> None:
        begun_s = _MACHINE.monotonic_s()
        for piece in recorded.pieces(read_records(self._path)):
            elapsed_s = piece.t - self._contents.begin_s
            while speed is not None and (rest_s := begun_s + elapsed_s / speed - _MACHINE.monotonic_s()) > 0:
                if self._closed.wait(min(rest_s, _NAP_S)):
                    break
            if self._closed.is_set():
                return
            # Its date alone: the deadline of a call that waits for the recording does not pass.
            self._clock.step(piece.t - self._clock.now_ms() / 1000)
            if isinstance(piece, Answer):
                self._settle(reactor.wait(self._awaited))
                self._answers.give(piece)
                self._settle(reactor.wait(self._awaited))
            else:
                for links in reactor.wait(self._turns, piece.stream):  # there, where what a callback has started is open by now
                    self._settle(reactor.wait(self._bring, piece, links))

    def _turns(self, stream: str) -> list[list[_Link]]:
        """The connections that get a stream, by manager: each has a thread of its own, and whose is faster must not matter."""
        turns: dict[SocketManager, list[_Link]] = {}
        for link in list(self._links):
            if stream in link.subscriptions.names:
                turns.setdefault(link.manager, []).append(link)
        return list(turns.values())

    def _settle(self, awaited: int) -> None:
        """Wait until all that came is done with: callbacks have returned, and who waits, waits for the recording to go on."""
        while not self._closed.is_set():
            if awaited > self._answers.waiting:
                self._closed.wait(_LOOK_S)
            elif all(manager.wait_idle(_LOOK_S) for manager in self._managers) or self._answers.hold_up_a_callback:
                return
            awaited = reactor.wait(self._awaited)

    # On the reactor's thread.

    def _dial(self, manager: SocketManager, loop: Any, socket: Answering, url: str, options: SocketOptions) -> Any:  # noqa: ARG002 - no way to go
        link = _Link(manager, loop, socket, url, self._links)
        socket.opened(link)
        return dialled(link)

    def _bring(self, events: Events, links: Iterable[_Link]) -> int:
        for link in links:
            if link.may_send():  # it is still there
                link.bring(events)
        return self._awaited()

    def _awaited(self) -> int:
        return sum(manager.awaiting() for manager in self._managers)


class _ReplayClient(Client):
    """A client of which nothing goes over the network.

    :param dialer_for: what a manager makes its connections with
    """

    def __init__(self, dialer_for: Callable[[SocketManager], Dialer], clock: Clock) -> None:
        super().__init__(environment=_HOSTS, clock=clock)
        self._dials = dialer_for

    def _dialer_for(self, manager: SocketManager) -> Dialer:
        return self._dials(manager)

    def stream(self, streams: str | Iterable[str], *, timeout: float | None = None) -> Never:  # noqa: ARG002 - whichever
        """Refused: such a stream has a connection of its own.

        :raises SocketException: always
        """
        raise SocketException("a replay brings its events to managers: iterate over manager.stream(), on another thread than play()")

    def _calls_way(self) -> Never:
        raise ExchangeRequestException("a recording has no WebSocket API to ask", sent="no")


class _Link:
    """A connection to the recording."""

    answer = None

    def __init__(self, manager: SocketManager, loop: Any, socket: Answering, url: str, open_links: dict[_Link, None]) -> None:
        self.manager = manager
        self.subscriptions = Subscriptions(url)
        self._loop = loop
        self._socket = socket
        self._open_links = open_links
        open_links[self] = None

    def bring(self, events: Events) -> None:
        """Have the socket receive these."""
        self._socket.received(self, [self.subscriptions.payload(events.stream, payload) for payload in events.payloads])

    def may_send(self) -> bool:
        return self in self._open_links

    def sendMessage(self, payload: bytes) -> None:  # noqa: N802 - Autobahn's name
        self._loop.callFromThread(self._socket.received, self, [self.subscriptions.said(payload)])

    def hang_up(self) -> None:
        self._open_links.pop(self, None)


class _Answers:
    """Answers requests from the recording, on the threads that ask.

    :param is_callback: tells on a thread whether it is one that makes callbacks

    :ivar player: the thread that plays, and so can wait for nothing
    :ivar waiting: how many requests wait for what is still to come
    :ivar hold_up_a_callback: True when a callback is among those who wait
    """

    def __init__(self, contents: Contents, is_callback: Callable[[], bool]) -> None:
        self.player = threading.get_ident()
        self._contents = contents
        self._is_callback = is_callback
        self._changed = threading.Condition()
        self._latest = dict(contents.first)
        self._left = Counter(contents.answers)
        self._waiting: dict[Question, list[bool]] = {}
        self._ended = False

    @property
    def waiting(self) -> int:
        with self._changed:
            return sum(map(len, self._waiting.values()))

    @property
    def hold_up_a_callback(self) -> bool:
        with self._changed:
            return any(map(any, self._waiting.values()))

    def give(self, answer: Answer) -> None:
        """Answer those who wait for it, and who will ask."""
        with self._changed:
            self._latest[answer.question] = answer.text
            self._left[answer.question] -= 1
            self._waiting.pop(answer.question, None)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._ended = True
            self._left.clear()
            self._waiting.clear()
            self._changed.notify_all()

    def http(self, request: HttpRequest) -> HttpResponse:
        """Answer a request, maybe after a while."""
        asked = recorded.question(request.path, request.query)
        in_time = asked[0] != recorded.DEPTH or threading.get_ident() == self.player or self._await(asked)
        text = self._latest.get(asked) if in_time else None
        if request.method != "GET" or text is None:
            said = {"code": _NO_SUCH_SYMBOL if asked[0] == recorded.DEPTH else -1, "msg": f"the recording has no answer to {request.path}"}
            return HttpResponse(404, jsonio.encode(said))
        return HttpResponse(200, recorded.narrowed(text, request.path, request.query))

    def websocket(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - whatever it is
        """Refuse: those are dialled, not asked for here."""
        return HttpResponse(404)

    def _await(self, asked: Question) -> bool:
        """Wait for the next answer; False when there is none to come."""
        in_callback = self._is_callback()
        with self._changed:
            left = self._left[asked]
            if not left:
                return False
            self._waiting.setdefault(asked, []).append(in_callback)
            self._changed.wait_for(lambda: self._left[asked] < left)
            return not self._ended


class _ManyHands(Workers):
    """A thread for each job: any number of them may wait, each for another place of the recording."""

    def __init__(self) -> None:
        super().__init__("exchangeclient-replay", 0)

    def submit(self, job: Job) -> None:
        """Have ``job`` called at once."""
        threading.Thread(target=job, name="exchangeclient-replay", daemon=True).start()
