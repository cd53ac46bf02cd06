"""Calls made visible: the package's own lines about them on standard error. They show neither keys nor signatures."""

from __future__ import annotations

import logging

CALLS = logging.getLogger("exchangeclient.core.calling.call")


def show_calls() -> None:
    """Have a line printed for each call of this process from now on; a program that has set up its logging gets it there instead."""
    CALLS.setLevel(logging.DEBUG)
    if not _are_shown():
        shown = logging.StreamHandler()
        shown.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        CALLS.addHandler(shown)


def _are_shown() -> bool:
    logger: logging.Logger | None = CALLS
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
