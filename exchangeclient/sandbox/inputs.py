"""What a sandbox is told from outside: candle files, recordings and play accounts, read and checked before anything starts."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import IO, TextIO

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.recorded import read_recording
from exchangeclient.sandbox.engine import candles as engine
from exchangeclient.sandbox.engine.candles import INTERVALS, CandleSeries
from exchangeclient.sandbox.engine.replay import Recording

CandleKey = tuple[str, str]
"""Symbol and interval."""

CandleFiles = Mapping[CandleKey, str | Path | Iterable[str | Path]] | Iterable[str]
"""One file or several per symbol and interval; or texts like ``ETHBTC:5m=FILE``, of which several may name the same candles."""


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
    try:
        return Account(parts[0], parts[1], passphrase=parts[2] if len(parts) == 3 else "")
    except ValueError as error:
        raise SandboxException(str(error)) from error


def parse_accounts_file(path: str | Path) -> list[Account]:
    """The accounts of a JSON file: a list of objects with ``key`` and ``secret``, or with ``key`` and ``public_key`` (PEM text).

    They may also have ``can_trade`` (true or false) and ``permissions`` (a list of texts).

    :raises SandboxException: naming the file and the entry
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SandboxException(f"cannot read the accounts file {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SandboxException(f"the accounts file {path} is not JSON: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise SandboxException(f"the accounts file {path} must hold a list of accounts, with one at least")
    return [_account(entry, f"{path}, account {number}") for number, entry in enumerate(entries, 1)]


def _account(entry: object, where: str) -> Account:
    if not isinstance(entry, dict):
        raise SandboxException(f"{where}: must be an object")
    known = [each.name for each in fields(Account)]
    if foreign := set(entry) - set(known):
        raise SandboxException(f"{where}: unknown field {min(foreign)!r}; there are {', '.join(known)}")
    if isinstance(entry.get("permissions"), list):
        entry["permissions"] = tuple(entry["permissions"])
    try:
        return Account(**{"key": "", **entry})
    except (TypeError, ValueError) as error:
        raise SandboxException(f"{where}: {error}") from error


def load_history(candles: CandleFiles) -> dict[str, list[CandleSeries]]:
    """The candles of all files, by symbol; those of one symbol and interval in one series, in order of time.

    :raises TypeError: when ``candles`` is of another form
    :raises SandboxException: naming the file, and the line where there is one, or both files when their times overlap
    """
    history: dict[str, list[CandleSeries]] = {}
    for (symbol, interval), paths in _files(candles).items():
        if interval not in INTERVALS:
            raise SandboxException(f"candles of unknown interval {interval!r} for {symbol}; there are {', '.join(INTERVALS)}")
        history.setdefault(symbol, []).append(_joined([(path, _series(path, symbol, interval)) for path in paths]))
    return history


def _files(candles: CandleFiles) -> dict[CandleKey, list[str | Path]]:
    """Which files there are for each symbol and interval."""
    if isinstance(candles, (str, bytes)) or not isinstance(candles, Iterable):
        raise TypeError(f"candles must be a mapping or a list of SYMBOL:INTERVAL=FILE, not {candles!r}")
    files: dict[CandleKey, list[str | Path]] = {}
    if not isinstance(candles, Mapping):
        for spec in candles:
            if not isinstance(spec, str):
                raise TypeError(f"candles must be texts like SYMBOL:INTERVAL=FILE, not {spec!r}")
            key, path = parse_candles(spec)
            files.setdefault(key, []).append(path)
        return files
    for key, value in candles.items():
        if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(part, str) for part in key)):
            raise TypeError(f"candles must have keys like ('ETHBTC', '5m'), not {key!r}")
        paths = [value] if isinstance(value, (str, Path)) or not isinstance(value, Iterable) else list(value)
        if not paths or not all(isinstance(path, (str, Path)) for path in paths):
            raise TypeError(f"candles of {key} must be a path or a list of paths, not {value!r}")
        files[key] = paths
    return files


def _series(path: str | Path, symbol: str, interval: str) -> CandleSeries:
    try:
        return engine.parse_candles(_lines(path), symbol=symbol, interval=interval, source=str(path))
    except ValueError as error:
        raise SandboxException(str(error)) from error


def _joined(parts: list[tuple[str | Path, CandleSeries]]) -> CandleSeries:
    """One series out of several files."""
    parts = sorted(parts, key=lambda part: part[1].bars[0].open_ms)
    for (earlier, before), (later, after) in pairwise(parts):
        if before.bars[-1].open_ms >= after.bars[0].open_ms:
            raise SandboxException(
                f"the candle files {earlier} and {later} overlap: both have {after.symbol} {after.interval} of the same time"
            )
    _, first = parts[0]
    return CandleSeries(
        first.symbol,
        first.interval,
        tuple(candle for _, part in parts for candle in part.candles),
        tuple(bar for _, part in parts for bar in part.bars),
    )


def load_recordings(paths: Iterable[str | Path]) -> list[Recording]:
    """What was recorded of the venue's streams, a recording per symbol, from JSON lines (``.jsonl``, ``.jsonl.gz``, ``.zip``).

    :raises TypeError: when ``paths`` is of another form
    :raises SandboxException: naming the file, and the line where there is one
    """
    if isinstance(paths, (str, bytes)) or not isinstance(paths, Iterable):
        raise TypeError(f"recordings must be a list of paths, not {paths!r}")
    recordings: dict[str, Recording] = {}
    for path in paths:
        if not isinstance(path, (str, Path)):
            raise TypeError(f"recordings must be paths, not {path!r}")
        try:
            found = read_recording(_lines(path, "recording"), source=str(path))
        except ValueError as error:
            raise SandboxException(str(error)) from error
        for each in found:
            if each.symbol in recordings:
                raise SandboxException(f"two of the recordings are of {each.symbol}; the second one is {path}")
            recordings[each.symbol] = each
    return list(recordings.values())


def read_candle_rows(path: str | Path) -> list[list[str]]:
    """The rows of a candle file as texts, without a header; times in milliseconds whatever unit the file has.

    :raises SandboxException: naming the file, and the line where there is one
    """
    try:
        return [columns for _, columns in engine.parse_rows(_lines(path), source=str(path))]
    except ValueError as error:
        raise SandboxException(str(error)) from error


def _lines(path: str | Path, what: str = "candle file") -> Iterator[str]:
    """The lines of a plain file, a ``.gz``, or a ``.zip`` with one file in it, with their line breaks."""
    path = Path(path)
    number = 0
    try:
        with _opened(path) as text:
            for number, line in enumerate(text, 1):  # noqa: B007 - counted for the errors below
                yield line
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise SandboxException(f"{path}, line {number + 1}: the file breaks off ({error})") from error
    except OSError as error:  # gzip.BadGzipFile is one too
        raise SandboxException(f"cannot read the {what} {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SandboxException(f"the {what} {path} is not text: {error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
            yield text
    elif path.suffix == ".zip":
        with _member(path) as member, io.TextIOWrapper(member, encoding="utf-8", newline="") as text:
            yield text
    else:
        with path.open(encoding="utf-8", newline="") as text:
            yield text


@contextmanager
def _member(path: Path) -> Iterator[IO[bytes]]:
    """The one file in a zip."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise SandboxException(f"the file {path} is damaged: {error}") from error
    with archive:
        entries = archive.infolist()
        if len(entries) != 1:
            raise SandboxException(f"{path} must hold one file, not {len(entries)}")
        if entries[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SandboxException(f"{path} is compressed in a way that is not read here; deflate is")
        try:
            member = archive.open(entries[0])
        except RuntimeError as error:  # encrypted, or of a feature that Python does not have
            raise SandboxException(f"cannot read the file {path}: {error}") from error
        with member:
            yield member
