"""Subscriptions that begin and end in any order: threads do what a socket asked for, not always in turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest

from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.gateway.onetoken.accounts import AccountFeed
from exchangeclient.gateway.onetoken.quote import MOST, QuoteTalk
from exchangeclient.gateway.onetoken.sockets import Talk
from exchangeclient.gateway.onetoken.trade import TradeTalk

TICK = "subscribe-single-tick-verbose"
PATIENCE_S = 30
ASKED = {"uri": TICK, "contract": "binance/btc.usdt", "uuid": 1}


class Jobs:
    """Workers whose jobs are done by hand."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], None]) -> None:
        self.waiting.append(job)

    def do(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


class Joined:
    """Feeds that only count."""

    def __init__(self) -> None:
        self.there: list[Any] = []

    def join(self, _key: Any, subscriber: Any) -> None:
        self.there.append(subscriber)

    def leave(self, _key: Any, subscriber: Any) -> None:
        self.there.remove(subscriber)


class Spoken(QuoteTalk):
    said: list[Any]

    def say(self, content: Any) -> None:
        self.said.append(content)


def quoting(kind: str, jobs: Jobs, feeds: Joined) -> Spoken:
    venue: Any = SimpleNamespace(name="binance", instrument=lambda _contract: SimpleNamespace(name="BTCUSDT"))
    given: Any = SimpleNamespace(public=lambda _exchange: venue), feeds, jobs
    talk = Spoken(kind, *given, "", silence_s=0)
    talk.said = []
    return talk


def test_asked_for_ended_and_asked_for_anew_before_it_had_begun_it_is_there_once() -> None:
    jobs, feeds = Jobs(), Joined()
    talk = quoting("tick", jobs, feeds)
    talk.asked(TICK, ASKED)
    talk.asked(f"un{TICK}", ASKED)
    talk.asked(TICK, ASKED)
    jobs.do()
    assert len(feeds.there) == 1
    talk.asked(f"un{TICK}", ASKED)
    jobs.do()
    assert not feeds.there
    assert not talk._wanted


def test_what_had_not_begun_when_the_socket_closed_is_undone() -> None:
    jobs, feeds = Jobs(), Joined()
    talk = quoting("tick", jobs, feeds)
    talk.asked(TICK, ASKED)
    talk.closed()
    jobs.do()
    assert not feeds.there


def test_asked_for_twice_it_is_acknowledged_twice() -> None:
    jobs, feeds = Jobs(), Joined()
    talk = quoting("tick", jobs, feeds)
    for _ in range(2):
        talk.asked(TICK, ASKED)
        jobs.do()
    assert talk.said == [{**ASKED, "code": "success"}] * 2
    assert len(feeds.there) == 1


def test_too_many_at_once_are_refused_once() -> None:
    jobs, feeds = Jobs(), Joined()
    talk = quoting("low-freq", jobs, feeds)
    talk.asked("batch-subscribe", {"uri": "batch-subscribe", "contracts": ["binance/btc.usdt"] * (MOST + 1)})
    assert [said["code"] for said in talk.said] == ["rate-limit-exceed"]
    assert not jobs.waiting


def test_a_pong_says_nothing_of_the_program_behind_it() -> None:
    given: Any = Jobs()
    talk = Talk(given, "", silence_s=30)
    talk.control("pong", b"")
    assert talk._heard_s == 0
    talk.control("ping", b"")
    assert talk._heard_s > 0


# ---- an account's ----------------------------------------------------------------------------------------------------


class Told:
    """An account's feed that does at once what it is asked for."""

    def __init__(self) -> None:
        self.there: list[Any] = []

    def add(self, _kind: str, listener: Any, acknowledge: Callable[[], None]) -> None:
        self.there.append(listener)
        acknowledge()

    def remove(self, _kind: str, listener: Any) -> None:
        if listener in self.there:
            self.there.remove(listener)


def trading(jobs: Jobs, told: Told) -> TradeTalk:
    accounts = SimpleNamespace(feed=lambda _account: told, leave=lambda _account, kind, listener: told.remove(kind, listener))
    given: Any = SimpleNamespace(symbol="binance/mock-1token"), accounts, jobs
    return TradeTalk(*given, "", silence_s=0)


def test_an_account_asked_for_ended_and_asked_for_anew_is_told_once() -> None:
    jobs, told = Jobs(), Told()
    talk = trading(jobs, told)
    for uri in ("sub-order", "unsub-order", "sub-order"):
        talk.asked(uri, {"uri": uri})
    jobs.do()
    assert len(told.there) == 1
    talk.closed()
    assert not told.there


def test_a_socket_that_closed_before_its_account_was_asked_leaves_nobody_behind() -> None:
    jobs, told = Jobs(), Told()
    talk = trading(jobs, told)
    talk.asked("sub-info", {"uri": "sub-info"})
    talk.closed()
    jobs.do()
    assert not told.there


def test_the_end_of_an_order_that_could_not_be_asked_is_told_later() -> None:
    answers: list[Any] = [ExchangeRequestException("no answer"), {"exchange_oid": "binance/btc.usdt-1", "version": 2, "status": "dealt"}]
    heard: Queue[Any] = Queue()

    def order(_instrument: str, _order_id: str) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sockets = SimpleNamespace(start_user_socket=lambda _heard: None)
    venue = SimpleNamespace(sockets=lambda _noticed: sockets)
    symbol = SimpleNamespace(symbol="binance/mock-1token")
    asked: Any = SimpleNamespace(venue=venue, order=order, orders=lambda *_: [], account=symbol)
    feed = AccountFeed(asked)
    feed.start()
    listener: Any = SimpleNamespace(send=lambda frames: heard.put(json.loads(frames._text)))
    feed.add("order", listener, lambda: None)
    assert heard.get(timeout=PATIENCE_S)["type"] == "snapshot"
    feed.changed("BTCUSDT", "1")
    assert heard.get(timeout=PATIENCE_S)["status"] == "fail"
    feed.look()
    assert heard.get(timeout=PATIENCE_S)["data"][0]["status"] == "dealt"
    feed.close()


def test_a_venue_that_could_not_be_listened_to_is_tried_again() -> None:
    tried: list[Any] = []

    def start_user_socket(heard: Any) -> None:
        tried.append(heard)
        if len(tried) == 1:
            raise ExchangeRequestException("no answer")

    sockets = SimpleNamespace(start_user_socket=start_user_socket)
    asked: Any = SimpleNamespace(venue=SimpleNamespace(sockets=lambda _noticed: sockets))
    feed = AccountFeed(asked)
    with pytest.raises(ExchangeRequestException):
        feed.start()
    feed.start()
    feed.start()
    assert len(tried) == 2
    feed.close()
