"""Who may ask, what is answered to what is no call, and when an answer takes long."""

from __future__ import annotations

import ast
import inspect
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exchangeclient.gateway.universal import BaseProtocol, ProtocolFactory, Settings
from exchangeclient.gateway.universal.app import UniversalApp
from exchangeclient.serving import visitors
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Promised

PATIENCE_S = 30
TOKEN = "a-token-of-many-letters"
CALL = {"access_key": "k", "secret_key": "s", "nonce": 7, "method": "ticker", "params": {"symbol": "LTC_USDT"}}


class Held(BaseProtocol):
    """Answers when it is let go, and counts."""

    go_on = threading.Event()
    asked = threading.Semaphore(0)
    orders = 0

    def GetTicker(self, symbol: str) -> dict[str, Any]:
        Held.asked.release()
        assert Held.go_on.wait(PATIENCE_S)
        return {"data": symbol}

    def CreateOrder(self, symbol: str, side: str, price: Any, amount: Any, **further: Any) -> dict[str, Any]:
        Held.orders += 1
        return self.GetTicker(symbol)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    before = dict(ProtocolFactory._classes)
    ProtocolFactory.register("Held", Held)
    Held.go_on, Held.asked, Held.orders = threading.Event(), threading.Semaphore(0), 0
    yield
    Held.go_on.set()
    ProtocolFactory._classes.clear()
    ProtocolFactory._classes.update(before)


@pytest.fixture
def app() -> Iterator[UniversalApp]:
    app = UniversalApp()
    app.start()
    yield app
    Held.go_on.set()
    app.stop(PATIENCE_S)


class Answered:
    """Where an answer comes to."""

    def __init__(self) -> None:
        self.there = threading.Event()
        self.said: Any = None

    def __call__(self, response: HttpResponse) -> None:
        self.said = json.loads(response.body)
        self.there.set()

    def wait(self) -> Any:
        assert self.there.wait(PATIENCE_S)
        return self.said


def request(path: str = "/Held", *, method: str = "POST", body: bytes | None = None, **headers: str | None) -> HttpRequest:
    body = json.dumps(CALL).encode() if body is None else body
    given = {
        "host": "127.0.0.1:6666",
        "content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return HttpRequest(method, path, "", {name: value for name, value in given.items() if value is not None}, body)


def begun(app: UniversalApp, asked: HttpRequest) -> tuple[Promised, Answered]:
    promised, answered = app.http(asked), Answered()
    assert isinstance(promised, Promised)
    promised.begin(answered)
    return promised, answered


def refused(app: UniversalApp, asked: HttpRequest) -> tuple[int, str]:
    answer = app.http(asked)
    assert isinstance(answer, HttpResponse)
    assert str(answer.headers["Content-Type"]).startswith("application/json")
    said = json.loads(answer.body)
    assert set(said) == {"error"}
    return answer.status, said["error"]


def test_get_is_told_that_calls_are_posted(app: UniversalApp) -> None:
    assert refused(app, request("/", method="GET", body=b"")) == (200, "not support GET method.")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_other_methods_of_http_are_refused_and_no_file_is_served(app: UniversalApp, method: str) -> None:
    assert refused(app, request("/setup.py", method=method))[0] == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:6666"},
        {"origin": "null"},
        {"referer": "http://127.0.0.1/"},
        {"host": "evil.example"},
        {"host": "192.168.1.2"},
    ],
)
def test_web_pages_are_refused(app: UniversalApp, headers: dict[str, str]) -> None:
    assert refused(app, request(**headers))[0] == 403
    assert refused(app, request(method="GET", body=b"", **headers))[0] == 403


@pytest.mark.parametrize(
    "headers", [{"content_length": None}, {"transfer_encoding": "chunked"}, {"transfer_encoding": "chunked", "content_length": None}]
)
def test_a_length_is_needed(app: UniversalApp, headers: dict[str, str | None]) -> None:
    assert refused(app, request(**headers))[0] == 411


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", ""),
        ("/Nope", "Nope"),
        ("/Nope/", "Nope"),
        ("/a/b", "a/b"),
        ("/%4fkx%0a", "Okx?"),
        ("/\udcff", "?"),
        ("/" + "x" * 500, "x" * 60),
        ("/..", ".."),
    ],
)
def test_an_unknown_path_is_told_by_its_name(app: UniversalApp, path: str, name: str) -> None:
    assert refused(app, request(path)) == (200, f"Unknown exName: {name}")


@pytest.mark.parametrize("path", ["/Held", "/held", "/HELD/", "//Held", "/%48eld"])
def test_paths_are_read_leniently(app: UniversalApp, path: str) -> None:
    Held.go_on.set()
    assert begun(app, request(path))[1].wait() == {"data": "LTC_USDT"}


@pytest.mark.parametrize("body", [b"", b"canary", b"[]", b"{}", b'{"access_key":"canary"}', b'{"a":' * 5000])
def test_bad_bodies_are_answered_without_an_echo(app: UniversalApp, body: bytes) -> None:
    status, said = refused(app, request(body=body))
    assert status == 200
    assert "canary" not in said


def test_a_websocket_is_refused(app: UniversalApp) -> None:
    assert app.websocket(request()).status == 404


# ---- the token -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers", "inside"),
    [
        (f"/{TOKEN}/Held", {}, True),
        (f"/{TOKEN}/Held", {"host": "robots.example:6666"}, True),
        ("/Held", {"authorization": f"Bearer {TOKEN}"}, True),
        ("/Held", {}, False),
        (f"/{TOKEN}x/Held", {}, False),
        (f"/{TOKEN[:-1]}/Held", {}, False),
        ("/Held", {"authorization": "Bearer x"}, False),
        ("/Held", {"authorization": TOKEN}, False),
        (f"/Held/{TOKEN}", {}, False),
    ],
)
def test_behind_a_token_there_is_nothing_without_it(path: str, headers: dict[str, str], inside: bool) -> None:
    app = UniversalApp(token=TOKEN)
    app.start()
    Held.go_on.set()
    try:
        if inside:
            assert begun(app, request(path, **headers))[1].wait() == {"data": "LTC_USDT"}
            assert refused(app, request(path, **headers, origin="http://a.example"))[0] == 403
        else:
            for asked in (
                request(path, **headers),
                request(path, method="GET", body=b"", **headers),
                request(path, method="HEAD", **headers),
            ):
                status, said = refused(app, asked)
                assert status == 401
                assert TOKEN not in said
    finally:
        app.stop(PATIENCE_S)


@pytest.mark.parametrize("function", [visitors.behind_token, visitors.bears_token])
def test_g10_a_token_is_compared_in_the_same_time_whatever_was_said(function: Callable[..., Any]) -> None:
    tree = ast.parse(inspect.getsource(function))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "compare_digest" in called
    compared = [
        name.id for node in ast.walk(tree) if isinstance(node, ast.Compare) for name in ast.walk(node) if isinstance(name, ast.Name)
    ]
    assert "token" not in compared


# ---- time ------------------------------------------------------------------------------------------------------------


def test_an_answer_that_takes_too_long_is_an_error_in_time(app: UniversalApp) -> None:
    promised, answered = begun(app, request())
    assert Held.asked.acquire(timeout=PATIENCE_S)
    assert promised.within_s == 8.5
    assert json.loads(promised.late().body) == {"error": "URL error: no answer within 8.5 s"}
    Held.go_on.set()
    answered.wait()


def order(nonce: int = 7, **changed: str) -> HttpRequest:
    params = {"symbol": "LTC_USDT", "type": "buy", "price": "1", "amount": "2", **changed}
    return request(body=json.dumps({**CALL, "method": "trade", "params": params, "nonce": nonce}).encode())


def test_an_order_that_takes_too_long_is_told_by_the_same_call_again(app: UniversalApp, caplog: pytest.LogCaptureFixture) -> None:
    promised, answered = begun(app, order())
    assert Held.asked.acquire(timeout=PATIENCE_S)
    assert "the same call with the same nonce tells" in json.loads(promised.late().body)["error"]
    assert "not known yet" in caplog.text
    _, again = begun(app, order())
    assert not again.there.is_set()
    Held.go_on.set()
    assert answered.wait() == again.wait() == {"data": "LTC_USDT"}
    assert begun(app, order())[1].wait() == {"data": "LTC_USDT"}
    assert Held.orders == 1
    assert "nonce" in begun(app, order(amount="3"))[1].wait()["error"]
    assert begun(app, order(8))[1].wait() == {"data": "LTC_USDT"}
    assert Held.orders == 2


def test_without_a_nonce_no_call_is_the_same_again(app: UniversalApp) -> None:
    body = json.loads(order().body)
    del body["nonce"]
    promised, answered = begun(app, request(body=json.dumps(body).encode()))
    assert Held.asked.acquire(timeout=PATIENCE_S)
    assert json.loads(promised.late().body)["error"].endswith("; it may have been carried out all the same: look among the orders")
    Held.go_on.set()
    answered.wait()


def test_what_was_answered_for_being_late_is_not_begun_any_more(app: UniversalApp) -> None:
    promised, answered = app.http(order()), Answered()
    assert isinstance(promised, Promised)
    assert "nothing was sent" in json.loads(promised.late().body)["error"]
    Held.go_on.set()
    promised.begin(answered)
    answered.wait()
    assert Held.orders == 0
    assert begun(app, order())[1].wait() == {"data": "LTC_USDT"}
    assert Held.orders == 1


def test_the_end_waits_for_what_is_open_and_takes_nothing_new() -> None:
    app = UniversalApp()
    app.start()
    _, answered = begun(app, order())
    assert Held.asked.acquire(timeout=PATIENCE_S)
    ending = threading.Thread(target=app.stop, args=(PATIENCE_S,))
    ending.start()
    while "stopping" not in str((said := begun(app, request())[1]).said or ""):
        assert Held.asked.acquire(timeout=PATIENCE_S)  # it came before the end began
    assert said.said == {"error": "URL error: the gateway is stopping; nothing was sent"}
    assert ending.is_alive()
    Held.go_on.set()
    assert answered.wait() == {"data": "LTC_USDT"}
    ending.join(PATIENCE_S)
    assert not ending.is_alive()


def test_the_end_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    app = UniversalApp()
    app.start()
    _, answered = begun(app, order())
    assert Held.asked.acquire(timeout=PATIENCE_S)
    app.stop(0.05)
    assert "1 calls are not answered at the end" in caplog.text
    Held.go_on.set()
    answered.wait()


@pytest.mark.parametrize(
    "wrong", [{"records_time": "m"}, {"records_order": "up"}, {"names": "snake"}, {"timeout_s": 0}, {"timeout_s": 1000}]
)
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)
