from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from exchangeclient.archive import picture
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.textchart import chart

from .conftest import MINUTE_MS, SERIES, START, minutes


def moving(count: int) -> list[Row]:
    """Candles of which every other one rises."""
    rows = []
    for number in range(count):
        low, step = 100 + number, 1 if number % 2 else -1
        figures = (low + 2, low + 4, low, low + 2 + step)
        rows.append((START + number * MINUTE_MS, *(f"{each}.00" for each in figures), "5.0", 0, "1", 1, "1", "1"))
    return rows


def test_each_candle_is_a_column_with_body_and_wick() -> None:
    drawn = chart(moving(10), width=40, height=21)
    assert len(drawn.lines) == 20
    columns = ["".join(line[number][0] for line in drawn.lines) for number in range(10)]
    assert all("█" in column for column in columns[::2])
    assert all("░" in column and "█" not in column for column in columns[1::2])
    assert all("│" in column for column in columns)
    assert [columns[number].rstrip().count(" ") > columns[number + 1].rstrip().count(" ") for number in range(9)].count(True) >= 8
    assert "113" in drawn.text().splitlines()[0]
    assert drawn.below.startswith("2023-11-14 22:14")


@pytest.mark.parametrize(("count", "width", "height"), [(1, 80, 24), (5000, 80, 24), (5000, 200, 50), (3, 1, 1)])
def test_a_chart_fits_into_its_terminal(count: int, width: int, height: int) -> None:
    lines = chart(moving(count), width=width, height=height).text().splitlines()
    assert len(lines) <= max(3, height)
    assert max(map(len, lines)) <= max(width, 20)


def test_prices_that_do_not_move_are_a_line() -> None:
    flat = [(START, "1.0", "1.0", "1.0", "1.0", "0", 0, "0", 0, "0", "0")]
    assert chart(flat, width=40, height=10).text()


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.html"])
def test_a_picture_is_a_whole_file_of_its_kind(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="SKIPPED: pictures need the extra [plot]")
    picture.draw(SERIES, moving(50), tmp_path / name)
    content = (tmp_path / name).read_bytes()
    match name:
        case "a.png":
            assert content.startswith(b"\x89PNG")
            assert int.from_bytes(content[16:20]) == 1200
        case "a.svg":
            assert ElementTree.fromstring(content).tag.endswith("svg")
        case "a.html":
            text = content.decode()
            assert "<svg" in text
            assert text.count("<tr>") == 51
            assert "http://" not in text.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
                "http://creativecommons.org", ""
            )
    picture.draw(SERIES, moving(50), tmp_path / f"again-{name}")
    assert (tmp_path / f"again-{name}").read_bytes() == content, "the same candles are the same picture"
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f"again-{name}"]


def test_the_name_of_a_symbol_cannot_write_html(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="SKIPPED: pictures need the extra [plot]")
    picture.draw(Series("v", "<script>", "1m"), moving(3), tmp_path / "a.html")
    assert "<script>" not in (tmp_path / "a.html").read_text()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.pdf"):
        picture.draw(SERIES, minutes(3), tmp_path / "a.pdf")
