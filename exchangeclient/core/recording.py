"""Frames and answers with their times, to a file and back.

A recording is a gzip file of JSON lines, each a :class:`Record`, in the order of their times. A :class:`Recorder` writes one: it stands
between sockets and the network (:attr:`Recorder.dial`), and looks on while a client is answered (:meth:`Recorder.watch`).
:func:`read_records` reads one, also one that was cut off. What a recording means, and how it is played, is the venue's business.
"""

from __future__ import annotations

import atexit
import gzip
import logging
import re
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Literal, Never, Protocol, Self, cast

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Response, redacted
from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.core.protocol.conversation import Dialer, Link
from exchangeclient.core.wire.dialing import SocketOptions, dial
from exchangeclient.core.wire.link import Answering

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

Direction = Literal["http", "open", "out", "in", "close"]

_GZIP = 31  # zlib's word for a whole gzip file, head and end included
# How often what has come is written: what is older is in the file, whatever becomes of the program.
_PERIOD_S = 0.25
# By how much more than it should the date has moved on when it was set, or when the machine has slept.
_SET_ON_S = 1.0
# A venue repeats a key in its answers, such as to a logon.
_REPEATED = (b'"apiKey"', b'"listenKey"', b'"listenToken"', b'"signature"')
_REPEATED_KEY = re.compile(r"""("(?:apiKey|listenKey|listenToken|signature)"\s*:\s*")(?:[^"\\]|\\.)*""")


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a recording.

    ===== ==============================================================
    http  the answer to a GET
    open  a websocket was opened
    out   a frame that was sent over it
    in    a frame that came over it; those of one chunk have equal times
    close it is no more; ``msg`` says why
    ===== ==============================================================

    :ivar t: when, in seconds since 1970 by this machine's clock, which is not set back while a file is written
    :ivar dir: which of these it is
    :ivar url: of the request, or of the socket; the second socket to an address is told apart by ``#2`` at its end, and so on
    :ivar msg: the text as it came or was sent, but for keys and signatures
    """

    t: float
    dir: Direction
    url: str
    msg: str = ""


def read_records(path: str | Path) -> Iterator[Record]:
    """The records of a file, packed or not. Of one that was cut off, all that is whole; the log says so.

    :raises TypeError: when ``path`` is none
    :raises OSError: when it cannot be read
    :raises ValueError: for what is no recording, naming the line
    """
    return _records(_checked(path))


def _checked(path: str | Path) -> Path:
    if not isinstance(path, str | PathLike):  # a number would be a file that is open already, and be closed
        raise TypeError(f"path must be a str or a Path, not {type(path).__name__}")
    return Path(path)


def _records(path: Path) -> Iterator[Record]:
    record_in = jsonio.typed(Record)
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        lines = cast("Iterator[bytes]", gzip.GzipFile(fileobj=raw) if packed else raw)
        for number, line in enumerate(_whole_lines(lines, path), 1):
            try:
                yield record_in(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error


def _whole_lines(lines: Iterator[bytes], path: Path) -> Iterator[bytes]:
    try:
        for line in lines:
            if not line.endswith(b"\n"):
                log.warning("%s: the last line is not whole, and left out", path)
                return
            yield line
    except (EOFError, zlib.error) as error:
        log.warning("%s: the file breaks off: %s", path, error)


class Watchable(Protocol):
    """A client whose answers can be looked at."""

    @property
    def credentials(self) -> Credentials | None:
        """Its key."""

    @property
    def session(self) -> requests.Session:
        """What carries its calls."""


class Recorder:
    """Writes what comes over sockets, and what a client is answered, to a file: ``with Recorder("morning.jsonl.gz") as recorder``.

    Writing is done by a thread of its own, and nothing that came is left out. The file is whole once :meth:`close` has returned, which
    happens at the end of the program at the latest; of a program that was killed it has all but the last moment.

    :param path: of a file that does not exist yet; its name ends in ``.gz``
    :raises TypeError: when ``path`` is none
    :raises ValueError: when it does not
    :raises OSError: when the file cannot be made, or is there already

    :ivar counts: how many records there are of each kind
    :ivar left_out: how many messages were no text, which a recording has no place for
    :ivar failure: why no more can be written, None while all is well
    """

    def __init__(self, path: str | Path, *, dialer: Dialer = dial, clock: Clock | None = None) -> None:
        self.path = _checked(path)
        if self.path.suffix != ".gz":
            raise ValueError(f"path must end in .gz, which {self.path.name!r} does not")
        self.counts: Counter[Direction] = Counter()
        self.failure: OSError | None = None
        self.left_out = 0
        self._dialer = dialer
        self._clock = clock or SystemClock()
        # Times go by the clock that is never set, so that their order is that of the lines; how far it is from the date, see _now_s().
        self._since_s = self._clock.now_ms() / 1000 - self._clock.monotonic_s()
        self._opened: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watched: list[tuple[requests.Session, Callable[..., None]]] = []
        self._waiting: list[tuple[float, Direction, str, bytes]] = []
        # Without a buffer: a process that is forked off has nothing to write here when it ends.
        self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115 - closed by the thread that writes it
        self._thread = threading.Thread(target=self._write, name="exchangeclient-recorder", daemon=True)
        self._thread.start()
        atexit.register(self.close)
        forks.follow(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> Never:
        raise TypeError("a recorder is neither pickled nor copied; a file has one")

    def renew(self) -> None:
        """In a process that was forked off nothing is written: the file is the other's."""
        atexit.unregister(self.close)
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._closed.set()

    def dial(self, loop: Any, socket: Answering, url: str, options: SocketOptions) -> Any:
        """Make a connection and record it: what a manager takes as its ``dialer``."""
        tap = _Tap(self, socket, url)
        return self._dialer(loop, tap, url, options).addCallback(tap.tapped)

    def watch(self, client: Watchable) -> None:
        """Record what a client is answered from now on, but not what it asked with its key, and nothing that it refuses to read.

        :raises TypeError: when it is no client
        """
        session: Any = getattr(client, "session", None)
        if not hasattr(session, "hooks"):
            raise TypeError(f"client must be a Client, not {client!r:.60}")
        if self._closed.is_set() or any(session is watched for watched, _ in self._watched):
            return

        def look(answer: requests.Response, **_: Any) -> None:
            key = None if client.credentials is None else client.credentials.key
            request = answer.request
            if request.method == "GET" and answer.ok and key not in request.headers.values():
                _read_along(answer, lambda body: self.note("http", request.url or "", [body]))

        session.hooks["response"].append(look)
        self._watched.append((session, look))

    def close(self) -> None:
        """Write what is left, and complete the file. It may be called again, such as when Ctrl-C has interrupted it.

        :raises OSError: when not everything could be written
        """
        with self._lock:
            self._closed.set()
            watched, self._watched = self._watched, []
        for session, look in watched:
            with suppress(ValueError):  # the program has hooks of its own by now
                session.hooks["response"].remove(look)
        self._thread.join()
        atexit.unregister(self.close)
        if self.failure is not None:
            raise self.failure.with_traceback(None)  # who asks again and again does not add to it

    def note(self, direction: Direction, url: str, messages: Sequence[bytes]) -> None:
        """Have these written, as of now; from any thread."""
        with self._lock:
            if self._closed.is_set() or self.failure is not None:
                return
            now_s = self._now_s()
            self.counts[direction] += len(messages)
            self._waiting += [(now_s, direction, url, message) for message in messages]

    def _now_s(self) -> float:
        """The date, which is not set back here; set on, also by a machine that has slept, it is followed."""
        monotonic_s = self._clock.monotonic_s()
        since_s = self._clock.now_ms() / 1000 - monotonic_s
        if since_s > self._since_s + _SET_ON_S:
            self._since_s = since_s
        return round(self._since_s + monotonic_s, 6)

    def name(self, url: str) -> str:
        """What a connection that was opened now is called."""
        with self._lock:
            self._opened[url] += 1
            number = self._opened[url]
        return url if number == 1 else f"{url}#{number}"

    def _write(self) -> None:
        """On the thread that writes."""
        packer = zlib.compressobj(wbits=_GZIP)
        with self._file as file:
            try:
                ended = False
                while not ended:
                    ended = self._closed.wait(_PERIOD_S)
                    with self._lock:
                        lines, self._waiting = self._waiting, []
                    packed = b"".join(packer.compress(self._line(*line)) for line in lines)
                    if lines or ended:
                        _write_all(file, packed + packer.flush(zlib.Z_FINISH if ended else zlib.Z_SYNC_FLUSH))
            except Exception as error:  # noqa: BLE001 - a full disk, no memory: whatever it is, the file is not complete
                log.error("%s: %s; nothing more is recorded", self.path, error)
                with self._lock:
                    self.failure = OSError(f"{self.path} is not complete: {error}")
                    self._waiting.clear()

    def _line(self, at_s: float, direction: Direction, url: str, message: bytes) -> bytes:
        """A record as the file has it, nothing for one that is no text."""
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.left_out += 1
            if self.left_out == 1:
                log.warning("%s: a message of %s is no text and left out; so are others like it", self.path, redacted(url))
            return b""
        return jsonio.encode({"t": at_s, "dir": direction, "url": redacted(url), "msg": _without_keys(direction, text, message)}) + b"\n"


def _without_keys(direction: Direction, text: str, message: bytes) -> str:
    if direction == "out":
        return redacted(text)
    if any(name in message for name in _REPEATED):  # hardly ever, and quickly told
        return _REPEATED_KEY.sub(r"\1***", text)
    return text


def _read_along(answer: requests.Response, done: Callable[[bytes], None]) -> None:
    """Have ``done`` called with the body of an answer, once whoever asked has read all of it: how, and how much, is theirs to say."""
    pieces = answer.iter_content

    def iter_content(*args: Any, **kwargs: Any) -> Iterator[Any]:
        body = bytearray()
        answer.iter_content = pieces  # type: ignore[method-assign] # what is read again has been noted
        for piece in pieces(*args, **kwargs):
            body += piece if isinstance(piece, bytes) else piece.encode()
            yield piece
        done(bytes(body))

    answer.iter_content = iter_content  # type: ignore[method-assign]


def _write_all(file: IO[bytes], packed: bytes) -> None:
    """Write without a buffer, which may take several steps."""
    rest = memoryview(packed)
    while rest:
        rest = rest[file.write(rest) :]


class _Tap:
    """Stands between a socket and its connection, and records what goes through."""

    def __init__(self, recorder: Recorder, socket: Answering, url: str) -> None:
        self._recorder = recorder
        self._socket = socket
        self._url = url
        self._is_open = False

    def tapped(self, link: Link) -> _TappedLink:
        """The connection, as the socket gets it."""
        return _TappedLink(link, self)

    def opened(self, link: Link) -> None:
        """It has a name from here on."""
        self._url = self._recorder.name(self._url)
        self._is_open = True
        self._recorder.note("open", self._url, [b""])
        self._socket.opened(self.tapped(link))

    def received(self, link: Link, payloads: Sequence[bytes]) -> None:
        """Record them before anything is made of them."""
        self._recorder.note("in", self._url, payloads)
        self._socket.received(link, payloads)

    def sent(self, payload: bytes) -> None:
        """Record what the socket has sent."""
        self._recorder.note("out", self._url, [payload])

    def lost(self, link: Link, reason: str) -> None:
        """Record that nothing comes any more; it may be said twice."""
        if self._is_open:
            self._is_open = False
            self._recorder.note("close", self._url, [reason.encode()])
        self._socket.lost(link, reason)


class _TappedLink:
    """A connection whose frames are recorded."""

    def __init__(self, link: Link, tap: _Tap) -> None:
        self._link = link
        self._tap = tap

    @property
    def answer(self) -> Response | None:
        return self._link.answer

    def may_send(self) -> bool:
        return self._link.may_send()

    def sendMessage(self, payload: bytes) -> None:  # noqa: N802 - Autobahn's name
        self._tap.sent(payload)
        self._link.sendMessage(payload)

    def hang_up(self) -> None:
        self._link.hang_up()
