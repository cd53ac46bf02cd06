"""Faults of websockets as a client meets them: handshakes, streams, calls and the sockets themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import websocket

from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.faults import Faults
from exchangeclient.sandbox.faults.app import TroubledApp
from exchangeclient.sandbox.faults.sockets import TroubledSocket
from exchangeclient.serving.messages import HttpRequest

PATIENCE_S = 10
DEPTH = "btcusdt@depth@100ms"


def frames(peer: websocket.WebSocket, count: int) -> list[dict[str, Any]]:
    return [json.loads(peer.recv()) for _ in range(count)]


def read_until(peer: websocket.WebSocket, is_wanted: Callable[[tuple[int, bytes]], bool]) -> tuple[int, bytes]:
    until = time.monotonic() + PATIENCE_S
    while not is_wanted(frame := peer.recv_data(control_frame=True)):
        assert time.monotonic() < until
    return frame


def close_code(peer: websocket.WebSocket) -> int:
    _, payload = read_until(peer, lambda frame: frame[0] == websocket.ABNF.OPCODE_CLOSE)
    return int.from_bytes(payload[:2], "big")


# ---- handshakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "said"), [("error", {"status": 429}), ("replace", {"status": 200}), ("redirect", {})])
def test_a_handshake_is_refused(exchange: Sandbox, open_socket: Callable[..., Any], kind: str, said: dict[str, Any]) -> None:
    with exchange.fault(kind, route="WS /ws*", **said) as fault:
        with pytest.raises(websocket.WebSocketException):
            open_socket(f"/ws/{DEPTH}")
        assert fault.hits > 0
    assert frames(open_socket(f"/ws/{DEPTH}"), 1)


def test_a_handshake_says_what_it_is_refused_with(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    with exchange.fault("error", route="WS /stream*", status=429, retry_after="9"):
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            open_socket("/stream")
        assert open_socket(f"/ws/{DEPTH}").connected
    assert caught.value.status_code == 429
    assert caught.value.resp_headers is not None
    assert caught.value.resp_headers["retry-after"] == "9"


def test_a_handshake_is_answered_late_or_never(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    with exchange.fault("delay", route="WS *", by=0.3):
        begun = time.monotonic()
        peer = open_socket(f"/ws/{DEPTH}")
        assert time.monotonic() - begun >= 0.3
        assert frames(peer, 1)
    address = exchange.urls["binance"]["stream"]
    with exchange.fault("drop", route="WS *", ending="silence"), pytest.raises(websocket.WebSocketTimeoutException):
        websocket.create_connection(f"{address}/ws/{DEPTH}", timeout=0.3)


def test_a_handshake_may_have_a_wrong_proof(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    said = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": "bm90IHRoZSBvbmU="}
    refused = pytest.raises(websocket.WebSocketException, match=r"Invalid|invalid")
    with exchange.fault("error", route="WS *", status=101, headers=said), refused:
        open_socket(f"/ws/{DEPTH}")


def test_the_answer_to_a_handshake_has_other_headers(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    with exchange.fault("headers", route="WS *", headers={"X-Own": "yes", "server": None}), exchange.fault("delay", route="WS *", by=0.01):
        peer = open_socket(f"/ws/{DEPTH}")
    assert peer.headers["x-own"] == "yes"
    assert "server" not in peer.headers
    assert frames(peer, 2)
    wrong = exchange.fault("headers", route="WS *", headers={"sec-websocket-accept": "bm90IHRoZSBvbmU="})
    with wrong, pytest.raises(websocket.WebSocketException, match=r"Invalid|invalid"):
        open_socket(f"/ws/{DEPTH}")
    assert wrong.hits == 1
    assert "server" in open_socket("/ws").headers


# ---- streams -----------------------------------------------------------------------------------------------------------


def test_a_stalled_stream_stays_open_while_another_one_goes_on(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/stream?streams={DEPTH}/ethbtc@depth@100ms")
    frames(peer, 2)
    with exchange.fault("stall", stream=DEPTH) as fault:
        came = {each["stream"] for each in frames(peer, 6)[2:]}
        peer.ping("still there")
        read_until(peer, lambda frame: frame == (websocket.ABNF.OPCODE_PONG, b"still there"))
        assert came == {"ethbtc@depth@100ms"}
        assert fault.hits > 0
    while frames(peer, 1)[0]["stream"] != DEPTH:
        pass


def test_skipped_messages_leave_a_gap_of_ids(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    frames(peer, 1)
    with exchange.fault("skip", stream=DEPTH) as fault:
        while fault.hits == 0:
            came = frames(peer, 2)
        came += frames(peer, 2)
    gaps = [after["U"] - before["u"] - 1 for before, after in pairwise(came)]
    assert fault.hits == 1
    assert sum(gap > 0 for gap in gaps) <= 1


def test_messages_come_twice(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    with exchange.fault("duplicate", stream=DEPTH, copies=3, times=1) as fault:
        while fault.is_armed:
            ids = [each["u"] for each in frames(peer, 1)]
        ids += [each["u"] for each in frames(peer, 3)]
    assert max(ids.count(each) for each in ids) == 3


def test_messages_change_places(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    with exchange.fault("reorder", stream=DEPTH, times=1) as fault:
        ids = [each["u"] for each in frames(peer, 1)]
        while ids == sorted(ids):
            ids += [each["u"] for each in frames(peer, 1)]
        assert fault.hits == 1
        ids += [each["u"] for each in frames(peer, 2)]
    # One pair is swapped, nothing is lost.
    assert sum(after < before for before, after in pairwise(ids)) == 1
    assert len(set(ids)) == len(ids)


def test_what_was_held_back_comes_when_the_fault_is_lifted(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    last = frames(peer, 1)[0]["u"]
    with exchange.fault("delay", stream=DEPTH, by=3600) as fault:
        until = time.monotonic() + PATIENCE_S
        while fault.hits < 3:
            assert time.monotonic() < until
    came = frames(peer, 5)
    assert [each["U"] for each in came] == [last + 1, *(each["u"] + 1 for each in came[:-1])]


def test_late_messages_keep_their_order(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    frames(peer, 1)
    with exchange.fault("delay", stream=DEPTH, by=0.3) as fault:
        while fault.hits == 0:
            frames(peer, 1)
        came = frames(peer, 6)
    assert [each["U"] for each in came[1:]] == [each["u"] + 1 for each in came[:-1]]
    assert time.time() * 1000 - came[-1]["E"] >= 300


@pytest.mark.parametrize(
    ("kind", "said", "wanted"),
    [("truncate", {"bytes": 9}, '{"e":"dep'), ("replace", {"text": "[[[["}, "[[[["), ("replace", {}, "")],
)
def test_a_message_says_something_else(
    exchange: Sandbox, open_socket: Callable[..., Any], kind: str, said: dict[str, Any], wanted: str
) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    with exchange.fault(kind, stream=DEPTH, times=1, **said):
        came = [peer.recv()]
        while came[-1].startswith('{"e":"depthUpdate"'):
            came.append(peer.recv())
    assert came[-1] == wanted


def test_a_message_is_huge(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    with exchange.fault("huge", stream=DEPTH, bytes=2**18, times=1):
        while len(text := peer.recv()) < 2**18:
            pass
    assert json.loads(text)["e"] == "depthUpdate"


def test_bytes_go_out_as_they_are(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    no_utf8 = "8102fffe"
    with exchange.fault("raw", stream=DEPTH, hex=no_utf8, times=1), pytest.raises(websocket.WebSocketPayloadException):
        read_until(peer, lambda _frame: False)


# ---- calls on a socket ---------------------------------------------------------------------------------------------------


def test_a_subscription_is_refused_or_never_answered(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket("/ws")
    ask = json.dumps({"method": "SUBSCRIBE", "params": [DEPTH], "id": 5})
    with exchange.fault("error", route="SUBSCRIBE", code=2, text="no"):
        peer.send(ask)
        assert json.loads(peer.recv()) == {"code": 2, "msg": "no", "id": 5}
    with exchange.fault("drop", route="SUBSCRIBE", when="after", ending="silence"):
        peer.send(ask)
        assert json.loads(peer.recv())["e"] == "depthUpdate"  # subscribed, and never told so
    peer.send(json.dumps({"method": "UNSUBSCRIBE", "params": [DEPTH], "id": 6}))
    while json.loads(peer.recv()) != {"result": None, "id": 6}:
        pass


@pytest.mark.parametrize("processed", [True, False])
def test_an_order_by_websocket_is_answered_with_an_error(
    exchange: Sandbox, client: Any, open_socket: Callable[..., Any], processed: bool
) -> None:
    peer = open_socket("/ws-api/v3")
    name = f"ws-error-{processed}"
    with exchange.fault("error", route="order.place", account="key", status=504, processed=processed):
        peer.send(client.call_to_place(name, 9))
        answer = json.loads(peer.recv())
    assert (answer["id"], answer["status"], answer["error"]["code"]) == (9, 504, -1007)
    assert client.is_placed(name) is processed


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_order_by_websocket_waits_or_is_lost(exchange: Sandbox, client: Any, open_socket: Callable[..., Any], when: str) -> None:
    peer = open_socket("/ws-api/v3")
    with exchange.fault("delay", route="order.place", by=0.2, when=when):
        peer.send(client.call_to_place(f"ws-delay-{when}", 1))
        peer.send(client.call("ping", "", 2))
        assert [json.loads(peer.recv())["id"] for _ in range(2)] == [2, 1]
    with exchange.fault("drop", route="order.place", when=when, ending="reset"):
        peer.send(client.call_to_place(f"ws-drop-{when}", 3))
        with pytest.raises((ConnectionError, websocket.WebSocketConnectionClosedException)):
            peer.recv()
    assert client.is_placed(f"ws-drop-{when}") is (when == "after")


def test_what_an_account_is_told_can_be_lost_or_doubled_while_its_orders_are_answered(
    exchange: Sandbox, client: Any, open_socket: Callable[..., Any]
) -> None:
    peer = open_socket("/ws-api/v3")
    peer.send(client.call("userDataStream.subscribe.signature", "", 1))
    assert json.loads(peer.recv())["status"] == 200
    with exchange.fault("duplicate", stream="userData@key"):
        peer.send(client.call_to_place("told-twice", 2))
        came = [json.loads(peer.recv()) for _ in range(5)]
    events = [each["event"] for each in came if "event" in each]
    assert [each["e"] for each in events] == ["executionReport"] * 2 + ["outboundAccountPosition"] * 2
    assert events[0] == events[1]
    assert [each["id"] for each in came if "event" not in each] == [2]
    with exchange.fault("stall", account="key", socket="/ws-api/*", stream="userData@*"):
        peer.send(client.call_to_place("not-told", 3))
        assert json.loads(peer.recv())["id"] == 3


# ---- sockets -------------------------------------------------------------------------------------------------------------


def test_a_half_open_socket_is_dead_until_its_time_is_over(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer, other = open_socket(f"/ws/{DEPTH}"), open_socket("/ws/ethbtc@depth@100ms")
    frames(peer, 1)
    with exchange.fault("half_open", stream=DEPTH, seconds=1) as fault:
        peer.ping("dead?")
        peer.settimeout(0.4)
        with pytest.raises(websocket.WebSocketTimeoutException):  # after what was on its way
            read_until(peer, lambda frame: frame[0] == websocket.ABNF.OPCODE_PONG)
        assert frames(other, 3)
        assert fault.hits == 1
        peer.settimeout(PATIENCE_S)
        read_until(peer, lambda frame: frame == (websocket.ABNF.OPCODE_PONG, b"dead?"))
        assert frames(peer, 1)
        assert not fault.is_armed


def test_a_dead_socket_is_closed_when_it_lives_again(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket("/ws")
    with exchange.fault("half_open", socket="/ws"), exchange.fault("close", socket="/ws", code=4005):
        peer.settimeout(0.2)
        with pytest.raises(websocket.WebSocketTimeoutException):
            close_code(peer)
        peer.settimeout(PATIENCE_S)
    assert close_code(peer) == 4005


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 4001])
def test_a_socket_is_closed_with_any_code(exchange: Sandbox, open_socket: Callable[..., Any], code: int) -> None:
    peer, other = open_socket(f"/ws/{DEPTH}"), open_socket("/ws/ethbtc@depth@100ms")
    with exchange.fault("close", stream=DEPTH, code=code, reason="why not"):
        assert close_code(peer) == code
        assert close_code(open_socket(f"/ws/{DEPTH}")) == code  # and the next one, as long as it is armed
        assert frames(other, 1)
    assert frames(open_socket(f"/ws/{DEPTH}"), 1)


def test_a_socket_is_closed_with_a_code_that_may_not_be_sent(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket("/ws")
    with exchange.fault("close", code=1006), pytest.raises(websocket.WebSocketProtocolException, match="1006"):
        close_code(peer)


def test_a_socket_that_subscribes_later_is_met_then(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket("/ws")
    with exchange.fault("close", stream=DEPTH, code=4000) as fault:
        peer.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 1}))
        assert json.loads(peer.recv())["id"] == 1
        assert fault.hits == 0
        peer.send(json.dumps({"method": "SUBSCRIBE", "params": [DEPTH], "id": 2}))
        assert close_code(peer) == 4000


def test_a_subscription_that_the_venue_refuses_is_none(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket("/ws")
    with exchange.fault("close", stream=DEPTH) as fault:
        peer.send(json.dumps({"method": "SUBSCRIBE", "params": [DEPTH, *(f"s{number}@trade" for number in range(1024))], "id": 1}))
        assert json.loads(peer.recv())["code"] == 2
        peer.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 2}))
        assert json.loads(peer.recv()) == {"result": [], "id": 2}
    with exchange.fault("close", stream=DEPTH):  # nor is it one for whoever looks later
        peer.ping("open")
        read_until(peer, lambda frame: frame == (websocket.ABNF.OPCODE_PONG, b"open"))
    assert fault.hits == 0


def test_a_stream_that_was_given_up_is_carried_no_more(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket(f"/stream?streams={DEPTH}&streams=ethbtc@trade")
    peer.send(json.dumps({"method": "UNSUBSCRIBE", "params": [DEPTH], "id": 1}))
    read_until(peer, lambda frame: b'"id":1' in frame[1])
    with exchange.fault("close", stream=DEPTH) as given_up, exchange.fault("close", stream="ethbtc@trade", code=4002) as carried:
        assert close_code(peer) == 4002
    assert (given_up.hits, carried.hits) == (0, 1)


@pytest.mark.parametrize("whose", [{"account": "key"}, {"stream": "userData@key"}])
@pytest.mark.parametrize("armed_first", [True, False])
def test_the_sockets_of_an_account_are_those_that_are_told_of_it(
    exchange: Sandbox, client: Any, open_socket: Callable[..., Any], whose: dict[str, str], armed_first: bool
) -> None:
    mine, other, market = open_socket("/ws-api/v3"), open_socket("/ws-api/v3"), open_socket(f"/ws/{DEPTH}")
    said = {"code": 4001, **whose}
    fault = exchange.fault("close", **said) if armed_first else None
    mine.send(client.call("userDataStream.subscribe.signature", "", 1))
    if fault is None:
        assert json.loads(mine.recv())["status"] == 200
        fault = exchange.fault("close", **said)
    assert close_code(mine) == 4001
    other.send(json.dumps({"id": 2, "method": "ping"}))
    assert json.loads(other.recv())["status"] == 200
    assert frames(market, 1)
    assert fault.hits == 1


class SignedIn:
    """A handler on which an account signs in by any word."""

    topics: tuple[str, ...] = ()
    account = ""

    def opened(self, connection: Any) -> None:
        self.connection = connection

    def received(self, payload: str | bytes) -> None:
        self.account = str(payload)

    def control(self, kind: Any, payload: bytes) -> None:
        """Nothing is counted."""

    def closed(self) -> None:
        """Nothing is held."""


class Wire:
    """A connection that notes how it is closed."""

    def __init__(self) -> None:
        self.closed_with: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_args: None

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed_with.append(code)


class Silent:
    """Words of a venue whose calls name nobody."""

    def caller(self, payload: str | bytes) -> tuple[str, str]:
        return "order.place", ""

    def owner(self, topic: str) -> str:
        return ""


def test_the_calls_and_the_socket_of_who_has_signed_in_are_his() -> None:
    faults = Faults(seed=1, now=lambda: 0.0)
    keeper = TroubledApp(SignedIn(), faults, Silent())  # type: ignore[arg-type] # it only keeps the list
    wire = Wire()
    socket = TroubledSocket(SignedIn(), HttpRequest("GET", "/ws-api/v3"), faults, Silent(), keeper)  # type: ignore[arg-type]
    socket.opened(wire)  # type: ignore[arg-type]
    late = faults.add("delay", route="order.place", account="mine")
    faults.add("close", account="mine", code=4003)
    socket.received("yours")
    assert (wire.closed_with, late.hits) == ([], 0)
    socket.received("mine")
    assert (wire.closed_with, late.hits) == ([4003], 0)
    socket.received("mine")
    assert late.hits == 1


def test_a_fault_that_strikes_so_many_times_takes_the_oldest_sockets(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peers = [open_socket("/ws/ethbtc@trade") for _ in range(6)]
    with exchange.fault("close", stream="ethbtc@trade", code=4004, times=2):
        assert [close_code(peer) for peer in peers[:2]] == [4004, 4004]
    for peer in peers[2:]:
        peer.ping("open")
        read_until(peer, lambda frame: frame == (websocket.ABNF.OPCODE_PONG, b"open"))


def test_a_socket_is_cut_with_a_reset(exchange: Sandbox, open_socket: Callable[..., Any]) -> None:
    peer = open_socket("/ws")
    with exchange.fault("reset", socket="/ws"), pytest.raises(ConnectionResetError):
        peer.recv()


@pytest.mark.parametrize(
    ("path", "notice"),
    [
        ("/ws", lambda each: each["e"]),
        ("/stream", lambda each: each["data"]["e"]),
        ("/ws-api/v3", lambda each: each["event"]["e"]),
    ],
)
def test_a_shutdown_is_told_and_then_done(
    exchange: Sandbox, open_socket: Callable[..., Any], path: str, notice: Callable[[dict[str, Any]], str]
) -> None:
    peer = open_socket(path)
    with exchange.fault("shutdown", notice=0.1):
        assert notice(json.loads(peer.recv())) == "serverShutdown"
        assert open_socket(path).connected  # the new one is not told
        assert close_code(peer) == 1001


def test_in_maintenance_everything_is_refused_but_the_sandboxs_own_endpoints(
    exchange: Sandbox, client: Any, open_socket: Callable[..., Any]
) -> None:
    peer = open_socket(f"/ws/{DEPTH}")
    with exchange.fault("maintenance"):
        assert close_code(peer) == 1001
        answer = client.get("/api/v3/time")
        assert (answer.status_code, answer.json()["code"]) == (503, -1016)
        with pytest.raises(websocket.WebSocketBadStatusException):
            open_socket("/ws")
        assert client.get("/sandbox/faults").json()[0]["kind"] == "maintenance"
    assert client.get("/api/v3/time").status_code == 200
    assert frames(open_socket(f"/ws/{DEPTH}"), 1)
