"""Ticks in the forms of the sheet, to the letter, and without loss in the form of our own."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example as explicitly
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.onetoken import Tick, Ticker

CHINA = timezone(timedelta(hours=8))
TIME = datetime(2018, 5, 3, 16, 16, 41, 630400, tzinfo=CHINA)
BIDS = [{"price": 9218.4, "volume": 0.81871728}, {"price": 9218.0, "volume": 2}]
ASKS = [{"price": 9218.5, "volume": 1.7371}, {"price": 9219.5, "volume": 1}]


def example(**more: Any) -> Tick:
    return Tick(TIME, 9219.3, 0.3, BIDS[::-1], ASKS[::-1], "bitfinex/btc.usd", **more)


def test_levels_are_kept_from_the_best_on() -> None:
    tick = example()
    assert (tick.bids, tick.asks) == (BIDS, ASKS)
    assert (tick.bid1, tick.ask1, tick.bs1("b"), tick.bs1("s")) == (9218.4, 9218.5, 9218.4, 9218.5)
    assert tick.get_interest_side("s") is tick.bids
    assert tick.get_interest_side("b") is tick.asks
    assert tick.get_interest_side("x") is None
    assert tick.middle == pytest.approx(9218.45)
    assert tick.weighted_middle == pytest.approx((9218.4 * 1.7371 + 9218.5 * 0.81871728) / (1.7371 + 0.81871728))
    tick.last = 1.0
    assert tick.price == 1.0
    assert Ticker is Tick


def test_an_empty_side_has_no_price() -> None:
    tick = Tick(TIME, 1)
    assert tick.bid1 is tick.ask1 is tick.middle is None
    with pytest.raises(IndexError):
        tick.weighted_middle  # noqa: B018


def test_the_forms_are_those_of_the_sheet() -> None:
    tick = example()
    assert tick.to_short_list() == [
        "bitfinex/btc.usd",
        1525335401.6304,
        9219.3,
        0.3,
        "9218.4,0.81871728,9218.0,2",
        "9218.5,1.7371,9219.5,1",
    ]
    assert tick.to_ws_str() == (
        '["bitfinex/btc.usd", 1525335401.6304, 9219.3, 0.3, "9218.4,0.81871728,9218.0,2", "9218.5,1.7371,9219.5,1"]'
    )
    assert tick.to_dict() == {
        "time": "2018-05-03T16:16:41.630400+08:00",
        "price": 9219.3,
        "volume": 0.3,
        "asks": ASKS,
        "bids": BIDS,
        "symbol": "bitfinex/btc.usd",
    }
    assert tick.to_mongo_dict() == {
        "time": TIME,
        "price": 9219.3,
        "volume": 0.3,
        "asks": ASKS,
        "bids": BIDS,
        "contract": "bitfinex/btc.usd",
    }
    assert str(tick) == "<bitfinex/btc.usd 16:16:41.630 9218.4/9218.5 9219.3 0.3>"


def test_what_is_made_of_a_tick_is_not_the_tick() -> None:
    tick = example()
    tick.to_dict()["bids"][0]["price"] = 0
    tick.to_mongo_dict()["asks"].clear()
    assert tick == example()


def test_each_form_is_read_again_with_what_it_has_lost() -> None:
    tick = example(source="x", exchange_time=TIME - timedelta(seconds=1), amount=7)
    plain = Tick(TIME, 9219.3, 0.3, BIDS, ASKS)
    assert Tick.init_with_dict(tick.to_mongo_dict()) == plain
    again = Tick.from_dct(tick.to_dict())
    assert (again.contract, again.exchange_time, again.source, again.amount) == (tick.contract, tick.exchange_time, None, None)
    short = Tick.from_short_list(tick.to_short_list())
    assert short.time == TIME
    assert short.time.tzinfo is UTC
    assert short.bids == BIDS
    assert short.asks == ASKS
    with pytest.raises(KeyError, match="last"):
        Tick.from_dict(tick.to_dict())


def test_the_form_of_the_sockets_is_read_as_text_and_as_object() -> None:
    wire = {
        "asks": ASKS,
        "bids": BIDS,
        "contract": "bitfinex/btc.usd",
        "last": 9219.3,
        "time": "2018-05-03T16:16:41.630400+08:00",
        "exchange_time": "2018-05-03T16:16:41.600000+08:00",
        "amount": 2765.79,
        "volume": 0.3,
    }
    tick = Tick.from_dict(json.dumps(wire))
    assert tick == Tick.from_dict(wire) == example(exchange_time=TIME.replace(microsecond=600000), amount=2765.79)
    with pytest.raises(KeyError, match="volume"):
        Tick.from_dict({name: value for name, value in wire.items() if name != "volume"})


def test_decimals_keep_every_digit() -> None:
    text = (
        '{"contract": "a/b.c", "last": 0.12345678901234567890, "volume": 1, "time": "2018-05-03T16:16:41Z",'
        ' "bids": [{"price": 0.10000000000000000001, "volume": 3}], "asks": []}'
    )
    tick = Tick.from_dict(text, decimal=True)
    assert (tick.last, tick.bid1, tick.volume) == (Decimal("0.12345678901234567890"), Decimal("0.10000000000000000001"), Decimal(1))
    assert Tick.from_wire(json.dumps(tick.to_wire())) == tick
    assert Tick.from_short_list(tick.to_short_list(), decimal=True).bids == tick.bids


def test_an_empty_side_is_an_empty_text_in_the_short_list() -> None:
    tick = Tick(TIME, 1.5, contract="a/b.c")
    assert tick.to_short_list()[4:] == ["", ""]
    again = Tick.from_short_list(tick.to_short_list())
    assert again.bids == again.asks == []


@given(st.lists(st.tuples(st.floats(1e-12, 1e20), st.integers(0, 10**20) | st.floats(0, 1) | st.decimals(0, 1, places=8)), max_size=3))
@explicitly([(4.554938463947989e-05, 1)])
@explicitly([(1e-07, 1e16), (0.0001, 100000.0)])
def test_numbers_of_the_short_list_are_as_python_shows_them(levels: list[tuple[Any, Any]]) -> None:
    tick = Tick(TIME, 1, bids=[{"price": price, "volume": volume} for price, volume in levels])
    shown = [f"{level['price']},{level['volume']}" for level in tick.bids]
    assert tick.to_short_list()[4] == ",".join(shown)


NUMBERS = st.floats(1e-9, 1e9) | st.integers(1, 10**12) | st.decimals("0.00000001", 10**9, places=8)
SIDES = st.lists(st.fixed_dictionaries({"price": NUMBERS, "volume": NUMBERS}), max_size=4)
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, CHINA]))  # noqa: DTZ001


TICKS = st.builds(
    Tick,
    TIMES,
    NUMBERS,
    NUMBERS,
    SIDES,
    SIDES,
    st.none() | st.just("okex/a.b"),
    st.none() | st.text(),
    st.none() | TIMES,
    st.none() | NUMBERS,
)


@given(TICKS)
def test_the_pair_of_our_own_loses_nothing(tick: Tick) -> None:
    again = Tick.from_wire(json.dumps(tick.to_wire()))
    assert again == tick
    assert again.time.utcoffset() == tick.time.utcoffset()
    assert [type(level["price"]) for level in again.bids] == [type(level["price"]) for level in tick.bids]


def test_what_a_level_has_besides_is_not_lost() -> None:
    tick = Tick(TIME, 1, bids=[{"price": Decimal("1.50"), "volume": 2, "venue": "x", "orders": 3}])
    assert Tick.from_wire(json.dumps(tick.to_wire())) == tick


def test_copies_are_equal_and_apart() -> None:
    tick = example(source="x")
    for other in (tick.copy(), copy.deepcopy(tick), pickle.loads(pickle.dumps(tick))):
        assert other == tick
        assert hash(other) == hash(tick)
        other.bids[0]["price"] = 1
        assert tick.bid1 == 9218.4
    assert tick != "a tick"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time must have a time zone"):
        Tick(datetime(2018, 5, 3), 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="exchange_time must have a time zone"):
        Tick(TIME, 1, exchange_time=datetime(2018, 5, 3))  # noqa: DTZ001
    with pytest.raises(ValueError, match="with an offset"):
        Tick.from_dct({**example().to_dict(), "time": "2018-05-03T16:16:41"})
    with pytest.raises(TypeError, match="time must be a datetime"):
        Tick.init_with_dict({**example().to_mongo_dict(), "time": "2018-05-03T16:16:41Z"})
    with pytest.raises(TypeError, match="time must be a datetime, not int"):
        Tick(5, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("side", [[{"price": 1, "amount": 2}], [{"volume": 2}], [[1, 2]], [5], [{"price": "a", "volume": 1}, BIDS[0]]])
def test_levels_of_another_form_are_refused(side: Any) -> None:
    for name in ("bids", "asks"):
        with pytest.raises(ValueError, match=f"{name} must be a list of levels"):
            Tick(TIME, 1, **{name: side})


@pytest.mark.parametrize("lst", ["text", [1, 2], ["a/b.c", 1, 1, 1, "1,2,3", ""], ["a/b.c", 1, 1, 1, "x,y", ""]])
def test_what_is_no_short_list_is_refused(lst: Any) -> None:
    with pytest.raises(ValueError, match=r"short list|could not convert"):
        Tick.from_short_list(lst)


def test_arrow_like_times_are_taken() -> None:
    class Arrow:
        datetime = TIME

    assert Tick(Arrow(), 1, exchange_time=Arrow()).exchange_time == TIME  # type: ignore[arg-type]
