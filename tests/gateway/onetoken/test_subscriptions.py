"""Subscriptions that begin and end in any order: threads do what a socket asked for, not always in turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest

from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.exceptions import ExchangeRequestException
from exchangeclient.gateway.onetoken.accounts import AccountFeed
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.feeds import End
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
        self.late: list[Callable[[], None]] = []
        self.failing: Exception | None = None

    def join(self, _key: Any, subscriber: Any) -> None:
        if self.failing is not None:
            raise self.failing
        self.there.append(subscriber)

    def later(self, _after_s: float, job: Callable[[], None]) -> None:
        self.late.append(job)

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


def test_the_end_of_a_feed_is_told_once_and_it_may_be_asked_for_anew() -> None:
    jobs, feeds = Jobs(), Joined()
    talk = quoting("tick", jobs, feeds)
    talk.asked(TICK, ASKED)
    jobs.do()
    (subscriber,) = feeds.there
    for _ in range(2):
        subscriber(End(ServiceError("upstream-error", "the book is gone", status=502)))
    assert talk.said[1:] == [{**ASKED, "code": "upstream-error", "message": "the book is gone"}]
    jobs.do()
    assert not feeds.there
    talk.asked(TICK, ASKED)
    jobs.do()
    assert (len(feeds.there), talk.said[-1]) == (1, {**ASKED, "code": "success"})


def test_one_that_had_ended_before_anybody_came_is_told_all_the_same() -> None:
    jobs, feeds = Jobs(), Joined()

    def join(_key: Any, subscriber: Any) -> None:
        feeds.there.append(subscriber)
        subscriber(End(ServiceError("upstream-error", "the book is gone", status=502)))

    feeds.join = join  # type: ignore[method-assign]
    talk = quoting("tick", jobs, feeds)
    talk.asked(TICK, ASKED)
    jobs.do()
    assert [said["code"] for said in talk.said] == ["success", "upstream-error"]
    assert not feeds.there
    assert not talk._wanted


def silent_at_first(jobs: Jobs, feeds: Joined) -> tuple[Spoken, SimpleNamespace]:
    """A socket whose venue does not answer as long as its ``why`` says why not."""
    talk = quoting("tick", jobs, feeds)
    venue = SimpleNamespace(why=ExchangeRequestException("no answer"), public=talk._venues.public)

    def public(exchange: Any) -> Any:
        if venue.why is not None:
            raise venue.why
        return venue.public(exchange)

    talk._venues = SimpleNamespace(public=public)  # type: ignore[assignment]
    return talk, venue


def test_a_venue_that_does_not_answer_is_asked_again_until_it_does() -> None:
    jobs, feeds = Jobs(), Joined()
    talk, venue = silent_at_first(jobs, feeds)
    talk.asked(TICK, ASKED)
    for _ in range(3):
        jobs.do()
        assert [said["code"] for said in talk.said] == ["exg-timeout"]
        feeds.late.pop()()
    venue.why = None
    jobs.do()
    assert talk.said[1:] == [{**ASKED, "code": "success"}]
    assert len(feeds.there) == 1
    assert not feeds.late


def test_what_is_not_wanted_any_more_is_not_asked_again() -> None:
    jobs, feeds = Jobs(), Joined()
    talk, venue = silent_at_first(jobs, feeds)
    talk.asked(TICK, ASKED)
    jobs.do()
    talk.asked(f"un{TICK}", ASKED)
    venue.why = None
    feeds.late.pop()()
    assert not jobs.waiting
    talk.asked(TICK, ASKED)
    jobs.do()
    assert len(feeds.there) == 1


def test_asked_for_anew_while_it_is_refused_it_is_there_once() -> None:
    jobs, feeds = Jobs(), Joined()
    talk, venue = silent_at_first(jobs, feeds)
    talk.asked(TICK, ASKED)
    jobs.do()
    venue.why = None
    talk.asked(TICK, ASKED)
    feeds.late.pop()()
    jobs.do()
    assert [said["code"] for said in talk.said] == ["exg-timeout", "success"]
    assert len(feeds.there) == 1


def test_what_was_granted_is_not_refused_because_of_one_silence() -> None:
    jobs, feeds = Jobs(), Joined()
    feeds.failing = ExchangeRequestException("no answer")
    talk = quoting("tick", jobs, feeds)
    talk.asked(TICK, ASKED)
    jobs.do()
    feeds.failing = None
    feeds.late.pop()()
    jobs.do()
    assert [said["code"] for said in talk.said] == ["success"]
    assert len(feeds.there) == 1


def test_what_there_is_not_is_refused_for_good() -> None:
    jobs, feeds = Jobs(), Joined()
    talk, venue = silent_at_first(jobs, feeds)
    venue.why = ServiceError("contract-not-exist", "gone", status=404)
    talk.asked(TICK, ASKED)
    jobs.do()
    assert [said["code"] for said in talk.said] == ["contract-not-exist"]
    assert not feeds.late
    assert not talk._wanted


def test_ticks_and_trades_of_a_contract_are_of_one_contract() -> None:
    jobs, feeds = Jobs(), Joined()
    talk = quoting("tick", jobs, feeds)
    for number in range(MOST):
        for uri in (TICK, "subscribe-single-zhubi-verbose"):
            talk.asked(uri, {"uri": uri, "contract": f"binance/a{number}.usdt"})
    jobs.do()
    assert {said["code"] for said in talk.said} == {"success"}
    assert len(feeds.there) == 2 * MOST
    talk.asked(TICK, ASKED)
    assert talk.said[-1]["code"] == "rate-limit-exceed"


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


def at_first_silent(calls: list[str], answers: dict[str, Any]) -> Any:
    """An account whose venue does not answer the first of the calls of each kind."""

    def asked(kind: str) -> Any:
        calls.append(kind)
        if calls.count(kind) == 1:
            raise ExchangeRequestException("no answer")
        return answers[kind]

    venue = SimpleNamespace(sockets=lambda _noticed: SimpleNamespace(start_user_socket=lambda _heard: None))
    symbol = SimpleNamespace(symbol="binance/mock-1token")
    return SimpleNamespace(venue=venue, orders=lambda *_: asked("orders"), info=lambda: asked("info"), account=symbol)


@pytest.mark.parametrize(("kind", "asked", "what"), [("order", "orders", []), ("info", "info", {"balance": 1})])
def test_who_could_not_be_told_what_there_is_is_told_later(kind: str, asked: str, what: Any) -> None:
    heard: Queue[Any] = Queue()
    feed = AccountFeed(at_first_silent([], {asked: what}))
    feed.start()
    listener: Any = SimpleNamespace(send=lambda frames: heard.put(frames.content))
    feed.add(kind, listener, lambda: heard.put("acknowledged"))
    assert heard.get(timeout=PATIENCE_S)["status"] == "fail"
    feed._jobs.put(lambda: heard.put("done"))
    assert heard.get(timeout=PATIENCE_S) == "done"
    feed.look()
    assert heard.get(timeout=PATIENCE_S) == "acknowledged"
    assert heard.get(timeout=PATIENCE_S)["data"] == what
    feed.close()


def test_who_leaves_before_he_could_be_told_is_not_told() -> None:
    heard: Queue[Any] = Queue()
    feed = AccountFeed(at_first_silent([], {"orders": []}))
    feed.start()
    listener: Any = SimpleNamespace(send=lambda frames: heard.put(frames.content))
    feed.add("order", listener, lambda: heard.put("acknowledged"))
    assert heard.get(timeout=PATIENCE_S)["status"] == "fail"
    feed.remove("order", listener)
    feed._jobs.put(lambda: heard.put("removed"))
    assert heard.get(timeout=PATIENCE_S) == "removed"
    feed.look()
    feed._jobs.put(lambda: heard.put("looked"))
    assert heard.get(timeout=PATIENCE_S) == "looked"
    feed.close()


def test_balances_that_could_not_be_asked_are_told_later() -> None:
    heard: Queue[Any] = Queue()
    balances: list[Any] = [{"balance": 1}, ExchangeRequestException("no answer"), {"balance": 2}]

    def info() -> Any:
        answer = balances.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    asked = at_first_silent([], {})
    asked.info, asked.venue.words = info, SimpleNamespace(orders=lambda _message: ())
    feed = AccountFeed(asked)
    feed.start()
    listener: Any = SimpleNamespace(send=lambda frames: heard.put(frames.content))
    feed.add("info", listener, lambda: None)
    assert heard.get(timeout=PATIENCE_S)["data"] == {"balance": 1}
    feed._heard({})
    assert heard.get(timeout=PATIENCE_S)["status"] == "fail"
    feed._jobs.put(lambda: heard.put("done"))
    assert heard.get(timeout=PATIENCE_S) == "done"
    feed.look()
    assert heard.get(timeout=PATIENCE_S)["data"] == {"balance": 2}
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


def test_a_stream_of_an_account_that_is_refused_for_good_is_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("exchangeclient.gateway.onetoken.accounts._clock", SimpleNamespace(monotonic_s=lambda: now_s[0]))
    given: Queue[Any] = Queue()
    tried: Queue[Any] = Queue()
    heard: Queue[Any] = Queue()

    def sockets(noticed: Any) -> Any:
        given.put(noticed)
        return SimpleNamespace(start_user_socket=tried.put)

    venue, symbol = SimpleNamespace(sockets=sockets), SimpleNamespace(symbol="binance/mock-1token")
    asked: Any = SimpleNamespace(venue=venue, orders=lambda *_: [], account=symbol)
    feed = AccountFeed(asked)
    feed.start()
    tried.get(timeout=PATIENCE_S)
    listener: Any = SimpleNamespace(send=lambda frames: heard.put(frames.content))
    feed.add("order", listener, lambda: None)
    assert heard.get(timeout=PATIENCE_S)["type"] == "snapshot"
    given.get(timeout=PATIENCE_S)(SocketNotice("refused", "user data", "key revoked", 1.0, final=True))
    assert heard.get(timeout=PATIENCE_S)["status"] == "fail"
    feed.look()
    now_s[0] += 31
    feed.look()
    tried.get(timeout=PATIENCE_S)
    assert heard.get(timeout=PATIENCE_S)["type"] == "snapshot"
    now_s[0] += 31
    feed.look()
    assert tried.empty()
    feed.close()


class Book:
    """An account's orders, and who listens to its venue."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}
        self.noticed: Queue[Any] = Queue()
        self.account = SimpleNamespace(symbol="binance/mock-1token")
        self.venue = self

    def sockets(self, noticed: Any) -> Any:
        self.noticed.put(noticed)
        return SimpleNamespace(start_user_socket=lambda _heard: None)

    def set(self, oid: str, version: int, status: str) -> None:
        self.rows[oid] = {"exchange_oid": oid, "version": version, "status": status}

    def orders(self, *_: Any) -> list[Any]:
        return [row for row in self.rows.values() if row["status"] == "pending"]

    def found(self, oid: str) -> Any:
        return self.rows[oid]


def _say(kind: Any) -> SocketNotice:
    return SocketNotice(kind, "user data", "", 1.0)


@pytest.mark.parametrize("kind", ["connected", "recovered"])
def test_what_became_of_orders_before_the_stream_flowed_is_told(kind: str) -> None:
    """It opens some time after the orders were told that there are, and again after an outage: what ended between is in no snapshot."""
    book, heard = Book(), Queue[Any]()
    for oid in ("ends", "stays", "grows"):
        book.set(oid, 1, "pending")
    feed = AccountFeed(book)  # type: ignore[arg-type]
    feed.start()
    listener: Any = SimpleNamespace(send=lambda frames: heard.put(frames.content))
    feed.add("order", listener, lambda: None)
    assert len(heard.get(timeout=PATIENCE_S)["data"]) == 3
    book.set("ends", 2, "dealt")
    book.set("grows", 2, "pending")
    book.set("new", 1, "pending")
    book.noticed.get(timeout=PATIENCE_S)(_say(kind))
    told: list[tuple[str, str, str]] = []
    while not told or told[-1][1] != "ends":
        frame = heard.get(timeout=PATIENCE_S)
        told += [(frame["type"], row["exchange_oid"], row["status"]) for row in frame["data"]]
    open_now = ["stays", "grows", "new"] if kind == "recovered" else ["grows", "new"]  # then all is told anew, else what has changed
    what = "snapshot" if kind == "recovered" else "update"
    assert told == [*((what, oid, "pending") for oid in open_now), ("update", "ends", "dealt")]
    feed._soon("again", feed._tell_missed)
    feed._jobs.put(lambda: heard.put("done"))
    assert heard.get(timeout=PATIENCE_S) == "done"
    feed.close()
