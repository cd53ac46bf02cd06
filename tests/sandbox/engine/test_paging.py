"""Pages of rows, against going through all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.engine.paging import page

ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=20)
MAYBE = st.none() | st.integers(0, 30)


@given(ROWS, MAYBE, MAYBE, MAYBE, MAYBE)
def test_a_page_is_what_a_look_at_every_row_finds(
    steps: list[tuple[int, int]], first_id: int | None, start_us: int | None, end_us: int | None, limit: int | None
) -> None:
    rows: list[tuple[int, int]] = []  # id and time, of which only the ids must differ
    for id_step, time_step in steps:
        before = rows[-1] if rows else (0, 0)
        rows.append((before[0] + id_step, before[1] + time_step))
    found = [
        (number, time_us)
        for number, time_us in rows
        if (first_id is None or number >= first_id) and (start_us is None or time_us >= start_us) and (end_us is None or time_us <= end_us)
    ]
    if limit is not None:
        newest = first_id is None and start_us is None
        found = found[max(0, len(found) - limit) :] if newest else found[:limit]
    got = page(rows, lambda row: row[0], lambda row: row[1], first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
    assert got == found
