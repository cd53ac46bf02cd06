"""Records as arrays of numpy and frames of pandas, when those are installed. Prices become floating point numbers here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from exchangeclient.archive.series import Row, Series
from exchangeclient.exceptions import ArchiveException

if TYPE_CHECKING:
    import pandas as pd

_TIMES: Final = frozenset({"open_time", "close_time", "time"})
_NUMBERS: Final = frozenset({"trades", "id", "first_id", "last_id"})
_FLAGS: Final = frozenset({"buyer_maker", "best_match"})


def arrays(series: Series, rows: Iterable[Row]) -> dict[str, Any]:
    """A numpy array for each column: ``datetime64[ms]`` for times, ``int64`` for numbers, ``float64`` for figures.

    What a venue does not tell is NaN in figures and -1 in numbers.

    :raises ArchiveException: when numpy is not installed
    """
    try:
        import numpy as np
    except ImportError as error:
        raise ArchiveException("arrays need numpy: pip install numpy") from error
    kept = list(rows)
    columns = list(zip(*kept, strict=True)) if kept else [()] * len(series.columns)
    found: dict[str, Any] = {}
    for name, column in zip(series.columns, columns, strict=True):
        if name in _TIMES:
            found[name] = np.array([-1 if each is None else each for each in column], dtype="int64").astype("datetime64[ms]")
        elif name in _NUMBERS:
            found[name] = np.array([-1 if each is None else each for each in column], dtype="int64")
        elif name in _FLAGS:
            found[name] = np.array(column, dtype=bool)
        else:
            found[name] = np.array([float("nan") if each is None else float(each) for each in column], dtype="float64")
    return found


def frame(series: Series, rows: Iterable[Row]) -> pd.DataFrame:
    """A frame of pandas, with the open time (or the number of the trade) as its index and times in UTC.

    :raises ArchiveException: when pandas is not installed
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ArchiveException("frames need pandas: pip install pandas") from error
    table = pd.DataFrame(arrays(series, rows))
    for name in _TIMES & set(table.columns):
        table[name] = table[name].dt.tz_localize("UTC")
    return table.set_index(series.columns[0])
