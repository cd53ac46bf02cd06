"""The file of ``--log-file``: imported when there is one, because most commands have none."""

from __future__ import annotations

import contextlib
import logging
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path

from exchangeclient.cli import say


class LogFile(WatchedFileHandler):
    """Log lines in a file; one that is moved away is begun anew.

    That it cannot be written any more, as on a full disk, is said once. It does not change how the command ends: what became of an order
    is worth more than its log.

    :raises OSError: when it cannot be opened
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8")
        self._is_told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in the standard library
        """A line could not be written."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._is_told:
            self._is_told = True
            say(f"exchangeclient: the log file {self.baseFilename} cannot be written: {error}")

    def close(self) -> None:
        """Close the file; what it would not take before it does not take now."""
        with contextlib.suppress(OSError):
            super().close()
