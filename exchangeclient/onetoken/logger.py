"""``log`` and ``log_level`` of the historic SDKs, for the programs that use them: ``log.warning("not placed", err, con=con)``.

The package itself logs as any other, by the names of its modules.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

_FORMAT: Final = "%(levelname)-.7s [%(asctime)s][%(filename)s:%(lineno)s] %(message)s"
_TIME: Final = "%H:%M:%S"


class Log:
    """A logger that takes words in place of a format: they are joined with blanks, those with a name as ``name=word``."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, *words: object, **named: object) -> None:
        """For whoever looks for a fault."""
        self._write(logging.DEBUG, words, named)

    def info(self, *words: object, **named: object) -> None:
        """What happens."""
        self._write(logging.INFO, words, named)

    def warning(self, *words: object, **named: object) -> None:
        """What should not."""
        self._write(logging.WARNING, words, named)

    def error(self, *words: object, **named: object) -> None:
        """What went wrong."""
        self._write(logging.ERROR, words, named)

    def exception(self, *words: object, **named: object) -> None:
        """What went wrong, with the traceback of the exception that is handled."""
        self._write(logging.ERROR, words, named, traced=True)

    def setLevel(self, level: int | str) -> None:  # noqa: N802 - that of every logger
        """Log from this level on."""
        self._logger.setLevel(level)

    def _write(self, level: int, words: tuple[object, ...], named: dict[str, object], *, traced: bool = False) -> None:
        text = " ".join([*map(str, words), *(f"{name}={word}" for name, word in named.items())])
        self._logger.log(level, "%s", text, exc_info=traced, stacklevel=3)  # the line of whoever called us


log: Final = Log("exchangeclient.onetoken.program")


def log_level(level: int | str) -> None:
    """Print what :data:`log` is told from this level on."""
    logger = logging.getLogger("exchangeclient.onetoken.program")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter(_FORMAT, _TIME))
        logger.addHandler(handler)
    logger.setLevel(level)
