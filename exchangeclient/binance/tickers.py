"""The lists of all tickers, composed of what single symbols' streams say: the venue's own stream of them is retired."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from exchangeclient.binance.messages import error_event
from exchangeclient.binance.streams import ticker_event
from exchangeclient.core.feeds.callbacks import CallbackThread, SignalLine
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import Struggles
from exchangeclient.core.process import reactor
from exchangeclient.exceptions import SocketException

# The venue sends a symbol's ticker once a second at most. Those that come together make one list, and a list as good as a second.
_GATHER_S = 0.2
_SPACING_S = 0.8


class TickerBoard:
    """Gathers the tickers that come together, and hands them over as one list, about once a second.

    Should a symbol's next ticker come before, what was gathered goes first.

    :param struggling: see :class:`~exchangeclient.core.feeds.sockets.Delivery`
    """

    def __init__(self, callbacks: CallbackThread, callback: Callable[[Any], Any], *, struggling: str | None = None) -> None:
        self._gathered: dict[str, dict[str, Any]] = {}  # touched by the reactor's thread alone
        self._timer: reactor.DelayedCall | None = None
        self._handed_over_at = float("-inf")
        self._lock = threading.Lock()
        self._due: dict[str, dict[str, Any]] = {}
        self._line = SignalLine(callbacks, partial(self._call, callbacks, callback), name="tickers")
        self._struggling = struggling
        self._struggles = Struggles()

    def connected(self) -> None:
        """Nothing to tell."""

    def received(self, payloads: Sequence[bytes]) -> None:
        """Gather the tickers."""
        loop = reactor.running()
        for event in map(ticker_event, payloads):
            if event is None:
                continue
            if event["s"] in self._gathered:
                self._hand_over()
            self._gathered[event["s"]] = event
        if self._gathered and self._timer is None:
            wait_s = max(_GATHER_S, self._handed_over_at + _SPACING_S - loop.seconds())
            self._timer = loop.callLater(wait_s, self._hand_over)

    def lost(self, reason: str) -> None:
        """Nothing to tell: it comes again, and the log says so."""

    def failed(self, error: SocketException) -> None:
        """Tell the callback, as one more entry of the list."""
        self._tell(str(error))

    def noticed(self, notice: SocketNotice) -> None:
        """Tell the callback so too when it has gone on for a while."""
        if self._struggling is not None and self._struggles.begin(notice):
            self._tell(self._struggling)

    def close(self) -> None:
        """Hand over nothing more."""
        self._line.close()

    def _tell(self, message: str) -> None:
        self._gathered[""] = error_event(message)
        self._hand_over()

    def _hand_over(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self._handed_over_at = reactor.running().seconds()
        with self._lock:
            self._due.update(self._gathered)
        self._gathered = {}
        self._line.signal()

    def _call(self, callbacks: CallbackThread, callback: Callable[[Any], Any]) -> None:
        with self._lock:
            due, self._due = self._due, {}
        if due:
            callbacks.call(callback, list(due.values()))
