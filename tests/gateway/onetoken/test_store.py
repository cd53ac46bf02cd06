"""The store: client ids, versions, what is kept."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.store import Store, venue_oid

ACCOUNT, LONG = "binance/a", "binance/btc.usdt-20190820120000abcdefgh"


def row(**more: Any) -> dict[str, Any]:
    return {
        "client_oid": LONG, "exchange_oid": "binance/btc.usdt-1", "contract": "binance/btc.usdt", "status": "pending", "dealt_amount": 0.0,
        "entrust_price": 1.0, "entrust_amount": 2.0, "entrust_time": "2026-03-01", **more,
    }  # fmt: skip


def test_an_id_that_every_venue_takes_goes_as_it_is_and_others_always_become_the_same() -> None:
    assert venue_oid(ACCOUNT, "abc123") == "abc123"
    made = venue_oid(ACCOUNT, LONG)
    assert made == venue_oid(ACCOUNT, LONG)
    assert made != venue_oid("okex/a", LONG)
    assert len(made) == 32
    assert made.isalnum()


def test_a_client_oid_is_used_once_unless_the_order_never_was() -> None:
    store = Store()
    theirs = store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {})
    with pytest.raises(ServiceError) as caught:
        store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {})
    assert caught.value.code == "client_oid-already-existed"
    store.forget(ACCOUNT, LONG)
    assert store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {}) == theirs
    store.placed(ACCOUNT, LONG, "binance/btc.usdt-1")
    store.forget(ACCOUNT, LONG)
    assert store.kept(ACCOUNT, LONG) == ("binance/btc.usdt", "binance/btc.usdt-1")
    assert store.kept(ACCOUNT, "other") is None
    store.close()


def test_versions_rise_with_what_changes_and_tags_come_back() -> None:
    store = Store()
    store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {"tags": {"a": "1"}})
    store.placed(ACCOUNT, LONG, "binance/btc.usdt-1")
    first = store.seen(ACCOUNT, row())
    assert (first["version"], first["tags"], first["last_dealt_amount"]) == (1, {"a": "1"}, 0.0)
    assert store.seen(ACCOUNT, row())["version"] == 1
    part = store.seen(ACCOUNT, row(status="part-deal-pending", dealt_amount=0.5))
    assert (part["version"], part["last_dealt_amount"]) == (2, 0.5)
    store.close()


@pytest.mark.parametrize("stale", [{"status": "pending"}, {"status": "part-deal-pending", "dealt_amount": 0.5}, {"status": "withdrawn"}])
def test_an_answer_that_comes_too_late_changes_nothing(stale: dict[str, Any]) -> None:
    store = Store()
    store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {})
    store.seen(ACCOUNT, row(status="part-deal-pending", dealt_amount=0.5))
    ended = store.seen(ACCOUNT, row(status="dealt", dealt_amount=2.0))
    assert store.seen(ACCOUNT, row(**stale)) == ended
    assert store.rows(ACCOUNT) == [ended]
    store.close()


def test_another_order_of_the_same_client_oid_is_another_one() -> None:
    store = Store()
    store.seen(ACCOUNT, row(status="dealt", dealt_amount=2.0))
    assert store.seen(ACCOUNT, row(exchange_oid="binance/btc.usdt-2"))["status"] == "pending"
    store.close()


def test_it_outlives_the_gateway(tmp_path: Path) -> None:
    path = str(tmp_path / "orders.sqlite")
    store = Store(path)
    theirs = store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {})
    assert store.client_oid_of(ACCOUNT, theirs, "binance/btc.usdt-1") == LONG
    store.placed(ACCOUNT, LONG, "binance/btc.usdt-1")
    store.seen(ACCOUNT, row())
    store.close()
    again = Store(path)
    assert again.client_oid_of(ACCOUNT, "", "binance/btc.usdt-1") == LONG
    assert [each["exchange_oid"] for each in again.rows(ACCOUNT)] == ["binance/btc.usdt-1"]
    assert again.rows(ACCOUNT, "binance/eth.usdt") == []
    again.close()


def test_an_order_without_a_client_oid_never_gets_one() -> None:
    store = Store()
    for _ in range(2):
        client_oid = store.client_oid_of(ACCOUNT, "", "binance/btc.usdt-1")
        assert store.seen(ACCOUNT, row(client_oid=client_oid))["client_oid"] == ""
    assert len(store.rows(ACCOUNT)) == 1


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    store = Store(str(path))
    store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {})
    if os.name == "posix":
        assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}
    store.close()


def test_a_call_that_comes_after_the_end_is_told_so() -> None:
    store = Store()
    store.close()
    for late in (lambda: store.rows(ACCOUNT), lambda: store.seen(ACCOUNT, row()), lambda: store.placed(ACCOUNT, LONG, "1")):
        with pytest.raises(ServiceError, match="stopping") as caught:
            late()
        assert caught.value.code == "upstream-error"


def test_orders_are_undecided_until_their_end_was_seen() -> None:
    store = Store()
    theirs = store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {})
    assert store.undecided(ACCOUNT) == [("binance/btc.usdt", theirs, None)]
    store.placed(ACCOUNT, LONG, "binance/btc.usdt-1")
    assert store.undecided(ACCOUNT) == [("binance/btc.usdt", theirs, "binance/btc.usdt-1")]
    for state, open_still in (("part-deal-pending", 1), ("withdrawing", 1), ("withdrawn", 0), ("part-deal-withdrawn", 0), ("dealt", 0)):
        store.seen(ACCOUNT, row(status=state))
        assert len(store.undecided(ACCOUNT)) == open_still
    assert store.undecided("okex/a") == []


def test_trades_are_kept_once_and_come_in_turn() -> None:
    store = Store()
    deals = [
        {"exchange_tid": f"binance/{name}-{number}", "contract": f"binance/{name}", "dealt_time": f"2026-03-0{9 - number}", "n": number}
        for name in ("btc.usdt", "eth.usdt")
        for number in (1, 2)
    ]
    for _ in range(2):
        store.keep_deals(ACCOUNT, deals)
    assert [each["n"] for each in store.deals(ACCOUNT, "binance/btc.usdt")] == [2, 1]
    assert len(store.deals(ACCOUNT)) == 4
    assert store.deals("okex/a") == []


def test_tags_are_those_of_the_order() -> None:
    store = Store()
    store.reserve(ACCOUNT, LONG, "binance/btc.usdt", {"tags": {"a": "1"}, "options": {}})
    store.placed(ACCOUNT, LONG, "binance/btc.usdt-1")
    assert store.tags_of(ACCOUNT, "binance/btc.usdt-1") == {"a": "1"}
    assert store.tags_of(ACCOUNT, "binance/btc.usdt-2") == {}


def test_an_exchange_that_began_anew_counts_from_one_again() -> None:
    """The embedded one does at every start, while the file stays."""
    store = Store()
    store.reserve(ACCOUNT, "before", "binance/btc.usdt", {"tags": {"life": "1"}})
    store.placed(ACCOUNT, "before", "binance/btc.usdt-1")
    store.seen(ACCOUNT, row(client_oid="before"))
    theirs = store.reserve(ACCOUNT, "now", "binance/btc.usdt", {"tags": {"life": "2"}})
    assert store.client_oid_of(ACCOUNT, theirs, "binance/btc.usdt-1") == "now"  # a message may come before the answer
    assert store.seen(ACCOUNT, row(client_oid="now"))["tags"] == {"life": "2"}
    store.placed(ACCOUNT, "now", "binance/btc.usdt-1")
    assert store.client_oid_of(ACCOUNT, theirs, "binance/btc.usdt-1") == "now"
    assert [each["client_oid"] for each in store.rows(ACCOUNT)] == ["now"]
    with pytest.raises(ServiceError):
        store.reserve(ACCOUNT, "before", "binance/btc.usdt", {})
    store.close()
