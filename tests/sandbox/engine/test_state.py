"""What was frozen goes on as the original would; what cannot be trusted is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import OrderedDict, deque
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.sandbox.engine import state
from exchangeclient.sandbox.engine.commands import Amend, Cancel, Command, Deposit, JoinGroup, Place, PlaceList, SetFees, SetStatus
from exchangeclient.sandbox.engine.events import Event
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT
from exchangeclient.sandbox.engine.refusals import Refused
from exchangeclient.sandbox.engine.state import freeze, thaw
from exchangeclient.sandbox.engine.words import ListKind, OrderType, Side, Status, TimeInForce

START = 1_700_000_000_000_000
SECOND = 1_000_000
SYMBOL = "ETHBTC"
COIN = next(each for each in DEFAULTS if each.symbol == SYMBOL)


def opened(**arguments: Any) -> Exchange:
    exchange = Exchange(seed=7, start_us=START, instruments=[COIN], **arguments)
    for account in ("anna", "bert"):
        for asset in ("ETH", "BTC"):
            exchange.execute(Deposit(account, asset, 1_000 * UNIT), START)
    return exchange


@st.composite
def commands(draw: st.DrawFn) -> Command:
    account = draw(st.sampled_from(("anna", "bert")))
    price = COIN.opening_price + draw(st.integers(-30, 30)) * 10
    quantity = draw(st.integers(1, 400)) * COIN.step
    away = draw(st.integers(1, 30)) * 10
    others: list[Command] = [
        Cancel(account, SYMBOL, client_order_id=draw(st.sampled_from(("a", "b", "c")))),
        Amend(account, SYMBOL, quantity // 2 // COIN.step * COIN.step, client_order_id=draw(st.sampled_from(("a", "b", "c")))),
        SetFees(account, UNIT // 1000, UNIT // 500),
        JoinGroup(account, draw(st.integers(-1, 1))),
        Place(account, SYMBOL, Side.BUY, OrderType.STOP_LOSS_LIMIT, quantity, price=price + away, stop_price=price + away),
        Place(account, SYMBOL, Side.SELL, OrderType.STOP_LOSS, quantity, trailing_delta=50),
        Place(account, SYMBOL, Side.SELL, OrderType.LIMIT, 10 * quantity, price=price, iceberg_quantity=quantity),
        Place(account, SYMBOL, Side.BUY, OrderType.MARKET, quote_quantity=UNIT),
        PlaceList(
            ListKind.OTO,
            (
                Place(account, SYMBOL, Side.BUY, OrderType.LIMIT, quantity, price=price),
                Place(account, SYMBOL, Side.SELL, OrderType.LIMIT, quantity, price=price + away),
            ),
        ),
        PlaceList(
            ListKind.OCO,
            (
                Place(account, SYMBOL, Side.SELL, OrderType.LIMIT_MAKER, quantity, price=price + 10 * away),
                Place(account, SYMBOL, Side.SELL, OrderType.STOP_LOSS, quantity, stop_price=price - away),
            ),
        ),
    ]
    if draw(st.booleans()):
        return draw(st.sampled_from(others))
    return Place(
        account,
        SYMBOL,
        draw(st.sampled_from(Side)),
        draw(st.sampled_from((OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT_MAKER))),
        quantity,
        price=price,
        time_in_force=draw(st.sampled_from(TimeInForce)) if draw(st.booleans()) else TimeInForce.GTC,
        client_order_id=draw(st.sampled_from(("a", "b", "c", ""))),
    )


def told(exchange: Exchange, command: Command, now_us: int) -> list[Event] | str:
    try:
        return exchange.advance(now_us) + exchange.execute(command, now_us)
    except Refused as refused:
        return refused.rule.value


def everything(exchange: Exchange) -> list[object]:
    return [
        exchange.depth(SYMBOL, 5_000),
        exchange.statistics(SYMBOL),
        list(exchange.trades(SYMBOL)),
        *(exchange.candles(SYMBOL, interval, start_ms=None, end_ms=None, limit=20) for interval in ("1s", "1m", "1h")),
        *(exchange.orders(account, SYMBOL) for account in ("anna", "bert")),
        *(exchange.fills(account, SYMBOL) for account in ("anna", "bert")),
        *(exchange.balances(account) for account in ("anna", "bert")),
        *(exchange.lists(account) for account in ("anna", "bert")),
        *(exchange.open_orders(account) for account in ("anna", "bert")),
    ]


@settings(max_examples=15, deadline=None)
@given(st.lists(commands(), max_size=30), st.lists(commands(), min_size=1, max_size=30), st.booleans(), st.booleans())
def test_a_restored_exchange_goes_on_exactly_as_the_original(
    before: list[Command], after: list[Command], traders: bool, same: bool
) -> None:
    original = opened(traders=traders)
    now_us = START
    for command in before:
        now_us += 300_000
        told(original, command, now_us)
    restored = opened() if same else Exchange(seed=99, start_us=1)
    restored.restore(original.snapshot())
    assert everything(restored) == everything(original)
    for command in after:
        now_us += 300_000
        assert told(restored, command, now_us) == told(original, command, now_us)
    assert everything(restored) == everything(original)
    assert restored.snapshot() == original.snapshot()


def test_a_snapshot_in_the_middle_of_everything_goes_on_too() -> None:
    """All symbols, a routed order and a halted symbol."""
    original = Exchange(seed=7, start_us=START)
    for asset in original.balances("anna"):
        original.execute(Deposit("anna", asset, 10**6 * UNIT), START)
    original.execute(SetStatus("LTCBTC", Status.HALT), START)
    original.advance(START + SECOND)
    original.execute(Place("anna", "BTCUSDT", Side.BUY, OrderType.MARKET, UNIT, routed=True), original.now_us)
    restored = thaw(original.snapshot())
    end = START + 5 * SECOND
    assert list(restored.stretches(end, SECOND)) == list(original.stretches(end, SECOND))
    assert restored.allocations("anna", "BTCUSDT") == original.allocations("anna", "BTCUSDT") != []
    assert restored.snapshot() == original.snapshot()


def test_a_snapshot_is_of_its_moment() -> None:
    exchange = opened()
    exchange.advance(START + SECOND)
    before, kept = everything(exchange), exchange.snapshot()
    exchange.advance(START + 5 * SECOND)
    assert everything(exchange) != before
    exchange.restore(kept)
    assert everything(exchange) == before


def test_the_traders_of_a_restored_exchange_act_on_it_and_not_on_another() -> None:
    exchange = opened()
    restored = thaw(exchange.snapshot())
    assert restored.advance(START + 5 * SECOND)
    assert exchange.now_us == START
    assert not exchange.trades(SYMBOL)
    assert restored.trades(SYMBOL)


def test_what_charts_can_make_up_again_is_not_kept() -> None:
    exchange = opened()
    size = len(exchange.snapshot())
    candles = exchange.candles(SYMBOL, "5m", start_ms=None, end_ms=None, limit=1000)
    assert len(exchange.snapshot()) == size
    assert thaw(exchange.snapshot()).candles(SYMBOL, "5m", start_ms=None, end_ms=None, limit=1000) == candles


def test_a_snapshot_is_the_same_text_in_every_process() -> None:
    """The order of sets differs from process to process; nothing else may."""
    code = (
        "from exchangeclient.sandbox.engine.exchange import Exchange\n"
        "exchange = Exchange(seed=7, start_us=10**15)\n"
        "exchange.advance(10**15 + 2_000_000)\n"
        "import hashlib; print(hashlib.sha256(exchange.snapshot()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True, check=True, text=True
        ).stdout
        for seed in (1, 2)
    }
    assert len(seen) == 1


# ---- any graph of plain things -----------------------------------------------------------------------------------

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.sampled_from(Side),
    st.just(COIN),
)
HASHABLE = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4).map(tuple), st.frozensets(inner, max_size=4)), max_leaves=6
)
GRAPHS = st.recursive(
    HASHABLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(lambda items: deque(items, maxlen=5)),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=4).map(OrderedDict),
        st.sets(HASHABLE, max_size=4),
    ),
    max_leaves=20,
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down (1 == 1.0 == True otherwise)."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, (list, tuple, deque)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and (not isinstance(one, float) or repr(one) == repr(other))


@given(GRAPHS)
def test_plain_values_and_containers_come_back_as_they_were(graph: object) -> None:
    assert same(thaw(freeze([graph])), [graph])


def test_shared_and_circular_references_are_kept() -> None:
    shared = [1]
    circle: dict[str, Any] = {"one": shared, "other": shared, "frozen": (shared, (shared,))}
    circle["itself"] = circle
    thawed = thaw(freeze(circle))
    assert thawed["itself"] is thawed
    assert thawed["one"] is thawed["other"] is thawed["frozen"][0] is thawed["frozen"][1][0]
    assert thawed["one"] is not shared


def test_a_generator_goes_on_where_it_was() -> None:
    random = Random(5)
    random.random()
    thawed = thaw(freeze({"random": random}))["random"]
    assert [thawed.random() for _ in range(5)] == [random.random() for _ in range(5)]


def test_a_deque_keeps_its_bound() -> None:
    thawed = thaw(freeze([deque([1, 2, 3], maxlen=3)]))[0]
    thawed.append(4)
    assert list(thawed) == [2, 3, 4]


# ---- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("foreign", [object(), lambda: None, b"bytes", 1j, replace, Random(1).random], ids=lambda each: type(each).__name__)
def test_what_has_no_place_in_an_exchange_is_named(foreign: object) -> None:
    with pytest.raises(TypeError, match="no place"):
        freeze([foreign])


@pytest.mark.parametrize("data", [b"", b"{}", b"\x80\x04pickle", b"exchangeclient sandbox state 2 00\n{}"])
def test_foreign_data_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not the state of an exchange"):
        thaw(data)


@given(st.data())
def test_damage_anywhere_is_refused_and_changes_nothing(data: st.DataObject) -> None:
    whole = bytearray(freeze({"a": [1, 2, (3,)], "b": COIN}))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match=r"state of an exchange|checksum"):
        thaw(bytes(whole))
    with pytest.raises(ValueError, match=r"state of an exchange|checksum"):
        thaw(bytes(whole[:place]))


def forged(payload: bytes) -> bytes:
    return state._NAME + state._digest(payload) + b"\n" + payload


@pytest.mark.parametrize(
    "payload",
    [
        b"nonsense",
        b'{"classes":[],"rows":[]}',
        b'{"classes":[],"rows":[[-1,[5]]],"root":0}',
        b'{"classes":[],"rows":[[-1]],"root":7}',
        b'{"classes":[],"rows":[[-9]],"root":0}',
        b'{"classes":[],"rows":[[3]],"root":0}',
        b'{"classes":[],"rows":[[]],"root":0}',
        b'{"classes":[],"rows":[[-2,"key"]],"root":0}',
        b'{"classes":[],"rows":[["text"]],"root":0}',
        b'{"classes":[["events","Side",["BUY"]]],"rows":[[0,"BUY"]],"root":0}',
        b'{"classes":[["os","system",[]]],"rows":[[0,"true"]],"root":0}',
    ],
)
def test_data_that_make_no_sense_are_refused_even_with_a_checksum(payload: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be restored"):
        thaw(forged(payload))


def test_a_class_that_is_not_what_it_was_is_named() -> None:
    kept = freeze(opened())
    payload = kept.partition(b"\n")[2].replace(b'"last_update_id"', b'"last_update_no"', 1)
    with pytest.raises(ValueError, match="another version"):
        thaw(forged(payload))


def test_a_state_that_names_the_former_module_of_a_class_is_read() -> None:
    exchange = opened()
    exchange.execute(Place("anna", SYMBOL, Side.BUY, OrderType.LIMIT, COIN.step * 100, price=COIN.opening_price), START)
    payload = freeze(exchange).partition(b"\n")[2]
    formerly = payload.replace(b'["words","', b'["events","').replace(b'["commands","', b'["events","')
    assert formerly != payload
    restored: Exchange = thaw(forged(formerly))
    assert restored.open_orders("anna") == exchange.open_orders("anna")


def test_an_exchange_does_not_become_something_else() -> None:
    exchange = opened()
    before = everything(exchange)
    with pytest.raises(ValueError, match="Exchange"):
        exchange.restore(freeze([1]))
    with pytest.raises(ValueError, match="checksum"):
        exchange.restore(exchange.snapshot()[:-1])
    assert everything(exchange) == before
