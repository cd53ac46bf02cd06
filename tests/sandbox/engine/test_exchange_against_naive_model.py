"""The exchange against the naive one of ``chaos/naive``, at the size of a unit test; ``chaos/chaos_engine.py`` does the million."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st
from naive.breaks import BREAKS, Break
from naive.duel import DisagreementError, Fight

WORLDS = [f"unit/{number}" for number in range(5)]
SPOILT_WORLDS = [f"spoilt/{number}" for number in range(30)]


def fight_in(worlds: list[str], orders: int) -> set[str]:
    """What was seen in them."""
    seen: set[str] = set()
    for seed in worlds:
        print(f"world {seed!r}")
        fight = Fight(Random(seed))
        fight.run(orders)
        seen |= set(fight.counts)
    return seen


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_g18_random_commands_do_what_a_naive_exchange_does(random: Random) -> None:
    fight = Fight(random)
    try:
        fight.run(orders=25)
    finally:
        for now_us, command in fight.history:
            note(f"{now_us} {command}")
    for what in ("Traded", "OrderTriggered", "OrderPrevented", "ListChanged"):
        event(f"{what}: {min(2, fight.counts[what])}")


def test_whole_worlds_agree_and_everything_happens_in_them() -> None:
    seen = fight_in(WORLDS, orders=400)
    events = "Traded OrderTriggered OrderPrevented OrderAmended OrderRejected OrderExpired OrderCanceled ListChanged StatusChanged"
    refusals = (
        "NOT_TRADING UNKNOWN_ORDER OTHER_STATUS PRICE_FILTER LOT_SIZE ICEBERG_PARTS PERCENT_PRICE_BY_SIDE NOTIONAL NO_LIQUIDITY "
        "DUPLICATE_CLIENT_ORDER_ID MAX_NUM_ORDERS MAX_NUM_ALGO_ORDERS INSUFFICIENT_BALANCE WOULD_MATCH WOULD_TRIGGER LIST_PRICES "
        "ROUTING_NOT_ALLOWED"
    )
    assert not {*events.split(), *refusals.split()} - seen, "too little happens in these worlds to prove anything"


@pytest.mark.parametrize("spoil", BREAKS.values(), ids=BREAKS)
def test_a_spoilt_exchange_is_found_out(spoil: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch.setattr)
    with pytest.raises(DisagreementError):
        fight_in(SPOILT_WORLDS, orders=200)


def test_the_shortest_way_to_a_failure_still_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    BREAKS["total-rounded-up"](monkeypatch.setattr)
    fight = Fight(Random("shortest"))
    with pytest.raises(DisagreementError):
        fight.run(orders=200)
    shortest = fight.shortest()
    assert fight.failure(shortest)
    for place in range(len(shortest)):
        assert not fight.failure(shortest[:place] + shortest[place + 1 :]), f"this command could go: {shortest[place]}"
