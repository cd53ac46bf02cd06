"""What a socket does as time goes by, which the test lets go: backing off, watching, moving before the venue ends a connection."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socket_peer import Session, Witness
from virtual_links import VirtualDialer, VirtualLink, VirtualLoop

from exchangeclient.core.budgets.attempts import Attempts
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.feeds.sockets import AHEAD_S, OVERLAP_S, Socket
from exchangeclient.core.protocol.session import Backoff, Failure, Incoming
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import SocketException

DAY_S = 86_400.0


class Highest(random.Random):
    """Draws the top of every range."""

    def uniform(self, a: float, b: float) -> float:
        return b


@dataclass
class World:
    """A socket, and all that is around it."""

    session: Session
    options: SocketOptions
    attempts: Attempts
    loop: VirtualLoop = field(default_factory=VirtualLoop)
    dialer: VirtualDialer = field(default_factory=VirtualDialer)
    witness: Witness = field(default_factory=Witness)
    notices: list[SocketNotice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = Socket(
            self.session,
            self.witness,
            options=self.options,
            backoff=Backoff(Highest(), first_s=1.0, cap_s=60.0, stable_s=60.0),
            tell=self.notices.append,
            dialer=self.dialer,
            loop=self.loop,
            attempts=self.attempts,
            random_source=Highest(),
        )
        self.socket.open()

    @property
    def links(self) -> list[VirtualLink]:
        return self.dialer.links

    def told(self) -> list[tuple[str, int]]:
        told = [(notice.kind, notice.failures) for notice in self.notices]
        self.notices.clear()
        return told


def world(*, lives_s: float | None = None, quiet_s: float | None = None, attempts: Attempts | None = None, **options: float) -> World:
    session = Session("ws://venue/ws/x")
    session.lives_s, session.quiet_s = lives_s, quiet_s
    return World(session, SocketOptions(**options), attempts or Attempts())


def flowing(**options: float) -> World:
    made = world(**options)
    made.links[0].accept()
    made.witness.next("connected")
    made.notices.clear()
    return made


class TestBackingOff:
    def test_s06_tries_go_on_for_ever_at_most_a_minute_apart(self) -> None:
        made = world()
        made.links[0].drop()
        made.dialer.is_down = True
        made.loop.pass_s(3600)
        waits = [later - earlier for earlier, later in pairwise(made.dialer.times)]
        assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
        assert len(waits) > 60
        assert made.socket.failures == len(made.dialer.times)
        assert made.told()[-1] == ("lost", made.socket.failures)

    def test_s07_connections_that_drop_at_once_come_ever_more_rarely_until_one_was_stable(self) -> None:
        made = world()
        for failures in range(1, 6):
            made.links[-1].accept()
            made.links[-1].drop()
            assert made.socket.failures == failures
            made.loop.pass_s(2.0**failures)
        made.links[-1].accept()
        made.loop.pass_s(60)
        made.links[-1].drop()
        assert made.socket.failures == 1

    def test_s05_a_host_that_asks_for_rest_is_left_alone_for_as_long_by_every_socket(self) -> None:
        attempts = Attempts()
        made, other = world(attempts=attempts), world(attempts=attempts)
        made.links[0].refuse(retry_after="120")
        other.links[0].drop()
        assert made.told() == [("refused", 1)]
        for each in (made, other):
            each.loop.pass_s(119)
            assert len(each.links) == 1
        for each in (made, other):
            each.loop.pass_s(2)
            assert len(each.links) == 2

    def test_l02_a_venue_that_asks_for_rest_in_its_own_words_is_left_alone_for_as_long_by_every_socket(self) -> None:
        attempts = Attempts()
        made, other = world(attempts=attempts), world(attempts=attempts)
        made.links[0].accept()
        made.session.trouble = Failure("too much", retry_after_s=120)
        made.links[0].send(b"reply")
        other.links[0].drop()
        for each in (made, other):
            each.loop.pass_s(119)
            assert len(each.links) == 1
            each.loop.pass_s(2)
            assert len(each.links) == 2

    def test_refusal_for_good_is_told_once_and_ends_it(self) -> None:
        made = flowing()
        made.links[0].send(b"final")
        assert isinstance(made.witness.next("failed"), SocketException)
        assert [(notice.kind, notice.final) for notice in made.notices] == [("refused", True)]
        assert made.links[0].hung_up
        assert made.loop.getDelayedCalls() == []

    def test_waiting_for_a_stream_that_was_lost_waits_for_its_return(self) -> None:
        made = flowing()
        made.socket.wait_ready(0.0)
        made.links[0].drop()
        with pytest.raises(SocketException, match="not ready"):
            made.socket.wait_ready(0.0)

    def test_waiting_for_a_stream_that_is_closed_ends(self) -> None:
        made = world()
        found: list[SocketException] = []

        def wait() -> None:
            with pytest.raises(SocketException, match="was closed") as ended:
                made.socket.wait_ready(60)
            found.append(ended.value)

        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        made.socket.close()
        waiting.join(10)
        wait()
        assert len(found) == 2

    def test_notices_tell_the_life_of_a_stream(self) -> None:
        made = world()
        made.links[0].drop("nobody there")
        made.loop.pass_s(1)
        made.links[1].accept()
        made.links[1].drop("closed with code 1001")
        made.loop.pass_s(2)
        made.links[2].accept()
        assert [(notice.kind, notice.reason, notice.failures) for notice in made.notices] == [
            ("lost", "nobody there", 1),
            ("connected", "the stream flows", 1),
            ("lost", "closed with code 1001", 2),
            ("recovered", "the stream flows", 2),
        ]
        assert {notice.stream for notice in made.notices} == {"x@trade"}


class TestPacing:
    def test_700_sockets_wait_for_what_the_host_takes(self) -> None:
        loop, dialer, attempts = VirtualLoop(), VirtualDialer(), Attempts((300, 300.0))
        for _ in range(700):
            Socket(Session("ws://venue/ws/x"), Witness(), dialer=dialer, loop=loop, attempts=attempts).open()
        assert len(dialer.times) == 300
        loop.pass_s(299)
        assert len(dialer.times) == 300
        loop.pass_s(2)
        assert len(dialer.times) == 600
        loop.pass_s(300)
        assert len(dialer.times) == 700
        for begin in dialer.times:
            assert sum(begin <= time < begin + 300 for time in dialer.times) <= 300

    def test_socket_that_is_closed_while_it_waits_leaves_its_time_to_another(self) -> None:
        loop, dialer, attempts = VirtualLoop(), VirtualDialer(), Attempts((1, 100.0))
        first, second, third = (
            Socket(Session("ws://venue/ws/x"), Witness(), dialer=dialer, loop=loop, attempts=attempts) for _ in range(3)
        )
        first.open()
        second.open()
        second.close()
        third.open()
        loop.pass_s(101)
        assert len(dialer.times) == 2
        assert loop.getDelayedCalls() == []

    def test_time_that_was_given_before_the_host_asked_for_rest_is_void(self) -> None:
        loop, dialer, attempts = VirtualLoop(), VirtualDialer(), Attempts((1, 10.0))
        for _ in range(2):
            Socket(Session("ws://venue/ws/x"), Witness(), dialer=dialer, loop=loop, attempts=attempts).open()
        attempts.hold(loop.seconds(), 50)
        loop.pass_s(49)
        assert len(dialer.times) == 1
        loop.pass_s(20)
        assert len(dialer.times) == 2


class TestWatching:
    @pytest.mark.parametrize("told_by", ["session", "options"])
    def test_s01_stream_that_is_silent_for_too_long_is_dead_whatever_its_pongs_say(self, told_by: str) -> None:
        made = flowing(quiet_s=30.0) if told_by == "session" else flowing(quiet_s=99.0)
        if told_by == "options":
            made = World(Session("ws://venue/ws/x"), SocketOptions(quiet_s=30.0), Attempts())
            made.links[0].accept()
            made.witness.next("connected")
            made.notices.clear()
        for _ in range(5):
            made.loop.pass_s(29)
            made.links[0].send(b"1")
            made.witness.next("received")
        made.loop.pass_s(31)
        assert "sent nothing for 30 s" in made.witness.next("lost")
        assert made.links[0].hung_up
        assert made.told() == [("stale", 1)]
        made.links[1].accept()
        made.witness.next("connected")
        assert made.told() == [("recovered", 1)]

    def test_stream_of_which_nobody_knows_how_often_it_speaks_may_be_silent(self) -> None:
        made = flowing()
        made.loop.pass_s(10 * DAY_S)
        assert made.notices == []
        assert made.loop.getDelayedCalls() == []

    def test_stream_that_falls_behind_by_its_events_times_is_dead(self) -> None:
        made = flowing(stale_s=20.0)
        for second in range(60):
            late = max(0, second - 30)  # from the half minute on nothing new is told
            made.loop.pass_s(1)
            if made.links[0].is_open:
                made.links[0].send(b'{"E":%d}' % (1_700_000_000_000 + 1000 * (second - late)))
        assert [kind for kind, _ in made.told()] == ["stale"]
        assert made.links[0].hung_up
        seen = [made.witness.next("received") for _ in range(50)]
        assert len(seen) == 50  # the one that was too late is not shown as news
        assert "events are 20 s late" in made.witness.next("lost")

    def test_s29_venue_whose_clock_jumps_is_left_once_and_then_taken_as_it_is(self) -> None:
        made = flowing(stale_s=20.0)
        epoch = 1_700_000_000

        def told(seconds: int) -> None:
            made.links[-1].send(b'{"E":%d}' % (1000 * (epoch + seconds)))

        told(0)
        made.loop.pass_s(2)
        told(2 - 3600)
        assert [kind for kind, _ in made.told()] == ["stale"]
        made.loop.pass_s(2)
        made.links[-1].accept()
        told(4 - 3600)
        assert [kind for kind, _ in made.told()] == ["recovered", "stale"]
        for second in range(6, 100, 2):
            made.loop.pass_s(2)
            told(second - 3600)
        assert made.notices == []
        assert len(made.links) == 2

    def test_events_without_a_time_are_never_too_late(self) -> None:
        made = flowing(stale_s=1.0)
        for _ in range(20):
            made.loop.pass_s(10)
            made.links[0].send(b"1")
        assert made.notices == []


class Confirmed(Session):
    """A session whose subscription has to be confirmed."""

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self.ready = False

    def receive(self, payload: bytes) -> Incoming | Failure:
        self.ready = self.ready or payload == b"reply"
        return super().receive(payload)


class Parting(Session):
    """A session that remembers what became of its connections."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.heard: list[str] = []

    def closed(self, reason: str) -> None:
        self.heard.append(reason)


def test_session_that_wants_to_know_hears_of_the_end_of_each_connection_once() -> None:
    session = Parting("ws://venue/ws/x")
    made = World(session, SocketOptions(), Attempts())
    made.links[0].accept().drop("gone")
    made.loop.pass_s(1)
    made.links[1].refuse()
    assert session.heard == ["gone", "failed [429]"]
    made.loop.pass_s(2)
    made.links[2].accept().send(b"leaving")
    made.links[3].accept()
    made.loop.pass_s(OVERLAP_S + 1)
    assert len(session.heard) == 3  # the one that was left for its successor
    made.socket.close()
    assert len(session.heard) == 3
    assert [len(each.heard) for each in session.successors] == [1]


def test_connection_that_somebody_finds_of_no_use_is_made_anew() -> None:
    made = flowing()
    made.socket.restart("too much waits for the callback")
    assert made.witness.next("lost") == "too much waits for the callback"
    assert made.links[0].hung_up
    made.loop.pass_s(1)
    made.links[1].accept()
    made.witness.next("connected")
    assert [kind for kind, _ in made.told()] == ["lost", "recovered"]


class TestMoving:
    def moving(self) -> World:
        made = flowing()
        made.links[0].send(b"leaving")
        assert len(made.links) == 2
        made.links[1].accept()
        return made

    def events(self, made: World) -> list[bytes]:
        seen = []
        while not made.witness.seen.empty():
            seen += made.witness.next("received")
        return seen

    def test_s04_announced_end_is_left_by_another_connection_that_is_made_before(self) -> None:
        made = flowing()
        made.links[0].send(b"1", b"leaving")
        made.links[0].send(b"2")
        made.links[1].accept()
        made.links[1].send(b"3", b"4")
        made.links[0].send(b"3")
        made.links[1].send(b"5")
        made.links[0].send(b"4", b"5", b"6")
        made.links[1].send(b"6")
        made.loop.pass_s(OVERLAP_S + 1)
        assert made.links[0].hung_up
        made.links[1].send(b"7")
        assert self.events(made) == [b"1", b"2", b"3", b"4", b"5", b"6", b"7"]
        assert made.told() == [("connected", 0)]  # that it has moved; nothing was lost
        assert made.socket._session is made.session.successors[0]

    def test_s04_connection_is_left_before_its_day_is_over(self) -> None:
        made = flowing(lives_s=DAY_S)
        made.loop.pass_s(0.89 * DAY_S)
        assert len(made.links) == 1
        made.loop.pass_s(0.095 * DAY_S)
        assert len(made.links) == 2
        made.links[1].accept()
        made.loop.pass_s(OVERLAP_S + 1)
        assert made.links[0].hung_up
        made.loop.pass_s(0.99 * DAY_S)
        assert len(made.links) == 3  # and so is the next one

    def test_s16_what_a_new_connection_says_late_is_known_from_before_it_was_made(self) -> None:
        made = flowing(lives_s=DAY_S)
        made.loop.pass_s(0.98 * DAY_S)
        made.links[0].send(b"1", b"2")
        assert len(made.links) == 1
        made.loop.pass_s(AHEAD_S)
        made.links[1].accept()
        made.links[1].send(b"2", b"3")
        made.links[0].send(b"3", b"4")
        made.loop.pass_s(OVERLAP_S + 1)
        assert self.events(made) == [b"1", b"2", b"3", b"4"]
        assert made.links[0].hung_up

    def test_old_connection_that_ends_while_the_next_one_is_not_yet_made_is_a_loss(self) -> None:
        made = flowing(lives_s=DAY_S)
        made.loop.pass_s(0.98 * DAY_S)
        made.links[0].send(b"1")
        assert self.events(made) == [b"1"]
        made.links[0].drop()
        assert made.witness.next("lost") == "gone"
        made.loop.pass_s(1)
        made.links[1].accept()
        made.links[1].send(b"1")
        assert made.witness.next("connected") is None
        assert made.witness.next("received") == [b"1"]

    def test_nothing_is_remembered_while_the_host_takes_no_attempt(self) -> None:
        attempts = Attempts((1, 100.0))
        made = world(lives_s=DAY_S, attempts=attempts)
        made.links[0].accept()
        made.witness.next("connected")
        made.loop.pass_s(0.98 * DAY_S)
        attempts.reserve(made.loop.seconds())
        made.loop.pass_s(AHEAD_S + 1)
        for number in range(100):
            made.links[0].send(b"%d" % number)
        assert made.socket._handover is not None
        assert made.socket._handover._lead == {}
        made.loop.pass_s(100)
        assert len(made.links) == 2

    def test_old_connection_that_ends_meanwhile_ends_the_wait(self) -> None:
        made = self.moving()
        made.links[1].send(b"2")
        assert self.events(made) == []
        made.links[0].drop()
        assert self.events(made) == [b"2"]
        assert made.told() == [("connected", 0)]
        made.loop.pass_s(OVERLAP_S + 1)
        made.links[1].send(b"3")
        assert self.events(made) == [b"3"]

    def test_old_connection_that_ends_before_the_new_one_flows_is_a_loss(self) -> None:
        made = flowing()
        made.links[0].send(b"leaving")
        made.links[0].drop()
        assert made.witness.next("lost") == "gone"
        made.links[1].accept()
        made.witness.next("connected")
        made.links[1].send(b"2")
        assert made.witness.next("received") == [b"2"]
        assert [kind for kind, _ in made.told()] == ["lost", "recovered"]
        assert len(made.links) == 2

    def test_new_connection_that_fails_is_tried_again_while_the_old_one_flows(self) -> None:
        made = self.moving()
        made.links[0].send(b"1")
        made.links[1].send(b"1", b"2")
        made.links[1].drop()
        made.links[0].send(b"2")
        made.loop.pass_s(1)
        made.links[0].send(b"3")
        made.links[2].accept()
        made.links[2].send(b"3", b"4")
        made.links[0].send(b"4")
        made.loop.pass_s(OVERLAP_S + 1)
        assert self.events(made) == [b"1", b"2", b"3", b"4"]
        assert made.links[0].hung_up
        assert [kind for kind, _ in made.told()] == ["connected"]

    def test_what_a_new_connection_brought_before_it_failed_is_forgotten(self) -> None:
        made = self.moving()
        made.links[1].send(b"2")
        made.loop.pass_s(1)
        made.links[1].drop()
        made.loop.pass_s(1)
        made.links[2].accept()
        made.links[0].send(b"1", b"2")
        made.links[2].send(b"4")
        made.links[0].send(b"3", b"4")
        assert self.events(made) == [b"1", b"2", b"3", b"4"]
        made.loop.pass_s(OVERLAP_S - 0.5)
        assert not made.links[0].hung_up  # its time is counted from the second one on
        made.loop.pass_s(1)
        assert made.links[0].hung_up

    def test_what_a_new_connection_brings_before_it_is_confirmed_is_kept(self) -> None:
        made = World(Confirmed("ws://venue/ws/x"), SocketOptions(), Attempts())
        made.links[0].accept().send(b"reply")
        made.links[0].send(b"leaving")
        made.links[1].accept().send(b"2")
        made.witness.next("connected")
        made.links[0].drop()
        made.witness.next("lost")
        assert made.witness.next("received") == [b"2"]
        made.links[1].send(b"reply", b"3")
        made.witness.next("connected")
        assert made.witness.next("received") == [b"3"]

    def test_what_a_new_connection_was_to_ask_is_asked_over_the_old_one_when_it_fails(self) -> None:
        made = self.moving()
        made.session.frames = ["question"]
        made.links[1].drop()
        assert made.links[0].sent == [b"question"]

    def test_new_connection_that_is_refused_for_good_leaves_the_old_one_its_time(self) -> None:
        made = self.moving()
        made.links[1].send(b"final")
        assert made.socket.failure is None
        made.links[0].send(b"1")
        assert made.witness.next("received") == [b"1"]

    def test_new_connection_that_is_about_to_end_too_is_left_without_hurry(self) -> None:
        made = self.moving()
        made.links[1].send(b"leaving")
        made.loop.pass_s(OVERLAP_S)
        assert made.links[0].hung_up
        assert len(made.links) == 2
        made.loop.pass_s(1)
        assert len(made.links) == 3

    def test_what_is_wanted_during_the_move_is_asked_for_over_both(self) -> None:
        made = self.moving()
        for session in (made.session, *made.session.successors):
            session.frames = ["more"]
        made.socket.poke()
        assert [link.sent for link in made.links] == [[b"more"], [b"more"]]

    def test_session_that_took_over_is_asked_whether_it_can_go_on(self) -> None:
        made = self.moving()
        made.session.successors[0].frames = ["more"]
        made.loop.pass_s(OVERLAP_S)
        assert made.links[0].hung_up
        assert made.links[1].sent == [b"more"]

    def test_listener_that_cannot_take_what_was_held_back_gets_a_new_connection(self, caplog: pytest.LogCaptureFixture) -> None:
        made = self.moving()
        made.links[1].send(b"1")
        made.witness.bug = True
        made.links[0].drop()
        made.witness.next("lost")
        made.loop.pass_s(1)
        assert len(made.links) == 3
        assert "a message could not be handled" in caplog.text

    @pytest.mark.parametrize("moment", ["dialling", "open", "over"])
    def test_socket_closed_during_the_move_leaves_nothing(self, moment: str) -> None:
        made = flowing(lives_s=DAY_S)
        made.links[0].send(b"leaving")
        if moment != "dialling":
            made.links[1].accept()
        if moment == "over":
            made.loop.pass_s(OVERLAP_S + 1)
        made.socket.close()
        assert all(link.hung_up for link in made.links)
        assert made.loop.getDelayedCalls() == []
        for link in made.links:
            link.send(b"late")
            link.drop()
        assert made.witness.seen.empty()


def test_s21_connection_that_is_still_being_made_is_given_up_by_a_close() -> None:
    made = world()
    made.dialer.is_slow = True
    made.links[0].drop()
    made.loop.pass_s(1)
    assert not made.links[1].is_over
    made.socket.close()
    made.links[1].accept()  # in the last moment
    assert made.links[1].hung_up
    assert made.witness.seen.empty()
    assert made.loop.getDelayedCalls() == []


def test_connection_that_is_over_before_it_was_dialled_is_hung_up() -> None:
    made = world()
    made.dialer.at_once = b"final"
    made.links[0].drop()
    made.loop.pass_s(1)
    assert made.links[1].hung_up
    assert made.socket.failure is not None
    assert made.loop.getDelayedCalls() == []


def test_poke_before_the_socket_is_open_or_while_it_waits_does_nothing() -> None:
    Socket(Session("ws://venue/ws/x"), Witness(), loop=VirtualLoop(), dialer=VirtualDialer()).poke()
    made = world()
    made.session.frames = ["more"]
    made.socket.poke()
    made.links[0].accept()
    assert made.links[0].sent == [b"more"]


ACTIONS = st.sampled_from([*["accept"] * 4, *["send"] * 5, *["leaving"] * 2, "drop", "refuse", "refuse for a while", "final", "down", "up"])


@settings(deadline=None, max_examples=200)
@given(
    steps=st.lists(st.tuples(ACTIONS, st.integers(0, 3), st.sampled_from([0.0, 0.5, 3.0, 40.0, 300.0])), max_size=30),
    closed_after=st.integers(0, 30),
)
def test_s21_whatever_happens_there_are_two_connections_at_most_and_none_after_a_close(
    steps: list[tuple[str, int, float]], closed_after: int
) -> None:
    made = world(lives_s=300.0, quiet_s=100.0, stale_s=50.0)
    sent = 0
    for number, (action, which, pause) in enumerate(steps):
        if number == closed_after:
            break
        in_use = [link for link in made.links if not link.is_over]
        link = in_use[which % len(in_use)] if in_use else None
        made.dialer.is_down = action == "down" or (made.dialer.is_down and action != "up")
        if action == "send":  # the venue tells everybody, in whatever order
            sent += 1
            for each in in_use[:: 1 if which % 2 else -1]:
                if each.is_open:
                    each.send(b"%d" % sent)
        elif link is not None and link.is_open:
            if action in ("leaving", "final"):
                link.send(action.encode())
            elif action == "drop":
                link.drop()
        elif link is not None and action == "accept":
            link.accept()
        elif link is not None and action.startswith("refuse"):
            link.refuse(**{"retry_after": "5"} if "while" in action else {})
        made.loop.pass_s(pause)
        assert sum(link.is_open for link in made.links) <= 2
        assert made.socket.failure is not None or made.socket._current is not None or made.loop.getDelayedCalls()
    made.socket.close()
    told = [made.witness.seen.get() for _ in range(made.witness.seen.qsize())]
    flows = [kind for kind, _ in told if kind in ("connected", "lost", "failed")]
    assert flows[::2] == ["connected"] * len(flows[::2]) or "failed" in flows
    assert all(before != after for before, after in pairwise(flows))
    received = [payload for kind, payloads in told if kind == "received" for payload in payloads]
    assert sorted(set(received), key=int) == received  # none twice, none out of turn
    dialled = len(made.dialer.times)
    for link in made.links:
        assert link.hung_up or not link.is_open
        link.send(b"late")
        link.drop()
    made.loop.pass_s(1000)
    assert made.witness.seen.empty()
    assert len(made.dialer.times) == dialled
    assert made.loop.getDelayedCalls() == []
