"""How a sandbox's exchange opens: anew, or as it was saved; and which clock it goes by from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.arguments import checked_clock, checked_speed, checked_start, checked_step
from exchangeclient.sandbox.clocks import VirtualClock, machine_us
from exchangeclient.sandbox.dialects.binance.venue import Memory
from exchangeclient.sandbox.dialects.bitmex.venue import Memory as BitmexMemory
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, SWAPS
from exchangeclient.sandbox.inputs import CandleFiles, load_history, load_recordings
from exchangeclient.sandbox.saved import from_file

_LONGEST_CATCH_UP_US = 60_000_000  # of the machine's own clock, as after a night in which the machine slept
_MOST_STEPS = 600  # of a clock of its own, in one go

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Opened:
    """An exchange with its time.

    :ivar step_us: how often its other traders act
    :ivar skew_ms: how far the venue's clock is ahead of it
    :ivar binance: what the venue knew of it when it was saved; None for a new one. So is ``bitmex``
    """

    exchange: Exchange
    clock: Clock
    step_us: int
    skew_ms: int = 0
    binance: Memory | None = None
    bitmex: BitmexMemory | None = None


def opened(
    *,
    seed: int,
    candles: CandleFiles,
    recordings: Iterable[str | Path],
    clock: Clock | None,
    start: str | datetime | int | None,
    speed: float | None,
    step: float | None,
    state: str | Path | None,
) -> Opened:
    """The exchange that the arguments of a sandbox ask for.

    :raises SandboxException: naming what is wrong with them
    """
    speed = None if speed is None else checked_speed(speed)
    if clock is not None:
        if start is not None or speed is not None:
            raise SandboxException("either a clock or start and speed must be given: the time comes from one place")
        clock = checked_clock(clock)
    if state is not None:
        if start is not None or step is not None or candles or recordings:
            raise SandboxException("start, step, candles and recordings are for a new exchange; this one goes on from its state")
        return _restored(state, clock, speed)
    step_us = checked_step(step, speed)
    if clock is None:
        own = start is not None or speed is not None
        clock = _own_clock(machine_us() if start is None else checked_start(start), speed, step_us) if own else machine_us
    history, recorded = load_history(candles), load_recordings(recordings)
    try:
        exchange = Exchange(
            seed=seed,
            start_us=clock(),
            history=history,
            recordings=recorded,
            longest_catch_up_us=_LONGEST_CATCH_UP_US if clock is machine_us else None,
            step_us=step_us,
            instruments=(*DEFAULTS, *SWAPS),
        )
    except ValueError as error:
        raise SandboxException(str(error)) from error
    return Opened(exchange, clock, step_us)


def _restored(state: str | Path, clock: Clock | None, speed: float | None) -> Opened:
    """It goes on by the kind of clock that it went by, unless another one is asked for."""
    exchange, saved = from_file(state)
    if clock is None:
        speed = saved.speed if speed is None else speed
        clock = machine_us if speed is None else _own_clock(exchange.now_us, speed, saved.step_us)
    return Opened(exchange, clock, saved.step_us, saved.skew_ms, saved.binance, saved.bitmex)


def _own_clock(start_us: int, speed: float | None, step_us: int) -> VirtualClock:
    return VirtualClock(start_us, speed=1.0 if speed is None else speed, most_us=_MOST_STEPS * step_us)
