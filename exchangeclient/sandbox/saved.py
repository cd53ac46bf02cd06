"""A sandbox as a file: its exchange, what the venue knows of it, and how its time went. Keys are given again, with their secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.arguments import COARSEST_STEP_US, FASTEST, LARGEST_SKEW_MS, USUAL_STEP_US
from exchangeclient.sandbox.dialects.binance.venue import Memory
from exchangeclient.sandbox.dialects.bitmex.venue import Memory as BitmexMemory
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.state import thaw

_FIRST_LINE = b"exchangeclient sandbox 1 "  # the figure grows when what follows changes


class Saved(msgspec.Struct, forbid_unknown_fields=True):
    """What is kept beside the exchange.

    :ivar step_us: how often its other traders act
    :ivar speed: of its own clock; None when it went by the machine's
    :ivar skew_ms: how far the venue's clock was ahead
    :ivar binance: what that venue knows; and BitMEX, of which older states have nothing
    """

    step_us: Annotated[int, msgspec.Meta(ge=USUAL_STEP_US, le=COARSEST_STEP_US)]
    speed: Annotated[float, msgspec.Meta(ge=0, le=FASTEST)] | None
    skew_ms: Annotated[int, msgspec.Meta(ge=-LARGEST_SKEW_MS, le=LARGEST_SKEW_MS)]
    binance: Memory
    bitmex: BitmexMemory | None = None


def to_bytes(exchange: Exchange, saved: Saved) -> bytes:
    """All of it."""
    return _FIRST_LINE + msgspec.json.encode(saved) + b"\n" + exchange.snapshot()


def from_file(path: str | Path) -> tuple[Exchange, Saved]:
    """What was saved.

    :raises SandboxException: naming the file and what is wrong with it
    """
    if not isinstance(path, (str, Path)):
        raise TypeError(f"state must be a path, not {path!r}")
    try:
        head, _, snapshot = Path(path).read_bytes().partition(b"\n")
        if not head.startswith(_FIRST_LINE):
            raise ValueError("it is not the state of a sandbox, or that of another version")
        saved = msgspec.json.decode(head.removeprefix(_FIRST_LINE), type=Saved)
        exchange = thaw(snapshot)
        if not isinstance(exchange, Exchange):
            raise TypeError("it holds no exchange")
    except OSError as error:
        raise SandboxException(f"cannot read the state {path}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:  # what msgspec raises is a ValueError too
        raise SandboxException(f"cannot restore the state {path}: {error}") from error
    return exchange, saved
