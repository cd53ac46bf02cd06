"""What the commands on archives have in common: their arguments, and moments as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar, overload

import click

from exchangeclient.archive.series import Series
from exchangeclient.archive.verify import Remark
from exchangeclient.helpers import date_to_milliseconds

Command = TypeVar("Command", bound=Callable[..., Any])

_DAY_MS: Final = 86_400_000
_LAST_MS: Final = 253_402_300_800_000  # of the calendar


def in_capitals(symbol: str) -> str:
    """A symbol as the venue spells it: in small letters it would be another series to the archive."""
    return symbol.upper()


def archive_argument(command: Command) -> Command:
    """``ARCHIVE``, which is ``path`` to the command."""
    return click.argument("path", metavar="ARCHIVE", type=click.Path(path_type=Path))(command)


def series_options(command: Command) -> Command:
    """``SYMBOL``, ``--interval`` and ``--of``, each of which narrows down what a command is about."""
    symbol = click.argument("symbol", required=False, type=in_capitals)
    interval = click.option("--interval", "-i", help="1m, 1h, 1d, 1M ...; aggTrades for trades. All when left out.")
    return symbol(interval(of_option(command)))


def of_option(command: Command) -> Command:
    """``--of``, the name that a venue has in the archive."""
    return click.option("--of", metavar="VENUE", help="Of this venue alone, by the name that show lists.")(command)


def span_options(command: Command) -> Command:
    """``--start`` and ``--end``."""
    start = click.option("--start", help='From when on: "2 days ago UTC", "2018-01-10", or milliseconds.')
    return start(click.option("--end", help="Until before when, in the same forms.")(command))


@overload
def moment(text: str, option: str) -> int: ...
@overload
def moment(text: None, option: str) -> None: ...
def moment(text: str | None, option: str) -> int | None:
    """The milliseconds that a text means."""
    if text is None:
        return None
    try:
        return date_to_milliseconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error).removeprefix("date_str "), param_hint=option) from error


def shown_mark(series: Series, mark: int | None) -> str:
    """A mark as people read it: a date in UTC, as short as it can be; the number of a trade."""
    if mark is None:
        return ""
    if series.is_trades or not 0 <= mark < _LAST_MS:
        return str(mark)
    at = datetime.fromtimestamp(mark / 1000, UTC)
    return f"{at:%Y-%m-%d}" if mark % _DAY_MS == 0 else f"{at:%Y-%m-%d %H:%M}" if mark % 60_000 == 0 else f"{at:%Y-%m-%d %H:%M:%S}"


def finding(found: Remark) -> dict[str, Any]:
    """A finding as a row of a table."""
    series = found.series
    if series is None:
        return {"symbol": "", "interval": "", "what": found.kind, "from": "", "to": "", "count": None, "": found.text}
    return {
        "symbol": series.symbol,
        "interval": series.interval,
        "what": found.kind,
        "from": shown_mark(series, found.first),
        "to": shown_mark(series, found.last),
        "count": found.count,
        "": found.text,
    }


def told(found: Remark) -> dict[str, Any]:
    """A finding as JSON has it."""
    series = found.series
    where = {"venue": series.venue, "symbol": series.symbol, "interval": series.interval} if series is not None else {}
    return {**where, "what": found.kind, "first": found.first, "last": found.last, "count": found.count, "text": found.text}
