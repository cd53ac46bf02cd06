"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO


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
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield partial
        if path.exists():
            shutil.copymode(path, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
