"""A keyword that is passed on although it may be a misspelled one: it is sent as it is given, and a warning says what it looks like.

Which keywords there are is said elsewhere (:mod:`.endpoint`). Imported only when there is one that nobody knows.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import partial
from typing import Final

_SLIP: Final = 2
"""Letters without a counterpart: a letter more or less leaves one, another one or two in each other's place leave two."""


def warn_of_misspelled(caller: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Warn of every keyword that is not known and is one slip away from one that is. The warning points at the line of whoever gave it.

    :param caller: the method that was called, for the text
    """
    known = frozenset(known)
    for name in (name for name in given if name not in known):
        meant = min(known, key=partial(_apart, name))
        if _apart(name, meant) <= _SLIP:
            warnings.warn(
                f"{caller}() knows no {name[:40]} and sends it on as it is; what it knows is {meant}",
                stacklevel=_level_of_user(),
            )


def _apart(one: str, other: str) -> int:
    """How many letters of the two have no counterpart in the other; capitals and underscores do not count."""
    one, other = (name.replace("_", "").lower() for name in (one, other))
    longer = abs(len(one) - len(other))
    if longer > _SLIP:
        return longer
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return len(one) + len(other) - 2 * sum(block.size for block in blocks)


def _level_of_user() -> int:
    """The ``stacklevel`` of a warning of the calling function that points at the first line outside of this package."""
    package = __name__.partition(".")[0]
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        level, frame = level + 1, frame.f_back
    return level
