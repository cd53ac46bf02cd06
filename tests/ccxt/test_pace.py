"""Whose turn it is, and how soon an exchange is asked again."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from exchangeclient.ccxt.pace import Pace, Turns, pace_of
from exchangeclient.exceptions import ExchangeRequestException
from tests.ccxt.venues.core import DROP, KEY, SECRET, served

PATIENCE_S = 60


def test_orders_come_before_what_only_reads() -> None:
    turns, done, waiting = Turns(), list[str](), list[threading.Thread]()
    with turns.turn():
        for name in ("read", "read", "order", "read", "order"):

            def have(name: str = name) -> None:
                with turns.turn(hurry=name == "order"):
                    done.append(name)

            waiting.append(threading.Thread(target=have))
            waiting[-1].start()
        deadline_s = time.monotonic() + PATIENCE_S
        while turns._hurried < 2 and time.monotonic() < deadline_s:
            time.sleep(0.001)
    for thread in waiting:
        thread.join(PATIENCE_S)
    assert done == ["order", "order", "read", "read", "read"]


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="failed"), turns.turn(hurry=True):
        raise ValueError("failed")
    with turns.turn():
        assert turns._hurried == 0


def test_whoever_cannot_wait_longer_leaves() -> None:
    turns = Turns()
    with turns.turn():
        for hurry in (True, False):
            with pytest.raises(TimeoutError), turns.turn(hurry=hurry, patience_s=0.01):
                pass
    with turns.turn(patience_s=PATIENCE_S):
        assert turns._hurried == 0


def test_an_order_does_not_leave_late(gate: Any) -> None:
    """Whoever asked for it may have given up."""
    pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")
    from exchangeclient.ccxt.client import Client
    from exchangeclient.desk import desk_of

    stub, address = gate
    with Client("gate", KEY, SECRET, environment=address) as client:
        desk = desk_of(client)
        desk.open_orders()
        client._patience_s = 0.05
        with client._turns.turn(), pytest.raises(ExchangeRequestException) as told:  # another call that takes long
            desk.place("BTC/USDT", "BUY", quantity="0.01", price="63000", client_order_id="mine")
        assert (type(told.value), told.value.sent) == (ExchangeRequestException, "no")
        client._pace.wait(5.0)  # other clients of the exchange
        free_s = client._pace._free_s
        with pytest.raises(ExchangeRequestException) as told:
            desk.place("BTC/USDT", "BUY", quantity="0.01", price="63000", client_order_id="mine")
        assert (type(told.value), told.value.sent) == (ExchangeRequestException, "no")
        assert client._pace._free_s == free_s, "it waited for its turn all the same"
        client._pace._free_s = 0.0
        assert stub.sent_orders() == []
        client._patience_s = PATIENCE_S
        assert desk.place("BTC/USDT", "BUY", quantity="0.01", price="63000", client_order_id="mine").order_id


def test_what_has_left_in_part_is_never_said_not_to_have_been_sent(gate: Any) -> None:
    pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")
    from exchangeclient.ccxt.client import Client

    stub, address = gate
    with Client("gate", KEY, SECRET, environment=address) as client:
        first = len(stub.asked)
        client._sent, client._until_s = "maybe", time.monotonic() - 1
        with pytest.raises(Exception, match="gate") as told:
            client._api.fetch(f"{address}/nowhere", "POST")
        assert not isinstance(told.value, ExchangeRequestException)
        assert len(stub.asked) == first + 1
        client._sent = "no"
        with pytest.raises(ExchangeRequestException, match="nothing was sent"):
            client._api.fetch(f"{address}/nowhere", "POST")
        assert len(stub.asked) == first + 1


@pytest.mark.parametrize("exchange", ["bitflyer", "gate"])
def test_what_has_to_be_known_of_an_order_comes_first_too(exchange: str) -> None:
    """Whether it is there, when its answer was lost; and at bitFlyer whether there is anything to cancel."""
    pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")
    from exchangeclient.ccxt.client import Client
    from exchangeclient.desk import desk_of
    from tests.ccxt.venues import VENUES

    stub = VENUES[exchange]()
    with served(stub) as address, Client(exchange, KEY, SECRET, environment=address) as client:
        client._api.rateLimit = 0
        desk = desk_of(client)
        desk.open_orders(stub.symbol)
        hurried, turn = list[bool](), client._turns.turn
        client._turns.turn = lambda **how: hurried.append(how["hurry"]) or turn(**how)  # type: ignore[method-assign,assignment,func-returns-value]
        if exchange == "gate":
            stub.after = lambda asked: DROP
        ack = desk.place(stub.symbol, "BUY", quantity=stub.quantity, price=stub.resting, client_order_id="mine")
        desk.cancel(stub.symbol, ack.order_id)
        assert len(hurried) == 3
        assert all(hurried)


def test_what_would_leave_late_takes_nobodys_time() -> None:
    pace = Pace()
    pace.wait(PATIENCE_S)
    with pytest.raises(TimeoutError):
        pace.wait(PATIENCE_S, time.monotonic() + 1)
    assert pace._free_s - time.monotonic() <= PATIENCE_S


def test_calls_are_as_far_apart_as_they_take() -> None:
    pace, began_s = Pace(), time.monotonic()
    threads = [threading.Thread(target=pace.wait, args=(0.05,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert time.monotonic() - began_s >= 0.19


def test_all_clients_of_an_exchange_keep_one_pace(gate: Any) -> None:
    pytest.importorskip("ccxt", reason="an extra: pip install 'exchangeclient[ccxt]'")
    from exchangeclient.ccxt.client import Client

    assert pace_of("gate", "here") is pace_of("gate", "here")
    assert pace_of("gate", "here") is not pace_of("gate", "there")
    stub, address = gate
    clients = [Client("gate", KEY, SECRET, environment=address) for _ in range(3)]
    for client in clients:
        client._api.rateLimit = 40
        client.markets()
    first = len(stub.asked)
    began_s = time.monotonic()
    threads = [threading.Thread(target=client.call, args=("fetch_ticker", "BTC/USDT")) for client in clients for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(stub.asked) - first == 6
    assert time.monotonic() - began_s >= 5 * 0.040 * 0.95
    for client in clients:
        client.close()
