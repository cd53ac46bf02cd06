"""Streams of trades that know what they missed: by the ids, after each break; and with what is missing fetched over REST, if asked for.

Order and doubles are :class:`~exchangeclient.binance.trade_ids.Chain`'s business, connections :mod:`exchangeclient.core.feeds.sockets`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from exchangeclient.binance.messages import error_event
from exchangeclient.binance.trade_ids import Chain, Missing, Numbering
from exchangeclient.core.feeds.callbacks import MARKET_LIMIT, EventLine
from exchangeclient.core.feeds.notices import NoticeKind, SocketNotice
from exchangeclient.core.feeds.sockets import Delivery
from exchangeclient.core.http import jsonio
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.workers import Workers
from exchangeclient.core.protocol.session import Backoff
from exchangeclient.exceptions import ExchangeAPIException, RateLimitException, SocketException

log = logging.getLogger(__name__)

_FULL_PAGE = 1000
# REST may know a trade a little later than the stream: what it does not know yet is asked for so often in all.
_TRIES = 6
_ANEW = "the venue numbers its trades anew, now at {}; nobody can tell what is missing"

Fetch = Callable[[int], Sequence[Mapping[str, Any]]]
"""Fetches the trades from an id on, at most a page of them. Called on a thread that may block."""
Tell = Callable[[SocketNotice], None]


class TradeDelivery(Delivery):
    """Hands trades on as they come, each once, and gives notice of what is missing.

    :param stream: its name
    :param tell: where notices go
    """

    def __init__(self, line: EventLine, *, stream: str, numbering: Numbering, tell: Tell, struggling: str | None = None) -> None:
        super().__init__(line, error_event, struggling=struggling)
        self._stream = stream
        self._numbering = numbering
        self._tell = tell
        self._last: int | None = None
        self._newest = b""
        self._is_back = False
        self._missing = Missing()

    def connected(self) -> None:
        """What comes may have come before, unless this is the beginning."""
        self._is_back = self._last is not None

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue them."""
        number = self._numbering.id_of(payloads[-1])
        if self._is_back or number is None or (self._last is not None and number != self._last + len(payloads)):
            payloads = [payload for payload in payloads if self._is_new(payload)]
        else:  # as it should be, which takes one look
            self._last, self._newest = number, payloads[-1]
        if payloads:
            self._line.put(payloads)

    def _is_new(self, payload: bytes) -> bool:
        """False when it has come already. Tells of what is missing before it."""
        number, last = self._numbering.id_of(payload), self._last
        if number is None:
            return True
        if last is not None and number <= last and self._numbering.begins_anew(payload, self._newest):
            self._notice("gap", _ANEW.format(number))
            self._missing = Missing()
        elif last is not None and number <= last:
            return self._missing.take(number)
        elif last is not None and number > last + 1:
            self._missing.add(last + 1, number - 1)
            self._notice("gap", f"{_shown(last + 1, number - 1)}: {'came while there was no connection' if self._is_back else 'missing'}")
        self._last, self._newest, self._is_back = number, payload, False
        return True

    def _notice(self, kind: NoticeKind, reason: str, *, final: bool = False) -> None:
        self._tell(SocketNotice(kind, self._stream, reason, SystemClock().now_ms() / 1000, final=final))


class CompleteDelivery(TradeDelivery):
    """Hands on every trade once and in order, from its first one on: what the stream missed is fetched over REST.

    Meanwhile what the stream brings is held back. What cannot be fetched is given up at last, with a notice.

    :param fetch: asks for trades
    :param workers: do the asking
    """

    def __init__(
        self,
        line: EventLine,
        *,
        stream: str,
        numbering: Numbering,
        tell: Tell,
        symbol: str,
        fetch: Fetch,
        workers: Workers,
        backoff: Backoff,
        struggling: str | None = None,
    ) -> None:
        super().__init__(line, stream=stream, numbering=numbering, tell=tell, struggling=struggling)
        self._symbol = symbol
        self._fetch = fetch
        self._workers = workers
        self._backoff = backoff
        self._chain = Chain(numbering)
        self._begun = 0
        self._asking = False
        self._closed = False
        # Of the gap that is being filled: whether a notice was given, how much came, and how often it was asked in vain.
        self._told = False
        self._filled = self._tries = 0
        workers.enter()

    def connected(self) -> None:
        """Fetch what came while there was no connection, unless this is the beginning."""
        self._chain.suspect()
        self._go_on()

    def received(self, payloads: Sequence[bytes]) -> None:
        """Queue those whose turn it is."""
        self._hand_on(self._chain.take(payloads))
        if self._chain.begin is not None and self._chain.held > MARKET_LIMIT:
            self._give_up("too many trades wait for it")
        self._go_on()

    def failed(self, error: SocketException) -> None:
        """Hand on what there is, and tell the callback."""
        self._hand_on(self._chain.skip())
        super().failed(error)

    def close(self) -> None:
        """Deliver nothing more."""
        if not self._closed:
            self._closed = True
            self._workers.leave()
        super().close()

    def _hand_on(self, payloads: Sequence[bytes]) -> None:
        if self._chain.begun > self._begun:
            self._begun = self._chain.begun
            self._notice("gap", _ANEW.format(self._chain.last))
        if payloads:
            self._line.put(payloads)

    def _go_on(self) -> None:
        """Ask for what is missing, if something is and was not asked for."""
        begin = self._chain.begin
        if begin is None or self._asking or self._closed:
            return
        if self._chain.end is not None:
            self._tell_of_gap(f"{_shown(begin, self._chain.end)}: missing, asked for over REST")
        self._asking = True
        self._workers.submit(partial(self._ask, reactor.running(), begin))

    def _ask(self, loop: reactor.Reactor, begin: int) -> None:
        """On a worker's thread."""
        if self._closed:
            return
        try:
            rows = [
                (int(row[self._numbering.row_key]), jsonio.encode(self._numbering.event(self._symbol, row))) for row in self._fetch(begin)
            ]
        except Exception as error:  # noqa: BLE001 - whatever it was, it is asked again, or given up with a notice
            loop.callFromThread(self._go_without, error)
        else:
            loop.callFromThread(self._take, rows)

    def _take(self, rows: Sequence[tuple[int, bytes]]) -> None:
        self._asking = False
        if self._closed or self._chain.begin is None:
            return
        begin, end = self._chain.begin, self._chain.end
        due = self._chain.fill(rows)
        if due:
            self._tell_of_gap(f"{_shown(begin, self._chain.last)}: came while there was no connection")
        self._filled += len(due)
        self._hand_on(due)
        unknown, self._chain.unknown = self._chain.unknown, []
        for first, last in unknown:
            self._notice("gap", f"{_shown(first, last)}: not known to REST either", final=True)
        if len(rows) < _FULL_PAGE or not due:
            if end is not None and (self._chain.last or 0) < end:  # REST does not know yet what the stream has told
                self._again("not known to REST")
                return
            self._finish()
        self._go_on()

    def _finish(self) -> None:
        if self._filled:
            self._notice("recovered", f"{self._filled} trades that it had missed came over REST")
        self._begin_anew()
        self._hand_on(self._chain.resume())

    def _go_without(self, error: Exception) -> None:
        self._asking = False
        if self._closed or self._chain.begin is None:
            return
        if isinstance(error, ExchangeAPIException) and not isinstance(error, RateLimitException) and error.status_code < 500:
            self._give_up(str(error))
        else:
            self._again(str(error))

    def _again(self, reason: str) -> None:
        self._tries += 1
        if self._tries >= _TRIES:
            self._give_up(reason)
            return
        log.info("%s: %s; asking again", self._stream, reason)
        self._asking = True
        loop = reactor.running()
        loop.callLater(self._backoff.after(), self._ask_again)

    def _ask_again(self) -> None:
        self._asking = False
        self._go_on()

    def _give_up(self, reason: str) -> None:
        chain = self._chain
        if chain.begin is not None:
            self._notice("gap", f"{_shown(chain.begin, chain.end)}: given up: {reason}", final=True)
        self._begin_anew()
        self._hand_on(chain.skip())
        self._go_on()

    def _begin_anew(self) -> None:
        self._told = False
        self._filled = self._tries = self._backoff.failures = 0

    def _tell_of_gap(self, reason: str) -> None:
        if not self._told:
            self._told = True
            self._notice("gap", reason)


def _shown(first: int, last: int | None) -> str:
    if last is None:
        return f"trades from {first} on"
    return f"trade {first}" if first == last else f"trades {first} to {last}"
