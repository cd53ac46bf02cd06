"""Candles and trades as CSV: of this package's own form, with a header, and of Binance's public dumps, without one.

A line is read as it is or refused with its number: a file that was cut, edited or saved by a spreadsheet is not taken for a good one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import IO, Any, Final

from exchangeclient.archive import figures
from exchangeclient.archive.series import Row, Series
from exchangeclient.exceptions import ArchiveException

_BOM: Final = "\ufeff"
_MICROSECONDS: Final = 10**14  # from here on a time is in microseconds
_WHOLE: Final = {False: (0, 6, 8), True: (0, 3, 4, 5)}
_TIMES: Final = {False: (0, 6), True: (5,)}
_FLAGS: Final = {False: (), True: (6, 7)}
_UNUSED: Final = 1  # column that the venue's candles have besides
_WORDS: Final = {"true": True, "false": False, "1": True, "0": False}
_LONGEST: Final = 2000  # characters of a line; a file without line ends is not read into memory

Complaint = Callable[[int, str], None]
"""Is told the number of a line, and why it is not taken."""


def write(series: Series, rows: Iterable[Sequence[Any]], file: IO[str], *, header: bool = True) -> int:
    """Rows as CSV, the venue's texts untouched; how many."""
    writer = csv.writer(file, lineterminator="\n")
    if header:
        writer.writerow(series.columns)
    counted = count()
    # Both in C: a million rows are written in seconds.
    writer.writerows(row for row, _ in zip(rows, counted, strict=False))
    return next(counted)


def read(series: Series, file: IO[str], name: str, *, complain: Complaint | None = None) -> Iterator[Row]:
    """The rows of a file, in order.

    :param file: opened with ``newline=""``
    :param name: for error texts
    :param complain: takes what can be read, and is told of each line that cannot; what cannot is refused when it is left out
    :raises ArchiveException: with the number of the first line that is not as it should be
    """

    def refuse(number: int, why: str) -> None:
        if complain is None:
            raise ArchiveException(f"{name}, line {number}: {why}")
        complain(number, why)

    previous: int | None = None
    number = 0
    for number, line in enumerate(_lines(file), 1):
        text = line
        if number == 1 and text.startswith(_BOM):
            refuse(1, "begins with a byte order mark, as spreadsheets write it")
            text = text.removeprefix(_BOM)
        if text.endswith("\r\n"):
            refuse(number, "ends with CR LF, as spreadsheets and Windows write it")
            text = f"{text[:-2]}\n"
        if not text.endswith("\n"):
            refuse(number, "is cut off: there is no line end")
            continue
        if number == 1 and text[:1].isalpha():
            if text[:-1].split(",")[: len(series.columns)] != list(series.columns):
                refuse(1, f"the header is not that of {'trades' if series.is_trades else 'candles'}: {text[:200]!r}")
            continue
        try:
            row = _row(series, text[:-1])
        except ValueError as error:
            refuse(number, str(error))
            continue
        if previous is not None and row[0] <= previous:
            refuse(number, f"{row[0]} comes after {previous}")
            continue
        previous = row[0]
        yield row
    if not number:
        refuse(1, "the file is empty")


def _lines(file: IO[str]) -> Iterator[str]:
    while line := file.readline(_LONGEST):
        yield line


def _row(series: Series, text: str) -> Row:
    """
    :raises ValueError: saying what is wrong with it
    """
    fields: list[Any] = text.split(",")
    width = len(series.columns)
    if len(fields) == width + _UNUSED and not series.is_trades:
        fields.pop()
    if len(fields) != width:
        raise ValueError(f"has {len(fields)} fields, not {width}")
    for column in _WHOLE[series.is_trades]:
        fields[column] = _whole(fields[column])
    for column in _FLAGS[series.is_trades]:
        if fields[column].lower() not in _WORDS:
            raise ValueError(f"{fields[column][:40]!r} is neither True nor False")
        fields[column] = _WORDS[fields[column].lower()]
    for column in _TIMES[series.is_trades]:
        if fields[column] is not None and fields[column] >= _MICROSECONDS:
            fields[column] //= 1000
    row = tuple(None if field == "" else field for field in fields)
    if row[0] is None or series.floor(row[0]) != row[0]:
        raise ValueError(f"no {series.interval} candle opens at {row[0]}")
    why = figures.wrong(series, [row])
    if why is not None:
        raise ValueError(why)
    return row


def _whole(text: str) -> int | None:
    if text == "":
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 19:
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(text)


def text_of(stream: Any) -> IO[str]:
    """Bytes as the text that :func:`read` takes."""
    return io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
