"""``exchangeclient record``: raw frames of market streams with their receive times to a file, and the order books to begin with."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import click

from exchangeclient.binance import stream_names
from exchangeclient.cli.connect import Connection, connected, connection_options, need_usual
from exchangeclient.cli.output import Output, output_options, until_ended
from exchangeclient.client import Client
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.exceptions import ExchangeException, RateLimitException
from exchangeclient.recording import Recorder
from exchangeclient.websockets import SocketManager

# The streams that are of no use without a snapshot of the book.
_CHANGES = frozenset({"depth", "depth@100ms", "depth@1000ms"})
_LOOK_S = 0.2
_READY_S = 30.0
_RETRY_S = 5.0


@click.command()
@click.argument("symbols", metavar="SYMBOL...", nargs=-1, required=True)
@click.option(
    "--streams",
    "kinds",
    default="depth@100ms,trade,bookTicker",
    show_default=True,
    help="Kinds of streams, recorded for each symbol; one that begins with ! is of all symbols and recorded once.",
)
@click.option(
    "--out", "file", required=True, metavar="FILE", type=click.Path(path_type=Path), help="A file that is not there yet, FILE.jsonl.gz."
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="How long; until Ctrl-C or SIGTERM when left out.")
@click.option("--levels", default=1000, show_default=True, type=click.IntRange(1, 5000), help="Of each side of a snapshot.")
@connection_options
@output_options
def record(
    symbols: tuple[str, ...], kinds: str, file: Path, seconds: float | None, levels: int, connection: Connection, out: Output
) -> None:
    """Record market streams of SYMBOLs to a gzip file of JSON lines.

    Each frame is written as it came, with the time of its receipt. Where changes of order books are recorded, so is a snapshot of each
    book, again after each loss of the connection. The file is complete however the command is ended, and has all but the last moment if
    it is killed. ``exchangeclient sandbox --record FILE`` trades by it, exchangeclient.recording.Replay plays it to callbacks.

    Nothing is printed but what goes wrong, and, on a terminal, how much there is; with --json that at the end.
    """
    need_usual(connection)
    if file.suffix != ".gz":
        raise click.BadParameter(f"{file.name!r} does not end in .gz, as the file will be packed", param_hint="--out")
    if seconds is not None and math.isnan(seconds):  # which click takes for a number above zero
        raise click.BadParameter("nan is no time", param_hint="--seconds")
    names = _names(symbols, kinds)
    books = _Books(sorted({name.partition("@")[0].upper() for name in names if name.partition("@")[2] in _CHANGES}), levels, out)
    with connected(connection) as client:
        # A symbol that there is not is refused before there is a file.
        client.get_exchange_info(symbols=sorted({symbol.upper() for symbol in symbols}))
        rules = client.response
        with Recorder(file) as recorder, SocketManager(client, keep_alive=False, on_event=books.noticed, dialer=recorder.dial) as manager:
            if rules is not None:
                recorder.note("http", rules.request.url or "", [rules.content])
            recorder.watch(client)
            key = manager.start_multiplex_socket(names, _done_with)
            manager.wait_ready(str(key), _READY_S)
            with until_ended(seconds):
                _record(recorder, books, client, seconds, out)
        counts = recorder.counts
        out.say(f"{counts['in']} frames in {file}")
        if out.as_json:
            out.fields({"file": str(file), "frames": counts["in"], "answers": counts["http"], "interruptions": books.lost})


def _record(recorder: Recorder, books: _Books, client: Client, seconds: float | None, out: Output) -> None:
    until_s = float("inf") if seconds is None else time.monotonic() + seconds
    with _progress(recorder, books, out) as shown:
        while (left_s := until_s - time.monotonic()) > 0 and recorder.failure is None:
            next(shown)
            if not books.fetch(client):
                Event().wait(min(_LOOK_S, left_s))


def _names(symbols: Iterable[str], kinds: str) -> list[str]:
    try:
        return stream_names.stream_list(
            kind if kind.startswith("!") else f"{symbol}@{kind}" for kind in filter(None, kinds.split(",")) for symbol in symbols
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _done_with(event: object) -> None:
    """Nothing: it is recorded already."""


class _Books:
    """The snapshots of books: one of each whenever the streams begin to flow.

    :ivar lost: how often they have broken off
    """

    def __init__(self, symbols: list[str], levels: int, out: Output) -> None:
        self.lost = 0
        self._out = out
        self._symbols = symbols
        self._levels = levels
        self._due = Event()
        self._pending: deque[str] = deque()
        self._not_before_s = 0.0

    def noticed(self, notice: SocketNotice) -> None:
        """On the thread of the callbacks: something happened to the streams."""
        if notice.kind in ("connected", "recovered"):
            self._due.set()
        else:
            self.lost += 1
            self._out.warn(f"{notice.stream}: {notice.kind}: {notice.reason}")

    def fetch(self, client: Client) -> bool:
        """Fetch one, if one is due; False when there is nothing to do now."""
        if self._due.is_set():
            self._due.clear()
            self._pending = deque(self._symbols)
        if not self._pending or time.monotonic() < self._not_before_s:
            return False
        try:
            client.get_order_book(symbol=self._pending[0], limit=self._levels, requests_params={"priority": "snapshot"})
        except ExchangeException as error:
            retry_s = error.retry_after if isinstance(error, RateLimitException) else None
            self._not_before_s = time.monotonic() + (retry_s or _RETRY_S)
            self._out.warn(f"no snapshot of {self._pending[0]}, tried again: {error}")
        else:
            self._pending.popleft()
        return True


@contextmanager
def _progress(recorder: Recorder, books: _Books, out: Output) -> Iterator[Iterator[None]]:
    """Shows how much there is each time that the next step is taken, if someone is watching."""
    if not out.is_watched:
        yield iter(lambda: None, 0)
        return
    from rich.console import Console

    with Console(stderr=True).status("connected") as status:

        def steps() -> Iterator[None]:
            while True:
                counts = recorder.counts
                status.update(f"{counts['in']:,} frames, {counts['http']} answers, {books.lost} interruptions; Ctrl-C ends it")
                yield

        yield steps()
