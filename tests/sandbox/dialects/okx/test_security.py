"""OKX's checks of who asks: official vectors, the order of the checks, and the two worlds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.okx.security import signature

SECRET = "22582BD0CFF14C41EDBF1AB98506286D"
WHEN = "2020-12-08T09:08:57.715Z"
ORDER = '{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"2.15","sz":"2"}'


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (f"{WHEN}GET/api/v5/account/balance?ccy=BTC", "HiZhvSfMtWJA3uUIVXV3a/bSXNPCWvYFXoGCVS8V4zY="),
        (f"{WHEN}POST/api/v5/trade/order{ORDER}", "iwrdSpN7pm4G4u8+fswZUyH6mOM48+sBF6WvKpj4Dvk="),
        ("1538054050GET/users/self/verify", "+LdIr8lkkvhr5hoA3g9TMC0+uQJ849ftAcocA/ouu4M="),
    ],
)
def test_the_vectors_hold(payload: str, expected: str) -> None:
    assert signature(Account("key", SECRET), payload.encode()) == expected
    assert signature(Account("key", SECRET), payload.encode() + b" ") != expected


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({"ok-access-key": ""}, "50103", 401),
        ({"ok-access-sign": ""}, "50106", 401),
        ({"ok-access-timestamp": ""}, "50107", 401),
        ({"ok-access-passphrase": ""}, "50104", 401),
        ({"ok-access-timestamp": "yesterday"}, "50112", 401),
        ({"ok-access-timestamp": "2023-11-14T22:12:49.000Z"}, "50102", 401),
        ({"ok-access-key": "nobody"}, "50119", 401),
        ({"ok-access-key": "no key"}, "50111", 401),
        ({"x-simulated-trading": "1"}, "50101", 401),
        ({"ok-access-passphrase": "other words"}, "50105", 401),
        ({"ok-access-sign": "bm8="}, "50113", 401),
    ],
)
def test_g19_the_first_thing_that_is_wrong_is_told(bench: Any, changed: dict[str, str], code: str, status: int) -> None:
    answer = bench.signed("GET", "account/balance", headers=changed)
    assert (answer["code"], answer["data"], bench.answer.status) == (code, [], status)


def test_thirty_seconds_either_way_are_in_time(bench: Any) -> None:
    for seconds, code in ((29, "0"), (31, "50102")):
        bench.app.venue.skew_us = seconds * 1_000_000
        assert bench.signed("GET", "account/config")["code"] == code
        bench.app.venue.skew_us = -seconds * 1_000_000
        assert bench.signed("GET", "account/config")["code"] == code


def test_seconds_are_taken_for_a_time_as_well(bench: Any) -> None:
    assert bench.signed("GET", "account/config", headers={"ok-access-timestamp": "1700000000.5"})["code"] == "50113"


def test_every_byte_of_path_query_and_body_is_signed(bench: Any) -> None:
    signed = bench.signed("POST", "trade/order", bench.wish("buy", "0.01", "100"))
    assert signed["code"] == "0"
    assert bench.signed("GET", "account/balance", ccy="BTC,ETH")["code"] == "0"
    other = bench.signed("GET", "account/balance", headers={"ok-access-sign": "HiZhvSfMtWJA3uUIVXV3a/bSXNPCWvYFXoGCVS8V4zY="})
    assert other["code"] == "50113"


def test_a_key_of_the_demo_is_one_of_the_demo_only(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(accounts=[Account("key", "secret", passphrase="words", demo=True)])
    assert bench.signed("GET", "account/config")["code"] == "50101"
    assert bench.signed("GET", "account/config", headers={"x-simulated-trading": "1"})["code"] == "0"


def test_a_key_without_a_passphrase_has_the_usual_one(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(accounts=[Account("key", "secret")])
    assert bench.signed("GET", "account/config")["code"] == "50105"
    assert bench.signed("GET", "account/config", headers={"ok-access-passphrase": "passphrase"})["code"] == "0"


def test_a_key_that_may_only_look_places_nothing(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(accounts=[Account("key", "secret", passphrase="words", can_trade=False)])
    assert bench.ask("account/config")[0]["perm"] == "read_only"
    assert bench.refused("trade/order", bench.wish("buy", "0.01", "100")) == "50120"
    bench.app.venue.gate.members.revoke("key")
    assert bench.signed("GET", "account/config")["code"] == "50119"


def test_g21_secrets_are_held_in_memory_only(tmp_path: Path) -> None:
    members = [Account("canary-key", "canary-secret", passphrase="canary-phrase")]
    with Sandbox(seed=7, accounts=members) as exchange:
        exchange.save(tmp_path / "saved")
        shown = f"{exchange.accounts} {exchange!r} {vars(exchange)}"
    assert b"canary-secret" not in (saved := (tmp_path / "saved").read_bytes())
    assert b"canary-phrase" not in saved
    assert "canary-secret" not in shown
    assert "canary-phrase" not in shown
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
