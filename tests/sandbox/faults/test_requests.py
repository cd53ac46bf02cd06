"""Faults of requests as a client meets them: seen by requests and by plain sockets."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.faults.kinds import KINDS

PATIENCE_S = 10
DEPTH = "btcusdt@depth@100ms"


# ---- requests ----------------------------------------------------------------------------------------------------------


def test_an_error_has_the_status_the_code_the_text_and_the_headers_that_were_asked_for(exchange: Sandbox, client: Any) -> None:
    said = {"status": 418, "code": -1003, "text": "banned", "retry_after": "7", "headers": {"X-Own": "yes"}}
    with exchange.fault("error", route="GET /api/v3/time", **said) as fault:
        answer = client.get("/api/v3/time")
        assert (answer.status_code, answer.json()) == (418, {"code": -1003, "msg": "banned"})
        assert (answer.headers["Retry-After"], answer.headers["X-Own"]) == ("7", "yes")
        assert client.get("/api/v3/ping").status_code == 200
    assert fault.hits == 1
    assert client.get("/api/v3/time").status_code == 200


@pytest.mark.parametrize(("status", "code"), [(401, -2015), (418, -1003), (429, -1003), (500, -1000), (503, -1001), (504, -1007)])
def test_an_error_without_words_has_the_venues_usual_ones(exchange: Sandbox, client: Any, status: int, code: int) -> None:
    with exchange.fault("error", status=status):
        answer = client.get("/api/v3/time")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "{" not in answer.json()["msg"]


@pytest.mark.parametrize("processed", [True, False])
def test_an_error_may_come_with_the_request_processed_or_not(exchange: Sandbox, client: Any, processed: bool) -> None:
    name = f"error-{processed}"
    with exchange.fault("error", route="POST /api/v3/order", status=504, processed=processed):
        assert client.place(name).status_code == 504
    assert client.is_placed(name) is processed


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("ending", ["close", "reset"])
def test_an_answer_is_lost_and_its_request_was_processed_or_not(exchange: Sandbox, client: Any, when: str, ending: str) -> None:
    name = f"drop-{when}-{ending}"
    with exchange.fault("drop", route="POST /api/v3/order", when=when, ending=ending) as fault:
        with pytest.raises(requests.ConnectionError) as caught:
            client.place(name)
        assert fault.hits == 1
    assert ("reset" in str(caught.value).lower()) is (ending == "reset")
    assert client.is_placed(name) is (when == "after")


def test_a_silent_connection_stays_open(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("drop", ending="silence"), pytest.raises(requests.ReadTimeout):
        client.get("/api/v3/time", timeout=(PATIENCE_S, 0.3))


def test_an_answer_is_cut_after_so_many_bytes_of_its_head_or_its_body(exchange: Sandbox, client: Any) -> None:
    whole = closed_answer(exchange, client)
    head, _, body = whole.partition(b"\r\n\r\n")
    with exchange.fault("cut", part="head", bytes=20):
        assert client.raw("/api/v3/time") == whole[:20]
    with exchange.fault("cut", bytes=5):
        cut = client.raw("/api/v3/time")
    assert cut.startswith(b"HTTP/1.1 200 OK\r\n")
    assert cut.partition(b"\r\n\r\n")[2] == body[:5]
    assert f"Content-Length: {len(body)}".encode() in cut
    with exchange.fault("cut"), pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get("/api/v3/time")
    assert len(head) > 20


def closed_answer(exchange: Sandbox, client: Any) -> bytes:
    with exchange.fault("hangup") as fault:
        answer = client.raw("/api/v3/time")
        assert fault.hits == 1
    return answer


def test_a_connection_is_closed_behind_an_answer_that_does_not_say_so(exchange: Sandbox, client: Any) -> None:
    answer = closed_answer(exchange, client)
    assert answer.endswith(b"}")
    assert b"connection" not in answer.lower()


def test_an_answer_dribbles(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("dribble", bytes=40, pause=0.01):
        address = urlsplit(exchange.urls["binance"]["rest"])
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S) as peer:
            peer.sendall(b"GET /api/v3/time HTTP/1.1\r\nHost: x\r\n\r\n")
            parts = []
            while not b"".join(parts).endswith(b"}"):
                parts.append(peer.recv(65536))
        # What was sent in one piece would have been read in one or two.
        assert len(parts) > 3
        assert client.get("/api/v3/time").json()["serverTime"] > 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_request_waits_before_or_after_it_is_processed(exchange: Sandbox, client: Any, when: str) -> None:
    name = f"delay-{when}"
    with exchange.fault("delay", route="POST /api/v3/order", by=0.5, when=when):
        with pytest.raises(requests.ReadTimeout):
            client.place(name, timeout=(PATIENCE_S, 0.2))
        assert client.is_placed(name) is (when == "after")
        # Nobody waits for it any more, and it is processed all the same.
        until = time.monotonic() + PATIENCE_S
        while not client.is_placed(name):
            assert time.monotonic() < until


def test_a_delayed_answer_does_not_hold_up_others(exchange: Sandbox, client: Any) -> None:
    answers: list[float] = []
    with exchange.fault("delay", route="GET /api/v3/time", by=0.5):

        def ask() -> None:
            client.get("/api/v3/time")
            answers.append(time.monotonic())

        waiting = threading.Thread(target=ask)
        waiting.start()
        assert client.get("/api/v3/ping").status_code == 200
        done = time.monotonic()
        waiting.join()
    assert done < answers[0]


def test_a_body_is_truncated_and_otherwise_in_order(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("truncate", bytes=7):
        answer = client.get("/api/v3/time")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b'{"serve', "7")


@pytest.mark.parametrize(
    ("said", "body", "kind"),
    [
        ({}, b"", "application/json"),
        ({"text": "<html>", "type": "text/html"}, b"<html>", "text/html"),
        ({"text": "\ufeff{}"}, b"\xef\xbb\xbf{}", "application/json"),
        ({"text": '"\ud800"'}, b'"\xed\xa0\x80"', "application/json"),
    ],
)
def test_a_body_is_replaced(exchange: Sandbox, client: Any, said: dict[str, str], body: bytes, kind: str) -> None:
    with exchange.fault("replace", **said):
        answer = client.get("/api/v3/time")
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["Content-Type"].startswith(kind)


def test_a_request_is_redirected(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("redirect", to="http://elsewhere.invalid/x", status=307):
        answer = client.get("/api/v3/time", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://elsewhere.invalid/x")


def test_headers_are_changed_and_taken_away(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("headers", headers={"x-mbx-used-weight-1m": "5999", "X-MBX-USED-WEIGHT": None}):
        answer = client.get("/api/v3/time")
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "5999"
    assert "X-MBX-USED-WEIGHT" not in answer.headers
    assert answer.json()["serverTime"] > 0


def test_the_hosts_own_headers_are_changed_and_taken_away_too(exchange: Sandbox, client: Any) -> None:
    said = {"date": "Thu, 01 Jan 1970 00:00:00 GMT", "Content-Length": "9"}
    with exchange.fault("headers", headers=said), exchange.fault("hangup"):
        lying = client.raw("/api/v3/time")
    with exchange.fault("headers", headers=dict.fromkeys(said)), exchange.fault("hangup"):
        mute = client.raw("/api/v3/time")
    assert [line for line in lying.split(b"\r\n") if line.lower().startswith((b"date:", b"content-length:"))] == [
        b"date: Thu, 01 Jan 1970 00:00:00 GMT",
        b"Content-Length: 9",
    ]
    assert b"date:" not in mute.lower()
    assert b"content-length:" not in mute.lower()


@pytest.mark.parametrize("form", ["length", "chunked", "gzip"])
def test_a_body_is_filled_up(exchange: Sandbox, client: Any, form: str) -> None:
    size = 3 * 2**20
    with exchange.fault("huge", bytes=size, form=form):
        answer = client.get("/api/v3/time")
    assert size <= len(answer.content) < size + 2**20
    assert answer.json()["serverTime"] > 0
    assert ("Content-Length" in answer.headers) is (form != "chunked")
    assert int(answer.headers.get("Content-Length", 0)) <= 2**16 if form == "gzip" else True


def test_a_body_without_end_is_sent_as_fast_as_it_is_taken(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("huge", form="endless"), client.get("/api/v3/time", stream=True) as answer:
        taken = 0
        for chunk in answer.iter_content(2**16):
            taken += len(chunk)
            if taken > 2**25:
                break
    assert client.get("/api/v3/time").status_code == 200


def test_a_stale_snapshot_is_that_of_the_time_when_it_was_ordered(exchange: Sandbox, client: Any, open_socket: Callable[..., Any]) -> None:
    path = "/api/v3/depth?symbol=BTCUSDT&limit=10"
    before = client.get(path).json()["lastUpdateId"]
    with exchange.fault("stale", route=f"GET {path}", times=1):
        peer = open_socket(f"/ws/{DEPTH}")
        now = client.get("/api/v3/depth?symbol=BTCUSDT&limit=5").json()["lastUpdateId"]
        while (newest := json.loads(peer.recv())["u"]) <= now:
            pass
        assert before <= client.get(path).json()["lastUpdateId"] <= now
        assert client.get(path).json()["lastUpdateId"] >= newest


def test_without_a_whole_query_the_first_answer_of_its_kind_is_repeated(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("stale", route="GET /api/v3/account"):
        first = client.signed("GET", "/api/v3/account", "")
        assert client.signed("POST", "/api/v3/order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=1").status_code == 200
        assert client.signed("GET", "/api/v3/account", "").json() == first.json()
        other = client.signed("GET", "/api/v3/account", "omitZeroBalances=true").json()
        assert other["balances"] != first.json()["balances"]
    assert client.signed("GET", "/api/v3/account", "").json() != first.json()


def test_what_is_stale_is_the_accounts_own_and_only_for_who_is_let_in(exchange: Sandbox, client: Any) -> None:
    query = "symbol=BNBBTC&side=BUY&type=MARKET&quantity=1"
    with exchange.fault("stale", route="GET /api/v3/account"):
        first = client.signed("GET", "/api/v3/account", "").json()
        assert client.signed("POST", "/api/v3/order", query).status_code == 200
        other = client.signed("GET", "/api/v3/account", "", key="other").json()
        assert other["balances"] != first["balances"]
        assert client.signed("GET", "/api/v3/account", "").json() == first
        headers = {"X-MBX-APIKEY": "key"}
        unsigned = requests.get(f"{client.rest}/api/v3/account?timestamp=1&signature=x", headers=headers, timeout=PATIENCE_S)
        assert unsigned.status_code >= 400
        assert client.get("/api/v3/account").json()["code"] != 0


def test_an_order_is_never_answered_with_an_earlier_one(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("stale") as fault:
        ids = [client.signed("POST", "/api/v3/order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=1").json()["orderId"] for _ in range(2)]
        assert ids[0] < ids[1]
        assert fault.hits == 0


def test_a_stale_snapshot_is_for_clients_that_show_a_key_as_well(exchange: Sandbox, client: Any) -> None:
    path = "/api/v3/time"
    with exchange.fault("stale", route=f"GET {path}?"):
        told = [requests.get(client.rest + path, headers=headers, timeout=PATIENCE_S).json() for headers in ({}, {"X-MBX-APIKEY": "key"})]
    assert told[0] == told[1]


def test_the_venues_clock_is_ahead_in_what_it_tells_and_in_what_it_takes(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("clock", ms=-3_600_000):
        assert abs(client.get("/api/v3/time").json()["serverTime"] + 3_600_000 - time.time() * 1000) < 60_000
        assert client.signed("GET", "/api/v3/account", "").json()["code"] == -1021
    assert client.signed("GET", "/api/v3/account", "").status_code == 200


def test_an_order_that_is_too_slow_on_its_way_to_the_engine_is_refused_there(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("slow_engine", by=6):
        answer = client.place("slow")
    assert answer.json()["code"] == -1021
    assert not client.is_placed("slow")


def test_a_query_lags_behind_the_engine(exchange: Sandbox, client: Any, open_socket: Callable[..., Any]) -> None:
    assert client.place("lagging").status_code == 200
    query = "symbol=BNBBTC&origClientOrderId=lagging"
    unknown = client.signed("GET", "/api/v3/order", "symbol=BNBBTC&origClientOrderId=never-was")
    with exchange.fault("not_found", route="GET /api/v3/order"), exchange.fault("not_found", route="order.status"):
        answer = client.signed("GET", "/api/v3/order", query)
        assert (answer.status_code, answer.json()) == (unknown.status_code, unknown.json())
        peer = open_socket("/ws-api/v3")
        peer.send(client.call("order.status", query, 4))
        assert json.loads(peer.recv())["error"] == unknown.json()
    assert client.is_placed("lagging")


def test_faults_of_one_account_leave_others_alone(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("error", account="other"):
        assert client.signed("GET", "/api/v3/account", "").status_code == 200
        assert client.signed("GET", "/api/v3/account", "", key="other").status_code == 500


def test_two_faults_of_one_request_add_up(exchange: Sandbox, client: Any) -> None:
    with exchange.fault("truncate", bytes=5), exchange.fault("error", status=503, text="x" * 100), exchange.fault("delay", by=0.05):
        answer = client.get("/api/v3/time")
    assert (answer.status_code, len(answer.content)) == (503, 5)


# ---- over HTTP -------------------------------------------------------------------------------------------------------------


def test_faults_are_armed_listed_and_lifted_over_http(exchange: Sandbox, client: Any) -> None:
    url = exchange.urls["binance"]["rest"] + "/sandbox/faults"
    said = {"kind": "error", "route": "GET /api/v3/time", "status": 503, "times": 2}
    armed = requests.post(url, json=said, timeout=PATIENCE_S).json()
    assert {name: armed[name] for name in said} == said
    assert client.get("/api/v3/time").status_code == 503
    (listed,) = requests.get(url, timeout=PATIENCE_S).json()
    assert (listed["id"], listed["hits"], listed["armed"]) == (armed["id"], 1, True)
    assert requests.delete(url, json={"id": armed["id"]}, timeout=PATIENCE_S).json()[0]["armed"] is False
    assert client.get("/api/v3/time").status_code == 200
    assert requests.delete(url, json={}, timeout=PATIENCE_S).json() == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "fault"),
        ({"kind": "stall", "seconds": -1}, "seconds"),
        ([], "JSON"),
        ({"kind": ["stall"]}, "stall"),
        ({"kind": "drop", "self": 1}, "self"),
    ],
)
def test_what_is_wrong_with_a_fault_is_said_over_http(exchange: Sandbox, body: object, named: str) -> None:
    answer = requests.post(exchange.urls["binance"]["rest"] + "/sandbox/faults", json=body, timeout=PATIENCE_S)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_every_kind_on_the_menu_is_tried_here_or_on_websockets() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*s.py"))
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
