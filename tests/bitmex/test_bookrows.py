"""Books read from rows; nothing here is connected to anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.bitmex.bookrows import BookReader
from exchangeclient.market.booksync import Diff, Snapshot


def message(action: str, *rows: Any) -> bytes:
    return json.dumps({"table": "orderBookL2", "action": action, "keys": [], "data": list(rows)}).encode()


def row(row_id: int, side: str, **more: Any) -> dict[str, Any]:
    return {"symbol": "XBTUSD", "id": row_id, "side": side, **more}


WHOLE = message("partial", row(2, "Buy", size=5, price=99.5), row(1, "Sell", size=7, price=1e-10), row(3, "Buy", size=4, price=99.0))


def begun(*rows: Any) -> BookReader:
    reader = BookReader("XBTUSD")
    said = reader.read(message("partial", *rows) if rows else WHOLE)
    assert isinstance(said, Snapshot)
    return reader


def test_a_partial_is_a_snapshot_whose_texts_are_plain_digits() -> None:
    said = BookReader("XBTUSD").read(WHOLE)
    assert isinstance(said, Snapshot)
    assert said.last_id == 1
    assert said.book.top() == ((("99.5", "5"), ("99.0", "4")), (("0.0000000001", "7"),))


def test_changes_are_numbered_as_they_come_and_remember_their_prices() -> None:
    reader = begun()
    assert reader.read(message("update", row(2, "Buy", size=6), row(1, "Sell", size=1))) == Diff(
        1, 2, [("99.5", "6")], [("0.0000000001", "1")], None
    )
    assert reader.read(message("delete", row(3, "Buy"))) == Diff(2, 3, [("99.0", "0")], [], None)
    stamp = "2024-11-24T08:26:22.356Z"
    assert reader.read(message("insert", row(3, "Sell", size=1, price=100, timestamp=stamp))) == Diff(
        3, 4, [], [("100", "1")], 1_732_436_782_356
    )
    assert reader.rows() == (4, {("Buy", 2): ("99.5", "6", 2), ("Sell", 1): ("0.0000000001", "1", 2), ("Sell", 3): ("100", "1", 4)})


def test_b15_the_same_id_may_come_back_on_the_other_side() -> None:
    reader = begun()
    reader.read(message("delete", row(2, "Buy")))
    assert reader.read(message("insert", row(2, "Sell", size=5, price=99.5))) == Diff(2, 3, [], [("99.5", "5")], None)


@pytest.mark.parametrize(
    ("action", "odd"),
    [
        ("update", row(9, "Buy", size=1)),
        ("update", row(2, "Sell", size=1)),
        ("update", row(2, "Buy", size=1, price=98)),
        ("delete", row(9, "Buy")),
        ("insert", row(2, "Buy", size=1, price=98)),
        ("insert", row(9, "Buy", size=1, price=99.5)),
        ("insert", row(9, "Buy", size=1)),
        ("insert", row(9, "Buy", price=98, size=None)),
        ("insert", row(9, "Neither", size=1, price=98)),
    ],
)
def test_b15_what_does_not_follow_is_a_gap_and_then_nothing_is_read_before_a_partial(action: str, odd: Any) -> None:
    reader = begun()
    said = reader.read(message(action, odd))
    assert isinstance(said, Diff)
    assert (said.first_id, said.last_id) == (2, 3), "one is missing behind 1"
    assert f"{action} of" in reader.trouble
    assert reader.read(message("update", row(2, "Buy", size=6))) is None
    assert reader.rows() is None
    assert isinstance(reader.read(WHOLE), Snapshot)


def test_b15_a_second_partial_is_the_changes_that_lead_to_it() -> None:
    reader = begun()
    said = reader.read(
        message("partial", row(2, "Buy", size=5, price=99.5), row(3, "Buy", size=8, price=99.0), row(4, "Sell", size=1, price=101))
    )
    assert isinstance(said, Diff)
    assert (said.first_id, said.last_id) == (1, 2)
    assert list(said.bids) == [("99.0", "8")]
    assert sorted(said.asks) == [("0.0000000001", "0"), ("101", "1")]


def test_nothing_is_read_before_a_partial_or_after_the_stream_began_anew() -> None:
    reader = BookReader("XBTUSD")
    assert reader.read(message("update", row(2, "Buy", size=6))) is None
    reader.read(WHOLE)
    reader.begin()
    assert reader.read(message("update", row(77, "Buy", size=6))) is None
    assert isinstance(reader.read(WHOLE), Snapshot)


def test_rows_of_others_and_of_none_are_passed_over() -> None:
    reader = begun()
    assert reader.read(message("update", {**row(2, "Buy", size=6), "symbol": "ETHUSD"})) is None
    assert reader.read(message("update")) is None
    assert reader.read(message("nosuch", row(2, "Buy"))) is None
    assert isinstance(BookReader("XBTUSD").read(message("partial")), Snapshot), "an empty book is one"


@pytest.mark.parametrize(
    "odd",
    [
        b"nonsense",
        b"[]",
        b'{"action":"update","data":7}',
        b'{"action":"update","data":[{"id":"x","side":"Buy","symbol":"XBTUSD"}]}',
        message("partial", row(1, "Buy", size=1)),
        message("partial", row(1, "Buy", size=1, price=2), row(1, "Buy", size=1, price=3)),
        message("partial", row(1, "Buy", size=1, price=2), row(2, "Buy", size=1, price=2)),
        message("partial", row(1, "Buy", size=-1, price=2)),
        message("update", row(2, "Buy", size=-1)),
        message("insert", row(9, "Buy", size="much", price=98)),
    ],
)
def test_b02_what_cannot_be_read_is_refused_and_ends_the_book(odd: bytes) -> None:
    reader = begun()
    with pytest.raises(ValueError, match=r"book|level|size|price|number|quantity"):
        reader.read(odd)
    if b'"symbol": "XBTUSD"' in odd:
        assert reader.rows() is None
