"""What a sandbox is told from outside: candle files and play accounts, read and checked before anything starts."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.engine.candles import INTERVALS, CandleSeries
from exchangeclient.sandbox.engine.candles import parse_candles as parse_rows

CandleKey = tuple[str, str]
"""Symbol and interval."""

_MICROSECOND_DIGITS = 16  # the newer public dumps; milliseconds have thirteen digits
_TIME_COLUMNS = (0, 6)


def parse_candles(spec: str) -> tuple[CandleKey, Path]:
    """``ETHBTC:5m=FILE`` as ``(("ETHBTC", "5m"), Path("FILE"))``.

    :raises SandboxException: when the text is of another form
    """
    what, equals, path = spec.partition("=")
    symbol, colon, interval = what.partition(":")
    if not (equals and colon and symbol and interval and path):
        raise SandboxException(f"candles must be given as SYMBOL:INTERVAL=FILE, not {spec!r}")
    return (symbol, interval), Path(path)


def parse_account(text: str) -> Account:
    """``KEY:SECRET`` or ``KEY:SECRET:PASSPHRASE`` as an account.

    :raises SandboxException: when the text is of another form; the secret is not shown
    """
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(parts):
        raise SandboxException(f"an account must be given as KEY:SECRET[:PASSPHRASE], not as {len(parts)} parts with key {parts[0]!r}")
    return Account(parts[0], parts[1], passphrase=parts[2] if len(parts) == 3 else "")


def parse_accounts_file(path: str | Path) -> list[Account]:
    """The accounts of a JSON file: a list of objects with ``key`` and ``secret``, or with ``key`` and ``public_key`` (PEM text).

    :raises SandboxException: naming the file and the entry
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SandboxException(f"cannot read the accounts file {path}: {error.strerror}") from error
    except ValueError as error:
        raise SandboxException(f"the accounts file {path} is not JSON: {error}") from error
    if not isinstance(entries, list):
        raise SandboxException(f"the accounts file {path} must hold a list of accounts")
    return [_account(entry, f"{path}, account {number}") for number, entry in enumerate(entries, 1)]


def _account(entry: object, where: str) -> Account:
    fields = ("key", "secret", "public_key", "passphrase")
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise SandboxException(f"{where}: must be an object of texts")
    if foreign := set(entry) - set(fields):
        raise SandboxException(f"{where}: unknown field {min(foreign)!r}; there are {', '.join(fields)}")
    try:
        return Account(**{"key": "", **entry})
    except ValueError as error:
        raise SandboxException(f"{where}: {error}") from error


def load_history(candles: Mapping[CandleKey, str | Path]) -> dict[str, list[CandleSeries]]:
    """The candles of all files, by symbol.

    :raises SandboxException: naming the file, and the line where there is one
    """
    history: dict[str, list[CandleSeries]] = {}
    for (symbol, interval), path in candles.items():
        if interval not in INTERVALS:
            raise SandboxException(f"candles of unknown interval {interval!r} for {symbol}; there are {', '.join(INTERVALS)}")
        with _lines(path) as lines:
            try:
                series = parse_rows(lines, symbol=symbol, interval=interval, source=str(path))
            except UnicodeDecodeError:
                raise  # _lines() says which file
            except ValueError as error:
                raise SandboxException(str(error)) from error
        history.setdefault(symbol, []).append(series)
    return history


def read_candle_rows(path: str | Path) -> list[list[str]]:
    """The rows of a candle file as texts, without a header; times in milliseconds whatever unit the file has.

    :raises SandboxException: naming the file
    """
    with _lines(path) as lines:
        rows = [line.rstrip("\r\n").split(",") for line in lines]
    if rows and not rows[0][0].isdigit():
        del rows[0]
    for row in rows:
        for column in _TIME_COLUMNS:
            if len(row) > column and len(row[column]) == _MICROSECOND_DIGITS:
                row[column] = row[column][:-3]
    return rows


@contextmanager
def _lines(path: str | Path) -> Iterator[TextIO]:
    """The text of a ``.csv``, a ``.csv.gz``, or a ``.zip`` with one file in it."""
    path = Path(path)
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    raise SandboxException(f"{path} must hold one file, not {len(names)}")
                with archive.open(names[0]) as member, io.TextIOWrapper(member, encoding="utf-8", newline="") as text:
                    yield text
        elif path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
                yield text
        else:
            with path.open(encoding="utf-8", newline="") as text:
                yield text
    except OSError as error:  # gzip.BadGzipFile is one too
        raise SandboxException(f"cannot read the candle file {path}: {error.strerror or error}") from error
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise SandboxException(f"the candle file {path} is damaged: {error}") from error
    except UnicodeDecodeError as error:
        raise SandboxException(f"the candle file {path} is not text: {error}") from error
