"""Two connections made one: each event once, those of a stream in order."""

from __future__ import annotations

from collections import Counter, deque
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.protocol.handover import Handover


def stream_of(event: bytes) -> bytes:
    return event[:1]


def test_new_connection_takes_over_where_both_have_brought_the_same_event() -> None:
    handover = Handover(stream_of)
    assert handover.old([b"a1"]) == [b"a1"]
    assert handover.new([b"a3", b"a4"]) == []  # a2 may still come
    assert handover.old([b"a2"]) == [b"a2"]
    assert handover.old([b"a3"]) == [b"a3", b"a4"]
    assert handover.new([b"a5"]) == [b"a5"]
    assert handover.old([b"a4", b"a5", b"a6"]) == [b"a6"]
    assert handover.new([b"a6"]) == []
    assert handover.finish() == []


def test_old_connection_that_is_ahead_goes_on_leading() -> None:
    handover = Handover(stream_of)
    assert handover.old([b"a1", b"a2", b"a3"]) == [b"a1", b"a2", b"a3"]
    assert handover.new([b"a2"]) == []
    assert handover.old([b"a4"]) == [b"a4"]
    assert handover.new([b"a3", b"a4", b"a5"]) == [b"a5"]


def test_a_stream_that_has_joined_does_not_release_another() -> None:
    handover = Handover(stream_of)
    assert handover.new([b"a2", b"b2"]) == []
    assert handover.old([b"a2"]) == [b"a2"]
    assert handover.new([b"b3"]) == []
    assert handover.old([b"b1", b"b2"]) == [b"b1", b"b2", b"b3"]


def test_what_only_the_new_connection_has_brought_comes_when_the_old_one_ends() -> None:
    handover = Handover(stream_of)
    assert handover.old([b"a1"]) == [b"a1"]
    assert handover.new([b"a2", b"b1", b"a3"]) == []
    assert handover.finish() == [b"a2", b"a3", b"b1"]


def test_equal_messages_in_a_row_stay_as_many_as_they_are_over_either_connection() -> None:
    handover = Handover(stream_of)
    assert handover.old([b"a", b"a"]) == [b"a", b"a"]
    assert handover.new([b"a"]) == []
    assert handover.new([b"a", b"a"]) == [b"a"]
    assert handover.old([b"a"]) == []


def test_equal_messages_that_only_the_new_connection_has_brought_stay_as_many_as_they_are() -> None:
    handover = Handover(stream_of)
    assert handover.new([b"a1", b"a2", b"a1"]) == []
    assert handover.finish() == [b"a1", b"a2", b"a1"]


def sense_of(event: bytes) -> bytes:
    """All but the last byte, by which each connection has its own words."""
    return event[:-1]


def test_s04_event_that_each_connection_words_in_its_own_way_is_handed_on_once() -> None:
    handover = Handover(stream_of, sense_of)
    assert handover.old([b"a1."]) == [b"a1."]
    assert handover.new([b"a2,", b"a3,"]) == []
    assert handover.old([b"a2."]) == [b"a2,", b"a3,"]
    assert handover.new([b"a4,"]) == [b"a4,"]
    assert handover.old([b"a3.", b"a4.", b"a5."]) == [b"a5."]
    assert handover.new([b"a5,"]) == []
    assert handover.finish() == []


def test_s04_events_that_look_alike_on_one_connection_are_as_many_as_they_are_there() -> None:
    handover = Handover(stream_of, sense_of)
    assert handover.old([b"a1.", b"a1."]) == [b"a1.", b"a1."]
    assert handover.new([b"a1,", b"a1,", b"a1,"]) == [b"a1,"]
    assert handover.old([b"a1."]) == []


def test_new_connection_that_is_lost_again_leaves_everything_to_the_old_one() -> None:
    handover = Handover(stream_of)
    handover.old([b"a1"])
    assert handover.new([b"a1", b"a2", b"b5"]) == [b"a2"]
    handover.unpair()
    assert handover.old([b"a2", b"a3"]) == [b"a3"]  # a2 was handed on
    assert handover.old([b"b5"]) == [b"b5"]  # which was held back, and is gone with the new one
    handover.pair()
    assert handover.new([b"a5"]) == []  # it has to join anew
    assert handover.old([b"a4", b"a5"]) == [b"a4", b"a5"]
    assert handover.new([b"a6"]) == [b"a6"]


def test_nothing_is_remembered_while_there_is_no_second_connection() -> None:
    handover = Handover(stream_of)
    handover.old([b"a"])
    handover.unpair()
    for number in range(100):
        handover.old([b"a%d" % number])
    assert handover._lead == {}


class Wire:
    """One connection's share: the events of each stream from some moment on, mixed as it pleases, in chunks of any size."""

    def __init__(self, streams: dict[str, int], begin: dict[str, int], random: Random) -> None:
        queues = [deque(f"{name}{number}".encode() for number in range(begin[name], count)) for name, count in streams.items()]
        self._events: deque[bytes] = deque()
        while queues := [queue for queue in queues if queue]:
            self._events.append(random.choice(queues).popleft())
        self._random = random

    def chunk(self) -> list[bytes]:
        return [self._events.popleft() for _ in range(min(len(self._events), self._random.randint(1, 5)))]

    def __bool__(self) -> bool:
        return bool(self._events)


@settings(deadline=None, max_examples=300)
@given(
    streams=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 12), min_size=1),
    late=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 12)),
    old_ends_after=st.integers(0, 40),
    favour=st.sampled_from([0.02, 0.3, 0.5, 0.7, 0.98]),
    seed=st.integers(0, 2**32),
)
def test_s04_every_event_is_handed_on_once_and_in_order(
    streams: dict[str, int], late: dict[str, int], old_ends_after: int, favour: float, seed: int
) -> None:
    """The old connection brings every stream from its beginning, the new one from anywhere; either may lag behind the other. The old
    one ends when all of it has come, or, as at a venue that goes down, with something missing that the new one has."""
    random = Random(seed)
    begin = {name: min(late.get(name, 0), count) for name, count in streams.items()}
    old, new = Wire(streams, dict.fromkeys(streams, 0), random), Wire(streams, begin, random)
    handover = Handover(stream_of)
    handed_on: list[bytes] = []
    brought: Counter[str] = Counter()
    steps = 0
    while old or new:
        is_over = steps >= old_ends_after and all(brought[name] >= begin[name] for name in streams)
        if old and not is_over and (not new or random.random() < favour):
            chunk = old.chunk()
            brought.update(chr(event[0]) for event in chunk)
            handed_on += handover.old(chunk)
            steps += 1
        elif new:
            handed_on += handover.new(new.chunk())
        else:
            break
    handed_on += handover.finish()
    for name, count in streams.items():
        assert [event for event in handed_on if event[:1] == name.encode()] == [f"{name}{number}".encode() for number in range(count)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["old", "new", "pair", "unpair"]), st.integers(0, 6))))
def test_whatever_happens_nothing_comes_more_often_than_over_one_of_the_connections(steps: list[tuple[str, int]]) -> None:
    handover = Handover(stream_of)
    handed_on: Counter[bytes] = Counter()
    came: dict[str, Counter[bytes]] = {"old": Counter(), "new": Counter()}
    for step, number in steps:
        if step in came:
            event = b"a%d" % number
            came[step][event] += 1
            handed_on.update(getattr(handover, step)([event]))
        else:
            getattr(handover, step)()
    handed_on.update(handover.finish())
    for event, count in handed_on.items():
        assert count <= came["old"][event] + came["new"][event]
    for event, count in came["old"].items():
        assert handed_on[event] >= count - came["new"][event]


def test_a_flood_is_no_slower_for_being_held_back() -> None:
    handover = Handover(stream_of)
    events = [b"a%d" % number for number in range(100_000)]  # looking each up in a list would take minutes
    assert handover.new(events[10:]) == []
    assert handover.old(events[:10]) == events[:10]
    assert handover.old(events[10:]) == events[10:]
