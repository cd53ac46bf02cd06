from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchangeclient.core.budgets.budget import EVERY_CALL, Limit, Limits, Priority, Tally
from exchangeclient.core.budgets.governor import Governor, Ticket
from exchangeclient.core.budgets.ledger import Ledger
from exchangeclient.core.budgets.standing import Standing
from exchangeclient.core.http.deadline import Deadline
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import LedgerException, RateLimitException

WEIGHT = Limit("REQUEST_WEIGHT-1M", "weight", 60_000, 1_000, "x-used")
NOON = 1_700_000_040_000
READ = Priority.READ


def measured(now_ms: int) -> VenueClock:
    """The venue's time, which it has told."""
    clock = VenueClock(FakeClock(now_ms))
    clock.told(clock.asked(), now_ms)
    return clock


def advance(clock: VenueClock, seconds: float) -> None:
    assert isinstance(clock.machine, FakeClock)
    clock.machine.advance(seconds)


def governor(path: Path, *whose: str) -> Governor:
    """As another process would have it: nothing is shared but the file."""
    made = Governor([WEIGHT])
    made.share(Ledger(path).page(*(whose or ("host",))))
    return made


def used(one: Governor, clock: VenueClock) -> int:
    return int(one.shown(clock)["limits"]["REQUEST_WEIGHT-1M"]["used"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "budget.ledger"


def test_what_one_spends_is_gone_for_the_others(path: Path) -> None:
    clock, one, other = measured(NOON + 5_000), governor(path), governor(path)
    one.spend({"weight": 600}, READ, clock, None)
    assert used(other, clock) == 600
    with pytest.raises(RateLimitException):
        other.spend({"weight": 500}, READ, clock, None)
    other.spend({"weight": 300}, READ, clock, None)
    assert used(one, clock) == 900


def test_what_was_spent_before_is_brought_along(path: Path) -> None:
    clock, one, other = measured(NOON + 5_000), Governor([WEIGHT]), governor(path)
    one.settle(one.spend({"weight": 600}, READ, clock, None), clock)
    other.spend({"weight": 100}, READ, clock, None)
    one.share(Ledger(path).page("host"))
    assert used(one, clock) == used(other, clock) == 700


def test_the_venues_count_is_taken_over_by_all(path: Path) -> None:
    clock, one, other = measured(NOON + 5_000), governor(path), governor(path)
    under_way = other.spend({"weight": 50}, READ, clock, None)
    one.settle(one.spend({"weight": 10}, READ, clock, None), clock, {"x-used": "410"})
    assert used(other, clock) == 460
    advance(clock, 1)
    other.settle(under_way, clock, None)
    advance(clock, 1)
    one.settle(one.spend({"weight": 10}, READ, clock, None), clock, {"x-used": "470"})
    assert used(one, clock) == used(other, clock) == 470


def test_a_new_window_begins_for_all_with_what_is_on_its_way(path: Path) -> None:
    clock, one, other = measured(NOON + 5_000), governor(path), governor(path)
    one.spend({"weight": 30}, READ, clock, None)
    other.spend({"weight": 4}, READ, clock, None)
    advance(clock, 60)
    assert used(one, clock) == used(other, clock) == 34, "whoever comes first opens it for all"
    advance(clock, 60)
    assert used(other, clock) == 4
    assert used(one, clock) == 34, "what takes longer than a window each brings itself: others may have been killed"


def test_what_ended_close_to_the_edge_is_carried_over_by_whoever_comes_first(path: Path) -> None:
    clock, one, other = measured(NOON + 59_000), governor(path), governor(path)
    late = one.spend({"weight": 700}, READ, clock, None)
    advance(clock, 1.1)
    one.settle(late, clock, None)
    advance(clock, 0.3)
    with pytest.raises(RateLimitException):
        other.spend({"weight": 400}, READ, clock, None)
    other.spend({"weight": 200}, READ, clock, None)
    assert used(one, clock) == 900


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 25_000), st.integers(1, 600), st.integers(0, 9_000)), max_size=40))
def test_processes_together_never_spend_more_than_the_venue_allows(calls: list[tuple[int, int, int, int]]) -> None:
    """Each call is counted by the venue somewhere on its way. Fails when only its own process carries a call over the edge."""
    with TemporaryDirectory() as folder:
        clock, governors = measured(NOON), [governor(Path(folder) / "ledger") for _ in range(4)]
        counted, under_way = dict[int, int](), list[tuple[int, int, Ticket]]()
        for who, pause_ms, weight, way_ms in calls:
            leaves_ms = clock.now_ms() + pause_ms
            while under_way and min(under_way)[0] <= leaves_ms:
                ends_ms, whose, ticket = under_way.pop(under_way.index(min(under_way)))
                advance(clock, (ends_ms - clock.now_ms()) / 1000)
                governors[whose].settle(ticket, clock)
            advance(clock, (leaves_ms - clock.now_ms()) / 1000)
            try:
                ticket = governors[who].spend({"weight": weight}, Priority.ORDER, clock, None)
            except RateLimitException:
                continue
            minute = (leaves_ms + way_ms // 2) // 60_000
            counted[minute] = counted.get(minute, 0) + weight
            assert counted[minute] <= WEIGHT.most
            under_way.append((leaves_ms + way_ms, who, ticket))


def test_a_file_in_other_hands_holds_nobody_up_for_longer_than_he_has(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchangeclient.core.budgets.governor._BUSY_S", 10.0)
    clock, one = measured(NOON + 5_000), governor(path)
    under_way = one.spend({"weight": 5}, READ, clock, None)
    other = Ledger(path)
    with other.transaction(1.0):
        began = monotonic()
        with pytest.raises(LedgerException, match="cannot be used"):
            one.spend({"weight": 5}, READ, clock, Deadline(clock, 0.1))
        assert monotonic() - began < 5.0  # for others it is ten seconds
        holding, ends = Thread(target=one.settle, args=(under_way, clock)), monotonic() + 20
        holding.start()
        while not caplog.records and monotonic() < ends:
            one.is_pressed(clock)  # not kept waiting by the thread that waits for the file
        holding.join(20)
        assert monotonic() - began < 10
    assert "was not written down" in caplog.text


def test_a_process_that_does_not_know_the_venues_time_neither_bans_nor_robs_the_others(path: Path) -> None:
    right, one = measured(NOON + 5_000), governor(path)
    one.spend({"weight": 600}, READ, right, None)
    for wrong in (FakeClock(NOON + 31_536_000_000), VenueClock(FakeClock(NOON + 31_536_000_000))):
        stray = governor(path)
        stray.spend({"weight": 600}, READ, wrong, None)
        stray.hold(EVERY_CALL, 120, wrong)
    assert used(one, right) == used(governor(path), right) == 600
    one.spend({"weight": 300, EVERY_CALL: 1}, READ, right, None)


def test_a_wrong_time_in_the_file_takes_nothing_away(path: Path) -> None:
    right, one, astray = measured(NOON + 5_000), governor(path), measured(NOON + 31_536_000_000)
    one.spend({"weight": 600}, READ, right, None)
    misled = governor(path)
    misled.spend({"weight": 1}, READ, astray, None)
    misled.hold(EVERY_CALL, 120, astray)
    assert used(governor(path), right) == 600
    one.spend({"weight": 300, EVERY_CALL: 1}, READ, right, None)
    one.hold(EVERY_CALL, 60, right)
    with pytest.raises(RateLimitException):
        governor(path).spend({EVERY_CALL: 1}, READ, right, None)


FORKS = """
import os, sys, threading
from exchangeclient.core.budgets.budget import EVERY_CALL, Limit, Limits, Priority
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.core.budgets.standing import Standing

clock = VenueClock(FakeClock({now}))
clock.told(clock.asked(), {now})
standing = Standing("host", clock, Limits((Limit("REQUEST_WEIGHT-1M", "weight", 60_000, 1_000),)))
standing.share(sys.argv[1])
held, done = threading.Event(), threading.Event()

def hold():
    with standing.governor._changed, standing._lock, standing.measuring, clock._lock:
        held.set()
        done.wait()

standing.governor.spend({{"weight": 200}}, Priority.READ, clock, None)
threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    for lock in (standing._lock, standing.measuring, clock._lock):
        assert lock.acquire(timeout=5)
        lock.release()
    print("free", flush=True)
    standing.account("key")
    standing.governor.spend({{"weight": 300}}, Priority.READ, clock, None)
    os._exit(0)
threading.Timer(0.5, done.set).start()
os.waitpid(child, 0)
print(standing.governor.shown(clock)["limits"]["REQUEST_WEIGHT-1M"]["used"])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_a_process_that_is_forked_off_counts_along_whatever_other_threads_held() -> None:
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-c", FORKS.format(now=NOON + 5_000), str(Path(folder) / "ledger")]
        told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    lines = told.stdout.split()
    assert (lines[0], lines[-1]) == ("free", "500"), told.stderr


def test_a_ban_is_everybodys(path: Path) -> None:
    clock, one, other = measured(NOON), governor(path), governor(path)
    one.hold(EVERY_CALL, 120, clock)
    with pytest.raises(RateLimitException) as caught:
        other.spend({EVERY_CALL: 1}, READ, clock, None)
    assert caught.value.retry_after == 120
    advance(clock, 121)
    governor(path).spend({EVERY_CALL: 1}, READ, clock, None)


def test_hosts_and_accounts_have_pages_of_their_own(path: Path) -> None:
    clock = measured(NOON)
    governor(path, "host").spend({"weight": 600}, READ, clock, None)
    assert used(governor(path, "host", "key"), clock) == used(governor(path, "other"), clock) == 0


def test_windows_of_long_ago_are_forgotten(path: Path) -> None:
    clock, one = measured(NOON + 5_000), governor(path)
    for _ in range(20):
        one.settle(one.spend({"weight": 30}, READ, clock, None), clock)
        advance(clock, 60)
    with sqlite3.connect(path) as rows:
        assert rows.execute("SELECT count(*) FROM tallies").fetchone() == (8,)
    rows.close()


def test_the_file_holds_no_key(path: Path) -> None:
    clock = measured(NOON)
    governor(path, "host", "the-api-key").spend({"weight": 600}, READ, clock, None)
    for file in path.parent.iterdir():
        assert b"the-api-key" not in file.read_bytes()


KILLED = """
import os, signal, sys
from exchangeclient.core.budgets.budget import Limit, Priority
from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.core.http.deadline import Deadline
from exchangeclient.core.budgets.governor import Governor, Ticket
from exchangeclient.core.budgets.ledger import Ledger

clock, governor, ledger = VenueClock(FakeClock({now})), Governor([Limit("REQUEST_WEIGHT-1M", "weight", 60_000, 1_000)]), Ledger(sys.argv[1])
governor.share(ledger.page("host"))
clock.told(clock.asked(), {now})
governor.spend({{"weight": 200}}, Priority.READ, clock, None)
with ledger.page("host").turned(1.0):
    ledger.do("UPDATE tallies SET spent = 1000")
    print("holding", flush=True)
    sys.stdin.read()
"""


def test_a_process_that_is_killed_leaves_the_file_free_and_whole(path: Path) -> None:
    clock = measured(NOON + 5_000)
    command = [sys.executable, "-c", KILLED.format(now=clock.now_ms()), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"holding"
        process.kill()
    assert used(governor(path), clock) == 200, "what it had on its way stays counted, what it had not written down is not"


def test_processes_and_threads_together_spend_what_there_is(path: Path) -> None:
    clock = measured(NOON + 5_000)
    governors = [governor(path) for _ in range(4)]

    def spend(number: int) -> int:
        try:
            governors[number % 4].spend({"weight": 7}, Priority.ORDER, clock, None)
        except RateLimitException:
            return 0
        return 7

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(spend, range(300))) == 1_000 // 7 * 7


def test_a_file_of_another_kind_is_refused(path: Path) -> None:
    path.write_text("not a database, but long enough to be looked at" * 50)
    with pytest.raises(LedgerException, match="cannot be used"):
        Ledger(path)


def test_a_newer_version_is_refused(path: Path) -> None:
    ledger = Ledger(path)
    ledger.do("PRAGMA user_version=2")
    ledger.close()
    with pytest.raises(LedgerException, match="is of version 2; this package reads 1"):
        Ledger(path)


def test_a_ledger_that_fails_keeps_a_call_here_and_no_answer_away(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock, ledger, one = measured(NOON + 5_000), Ledger(path), Governor([WEIGHT])
    one.share(ledger.page("host"))
    ticket = one.spend({"weight": 5}, READ, clock, None)
    ledger.close()
    one.settle(ticket, clock, {"x-used": "5"})
    assert one._windows["REQUEST_WEIGHT-1M"]._pending == 0
    one.refund(ticket, clock)
    one.hold(EVERY_CALL, 5, clock)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    with pytest.raises(LedgerException):
        one.spend({"weight": 5}, READ, clock, None)


def test_a_tally_that_was_not_touched_is_not_written(path: Path) -> None:
    ledger = Ledger(path)
    page = ledger.page("host")
    with page.turned(1.0):
        page.keep("X", Tally(7))
        assert ledger.do("SELECT count(*) FROM tallies") == [(0,)]


def test_all_clients_of_a_host_share_one_file(tmp_path: Path) -> None:
    standing = Standing("host", measured(NOON), Limits((WEIGHT,), (WEIGHT,)))
    early = standing.account("early")
    standing.share(tmp_path / "one")
    standing.share(str(tmp_path / "one"))
    with pytest.raises(ValueError, match=r"ledger: the clients of this process that go to host share .*one already"):
        standing.share(tmp_path / "other")
    clock = measured(NOON)
    early.spend({"weight": 5}, READ, clock, None)
    standing.account("late").spend({"weight": 6}, READ, clock, None)
    for key, weight in (("early", 5), ("late", 6)):
        assert used(governor(tmp_path / "one", "host", key), clock) == weight


def test_processes_share_the_limits_that_each_endpoint_has_for_itself(path: Path) -> None:
    clock, limit = measured(NOON + 5_000), Limit("SAPI-1M", "sapi", 60_000, 100, each=True)
    one, other = Governor([limit]), Governor([limit])
    for each in (one, other):
        each.share(Ledger(path).page("host"))
    one.spend({"sapi": 60}, READ, clock, None, "/one")
    other.spend({"sapi": 60}, READ, clock, None, "/two")
    with pytest.raises(RateLimitException, match="60 of 100 of SAPI-1M /one are used up"):
        other.spend({"sapi": 60}, READ, clock, None, "/one")
    other.spend({"sapi": 30}, READ, clock, None, "/one")
    assert one.shown(clock)["limits"]["SAPI-1M /one"]["used"] == 90
