"""Connections that several feeds share: who gets which message, and who is told what; on connections that are driven by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sharing import Pool, Seat
from exchangeclient.core.protocol.session import Answers, Wishes
from exchangeclient.exceptions import SocketException


class Loop:
    """A reactor that does at once what it is asked to do."""

    def callFromThread(self, function: Callable[..., None], *args: Any) -> None:
        function(*args)

    def seconds(self) -> float:
        return 5.0


class Wire:
    """A socket in the hands of the test, and its session."""

    def __init__(self, session: tuple[Wishes, Answers], listener: Any) -> None:
        self.wishes, self.answers = session
        self.listener = listener
        self.is_open = False
        self.pokes = 0

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def poke(self) -> None:
        self.pokes += 1

    def restart(self, reason: str) -> None:
        self.listener.lost(reason)

    def flow(self) -> None:
        """The connection comes about, and the venue sends everything."""
        self.answers.granted(self.wishes.names)
        self.listener.connected()

    def bring(self, *payloads: bytes) -> None:
        self.listener.received(payloads)


class Ear:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.chunks: list[list[bytes]] = []
        self.notices: list[SocketNotice] = []

    def connected(self) -> None:
        self.told.append("connected")

    def received(self, payloads: Sequence[bytes]) -> None:
        self.chunks.append(list(payloads))

    def lost(self, reason: str) -> None:
        self.told.append(f"lost: {reason}")

    def failed(self, error: SocketException) -> None:
        self.told.append(f"failed: {error}")

    def noticed(self, notice: SocketNotice) -> None:
        self.notices.append(notice)

    def close(self) -> None:
        self.told.append("closed")


def route(payload: bytes) -> tuple[str, bytes] | None:
    name, colon, own = payload.partition(b":")
    return (name.decode(), own) if colon else None


class Place:
    """A pool with its wires."""

    def __init__(self, most: int = 3) -> None:
        self.wires: list[Wire] = []
        self.notices: list[SocketNotice] = []
        self.pool = Pool(lambda *session: session, self._wire, tell=self.notices.append, route=route, most=most, loop=Loop())  # type: ignore[arg-type, return-value]

    def _wire(self, session: Any, listener: Any) -> Any:
        self.wires.append(Wire(session, listener))
        return self.wires[-1]

    @property
    def open(self) -> list[Wire]:
        return [wire for wire in self.wires if wire.is_open]

    def seat(self, *names: str, wrapped: bool = False) -> tuple[Seat, Ear]:
        ear = Ear()
        seat = self.pool.seat(names, ear, wrapped=wrapped)
        seat.open()
        return seat, ear


@pytest.fixture
def place() -> Place:
    return Place()


def test_seats_share_a_connection_and_each_gets_what_is_its_own(place: Place) -> None:
    (_, a), (_, b) = place.seat("a"), place.seat("b")
    (wire,) = place.wires
    assert wire.wishes.names == ("a", "b")
    wire.flow()
    wire.bring(b"a:1", b"b:2", b"a:3", b"c:4")
    assert (a.chunks, b.chunks) == ([[b"1", b"3"]], [[b"2"]])
    assert a.told == b.told == ["connected"]


def test_seat_may_want_messages_with_the_name_of_their_stream(place: Place) -> None:
    _, ear = place.seat("a", "b", wrapped=True)
    _, bare = place.seat("a")
    place.wires[0].flow()
    place.wires[0].bring(b"a:1", b"b:2")
    assert ear.chunks == [[b"a:1", b"b:2"]]
    assert bare.chunks == [[b"1"]]


def test_unreadable_message_goes_to_everybody(place: Place) -> None:
    (_, a), (_, b) = place.seat("a", "c"), place.seat("b")
    place.wires[0].flow()
    place.wires[0].bring(b"???")
    assert a.chunks == b.chunks == [[b"???"]]


def test_s22_more_streams_than_a_connection_carries_are_spread_over_several(place: Place) -> None:
    seat, ear = place.seat(*"abcdefgh")
    assert [wire.wishes.names for wire in place.wires] == [tuple("abc"), tuple("def"), tuple("gh")]
    for wire in place.wires:
        assert ear.told == []
        with pytest.raises(SocketException, match="a and 7 more: not ready within 0 s"):
            seat.wait_ready(0)
        wire.flow()
    assert ear.told == ["connected"]
    seat.wait_ready(0)
    place.seat("i")
    assert len(place.wires) == 3


def test_later_seat_is_connected_when_its_own_stream_flows(place: Place) -> None:
    place.seat("a")
    (wire,) = place.wires
    wire.flow()
    pokes = wire.pokes
    seat, ear = place.seat("b")
    assert wire.pokes == pokes + 1
    assert ear.told == []
    wire.answers.granted(["a", "b"])
    assert ear.told == ["connected"]
    seat.wait_ready(0)
    _, third = place.seat("b")  # flows already
    assert third.told == ["connected"]


def test_what_is_wanted_later_is_waited_for_and_nothing_is_lost_meanwhile(place: Place) -> None:
    seat, ear = place.seat("a")
    (wire,) = place.wires
    wire.flow()
    seat.want(["b"])
    with pytest.raises(SocketException, match="not ready"):
        seat.wait_ready(0)
    wire.answers.granted(["b"])
    seat.wait_ready(0)
    seat.unwant(["a"])
    wire.bring(b"a:1", b"b:2")
    assert ear.chunks == [[b"2"]]
    assert ear.told == ["connected"]


def test_connection_that_breaks_is_lost_for_its_seats_until_everything_flows_again(place: Place) -> None:
    (_, a), (_, far) = place.seat("a", "b", "c"), place.seat("d")
    for wire in place.wires:
        wire.flow()
    place.wires[0].listener.lost("why")
    assert (a.told, far.told) == (["connected", "lost: why"], ["connected"])
    place.wires[0].answers.granted(["a", "b"])
    assert a.told[2:] == []
    place.wires[0].flow()
    assert a.told[2:] == ["connected"]


def test_stream_granted_over_a_connection_that_breaks_before_it_flows_is_not_taken_for_flowing(place: Place) -> None:
    _, ear = place.seat("a", "b")
    (wire,) = place.wires
    wire.answers.granted(["a", "b"])
    assert ear.told == []
    wire.listener.lost("before it flowed")
    assert ear.told == []
    wire.flow()
    assert ear.told == ["connected"]


def test_stream_that_was_let_go_is_not_taken_for_flowing_when_it_is_wanted_again(place: Place) -> None:
    place.seat("a")
    seat, _ = place.seat("b")
    (wire,) = place.wires
    wire.flow()
    seat.close()
    _, ear = place.seat("b")
    assert ear.told == []
    wire.answers.granted(["b"])
    assert ear.told == ["connected"]


def test_stream_that_is_granted_while_the_connection_is_coming_back_flows_with_it(place: Place) -> None:
    place.seat("a")
    (wire,) = place.wires
    wire.flow()
    wire.listener.lost("why")
    _, ear = place.seat("b")
    wire.answers.granted(["b"])
    assert ear.told == []
    wire.flow()
    assert ear.told == ["connected"]


def test_s08_refused_stream_is_told_to_those_who_want_it_and_to_nobody_else(place: Place) -> None:
    (many, ear), (one, sole), (_, other) = place.seat("a", "b"), place.seat("b"), place.seat("c")
    (wire,) = place.wires
    wire.wishes.unwant(["b"])  # as the session does
    wire.answers.refused("b", "why not")
    wire.flow()
    assert ear.told == ["failed: b: why not", "connected"]
    assert sole.told == ["failed: b: why not"]
    assert other.told == ["connected"]
    assert (many.failure, many.wishes.names) == (None, ("a",))
    assert isinstance(one.failure, SocketException)
    with pytest.raises(SocketException, match="why not"):
        one.wait_ready(0)
    assert [(notice.kind, notice.stream, notice.final) for notice in place.notices] == [("refused", "b", True)]
    one.close()
    assert wire.wishes.names == ("a", "c")


def test_connection_that_fails_for_good_fails_its_seats_and_is_used_no_more(place: Place) -> None:
    seat, ear = place.seat("a")
    place.wires[0].listener.failed(SocketException("banned"))
    assert ear.told == ["failed: banned"]
    assert seat.failure is not None
    place.seat("b")
    assert len(place.wires) == 2
    seat.close()


def test_waiting_for_a_seat_that_is_closed_ends(place: Place) -> None:
    seat, _ = place.seat("a")
    waiting = threading.Event()

    def close() -> None:
        assert waiting.wait(10)
        seat.close()

    thread = threading.Thread(target=close)
    thread.start()
    waiting.set()
    began = time.monotonic()
    with pytest.raises(SocketException, match="a was closed"):
        seat.wait_ready(60)
    with pytest.raises(SocketException, match="a was closed"):
        seat.wait_ready(60)
    assert time.monotonic() - began < 30
    thread.join()


def test_stream_that_is_of_no_use_is_asked_for_anew_without_the_others(place: Place) -> None:
    (seat, ear), (_, same), (_, other) = place.seat("a"), place.seat("a"), place.seat("b")
    (wire,) = place.wires
    wire.flow()
    before, pokes = wire.wishes.askings, wire.pokes
    seat.restart("it is behind")
    assert ear.told == same.told == ["connected", "lost: it is behind"]
    assert other.told == ["connected"]
    assert wire.pokes == pokes + 1
    assert {name for name, asking in wire.wishes.askings.items() if asking != before[name]} == {"a"}
    wire.bring(b"a:late")
    wire.answers.granted(["a"])
    assert ear.told == same.told == ["connected", "lost: it is behind", "connected"]
    wire.bring(b"a:1", b"b:1")
    seat.restart("it is behind again")  # it has brought something, so that may help once more
    assert other.told == ["connected"]


def test_s01_stream_that_the_session_finds_dead_is_told_and_asked_for_anew_and_never_costs_the_connection(place: Place) -> None:
    (_, ear), (_, other) = place.seat("a"), place.seat("b")
    (wire,) = place.wires
    wire.flow()
    for _ in range(5):
        wire.answers.silent(["a"], "it is silent")
        wire.answers.granted(["a"])
    assert ear.told == ["connected", *["lost: it is silent", "connected"] * 5]
    assert other.told == ["connected"]
    assert wire.wishes.askings["a"] != wire.wishes.askings["b"]
    assert [(notice.kind, notice.stream, notice.reason) for notice in place.notices] == [("stale", "a", "it is silent")] * 5


@pytest.mark.parametrize("brings", [[], [b"b:1"], [b"a:late"]])
def test_stream_that_is_of_no_use_when_it_was_asked_for_anew_costs_the_connection(place: Place, brings: list[bytes]) -> None:
    (seat, ear), (_, other) = place.seat("a"), place.seat("b")
    (wire,) = place.wires
    seat.restart("nothing flows yet")
    wire.flow()
    seat.restart("it is behind")
    wire.bring(*brings)
    wire.answers.granted(["a"])
    seat.restart("it is still behind")
    assert ear.told == ["connected", "lost: it is behind", "connected", "lost: it is still behind"]
    assert other.told == ["connected", "lost: it is still behind"]
    wire.flow()
    for _ in range(3):  # over the new one too: the others are left alone
        seat.restart("it is dead")
        wire.answers.granted(["a"])
    assert ear.told[-2:] == ["lost: it is dead", "connected"]
    assert other.told == ["connected", "lost: it is still behind", "connected"]
    wire.bring(b"a:1")
    seat.restart("again, after it was well")
    wire.answers.granted(["a"])
    assert other.told[-1] == "connected"
    seat.restart("and again")
    assert other.told[-1] == "lost: and again"


def test_notices_of_the_connection_reach_those_who_hear_them(place: Place) -> None:
    _, ear = place.seat("a")
    notice = SocketNotice("lost", "a", "why", 5.0)
    place.wires[0].listener.noticed(notice)
    assert ear.notices == [notice]


def test_connections_end_with_the_last_seat_and_not_with_the_last_stream(place: Place) -> None:
    (first, _), (second, _) = place.seat(*"abc"), place.seat("d")
    assert len(place.open) == 2
    first.close()
    assert [wire.wishes.names for wire in place.open] == [("d",)]
    second.unwant(["d"])
    assert len(place.open) == 1
    second.want(["e"])
    assert len(place.wires) == 2
    second.close()
    second.close()
    assert place.open == []
    seat, ear = place.seat("a")
    place.open[0].flow()
    assert ear.told == ["connected"]
    seat.close()
    place.wires[-1].bring(b"a:1")
    assert ear.chunks == []


NAMES = st.sampled_from("abcdefg")
STEPS = st.one_of(
    st.tuples(st.just("join"), st.lists(NAMES, min_size=1, max_size=5, unique=True)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("want"), st.tuples(st.integers(0, 9), NAMES)),
    st.tuples(st.just("unwant"), st.tuples(st.integers(0, 9), NAMES)),
    st.tuples(st.just("flow"), st.integers(0, 9)),
    st.tuples(st.just("lose"), st.integers(0, 9)),
)


@given(st.lists(STEPS, max_size=40), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_everybody_gets_what_he_wants_whoever_comes_and_goes(steps: list[tuple[str, Any]], most: int) -> None:
    place = Place(most)
    seats: list[tuple[Seat, Ear]] = []
    for step, value in steps:
        if step == "join":
            seats.append(place.seat(*value))
        elif step == "leave" and value < len(seats):
            seats.pop(value)[0].close()
        elif step in ("want", "unwant") and value[0] < len(seats):
            seat = seats[value[0]][0]
            (seat.want if step == "want" else seat.unwant)([value[1]])
        elif step in ("flow", "lose") and value < len(place.open):
            wire = place.open[value]
            wire.flow() if step == "flow" else wire.listener.lost("why")
        wanted = {name for seat, _ in seats for name in seat.wishes.names}
        carried = [name for wire in place.open for name in wire.wishes.names]
        assert sorted(carried) == sorted(wanted)
        assert all(len(wire.wishes.names) <= most for wire in place.open)
        assert bool(place.open) == bool(seats) or not wanted
    for wire in place.open:
        wire.flow()
    for wire in place.open:
        wire.bring(*(f"{name}:{name}".encode() for name in "abcdefg" if name in wire.wishes.names))
    for seat, ear in seats:
        seat.wait_ready(0)
        assert sorted(payload for chunk in ear.chunks for payload in chunk) == sorted(name.encode() for name in seat.wishes.names)
        kinds = [told.partition(":")[0] for told in ear.told]
        assert kinds == ["connected" if place % 2 == 0 else "lost" for place in range(len(kinds))]
        assert kinds[-1] == "connected"
