"""How older hosts trade contracts: method ``io`` chooses leverage, direction and contract beforehand, and what comes after goes by that."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any, Final

from exchangeclient.gateway.universal import words
from exchangeclient.gateway.universal.envelope import Envelope
from exchangeclient.gateway.universal.protocol import Answer, BaseProtocol
from exchangeclient.gateway.universal.texts import MISSING, NOT_SUPPORT, Refused, failed
from exchangeclient.numbers import exact

MARGIN_LEVEL, DIRECTION, CONTRACT_TYPE, POSITION = range(4)
_SWAP: Final = "swap"
# Direction -> the type that a request must have, and what it then means
_DIRECTIONS: Final = {"buy": ("buy", "buy"), "sell": ("sell", "sell"), "closebuy": ("sell", "closebuy"), "closesell": ("buy", "closesell")}


class Legacy:
    """What one robot has chosen. Until it chooses, pairs are pairs of coins; from the first choice on, swaps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contract = ""
        self._direction = ""
        self._level: Decimal | None = None
        self._levelled: set[str] = set()

    @property
    def chosen(self) -> bool:
        """True when there was a choice."""
        with self._lock:
            return bool(self._contract or self._direction or self._level)

    def control(self, call: Envelope, protocol: BaseProtocol) -> Answer:
        """Take a choice in, or answer what positions there are.

        :raises Refused: for a code that there is not, or a choice that cannot be
        """
        if not protocol.has_contracts:
            return {"error": NOT_SUPPORT}
        if call.params.get("code") is None:
            raise Refused(f"{MISSING}: code")
        code, given = call.whole("code"), _first(call.params.get("args"))
        if code == POSITION:
            with self._lock:
                self._contract = self._contract or _SWAP
            return protocol.GetPositions(self.symbol(call.text("symbol")))
        if code == MARGIN_LEVEL:
            return self._set_level(given, call.text("symbol"), protocol)
        if code == DIRECTION:
            direction = str(given).lower()
            if direction not in _DIRECTIONS:
                raise Refused(failed(f"the direction must be one of {', '.join(_DIRECTIONS)}"))
            self._choose(direction=direction)
        elif code == CONTRACT_TYPE:
            words.market(f"A_B.{given}")
            self._choose(contract=str(given))
        else:
            raise Refused(failed("the code must be from 0 to 3"))
        return {"data": True}

    def symbol(self, text: str) -> str:
        """A pair, with the chosen contract unless it names one."""
        symbol = words.normal(text)
        with self._lock:
            return f"{symbol}.{self._contract}" if symbol and self._contract and "." not in symbol else symbol

    def type(self, text: str) -> str:
        """The type of a request in the chosen direction.

        :raises Refused: when it is of another one
        """
        with self._lock:
            direction = self._direction
        word, semicolon, options = text.partition(";")
        if not direction or word.strip().lower() not in ("buy", "sell"):
            return text
        wanted, meant = _DIRECTIONS[direction]
        if word.strip().lower() != wanted:
            raise Refused(failed(f"the direction is {direction}, in which there is no {word.strip()[:20]}"))
        return meant + semicolon + options

    def before_order(self, symbol: str, protocol: BaseProtocol) -> None:
        """Have a level that was chosen without a pair set for the pair that is traded now.

        :raises Refused: when the venue refuses it
        """
        with self._lock:
            level = self._level
            if level is None or symbol in self._levelled:
                return
        answer = protocol.SetMarginLevel(symbol, level)
        if "error" in answer:
            raise Refused(str(answer["error"]))
        with self._lock:
            self._levelled.add(symbol)

    def _choose(self, *, contract: str = "", direction: str = "") -> None:
        with self._lock:
            self._contract = contract or self._contract or _SWAP
            self._direction = direction or self._direction

    def _set_level(self, given: Any, symbol: str, protocol: BaseProtocol) -> Answer:
        try:
            level = exact(given, "the level")
        except (TypeError, ValueError) as error:
            raise Refused(failed(str(error))) from error
        if level <= 0:
            raise Refused(failed("the level must be above zero"))
        self._choose()
        if symbol:
            return protocol.SetMarginLevel(self.symbol(symbol), level)
        with self._lock:
            self._level = level
            self._levelled.clear()
        return {"data": True}


def _first(args: object) -> Any:
    return args[0] if isinstance(args, list) and args else args
