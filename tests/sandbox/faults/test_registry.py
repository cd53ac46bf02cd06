"""Which fault strikes what, how often and how long: by hand-set time, without an exchange."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.faults import Fault, Faults
from exchangeclient.sandbox.faults.kinds import COMMON, KINDS
from exchangeclient.sandbox.faults.registry import Target, known_options, request_target
from exchangeclient.serving.messages import HttpRequest


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Notes:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def armed(self, fault: Fault) -> None:
        self.told.append(("armed", fault.id))

    def ended(self, fault: Fault) -> None:
        self.told.append(("ended", fault.id))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock: Clock) -> Faults:
    return Faults(seed=1, now=clock)


def asked(method: str, path: str, query: str = "", *, body: bytes = b"", account: str = "", peer: str = "127.0.0.1") -> Target:
    handshake = method == "WS"
    request = HttpRequest("GET" if handshake else method, path, query, body=body, peer=peer)
    return request_target(request, account, handshake=handshake)


def told(stream: str, *, socket: str = "/ws", account: str = "") -> Target:
    return Target("message", streams=(stream,), socket=socket, accounts=(account,))


@pytest.mark.parametrize(
    ("route", "target", "meant"),
    [
        (None, asked("GET", "/api/v3/time"), True),
        (None, asked("WS", "/ws"), False),
        (None, Target("call", name="order.place"), False),
        ("GET /api/v3/depth", asked("GET", "/api/v3/depth", "symbol=ETHBTC"), True),
        ("get /api/v3/depth", asked("GET", "/api/v3/depth"), True),
        ("GET /api/v3/depth", asked("POST", "/api/v3/depth"), False),
        ("/api/v3/depth", asked("GET", "/api/v3/depth/more"), False),
        ("/api/v3/*", asked("DELETE", "/api/v3/order"), True),
        ("/api/*", asked("WS", "/api/x"), False),
        ("*", asked("GET", "/anything"), True),
        ("* /ws*", asked("WS", "/ws/btcusdt@trade"), True),
        ("WS /ws*", asked("WS", "/ws/btcusdt@trade"), True),
        ("WS /ws*", asked("GET", "/ws/btcusdt@trade"), False),
        ("/api/v3/depth?symbol=ETHBTC", asked("GET", "/api/v3/depth", "limit=5&symbol=ETHBTC"), True),
        ("/api/v3/depth?symbol=ETHBTC", asked("GET", "/api/v3/depth", "symbol=BNBBTC"), False),
        ("POST /api/v3/order?side=BUY", asked("POST", "/api/v3/order", body=b"side=BUY&symbol=ETHBTC"), True),
        ("order.place", Target("call", name="order.place"), True),
        ("order.*", Target("call", name="order.cancel"), True),
        ("order.place", Target("call", name="order.cancel"), False),
        ("order.place", asked("GET", "/order.place"), False),
        ("SUBSCRIBE", Target("call", name="SUBSCRIBE"), True),
    ],
)
def test_a_route_names_requests_and_calls(faults: Faults, route: str | None, target: Target, meant: bool) -> None:
    fault = faults.add("error", route=route)
    assert (list(faults.strike(target)), fault.hits) == ([fault] if meant else [], int(meant))


@pytest.mark.parametrize(
    ("where", "target", "meant"),
    [
        ({"stream": "btcusdt@depth"}, told("btcusdt@depth"), True),
        ({"stream": "btcusdt@depth"}, told("btcusdt@depth@100ms"), False),
        ({"stream": "*@depth*"}, told("ethbtc@depth20"), True),
        ({"stream": "*"}, Target("message", socket="/ws"), False),
        ({"socket": "/ws-api/*"}, told("", socket="/ws-api/v3"), True),
        ({"socket": "/ws-api/*"}, told("", socket="/ws"), False),
        ({"socket": "/ws*", "stream": "a@trade"}, told("a@trade", socket="/stream"), False),
        ({}, Target("message", socket="/ws"), True),
        ({"account": "k"}, told("userData@k", account="k"), True),
        ({"account": "k"}, told("userData@m", account="m"), False),
    ],
)
def test_a_stream_or_a_socket_names_messages(faults: Faults, where: dict[str, str], target: Target, meant: bool) -> None:
    faults.add("stall", **where)
    assert bool(faults.strike(target)) is meant


def test_a_fault_of_sockets_looks_at_all_that_a_socket_carries(faults: Faults) -> None:
    fault = faults.add("close", stream="b@trade")
    assert not faults.strike_with(fault, Target("socket", streams=("a@trade",)))
    assert faults.strike_with(fault, Target("socket", streams=("a@trade", "b@trade")))


def test_accounts_and_peers_are_told_apart(faults: Faults) -> None:
    mine = faults.add("drop", account="mine")
    near = faults.add("drop", peer="127.0.0.9")
    assert list(faults.strike(asked("GET", "/x", account="mine"))) == [mine]
    assert list(faults.strike(asked("GET", "/x", peer="127.0.0.9"))) == [near]
    assert list(faults.strike(asked("GET", "/x", account="other"))) == []


@given(after=st.integers(0, 5), times=st.integers(1, 5), come=st.integers(0, 15))
def test_the_first_ones_pass_and_the_next_ones_are_struck(after: int, times: int, come: int) -> None:
    faults = Faults(seed=1, now=Clock())
    fault = faults.add("error", after=after, times=times)
    struck = [bool(faults.strike(asked("GET", "/x"))) for _ in range(come)]
    assert struck == [after <= number < after + times for number in range(come)]
    assert fault.hits == sum(struck)
    assert fault.is_armed is (come < after + times)


@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.25, 0.5, 1]))
def test_chances_come_from_the_seed(seed: int, share: float) -> None:
    runs = []
    for _ in range(2):
        faults = Faults(seed=seed, now=Clock())
        faults.add("error", probability=share)
        runs.append([bool(faults.strike(asked("GET", "/x"))) for _ in range(200)])
    assert runs[0] == runs[1]
    assert abs(sum(runs[0]) / 200 - share) < 0.25


def test_its_time_ends_it(faults: Faults, clock: Clock) -> None:
    fault = faults.add("error", seconds=5)
    clock.now_s += 4.9
    assert faults.strike(asked("GET", "/x"))
    clock.now_s += 0.2
    assert not faults.strike(asked("GET", "/x"))
    assert (fault.is_armed, fault.hits) == (False, 1)


def test_a_with_block_lifts_it_and_its_hits_stay(faults: Faults) -> None:
    with faults.add("error") as fault:
        faults.strike(asked("GET", "/x"))
    assert not faults.strike(asked("GET", "/x"))
    assert (fault.hits, fault.is_armed, faults.any_armed) == (1, False, False)
    fault.lift()  # again: nothing to do


def test_what_lasts_stays_armed_when_it_has_struck_often_enough(faults: Faults) -> None:
    fault = faults.add("half_open", times=1)
    socket = Target("socket", streams=("a",))
    assert [faults.strike_with(fault, socket) for _ in range(2)] == [True, False]
    assert fault.is_armed


def test_watchers_hear_of_each_fault_once_at_either_end(faults: Faults, clock: Clock) -> None:
    notes = Notes()
    faults.watch(notes)
    faults.add("error", times=1)
    faults.add("error", seconds=1)
    faults.add("error").lift()
    faults.strike(asked("GET", "/x"))
    clock.now_s += 2
    faults.end_those_over()
    faults.clear()
    assert sorted(notes.told) == [("armed", 1), ("armed", 2), ("armed", 3), ("ended", 1), ("ended", 2), ("ended", 3)]


def test_what_is_armed_and_what_has_ended_is_listed_until_it_is_cleared(faults: Faults) -> None:
    first, second = faults.add("error", route="/a"), faults.add("drop")
    first.lift()
    assert [each.shape() for each in faults.list()] == [
        {"id": 2, "kind": "drop", "hits": 0, "armed": True},
        {"id": 1, "kind": "error", "route": "/a", "hits": 0, "armed": False},
    ]
    assert "route=/a" in repr(first)
    faults.clear()
    assert list(faults.list()) == []
    assert second.is_armed is False
    assert faults.lift(2) is False


def test_the_number_of_armed_faults_is_bounded(faults: Faults) -> None:
    def arm_many() -> None:
        for _ in range(100_000):
            faults.add("error")

    with pytest.raises(ValueError, match="armed already"):
        arm_many()
    faults.clear()
    assert faults.add("error").is_armed


@pytest.mark.parametrize(
    ("kind", "said", "named"),
    [
        ("explode", {}, "explode"),
        ("stall", {"route": "/x"}, "route"),
        ("error", {"stream": "x"}, "stream"),
        ("error", {"colour": "red"}, "colour"),
        ("cut", {"route": "order.place"}, "order.place"),
        ("delay", {"route": "/x", "stream": "y"}, "route and stream"),
        ("error", {"times": 0}, "times"),
        ("error", {"times": True}, "times"),
        ("error", {"times": 1.5}, "times"),
        ("error", {"after": -1}, "after"),
        ("error", {"seconds": "90"}, "seconds"),
        ("error", {"seconds": float("nan")}, "seconds"),
        ("error", {"probability": 0}, "probability"),
        ("error", {"probability": 1.1}, "probability"),
        ("error", {"status": 99}, "status"),
        ("error", {"headers": {"A": "b\r\nC: d"}}, "headers"),
        ("error", {"headers": ["A"]}, "headers"),
        ("error", {"route": 5}, "route"),
        ("error", {"route": ""}, "route"),
        ("delay", {"by": -0.1}, "by"),
        ("delay", {"when": "during"}, "before or after"),
        ("drop", {"ending": "bang"}, "ending"),
        ("raw", {"hex": "8"}, "hex"),
        ("close", {"reason": "é" * 62}, "reason"),
        ("clock", {"ms": "5"}, "ms"),
        ("huge", {"stream": "x", "bytes": 2**34}, "bytes"),
        ("huge", {"route": "order.place", "bytes": 2**27}, "bytes"),
        ("clock", {"ms": 10**5000}, "ms"),
        ("error", {"status": [10**5000]}, "status"),
        ("error", {"self": 1}, "self"),
        ("error", {"route": "GET"}, "'GET'"),
        ("error", {"route": "ws"}, "'ws'"),
        ("error", {"route": "api/v3/time"}, "api/v3/time"),
        ("error", {"route": "GET api/v3/time"}, "api/v3/time"),
        ("error", {"route": "GET time"}, "slash"),
        ("error", {"retry_after": 1.5}, "retry_after"),
        ("error", {"retry_after": True}, "retry_after"),
        ("error", {"retry_after": 10**5000}, "retry_after"),
        ("stale", {"route": "POST /api/v3/order"}, "GET requests only"),
        ("cut", {"route": "WS /ws*"}, "WS /ws"),
        ("hangup", {"route": "ws /stream"}, "ws /stream"),
        ("truncate", {"route": "WS *"}, "WS"),
        ("error", {"route": "order.place", "headers": {"A": "b"}}, "headers is about HTTP"),
        ("replace", {"route": "order.place", "status": 200}, "status is about HTTP"),
        ("replace", {"stream": "x", "type": "text/html"}, "type is about HTTP"),
        ("huge", {"socket": "/ws", "form": "gzip"}, "form is about HTTP"),
        (["stall"], {}, r"\['stall'\]"),
        (None, {}, "None"),
        ("x" * 10**6, {}, r"^there is no fault 'x{79}\.\.\.;"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_armed(faults: Faults, kind: str, said: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        faults.add(kind, **said)
    assert not faults.any_armed


@pytest.mark.parametrize("kind", ["cut", "dribble", "hangup", "huge", "truncate", "stale"])
def test_what_changes_an_answer_leaves_handshakes_alone(faults: Faults, kind: str) -> None:
    faults.add(kind, route="* /ws*")
    assert not faults.strike(asked("WS", "/ws"))
    assert faults.strike(asked("GET", "/ws"))


def test_only_what_reads_can_be_stale(faults: Faults) -> None:
    fault = faults.add("stale")
    for method in ("POST", "DELETE", "PUT"):
        assert not faults.strike(asked(method, "/api/v3/order"))
    assert (list(faults.strike(asked("GET", "/api/v3/order"))), fault.hits) == ([fault], 1)


@pytest.mark.parametrize("said", [7, -7, "7", "Fri, 01 Jan 2027 00:00:00 GMT"])
def test_when_to_try_again_is_a_text_or_a_number(faults: Faults, said: object) -> None:
    assert faults.add("error", retry_after=said).options["retry_after"] == str(said)


@given(
    kind=st.sampled_from(sorted(KINDS)),
    value=st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.lists(st.none())),
    data=st.data(),
)
def test_no_value_of_any_option_does_harm(kind: str, value: object, data: st.DataObject) -> None:
    faults = Faults(seed=1, now=Clock())
    name = data.draw(st.sampled_from(sorted(known_options(kind))))
    refusal = ""
    try:
        faults.add(kind, **{name: value})
    except ValueError as error:
        refusal = str(error)
    assert faults.any_armed or name in refusal


def test_every_kind_has_its_options_beside_the_common_ones() -> None:
    for name, kind in KINDS.items():
        assert not set(kind.options) & set(COMMON), name
        assert set(known_options(name)) >= set(COMMON) | set(kind.options)
