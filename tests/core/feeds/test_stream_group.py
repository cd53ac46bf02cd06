"""What the socket managers of all venues have in common, on a manager of a venue that is made up."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from socket_peer import SOON_S, Server, Session

from exchangeclient.core.feeds.iteration import QueuedStream
from exchangeclient.core.feeds.stream_group import Forms, StreamGroup
from exchangeclient.core.http import jsonio
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketException


class Group(StreamGroup):
    """The venue's."""

    forms = Forms(list, jsonio.decode, lambda text: {"error": text}, "it goes on trying")


def group_of(**given: Any) -> Group:
    return Group(SocketOptions(), **{"keep_alive": False, "on_event": None, "quiet_s": None, "spare_collector": False, **given})


@pytest.fixture
def group() -> Iterator[Group]:
    with group_of(limit=3) as group:
        yield group


@pytest.mark.parametrize(
    ("given", "error", "named"),
    [
        ({"spare_collector": "yes"}, TypeError, "spare_collector"),
        ({"on_event": 5}, TypeError, "on_event"),
        ({"quiet_s": 0}, ValueError, "quiet_s"),
        ({"quiet_s": "1"}, TypeError, "quiet_s"),
    ],
)
def test_what_cannot_be_meant_is_named(given: dict[str, Any], error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        group_of(**given)


@pytest.mark.parametrize("decode", [None, bytes.decode])
def test_a_callback_gets_what_the_venue_makes_of_a_payload(group: Group, server: Server, decode: Callable[[bytes], Any] | None) -> None:
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    group.attach("x", [Session(server.url)], group._delivery("x", seen.put, decode))
    server.peer().send("[1]")
    assert seen.get(timeout=SOON_S) == ([1] if decode is None else "[1]")


def test_a_callback_is_told_in_the_venues_form_that_its_stream_is_refused(group: Group) -> None:
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
    delivery = group._delivery("x", seen.put)(group._holdings.callback_thread())
    delivery.failed(SocketException("no such stream"))
    assert seen.get(timeout=SOON_S) == {"error": "no such stream"}


def test_a_stream_to_iterate_over_starts_the_manager_and_ends_with_it(server: Server) -> None:
    group, session = group_of(limit=3), Session(server.url)
    messages = group._iteration(["x"], lambda listener: [group._source(session, listener)], SOON_S)
    assert group.is_alive()
    server.peer().send("[1]")
    assert next(messages) == [1]
    group.close()
    assert list(messages) == []


def test_what_is_not_asked_for_in_time_is_counted(group: Group, server: Server) -> None:
    session = Session(server.url)
    messages = group._iteration(["x"], lambda listener: [group._source(session, listener)], SOON_S)
    assert isinstance(messages, QueuedStream)
    with messages:
        messages.inbox.received([b"1", b"2", b"3", b"4"])
        assert [next(messages) for _ in range(3)] == [2, 3, 4]
    assert group.stats()["dropped"] == 1


def test_only_what_was_started_as_several_streams_can_be_subscribed_to_others(group: Group, server: Server) -> None:
    group.attach("x", [Session(server.url)], group._delivery("x", print))
    for key in ("x", "y"):
        with pytest.raises(ValueError, match="start_multiplex_socket"):
            group.subscriptions(key)
        with pytest.raises(ValueError, match="start_multiplex_socket"):
            group.unsubscribe(key, ["trades"])
    assert group.stop_user_socket() is False
