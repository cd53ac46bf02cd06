"""Candles as a picture: PNG, SVG, or an HTML page of its own (``pip install 'exchangeclient[plot]'``)."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from exchangeclient.archive.files import whole_bytes
from exchangeclient.archive.series import Series
from exchangeclient.exceptions import ArchiveException
from exchangeclient.market.klines import next_open

FORMS: Final = (".png", ".svg", ".html")

_RISE, _FALL, _QUIET = "#1a7f4b", "#b3261e", "#6b7280"
_SIZE: Final = (12.0, 6.75)  # inches, at 100 dots each
_SHARE: Final = 0.7  # of an interval that the body of a candle is wide
_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{margin:2em;font-family:system-ui,sans-serif}}svg{{width:100%;height:auto}}table{{border-collapse:collapse;font-variant-numeric:
tabular-nums}}td,th{{padding:.15em .8em;text-align:right}}details{{margin-top:1em}}</style></head>
<body><h1>{title}</h1>
{svg}
<details><summary>{count} candles</summary><table><tr>{head}</tr>
{rows}
</table></details></body></html>
"""


def draw(series: Series, rows: Sequence[Sequence[Any]], path: Path) -> None:
    """Draw candles and their volumes to a file, whose ending says what it becomes; it appears whole or not at all.

    :param rows: at least one candle, in order
    :raises ValueError: for another ending than :data:`FORMS`
    :raises ArchiveException: when matplotlib is not installed
    """
    if path.suffix not in FORMS:
        raise ValueError(f"a picture ends with {', '.join(FORMS)}; {path.name} does not")
    figure = _figure(series, rows)
    form = "png" if path.suffix == ".png" else "svg"
    drawn = io.BytesIO()
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "exchangeclient"}):  # the same candles make the same bytes
        figure.savefig(drawn, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    content = drawn.getvalue() if path.suffix != ".html" else _page(series, rows, drawn.getvalue()).encode()
    with whole_bytes(path) as file:
        file.write(content)


def _figure(series: Series, rows: Sequence[Sequence[Any]]) -> Any:
    try:
        from matplotlib import dates, rc_context
        from matplotlib.collections import LineCollection, PolyCollection
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ArchiveException("a picture needs matplotlib: pip install 'exchangeclient[plot]'") from error
    opens = [_days(row[0]) for row in rows]
    widths = [(_days(next_open(series.interval, row[0])) - opened) * _SHARE for row, opened in zip(rows, opens, strict=True)]
    first, high, low, last, volume = ([float(row[column]) for row in rows] for column in range(1, 6))
    colours = [_RISE if close >= opened else _FALL for opened, close in zip(first, last, strict=True)]
    with rc_context({"axes.spines.top": False, "axes.spines.right": False}):
        # Not by pyplot, whose figures are everybody's.
        figure = Figure(figsize=_SIZE, dpi=100, layout="constrained")
        prices, volumes = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    wicks = [((at, bottom), (at, top)) for at, bottom, top in zip(opens, low, high, strict=True)]
    prices.add_collection(LineCollection(wicks, colors=colours, linewidths=0.8))
    bodies = [
        [(at - width / 2, opened), (at + width / 2, opened), (at + width / 2, close), (at - width / 2, close)]
        for at, width, opened, close in zip(opens, widths, first, last, strict=True)
    ]
    prices.add_collection(PolyCollection(bodies, facecolors=colours, edgecolors=colours, linewidths=0.8))
    prices.autoscale_view()
    prices.set_title(f"{series.symbol} {series.interval}, {series.venue}", loc="left")
    prices.grid(visible=True, color=_QUIET, alpha=0.2)
    volumes.bar(opens, volume, widths, color=colours)
    volumes.set_ylabel("volume", color=_QUIET)
    locator = dates.AutoDateLocator(tz=UTC)
    volumes.xaxis.set_major_locator(locator)
    volumes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC))
    return figure


def _page(series: Series, rows: Sequence[Sequence[Any]], svg: bytes) -> str:
    title = html.escape(f"{series.symbol} {series.interval}, {series.venue}")
    told = ("open time", "open", "high", "low", "close", "volume")
    lines = [[f"{datetime.fromtimestamp(row[0] / 1000, UTC):%Y-%m-%d %H:%M}", *map(str, row[1:6])] for row in rows]
    return _PAGE.format(
        title=title,
        svg=svg[svg.index(b"<svg") :].decode(),
        count=len(rows),
        head="".join(f"<th>{name}</th>" for name in told),
        rows="\n".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in line)}</tr>" for line in lines),
    )


def _days(time_ms: int) -> float:
    """As matplotlib counts time."""
    return time_ms / 86_400_000
