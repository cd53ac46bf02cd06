"""What is said over the private websocket to have an order placed, and what its answers say; nothing here is connected to anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Message
from exchangeclient.core.protocol.questions import Question, Questions
from exchangeclient.core.protocol.session import Failure, Incoming
from exchangeclient.exceptions import ExchangeAPIException, OrderNotFoundException
from exchangeclient.okx import errors, signing
from exchangeclient.okx.rest.trade import Trade
from exchangeclient.okx.wsapi import OrderSession, message, response

BASE = "wss://ws.okx.example:8443"
KEY = Credentials.from_secret("key", "22582BD0CFF14C41EDBF1AB98506286D", "passphrase")
CODES = {"BTC-USDT": 10, "BTC-USDT-SWAP": 20}
ORDER = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "2", "px": "2.15", "banAmend": True}


def frame(**said: Any) -> bytes:
    return json.dumps(said).encode()


# Requests


def test_an_order_names_its_instrument_by_number_and_says_until_when_it_may_come() -> None:
    asked = signing.stamp(declaration(Trade.create_order).request((), ORDER), 1_700_000_000_000)
    made = message(asked, BASE, CODES.get)
    assert (made.verb, made.url) == ("order", f"{BASE}/ws/v5/private")
    assert json.loads(made.body) == {"args": [{"instIdCode": 10, **ORDER}], "expTime": "1700000005000"}


def test_of_a_list_each_order_does() -> None:
    rows = [{"instId": "BTC-USDT", "ordId": "1"}, {"instId": "BTC-USDT-SWAP", "clOrdId": "mine"}, {"instId": "NEW-ONE", "ordId": "2"}]
    made = message(signing.stamp(declaration(Trade.cancel_orders).request((rows,), {}), 1), BASE, CODES.get)
    assert made.verb == "batch-cancel-orders"
    assert json.loads(made.body) == {"args": [{"instIdCode": 10, **rows[0]}, {"instIdCode": 20, **rows[1]}, rows[2]]}


# Answers


def test_an_answer_has_the_envelope_of_rest() -> None:
    payload = frame(id="1", op="order", code="1", msg="", data=[{"ordId": "", "sCode": "51400", "sMsg": "no such order"}])
    refused = errors.refusal(response(payload))
    assert isinstance(refused, OrderNotFoundException)
    assert (refused.code, refused.message) == (51400, "no such order")
    taken = frame(id="1", op="order", code="0", msg="", data=[{"ordId": "7", "sCode": "0", "sMsg": ""}])
    assert errors.refusal(response(taken)) is None


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"id":"1"}', b'{"id":"1","code":0}', b"\xff"])
def test_what_is_no_answer_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        response(payload)


# A connection


class Line:
    """A session, and what is asked over it."""

    def __init__(self) -> None:
        self.questions = Questions()
        self.session = OrderSession(BASE, self.questions, lambda: signing.login(KEY, 1_538_054_050_000))
        self.session.opened(0.0)

    def ask(self, op: str = "order") -> Question:
        question = Question(Message(op, BASE, {}, '{"args":[]}'))
        self.questions.put(question)
        return question

    def said(self, now_s: float = 1.0) -> list[Any]:
        frames = self.session.outgoing(now_s)
        assert not isinstance(frames, Failure), frames
        return [text if text == "ping" else json.loads(text) for text in frames]

    def log_in(self) -> None:
        self.said()
        assert self.session.receive(frame(event="login", code="0", msg="")) is Incoming.REPLY


@pytest.fixture
def line() -> Line:
    return Line()


def test_nothing_is_asked_before_the_login_is_confirmed(line: Line) -> None:
    question = line.ask()
    (login,) = line.said(0.0)
    assert (login["op"], login["args"][0]["sign"]) == ("login", "+LdIr8lkkvhr5hoA3g9TMC0+uQJ849ftAcocA/ouu4M=")
    assert line.said(0.1) == []
    assert not line.session.ready
    line.session.receive(frame(event="login", code="0", msg=""))
    assert line.session.ready
    assert line.said(0.2) == [{"id": "1", "op": "order", "args": []}]
    line.session.receive(answer := frame(id="1", op="order", code="0", msg="", data=[]))
    assert question.answer == answer


def test_answers_go_to_who_asked_in_whatever_order_they_come(line: Line) -> None:
    line.log_in()
    questions = [line.ask() for _ in range(3)]
    assert [each["id"] for each in line.said()] == ["1", "2", "3"]
    for number in (3, 1, 2, 2, 9):
        line.session.receive(frame(op="order", code="0", data=[], id=str(number)))
    assert [json.loads(each.answer or b"")["id"] for each in questions] == ["1", "2", "3"]


@pytest.mark.parametrize(("code", "final"), [("60007", True), ("60032", True), ("60006", False), ("50026", False)])
def test_S19_a_login_that_is_refused_for_good_is_not_tried_again(line: Line, code: str, final: bool) -> None:
    line.said(0.0)
    refused = line.session.receive(payload := frame(event="error", code=code, msg="Invalid sign"))
    assert isinstance(refused, Failure)
    assert refused.final is final
    assert line.questions.refusal == (payload if final else None)


def test_S19_a_login_that_is_not_answered_ends_the_connection(line: Line) -> None:
    line.said(0.0)
    assert line.session.next_due() == 10.0
    assert isinstance(line.session.outgoing(10.0), Failure)


def test_an_error_that_names_no_request_is_of_the_one_that_waits_and_else_of_the_connection(line: Line) -> None:
    line.log_in()
    question = line.ask()
    line.said()
    line.session.receive(refused := frame(event="error", code="60011", msg="Please log in"))
    assert question.answer == refused
    caught = errors.refusal(response(refused))
    assert isinstance(caught, ExchangeAPIException)
    assert caught.code == 60011
    line.ask()
    line.ask()
    line.said()
    assert isinstance(line.session.receive(refused), Failure)


def test_an_error_of_another_request_is_not_of_the_one_that_waits(line: Line) -> None:
    line.log_in()
    question = line.ask()
    line.said()
    line.session.receive(frame(id="9", event="error", code="60012", msg="Invalid request"))
    assert question.answer is None, "it would be taken for refused, and is on the book perhaps"


def test_an_error_of_the_connection_is_no_refusal_of_the_one_that_waits(line: Line) -> None:
    """Such as that the venue could not write: whether it has carried out what was asked is another question."""
    line.log_in()
    question = line.ask()
    line.said()
    assert isinstance(line.session.receive(frame(event="error", code="60016", msg="Buffer is full, cannot write data")), Failure)
    assert question.answer is None
    line.session.closed("it broke")
    assert not question.stayed


def test_what_has_no_answer_in_time_ends_the_connection_and_is_lost(line: Line) -> None:
    line.log_in()
    question = line.ask()
    line.said(1.0)
    assert line.session.next_due() == 16.0
    assert isinstance(line.session.outgoing(16.0), Failure)
    line.session.closed("it did not answer")
    assert "it did not answer" in question.trouble
    assert not question.stayed, "it may have been carried out"
    assert line.questions.trouble == "it did not answer"


def test_S04_what_is_asked_after_the_notice_goes_over_the_next_connection(line: Line) -> None:
    line.log_in()
    line.session.receive(frame(event="notice", code="64008", msg="upgrade"))
    assert line.session.leaving
    heir = line.session.successor()
    heir.opened(5.0)
    line.ask("order")
    assert [each["op"] for each in line.said(5.0)] == ["order"], "as long as the next one has not logged in"
    heir.outgoing(5.0)
    heir.receive(frame(event="login", code="0"))
    line.ask("cancel-order")
    assert line.said(6.0) == []
    frames = heir.outgoing(6.0)
    assert not isinstance(frames, Failure)
    assert [json.loads(each)["op"] for each in frames] == ["cancel-order"]
