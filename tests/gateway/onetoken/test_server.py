"""The gateway on a port, in trouble: hostile bytes, strangers, venues that are down or slow, its end. Rows of the table of faults."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from exchangeclient.gateway.onetoken import KeyBook, OnetokenGateway, Settings
from exchangeclient.gateway.onetoken.trading import Trading
from exchangeclient.sandbox import Sandbox

PATIENCE_S = 30
TOKEN = "a-token-of-many-letters"
KEY, SECRET = "an-ot-key-of-many-letters", "an-ot-secret-of-many-letters"
ORDER = {"contract": "binance/btc.usdt", "price": 3000, "bs": "b", "amount": 0.01}
PATH = "/binance/mock-1token"


def raw(port: int, *sent: bytes) -> bytes:
    """What comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        for part in sent:
            connection.sendall(part)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


# ---- how it is made --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"host": "0.0.0.0"}, "token"),
        ({"host": "::"}, "token"),
        ({"host": "0.0.0.0", "token": "short"}, "at least 16"),
        ({"token": "a/b/c/d/e/f/g/h/i/j"}, "at least 16"),
    ],
)
def test_g08_it_is_made_safely_or_not_at_all(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        OnetokenGateway(**{"port": 0, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout_s": 0.5},
        {"timeout_s": 1000},
        {"currency": "us dollars"},
        {"rate": Decimal(0)},
        {"rate": Decimal("nan")},
        {"rate": None, "currency": "cny"},
        {"silence_s": -1},
        {"silence_s": float("nan")},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


@pytest.mark.parametrize("name", ["nowhere/orders", "file"])
def test_a_store_that_cannot_be_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("no database" * 100)
    with pytest.raises(OSError, match="cannot be used"), OnetokenGateway(port=0, settings=Settings(store=str(tmp_path / name))):
        pass


def test_g16_a_port_that_is_taken_is_told_and_one_that_was_is_free_at_once(free_port: int) -> None:
    port = free_port
    with OnetokenGateway(port=port) as gateway:
        assert gateway.port == port
        with pytest.raises(OSError, match=str(port)), OnetokenGateway(port=port):
            pass
        assert requests.get(f"{gateway.urls['rest']}/basic/time", timeout=PATIENCE_S).status_code == 200
    with pytest.raises(RuntimeError, match="not started"):
        _ = gateway.port
    with OnetokenGateway(port=port) as again:
        assert requests.get(f"{again.urls['rest']}/basic/time", timeout=PATIENCE_S).status_code == 200


def test_without_an_embedded_exchange_there_are_no_mock_accounts(program_at: Any) -> None:
    with OnetokenGateway(port=0) as gateway:
        program = program_at(gateway, key="key", secret="secret")
        assert program.refused("GET", f"{PATH}/info") == (404, "contract-not-exist")
        assert program.refused("GET", "/binance/main/info") == (403, "no-permission")
        assert "bitmex" not in {row["exchange"] for row in program.get("/basic/exchanges").json()}
        assert program.get("/quote/single-tick/bitmex/btc.usd.td").json()["code"] == "contract-not-exist"


# ---- who may ask -----------------------------------------------------------------------------------------------------


def test_g09_web_pages_and_other_names_of_this_machine_are_refused(gateway: OnetokenGateway) -> None:
    url = f"{gateway.urls['rest']}/basic/time"
    for headers in ({"Origin": "http://evil.example"}, {"Referer": "http://evil.example/"}, {"Host": "evil.example"}):
        answer = requests.get(url, headers=headers, timeout=PATIENCE_S)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    own = {"Origin": f"http://127.0.0.1:{gateway.port}"}  # websocket-client says so of itself
    assert requests.get(url, headers=own, timeout=PATIENCE_S).status_code == 200


def test_g10_beyond_loopback_there_is_a_token(program_at: Any) -> None:
    with OnetokenGateway(port=0, host="0.0.0.0", token=TOKEN) as gateway:
        rest = gateway.urls["rest"]
        assert f"/{TOKEN}/api/v1" in rest
        bare = rest.replace(f"/{TOKEN}", "")
        answer = requests.get(f"{bare}/basic/time", timeout=PATIENCE_S)
        assert (answer.status_code, answer.json()["code"]) == (401, "no-valid-authentication")
        assert requests.get(f"{rest}/basic/time", timeout=PATIENCE_S).status_code == 200
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert requests.get(f"{bare}/basic/time", headers=bearer, timeout=PATIENCE_S).status_code == 200
        peer = program_at(gateway).socket("/tick")
        peer.say(uri="ping")
        assert peer.hear()["uri"] == "pong"


@pytest.mark.parametrize("path", ["/", "/etc/passwd", "/api/v1/", "/api/v1/../basic/time", "/api/v1/%2e%2e/x", "/favicon.ico"])
@pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_g12_there_are_no_files(gateway: OnetokenGateway, path: str, verb: str) -> None:
    answer = requests.request(verb, f"http://127.0.0.1:{gateway.port}{path}", timeout=PATIENCE_S)
    assert answer.status_code == 404


# ---- hostile bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"POST /api/v1/trade/a/b/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /api/v1/trade/a/b/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /api/v1/trade/a/b/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", 400),
        (b"GET /api/v1/basic/time HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 403),
        (b"BREW /api/v1/basic/time HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
    ],
)
def test_g02_g03_bytes_that_are_no_request_are_answered_and_the_connection_ends(gateway: OnetokenGateway, sent: bytes, status: int) -> None:
    assert raw(gateway.port, sent).startswith(b"HTTP/1.1 %d " % status)
    assert requests.get(f"{gateway.urls['rest']}/basic/time", timeout=PATIENCE_S).status_code == 200


@pytest.mark.parametrize("path", ["/tick", f"/trade{PATH}"])
def test_g01_frames_of_all_sorts_leave_the_socket_alive(program: Any, path: str) -> None:
    peer = program.trade_socket("binance/mock-1token") if "trade" in path else program.socket(path)
    for text in (
        "",
        "{",
        "null",
        "[]",
        '"x"',
        '{"uri": 5}',
        '{"uri": null, "args": 1}',
        '{"args": {"contract": []}}',
        "[" * 50_000,
        '{"uri": "ping", "uuid": {"a": [1]}}',
    ):
        peer.socket.send(text)
    peer.until(lambda said: said.get("uri") == "pong" and said["uuid"] == {"a": [1]})
    peer.say(uri="ping")
    assert peer.until(lambda said: said.get("uri") == "pong")


# ---- venues in trouble -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "options", "codes"),
    [
        ("error", {"status": 429, "code": -1003, "text": "Too many requests"}, {"exg-rate-limit-exceeded"}),
        (
            "error",
            {"status": 503, "code": -1000, "text": "down"},
            {"exg-unknown-error", "exg-undefined-error", "exg-timeout", "exg-bad-gateway"},
        ),
        ("drop", {}, {"exg-timeout"}),
        ("replace", {"text": "<html>"}, {"exg-timeout", "upstream-error"}),
    ],
)
def test_g13_a_venue_in_trouble_is_told_within_the_time(program_at: Any, fault: str, options: Any, codes: set[str]) -> None:
    with (
        Sandbox(limits="counted") as exchange,
        OnetokenGateway(port=0, environments=exchange.urls, settings=Settings(timeout_s=4)) as gateway,
    ):
        program = program_at(gateway)
        assert program.get("/quote/single-tick/binance/btc.usdt").status_code == 200
        exchange.fault(fault, route="GET *", **options)
        answer = program.get("/quote/trades", contract="binance/btc.usdt")
        assert answer.status_code >= 400
        assert answer.json()["code"] in codes
        assert program.get("/basic/time").status_code == 200


def test_g13_a_lost_answer_to_an_order_is_settled_and_nothing_is_placed_twice(exchange: Sandbox, program: Any) -> None:
    exchange.fault("drop", route="POST /api/v3/order", when="after", times=1)
    placed = program.ask("POST", f"{PATH}/orders", ORDER)
    assert [row["exchange_oid"] for row in program.ask("GET", f"{PATH}/orders")] == [placed["exchange_oid"]]
    program.ask("DELETE", f"{PATH}/orders/all")


def test_g14_many_at_a_time_get_their_own_answers(gateway: OnetokenGateway, program_at: Any) -> None:
    contracts = ["binance/btc.usdt", "okex/btc.usdt", "binance/eth.usdt", "okex/eth.usdt"] * 8

    def ask(contract: str) -> bool:
        answer = requests.get(f"{gateway.urls['rest']}/quote/single-tick/{contract}", timeout=PATIENCE_S)
        return bool(answer.json()["contract"] == contract)

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, contracts))


def test_g15_a_client_that_goes_away_leaves_no_traceback(gateway: OnetokenGateway, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE_S)
            connection.sendall(b"GET /api/v1/quote/ticks?exchange=okex HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.close()
        assert requests.get(f"{gateway.urls['rest']}/quote/ticks?exchange=okex", timeout=PATIENCE_S).status_code == 200
    assert not [record for record in caplog.records if record.exc_info]


def test_g17_an_order_that_is_open_is_answered_at_the_end(
    exchange: Sandbox, configured: Callable[..., OnetokenGateway], program_at: Any
) -> None:
    gateway = configured()
    program = program_at(gateway)
    program.ask("GET", f"{PATH}/info")
    exchange.fault("delay", route="POST /api/v3/order", by=1, times=1)
    answers: list[Any] = []
    caller = threading.Thread(target=lambda: answers.append(program.call("POST", f"{PATH}/orders", ORDER)))
    caller.start()
    app: Any = gateway._app
    assert _soon(app)
    gateway.stop()
    caller.join(PATIENCE_S)
    assert answers[0].status_code == 200, answers[0].text
    again = program_at(configured())
    again.ask("DELETE", f"{PATH}/orders/all")


def test_g17_a_call_that_is_late_leaves_no_traceback(
    configured: Callable[..., OnetokenGateway], program_at: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, ended, answered = threading.Event(), threading.Event(), threading.Event()

    def answer(trading: Any, *_: Any, **__: Any) -> Any:
        asked.set()
        assert ended.wait(PATIENCE_S)
        try:
            return trading._store.rows(PATH)
        finally:
            answered.set()

    monkeypatch.setattr(Trading, "orders", answer)
    gateway = configured()
    program = program_at(gateway)
    with caplog.at_level(logging.INFO), ThreadPoolExecutor(1) as threads:
        call = threads.submit(program.call, "GET", f"{PATH}/orders")
        assert asked.wait(PATIENCE_S)
        workers = list(gateway._app._workers._threads)  # type: ignore[attr-defined]
        gateway.stop()
        ended.set()
        assert answered.wait(PATIENCE_S)
        assert isinstance(call.exception(PATIENCE_S), requests.ConnectionError)
        for worker in workers:
            worker.join(PATIENCE_S)
    assert "upstream-error" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


def test_g11_a_call_is_not_carried_out_once_more_after_a_restart(
    configured: Callable[..., OnetokenGateway], program_at: Any, tmp_path: Path
) -> None:
    store = str(tmp_path / "orders.sqlite")
    first = configured(store=store)
    program = program_at(first)
    nonce = program.signed("GET", "", b"")["Api-Nonce"]
    assert program.call("POST", f"{PATH}/orders", ORDER, nonce=nonce).status_code == 200
    first.stop()
    again = program_at(configured(store=store))
    replayed = again.call("POST", f"{PATH}/orders", ORDER, nonce=nonce)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "no-valid-authentication")
    assert len(again.ask("GET", f"{PATH}/orders")) == 1
    again.ask("DELETE", f"{PATH}/orders/all")
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_g04_g23_programs_are_served_while_others_dawdle_and_idle(gateway: OnetokenGateway, program: Any) -> None:
    partly = (b"POST /api/v1/trade/binance/mock-1token/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{", b"GET /api", b"")
    slow = [socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE_S) for _ in range(90)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(partly[number % len(partly)])
        for _ in range(8):
            assert program.get("/quote/single-tick/binance/btc.usdt").status_code == 200
    finally:
        for connection in slow:
            connection.close()


def _soon(app: Any) -> bool:
    """Whether a call is begun soon: nobody tells of its beginning."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not app._errands.under_way and time.monotonic() < deadline_s:
        time.sleep(0.001)
    return bool(app._errands.under_way)


def test_g22_no_secret_is_in_a_log_or_an_answer(program_at: Any, caplog: pytest.LogCaptureFixture) -> None:
    book = KeyBook.read(
        json.dumps(
            {
                "keys": [{"ot_key": KEY, "ot_secret": SECRET, "accounts": ["binance/*"]}],
                "accounts": {"binance/main": {"api_key": "a-venues-key-of-many-letters", "api_secret": "a-venues-secret-of-many-letters"}},
            }
        )
    )
    token = "a-token-of-many-letters"
    sandbox = Sandbox()
    with sandbox as exchange, caplog.at_level(logging.DEBUG), OnetokenGateway(
        book, port=0, token=token, environments=exchange.urls
    ) as gateway:  # fmt: skip
        program = program_at(gateway)
        answers = [program.call("GET", "/binance/main/info"), program.call("POST", "/binance/main/orders", ORDER)]
        peer = program.trade_socket("binance/main")
        peer.hear()
        peer.say(uri="sub-info")
        said = [json.dumps(peer.hear())]
        wrong = program_at(gateway, secret="a-wrong-secret-of-many-letters")
        answers.append(wrong.call("GET", "/binance/main/info"))
        answers.append(requests.get(f"http://127.0.0.1:{gateway.port}/another-token-of-letters/api/v1/basic/time", timeout=PATIENCE_S))
    shown = "\n".join([*(answer.text for answer in answers), *said, caplog.text, repr(book)])
    signatures = [answer.request.headers["Api-Signature"] for answer in answers[:3]]
    venues = "a-venues-key-of-many-letters", "a-venues-secret-of-many-letters"
    for secret in (SECRET, *venues, "a-wrong-secret-of-many-letters", *signatures):
        assert secret not in shown
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))  # that is the program's own
    assert "token-of" not in ours
    assert "signature=" not in ours.replace("signature=***", "")
    assert KEY not in caplog.text
