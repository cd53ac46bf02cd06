"""Candles drawn with characters, for terminals. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

Part = Literal["wick", "rise", "fall", "text"]

_MARKS: Final[dict[Part, str]] = {"wick": "│", "rise": "░", "fall": "█", "text": " "}
_IN_LETTERS: Final = str.maketrans("│░█", "|o#")
_LEAST_WIDTH: Final = 8  # of the candles
_LABELS: Final = 4  # on the side


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn.

    :ivar lines: of the candles, each with its label at the side; each character with what it is of
    :ivar below: the line with the dates
    """

    lines: tuple[tuple[tuple[str, Part], ...], ...]
    below: str

    def text(self, encoding: str | None = None) -> str:
        """As it looks without colours: rising candles are light, falling ones full.

        :param encoding: of where it goes; letters stand for what that does not have
        """
        drawn = self._drawn()
        try:
            drawn.encode(encoding or "utf-8")
        except UnicodeEncodeError:
            return drawn.translate(_IN_LETTERS)
        return drawn

    def _drawn(self) -> str:
        return "\n".join(["".join(character for character, _ in line).rstrip() for line in self.lines] + [self.below])


def chart(rows: Sequence[Sequence[Any]], *, width: int, height: int) -> Chart:
    """Candles as characters, one column each; where there are more than columns, neighbours are drawn as one.

    :param rows: at least one candle, in order
    :param width: of the whole, in characters
    :param height: of the whole, in lines
    """
    label_width = max(len(_price(row[each])) for row in rows for each in (2, 3)) + 1
    columns = max(_LEAST_WIDTH, width - label_width)
    bars = _bars(rows, -(-len(rows) // columns))
    lowest, highest = min(bar[2] for bar in bars), max(bar[1] for bar in bars)
    heights = max(2, height - 1)
    step = (highest - lowest) / (heights - 1) or 1.0
    decimals = max(len(_price(row[1]).partition(".")[2]) for row in rows)
    lines = []
    for line in range(heights):
        level = highest - line * step
        drawn = [_cell(bar, level, step) for bar in bars]
        labelled = line % max(1, (heights - 1) // _LABELS) == 0
        label = f" {level:.{decimals}f}" if labelled else ""
        lines.append((*((_MARKS[part], part) for part in drawn), *((each, "text") for each in label)))
    return Chart(tuple(lines), _dates(rows, len(bars)))


def _bars(rows: Sequence[Sequence[Any]], together: int) -> list[tuple[float, float, float, float]]:
    groups = [rows[start : start + together] for start in range(0, len(rows), together)]
    return [
        (float(group[0][1]), max(float(row[2]) for row in group), min(float(row[3]) for row in group), float(group[-1][4]))
        for group in groups
    ]


def _cell(bar: tuple[float, float, float, float], level: float, step: float) -> Part:
    opened, high, low, close = bar
    half = step / 2
    if min(opened, close) - half <= level <= max(opened, close) + half:
        return "rise" if close >= opened else "fall"
    return "wick" if low - half <= level <= high + half else "text"


def _dates(rows: Sequence[Sequence[Any]], columns: int) -> str:
    first, last = (f"{datetime.fromtimestamp(row[0] / 1000, UTC):%Y-%m-%d %H:%M}" for row in (rows[0], rows[-1]))
    return first if len(rows) == 1 or columns < len(first) + len(last) + 2 else f"{first}{last:>{columns - len(first)}}"


def _price(text: str) -> str:
    """A price without zeros that say nothing."""
    return text.rstrip("0").rstrip(".") if "." in text else text
