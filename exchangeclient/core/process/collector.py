"""Keeps Python's garbage collector from looking through the whole program again and again while large messages are decoded."""

from __future__ import annotations

import gc

# A message of a deep book is thousands of objects, which live until the next one. At Python's own threshold, 700 or 2000 of them, each
# message sets off several collections, and of those a share goes through everything that there is.
_THRESHOLDS = (50_000, 20, 100)


def spare_collector() -> None:
    """Have the collector leave alone what there is now, and run more rarely. It is for the whole process, and lasts.

    Messages of 48 KB are decoded more than twice as fast then; small ones no faster. What is in memory now and becomes garbage in a
    circle later is not found any more, and new garbage of that kind waits longer: call it once, when everything is imported.
    """
    gc.collect()
    gc.freeze()
    present = gc.get_threshold()
    if present[0]:  # zero: the program has it not run at all
        gc.set_threshold(*map(max, present, _THRESHOLDS))
