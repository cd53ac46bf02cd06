"""Which symbols a call asks for: by ``symbol``, ``symbols`` or neither, narrowed by ``symbolStatus``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.engine.instruments import Instrument

STATUSES = ("TRADING", "HALT", "BREAK")  # those that can be asked for


def one_or_all(call: Call, row: Callable[[Instrument], Any]) -> Any:
    """One object when one symbol was asked for, a list otherwise."""
    rows = [row(each) for each in asked_for(call)]
    return rows[0] if "symbol" in call.params else rows


def asked_for(call: Call) -> list[Instrument]:
    """The instruments, in the order in which they were named; all of them when none was."""
    names = call.params.names("symbols")
    if "symbol" in call.params:
        if names is not None:
            raise errors.BAD_COMBINATION()
        return [one(call)]
    if names is None:
        found = list(call.exchange.spot.values())
    else:
        if len(set(names)) < len(names):
            raise errors.DUPLICATE_SYMBOLS()
        found = [call.listed(name) for name in names]
    status = _status(call)
    return [each for each in found if status in (None, each.status.value)]


def one(call: Call) -> Instrument:
    """The one instrument that was asked for, in the status that was asked for."""
    status = _status(call)
    found = call.instrument()
    if status not in (None, found.status.value):
        raise errors.OTHER_STATUS()
    return found


def _status(call: Call) -> str | None:
    status = call.params.text("symbolStatus")
    if status is not None and status not in STATUSES:
        raise errors.BAD_SYMBOL_STATUS()
    return status
