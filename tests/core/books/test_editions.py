"""A reader sees whole changes only, and never makes the one who changes wait."""

from __future__ import annotations

import threading
import time

import pytest

from exchangeclient.core.books.editions import Editions

SOON_S = 10.0


def test_reading_that_a_change_falls_into_is_done_again() -> None:
    editions = Editions()
    pair = [0, 0]
    reads: list[int] = []

    def take() -> tuple[int, int]:
        first = pair[0]
        if not reads:
            with editions:
                pair[:] = [1, 1]
        reads.append(first)
        return first, pair[1]

    assert editions.read(take) == (1, 1)
    assert reads == [0, 1]


def test_what_a_torn_reading_raises_is_not_believed_and_what_a_whole_one_raises_is() -> None:
    editions = Editions()
    values = [1]
    tries: list[None] = []

    def take() -> int:
        tries.append(None)
        if len(tries) == 1:
            with editions:
                values[:] = [7]
            raise IndexError("torn")
        return values[0]

    assert editions.read(take) == 7
    with pytest.raises(ZeroDivisionError):
        editions.read(lambda: 1 // 0)


def test_changes_may_be_made_within_each_other_and_readers_wait_for_the_outermost() -> None:
    editions = Editions()
    seen: list[int] = []
    value = [0]
    entered = threading.Event()

    def read() -> None:
        entered.set()
        seen.append(editions.read(lambda: value[0]))

    with editions:
        with editions:
            value[0] = 1
        reader = threading.Thread(target=read)
        reader.start()
        assert entered.wait(SOON_S)
        reader.join(0.02)
        assert seen == []
        value[0] = 2
    reader.join(SOON_S)
    assert seen == [2]


def test_change_that_fails_is_over_all_the_same() -> None:
    editions = Editions()
    with pytest.raises(ZeroDivisionError), editions:
        raise ZeroDivisionError
    assert editions.read(lambda: 5) == 5


def test_who_makes_a_change_may_read_within_it() -> None:
    editions, pair, seen = Editions(), [0, 0], []

    def change() -> None:
        with editions:
            pair[0] = 1
            seen.append(editions.read(lambda: tuple(pair)))
            with editions:
                pair[1] = 1
            seen.append(editions.read(lambda: tuple(pair)))

    thread = threading.Thread(target=change, daemon=True)
    thread.start()
    thread.join(SOON_S)
    assert seen == [(1, 0), (1, 1)]


def test_p09_change_that_another_process_was_making_when_this_one_was_forked_off_is_over() -> None:
    editions = Editions()
    threading.Thread(target=editions.__enter__).start()  # a thread that did not come along
    editions.renew()
    assert editions.read(lambda: 1) == 1
    with editions:
        editions.announce()
    assert editions.wait(lambda: True, SOON_S)


def test_waiting_ends_when_it_holds_or_in_time() -> None:
    editions = Editions()
    state: list[str] = []

    def change() -> None:
        with editions:
            state.append("there")
            editions.announce()

    assert not editions.wait(lambda: bool(state), 0.01)
    threading.Thread(target=change).start()
    assert editions.wait(lambda: bool(state), SOON_S)


def test_b17_reader_that_stands_still_in_the_middle_holds_up_no_change() -> None:
    """With a lock the change would have to wait for the reader, which waits for the change to be made."""
    editions = Editions()
    reading, changed = threading.Event(), threading.Event()
    values = [0]

    def take() -> int:
        value = values[0]
        reading.set()
        assert changed.wait(SOON_S)
        return value

    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.append(editions.read(take)))
    reader.start()
    assert reading.wait(SOON_S)
    began_s = time.monotonic()
    with editions:
        values[0] = 1
    took_s = time.monotonic() - began_s
    changed.set()
    reader.join(SOON_S)
    assert seen == [1]
    assert took_s < SOON_S / 2
