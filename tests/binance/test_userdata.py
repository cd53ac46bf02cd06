"""What is said to the WebSocket API to get the account's own events, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.binance.userdata import Brake, UserDataSession
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.core.protocol.session import Failure, Incoming


def signed(now_ms: int) -> dict[str, str | int]:
    return {"apiKey": "k", "timestamp": now_ms, "signature": "s"}


class TestUserData:
    """The user data stream of the WebSocket API."""

    def session(self) -> UserDataSession:
        self.clock = FakeClock(1000)
        return UserDataSession("wss://ws-api.binance.com:443/ws-api/v3", signed, self.clock)

    def subscribed(self) -> UserDataSession:
        session = self.session()
        session.opened(0.0)
        (frame,) = self.frames(session, 0.0)
        assert (
            session.receive(json.dumps({"id": json.loads(frame)["id"], "status": 200, "result": {"subscriptionId": 0}}).encode())
            is Incoming.REPLY
        )
        return session

    def frames(self, session: UserDataSession, now: float) -> list[str]:
        outgoing = session.outgoing(now)
        assert isinstance(outgoing, list)
        return outgoing

    def test_subscribes_once_per_connection_with_a_fresh_signature(self) -> None:
        session = self.session()
        session.opened(0.0)
        (first,) = self.frames(session, 0.0)
        assert self.frames(session, 0.1) == []
        self.clock.advance(1.0)
        session.opened(60.0)
        (second,) = self.frames(session, 60.0)
        assert json.loads(first)["method"] == "userDataStream.subscribe.signature"
        assert [json.loads(frame)["params"]["timestamp"] for frame in (first, second)] == [1000, 2000]
        assert json.loads(first)["id"] != json.loads(second)["id"]

    def test_a_key_that_may_log_on_subscribes_when_that_is_confirmed(self) -> None:
        session = UserDataSession("wss://x", signed, FakeClock(), by_logon=True)
        for now in (0.0, 60.0):
            session.opened(now)
            (logon,) = map(json.loads, self.frames(session, now))
            assert (logon["method"], logon["params"].keys()) == ("session.logon", {"apiKey", "timestamp", "signature"})
            assert self.frames(session, now) == []
            session.receive(json.dumps({"id": logon["id"], "status": 200, "result": {}}).encode())
            assert not session.ready
            (subscription,) = map(json.loads, self.frames(session, now))
            assert (subscription["method"], subscription["params"]) == ("userDataStream.subscribe", {})
            session.receive(json.dumps({"id": subscription["id"], "status": 200, "result": {"subscriptionId": 0}}).encode())
            assert session.ready

    @pytest.mark.parametrize("told", [1_700_000_008_000, 1_700_000_008_000_000])  # in milliseconds, or in microseconds
    def test_a_clock_of_the_venue_is_set_first_and_again_when_it_was_wrong(self, told: int) -> None:
        machine = FakeClock(1_700_000_000_000)
        session = UserDataSession("wss://x", signed, VenueClock(machine))
        session.opened(0.0)
        (question,) = map(json.loads, self.frames(session, 0.0))
        assert (question["method"], question["params"]) == ("time", {})
        machine.advance(0.2)
        session.receive(json.dumps({"id": question["id"], "status": 200, "result": {"serverTime": told}}).encode())
        assert not session.ready
        (subscription,) = map(json.loads, self.frames(session, 0.2))
        assert subscription["params"]["timestamp"] == 1_700_000_008_100  # half the way of the answer later
        refusal = {"id": subscription["id"], "status": 400, "error": {"code": -1021, "msg": "ahead of the server's time"}}
        failure = session.receive(json.dumps(refusal).encode())
        assert isinstance(failure, Failure)
        assert not failure.final
        session.opened(1.0)
        (question,) = map(json.loads, self.frames(session, 1.0))
        assert question["method"] == "time"
        session.receive(json.dumps({"id": question["id"], "status": 200, "result": {}}).encode())
        (subscription,) = map(json.loads, self.frames(session, 1.0))
        assert subscription["method"] == "userDataStream.subscribe.signature"
        session.opened(2.0)
        assert json.loads(self.frames(session, 2.0)[0])["method"] == "userDataStream.subscribe.signature"  # asked not long ago

    def test_its_connections_are_left_when_the_brake_is_pulled(self) -> None:
        brake = Brake()
        session = UserDataSession("wss://x", signed, FakeClock(), brake=brake)
        session.opened(0.0)
        self.frames(session, 0.0)
        brake.reason = "too much waits"
        for each in (session, session.successor()):
            assert each.outgoing(1.0) == Failure("too much waits")
        brake.reason = ""
        session.opened(2.0)
        assert len(self.frames(session, 2.0)) == 1

    def test_is_ready_when_confirmed_and_has_no_deadline_then(self) -> None:
        session = self.session()
        session.opened(0.0)
        assert not session.ready
        assert self.subscribed().ready
        assert self.subscribed().next_due() is None

    def test_bare_event_is_delivered(self) -> None:
        session = self.subscribed()
        payload = b'{"subscriptionId":0,"event":{"e":"executionReport","x":"TRADE"}}'
        assert session.receive(payload) is Incoming.EVENT
        assert session.decode(payload) == {"e": "executionReport", "x": "TRADE"}

    @pytest.mark.parametrize(
        ("event", "own", "other"),
        [
            ({"e": "balanceUpdate", "E": 5, "a": "BTC", "d": "1.0", "T": 4}, {"E": 6}, {"d": "2.0"}),
            ({"e": "balanceUpdate", "E": 5, "a": "BTC", "d": "1.0", "T": 4}, {"E": 6}, {"T": 5}),
            ({"e": "outboundAccountPosition", "E": 5, "u": 4, "B": [{"a": "BTC", "f": "1", "l": "0"}]}, {"E": 6}, {"B": []}),
            ({"e": "externalLockUpdate", "E": 5, "a": "BTC", "d": "1.0", "T": 4}, {"E": 6}, {"a": "ETH"}),
            ({"e": "listStatus", "E": 5, "s": "ETHBTC", "g": 2, "l": "EXEC_STARTED", "T": 4}, {"E": 6}, {"l": "ALL_DONE"}),
            ({"e": "somethingNew", "E": 5, "x": 1}, {}, {"E": 6}),
        ],
    )
    def test_s04_what_an_event_says_is_the_same_over_each_connection(
        self, event: dict[str, Any], own: dict[str, Any], other: dict[str, Any]
    ) -> None:
        """Each connection has its own number of the subscription, and may tell at a time of its own. All else is the event."""

        def sense(number: int, said: dict[str, Any]) -> bytes:
            return self.session().sense_of(json.dumps({"subscriptionId": number, "event": said}).encode())

        assert sense(0, event) == sense(1, dict(reversed((event | own).items())))
        assert sense(0, event) != sense(0, event | other)

    def test_a_message_without_an_event_says_what_it_is(self) -> None:
        for payload in (b"no JSON", b"[]", b'{"event":5}', b'{"e":"balanceUpdate","E":5}'):
            assert self.session().sense_of(payload) == payload

    def test_answer_to_an_earlier_connection_does_not_confirm(self) -> None:
        session = self.session()
        session.opened(0.0)
        old = json.loads(self.frames(session, 0.0)[0])["id"]
        session.opened(60.0)
        session.outgoing(60.0)
        session.receive(json.dumps({"id": old, "status": 200, "result": {}}).encode())
        assert not session.ready

    def test_message_that_is_neither_answer_nor_event_is_passed_on(self) -> None:
        session = self.subscribed()
        for payload in (b'{"somethingNew":1}', b"[]", b'{"event":"odd"}'):
            assert session.receive(payload) is Incoming.EVENT
        assert session.decode(b'{"somethingNew":1}') == {"somethingNew": 1}

    def test_missing_confirmation_fails_the_connection(self) -> None:
        session = self.session()
        session.opened(0.0)
        session.outgoing(0.0)
        due = session.next_due()
        assert due is not None
        failure = session.outgoing(due)
        assert isinstance(failure, Failure)
        assert not failure.final

    @pytest.mark.parametrize(
        ("status", "code", "final"),
        [
            (401, -2015, True),
            (401, -2014, True),
            (400, -1022, True),
            (400, -1102, True),
            (400, -1021, False),
            (429, -1003, False),
            (418, -1003, False),
            (500, -1000, False),
            (503, -1008, False),
            # What makes no sense is no reason to end it for good.
            (None, -2015, False),
            ("401", -2015, False),
            (302, -1, False),
        ],
    )
    def test_s19_refusal_is_final_unless_it_may_pass(self, status: Any, code: int, final: bool) -> None:
        session = self.session()
        session.opened(0.0)
        session.outgoing(0.0)
        failure = session.receive(json.dumps({"id": 1, "status": status, "error": {"code": code, "msg": "why it was"}}).encode())
        assert isinstance(failure, Failure)
        assert failure.final is final
        assert str(code) in failure.message
        assert "why it was" in failure.message

    @pytest.mark.parametrize(
        ("error", "rest_s"),
        [
            ({"code": -1003, "msg": "Too much.", "data": {"serverTime": 1_000, "retryAfter": 61_000}}, 60.0),
            ({"code": -1003, "msg": "Way too much request weight used; IP banned until 1700000060000."}, 60.0),
            ({"code": -1003, "msg": "Way too much request weight used."}, 120.0),  # the least that there is
        ],
    )
    def test_l02_a_ban_keeps_everybody_away_for_as_long_as_it_says(self, error: dict[str, Any], rest_s: float) -> None:
        told: list[float] = []
        session = UserDataSession("wss://x", signed, FakeClock(1_700_000_000_000), heed=told.append).successor()
        session.opened(0.0)
        session.outgoing(0.0)
        failure = session.receive(json.dumps({"id": 1, "status": 418, "error": error}).encode())
        assert isinstance(failure, Failure)
        assert (failure.retry_after_s, told) == (rest_s, [rest_s])

    def test_announced_shutdown_is_passed_on_and_left_before_it_comes(self) -> None:
        session = self.subscribed()
        assert session.receive(b'{"event":{"e":"serverShutdown","E":1}}') is Incoming.EVENT
        assert session.leaving
        assert session.outgoing(1.0) == []
        successor = session.successor()
        successor.opened(2.0)
        assert len(self.frames(successor, 2.0)) == 1

    def test_ended_subscription_is_passed_on_and_made_anew(self) -> None:
        session = self.subscribed()
        payload = json.dumps({"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": 1}}).encode()
        assert session.receive(payload) is Incoming.EVENT
        failure = session.outgoing(1.0)
        assert isinstance(failure, Failure)
        assert not failure.final
        session.opened(2.0)
        assert len(self.frames(session, 2.0)) == 1
