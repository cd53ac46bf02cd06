"""The user data socket through lost connections, slow callbacks and a REST that fails: what the callback gets."""

from __future__ import annotations

import gc
import itertools
import json
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from exchangeclient.binance import stream_group, userfeed
from exchangeclient.binance.account_view import CATCH_UP, Shown
from exchangeclient.binance.catchup import Missed
from exchangeclient.binance.client import Client
from exchangeclient.binance.sockets import USER_KEY, SocketManager
from exchangeclient.binance.userdata import Brake
from exchangeclient.core.feeds import sockets
from exchangeclient.core.feeds.callbacks import CallbackThread
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.process import reactor
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import ExchangeRequestException, SocketException
from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance.wsapi import WsApiSocket

SOON_S = 20.0
Event = dict[str, Any]
Trade = tuple[str, int]
"""Symbol and number."""


class User:
    """Follows his account, and trades beside it.

    :ivar events: what his callback got
    :ivar notices: of what happened to the socket
    """

    def __init__(self, exchange: Sandbox, **arguments: Any) -> None:
        self.exchange = exchange
        self.client = Client(environment=exchange.urls["binance"], **{"api_key": "key", "api_secret": "secret", **arguments})
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.notices: list[SocketNotice] = []
        self.manager = SocketManager(self.client, on_event=self.notices.append)
        self.manager.start()

    def follow(self, callback: Callable[[Event], Any] | None = None, **options: Any) -> None:
        assert self.manager.start_user_socket(callback or self.events.put, **options) == USER_KEY
        self.manager.wait_ready(USER_KEY)

    def trade(self, symbol: str = "ETHBTC", quantity: str = "0.1") -> set[Trade]:
        """Buys at the market."""
        return {(symbol, fill["tradeId"]) for fill in self.client.order_market_buy(symbol=symbol, quantity=quantity)["fills"]}

    def deposit(self, amount: str) -> None:
        """Gets some money from outside."""
        body = json.dumps({"account": "key", "asset": "BTC", "deposit": amount})
        with requests.post(f"{self.client.hosts.rest}/sandbox/funds", body, timeout=SOON_S) as answer:
            assert answer.status_code == 200

    def hear(self, trades: set[Trade]) -> list[Event]:
        """The events until all these trades were told."""
        heard: list[Event] = []
        while trades - set(told(heard)):
            heard.append(self.events.get(timeout=SOON_S))
        return heard

    def settle(self) -> None:
        """Return when the account was looked at for the first time, so that a loss can be told."""
        held = self.manager._holdings
        feed, done = held.feeds[USER_KEY].listener, threading.Event()
        assert isinstance(feed, userfeed.UserFeed)
        assert held.callbacks is not None
        held.callbacks.turn(Mock(run_next=lambda: feed._workers.submit(done.set)))  # behind what waits on either thread
        assert done.wait(SOON_S)

    def lose(self, happens: Callable[[], Any]) -> Any:
        """What happens while there is no connection."""
        lost = len([notice for notice in self.notices if notice.kind == "lost"])
        fault = self.exchange.fault("close", socket="/ws-api/*")
        wait_for(lambda: len([notice for notice in self.notices if notice.kind == "lost"]) > lost)
        result = happens()
        fault.lift()
        return result

    def stop(self) -> None:
        self.manager.close()
        self.client.close()


def wait_for(holds: Callable[[], bool]) -> None:
    tries = threading.Event()
    for _ in range(round(SOON_S / 0.01)):
        if holds():
            return
        tries.wait(0.01)
    raise AssertionError("it did not come about")


@pytest.fixture
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as exchange:
        yield exchange


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that break are made again soon."""
    options = SocketOptions(retry_s=0.05, retry_most_s=0.2)
    monkeypatch.setattr(stream_group, "way_to", lambda address, client, **more: options)


@pytest.fixture
def user(exchange: Sandbox) -> Iterator[User]:
    user = User(exchange)
    yield user
    user.stop()


def told(events: list[Event]) -> list[Trade]:
    return [(event["s"], event["t"]) for event in events if event.get("x") == "TRADE"]


def test_what_happens_is_told_as_it_happens(user: User) -> None:
    user.follow()
    trades = user.trade()
    heard = user.hear(trades)
    assert sorted(told(heard)) == sorted(trades)
    assert not any(CATCH_UP in event for event in heard)


def test_s16_what_was_missed_is_told_first_and_marked_and_nothing_twice(user: User) -> None:
    user.follow()
    before = user.trade()
    heard = user.hear(before)
    user.settle()
    order = user.client.order_limit_buy(symbol="BNBBTC", quantity=100, price="0.00001")

    def happens() -> set[Trade]:
        user.client.cancel_order(symbol="BNBBTC", orderId=order["orderId"])
        return user.trade() | user.trade("LTCBTC")

    missed = user.lose(happens)
    heard += user.hear(missed)
    after = user.trade()
    heard += user.hear(after)
    assert sorted(told(heard)) == sorted([*before, *missed, *after])
    marked = [event for event in heard if CATCH_UP in event]
    assert set(told(marked)) == missed
    assert ("CANCELED", order["orderId"]) in [(event.get("x"), event.get("i")) for event in marked]
    assert heard.index(marked[-1]) < min(heard.index(event) for event in heard if set(told([event])) & after)


def test_s18_that_something_may_be_missing_is_noticed_and_the_account_read_again(user: User) -> None:
    user.follow()
    user.settle()
    user.lose(lambda: user.exchange.deposit("key", "BTC", "5"))
    while (event := user.events.get(timeout=SOON_S))["e"] != "outboundAccountPosition" or CATCH_UP not in event:
        pass
    free = {row["asset"]: row["free"] for row in user.client.get_account()["balances"]}["BTC"]
    assert [(each["a"], each["f"]) for each in event["B"]] == [("BTC", free)]
    kinds = [notice.kind for notice in user.notices]
    assert "gap" in kinds[kinds.index("lost") :]


def test_s18_the_end_of_the_subscription_is_told_and_it_is_made_anew(user: User) -> None:
    user.follow()
    user.settle()
    session = user.manager._holdings.feeds[USER_KEY].sources[0]._session
    reactor.wait(lambda: session.receive(b'{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}'))
    user.manager.poke(USER_KEY)
    wait_for(lambda: any(notice.kind == "recovered" for notice in user.notices))
    assert "eventStreamTerminated" in next(notice.reason for notice in user.notices if notice.kind == "lost")
    trades = user.trade()
    assert sorted(told(user.hear(trades))) == sorted(trades)


def test_s18_a_revoked_key_ends_it_with_an_error_event(user: User) -> None:
    user.follow()
    user.exchange.revoke("key")
    user.exchange.fault("close", socket="/ws-api/*", times=1)
    while (event := user.events.get(timeout=SOON_S))["e"] != "error":
        pass
    assert "-2015" in event["m"]
    with pytest.raises(SocketException, match="-2015"):
        user.manager.wait_ready(USER_KEY)


def test_a_new_connection_before_the_old_one_ends_costs_and_repeats_nothing(user: User) -> None:
    user.follow()
    user.settle()
    user.exchange.fault("shutdown", socket="/ws-api/*", notice=1.5, times=1)
    trades: set[Trade] = set()
    for _ in range(6):
        trades |= user.trade()
        threading.Event().wait(0.4)
    heard = user.hear(trades)
    assert sorted(told(heard)) == sorted(trades)
    assert not any(CATCH_UP in event for event in heard)
    assert "gap" not in [notice.kind for notice in user.notices]


@pytest.mark.parametrize("catch_up", [True, False])
def test_s04_what_has_no_number_is_told_once_although_each_connection_words_it_in_its_own_way(
    user: User, catch_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count(1)

    def opened(socket: WsApiSocket, *args: Any) -> None:
        begin(socket, *args)
        socket._next_id = next(numbers)

    begin = WsApiSocket.__init__
    monkeypatch.setattr(WsApiSocket, "__init__", opened)
    monkeypatch.setattr(sockets, "OVERLAP_S", 1.0)
    user.follow(catch_up=catch_up)
    user.exchange.fault("shutdown", socket="/ws-api/*", notice=SOON_S, times=1)
    given = 0

    def has_moved() -> bool:
        nonlocal given
        user.deposit("1")
        user.deposit("1")  # another one, though it looks alike
        given += 2
        threading.Event().wait(0.1)
        return any("moved" in notice.reason for notice in user.notices)

    wait_for(has_moved)
    user.deposit("2")
    heard = [user.events.get(timeout=SOON_S)]
    while heard[-1].get("d") != "2.00000000":
        heard.append(user.events.get(timeout=SOON_S))
    kinds = Counter(event["e"] for event in heard)
    assert (kinds["balanceUpdate"], kinds["outboundAccountPosition"]) == (given + 1, given)


def test_a_slow_callback_has_the_connection_left_and_gets_everything_in_the_end(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(userfeed.UserFeed.__init__, "__kwdefaults__", {**userfeed.UserFeed.__init__.__kwdefaults__, "limit": 20})
    may_go_on = threading.Event()

    def slow(event: Event) -> None:
        may_go_on.wait(SOON_S)
        user.events.put(event)

    user.follow(slow)
    user.settle()
    trades: set[Trade] = set()
    for _ in range(12):
        trades |= user.trade()
    wait_for(lambda: "more than 20 events wait" in caplog.text)
    may_go_on.set()
    heard = user.hear(trades)
    assert sorted(told(heard)) == sorted(trades)
    assert any(CATCH_UP in event for event in heard)
    wait_for(lambda: "lost" in [notice.kind for notice in user.notices])


def test_while_rest_fails_events_wait_and_then_go_on_and_what_was_missed_comes_later(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(userfeed, "HOLD_S", 0.3)
    monkeypatch.setattr(userfeed, "_LONGEST_PAUSE_S", 0.2)
    user.follow()
    user.settle()
    broken = user.exchange.fault("error", route="GET /api/v3/account", status=503)
    missed = user.lose(user.trade)
    wait_for(lambda: "gap" in [notice.kind for notice in user.notices])
    live = user.trade()
    heard = user.hear(live)
    assert not set(told(heard)) & missed
    broken.lift()
    late = user.hear(missed)
    assert sorted(told(heard + late)) == sorted(missed | live)
    assert all(CATCH_UP in event for event in late if set(told([event])) & missed)
    assert "is asked for again" in caplog.text


def test_a_key_that_may_not_read_follows_without_catching_up(user: User, caplog: pytest.LogCaptureFixture) -> None:
    user.follow()
    user.settle()
    user.exchange.fault("error", route="GET /api/v3/account", status=401, code=-2015)
    missed = user.lose(user.trade)
    wait_for(lambda: "REST refuses the key" in caplog.text)
    live = user.trade()
    heard = user.hear(live)
    assert not set(told(heard)) & missed


def test_without_an_account_at_the_beginning_the_rest_is_caught_up(user: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        broken = user.exchange.fault("error", route="GET /api/v3/account", status=400, code=-1000)
        user.follow()
        user.settle()
        broken.lift()
    assert "REST did not show the account" in caplog.text
    heard = user.hear(user.trade())
    missed = user.lose(user.trade)
    assert set(told(user.hear(missed))) == missed
    assert heard


def test_it_can_be_followed_without_catching_up(user: User) -> None:
    user.follow(catch_up=False)
    user.hear(user.trade())
    missed = user.lose(user.trade)
    wait_for(lambda: "recovered" in [notice.kind for notice in user.notices])
    live = user.hear(user.trade())
    assert not set(told(live)) & missed
    assert "gap" not in [notice.kind for notice in user.notices]


def test_callbacks_may_be_coroutine_functions(user: User) -> None:
    async def callback(event: Event) -> None:
        user.events.put(event)

    user.follow(callback)
    user.settle()
    missed = user.lose(user.trade)
    assert sorted(told(user.hear(missed))) == sorted(missed)


def test_a_callback_that_raises_is_told_the_next_event_all_the_same(user: User) -> None:
    def callback(event: Event) -> None:
        user.events.put(event)
        raise ZeroDivisionError("a fault of the user's")

    user.follow(callback)
    trades = user.trade() | user.trade()
    assert sorted(told(user.hear(trades))) == sorted(trades)


def test_nothing_is_told_after_it_was_stopped_and_its_thread_ends(user: User) -> None:
    user.follow()
    user.settle()
    user.exchange.fault("delay", route="GET /api/v3/account", by=0.5)
    user.lose(user.trade)
    wait_for(lambda: "gap" in [notice.kind for notice in user.notices])
    assert user.manager.stop_user_socket()
    while not user.events.empty():
        user.events.get()
    wait_for(lambda: not any(thread.name.startswith("exchangeclient-user") for thread in threading.enumerate()))
    assert user.events.empty()
    user.follow()
    trades = user.trade()
    assert set(told(user.hear(trades))) == trades


def test_an_ed25519_key_logs_on_and_subscribes(caplog: pytest.LogCaptureFixture) -> None:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with Sandbox(seed=7, accounts=[Account("ed", public_key=public)]) as exchange:
        user = User(exchange, api_key="ed", api_secret=None, private_key=pem)
        try:
            user.follow()
            user.settle()
            assert set(told(user.hear(trades := user.trade()))) == trades
            missed = user.lose(user.trade)
            assert set(told(user.hear(missed))) == missed
        finally:
            user.stop()


def test_a_manager_that_is_dropped_before_it_was_started_leaves_no_thread(exchange: Sandbox) -> None:
    client = Client("key", "secret", environment=exchange.urls["binance"])
    manager, before = SocketManager(client), set(threading.enumerate())  # one of an earlier test may still be in a call
    manager.start_user_socket(print)
    (worker,) = (thread for thread in set(threading.enumerate()) - before if thread.name.startswith("exchangeclient-user"))
    del manager
    gc.collect()
    worker.join(SOON_S)
    assert not worker.is_alive()
    client.close()


class Rehearsal:
    """A feed without a socket, whose REST answers when the test says so.

    :ivar looks: how often it was asked
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, limit: int = 100) -> None:
        self.heard: list[Event] = []
        self.answers: queue.SimpleQueue[list[Event]] = queue.SimpleQueue()
        self.looks: queue.SimpleQueue[None] = queue.SimpleQueue()
        shown = Shown(5, {"updateTime": 1, "balances": []}, ())
        monkeypatch.setattr(userfeed, "look", lambda _: shown)
        monkeypatch.setattr(userfeed, "missed", lambda *_, **__: self._answer(shown))
        self.thread = CallbackThread("rehearsal")
        self.brake = Brake()
        client: Any = Mock(clock=FakeClock(1_700_000_000_000))
        self.feed = userfeed.UserFeed(
            self.thread, client, self.heard.append, json.loads, brake=self.brake, tell=lambda _: None, limit=limit
        )
        self.feed.connected()
        self.thread.start()

    def _answer(self, shown: Shown) -> Missed:
        self.looks.put(None)
        return Missed(self.answers.get(timeout=SOON_S), shown)

    def lose(self) -> None:
        self.feed.lost("gone")
        self.feed.connected()

    def send(self, *numbers: int) -> None:
        self.feed.received([json.dumps({"n": number}).encode() for number in numbers])

    def hears(self, *numbers: int) -> None:
        wait_for(lambda: len(self.heard) >= len(numbers))
        assert [event["n"] for event in self.heard] == [*numbers]

    def stop(self) -> None:
        self.feed.close()
        self.thread.close()


@pytest.fixture
def rehearsal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rehearsal]]:
    made: list[Rehearsal] = []

    def begin(**options: Any) -> Rehearsal:
        made.append(Rehearsal(monkeypatch, **options))
        return made[-1]

    yield begin
    for each in made:
        each.stop()


def test_what_comes_while_rest_is_asked_waits_until_what_was_missed_is_told(rehearsal: Callable[..., Rehearsal]) -> None:
    at = rehearsal()
    at.send(1)
    at.lose()
    at.send(4)
    at.looks.get(timeout=SOON_S)
    at.send(5)
    at.hears(1)
    at.answers.put([{"n": 2}, {"n": 3}])
    at.hears(1, 2, 3, 4, 5)


def test_a_stream_that_is_lost_again_meanwhile_is_looked_for_again(rehearsal: Callable[..., Rehearsal]) -> None:
    at = rehearsal()
    at.lose()
    at.looks.get(timeout=SOON_S)
    at.lose()
    at.answers.put([{"n": 1}])
    at.looks.get(timeout=SOON_S)
    at.send(3)
    at.hears()  # not even what the first look has found: the second one shows it too
    at.answers.put([{"n": 1}, {"n": 2}])
    at.hears(1, 2, 3)


def test_of_too_many_that_wait_the_oldest_are_looked_for_again(rehearsal: Callable[..., Rehearsal]) -> None:
    at = rehearsal(limit=3)
    at.lose()
    at.looks.get(timeout=SOON_S)
    at.send(1, 2)
    at.send(3, 4)
    at.answers.put([])
    at.looks.get(timeout=SOON_S)
    at.answers.put([{"n": 1}])
    at.hears(1, 2, 3, 4)


def test_what_comes_after_the_connection_was_left_is_left_to_the_next(rehearsal: Callable[..., Rehearsal]) -> None:
    at = rehearsal(limit=3)
    at.send(1, 2, 3, 4)
    assert at.brake.reason
    at.send(5)
    at.lose()
    assert not at.brake.reason
    at.send(6)
    at.looks.get(timeout=SOON_S)
    at.answers.put([{"n": number} for number in range(1, 6)])
    at.hears(1, 2, 3, 4, 5, 6)


def test_closing_ends_a_look_that_fails_again_and_again(rehearsal: Callable[..., Rehearsal], monkeypatch: pytest.MonkeyPatch) -> None:
    at = rehearsal()
    failed = threading.Event()

    def fail(*_: Any, **__: Any) -> None:
        failed.set()
        raise ExchangeRequestException("down", sent="no")

    monkeypatch.setattr(userfeed, "missed", fail)
    at.lose()
    assert failed.wait(SOON_S)
    at.feed.close()
    at.feed.close()
    wait_for(lambda: not any(thread.name.startswith("exchangeclient-user") for thread in threading.enumerate()))
    assert at.heard == []


@pytest.mark.parametrize("skew_ms", [8_000, -8_000])
def test_user_socket_of_a_machine_whose_clock_is_wrong_asks_the_venue_for_its_time(skew_ms: int) -> None:
    with Sandbox(seed=7) as exchange:
        exchange.skew_ms = skew_ms
        with Client("key", "secret", environment=exchange.urls["binance"]) as client, SocketManager(client) as manager:
            manager.wait_ready(manager.start_user_socket(lambda _: None, catch_up=False), timeout=SOON_S)
            assert abs(client.clock.offset_ms - skew_ms) < 1_000
