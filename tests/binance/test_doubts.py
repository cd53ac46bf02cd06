"""Who may place an id, and what is known of it meanwhile, among the threads of one client."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest
from order_wire import ORDER, Answer, Fault, Wire, replaced, taken

from exchangeclient.binance.doubts import Doubts
from exchangeclient.binance.placing import Doubt
from exchangeclient.core.calling.call import Errand
from exchangeclient.core.http.request import Kind, Request
from exchangeclient.core.orders import doubts as register
from exchangeclient.core.orders.journal import Journal
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException

REQUEST = Request("create_order", "POST", "/api/v3/order", {"symbol": "BTCUSDT", "newClientOrderId": "mine"}, kind=Kind.PLACE)


def doubt(timestamp_ms: int) -> Doubt:
    return Doubt("BTCUSDT", "mine", timestamp_ms, 5_000.0)


def errand(left_s: Callable[[], float] = lambda: 10) -> Errand:
    return Errand(lambda _: None, left_s, lambda _: None, lambda: 0)


@pytest.fixture(params=["memory", "journal"])
def doubts(request: pytest.FixtureRequest, tmp_path: Path) -> Doubts:
    return Doubts() if request.param == "memory" else Doubts(Journal(tmp_path / "orders"), "me")


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Semaphore:
    """Counts the calls that have begun to wait for another one."""
    counted, wait = Semaphore(0), register._await

    def counting(*other: Any) -> None:
        counted.release()
        wait(*other)

    monkeypatch.setattr(register, "_await", counting)
    return counted


class Gate:
    """Holds a message back until it is opened."""

    def __init__(self, fault: Fault) -> None:
        self.reached, self.opened, self._fault = Event(), Event(), fault

    def __call__(self, wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
        self.reached.set()
        assert self.opened.wait(10)
        return self._fault(wire, verb, path, params)


def arrives(wire: Wire, verb: str, path: str, params: dict[str, str]) -> Answer:
    return wire.venue.receive(verb, path, params)


def test_threads_that_place_one_id_at_once_place_it_once_however_many_they_are(waiting: Semaphore) -> None:
    wire, gate = Wire(), Gate(arrives)
    client = wire.client()
    wire.fail("POST order", gate)
    with ThreadPoolExecutor(6) as pool:
        order: dict[str, Any] = {"symbol": "BTCUSDT", "quantity": "2", "newClientOrderId": "mine"}
        placed = [pool.submit(client.order_market_buy, **order)]
        assert gate.reached.wait(10)
        placed += [pool.submit(client.order_market_buy, **order) for _ in range(5)]
        assert all(waiting.acquire(timeout=10) for _ in range(5))
        gate.opened.set()
        assert {future.result()["orderId"] for future in placed} == {1}
    assert len(wire.calls("POST")) == 1
    assert client.order_market_buy(**order)["orderId"] == 2, "when they are all done the id may be used again"


@pytest.mark.parametrize("fault", [arrives, taken])
def test_a_replacement_that_placed_its_order_although_it_failed_is_not_placed_again_by_the_next_in_turn(
    waiting: Semaphore, fault: Fault
) -> None:
    wire, gate = Wire(), Gate(fault)
    client = wire.client()
    old = client.order_limit_buy(**ORDER)
    wire.venue.orders[0].status = "FILLED"
    wire.machine.advance(5)
    wire.fail("POST order/cancelReplace", gate)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(replaced, client, old["orderId"], newClientOrderId="mine")]
        assert gate.reached.wait(10)
        calls.append(pool.submit(replaced, client, old["orderId"], newClientOrderId="mine"))
        assert waiting.acquire(timeout=10)
        gate.opened.set()
        for error in (call.exception() for call in calls):
            assert isinstance(error, ExchangeAPIException)
            assert (error.code, error.data["newOrderResponse"]["orderId"]) == (-2021, 2)
    assert len(wire.venue.orders) == 2


def test_an_older_doubt_that_is_struck_out_takes_nothing_from_a_younger_one(doubts: Doubts) -> None:
    """As when two threads find out at once that the first order was not placed, and one of them has placed it anew."""
    with doubts.turn(REQUEST, errand):
        doubts.note(doubt(6), 1)
        doubts.strike(doubt(5), placed=False)
        assert doubts._turns[doubt(6).key].left == doubt(6)
        assert doubts.all() == [doubt(6)]
        assert doubts.of(REQUEST) == doubt(6)
        doubts.strike(doubt(6), placed=False)
        assert doubts._turns[doubt(6).key].left is None
        assert doubts.all() == []


def test_an_interrupted_wait_leaves_the_id_free() -> None:
    doubts = Doubts()

    def interrupted() -> float:
        raise KeyboardInterrupt

    def wait() -> None:
        with doubts.turn(REQUEST, lambda: errand(interrupted)):
            raise AssertionError("it is another call's turn")

    with doubts.turn(REQUEST, errand):
        with pytest.raises(KeyboardInterrupt):
            wait()
        assert len(doubts._turns) == 1
    assert doubts._turns == {}


def test_the_calls_before_are_waited_for_until_one_deadline_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    doubts, waited = Doubts(), list[Errand]()

    def next_in_turn(other: Any, _: Any, until: Errand) -> None:
        waited.append(until)
        doubts._turns.pop(doubt(5).key)
        if len(waited) < 3:
            doubts._turns[doubt(5).key] = register._Turn()

    monkeypatch.setattr(register, "_await", next_in_turn)
    doubts._turns[doubt(5).key] = register._Turn()
    with doubts.turn(REQUEST, errand):
        assert len(waited) == 3
        assert len({id(until) for until in waited}) == 1


def test_a_call_that_goes_on_for_too_long_is_not_waited_for() -> None:
    doubts = Doubts()

    def wait() -> None:
        with doubts.turn(REQUEST, lambda: errand(lambda: 0.01)):
            raise AssertionError("it is another call's turn")

    refused = pytest.raises(ExchangeRequestException, match="not sent: another call places an order under the id mine")
    with doubts.turn(REQUEST, errand), refused as caught:
        wait()
    assert caught.value.sent == "no"


FORKS = """
import os, sys, threading
from order_wire import ORDER, Wire

wire = Wire()
client = wire.client(journal=sys.argv[1] or None, settle_timeout=20)
client.order_limit_buy(**ORDER)
asked, held, done = threading.Event(), threading.Event(), threading.Event()

def slow(wire, verb, path, params):
    asked.set()
    done.wait()
    return wire.venue.receive(verb, path, params)

def hold():
    with client._guard._doubts._lock, client._guard._listings._lock:
        held.set()
        done.wait()

wire.fail("POST order", slow)
threading.Thread(target=client.order_limit_buy, kwargs={**ORDER, "newClientOrderId": "mine"}).start()
asked.wait()
threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    print([order.client_order_id for order in client.undecided_orders()])
    client.order_limit_buy(**{**ORDER, "symbol": "ETHUSDT"})
    print(client.order_limit_buy(**ORDER, newClientOrderId="mine")["status"], flush=True)  # the venue of this process does not have it
    os._exit(0)
os.waitpid(child, 0)
done.set()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
@pytest.mark.parametrize("journal", [True, False])
def test_a_process_that_is_forked_off_can_place_whatever_other_threads_held(tmp_path: Path, journal: bool) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKS, str(tmp_path / "orders") if journal else ""]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env=environment)
    assert told.stdout.split() == ["['mine']", "NEW"], told.stderr
