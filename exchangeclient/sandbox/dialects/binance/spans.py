"""Stretches of time as Binance names them: the widths of windows (``15m``, ``4h``, ``7d``) and time zones (``0``, ``-1:00``, ``05:45``)."""

from __future__ import annotations

import re

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.engine.candles import DAY_MS, HOUR_MS, MINUTE_MS

_WIDTH = re.compile(r"([1-9][0-9]?)([mhd])")
_UNITS = {"m": (MINUTE_MS, 59), "h": (HOUR_MS, 23), "d": (DAY_MS, 7)}  # how long, and how many at most
_ZONE = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-5][0-9]))?")
_WEST_MS, _EAST_MS = -12 * HOUR_MS, 14 * HOUR_MS


def width_ms(params: Params) -> int:
    """How long the window of ``windowSize`` is."""
    matched = _WIDTH.fullmatch(params.text("windowSize") or "1d")
    if matched is None:
        raise errors.BAD_VALUE("windowSize")
    unit_ms, most = _UNITS[matched[2]]
    if int(matched[1]) > most:
        raise errors.BAD_VALUE("windowSize")
    return int(matched[1]) * unit_ms


def window_start_ms(now_ms: int, width_ms: int) -> int:
    """When a window that ends now begins: on a full minute, so it may be up to a minute longer."""
    return (now_ms - width_ms) // MINUTE_MS * MINUTE_MS


def time_zone_ms(params: Params) -> int:
    """How far the clocks of ``timeZone`` are ahead of UTC."""
    matched = _ZONE.fullmatch(params.text("timeZone") or "0")
    if matched is None:
        raise errors.BAD_VALUE("timeZone")
    ahead_ms = int(matched[2]) * HOUR_MS + int(matched[3] or 0) * MINUTE_MS
    offset_ms = -ahead_ms if matched[1] == "-" else ahead_ms
    if not _WEST_MS <= offset_ms <= _EAST_MS:
        raise errors.BAD_VALUE("timeZone")
    return offset_ms
