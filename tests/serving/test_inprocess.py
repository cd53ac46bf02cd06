"""The same app without a port: what the requests session sends and gets."""

from __future__ import annotations

import io

import pytest
import requests

from exchangeclient.serving.inprocess import InProcessAdapter
from exchangeclient.serving.messages import HttpRequest, HttpResponse

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
