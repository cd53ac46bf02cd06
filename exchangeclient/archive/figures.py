"""Whether rows can be candles or trades at all: exact figures written as plain digits, a low that is lowest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from operator import le
from typing import Any, Final

from exchangeclient.archive.series import Row, Series

_CANDLE_TEXTS: Final = (1, 2, 3, 4, 5, 7, 9, 10)
_CANDLE_NUMBERS: Final = (0, 6, 8)
_TRADE_TEXTS: Final = (1, 2)
_TRADE_NUMBERS: Final = (0, 3, 4, 5)
_NEEDED: Final = 5  # of the texts of a candle, those that every venue tells: up to its volume


def wrong(series: Series, rows: Sequence[Row]) -> str | None:
    """What is wrong with rows, None when nothing is. Whether they are of the right time is for :func:`.plan.check`."""
    if _are_right(series, rows):
        return None
    for row in rows:
        if not _are_right(series, [row]):
            return f"the row at {row[0]} makes no sense: {str(list(row))[:300]}"
    return "rows differ in what they tell"


def are_digits(columns: Sequence[Sequence[str]]) -> bool:
    """True when columns of text hold digits and a dot each, as far as that can be told without reading them; at once, for every page."""
    text = "".join(map("".join, columns))
    return not text.encode(errors="replace").translate(None, b"0123456789.") and text.count(".") <= sum(map(len, columns))


def _are_right(series: Series, rows: Sequence[Row]) -> bool:
    """All of them at once, column by column: this is done with every row of an archive."""
    if not rows:
        return True
    if set(map(len, rows)) != {len(series.columns)}:
        return False
    columns = list(zip(*rows, strict=True))
    texts, numbers = (_TRADE_TEXTS, _TRADE_NUMBERS) if series.is_trades else (_CANDLE_TEXTS, _CANDLE_NUMBERS)
    needed = texts if series.is_trades else texts[:_NEEDED]
    # A venue that does not tell a figure never does.
    written = [column for column in texts if column in needed or columns[column][0] is not None]
    values = _read([columns[column] for column in written])
    return (
        values is not None
        and all(set(columns[column]) == {None} for column in texts if column not in written)
        and all(set(map(type, columns[column])) in ({int}, {type(None)}) for column in numbers)
        and (_are_flags(columns[6:]) if series.is_trades else _span_their_prices(*values[:4]))
    )


def _read(columns: list[Sequence[Any]]) -> list[list[float]] | None:
    """Their values, near enough to be compared; None when one of them is not written in plain digits."""
    try:
        return [list(map(float, column)) for column in columns] if are_digits(columns) else None
    except (TypeError, ValueError):
        return None


def _are_flags(columns: Sequence[Sequence[Any]]) -> bool:
    return {type(flag) for column in columns for flag in column} <= {bool, int, type(None)}


def _span_their_prices(opened: list[float], high: list[float], low: list[float], close: list[float]) -> bool:
    return all(all(map(le, lesser, greater)) for lesser, greater in ((low, opened), (opened, high), (low, close), (close, high)))
