"""The same app without a port: what the requests session sends and gets."""

from __future__ import annotations

import io
import time
from http.client import RemoteDisconnected
from itertools import islice
from queue import Queue
from typing import Any

import pytest
import requests
from requests.exceptions import ChunkedEncodingError

from exchangeclient.serving.inprocess import InProcessAdapter
from exchangeclient.serving.messages import Delivery, Ending, HttpRequest, HttpResponse, Later

BASE = "http://app.localhost"


class Mirror:
    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def http(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        return HttpResponse(
            418 if request.path == "/teapot" else 200, '{"é":1}'.encode(), {"Content-Type": "application/json;charset=UTF-8"}
        )

    def websocket(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(404)


@pytest.fixture
def app() -> Mirror:
    return Mirror()


@pytest.fixture
def session(app: Mirror) -> requests.Session:
    session = requests.Session()
    session.mount(BASE, InProcessAdapter(app))
    return session


def test_query_and_body_arrive_byte_for_byte(session: requests.Session, app: Mirror) -> None:
    session.post(f"{BASE}/a%2Fb?x=%41&y=%C3%A9&z=+", data=b"k=\xff", headers={"X-Some": "Thing"})
    (request,) = app.requests
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a%2Fb", "x=A&y=%C3%A9&z=+", b"k=\xff")
    assert request.headers["x-some"] == "Thing"


def test_a_prepared_url_is_not_touched(session: requests.Session, app: Mirror) -> None:
    prepared = session.prepare_request(requests.Request("GET", BASE))
    prepared.url = f"{BASE}/p?x=%41"
    session.send(prepared)
    assert app.requests[0].query == "x=%41"


@pytest.mark.parametrize(
    ("body", "expected"),
    [(None, b""), ("é", "é".encode()), (b"b", b"b"), (io.BytesIO(b"file"), b"file"), (iter([b"a", b"b"]), b"ab"), ({"k": "v w"}, b"k=v+w")],
)
def test_every_form_of_body_is_taken(session: requests.Session, app: Mirror, body: object, expected: bytes) -> None:
    session.post(BASE, data=body)  # type: ignore[arg-type]
    assert app.requests[0].body == expected


def test_the_answer_is_a_response_of_requests(session: requests.Session) -> None:
    answer = session.get(f"{BASE}/teapot")
    assert (answer.status_code, answer.json(), answer.encoding) == (418, {"é": 1}, "UTF-8")
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.request.url == f"{BASE}/teapot"
    with pytest.raises(requests.HTTPError):
        answer.raise_for_status()


def test_the_answer_can_be_streamed(session: requests.Session) -> None:
    expected = session.get(BASE).content
    with session.get(BASE, stream=True) as answer:
        assert list(answer.iter_content(2)) == [expected[at : at + 2] for at in range(0, len(expected), 2)]
    with session.get(BASE, stream=True) as answer:
        assert answer.raw.read() == expected


def test_head_has_no_body(session: requests.Session) -> None:
    answer = session.head(BASE)
    assert answer.content == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_a_body_of_a_foreign_type_is_refused(app: Mirror) -> None:
    prepared = requests.Request("POST", BASE).prepare()
    prepared.body = 5  # type: ignore[assignment]
    with pytest.raises(TypeError, match="body"):
        InProcessAdapter(app).send(prepared)
    assert app.requests == []


# ---- answers that are late or break off ----------------------------------------------------------------------------------


class Scripted(Mirror):
    """An app whose answer a test gives."""

    def __init__(self, answer: HttpResponse | Later[HttpResponse]) -> None:
        super().__init__()
        self.answer = answer

    def http(self, request: HttpRequest) -> HttpResponse | Later[HttpResponse]:  # type: ignore[override]
        return self.answer


def session_for(answer: HttpResponse | Later[HttpResponse]) -> requests.Session:
    session = requests.Session()
    session.mount(BASE, InProcessAdapter(Scripted(answer)))
    return session


@pytest.mark.parametrize("timeout", [None, 5, (1, 5), (1, None)])
def test_a_late_answer_is_waited_for(timeout: Any) -> None:
    session = session_for(Later(0.05, lambda: Later(0.05, lambda: HttpResponse(201))))
    begun = time.monotonic()
    assert session.get(BASE, timeout=timeout).status_code == 201
    assert time.monotonic() - begun >= 0.1


def test_an_answer_that_is_too_late_is_worked_out_when_nobody_waits_any_more() -> None:
    worked: Queue[float] = Queue()

    def work() -> Later[HttpResponse]:
        worked.put(time.monotonic())
        return Later(0, lambda: HttpResponse(200))

    begun = time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        session_for(Later(3.0, work)).get(BASE, timeout=0.1)
    assert time.monotonic() - begun < 3.0
    assert worked.get(timeout=20) - begun >= 3.0


@pytest.mark.parametrize(("ending", "cause"), [("close", RemoteDisconnected), ("reset", ConnectionResetError)])
def test_a_lost_answer_is_the_error_that_the_wire_would_make(ending: Ending, cause: type[Exception]) -> None:
    session = session_for(HttpResponse(200, b"body", delivery=Delivery(cut_in="head", most_bytes=20, ending=ending)))
    with pytest.raises(requests.ConnectionError) as caught:
        session.get(BASE)
    assert isinstance(caught.value.args[0].args[1], cause)


def test_an_answer_that_never_begins_takes_no_longer_than_its_timeout() -> None:
    session = session_for(HttpResponse(200, delivery=Delivery(cut_in="head", ending="silence")))
    begun = time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        session.get(BASE, timeout=0.1)
    assert time.monotonic() - begun >= 0.1
    with pytest.raises(requests.ReadTimeout):
        session.get(BASE)  # would be for ever


@pytest.mark.parametrize(
    ("ending", "error"),
    [("close", ChunkedEncodingError), ("reset", ChunkedEncodingError), ("silence", requests.ConnectionError)],
)
def test_a_body_that_breaks_off_is_the_error_that_the_wire_would_make(ending: Ending, error: type[Exception]) -> None:
    session = session_for(HttpResponse(200, b"whole body", delivery=Delivery(cut_in="body", most_bytes=5, ending=ending)))
    with pytest.raises(error):
        session.get(BASE, timeout=0.1)


def test_a_body_comes_in_slices_and_with_all_its_filling() -> None:
    delivery = Delivery(slice_bytes=3, pause_s=0.01, filler=b"xy", filler_times=2)
    begun = time.monotonic()
    answer = session_for(HttpResponse(200, b"body", delivery=delivery)).get(BASE)
    assert (answer.content, answer.headers["Content-Length"]) == (b"bodyxyxy", "8")
    assert time.monotonic() - begun >= 0.03


def test_a_body_without_end_can_be_streamed() -> None:
    delivery = Delivery(filler=b"x" * 1000, filler_times=None, chunked=True)
    with session_for(HttpResponse(200, b"begin", delivery=delivery)).get(BASE, stream=True) as answer:
        assert "Content-Length" not in answer.headers
        assert b"".join(islice(answer.iter_content(500), 10)).startswith(b"beginxxx")


def test_the_timeout_is_for_each_read_of_a_body() -> None:
    slow = session_for(HttpResponse(200, b"four", delivery=Delivery(slice_bytes=1, pause_s=0.05)))
    assert slow.get(BASE, timeout=0.15).content == b"four"  # 0.2 s in all
    with pytest.raises(requests.ConnectionError, match="timed out"):
        session_for(HttpResponse(200, b"four", delivery=Delivery(slice_bytes=1, pause_s=30))).get(BASE, timeout=0.05)


@pytest.mark.parametrize(("own", "told"), [({"content-length": "3"}, "3"), ({"Content-Length": None}, None)])
def test_an_answer_may_lie_about_its_length(own: dict[str, str | None], told: str | None) -> None:
    with session_for(HttpResponse(200, b"four", own)).get(BASE, stream=True) as answer:
        assert answer.headers.get("Content-Length") == told
