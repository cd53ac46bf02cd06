"""Nonces are used once; parallel requests may come out of turn."""

from __future__ import annotations

import random

import pytest

from exchangeclient.gateway.onetoken.nonces import Nonces

MICRO, MILLI = 1_795_217_418_841_000, 1_795_217_418_841


def test_a_nonce_is_used_once() -> None:
    nonces = Nonces()
    assert nonces.use("a", str(MICRO))
    assert not nonces.use("a", str(MICRO))
    assert nonces.use("b", str(MICRO))


def test_parallel_requests_may_come_out_of_turn() -> None:
    nonces, order = Nonces(), list(range(MICRO, MICRO + 500))
    random.Random(7).shuffle(order)
    assert all(nonces.use("a", str(nonce)) for nonce in order)
    assert not any(nonces.use("a", str(nonce)) for nonce in order)


def test_what_is_forgotten_is_taken_for_used() -> None:
    nonces = Nonces()
    assert all(nonces.use("a", str(nonce)) for nonce in range(MICRO, MICRO + 3_000))
    assert not any(nonces.use("a", str(nonce)) for nonce in range(MICRO - 10, MICRO + 3_000))


def test_milliseconds_and_microseconds_live_beside_each_other() -> None:
    nonces = Nonces()
    assert all(nonces.use("a", str(nonce)) for nonce in range(MICRO, MICRO + 3_000))
    assert nonces.use("a", str(MILLI))
    assert not nonces.use("a", str(MILLI))


@pytest.mark.parametrize("text", ["", "-1", "1.5", "one", "1e9", "9" * 5_000, str(2**53 + 1), "１"])
def test_what_is_no_number_up_to_2_53_is_none(text: str) -> None:
    assert not Nonces().use("a", text)


def test_what_was_used_in_a_life_before_is_used() -> None:
    nonces = Nonces()
    nonces.forbid("a", str(MICRO))
    assert not nonces.use("a", str(MICRO))
    assert not nonces.use("a", str(MICRO - 1))
    assert nonces.use("a", str(MICRO + 1))
    assert nonces.use("a", str(MILLI))
    assert nonces.use("b", str(MICRO))
