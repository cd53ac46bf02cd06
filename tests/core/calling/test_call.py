from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
import requests_mock

from exchangeclient.core.budgets.budget import EVERY_CALL, Limit, Limits
from exchangeclient.core.budgets.standing import Standing
from exchangeclient.core.calling.call import Caller, Errand, Venue
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.http.deadline import Attempt
from exchangeclient.core.http.lane import Answer
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Kind, Message, Request, Response, Security, encode
from exchangeclient.core.http.retry import Retry
from exchangeclient.core.http.transport import Parcel, Terms, Transport
from exchangeclient.core.process.clock import Clock, FakeClock, VenueClock
from exchangeclient.exceptions import ClockSkewException, ExchangeAPIException, ExchangeException, ExchangeRequestException

BASE = "https://api.example.com"
READ = Request("get_thing", "GET", "/thing", {"symbol": "X"})
SIGNED = Request("get_mine", "GET", "/mine", {"symbol": "X"}, Security.USER_DATA)


class Recorder:
    """A guard, a clock and a venue that note what is asked of them, in one list."""

    def __init__(self, further: Request | None = None, dawdles_s: float = 0) -> None:
        self.steps: list[str] = []
        self.clock = FakeClock(1_000)
        self.left_s: list[float] = []
        self.further = further
        self.dawdles_s = dawdles_s

    def prepare(self, request: Request, errand: Errand) -> Request:
        self.steps.append(f"prepare {request.name}")
        self.left_s.append(errand.left_s())
        if self.further is not None and request is not self.further:
            self.steps.append(f"asked {errand.ask(self.further)}")
            self.left_s.append(errand.left_s())
            self.clock.advance(self.dawdles_s)
        return request.having(prepared="yes")

    def learn(self, request: Request, response: Response, answer: Any) -> None:
        self.steps.append(f"learn {response.body.decode()}")

    def refused(self, request: Request, error: ExchangeAPIException) -> None:
        assert error.response is not None
        self.steps.append(f"refused {request.name} {error.status_code}")

    def once(self, request: Request, place: Callable[[], Any], errand: Callable[[], Errand]) -> Any:
        return place()

    def leaving(self, request: Request, patience_s: float) -> None:
        self.steps.append(f"leaving {request.name}")

    def stayed(self, request: Request) -> None:
        self.steps.append(f"stayed {request.name}")

    def settle(self, request: Request, error: ExchangeException, errand: Callable[[], Errand]) -> Any:
        self.steps.append(f"settle {request.name}")
        raise error

    def stamp(self, request: Request, now_ms: int) -> Request:
        self.steps.append("stamp")
        return request.having(timestamp=str(now_ms))

    def sign(self, request: Request, base: str, credentials: Credentials | None) -> Message:
        self.steps.append("sign")
        private = request.security.signed and credentials is not None
        return Message(request.verb, f"{base}{request.path}?{encode(request.params)}", {"X-KEY": "key"} if private else {}, "", private)

    def refusal(self, response: Response) -> ExchangeAPIException | None:
        self.steps.append("check")
        return ExchangeAPIException("no", status_code=response.status) if response.status >= 400 else None


def caller(recorder: Recorder, *, keyed: bool = True, retry: Retry | None = None, clock: Clock | None = None) -> Caller:
    clock = recorder.clock if clock is None else clock
    return Caller(
        Venue("test", recorder.stamp, recorder.sign, recorder.refusal),
        guard=recorder,
        standing=Standing("test", clock, Limits()),
        credentials=Credentials.from_secret("key", "secret") if keyed else None,
        transport=Transport(clock=clock, key_hosts=[BASE], options=Options()),
        bases={"rest": BASE},
        retry=retry,
    )


@pytest.fixture
def mock() -> Any:
    with requests_mock.Mocker() as mocker:
        yield mocker


def test_a_signed_call_goes_through_its_steps_in_order(mock: requests_mock.Mocker) -> None:
    recorder = Recorder()
    mock.get(f"{BASE}/mine", text="[1]")
    assert caller(recorder).call(SIGNED) == [1]
    assert recorder.steps == ["stamp", "prepare get_mine", "stamp", "sign", "check", "learn [1]"]
    assert mock.last_request.url == f"{BASE}/mine?symbol=X&prepared=yes&timestamp=1000"


def test_an_answer_that_is_to_wait_is_decoded_by_who_takes_it(mock: requests_mock.Mocker) -> None:
    recorder = Recorder()
    mock.get(f"{BASE}/thing", [{"text": "[1]"}, {"text": "[1"}])
    waiting = [caller(recorder).call(replace(READ, decoded=False)) for _ in range(2)]
    assert recorder.steps == ["prepare get_thing", "sign", "check"] * 2
    assert waiting[0]() == [1]
    with pytest.raises(ExchangeRequestException, match=r"get_thing\(\): the answer \(HTTP 200\) is not JSON"):
        waiting[1]()


class Slow:
    """A carrier that needs its time to reach the host, and answers there."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def reach(self, terms: Terms) -> None:
        self._recorder.steps.append("reach")
        self._recorder.clock.advance(7)

    def packed(self, message: Message, terms: Terms) -> Parcel:
        return Parcel(message, terms, lambda _: Answer(200, "", {}, message.url.encode()))

    def send(self, parcel: Parcel, attempt: Attempt) -> Response:
        answer = parcel.exchange(attempt)
        return Response(answer.status, b'"' + answer.body + b'"')


def test_another_carrier_is_waited_for_before_the_call_is_stamped() -> None:
    recorder = Recorder()
    made = Caller(
        Venue("test", recorder.stamp, recorder.sign, recorder.refusal),
        guard=recorder,
        standing=Standing("test", recorder.clock, Limits()),
        credentials=Credentials.from_secret("key", "secret"),
        transport=Transport(clock=recorder.clock, key_hosts=[BASE], options=Options()),
        bases={"other": "ws://other"},
        carriers={"other": Slow(recorder)},
    )
    assert made.call(replace(SIGNED, host="other")) == "ws://other/mine?symbol=X&prepared=yes&timestamp=8000"
    assert recorder.steps[:5] == ["stamp", "prepare get_mine", "reach", "stamp", "sign"]


def test_an_open_call_is_not_stamped(mock: requests_mock.Mocker) -> None:
    recorder = Recorder()
    mock.get(f"{BASE}/thing", text="{}")
    caller(recorder, keyed=False).call(READ)
    assert "stamp" not in recorder.steps
    assert "timestamp" not in mock.last_request.url


@pytest.mark.parametrize("keyed", [True, False])
def test_a_venue_may_have_whoever_has_a_key_make_open_calls_with_it(mock: requests_mock.Mocker, keyed: bool) -> None:
    recorder = Recorder()
    mock.get(f"{BASE}/thing", text="{}")
    made = Caller(
        Venue("test", recorder.stamp, recorder.sign, recorder.refusal, keyed=lambda request: replace(request, security=Security.USER_DATA)),
        guard=recorder,
        standing=Standing("test", recorder.clock, Limits()),
        credentials=Credentials.from_secret("key", "secret") if keyed else None,
        transport=Transport(clock=recorder.clock, key_hosts=[BASE], options=Options()),
        bases={"rest": BASE},
    )
    made.call(READ)
    assert ("stamp" in recorder.steps) is keyed
    assert ("X-KEY" in mock.last_request.headers) is keyed


def test_a_signed_call_without_a_key_sends_nothing(mock: requests_mock.Mocker) -> None:
    with pytest.raises(ExchangeRequestException, match=r"get_mine\(\) needs an API key and its secret") as caught:
        caller(Recorder(), keyed=False).call(SIGNED)
    assert caught.value.sent == "no"
    assert mock.call_count == 0


def test_what_is_asked_on_the_way_goes_by_the_terms_of_the_call(mock: requests_mock.Mocker) -> None:
    recorder = Recorder(further=READ)
    mock.get(f"{BASE}/thing", text="{}", additional_matcher=lambda _: recorder.clock.advance(4) or True)
    mock.get(f"{BASE}/mine", text="[1]")
    options = {"timeout": 9, "headers": {"X-Of-The-Call": "1"}}
    assert caller(recorder).call(replace(SIGNED, options=options)) == [1]
    assert recorder.steps == [
        "stamp", "prepare get_mine", "prepare get_thing", "sign", "check", "learn {}", "asked {}", "stamp", "sign", "check", "learn [1]"
    ]  # fmt: skip
    assert recorder.left_s == [9, 9, 5]
    for sent in mock.request_history:
        assert sent.headers["X-Of-The-Call"] == "1"
    assert [sent.timeout[1] for sent in mock.request_history] == [9, 5]
    assert mock.request_history[1].qs["timestamp"] == ["5000"]


def test_a_call_whose_time_was_spent_on_the_way_is_not_sent(mock: requests_mock.Mocker) -> None:
    recorder = Recorder(further=READ, dawdles_s=9)
    mock.get(f"{BASE}/thing", text="{}")
    with pytest.raises(ExchangeRequestException, match="the deadline of the call has passed") as caught:
        caller(recorder).call(replace(SIGNED, options={"timeout": 9}))
    assert caught.value.sent == "no"
    assert mock.call_count == 1


@pytest.mark.parametrize("options", [[], "timeout", {"timeout": -1}, {"headers": {"A": "x\n"}}])
def test_bad_options_are_refused_before_anything_is_asked(mock: requests_mock.Mocker, options: Any) -> None:
    recorder = Recorder(further=READ)
    with pytest.raises((TypeError, ValueError), match="requests_params"):
        caller(recorder).call(replace(SIGNED, options=options))
    assert recorder.steps == []


def test_a_refusal_says_where_it_is_from_and_shows_the_exchange(mock: requests_mock.Mocker) -> None:
    recorder = Recorder()
    mock.get(f"{BASE}/mine", text="no", status_code=400)
    with pytest.raises(ExchangeAPIException) as caught:
        caller(recorder).call(SIGNED)
    error = caught.value
    assert error.venue == "test"
    assert error.response is not None
    assert (error.response.status_code, error.response.text) == (400, "no")
    assert error.request is not None
    assert error.request.url == f"{BASE}/mine?symbol=X&prepared=yes&timestamp=1000"
    assert error.request.headers["X-KEY"] == "***"
    assert recorder.steps[-1] == "refused get_mine 400"
    assert not any(step.startswith("learn") for step in recorder.steps)
    again = pickle.loads(pickle.dumps(error))
    assert (again.venue, again.response.text, again.request.url) == ("test", "no", error.request.url)


@pytest.mark.parametrize("body", ["", "<html>busy</html>", '{"a": 1', "\ufeff{}", "[" * 5000])
def test_an_answer_that_is_no_json_says_how_it_begins(mock: requests_mock.Mocker, body: str) -> None:
    mock.get(f"{BASE}/thing", text=body)
    with pytest.raises(ExchangeRequestException, match=r"get_thing\(\): the answer \(HTTP 200\) is not JSON") as caught:
        caller(Recorder()).call(READ)
    assert caught.value.sent == "yes"
    assert len(str(caught.value)) < 500


def test_one_line_is_logged_for_a_call_and_it_shows_no_signature(mock: requests_mock.Mocker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="exchangeclient")
    mock.get(f"{BASE}/thing", text="{}")
    caller(Recorder()).call(Request("get_thing", "GET", "/thing", {"symbol": "X", "signature": "abcdef"}))
    (line,) = [record for record in caplog.records if record.name == "exchangeclient.core.calling.call"]
    assert line.getMessage() == f"GET {BASE}/thing?symbol=X&signature=***&prepared=yes: 200 in 0 ms"


def test_a_call_that_fails_has_its_line_too(mock: requests_mock.Mocker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="exchangeclient")
    mock.get(f"{BASE}/thing", exc=requests.ReadTimeout("Read timed out."))
    with pytest.raises(ExchangeRequestException):
        caller(Recorder(), retry=Retry(times=0)).call(READ)
    (line,) = [record for record in caplog.records if record.name == "exchangeclient.core.calling.call"]
    assert line.getMessage().startswith(f"GET {BASE}/thing?symbol=X&prepared=yes: ")
    assert "Read timed out." in line.getMessage()


def test_a_blocking_call_on_the_reactors_thread_is_refused(mock: requests_mock.Mocker) -> None:
    from exchangeclient.core.process import reactor

    mock.get(f"{BASE}/thing", text="{}")
    with pytest.raises(RuntimeError, match=r"get_thing\(\) would block the reactor's thread"):
        reactor.wait(lambda: caller(Recorder()).call(READ))
    assert mock.call_count == 0


@pytest.mark.parametrize(("status", "sends"), [(400, 2), (500, 1)])
def test_only_what_was_surely_refused_by_its_time_is_sent_again(mock: requests_mock.Mocker, status: int, sends: int) -> None:
    """Fails when a server error with the code of a wrong time counts as a refusal."""
    recorder = Recorder()

    def refusal(response: Response) -> ExchangeAPIException:
        return ClockSkewException("wrong time", status_code=response.status, outcome_unknown=response.status >= 500)

    recorder.refusal = refusal  # type: ignore[method-assign]
    mock.post(f"{BASE}/mine", text="{}", status_code=status)
    calling = caller(recorder, clock=VenueClock(recorder.clock))
    with pytest.raises(ClockSkewException):
        calling.call(replace(SIGNED, kind=Kind.PLACE, verb="POST"))
    assert mock.call_count == sends
    assert ("settle get_mine" in recorder.steps) == (status == 500)


def test_an_order_that_cannot_be_sent_never_counts_as_having_left(mock: requests_mock.Mocker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    recorder = Recorder()
    calling = caller(recorder)
    calling._transport.session.verify = False
    with pytest.raises(ValueError, match="TLS is always verified"):
        calling.call(replace(SIGNED, kind=Kind.PLACE, verb="POST"))
    assert "leaving get_mine" not in recorder.steps
    assert mock.call_count == 0


def test_a_failure_holds_no_request_wherever_one_looks(mock: requests_mock.Mocker) -> None:
    mock.get(f"{BASE}/mine", exc=requests.ReadTimeout("slow", request=requests.Request("GET", "https://a/?signature=abc").prepare()))
    with pytest.raises(ExchangeRequestException) as caught:
        caller(Recorder(), retry=Retry(times=0)).call(SIGNED)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("has_left", [True, False])
def test_a_guard_learns_of_a_call_that_is_interrupted_before_anything_has_left(monkeypatch: pytest.MonkeyPatch, has_left: bool) -> None:
    def interrupted(_: Transport, __: Parcel, attempt: Attempt) -> Response:
        attempt.left_machine = has_left
        raise KeyboardInterrupt

    monkeypatch.setattr(Transport, "send", interrupted)
    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        caller(recorder).call(replace(SIGNED, kind=Kind.PLACE, verb="POST"))
    assert ("stayed get_mine" in recorder.steps) is not has_left


class Full(Recorder):
    """A guard that cannot write down what leaves."""

    def leaving(self, request: Request, patience_s: float) -> None:
        super().leaving(request, patience_s)
        raise OSError("the disk is full")


def test_a_call_that_waited_for_its_budget_is_stamped_when_it_leaves(mock: requests_mock.Mocker) -> None:
    recorder = Recorder()
    mock.get(f"{BASE}/mine", text="[1]")
    calling = caller(recorder)
    calling._standing.governor.hold(EVERY_CALL, 7.0, recorder.clock)
    calling.call(SIGNED)
    assert mock.last_request.qs["timestamp"] == ["8000"]


def test_a_budget_that_was_not_used_is_given_back(mock: requests_mock.Mocker) -> None:
    full = Full()
    calling = caller(full)
    governor = calling._standing.account("key")
    calling._standing.set_limits(Limits((), (Limit("O", "orders", 10_000, 5),)))
    order = replace(SIGNED, kind=Kind.PLACE, verb="POST", orders=1)
    with pytest.raises(OSError, match="the disk is full"):
        calling.call(order)
    assert governor.shown(full.clock)["limits"]["O"]["used"] == 0
    calling = caller(Recorder())
    governor = calling._standing.account("key")
    calling._standing.set_limits(Limits((), (Limit("O", "orders", 10_000, 5),)))
    mock.post(f"{BASE}/mine", exc=requests.ConnectTimeout)
    with pytest.raises(ExchangeRequestException):
        calling.call(order)
    assert governor.shown(full.clock)["limits"]["O"]["used"] == 0
    mock.post(f"{BASE}/mine", exc=requests.ReadTimeout)
    with pytest.raises(ExchangeRequestException):
        calling.call(order)
    assert governor.shown(full.clock)["limits"]["O"]["used"] == 1, "it may have arrived"
