"""How long a day of trading takes in virtual time: every symbol, all traders, on a grid of five seconds."""

from __future__ import annotations

from measure import Figure, cpu_s

from exchangeclient.sandbox.engine.exchange import Exchange

TARGET_S = 20

_START_US = 1_700_000_000_000_000
_HOUR_US = 3_600_000_000
_GRID_US = 5_000_000


def run(*, quick: bool) -> list[Figure]:
    """CPU seconds for a day; the quick run plays two hours and counts them twelve times."""
    hours = 2 if quick else 24
    exchange = Exchange(seed=7, start_us=_START_US, step_us=_GRID_US)
    begun_s = cpu_s()
    for hour in range(1, hours + 1):
        exchange.advance(_START_US + hour * _HOUR_US)
    return [Figure("virtual_day", (cpu_s() - begun_s) * 24 / hours, "s", TARGET_S)]
