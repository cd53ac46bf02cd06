"""What may go wrong on the way, and frames of any form: one clear error or a warning, nothing sent twice, no secret anywhere."""

from __future__ import annotations

import json
import logging
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchangeclient.core.feeds.callbacks import CallbackThread
from exchangeclient.core.protocol.session import Failure, Wishes
from exchangeclient.onetoken import Account, Candle, HTTPError, Info, LowFreqQuote, Order, Quote, ServiceError, Tick, Zhubi
from exchangeclient.onetoken.messages import routed
from exchangeclient.onetoken.pushes import AccountFeed, Handlers
from exchangeclient.onetoken.streams import AccountSession, QuoteSession
from exchangeclient.onetoken.ticksv3 import Folding
from exchangeclient.serving.messages import Delivery, HttpRequest, HttpResponse
from tests.onetoken.conftest import PATIENCE_S, SECRET, Heard, Served
from tests.onetoken.test_account import CONTRACT, IDS, TRADE, order

WHOLE = json.dumps([order("pending")]).encode()


@pytest.fixture
def account(served: Served) -> Iterator[Account]:
    with Account("okex/demo", "key", SECRET, host=served.url, keep_alive=False, settle_timeout=0.2) as account:
        yield account


def test_a_host_that_has_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, f"no address of {host}")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with Account("okex/demo", "key", SECRET, host="https://gateway.invalid") as account:
        answer, error = account.place_order(CONTRACT, 10, "b", 1)
    assert answer is None
    assert isinstance(error, HTTPError)
    assert (error.code, error.sent, error.outcome_unknown) == (HTTPError.HTTP_ERROR, "no", False)
    assert "gateway.invalid" in str(error)


@pytest.mark.parametrize(
    ("body", "delivery"),
    [
        (b"", None),
        (WHOLE[:-5], None),
        (b"\xff\xfe[]", None),
        (b'{"a": NaN}', None),
        (WHOLE, Delivery(cut_in="body", most_bytes=20, ending="close")),
        (WHOLE, Delivery(cut_in="body", most_bytes=20, ending="reset")),
        (WHOLE, Delivery(cut_in="head", most_bytes=9, ending="close")),
    ],
    ids=["empty", "cut off", "no text", "no number", "closed in the body", "reset in the body", "closed in the head"],
)
def test_half_an_answer_is_none(served: Served, account: Account, body: bytes, delivery: Delivery | None) -> None:
    served.app.answers["GET", f"{TRADE}/orders"] = lambda _: HttpResponse(200, body, delivery=delivery)
    answer, error = account.get_pending_list()
    assert answer is None
    assert isinstance(error, HTTPError)
    assert error.code == (HTTPError.NOT_JSON if delivery is None else HTTPError.HTTP_ERROR)


def test_an_answer_that_dribbles_is_given_up_when_its_time_is_over(served: Served, account: Account) -> None:
    slowly = Delivery(slice_bytes=1, pause_s=0.05)
    served.app.answers["GET", f"{TRADE}/info"] = lambda _: HttpResponse(200, b'{"position": []}' + b" " * 2000, delivery=slowly)
    answer, error = account.get_info(timeout=0.5)
    assert answer is None
    assert error is not None
    assert error.code == HTTPError.TIMEOUT


def test_an_answer_without_end_is_given_up(served: Served, account: Account) -> None:
    endless = Delivery(filler=b" " * 65536, filler_times=None, chunked=True, ending="close")
    served.app.answers["GET", f"{TRADE}/status"] = lambda _: HttpResponse(200, b"1", delivery=endless)
    answer, error = account.get_status()
    assert answer is None
    assert isinstance(error, HTTPError)
    assert error.code in (HTTPError.HTTP_ERROR, HTTPError.TIMEOUT)


@pytest.mark.parametrize("status", [401, 403, 404, 429])
def test_a_refusal_of_what_changes_something_is_told_and_not_repeated(served: Served, account: Account, status: int) -> None:
    served.app.answers["DELETE", f"{TRADE}/orders"] = lambda _: HttpResponse(status, b"<html>firewall</html>", {"Retry-After": "7"})
    answer, error = account.cancel_use_client_oid("mine")
    assert answer is None
    assert isinstance(error, HTTPError)
    assert (error.code, error.status_code, error.error_code, error.message) == ("RESPONSE_4XX", status, "", "<html>firewall</html>")
    assert error.retry_after == 7
    assert len(served.app.calls) == 1


def test_an_account_that_threads_share_mixes_up_nothing(served: Served, account: Account) -> None:
    nonces: list[str] = []

    def echo(request: HttpRequest) -> HttpResponse:
        nonces.append(request.headers["api-nonce"])
        return HttpResponse(200, json.dumps([{"client_oid": dict(served.app.calls[-1][2])["client_oid"]}]).encode())

    served.app.answers["GET", f"{TRADE}/orders"] = echo
    oids = [f"mine{number}" for number in range(64)]
    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(account.get_order_use_client_oid, oids))
    assert outcomes == [([{"client_oid": oid}], None) for oid in oids]
    assert len(set(nonces)) == len(oids)


def test_what_is_sent_is_what_is_signed(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = IDS
    served.app.answers["GET", f"{TRADE}/orders"] = []
    odd = "a&b=c+d%2e/#?\"'"
    assert account.place_order(CONTRACT, 10, "b", 1, client_oid=odd, tags={"ключ": "値 \u2028"}, options={"a": [1.5, None]})[1] is None
    assert json.loads(served.app.calls[-1][3])["tags"] == {"ключ": "値 \u2028"}
    assert account.get_order_use_client_oid(odd) == ([], None)
    assert served.app.calls[-1][2]["client_oid"] == odd


def test_no_secret_is_logged_or_shown(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    served.app.answers["GET", f"{TRADE}/info"] = lambda request: HttpResponse(
        500, json.dumps({"message": f"key {SECRET} {request.headers['api-signature']}"}).encode()
    )
    with caplog.at_level(logging.DEBUG), Account("okex/demo", "key", SECRET, host=served.url, keep_alive=False) as account:
        account.subscribe_orders(Heard())
        served.app.talks[0].connection.abort()
        served.app.wait(lambda: served.app.asked("sub-order")[1:])
        account.get_status()
        shown = caplog.text + repr(account) + repr(vars(account)) + repr(vars(account._service))
    assert SECRET not in shown
    assert not any(talk.headers["api-signature"] in shown for talk in served.app.talks)


def test_more_contracts_than_a_socket_takes_are_on_two(served: Served) -> None:
    with Quote(served.url, keep_alive=False) as market:
        for number in range(51):
            market.subscribe_tick(f"okex/c{number}.usdt")
        assert len(served.app.talks) == 2
    asked = Counter(id(talk) for talk, _ in served.app.asked("subscribe-single-tick-verbose"))
    assert sorted(asked.values()) == [1, 50]


def test_a_frame_of_an_unknown_uri_is_passed_over(served: Served) -> None:
    heard, news = Heard(), Heard()
    with Quote(served.url, keep_alive=False) as market, Account("okex/demo", "key", SECRET, host=served.url, keep_alive=False) as account:
        market.subscribe_tick(CONTRACT, heard)
        account.subscribe_info(news)
        for talk in served.app.talks:
            for uri in ("no-such", "single-tick", "unsubscribe-single-tick-verbose", 5, ["info"]):
                talk.send({"uri": uri, "data": {"contract": CONTRACT}})
        served.app.talks[0].send({"uri": "single-tick-verbose", "data": {"contract": CONTRACT, **_TICK}})
        served.app.talks[1].send({"uri": "info", "type": "snapshot", "data": {"balance": 1, "position": []}})
        assert len(heard.wait(1)) == len(news.wait(1)) == 1
        assert len(served.app.talks) == 2


def test_an_amount_that_is_none_is_an_error_of_the_service(served: Served, account: Account) -> None:
    served.app.answers["GET", f"{TRADE}/info"] = {"balance": 5, "position": [{"contract": "btc"}, {"contract": "eth", "total_amount": "x"}]}
    for coin in ("btc", "eth"):
        with pytest.raises(ServiceError, match=f"the position of {coin} has no total_amount"):
            account.get_total_amount(coin)


# Anything at all, in the place of what the gateway sends.

_TICK: dict[str, Any] = {"last": 1, "volume": 1, "time": "2018-05-03T16:16:41+08:00", "bids": [], "asks": []}
_NAMES = ["uri", "code", "uuid", "data", "type", "status", "contract", "duration", "message", "tp", "ui", "b", "a", "tm", "et", "c", "l"]
_NAMES += ["bids", "asks", "last", "price", "volume", "time", "position", "exchange_oid", "client_oid", "bs", "rise", "price_s"]
_WORDS = ["single-tick-verbose", "low-freq-quote", "single-candle", "info", "order", "snapshot", "sub-info", "status", "ok", "s", "d", "b"]
_WORDS += ["subscribe-single-tick-verbose", "batch-subscribe", "auth", "success", CONTRACT, "2018-05-03T16:16:41+08:00", "x"]
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(_WORDS) | st.text(max_size=5)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6), max_leaves=12
)
_OBJECTS = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=8)
_FRAMES = _OBJECTS.map(lambda frame: json.dumps(frame).encode()) | st.binary(max_size=20)


@settings(max_examples=50)
@given(st.lists(_FRAMES, max_size=5))
@example([b'{"uri": "subscribe-single-tick-verbose", "uuid": 1, "contract": {}, "code": []}'])
@example([b'{"uri": [], "code": {}}'])
def test_a_session_takes_any_frame(payloads: list[bytes]) -> None:
    market = QuoteSession("ws://127.0.0.1:9", "tick", Wishes([f"tick:{CONTRACT}"]))
    slow = QuoteSession("ws://127.0.0.1:9", "low-freq-quote-v2", Wishes([f"low-freq-quote:{CONTRACT}"]))
    account = AccountSession("ws://127.0.0.1:9", "okex/demo")
    for session in (market, slow, account):
        session.opened(0.0)
        for payload in (b'{"uri": "auth"}', b'{"uri": "status", "code": "connected"}', *payloads):
            session.outgoing(0.0)
            found = session.receive(payload)
            assert isinstance(found, Failure) or found.value in ("event", "reply")
            session.next_due()
            routed(payload)


@settings(max_examples=50)
@given(st.lists(_FRAMES, max_size=4))
@example([json.dumps({"uri": "order", "data": [{"status": []}, {"exchange_oid": {}}]}).encode()])
@example([json.dumps({"uri": "info", "data": {"position": [{"contract": []}]}}).encode()])
def test_the_stream_of_an_account_takes_any_frame(payloads: list[bytes]) -> None:
    heard = Heard()
    handlers = Handlers()
    handlers.want_info("default", heard)
    handlers.want_orders("default", heard)
    callbacks = CallbackThread("any frame")
    feed = AccountFeed(callbacks, "test", "okex/demo", handlers, lambda _: (None, None), patience_s=PATIENCE_S)
    feed.received([*payloads, json.dumps({"uri": "order", "type": "update", "data": [order("dealt", exchange_oid="the last")]}).encode()])
    callbacks.start()
    assert callbacks.wait_idle(PATIENCE_S)
    feed.close()
    callbacks.close()
    assert callbacks.failed == 0
    assert heard.events[-1].exchange_oid == "the last"


READERS: dict[str, Any] = {
    "tick": Tick.from_dict,
    "tick in decimals": partial(Tick.from_dict, decimal=True),
    "tick of our own form": Tick.from_wire,
    "candle": Candle.from_dict,
    "zhubi": Zhubi.from_dict,
    "slow quote": LowFreqQuote.from_dict,
    "order": Order,
    "info": Info,
    "tick-v3": lambda data: Folding().fold(data),
}


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=40)
@given(data=_OBJECTS | _VALUES)
def test_what_cannot_be_read_is_an_error_of_a_few_kinds(kind: str, data: Any) -> None:
    # Those that the streams take for a frame that cannot be read.
    with suppress(LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
        READERS[kind](data)
