"""Trades in the order of their ids, each once, whatever the connection did to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.binance.trade_ids import AGGREGATE_TRADES, TRADES, Chain, Missing

PAGE = 3


def trade(number: int) -> bytes:
    return b'{"e":"trade","E":1,"s":"A","t":%d,"p":"1"}' % number


def numbers(payloads: list[bytes]) -> list[int]:
    return [json.loads(payload)["t"] for payload in payloads]


@pytest.mark.parametrize(
    ("payload", "number"),
    [
        (trade(7), 7),
        (b'{"p":"1","e":"trade","t":8}', 8),
        (b'{"e":"trade","s":"%s","x":"%s","t":9}' % (b"A" * 100, b"B" * 200), 9),
        (b'{"e":"serverShutdown","E":1}', None),
        (b'{"t":"10"}', None),
        (b"{", None),
        (b"[]", None),
    ],
)
def test_id_of_an_event_is_found_wherever_it_stands(payload: bytes, number: int | None) -> None:
    assert TRADES.id_of(payload) == number


def test_rows_of_rest_become_the_events_that_the_stream_would_have_brought() -> None:
    row = {"id": 5, "price": "1.5", "qty": "2", "quoteQty": "3", "time": 1700, "isBuyerMaker": True, "isBestMatch": True}
    event = TRADES.event("BNBBTC", row)
    streamed = {"e": "trade", "E": 1700, "s": "BNBBTC", "t": 5, "p": "1.5", "q": "2", "T": 1700, "m": True, "M": True}
    assert event == {**streamed, "catch_up": True}
    assert TRADES.id_of(json.dumps(event, separators=(",", ":")).encode()) == row["id"]
    aggregate: dict[str, Any] = {"a": 9, "p": "1.5", "q": "2", "f": 5, "l": 6, "T": 1700, "m": False, "M": True}
    event = AGGREGATE_TRADES.event("BNBBTC", aggregate)
    assert event == {"e": "aggTrade", "E": 1700, "s": "BNBBTC", **aggregate, "catch_up": True}
    assert AGGREGATE_TRADES.id_of(json.dumps(event, separators=(",", ":")).encode()) == 9


def test_doubled_and_late_events_are_dropped() -> None:
    chain = Chain(TRADES)
    assert numbers(chain.take([trade(5), trade(5), trade(4), trade(6)])) == [5, 6]


def test_gap_holds_everything_back_until_it_is_filled() -> None:
    chain = Chain(TRADES)
    chain.take([trade(1)])
    assert chain.take([trade(4), trade(5)]) == []
    assert (chain.begin, chain.end, chain.held) == (2, 3, 2)
    assert chain.take([trade(6)]) == []
    assert numbers(chain.fill([(number, trade(number)) for number in (2, 3, 4)])) == [2, 3, 4]
    assert numbers(chain.resume()) == [5, 6]
    assert chain.begin is None


def test_gap_that_is_given_up_is_skipped_and_the_next_one_is_seen() -> None:
    chain = Chain(TRADES)
    chain.take([trade(1)])
    chain.take([b'{"e":"odd"}', trade(4), trade(7)])
    assert [json.loads(payload).get("t") for payload in chain.skip()] == [4]
    assert (chain.begin, chain.end) == (5, 6)
    chain.suspect()
    assert chain.skip() and chain.begin is None  # noqa: PT018 - the one is what the other is about


def test_nothing_is_missing_before_the_first_event() -> None:
    chain = Chain(TRADES)
    chain.suspect()
    assert chain.begin is None
    assert numbers(chain.take([trade(100)])) == [100]


def test_missing_ids_are_taken_once_each_and_what_is_remembered_of_them_is_bounded() -> None:
    missing = Missing()
    missing.add(10, 12)
    assert [missing.take(number) for number in (9, 11, 11, 10, 12, 12, 13)] == [False, True, False, True, True, False, False]
    missing.add(0, 1_000_000)
    assert all(missing.take(number) for number in range(1, 4_000, 2))
    assert len(missing._stretches) == 1_000


STEPS = st.one_of(
    st.tuples(st.just("bring"), st.integers(1, 4)),
    st.tuples(st.just("miss"), st.integers(1, 8)),
    st.tuples(st.just("double"), st.integers(1, 5)),
    st.tuples(st.just("break"), st.none()),
    st.tuples(st.just("page"), st.none()),
)


@given(st.lists(STEPS, max_size=60))
@settings(max_examples=400, deadline=None)
def test_s16_s17_every_trade_comes_once_and_in_order(steps: list[tuple[str, Any]]) -> None:
    chain, got, newest = Chain(TRADES), [0], 0
    got += numbers(chain.take([trade(0)]))[1:]

    def page() -> bool:
        """Ask for a page of what is missing; False when nothing is."""
        if chain.begin is None:
            return False
        rows = [(number, trade(number)) for number in range(chain.begin, min(newest, chain.begin + PAGE - 1) + 1)]
        got.extend(numbers(chain.fill(rows)))
        if len(rows) < PAGE:
            got.extend(numbers(chain.resume()))
        return True

    for step, value in steps:
        if step == "bring":
            got += numbers(chain.take([trade(number) for number in range(newest + 1, newest + 1 + value)]))
            newest += value
        elif step == "miss":
            newest += value
        elif step == "double":
            got += numbers(chain.take([trade(max(0, newest - value))]))
        elif step == "break":
            chain.suspect()
        else:
            page()
        assert got == list(range(len(got)))
    chain.suspect()
    while page():
        pass
    assert got == list(range(newest + 1))
