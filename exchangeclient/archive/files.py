"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final

from exchangeclient.core.process.clock import SystemClock

_clock: Final = SystemClock()
_UNFINISHED: Final = re.compile(r"\.(?P<name>.+)\.\d+\.part", re.DOTALL)
_ABANDONED_S: Final = 86_400.0  # whoever writes a file has written to it within a day


@contextlib.contextmanager
def whole_text(path: Path) -> Iterator[IO[str]]:
    """A text file to write, as :func:`whole_bytes` has it."""
    with whole_bytes(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()  # what it holds is written; the file is closed by whom it is of


@contextlib.contextmanager
def whole_bytes(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of an older one, with the older one's permissions, when all is written.

    A device or a pipe is written to as it is.
    """
    path = path.resolve()  # a link goes on leading to the file
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    with _partial(path) as partial, partial.open("wb") as file:
        yield file
        # On the disk before the name says so: a loss of power leaves the old file or the new one.
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _partial(path: Path) -> Iterator[Path]:
    # Hidden: what reads the folder of Parquet files meanwhile, or after a run was killed, passes it over.
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    _put_away(path)
    try:
        yield partial
        if path.exists():
            shutil.copymode(path, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _put_away(path: Path) -> None:
    """What runs that were killed have left of a file: in years of cron they would fill the disk."""
    for name, left in _unfinished(path.parent):
        if name == path.name:
            with contextlib.suppress(OSError):
                if _clock.now_ms() / 1000 - left.stat().st_mtime > _ABANDONED_S:
                    left.unlink()


@functools.lru_cache(maxsize=16)
def _unfinished(folder: Path) -> list[tuple[str, Path]]:
    """What is being written, or was, in a folder as it was found, by its names to be: a folder of dumps has thousands of files."""
    with contextlib.suppress(OSError):
        return [(found["name"], each) for each in folder.iterdir() if (found := _UNFINISHED.fullmatch(each.name))]
    return []
