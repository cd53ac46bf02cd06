from __future__ import annotations

import threading

from exchangeclient.gateway.universal.envelope import Envelope
from exchangeclient.gateway.universal.pool import Pool
from exchangeclient.gateway.universal.protocol import BaseProtocol

PATIENCE_S = 30


class Contracts(BaseProtocol):
    @property
    def has_contracts(self) -> bool:
        return True


def made() -> BaseProtocol:
    return BaseProtocol("", "a-key", "a-secret", "Mine")


def test_one_seat_for_the_same_keys() -> None:
    pool = Pool()
    name = pool.name("OKX", "k", "s")
    with pool.seat(name, made) as one, pool.seat(name, made) as two:
        assert one is two
        assert one.users == 2
    assert one.users == 0
    assert len(pool) == 1


def test_names_differ_by_every_part_and_mean_nothing_elsewhere() -> None:
    pool = Pool()
    parts = [("OKX", "k", "s"), ("OKX", "k", "s2"), ("OKX", "k2", "s"), ("Binance", "k", "s"), ("OKXk", "", "s"), ("OKX", "ks", "")]
    assert len({pool.name(*each) for each in parts}) == len(parts)
    assert pool.name("OKX", "k", "s") != Pool().name("OKX", "k", "s")


def test_what_was_not_used_for_longest_makes_room_and_forgets_its_keys() -> None:
    pool = Pool(most=2)
    seats = []
    for key in ("one", "two", "one", "three"):
        with pool.seat(pool.name("OKX", key, "s"), made) as seat:
            seats.append(seat)
    assert len(pool) == 2
    assert [vars(seat.protocol)["_secretKey"] for seat in seats] == ["a-secret", "", "a-secret", "a-secret"]
    pool.close()
    assert {vars(seat.protocol)["_secretKey"] for seat in seats} == {""}


def test_what_a_robot_has_chosen_outlives_its_seat() -> None:
    pool = Pool(most=1)
    with pool.seat(pool.name("OKX", "one", "s"), made) as first:
        first.legacy.control(Envelope("k", "s", "io", {"code": 2, "args": ["swap"]}), Contracts("", "", ""))
    with pool.seat(pool.name("OKX", "two", "s"), made) as other:
        assert other.legacy.symbol("A_B") == "A_B"
    with pool.seat(pool.name("OKX", "one", "s"), made) as again:
        assert again is not first
        assert again.legacy.symbol("A_B") == "A_B.swap"
    with pool.seat(pool.name("OKX", "two", "s"), made) as unchosen:
        assert unchosen.legacy is not other.legacy


def test_a_seat_in_use_is_closed_when_the_call_is_over() -> None:
    pool = Pool(most=1)
    with pool.seat(pool.name("OKX", "one", "s"), made) as seat:
        with pool.seat(pool.name("OKX", "two", "s"), made):
            pass
        assert vars(seat.protocol)["_accessKey"] == "a-key"
    assert vars(seat.protocol)["_accessKey"] == ""


def test_of_two_that_are_made_at_once_one_stays() -> None:
    pool = Pool()
    name, both = pool.name("OKX", "k", "s"), threading.Barrier(2, timeout=PATIENCE_S)
    taken: list[BaseProtocol] = []
    built: list[BaseProtocol] = []

    def slowly() -> BaseProtocol:
        mine = made()
        built.append(mine)
        both.wait()
        return mine

    def take() -> None:
        with pool.seat(name, slowly) as seat:
            taken.append(seat.protocol)

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(built) == 2
    assert taken[0] is taken[1]
    assert sorted(vars(each)["_accessKey"] for each in built) == ["", "a-key"]
