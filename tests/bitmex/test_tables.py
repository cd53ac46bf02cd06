"""Tables kept from messages; nothing here is connected to anything."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection
from typing import Any

import pytest

from exchangeclient.bitmex.tables import Storage, Table, Topic, find_item_by_keys, findItemByKeys

BOOK_KEYS = ["symbol", "id", "side"]


def partial(table: str, keys: list[str], *rows: Any, **covers: Any) -> dict[str, Any]:
    return {"table": table, "action": "partial", "keys": keys, "filter": covers, "data": list(rows)}


def change(table: str, action: str, *rows: Any) -> dict[str, Any]:
    return {"table": table, "action": action, "data": list(rows)}


def level(symbol: str, row_id: int, size: int, side: str = "Buy") -> dict[str, Any]:
    return {"symbol": symbol, "id": row_id, "side": side, "size": size, "price": row_id / 2}


def actions(told: Collection[Any]) -> list[Any]:
    return [action for _, _, _, action in told]


def test_b15_what_comes_before_the_partial_of_its_symbol_is_dropped() -> None:
    storage = Storage()
    assert storage.take(change("orderBookL2", "update", level("A", 1, 9))) == []
    storage.take(partial("orderBookL2", BOOK_KEYS, level("A", 1, 2), symbol="A"))
    told = storage.take(change("orderBookL2", "update", level("B", 1, 9), level("A", 1, 9)))
    assert [item["symbol"] for item, _, _, _ in told] == ["A"]
    assert storage.counts == {"early": 2}
    assert storage.is_stale("orderBookL2", "B")
    assert not storage.is_stale("orderBookL2", "A")
    assert storage.doubts() == []


def test_b15_a_partial_replaces_what_it_covers_and_nothing_else() -> None:
    storage = Storage()
    for symbol in ("A", "B"):
        storage.take(partial("orderBookL2", BOOK_KEYS, level(symbol, 1, 2), level(symbol, 2, 3), symbol=symbol))
    told = storage.take(partial("orderBookL2", BOOK_KEYS, level("A", 7, 1), symbol="A"))
    assert list(told) == [(level("A", 7, 1), "A", "orderBookL2", "partial")]
    assert storage.data["orderBookL2"] == [level("B", 1, 2), level("B", 2, 3), level("A", 7, 1)]
    storage.take(partial("orderBookL2", BOOK_KEYS, symbol="B"))
    assert storage.data["orderBookL2"] == [level("A", 7, 1)], "an empty one is recognised by what it covers"
    storage.take(partial("orderBookL2", BOOK_KEYS, level("C", 1, 1)))
    assert storage.data["orderBookL2"] == [level("C", 1, 1)]
    for rows in (({"symbol": "A", "n": 1}, {"symbol": "A", "n": 2}), ({"symbol": "A", "n": 3},)):
        storage.take(partial("trade", [], *rows, symbol="A"))
        storage.take(partial("trade", [], {"symbol": "B", "n": 9}, symbol="B"))
    assert storage.data["trade"] == [{"symbol": "A", "n": 3}, {"symbol": "B", "n": 9}]


def test_a_series_is_told_by_its_name_and_its_rows_by_the_contracts() -> None:
    storage = Storage()
    told = storage.take(partial("instrument", ["symbol"], {"symbol": "XBTUSD", "x": 1}, symbol="XBT:perpetual"))
    assert list(told) == [({"symbol": "XBTUSD", "x": 1}, "XBTUSD", "instrument", "partial")]
    assert actions(storage.take(change("instrument", "update", {"symbol": "XBTUSD", "x": 2}))) == ["update"]


def test_b15_an_unknown_row_makes_its_topic_doubtful_until_the_next_partial() -> None:
    storage = Storage()
    for symbol in ("A", "B"):
        storage.take(partial("orderBookL2", BOOK_KEYS, level(symbol, 1, 2), symbol=symbol))
    assert (
        storage.take(change("orderBookL2", "delete", {"symbol": "A", "id": 5, "side": "Buy"}, {"symbol": "A", "id": 6, "side": "Buy"}))
        == []
    )
    assert storage.doubts() == [Topic("orderBookL2", "A")]
    assert storage.doubts() == [], "told once"
    assert storage.is_stale("orderBookL2", "A")
    assert actions(storage.take(change("orderBookL2", "update", level("A", 1, 3), level("B", 1, 3)))) == ["update"]
    storage.take(partial("orderBookL2", BOOK_KEYS, level("A", 5, 2), symbol="A"))
    assert actions(storage.take(change("orderBookL2", "update", level("A", 5, 3)))) == ["update"]
    assert storage.counts == {"unknown": 2, "early": 1}


def test_an_update_of_an_order_that_is_gone_is_counted_and_no_more() -> None:
    storage = Storage()
    storage.take(partial("order", ["orderID"], account=1))
    assert storage.take(change("order", "update", {"orderID": "x", "ordStatus": "Filled"})) == []
    assert storage.counts == {"unknown": 1}
    assert storage.doubts() == []


def test_orders_that_are_done_stay_for_a_minute_of_the_venues_time() -> None:
    storage = Storage()
    storage.take(partial("order", ["orderID"], {"orderID": "a", "leavesQty": 5, "timestamp": "2024-01-01T00:00:00.000Z"}))
    done = {"orderID": "a", "leavesQty": 0, "ordStatus": "Filled", "timestamp": "2024-01-01T00:00:10.000Z"}
    assert [item for item, *_ in storage.take(change("order", "update", done))] == [done]
    for second, kept in ((20, True), (69, True), (71, False)):
        minute, second_of = divmod(second, 60)
        stamp = f"2024-01-01T00:0{minute}:{second_of:02}.000Z"
        storage.take(change("order", "insert", {"orderID": f"b{second}", "leavesQty": 1, "timestamp": stamp}))
        assert (findItemByKeys(["orderID"], storage.data["order"], {"orderID": "a"}) is not None) is kept


def test_what_only_grows_is_cut_and_what_has_a_state_is_not() -> None:
    storage = Storage()
    storage.take(partial("trade", []))
    storage.take(partial("execution", ["execID"]))
    storage.take(partial("instrument", ["symbol"]))
    for number in range(201):
        storage.take(change("trade", "insert", {"n": number}))
        storage.take(change("execution", "insert", {"execID": number}))
        storage.take(change("instrument", "insert", {"symbol": f"S{number}"}))
    assert [row["n"] for row in storage.data["trade"]] == list(range(101, 201))
    assert [row["execID"] for row in storage.data["execution"]] == list(range(101, 201))
    assert len(storage.data["instrument"]) == 201
    small = Storage(max_table_len=4)
    small.take(partial("trade", []))
    small.take(change("trade", "insert", *({"n": number} for number in range(5))))
    assert [row["n"] for row in small.data["trade"]] == [3, 4]


def test_keys_of_ones_own_take_the_place_of_the_venues() -> None:
    storage = Storage(table_keys={"quote": ["symbol"]})
    storage.take(partial("quote", [], {"symbol": "A", "bid": 1}, {"symbol": "B", "bid": 2}))
    storage.take(change("quote", "insert", {"symbol": "A", "bid": 3}))
    assert storage.keys["quote"] == ["symbol"]
    assert storage.data["quote"] == [{"symbol": "A", "bid": 3}, {"symbol": "B", "bid": 2}]
    assert storage.make_key("quote", {"symbol": "A"}) == ("A",)
    assert storage.counts == {}


def test_a_global_setting_of_keys_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Storage.TABLE_KEYS, "quote", ["symbol"])
    storage = Storage()
    storage.take(partial("quote", ["timestamp", "symbol"], {"symbol": "A", "timestamp": "1"}, {"symbol": "A", "timestamp": "2"}))
    assert storage.data["quote"] == [{"symbol": "A", "timestamp": "2"}]


def test_columns_that_are_left_out_are_null() -> None:
    storage = Storage()
    storage.take(partial("position", ["account", "symbol", "currency"], {"account": 1, "symbol": "A", "qty": 1}, account=1))
    told = storage.take(change("position", "update", {"account": 1, "symbol": "A", "qty": 2}))
    assert list(told) == [({"account": 1, "symbol": "A", "qty": 2}, "A", "position", "update")]


def test_a_table_reads_like_a_list_and_nothing_that_was_told_changes() -> None:
    storage = Storage(report_deletes=True)
    storage.take(partial("orderBookL2", BOOK_KEYS, level("A", 1, 2), level("A", 2, 3), symbol="A"))
    rows = storage.data["orderBookL2"]
    assert isinstance(rows, Table)
    first, before = rows[0], list(rows)
    assert (rows[-1], rows[:1], len(rows), level("A", 2, 3) in rows, bool(rows)) == (level("A", 2, 3), [level("A", 1, 2)], 2, True, True)
    assert repr(rows) == repr(before)
    assert rows != [1]
    assert rows == before
    ((changed, *_),) = storage.take(change("orderBookL2", "update", {"symbol": "A", "id": 1, "side": "Buy", "size": 8}))
    assert (first["size"], changed["size"], rows[0]) == (2, 8, changed)
    ((gone, *_),) = storage.take(change("orderBookL2", "delete", {"symbol": "A", "id": 1, "side": "Buy"}))
    assert gone == changed
    assert len(before) == 2
    with pytest.raises(TypeError):
        hash(rows)


def test_an_item_is_found_by_the_tables_keys_or_by_others() -> None:
    storage = Storage()
    storage.take(partial("orderBookL2", BOOK_KEYS, level("A", 1, 2), level("A", 2, 3), symbol="A"))
    rows = storage.data["orderBookL2"]
    assert findItemByKeys(BOOK_KEYS, rows, {"symbol": "A", "id": 2, "side": "Buy"}) is rows[1]
    assert findItemByKeys(["size"], rows, {"size": 2}) is rows[0]
    assert storage.findItemByKeys(["id"], "orderBookL2", {"id": 2}) is rows[1]
    assert findItemByKeys(BOOK_KEYS, rows, {"symbol": "A"}) is None
    assert findItemByKeys(["id"], [], {"id": 1}) is None
    assert find_item_by_keys is findItemByKeys


def test_rows_can_be_put_in_by_hand() -> None:
    storage = Storage()
    storage.insert("instrument", [{"symbol": "A", "x": 1}])
    storage.insert("trade", [{"x": 1}])
    storage.insert("instrument", [{"symbol": "A", "x": 2}])
    assert storage.data == {"instrument": [{"symbol": "A", "x": 2}], "trade": [{"x": 1}]}
    assert storage.is_stale("instrument", "A")
    storage.take(partial("instrument", ["symbol"], symbol="B"))
    assert storage.data["instrument"] == [{"symbol": "A", "x": 2}]


@pytest.mark.parametrize(
    "odd",
    [{}, {"table": "trade"}, change("trade", "nosuch"), change("trade", "insert", 7), {"table": "trade", "action": "insert", "data": 7},
     {"table": ["trade"], "action": "insert", "data": []}, {"table": "trade", "action": "partial", "data": [7]},
     {"table": "trade", "action": "partial", "data": [], "filter": 7}],
)  # fmt: skip
def test_i10_what_is_no_message_of_a_table_is_refused_as_such(odd: Any) -> None:
    storage = Storage()
    storage.take(partial("trade", []))
    with pytest.raises(ValueError, match="no message of a table"):
        storage.take(odd)


@pytest.mark.parametrize("priced", [False, True])
def test_any_run_of_changes_ends_in_what_a_plain_dict_has(priced: bool) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    dice, storage, plain = random.Random(seed), Storage(), dict[tuple[Any, ...], dict[str, Any]]()
    make: Callable[[], Any] = lambda: (dice.choice("AB"), dice.randrange(9), dice.choice(("Buy", "Sell")))  # noqa: E731
    for symbol in "AB":
        storage.take(partial("orderBookL2", BOOK_KEYS, symbol=symbol))
    for _ in range(2000):
        key = make()
        row = dict(zip(BOOK_KEYS, key, strict=True))
        if key not in plain:
            plain[key] = {**row, "size": dice.randrange(99), "price": 1.5}
            storage.take(json.loads(json.dumps(change("orderBookL2", "insert", plain[key]))))
        elif dice.random() < 0.5:
            new = {"size": dice.randrange(99), **({"price": 1.5} if priced else {})}
            plain[key] = {**plain[key], **new}
            storage.take(change("orderBookL2", "update", {**row, **new}))
        else:
            del plain[key]
            storage.take(change("orderBookL2", "delete", row))
    assert sorted(map(str, storage.data["orderBookL2"])) == sorted(map(str, plain.values()))
    assert storage.counts == {}
