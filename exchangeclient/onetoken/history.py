"""Reads what was downloaded of the history host while it was there: days of ticks and of trades, in CSV or lines of JSON, packed or not.

The host is gone, and nobody has its ticks. Candles of the past are had from the venues, by ``get_candles`` or an archive. Source of the
columns: the manual of the historic service, "hist-quote".
"""

from __future__ import annotations

import csv
import gzip
import logging
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar

from exchangeclient.numbers import exact
from exchangeclient.onetoken.models import Zhubi
from exchangeclient.onetoken.names import contract_name
from exchangeclient.onetoken.tick import Level, Tick

log = logging.getLogger(__name__)

SOURCE: Final = "hist-quote"
_GZIP_HEAD: Final = b"\x1f\x8b"
_Path = str | os.PathLike[str]
_Event = TypeVar("_Event", Tick, Zhubi)
_Number = Callable[[str], Any]


def read_ticks(path: _Path, contract: str, *, decimal: bool = False) -> Iterator[Tick]:
    """The ticks of a file of ``/ticks/simple``, of ``/ticks/full``, or of lines of JSON, as they stand there.

    A line that cannot be read is left out; the log says how many were. Times without a zone are UTC.

    :param contract: what the file is of: those of CSV do not say
    :param decimal: True has numbers as :class:`~decimal.Decimal`
    :raises OSError: when it cannot be opened
    :raises ValueError: for what is no contract; when the file has other columns; behind its rows, when it is cut off
    """
    name, number = contract_name(contract), _number(decimal)
    lines = _lines(path)
    head = next(lines, "")
    if head.startswith("{"):
        yield from _readable(path, chain([head], lines), lambda line: Tick.from_dict(line, decimal=decimal))
        return
    columns = _fields(head)
    if not {"time", "last", "ask_0_p", "bid_0_p"} <= set(columns):
        raise ValueError(f"{path} has other columns than a file of ticks: {head[:80]!r}")
    yield from _readable(path, lines, lambda line: _tick(dict(zip(columns, _fields(line), strict=True)), name, number))


def read_trades(path: _Path, *, decimal: bool = False) -> Iterator[Zhubi]:
    """The trades of a file of ``/trades``, as they stand there: some of them are there twice. See :func:`read_ticks`."""
    number = _number(decimal)
    yield from _readable(path, _lines(path), lambda line: _trade(_fields(line), number))


def _lines(path: _Path) -> Iterator[str]:
    with Path(path).open("rb") as file:
        is_packed = file.read(len(_GZIP_HEAD)) == _GZIP_HEAD
    try:
        with (gzip.open if is_packed else open)(path, "rt", encoding="utf-8", errors="replace") as text:
            for line in text:
                yield line.strip()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is cut off or damaged behind what was read: {error}") from error


def _readable(path: _Path, lines: Iterable[str], read: Callable[[str], _Event]) -> Iterator[_Event]:
    broken = 0
    try:
        for line in lines:
            try:
                event = read(line)
            except (LookupError, TypeError, ValueError, ArithmeticError):
                broken += 1
                continue
            yield event
    finally:
        if broken:
            log.warning("%s: %d lines cannot be read and are left out", path, broken)


def _tick(row: Mapping[str, str], contract: str, number: _Number) -> Tick:
    bids, asks = (_side(row, side, number) for side in ("bid", "ask"))
    return Tick(_time(row["time"]), number(row["last"]), number(row.get("volume") or "0"), bids, asks, contract, SOURCE)


def _side(row: Mapping[str, str], side: str, number: _Number) -> list[Level]:
    levels: list[Level] = []
    while price := row.get(f"{side}_{len(levels)}_p"):  # some contracts have fewer levels than columns
        levels.append({"price": number(price), "volume": number(row[f"{side}_{len(levels)}_v"])})
    return levels


def _trade(row: list[str], number: _Number) -> Zhubi:
    there, contract, price, bs, amount, _, here, _ = row
    if bs not in ("b", "s"):
        raise ValueError(f"bs must be 'b' or 's', not {bs!r}")
    return Zhubi(_time(here), _time(there), contract_name(contract), number(price), number(amount), bs)


def _time(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _fields(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _number(decimal: bool) -> _Number:
    return (lambda text: exact(text, "a number of a file")) if decimal else float
