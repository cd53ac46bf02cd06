"""The dialect beside what was recorded off the venue in 2021: the same fields in the same order, the same types.

The recordings lie beside the repository; where they do not, these tests are skipped and say so.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.bitmex.names import PRODUCTS
from exchangeclient.sandbox.dialects.bitmex.venue import Manners
from exchangeclient.sandbox.engine.instruments import UNIT

RECORDING = Path(__file__).resolve().parents[4].parent / "shared" / "recordings" / "bitmex.jsonl.gz"

pytestmark = pytest.mark.skipif(not RECORDING.exists(), reason=f"no recording at {RECORDING}")


@pytest.fixture(scope="module")
def recorded() -> dict[Any, Any]:
    """The first message of each table and action, the instrument XBTUSD, and all levels of its partial."""
    found: dict[Any, Any] = {}
    with gzip.open(RECORDING, "rt") as lines:
        for line in lines:
            record = json.loads(line)
            if record["dir"] == "http":
                found["instrument"] = next(row for row in json.loads(record["msg"]) if row["symbol"] == "XBTUSD")
            elif record["dir"] == "in":
                message = json.loads(record["msg"])
                if message.get("filter") == {"symbol": "XBTUSD"}:
                    found["XBTUSD", message["table"]] = message
                found.setdefault((message.get("table"), message.get("action")), message)
    return found


@pytest.fixture
def old(make_bench: Any) -> Any:
    bench = make_bench(traders=True, manners=Manners(wire="2021"))
    bench.pass_time(10)
    return bench


def test_the_partials_are_the_recorded_ones_but_for_their_rows(recorded: dict[Any, Any], old: Any, make_wire: Any) -> None:
    socket = make_wire(old)
    (welcome,) = socket.heard()
    assert list(welcome) == list(recorded[None, None])
    for table in ("orderBookL2", "quote", "trade"):
        _, partial = socket.subscribe(f"{table}:XBTUSD")
        wanted = recorded["XBTUSD", table]
        assert list(partial) == list(wanted)
        assert {name: partial[name] for name in partial if name != "data"} == {name: wanted[name] for name in wanted if name != "data"}
        assert [list(part) for part in (partial["types"], partial["attributes"], partial["data"][0])] == [
            list(part) for part in (wanted["types"], wanted["attributes"], wanted["data"][0])
        ]


def test_the_changes_have_the_recorded_columns(recorded: dict[Any, Any], old: Any, make_wire: Any) -> None:
    socket = make_wire(old)
    socket.subscribe("orderBookL2", "quote", "trade")
    old.pass_time(20)
    seen = set()
    for message in socket.heard():
        if "action" in message and message["action"] != "partial":
            wanted = recorded[message["table"], message["action"]]
            assert list(message) == list(wanted)
            assert list(message["data"][0]) == list(wanted["data"][0])
            seen.add((message["table"], message["action"]))
    assert seen == {("quote", "insert"), ("trade", "insert"), *(("orderBookL2", action) for action in ("insert", "update", "delete"))}


def test_the_instrument_has_the_recorded_columns_and_rules(recorded: dict[Any, Any], old: Any) -> None:
    (row,) = old.get("/instrument", symbol="XBTUSD")
    wanted = recorded["instrument"]
    assert set(row) == set(wanted)
    for (
        name
    ) in "typ lotSize tickSize multiplier settlCurrency isInverse isQuanto makerFee takerFee initMargin maintMargin riskLimit".split():
        assert row[name] == wanted[name], name
    for name, value in row.items():
        if value is not None and wanted[name] is not None:
            assert isinstance(value, type(wanted[name])) or {type(value), type(wanted[name])} <= {int, float}, name


def test_level_ids_are_reckoned_as_the_recorded_ones_were(recorded: dict[Any, Any]) -> None:
    product = next(each for each in PRODUCTS if each.symbol == "XBTUSD")
    rows = recorded["XBTUSD", "orderBookL2"]["data"]
    assert len(rows) == 9346
    assert all(product.level_id(round(row["price"] * UNIT), opaque=False) == row["id"] for row in rows)
