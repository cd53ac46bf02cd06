"""What becomes of orders whose end the stream has not told: it is asked for, and whoever watches hears of it, or that nobody knows."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from exchangeclient.core.feeds.callbacks import CallbackThread
from exchangeclient.onetoken import Account, Order
from exchangeclient.onetoken.errors import HTTPError
from exchangeclient.onetoken.missed import Found, Missed, Sought, Unknown
from exchangeclient.onetoken.pushes import AccountFeed, Handlers
from exchangeclient.serving.messages import Delivery, HttpResponse
from tests.onetoken.conftest import PATIENCE_S, SECRET, Heard, Served
from tests.onetoken.test_account import CONTRACT, IDS, TRADE, order

BUSY = HttpResponse(502, b'{"code": "exg-bad-gateway", "message": "not now"}')


def opened(served: Served, settle_timeout: float) -> Account:
    return Account("okex/demo", "key", SECRET, host=served.url, keep_alive=False, settle_timeout=settle_timeout)


@pytest.fixture
def account(served: Served) -> Iterator[Account]:
    with opened(served, PATIENCE_S) as account:
        yield account


@pytest.fixture
def hasty(served: Served) -> Iterator[Account]:
    """One that takes an order for unknown soon."""
    with opened(served, 0.2) as account:
        yield account


def watched(served: Served, account: Account, *, is_refused: bool = False) -> Heard:
    """An order is placed and watched, and the line breaks."""
    served.app.answers["POST", f"{TRADE}/orders"] = IDS
    heard = Heard()
    _, error = account.place_order(CONTRACT, 10, "b", 1, client_oid="mine", on_update=heard)
    assert error is None
    served.app.no_router = is_refused
    served.app.talks[0].connection.abort()
    return heard


def looks(served: Served) -> list[dict[str, str]]:
    return [query for method, path, query, _ in served.app.calls if method == "GET" and path.endswith("/orders")]


def rows(*given: dict[str, Any]) -> HttpResponse:
    return HttpResponse(200, json.dumps(given).encode())


def test_it_is_asked_for_until_the_gateway_can_say(served: Served, account: Account) -> None:
    other = order("withdrawn", client_oid="other", exchange_oid="other")
    # Each look repeats itself twice when the gateway is in trouble.
    served.app.answers["GET", f"{TRADE}/orders"] = lambda _: BUSY if len(looks(served)) <= 4 else rows(other, order("dealt"))
    heard = watched(served, account)
    assert [each.status for each in heard.wait(1)] == ["dealt"]
    assert len(looks(served)) == 5


def test_while_nobody_can_say_it_is_unknown_and_known_later(served: Served, hasty: Account, caplog: pytest.LogCaptureFixture) -> None:
    known = threading.Event()
    served.app.answers["GET", f"{TRADE}/orders"] = lambda _: rows(order("withdrawn")) if known.is_set() else BUSY
    with caplog.at_level(logging.WARNING):
        heard = watched(served, hasty)
        (unknown,) = heard.wait(1)
    assert (unknown.status, unknown.client_oid, unknown.account, unknown.is_over) == (Order.UNKNOWN, "mine", "okex/demo", False)
    assert "exg-bad-gateway" in unknown.comment
    assert f"what became of order {CONTRACT}-1 is not known" in caplog.text
    known.set()
    assert [each.status for each in heard.wait(2)] == [Order.UNKNOWN, "withdrawn"]


def test_what_the_gateway_does_not_know_is_given_up_and_still_watched(served: Served, hasty: Account) -> None:
    served.app.answers["GET", f"{TRADE}/orders"] = []
    heard = watched(served, hasty)
    (unknown,) = heard.wait(1)
    assert (unknown.status, unknown.comment) == (Order.UNKNOWN, "the service knows no such order")
    talk = served.app.wait(lambda: served.app.talks[1:])[0]
    talk.send({"uri": "order", "type": "update", "data": [order("dealt")]})
    assert [each.status for each in heard.wait(2)] == [Order.UNKNOWN, "dealt"]


def test_a_gateway_that_was_started_anew_knows_it_by_the_id_of_the_exchange(served: Served, hasty: Account) -> None:
    anew = order("pending", client_oid="of-the-venue")
    served.app.answers["GET", f"{TRADE}/orders"] = lambda _: rows(anew) if "exchange_oid" in looks(served)[-1] else rows()
    heard = watched(served, hasty)
    served.app.wait(lambda: looks(served))
    talk = served.app.wait(lambda: served.app.asked("sub-order")[1:])[0][0]
    talk.send({"uri": "order", "type": "snapshot", "data": [anew]})
    talk.send({"uri": "order", "type": "update", "data": [{**anew, "status": "withdrawn"}]})
    assert [each.status for each in heard.wait(2)] == ["pending", "withdrawn"]
    assert {next(iter(query)) for query in looks(served)} == {"exchange_oid"}


def test_what_goes_on_is_told_by_the_stream_alone(served: Served, account: Account) -> None:
    served.app.answers["GET", f"{TRADE}/orders"] = [order("pending")]
    heard = watched(served, account)
    served.app.wait(lambda: looks(served))
    talk = served.app.wait(lambda: served.app.asked("sub-order")[1:])[0][0]
    talk.send({"uri": "order", "type": "update", "data": [order("part-deal-pending"), order("dealt")]})
    assert [each.status for each in heard.wait(2)] == ["part-deal-pending", "dealt"]


def test_an_order_that_rested_and_rests_no_more_has_its_end_told_to_all(served: Served, account: Account) -> None:
    other = {"client_oid": None, "exchange_oid": f"{CONTRACT}-2"}
    served.app.answers["GET", f"{TRADE}/orders"] = [order("withdrawn", **other)]
    heard = Heard()
    account.subscribe_orders(heard)
    served.app.talks[0].send({"uri": "order", "type": "snapshot", "data": [order("pending"), order("pending", **other)]})
    heard.wait(2)
    served.app.talks[0].connection.abort()
    talk = served.app.wait(lambda: served.app.asked("sub-order")[1:])[0][0]
    talk.send({"uri": "order", "type": "snapshot", "data": [order("pending")]})
    told = heard.wait(4)[2:]
    assert [(each.exchange_oid, each.status) for each in told] == [(f"{CONTRACT}-1", "pending"), (f"{CONTRACT}-2", "withdrawn")]
    assert [query["exchange_oid"] for query in looks(served)] == [f"{CONTRACT}-2"]


def test_a_question_without_an_answer_holds_up_nothing(served: Served, account: Account) -> None:
    silent = HttpResponse(200, b"[]", delivery=Delivery(cut_in="head", ending="silence"))
    served.app.answers["GET", f"{TRADE}/orders"] = lambda _: silent
    infos = Heard()
    account.subscribe_info(infos)
    heard = watched(served, account)
    served.app.wait(lambda: looks(served))
    talk = served.app.asked("sub-info")[-1][0]
    talk.send({"uri": "info", "type": "snapshot", "data": {"balance": 1, "position": []}})
    talk.send({"uri": "order", "type": "update", "data": [order("dealt")]})
    assert infos.wait(1)[0].balance == 1
    assert heard.wait(1)[0].status == "dealt"


def test_a_stream_that_is_refused_for_good_leaves_its_orders_unknown(served: Served, account: Account) -> None:
    heard = watched(served, account, is_refused=True)
    (unknown,) = heard.wait(1)
    assert unknown.status == Order.UNKNOWN
    assert "no-router-found" in unknown.comment
    served.app.no_router = False
    served.app.answers["GET", f"{TRADE}/orders"] = [order("dealt")]
    account.start_subscribe_orders()  # another stream begins with what the one before has left
    assert [each.status for each in heard.wait(2)] == [Order.UNKNOWN, "dealt"]


def test_one_of_two_that_is_found_is_told_and_a_closed_one_asks_no_more() -> None:
    found, sought = Sought("client_oid", "a"), Sought("exchange_oid", "b")
    refused = HTTPError(HTTPError.RESPONSE_4XX, "no", status_code=403, error_code="no-permission")
    asked, told = Heard(), Heard()

    def look(each: Sought) -> tuple[Any, Any]:
        asked(each)
        return ({"status": "dealt"}, None) if each == found else (None, refused)

    missed = Missed("test", look, told, patience_s=0.1)
    missed.seek([found, sought])
    assert told.wait(2) == [Found(found, {"status": "dealt"}), Unknown(sought, "RESPONSE_4XX: no", final=True)]
    missed.close()
    missed.close()


@pytest.fixture
def held() -> Iterator[tuple[Missed, Heard, Heard, threading.Event]]:
    """A search whose first question is under way until the event is set."""
    asked, told, go_on = Heard(), Heard(), threading.Event()

    def look(each: Sought) -> tuple[Any, Any]:
        asked(each)
        assert go_on.wait(PATIENCE_S)
        return None, None

    missed = Missed("held", look, told, patience_s=0.0)
    missed.seek([Sought("client_oid", "a"), Sought("client_oid", "b")])
    asked.wait(1)
    yield missed, asked, told, go_on
    go_on.set()
    missed.close()


def test_what_is_known_otherwise_meanwhile_is_not_told(held: tuple[Missed, Heard, Heard, threading.Event]) -> None:
    missed, _, told, go_on = held
    missed.forget(Sought("client_oid", "a"))
    go_on.set()
    assert told.wait(1) == [Unknown(Sought("client_oid", "b"), "the service knows no such order", final=True)]


def test_one_that_is_closed_asks_no_more(held: tuple[Missed, Heard, Heard, threading.Event]) -> None:
    missed, asked, _, go_on = held
    (thread,) = missed._workers._threads
    missed.close()
    go_on.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert len(asked.events) == 1


def test_while_the_service_cannot_be_asked_one_question_stands_for_all_and_each_is_told_once() -> None:
    asked, told = Heard(), Heard()
    passing = HTTPError(HTTPError.RESPONSE_5XX, "not now", status_code=503)

    def look(each: Sought) -> tuple[Any, Any]:
        asked(each)
        return None, passing

    first, second = Sought("client_oid", "a"), Sought("client_oid", "b")
    missed = Missed("test", look, told, patience_s=0.0)
    missed.seek([first, second])
    assert told.wait(2) == [Unknown(each, "RESPONSE_5XX: not now", final=False) for each in (first, second)]
    assert set(asked.wait(3)) == {first}
    missed.close()
    assert len(told.events) == 2


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (HTTPError(HTTPError.RESPONSE_4XX, "m", status_code=404, error_code="client_oid-not-found"), True),
        (HTTPError(HTTPError.RESPONSE_5XX, "m", status_code=500, error_code="exchange_oid-not-found"), True),
        (HTTPError(HTTPError.RESPONSE_4XX, "m", status_code=401, error_code="invalid-api-key"), True),
        (HTTPError(HTTPError.RESPONSE_4XX, "m", status_code=429), False),
        (HTTPError(HTTPError.RESPONSE_4XX, "m", status_code=400, error_code="wait-for-initializing"), False),
        (HTTPError(HTTPError.TIMEOUT, "m", sent="maybe"), False),
        (HTTPError(HTTPError.NOT_JSON, "m"), False),
    ],
)
def test_what_an_answer_says_ends_the_search_and_trouble_does_not(error: HTTPError, final: bool) -> None:
    told = Heard()
    missed = Missed("test", lambda _: (None, error), told, patience_s=0.0)
    missed.seek([Sought("client_oid", "a")])
    assert told.wait(1)[0].final is final
    missed.close()


class Stream:
    """An account's stream whose one watched order was lost sight of; the answer to the question for it is held back."""

    def __init__(self, answer: Any) -> None:
        self.watcher, self.every = Heard(), Heard()
        self.asked, self.go_on = threading.Event(), threading.Event()
        self._answer = answer
        handlers = Handlers()
        handlers.want_orders("default", self.every)
        handlers.watch("mine", self.watcher)
        self._callbacks = CallbackThread("stream")
        self._callbacks.start()
        self.feed = AccountFeed(self._callbacks, "stream", "okex/demo", handlers, self._look, patience_s=0.0)
        self.feed.lost("a test")
        self.feed.connected()
        assert self.asked.wait(PATIENCE_S)

    def _look(self, _: Sought) -> Any:
        self.asked.set()
        assert self.go_on.wait(PATIENCE_S)
        return self._answer

    def tell(self, *orders: dict[str, Any]) -> None:
        self.feed.received([json.dumps({"uri": "order", "type": "update", "data": orders}).encode()])

    def end(self) -> None:
        """Have what was asked for told, and what the stream has brought."""
        (thread,) = self.feed._missed._workers._threads
        self.go_on.set()
        self.feed._missed.close()
        thread.join(PATIENCE_S)
        assert self._callbacks.wait_idle(PATIENCE_S)
        self.feed.close()
        self._callbacks.close()
        assert self._callbacks.failed == 0


@pytest.mark.parametrize("answer", [(order("dealt"), None), (None, None)], ids=["found", "unknown"])
def test_what_the_stream_tells_meanwhile_is_told_once(answer: Any) -> None:
    stream = Stream(answer)
    stream.tell(order("withdrawn"))
    stream.every.wait(1)
    assert stream.feed._missed._cases == {}  # nothing is asked for any more
    stream.end()
    assert [each.status for each in stream.every.events] == ["withdrawn"]
    assert [each.status for each in stream.watcher.events] == ["withdrawn"]


def test_an_order_that_is_found_to_go_on_is_not_told_and_known_to_whoever_comes() -> None:
    stream = Stream((order("pending"), None))
    stream.go_on.set()
    stream.end()
    assert stream.every.events == stream.watcher.events == []
    assert [each.status for each in stream.feed._resting.values()] == ["pending"]
