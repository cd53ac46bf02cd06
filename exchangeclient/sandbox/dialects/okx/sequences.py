"""The ids of OKX's order books: those of the engine, until the venue lets them begin anew, as after maintenance."""

from __future__ import annotations

from exchangeclient.sandbox.engine.exchange import Exchange

_FIRST = 1


class Sequences:
    """What ``seqId`` stands at, by symbol."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._bases: dict[str, int] = {}

    def id(self, symbol: str) -> int:
        """That of the book as it is now."""
        return self._exchange.update_id(symbol) - self._bases.get(symbol, 0)

    def reset(self, symbol: str) -> None:
        """Let them begin anew; what comes next still names the id before."""
        self._bases[symbol] = self._exchange.update_id(symbol) - _FIRST
