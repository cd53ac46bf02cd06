"""What is said to the WebSocket API to have a call answered, and what its answers say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.binance import wsapi
from exchangeclient.binance.envelope import response
from exchangeclient.binance.rest.account import Account
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.binance.signing import stamp
from exchangeclient.binance.wsapi import WsApiSession, message, signed
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Message, Request
from exchangeclient.core.protocol.questions import Question, Questions
from exchangeclient.core.protocol.session import Failure, Incoming

URL = "wss://ws-api.binance.com:443/ws-api/v3"
# The sample keys of the venue's documentation.
KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
HMAC = Credentials.from_secret(KEY, "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j")
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u\n-----END PRIVATE KEY-----\n"
ED25519 = Credentials.from_private_key("ed", PEM)
SAMPLE = {"type": "LIMIT", "symbol": "BTCUSDT", "side": "SELL", "timeInForce": "GTC", "quantity": "0.01000000", "price": "52000.00"}


def order(**more: Any) -> Request:
    return declaration(SpotTrade.create_order).request((), {**SAMPLE, **more})


def params(made: Message) -> dict[str, Any]:
    return dict(json.loads(made.body))


# Requests


def test_the_documented_order_gets_the_documented_signature() -> None:
    made = message(stamp(order(recvWindow=100), 1645423376532), URL, HMAC)
    said = params(made)
    assert said.pop("signature") == "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
    assert said == {**SAMPLE, "recvWindow": 100, "timestamp": 1645423376532, "apiKey": KEY}
    assert (made.verb, made.url, made.private) == ("order.place", URL, True)


def test_a_symbol_in_other_letters_gets_the_documented_signature() -> None:
    changed = {"symbol": "１２３４５６", "side": "BUY", "quantity": "1.00000000", "price": "0.10000000", "recvWindow": 5000}
    said = params(message(stamp(order(**changed), 1645423376532), URL, HMAC))
    assert said["signature"] == "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd"
    assert said["symbol"] == "１２３４５６"


def test_numbers_flags_and_lists_go_without_quotes_and_figures_with_them() -> None:
    placed = declaration(SpotTrade.create_test_order).request(
        (), {**SAMPLE, "quantity": 0.5, "strategyId": 7, "newClientOrderId": "12", "computeCommissionRates": True}
    )
    said = params(message(placed, URL, None))
    assert said == {**SAMPLE, "quantity": "0.5", "strategyId": 7, "newClientOrderId": "12", "computeCommissionRates": True}
    tickers = declaration(SpotMarket.get_symbol_ticker).request((), {"symbols": ["BTCUSDT", "这是测试币456"]})
    assert params(message(tickers, URL, None)) == {"symbols": ["BTCUSDT", "这是测试币456"]}
    rows = declaration(SpotMarket.get_klines).request((), {"symbol": "BTCUSDT", "interval": "1m", "limit": 5, "timeZone": "8"})
    assert params(message(rows, URL, None)) == {"symbol": "BTCUSDT", "interval": "1m", "limit": 5, "timeZone": "8"}


@pytest.mark.parametrize("text", ["[1", "[]]", '["A",]', "007", "1e5", "tru"])
def test_a_value_that_would_spoil_the_request_stays_a_text(text: str) -> None:
    spoiled = Request("x", "GET", "/api/v3/ticker/price", {"symbols": text, "recvWindow": text, "foo": '"'})
    assert params(message(spoiled, URL, None)) == {"symbols": text, "recvWindow": text, "foo": '"'}


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_whatever_is_said_the_request_is_json_that_says_it(said: dict[str, str]) -> None:
    made = message(Request("x", "GET", "/api/v3/depth", said), URL, None)
    assert {name: value if isinstance(value, str) else json.dumps(value) for name, value in params(made).items()} == said


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: name not in ("apiKey", "signature", "timestamp")), st.text()))
def test_what_is_signed_later_gets_the_same_signature(said: dict[str, str]) -> None:
    request = stamp(declaration(Account.get_account).request((), {}), 1645423376532).having(**said)
    assert message(request, URL, HMAC).body == signed(message(request, URL, None).body, HMAC)


def test_an_open_call_is_not_signed_and_an_ed25519_key_signs_when_it_has_to() -> None:
    assert params(message(declaration(SpotMarket.ping).request((), {}), URL, HMAC)) == {}
    made = message(stamp(order(), 1), URL, ED25519)
    assert made.private
    assert params(made) == {**SAMPLE, "timestamp": 1}
    assert set(json.loads(signed(made.body, ED25519))) - set(params(made)) == {"apiKey", "signature"}


def test_no_signature_and_no_key_is_shown() -> None:
    assert KEY not in repr(message(stamp(order(), 1), URL, HMAC))
    assert "aa1b57" not in repr(message(stamp(order(recvWindow=100), 1645423376532), URL, HMAC))


def test_the_unit_of_times_is_said_in_the_address() -> None:
    assert wsapi.address(URL, "MILLISECOND") == URL
    assert wsapi.address(URL, "MICROSECOND") == f"{URL}?timeUnit=MICROSECOND"


def frame(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


# A connection


class Talk:
    """A session, and what is asked over it."""

    def __init__(self, credentials: Credentials | None = HMAC) -> None:
        self.questions = Questions()
        self.session = WsApiSession(URL, self.questions, credentials, lambda: 1645423376532)
        self.session.opened(0.0)

    def ask(self, name: str = "ping", *, private: bool = False) -> Question:
        question = Question(Message(name, URL, {}, '{"timestamp":1}' if private else "{}", private))
        self.questions.put(question)
        return question

    def frames(self, now_s: float = 0.0, session: WsApiSession | None = None) -> list[dict[str, Any]]:
        outgoing = (session or self.session).outgoing(now_s)
        assert isinstance(outgoing, list)
        return [json.loads(each) for each in outgoing]


def test_each_answer_goes_to_whoever_asked_whatever_their_order() -> None:
    talk = Talk()
    first, second = talk.ask("ping"), talk.ask("time")
    sent = talk.frames()
    assert [each["method"] for each in sent] == ["ping", "time"]
    for asked, each in zip((second, first), reversed(sent), strict=True):
        payload = frame(id=each["id"], status=200, result={})
        assert talk.session.receive(payload) is Incoming.REPLY
        assert asked.answer == payload
    assert talk.frames() == []


def test_an_answer_is_known_by_its_id_wherever_that_stands() -> None:
    talk = Talk()
    asked = talk.ask()
    (sent,) = talk.frames()
    payload = json.dumps({"status": 200, "result": {"id": 99}, "id": sent["id"]}, indent=1).encode()
    talk.session.receive(payload)
    assert asked.answer == payload


def test_everything_can_be_asked_as_soon_as_it_is_open() -> None:
    talk = Talk(ED25519)
    assert talk.session.ready
    assert talk.session.next_due() is None


def test_an_answer_that_nobody_waits_for_is_no_event() -> None:
    talk = Talk()
    for payload in (frame(id=99, status=200, result={}), b"[]", b"{", b'{"somethingNew":1}', b"\xff"):
        assert talk.session.receive(payload) is Incoming.REPLY


def test_what_has_no_answer_for_too_long_ends_the_connection() -> None:
    talk = Talk()
    talk.ask()
    talk.frames(100.0)
    talk.ask()
    talk.frames(103.0)
    due_s = talk.session.next_due()
    assert due_s is not None
    assert due_s > 110.0  # the venue gives its own engine ten seconds
    assert talk.frames(due_s - 0.001) == []
    assert isinstance(talk.session.outgoing(due_s), Failure)


def test_what_was_asked_is_lost_with_the_connection_and_what_was_not_is_asked_over_the_next() -> None:
    talk = Talk()
    lost = talk.ask()
    talk.frames()
    kept = talk.ask("time")
    talk.session.closed("gone")
    assert "gone" in lost.trouble
    assert lost.answer is None
    assert (kept.trouble, kept.answer) == ("", None)
    assert talk.questions.trouble == "gone"
    talk.session.opened(1.0)
    assert [each["method"] for each in talk.frames(1.0)] == ["time"]
    assert talk.session.receive(frame(id=1, status=200, result={})) is Incoming.REPLY
    assert lost.answer is None


def test_announced_shutdown_is_left_before_it_comes() -> None:
    talk = Talk()
    assert talk.session.receive(b'{"event":{"e":"serverShutdown","E":1}}') is Incoming.REPLY
    assert talk.session.leaving


def test_while_there_are_two_connections_the_new_one_asks_and_the_old_one_still_hears() -> None:
    talk = Talk()
    before = talk.ask("ping")
    (asked,) = talk.frames()
    heir = talk.session.successor()
    talk.ask("time")
    assert [each["method"] for each in talk.frames()] == ["time"], "the new one is not open yet"
    heir.opened(1.0)
    talk.ask("depth")
    assert talk.frames(1.0) == []
    assert [each["method"] for each in talk.frames(1.0, heir)] == ["depth"]
    talk.session.receive(frame(id=asked["id"], status=200, result={}))
    assert before.answer is not None
    heir.closed("it was lost before it took over")
    talk.ask("klines")
    assert [each["method"] for each in talk.frames(2.0)] == ["klines"]


def test_an_ed25519_key_logs_on_and_signs_until_that_is_confirmed() -> None:
    talk = Talk(ED25519)
    talk.ask("order.place", private=True)
    logon, early = talk.frames()
    assert logon["method"] == "session.logon"
    assert logon["params"].keys() == {"timestamp", "apiKey", "signature"}
    assert early["params"].keys() == {"timestamp", "apiKey", "signature"}
    talk.session.receive(frame(id=logon["id"], status=200, result={"apiKey": "ed"}))
    talk.ask("order.place", private=True)
    (later,) = talk.frames()
    assert later["params"] == {"timestamp": 1}
    talk.session.closed("gone")
    talk.session.opened(1.0)
    talk.ask("order.place", private=True)
    assert [each["method"] for each in talk.frames(1.0)] == ["session.logon", "order.place"]


def test_s19_a_refused_logon_is_not_repeated_over_the_connection_and_costs_no_call_its_answer() -> None:
    talk = Talk(ED25519)
    (logon,) = talk.frames()
    refusal = frame(id=logon["id"], status=401, error={"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})
    assert talk.session.receive(refusal) is Incoming.REPLY
    talk.ask("account.status", private=True)
    (asked,) = talk.frames(1.0)
    assert (asked["method"], set(asked["params"])) == ("account.status", {"timestamp", "apiKey", "signature"})


def test_s19_another_kind_of_key_does_not_log_on() -> None:
    talk = Talk(HMAC)
    talk.ask("account.status", private=True)
    (asked,) = talk.frames()
    assert asked["method"] == "account.status"


REVOKED = frame(id=None, status=401, error={"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})


def test_s18_a_revoked_key_is_told_to_whom_it_concerns_if_that_is_certain() -> None:
    talk = Talk(ED25519)
    (logon,) = talk.frames()
    talk.session.receive(frame(id=logon["id"], status=200, result={"apiKey": "ed"}))
    asked = talk.ask("account.status", private=True)
    talk.frames()
    assert talk.session.receive(REVOKED) is Incoming.REPLY
    assert asked.answer == REVOKED


def test_s18_an_error_that_may_be_the_logons_is_not_taken_for_the_answer_to_an_order() -> None:
    talk = Talk(ED25519)
    asked = talk.ask("order.place", private=True)
    assert [each["method"] for each in talk.frames()] == ["session.logon", "order.place"]
    assert isinstance(talk.session.receive(REVOKED), Failure)
    assert asked.answer is None


def test_s18_otherwise_the_connection_is_left_so_that_each_is_settled() -> None:
    talk = Talk(ED25519)
    asked = [talk.ask("order.place", private=True), talk.ask("order.place", private=True)]
    talk.frames()
    failure = talk.session.receive(REVOKED)
    assert isinstance(failure, Failure)
    assert not failure.final
    assert all(each.answer is None for each in asked)


def test_what_the_venue_repeats_of_a_signature_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    talk = Talk(ED25519)
    (logon,) = talk.frames()
    secret = logon["params"]["signature"]
    talk.session.receive(frame(id=logon["id"], status=400, error={"code": -1, "msg": f"signature={secret}"}))
    talk.session.receive(f'"signature":"{secret}"'.encode())
    failure = talk.session.receive(frame(id=None, status=400, error={"code": -1, "msg": f"signature={secret}"}))
    assert isinstance(failure, Failure)
    with pytest.raises(ValueError) as unreadable:
        response(frame(id=1, oops=f"signature={secret}"))
    assert "signature" in caplog.text
    for shown in (caplog.text, failure.message, str(unreadable.value)):
        assert secret not in shown
