"""The gateway on a port, in trouble: slow venues, venues that lie, lost answers, many keys, hostile bytes. Rows of the table of faults."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import requests

from exchangeclient.gateway.universal import Gateway, Settings
from exchangeclient.sandbox import Account, Sandbox

PATIENCE_S = 30
TOKEN = "a-token-of-many-letters"
ORDER = {"symbol": "BTC_USDT", "type": "buy", "price": "1000", "amount": "0.1"}


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    """One whose time goes on, as it must for lost answers to be settled."""
    members = [Account("an-access-key-of-many-letters", "a-secret-of-many-letters", passphrase="a-passphrase-of-many-letters")]
    with Sandbox(limits="counted", accounts=members) as sandbox:
        yield sandbox


def raw(gateway: Gateway, *sent: bytes) -> bytes:
    """What comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE_S) as connection:
        for part in sent:
            connection.sendall(part)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def head(length: str = "2", more: str = "") -> bytes:
    told = f"Content-Length: {length}\r\n" if length else ""
    return f"POST /OKX HTTP/1.1\r\nHost: localhost\r\n{told}{more}\r\n".encode()


# ---- how it is made --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"host": "0.0.0.0"}, "token"),
        ({"host": "::"}, "token"),
        ({"host": "192.168.0.1"}, "token"),
        ({"host": "0.0.0.0", "token": "short"}, "at least 16"),
        ({"token": "a/b/c/d/e/f/g/h/i/j"}, "at least 16"),
        ({"addresses": {"OKX": "http://venue.example"}}, "https"),
        ({"addresses": {"OKX": "venue"}}, "OKX"),
    ],
)
def test_g08_it_is_made_safely_or_not_at_all(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Gateway(**{"port": 0, **wrong})


def test_g08_it_listens_on_this_machine_only() -> None:
    with Gateway(port=0) as gateway:
        assert gateway.url == f"http://127.0.0.1:{gateway.port}"
    with pytest.raises(RuntimeError, match="not started"):
        _ = gateway.url


def test_g10_beyond_it_there_is_a_token() -> None:
    with Gateway(port=0, host="0.0.0.0", token=TOKEN) as gateway:
        assert gateway.url.endswith(f"/{TOKEN}")
        assert requests.get(gateway.url, timeout=PATIENCE_S).json() == {"error": "not support GET method."}
        bare = gateway.url.removesuffix(f"/{TOKEN}")
        answer = requests.get(bare, timeout=PATIENCE_S)
        assert answer.status_code == 401
        assert requests.get(bare, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE_S).status_code == 200


def test_g16_a_port_that_is_taken_is_told_and_one_that_was_is_free_at_once(free_port: int) -> None:
    port = free_port
    with Gateway(port=port) as gateway:
        assert gateway.port == port
        with pytest.raises(OSError, match=str(port)), Gateway(port=port):
            pass
        requests.get(gateway.url, timeout=PATIENCE_S)
    with Gateway(port=port) as again:
        assert requests.get(again.url, timeout=PATIENCE_S).status_code == 200


def test_a_venue_without_an_address_is_told(robot_at: Any) -> None:
    with Gateway(port=0) as gateway:
        assert robot_at(gateway.url, "SANDBOX").refused("ticker", symbol="A_B") == "Exception occurred: SANDBOX has no address here"


# ---- hostile bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (head(""), 411),
        (head("-1"), 400),
        (head("1e3"), 400),
        (head("9" * 5000), 400),
        (head("2", "Content-Length: 3\r\n"), 400),
        (head("", "Transfer-Encoding: chunked\r\n") + b"2\r\n{}\r\n0\r\n\r\n", 411),
        (head("2", "Transfer-Encoding: chunked\r\n") + b"{}", 400),
        (b"GET /\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (head(str(2**21)), 413),
        (b"POST http://evil.example/OKX HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", 403),
        (b"HEAD /setup.py HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
    ],
)
def test_g02_g03_g09_g12_what_is_no_call_is_refused_as_json(gateway: Gateway, sent: bytes, status: int) -> None:
    answer = raw(gateway, sent.replace(b"Host:", b"Connection: close\r\nHost:", 1) if status == 411 else sent)
    assert answer.split(b" ", 2)[1] == str(status).encode()
    assert b"application/json" in answer
    if not sent.startswith(b"HEAD"):
        assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"error"}


def test_g01_every_body_gets_one_json_answer(gateway: Gateway) -> None:
    keys = {"access_key": "canary-key-of-letters", "secret_key": "canary-secret-of-letters"}
    bodies = [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 10_000, b'{"a":1e999}', b'{"nonce":' + b"9" * 5_000 + b"}",
        *(
            json.dumps({**keys, **more}).encode()
            for more in (
                {"method": "ticker"},
                {"method": "ticker", "params": {"symbol": []}},
                {"method": "ticker", "params": {"symbol": {"a": 1}}},
                {"method": "depth", "params": {"symbol": "A_B", "limit": {}}},
                {"method": "records", "params": {"symbol": "A_B", "period": "x", "limit": "y"}},
                {"method": "trade", "params": {"symbol": "A_B", "type": [], "price": {}, "amount": None}},
                {"method": "io", "params": {"code": {}, "args": {}}},
                {"method": "__api_", "params": {}},
                {"method": "__api_/api/v5/trade/order", "params": {"a": {"b": []}}},
                {"method": "x" * 100_000, "params": {}},
                {"method": "\ud800", "params": {"symbol": "\ud800"}},
                {"method": "ticker", "params": {"symbol": "\ud800_A"}, "nonce": 2**200},
            )
        ),
    ]  # fmt: skip
    with requests.Session() as session:
        for venue in ("OKX", "Binance"):
            for body in bodies:
                answer = session.post(f"{gateway.url}/{venue}", data=body, timeout=PATIENCE_S)
                assert answer.status_code == 200
                assert set(answer.json()) == {"error"}, body[:80]
                assert "canary" not in answer.text
                assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("venue", "method", "params", "text"),
    [
        ("NoVenue", "ticker", {"symbol": "LTC_USDT"}, "Unknown exName: NoVenue"),
        ("OKX/", "no_such", {}, "invalid method: no_such"),
        ("OKX", "ticker", {"symbol": "USDT"}, "invalid symbol"),
        ("OKX", "ticker", {"symbol": "LTC-USDT"}, "invalid symbol"),
        ("OKX", "ticker", {}, "invalid symbol"),
        ("OKX", "records", {"symbol": "LTC_USDT", "period": "an hour"}, "Exception occurred: period must be"),
        ("OKX", "records", {"symbol": "LTC_USDT", "period": "0"}, "missing required parameters: period"),
        ("OKX", "depth", {"symbol": "LTC_USDT", "limit": "x"}, "Exception occurred: limit must be"),
        ("OKX", "order", {"id": ""}, "missing required parameters: id"),
        ("Binance", "fundings", {}, "not support"),
    ],
)
def test_g05_what_there_is_not_is_told_in_the_protocols_own_words(
    gateway: Gateway, robot_at: Any, venue: str, method: str, params: dict[str, Any], text: str
) -> None:
    assert robot_at(gateway.url, venue, secret="secret,phrase").refused(method, **params).startswith(text)


def test_g05_a_period_and_a_limit_may_be_texts_or_numbers(okx: Any) -> None:
    as_text, as_number = (okx.ask("records", symbol="LTC_USDT", period=period, limit=limit) for period, limit in (("60", "3"), (60, 3)))
    assert as_text == as_number
    assert len(as_text) == 3


def test_g07_an_odd_verb_reaches_no_venue(okx: Any, exchange: Sandbox) -> None:
    asked = exchange.fault("delay", route="*/api/v5/trade/orders-pending", by=0)
    for verb in ("CONNECT", "TRACE", "None", None):
        assert "error" in okx.post("__api_/api/v5/trade/orders-pending", {}, verb=verb)
    assert asked.hits == 0
    assert okx.post("__api_/api/v5/trade/orders-pending", {}, verb="get")["data"]["code"] == "0"
    assert asked.hits == 1


def test_g04_g23_robots_are_served_while_others_dawdle_and_idle(gateway: Gateway, robot_at: Any) -> None:
    partly = (head("1000") + b'{"access', b"POST /OK", b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    slow = [socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE_S) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(partly[number % len(partly)])
        robot = robot_at(gateway.url, "OKX")
        for _ in range(8):
            assert robot.ask("ticker", symbol="LTC_USDT")["symbol"] == "LTC_USDT"
    finally:
        for connection in slow:
            connection.close()


def test_g06_no_path_leads_to_another_host(okx: Any, exchange: Sandbox) -> None:
    stranger = socket.create_server(("127.0.0.1", 0))
    port = stranger.getsockname()[1]
    for path in (
        f"@127.0.0.1:{port}/api/v5/x",
        f".127.0.0.1:{port}/x",
        f"//127.0.0.1:{port}/x",
        f"http://127.0.0.1:{port}/x",
        f":{port}/x",
        "\\x",
        "/api/v5/x?y",
    ):
        for verb in ("GET", "POST", None):
            assert "error" in okx.post(f"__api_{path}", {}, verb=verb)
    stranger.settimeout(0)
    with pytest.raises(BlockingIOError):
        stranger.accept()
    stranger.close()


def test_g15_a_robot_that_goes_away_leaves_no_traceback(
    gateway: Gateway, exchange: Sandbox, caplog: pytest.LogCaptureFixture, robot_at: Any
) -> None:
    robot = robot_at(gateway.url, "Binance")
    before = len(robot.ask("orders"))
    exchange.fault("delay", route="POST /api/v3/order", by=0.3, times=1)
    body = json.dumps({"access_key": robot.key, "secret_key": robot.secret, "method": "trade", "params": ORDER}).encode()
    with caplog.at_level(logging.INFO), socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE_S) as connection:
        connection.sendall(head(str(len(body))).replace(b"/OKX", b"/Binance") + body)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
        until = time.monotonic() + PATIENCE_S
        while "Binance trade of ***" not in caplog.text and time.monotonic() < until:
            threading.Event().wait(0.02)
    assert "Binance trade of ***ters: answered" in caplog.text
    assert "Traceback" not in caplog.text
    orders = robot.ask("orders")
    assert len(orders) == before + 1
    robot.ask("cancel", id=orders[-1]["id"])


# ---- venues in trouble -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "replace", "text": "<html>no</html>"}, "Invalid JSON response"),
        ({"kind": "replace", "text": "[]"}, "Invalid JSON response"),
        ({"kind": "replace", "text": "{}"}, "Invalid JSON response"),
        ({"kind": "replace", "text": "<html>no</html>", "status": 502}, "HTTP error: 502"),
        ({"kind": "drop"}, "URL error: "),
        ({"kind": "cut", "bytes": 5}, "URL error: "),
        ({"kind": "delay", "by": 20}, "URL error: "),
        ({"kind": "dribble", "pause": 1}, "URL error: "),
        ({"kind": "huge", "bytes": 2**28}, ""),
        ({"kind": "redirect"}, ""),
    ],
)
@pytest.mark.parametrize("venue", ["OKX", "Binance"])
def test_g13_whatever_the_venue_does_there_is_an_error_in_time(
    configured: Any, exchange: Sandbox, robot_at: Any, venue: str, fault: dict[str, Any], said: str
) -> None:
    robot = robot_at(configured(Settings(timeout_s=1.5)).url, venue)
    exchange.fault(str(fault["kind"]), route="GET /api/v*", **{name: value for name, value in fault.items() if name != "kind"})
    begun = time.monotonic()
    error = robot.refused("ticker", symbol="ETH_USDT")
    assert error.startswith(said)
    assert len(error) <= 300
    assert time.monotonic() - begun < PATIENCE_S / 2


def test_a_venue_that_cannot_be_reached_is_told(robot_at: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with Gateway(port=0, addresses={"OKX": f"http://127.0.0.1:{port}"}, settings=Settings(timeout_s=1.5)) as gateway:
        assert robot_at(gateway.url, "OKX").refused("ticker", symbol="ETH_USDT").startswith("URL error: ")


def test_it_can_be_given_the_venue_that_starts_when_it_is_asked_for(robot_at: Any, exchange: Sandbox) -> None:
    started: list[str] = []

    def address() -> str:
        started.append(exchange.urls["binance"]["rest"])
        return started[-1]

    with Gateway(port=0, addresses={"SANDBOX": address}) as gateway:
        assert started == []
        assert robot_at(gateway.url, "SANDBOX").ask("ticker", symbol="ETH_USDT")
        assert len(started) == 1


# ---- nothing twice ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", ["OKX", "Binance"])
def test_an_order_whose_answer_was_lost_is_found(gateway: Gateway, exchange: Sandbox, robot_at: Any, venue: str) -> None:
    robot = robot_at(gateway.url, venue)
    exchange.fault("drop", route="POST /api/v*/order" if venue == "Binance" else "POST /api/v5/trade/order", when="after", times=1)
    placed = robot.ask("trade", **ORDER)
    (order,) = robot.ask("orders", symbol="BTC_USDT")
    assert order["id"] == placed["id"]
    robot.ask("cancel", **placed)


@pytest.mark.parametrize("venue", ["OKX", "Binance"])
def test_g11_the_same_call_again_is_answered_as_before_by_this_gateway_and_by_the_next(
    gateway: Gateway, configured: Any, robot_at: Any, venue: str
) -> None:
    robot = robot_at(gateway.url, venue)
    nonce = time.time_ns()
    first = robot.post("trade", ORDER, nonce=nonce)
    assert "data" in first
    assert robot.post("trade", ORDER, nonce=nonce) == first
    assert "nonce" in robot.post("trade", {**ORDER, "amount": "0.2"}, nonce=nonce)["error"]
    # One that has just begun remembers nothing, and asks the venue.
    again = robot_at(configured(Settings()).url, venue).post("trade", ORDER, nonce=nonce)
    assert again["data"] == first["data"]
    turned = robot_at(configured(Settings()).url, venue).post("trade", {**ORDER, "type": "sell", "price": "900000"}, nonce=nonce)
    assert "nonce" in turned["error"]
    assert [order["id"] for order in robot.ask("orders", symbol="BTC_USDT")] == [first["data"]["id"]]
    # Of an order that is done a venue would take the id for another one.
    done = {"symbol": "BTC_USDT", "type": "sell", "price": "-1", "amount": "0.01"}
    sold = robot.post("trade", done, nonce=nonce + 1)
    assert robot.ask("order", **sold["data"])["status"] == "filled"
    assert robot_at(configured(Settings()).url, venue).post("trade", done, nonce=nonce + 1)["data"] == sold["data"]
    ahead = nonce + 3_600 * 10**9  # by a clock that goes wrong
    sold = robot.post("trade", done, nonce=ahead)
    assert robot_at(configured(Settings()).url, venue).post("trade", done, nonce=ahead)["data"] == sold["data"]
    # The seed's own nonces are of 2024, and a robot may send none: neither is refused.
    other = robot.post("trade", ORDER, nonce=1730275031047002000 + nonce % 1_000_000)
    without = robot.post("trade", ORDER, nonce=-1)
    assert len({first["data"]["id"], other["data"]["id"], without["data"]["id"]}) == 3
    cancelled = robot.post("cancel", {"id": first["data"]["id"]}, nonce=nonce)
    assert cancelled["data"] is True
    assert robot.post("cancel", {"id": first["data"]["id"]}, nonce=nonce) == cancelled
    for each in (other, without):
        robot.ask("cancel", **each["data"])


@pytest.mark.parametrize("venue", ["OKX", "Binance"])
def test_an_order_that_the_venue_has_by_another_gateway_is_answered_with_its_id(
    gateway: Gateway, configured: Any, robot_at: Any, venue: str
) -> None:
    robot, beside = robot_at(gateway.url, venue), robot_at(configured(Settings()).url, venue)
    beside.ask("accounts")
    nonce = robot.new_nonce()
    first = robot.post("trade", ORDER, nonce=nonce)
    assert beside.post("trade", ORDER, nonce=nonce)["data"] == first["data"]
    robot.ask("cancel", **first["data"])


@pytest.mark.parametrize("venue", ["OKX", "Binance"])
def test_an_order_that_could_not_be_told_in_time_is_told_by_the_same_call_again(
    configured: Any, exchange: Sandbox, robot_at: Any, venue: str
) -> None:
    robot = robot_at(configured(Settings(timeout_s=2)).url, venue)
    robot.ask("accounts")
    place, look = (
        ("POST /api/v5/trade/order", "GET /api/v5/trade/order*") if venue == "OKX" else ("POST /api/v3/order", "GET /api/v3/order")
    )
    exchange.fault("drop", route=place, when="after", times=1)
    exchange.fault("drop", route=look)
    nonce = robot.new_nonce()
    lost = robot.post("trade", ORDER, nonce=nonce)["error"]
    assert lost.startswith("URL error: it is not known whether")
    assert "resolve()" not in lost
    assert "error" in robot.post("trade", ORDER, nonce=nonce)  # the venue still does not say, so this is no answer to keep, either
    exchange.faults.clear()
    told = robot.post("trade", ORDER, nonce=nonce)
    (order,) = robot.ask("orders", symbol="BTC_USDT")
    assert told["data"]["id"] == order["id"]
    robot.ask("cancel", id=order["id"])


@pytest.mark.parametrize("venue", ["OKX", "Binance"])
def test_an_order_by_a_call_of_the_venues_own_is_not_sent_again_when_nobody_knows_what_became_of_it(
    configured: Any, exchange: Sandbox, robot_at: Any, venue: str
) -> None:
    robot = robot_at(configured(Settings(timeout_s=4)).url, venue)
    robot.ask("accounts")
    place, look, order = (
        ("/api/v5/trade/order", "GET /api/v5/trade/order*", {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"})
        if venue == "OKX"
        else ("/api/v3/order", "GET /api/v3/order", {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"})
    )
    order |= {"px": "1000", "sz": "0.1"} if venue == "OKX" else {"price": "1000", "quantity": "0.1"}
    exchange.fault("drop", route=f"POST {place}", when="after", times=1)
    exchange.fault("drop", route=look)
    nonce = robot.new_nonce()
    first = robot.post(f"__api_{place}", order, nonce=nonce, verb="POST")
    assert first["error"].startswith("URL error: ")
    assert "resolve()" not in first["error"]
    exchange.faults.clear()
    assert robot.post(f"__api_{place}", order, nonce=nonce, verb="POST") == first
    (placed,) = robot.ask("orders", symbol="BTC_USDT")
    robot.ask("cancel", id=placed["id"])


def test_another_secret_hears_nothing_of_what_was_answered(gateway: Gateway, robot_at: Any) -> None:
    robot = robot_at(gateway.url, "Binance")
    nonce = time.time_ns()
    first = robot.post("trade", ORDER, nonce=nonce)
    assert set(robot_at(gateway.url, "Binance", secret="another").post("trade", ORDER, nonce=nonce)) == {"error"}
    robot.ask("cancel", **first["data"])


# ---- many at once ----------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded() -> Iterator[Sandbox]:
    members = [Account(f"robot-number-{number:02}", f"secret-number-{number:02}", passphrase="phrase") for number in range(64)]
    with Sandbox(start="2026-03-01", speed=0, limits="counted", accounts=members) as exchange:
        yield exchange


def at_once(count: int, work: Any) -> list[Any]:
    begin = threading.Barrier(count, timeout=PATIENCE_S)

    def one(number: int) -> Any:
        begin.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def test_g14_many_robots_at_once_get_their_own_answers(crowded: Sandbox, robot_at: Any) -> None:
    for number, account in enumerate(crowded.accounts):
        crowded.deposit(account.key, "BTC", Decimal(number + 1))
    with Gateway(port=0, addresses={"Binance": crowded.urls["binance"]["rest"]}) as gateway:

        def held(number: int) -> Decimal:
            robot = robot_at(gateway.url, "Binance", key=f"robot-number-{number:02}", secret=f"secret-number-{number:02}")
            return next(Decimal(row["free"]) for row in robot.ask("accounts") if row["currency"] == "BTC")

        amounts = at_once(64, held)
    assert [amount - amounts[0] for amount in amounts] == list(range(64))


class SlowVenue:
    """Books and trades of OKX and Binance, told to nobody before everybody is there; and the time, which may be asked by somebody."""

    BODIES: ClassVar[dict[str, bytes]] = {
        "/api/v3/depth": b'{"lastUpdateId":1,"bids":[["1","2"]],"asks":[["3","4"]]}',
        "/api/v5/market/books": b'{"code":"0","msg":"","data":[{"bids":[["1","2","0","1"]],"asks":[["3","4","0","1"]],"ts":"1"}]}',
        "/api/v5/market/trades": b'{"code":"0","msg":"","data":[]}',
    }

    def __init__(self, everybody: int) -> None:
        self.all_there = threading.Barrier(everybody, timeout=PATIENCE_S)
        self.others: list[str] = []
        venue = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = venue.BODIES.get(self.path.partition("?")[0], b"")
                if body:
                    with suppress(threading.BrokenBarrierError):
                        venue.all_there.wait()
                else:
                    venue.others.append(self.path)
                self.send_response(200 if body and not venue.all_there.broken else 500)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.all_there.abort()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)


@pytest.mark.parametrize("name", ["OKX", "Binance"])
def test_fifty_calls_are_with_a_slow_venue_at_the_same_time(robot_at: Any, name: str) -> None:
    venue = SlowVenue(50)
    # OKX tells 40 books in two seconds.
    methods = ("depth", "trades") if name == "OKX" else ("depth",)
    try:
        with Gateway(port=0, addresses={name: venue.url}, settings=Settings(timeout_s=2 * PATIENCE_S)) as gateway:
            # Each pair is another question, so that none is spared.
            told = at_once(50, lambda number: robot_at(gateway.url, name).ask(methods[number % len(methods)], symbol=f"A{number}_B"))
    finally:
        venue.close()
    assert len(told) == 50
    assert venue.others == []  # nor did they wait until the venue had told its time


@pytest.mark.parametrize("venue", ["OKX", "Binance"])
def test_what_many_robots_ask_at_once_is_asked_of_the_venue_once(gateway: Gateway, exchange: Sandbox, robot_at: Any, venue: str) -> None:
    slow = exchange.fault("delay", route="GET /api/v*ticker*", by=1.0)
    robots = [robot_at(gateway.url, venue, key="", secret="") for _ in range(20)]
    tickers = at_once(20, lambda number: robots[number].ask("ticker", symbol="LTC_USDT"))
    assert len(tickers) == 20
    assert 1 <= slow.hits <= 10  # a straggler on a busy machine asks anew


# ---- secrets ---------------------------------------------------------------------------------------------------------


def test_g22_no_log_holds_a_key(exchange: Sandbox, robot_at: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    addresses = {"OKX": exchange.urls["okx"]["rest"], "Binance": exchange.urls["binance"]["rest"]}
    secrets: set[str] = set()
    with Gateway(port=0, addresses=addresses, token=TOKEN, settings=Settings(timeout_s=4)) as gateway:
        for venue, address in addresses.items():
            robot = robot_at(gateway.url, venue)
            secrets |= {robot.key, *robot.secret.split(",")}
            placed = robot.post("trade", ORDER)
            for method, params, verb in (
                ("ticker", {"symbol": "ETH_USDT"}, None),
                ("accounts", {}, None),
                ("orders", {}, None),
                ("cancel", placed["data"], None),
                ("cancel", placed["data"], None),
                (robot.secret, {}, None),
                ("__api_/api/v5/account/balance" if venue == "OKX" else "__api_/api/v3/account", {}, "GET"),
                ("__api_/api/v5/trade/order" if venue == "OKX" else "__api_/api/v3/order", {"a": robot.secret}, "POST"),
            ):
                robot.post(method, params, verb=verb)
            exchange.fault("replace", text="<html>", route="*/api/*", times=2)
            robot.post("accounts", {})
            exchange.fault("drop", route="*/api/*", times=20)
            robot.post("trade", ORDER)
            exchange.faults.clear()
            wrong = robot_at(gateway.url, venue, secret="canary-wrong-secret,canary-wrong-phrase")
            secrets |= {"canary-wrong-secret", "canary-wrong-phrase"}
            wrong.post("accounts", {})
            wrong.post("trade", ORDER)
            assert address
            robot.session.post(robot.url, data=b'{"access_key":"canary-key"', timeout=PATIENCE_S)
            secrets.add("canary-key")
    ours = [record for record in caplog.records if not record.name.startswith(("urllib3", "asyncio"))]  # the robot's own logs
    logged = "\n".join(logging.Formatter().format(record) for record in ours)
    assert '"code"' not in logged  # no answer of a venue's, either
    assert "trade of ***" in logged
    assert "OKX" in logged
    for secret in (*secrets, TOKEN):
        assert secret not in logged, secret
    assert "signature=" not in logged.replace("signature=***", "")
